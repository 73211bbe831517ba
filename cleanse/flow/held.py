"""Records of the sources that the target holds already: what goes there of them, what a person should know, and the account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cleanse.codes import severity
from cleanse.flow.existing import Existing
from cleanse.flow.linking import Gold, Linked
from cleanse.model import Band, frame
from cleanse.project import Project
from cleanse.review.words import words
from cleanse.stages import conform

CHOSEN = ("chosen_by_person", "typed_by_person")
ROWS = ("entity", "object", "golden_id", "at", "key", "exit", "filled")


def there(existing: Existing, gold: Gold) -> conform.There:
    """What the target holds, and which golden record is which of it."""
    matched = {}
    for name, lines in existing.held.groupby("object", sort=False):
        entity = lines["entity"].iloc[0]
        ids = gold.members[entity].set_index("rid")["golden_id"].reindex(lines["rid"])
        found = pd.Series(lines["at"].to_numpy(), index=ids.to_numpy())
        matched[str(name)] = found[found.index.isin(gold.golden[entity]["golden_id"])]
    said = gold.changes.loc[gold.changes["code"].isin(CHOSEN), ["entity", "rid", "field"]].astype({"entity": "str"})
    ids = pd.concat([g[["rid", "golden_id"]].assign(entity=name) for name, g in gold.golden.items()])
    chosen = said.merge(ids.astype({"entity": "str"}), on=["entity", "rid"])[["entity", "golden_id", "field"]]
    return conform.There(existing.frames, matched, chosen)


def there_again(frames: Mapping[str, pd.DataFrame], folder: Path) -> conform.There:
    """The same of a finished run, from its ledger."""
    known = pd.read_parquet(folder / "ledger" / "existing.parquet")
    matched = {str(n): lines.set_index("golden_id")["at"] for n, lines in known.groupby("object")}
    changes = pd.read_parquet(folder / "ledger" / "changes.parquet", columns=["entity", "rid", "field", "code"])
    said = changes[changes["code"].isin(CHOSEN)]
    rows_ = pd.read_parquet(folder / "ledger" / "rows.parquet", columns=["entity", "rid", "golden_id"])
    chosen = said.merge(rows_, on=["entity", "rid"])[["entity", "golden_id", "field"]]
    objects = dict.fromkeys(frames, pd.Series(dtype="int64")) | matched
    return conform.There(frames, objects, chosen)


def rows(project: Project, ready: conform.Conformed, existing: Existing) -> pd.DataFrame:
    """A line per record that the target holds already: entity, object, golden_id, its place in the export, its key there,
    exit (update or known), and how many of its blanks the update fills."""
    parts = []
    for target in project.profile.objects:
        if target.name in ready.known:
            lines = ready.known[target.name].reset_index().assign(entity=target.entity, object=target.name)
            keys = existing.held[existing.held["object"] == target.name].set_index("at")["key"]
            parts.append(lines.assign(key=lines["at"].map(keys).fillna("").astype("str")))
    return pd.concat(parts, ignore_index=True)[list(ROWS)] if parts else pd.DataFrame(columns=list(ROWS))


def issues(existing: Existing, linked: Linked, gold: Gold) -> pd.DataFrame:
    """What the sources say otherwise than the target, whose value stands; and records that may be there already."""
    if existing.first is None:
        return frame("issues")
    lost = gold.changes[(gold.changes["code"] == "value_not_kept") & (gold.changes["from_rid"] >= existing.first)]
    differs = pd.DataFrame({
        "rid": lost["rid"], "entity": lost["entity"], "field": lost["field"], "code": "target_differs",
        "value": lost["before"], "note": _places(existing, lost["entity"], lost["from_rid"]),
    })  # fmt: skip
    parts = [differs]
    for name, links in linked.links.items():
        pairs = links.pairs[(links.pairs["band"] == Band.REVIEW) & (links.pairs["right"] >= existing.first)]
        pairs = pairs[pairs["left"] < existing.first].drop_duplicates("left")
        parts.append(pd.DataFrame({
            "rid": pairs["left"], "entity": name, "field": "", "code": "target_doubt", "value": None,
            "note": _places(existing, pairs["entity"], pairs["right"]),
        }))  # fmt: skip
    table = pd.concat([p for p in parts if len(p)] or [frame("issues")], ignore_index=True)
    return table.assign(severity=[severity(code) for code in table["code"]])[list(frame("issues"))]


def _places(existing: Existing, entities: pd.Series, rids: pd.Series) -> np.ndarray:
    """Which records of the target are meant."""
    told = existing.held.set_index("rid")
    return (told["object"] + " " + told["key"]).reindex(rids).to_numpy(dtype=object)


def numbers(
    existing: Existing, linked: Linked, known: pd.DataFrame, ready: conform.Conformed, gold: Gold
) -> dict[str, Any]:
    """By entity: records of the target, those that sources speak of, what goes there of them, cells that differ, and pairs
    in doubt."""
    found: dict[str, Any] = {}
    first = existing.first
    told = pd.concat([issues(existing, linked, gold), ready.issues], ignore_index=True)
    for name, lines in existing.held.groupby("entity", sort=False):
        mine, pairs = known[known["entity"] == name], linked.links[str(name)].pairs
        twins = (pairs["left"] >= first) & (pairs["band"] == Band.RELATED)
        doubts = (pairs["left"] < first) & (pairs["right"] >= first) & (pairs["band"] == Band.REVIEW)
        objects = lines["object"].unique()
        found[str(name)] = {
            "records": len(lines), "found": len(mine), "updates": int((mine["exit"] == "update").sum()),
            "unchanged": int((mine["exit"] == "known").sum()),
            "filled": int(mine.loc[mine["exit"] == "update", "filled"].sum()),
            "differs": int(((told["entity"] == name) & (told["code"] == "target_differs")).sum()),
            "doubts": int(doubts.sum()), "twins": int(twins.sum()),
            "unseen": sorted({column for one in objects for column in ready.unseen.get(one, ())}),
        }  # fmt: skip
    return found


def shown(existing: Existing, clean: dict[str, pd.DataFrame], language: str) -> dict[str, pd.DataFrame]:
    """The records of the target as people are shown them: where they stand says so, with the id they are known by."""
    return {
        name: _marked(table[table["rid"] >= existing.first], existing.of(name), language)
        for name, table in clean.items()
        if existing.first is not None
    }


def _marked(table: pd.DataFrame, lines: pd.DataFrame, language: str) -> pd.DataFrame:
    key = lines["key"].reindex(table["rid"]).fillna("").to_numpy(dtype=object)
    place = table["source_file"].astype("str").to_numpy(dtype=object)
    said = [
        words()["in_target"][language].format(key=f" {k}" if k else "", file=f) for k, f in zip(key, place, strict=True)
    ]
    return table.assign(source_file=said)
