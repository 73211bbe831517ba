"""Workbooks as other programs than Excel and LibreOffice lay them out: the same cells, or the right refusal."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from types import SimpleNamespace

import olefile
import pytest
import xlsxwriter
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from cleanse.readers import Limits, passwords, read
from cleanse.readers.opc import canonical
from cleanse.readers.packages import inspect

MADE = Path(__file__).parent / "made"
PASSWORD = "秘密 123"  # of the made files
ROWS = [["客户", "电话"], ["青松样品厂", "00123"], ["白云样品厂", ""]]
PREFIX = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def parts() -> dict[str, bytes]:
    """The parts of a small xlsx: texts, a number under a format of zeros, an error."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("甲")
        sheet.write_row(0, 0, ROWS[0])
        sheet.write_string(1, 0, ROWS[1][0])
        sheet.write_number(1, 1, 123, book.add_format({"num_format": "00000"}))
        sheet.write_string(2, 0, ROWS[2][0])
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")
    with zipfile.ZipFile(out) as package:
        return {name: package.read(name) for name in package.namelist() if not name.startswith("docProps")}


def relations(**targets: str) -> bytes:
    lines = "".join(
        f'<Relationship Id="{kind}" Type="{PREFIX}/{kind}" Target="{target}"/>' for kind, target in targets.items()
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    ).encode()


def own_names(old: dict[str, bytes]) -> dict[str, bytes]:
    """The workbook and its parts at the root, under names that say nothing."""
    rest = {"a.xml": "xl/worksheets/sheet1.xml", "b.xml": "xl/sharedStrings.xml", "c.xml": "xl/styles.xml"}
    return {
        "[Content_Types].xml": old["[Content_Types].xml"],
        "_rels/.rels": relations(officeDocument="book10.xml"),
        "_rels/book10.xml.rels": relations(worksheet="a.xml", sharedStrings="/b.xml", styles="./c.xml"),
        "book10.xml": old["xl/workbook.xml"].replace(b'"rId1"', b'"worksheet"'),
        **{new: old[name] for new, name in rest.items()},
    }


def changed(part: str, *pairs: tuple[str, str]):
    def change(old: dict[str, bytes]) -> dict[str, bytes]:
        text = old[part].decode()
        for before, after in pairs:
            assert before in text
            text = text.replace(before, after)
        return {**old, part: text.encode()}

    return change


def in_another_encoding(old: dict[str, bytes]) -> dict[str, bytes]:
    name = "xl/sharedStrings.xml"
    return {**old, name: old[name].decode().replace("UTF-8", "GBK").encode("gbk")}


def in_utf16(old: dict[str, bytes]) -> dict[str, bytes]:
    name = "xl/worksheets/sheet1.xml"
    return {**old, name: old[name].decode().replace("UTF-8", "UTF-16").encode("utf-16")}


LAYOUTS = {
    "names of its own": own_names,
    "backslashes": lambda old: {name.replace("/", "\\"): data for name, data in old.items()},
    "small letters": lambda old: {name.lower(): data for name, data in old.items()},
    "a module of macros": changed("xl/workbook.xml", ("</sheets>", '<sheet name="M" sheetId="9" r:id=""/></sheets>')),
    "a dimension of rows": changed("xl/worksheets/sheet1.xml", ('ref="A1:B3"', 'ref="1:3"')),
    "another encoding": in_another_encoding,
    "UTF-16": in_utf16,
    "before the release": lambda old: changed(
        "xl/sharedStrings.xml", ("<si>", "<sstItem>"), ("</si>", "</sstItem>")
    )(changed("xl/workbook.xml", ("openxmlformats.org/spreadsheetml/2006/main", "microsoft.com/office/excel/2006/2"))(old)),
}  # fmt: skip


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is, backslashes too
            package.writestr(info, data)
    return out.getvalue()


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_what_a_part_is_its_relations_say(tmp_path, name):
    (tmp_path / "a.xlsx").write_bytes(packed(LAYOUTS[name](parts())))
    source = read(tmp_path / "a.xlsx", "a.xlsx")
    assert (source.status, source.reason, source.format) == ("read", "", "xlsx")
    (grid,) = source.grids
    assert grid.sheet == "甲" and grid.cells.to_numpy().tolist() == ROWS
    assert [(note.code, note.where) for note in grid.notes] == [("error_cell", "B3=#N/A")]


def test_a_workbook_with_the_usual_names_stays_as_it_is():
    data = packed(parts())
    assert canonical(data, Limits()) is data


def test_a_sheet_that_is_lost_is_not_passed_over(tmp_path):
    lost = changed("xl/workbook.xml", ("</sheets>", '<sheet name="M" sheetId="9" r:id="rId99"/></sheets>'))
    (tmp_path / "a.xlsx").write_bytes(packed(lost(parts())))
    source = read(tmp_path / "a.xlsx", "a.xlsx")
    assert (source.status, source.reason) == ("error", "corrupt")


def test_a_bomb_under_names_of_its_own_is_refused(tmp_path):
    members = own_names(parts())
    members["a.xml"] = members["a.xml"].replace(b"<sheetData>", b"<sheetData>" + b" " * (1 << 23))
    (tmp_path / "a.xlsx").write_bytes(packed(members))
    source = read(tmp_path / "a.xlsx", "a.xlsx", Limits(unpacked_bytes=1 << 22))
    assert (source.status, source.reason) == ("error", "too_large")


def test_another_document_of_an_office_program_is_no_workbook(tmp_path):
    members = {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": relations(officeDocument="word/document.xml"),
        "word/document.xml": b"<w:document xmlns:w='x'><w:body>workbook</w:body></w:document>",
    }
    (tmp_path / "a.docx").write_bytes(packed(members))
    assert read(tmp_path / "a.docx", "a.docx").reason == "unsupported_format"


SPACES = "".join(f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"


def flat(before: str = "", kind: str = SPREADSHEET, more: str = "") -> str:
    def row(cells: list[str]) -> str:
        texts = [f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>' for c in cells]
        return "\n  ".join(["<table:table-row>", *texts, "</table:table-row>"])

    rows = "\n ".join(map(row, ROWS))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<office:document{SPACES} office:mimetype="{kind}">\n<office:body>'
        f'\n<office:spreadsheet>\n<table:table table:name="甲">\n {rows}\n</table:table>{more}\n</office:spreadsheet>'
        "\n</office:body>\n</office:document>"
    )


def test_a_workbook_in_one_xml_file_is_read(tmp_path):
    (tmp_path / "a.fods").write_text(flat(), "utf-8")
    source = read(tmp_path / "a.fods", "a.fods")
    assert (source.status, source.format) == ("read", "ods")
    assert source.grids[0].cells.to_numpy().tolist() == ROWS


def test_a_text_document_in_one_xml_file_is_no_workbook(tmp_path):
    (tmp_path / "a.fodt").write_text(flat(kind="application/vnd.oasis.opendocument.text"), "utf-8")
    assert read(tmp_path / "a.fodt", "a.fodt").status == "error"


def test_what_an_ods_keeps_of_another_file_is_no_sheet_of_it(tmp_path):
    kept = f'<table:table table:name="{"&apos;file:///home/b.ods&apos;#$甲"}"><table:table-row><table:table-cell '
    kept += 'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>'
    (tmp_path / "a.fods").write_text(flat(more=kept), "utf-8")
    assert [grid.sheet for grid in read(tmp_path / "a.fods", "a.fods").grids] == ["甲"]


ERROR_CELLS = {
    "as LibreOffice writes": 'office:value-type="string" office:string-value="" calcext:value-type="error"',
    "as it did before": 'office:value-type="float" office:value="0"',
    "without a type of its own": 'office:value-type="string" office:string-value=""',
}


@pytest.mark.parametrize("way", sorted(ERROR_CELLS))
def test_errors_of_an_ods_are_named(tmp_path, way):
    """Two rows of them, an error beside; a text that says the same stays."""
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    error = f'<table:table-cell{{}} table:formula="of:=A1" {ERROR_CELLS[way]}><text:p>{{}}</text:p></table:table-cell>'
    rows = [
        text.format("乙") + error.format(' table:number-columns-repeated="2"', "#N/A") + text.format("#N/A"),
        text.format("丙") + "<table:covered-table-cell/>" + error.format("", "Err:502") + "<table:table-cell/>",
    ]
    repeat = ['<table:table-row table:number-rows-repeated="2">', "<table:table-row>"]
    table = "".join(start + row + "</table:table-row>" for start, row in zip(repeat, rows, strict=True))
    book = flat(more=f'<table:table table:name="乙">{table}</table:table>')
    book = book.replace(
        "<office:document", '<office:document xmlns:calcext="urn:org:documentfoundation:names:calcext:1.0"'
    )
    (tmp_path / "a.fods").write_text(book, "utf-8")
    first, second = read(tmp_path / "a.fods", "a.fods").grids
    assert second.cells.to_numpy().tolist() == [["乙", "", "", "#N/A"]] * 2 + [["丙", "", "", ""]]
    places = "B1=#N/A C1=#N/A B2=#N/A C2=#N/A C3=Err:502"
    assert [(n.code, n.where, n.detail) for n in second.notes] == [("error_cell", places, "5")] and first.notes == ()


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ('<!DOCTYPE office:document PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "office.dtd">', ""),
        ('<!DOCTYPE office:document SYSTEM "http://127.0.0.1:9/a.dtd">', ""),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>', "corrupt"),
        ("<!DOCTYPE a [ ]>", "corrupt"),
    ],
)
def test_a_document_type_is_passed_over_unless_it_names_something(tmp_path, before, reason):
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as package:
        package.writestr("mimetype", SPREADSHEET)
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr("content.xml", flat(before))
        package.writestr("Basic/Standard/Module1.xml", f"<?xml version='1.0'?>{before}<module/>")
    source = read(tmp_path / "a.ods", "a.ods")
    assert source.reason == reason
    assert not reason or not source.grids
    assert reason or source.grids[0].cells.to_numpy().tolist() == ROWS


def restreamed(name: str, change) -> bytes:
    """An old workbook whose records are changed: ``change(kind, body)`` gives another pair, of the same length."""
    file = io.BytesIO((MADE / name).read_bytes())
    with olefile.OleFileIO(file, write_mode=True) as container:
        stream = bytearray(container.openstream("Workbook").read())
        at = 0
        while at + 4 <= len(stream):
            kind, size = struct.unpack_from("<HH", stream, at)
            new, body = change(kind, bytes(stream[at + 4 : at + 4 + size]))
            assert len(body) == size
            stream[at : at + 4 + size] = struct.pack("<HH", new, size) + body
            at += 4 + size
        container.write_stream("Workbook", bytes(stream))
        return file.getvalue()


def grids(source):
    return [(grid.sheet, grid.cells.to_numpy().tolist()) for grid in source.grids]


@pytest.mark.parametrize("page", [1252, 936, 10000])
def test_a_code_page_says_nothing_of_texts_in_utf16(tmp_path, page):
    data = restreamed("excel97.xls", lambda kind, body: (kind, struct.pack("<H", page) if kind == 0x42 else body))
    (tmp_path / "a.xls").write_bytes(data)
    assert grids(read(tmp_path / "a.xls", "a.xls")) == grids(read(MADE / "excel97.xls", "b.xls"))


@pytest.mark.parametrize("first", [14, 27, 50, 59])
def test_a_number_format_of_the_file_may_have_a_number_that_excel_keeps(tmp_path, first):
    """Whatever Excel keeps it for: dates of the file stay dates, and its numbers (under a format of zeros) numbers."""

    def change(kind: int, body: bytes) -> tuple[int, bytes]:
        at = {0x41E: 0, 0xE0: 2}.get(kind)
        if at is None or (number := struct.unpack_from("<H", body, at)[0]) < 164:
            return kind, body
        body = body[:at] + struct.pack("<H", number - 164 + first) + body[at + 2 :]
        return kind, body.replace(b"General", b"0.00000")

    (tmp_path / "a.xls").write_bytes(restreamed("excel97.xls", change))
    assert grids(read(tmp_path / "a.xls", "a.xls")) == grids(read(MADE / "excel97.xls", "b.xls"))


def test_a_formula_in_the_record_of_an_older_excel_has_its_value(tmp_path):
    """The text at C4 becomes a formula of Excel 4, whose record also covers what follows it."""
    file = io.BytesIO((MADE / "excel97.xls").read_bytes())
    with olefile.OleFileIO(file, write_mode=True) as container:
        stream = bytearray(container.openstream("Workbook").read())
        at = stream.index(struct.pack("<HHHH", 0xFD, 10, 3, 2))
        body = struct.pack("<HHHdHIH", 3, 2, 15, 41.5, 0, 0, 0)
        size = 10
        while size < len(body):
            size += 4 + struct.unpack_from("<HH", stream, at + 4 + size)[1]
        stream[at : at + 4 + size] = struct.pack("<HH", 0x406, size) + body.ljust(size, b"\0")
        container.write_stream("Workbook", bytes(stream))
    (tmp_path / "a.xls").write_bytes(file.getvalue())
    assert read(tmp_path / "a.xls", "a.xls").grids[0].cells.at[4, 2] == "41.5"


def test_errors_of_an_old_workbook_are_named(tmp_path):
    def change(kind: int, body: bytes) -> tuple[int, bytes]:
        return (0x205, body[:6] + b"\x2a\x01\0\0") if kind == 0x27E else (kind, body)

    (tmp_path / "a.xls").write_bytes(restreamed("excel97.xls", change))
    grid = read(tmp_path / "a.xls", "a.xls").grids[0]
    assert grid.cells.at[3, 4] == "" and [(n.code, n.where) for n in grid.notes] == [("error_cell", "E3=#N/A")]


def binary(change) -> bytes:
    with zipfile.ZipFile(MADE / "binary.xlsb") as package:
        return packed({name: change(name, package.read(name)) for name in package.namelist()})


def test_errors_of_a_binary_workbook_are_named(tmp_path):
    """The first text becomes an error; a record that nobody knows fills what it leaves."""

    def change(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.bin":
            return data
        at = data.index(b"\x06\x14")
        error = b"\x03\x09" + data[at + 2 : at + 10] + b"\x17"
        return data[:at] + error + b"\xff\x01\x08" + bytes(8) + data[at + 22 :]

    (tmp_path / "a.xlsb").write_bytes(binary(change))
    grid = read(tmp_path / "a.xlsb", "a.xlsb").grids[0]
    assert grid.cells.at[1, 0] == "" and grid.cells.at[1, 1] == "编号"
    assert ("error_cell", "A1=#REF!") in [(note.code, note.where) for note in grid.notes]


def test_a_sheet_of_a_binary_workbook_is_unpacked_once_to_be_looked_at(monkeypatch):
    opened, real = [], zipfile.ZipFile.open
    monkeypatch.setattr(
        zipfile.ZipFile, "open", lambda self, name, *a: opened.append(str(name)) or real(self, name, *a)
    )
    inspect((MADE / "binary.xlsb").read_bytes(), Limits())
    assert opened.count("xl/worksheets/sheet1.bin") == 1


def test_a_binary_workbook_from_before_the_release_is_refused_by_name(tmp_path):
    def change(name: str, data: bytes) -> bytes:
        return data[:3] + b"\x80\x01\x14" + bytes(20) + data[3:] if name == "xl/workbook.bin" else data

    (tmp_path / "a.xlsb").write_bytes(binary(change))
    source = read(tmp_path / "a.xlsb", "a.xlsb")
    assert (source.reason, source.detail) == ("unsupported_format", "Excel 2007 beta")


def test_the_name_of_the_stream_may_stand_in_any_case(tmp_path):
    """Beside it such a file holds one for Excel 95, with fewer letters."""
    data = (MADE / "excel97.xls").read_bytes().replace("Workbook".encode("utf-16-le"), "WorkBook".encode("utf-16-le"))
    (tmp_path / "a.xls").write_bytes(data)
    assert grids(read(tmp_path / "a.xls", "a.xls")) == grids(read(MADE / "excel97.xls", "b.xls"))


def test_a_hash_that_the_library_compares_wrongly_does_not_close_a_file(monkeypatch):
    """Of SHA-1 it compares 20 bytes with 32; what comes out decides, for the right password and for a wrong one."""
    monkeypatch.setattr("msoffcrypto.format.ooxml.ECMA376Agile.verify_password", lambda *a: False)
    data = (MADE / "locked2010.xlsx").read_bytes()
    assert zipfile.is_zipfile(io.BytesIO(passwords.opened(data, ["falsch", PASSWORD]) or b""))
    assert passwords.opened(data, ["falsch"]) is None


def test_the_last_block_of_a_package_may_be_cut(monkeypatch):
    """Some programs write no filling after the end; the library asks for whole blocks."""
    key, text = bytes(range(16)), packed(parts())
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    whole = cipher.update(text + bytes(-len(text) % 16)) + bytes(16)
    stream = struct.pack("<Q", len(text)) + whole[:-9]
    file = SimpleNamespace(file=SimpleNamespace(openstream=lambda name: io.BytesIO(stream)), secret_key=key)
    file.format, file.type, file.load_key = "ooxml", "standard", lambda **_: None
    monkeypatch.setattr("msoffcrypto.OfficeFile", lambda _: file)
    assert passwords.opened(passwords.OLE, ["x"]) == text


def test_one_that_the_library_stumbles_over_does_not_end_the_trying(monkeypatch):
    real = passwords._plain

    def plain(file, password: str) -> bytes:
        if password == "falsch":
            raise ValueError
        return real(file, password)

    monkeypatch.setattr(passwords, "_plain", plain)
    assert passwords.opened((MADE / "locked97.xls").read_bytes(), ["falsch", PASSWORD])
