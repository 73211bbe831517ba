"""Which pairs of records are looked at: those that share a key. Pairs are counted before they are made; a block that is
too large is skipped and reported, but for a chain through its members in the order of their content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

MISSING = -1


@dataclass
class Blocks:
    """Pairs (left < right, positions), the first key that made each, and per key what was made and skipped."""

    left: np.ndarray
    right: np.ndarray
    key: np.ndarray
    report: list[dict[str, object]] = field(default_factory=list)


def block(keys: Mapping[str, np.ndarray], cap: int) -> Blocks:
    """All pairs that share a value of some key.

    ``keys``: name -> integer code per record (MISSING: none), or (records x values) codes of one value space. A value
    held by more than ``cap`` records makes no pairs between all of them, only between neighbours. The records must stand
    in an order of their content.
    """
    size = max((len(codes) for codes in keys.values()), default=0)
    found: dict[str, np.ndarray] = {}
    report: list[dict[str, object]] = []
    for name, codes in keys.items():
        records, values = _flat(codes)
        pairs, skipped, counted = _pairs(records, values, cap, size)
        found[name] = pairs
        report.append({"key": name, "counted": int(counted), "made": len(pairs), "skipped": int(skipped)})
    if not found:
        return Blocks(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    every = np.concatenate(list(found.values()))
    which = np.repeat(np.arange(len(found)), [len(p) for p in found.values()])
    unique, first = np.unique(every, return_index=True)
    return Blocks(unique // max(size, 1), unique % max(size, 1), which[first], report)


def _flat(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Records and values, the missing left out."""
    records = np.arange(len(codes)) if codes.ndim == 1 else np.repeat(np.arange(len(codes)), codes.shape[1])
    values = codes.ravel()
    there = values != MISSING
    return records[there], values[there]


def _pairs(records: np.ndarray, values: np.ndarray, cap: int, size: int) -> tuple[np.ndarray, int, int]:
    """Pair numbers (left * size + right) of one key; how many blocks were too large; pairs counted beforehand."""
    order = np.lexsort((records, values))
    records, values = records[order], values[order]
    start = np.flatnonzero(np.r_[True, values[1:] != values[:-1]]) if len(values) else np.zeros(0, dtype=np.int64)
    count = np.diff(np.r_[start, len(values)])
    counted = int((count * (count - 1) // 2).sum())
    large = np.repeat(count > cap, count)
    parts: list[np.ndarray] = []
    for offset in range(1, min(cap, int(count.max(initial=0)))):
        same = values[offset:] == values[:-offset]
        if offset > 1:
            same &= ~large[offset:]
        if not same.any():
            break
        parts.append(_number(records[:-offset][same], records[offset:][same], size))
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64), int((count > cap).sum()), counted


def _number(a: np.ndarray, b: np.ndarray, size: int) -> np.ndarray:
    keep = a != b
    return np.minimum(a, b)[keep] * size + np.maximum(a, b)[keep]


def codes(columns: Iterable[np.ndarray]) -> np.ndarray:
    """One integer code per record for the combination of several code columns; MISSING where any part is missing."""
    parts = list(columns)
    total = parts[0].astype(np.int64)
    bad = parts[0] == MISSING
    for part in parts[1:]:
        total = total * (int(part.max(initial=0)) + 2) + part + 1
        bad |= part == MISSING
    return np.where(bad, MISSING, total)
