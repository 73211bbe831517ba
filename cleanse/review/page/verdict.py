"""What a person says of a group, as decisions about pairs; and what earlier decisions say of a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from cleanse.review.components import components
from cleanse.review.decisions import FORCING, KEY, Decision

SAID = ("merge", "apart", "related", "branch", "head", "split", "defer")
KIN = ("apart", "related", "branch", "head")
Key = tuple[str, str]  # digests of two records, in order


class Unclear(ValueError):
    """What was said of a group cannot be kept; the message is a word of the page's ``[refused]`` list."""


@dataclass(frozen=True)
class Said:
    """A verdict on a group. ``parts``: members (by order) that are one customer each, all members in exactly one part.
    ``kin``: per part, what it is to the other ones: apart, related, branch (related, and belonging to the first part) or
    head (related, and the one that the first part belongs to); the first part takes the other's word."""

    verdict: str
    parts: tuple[tuple[int, ...], ...] = ()
    kin: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class State:
    """What decisions say of a group so far: a verdict of ``SAID``, ``partly``, ``disputed`` or ``''``; the parts; who,
    when and why of the latest line, and against whom it stands."""

    verdict: str
    parts: tuple[tuple[int, ...], ...]
    kin: tuple[str, ...]
    who: str = ""
    when: str = ""
    why: str = ""
    against: str = ""


def key(one: str, other: str) -> Key:
    """
    >>> key("b", "a")
    ('a', 'b')
    """
    return (one, other) if one <= other else (other, one)


def said_of(verdict: str, now: Sequence[int], why: str = "") -> Said:
    """One word about a whole group. ``now``: number of the present customer of each member. Apart and related are said of
    the present customers; of the members where all are one customer.

    >>> said_of("apart", [1, 1, 2]).parts
    ((0, 1), (2,))
    """
    members = tuple(range(len(now)))
    if verdict == "merge":
        return Said(verdict, (members,), ("apart",), why)
    parts = tuple(tuple(m for m in members if now[m] == n) for n in sorted(set(now)))
    if len(parts) == 1:
        parts = tuple((m,) for m in members)
    return Said(verdict, parts, (verdict if verdict in KIN else "apart",) * len(parts), why)


def pairs(said: Said, digests: Sequence[str]) -> dict[Key, str]:
    """The pairs that ``said`` means, each with its verdict; ``digests`` by order, '' for a record that cannot be known
    again, of which nothing is said. Raises Unclear."""
    if sorted(m for part in said.parts for m in part) != list(range(len(digests))):
        raise Unclear("parts")
    if said.kin[1:].count("head") > 1:
        raise Unclear("heads")
    found: dict[Key, str] = {}
    for one, other, verdict in _meant(said):
        if digests[one] and digests[other]:
            pair = key(digests[one], digests[other])
            if found.setdefault(pair, verdict) != verdict:
                raise Unclear("same_content")
    if not found:
        raise Unclear("no_content")
    return found


def _meant(said: Said) -> Iterator[tuple[int, int, str]]:
    """As orders. Members to be one: each with the first of its part and with the one before it, so that they stay one
    when a record changes."""
    if said.verdict == "defer":
        first = min(m for part in said.parts for m in part)
        yield from ((first, m, "defer") for part in said.parts for m in part if m != first)
        return
    if said.verdict in ("merge", "split"):
        for part in said.parts:
            for before, member in pairwise(part):
                yield from ((other, member, "merge") for other in dict.fromkeys((part[0], before)))
    for (a, one), (b, other) in combinations(enumerate(said.parts), 2):
        apart = "apart" in [said.kin[at] for at in (a, b) if at]
        yield from ((m, n, "apart" if apart else "related") for m in one for n in other)


def above(said: Said, digests: Sequence[str]) -> dict[Key, str]:
    """Of the pairs that ``said`` means, those of which one belongs to the other, with the digest of that other.

    >>> above(Said("branch", ((0,), (1,)), ("branch", "branch")), ["b", "a"])
    {('a', 'b'): 'b'}
    """
    found = {}
    for part, kin in zip(said.parts[1:], said.kin[1:], strict=True) if said.verdict in ("split", *KIN) else ():
        if kin in ("branch", "head"):
            ends = [(m, n) for m in said.parts[0] for n in part if digests[m] and digests[n]]
            found.update({key(digests[m], digests[n]): digests[m if kin == "branch" else n] for m, n in ends})
    return found


def replaced(new: Mapping[Key, str], said: Said, digests: Sequence[str], latest: Mapping[Key, Decision]) -> list[Key]:
    """Earlier decisions inside the group that ``said`` takes back without speaking of their pairs; a merge inside a part
    stays."""
    part = {m: at for at, members in enumerate(said.parts) for m in members}
    found = dict.fromkeys(
        pair
        for one, other in combinations(range(len(digests)), 2)
        if (pair := key(digests[one], digests[other])) not in new and (before := latest.get(pair))
        and before.verdict != "withdrawn"
        and (said.verdict == "defer" or before.verdict != "merge" or part[one] != part[other])
    )  # fmt: skip
    return list(found)


def state(
    digests: Sequence[str], now: Sequence[int], asked: Sequence[tuple[int, int]], latest: Mapping[Key, Decision]
) -> State:
    """What decisions say of a group. ``asked``: the pairs (by order) that wait for a person; where there are none, one
    decision inside the group is enough."""
    inside = [
        (one, other, said)
        for one, other in combinations(range(len(digests)), 2)
        if (said := latest.get(key(digests[one], digests[other]))) and said.verdict != "withdrawn"
    ]
    forced = [(a, b, said.verdict) for a, b, said in inside if said.verdict in FORCING and not said.against]
    parts = _parts(len(digests), now, forced)
    part = {m: at for at, members in enumerate(parts) for m in members}
    crossing = {frozenset((part[a], part[b])): verdict for a, b, verdict in forced if verdict != "merge"}
    ranked = {
        frozenset((part[a], part[b])): part[a if digests[a] == said.above[:KEY] else b]
        for a, b, said in inside
        if said.above and not said.against
    }
    kin = tuple(_kin(at, crossing, ranked) for at in range(len(parts)))
    if not inside:
        return State("", parts, kin)
    last = max((said for _, _, said in inside), key=lambda said: (said.against != "", said.when))
    left = [(a, b) for a, b in asked if part[a] != part[b] and frozenset((part[a], part[b])) not in crossing]
    verdict = (
        "disputed"
        if last.against
        else "defer"
        if not forced
        else "partly"
        if left
        else _word({v for _, _, v in forced}, len(parts), kin)
    )
    return State(verdict, parts, kin, last.who, last.when, last.why, last.against)


def _kin(at: int, crossing: Mapping[frozenset[int], str], ranked: Mapping[frozenset[int], int]) -> str:
    """What a part is to the others."""
    if {v for ends, v in crossing.items() if at in ends} != {"related"}:
        return "apart"
    top = ranked.get(frozenset((0, at))) if at else None
    return "related" if top is None else "head" if top == at else "branch"


def _word(verdicts: set[str], parts: int, kin: Sequence[str]) -> str:
    if verdicts == {"merge"}:
        return "merge" if parts == 1 else "partly"
    if len(set(kin[1:])) == 1 and kin[1] in ("branch", "head") and len(verdicts) == 1:
        return kin[1]
    return verdicts.pop() if len(verdicts) == 1 else "split"


def _parts(size: int, now: Sequence[int], forced: Sequence[tuple[int, int, str]]) -> tuple[tuple[int, ...], ...]:
    """The members that are one: joined by people, or by the machine where nobody said otherwise."""
    parted = {(a, b) for a, b, verdict in forced if verdict != "merge"}
    last: dict[int, int] = {}
    edges = [(a, b) for a, b, verdict in forced if verdict == "merge"]
    for member, customer in enumerate(now):
        if customer in last and (last[customer], member) not in parted:
            edges.append((last[customer], member))
        last[customer] = member
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    label = components(size, ends[:, 0], ends[:, 1])
    return tuple(tuple(np.flatnonzero(label == at).tolist()) for at in np.unique(label))
