"""Record linkage: which records are one customer, which are not, and which a person must judge.

Method: Fellegi and Sunter, A Theory for Record Linkage (JASA 1969), with weights in bits from ``rules/matching``.
Between "same" and "different" stands "related": branches, sister companies, one switchboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cleanse.matching.bands import APART, BANDS, MERGE, RELATED, REVIEW, bands, histogram, probability, report, said
from cleanse.matching.blocking import MISSING, block, codes
from cleanse.matching.clusters import cluster, components, inner_pairs
from cleanse.matching.comparison import LEVELS
from cleanse.matching.evidence import Coded, Compared, compare, encode
from cleanse.matching.explain import explain
from cleanse.matching.learnt import TableSchema, link_table, parse_table
from cleanse.matching.links import Links
from cleanse.matching.schema import Evidence, MatchSchema, parse_schema
from cleanse.model import COLUMNS, Band, frame

__all__ = [
    "Evidence",
    "Links",
    "MatchSchema",
    "TableSchema",
    "link",
    "link_table",
    "parse_schema",
    "parse_table",
    "with_others",
]

SOFT = ("", "said_merge", "namesake_unknown", "nameless", "in_target")  # a third record may know what these two lack
LARGEST = 60  # records of a group of which every pair is compared before the group is believed
COMMON = 8  # records that share a number or an address, from which on their place is asked as well
CHUNK = 1 << 18  # pairs compared at a time


@dataclass(frozen=True)
class _Scored:
    """Pairs of positions with what comparing them said, their weight and band. Of those that are apart only the ends of
    the ones that object (n x 2), and how their probabilities spread, are kept."""

    left: np.ndarray
    right: np.ndarray
    compared: Compared
    weight: np.ndarray
    band: np.ndarray
    objecting: np.ndarray
    dropped: np.ndarray

    def take(self, at: np.ndarray) -> _Scored:
        return _Scored(
            self.left[at], self.right[at], self.compared.take(at), self.weight[at], self.band[at], self.objecting, self.dropped
        )  # fmt: skip


def _joined(parts: Sequence[_Scored]) -> _Scored:
    compared = Compared(
        np.concatenate([p.compared.level for p in parts]),
        parts[0].compared.fields,
        np.concatenate([p.compared.bits for p in parts]),
        np.concatenate([p.compared.objection for p in parts]),
    )
    return _Scored(
        np.concatenate([p.left for p in parts]),
        np.concatenate([p.right for p in parts]),
        compared,
        np.concatenate([p.weight for p in parts]),
        np.concatenate([p.band for p in parts]),
        np.concatenate([p.objecting for p in parts]),
        np.sum([p.dropped for p in parts], axis=0),
    )


def link(
    records: pd.DataFrame,
    names: pd.DataFrame,
    schema: MatchSchema,
    forced: pd.DataFrame | None = None,
    number: np.ndarray | None = None,
    held: pd.Index | None = None,
) -> Links:
    """Link the records of one entity.

    ``records``: rid and the fields the schema names, text, missing where empty. ``names``: what its kind compares names
    by (``comparable``), one row per record in the same order, or one per distinct name where ``number`` says which is
    each record's. ``forced``: left, right (rids) and verdict merge, apart or related of people; apart stands above
    merge, both above every weight. ``held``: rids of records that the target holds already; a group has one of them at
    most, whoever says otherwise. The answer does not depend on the order of the rows.
    """
    rids = records["rid"].to_numpy(dtype=np.int64)
    which = np.arange(len(rids)) if number is None else number
    every = encode(records.reset_index(drop=True), names.reset_index(drop=True), which, schema)
    spoken = (
        np.isin(rids, forced[["left", "right"]]) if forced is not None and len(forced) else np.zeros(len(rids), bool)
    )
    order, like = _by_content(every, rids)
    every, rids, spoken = every.take(order), rids[order], spoken[order]
    there = np.isin(rids, np.zeros(0, np.int64) if held is None else held.to_numpy(dtype=np.int64))
    spoken |= there
    copies = _copies(every, np.where(spoken, np.arange(len(rids)), like), schema)
    kept = np.setdiff1d(np.arange(len(rids)), copies.right, assume_unique=True)
    coded, there = every.take(kept), there[kept]
    verdicts = said(rids[kept], forced)
    verdicts = verdicts[~(there[verdicts["left"]] & there[verdicts["right"]])]
    blocks = block(_keys(coded, schema), schema.cap, coded.names.parts["folded"])
    pairs = _with_said(_score(coded, blocks.left, blocks.right, schema), coded, verdicts, schema)
    pairs, label, broken = _clustered(coded, pairs, verdicts, schema, there)
    found = rids.copy()
    found[kept] = rids[kept][label]
    found[copies.right] = found[copies.left]
    smallest = pd.Series(rids).groupby(found).transform("min")
    clusters = pd.DataFrame({"entity": schema.entity, "rid": rids, "cluster": smallest.to_numpy()})
    table = pd.concat([_table(schema, rids[kept], pairs), _table(schema, rids, copies)], ignore_index=True)
    told = report(
        schema, pairs.weight, pairs.band, pairs.compared.objection, pairs.dropped, blocks.report, broken, len(copies.left)
    )  # fmt: skip
    return Links(
        table.sort_values(["left", "right"], ignore_index=True), clusters.sort_values("rid", ignore_index=True), told
    )


def with_others(records: pd.DataFrame, within: str) -> pd.DataFrame:
    """The records that have others to be compared with inside their parent's cluster."""
    return records[records[within].notna() & records[within].duplicated(keep=False)]


def _by_content(coded: Coded, rids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of the records by all they are compared by, then by rid; and, in that order, for every record the first
    one that is like it in everything."""
    order = np.lexsort([rids, coded.content])
    columns = [coded.within, *coded.names.parts.values(), *(c for v in coded.values.values() for c in v.T)]
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
    return pairs.take(np.flatnonzero(pairs.band == MERGE))


def _score(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema, every: bool = False) -> _Scored:
    """The pairs compared; those that are apart are kept only where ``every`` one is asked for."""
    cuts = range(0, max(len(left), 1), CHUNK)
    return _joined([_part(coded, left[i : i + CHUNK], right[i : i + CHUNK], schema, every) for i in cuts])


def _part(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema, every: bool) -> _Scored:
    compared = compare(coded, left, right, schema)
    weight = compared.bits.sum(axis=1, dtype=np.float64) + schema.prior
    band = bands(compared, weight, schema)
    gone = np.zeros(len(left), dtype=bool) if every else band == APART
    hard = np.array([reason not in SOFT for reason in schema.reasons])[compared.objection]
    ends = np.stack([left, right], axis=1)[gone & hard]
    pairs = _Scored(left, right, compared, weight, band, ends, histogram(weight[gone]))
    return pairs.take(np.flatnonzero(~gone))


def _keys(coded: Coded, schema: MatchSchema) -> dict[str, np.ndarray]:
    """The blocking keys: names in several cuts, and every evidence that is marked as one; within the parent's cluster
    where the schema says so. A name with a wrong character is found by its evidence: alone it would prove nothing."""
    n = coded.names.parts
    keys: dict[str, np.ndarray] = {"name": n["folded"]}
    if schema.name_kind == "company":
        keys["brand_trade"] = codes([n["brand"], n["trade"] + 1])  # a name of a brand alone has no trade
        keys["brand_city"] = codes([n["brand"], n["city"]])
        numbered = codes([n["trade"], n["number"] + 1, n["city"]])  # institutions have no brand: 第六中学
        keys["trade_number_city"] = np.where(n["brand"] == MISSING, numbered, MISSING)
    else:
        keys["sound"] = n["sound"]
    keys |= {e.name: coded.values[e.name] for e in schema.evidence if e.block}
    if schema.place:
        shared = [e.name for e in schema.evidence if e.block and not (e.objects or e.everywhere)]
        keys |= {name: _placed(keys[name], n["own_city"]) for name in shared}
    if not schema.within:
        return keys
    inside = {name: _inside(coded.within, values) for name, values in keys.items()}
    return inside | {"all": coded.within}


def _inside(within: np.ndarray, values: np.ndarray) -> np.ndarray:
    table = values if values.ndim == 2 else values[:, None]
    joined = within[:, None] * (int(table.max(initial=0)) + 2) + table
    return np.where(table == MISSING, MISSING, joined)


def _placed(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Values that many records share only count together with the place: one house number stands in every town."""
    counts = np.bincount(values[values != MISSING].ravel())
    common = np.append(counts > COMMON, False)[values]
    joined = (place.astype(np.int64)[:, None] + 1) * len(counts) + len(counts) + values
    return np.where(common, joined, values)


def _with_said(pairs: _Scored, coded: Coded, verdicts: pd.DataFrame, schema: MatchSchema) -> _Scored:
    """The pairs with the bands that people gave them; those people spoke of that were not kept are added."""
    if verdicts.empty:
        return pairs
    left, right = verdicts["left"].to_numpy(dtype=np.int64), verdicts["right"].to_numpy(dtype=np.int64)
    number = left * coded.size + right
    new = ~np.isin(number, pairs.left * coded.size + pairs.right)
    pairs = _joined([pairs, _score(coded, left[new], right[new], schema, every=True)])
    at = pd.Index(pairs.left * coded.size + pairs.right).get_indexer(pd.Index(number))
    verdict = verdicts["verdict"].to_numpy(dtype=object)
    pairs.band[at] = [BANDS.index(Band(v)) for v in verdict]
    pairs.compared.objection[at] = [schema.reasons.index("said_merge" if v == "merge" else v) for v in verdict]
    return pairs


def _clustered(
    coded: Coded, pairs: _Scored, verdicts: pd.DataFrame, schema: MatchSchema, there: np.ndarray
) -> tuple[_Scored, np.ndarray, int]:
    """Groups (smallest position of each) over the pairs to merge. Every pair inside a group is compared before the group
    is believed, and a pair that did not come together after all goes to a person. Of ``there``, what the target holds
    already, no two come together; what is like two of them that are not like each other joins neither."""
    both = there[pairs.left] & there[pairs.right]
    twins = (pairs.left * coded.size + pairs.right)[both & (pairs.band == MERGE)]
    shown = both & ((pairs.band == MERGE) | (pairs.band == REVIEW))
    pairs.band[shown], pairs.compared.objection[shown] = RELATED, schema.reasons.index("in_target")
    merging = pairs.band == MERGE
    left, right = inner_pairs(components(coded.size, pairs.left[merging], pairs.right[merging]), LARGEST)
    left, right = np.minimum(left, right), np.maximum(left, right)
    two = there[left] & there[right] & ~np.isin(left * coded.size + right, twins)
    strangers = np.stack([left[two], right[two]], axis=1)
    new = ~np.isin(left * coded.size + right, pairs.left * coded.size + pairs.right)
    unseen = _score(coded, left[new], right[new], schema)
    people = _merged_by_people(coded.size, verdicts)
    apart = [_objecting(p, people, schema) for p in (pairs, unseen)]
    said_merge = pairs.compared.objection == schema.reasons.index("said_merge")
    strength = np.where(said_merge, np.inf, pairs.weight)[merging]
    single = _single(coded, verdicts, schema) | {"target": np.where(there, np.arange(coded.size), MISSING)}
    label, broken = cluster(
        coded.size, pairs.left[merging], pairs.right[merging], strength, single, np.concatenate([*apart, strangers])
    )  # fmt: skip
    pairs.band[merging & (label[pairs.left] != label[pairs.right])] = REVIEW
    return pairs, label, broken


def _merged_by_people(size: int, verdicts: pd.DataFrame) -> np.ndarray:
    """The groups that people made, as the smallest position of each."""
    ends = verdicts.loc[verdicts["verdict"] == "merge", ["left", "right"]].to_numpy(dtype=np.int64)
    return components(size, ends[:, 0], ends[:, 1])


def _objecting(pairs: _Scored, people: np.ndarray, schema: MatchSchema) -> np.ndarray:
    """The pairs (n x 2) that may not be in one group. What only the machine objects to does not stand against people,
    who may have joined the two by way of a third."""
    objection = pairs.compared.objection
    hard = np.array([reason not in SOFT for reason in schema.reasons])[objection]
    said_so = np.array([reason in ("apart", "related", "review") for reason in schema.reasons])[objection]
    stands = hard & (said_so | (people[pairs.left] != people[pairs.right]))
    gone = pairs.objecting[people[pairs.objecting[:, 0]] != people[pairs.objecting[:, 1]]]
    return np.concatenate([np.stack([pairs.left[stands], pairs.right[stands]], axis=1), gone])


def _single(coded: Coded, verdicts: pd.DataFrame, schema: MatchSchema) -> dict[str, np.ndarray]:
    """Attributes of which a group may hold one value only; not of records that a person merged."""
    merged = verdicts.loc[verdicts["verdict"] == "merge", ["left", "right"]].to_numpy(dtype=np.int64).ravel()
    single = {e.name: coded.values[e.name][:, 0].copy() for e in schema.evidence if e.objects}
    if schema.name_kind == "company":
        named = coded.names.parts["folded"] != MISSING
        for part in ("branch", "remark", "number", "person"):
            single[part] = np.where(named, coded.names.parts[part] + 1, MISSING)
    for values in single.values():
        values[merged] = MISSING
    return single


def _table(schema: MatchSchema, rids: np.ndarray, pairs: _Scored) -> pd.DataFrame:
    keep = np.flatnonzero(pairs.band != APART)
    if not len(keep):
        return frame("pairs")
    ends = np.sort(np.stack([rids[pairs.left[keep]], rids[pairs.right[keep]]], axis=1), axis=1)
    table = pd.DataFrame(
        {
            "entity": schema.entity,
            "left": ends[:, 0],
            "right": ends[:, 1],
            "block": np.array(LEVELS, dtype=object)[pairs.compared.level[keep]],
            "weight": pairs.weight[keep].round(2),
            "probability": probability(pairs.weight[keep]).round(4),
            "band": np.array(list(map(str, BANDS)), dtype=object)[pairs.band[keep]],
        }
    )
    table = pd.concat([table, explain(pairs.compared.take(keep), schema)], axis=1)
    return table[list(COLUMNS["pairs"])]
