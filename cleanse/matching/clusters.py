"""From pairs to groups, guarded: two records that object to each other, or that a person kept apart, never end in one
group, not by a chain of others either."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def components(size: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The smallest position of each record's component."""
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
    tie: np.ndarray,
    single: Mapping[str, np.ndarray],
    apart: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Clusters of records (smallest position), and how many components had to be broken.

    ``single``: attributes of which a group may hold one value only (codes, -1 unknown). ``apart``: pairs (n x 2) that may
    never be together. Where a component breaks either rule its edges are taken from the strongest to the weakest, and
    one that would bring two values or two separated records together is left out. ``tie`` orders equal edges by content.
    """
    label = components(size, left, right)
    bad = _conflicting(label, single, apart)
    if not len(bad):
        return label, 0
    inside = np.isin(label[left], bad)
    label = label.copy()
    members = np.flatnonzero(np.isin(label, bad))
    label[members] = members
    edges = np.flatnonzero(inside)
    order = edges[np.lexsort((tie[edges], -strength[edges]))]
    forest = _Forest(members, single, apart)
    for edge in order:
        forest.join(int(left[edge]), int(right[edge]))
    for member in members:
        label[member] = forest.find(int(member))
    return _smallest(label), len(bad)


def _conflicting(label: np.ndarray, single: Mapping[str, np.ndarray], apart: np.ndarray) -> np.ndarray:
    found = [label[apart[:, 0]][label[apart[:, 0]] == label[apart[:, 1]]]] if len(apart) else []
    for values in single.values():
        known = values != -1
        pairs = np.unique(np.stack([label[known], values[known]]), axis=1)
        groups, counts = np.unique(pairs[0], return_counts=True)
        found.append(groups[counts > 1])
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


def _smallest(label: np.ndarray) -> np.ndarray:
    lowest = np.full(len(label), len(label))
    np.minimum.at(lowest, label, np.arange(len(label)))
    return lowest[label]


class _Forest:
    """Union-find whose sets know the values and the separated records they hold."""

    def __init__(self, members: np.ndarray, single: Mapping[str, np.ndarray], apart: np.ndarray) -> None:
        self.parent = {int(m): int(m) for m in members}
        self.held = {int(m): {name: {int(v[m])} - {-1} for name, v in single.items()} for m in members}
        self.inside = {int(m): {int(m)} for m in members}
        self.enemies: dict[int, set[int]] = {int(m): set() for m in members}
        for a, b in apart:
            if int(a) in self.parent and int(b) in self.parent:
                self.enemies[int(a)].add(int(b))
                self.enemies[int(b)].add(int(a))

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
