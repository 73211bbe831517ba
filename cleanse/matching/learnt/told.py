"""What is said of a linked table: its pairs with their reasons, its clusters, and the report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.explain import explain_levels
from cleanse.matching.learnt import model as models
from cleanse.matching.learnt.bands import BANDS, MERGE, REVIEW, histogram
from cleanse.matching.learnt.levels import EXPECTED
from cleanse.matching.learnt.schema import TableSchema
from cleanse.matching.learnt.weights import Levels, Model, found_by_keys, probability, strayed
from cleanse.model import COLUMNS, frame


def clusters(schema: TableSchema, rids: np.ndarray, label: np.ndarray) -> pd.DataFrame:
    """Cluster (smallest rid) of every rid; ``label``: the group of each."""
    smallest = pd.Series(rids).groupby(label).transform("min")
    found = pd.DataFrame({"entity": schema.entity, "rid": rids, "cluster": smallest.to_numpy()})
    return found.sort_values("rid", ignore_index=True)


def table(
    schema: TableSchema, ends: np.ndarray, pairs: Levels, weight: np.ndarray, band: np.ndarray, model: Model
) -> pd.DataFrame:
    """The pairs that are not apart; ``ends``: their rids (n x 2)."""
    keep = np.flatnonzero(band != len(BANDS) - 1)
    if not len(keep):
        return frame("pairs")
    few, names = pairs.take(keep), list(model.m)
    ends = np.sort(ends[keep], axis=1)
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


def report(
    schema: TableSchema, model: Model, pairs: Levels, weight: np.ndarray, band: np.ndarray, cut: float, keys: list[dict[str, object]],
    left_out: float, broken: int, warnings: list[str],
) -> dict[str, Any]:  # fmt: skip
    """Plain data for the report, as that of the other way of linking. The precision expected of merges is that of the pairs
    above the cut, by which the others of a group are held. ``keys_recall``: the share of duplicates that keys bring
    together at least; ``budget_recall``: of these, the share that was compared. A pair of a record with itself stands for a copy of it."""
    own = pairs.left != pairs.right
    chance = probability(weight)
    found = float(chance[own].sum())
    share = {str(b): round(float(chance[band == n].sum() / max(chance.sum(), 1e-9)), 4) for n, b in enumerate(BANDS)}
    in_band = ((MERGE, (band == MERGE) & (weight >= cut)), (REVIEW, band == REVIEW))
    expected = {str(BANDS[b]): round(float(chance[which].mean()), 4) if which.any() else None for b, which in in_band}
    return {
        "candidates": int(own.sum()),
        "bands": {str(b): int((band == n).sum()) for n, b in enumerate(BANDS)},
        "merge": round(float(probability(np.array(cut))), 4),
        "review": schema.review,
        "keys": keys,
        "keys_recall": 1.0
        if keys and keys[0]["key"] == "all"
        else found_by_keys(pairs.take(np.flatnonzero(own)), chance[own]),
        "budget_recall": round(found / max(found + left_out, 1e-9), 4) if found >= 1 else None,
        "histogram": histogram(chance[own]),
        "copies": int((~own).sum()),
        "broken_groups": broken,
        "expected_precision": expected[str(BANDS[MERGE])],
        "expected_recall": share[str(BANDS[MERGE])],
        "bands_recall": share,
        "bands_expected": expected,
        "parameters": models.written(model),
        "strayed": strayed(model),
        "warnings": warnings,
    }
