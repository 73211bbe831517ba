"""Record linkage: which records are one customer, which are not, and which a person must judge.

Method: Fellegi and Sunter, A Theory for Record Linkage (JASA 1969), with weights in bits from ``rules/matching``.
Between "same" and "different" stands "related": branches, sister companies, one switchboard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.bands import bands, probability, report, said
from cleanse.matching.blocking import MISSING, block, codes
from cleanse.matching.clusters import cluster, components, inner_pairs
from cleanse.matching.evidence import Coded, Compared, compare, encode
from cleanse.matching.explain import explain
from cleanse.matching.schema import Evidence, MatchSchema, parse_schema
from cleanse.model import COLUMNS, Band, frame

__all__ = ["Evidence", "Links", "MatchSchema", "link", "parse_schema", "with_others"]

SOFT = ("", "said_merge", "namesake_unknown", "nameless")  # a third record may know what these two lack
LARGEST = 60  # records of a group of which every pair is compared before the group is believed


@dataclass(frozen=True)
class Links:
    """``pairs``: those to merge, to review and related, with their reasons; ``clusters``: cluster (smallest rid) of
    every rid; ``report``: counts, cuts, histogram, keys, weights, what the model expects of itself, warnings."""

    pairs: pd.DataFrame
    clusters: pd.DataFrame
    report: dict[str, Any]


@dataclass(frozen=True)
class _Scored:
    """Pairs of positions with what comparing them said, their weight and band."""

    left: np.ndarray
    right: np.ndarray
    compared: Compared
    weight: np.ndarray
    band: np.ndarray

    def with_more(self, more: _Scored) -> _Scored:
        return _Scored(
            np.concatenate([self.left, more.left]),
            np.concatenate([self.right, more.right]),
            self.compared.with_more(more.compared),
            np.concatenate([self.weight, more.weight]),
            np.concatenate([self.band, more.band]),
        )


def link(records: pd.DataFrame, names: pd.DataFrame, schema: MatchSchema, forced: pd.DataFrame | None = None) -> Links:
    """Link the records of one entity.

    ``records``: rid and the fields the schema names, text, missing where empty. ``names``: per record, in the same order,
    what its kind compares names by (``comparable``). ``forced``: left, right (rids) and verdict merge, apart or related
    of people; apart stands above merge, both above every weight. The answer does not depend on the order of the rows.
    """
    rids = records["rid"].to_numpy(dtype=np.int64)
    every = encode(records.reset_index(drop=True), names.reset_index(drop=True), schema)
    spoken = (
        np.isin(rids, forced[["left", "right"]]) if forced is not None and len(forced) else np.zeros(len(rids), bool)
    )
    order, like = _by_content(every, rids)
    every, rids, spoken = every.take(order), rids[order], spoken[order]
    copies = _copies(every, np.where(spoken, np.arange(len(rids)), like), schema)
    kept = np.setdiff1d(np.arange(len(rids)), copies.right)
    coded = every.take(kept)
    verdicts = said(rids[kept], forced)
    blocks = block(_keys(coded, schema), schema.cap)
    pairs = _with_said(_score(coded, blocks.left, blocks.right, schema), coded, verdicts, schema)
    pairs, label, broken = _clustered(coded, pairs, verdicts, schema)
    found = rids.copy()
    found[kept] = rids[kept][label]
    found[copies.right] = found[copies.left]
    clusters = pd.DataFrame({"entity": schema.entity, "rid": rids, "cluster": found})
    clusters["cluster"] = clusters.groupby("cluster")["rid"].transform("min")
    table = pd.concat([_table(schema, rids[kept], pairs), _table(schema, rids, copies)], ignore_index=True)
    told = report(schema, pairs.weight, pairs.band, pairs.compared.objection, blocks.report, broken, len(copies.left))
    return Links(
        table.sort_values(["left", "right"], ignore_index=True), clusters.sort_values("rid", ignore_index=True), told
    )


def with_others(records: pd.DataFrame, schema: MatchSchema) -> pd.DataFrame:
    """The records that have others to be compared with inside their parent's cluster."""
    return records[records[schema.within].notna() & records[schema.within].duplicated(keep=False)]


def _by_content(coded: Coded, rids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of the records by all they are compared by, then by rid; and, in that order, for every record the first
    one that is like it in everything."""
    columns = [coded.within, *coded.names.parts.values(), *(c for v in coded.values.values() for c in v.T)]
    order = np.lexsort([rids, *columns])
    new = np.zeros(len(rids), dtype=bool)
    new[:1] = True
    for column in columns:
        ordered = column[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    return order, np.flatnonzero(new)[np.cumsum(new) - 1]


def _copies(coded: Coded, like: np.ndarray, schema: MatchSchema) -> _Scored:
    """Each copy with the record it is like in everything, in a star, where that is enough to be one: of two namesakes
    with nothing but the name it is not."""
    right = np.flatnonzero(like != np.arange(len(like)))
    pairs = _score(coded, like[right], right, schema)
    at = np.flatnonzero(pairs.band == Band.MERGE)
    return _Scored(pairs.left[at], pairs.right[at], pairs.compared.take(at), pairs.weight[at], pairs.band[at])


def _score(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema) -> _Scored:
    compared = compare(coded, left, right, schema)
    weight = compared.bits.sum(axis=1) + schema.prior
    return _Scored(left, right, compared, weight, bands(compared, weight, schema))


def _keys(coded: Coded, schema: MatchSchema) -> dict[str, np.ndarray]:
    """The blocking keys: names in several cuts, and every evidence that is marked as one; within the parent's cluster
    where the schema says so. A name with a wrong character is found by its evidence: alone it would prove nothing."""
    n = coded.names.parts
    keys: dict[str, np.ndarray] = {"name": n["folded"]}
    if schema.name_kind == "company":
        keys["brand_trade"] = codes([n["brand"], n["trade"]])
        keys["brand_city"] = codes([n["brand"], n["city"]])
        numbered = codes([n["trade"], n["number"] + 1, n["city"]])  # institutions have no brand: 第六中学
        keys["trade_number_city"] = np.where(n["brand"] == MISSING, numbered, MISSING)
    else:
        keys["sound"] = n["sound"]
    keys |= {e.name: coded.values[e.name] for e in schema.evidence if e.block}
    if not schema.within:
        return keys
    inside = {name: _inside(coded.within, values) for name, values in keys.items()}
    return inside | {"all": coded.within}


def _inside(within: np.ndarray, values: np.ndarray) -> np.ndarray:
    table = values if values.ndim == 2 else values[:, None]
    joined = within[:, None] * (int(table.max(initial=0)) + 2) + table
    return np.where(table == MISSING, MISSING, joined)


def _with_said(pairs: _Scored, coded: Coded, verdicts: pd.DataFrame, schema: MatchSchema) -> _Scored:
    """The pairs with the bands that people gave them; those people spoke of that no key has made are added."""
    if verdicts.empty:
        return pairs
    left, right = verdicts["left"].to_numpy(dtype=np.int64), verdicts["right"].to_numpy(dtype=np.int64)
    number = left * coded.size + right
    new = ~np.isin(number, pairs.left * coded.size + pairs.right)
    pairs = pairs.with_more(_score(coded, left[new], right[new], schema))
    at = pd.Index(pairs.left * coded.size + pairs.right).get_indexer(pd.Index(number))
    verdict = verdicts["verdict"].to_numpy(dtype=object)
    pairs.band[at] = verdict
    objection = pairs.compared.objection.astype(object)
    objection[at] = np.where(verdict == "merge", "said_merge", verdict)
    compared = Compared(pairs.compared.level, pairs.compared.fields, pairs.compared.bits, objection)
    return _Scored(pairs.left, pairs.right, compared, pairs.weight, pairs.band)


def _clustered(
    coded: Coded, pairs: _Scored, verdicts: pd.DataFrame, schema: MatchSchema
) -> tuple[_Scored, np.ndarray, int]:
    """Groups (smallest position of each) over the pairs to merge. Every pair inside a group is compared before the group
    is believed, and a pair that did not come together after all goes to a person."""
    merging = pairs.band == Band.MERGE
    left, right = inner_pairs(components(coded.size, pairs.left[merging], pairs.right[merging]), LARGEST)
    left, right = np.minimum(left, right), np.maximum(left, right)
    new = ~np.isin(left * coded.size + right, pairs.left * coded.size + pairs.right)
    unseen = _score(coded, left[new], right[new], schema)
    people = _merged_by_people(coded.size, verdicts)
    apart = [_objecting(p, people) for p in (pairs, unseen)]
    strength = np.where(pairs.compared.objection == "said_merge", np.inf, pairs.weight)[merging]
    label, broken = cluster(
        coded.size, pairs.left[merging], pairs.right[merging], strength, _single(coded, verdicts, schema),
        np.concatenate(apart),
    )  # fmt: skip
    pairs.band[merging & (label[pairs.left] != label[pairs.right])] = Band.REVIEW
    return pairs, label, broken


def _merged_by_people(size: int, verdicts: pd.DataFrame) -> np.ndarray:
    """The groups that people made, as the smallest position of each."""
    ends = verdicts.loc[verdicts["verdict"] == "merge", ["left", "right"]].to_numpy(dtype=np.int64)
    return components(size, ends[:, 0], ends[:, 1])


def _objecting(pairs: _Scored, people: np.ndarray) -> np.ndarray:
    """The pairs (n x 2) that may not be in one group. What only the machine objects to does not stand against people,
    who may have joined the two by way of a third."""
    objection = pairs.compared.objection
    said_so = (objection == "apart") | (objection == "related")
    stands = ~np.isin(objection, SOFT) & (said_so | (people[pairs.left] != people[pairs.right]))
    return np.stack([pairs.left[stands], pairs.right[stands]], axis=1)


def _single(coded: Coded, verdicts: pd.DataFrame, schema: MatchSchema) -> dict[str, np.ndarray]:
    """Attributes of which a group may hold one value only; not of records that a person merged."""
    merged = verdicts.loc[verdicts["verdict"] == "merge", ["left", "right"]].to_numpy(dtype=np.int64).ravel()
    single = {e.name: coded.values[e.name][:, 0].copy() for e in schema.evidence if e.objects}
    if schema.name_kind == "company":
        named = coded.names.parts["folded"] != MISSING
        for part in ("branch", "number", "person"):
            single[part] = np.where(named, coded.names.parts[part] + 1, MISSING)
    for values in single.values():
        values[merged] = MISSING
    return single


def _table(schema: MatchSchema, rids: np.ndarray, pairs: _Scored) -> pd.DataFrame:
    keep = np.flatnonzero(pairs.band != Band.APART)
    if not len(keep):
        return frame("pairs")
    ends = np.sort(np.stack([rids[pairs.left[keep]], rids[pairs.right[keep]]], axis=1), axis=1)
    table = pd.DataFrame(
        {
            "entity": schema.entity,
            "left": ends[:, 0],
            "right": ends[:, 1],
            "block": pairs.compared.level[keep],
            "weight": pairs.weight[keep].round(2),
            "probability": probability(pairs.weight[keep]).round(4),
            "band": pairs.band[keep].astype(str),
        }
    )
    table = pd.concat([table, explain(pairs.compared.take(keep), schema)], axis=1)
    return table[list(COLUMNS["pairs"])]
