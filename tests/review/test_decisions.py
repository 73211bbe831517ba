"""Decisions: they come back as they were said, hold for the content wherever it stands, and go stale by name."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanse.errors import UsageError
from cleanse.review.decisions import append, decision, digest, read, resolve

DIGESTS = pd.DataFrame({"entity": "customer", "rid": [0, 1, 2, 3], "digest": ["a", "b", "c", "a"]})
said = st.builds(
    decision, st.just("customer"), st.sampled_from("abcdx"), st.sampled_from("abcdx"), st.sampled_from(["merge", "apart", "related"]),
    st.text(max_size=5), st.just("2025-06-30"), st.text(max_size=5),
)  # fmt: skip


@given(st.lists(said, max_size=8))
def test_what_is_written_is_read(tmp_path_factory, decisions):
    path = tmp_path_factory.mktemp("d") / "decisions.jsonl"
    append(path, decisions[:3])
    append(path, decisions[3:])
    assert read(path) == decisions


@given(st.lists(said, max_size=8), st.randoms())
def test_apart_is_symmetrical_and_the_last_word_on_a_pair_counts(decisions, random):
    turned = [decision(d.entity, d.right, d.left, d.verdict, d.who, d.when, d.why) for d in decisions]
    assert turned == decisions
    forced = resolve(decisions, DIGESTS).forced
    last = {(d.left, d.right): d.verdict for d in decisions}
    by_rid = dict(zip(DIGESTS["rid"], DIGESTS["digest"], strict=True))
    for line in forced.itertuples():
        assert last[tuple(sorted((by_rid[line.left], by_rid[line.right])))] == line.verdict


def test_records_of_one_content_share_a_decision_and_a_vanished_side_is_stale():
    resolved = resolve([decision("customer", "a", "b", "apart"), decision("customer", "a", "gone", "merge")], DIGESTS)
    assert {frozenset(p) for p in zip(resolved.forced["left"], resolved.forced["right"], strict=True)} == {
        frozenset((0, 1)),
        frozenset((3, 1)),
    }
    assert [d.right for d in resolved.stale] == ["gone"] and resolved.applied == 1


def test_a_bad_line_is_named(tmp_path):
    path = tmp_path / "decisions.jsonl"
    path.write_text('# a remark\n\n{"entity": "customer", "left": "a", "right": "b", "verdict": "perhaps"}\n', "utf-8")
    with pytest.raises(UsageError) as caught:
        read(path)
    assert "decisions.jsonl:3" in str(caught.value) and "merge, apart, related" in str(caught.value)


def test_a_digest_depends_on_the_content_alone():
    table = pd.DataFrame({"rid": [5, 9], "name": ["甲", "甲"], "phone": [None, None]}, dtype="object")
    found = digest(table, ["name", "phone"])
    assert found[5] == found[9] and "甲" not in found[5]
