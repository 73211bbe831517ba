"""Which pairs of records are looked at: those that share a key. Pairs are counted before they are made; a block that is
too large is reported and makes no more than one pair per member."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

MISSING = -1
HEADS = 3  # of a large block, with which a member stands that is like none of them


@dataclass
class Blocks:
    """Pairs (left < right, positions), and per key what was made and skipped."""

    left: np.ndarray
    right: np.ndarray
    report: list[dict[str, object]] = field(default_factory=list)


def block(keys: Mapping[str, np.ndarray], cap: int, alike: np.ndarray | None = None) -> Blocks:
    """All pairs that share a value of some key.

    ``keys``: name -> integer code per record (MISSING: none), or (records x values) codes of one value space. A value
    held by more than ``cap`` records makes no pairs between all of them: those equal in ``alike`` are linked in a star,
    and the stars in a chain. The records must stand in an order of their content.
    """
    size = max((len(codes) for codes in keys.values()), default=0)
    found: dict[str, np.ndarray] = {}
    report: list[dict[str, object]] = []
    for name, codes in keys.items():
        records, values = _flat(codes)
        pairs, skipped, counted = _pairs(records, values, cap, size, alike)
        found[name] = pairs
        report.append({"key": name, "counted": int(counted), "made": len(pairs), "skipped": int(skipped)})
    if not found:
        return Blocks(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), report)
    unique = _distinct(np.concatenate(list(found.values())))
    return Blocks(unique // max(size, 1), unique % max(size, 1), report)


def _flat(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Records and values, the missing left out."""
    records = np.arange(len(codes)) if codes.ndim == 1 else np.repeat(np.arange(len(codes)), codes.shape[1])
    values = codes.ravel()
    there = values != MISSING
    return records[there], values[there]


def _pairs(
    records: np.ndarray, values: np.ndarray, cap: int, size: int, alike: np.ndarray | None
) -> tuple[np.ndarray, int, int]:
    """Pair numbers (left * size + right) of one key; how many blocks were too large; pairs counted beforehand."""
    order = np.argsort(values, kind="stable")
    records, values = records[order], values[order]
    start = np.flatnonzero(np.r_[True, values[1:] != values[:-1]]) if len(values) else np.zeros(0, dtype=np.int64)
    count = np.diff(np.r_[start, len(values)])
    counted = int((count * (count - 1) // 2).sum())
    parts: list[np.ndarray] = []
    for several in np.unique(count[(count > 1) & (count <= cap)]):
        i, j = np.triu_indices(int(several), 1)
        first = start[count == several][:, None]
        parts.append(_number(records[(first + i).ravel()], records[(first + j).ravel()], size))
    large = np.flatnonzero(count > cap)
    parts += [_star(records[start[b] : start[b] + count[b]], size, alike) for b in large]
    found = _distinct(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)
    return found, len(large), counted


def _distinct(numbers: np.ndarray) -> np.ndarray:
    """Sorted, each once; np.unique takes several times as long."""
    numbers = np.sort(numbers)
    return numbers[np.diff(numbers, prepend=-1) > 0]


def _star(members: np.ndarray, size: int, alike: np.ndarray | None) -> np.ndarray:
    """Of a large block: each member with the first that is alike, and these firsts in a chain. Members of which nothing
    tells what they are alike to (rows with a number and no name) stand with the first ones that are."""
    group = np.zeros(len(members), dtype=np.int64) if alike is None else alike[members]
    _, first, which = np.unique(group, return_index=True, return_inverse=True)
    heads = np.sort(members[first])
    parts = [_number(members[first[which]], members, size), _number(heads[:-1], heads[1:], size)]
    known = np.sort(members[first[group[first] != MISSING]])[:HEADS]
    untold = members[group == MISSING]
    parts += [_number(np.full(len(untold), head), untold, size) for head in known]
    return np.concatenate(parts)


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
