"""Counts of the report that look into cells: issues and what stands of them, fields, repairs; examples are masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import ADDRESS, Entity, Severity

Masks = Mapping[str, Callable[[str], str]]
Json = dict[str, Any]

EXAMPLES, SAMPLES = 3, 5
GENERAL = ("format_invalid", "not_in_picklist")  # say less than a doubt about the same cell
PART = "cell_split"
COMMON = 3  # so many golden records make a value one of a list
STARS = 12
LONG = re.compile(rf"\*{{{STARS},}}")


@dataclass(frozen=True)
class Facts:
    """What a run found; the frames have the columns of ``model.COLUMNS``.

    ``project``: name, language, target, today, version. ``records`` and ``golden``: frames by entity. ``matching``: the
    report of ``matching.link`` by entity. ``masks``: the mask of every field path.
    """

    project: Mapping[str, Any]
    files: pd.DataFrame
    layout: pd.DataFrame
    losses: pd.DataFrame
    unmapped: pd.DataFrame
    rows: pd.DataFrame
    records: Mapping[str, pd.DataFrame]
    golden: Mapping[str, pd.DataFrame]
    changes: pd.DataFrame
    issues: pd.DataFrame
    pairs: pd.DataFrame
    clusters: pd.DataFrame
    matching: Mapping[str, Mapping[str, Any]]
    trial: Mapping[str, Any]
    written: Sequence[Mapping[str, Any]]
    entities: Mapping[str, Entity]
    masks: Masks
    preflight: pd.DataFrame = field(default_factory=pd.DataFrame)
    mapping: Sequence[Mapping[str, Any]] = ()
    decided: Sequence[Mapping[str, Any]] = ()


# ------------------------------------------------------------------------------------------------------------- issues


def one_per_cell(issues: pd.DataFrame) -> pd.DataFrame:
    """Each finding once, also when it was made on the record and on the golden record; ``alone``: nothing says more."""
    key = ["rid", "entity", "field"]
    table = issues.drop_duplicates([*key, "code"], ignore_index=True)
    general = table["code"].isin(GENERAL)
    told = pd.MultiIndex.from_frame(table.loc[~general, key])
    return table.assign(alone=~general | ~pd.MultiIndex.from_frame(table[key]).isin(told))


def standing(facts: Facts, issues: pd.DataFrame) -> pd.DataFrame:
    """Warnings and errors that still stand, with the golden record concerned: a wrong value that another row of the
    same customer made good is settled."""
    serious = issues[(issues["severity"] != Severity.INFO) & issues["rid"].ge(0)]
    parts = [_open_of(facts, name, serious[serious["entity"] == name]) for name in facts.records]
    return pd.concat(parts, ignore_index=True) if parts else serious.assign(golden_id="")


def _open_of(facts: Facts, name: str, issues: pd.DataFrame) -> pd.DataFrame:
    entity, rows = facts.entities[name], facts.rows[facts.rows["entity"] == name]
    golden = facts.golden[name].set_index("golden_id")
    records = facts.records[name].set_index("rid")
    table = issues.assign(golden_id=issues["rid"].map(rows.set_index("rid")["golden_id"])).dropna(subset=["golden_id"])
    still = np.ones(len(table), dtype=bool)
    for field_name, where in table.reset_index(drop=True).groupby("field", observed=True).indices.items():
        f = entity.fields.get(str(field_name))
        lines = table.iloc[where]
        if f is not None and f.name in golden and f.survivor != "join":
            now = golden[f.name].reindex(lines["golden_id"]).to_numpy(dtype=object, na_value=None)
            was = records[f.name].reindex(lines["rid"]).to_numpy(dtype=object, na_value=None)
            still[where] = (now == np.array(None)) | (now == was)
    return table[still & ~_filled_since(entity, golden, table)]


def _filled_since(entity: Entity, golden: pd.DataFrame, issues: pd.DataFrame) -> np.ndarray:
    """Records that lacked every one of several fields, where the golden record has one of each group."""
    whole = pd.Series(True, index=golden.index)
    for names in entity.one_of:
        whole &= golden[list(names)].notna().any(axis=1)
    filled: np.ndarray = issues["golden_id"].map(whole).fillna(False).to_numpy(dtype=bool)
    lacked: np.ndarray = (issues["code"] == "one_of_missing").to_numpy(dtype=bool)
    both: np.ndarray = filled & lacked
    return both


def issue_counts(facts: Facts, issues: pd.DataFrame, open_issues: pd.DataFrame) -> list[Json]:
    """Per entity, field and code: records, those where nothing says more, golden records still concerned, samples. The
    worst first: errors before warnings, then by what is still open."""
    by = ["entity", "field", "code", "severity"]
    lines = issues.assign(field=issues["field"].fillna("")).sort_values("rid", kind="stable")
    found, mask = [], Masker(facts.masks, facts.golden)
    still = open_issues.groupby(["entity", "field", "code"], observed=True)["golden_id"].nunique()
    address = facts.rows.drop_duplicates("rid").set_index("rid")[list(ADDRESS)]
    for (entity, name, code, severity), group in lines.groupby(by, observed=True, sort=True):
        found.append({
            "entity": entity, "field": name, "code": code, "severity": str(severity), "records": len(group),
            "alone": int(group["alone"].sum()), "open": int(still.get((entity, name, code), 0)),
            "samples": _samples(mask, group.head(SAMPLES), f"{entity}.{name}", address),
        })  # fmt: skip
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    names = ("entity", "field", "code")
    return sorted(found, key=lambda i: (rank[i["severity"]], -i["open"], -i["records"], *(i[n] for n in names)))


def _samples(mask: Masker, lines: pd.DataFrame, path: str, address: pd.DataFrame) -> list[Json]:
    known = lines[lines["rid"].isin(address.index)]
    places = address.loc[known["rid"]]
    where = ["!".join(str(part) for part in cells if str(part)) for cells in places.to_numpy().tolist()]
    return [{"where": w, "value": mask(path, v)} for w, v in zip(where, known["value"], strict=True)]


class Masker:
    """Masked forms of values. A mask that shows everything was made for values of a list, and people type names and
    numbers into such columns too: a value is shown whole only when several golden records have it."""

    def __init__(self, masks: Masks, golden: Mapping[str, pd.DataFrame]) -> None:
        self.masks, self.golden = masks, golden
        self.common: dict[str, frozenset[str]] = {}

    def __call__(self, path: str, value: Any) -> str:
        if not isinstance(value, str):
            return ""
        masked = self.masks[path](value) if path in self.masks else ""
        if masked in ("", value) and value not in self._common(path):
            masked = value[: len(value) // 3] + "*" * (len(value) - len(value) // 3)
        return LONG.sub("*" * STARS, masked)

    def _common(self, path: str) -> frozenset[str]:
        if path not in self.common:
            entity, _, name = path.partition(".")
            table = self.golden.get(entity, pd.DataFrame())
            counts = table[name].value_counts() if name in table else pd.Series(dtype="int64")
            self.common[path] = frozenset(counts.index[counts >= COMMON])
        return self.common[path]


# ------------------------------------------------------------------------------------------------------------- fields


def field_counts(facts: Facts, issues: pd.DataFrame, open_issues: pd.DataFrame) -> list[Json]:
    """Per stored field: cells filled, and right as they stand, in the sources and in the golden records."""
    lines = _by_field(_first_changes(facts))
    wrong = _by_field(issues[issues["severity"] != Severity.INFO])
    stuck = _by_field(open_issues)
    found = []
    for name in facts.records:
        records, golden = facts.records[name].set_index("rid"), facts.golden[name].set_index("golden_id")
        for field_name in facts.entities[name].stored:
            f, key = facts.entities[name].fields[field_name], (name, field_name)
            now = golden[field_name].notna()
            still = golden.index.isin(stuck[key]["golden_id"]) if key in stuck else False
            found.append({
                "entity": name, "field": field_name, "label": dict(f.label), "kind": f.kind, "required": f.required,
                "before": _before(records[field_name], lines.get(key), wrong.get(key)),
                "after": {"of": len(golden), "filled": int(now.sum()), "valid": int((now & ~still).sum())},
                "changed": len(lines.get(key, ())),
            })  # fmt: skip
    return found


def _by_field(table: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    return dict(iter(table.groupby(["entity", "field"], observed=True, sort=False)))


def _first_changes(facts: Facts) -> pd.DataFrame:
    """The first repair of every cell; ``own``: the text repaired stood in a column of that field, and is no part of a
    cell of another."""
    lines = facts.changes[facts.changes["stage"] == "normalize"].drop_duplicates(["rid", "entity", "field"])
    place = ["source_file", "source_sheet"]
    own = (lines["code"] != PART).to_numpy(dtype=bool)
    if facts.mapping:
        headed = pd.DataFrame([dict(m) for m in facts.mapping])
        headed[["entity", "name"]] = headed["field"].str.split(".", n=1, expand=True).reindex(columns=[0, 1])
        known = pd.MultiIndex.from_frame(headed[[*place, "entity", "name"]])
        own = own & pd.MultiIndex.from_frame(lines[[*place, "entity", "field"]].astype("str")).isin(known)
    return lines.assign(own=own)


def _before(values: pd.Series, lines: pd.DataFrame | None, wrong: pd.DataFrame | None) -> Json:
    """The state of a field's cells before anything was repaired; parts of other cells were not there yet."""
    filled = values.notna()
    total, valid = int(filled.sum()), filled.to_numpy(dtype=bool)
    if lines is not None:
        kept, own = filled.reindex(lines["rid"]).eq(True).to_numpy(), lines["own"].to_numpy()
        total += int((~kept & own & lines["rid"].isin(values.index).to_numpy()).sum()) - int((kept & ~own).sum())
        valid = valid & ~values.index.isin(lines["rid"])
    if wrong is not None:
        valid = valid & ~values.index.isin(wrong["rid"])
    return {"of": len(values), "filled": total, "valid": int(valid.sum())}


# ------------------------------------------------------------------------------------------------------------ repairs


def change_counts(facts: Facts) -> list[Json]:
    """Per code of a change: cells, the fields concerned, and a few masked examples chosen by their text."""
    found, mask = [], Masker(facts.masks, facts.golden)
    for (stage, code), lines in facts.changes.groupby(["stage", "code"], observed=True, sort=True):
        paths = (lines["entity"].astype("str") + "." + lines["field"].astype("str")).value_counts(sort=False)
        found.append({
            "stage": str(stage), "code": str(code), "cells": len(lines),
            "fields": dict(sorted(paths.to_dict().items())), "examples": _examples(lines, mask),
        })  # fmt: skip
    return sorted(found, key=lambda c: (-c["cells"], c["stage"], c["code"]))


def _examples(lines: pd.DataFrame, mask: Masker) -> list[Json]:
    """The first by text: the order of rows says nothing. Those whose masked form shows something come first."""
    names = ["before", "after", "entity", "field"]
    table = pa.table({name: pa.array(lines[name].astype("str"), from_pandas=True) for name in names})
    first = pc.select_k_unstable(table, k=EXAMPLES * 8, sort_keys=[(name, "ascending") for name in names])
    shown: dict[tuple[str, str, str], tuple[bool, bool]] = {}
    for line in table.take(first).to_pylist():
        path = f"{line['entity']}.{line['field']}"
        before, after = (mask(path, line[name]) for name in ("before", "after"))
        shown[(path, before, after)] = (before == after, not before.strip("*"))
    best = sorted(shown, key=lambda example: shown[example])[:EXAMPLES]
    return [{"field": path, "before": before, "after": after} for path, before, after in best]
