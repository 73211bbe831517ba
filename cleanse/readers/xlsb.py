"""Binary workbooks (xlsb): their sheets, and the cells with errors, which the library gives as blanks."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from cleanse.readers.biff8 import ERRORS
from cleanse.readers.cells import column_name

ROW, ERROR, FORMULA_ERROR, VERSION, SHEET = 0x00, 0x03, 0x0B, 0x80, 0x9C
LEAST_VERSION = 32  # bytes of the version record; Excel wrote fewer before its release
_SIGN = re.compile(b"(?s)\x03\x09..\x00\x00...\x00|\x0b[\x0b-\xff]")


def errors(sheet: bytes) -> list[str]:
    """The cells that hold an error, as ``A2=#N/A``; empty where the records cannot be followed."""
    if not _SIGN.search(sheet):
        return []
    found, row = [], 0
    for kind, body in _records(sheet):
        if kind == ROW and len(body) >= 4:
            row = struct.unpack_from("<I", body)[0]
        elif kind in (ERROR, FORMULA_ERROR) and len(body) >= 9:
            column = struct.unpack_from("<I", body)[0]
            found.append(f"{column_name(column)}{row + 1}={ERRORS.get(body[8], '#N/A')}")
    return found


def sheets(book: bytes) -> list[tuple[str, str]]:
    """Name of each sheet and id of the relation that leads to it."""
    found = []
    for kind, body in _records(book):
        if kind == SHEET:
            link, rest = _text(body[8:])
            found.append((_text(rest)[0], link))
    return found


def is_early(book: bytes) -> bool:
    """Whether the workbook was written by Excel 2007 before its release, in a form that nothing reads any more."""
    return any(kind == VERSION and len(body) < LEAST_VERSION for kind, body in _records(book))


def _text(data: bytes) -> tuple[str, bytes]:
    """A text that tells its length before it, and what follows."""
    end = 4 + 2 * int.from_bytes(data[:4], "little")
    return data[4:end].decode("utf-16-le", "replace"), data[end:]


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each record: both number and length take seven bits of a byte, the eighth says that more follows."""
    at, end = 0, len(data)
    while at < end:
        kind, at = data[at], at + 1
        if kind & 0x80:
            if at >= end:
                return
            kind, at = (kind & 0x7F) | (data[at] & 0x7F) << 7, at + 1
        size = shift = 0
        while at < end:
            part, at = data[at], at + 1
            size |= (part & 0x7F) << shift
            shift += 7
            if not part & 0x80 or shift > 21:
                break
        yield kind, data[at : at + size]
        at += size
