"""Record linkage of any table whose fields are named, with weights learnt from the table itself; no labels, no dice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.explain import explain_levels
from cleanse.matching.learnt import model as models
from cleanse.matching.learnt.bands import BANDS, MERGE, REVIEW, banded, histogram, merge_cut
from cleanse.matching.learnt.columns import Table, encode
from cleanse.matching.learnt.groups import ALONE, SEEN, groups
from cleanse.matching.learnt.keys import candidates
from cleanse.matching.learnt.levels import EXPECTED
from cleanse.matching.learnt.schema import TableSchema, parse_table
from cleanse.matching.learnt.weights import (
    Levels,
    Model,
    found_by_keys,
    known_rarity,
    learn,
    levels,
    probability,
    strayed,
    weigh,
)
from cleanse.matching.links import Links
from cleanse.model import COLUMNS, frame

__all__ = ["TableSchema", "link_table", "parse_table"]

CHUNK = 1 << 19  # pairs compared at a time
FEW = 20  # duplicates, below which what was learnt about them is little more than what was expected
LARGE = 0.01  # share of all records in one group that is hard to believe

Sounds = Mapping[str, Callable[[list[str]], list[str]]]


def link_table(
    records: pd.DataFrame,
    schema: TableSchema,
    forced: pd.DataFrame | None = None,
    sounds: Sounds | None = None,
    model: Mapping[str, Any] | None = None,
) -> Links:
    """Link the records of one table: rid and the fields of the schema, text, missing where empty.

    ``forced``: left, right (rids) and verdict of people: they teach the weights, and stand above them. ``sounds``: per
    kind how texts are spoken. ``model``: what an earlier run had learnt, instead of learning. The answer does not depend
    on the order of the rows.
    """
    table = encode(records.reset_index(drop=True), schema, sounds)
    verdicts = _positions(table, forced)
    left, right, keys = candidates(table, schema.crosses, schema.cap, schema.budget)
    left, right = _with(table.size, left, right, verdicts)
    pairs = _compared(table, left, right, schema)
    shared = tuple(f.name for f in schema.every if f.shared)
    warnings = ["match_blocks_too_large"] if any(key["skipped"] for key in keys) else []
    if model:
        known = models.read(model, {c.name: c.kind for c in table.columns}, shared)
        pairs = known_rarity(table, pairs, known)
    else:
        known, pairs = learn(table, pairs, schema.crosses, shared, _said(table.size, pairs, verdicts))
    if strayed(known):
        warnings.append("match_learning_strayed")
    weight, tie = weigh(known, pairs)
    return _linked(table, schema, pairs, weight, tie, known, verdicts, keys, warnings)


def _linked(
    table: Table, schema: TableSchema, pairs: Levels, weight: np.ndarray, tie: np.ndarray, model: Model,
    verdicts: pd.DataFrame, keys: list[dict[str, object]], warnings: list[str],
) -> Links:  # fmt: skip
    merge, apart = _ends(verdicts, ("merge",)), _ends(verdicts, ("apart", "related", "review"))
    suggested, broken = groups(table.size, pairs.left, pairs.right, weight, 0.0, SEEN, merge, apart)
    together = suggested[pairs.left] == suggested[pairs.right]
    cut = merge_cut(weight, together, schema.precision)
    label, _ = groups(table.size, pairs.left, pairs.right, np.where(together, weight, -60.0), cut, ALONE, merge, apart)
    band = banded(pairs, weight, tie, label, suggested, schema.review)
    for code, holds in (
        ("match_groups_broken", broken > 0),
        ("match_few_duplicates", probability(weight).sum() < FEW),
        ("match_group_too_large", np.bincount(label, minlength=1).max() > max(LARGE * table.size, 50)),
    ):
        warnings += [code] if holds else []
    report = _report(schema, model, pairs, weight, band, cut, keys, broken, warnings)
    return Links(
        _table(schema, table, pairs, weight, band, model), _clusters(schema, table, label), report,
        _clusters(schema, table, suggested), models.written(model),
    )  # fmt: skip


def _positions(table: Table, forced: pd.DataFrame | None) -> pd.DataFrame:
    """What people said, as positions left < right and verdict."""
    if forced is None or forced.empty:
        return pd.DataFrame({"left": np.zeros(0, np.int64), "right": np.zeros(0, np.int64), "verdict": []})
    at = pd.Series(np.arange(table.size), index=table.rids)
    ends = pd.DataFrame({side: forced[side].map(at) for side in ("left", "right")})
    found = pd.DataFrame(
        {"left": ends.min(axis=1), "right": ends.max(axis=1), "verdict": forced["verdict"].astype(str)}
    )
    found = found[ends.notna().all(axis=1) & (ends["left"] != ends["right"])]
    return found.astype({"left": np.int64, "right": np.int64}).sort_values(
        ["left", "right", "verdict"], ignore_index=True
    )


def _ends(verdicts: pd.DataFrame, which: tuple[str, ...]) -> np.ndarray:
    return verdicts.loc[verdicts["verdict"].isin(which), ["left", "right"]].to_numpy(dtype=np.int64)


def _with(size: int, left: np.ndarray, right: np.ndarray, verdicts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The candidate pairs and those that people judged."""
    if verdicts.empty:
        return left, right
    numbers = np.union1d(left * size + right, verdicts["left"].to_numpy() * size + verdicts["right"].to_numpy())
    return numbers // size, numbers % size


def _said(size: int, pairs: Levels, verdicts: pd.DataFrame) -> np.ndarray:
    """1 for pairs said to be one, 0 for those said not to be, NaN for all others."""
    said = np.full(len(pairs.left), np.nan)
    numbers = pairs.left * size + pairs.right
    for which, value in ((("merge",), 1.0), (("apart", "related"), 0.0)):
        ends = _ends(verdicts, which)
        said[np.searchsorted(numbers, ends[:, 0] * size + ends[:, 1])] = value
    return said


def _compared(table: Table, left: np.ndarray, right: np.ndarray, schema: TableSchema) -> Levels:
    cuts = range(0, max(len(left), 1), CHUNK)
    parts = [levels(table, left[i : i + CHUNK], right[i : i + CHUNK], schema.crosses) for i in cuts]
    return Levels(left, right, *(np.concatenate([getattr(p, name) for p in parts]) for name in ("level", "rarity")))


def _clusters(schema: TableSchema, table: Table, label: np.ndarray) -> pd.DataFrame:
    smallest = pd.Series(table.rids).groupby(label).transform("min")
    found = pd.DataFrame({"entity": schema.entity, "rid": table.rids, "cluster": smallest.to_numpy()})
    return found.sort_values("rid", ignore_index=True)


def _table(
    schema: TableSchema, table: Table, pairs: Levels, weight: np.ndarray, band: np.ndarray, model: Model
) -> pd.DataFrame:
    keep = np.flatnonzero(band != len(BANDS) - 1)
    if not len(keep):
        return frame("pairs")
    few, names = pairs.take(keep), list(model.m)
    ends = np.sort(np.stack([table.rids[few.left], table.rids[few.right]], axis=1), axis=1)
    bits = np.stack([model.bits(n)[few.level[:, i]] - few.rarity[:, i] for i, n in enumerate(names)], axis=1)
    told = explain_levels(
        few.level, bits, {f.name: (f.label, tuple(EXPECTED[f.kind])) for f in schema.every if f.name in names}
    )
    found = pd.DataFrame(
        {
            "entity": schema.entity,
            "left": ends[:, 0],
            "right": ends[:, 1],
            "block": "",
            "weight": weight[keep].round(2),
            "probability": probability(weight[keep]).round(4),
            "band": np.array(list(map(str, BANDS)), dtype=object)[band[keep]],
        }
    )
    found = pd.concat([found, told], axis=1)[list(COLUMNS["pairs"])]
    return found.sort_values(["left", "right"], ignore_index=True)


def _report(
    schema: TableSchema, model: Model, pairs: Levels, weight: np.ndarray, band: np.ndarray, cut: float, keys: list[dict[str, object]],
    broken: int, warnings: list[str],
) -> dict[str, Any]:  # fmt: skip
    """Plain data for the report, as that of the other way of linking. The precision expected of merges is that of the pairs
    above the cut, by which the others of a group are held."""
    chance = probability(weight)
    share = {str(b): round(float(chance[band == n].sum() / max(chance.sum(), 1e-9)), 4) for n, b in enumerate(BANDS)}
    in_band = ((MERGE, (band == MERGE) & (weight >= cut)), (REVIEW, band == REVIEW))
    expected = {str(BANDS[b]): round(float(chance[which].mean()), 4) if which.any() else None for b, which in in_band}
    return {
        "candidates": len(weight),
        "bands": {str(b): int((band == n).sum()) for n, b in enumerate(BANDS)},
        "merge": round(float(probability(np.array(cut))), 4),
        "review": schema.review,
        "keys": keys,
        "keys_recall": 1.0 if keys and keys[0]["key"] == "all" else found_by_keys(pairs, chance),
        "histogram": histogram(chance),
        "copies": 0,
        "broken_groups": broken,
        "expected_precision": expected[str(BANDS[MERGE])],
        "expected_recall": share[str(BANDS[MERGE])],
        "bands_recall": share,
        "bands_expected": expected,
        "parameters": models.written(model),
        "strayed": strayed(model),
        "warnings": warnings,
    }
