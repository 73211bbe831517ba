"""Text in aligned columns: whatever way its characters were counted, cells stand in their columns and nothing is lost."""

from __future__ import annotations

import unicodedata

import pytest

from cleanse.readers import read

ROWS = [
    ["编号", "客户名称", "电话", "备注", "金额"],
    *(
        [f"{n:03}", f"青松样品{n}厂", f"138000{n:05}", "老客户" if n == 17 else "", f"{n * 37.5:,.2f}"]
        for n in range(1, 24)
    ),
]
RIGHT = 4
COUNTS = {
    "bytes of GBK": lambda text: len(text.encode("gbk")),
    "places of a terminal": lambda text: sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text),
    "characters": len,
}


@pytest.fixture
def reading(tmp_path):
    def build(text, encoding="utf-8"):
        (tmp_path / "r.txt").write_bytes(text.encode(encoding))
        return read(tmp_path / "r.txt", "r.txt")

    return build


def printed(rows, count, widths=(8, 24, 16, 10, 14)):
    lines = []
    for row in rows:
        cells = [
            " " * (width - count(text)) + text if at == RIGHT else text + " " * (width - count(text))
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("".join(cells).rstrip())
    return lines


def cells(source):
    return [row for row in source.grids[0].cells.to_numpy().tolist() if any(row)]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_columns_are_found_however_characters_were_counted(reading, count, encoding):
    source = reading("\n".join(printed(ROWS, COUNTS[count])) + "\n", encoding)
    assert source.format == "fixed" and cells(source) == ROWS and source.grids[0].notes == ()


def test_pages_with_titles_repeated_headers_and_rules_keep_their_lines(reading):
    lines = printed(ROWS, COUNTS["bytes of GBK"])
    page = ["                         客户清单", "打印日期：2024-03-05", lines[0], "-" * 72]
    source = reading(
        "\n".join([*page, *lines[1:12], "-" * 72, "\f" + page[0], *page[1:], *lines[12:], "合计：23 户"]), "gbk"
    )
    found = cells(source)
    assert [row for row in found if row[1].startswith("青松")] == ROWS[1:]
    assert found.count(ROWS[0]) == 2 and ["合计：23 户", "", "", "", ""] in found
    assert source.grids[0].cells.loc[5].tolist() == ROWS[1]


def test_a_record_too_long_for_its_column_is_kept_whole_and_named(reading):
    rows = [*ROWS]
    rows[9] = ["009", "一个特别特别特别长的样品有限公司名称", "13800009999", "", "1.00"]
    source = reading("\n".join(printed(rows, COUNTS["bytes of GBK"])), "gbk")
    assert [n.code for n in source.grids[0].notes] == ["fixed_row_outside"] and source.grids[0].notes[0].where == "10"
    line = source.grids[0].cells.loc[10]
    assert "一个特别特别特别长的样品有限公司名称" in line[0] and "1.00" in line[0] and not any(line[1:])


RULED = """\
NAME        TEL        CITY
----------- ---------- -----
SMITH       555 1234   LONDON
BROWN X     5551235    OSLO
"""
BOXED = """\
+----+------------------+-------+
| id | name             | tel   |
+----+------------------+-------+
|  1 | 青松样品有限公司 | 138   |
|  2 | 白云|样品        | NULL  |
+----+------------------+-------+
2 rows in set
"""
PSQL = " id |   name   | tel \n----+----------+-----\n  1 | 青松样品 | 138\n  2 | b        | \n(2 rows)\n"
DRAWN = "┌────┬──────┐\n│ id │ name │\n├────┼──────┤\n│ 1  │ a b  │\n│ 2  │ 甲乙 │\n│ 3  │ x    │\n└────┴──────┘\n"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (RULED, [["NAME", "TEL", "CITY"], ["SMITH", "555 1234", "LONDON"], ["BROWN X", "5551235", "OSLO"]]),
        (
            BOXED,
            [
                ["id", "name", "tel"],
                ["1", "青松样品有限公司", "138"],
                ["2", "白云|样品", "NULL"],
                ["2 rows in set", "", ""],
            ],
        ),
        (PSQL, [["id", "name", "tel"], ["1", "青松样品", "138"], ["2", "b", ""], ["(2 rows)", "", ""]]),
        (DRAWN, [["id", "name"], ["1", "a b"], ["2", "甲乙"], ["3", "x"]]),
    ],
)
def test_tables_drawn_with_rules_and_bars(reading, text, rows):
    assert cells(reading(text)) == rows


@pytest.mark.parametrize(
    "text",
    [
        "客户,电话\n甲,1\n乙,2\n丙,3\n",
        "客户  , 电话\n甲    , 1\n乙    , 2\n丙    , 3\n",
        "客户;  电话\n甲;    1\n乙;    2\n丙;    3\n",
        "客户\t电话\n甲  \t1\n乙  \t2\n丙  \t3\n",
        "客户|电话\n甲   |1\n乙   |2\n丙   |3\n",
        '"客户","地址"\n"甲","文三路  1号"\n"乙","文三路  2号"\n"丙","文三路  3号"\n',
        "客户名称\n青松样品厂\n白云样品厂\n",
    ],
)
def test_delimited_text_and_single_columns_are_left_alone(reading, text):
    assert reading(text).format in ("csv", "tsv")


def test_prose_is_no_table(reading):
    assert reading("这是  一段说明 文字。\n" + "没有表格的一行文字。" * 12 + "\n结束\n").reason in ("no_table", "")
