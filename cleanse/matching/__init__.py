"""Record linkage: which records are one customer, which are not, and which a person must judge.

Method: Fellegi and Sunter, A Theory for Record Linkage (JASA 1969), with weights in bits from ``rules/matching``.
Between "same" and "different" stands "related": branches, sister companies, one switchboard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.bands import Said, bands, probability, report, said
from cleanse.matching.blocking import MISSING, Blocks, block, codes
from cleanse.matching.clusters import cluster, components, inner_pairs
from cleanse.matching.comparison import Coded, Compared, compare, encode
from cleanse.matching.explain import explain
from cleanse.matching.learning import learn
from cleanse.matching.schema import Evidence, MatchSchema, parse_schema
from cleanse.model import COLUMNS, Band, frame

__all__ = ["Evidence", "Links", "MatchSchema", "link", "parse_schema", "with_others"]

LARGEST = 60  # records of a group of which every pair is compared before it is believed


@dataclass(frozen=True)
class Links:
    """``pairs``: those to merge, to review and related, with their reasons; ``clusters``: cluster (smallest rid) of
    every rid; ``report``: counts, cuts, histogram, keys, weights used, expected precision and recall, warnings."""

    pairs: pd.DataFrame
    clusters: pd.DataFrame
    report: dict[str, Any]


@dataclass(frozen=True)
class _Scored:
    """Candidate pairs: positions of the two records, what comparing them said, weight, band."""

    left: np.ndarray
    right: np.ndarray
    compared: Compared
    weight: np.ndarray
    band: np.ndarray


def link(records: pd.DataFrame, names: pd.DataFrame, schema: MatchSchema, forced: pd.DataFrame | None = None) -> Links:
    """Link the records of one entity.

    ``records``: rid and the fields the schema names, text, missing where empty. ``names``: per record, in the same order,
    what its kind compares names by (``comparable``). ``forced``: left, right (rids) and verdict merge, apart or related
    of people; apart stands above merge, both above every weight. The answer does not depend on the order of the rows.
    """
    records, names = records.reset_index(drop=True), names.reset_index(drop=True)
    if records.empty:
        empty = pd.DataFrame({"entity": [], "rid": records["rid"], "cluster": records["rid"]})
        return Links(frame("pairs"), empty, report(schema, np.zeros(0), np.zeros(0, dtype=object), Blocks.none()))
    coded = encode(records, names, schema)
    rids = records["rid"].to_numpy(dtype=np.int64)
    spoken = np.isin(rids, forced[["left", "right"]].to_numpy(dtype=np.int64)) if forced is not None else rids < 0
    order, first = _by_content(coded, rids, spoken)
    twins = _twins(coded.take(order), first, schema)
    kept = order[first]
    kept = np.where(spoken[order[first]] | ~twins.own, order[first], kept)
    return _link(coded, rids, order, twins, schema, forced)
