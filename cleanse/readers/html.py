"""Tables in HTML, which old systems like to save under the suffix .xls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from cleanse.model import Grid, Note
from cleanse.readers.cells import frame_of_rows, listed
from cleanse.readers.encodings import decode
from cleanse.readers.raw import Parsed, Raw, Unreadable

WIDEST = 16_384
ONE = (1, 1)
FRAMED = 8  # a table with fewer cells than this for each table inside it is a frame
LINE = "\x0b"  # stands for a line break until those of the source are gone
BLANK = " \t\r\n\x0b\xa0\u3000"
_TAGS = re.compile(rb"<(!doctype\s+html|html|head|body|meta|table|style|div)[\s>]", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
Hanging = dict[int, tuple[int, str]]  # column -> rows still covered by a cell above, its text
_SPANNED = etree.XPath(".//*[self::td or self::th][@colspan or @rowspan]")
_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t\r\n]*")
_EXPONENT = re.compile(r"[-+]?\d(\.\d+)?E\+\d+", re.IGNORECASE)
_FRAGMENT = re.compile(rb"<(?:h[1-6]|span|ul|ol|script|link|center|font|br|img)[\s/>]", re.IGNORECASE)


def sniff(head: bytes) -> bool:
    """A tag of a page near the start, or one of a piece of a page at it, in any encoding that holds ASCII (or UTF-16)."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.startswith(b"<") and bool(_TAGS.search(plain[:4096]) or _FRAGMENT.match(plain))


def read(raw: Raw) -> Parsed:
    """One grid per table that holds a cell, layout tables aside; rows are numbered as they are shown."""
    said = _CHARSET.search(raw.data[:4096])
    decoded = decode(raw.data, raw.encoding or (said[1].decode("ascii") if said else ""))
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        tree = etree.fromstring(decoded.text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as e:
        raise Unreadable("corrupt", type(e).__name__, "html") from e
    if tree is None:
        raise Unreadable("no_table", format="html")
    tables = _tables(tree)
    grids = [grid for n, t in enumerate(tables, 1) if (grid := _grid(t, "" if len(tables) == 1 else f"table{n}"))]
    if not grids:
        raise Unreadable("no_table", format="html")
    notes = (Note("encoding_damaged", "", str(decoded.damaged)),) if decoded.damaged else ()
    first = Grid(grids[0].sheet, grids[0].cells, (*notes, *grids[0].notes))
    return Parsed("html", (first, *grids[1:]), decoded.encoding)


def _tables(tree: etree._Element) -> list[etree._Element]:
    """The outermost tables that are no mere frame around others."""
    chosen: list[etree._Element] = []
    for table in tree.iter("table"):
        if any(outer in chosen for outer in table.iterancestors("table")):
            continue
        inner = sum(1 for _ in table.iterdescendants("table"))
        if not inner or sum(len(row) for row in _rows(table)) >= FRAMED * inner:
            chosen.append(table)
    return chosen


def _grid(table: etree._Element, sheet: str) -> Grid | None:
    rows: list[dict[int, str]] = []
    hanging: Hanging = {}
    filled: list[str] = []
    spanned = {cell: (_span(cell, "colspan"), _span(cell, "rowspan")) for cell in _SPANNED(table)}
    for number, row in enumerate(_rows(table), 1):
        own = list(row.iterchildren("td", "th"))
        if not hanging and spanned.keys().isdisjoint(own):
            rows.append(dict(enumerate(map(_text, own))))
            continue
        cells, shown = _placed(own, spanned, hanging)
        if shown and any(cells[c] for c in cells.keys() - shown.keys()):
            cells |= shown
            filled.append(str(number))
        rows.append(cells)
    width = max((max(cells, default=-1) + 1 for cells in rows), default=0)
    if not width:
        return None
    frame, notes = frame_of_rows([[cells.get(i, "") for i in range(width)] for cells in rows])
    merged = (Note("merged_cell_filled", listed(filled), str(len(filled))),) if filled else ()
    return Grid(sheet, frame, (*notes, *merged))


def _placed(
    own: list[etree._Element], spanned: dict[etree._Element, tuple[int, int]], hanging: Hanging
) -> tuple[dict[int, str], dict[int, str]]:
    """The cells of a row by column, and what hangs into it from cells above; ``hanging`` is brought up to date."""
    shown = {column: text for column, (_, text) in hanging.items() if text}
    taken = set(hanging)
    for column, (left, text) in list(hanging.items()):
        if left > 1:
            hanging[column] = (left - 1, text)
        else:
            del hanging[column]
    cells: dict[int, str] = {}
    column = 0
    for cell in own:
        while column in taken:
            column += 1
        text, (width, height) = _text(cell), spanned.get(cell, ONE)
        for covered in range(column, min(column + width, WIDEST)):
            cells[covered] = text if covered == column else ""
            if height > 1:
                hanging[covered] = (height - 1, cells[covered])
        column += width
    return cells, shown


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """Its own rows, not those of a table inside a cell."""
    for child in table.iterchildren():
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from child.iterchildren("tr")


def _span(cell: etree._Element, name: str) -> int:
    text = cell.get(name, "1").strip()
    return min(max(int(text), 1), WIDEST) if text.isdecimal() else 1


def _text(cell: etree._Element) -> str:
    text = _shown(cell) if len(cell) else cell.text or ""
    if "\n" in text or "\r" in text:
        text = _BREAKS.sub(" ", text)
    text = text.replace(LINE, "\n").strip("\n") if text.strip(BLANK) else ""
    if "E+" in text and _EXPONENT.fullmatch(text.strip()):
        return str(cell.get("x:num") or text)
    return text


def _shown(cell: etree._Element) -> str:
    """The text of a cell with its inner elements; what breaks a line is marked."""
    parts = [cell.text or ""]
    for inner in cell.iterdescendants():
        if inner.tag == "br" or (inner.tag in ("p", "div") and "".join(parts).strip()):
            parts.append(LINE)
        if isinstance(inner.tag, str) and inner.tag not in ("script", "style"):
            parts.append(inner.text or "")
        parts.append(inner.tail or "")
    return "".join(parts)
