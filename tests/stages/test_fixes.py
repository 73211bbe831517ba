"""Cells that only refer to the one above: no value, nothing guessed, and a person is told."""

from __future__ import annotations

import pyarrow as pa
import pytest

from cleanse.kinds import KINDS
from cleanse.project import load_project
from cleanse.stages.fixes import Coded, repair

WORDS = {"dittos": (("同上",), ("Ditto",), ("〃",))}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    (root / "cleanse.toml").write_text("[project]\nname = 'house'\n", "utf-8")
    return load_project(root).words


@pytest.mark.parametrize("kind", ["company", "person", "text", "phone", "date", "code"])
@pytest.mark.parametrize("text", ["同上", " 同上 ", "DITTO", "〃"])
@pytest.mark.parametrize("virtual", [False, True])
def test_a_ditto_mark_is_no_value_and_a_doubt(kind, text, virtual):
    fixed = repair(KINDS[kind], {}, WORDS, virtual)(Coded.of(pa.array([text])))
    assert fixed.values.to_pylist() == [None]
    assert (fixed.why.texts[int(fixed.why.codes[0])].as_py(), fixed.doubt.texts[int(fixed.doubt.codes[0])].as_py()) == (
        "ditto_mark",
        "ditto",
    )


def test_words_that_only_begin_so_stay():
    fixed = repair(KINDS["company"], {}, WORDS, False)(Coded.of(pa.array(["同上海分公司", "同上科技有限公司"])))
    assert fixed.values.to_pylist() == ["同上海分公司", "同上科技有限公司"]


@pytest.mark.parametrize(
    ("kind", "text", "doubt"),
    [
        ("person", "王某", "person_surname_only"),
        ("person", "王某某", "person_surname_only"),
        ("person", "匿名", "person_not_a_name"),
        ("person", "佚名", "person_not_a_name"),
        ("person", "张伟1", "person_not_a_name"),
        ("company", "北京岚石科技有限公", "company_cut_short"),
        ("company", "广州青穗包装材料股份有限", "company_cut_short"),
        ("company", "公司2", "company_placeholder"),
        ("company", "客户12", "company_placeholder"),
        ("person", "张伟", ""),
        ("person", "林知远", ""),
        ("company", "北京岚石科技有限公司", ""),
        ("company", "青穗包装股份", ""),
        ("company", "中石化第2分公司", ""),
    ],
)
def test_listed_junk_is_kept_and_doubted(shipped, kind, text, doubt):
    fixed = repair(KINDS[kind], {}, shipped, False)(Coded.of(pa.array([text])))
    assert fixed.values.to_pylist() == [text]
    assert fixed.doubt.texts[int(fixed.doubt.codes[0])].as_py() == doubt


def test_what_is_listed_is_no_pattern():
    words = {"doubts/person/not_a_name": (("(?",), ("[#",))}
    fixed = repair(KINDS["person"], {}, words, False)(Coded.of(pa.array(["(张", "[1", "林知远"])))
    doubts = fixed.doubt.texts.take(pa.array(fixed.doubt.codes)).to_pylist()
    assert doubts[1:] == ["person_not_a_name", ""]
