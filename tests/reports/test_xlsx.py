"""``parked.xlsx``: rows as they were, every reason, text only, the same bytes each time."""

from __future__ import annotations

import zipfile

import openpyxl
import pandas as pd
import pytest

from cleanse.errors import TargetError
from cleanse.reports import xlsx

LEAD = ["reason", "entity", "source_file", "source_sheet", "source_row"]


def rows(cells: dict[str, list[object]], reasons: list[str] | None = None) -> pd.DataFrame:
    count = len(next(iter(cells.values())))
    lead = {
        "reason": reasons or ["required_missing"] * count, "entity": "customer", "source_file": "a.csv",
        "source_sheet": "", "source_row": range(2, 2 + count),
    }  # fmt: skip
    return pd.concat([pd.DataFrame(lead), pd.DataFrame(cells)], axis=1)


def write_parked(path, table, language):
    xlsx.write_parked(path, table, language, [f"digest{n}" for n in range(len(table))])


def sheet(path):
    return openpyxl.load_workbook(path).worksheets[0]


def test_cells_are_the_text_they_were(tmp_path):
    typed = ["=1+1", "+8613912345670", "007", "@SUM(A1)", "https://example.com", "-3", "'x", "𠮷\n二行", None]
    write_parked(tmp_path / "p.xlsx", rows({"值": typed}), "zh")
    cells = [row[6] for row in sheet(tmp_path / "p.xlsx").iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == typed
    assert all(cell.data_type == "s" and cell.number_format == "@" for cell in cells[:-1])


def test_a_row_names_all_its_reasons_and_its_address(tmp_path):
    write_parked(tmp_path / "p.xlsx", rows({"名称": ["x"]}, ["required_missing;format_invalid"]), "zh")
    header, row = sheet(tmp_path / "p.xlsx").iter_rows(values_only=True)
    assert header == ("原因", "怎么办", "对象", "文件", "工作表", "行", "名称", "codes")
    assert row[0] == "必填字段没有值；值不符合该字段的标准格式" and "；" in row[1]
    assert row[2:] == ("customer", "a.csv", None, "2", "x", "required_missing;format_invalid")


def test_a_source_may_have_columns_of_the_same_names(tmp_path):
    table = pd.concat([rows({"x": ["1"]}), pd.DataFrame({"reason": ["a"], "entity": ["b"]})], axis=1)
    write_parked(tmp_path / "p.xlsx", table, "en")
    header, row = sheet(tmp_path / "p.xlsx").iter_rows(values_only=True)
    assert header[6:] == ("x", "reason", "entity", "codes") and row[6:9] == ("1", "a", "b")


def test_a_value_longer_than_a_cell_goes_on_beside_it(tmp_path):
    long = "长" * 40_000
    write_parked(tmp_path / "p.xlsx", rows({"note": [long, "short"], "z": ["1", "2"]}), "en")
    header, first, second = sheet(tmp_path / "p.xlsx").iter_rows(values_only=True)
    assert header[6:9] == ("note", "note (2)", "z") and first[6] + first[7] == long
    assert second[6:9] == ("short", None, "2")


def test_a_hidden_sheet_says_what_every_column_is(tmp_path):
    write_parked(tmp_path / "p.xlsx", rows({"名称": ["x"]}), "zh")
    keys = openpyxl.load_workbook(tmp_path / "p.xlsx")["keys"]
    assert keys.sheet_state == "hidden"
    assert [c.value for c in keys[1]] == ["", "", *LEAD[1:], "名称", "reason"]


@pytest.mark.parametrize("table", [rows({"a": ["1"]}), pd.DataFrame(columns=LEAD)], ids=["one", "none"])
def test_the_same_rows_give_the_same_bytes(tmp_path, table):
    write_parked(tmp_path / "1.xlsx", table, "en")
    write_parked(tmp_path / "2.xlsx", table, "en")
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()
    assert zipfile.ZipFile(tmp_path / "1.xlsx").testzip() is None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.xlsx", "2.xlsx"]


def test_a_refusing_disk_is_told_with_a_cure(tmp_path):
    with pytest.raises(TargetError) as caught:
        write_parked(tmp_path / "nowhere" / "p.xlsx", rows({"a": ["1"]}), "en")
    assert caught.value.cure
