"""What other programs than LibreOffice write into an ods, and workbooks in one XML file (fods), in the form that calamine reads;
the cells with errors, which it gives as blanks."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO

from lxml import etree

from cleanse.model import Note
from cleanse.readers.cells import column_name, error_notes
from cleanse.readers.styles import PERCENT, seen

CONTENT = "content.xml"
MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
CACHE = re.compile(r"'\w+:.*'#")  # what LibreOffice keeps of another file that formulas refer to: no sheet of this one
_FLAT = re.compile(rb"<(?:\w+:)?document\s")
_UNKNOWN = b'office:value-type="unknown"'  # calamine takes such a cell for empty
_INDENT = re.compile(
    rb"(?<=>)\s+(?=<(?:/?table:|/?office:annotation|text:p[\s>/]))"
)  # between cells, where it fails on blanks
_SHOWN = r"#(?:N/A|NV|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)|Err:\d{3}"
_ERROR = re.compile(rf'value-type="error"|<text:p>(?:{_SHOWN})</text:p>'.encode())
_SOME = "[^>]{0,400}?"  # attributes
_OLD_ERROR = re.compile(  # older programs give an error the value 0
    rf'(<table:table-cell {_SOME})office:value-type="float"({_SOME})office:value="0"({_SOME}><text:p>(?:{_SHOWN})</text:p>)'.encode()
)
_SHOWN_AS_MORE = re.compile(  # a number that is shown with leading zeros or parted, or as a percentage
    rf'(<table:table-cell {_SOME})office:value-type="(float|percentage)"({_SOME}) ?office:value="(-?[0-9.E+-]+)"({_SOME}><text:p>)'.encode()
    + b"([^<]*)(</text:p>)"
)
_PARTED = re.compile(rb"[^.,%]*?(?:(?<![0-9])0[0-9]|[0-9][- ][0-9])[^.,%]*")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
MOST = 1 << 10  # cells that one element may repeat and that are named


def sniff_flat(head: bytes) -> bool:
    """A document in one XML file that calls itself a spreadsheet."""
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and bool(_FLAT.search(head)) and MIMETYPE in head


def packed(data: bytes) -> bytes:
    """The one file as the package that it would be."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", MIMETYPE)
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr(CONTENT, data)
    return out.getvalue()


def mended(data: bytes) -> bytes:
    """The workbook with cells of an unknown type and numbers shown as more than that as text, errors empty, no blanks between
    cells; as it was where it has none."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        content = package.read(CONTENT)
        plain = _INDENT.sub(b"", content).replace(_UNKNOWN, b'office:value-type="string"')
        plain = _OLD_ERROR.sub(rb'\1office:value-type="string"\2office:string-value=""\3', plain)
        plain = _SHOWN_AS_MORE.sub(_as_shown, plain)
        if plain == content:
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
            for name in dict.fromkeys(package.namelist()):
                copy.writestr(name, plain if name == CONTENT else package.read(name))
    return out.getvalue()


def _as_shown(match: re.Match[bytes]) -> bytes:
    """A cell with its number as the text that a person sees, where that says more."""
    before, sort, between, value, behind, shown, end = match.groups()
    if sort == b"percentage":
        text = seen(float(value), PERCENT).encode()
    elif _PARTED.fullmatch(shown) and re.sub(rb"[^0-9]", b"", shown).lstrip(b"0") == value.lstrip(b"0"):
        text = shown
    else:
        return match[0]
    return before + b'office:value-type="string"' + between + behind + text + end


def may_hold_errors(content: bytes) -> bool:
    """Whether a piece of the content shows an error."""
    return _ERROR.search(content) is not None


def errors(package: zipfile.ZipFile) -> dict[str, list[Note]]:
    """Notes on the cells with errors, by sheet; empty where the content is damaged."""
    try:
        with package.open(CONTENT) as stream:
            return {sheet: error_notes(places) for sheet, places in _errors(stream)}
    except (etree.XMLSyntaxError, KeyError, ValueError):
        return {}


def _errors(stream: IO[bytes]) -> Iterator[tuple[str, list[str]]]:
    places: list[str] = []
    found: list[tuple[int, str]] = []  # of a row: column from 0, what is shown
    row, column = 1, 0
    tags = [f"{_TABLE}{name}" for name in ("table", "table-row", "table-cell", "covered-table-cell")]
    for _, element in etree.iterparse(stream, events=("end",), tag=tags, resolve_entities=False, no_network=True):
        if element.tag == tags[0]:
            yield element.get(f"{_TABLE}name", ""), places
            places, row = [], 1
        elif element.tag == tags[1]:
            times = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
            rows = range(row, row + min(times, MOST))
            places += [f"{column_name(at)}{number}={shown}" for number in rows for at, shown in found]
            found, row, column = [], row + times, 0
        else:
            times = int(element.get(f"{_TABLE}number-columns-repeated", "1"))
            if element.tag == tags[2] and (shown := _error(element)):
                found += [(at, shown) for at in range(column, column + min(times, MOST))]
            column += times
        element.clear()


def _error(cell: etree._Element) -> str:
    """What a cell with an error shows; '' for any other, also for a text that says the same."""
    if len(cell) == 0:
        return ""
    shown = "".join(cell[-1].itertext())
    if any(value == "error" and str(key).endswith("}value-type") for key, value in cell.attrib.items()):
        return shown
    empty = cell.get(f"{_OFFICE}string-value") == "" or cell.get(f"{_OFFICE}value") == "0"
    return shown if empty and cell.get(f"{_TABLE}formula") and re.fullmatch(_SHOWN, shown) else ""
