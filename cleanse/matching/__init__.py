"""Record linkage: which records are one customer, which are not, and which a person must judge.

Method: Fellegi and Sunter, A Theory for Record Linkage (JASA 1969), with weights in bits from ``rules/matching``.
Between "same" and "different" stands "related": branches, sister companies, one switchboard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.blocking import MISSING, block, codes
from cleanse.matching.clusters import cluster
from cleanse.matching.comparison import Coded, Compared, compare, encode
from cleanse.matching.explain import explain
from cleanse.matching.schema import Evidence, MatchSchema, parse_schema
from cleanse.model import COLUMNS, Band, frame

__all__ = ["Evidence", "Links", "MatchSchema", "link", "parse_schema", "with_others"]

FORCED = ("left", "right", "verdict")
BINS = 20


@dataclass(frozen=True)
class Links:
    """``pairs``: those to merge, to review and related, with their reasons; ``clusters``: cluster (smallest rid) of
    every rid; ``report``: counts, cuts, histogram, skipped blocks."""

    pairs: pd.DataFrame
    clusters: pd.DataFrame
    report: dict[str, Any]


def link(records: pd.DataFrame, names: pd.DataFrame, schema: MatchSchema, forced: pd.DataFrame | None = None) -> Links:
    """Link the records of one entity.

    ``records``: rid and the fields the schema names, text, missing where empty. ``names``: per record, in the same order,
    what its kind compares names by (``comparable``). ``forced``: left, right (rids) and verdict merge, apart or related
    of people; apart stands above merge, both above every weight.
    """
    records = records.reset_index(drop=True)
    coded = encode(records, names.reset_index(drop=True), schema)
    blocks = block(_keys(records, coded, schema), schema.cap)
    compared = compare(coded, blocks.left, blocks.right, schema)
    weight = compared.bits.sum(axis=1) + schema.prior
    said = _said(records, forced)
    left, right, compared, weight = _with_said(coded, schema, blocks.left, blocks.right, compared, weight, said)
    band, objection = _bands(left, right, compared, weight, schema, said)
    compared = Compared(compared.level, compared.fields, compared.bits, objection)
    strong = band == Band.MERGE
    apart = np.stack([left[objection != ""], right[objection != ""]], axis=1)
    tie = _ties(coded, left[strong], right[strong])
    strength = np.where(objection[strong] == "merge", np.inf, weight[strong])
    found, broken = cluster(len(records), left[strong], right[strong], strength, tie, _single(coded, schema), apart)
    band = np.where(strong & (found[left] != found[right]), Band.REVIEW, band)
    rids = records["rid"].to_numpy()
    pairs = _table(schema, rids, left, right, band, weight, compared)
    clusters = pd.DataFrame({"entity": schema.entity, "rid": rids, "cluster": rids[found] if len(rids) else rids})
    return Links(pairs, clusters, _report(schema, weight, band, blocks.report, broken))


def with_others(records: pd.DataFrame, schema: MatchSchema) -> pd.DataFrame:
    """The records that have others to be compared with inside their parent's cluster."""
    return records[records[schema.within].notna() & records[schema.within].duplicated(keep=False)]


def _keys(records: pd.DataFrame, coded: Coded, schema: MatchSchema) -> dict[str, np.ndarray]:
    """The blocking keys: names in several cuts, and every evidence that is marked as one; within the parent's cluster
    where the schema says so. A name with a wrong character is found by its evidence: alone it would prove nothing."""
    n = coded.name
    keys: dict[str, np.ndarray] = {"name": n["folded"]}
    if schema.name_kind == "company":
        keys["brand_trade"] = codes([n["brand"], n["trade"]])
        keys["brand_place"] = codes([n["brand"], n["place"]])
    else:
        keys["sound"] = n["sound"]
    keys |= {e.name: coded.values[e.name] for e in schema.evidence if e.block}
    if not schema.within:
        return keys
    within = pd.factorize(records[schema.within], sort=True)[0].astype(np.int64)
    inside = {name: _within(within, values) for name, values in keys.items()}
    return inside | {"all": within}


def _within(within: np.ndarray, values: np.ndarray) -> np.ndarray:
    table = values if values.ndim == 2 else values[:, None]
    joined = within[:, None] * (int(table.max(initial=0)) + 2) + table
    return np.where(table == MISSING, MISSING, joined)


def _said(records: pd.DataFrame, forced: pd.DataFrame | None) -> pd.DataFrame:
    """What people said, as positions left < right; apart before merge."""
    if forced is None or forced.empty:
        return pd.DataFrame({name: [] for name in FORCED})
    at = pd.Series(records.index, index=records["rid"])
    table = pd.DataFrame(
        {"a": forced["left"].map(at), "b": forced["right"].map(at), "verdict": forced["verdict"]}
    ).dropna()
    table["left"], table["right"] = table[["a", "b"]].min(axis=1).astype(int), table[["a", "b"]].max(axis=1).astype(int)
    rank = table["verdict"].map({"apart": 0, "related": 1, "merge": 2})
    return (
        table.assign(rank=rank).sort_values(["left", "right", "rank"]).drop_duplicates(["left", "right"])[list(FORCED)]
    )


def _with_said(
    coded: Coded,
    schema: MatchSchema,
    left: np.ndarray,
    right: np.ndarray,
    compared: Compared,
    weight: np.ndarray,
    said: pd.DataFrame,
) -> tuple[np.ndarray, np.ndarray, Compared, np.ndarray]:
    """The candidate pairs, and those people spoke of that no key has made."""
    if said.empty:
        return left, right, compared, weight
    a, b = said["left"].to_numpy(dtype=np.int64), said["right"].to_numpy(dtype=np.int64)
    new = ~np.isin(a * coded.size + b, left * coded.size + right)
    more = compare(coded, a[new], b[new], schema)
    both = Compared(
        np.concatenate([compared.level, more.level]),
        compared.fields,
        np.concatenate([compared.bits, more.bits]),
        np.concatenate([compared.objection, more.objection]),
    )
    return np.concatenate([left, a[new]]), np.concatenate([right, b[new]]), both, both.bits.sum(axis=1) + schema.prior


def _bands(
    left: np.ndarray, right: np.ndarray, compared: Compared, weight: np.ndarray, schema: MatchSchema, said: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """The band of every pair, and what objects to merging it."""
    chance = probability(weight)
    objected = np.array([schema.objections.get(o, "") for o in compared.objection], dtype=object)
    tied = _tied(compared, schema)
    band = np.select(
        [
            (compared.objection == "") & (chance >= schema.merge),
            (compared.objection == "") & (chance >= schema.review),
            (objected == "review") & ((chance >= schema.review) | (compared.objection == "namesake")),
            (objected == "related") & tied,
        ],
        [Band.MERGE, Band.REVIEW, Band.REVIEW, Band.RELATED],
        Band.APART,
    ).astype(object)
    objection = compared.objection.astype(object)
    if len(said):
        number = pd.Series(np.arange(len(left)), index=pd.MultiIndex.from_arrays([left, right]))
        at = number.reindex(pd.MultiIndex.from_frame(said[["left", "right"]])).to_numpy(dtype=np.int64)
        verdict = said["verdict"].to_numpy(dtype=object)
        band[at] = verdict
        objection[at] = verdict
        objection[at[verdict == "merge"]] = ""
    return band, objection


def _tied(compared: Compared, schema: MatchSchema) -> np.ndarray:
    """Whether an objected pair has something in common worth showing: a name but for branch or form, or a value that
    tells. One brand in two places alone is no tie."""
    named = np.isin(compared.level, ("same_name", "same_parts", "same_core", "other_form"))
    shared = compared.bits[:, 1:].clip(min=0).max(axis=1, initial=0.0) >= 6.0
    return named | shared


def probability(weight: np.ndarray) -> np.ndarray:
    """Weights in bits as probabilities of being one.

    >>> probability(np.array([0.0, 3.0])).round(3).tolist()
    [0.5, 0.889]
    """
    return 1.0 / (1.0 + np.exp2(-np.clip(weight, -60, 60)))


def _single(coded: Coded, schema: MatchSchema) -> dict[str, np.ndarray]:
    """Attributes of which a group may hold one value only."""
    single = {e.name: coded.values[e.name][:, 0] for e in schema.evidence if e.objects}
    if schema.name_kind == "company":
        named = coded.name["folded"] != MISSING
        for part in ("branch", "number", "person"):
            single[part] = np.where(named, coded.name[part] + 1, MISSING)
    return single


def _ties(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A number per pair that follows its names, not its place among the rows."""
    one, other = coded.name["folded"][left], coded.name["folded"][right]
    return np.minimum(one, other) * coded.size + np.maximum(one, other)


def _table(
    schema: MatchSchema,
    rids: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    band: np.ndarray,
    weight: np.ndarray,
    compared: Compared,
) -> pd.DataFrame:
    keep = np.flatnonzero(band != Band.APART)
    if not len(keep):
        return frame("pairs")
    shown = Compared(compared.level[keep], compared.fields, compared.bits[keep], compared.objection[keep])
    ends = np.sort(np.stack([rids[left[keep]], rids[right[keep]]], axis=1), axis=1)
    table = pd.DataFrame(
        {
            "entity": schema.entity,
            "left": ends[:, 0],
            "right": ends[:, 1],
            "block": compared.level[keep],
            "weight": weight[keep].round(2),
            "probability": probability(weight[keep]).round(4),
            "band": band[keep].astype(str),
        }
    )
    table = pd.concat([table, explain(shown, schema)], axis=1)
    return table.sort_values(["left", "right"], ignore_index=True)[list(COLUMNS["pairs"])]


def _report(
    schema: MatchSchema, weight: np.ndarray, band: np.ndarray, keys: list[dict[str, object]], broken: int
) -> dict[str, Any]:
    chance = probability(weight)
    counts, edges = np.histogram(chance, bins=BINS, range=(0.0, 1.0))
    histogram = [
        {"low": round(float(lo), 3), "high": round(float(hi), 3), "count": int(c)}
        for lo, hi, c in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    bands = {str(b): int((band == b).sum()) for b in Band}
    merged = chance[band == Band.MERGE]
    return {
        "candidates": len(weight),
        "bands": bands,
        "merge": schema.merge,
        "review": schema.review,
        "keys": keys,
        "histogram": histogram,
        "broken_groups": broken,
        "expected_precision": round(float(merged.mean()), 4) if len(merged) else None,
    }
