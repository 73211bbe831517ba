"""Which pairs are compared: those that share a rare key, or two keys of different fields. Pairs are counted per key
before any is made; the keys that cost least come first, until the budget is spent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from cleanse.matching.learnt.columns import MISSING, Column, Table

ALL = 600_000  # pairs of a table so small that every one is compared

Cut = Callable[[str], str]


def _skeleton(text: str) -> str:
    """First letter and the consonants behind it, doubled ones once: smith, smyth."""
    return text[:1] + re.sub(r"(.)\1+", r"\1", re.sub("[aeiouyhw ]", "", text[1:]))[:4]


def _local(text: str) -> str:
    return re.sub("[0-9]+", "", text.partition("@")[0])


CUTS: Mapping[str, Mapping[str, Cut]] = {
    "person": {"skeleton": _skeleton, "start": lambda t: t[:3], "end": lambda t: t[-3:], "letters": lambda t: "".join(sorted(t))},
    "company": {"start": lambda t: t[:4], "words": lambda t: " ".join(sorted(t.split()))},
    "text": {"start": lambda t: t[:4], "words": lambda t: " ".join(sorted(t.split()))},
    "address": {"start": lambda t: t[:5], "longest": lambda t: max(t.split(), key=lambda w: (len(w), w), default="")},
    "date": {"month": lambda t: t[:6], "day": lambda t: t[4:8], "rest": lambda t: t[:4] + t[6:8]},
    "id": {"first": lambda t: t[: len(t) // 2], "last": lambda t: t[len(t) // 2 :], "digits": lambda t: "".join(sorted(t))},
    "number": {"first": lambda t: t[: (len(t) + 1) // 2], "digits": lambda t: "".join(sorted(t))},
    "phone": {"last": lambda t: t[-6:], "digits": lambda t: "".join(sorted(t))},
    "email": {"local": _local, "start": lambda t: t[:4], "domain": lambda t: t.partition("@")[2]},
    "category": {},
}  # fmt: skip


def keys(table: Table) -> dict[str, list[tuple[str, np.ndarray]]]:
    """Per field its keys: name, and codes per record (records x values, MISSING where none)."""
    return {column.name: list(_cuts(column)) for column in table.columns}


def _cuts(column: Column) -> Iterator[tuple[str, np.ndarray]]:
    yield column.name, column.codes
    for name, cut in CUTS[column.kind].items():
        cuts = np.array([cut(text) if len(text) > 2 else "" for text in column.texts], dtype=object)
        codes = pd.factorize(cuts)[0].astype(np.int32)
        codes[cuts == ""] = MISSING
        yield f"{column.name}.{name}", np.append(codes, np.int32(MISSING))[column.codes]


def candidates(
    table: Table, crosses: list[tuple[str, str]], cap: int, budget: float
) -> tuple[np.ndarray, np.ndarray, list[dict[str, object]]]:
    """Left and right positions (left < right) of all pairs to compare, and what each key made and left out."""
    if table.size * (table.size - 1) // 2 <= ALL:
        left, right = np.triu_indices(table.size, 1)
        return left, right, [{"key": "all", "counted": len(left), "made": len(left), "skipped": 0}]
    found = keys(table)
    by_name = {c.name: c for c in table.columns}
    for one, other in crosses:
        both = np.sort(np.stack([by_name[one].common, by_name[other].common], axis=1), axis=1).astype(np.int64)
        wide = int(both.max(initial=0)) + 2
        crossed = np.where((both != MISSING).all(axis=1), both[:, 0] * wide + both[:, 1], MISSING)
        found[f"{one}/{other}"] = [(f"{one}/{other}", pd.factorize(crossed, use_na_sentinel=True)[0][:, None])]
        found[f"{one}/{other}"][0][1][crossed == MISSING] = MISSING
    singles = [(name, codes) for cuts in found.values() for name, codes in cuts]
    fields = list(found)
    doubles = (
        (f"{a} + {b}", _together(x, y)) for f, g in combinations(fields, 2) for a, x in found[f] for b, y in found[g]
    )
    blocks = [_blocks(name, codes, cap) for name, codes in (*singles, *doubles)]
    blocks.sort(key=lambda b: (b[1]["counted"], b[1]["key"]))
    return _made(table.size, blocks, int(budget * table.size))


def _together(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    parts = []
    for a in x.T:
        for b in y.T:
            joined = a.astype(np.int64) * (int(b.max(initial=0)) + 2) + b
            parts.append(np.where((a == MISSING) | (b == MISSING), MISSING, joined))
    return np.stack(parts, axis=1)


def _blocks(name: str, codes: np.ndarray, cap: int) -> tuple[np.ndarray, dict[str, object]]:
    """The records of all blocks of two to ``cap``, block after block, and their sizes; what was counted."""
    records = np.repeat(np.arange(len(codes)), codes.shape[1])
    values = codes.ravel()
    there = np.flatnonzero(values != MISSING)
    order = there[np.argsort(values[there], kind="stable")]
    values = values[order]
    start = np.flatnonzero(np.r_[True, values[1:] != values[:-1]]) if len(values) else np.zeros(0, dtype=np.int64)
    count = np.diff(np.r_[start, len(values)])
    fit = (count > 1) & (count <= cap)
    kept = np.repeat(fit, count)
    told = {
        "key": name,
        "counted": int((count[fit] * (count[fit] - 1) // 2).sum()),
        "made": 0,
        "skipped": int((count > cap).sum()),
    }
    return np.stack([records[order][kept], np.repeat(count, count)[kept]]).astype(np.int32), told


def _made(
    size: int, blocks: list[tuple[np.ndarray, dict[str, object]]], budget: int
) -> tuple[np.ndarray, np.ndarray, list[dict[str, object]]]:
    seen = np.zeros(0, dtype=np.int64)
    fresh: list[np.ndarray] = []
    waiting = 0
    for (records, counts), told in blocks:
        if not told["counted"] or len(seen) >= budget:
            continue
        made = _pairs(records, counts, size)
        told["made"] = len(made)
        fresh.append(made)
        waiting += len(made)
        if waiting > max(len(seen), 1 << 20):
            seen, fresh, waiting = _distinct(np.concatenate([seen, *fresh])), [], 0
    seen = _distinct(np.concatenate([seen, *fresh]))
    return seen // max(size, 1), seen % max(size, 1), [told for _, told in blocks]


def _pairs(records: np.ndarray, counts: np.ndarray, size: int) -> np.ndarray:
    parts = [np.zeros(0, dtype=np.int64)]
    for several in np.unique(counts):
        members = records[counts == several].reshape(-1, several).astype(np.int64)
        i, j = np.triu_indices(int(several), 1)
        a, b = members[:, i].ravel(), members[:, j].ravel()
        parts.append((np.minimum(a, b) * size + np.maximum(a, b))[a != b])
    return np.concatenate(parts)


def _distinct(numbers: np.ndarray) -> np.ndarray:
    numbers = np.sort(numbers)
    return numbers[np.diff(numbers, prepend=-1) > 0]
