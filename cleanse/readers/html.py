"""Tables in HTML, which old systems like to save under the suffix .xls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree, html

from cleanse.model import Grid, Note
from cleanse.readers.cells import frame_of_rows, listed
from cleanse.readers.encodings import decode
from cleanse.readers.raw import Parsed, Raw, Unreadable

WIDEST = 16_384
_TAGS = re.compile(rb"<(!doctype\s+html|html|head|body|meta|table|style|div)[\s>]", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t\r\n]*")
_EXPONENT = re.compile(r"[-+]?\d(\.\d+)?E\+\d+", re.IGNORECASE)


def sniff(head: bytes) -> bool:
    """A tag of HTML near the start, in any encoding that holds ASCII (or UTF-16)."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.startswith(b"<") and bool(_TAGS.search(plain[:4096]))


def read(raw: Raw) -> Parsed:
    """One grid per outermost table that holds a cell; rows are numbered as they are shown."""
    said = _CHARSET.search(raw.data[:4096])
    decoded = decode(raw.data, raw.encoding or (said[1].decode("ascii") if said else ""))
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        tree = html.document_fromstring(decoded.text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as e:
        raise Unreadable("corrupt", type(e).__name__, "html") from e
    tables = [t for t in tree.iter("table") if not any(True for _ in t.iterancestors("table"))]
    grids = [grid for n, t in enumerate(tables, 1) if (grid := _grid(t, "" if len(tables) == 1 else f"table{n}"))]
    if not grids:
        raise Unreadable("no_table", format="html")
    notes = (Note("encoding_damaged", "", str(decoded.damaged)),) if decoded.damaged else ()
    first = Grid(grids[0].sheet, grids[0].cells, (*notes, *grids[0].notes))
    return Parsed("html", (first, *grids[1:]), decoded.encoding)


def _grid(table: html.HtmlElement, sheet: str) -> Grid | None:
    rows: list[dict[int, str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column -> rows still covered by a cell above, its text
    filled: list[str] = []
    for number, row in enumerate(_rows(table), 1):
        cells = {column: text for column, (_, text) in hanging.items()}
        if hanging:
            filled.append(str(number))
        hanging = {column: (left - 1, text) for column, (left, text) in hanging.items() if left > 1}
        column = 0
        for cell in row.iterchildren("td", "th"):
            while column in cells:
                column += 1
            text, width, height = _text(cell), _span(cell, "colspan"), _span(cell, "rowspan")
            for covered in range(column, min(column + width, WIDEST)):
                shown = text if covered == column else ""
                cells[covered] = shown
                if height > 1:
                    hanging[covered] = (height - 1, shown)
            column += width
        rows.append(cells)
    width = max((max(cells, default=-1) + 1 for cells in rows), default=0)
    if not width:
        return None
    frame, notes = frame_of_rows([[cells.get(i, "") for i in range(width)] for cells in rows])
    merged = (Note("merged_cell_filled", listed(filled), str(len(filled))),) if filled else ()
    return Grid(sheet, frame, (*notes, *merged))


def _rows(table: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """Its own rows, not those of a table inside a cell."""
    for child in table.iterchildren():
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from child.iterchildren("tr")


def _span(cell: html.HtmlElement, name: str) -> int:
    text = cell.get(name, "1").strip()
    return min(max(int(text), 1), WIDEST) if text.isdecimal() else 1


def _text(cell: html.HtmlElement) -> str:
    parts = [cell.text or ""]
    for inner in cell.iterdescendants():
        if inner.tag in ("br", "p", "div") and (inner.tag == "br" or "".join(parts).strip()):
            parts.append("\x0b")
        parts += [(inner.text or "") if isinstance(inner.tag, str) and inner.tag not in ("script", "style") else ""]
        parts.append(inner.tail or "")
    text = _BREAKS.sub(" ", "".join(parts)).replace("\x0b", "\n")
    text = "" if not text.strip() else text.strip("\n")
    exact = cell.get("x:num", "")
    return exact if exact and _EXPONENT.fullmatch(text.strip()) else text
