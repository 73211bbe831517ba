"""What is said of a group on the page becomes pairs, and pairs read back say the same of the group."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanse.review.decisions import decision
from cleanse.review.page.verdict import KIN, SAID, Said, Unclear, above, key, pairs, replaced, said_of, state

ABCD = ["a", "b", "c", "d"]
ALONE = [1, 2, 3, 4]
EVERY = list(combinations(range(4), 2))


def kept(said, digests, latest=None):
    """The decisions in force after ``said``."""
    before = dict(latest or {})
    new = pairs(said, digests)
    gone = dict.fromkeys(replaced(new, said, digests, before), "withdrawn")
    over = above(said, digests)
    lines = [
        decision("customer", *pair, verdict, "王敏", "2025-06-30", above=over.get(pair, ""))
        for pair, verdict in {**gone, **new}.items()
    ]
    return before | {(d.left, d.right): d for d in lines}


def verdicts(latest):
    return {pair: d.verdict for pair, d in latest.items() if d.verdict != "withdrawn"}


@st.composite
def saids(draw):
    letters = draw(st.lists(st.integers(0, 3), min_size=4, max_size=4))
    parts = tuple(tuple(m for m in range(4) if letters[m] == p) for p in dict.fromkeys(letters))
    kin = tuple(draw(st.sampled_from(KIN)) for _ in parts)
    kin = tuple("related" if word == "head" and "head" in kin[1:at] else word for at, word in enumerate(kin))
    one = draw(st.sampled_from([word for word in SAID if word != "head"]))  # of four customers three cannot be the head
    return Said("split", parts, kin) if one == "split" else said_of(one, ALONE)


@given(saids(), saids())
def test_what_was_said_last_is_what_is_read_back_whatever_was_said_before(first, last):
    found = state(ABCD, ALONE, EVERY, kept(last, ABCD, kept(first, ABCD)))
    if last.verdict == "defer":
        assert found.verdict == "defer"
        return
    assert sorted(found.parts) == sorted(last.parts)
    joined = {frozenset(pair) for part in last.parts for pair in combinations(part, 2)}
    if len(last.parts) > 1 and "apart" not in last.kin[1:]:
        assert dict(zip(found.parts, found.kin, strict=True)) | {last.parts[0]: ""} == dict(
            zip(last.parts, last.kin, strict=True)
        ) | {last.parts[0]: ""}
    wanted = "merge" if len(last.parts) == 1 else "split" if joined else found.verdict
    assert found.verdict == wanted and found.verdict not in ("", "partly", "defer")
    assert (found.who, found.when) == ("王敏", "2025-06-30")


@given(saids())
def test_saying_it_twice_changes_nothing(said):
    once = kept(said, ABCD)
    assert verdicts(kept(said, ABCD, once)) == verdicts(once)


def test_merge_joins_each_with_the_first_and_the_one_before():
    assert set(pairs(said_of("merge", ALONE), ABCD)) == {key(*p) for p in ("ab", "ac", "bc", "ad", "cd")}


def test_apart_is_said_of_the_present_customers_and_leaves_what_is_inside_them():
    assert pairs(said_of("apart", [1, 1, 2, 2]), ABCD) == {key(a, b): "apart" for a in "ab" for b in "cd"}


def test_of_a_group_that_is_one_customer_already_apart_parts_every_record():
    said = pairs(said_of("apart", [1, 1, 1]), ABCD[:3])
    assert said == {("a", "b"): "apart", ("a", "c"): "apart", ("b", "c"): "apart"}
    assert state(ABCD[:3], [1, 1, 1], [], kept(said_of("apart", [1, 1, 1]), ABCD[:3])).parts == ((0,), (1,), (2,))


def test_a_branch_is_related_while_a_stranger_is_apart_from_both():
    said = pairs(Said("split", ((0, 1), (2,), (3,)), ("apart", "related", "apart")), ABCD)
    assert said[key("a", "b")] == "merge"
    assert [said[key(one, "c")] for one in "ab"] == ["related", "related"]
    assert [said[key(one, "d")] for one in "abc"] == ["apart", "apart", "apart"]


def test_one_of_two_is_the_head_of_the_other_and_nobody_has_two():
    latest = kept(said_of("head", [1, 2]), ["a", "b"])
    assert [d.above for d in latest.values()] == ["b"] and state(["a", "b"], [1, 2], [(0, 1)], latest).verdict == "head"
    turned = kept(said_of("branch", [1, 2]), ["a", "b"], latest)
    assert [d.above for d in turned.values()] == ["a"] and state(
        ["a", "b"], [1, 2], [(0, 1)], turned
    ).verdict == "branch"
    with pytest.raises(Unclear, match="heads"):
        pairs(said_of("head", [1, 2, 3]), ["a", "b", "c"])


def test_records_of_one_content_cannot_be_told_apart_from_a_third_in_two_ways():
    with pytest.raises(Unclear, match="same_content"):
        pairs(Said("split", ((0, 1), (2,)), ("apart", "apart")), ["a", "b", "a"])


def test_of_records_that_nothing_identifies_no_decision_is_made():
    assert pairs(said_of("merge", [1, 2, 3]), ["a", "b", ""]) == {("a", "b"): "merge"}
    with pytest.raises(Unclear, match="no_content"):
        pairs(said_of("merge", [1, 2]), ["a", ""])


@pytest.mark.parametrize("parts", [((0,), (1,)), ((0, 1, 2), (2, 3)), ((0, 1, 2, 3, 4),), ()])
def test_every_record_belongs_to_exactly_one_customer(parts):
    with pytest.raises(Unclear, match="parts"):
        pairs(Said("split", parts, ("apart",) * len(parts)), ABCD)


def test_a_group_is_decided_only_when_all_that_was_asked_is_answered():
    latest = kept(said_of("merge", [1, 2]), ["a", "b"])
    assert state(["a", "b", "c"], [1, 2, 3], [(0, 1), (1, 2)], latest).verdict == "partly"
    assert state(["a", "b", "c"], [1, 1, 2], [(0, 1)], latest).verdict == "partly"
    assert state(["a", "b"], [1, 2], [(0, 1)], latest).verdict == "merge"
    assert state(["a", "b"], [1, 2], [(0, 1)], {}).verdict == ""
