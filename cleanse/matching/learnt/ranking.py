"""Which of the pairs that share a key are compared first: to every record the others that are likeliest to be the same, by
how rare the keys are that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleanse.matching.learnt.columns import MISSING, Column
from cleanse.matching.learnt.levels import EXPECTED

CHUNK = 1 << 20  # pairs weighed at a time
STEPS = 64.0  # a bit in so many parts
BELOW, ABOVE = 1 << 13, (1 << 16) - 1  # the weight of a pair stays between 0 and this

Keys = Mapping[str, Sequence[tuple[str, np.ndarray]]]


@dataclass(frozen=True)
class Ranked:
    """Pairs of positions (left < right, in order) and a number that is the smaller the earlier the pair is compared; None
    where all of them are."""

    left: np.ndarray
    right: np.ndarray
    turn: np.ndarray | None = None

    def first(self, most: int) -> np.ndarray:
        """The places of the first ``most`` pairs, in order."""
        if self.turn is None or len(self.turn) <= most:
            return np.arange(len(self.left))
        last = np.partition(self.turn, most)[most]
        chosen = self.turn < last
        chosen[np.flatnonzero(self.turn == last)[: most - int(chosen.sum())]] = True
        return np.flatnonzero(chosen)


def ranked(size: int, left: np.ndarray, right: np.ndarray, keys: Keys, columns: Sequence[Column]) -> Ranked:
    """Every record calls its likeliest partner, then every record its second, and so on; so none is left out because
    others have more in common."""
    cuts = range(0, max(len(left), 1), CHUNK)
    weight = np.concatenate([_weight(left[i : i + CHUNK], right[i : i + CHUNK], keys, columns) for i in cuts])
    ends = np.concatenate([left, right]).astype(np.int64)
    order = np.argsort((ends << 16) - np.tile(weight, 2), kind="stable")
    start = np.r_[0, np.cumsum(np.bincount(ends, minlength=size))]
    called = np.empty(len(ends), dtype=np.int64)
    called[order] = np.arange(len(ends)) - start[ends[order]]
    return Ranked(left, right, (np.minimum(called[: len(left)], called[len(left) :]) << 16) - weight)


def _weight(left: np.ndarray, right: np.ndarray, keys: Keys, columns: Sequence[Column]) -> np.ndarray:
    """Bits, in whole STEPS, of every pair: per field those of the rarest key that both share; where both have a value
    and no key in common, what is expected of duplicates."""
    bits = {name: _shared(left, right, [codes for _, codes in cuts]) for name, cuts in keys.items()}
    for column in columns:
        there = (column.codes[left] != MISSING).any(axis=1) & (column.codes[right] != MISSING).any(axis=1)
        bits[column.name][there & (bits[column.name] == 0)] = np.log2(EXPECTED[column.kind]["different"])
    for name in bits.keys() - {c.name for c in columns}:  # two fields crossed: instead of both
        one, other = name.split("/")
        bits[name] = np.maximum(bits[name] - bits[one] - bits[other], 0.0)
    total = np.sum(list(bits.values()), axis=0)
    return np.clip(total * STEPS + BELOW, 0, ABOVE).astype(np.int64)


def _shared(left: np.ndarray, right: np.ndarray, cuts: Sequence[np.ndarray]) -> np.ndarray:
    found = np.zeros(len(left), dtype=np.float32)
    for codes in cuts:
        counts = np.bincount(codes[codes != MISSING], minlength=1)
        bits = np.log2(len(codes) / np.maximum(counts, 1)).astype(np.float32)
        for a, b in ((a, b) for a in codes.T for b in codes.T):
            value = a[left]
            at = np.flatnonzero((value == b[right]) & (value != MISSING))
            found[at] = np.maximum(found[at], bits[value[at]])
    return found
