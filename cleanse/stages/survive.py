"""Which value of several records of one customer survives: one rule per field, over integer codes.

A rule ranks the distinct values of every cluster; the last tie is settled by the value itself, never by the order of
rows. Fields of one group survive together: an address moves as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

NONE = -1  # no value
LAST = np.iinfo(np.int64).max
STRICT = ("否", "no", "n", "false", "0", "拒绝", "不同意")  # words that forbid: of consents the most restrictive wins
JOINTS = {"join": "\n", "keep_both": "; "}  # rules that keep every value, and what stands between two


@dataclass(frozen=True)
class Members:
    """Records that are to be merged, in the order of their rids: rid, code of the cluster, latest and earliest date the
    record knows (codes; NONE and LAST where none), how many of its fields are filled, how trusted its source is (0 most),
    whether the target holds it already: what it says stands before every rule."""

    rid: np.ndarray
    cluster: np.ndarray
    latest: np.ndarray
    earliest: np.ndarray
    filled: np.ndarray
    trust: np.ndarray
    held: np.ndarray


@dataclass(frozen=True)
class Column:
    """A field of the members: code of each value (NONE: missing) and the values by code, in their own order."""

    code: np.ndarray
    words: np.ndarray

    @classmethod
    def of(cls, values: pd.Series) -> Column:
        whole = pa.array(values.astype("str"), type=pa.large_string())
        coded = (whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole).dictionary_encode()
        order = pc.sort_indices(coded.dictionary).to_numpy()
        rank = np.empty(len(order) + 1, dtype=np.int64)
        rank[order], rank[-1] = np.arange(len(order)), NONE
        code = rank[pc.fill_null(coded.indices, len(order)).to_numpy(zero_copy_only=False)]
        words = [*coded.dictionary.take(pa.array(order)).to_pylist(), None]
        return cls(code, np.array(words, dtype=object))


@dataclass(frozen=True)
class Chosen:
    """By code of the cluster: the surviving value (None: none) and the rid it came from."""

    value: np.ndarray
    origin: np.ndarray


@dataclass(frozen=True)
class _Distinct:
    """The distinct values of every cluster with what the rules rank them by."""

    cluster: np.ndarray
    value: np.ndarray
    first: np.ndarray
    count: np.ndarray
    latest: np.ndarray
    earliest: np.ndarray
    filled: np.ndarray
    trust: np.ndarray
    held: np.ndarray
    words: np.ndarray

    @property
    def length(self) -> np.ndarray:
        return np.array([len(w) if w else 0 for w in self.words])[self.value]

    @property
    def forbids(self) -> np.ndarray:
        return np.array([str(w).casefold() in STRICT for w in self.words])[self.value]


# Every rule: what it ranks by, the smallest first.
RULES: Mapping[str, Callable[[_Distinct], tuple[np.ndarray, ...]]] = {
    "most_frequent": lambda d: (-d.count,),
    "most_complete_name": lambda d: (-d.length, -d.count),
    "longest": lambda d: (-d.length,),
    "latest": lambda d: (-d.latest,),
    "earliest": lambda d: (d.earliest,),
    "minimum": lambda d: (),
    "maximum": lambda d: (-d.value,),
    "most_filled": lambda d: (-d.filled, -d.count),
    "most_trusted": lambda d: (d.trust, -d.count),
    "most_restrictive": lambda d: (~d.forbids, -d.count),
    "most_complete_group": lambda d: (-d.count,),
}


def choose(rule: str, column: Column, members: Members, size: int) -> Chosen:
    """The surviving value of every one of ``size`` clusters."""
    d = _distinct(column, members)
    if rule in JOINTS:
        return _joined(_held_alone(d, size), JOINTS[rule], size)
    order = np.lexsort((d.value, *reversed(RULES[rule](d)), ~d.held, d.cluster))
    cluster = d.cluster[order]
    best = order[_starts(cluster)]
    return _spread(d.words[d.value[best]], d.first[best], d.cluster[best], size)


def choose_group(
    rule: str, columns: Mapping[str, Column], members: Members, size: int, leaders: np.ndarray
) -> dict[str, Chosen]:
    """Fields that survive together: the values of the fullest row (or the one the rule prefers), its blanks filled only
    from rows that agree with it in all that both say; what the target holds leads,
    where it says anything. ``leaders``: by cluster, the rid that a person chose, NONE."""
    codes = np.stack([c.code for c in columns.values()])
    texts = [pd.Series(c.words[c.code]).fillna("").astype("str") for c in columns.values()]
    text = Column.of(texts[0].str.cat(texts[1:], sep="\x1f"))
    length = np.array([len(w) if w else 0 for w in text.words])[text.code]
    filled = (codes != NONE).sum(axis=0)
    first = {"latest": (-members.latest,), "earliest": (members.earliest,), "most_trusted": (members.trust,)}
    led = members.held & (filled > 0)
    keys = (
        members.rid != leaders[members.cluster],
        ~led,
        *first.get(rule, ()),
        -filled,
        -length,
        text.code,
        members.rid,
    )
    order = np.lexsort((*reversed(keys), members.cluster))
    leader = np.empty(size, dtype=np.int64)
    ordered = members.cluster[order]
    leader[ordered[_starts(ordered)]] = order[_starts(ordered)]
    leading = codes[:, leader[members.cluster]]
    agrees = ((codes == leading) | (codes == NONE) | (leading == NONE)).all(axis=0)
    found = {}
    for at, (name, column) in enumerate(columns.items()):
        kept = order[(agrees & (codes[at] != NONE))[order]]
        kept = kept[_starts(members.cluster[kept])]
        found[name] = _spread(column.words[column.code[kept]], members.rid[kept], members.cluster[kept], size)
    return found


def _distinct(column: Column, members: Members) -> _Distinct:
    at = np.flatnonzero(column.code != NONE)
    key = members.cluster[at] * np.int64(len(column.words)) + column.code[at]
    at = at[np.argsort(key, kind="stable")]
    key = members.cluster[at] * np.int64(len(column.words)) + column.code[at]
    starts = _starts(key)

    def most(values: np.ndarray) -> np.ndarray:
        return np.maximum.reduceat(values[at], starts) if len(starts) else values[:0]

    one = at[starts]
    return _Distinct(
        members.cluster[one], column.code[one], members.rid[one], np.diff(np.append(starts, len(at))),
        most(members.latest), -most(-members.earliest), most(members.filled), -most(-members.trust), most(members.held), column.words,
    )  # fmt: skip


def _held_alone(d: _Distinct, size: int) -> _Distinct:
    """Without what others say where the target says something."""
    told = np.zeros(size, dtype=bool)
    told[d.cluster[d.held]] = True
    kept = np.flatnonzero(d.held | ~told[d.cluster])
    arrays = {f.name: getattr(d, f.name) for f in fields(d)}
    return _Distinct(**{name: a if name == "words" else a[kept] for name, a in arrays.items()})


def _starts(ordered: np.ndarray) -> np.ndarray:
    """Where each run of equal numbers begins."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else np.zeros(0, dtype=np.int64)


def _spread(value: np.ndarray, origin: np.ndarray, cluster: np.ndarray, size: int) -> Chosen:
    values, origins = np.full(size, None, dtype=object), np.full(size, NONE, dtype=np.int64)
    values[cluster], origins[cluster] = value, origin
    return Chosen(values, origins)


def _joined(d: _Distinct, joint: str, size: int) -> Chosen:
    """Every value, in the order in which records knew them."""
    order = np.lexsort((d.value, d.latest, d.cluster))
    starts = _starts(d.cluster[order])
    texts = d.words[d.value[order]]
    ends = np.append(starts[1:], len(order))
    whole = texts[starts].copy()
    for at in np.flatnonzero(ends - starts > 1):
        whole[at] = joint.join(texts[starts[at] : ends[at]])
    least = np.minimum.reduceat(d.first[order], starts) if len(starts) else starts
    return _spread(whole, least, d.cluster[order][starts], size)
