"""Makes the files of ``tests/readers/made`` (committed; all data invented): one little table in every form an office writes.

    python tests/readers/make_data.py             needs LibreOffice, and a python3 that has its ``uno`` module

``TABLE`` is what a person sees and what every file must give back; ``test_made.py`` says where a form cannot hold all of it.
xlsb ([MS-XLSB]) and Excel 5/95 (BIFF5 in an OLE container) are written here byte by byte: LibreOffice 7.4 reads them only.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from urllib.request import pathname2url

MADE = Path(__file__).parent / "made"
SHEET = "客户"
TABLE = [
    ["客户名称", "编号", "手机", "日期", "金额", "备注"],
    ["青松样品有限公司", "007", "13800001111", "2024-03-05", "1234.5", "老客户"],
    ["白云样品厂", "0012", "", "", "-0.5", ""],
    ["鑫淼样品（上海）公司", "", "13900002222", "2023-12-31", "30000", "“引号”, 逗号"],
]
SECOND = [["联系人", "邮箱"], ["王小明", "wang@example.com"]]
PASSWORD = "秘密 123"
# File name -> filter of LibreOffice, password.
OFFICE = {
    "excel97.xls": ("MS Excel 97", ""),
    "template.xlt": ("MS Excel 97 Vorlage/Template", ""),
    "excel2007.xlsx": ("Calc MS Excel 2007 XML", ""),
    "transitional.xlsx": ("Calc Office Open XML", ""),
    "macros.xlsm": ("Calc MS Excel 2007 VBA XML", ""),
    "template.xltx": ("Calc MS Excel 2007 XML Template", ""),
    "calc.ods": ("calc8", ""),
    "template.ots": ("calc8_template", ""),
    "page.html": ("HTML (StarCalc)", ""),
    "gbk.csv": ("Text - txt - csv (StarCalc)", ""),
    "locked97.xls": ("MS Excel 97", PASSWORD),
    "locked.ods": ("calc8", PASSWORD),
}


def base(path: Path) -> None:
    """The table as a workbook with dates, numbers and text, and a second sheet."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet(SHEET)
        for r, row in enumerate(TABLE):
            for c, text in enumerate(row):
                if r and c == 3 and text:
                    sheet.write_datetime(r, c, dt.datetime.fromisoformat(text), day)
                elif r and c == 4:
                    sheet.write_number(r, c, float(text))
                elif text:
                    sheet.write_string(r, c, text)
        other = book.add_worksheet("联系人")
        for r, row in enumerate(SECOND):
            other.write_row(r, 0, row)


def office(source: str, folder: str) -> None:
    """Save the workbook in every form; runs in the python that knows ``uno``."""
    import uno
    from com.sun.star.beans import PropertyValue

    def said(**values):
        return tuple(PropertyValue(Name=k, Value=v) for k, v in values.items())

    with tempfile.TemporaryDirectory() as profile:
        child = subprocess.Popen(
            ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{profile}",
             "--accept=pipe,name=cleansemade;urp;"],
        )  # fmt: skip
        try:
            local = uno.getComponentContext()
            resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
            for _ in range(60):
                try:
                    context = resolver.resolve("uno:pipe,name=cleansemade;urp;StarOffice.ComponentContext")
                    break
                except Exception:
                    time.sleep(1)
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            book = desktop.loadComponentFromURL("file:" + pathname2url(source), "_blank", 0, said(Hidden=True))
            for name, (filter_name, password) in OFFICE.items():
                options = {"gbk.csv": "44,34,67,1,,0,false,true,false"}.get(name, "")
                more = {"Password": password} if password else {}
                more |= {"FilterOptions": options} if options else {}
                book.storeToURL("file:" + pathname2url(f"{folder}/{name}"), said(FilterName=filter_name, **more))
            book.close(True)
            desktop.terminate()
        finally:
            child.wait(60)


def xlsb(path: Path) -> None:
    """A minimal binary workbook: texts as they are, numbers as numbers; the date is text."""

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def record(kind: int, data: bytes = b"") -> bytes:
        sign = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, out = len(data), b""
        while True:
            out += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
            size >>= 7
            if not size:
                return sign + out + data

    sheet = record(129) + record(148, struct.pack("<4I", 0, len(TABLE) - 1, 0, len(TABLE[0]) - 1)) + record(145)
    for r, row in enumerate(TABLE):
        sheet += record(0, struct.pack("<IIHBBBI", r, 0, 300, 0, 0, 0, 0))
        for c, text in enumerate(row):
            place = struct.pack("<II", c, 0)
            if r and c == 4:
                sheet += record(5, place + struct.pack("<d", float(text)))
            elif text:
                sheet += record(6, place + wide(text))
    sheet += record(146) + record(130)
    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide(SHEET))
    book += record(144) + record(132)
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.ms-excel"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="bin" ContentType="{kind}.sheet.binary.macroEnabled.main"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.bin" ContentType="{kind}.worksheet"/></Types>',
        )
        for name, target, sort in (
            ("_rels/.rels", "xl/workbook.bin", "officeDocument"),
            ("xl/_rels/workbook.bin.rels", "worksheets/sheet1.bin", "worksheet"),
        ):
            out.writestr(
                name,
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{links}/{sort}" Target="{target}"/></Relationships>',
            )
        out.writestr("xl/workbook.bin", book)
        out.writestr("xl/worksheets/sheet1.bin", sheet)


def excel95(path: Path) -> None:
    """A workbook stream of Excel 5/95, texts in code page 936, in a container of 512-byte sectors."""

    def record(kind: int, data: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def start(kind: int) -> bytes:
        return record(0x809, struct.pack("<HHHH", 0x0500, kind, 0x0DBB, 1996))

    cells = record(0x200, struct.pack("<HHHHH", 0, len(TABLE), 0, len(TABLE[0]), 0))
    for r, row in enumerate(TABLE):
        for c, text in enumerate(row):
            if r and c == 4:
                cells += record(0x203, struct.pack("<HHHd", r, c, 0, float(text)))
            elif text:
                data = text.encode("gbk")
                cells += record(0x204, struct.pack("<HHHH", r, c, 0, len(data)) + data)
    name = SHEET.encode("gbk")
    head = start(5) + record(0x42, struct.pack("<H", 936))
    size = len(head) + 4 + 7 + len(name) + 4
    book = head + record(0x85, struct.pack("<IHB", size, 0, len(name)) + name) + record(0x0A)
    stream = (book + start(0x10) + cells + record(0x0A)).ljust(4096, b"\0")
    sectors = -(-len(stream) // 512)
    free, end, fat_sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    chain = [fat_sector, end, *range(3, sectors + 2), end]
    fat = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))

    def entry(title: str, kind: int, child: int, first: int, length: int) -> bytes:
        raw = title.encode("utf-16-le")
        return raw.ljust(64, b"\0") + struct.pack(
            "<HBBIII16xI16xIQ", len(raw) + 2 if raw else 0, kind, 1, free, free, child, 0, first, length
        )

    directory = (
        entry("Root Entry", 5, 1, end, 0) + entry("Book", 2, free, 2, len(stream)) + entry("", 0, free, 0, 0) * 2
    )
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    path.write_bytes(header + fat + directory + stream.ljust(sectors * 512, b"\0"))


def locked(source: Path) -> None:
    """Workbooks behind a password as Excel 2010 and later make them, and one that is protected against changes only."""
    import msoffcrypto

    for name, password in (("locked2010.xlsx", PASSWORD), ("readonly.xlsx", "VelvetSweatshop")):
        with source.open("rb") as file, (MADE / name).open("wb") as out:
            msoffcrypto.OfficeFile(file).encrypt(password, out)


def alone() -> None:
    """What programs of the years around 2000 write as xls: one sheet in records of Excel 5 without a container, texts in
    GBK; the records of a workbook without one; a packed csv."""
    import gzip

    import olefile

    out = struct.pack("<6H", 0x809, 8, 0, 0x10, 0, 0)
    for r, row in enumerate(TABLE):
        for c, text in enumerate(row):
            if r and text and c in (2, 4):
                out += struct.pack("<5Hd", 0x203, 14, r, c, 0, float(text))
            elif text:
                data = text.encode("gbk")
                out += struct.pack("<6H", 0x204, 8 + len(data), r, c, 0, len(data)) + data
    (MADE / "sheet.xls").write_bytes(out + struct.pack("<2H", 0x0A, 0))
    with olefile.OleFileIO(str(MADE / "excel97.xls")) as container:
        (MADE / "bare.xls").write_bytes(container.openstream("Workbook").read())
    (MADE / "gbk.csv.gz").write_bytes(gzip.compress((MADE / "gbk.csv").read_bytes(), mtime=0))


def others() -> None:
    """The forms that programs write as text, and an archive as Windows packs it: names in GBK without a mark."""
    names, *rows = TABLE
    records = [dict(zip(names, row, strict=True)) for row in rows]
    (MADE / "records.json").write_text(json.dumps({"count": 3, "data": records}, ensure_ascii=False, indent=1), "utf-8")
    (MADE / "records.jsonl").write_text("".join(json.dumps(r) + "\r\n" for r in records), "utf-8", newline="")
    lines = "".join("<row>" + "".join(f"<{k}>{v}</{k}>" for k, v in r.items()) + "</row>\n" for r in records)
    text = f'<?xml version="1.0" encoding="GB18030"?>\n<rows>\n{lines}</rows>\n'
    (MADE / "records.xml").write_bytes(text.encode("gb18030"))
    widths = [24, 8, 14, 12, 10, 16]
    printed = [_line(row, widths) for row in TABLE]
    page = [" " * 30 + "客户清单", printed[0], "-" * 80, *printed[1:], "-" * 80, "\f"]
    (MADE / "report.txt").write_bytes("\r\n".join(page).encode("gbk"))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("records.json", (MADE / "records.json").read_bytes())
    with zipfile.ZipFile(MADE / "windows.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            ("客户/excel97.xls", (MADE / "excel97.xls").read_bytes()),
            ("客户/深/inner.zip", inner.getvalue()),
        ):
            archive.writestr(_Unmarked(name, (2024, 3, 5, 0, 0, 0)), data)


class _Unmarked(zipfile.ZipInfo):
    """A name in the code page of a Chinese Windows, without the mark of UTF-8."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("gbk"), self.flag_bits


def _line(row: list[str], widths: list[int]) -> str:
    """One line of a report; a character of two bytes takes two places."""
    return "".join(
        text + " " * (width - len(text.encode("gbk"))) for text, width in zip(row, widths, strict=True)
    ).rstrip()


def cards() -> None:
    (MADE / "phone21.vcf").write_bytes(
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=8E=8B;=E5=B0=8F=\r\n=E6=98=8E;;;\r\n"
        b"TEL;CELL:13800001111\r\nTEL;CELL;PREF:13900002222\r\nTEL;WORK:021-60000000\r\n"
        b"ORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E9=9D=92=E6=9D=BE=E6=A0=B7=E5=93=81=E5=8E=82\r\n"
        b"PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/\r\n 2wBDAAgGBgcGBQgHBwcJ\r\n\r\nEND:VCARD\r\n"
    )
    (MADE / "mail30.vcf").write_bytes(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:李 娜\r\nN:李;娜;;女士;\r\nEMAIL;TYPE=INTERNET,WORK:li@example.com\r\n"
        "EMAIL;TYPE=INTERNET:li@example.org\r\nADR;TYPE=WORK:;;文三路1号\\, 2楼;杭州;浙江;310000;中国\r\n"
        "NOTE:一行很长的备注，在字节中间折\r\n 行\\n第二行\r\nitem1.URL:https://example.com\r\nEND:VCARD\r\n".encode().replace(
            "折".encode(), "折".encode()[:2] + b"\r\n " + "折".encode()[2:]
        )
    )
    (MADE / "new40.vcf").write_text(
        'BEGIN:VCARD\nVERSION:4.0\nFN:John Smith\nN:Smith;John;;;\nTEL;VALUE=uri;PREF=1;TYPE="voice,cell":tel:+86-138-0000-1111\n'
        "ORG:Pine Samples;Sales\nTITLE:Buyer\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:周一\nTEL;TYPE=home:010-60000000\nEND:VCARD\n",
        "utf-8",
    )


def main() -> None:
    MADE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "base.xlsx"
        base(source)
        python = os.environ.get("UNO_PYTHON", "/usr/bin/python3")
        subprocess.run([python, __file__, "office", str(source), str(MADE)], check=True)
        locked(source)
    (MADE / "wps.et").write_bytes((MADE / "excel97.xls").read_bytes())
    xlsb(MADE / "binary.xlsb")
    excel95(MADE / "excel95.xls")
    others()
    alone()
    cards()


if __name__ == "__main__":
    if sys.argv[1:2] == ["office"]:
        office(*sys.argv[2:4])
    else:
        main()
