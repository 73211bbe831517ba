"""Where every source row ends: migrated, merged, parked or excluded, and why. The sums must balance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cleanse.model import COLUMNS, NO_OBJECT, Entity, Exit, Profile, Severity

PARKED = ("entity", "golden_id", "code")


def parked_by_rules(golden: pd.DataFrame, issues: pd.DataFrame, entity: Entity) -> pd.DataFrame:
    """Golden records that may not go: an error on the whole record, on a required field, or on one whose rule is to park.

    ``issues`` are those of the golden records of this entity (rid of the anchor). Returns entity, golden_id, code.
    """
    stop = {"", *(n for n, f in entity.fields.items() if f.required or f.on_error == "park")}
    errors = issues[(issues["severity"] == Severity.ERROR) & issues["field"].isin(stop)]
    ids = errors["rid"].map(golden.set_index("rid")["golden_id"])
    table = pd.DataFrame({"entity": entity.name, "golden_id": ids.to_numpy(), "code": errors["code"].to_numpy()})
    return table.dropna(subset=["golden_id"]).drop_duplicates(ignore_index=True)


def parked_by_doubts(golden: pd.DataFrame, issues: pd.DataFrame, entity: Entity, parked: pd.DataFrame) -> pd.DataFrame:
    """Of the golden records that are parked, also the doubts on cells that could not be told apart: what they lack may
    stand there."""
    mixed = [n for n, f in entity.fields.items() if f.virtual]
    held = golden[golden["golden_id"].isin(parked.loc[parked["entity"] == entity.name, "golden_id"])]
    told = issues[(issues["entity"] == entity.name) & issues["field"].isin(mixed) & issues["rid"].isin(held["rid"])]
    ids = told["rid"].map(held.set_index("rid")["golden_id"])
    return pd.DataFrame({"entity": entity.name, "golden_id": ids.to_numpy(), "code": told["code"].to_numpy()})


def parked_by_parent(golden: pd.DataFrame, entity: Entity, parked: pd.DataFrame) -> pd.DataFrame:
    """Golden records whose parent is missing or parked itself."""
    parent = golden[f"{entity.refers_to}_id"]
    held = parent.isin(parked.loc[parked["entity"] == entity.refers_to, "golden_id"])
    code = np.where(parent.isna(), "parent_missing", "parent_parked")
    stuck = (parent.isna() | held).to_numpy()
    return pd.DataFrame(
        {"entity": entity.name, "golden_id": golden["golden_id"][stuck].to_numpy(), "code": code[stuck]}
    )


def parked_by_target(parked: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """What the target would refuse: entity -> golden_id -> code, as lines."""
    lines = [(entity, golden_id, code) for entity, ids in parked.items() for golden_id, code in ids.items()]
    return pd.DataFrame(lines, columns=list(PARKED), dtype="str")


def ledger_rows(
    addresses: pd.DataFrame,
    members: Mapping[str, pd.DataFrame],
    anchors: Mapping[str, pd.DataFrame],
    parked: pd.DataFrame,
    known: pd.DataFrame,
) -> pd.DataFrame:
    """One line per source row and entity.

    ``addresses``: by rid, every source data row. ``members``: entity -> rid, golden_id of every record. ``anchors``:
    entity -> golden frame (golden_id, rid). ``parked``: entity, golden_id, code. ``known``: entity, golden_id, exit of what
    the target has already: its first row is migrated where it goes as an update, else it is merged into what is there.
    """
    reasons = parked.groupby(["entity", "golden_id"], observed=True)["code"].agg(
        lambda codes: ";".join(sorted(set(codes)))
    )
    parts = [_rows(addresses, name, members[name], anchors[name], reasons, known) for name in members]
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["rid", "entity"], kind="stable", ignore_index=True)[list(COLUMNS["rows"])]


def _rows(
    addresses: pd.DataFrame,
    name: str,
    members: pd.DataFrame,
    anchors: pd.DataFrame,
    reasons: pd.Series,
    known: pd.DataFrame,
) -> pd.DataFrame:
    table = addresses.copy()
    table["entity"], table["rid"] = name, table.index.to_numpy()
    table["golden_id"] = table["rid"].map(members.set_index("rid")["golden_id"]).astype("str")
    mine = reasons[reasons.index.get_level_values("entity") == name].droplevel("entity")
    reason = table["golden_id"].map(mine).astype("str")
    absent, held = table["golden_id"].isna(), reason.notna()
    there = table["golden_id"].map(known[known["entity"] == name].set_index("golden_id")["exit"]).astype("str")
    first = table["rid"].isin(anchors["rid"]) & (there != "known")
    table["exit"] = np.select([absent, held, first], [Exit.EXCLUDED, Exit.PARKED, Exit.MIGRATED], Exit.MERGED)
    reason = reason.fillna(("target_" + there).where(~held)).fillna("")
    table["reason"] = np.where(absent, "empty_record", reason.to_numpy(dtype=object))
    return table


def migrating(golden: pd.DataFrame, entity: str, parked: pd.DataFrame) -> pd.DataFrame:
    """The golden records that are not parked."""
    held = parked.loc[parked["entity"] == entity, "golden_id"]
    return golden[~golden["golden_id"].isin(held)].reset_index(drop=True)


def without_object(rows: pd.DataFrame, profile: Profile, entities: Mapping[str, Entity]) -> pd.DataFrame:
    """The ledger's rows where the target has no object for some entity: its records stay behind, also those that were
    parked, for mending them would lead nowhere. What records that do go belong to stays parked: they wait for it."""
    taken = {target.entity for target in profile.objects}
    above = {entities[name].refers_to for name in taken}
    waited = rows["entity"].isin(above) & (rows["exit"] == Exit.PARKED)
    stays = ~rows["entity"].isin(taken) & (rows["exit"] != Exit.EXCLUDED) & ~waited
    return rows.assign(exit=rows["exit"].mask(stays, Exit.EXCLUDED), reason=rows["reason"].mask(stays, NO_OBJECT))
