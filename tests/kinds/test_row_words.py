"""The lexicon ``row_words``: every shipped line works in both engines, and a word more needs no code."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cleanse.kinds.row_words import LEXICON, ROLES, WORD_END, is_pattern, loosened, row_words
from cleanse.model import Grid
from cleanse.stages.tables import find_tables

FILE = Path(__file__).parents[2] / "rules" / "lexicons" / "row_words.tsv"
LINES = tuple(
    tuple(line.split("\t"))
    for line in FILE.read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
)


def test_every_shipped_line_is_good_in_both_engines():
    assert {role for role, _ in LINES} == set(ROLES)
    assert len(set(LINES)) == len(LINES)
    for line in LINES:
        assert is_pattern(line[1]), line
        assert pc.match_substring_regex(pa.array([""]), loosened(line[1]).replace(WORD_END, r"\b")) is not None


@pytest.mark.parametrize(
    ("word", "text", "matches"),
    [
        ("总计", "總計", True),
        ("总计", "总\u3000计", True),
        ("[总小]计", "總計", True),
        ("填表说明", "填 表 说 明", True),
        ("inc", "Inc", True),
        ("inc", "Incl", False),
        ("totals?", "totals", True),
        (r"page\s*\d+", "page\u00a012", True),
    ],
)
def test_a_word_counts_in_both_scripts_and_with_blanks(word, text, matches):
    assert bool(re.fullmatch(loosened(word), text, re.IGNORECASE)) == matches


def test_a_role_without_words_matches_nothing():
    assert not re.search(row_words({})["total"], "合计 total")


def test_a_word_more_is_a_line_more():
    rows = [["客户名称", "电话", "金额"], ["甲样品厂", "1", "5"], ["通算", "", "5"]]
    grid = Grid("表", pd.DataFrame(rows, index=[1, 2, 3], dtype="str"))
    found = [
        find_tables(grid, "f", frozenset({"客户名称", "电话", "金额"}), {LEXICON: lines})[0].layout["kind"].tolist()
        for lines in (LINES, (*LINES, ("total", "通算")))
    ]
    assert found == [["header"], ["header", "subtotal"]]
