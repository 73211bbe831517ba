"""The workbook through the hands of people at LibreOffice: opened, sorted, filtered, partly filled, saved as xlsx and as ods."""

from __future__ import annotations

import openpyxl
import pytest

from cleanse.review.workbook import export, read
from tests.review import office as calc
from tests.review.conftest import made

WORDS = {("客户名称", "杭州星渚软件"): "合并", ("客户名称", "岚石机电公司"): "不是重复"}
WANTED = {("d0", "d1", "merge"), ("d2", "d3", "apart"), ("d3", "d4", "apart")}


@pytest.fixture(scope="module")
def saved(office, tmp_path_factory):
    """The workbook sorted by name, filtered to one group, with two words and a word that is none on the related sheet."""
    folder = tmp_path_factory.mktemp("office")
    export(folder / "d.xlsx", [made()], "zh")
    steps = [
        *calc.fill("待判", "决定", WORDS), *calc.sort("待判", "客户名称"), *calc.show_only("待判", "组", "1"),
        *calc.fill("相关不同", "决定", {("客户名称", "柏纳化工"): "也许吧"}),
    ]  # fmt: skip
    (folder / "saved").mkdir()
    return folder / "d.xlsx", calc.work(office, folder / "d.xlsx", steps, folder / "saved")


def test_it_was_really_sorted_and_filtered(saved):
    book, out = saved
    before, after = (openpyxl.load_workbook(p)["待判"] for p in (book, out["xlsx"]))
    names = [
        [row[[c.value for c in page[1]].index("客户名称")].value for row in page.iter_rows(min_row=2)]
        for page in (before, after)
    ]
    assert names[0] != names[1] and sorted(names[0]) == sorted(names[1])
    hidden = [n for n, d in after.row_dimensions.items() if d.hidden and n > 1]
    assert len(hidden) == 2, "the lines of the other group are filtered away"


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_no_decision_is_lost_and_the_unreadable_line_is_named(saved, form):
    back = read(saved[1][form], "王敏", "2025-06-30")
    assert {(d.left, d.right, d.verdict) for d in back.decisions} == WANTED
    ((sheet, row, reason),) = back.unread
    assert sheet == "相关不同" and row > 1 and "无法识别" in reason
