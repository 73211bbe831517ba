"""Which pairs are looked at: those that share a rare key, or two keys of different fields that are too common alone. Pairs
are counted per key before any is made; where they would be too many, the largest blocks of all keys make none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, product

import numpy as np
import pandas as pd

from cleanse.matching.learnt.columns import MISSING, Column, Table
from cleanse.matching.learnt.ranking import Ranked, ranked

ALL = 600_000  # pairs of a table so small that every one is compared
MADE = 400  # pairs per record that keys make; the likeliest of them are compared
MOST = 60_000_000  # pairs that keys make at most
NEXT = 2  # neighbours by content that a record of a block too large is compared with

Cut = Callable[[str], str]
Key = tuple[str, np.ndarray]  # name, and codes per record (records x values, MISSING where none)
Every = Callable[[], Iterable[Key]]


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


def _cuts(column: Column) -> Iterator[Key]:
    yield column.name, column.codes
    for name, cut in CUTS[column.kind].items():
        cuts = np.array([cut(text) if len(text) > 2 else "" for text in column.texts], dtype=object)
        codes = pd.factorize(cuts)[0].astype(np.int32)
        codes[cuts == ""] = MISSING
        yield f"{column.name}.{name}", np.append(codes, np.int32(MISSING))[column.codes]


def candidates(table: Table, crosses: list[tuple[str, str]], cap: int) -> tuple[Ranked, list[dict[str, object]]]:
    """The pairs that share keys, the likeliest first, and what each key made and left out."""
    if table.size * (table.size - 1) // 2 <= ALL:
        left, right = np.triu_indices(table.size, 1)
        return Ranked(left, right), [{"key": "all", "counted": len(left), "made": len(left), "skipped": 0}]
    found = {column.name: list(_cuts(column)) for column in table.columns}
    found |= {f"{one}/{other}": [_crossed(table, one, other)] for one, other in crosses}
    most = min(MADE * table.size, MOST) // 2
    rare, largest, told = _made(table.size, lambda: (key for cuts in found.values() for key in cuts), cap, most)
    common = {f: [(name, _above(codes, largest)) for name, codes in cuts] for f, cuts in found.items()}
    both, _, more = _made(table.size, lambda: _doubles(common), cap, most)
    numbers = _distinct(np.concatenate([rare, both]))
    left, right = numbers // table.size, numbers % table.size
    return ranked(table.size, left, right, found, table.columns), told + more


def _crossed(table: Table, one: str, other: str) -> Key:
    """Both values of two fields, whichever stands in which."""
    columns = {c.name: c for c in table.columns}
    both = np.sort(np.stack([columns[one].common, columns[other].common], axis=1), axis=1).astype(np.int64)
    joined = np.where((both != MISSING).all(axis=1), both[:, 0] * (int(both.max(initial=0)) + 2) + both[:, 1], MISSING)
    codes = pd.factorize(joined)[0].astype(np.int32)
    codes[joined == MISSING] = MISSING
    return f"{one}/{other}", codes[:, None]


def _above(codes: np.ndarray, largest: int) -> np.ndarray:
    """The codes of which a key alone has made no pairs."""
    counts = np.append(np.bincount(codes[codes != MISSING]), 0)
    return np.where(counts[codes] > largest, codes, MISSING)


def _doubles(found: Mapping[str, list[Key]]) -> Iterator[Key]:
    for f, g in combinations(found, 2):
        for (a, x), (b, y) in product(found[f], found[g]):
            yield f"{a} + {b}", _together(x, y)


def _together(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    wide = int(y.max(initial=0)) + 2
    parts = [
        np.where((a == MISSING) | (b == MISSING), MISSING, a.astype(np.int64) * wide + b) for a in x.T for b in y.T
    ]
    return np.stack(parts, axis=1)


def _made(size: int, every: Every, cap: int, most: int) -> tuple[np.ndarray, int, list[dict[str, object]]]:
    """The pairs of all keys in blocks up to a size at which they are no more than ``most``; that size; what each key
    made. Of larger blocks each record stands with its neighbours by content."""
    sizes = [(name, _sizes(codes)) for name, codes in every()]
    counted = sum((_pairs_by_size(s[s <= cap], cap) for _, s in sizes), start=np.zeros(cap + 1, dtype=np.int64))
    largest = max(int(np.searchsorted(np.cumsum(counted), most, side="right")) - 1, 1)
    told, seen, fresh = [], np.zeros(0, dtype=np.int64), []
    for (name, codes), (_, blocks) in zip(every(), sizes, strict=True):
        made = _pairs(codes, largest, size) if len(blocks) else seen[:0]
        told.append({
            "key": name, "counted": int((blocks * (blocks - 1) // 2).sum()), "made": len(made),
            "skipped": int((blocks > largest).sum()),
        })  # fmt: skip
        fresh.append(made)
        if sum(map(len, fresh)) > max(len(seen), 1 << 20):
            seen, fresh = _distinct(np.concatenate([seen, *fresh])), []
    return _distinct(np.concatenate([seen, *fresh])), largest, told


def _pairs_by_size(sizes: np.ndarray, cap: int) -> np.ndarray:
    return np.bincount(sizes, weights=sizes * (sizes - 1) // 2, minlength=cap + 1).astype(np.int64)


def _sizes(codes: np.ndarray) -> np.ndarray:
    """The sizes of all blocks of two or more."""
    values = np.sort(codes[codes != MISSING])
    start = np.flatnonzero(np.diff(values, prepend=MISSING))
    count = np.diff(np.r_[start, len(values)])
    return count[count > 1]


def _pairs(codes: np.ndarray, largest: int, size: int) -> np.ndarray:
    """Pair numbers (left * size + right) of one key."""
    there = np.flatnonzero(codes.ravel() != MISSING)
    order = there[np.argsort(codes.ravel()[there], kind="stable")]
    records, values = order // codes.shape[1], codes.ravel()[order]
    start = np.flatnonzero(np.diff(values, prepend=MISSING))
    count = np.diff(np.r_[start, len(values)])
    parts = []
    for several in np.flatnonzero(np.bincount(count[count <= largest])[2:]) + 2:
        i, j = np.triu_indices(int(several), 1)
        first = start[count == several][:, None]
        parts.append(_number(records[(first + i).ravel()], records[(first + j).ravel()], size))
    large = np.repeat(count > largest, count)
    for step in range(1, NEXT + 1):
        at = np.flatnonzero(large[:-step] & (values[:-step] == values[step:]))
        parts.append(_number(records[at], records[at + step], size))
    return np.concatenate(parts)


def _number(a: np.ndarray, b: np.ndarray, size: int) -> np.ndarray:
    return (np.minimum(a, b) * size + np.maximum(a, b))[a != b]


def _distinct(numbers: np.ndarray) -> np.ndarray:
    numbers = np.sort(numbers)
    return numbers[np.diff(numbers, prepend=-1) > 0]
