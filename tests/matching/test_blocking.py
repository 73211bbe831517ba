"""Pairs that share a key, each once; large blocks bounded, and said so. Groups broken where they contradict."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.matching.blocking import block
from cleanse.matching.clusters import cluster, components, inner_pairs

CODES = st.lists(st.integers(-1, 4), min_size=1, max_size=14)


@settings(deadline=None, max_examples=50)
@given(codes=CODES)
def test_every_pair_of_a_block_once(codes):
    found = block({"key": np.array(codes)}, 40)
    wanted = {(i, j) for i, j in combinations(range(len(codes)), 2) if codes[i] == codes[j] != -1}
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == sorted(wanted)
    assert found.report == [{"key": "key", "counted": len(wanted), "made": len(wanted), "skipped": 0}]


def test_a_large_block_makes_stars_of_those_alike_in_a_chain():
    found = block({"key": np.zeros(50, dtype=int)}, 10, np.repeat([7, 3], 25))
    first, second = [(0, i) for i in range(1, 25)], [(25, i) for i in range(26, 50)]
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == sorted([*first, (0, 25), *second])
    assert found.report == [{"key": "key", "counted": 1225, "made": 49, "skipped": 1}]


def test_members_like_nothing_stand_with_the_heads_of_a_large_block():
    found = block({"key": np.zeros(50, dtype=int)}, 10, np.r_[np.full(48, -1), 5, 5])
    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert {(i, 48) for i in range(48)} <= pairs and len(pairs) == 47 + 48 + 1


def test_values_of_two_fields_meet():
    found = block({"mobile": np.array([[0, -1], [1, 0], [2, -1]])}, 40)
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(0, 1)]


def test_the_weakest_edge_gives_way():
    left, right, strength = np.array([0, 1]), np.array([1, 2]), np.array([9.0, 5.0])
    label, broken = cluster(3, left, right, strength, {}, np.array([[0, 2]]))
    assert label.tolist() == [0, 0, 2] and broken == 1
    label, broken = cluster(3, left, right, strength, {"code": np.array([7, -1, 8])}, np.zeros((0, 2), dtype=int))
    assert label.tolist() == [0, 0, 2] and broken == 1


@settings(deadline=None, max_examples=50)
@given(edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_components_and_their_pairs(edges):
    left, right = (np.array([e[i] for e in edges], dtype=int) for i in (0, 1))
    label = components(10, left, right)
    assert all(label[a] == label[b] for a, b in edges)
    assert all(label[i] == min(j for j in range(10) if label[j] == label[i]) for i in range(10))
    a, b = inner_pairs(label, 60)
    found = {tuple(sorted(p)) for p in zip(a.tolist(), b.tolist(), strict=True)}
    size = np.bincount(label, minlength=10)
    assert found == {(i, j) for i, j in combinations(range(10), 2) if label[i] == label[j] and size[label[i]] > 2}


def test_a_record_that_fits_two_joins_neither():
    label, _ = cluster(3, np.array([0, 1]), np.array([1, 2]), np.array([9.0, 8.0]), {}, np.array([[0, 2]]))
    assert label.tolist() == [0, 1, 2]
