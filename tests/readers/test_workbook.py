"""Workbooks: what a person sees in the cells, what hides, and what would harm the machine."""

from __future__ import annotations

import datetime as dt
import subprocess
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from cleanse.readers import Limits, read

MADE = Path(__file__).parent / "made"


@pytest.fixture
def book(tmp_path):
    def build(fill, name="b.xlsx"):
        with xlsxwriter.Workbook(str(tmp_path / name)) as workbook:
            fill(workbook)
        return read(tmp_path / name, name)

    return build


def rows(source, number=0):
    return source.grids[number].cells.to_numpy().tolist()


def codes(source, number=0):
    return [note.code for note in source.grids[number].notes]


def test_values_look_as_a_person_sees_them(book):
    def fill(workbook):
        sheet = workbook.add_worksheet()
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        zeros = workbook.add_format({"num_format": "000000"})
        sheet.write_number(0, 0, 13800001111.0)
        sheet.write_number(0, 1, 0.1)
        sheet.write_number(0, 2, 0.0000001)
        sheet.write_boolean(0, 3, True)
        sheet.write_datetime(0, 4, dt.datetime(2024, 3, 5, 9, 30), moment)
        sheet.write_number(0, 5, 123, zeros)
        sheet.write_string(0, 6, "00123")

    assert rows(book(fill)) == [["13800001111", "0.1", "0.0000001", "TRUE", "2024-03-05 09:30:00", "000123", "00123"]]


def test_numbers_too_long_to_be_exact_are_named(book):
    source = book(lambda b: b.add_worksheet().write_number(1, 1, 913301000000000123))
    assert rows(source) == [[""], ["913301000000000100"]] and codes(source) == ["excel_precision_lost"]
    assert source.grids[0].notes[0].where == "B2"


def test_rows_and_columns_keep_their_physical_numbers(book):
    source = book(lambda b: b.add_worksheet().write_row(3, 2, ["客户", "电话"]))
    assert source.grids[0].cells.index.tolist() == [1, 2, 3, 4]
    assert source.grids[0].cells.columns.tolist() == [2, 3]


def test_hidden_sheets_and_rows_are_read_and_noted(book):
    def fill(workbook):
        workbook.add_worksheet("显").write(0, 0, "a")
        hidden = workbook.add_worksheet("隐")
        hidden.hide()
        hidden.write(0, 0, "b")
        hidden.write(1, 0, "c")
        hidden.set_row(1, None, None, {"hidden": True})

    source = book(fill)
    assert rows(source, 1) == [["b"], ["c"]] and codes(source, 1) == ["hidden_sheet", "hidden_rows"]


def test_formula_errors_and_formulas_without_a_value_are_named(book):
    def fill(workbook):
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["客户", "金额"])
        sheet.write_formula(1, 0, "=NA()", None, "#N/A")
        sheet.write_formula(1, 1, "=1+1", None, "")

    source = book(fill)
    assert codes(source) == ["error_cell", "formula_without_value"]
    assert source.grids[0].notes[0].where == "A2=#N/A"


def test_a_cell_merged_over_rows_belongs_to_each_row_that_holds_more(book):
    def fill(workbook):
        sheet = workbook.add_worksheet()
        sheet.merge_range(0, 0, 0, 1, "名单")
        sheet.merge_range(1, 0, 3, 0, "青松样品厂")
        sheet.write(1, 1, "甲")
        sheet.write(2, 1, "乙")

    source = book(fill)
    assert rows(source) == [["名单", ""], ["青松样品厂", "甲"], ["青松样品厂", "乙"]]
    assert codes(source) == ["merged_cell_filled"]


def test_an_empty_workbook_is_passed_over(book):
    source = book(lambda b: b.add_worksheet())
    assert (source.status, source.reason) == ("ignored", "no_cells")


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HOSTILE = {
    "a cell at the far end": (lambda d: d.replace(b'r="B2"', b'r="XFD1048576"'), "too_large"),
    "a row past the limit": (lambda d: d.replace(b'r="B2"', b'r="B99999999"'), "too_large"),
    "a row past counting": (lambda d: d.replace(b'r="B2"', b'r="B99999999999999"'), "too_large"),
    "entities": (lambda d: d.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY x "y">]>', 1), "corrupt"),
    "a missing sheet": (lambda d: None, "corrupt"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_packages_are_refused(tmp_path, change_package, name):
    change, reason = HOSTILE[name]
    (tmp_path / "h.xlsx").write_bytes(change_package(sheet=change))
    source = read(tmp_path / "h.xlsx", "h.xlsx")
    assert (source.status, source.reason, source.format) == ("error", reason, "xlsx")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (b"\0" * 512, "empty_file"),
        (b"%PDF-1.7 x", "unsupported_format"),
        (b"\x89PNG\r\n\x1a\n\0\0", "unsupported_format"),
        (b"PK\x03\x04xl/worksheets/sheet1.xml", "corrupt"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password_protected"),
        (OLE + "Workbook".encode("utf-16-le"), "corrupt"),
        (OLE + b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\0" * 12 + b"\x2f\x00\x36\x00", "password_protected"),
        (OLE + "WordDocument".encode("utf-16-le"), "unsupported_format"),
    ],
)
def test_what_is_no_workbook_is_refused_with_its_reason(tmp_path, data, reason):
    (tmp_path / "x.xlsx").write_bytes(data)
    source = read(tmp_path / "x.xlsx", "x.xlsx")
    assert (source.status, source.reason) == ("error", reason)


def hiding(workbook):
    sheet = workbook.add_worksheet("显")
    for at, row in enumerate([["客户", "电话", "备注"], ["青松样品厂", "1", "x"], ["白云样品厂", "2", "y"]]):
        sheet.write_row(at, 0, row)
    sheet.set_row(2, None, None, {"hidden": True})
    sheet.set_column(2, 5, None, None, {"hidden": True})
    unseen = workbook.add_worksheet("隐")
    unseen.hide()
    unseen.write(0, 0, "b")


def test_hidden_rows_columns_and_sheets_are_named_and_skipped_only_when_told(tmp_path, book):
    source = book(hiding)
    assert rows(source) == [["客户", "电话", "备注"], ["青松样品厂", "1", "x"], ["白云样品厂", "2", "y"]]
    assert [(n.code, n.where) for n in source.grids[0].notes] == [("hidden_rows", "3"), ("hidden_columns", "C")]
    source = read(tmp_path / "b.xlsx", "b.xlsx", Limits(hidden="skip"))
    (grid,) = source.grids
    assert grid.cells.to_numpy().tolist() == [["客户", "电话"], ["青松样品厂", "1"]] and grid.cells.index.tolist() == [
        1,
        2,
    ]
    assert [(n.code, n.where) for n in grid.notes] == [
        ("hidden_sheet_skipped", "隐"), ("hidden_rows_skipped", "3"), ("hidden_columns_skipped", "C"),
    ]  # fmt: skip


@pytest.fixture()
def convert(tmp_path, office):
    """LibreOffice writes ``b.xlsx`` in another form."""

    def call(form):
        home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
        book = str(tmp_path / "b.xlsx")
        command = [office, home, "--headless", "--convert-to", form, "--outdir", str(tmp_path), book]
        subprocess.run(command, check=True, capture_output=True, timeout=100)
        return read(tmp_path / f"b.{form}", "b")

    return call


# A number, its format, what a person sees.
FORMATTED = [
    (123, "00000", "00123"),
    (7, '"KH-"0000', "KH-0007"),
    (7, "\\K\\H0000", "KH0007"),
    (13812345671, "000-0000-0000", "138-1234-5671"),
    (51265432101, "0000-00000000", "0512-65432101"),
    (20240305, "0000-00-00", "2024-03-05"),
    (6400, "000000;@", "006400"),
    (12345, "000", "12345"),
    (0.25, "0%", "25%"),
    (0.0825, "0.00%", "8.25%"),
    (-5, "000", "-5"),
    (1.5, "000", "1.5"),
    (1205000, "#,##0", "1205000"),
    (1200, '0"元"', "1200"),
    (12, "0_);[Red](0)", "12"),
]


def formatted(workbook):
    sheet = workbook.add_worksheet()
    for at, (number, code, _) in enumerate(FORMATTED):
        sheet.write(at, 0, "甲")
        sheet.write_number(at, 1, number, workbook.add_format({"num_format": code}))
        sheet.write_formula(at, 2, f"={number}", workbook.add_format({"num_format": code}), number)


def test_numbers_are_read_as_they_are_shown(book):
    assert rows(book(formatted)) == [["甲", shown, shown] for _, _, shown in FORMATTED]


@pytest.mark.parametrize("form", ["ods", "xls"])
def test_numbers_of_other_forms_are_read_as_they_are_shown(book, convert, form):
    book(formatted)
    assert rows(convert(form)) == [["甲", shown, shown] for _, _, shown in FORMATTED]


def test_a_number_that_lost_digits_stays_one(book):
    def fill(b):
        b.add_worksheet().write_number(0, 0, 320594199003074477, b.add_format({"num_format": "0" * 18}))

    assert "excel_precision_lost" in codes(book(fill))


@pytest.mark.parametrize("form", ["ods", "xls"])
def test_hidden_rows_and_columns_of_other_forms(tmp_path, book, convert, form):
    book(hiding)
    source = convert(form)
    assert {(n.code, n.where) for n in source.grids[0].notes} >= {("hidden_rows", "3"), ("hidden_columns", "C")}
    skipped = read(tmp_path / f"b.{form}", "b", Limits(hidden="skip"))
    assert rows(skipped) == [["客户", "电话"], ["青松样品厂", "1"]]


@pytest.mark.parametrize("indent", ["", "\n  "])
@pytest.mark.parametrize("kind", ["string", "unknown"])
def test_an_ods_of_another_program_is_read(tmp_path, indent, kind):
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text", "calcext")
    )
    cells = [
        f'<table:table-cell office:value-type="{kind}">{indent}<text:p>{text}</text:p>{indent}</table:table-cell>'
        for text in ("name", "a <text:span>b</text:span> <text:span>c</text:span>")
    ]
    rows = indent.join(f"<table:table-row>{indent}{cell}{indent}</table:table-row>" for cell in cells)
    table = f'<table:table table:name="S">{indent}<table:table-column/>{indent}{rows}{indent}</table:table>'
    with zipfile.ZipFile(tmp_path / "f.ods", "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr(
            "content.xml",
            f"<office:document-content{names}><office:body><office:spreadsheet>{table}</office:spreadsheet>"
            "</office:body></office:document-content>",
        )
    (grid,) = read(tmp_path / "f.ods", "f.ods").grids
    assert grid.cells.to_numpy().tolist() == [["name"], ["a b c"]]


@pytest.mark.parametrize("name", ["excel97.xls", "excel95.xls"])
def test_the_name_of_the_stream_may_stand_in_capitals(tmp_path, name):
    """Other programs than Excel write it so; OLE compares names without case."""
    data = (MADE / name).read_bytes()
    for stream in ("Workbook", "Book"):
        data = data.replace(stream.encode("utf-16-le") + b"\0\0", stream.upper().encode("utf-16-le") + b"\0\0")
    (tmp_path / name).write_bytes(data)
    loud, plain = read(tmp_path / name, name), read(MADE / name, name)
    assert loud.status == "read" and len(loud.grids) == len(plain.grids) > 0
    assert all(a.cells.equals(b.cells) for a, b in zip(loud.grids, plain.grids, strict=True))


@pytest.mark.parametrize("head", [b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00"])
def test_sheets_of_excel_2_to_4_are_refused_by_name(tmp_path, head):
    (tmp_path / "a.xls").write_bytes(head + b"\x00\x00\x10\x00" * 20)
    source = read(tmp_path / "a.xls", "a.xls")
    assert (source.status, source.reason, source.detail) == ("error", "unsupported_format", "Excel 2.0 - 4.0")
