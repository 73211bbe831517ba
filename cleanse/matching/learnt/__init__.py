"""Record linkage of any table whose fields are named, with weights learnt from the table itself; no labels, no dice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.clusters import inner_pairs
from cleanse.matching.learnt import model as models
from cleanse.matching.learnt import told
from cleanse.matching.learnt.bands import banded, merge_cut
from cleanse.matching.learnt.columns import Table, encode
from cleanse.matching.learnt.groups import ALONE, SEEN, groups
from cleanse.matching.learnt.keys import candidates
from cleanse.matching.learnt.ranking import Ranked
from cleanse.matching.learnt.schema import TableSchema, parse_table
from cleanse.matching.learnt.weights import (
    Levels,
    Model,
    assumed,
    learn,
    levels,
    probability,
    strayed,
    told_by_rarity,
    weigh,
)
from cleanse.matching.links import Links

__all__ = ["TableSchema", "link_table", "parse_table"]

CHUNK = 1 << 19  # pairs compared at a time
LESSON = 25.0  # likeliest pairs per record that the weights are learnt from,
SAMPLE = 400_000  # and how many of these at most
SPOT = 20_000  # pairs over the budget that are compared to tell what it costs
FEW = 20  # duplicates, below which what was learnt about them is little more than what was expected
LARGE = 0.01  # share of all records in one group that is hard to believe
LARGEST = 60  # records of a group of which every pair is compared before the group is believed
TAUGHT = {"merge": 1.0, "apart": 0.0, "related": 0.0}

Sounds = Mapping[str, Callable[[list[str]], list[str]]]


def link_table(
    records: pd.DataFrame,
    schema: TableSchema,
    forced: pd.DataFrame | None = None,
    sounds: Sounds | None = None,
    model: Mapping[str, Any] | None = None,
) -> Links:
    """Link the records of one table: rid and the fields of the schema, text, missing where empty.

    ``forced``: left, right (rids) and verdict of people: they teach the weights, and stand above them. ``sounds``: per
    kind how texts are spoken. ``model``: what an earlier run had learnt, instead of learning. The answer does not depend
    on the order of the rows.
    """
    table = encode(records.reset_index(drop=True), schema, sounds)
    spoken = np.isin(table.rids, [] if forced is None else forced[["left", "right"]])
    like = np.where(spoken, np.arange(table.size), table.like())
    like = _believed(table, like, schema)
    kept = np.flatnonzero(like == np.arange(table.size))
    alone, copied = table.take(kept), np.searchsorted(kept, like[like != np.arange(table.size)])
    found, keys = candidates(alone, schema.crosses, schema.cap)
    if model:
        known = models.read(model, {c.name: c.kind for c in table.columns}, schema.shared)
    else:
        known = _learnt(alone, found, copied, schema, forced)
    return _linked(table, like, found, known, schema, forced, keys)


def _believed(table: Table, like: np.ndarray, schema: TableSchema) -> np.ndarray:
    """``like`` of those copies only whose record says enough, before anything is learnt, to be one with its copy; of two
    with nothing but a common name nobody knows."""
    kept = np.flatnonzero(like == np.arange(table.size))
    alone = table.take(kept)
    model = assumed(alone, schema.shared)
    every = np.arange(alone.size)
    copies = told_by_rarity(alone, levels(alone, every, every, []), model)
    enough = probability(weigh(model, copies)[0]) >= schema.precision
    return np.where(enough[np.searchsorted(kept, like)], like, np.arange(table.size))


def _learnt(table: Table, found: Ranked, copied: np.ndarray, schema: TableSchema, forced: pd.DataFrame | None) -> Model:
    """The model learnt from the likeliest pairs, the same whatever the budget, from copies, and from what people said."""
    taken = found.first(int(LESSON * table.size))
    step = max(1, -(-len(taken) // SAMPLE))
    said = _said(table.size, _positions(table, forced))
    numbers = found.left[taken[::step]] * table.size + found.right[taken[::step]]
    numbers = np.concatenate([np.setdiff1d(numbers, said.index.to_numpy()), said.index, copied * (table.size + 1)])
    pairs = _compared(table, numbers // max(table.size, 1), numbers % max(table.size, 1), schema)
    own = np.isnan(verdict := said.reindex(numbers).to_numpy()) & (pairs.left != pairs.right)
    return learn(table, pairs, np.where(own, float(step), 1.0), schema.crosses, schema.shared, verdict)


def _linked(
    table: Table, like: np.ndarray, found: Ranked, model: Model, schema: TableSchema,
    forced: pd.DataFrame | None, keys: list[dict[str, object]],
) -> Links:  # fmt: skip
    copies, kept = (np.flatnonzero(x) for x in (like != np.arange(table.size), like == np.arange(table.size)))
    alone, of = table.take(kept), np.searchsorted(kept, like)
    copied = of[copies]
    verdicts = _positions(alone, forced)
    merge, apart = _ends(verdicts, ("merge",)), _ends(verdicts, ("apart", "related", "review"))
    first = found.first(int(schema.budget * alone.size))
    pairs = _compared(alone, *_with(alone.size, found.left[first], found.right[first], verdicts), schema)
    pairs = told_by_rarity(alone, pairs, model)
    suggested, broken = groups(alone.size, pairs.left, pairs.right, weigh(model, pairs)[0], 0.0, SEEN, merge, apart)
    pairs = _joined([pairs, _inside(alone, pairs, suggested, schema), _compared(alone, copied, copied, schema)])
    pairs = told_by_rarity(alone, pairs, model)
    weight, tie = weigh(model, pairs)
    left, right, bits = (x[: len(x) - len(copied)] for x in (pairs.left, pairs.right, weight))
    together = suggested[left] == suggested[right]
    cut = merge_cut(bits, together, schema.precision)
    label, _ = groups(alone.size, left, right, np.where(together, bits, -60.0), cut, ALONE, merge, apart)
    band = banded(pairs, weight, tie, label, suggested, schema.review)
    warnings = [
        code
        for code, holds in (
            ("match_blocks_too_large", any(key["skipped"] for key in keys)),
            ("match_learning_strayed", bool(strayed(model))),
            ("match_groups_broken", broken > 0),
            ("match_few_duplicates", probability(weight).sum() < FEW),
            ("match_group_too_large", np.bincount(label[of], minlength=1).max() > max(LARGE * table.size, 50)),
        )
        if holds
    ]
    left_out = _left_out(alone, found, first, pairs, model, schema)
    ends = np.stack([alone.rids[pairs.left], np.concatenate([alone.rids[right], table.rids[copies]])], axis=1)
    return Links(
        told.table(schema, ends, pairs, weight, band, model), told.clusters(schema, table.rids, label[of]),
        told.report(schema, model, pairs, weight, band, cut, keys, left_out, broken, warnings),
        told.clusters(schema, table.rids, suggested[of]), models.written(model),
    )  # fmt: skip


def _inside(table: Table, pairs: Levels, label: np.ndarray, schema: TableSchema) -> Levels:
    """The pairs of groups that were not compared yet: no group is believed before."""
    left, right = inner_pairs(label, LARGEST)
    left, right = np.minimum(left, right), np.maximum(left, right)
    new = ~np.isin(left * table.size + right, pairs.left * table.size + pairs.right)
    return _compared(table, left[new], right[new], schema)


def _left_out(
    table: Table, found: Ranked, first: np.ndarray, pairs: Levels, model: Model, schema: TableSchema
) -> float:
    """How many duplicates are expected among the candidates that the budget left out, by an even sample of them."""
    rest = np.ones(len(found.left), dtype=bool)
    rest[first] = False
    step = max(1, -(-int(rest.sum()) // SPOT))
    at = np.flatnonzero(rest)[::step]
    at = at[~np.isin(found.left[at] * table.size + found.right[at], pairs.left * table.size + pairs.right)]
    sample = told_by_rarity(table, _compared(table, found.left[at], found.right[at], schema), model)
    return step * float(probability(weigh(model, sample)[0]).sum())


def _positions(table: Table, forced: pd.DataFrame | None) -> pd.DataFrame:
    """What people said, as positions left < right and verdict."""
    if forced is None or forced.empty:
        return pd.DataFrame({"left": np.zeros(0, np.int64), "right": np.zeros(0, np.int64), "verdict": []})
    at = pd.Series(np.arange(table.size), index=table.rids)
    ends = pd.DataFrame({side: forced[side].map(at) for side in ("left", "right")})
    found = pd.DataFrame(
        {"left": ends.min(axis=1), "right": ends.max(axis=1), "verdict": forced["verdict"].astype(str)}
    )
    found = found[ends.notna().all(axis=1) & (ends["left"] != ends["right"])]
    return found.astype({"left": np.int64, "right": np.int64}).sort_values(
        ["left", "right", "verdict"], ignore_index=True
    )


def _ends(verdicts: pd.DataFrame, which: tuple[str, ...]) -> np.ndarray:
    return verdicts.loc[verdicts["verdict"].isin(which), ["left", "right"]].to_numpy(dtype=np.int64)


def _with(size: int, left: np.ndarray, right: np.ndarray, verdicts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The candidate pairs and those that people judged."""
    if verdicts.empty:
        return left, right
    numbers = np.union1d(left * size + right, verdicts["left"].to_numpy() * size + verdicts["right"].to_numpy())
    return numbers // size, numbers % size


def _said(size: int, verdicts: pd.DataFrame) -> pd.Series:
    """Per pair (left * size + right) 1 where people said it is one, 0 where they said it is not."""
    verdicts = verdicts[verdicts["verdict"].isin(TAUGHT)]
    said = pd.Series(
        verdicts["verdict"].map(TAUGHT).to_numpy(dtype=np.float64), verdicts["left"] * size + verdicts["right"]
    )
    return said.groupby(level=0).min()


def _compared(table: Table, left: np.ndarray, right: np.ndarray, schema: TableSchema) -> Levels:
    cuts = range(0, max(len(left), 1), CHUNK)
    parts = [levels(table, left[i : i + CHUNK], right[i : i + CHUNK], schema.crosses) for i in cuts]
    return _joined(parts)


def _joined(parts: Sequence[Levels]) -> Levels:
    return Levels(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Levels)))
