"""Weights by Fellegi and Sunter, learnt without labels: chance agreement (u) from counts of values and from pairs drawn
over the whole table, agreement of duplicates (m) by expectation and maximisation over the candidate pairs. Between
duplicates and strangers stands a third class, "related": it agrees on shared fields as duplicates do and on own fields as
strangers do, so that only its share is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cleanse.matching.learnt.columns import MISSING, Column, Table
from cleanse.matching.learnt.levels import EXPECTED, compare, crossed

DRAWN = 300_000  # pairs drawn over the whole table for chance agreement
SAMPLE = 400_000  # candidate pairs the weights are learnt from
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
        aside = list(EXPECTED[one.kind]).index("aside")
        level[(level[:, a] == aside) & (level[:, b] == aside), b] = MISSING  # one witness, not two
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
    shares = (model.same, model.related, 1 - model.same - model.related)
    same, related, strange = (np.full(len(pairs.left), np.log2(max(share, 1e-300))) for share in shares)
    for i, name in enumerate(model.m):
        alike = _logs(model.m[name])[pairs.level[:, i]]
        chance = _logs(model.u[name])[pairs.level[:, i]] + pairs.rarity[:, i]
        same += alike
        strange += chance
        related += alike if name in model.shared else chance
    return same, related, strange


def weigh(model: Model, pairs: Levels) -> tuple[np.ndarray, np.ndarray]:
    """Bits for being one, against related and strangers together; and for being related rather than strangers."""
    same, related, strange = classes(model, pairs)
    return same - np.logaddexp2(related, strange), related - strange


def probability(bits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp2(-np.clip(bits, -60, 60)))


# ---------------------------------------------------------------------------------------------------------- learning


def learn(
    table: Table, pairs: Levels, crosses: list[tuple[str, str]], shared: tuple[str, ...], said: np.ndarray
) -> tuple[Model, Levels]:
    """The model learnt from all candidate pairs, and these with the rarity of their values. ``said``: 1 and 0 for the
    pairs that people judged, NaN for all others."""
    random = levels(table, *drawn(table.size), crosses)
    expected = {c.name: EXPECTED[c.kind] for c in table.columns}
    first = FIRST * table.size / total_pairs(table.size)
    model = Model(expected, {}, first, first if shared else 0.0, shared)
    strange, chance = np.ones(len(random.left)), np.zeros(len(pairs.left))
    step = max(1, -(-len(pairs.left) // SAMPLE))
    at = np.union1d(np.arange(0, len(pairs.left), step), np.flatnonzero(~np.isnan(said)))
    for turn in range(TURNS):
        u, chances = _by_chance(table, random.level, strange, pairs, chance)
        pairs = with_rarity(table, pairs, chances)
        model = _maximised(table, pairs.take(at), replace(model, u=u, m=expected), float(step), said[at])
        if turn < TURNS - 1:
            chance = probability(weigh(model, pairs)[0])
            strange = 1 - probability(weigh(model, with_rarity(table, random, chances))[0])
    return model, pairs


def known_rarity(table: Table, pairs: Levels, model: Model) -> Levels:
    """Rarity under a model that is given: how common every value is against the chance the model has."""
    chances = [
        np.log2(np.maximum(c.counts, 1) / max(c.counts.sum(), 1) / model.u[c.name]["equal"]).astype(np.float32)
        for c in table.columns
    ]
    return with_rarity(table, pairs, chances)


def _by_chance(
    table: Table, level: np.ndarray, strange: np.ndarray, pairs: Levels, chance: np.ndarray
) -> tuple[dict[str, dict[str, float]], list[np.ndarray]]:
    """u of every field, and per value log2 of its chance against an average one. Levels below equality are counted in
    drawn pairs as far as these are strangers; equality in all pairs of the table, less those of duplicates."""
    shares, chances = {}, []
    copies = 1.0 + 2.0 * chance.sum() / max(table.size, 1)
    for i, c in enumerate(table.columns):
        names = list(EXPECTED[c.kind])
        there = level[:, i] > 0
        below = np.bincount(level[there, i], weights=strange[there], minlength=len(names))[1:] + 0.5
        agreeing = np.maximum(c.counts.astype(np.float64) * (c.counts - 1) - _matched(c, i, pairs, chance), 0.0)
        known = max(float(c.counts.sum()), 2.0)
        equal = min((agreeing.sum() + 1.0) / (known * (known - 1.0)), 0.99)
        shares[c.name] = dict(zip(names, [equal, *((1 - equal) * below / below.sum()).tolist()], strict=True))
        chances.append(np.log2(np.sqrt(agreeing + copies * copies / 2) / known / equal).astype(np.float32))
    return shares, chances


def _matched(column: Column, i: int, pairs: Levels, chance: np.ndarray) -> np.ndarray:
    """Per value twice the duplicates that agree on it."""
    at = np.flatnonzero((pairs.level[:, i] == 0) & (chance > 0))
    values = column.codes[pairs.left[at], 0]
    there = values != MISSING
    return 2.0 * np.bincount(values[there], weights=chance[at][there], minlength=len(column.texts))


def _maximised(table: Table, pairs: Levels, model: Model, stands_for: float, said: np.ndarray) -> Model:
    before, total = model.m, total_pairs(table.size)
    chance = np.zeros(len(pairs.left))
    for _ in range(ROUNDS):
        same, related, strange = classes(model, pairs)
        every = np.logaddexp2(np.logaddexp2(same, related), strange)
        now = np.where(np.isnan(said), np.exp2(same - every), said)
        tied = float(np.exp2(related - every).sum()) * stands_for
        moved, chance = float(np.abs(now - chance).mean()) if len(now) else 0.0, now
        m = {
            c.name: _shares(c, pairs.level[:, i], now * stands_for, before[c.name]) for i, c in enumerate(table.columns)
        }
        shares = max(float(now.sum()) * stands_for, 1.0) / total, max(tied, 1.0) / total if model.shared else 0.0
        model = replace(model, m=m, same=min(shares[0], 0.5), related=min(shares[1], 0.4))
        if moved < 1e-6:
            break
    return model


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
