"""What the table finder promises: every row is a record or layout, and a record is never taken for layout."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.codes import all_codes
from cleanse.kinds.header import Vocabulary
from cleanse.model import Grid
from cleanse.project import load_project
from cleanse.stages.tables import find_tables, normalize_header

ROOT = Path(__file__).parents[2]
CASES = tomllib.loads((Path(__file__).parent / "cases" / "tables.toml").read_text("utf-8"))["case"]
SHEETS = tomllib.loads((Path(__file__).parent / "cases" / "sheets.toml").read_text("utf-8"))["case"]
LEXICON = [
    line.split("\t")
    for line in (ROOT / "rules" / "lexicons" / "headers.tsv").read_text("utf-8").splitlines()
    if "\t" in line
]
HEADERS = frozenset(normalize_header(word) for _, word in LEXICON)
WORDS = load_project(ROOT).words


def grid_of(rows, first=1):
    width = max(map(len, rows))
    cells = [[*row, *[""] * (width - len(row))] for row in rows]
    return Grid("表", pd.DataFrame(cells, index=range(first, first + len(cells)), columns=range(width), dtype="str"))


def kinds_of(tables):
    kinds = {}
    for table in tables:
        kinds |= dict(zip(table.layout["source_row"], table.layout["kind"], strict=True))
        kinds |= dict.fromkeys(table.rows.index, "record")
    return [kinds[row] for row in sorted(kinds)]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_cases(case):
    rows = [[cell.strip() for cell in line.split("|")] for line in case["grid"].strip("\n").split("\n")]
    tables = find_tables(grid_of(rows), "f", HEADERS, WORDS)
    assert kinds_of(tables) == case["kinds"].split()
    assert len(tables) == 1
    assert list(tables[0].rows.columns) == case.get("columns", list(tables[0].rows.columns))


def cells_of(text):
    return [[cell.strip() for cell in line.split("|")] for line in text.strip("\n").split("\n")]


@pytest.mark.parametrize("case", SHEETS, ids=[c["name"] for c in SHEETS])
def test_several_tables_and_forms(case):
    grid = cells_of(case["grid"])
    tables = find_tables(grid_of(grid), "f", HEADERS, WORDS)
    found = [[list(t.rows.columns), *t.rows.fillna("").to_numpy().tolist()] for t in tables]
    assert found == [cells_of(text) for text in case["tables"]]
    assert all(len(t.places) == len(t.rows.columns) for t in tables)
    rows = {int(r) for t in tables for r in (*t.rows.index, *t.layout["source_row"])}
    assert rows == set(range(1, len(grid) + 1)), "every row is a record or layout"


def test_empty_cells_are_missing_and_the_others_stand_as_they_were():
    (table,) = find_tables(grid_of([["客户", "电话"], [" 甲 ", ""], ["乙", "　"]]), "f", HEADERS, WORDS)
    assert table.rows["客户"].tolist() == [" 甲 ", "乙"] and table.rows["电话"].isna().all()
    assert set(map(str, table.rows.dtypes)) == {"str"} and table.header_row == 1


def test_the_field_list_of_a_database_table_is_its_header():
    (table,) = find_tables(grid_of([["AAA1", "BBB1"], ["甲", "1"]], first=0), "f", frozenset(), WORDS)
    assert list(table.rows.columns) == ["AAA1", "BBB1"] and table.rows.index.tolist() == [1]
    assert table.layout.empty and table.header_row == 0


def test_a_second_table_below_has_its_own_header():
    first = [["客户", "电话", "备注"], ["甲厂", "1", "x"], ["", "", ""]]
    second = [["联系人", "客户名称", "邮箱"], ["王", "甲厂", "a@b.cn"]]
    tables = find_tables(grid_of([*first, *second]), "f", HEADERS, WORDS)
    assert [t.header_row for t in tables] == [1, 4]
    assert kinds_of(tables) == ["header", "record", "blank", "header", "record"]


def test_a_grid_of_blanks_holds_no_table():
    assert find_tables(grid_of([["", " "], ["", ""]]), "f", HEADERS, WORDS) == []


CELLS = st.sampled_from(["", "", "甲样品厂", "王", "13800001111", "小计", "5", "10", "客户名称", "注：x", "◆ a", "客户：甲样品厂",
                         "地址：某路1号", "续表", "----", "□", "华东区 (2)"])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=12))
def test_every_row_is_a_record_or_layout_and_no_value_is_lost(rows):
    tables = find_tables(grid_of(rows), "f", HEADERS, WORDS)
    if not tables:
        assert not any(map(any, rows))
        return
    seen = {*(r for t in tables for r in t.rows.index), *(r for t in tables for r in t.layout["source_row"])}
    assert seen == set(range(1, len(rows) + 1))
    kept = [v for t in tables for v in t.rows.to_numpy().ravel().tolist() if isinstance(v, str)]
    named = [text for t in tables for text in t.layout["text"]]
    for cell in (cell for row in rows for cell in row if cell):
        assert cell in kept or any(cell in text for text in named), "no value is lost"
    for table in tables:
        assert table.rows.columns.is_unique
        assert set(table.layout["kind"]) <= set(all_codes())


def test_a_phone_and_a_company_are_never_layout():
    records = [*[["甲样品有限公司", "", "13800001111", ""]] * 3, ["乙样品有限公司", "", "", ""]]
    rows = [["客户名称", "联系人", "电话", "地址"], *records]
    assert kinds_of(find_tables(grid_of(rows), "f", HEADERS, WORDS)) == ["header", *["record"] * 4]


def test_header_words_name_fields_that_exist_and_no_word_stands_twice():
    fields = {"-"}
    for path in sorted((ROOT / "rules" / "entities").glob("*.toml")):
        fields |= {f"{path.stem}.{name}" for name in tomllib.loads(path.read_text("utf-8"))["fields"]}
    assert {path for path, _ in LEXICON} <= fields
    words = [normalize_header(word) for _, word in LEXICON]
    assert len(words) == len(set(words))


MEANT = {
    "contact.phones": "电话 联系电话 联系方式 TEL",
    "customer.phone": "座机 固话 固定电话 办公电话",
    "contact.mobile": "手机 移动电话 手机号 Mobile",
    "contact.name": "姓名 联系人 联系人姓名",
    "customer.name": "客户 单位 公司 单位名称 公司名称 客户名称 KHMC",
    "customer.code": "客户代码 编号 编码 客户编号",
    "customer.owner": "销售 业务员 负责人 跟进人 客户经理",
    "customer.type": "客户级别 客户等级 客户类型 客户类别",
    "customer.region": "地区 区域 省市 省市区 所在地区",
    "contact.line": "联系人/电话 姓名电话",
    "customer.sales": "年营业额 年销售额 AnnualRevenue",
    "-": "序号 No. 行号 #",
}


def test_words_of_two_meanings_go_where_a_value_cannot_be_spoilt():
    known = {normalize_header(word): path for path, word in LEXICON}
    assert {p: [known.get(normalize_header(w)) for w in words.split()] for p, words in MEANT.items()} == {
        p: [p] * len(words.split()) for p, words in MEANT.items()
    }


def test_a_header_without_records_is_a_table_without_rows():
    (table,) = find_tables(grid_of([["客户", "电话", "备注"]]), "f", HEADERS, WORDS)
    assert list(table.rows.columns) == ["客户", "电话", "备注"] and table.rows.empty
    assert set(map(str, table.rows.dtypes)) == {"str"}


def test_a_header_made_of_known_words_is_found_below_titles():
    project = load_project(ROOT)
    vocabulary = Vocabulary.of(WORDS, project.entities)
    rows = [
        ["市场部客户汇总", "", "", "", "", ""], ["编制：李四", "", "2024年12月", "", "", ""],
        ["客户单位全称", "对方负责人", "联络电话/手机", "公司详细地址", "客户所属行业", "业务员姓名"],
        ["甲岚贸易有限公司", "张伟", "13800001111", "文三路1号", "软件", "王敏"],
        ["乙岚贸易有限公司", "李娜", "13800002222", "文三路2号", "贸易", "王敏"],
    ]  # fmt: skip
    (table,) = find_tables(grid_of(rows), "f", frozenset(vocabulary.synonyms), WORDS, vocabulary.tells)
    assert table.header_row == 3 and len(table.rows) == 2
