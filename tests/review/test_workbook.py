"""The duplicates workbook: shown side by side, and no decision lost on the way back."""

from __future__ import annotations

import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest

from cleanse.errors import SourceError
from cleanse.review.workbook import export, groups, read

FIELDS = {"name": "客户名称", "phone": "固定电话", "note": "备注"}


def records() -> pd.DataFrame:
    names = ["星渚软件有限公司", "杭州星渚软件", "岚石机电有限公司", "岚石机电公司", "岚石机电", "柏纳集团", "柏纳化工"]
    return pd.DataFrame({
        "rid": range(7), "source_file": "a.xlsx", "source_sheet": "S", "source_row": range(2, 9), "name": names,
        "phone": ["+8657186543210"] * 7, "note": ["=1+1"] * 7,
    })  # fmt: skip


def made(language="zh"):
    pairs = pd.DataFrame(
        [["customer", 0, 1, "x", 1.0, 0.66, "review", "字号相同", "same brand", "{}"],
         ["customer", 2, 3, "x", 1.0, 0.5, "review", "只差形式", "legal form", "{}"],
         ["customer", 2, 4, "x", 9.0, 0.99, "merge", "同电话", "same phone", "{}"],
         ["customer", 5, 6, "x", 1.0, 0.9, "related", "集团", "group", "{}"]],
        columns=["entity", "left", "right", "block", "weight", "probability", "band", "why_zh", "why_en", "evidence"],
    )  # fmt: skip
    clusters = pd.DataFrame({"entity": "customer", "rid": range(7), "cluster": [0, 1, 2, 3, 2, 5, 6]})
    digests = pd.Series([f"d{i}" for i in range(7)], index=range(7))
    return groups(pairs, clusters, records(), digests, FIELDS, "customer", language)


@pytest.fixture()
def book(tmp_path):
    path = tmp_path / "duplicates.xlsx"
    export(path, [made()], "zh")
    return path


def fill(path, words: dict[str, str], sheet=0, sort=False):
    """Write decisions by digest into a sheet as a person would."""
    loaded = openpyxl.load_workbook(path)
    page = loaded.worksheets[sheet]
    header = [c.value for c in page[1]]
    key, choice = header.index("key") + 1, header.index("决定") + 1
    for row in range(2, page.max_row + 1):
        word = words.get(str(page.cell(row, key).value).split("|")[-1])
        if word:
            page.cell(row, choice).value = word
    if sort:
        rows = sorted(([c.value for c in r] for r in page.iter_rows(min_row=2)), key=lambda r: str(r[5]), reverse=True)
        for at, cells in enumerate(rows, 2):
            for column, value in enumerate(cells, 1):
                page.cell(at, column).value = value
    loaded.save(path)


def said(path):
    return {(d.left, d.right, d.verdict) for d in read(path, "王敏", "2025-06-30").decisions}


def test_groups_stand_side_by_side_and_every_cell_is_text(book):
    page = openpyxl.load_workbook(book).worksheets[0]
    rows = list(page.iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [1, 1, 1, 2, 2]  # the doubtful group of three first
    assert rows[0][4] == "只差形式"
    assert {row[6] for row in rows} == {"+8657186543210"} and {row[7] for row in rows} == {"=1+1"}
    assert all(
        cell.data_type == "s" for row in page.iter_rows(min_row=2, min_col=5) for cell in row if cell.value is not None
    )
    assert page.data_validations.dataValidation[0].formula1.startswith('"合并')


def test_a_workbook_nobody_touched_says_nothing(book):
    back = read(book, "王敏", "2025-06-30")
    assert back.decisions == () and back.unread == ()


@pytest.mark.parametrize("word", ["合并", "merge", "Merge ", "是"])
def test_merge_in_either_language(book, word):
    fill(book, {"d1": word})
    assert said(book) == {("d0", "d1", "merge")}


def test_one_member_is_taken_out_and_the_rest_is_left(book):
    fill(book, {"d3": "不是重复"})
    assert said(book) == {("d2", "d3", "apart"), ("d3", "d4", "apart")}


def test_a_word_on_the_first_record_holds_for_the_group(book):
    fill(book, {"d2": "合并"})
    assert said(book) == {("d2", "d3", "merge"), ("d2", "d4", "merge"), ("d3", "d4", "merge")}


def test_sorted_and_partly_filled(book):
    fill(book, {"d1": "相关不同", "d4": "not a duplicate", "d3": "待定"}, sort=True)
    assert said(book) == {("d0", "d1", "related"), ("d2", "d4", "apart"), ("d3", "d4", "apart")}


def test_a_merged_group_can_be_taken_apart(book):
    fill(book, {"d4": "拆开"}, sheet=1)
    assert said(book) == {("d2", "d4", "apart")}


def test_every_line_that_cannot_be_read_is_named(book, tmp_path):
    fill(book, {"d1": "也许"})
    back = read(book, "王敏", "2025-06-30")
    assert back.decisions == () and [(u[1], u[2]) for u in back.unread] == [(6, "'也许' is no decision")]
    (tmp_path / "no.xlsx").write_bytes(b"no workbook")
    with pytest.raises(SourceError):
        read(tmp_path / "no.xlsx", "", "")


def test_the_same_groups_give_the_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        export(tmp_path / name, [made("en")], "en")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_nothing_is_lost_through_libreoffice(book, tmp_path):
    fill(book, {"d1": "合并", "d3": "不是重复"})
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", tmp_path / "out", book], check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert said(tmp_path / "out" / book.name) == said(book) != set()
