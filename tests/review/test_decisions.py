"""Decisions: they come back as they were said, hold for the content wherever it stands, and go stale by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.errors import CleanseError, TargetError, UsageError
from cleanse.review.decisions import Disputed, append, decision, digest, file_digest, read, resolve, tell

DIGESTS = pd.DataFrame({"entity": "customer", "rid": [0, 1, 2, 3], "digest": ["a", "b", "c", "a"]})
VERDICTS = ["merge", "apart", "related"]
said = st.builds(
    decision, st.just("customer"), st.sampled_from("abcdx"), st.sampled_from("abcdx"), st.sampled_from(VERDICTS),
    st.text(max_size=5), st.just("2025-06-30"), st.text(max_size=5),
)  # fmt: skip
lists = st.lists(said, max_size=8)


def forced(decisions, digests=DIGESTS):
    return set(resolve(decisions, digests).forced.drop(columns="above").itertuples(index=False, name=None))


def customer(one, other, verdict, who=""):
    return decision("customer", one, other, verdict, who)


@settings(deadline=None, max_examples=50)
@given(lists)
def test_what_is_written_is_read(tmp_path_factory, decisions):
    path = tmp_path_factory.mktemp("d") / "decisions.jsonl"
    append(path, decisions[:3])
    append(path, decisions[3:])
    assert read(path) == decisions


def test_one_line_per_decision_for_git(tmp_path):
    path = tmp_path / "decisions.jsonl"
    append(path, [customer("a", "b", "merge")])
    before = path.read_text("utf-8")
    append(path, [customer("a", "c", "apart")])
    after = path.read_text("utf-8")
    assert after.startswith(before) and after.count("\n") == 2
    assert [p.name for p in tmp_path.iterdir()] == ["decisions.jsonl"]
    assert file_digest(path) and file_digest(tmp_path / "none") == ""


def test_a_file_touched_by_hand_is_still_read(tmp_path):
    path = tmp_path / "decisions.jsonl"
    line = json.dumps({"entity": "customer", "left": "b", "right": "a", "verdict": "apart"})
    path.write_bytes(f"\ufeff# a remark\r\n\r\n  {line}\r\n".encode()[:-2])
    append(path, [customer("a", "c", "merge")])
    assert read(path) == [customer("a", "b", "apart"), customer("a", "c", "merge")]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"entity": "customer", "left": "a", "right": "b", "verdict": "perhaps"}', "merge, apart, related"),
        ('{"entity": "customer", "left": "a", "verdict": "merge"}', "right"),
        ('{"entity": "customer", "left": "a", "right": "b", "verdict": "merge", "wo": ""}', "wo"),
        ('{"entity": "customer", "left": "a", "right": null, "verdict": "merge"}', "text"),
        ("[]", "object"),
        ("<<<<<<< ours", "JSON"),
    ],
)
def test_a_bad_line_is_named_with_a_cure(tmp_path, line, says):
    path = tmp_path / "decisions.jsonl"
    path.write_text(f"# a remark\n\n{line}\n", "utf-8")
    with pytest.raises(UsageError) as caught:
        read(path)
    assert "decisions.jsonl:3" in str(caught.value) and says in str(caught.value) and caught.value.cure


def test_other_faults_of_the_file_are_for_a_person_too(tmp_path):
    (tmp_path / "d.jsonl").write_bytes("甲".encode("gbk"))
    with pytest.raises(UsageError):
        read(tmp_path / "d.jsonl")
    with pytest.raises(TargetError):
        append(tmp_path / "no" / "folder" / "d.jsonl", [])
    assert issubclass(TargetError, CleanseError)


def test_a_digest_depends_on_what_the_fields_say_alone():
    table = pd.DataFrame({"rid": [5, 9, 2], "name": ["甲（A）", "甲(a) ", None], "phone": [None, "", None]}).astype(
        {"name": "str"}
    )
    found = digest(table, ["name", "phone"])
    assert found[5] == found[9] != "" and "甲" not in found[5]
    assert found[2] == "", "nothing identifies it"
    assert list(found) == list(digest(table, ["phone", "name", "name"])), "the order of fields does not matter"
    assert found[5] != digest(table, ["name"])[5], "other fields, other digest"
    moved = pd.DataFrame({"rid": [1], "name": [None], "phone": ["甲(a)"]})
    assert digest(moved, ["name", "phone"])[1] != found[5], "a value in another field is another content"


@settings(deadline=None, max_examples=50)
@given(lists)
def test_apart_is_symmetrical(decisions):
    turned = [decision(d.entity, d.right, d.left, d.verdict, d.who, d.when, d.why) for d in decisions]
    assert turned == decisions


@settings(deadline=None, max_examples=50)
@given(lists)
def test_the_last_word_on_a_pair_counts(decisions):
    last = {(d.left, d.right): d.verdict for d in decisions}
    content = dict(zip(DIGESTS["rid"], DIGESTS["digest"], strict=True))
    found = forced(decisions)
    assert all(last[tuple(sorted((content[a], content[b])))] == verdict for _, a, b, verdict in found)
    wanted = {
        (a, b) for a in content for b in content if a < b and tuple(sorted((content[a], content[b]))) in last
    }  # fmt: skip
    assert {(a, b) for _, a, b, _ in found} == wanted
    assert resolve(decisions, DIGESTS).replaced == len(decisions) - len(last)


@settings(deadline=None, max_examples=50)
@given(lists, st.randoms())
def test_the_order_of_lines_about_different_pairs_does_not_matter(decisions, random):
    once = list({(d.left, d.right): d for d in decisions}.values())
    shuffled = list(once)
    random.shuffle(shuffled)
    assert forced(once) == forced(shuffled)
    assert set(resolve(once, DIGESTS).conflicting) == set(resolve(shuffled, DIGESTS).conflicting)


@settings(deadline=None, max_examples=50)
@given(lists, st.permutations(range(4)))
def test_the_order_of_records_does_not_matter(decisions, order):
    pd.testing.assert_frame_equal(resolve(decisions, DIGESTS).forced, resolve(decisions, DIGESTS.iloc[order]).forced)


def test_records_of_one_content_share_a_decision_and_a_vanished_side_is_stale():
    resolved = resolve([customer("a", "b", "apart"), customer("a", "gone", "merge")], DIGESTS)
    assert forced([customer("a", "b", "apart")]) == {("customer", 0, 1, "apart"), ("customer", 1, 3, "apart")}
    assert [(s.decision.right, s.code) for s in resolved.stale] == [("gone", "decision_gone")] and resolved.applied == 1


def test_decisions_hold_for_their_own_entity_only():
    both = pd.concat([DIGESTS, DIGESTS.assign(entity="contact")])
    assert forced([decision("contact", "b", "c", "merge")], both) == {("contact", 1, 2, "merge")}


def test_records_without_content_take_no_decisions():
    empty = DIGESTS.assign(digest="")
    resolved = resolve([customer("", "", "merge")], empty)
    assert resolved.forced.empty and len(resolved.stale) == 1


def test_a_chain_of_merges_around_an_apart_is_listed():
    chain = [customer("a", "b", "merge"), customer("b", "c", "merge")]
    assert resolve([*chain, customer("c", "a", "apart")], DIGESTS).conflicting == (customer("a", "c", "apart"),)
    assert resolve(chain, DIGESTS).conflicting == ()
    assert resolve([chain[0], customer("a", "c", "apart")], DIGESTS).conflicting == ()


def test_nothing_said_is_nothing_forced():
    resolved = resolve([], DIGESTS)
    assert list(resolved.forced.columns) == ["entity", "left", "right", "verdict", "above"] and resolved.forced.empty
    assert (resolved.applied, resolved.stale, resolved.replaced, resolved.conflicting) == (0, (), 0, ())


@pytest.mark.parametrize("verdict", ["withdrawn", "defer"])
def test_what_is_taken_back_or_put_off_forces_nothing(verdict):
    said = [customer("a", "b", "merge"), customer("b", "a", verdict)]
    resolved = resolve(said, DIGESTS)
    assert resolved.forced.empty and (resolved.applied, resolved.stale, resolved.replaced) == (0, (), 1)
    assert forced([*said, customer("a", "b", "apart")]) == forced([customer("a", "b", "apart")])


def test_a_full_disk_leaves_no_half_decision(tmp_path, monkeypatch):
    path = tmp_path / "decisions.jsonl"
    append(path, [customer("a", "b", "merge")])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cleanse.review.decisions.os.fsync", full)
    with pytest.raises(TargetError, match="No space left"):
        append(path, [customer("a", "c", "apart")])
    assert read(path) == [customer("a", "b", "merge")]


def test_two_people_of_different_minds_leave_the_pair_open_until_one_settles_it():
    first = customer("a", "b", "apart", "王敏")
    blind = tell([first], replace(first, verdict="merge", who="李立"))
    assert blind.against == first.who
    resolved = resolve([first, blind], DIGESTS)
    assert forced([first, blind]) == {("customer", 0, 1, "review"), ("customer", 1, 3, "review")}
    assert resolved.disputed == (Disputed(first, blind),) and resolved.applied == 0
    settled = replace(first, who="张三", verdict="merge")
    assert forced([first, blind, settled]) == forced([settled])
    assert resolve([first, blind, settled], DIGESTS).disputed == ()


@pytest.mark.parametrize("verdict", ["defer", "withdrawn"])
def test_nobody_is_contradicted_by_or_with_a_word_that_says_nothing(verdict):
    first = customer("a", "b", "apart", "王敏")
    assert tell([replace(first, verdict=verdict)], replace(first, who="李立", verdict="merge")).against == ""
    assert tell([first], replace(first, who="李立")).against == ""


def test_of_a_stale_decision_the_field_that_changed_is_named():
    fields = ["name", "phone", "email"]
    before = pd.DataFrame({"rid": [0, 1], "name": ["甲", "乙"], "phone": ["1", "2"], "email": ["a@b.cn", None]})
    after = before.assign(phone=["1", "3"])
    one, other = digest(before, fields)
    said = [customer(one, other, "apart")]
    here = pd.DataFrame({"entity": "customer", "rid": [0, 1], "digest": digest(after, fields).to_numpy()})
    (stale,) = resolve(said, here, {"customer": fields}).stale
    assert (stale.decision, stale.code, stale.fields) == (said[0], "decision_changed", ("phone",))
    (gone,) = resolve(said, here.iloc[:1], {"customer": fields}).stale
    assert (gone.code, gone.fields) == ("decision_gone", ())


def test_a_file_from_before_the_sums_still_holds(tmp_path):
    table = pd.DataFrame({"rid": [0, 1], "name": ["甲", "乙"]})
    found = digest(table, ["name"])
    old = [customer(found[0][:25], found[1][:25], "merge")]
    here = pd.DataFrame({"entity": "customer", "rid": [0, 1], "digest": found.to_numpy()})
    assert forced(old, here) == {("customer", 0, 1, "merge")}


def test_which_of_two_related_records_is_above_is_kept_whatever_the_order(tmp_path):
    said_so = decision("customer", "b", "a", "related", "王敏", "2025-06-30", above="b")
    append(tmp_path / "d.jsonl", [said_so])
    assert read(tmp_path / "d.jsonl") == [said_so]
    found = resolve([said_so], DIGESTS).forced
    assert found[["left", "right", "above"]].to_numpy().tolist() == [[0, 1, 1], [1, 3, 1]]
    assert resolve([replace(said_so, above="")], DIGESTS).forced["above"].tolist() == [-1, -1]


def test_above_is_one_of_the_two(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"entity": "customer", "left": "a", "right": "b", "verdict": "related", "above": "c"}\n', "utf-8")
    with pytest.raises(UsageError, match="above must be left or right"):
        read(path)


def test_two_people_who_turn_a_link_round_are_of_different_minds():
    first = decision("customer", "a", "b", "related", "王敏", above="a")
    assert tell([first], decision("customer", "a", "b", "related", "李立", above="b")).against == "王敏"
    assert tell([first], decision("customer", "a", "b", "related", "李立")).against == ""
