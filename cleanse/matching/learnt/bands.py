"""Which pairs are merged by themselves, shown to a person, named as related, left apart."""

from __future__ import annotations

import numpy as np

from cleanse.matching.learnt.weights import Levels, probability
from cleanse.model import Band

BANDS = tuple(Band)
MERGE, REVIEW, RELATED, APART = map(BANDS.index, (Band.MERGE, Band.REVIEW, Band.RELATED, Band.APART))
BINS = 20
TIED = 6.0  # bits for being related rather than strangers, from which on the tie is shown
FAINT = 0.01  # probability of being one below which a tie is not worth showing


def merge_cut(weight: np.ndarray, together: np.ndarray, precision: float) -> float:
    """The lowest weight at which the pairs of groups above it are, by their own probabilities, right often enough; never
    below even odds."""
    ordered = np.sort(weight[together & (weight > 0)])[::-1]
    if not len(ordered):
        return 0.0
    mean = np.cumsum(probability(ordered)) / np.arange(1, len(ordered) + 1)
    enough = int((mean >= precision).sum())
    return float(ordered[enough - 1]) if enough else float(ordered[0]) + 1.0


def banded(
    pairs: Levels, weight: np.ndarray, tie: np.ndarray, label: np.ndarray, suggested: np.ndarray, review: float
) -> np.ndarray:
    """The band of every pair (number in BANDS)."""
    chance = probability(weight)
    merged = label[pairs.left] == label[pairs.right]
    asked = (chance >= review) | ((suggested[pairs.left] == suggested[pairs.right]) & (chance >= FAINT))
    return np.select([merged, asked, (tie >= TIED) & (chance >= FAINT)], [MERGE, REVIEW, RELATED], APART).astype(
        np.int8
    )


def histogram(chance: np.ndarray) -> list[dict[str, float]]:
    edges = np.linspace(0.0, 1.0, BINS + 1)
    counts = np.histogram(chance, bins=edges)[0]
    return [
        {"low": round(float(low), 3), "high": round(float(high), 3), "count": int(n)}
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
