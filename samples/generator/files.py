"""Writes sheets as the formats people keep: workbook, CSV, tab-separated text, HTML called .xls, dBase.

No date of today and no other trace of the machine gets into them."""

from __future__ import annotations

import csv
import html
import io
import struct
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from generator.rows import Filled, Grid

MADE = datetime(2025, 9, 30)


def write_xlsx(path: Path, sheets: Sequence[Filled]) -> None:
    """Text stays text; dates and numbers are real cells."""
    options = {
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": MADE, "author": ""})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for filled in sheets:
            sheet = book.add_worksheet(filled.sheet.name)
            for r, row in enumerate(filled.grid):
                for c, value in enumerate(row):
                    if isinstance(value, str):
                        if value:
                            sheet.write_string(r, c, value)
                    elif isinstance(value, datetime):
                        sheet.write_datetime(r, c, value, day)
                    else:
                        sheet.write_number(r, c, value)


def write_separated(path: Path, filled: Filled, delimiter: str = ",") -> None:
    """CSV or tab-separated text in the sheet's encoding; notes the physical line of every record."""
    text, line = io.StringIO(newline=""), 1
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    rows = {row.number: row for row in filled.rows}
    for number, cells in enumerate(filled.grid, 1):
        if number in rows and line != number:
            rows[number].alt_row = line
        writer.writerow(cells)
        line += 1 + sum(str(cell).count("\n") for cell in cells)
    path.write_bytes(text.getvalue().encode(filled.sheet.encoding))


def write_html(path: Path, filled: Filled) -> None:
    """The table that old systems hand out as .xls."""
    parts = [
        '<html><head><meta http-equiv=Content-Type content="text/html; charset=gb2312"></head><body><table border=1>\n'
    ]
    width = max(len(row) for row in filled.grid)
    for number, row in enumerate(filled.grid, 1):
        kind = filled.layout.get(number, "")
        if kind == "title":
            parts.append(f"<tr><td colspan={width}>{_escaped(row[0])}</td></tr>\n")
        else:
            tag = "th" if kind == "header" else "td"
            parts.append("<tr>" + "".join(f"<{tag}>{_escaped(cell)}</{tag}>" for cell in row) + "</tr>\n")
    parts.append("</table></body></html>\n")
    path.write_bytes("".join(parts).encode("gbk", "xmlcharrefreplace"))


def _escaped(value: Any) -> str:
    return html.escape(str(value)).replace("\u00a0", "&nbsp;").replace("\n", "<br>")


def write_dbf(path: Path, filled: Filled) -> None:
    """A dBase III table in GBK: character fields, names cut to ten bytes, language mark 0x4D."""
    names = [header.encode("gbk")[:10].decode("gbk", "ignore") for header, _ in filled.sheet.columns]
    rows = [[str(cell).encode("gbk") for cell in row] for row in filled.grid]
    widths = [max(1, *(len(row[i]) for row in rows)) for i in range(len(names))]
    head = struct.pack("<4BIHH17xB2x", 3, 125, 9, 30, len(rows), 32 + 32 * len(names) + 1, 1 + sum(widths), 0x4D)
    fields = (struct.pack("<11sc4xBB14x", n.encode("gbk"), b"C", w, 0) for n, w in zip(names, widths, strict=True))
    body = (b" " + b"".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    path.write_bytes(head + b"".join(fields) + b"\r" + b"".join(body) + b"\x1a")


def write_damaged(path: Path, whole: Path) -> None:
    """A workbook whose second half never reached the disk."""
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def write_lock(path: Path, owner: str) -> None:
    """What Office leaves beside an open workbook."""
    name = owner.encode("gbk")
    path.write_bytes(bytes([len(name)]) + name.ljust(54) + owner.encode("utf-16-le").ljust(110, b" "))


def text_grid(filled: Filled) -> Grid:
    """The grid with real dates and numbers as the text a CSV export shows."""
    return [[str(v) if not isinstance(v, datetime) else f"{v:%Y-%m-%d}" for v in row] for row in filled.grid]
