"""On which level two values of one field agree: equal, nearly, in part, not at all. Equality is that of integer codes;
texts are compared only where codes do not decide, each pair of values once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from cleanse.matching.learnt.columns import MISSING, Column

Distances = Callable[[np.ndarray, np.ndarray, Column], np.ndarray]

# Of every kind its levels from the best to the worst, with the share of duplicates expected on each before anything is
# learnt. The first is equality, the last is difference. "crossed" stands in another field of both records, "aside" of one.
EXPECTED: Mapping[str, Mapping[str, float]] = {
    "person": {"equal": 0.72, "sound": 0.02, "part": 0.03, "near": 0.08, "alike": 0.04, "crossed": 0.02, "aside": 0.01, "different": 0.08},
    "company": {"equal": 0.60, "sound": 0.02, "near": 0.20, "alike": 0.08, "some": 0.04, "different": 0.06},
    "text": {"equal": 0.65, "near": 0.15, "alike": 0.06, "some": 0.04, "different": 0.10},
    "address": {"equal": 0.60, "near": 0.18, "alike": 0.07, "some": 0.05, "different": 0.10},
    "date": {"equal": 0.78, "near": 0.08, "parts": 0.05, "alike": 0.02, "year": 0.02, "different": 0.05},
    "id": {"equal": 0.84, "near": 0.08, "half": 0.03, "alike": 0.02, "different": 0.03},
    "number": {"equal": 0.75, "near": 0.10, "half": 0.04, "alike": 0.02, "different": 0.09},
    "phone": {"equal": 0.75, "near": 0.05, "half": 0.02, "alike": 0.02, "different": 0.16},
    "email": {"equal": 0.70, "local": 0.03, "near": 0.10, "alike": 0.05, "different": 0.12},
    "category": {"equal": 0.88, "different": 0.12},
}  # fmt: skip
CLOSE = 0.9  # Jaro-Winkler likeness of a name that stands in another field with a slip
MONTH = 31  # days


def compare(column: Column, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The level (number) of every pair of records; MISSING where one has no value. Of several values the best pair."""
    levels = EXPECTED[column.kind]
    worst = len(levels) - 1
    best = np.full(len(left), MISSING, dtype=np.int8)
    for a, b in ((i, j) for i in column.codes.T for j in column.codes.T):
        found = _one(column, a[left], b[right], worst)
        best = np.where(found == MISSING, best, np.where(best == MISSING, found, np.minimum(best, found)))
    return best


def _one(column: Column, a: np.ndarray, b: np.ndarray, worst: int) -> np.ndarray:
    there = (a != MISSING) & (b != MISSING)
    level = np.where(there, np.int8(worst), np.int8(MISSING))
    level[there & (a == b)] = 0
    at = np.flatnonzero(there & (a != b))
    if not len(at) or worst == 1:
        return level
    low, high = np.minimum(a[at], b[at]).astype(np.int64), np.maximum(a[at], b[at])
    which, distinct = pd.factorize(low * len(column.texts) + high)
    low, high = distinct // len(column.texts), distinct % len(column.texts)
    level[at] = _LIKENESS[column.kind](low, high, column)[which]
    return level


def crossed(one: Column, other: Column, levels: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The levels of ``one`` where a value that differs, or is absent on one side, stands in ``other``."""
    names = list(EXPECTED[one.kind])
    weak = (levels == MISSING) | (levels >= names.index("alike"))
    there, back = (_stands_in(one, other, x, y, weak) for x, y in ((left, right), (right, left)))
    levels = levels.copy()
    levels[there | back] = names.index("aside")
    levels[there & back] = names.index("crossed")
    return levels


def _stands_in(one: Column, other: Column, left: np.ndarray, right: np.ndarray, weak: np.ndarray) -> np.ndarray:
    """Whether the value of the left record stands in the other field of the right one, but for a slip."""
    a, b = one.common[left], other.common[right]
    there = (a != MISSING) & (b != MISSING)
    found = there & (a == b)
    x, y = one.codes[left, 0], other.codes[right, 0]
    at = np.flatnonzero(weak & there & ~found & (_heads(one)[x] == _heads(other)[y]))
    found[at] = _ratio(JaroWinkler.similarity, one.texts[x[at]], other.texts[y[at]]) >= CLOSE
    return found & weak


def _heads(column: Column) -> np.ndarray:
    return np.array([ord(text[0]) for text in column.texts] + [MISSING], dtype=np.int32)


# ---------------------------------------------------------------------------------------------------------- by kinds


def _ratio(scorer: Callable[..., float], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(cpdist(a, b, scorer=scorer, dtype=np.float32))


def _graded(kind: str, size: int, *steps: tuple[str, np.ndarray]) -> np.ndarray:
    """Per pair the first of the named levels whose condition holds, the last level else."""
    names = list(EXPECTED[kind])
    level = np.full(size, len(names) - 1, dtype=np.int8)
    for name, holds in reversed(steps):
        level[holds] = names.index(name)
    return level


def _sound(column: Column, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    if column.sounds is None:
        return np.zeros(len(low), dtype=bool)
    return (column.sounds[low] == column.sounds[high]) & (column.sounds[low] != MISSING)


def _person(low: np.ndarray, high: np.ndarray, column: Column) -> np.ndarray:
    a, b = column.texts[low], column.texts[high]
    score = _ratio(JaroWinkler.similarity, a, b)
    return _graded(
        "person", len(low), ("sound", _sound(column, low, high)), ("part", _part(a, b)), ("near", score >= 0.92),
        ("alike", score >= 0.8),
    )  # fmt: skip


def _part(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One name holds all words of the other, or begins with it: J, John, John Edward."""
    return np.array(
        [x.startswith(y) or y.startswith(x) or not _words(x, y) for x, y in zip(a, b, strict=True)], dtype=bool
    )


def _words(a: str, b: str) -> bool:
    """Whether each has a word that the other lacks."""
    if " " not in a and " " not in b:
        return True
    first, second = set(a.split()), set(b.split())
    return not (first <= second or second <= first)


def _text(low: np.ndarray, high: np.ndarray, column: Column) -> np.ndarray:
    a, b = column.texts[low], column.texts[high]
    score = np.maximum(_ratio(fuzz.ratio, a, b), _ratio(fuzz.token_sort_ratio, a, b))
    steps = (("near", score >= 85), ("alike", score >= 70), ("some", score >= 55))
    spoken = (("sound", _sound(column, low, high)),) if "sound" in EXPECTED[column.kind] else ()
    return _graded(column.kind, len(low), *spoken, *steps)


def _date(low: np.ndarray, high: np.ndarray, column: Column) -> np.ndarray:
    a, b = column.texts[low], column.texts[high]
    distance = _ratio(OSA.distance, a, b)
    days = np.abs(column.numbers[low] - column.numbers[high])
    year = np.array([x[:4] == y[:4] for x, y in zip(a, b, strict=True)], dtype=bool)
    part = np.array(
        [x[4:6] == y[4:6] or x[6:] == y[6:] or x[4:] == y[6:] + y[4:6] for x, y in zip(a, b, strict=True)], dtype=bool
    )
    alike = (distance <= 2) | (days <= MONTH)
    return _graded("date", len(low), ("near", distance <= 1), ("parts", year & part), ("alike", alike), ("year", year))


def _number(low: np.ndarray, high: np.ndarray, column: Column) -> np.ndarray:
    a, b = column.texts[low], column.texts[high]
    distance = _ratio(OSA.distance, a, b)
    pairs = list(zip(a, b, strict=True))
    half = np.array(
        [len(x) >= 5 and len(y) >= 5 and x[: len(x) // 2] == y[: len(y) // 2] for x, y in pairs], dtype=bool
    )
    long = np.array([min(len(x), len(y)) >= 5 for x, y in pairs], dtype=bool)
    return _graded(column.kind, len(low), ("near", distance <= 1), ("half", half), ("alike", long & (distance <= 2)))


def _email(low: np.ndarray, high: np.ndarray, column: Column) -> np.ndarray:
    a, b = column.texts[low], column.texts[high]
    score = _ratio(fuzz.ratio, a, b)
    local = np.array([x.partition("@")[0] == y.partition("@")[0] for x, y in zip(a, b, strict=True)], dtype=bool)
    return _graded("email", len(low), ("local", local), ("near", score >= 88), ("alike", score >= 72))


_LIKENESS: Mapping[str, Distances] = {
    "person": _person, "company": _text, "text": _text, "address": _text, "date": _date, "id": _number,
    "number": _number, "phone": _number, "email": _email,
}  # fmt: skip
