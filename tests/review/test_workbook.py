"""The duplicates workbook: shown side by side, every cell text, and no decision lost on the way back."""

from __future__ import annotations

import shutil
import subprocess
import zipfile

import openpyxl
import pandas as pd
import pytest

from cleanse.codes import sentence
from cleanse.errors import SourceError, TargetError
from cleanse.review.workbook import ReviewGroups, export, read

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def rows_of(path, sheet=0):
    header, *rows = openpyxl.load_workbook(path).worksheets[sheet].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def back(path):
    return read(path, "王敏", "2025-06-30")


def said(path):
    return {(d.left, d.right, d.verdict) for d in back(path).decisions}


# ---------------------------------------------------------------------------------------------------- what is shown


def test_members_stand_side_by_side_the_most_open_group_first(book):
    rows = rows_of(book)
    assert [(r["组"], r["第几条"], r["目前的客户"]) for r in rows] == [
        ("1", "1", "1"), ("1", "2", "2"), ("1", "3", "1"), ("2", "1", "1"), ("2", "2", "2"),
    ]  # fmt: skip
    assert [r["为什么"] for r in rows] == [
        "3 条记录，1 个文件", "只差形式", "同电话", "2 条记录，1 个文件，2 位负责人（撞单）", "字号相同",
    ]  # fmt: skip
    assert [r["可能性"] for r in rows] == [None, "0.500", "0.990", None, "0.900"]
    assert rows[0]["来源（文件!表!行）"] == "a.xlsx!S!4"
    assert rows[1]["相同的值有多少条记录使用"] == "固定电话 ×8"
    assert "传真" not in rows[0], "a column without a value only takes room"


def test_merged_and_related_groups_have_sheets_of_their_own(book):
    assert openpyxl.load_workbook(book).sheetnames == ["待判", "自动合并", "相关不同", "说明"]
    assert [r["客户名称"] for r in rows_of(book, 1)] == ["岚石机电有限公司", "岚石机电"]
    assert [(r["客户名称"], r["为什么"]) for r in rows_of(book, 2)] == [
        ("柏纳集团", "2 条记录，1 个文件"),
        ("柏纳化工", "集团"),
    ]


def test_every_cell_is_text_whatever_it_looks_like(book):
    loaded = openpyxl.load_workbook(book)
    for page in loaded.worksheets:
        assert all(c.data_type in ("s", "inlineStr") for row in page.iter_rows() for c in row if c.value is not None)
    shown = {(r["客户名称"], r["备注"]) for r in rows_of(book)}
    assert (
        ("星渚软件有限公司", "=1+1") in shown
        and ("岚石机电", "_x0041_") in shown
        and ("岚石机电公司", "a_x000B_b") in shown
    )
    assert {r["固定电话"] for r in rows_of(book)} == {"+8657186543210"}
    with zipfile.ZipFile(book) as archive:
        assert not any(b"<f>" in archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets"))


def test_differences_are_marked_by_colour_and_by_character(book):
    page = openpyxl.load_workbook(book, rich_text=True).worksheets[0]
    header = [cell.value for cell in page[1]]
    name, phone = header.index("客户名称") + 1, header.index("固定电话") + 1
    assert page.cell(3, name).fill.fgColor.rgb == "FFFFF2CC"
    assert page.cell(3, phone).fill.fgColor.rgb != "FFFFF2CC"
    pieces = page.cell(6, name).value
    assert str(pieces) == "杭州星渚软件" and [str(p) for p in pieces if p.font.b] == ["杭州"]


def test_only_decisions_are_meant_to_be_edited(book):
    page = openpyxl.load_workbook(book).worksheets[0]
    header = [cell.value for cell in page[1]]
    letter = openpyxl.utils.get_column_letter
    choice, key = letter(header.index("决定") + 1), letter(header.index("标识（请勿改动）") + 1)
    rules = {str(v.sqref): v for v in page.data_validations.dataValidation}
    assert rules[f"{choice}2:{choice}6"].formula1.startswith('"合并')
    assert sorted(v.type for v in rules.values()) == ["custom", "custom", "list"]
    assert page.column_dimensions[key].hidden and page.protection.sheet
    assert not page.protection.sort and not page.protection.autoFilter, "False: allowed"
    assert page.auto_filter.ref == f"A1:{key}6" and page.freeze_panes == "D2"


def test_in_english_and_for_several_entities(review, tmp_path):
    path = tmp_path / "d.xlsx"
    export(path, [review("en"), review("en", "contact")], "en")
    assert openpyxl.load_workbook(path).sheetnames[:2] == ["To review customer", "To review contact"]
    row = rows_of(path)[3]
    assert row["Why"] == "2 records in 1 files, held by 2 owners"


def test_a_field_called_like_one_of_our_columns_does_no_harm(review, tmp_path, fill):
    found = review()
    path = tmp_path / "d.xlsx"
    named = ReviewGroups(
        found.entity, {**found.fields, "note": "决定", "owner": "Key (leave alone)"},
        found.review, found.merged, found.related, found.records,
    )  # fmt: skip
    export(path, [named], "zh")
    assert said(path) == set()
    assert said(fill(path, {"d1": "合并"})) == {("d0", "d1", "merge")}


def test_nothing_found_is_a_workbook_too(review, tmp_path):
    found = review()
    none = [frame.iloc[:0] for frame in (found.review, found.merged, found.related)]
    path = tmp_path / "d.xlsx"
    export(path, [ReviewGroups(found.entity, found.fields, *none, found.records)], "zh")
    assert back(path).decisions == () and back(path).unread == ()


def test_the_same_groups_give_the_same_bytes_whatever_the_order_of_rows(review, tmp_path):
    for name, order in (("a", None), ("b", None), ("c", [7, 3, 5, 1, 0, 2, 4, 6])):
        export(tmp_path / name, [review(order=order)], "zh")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c"]
    with zipfile.ZipFile(tmp_path / "a") as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(1980, 1, 1)}


def test_a_disk_that_refuses_is_for_a_person(review, tmp_path):
    with pytest.raises(TargetError):
        export(tmp_path / "no" / "d.xlsx", [review()], "zh")


# -------------------------------------------------------------------------------------------------- what comes back


def test_a_workbook_nobody_touched_says_nothing(book):
    assert back(book).decisions == () and back(book).unread == ()


@pytest.mark.parametrize("word", ["合并", "merge", "Merge ", "ＭＥＲＧＥ", "是"])
def test_merge_in_either_language(book, fill, word):
    assert said(fill(book, {"d1": word})) == {("d0", "d1", "merge")}


def test_who_when_and_why_are_kept(book, fill):
    def comment(header, rows):
        return [[*row[:3], "电话核实", *row[4:]] for row in rows]

    (found,) = back(fill(book, {"d1": "合并"}, change=comment)).decisions
    assert (found.entity, found.who, found.when, found.why) == ("customer", "王敏", "2025-06-30", "电话核实")


@pytest.mark.parametrize(
    ("words", "pairs"),
    [
        ({"d3": "不是重复"}, {("d2", "d3", "apart"), ("d3", "d4", "apart")}),
        ({"d2": "合并"}, {("d2", "d3", "merge"), ("d2", "d4", "merge"), ("d3", "d4", "merge")}),
        ({"d2": "合并", "d4": "待定"}, {("d2", "d3", "merge")}),
        ({"d2": "合并", "d4": "不是重复"}, {("d2", "d3", "merge"), ("d2", "d4", "apart"), ("d3", "d4", "apart")}),
        (
            {"d3": "合并", "d4": "合并", "d2": "拆开"},
            {("d3", "d4", "merge"), ("d2", "d3", "apart"), ("d2", "d4", "apart")},
        ),
        ({"d3": "相关"}, {("d2", "d3", "related")}),
        ({"d2": "related"}, {("d2", "d3", "related"), ("d2", "d4", "related")}),
        ({"d3": "相关", "d4": "合并"}, {("d2", "d4", "merge"), ("d2", "d3", "related"), ("d3", "d4", "related")}),
        ({"d3": "merge b", "d4": "b"}, {("d3", "d4", "merge"), ("d2", "d3", "apart"), ("d2", "d4", "apart")}),
        ({"d2": "待定", "d3": "defer"}, set()),
    ],
)
def test_the_words_of_a_group_are_pairs(book, fill, words, pairs):
    assert said(fill(book, words)) == pairs
    assert back(book).unread == ()


def test_a_merged_group_can_be_taken_apart_and_a_related_one_merged(book, fill):
    fill(book, {"d4": "拆开"}, sheet=1)
    assert said(fill(book, {"d6": "合并"}, sheet=2)) == {("d2", "d4", "apart"), ("d5", "d6", "merge")}


def test_sorted_filtered_moved_and_with_columns_gone(book, fill):
    def change(header, rows):
        keep = [at for at, name in enumerate(header) if name in ("标识（请勿改动）", "决定", "备注", "客户名称")][::-1]
        header[:] = [header[at] for at in keep]
        return [[row[at] for at in keep] for row in sorted(rows, key=lambda r: str(r[-1]), reverse=True)]

    words = {"d1": "相关不同", "d4": "not a duplicate"}
    assert said(fill(book, words, change=change)) == {
        ("d0", "d1", "related"),
        ("d2", "d4", "apart"),
        ("d3", "d4", "apart"),
    }


def test_lines_that_were_deleted_say_nothing(book, fill):
    kept = said(fill(book, {"d3": "不是重复", "d1": "合并"}, change=lambda header, rows: rows[1:]))
    assert kept == {("d3", "d4", "apart"), ("d0", "d1", "merge")}


def test_the_order_of_lines_changes_nothing(book, fill):
    words = {"d2": "合并", "d1": "相关"}
    there = back(fill(book, words)).decisions
    assert back(fill(book, {}, change=lambda header, rows: rows[::-1])).decisions == there


def test_a_word_that_is_none_is_named_in_the_language_of_the_sheet(book, fill, review, tmp_path):
    assert back(fill(book, {"d1": "也许"})).unread == (("待判", 6, sentence("review_word_unknown", "zh")),)
    assert said(book) == set()
    export(tmp_path / "en.xlsx", [review("en")], "en")
    fill(tmp_path / "en.xlsx", {"d1": "maybe"})
    assert back(tmp_path / "en.xlsx").unread == (("To review", 6, sentence("review_word_unknown", "en")),)


def test_a_decision_whose_record_cannot_be_told_is_named(book, fill):
    def damage(header, rows):
        rows[1][-1], rows[4][-1] = None, "customer"
        return rows

    found = back(fill(book, {"d1": "合并", "d3": "合并"}, change=damage))
    assert found.decisions == ()
    assert [(row, reason) for _, row, reason in found.unread] == [
        (n, sentence("review_key_missing", "zh")) for n in (3, 6)
    ]


def test_keys_that_were_sorted_away_from_their_lines_are_noticed(book, fill):
    def shuffle(header, rows):
        keys = [row[-1] for row in rows]
        return [[*row[:-1], key] for row, key in zip(rows, keys[::-1], strict=True)]

    found = back(fill(book, {"d1": "合并"}, change=shuffle))
    assert found.decisions == () and [reason for *_, reason in found.unread] == [sentence("review_key_mixed", "zh")]


def test_merging_with_nobody_is_named(book, fill):
    found = back(fill(book, {"d0": "拆开", "d1": "合并"}))
    assert [d.verdict for d in found.decisions] == ["apart"]
    assert found.unread == (("待判", 6, sentence("review_nobody", "zh")),)


def test_merging_with_a_record_that_is_not_the_first_must_be_said_of_both(tmp_path, fill, chain):
    path = tmp_path / "d.xlsx"
    export(path, [chain], "zh")
    assert [r["为什么"] for r in rows_of(path)][1:] == ["甲乙", "乙丙（与第 2 条相比）"]
    found = back(fill(path, {"d2": "合并"}))
    assert found.decisions == () and [reason for *_, reason in found.unread] == [sentence("review_ambiguous", "zh")]
    assert len(said(fill(path, {"d1": "合并"}))) == 3 and back(path).unread == ()
    export(path, [chain], "zh")
    assert said(fill(path, {"d1": "b", "d2": "b"})) == {
        ("d1", "d2", "merge"),
        ("d0", "d1", "apart"),
        ("d0", "d2", "apart"),
    }


def test_two_sheets_that_disagree_are_named_and_nothing_is_decided(book, fill):
    fill(book, {"d4": "合并"})
    found = back(fill(book, {"d4": "拆开"}, sheet=1))
    assert found.decisions == ()
    assert found.unread == tuple((s, n, sentence("review_conflict", "zh")) for s, n in (("待判", 4), ("自动合并", 3)))


def test_what_is_no_workbook_is_for_a_person(tmp_path):
    (tmp_path / "no.xlsx").write_bytes(b"no workbook")
    with pytest.raises(SourceError) as caught:
        read(tmp_path / "no.xlsx", "", "")
    assert "no.xlsx" in str(caught.value) and caught.value.cure


@pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")
def test_nothing_is_lost_through_libreoffice(book, fill, tmp_path):
    there = said(fill(book, {"d1": "合并", "d3": "不是重复"}))
    for form in ("xlsx:Calc MS Excel 2007 XML", "ods"):
        subprocess.run(
            [SOFFICE, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", form,
             "--outdir", tmp_path / "out", book], check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        assert said(tmp_path / "out" / f"duplicates.{form[:4].rstrip(':')}") == there != set()


def test_groups_that_are_too_many_are_counted(monkeypatch, review):
    monkeypatch.setattr("cleanse.review.groups.MOST", 4)
    found = review()
    assert found.unshown == 1 and set(found.review["group"]) == {1}
    assert isinstance(found.records, pd.DataFrame)
