"""Excel 2003 XML workbooks (SpreadsheetML), which old systems save under the suffix .xls."""

from __future__ import annotations

import datetime as dt
import io
import re

from lxml import etree

from cleanse.model import Grid, Note
from cleanse.readers.cells import frame_of_rows, listed, moment_text, number_text
from cleanse.readers.raw import Limits, Parsed, Raw, Unreadable

SPACE = "urn:schemas-microsoft-com:office:spreadsheet"
SS = f"{{{SPACE}}}"
DATA, TYPE, INDEX, DOWN, ACROSS = (SS + name for name in ("Data", "Type", "Index", "MergeDown", "MergeAcross"))
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(E[-+]?\d+)?", re.IGNORECASE)

Cells = dict[int, dict[int, str]]  # row -> column -> text, both from 0


def sniff(head: bytes) -> bool:
    """XML that names the namespace of Excel 2003 near its start."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.startswith(b"<") and SPACE.encode() in plain and b"<html" not in plain[:1000].lower()


def read(raw: Raw) -> Parsed:
    """One grid per worksheet that holds a cell."""
    grids: list[Grid] = []
    try:
        for _, sheet in etree.iterparse(
            io.BytesIO(raw.data), tag=f"{SS}Worksheet", resolve_entities=False, no_network=True, huge_tree=True
        ):
            if sheet.getroottree().docinfo.internalDTD is not None:
                raise Unreadable("corrupt", "DOCTYPE", "spreadsheetml")
            grids += _grid(sheet, raw.limits)
            sheet.clear()
    except etree.LxmlError as e:
        raise Unreadable("corrupt", type(e).__name__, "spreadsheetml") from e
    if not grids:
        raise Unreadable("no_cells", format="spreadsheetml")
    return Parsed("spreadsheetml", tuple(grids))


def _grid(sheet: etree._Element, limits: Limits) -> list[Grid]:
    cells: Cells = {}
    filled: list[str] = []
    at = -1
    merged: list[tuple[int, int, int]] = []  # row, column, rows below
    for row in sheet.iterfind(f"{SS}Table/{SS}Row"):
        at = _index(row, at)
        cells[at], column = {}, -1
        for cell in row.iterchildren(f"{SS}Cell"):
            column = _index(cell, column)
            cells[at][column] = _text(cell)
            if down := _whole(cell.get(DOWN)):
                merged.append((at, column, down))
            column += _whole(cell.get(ACROSS))
        at += _whole(row.get(f"{SS}Span"))
    own = {number for number, row in cells.items() if any(row.values())}
    for first, column, down in merged:
        for number in sorted(own & set(range(first + 1, min(first + down, max(own, default=0)) + 1))):
            if not cells[number].get(column):
                cells[number][column] = cells[first][column]
                filled.append(str(number + 1))
    if not own:
        return []
    height, width = max(own) + 1, max(max(cells[n], default=0) for n in own) + 1
    if height * width > limits.cells:
        raise Unreadable("too_large", f"{height} x {width}", "spreadsheetml")
    rows = [[cells.get(r, {}).get(c, "") for c in range(width)] for r in range(height)]
    frame, _ = frame_of_rows(rows)
    notes = (Note("merged_cell_filled", listed(filled), str(len(filled))),) if filled else ()
    return [Grid(sheet.get(f"{SS}Name", ""), frame, notes)]


def _index(element: etree._Element, before: int) -> int:
    said = _whole(element.get(INDEX))
    return said - 1 if said else before + 1


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _text(cell: etree._Element) -> str:
    data = next(cell.iterchildren(DATA), None)
    if data is None:
        return ""
    text = "".join(data.itertext()) if len(data) else data.text or ""
    kind = data.get(TYPE)
    if kind == "Number" and _NUMBER.fullmatch(text):
        return text if text.isdecimal() else number_text(float(text))
    if kind == "Boolean":
        return "TRUE" if text == "1" else "FALSE"
    if kind == "Error":
        return ""
    if kind == "DateTime":
        try:
            return moment_text(dt.datetime.fromisoformat(text))
        except ValueError:
            return text
    return text
