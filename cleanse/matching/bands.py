"""Which band a pair belongs to: merged by itself, for a person to judge, related, apart; and what the bands hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.comparison import LEVELS, OBJECTION
from cleanse.matching.evidence import Compared
from cleanse.matching.schema import MatchSchema
from cleanse.model import Band

BINS = 20
TIED = 6.0  # bits of one shared value that makes two records related
SAME = (
    "same_name",
    "same_person",
    "same_short",
    "same_parts",
    "same_unplaced",
    "same_core",
    "other_form",
    "wider_region",
)
BANDS = tuple(Band)
MERGE, REVIEW, RELATED, APART = map(BANDS.index, (Band.MERGE, Band.REVIEW, Band.RELATED, Band.APART))
RANK = {"apart": 0, "related": 1, "review": 2, "merge": 3}


def probability(weight: np.ndarray) -> np.ndarray:
    """Weights in bits as probabilities of being one.

    >>> probability(np.array([0.0, 3.0])).round(3).tolist()
    [0.5, 0.889]
    """
    return 1.0 / (1.0 + np.exp2(-np.clip(weight, -60, 60)))


def bands(compared: Compared, weight: np.ndarray, schema: MatchSchema) -> np.ndarray:
    """The band of every pair (number in BANDS): by its probability where nothing objects, else by what objects.

    A pair that is related shares a name but for branch or form, or a value that tells; one brand in two places alone is
    no tie.
    """
    chance, objection = probability(weight), compared.objection
    asks = np.array([schema.objections.get(o) == "review" for o in schema.reasons])[objection]
    objects = np.array([o in schema.objections for o in schema.reasons])[objection]
    same = np.array([level in SAME for level in LEVELS])[compared.level]
    tied = same | (compared.bits[:, 1:].max(axis=1, initial=0.0) >= TIED)
    unknown = objection == OBJECTION["namesake_unknown"]
    return np.select(
        [
            (objection == 0) & (chance >= schema.merge),
            (objection == 0) & (chance >= schema.review),
            asks & ((chance >= schema.review) | unknown),
            objects & tied,
        ],
        [MERGE, REVIEW, REVIEW, RELATED],
        APART,
    ).astype(np.int8)


def said(rids: np.ndarray, forced: pd.DataFrame | None) -> pd.DataFrame:
    """What people said, as positions left < right and verdict; of several verdicts apart stands above related, and both
    above merge. Records that are not here are left out."""
    if forced is None or forced.empty:
        return pd.DataFrame({"left": np.zeros(0, np.int64), "right": np.zeros(0, np.int64), "verdict": []})
    at = pd.Series(np.arange(len(rids)), index=rids)
    ends = pd.DataFrame({side: forced[side].map(at) for side in ("left", "right")})
    table = pd.DataFrame({"left": ends.min(axis=1), "right": ends.max(axis=1), "verdict": forced["verdict"]})
    table = table[ends.notna().all(axis=1)].astype({"left": np.int64, "right": np.int64})
    table = table[table["left"] != table["right"]].assign(rank=table["verdict"].map(RANK))
    return table.sort_values(["left", "right", "rank"], ignore_index=True).drop_duplicates(["left", "right"])


def histogram(weight: np.ndarray) -> np.ndarray:
    """How many pairs stand in each of BINS equal ranges of probability."""
    return np.histogram(probability(weight), bins=BINS, range=(0.0, 1.0))[0]


def report(
    schema: MatchSchema,
    weight: np.ndarray,
    band: np.ndarray,
    objection: np.ndarray,
    dropped: np.ndarray,
    keys: list[dict[str, object]],
    broken: int,
    copies: int,
) -> dict[str, Any]:
    """Plain data for the report. ``dropped`` is the histogram of the pairs that were apart and not kept.
    ``expected_precision`` and ``expected_recall`` are what the model expects of its own merges; ``bands_expected`` the
    share of true pairs it expects in each band; ``warnings`` are codes."""
    chance = probability(weight)
    counts, gone = histogram(weight) + dropped, int(dropped.sum())
    edges = np.linspace(0.0, 1.0, BINS + 1)
    merged, free = band == MERGE, objection == 0
    open_to_doubt = chance[(merged | (band == REVIEW)) & free]
    expected = {str(BANDS[b]): _mean(chance[(band == b) & free]) for b in (MERGE, REVIEW)}
    return {
        "candidates": len(weight) + gone,
        "bands": {str(b): int((band == n).sum()) + (gone if n == APART else 0) for n, b in enumerate(BANDS)},
        "merge": schema.merge,
        "review": schema.review,
        "keys": keys,
        "histogram": [
            {"low": round(float(low), 3), "high": round(float(high), 3), "count": int(count)}
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ],
        "copies": copies,
        "broken_groups": broken,
        "expected_precision": expected[Band.MERGE],
        "expected_recall": round(float(chance[merged & free].sum() / open_to_doubt.sum()), 4) if len(open_to_doubt) else None,
        "bands_expected": expected,
        "parameters": {
            "prior": schema.prior,
            "name": dict(schema.weights),
            **{e.name: {"agree": e.agree, "differ": e.differ, "spread": e.spread} for e in schema.evidence},
        },
        "warnings": _warnings(keys, broken),
    }  # fmt: skip


def _mean(chance: np.ndarray) -> float | None:
    return round(float(chance.mean()), 4) if len(chance) else None


def _warnings(keys: list[dict[str, object]], broken: int) -> list[str]:
    found = ["match_blocks_too_large"] if any(key["skipped"] for key in keys) else []
    return [*found, "match_groups_broken"] if broken else found
