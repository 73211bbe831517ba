"""The desk: what the page is told of each group, and every decision in the file the next run reads."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cleanse.errors import TargetError, UsageError
from cleanse.review import choices
from cleanse.review.decisions import append, decision, read, resolve
from cleanse.review.page.verdict import Unclear

DIGESTS = pd.DataFrame({"entity": "customer", "rid": range(8), "digest": [f"d{i}" for i in range(8)]})


@pytest.fixture()
def forced(tmp_path):
    return lambda: set(
        resolve(read(tmp_path / "decisions.jsonl"), DIGESTS).forced[["left", "right", "verdict"]].itertuples(
            index=False, name=None
        )
    )  # fmt: skip


def number(desk, *digests):
    """The group that waits for a person and holds these records."""
    found = [g for g in desk.queue.groups if g.sheet == "review" and set(digests) <= set(g.digests)]
    assert len(found) == 1
    return found[0].id


def test_every_group_of_the_run_is_there_with_its_sort(desk):
    groups = desk().start()["groups"]
    assert [(sheet, size) for _, _, sheet, size, _, _ in groups] == [
        ("review", 3), ("review", 2), ("merged", 2), ("related", 2),
    ]  # fmt: skip


def test_the_page_knows_owners_and_places_but_gets_values_only_with_a_group(desk):
    told = desk().start()
    assert sorted(told["owners"]) == ["李立", "王敏"] and "星渚" not in str(told)


def test_a_card_shows_what_a_person_needs(desk):
    at = desk()
    (card,) = at.cards([number(at, "d0", "d1")])
    first, second = card["members"]
    assert {first["place"], second["place"]} == {"a.xlsx!S!2", "a.xlsx!S!3"}
    assert first["opinion"] is None and second["opinion"]["why"] == {"zh": "字号相同", "en": "same brand"}
    assert second["opinion"]["chance"] == 0.9
    rows = {field["name"]: field for field in card["fields"]}
    assert "fax" not in rows, "an empty field is not shown"
    assert rows["phone"]["shared"] == [8, 8] and rows["name"]["shared"] == [0, 0]
    assert rows["name"]["bits"] == [0.0, 8.5] and rows["phone"]["bits"] == [0.0, -0.5]
    assert card["state"]["verdict"] == ""


@pytest.mark.parametrize("verdict", ["merge", "apart", "related"])
def test_a_word_on_a_group_is_in_the_file_at_once(desk, forced, tmp_path, verdict):
    at = desk()
    assert at.decide(number(at, "d0", "d1"), {"verdict": verdict, "why": "同一地址"})["verdict"] == verdict
    assert forced() == {(0, 1, verdict)}
    (line,) = read(tmp_path / "decisions.jsonl")
    assert (line.who, line.when, line.why) == ("王敏", "2025-06-30T08:00:00", "同一地址")
    assert desk().cards([number(at, "d0", "d1")])[0]["state"]["verdict"] == verdict, "still so tomorrow"


def test_a_member_is_taken_out_of_a_group(desk, forced):
    at = desk()
    group = at.queue.groups[number(at, "d2", "d3", "d4")]
    out = group.digests.index("d3")
    rest = [m for m in range(3) if m != out]
    state = at.decide(group.id, {"verdict": "split", "parts": [rest, [out]], "kin": ["apart", "related"]})
    assert state["verdict"] == "split"
    assert forced() == {(2, 4, "merge"), (2, 3, "related"), (3, 4, "related")}


def test_another_word_replaces_the_first_one(desk, forced):
    at = desk()
    three = number(at, "d2", "d3", "d4")
    at.decide(three, {"verdict": "apart"})
    assert forced() == {(2, 3, "apart"), (3, 4, "apart")}
    at.decide(three, {"verdict": "merge"})
    assert {verdict for _, _, verdict in forced()} == {"merge"}
    at.decide(three, {"verdict": "defer"})
    assert forced() == set()


def test_undo_gives_back_what_held_before_step_by_step(desk, forced):
    at = desk()
    two = number(at, "d0", "d1")
    at.decide(two, {"verdict": "apart"})
    at.decide(two, {"verdict": "merge"})
    assert at.undo()["state"]["verdict"] == "apart" and forced() == {(0, 1, "apart")}
    assert at.undo()["state"]["verdict"] == "" and forced() == set()
    assert at.undo() is None


def test_what_was_said_yesterday_can_be_withdrawn(desk, forced):
    yesterday, today = desk(), None
    yesterday.decide(number(yesterday, "d2", "d3", "d4"), {"verdict": "apart"})
    today = desk()
    assert today.withdraw(number(today, "d2", "d3", "d4"))["verdict"] == "" and forced() == set()
    today.undo()
    assert forced() == {(2, 3, "apart"), (3, 4, "apart")}


def test_a_machine_merge_can_be_taken_apart(desk, forced):
    at = desk()
    (merged,) = [g.id for g in at.queue.groups if g.sheet == "merged"]
    at.decide(merged, {"verdict": "apart"})
    assert forced() == {(2, 4, "apart")}


@pytest.mark.parametrize("entry", [
    {}, {"verdict": "delete"}, {"verdict": "merge", "why": 3}, {"verdict": "merge", "why": "x" * 501},
    {"verdict": "split"}, {"verdict": "split", "parts": [[0], [1]], "kin": ["apart"]},
    {"verdict": "split", "parts": [[0], ["x"]], "kin": ["apart", "apart"]},
    {"verdict": "split", "parts": [[0], [1]], "kin": ["apart", "merge"]},
    {"verdict": "split", "parts": [[0, 1], []], "kin": ["apart", "apart"]},
])  # fmt: skip
def test_what_is_not_understood_is_refused_and_nothing_kept(desk, tmp_path, entry):
    at = desk()
    with pytest.raises(Unclear):
        at.decide(number(at, "d0", "d1"), entry)
    assert not (tmp_path / "decisions.jsonl").exists()


def test_when_the_disk_refuses_nothing_counts_as_decided(desk, monkeypatch):
    at = desk()

    def refuse(*_: object) -> None:
        raise TargetError("full")

    monkeypatch.setattr("cleanse.review.page.desk.decisions.append", refuse)
    with pytest.raises(TargetError):
        at.decide(number(at, "d0", "d1"), {"verdict": "merge"})
    assert at.cards([number(at, "d0", "d1")])[0]["state"]["verdict"] == ""
    assert at.undo() is None


def test_a_bad_line_in_the_file_is_named_before_anything_is_shown(desk, tmp_path):
    (tmp_path / "decisions.jsonl").write_text("{\n", "utf-8")
    with pytest.raises(UsageError, match=r"decisions\.jsonl:1"):
        desk()


def chosen(tmp_path):
    """The choices in force: record, field -> origin, value."""
    latest = {c.place[1:]: (c.origin, c.value) for c in choices.read(tmp_path / "choices.jsonl")}
    return {place: what for place, what in latest.items() if what != ("", "")}


def test_the_value_of_a_field_is_chosen_or_typed_and_left_to_the_rules_again(desk, tmp_path):
    at = desk()
    two = number(at, "d0", "d1")
    first, second = at.queue.groups[two].digests
    state = at.choose(two, {"field": "owner", "member": 1})
    assert state["chosen"] == {"owner": {"member": 1, "value": "", "who": "王敏"}} and state["verdict"] == ""
    assert chosen(tmp_path) == {(first, "owner"): (second, "")}
    at.choose(two, {"field": "owner", "value": " 周启 "})
    assert chosen(tmp_path) == {(first, "owner"): ("", "周启")}
    assert desk().cards([two])[0]["state"]["chosen"]["owner"]["value"] == "周启", "still so tomorrow"
    assert at.choose(two, {"field": "owner"})["chosen"] == {} and chosen(tmp_path) == {}
    for held in ({(first, "owner"): ("", "周启")}, {(first, "owner"): (second, "")}, {}):
        at.undo()
        assert chosen(tmp_path) == held


def test_after_a_split_each_customer_has_its_own_value_and_none_speaks_for_two(desk, tmp_path):
    at = desk()
    group = at.queue.groups[number(at, "d2", "d3", "d4")]
    at.choose(group.id, {"field": "note", "member": 2})
    at.decide(group.id, {"verdict": "split", "parts": [[0], [1, 2]], "kin": ["apart", "apart"]})
    at.choose(group.id, {"field": "note", "member": 2})
    at.decide(group.id, {"verdict": "merge"})
    at.choose(group.id, {"field": "note", "member": 1})
    assert set(chosen(tmp_path).values()) == {(group.digests[1], "")}, "no earlier choice is left to disagree"


@pytest.mark.parametrize("entry", [
    {}, {"field": "contact.name", "member": 0}, {"field": "owner", "member": 2}, {"field": "owner", "member": "0"},
    {"field": "owner", "value": " "}, {"field": "owner", "value": 3}, {"field": "owner", "value": "x" * 501},
])  # fmt: skip
def test_a_choice_that_cannot_be_is_refused(desk, tmp_path, entry):
    at = desk()
    with pytest.raises(Unclear):
        at.choose(number(at, "d0", "d1"), entry)
    assert not (tmp_path / "choices.jsonl").exists()


def test_withdrawing_takes_values_back_too(desk, tmp_path):
    at = desk()
    two = number(at, "d0", "d1")
    at.choose(two, {"field": "owner", "member": 1})
    at.decide(two, {"verdict": "merge"})
    assert at.withdraw(two)["chosen"] == {} and chosen(tmp_path) == {}
    assert at.undo()["state"]["verdict"] == "merge" and len(chosen(tmp_path)) == 1


def test_what_two_people_disagree_on_is_open_until_one_more_decision(desk, tmp_path):
    said = decision("customer", "d0", "d1", "merge", "王敏", "2025-06-01")
    append(tmp_path / "decisions.jsonl", [said, replace(said, verdict="apart", who="李立", against="王敏")])
    at = desk()
    two = number(at, "d0", "d1")
    state = at.cards([two])[0]["state"]
    assert (state["verdict"], state["who"], state["against"]) == ("disputed", "李立", "王敏")
    assert at.decide(two, {"verdict": "apart"})["verdict"] == "apart"
