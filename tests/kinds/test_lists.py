"""Picklists, rosters and shipped words: a word leads to one value or to none; no default, no guess."""

from __future__ import annotations

import pyarrow as pa
import pytest

from cleanse.kinds import KINDS
from cleanse.kinds.person import compare, keys
from cleanse.kinds.picklist import lookup, plain
from cleanse.kinds.script import fold
from cleanse.model import Fix

NAMES = ("industry", "type", "priority", "source")
ROSTER = (
    ("陆知行", "lu@demo.cn", "1001", "S01", "1"),
    ("诸葛清和",),
    ("陈龙",),
    ("安然", "", "7"),
    ("安然", "", "8"),
    ("白露", "", "", "", "离职"),
    ("白露",),
)


@pytest.fixture(scope="module")
def owner(words):
    return KINDS["owner"].fixer({"picklist": "owner"}, {**words, "picklists/owner": ROSTER})


@pytest.mark.parametrize(
    ("text", "value", "rest", "doubt"),
    [
        ("陆知行", "陆知行", "", ""),
        ("陸知行", "陆知行", "", ""),
        ("陳 龍", "陈龙", "", ""),
        ("销售一部-陆知行", "陆知行", "销售一部", ""),
        ("华东区/诸葛清和", "诸葛清和", "华东区", ""),
        ("陆知行-销售一部", "陆知行", "销售一部", ""),
        ("陆知行（已离职）", "陆知行", "已离职", ""),
        ("1001", "陆知行", "", ""),
        ("LU@demo.cn", "陆知行", "", ""),
        ("s01", "陆知行", "", ""),
        ("白露", "白露", "", ""),
        ("安然", "安然", "", "owner_not_unique"),
        ("柳青禾", "柳青禾", "", "owner_unknown"),
        ("陆经理", "陆经理", "", "owner_unknown"),
        ("知行", "知行", "", "owner_unknown"),
        ("陆知行/陈龙", "陆知行/陈龙", "", "owner_unknown"),
        ("公海", "公海", "", "owner_unknown"),
    ],
)
def test_owner_is_a_name_of_the_roster(owner, text, value, rest, doubt):
    fixed = owner(text)
    assert (fixed.value, fixed.rest, fixed.doubt) == (value, rest, doubt)


@pytest.mark.parametrize("name", NAMES)
def test_no_word_stands_in_two_groups(words, name):
    owners: dict[str, str] = {}
    for head, *others in words[f"synonyms/{name}"]:
        for word in (head, *others):
            assert owners.setdefault(plain(word), head) == head, word


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_list_and_its_words_belong_together(words, name):
    values = {row[0] for row in words[f"picklists/{name}"]}
    assert set(lookup({"picklist": name}, words).values()) == values
    assert {group[0] for group in words[f"synonyms/{name}"]} <= values | {"其他"}


def test_words_serve_other_lists_too():
    words = {
        "picklists/industry": (("IT互联网",), ("制造", "造东西的")),
        "synonyms/industry": (("信息技术", "IT互联网", "软件"), ("制造业", "制造", "工业"), ("教育", "学校")),
    }
    fix = KINDS["picklist"].fixer({"picklist": "industry"}, words)
    assert [fix(t).value for t in ("软件", "工业", "造东西的")] == ["IT互联网", "制造", "制造"]
    assert fix("学校").doubt == "picklist_unknown"


def test_a_group_with_two_values_decides_nothing():
    words = {"picklists/type": (("重点",), ("战略",)), "synonyms/type": (("战略", "重点", "VIP"),)}
    fix = KINDS["picklist"].fixer({"picklist": "type"}, words)
    assert (fix("VIP").value, fix("VIP").doubt) == ("VIP", "picklist_unknown")
    assert fix("重点") == Fix("重点")


def test_own_words_lead_before_shipped_ones():
    words = {"picklists/type": (("甲",), ("乙", "VIP")), "synonyms/type": (("甲", "VIP"),)}
    assert KINDS["picklist"].fixer({"picklist": "type"}, words)("VIP").value == "乙"


def test_fold_keeps_the_length_and_is_a_fixed_point():
    text = "臺灣華東軟體有限公司𠮷abc１"
    assert len(fold(text)) == len(text) and fold(fold(text)) == fold(text) and fold("台湾") == "台湾"


def test_names_are_compared_by_form_script_and_sound():
    scores = compare(["孟知远", "陳大文", "孟知远", "孟知远"], ["孟知远", "陈大文", "孟之远", "柳青禾"])
    assert scores[0] == 1 and scores[1] == 0.97 and scores[2] == 0.9 and scores[3] < 0.6
    assert keys("陳大文") == keys("陈大文")


@pytest.mark.parametrize("name", sorted(n for n, k in KINDS.items() if k.untouched))
def test_what_is_called_right_is_left_alone_one_by_one_too(words, cases, name):
    of_kind = [c for c in cases if c.kind == name]
    for options in {repr(c.options): c.options for c in of_kind}.values():
        texts = sorted({c.text for c in of_kind if "\ud800" not in c.text} | {c.value for c in of_kind if c.value})
        fix = KINDS[name].fixer(options, words)
        right = KINDS[name].untouched(options, words)(pa.array(texts, pa.string()))
        assert [t for t, ok in zip(texts, right, strict=True) if ok and fix(t) != Fix(t)] == []
