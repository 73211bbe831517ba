"""From weighed pairs to groups: components above the cut, broken where their parts do not belong together on average."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np

from cleanse.matching.clusters import components

UNSEEN = -1.0  # of a pair that was not compared
# No one pair says more than this against or for a group. Of groups that a person sees, one that speaks against says no more
# than one not compared, so that it does not matter how many are; of those merged by themselves it weighs more.
SEEN, ALONE = (UNSEEN, 6.0), (-4.0, 10.0)
SAID, NEVER = 1e6, -1e12


def groups(
    size: int,
    left: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    cut: float,
    bounds: tuple[float, float],
    said: np.ndarray,
    apart: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Groups (smallest position of each record), and how many components were broken. ``said``: pairs (n x 2) that
    people merged; ``apart``: pairs never to be together, which stands above all.

    >>> a, b, said = np.array([0, 1]), np.array([1, 2]), np.zeros((0, 2), dtype=int)
    >>> groups(3, a, b, np.array([4.0, 0.5]), 0.0, SEEN, said, np.array([[0, 2]]))[0].tolist()
    [0, 0, 2]
    """
    over = weight - cut
    ends = np.concatenate([np.stack([left, right], axis=1), said, apart])
    told = [np.full(len(said), SAID), np.full(len(apart), NEVER)]
    bits = np.concatenate([np.clip(over, *bounds), *told])
    label = components(size, ends[bits >= 0, 0], ends[bits >= 0, 1])
    inside = label[ends[:, 0]] == label[ends[:, 1]]
    ends, bits = ends[inside], bits[inside]
    doubtful = np.isin(label, _doubtful(label, ends, bits))
    mine = doubtful[ends[:, 0]]
    before = label[doubtful]
    found = label.copy()
    found[doubtful] = _average(np.flatnonzero(doubtful), ends[mine], bits[mine])
    several = np.unique(np.stack([before, found[doubtful]], axis=1), axis=0)[:, 0]
    return found, int((np.unique(several, return_counts=True)[1] > 1).sum())


def _doubtful(label: np.ndarray, ends: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """The components of which not every pair was seen above the cut."""
    count = np.bincount(label, minlength=len(label)).astype(np.int64)
    good = np.bincount(label[ends[bits >= 0, 0]], minlength=len(label))
    held = np.bincount(label[ends[bits <= NEVER, 0]], minlength=len(label))
    return np.flatnonzero((good < count * (count - 1) // 2) | (held > 0))


def _average(members: np.ndarray, ends: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Average linkage: the two groups with the highest average come together, as long as it is above 0. Kept are only
    pairs of groups that were seen: ``near`` holds by how much their sum is above that of pairs never seen."""
    at = np.searchsorted(members, ends)
    near: list[dict[int, float]] = [{} for _ in members]
    for a, b, over in zip(at[:, 0].tolist(), at[:, 1].tolist(), (bits - UNSEEN).tolist(), strict=True):
        near[a][b] = near[b][a] = near[a].get(b, 0.0) + over
    size, parent = [1] * len(members), list(range(len(members)))
    open_pairs = [
        (-over - UNSEEN, a, b, 1, 1)
        for a, every in enumerate(near)
        for b, over in every.items()
        if a < b and over + UNSEEN > 0
    ]
    heapify(open_pairs)
    while open_pairs:
        _, a, b, of_a, of_b = heappop(open_pairs)
        if size[a] != of_a or size[b] != of_b:
            continue
        parent[b], size[a], size[b] = a, of_a + of_b, 0
        mine, theirs = near[a], near[b]
        del mine[b], theirs[a]
        for other, over in theirs.items():
            del near[other][b]
            mine[other] = near[other][a] = mine.get(other, 0.0) + over
        for other, over in mine.items():
            if (average := over / (size[a] * size[other]) + UNSEEN) > 0:
                first, second = min(a, other), max(a, other)
                heappush(open_pairs, (-average, first, second, size[first], size[second]))
        theirs.clear()
    for i in range(len(parent)):  # a parent stands before its members
        parent[i] = parent[parent[i]]
    return members[parent]
