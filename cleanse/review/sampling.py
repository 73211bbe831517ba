"""A part of the groups is drawn by chance and judged without the machine's opinion; what people say of it tells how right
the machine is, with a bound that holds.

A group is drawn by a digest of its content alone: nobody chooses, the score has no part in it, and another run of the same
records draws the same groups.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise

import numpy as np
import pandas as pd

from cleanse.review.components import components
from cleanse.review.decisions import FORCING, KEY, Decision

ONE_IN = {"review": 10, "merged": 50}  # groups to judge, and groups the machine merged by itself
FEW = 20  # groups of a queue that are too few to draw from: all of them are looked at
DRAWN = "sample-"  # before the name of the queue, in the keys of the workbook and in the decisions


def rank(digests: Sequence[str], queue: str) -> int:
    """The place of a group of these records in the order of chance; of ``ONE_IN`` groups one is drawn.

    >>> rank(["b", "a"], "review") == rank(["a", "b"], "review")
    True
    """
    content = "".join([queue, *sorted(d[:KEY] for d in digests)]).encode()
    return int(hashlib.sha256(content).hexdigest()[:12], 16)


def split(
    whole: Mapping[str, pd.DataFrame], digests: pd.Series, spoken: Set[str]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The lines of every queue without the groups that are drawn, and the lines of those in the order of their digests,
    without a hint of what the machine thinks. ``spoken``: keys of records that people judged otherwise than in the sample:
    a group that they made is not the machine's."""
    left, parts = dict(whole), []
    for queue, one_in in ONE_IN.items():
        lines = whole[queue]
        keys = digests.reindex(lines["rid"]).fillna("").tolist()
        starts = np.flatnonzero(lines["order"].to_numpy() == 0).tolist()
        ranks = np.zeros(len(lines), dtype=np.int64)
        for start, end in pairwise([*starts, len(lines)]) if len(starts) >= FEW else ():
            mine = keys[start:end]
            place = rank(mine, queue)
            if all(mine) and place % one_in == 0 and (queue == "review" or spoken.isdisjoint(d[:KEY] for d in mine)):
                ranks[start:end] = 1 + place
        rest = lines[ranks == 0]
        left[queue] = rest.assign(group=pd.factorize(rest["group"])[0] + 1).reset_index(drop=True)
        parts.append(lines[ranks > 0].assign(rank=ranks[ranks > 0], queue=queue))
    return left, _blind(pd.concat([p for p in parts if len(p)] or parts[:1]))


def _blind(lines: pd.DataFrame) -> pd.DataFrame:
    lines = lines.sort_values(["rank", "queue", "group", "order"], ignore_index=True)
    first = lines["order"] == 0
    told = lines.assign(
        group=first.cumsum(), now=lines["order"] + 1, to=np.where(first, -1, 0), probability=np.nan, why=""
    )
    return told.astype({"group": int}).drop(columns="rank")


def spoken(decisions: Sequence[Decision]) -> frozenset[str]:
    """The keys of records that people spoke of elsewhere than in the sample."""
    elsewhere = [d for d in decisions if d.verdict in FORCING and not d.seen.startswith(DRAWN)]
    return frozenset(side[:KEY] for d in elsewhere for side in (d.left, d.right))


def judged(decisions: Sequence[Decision]) -> dict[tuple[str, str], tuple[int, int]]:
    """By entity and queue: how many drawn groups people have judged, and of how many they said that all are one."""
    latest: dict[tuple[str, str, str], Decision] = {}
    queues: dict[tuple[str, str, str], str] = {}
    for d in decisions:
        pair = (d.entity, d.left[:KEY], d.right[:KEY])
        latest[pair] = d
        if d.seen.startswith(DRAWN):
            queues.setdefault(pair, d.seen.removeprefix(DRAWN))
    said = [(*pair, queues[pair], latest[pair].verdict) for pair in queues if _holds(latest[pair])]
    table = pd.DataFrame(said, columns=["entity", "left", "right", "queue", "verdict"])
    found = {}
    for (entity, queue), mine in table.groupby(["entity", "queue"]):
        code = pd.factorize(pd.concat([mine["left"], mine["right"]]))[0].reshape(2, -1)
        group = components(int(code.max()) + 1, code[0], code[1])[code[0]]
        one = (mine["verdict"] == "merge").groupby(group).all()
        found[str(entity), str(queue)] = (len(one), int(one.sum()))
    return found


def _holds(d: Decision) -> bool:
    return d.verdict in FORCING and not d.against


def numbers(
    lines: pd.DataFrame, sample: pd.DataFrame, keys: pd.Series, owner: pd.Series, said: Set[str]
) -> dict[str, int]:
    """Of a queue with the groups drawn from it: groups, records, how many groups several owners share, how many were drawn
    and of how many of those nothing is said yet. ``keys`` and ``owner`` by rid; ``said``: keys of records spoken of."""
    every = pd.concat([lines, sample.assign(group=-sample["group"])] if len(sample) else [lines])
    held = pd.DataFrame({"group": every["group"], "owner": owner.reindex(every["rid"]).to_numpy(dtype=object)})
    owners = held.dropna().drop_duplicates().groupby("group").size()
    silent = ~keys.reindex(sample["rid"]).isin(said).groupby(sample["group"].to_numpy()).any()
    return {
        "groups": int(every["group"].nunique()), "records": len(every), "across_owners": int((owners > 1).sum()),
        "drawn": int(sample["group"].nunique()), "left": int(silent.sum()),
    }  # fmt: skip


def counts(decisions: Sequence[Decision], entity: str) -> dict[str, int]:
    """How many pairs of records people have said each verdict of, by their last word."""
    latest = {(d.left[:KEY], d.right[:KEY]): d for d in decisions if d.entity == entity}
    said = [d.verdict for d in latest.values() if _holds(d) or d.verdict == "defer"]
    return {verdict: said.count(verdict) for verdict in (*FORCING, "defer")}
