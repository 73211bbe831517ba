"""Small real files of every format, written into the test's own folder; all data invented."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import olefile
import pytest
import xlsxwriter

TEXT = [
    ["客户名称", "编号", "电话", "日期", "金额"],
    ["青松样品有限公司", "007", "13800001111", "2024-03-05", "1234.5"],
    ["白云样品厂", "", "0571-88880000\n转8", "", "-0.5"],
]

_ODS = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="客户">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def xlsx(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("客户")
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, TEXT[0])
        sheet.write_row(1, 0, TEXT[1][:2])
        sheet.write_number(1, 2, 13800001111)
        sheet.write_datetime(1, 3, dt.datetime(2024, 3, 5), date)
        sheet.write_number(1, 4, 1234.5)
        sheet.write_row(2, 0, [TEXT[2][0], None, TEXT[2][2], None, -0.5])


def ods(path: Path) -> None:
    def cell(text: str) -> str:
        lines = "".join(f"<text:p>{line}</text:p>" for line in text.split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'

    lines = ["".join(cell(t) if t else "<table:table-cell/>" for t in row) for row in TEXT]
    rows = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", _ODS.format(rows + empty))
        package.writestr("META-INF/manifest.xml", "<manifest/>")


def html(path: Path) -> None:
    rows = "".join(
        "<tr>" + "".join(f"<td>{t.replace(chr(10), '<br>') or '&nbsp;'}</td>" for t in row) + "</tr>\n" for row in TEXT
    )
    head = '<html><head><meta http-equiv=Content-Type content="text/html; charset=gb2312"></head>'
    path.write_bytes(f"{head}<body><table border=1>\n{rows}</table></body></html>".encode("gbk"))


def spreadsheetml(path: Path) -> None:
    kinds = {(1, 2): "Number", (1, 3): "DateTime", (1, 4): "Number", (2, 4): "Number"}
    lines = ""
    for r, row in enumerate(TEXT):
        lines += "<Row>"
        for c, text in enumerate(row):
            shown = text.replace("\n", "&#10;") + ("T00:00:00.000" if kinds.get((r, c)) == "DateTime" else "")
            kind = kinds.get((r, c), "String")
            lines += f'<Cell ss:Index="{c + 1}"><Data ss:Type="{kind}">{shown}</Data></Cell>' if text else ""
        lines += "</Row>"
    path.write_text(
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="客户"><Table>{lines}</Table></Worksheet></Workbook>',
        "utf-8",
    )


def mhtml(path: Path) -> None:
    html(path)
    body = base64.encodebytes(path.read_bytes()).decode()
    path.write_bytes(
        (
            'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
            f"Content-Transfer-Encoding: base64\r\nContent-Type: text/html\r\n\r\n{body}\r\n--b--\r\n"
        ).encode()
    )


def delimited(delimiter: str, encoding: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        lines = [delimiter.join(f'"{t}"' if "\n" in t else t for t in row) for row in TEXT]
        path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))

    return write


def dbf_bytes(names: list[bytes], rows: list[list[bytes]], deleted: tuple[int, ...] = (), page: int = 0x7A) -> bytes:
    """A dBase III table of character fields of 30 bytes; ``deleted`` are 0-based row positions."""
    size, header = 1 + 30 * len(names), 33 + 32 * len(names)
    out = struct.pack("<B3BIHH16xBB2x", 3, 124, 1, 1, len(rows), header, size, 0, page)
    out += b"".join(struct.pack("<11sc4xBB14x", name, b"C", 30, 0) for name in names) + b"\r"
    for number, row in enumerate(rows):
        out += (b"*" if number in deleted else b" ") + b"".join(value.ljust(30) for value in row)
    return out + b"\x1a"


def dbf(path: Path) -> None:
    rows = [[text.replace("\n", " ").encode("gbk") for text in row] for row in TEXT]
    path.write_bytes(dbf_bytes(rows[0], rows[1:]))


def xls(path: Path) -> None:
    path.write_bytes((Path(__file__).parent / "data" / "small.xls").read_bytes())


def xls_bare(path: Path) -> None:
    with olefile.OleFileIO(Path(__file__).parent / "data" / "small.xls") as container:
        path.write_bytes(container.openstream("Workbook").read())


def xls_sheet(path: Path) -> None:
    """One sheet in records of Excel 5 and nothing around it, as old programs for databases write it."""
    out = struct.pack("<6H", 0x809, 8, 0, 0x10, 0, 0)
    for at, row in enumerate(TEXT):
        for column, text in enumerate(row):
            if text in ("1234.5", "-0.5", "13800001111"):
                out += struct.pack("<5Hd", 0x203, 14, at, column, 0, float(text))
            elif text:
                data = text.encode("gbk")
                out += struct.pack("<6H", 0x204, 8 + len(data), at, column, 0, len(data)) + data
    path.write_bytes(out + struct.pack("<2H", 0x0A, 0))


def zipped_alone(path: Path) -> None:
    delimited(",", "gbk")(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def records() -> list[dict[str, str]]:
    return [dict(zip(TEXT[0], row, strict=True)) for row in TEXT[1:]]


def json_records(path: Path) -> None:
    path.write_text(json.dumps(records(), ensure_ascii=False), "utf-8")


def json_lines(path: Path) -> None:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records()), "utf-8", newline="")


def xml_records(path: Path) -> None:
    rows = "".join("<行>" + "".join(f"<{k}>{v}</{k}>" for k, v in r.items()) + "</行>" for r in records())
    path.write_bytes(f'<?xml version="1.0" encoding="GBK"?><表>{rows}</表>'.encode("gbk"))


def fixed(path: Path) -> None:
    def line(row: list[str]) -> str:
        return "".join(t + " " * (20 - len(t.encode("gbk"))) for t in (t.replace("\n", " ") for t in row)).rstrip()

    path.write_bytes("\r\n".join(map(line, TEXT)).encode("gbk"))


def vcard(path: Path) -> None:
    cards = [f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{r[0]}\r\nTEL;TYPE=CELL:{r[2]}\r\nEND:VCARD\r\n" for r in TEXT[1:]]
    path.write_text("".join(cards).replace("\n转8", ""), "utf-8", newline="")


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("客户/a.csv", "\n".join(",".join(row[:2]) for row in TEXT))


WRITERS: dict[str, Callable[[Path], None]] = {
    "xlsx": xlsx,
    "ods": ods,
    "xls": xls,
    "xls bare": xls_bare,
    "xls sheet": xls_sheet,
    "csv gz": zipped_alone,
    "html": html,
    "mhtml": mhtml,
    "spreadsheetml": spreadsheetml,
    "dbf": dbf,
    "json": json_records,
    "jsonl": json_lines,
    "xml": xml_records,
    "fixed": fixed,
    "csv utf-8": delimited(",", "utf-8"),
    "csv utf-8-sig": delimited(",", "utf-8-sig"),
    "csv gbk": delimited(",", "gbk"),
    "csv utf-16": delimited(",", "utf-16"),
    "tsv utf-16-le": delimited("\t", "utf-16-le"),
    "csv semicolon": delimited(";", "gb18030"),
}


@pytest.fixture(params=sorted(WRITERS))
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """The same little table in one of the formats, under a suffix that says nothing."""
    path = tmp_path / "样品.dat"
    WRITERS[request.param](path)
    return request.param, path


OTHERS = {"vcard": vcard, "zip": archive}  # which hold no table as it stands


@pytest.fixture(params=sorted({**WRITERS, **OTHERS}))
def any_sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A small file of any format, under a suffix that says nothing."""
    path = tmp_path / "样品.dat"
    {**WRITERS, **OTHERS}[request.param](path)
    return request.param, path


@pytest.fixture
def expected() -> list[list[str]]:
    return [list(row) for row in TEXT]


@pytest.fixture
def make_dbf() -> Callable[..., bytes]:
    return dbf_bytes


@pytest.fixture
def change_package() -> Callable[..., bytes]:
    """A small xlsx whose parts are changed: part name -> function of its bytes (None drops the part)."""

    def change(**parts: Callable[[bytes], bytes | None]) -> bytes:
        first, second = io.BytesIO(), io.BytesIO()
        with xlsxwriter.Workbook(first) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["客户", "电话"])
            sheet.write_row(1, 0, ["青松样品厂", "1"])
        by_name = {"sheet": "xl/worksheets/sheet1.xml", "book": "xl/workbook.xml"}
        changes = {by_name[key]: value for key, value in parts.items()}
        with zipfile.ZipFile(first) as old, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                data = changes.get(name, lambda d: d)(old.read(name))
                if data is not None:
                    new.writestr(name, data)
        return second.getvalue()

    return change
