"""Parked rows come back corrected: into the rows they were taken from, never doubled, never over a row that changed."""

from __future__ import annotations

import subprocess

import openpyxl
import pytest

CSV = "客户名称,联系方式,邮箱,行业\n岚石机电有限公司,13912345670,lu@lanshi.cn,教育\n,13912345671,meng@qinghe.cn,教育\n,,,教育\n"


@pytest.fixture()
def parked(project, run_flow, tmp_path):
    """A project whose second and third rows have no customer name, and its parked workbook, handed in beside them."""
    root = project(tmp_path / "p", {})
    (root / "files" / "a.csv").write_text(CSV, "utf-8")
    ran = run_flow(root)
    book = root / "files" / "parked.xlsx"
    book.write_bytes((ran.folder / "parked.xlsx").read_bytes())
    return root, book


def correct(path, changes, to=None):
    """Change cells of lines by (source row, entity or None): header -> value."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    for line in sheet.iter_rows(min_row=2):
        row = dict(zip(head, line, strict=True))
        for (number, entity), cells in changes.items():
            if row["行"].value == str(number) and entity in (None, row["对象"].value):
                for name, value in cells.items():
                    row[name].value = value
    book.save(to or path)


def exits(ran, entity="customer"):
    rows = ran.rows.query("entity == @entity")
    return {(f, int(r)): e for f, r, e in zip(rows["source_file"], rows["source_row"], rows["exit"], strict=True)}


def test_untouched_lines_change_nothing_and_are_no_records(parked, run_flow):
    root, _ = parked
    ran = run_flow(root)
    assert set(exits(ran)) == {("a.csv", 2), ("a.csv", 3), ("a.csv", 4)}
    assert exits(ran)["a.csv", 3] == "parked"


def test_a_correction_goes_into_the_row_it_was_taken_from(parked, run_flow):
    root, book = parked
    correct(book, {(3, "customer"): {"客户名称": "青禾食品有限公司"}})
    ran = run_flow(root)
    assert exits(ran)["a.csv", 3] == "migrated" and len(ran.frame("golden/customer")) == 3
    line = ran.changes.query("code == 'corrected_by_person'")
    assert line[["source_file", "source_row", "field", "stage"]].to_numpy().tolist() == [
        ["a.csv", 3, "name", "correct"]
    ]
    assert line["before"].isna().all() and line["after"].tolist() == ["青禾食品有限公司"]
    layout = ran.frame("ledger/layout").query("kind == 'correction'")
    assert set(layout["source_file"]) == {"parked.xlsx"}


def test_both_lines_of_a_row_may_be_corrected_each_in_its_cells(parked, run_flow):
    root, book = parked
    correct(book, {(3, "customer"): {"客户名称": "青禾食品有限公司"}, (3, "contact"): {"邮箱": "meng@qinghe.com"}})
    ran = run_flow(root)
    assert set(ran.changes.query("code == 'corrected_by_person'")["field"]) == {"name", "email"}


def test_two_different_corrections_of_one_cell_are_not_taken_and_said(parked, run_flow):
    root, book = parked
    correct(book, {(3, "customer"): {"客户名称": "青禾食品有限公司"}, (3, "contact"): {"客户名称": "青和食品有限公司"}})
    ran = run_flow(root)
    assert not (ran.changes["code"] == "corrected_by_person").any()
    assert "correction_not_taken" in (ran.folder / "report.json").read_text("utf-8")


def test_a_row_that_changed_at_the_source_is_not_written_over(parked, run_flow):
    root, book = parked
    correct(book, {(3, None): {"客户名称": "青禾食品有限公司"}})
    (root / "files" / "a.csv").write_text(CSV.replace("meng@qinghe.cn", "new@qinghe.cn"), "utf-8")
    ran = run_flow(root)
    assert not (ran.changes["code"] == "corrected_by_person").any()
    assert any(f == "parked.xlsx" and e != "excluded" for (f, _), e in exits(ran).items()), (
        "the correction is a row of its own"
    )
    assert "correction_not_taken" in (ran.folder / "report.json").read_text("utf-8")


def test_without_its_source_the_workbook_is_a_source_itself(parked, run_flow):
    root, book = parked
    correct(book, {(3, None): {"客户名称": "青禾食品有限公司"}})
    (root / "files" / "a.csv").unlink()
    assert run_flow(root).frame("golden/customer")["name"].dropna().tolist() == ["青禾食品有限公司"]


def test_a_correction_follows_its_row_when_rows_above_go_or_the_file_is_renamed(parked, run_flow):
    root, book = parked
    correct(book, {(3, "customer"): {"客户名称": "青禾食品有限公司"}})
    head, _, *rest = CSV.splitlines(keepends=True)
    (root / "files" / "a.csv").write_text(head + "".join(rest), "utf-8")
    assert exits(run_flow(root))["a.csv", 2] == "migrated"
    (root / "files" / "a.csv").rename(root / "files" / "b.csv")
    ran = run_flow(root)
    assert exits(ran)["b.csv", 2] == "migrated"
    assert (ran.changes["code"] == "corrected_by_person").sum() == 1
    assert ran.frame("golden/customer")["name"].dropna().tolist() == ["青禾食品有限公司"]


def test_a_correction_that_fits_several_rows_goes_into_none(parked, run_flow):
    root, book = parked
    correct(book, {(3, "customer"): {"客户名称": "青禾食品有限公司"}})
    head, first, second, *_ = CSV.splitlines(keepends=True)
    (root / "files" / "a.csv").write_text(head + second + first + first + second, "utf-8")
    ran = run_flow(root)
    assert not (ran.changes["code"] == "corrected_by_person").any()
    assert "correction_not_taken" in (ran.folder / "report.json").read_text("utf-8")


def test_a_row_parked_for_two_entities_is_one_record_when_its_source_is_gone(parked, run_flow):
    root, book = parked
    correct(book, {(3, "customer"): {"客户名称": "青禾食品有限公司"}})
    (root / "files" / "a.csv").unlink()
    ran = run_flow(root)
    golden = ran.frame("golden/customer")
    assert [e for e in exits(ran, "contact").values() if e == "migrated"] == ["migrated"]
    assert not ran.rows.query("exit == 'merged'").size, "the untouched line of the same row is no record"
    assert golden["code"].isna().all(), "why a row was parked is no value of it"


def test_the_same_through_libreoffice(parked, run_flow, tmp_path, office):
    root, book = parked
    correct(book, {(3, "customer"): {"客户名称": "青禾食品有限公司"}})
    subprocess.run(
        [office, "--headless", "--convert-to", "ods", "--outdir", tmp_path, book], check=True, capture_output=True
    )
    book.unlink()
    (root / "files" / "parked.ods").write_bytes((tmp_path / "parked.ods").read_bytes())
    assert exits(run_flow(root))["a.csv", 3] == "migrated"
