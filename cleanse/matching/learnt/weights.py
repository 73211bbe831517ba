"""Weights by Fellegi and Sunter, learnt without labels: chance agreement (u) from counts of values and from pairs drawn
over the whole table, agreement of duplicates (m) by expectation and maximisation over the candidate pairs. Between
duplicates and strangers stands a third class, "related": it agrees on shared fields as duplicates do and on own fields as
strangers do, so that only its share is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cleanse.matching.learnt.columns import MISSING, Column, Table
from cleanse.matching.learnt.levels import EXPECTED, compare, crossed

DRAWN = 300_000  # pairs drawn over the whole table for chance agreement
ROUNDS = 60
TURNS = 3  # chance agreement is counted again once duplicates are known
FIRST = 0.1  # duplicates per record before anything is known
PRIOR = 30.0  # pairs that the expected shares of levels count for
SMALL = 1e-7


@dataclass(frozen=True)
class Levels:
    """Pairs of positions; per pair and field the level, and how much likelier (log2) than usual an equal value is by
    chance."""

    left: np.ndarray
    right: np.ndarray
    level: np.ndarray
    rarity: np.ndarray

    def take(self, at: np.ndarray) -> Levels:
        return Levels(self.left[at], self.right[at], self.level[at], self.rarity[at])


@dataclass(frozen=True)
class Model:
    """``m`` and ``u``: field -> level -> share among duplicates and among strangers; ``same`` and ``related``: shares of
    these among all pairs of the table; ``shared``: the fields that do not tell one from related."""

    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    same: float
    related: float
    shared: tuple[str, ...]

    def bits(self, name: str) -> np.ndarray:
        """Per level log2 of duplicates against strangers; 0 for a missing value (number -1)."""
        return _logs(self.m[name]) - _logs(self.u[name])


def total_pairs(size: int) -> float:
    return max(size * (size - 1) / 2, 1.0)


# -------------------------------------------------------------------------------------------------------- comparing


def levels(table: Table, left: np.ndarray, right: np.ndarray, crosses: list[tuple[str, str]]) -> Levels:
    names = [c.name for c in table.columns]
    plain = np.stack([compare(c, left, right) for c in table.columns], axis=1)
    level = plain.copy()
    for a, b in ((names.index(one), names.index(other)) for one, other in crosses):
        one, other = table.columns[a], table.columns[b]
        level[:, a] = crossed(one, other, plain[:, a], left, right)
        level[:, b] = crossed(other, one, plain[:, b], left, right)
        for name in ("aside", "crossed"):
            told = list(EXPECTED[one.kind]).index(name)
            level[(level[:, a] == told) & (level[:, b] == told), b] = MISSING  # one witness, not two
    return Levels(left, right, level, np.zeros(level.shape, dtype=np.float32))


def with_rarity(table: Table, pairs: Levels, chances: list[np.ndarray]) -> Levels:
    rarity = np.zeros(pairs.level.shape, dtype=np.float32)
    for i, (column, chance) in enumerate(zip(table.columns, chances, strict=True)):
        at = np.flatnonzero(pairs.level[:, i] == 0)
        rarity[at, i] = _rarity(column, chance, pairs.left[at], pairs.right[at])
    return replace(pairs, rarity=rarity)


def _rarity(column: Column, chance: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """That of the rarer value where several are shared."""
    found = np.full(len(left), np.inf, dtype=np.float32)
    for x in column.codes.T:
        for y in column.codes.T:
            a, b = x[left], y[right]
            at = np.flatnonzero((a == b) & (a != MISSING))
            found[at] = np.minimum(found[at], chance[a[at]])
    return found


def drawn(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs spread evenly over the whole table, without dice: all of them where there are few."""
    if total_pairs(size) <= DRAWN:
        return np.triu_indices(size, 1)
    step = np.arange(DRAWN, dtype=np.int64)
    left = step * 7_368_787 % size
    right = (left + 1 + (step * 15_485_863 + step // size) % (size - 1)) % size
    return np.minimum(left, right), np.maximum(left, right)


# ---------------------------------------------------------------------------------------------------------- weighing


def _logs(shares: Mapping[str, float]) -> np.ndarray:
    return np.append(np.log2(np.maximum(list(shares.values()), SMALL)), 0.0)


def classes(model: Model, pairs: Levels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per pair log2 of its share among duplicates, related and strangers."""
    strange, own = _by_strangers(model, pairs)
    alike = {name: _logs(shares)[pairs.level[:, i]] for i, (name, shares) in enumerate(model.m.items())}
    tied = _summed([alike[name] for name in model.shared], len(own)) + own
    return (
        _summed(alike.values(), len(own)) + _log(model.same), tied + _log(model.related),
        strange + _log(1 - model.same - model.related),
    )  # fmt: skip


def weigh(model: Model, pairs: Levels) -> tuple[np.ndarray, np.ndarray]:
    """Bits for being one, against related and strangers together; and for being related rather than strangers."""
    same, related, strange = classes(model, pairs)
    return same - np.logaddexp2(related, strange), related - strange


def probability(bits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp2(-np.clip(bits, -60, 60)))


# ---------------------------------------------------------------------------------------------------------- learning


def learn(
    table: Table,
    pairs: Levels,
    stands_for: np.ndarray,
    crosses: list[tuple[str, str]],
    shared: tuple[str, ...],
    said: np.ndarray,
) -> Model:
    """The model learnt from pairs of which each stands for so many. ``said``: 1 and 0 for the pairs that people judged,
    NaN for all others. A pair of a record with itself is a copy of it: copies say how common duplicates are, not how
    they differ."""
    random = levels(table, *drawn(table.size), crosses)
    total = total_pairs(table.size + int((pairs.left == pairs.right).sum()))
    model = assumed(table, shared)
    strange, chance = np.ones(len(random.left)), np.zeros(len(pairs.left))
    for turn in range(TURNS):
        matched = _matched(table, pairs, chance * stands_for)
        model = replace(model, u=_by_chance(table, random.level, strange, matched), m=_expected(table))
        chances = _chances(table, model, matched)
        pairs = with_rarity(table, pairs, chances)
        model = _maximised(table, pairs, model, stands_for, total, said)
        if turn < TURNS - 1:
            chance = probability(weigh(model, pairs)[0])
            strange = 1 - probability(weigh(model, with_rarity(table, random, chances))[0])
    return model


def assumed(table: Table, shared: tuple[str, ...]) -> Model:
    """The model before anything is learnt: what is expected of duplicates, and chance agreement by counts of values."""
    first = FIRST * table.size / total_pairs(table.size)
    nobody = np.zeros((0, len(table.columns)), dtype=np.int8)
    no_pairs = np.zeros(0, dtype=np.int64)
    matched = _matched(table, Levels(no_pairs, no_pairs, nobody, nobody), np.zeros(0))
    u = _by_chance(table, nobody, np.zeros(0), matched)
    return Model(_expected(table), u, first, first if shared else 0.0, shared)


def _expected(table: Table) -> dict[str, Mapping[str, float]]:
    return {c.name: EXPECTED[c.kind] for c in table.columns}


def told_by_rarity(table: Table, pairs: Levels, model: Model) -> Levels:
    """The pairs with the rarity of their values: how common each is among strangers, once duplicates are known."""
    chance = np.zeros(len(pairs.left))
    for _ in range(TURNS):
        pairs = with_rarity(table, pairs, _chances(table, model, _matched(table, pairs, chance)))
        chance = probability(weigh(model, pairs)[0])
    return pairs


@dataclass(frozen=True)
class _Matched:
    """``agreeing``: per field and value twice the duplicates that agree on it; ``copies``: records of one, on average."""

    agreeing: list[np.ndarray]
    copies: float


def _matched(table: Table, pairs: Levels, chance: np.ndarray) -> _Matched:
    at = np.flatnonzero((chance > 0) & (pairs.left != pairs.right))
    left, level, chance = pairs.left[at], pairs.level[at], chance[at]
    found = []
    for i, column in enumerate(table.columns):
        values = column.codes[left, 0]
        there = (level[:, i] == 0) & (values != MISSING)
        found.append(2.0 * np.bincount(values[there], weights=chance[there], minlength=len(column.texts)))
    return _Matched(found, 1.0 + 2.0 * float(chance.sum()) / max(table.size, 1))


def _strangers(column: Column, matched: np.ndarray) -> np.ndarray:
    """Per value twice the pairs of strangers that agree on it."""
    return np.maximum(column.counts.astype(np.float64) * (column.counts - 1) - matched, 0.0)


def _by_chance(table: Table, level: np.ndarray, strange: np.ndarray, matched: _Matched) -> dict[str, dict[str, float]]:
    """u of every field. Levels below equality are counted in drawn pairs as far as these are strangers; equality in all
    pairs of the table, less those of duplicates."""
    shares = {}
    for i, (c, agreeing) in enumerate(zip(table.columns, matched.agreeing, strict=True)):
        names = list(EXPECTED[c.kind])
        there = level[:, i] > 0
        below = np.bincount(level[there, i], weights=strange[there], minlength=len(names))[1:] + 0.5
        known = max(float(c.counts.sum()), 2.0)
        equal = min((_strangers(c, agreeing).sum() + 1.0) / (known * (known - 1.0)), 0.99)
        shares[c.name] = dict(zip(names, [equal, *((1 - equal) * below / below.sum()).tolist()], strict=True))
    return shares


def _chances(table: Table, model: Model, matched: _Matched) -> list[np.ndarray]:
    """Per field and value log2 of its chance among strangers against an average one."""
    found = []
    for c, agreeing in zip(table.columns, matched.agreeing, strict=True):
        usual = max(float(c.counts.sum()), 2.0) * model.u[c.name]["equal"]
        chance = np.sqrt(_strangers(c, agreeing) + matched.copies**2 / 2)
        found.append(np.log2(chance / usual).astype(np.float32))
    return found


def _maximised(
    table: Table, pairs: Levels, model: Model, stands_for: np.ndarray, total: float, said: np.ndarray
) -> Model:
    before, chance = model.m, np.zeros(len(pairs.left))
    differing = np.where(pairs.left == pairs.right, 0.0, stands_for)
    patterns, which = _patterns(pairs.level)
    strange, own = _by_strangers(model, pairs)
    for _ in range(ROUNDS):
        alike = {name: _logs(shares)[patterns[:, i]] for i, (name, shares) in enumerate(model.m.items())}
        same = _summed(alike.values(), len(patterns))[which] + _log(model.same) - strange
        tied = (
            _summed([alike[name] for name in model.shared], len(patterns))[which] + own + _log(model.related) - strange
        )
        odds, tied = np.exp2(np.minimum(same, 500.0)), np.exp2(np.minimum(tied, 500.0))
        every = odds + tied + 1 - model.same - model.related
        now = np.where(np.isnan(said), odds / every, said)
        moved, chance = float(np.abs(now - chance).mean()) if len(now) else 0.0, now
        found = np.bincount(which, weights=now * differing, minlength=len(patterns))
        m = {c.name: _shares(c, patterns[:, i], found, before[c.name]) for i, c in enumerate(table.columns)}
        related = max(float((tied / every * stands_for).sum()), 1.0) / total if model.shared else 0.0
        same_share = max(float((now * stands_for).sum()), 1.0) / total
        model = replace(model, m=m, same=min(same_share, 0.5), related=min(related, 0.4))
        if moved < 1e-6:
            break
    return model


def _patterns(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of levels, and which of them each pair has."""
    which = np.zeros(len(level), dtype=np.int64)
    for column in level.T:
        which = pd.factorize(which * 32 + column + 1)[0]
    first = np.zeros(int(which.max(initial=-1)) + 1, dtype=np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]
    return level[first], which


def _by_strangers(model: Model, pairs: Levels) -> tuple[np.ndarray, np.ndarray]:
    """Per pair log2 of its levels among strangers: of all fields, and of those that are nobody else's."""
    chance = {name: _logs(model.u[name])[pairs.level[:, i]] + pairs.rarity[:, i] for i, name in enumerate(model.u)}
    own = [bits for name, bits in chance.items() if name not in model.shared]
    return _summed(chance.values(), len(pairs.left)), _summed(own, len(pairs.left))


def _summed(columns: Iterable[np.ndarray], size: int) -> np.ndarray:
    return sum(columns, start=np.zeros(size))


def _log(share: float) -> float:
    return float(np.log2(max(share, 1e-300)))


def _shares(column: Column, level: np.ndarray, chance: np.ndarray, before: Mapping[str, float]) -> dict[str, float]:
    there = level != MISSING
    names = list(EXPECTED[column.kind])
    found = np.bincount(level[there], weights=chance[there], minlength=len(names)) + PRIOR * np.array(
        [before[n] for n in names]
    )
    return dict(zip(names, (found / found.sum()).tolist(), strict=True))


def found_by_keys(pairs: Levels, chance: np.ndarray) -> float | None:
    """The share of duplicates that two equal fields bring together, by how often each field is equal among those found:
    what the keys find at least, as parts of values are keys too."""
    total = chance.sum()
    if total < 1:
        return None
    none, one = 1.0, 0.0
    for level in pairs.level.T:
        equal = float(chance[level == 0].sum() / total)
        none, one = none * (1 - equal), one * (1 - equal) + none * equal
    return round(1 - none - one, 4)


def strayed(model: Model) -> list[str]:
    """The fields on which learning went astray: duplicates that mostly differ on a field of their own, or equality that
    says less than likeness."""
    found = []
    for name, shares in model.m.items():
        bits = model.bits(name)[:-1]
        if (name not in model.shared and shares["different"] > 0.5) or bits[0] < bits[-1]:
            found.append(name)
    return found
