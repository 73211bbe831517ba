"""Cells that only refer to the one above: no value, nothing guessed, and a person is told."""

from __future__ import annotations

import pyarrow as pa
import pytest

from cleanse.kinds import KINDS
from cleanse.stages.fixes import Coded, repair

WORDS = {"dittos": (("同上",), ("Ditto",), ("〃",))}


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
