"""From pairs to groups, guarded: two records that object to each other, or that a person kept apart, never end in one
group, not by a chain of others either."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cleanse.matching.blocking import MISSING

CLOSE = 3.0  # bits between two edges that do not make one of them the better


def components(size: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The smallest position of each record's component.

    >>> components(4, np.array([2]), np.array([3])).tolist()
    [0, 1, 2, 2]
    """
    label = np.arange(size)
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, left, label[right])
        np.minimum.at(lowest, right, label[left])
        lowest = lowest[lowest]
        if (lowest == label).all():
            return label
        label = lowest


def cluster(
    size: int,
    left: np.ndarray,
    right: np.ndarray,
    strength: np.ndarray,
    single: Mapping[str, np.ndarray],
    apart: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Clusters of records (smallest position), and how many components had to be broken.

    ``single``: attributes of which a group may hold one value only (codes, MISSING unknown). ``apart``: pairs (n x 2)
    that may never be together. Where a component breaks either rule its edges are taken from the strongest to the
    weakest, and one that would bring two values or two separated records together is left out: the weakest gives way.
    Where a record could as well belong to either of two separated ones (a short name that fits two sisters), it joins
    neither.
    """
    label = components(size, left, right)
    bad = _conflicting(label, single, apart)
    if not len(bad):
        return label, 0
    inside = np.isin(label, bad)
    members, edges = np.flatnonzero(inside), np.flatnonzero(inside[left])
    forest = _Forest(members, single, apart[inside[apart].all(axis=1)] if len(apart) else apart)
    edges = edges[~_torn(left[edges], right[edges], strength[edges], forest.enemies)]
    order = edges[np.lexsort((right[edges], left[edges], -strength[edges]))]
    for a, b in zip(left[order].tolist(), right[order].tolist(), strict=True):
        forest.join(a, b)
    label = label.copy()
    label[members] = [forest.find(member) for member in members.tolist()]
    return label, len(bad)


def _torn(left: np.ndarray, right: np.ndarray, strength: np.ndarray, enemies: Mapping[int, set[int]]) -> np.ndarray:
    """The edges of a record to two that may not be together, where neither edge is clearly the stronger."""
    near: dict[int, dict[int, int]] = {}
    for edge, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        near.setdefault(a, {})[b] = near.setdefault(b, {})[a] = edge
    torn = np.zeros(len(left), dtype=bool)
    for one, edges in near.items():
        for other in enemies[one]:
            for between in edges.keys() & near.get(other, {}).keys():
                pair = [edges[between], near[other][between]]
                if np.isfinite(strength[pair]).all() and abs(strength[pair[0]] - strength[pair[1]]) < CLOSE:
                    torn[pair] = True
    return torn


def inner_pairs(label: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs inside components of three to ``largest`` records."""
    order = np.argsort(label, kind="stable")
    start = np.flatnonzero(np.r_[True, label[order][1:] != label[order][:-1]])
    count = np.diff(np.r_[start, len(order)])
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for size in np.unique(count[(count >= 3) & (count <= largest)]):
        i, j = np.triu_indices(int(size), 1)
        first = start[count == size][:, None]
        found.append((order[first + i].ravel(), order[first + j].ravel()))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def _conflicting(label: np.ndarray, single: Mapping[str, np.ndarray], apart: np.ndarray) -> np.ndarray:
    found = [label[apart[:, 0]][label[apart[:, 0]] == label[apart[:, 1]]]] if len(apart) else []
    size = np.bincount(label, minlength=len(label))
    for values in single.values():
        known = np.flatnonzero((values != MISSING) & (size[label] > 1))
        pairs = np.sort(label[known] * (int(values.max(initial=0)) + 1) + values[known])
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        groups, counts = np.unique(pairs // (int(values.max(initial=0)) + 1), return_counts=True)
        found.append(groups[counts > 1])
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


class _Forest:
    """Union-find whose sets know the values and the separated records they hold; a set's root is its smallest member."""

    def __init__(self, members: np.ndarray, single: Mapping[str, np.ndarray], apart: np.ndarray) -> None:
        numbers = members.tolist()
        self.parent = {m: m for m in numbers}
        self.inside = {m: {m} for m in numbers}
        self.enemies: dict[int, set[int]] = {m: set() for m in numbers}
        codes = {name: values[members].tolist() for name, values in single.items()}
        self.held = {m: {n: {v[i]} - {MISSING} for n, v in codes.items()} for i, m in enumerate(numbers)}
        for a, b in apart.tolist():
            self.enemies[a].add(b)
            self.enemies[b].add(a)

    def find(self, member: int) -> int:
        while self.parent[member] != member:
            self.parent[member] = self.parent[self.parent[member]]
            member = self.parent[member]
        return member

    def join(self, a: int, b: int) -> None:
        a, b = sorted((self.find(a), self.find(b)))
        if a == b or self.enemies[a] & self.inside[b]:
            return
        both = {name: self.held[a][name] | self.held[b][name] for name in self.held[a]}
        if any(len(values) > 1 for values in both.values()):
            return
        self.parent[b] = a
        self.held[a] = both
        self.inside[a] |= self.inside[b]
        self.enemies[a] |= self.enemies[b]
