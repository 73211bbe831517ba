"""Streams of Excel without their container, as old export programs write them under the suffix xls.

A workbook gets a container and is read like any other. A sheet alone (Excel 5; what many Delphi and PHP programs write)
has no formats, and its texts are in the code page of the machine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cleanse.model import Grid
from cleanse.readers import workbook
from cleanse.readers.biff8 import ERRORS
from cleanse.readers.cells import column_name, error_notes, frame_of_rows
from cleanse.readers.encodings import decode
from cleanse.readers.raw import Parsed, Raw, Unreadable

BOFS = {b"\x09\x08": "5", b"\x09\x04": "4", b"\x09\x02": "3", b"\x09\x00": "2"}
LENGTHS = (b"\x04\x00", b"\x06\x00", b"\x08\x00", b"\x10\x00")
BOOK, SHEET, EXCEL_97 = 0x05, 0x10, 0x0600
EOF, STYLE, STRING = 0x0A, 0xE0, 0x0207
LABELS, NUMBER, RK, RKS, BOOL_OR_ERROR, FORMULAS = (0x0204, 0xD6), 0x0203, 0x027E, 0xBD, 0x0205, (0x06, 0x0206, 0x0406)
SECTOR, MOST_TABLES = 1 << 12, 109
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD  # of the allocation table of a container


def sniff(head: bytes) -> bool:
    """The first record of a workbook or a sheet, with its length."""
    return head[:2] in BOFS and head[2:4] in LENGTHS


def read(raw: Raw) -> Parsed:
    """The sheets of a workbook, or the one sheet."""
    if len(raw.data) < 8 or BOFS[raw.data[:2]] != "5":
        raise Unreadable("unsupported_format", "Excel 2.0 - 4.0", "xls")
    version, kind = struct.unpack_from("<HH", raw.data, 4)
    if kind == BOOK:
        return workbook.read(replace(raw, data=contained(raw.data, "Workbook" if version == EXCEL_97 else "Book")))
    if kind != SHEET or version == EXCEL_97:
        raise Unreadable("unsupported_format", "part of an xls", "xls")
    return _sheet(raw)


def contained(stream: bytes, name: str) -> bytes:
    """An OLE container with that one stream."""
    data = stream.ljust(-(-max(len(stream), 1) // SECTOR) * SECTOR, b"\0")
    count = len(data) // SECTOR
    tables = -(-(count + 1) // (SECTOR // 4 - 1))
    if tables > MOST_TABLES:
        raise Unreadable("too_large", f"{len(stream)} bytes", "xls")
    first = count + 1  # of the tables; before them the directory
    chain = [*range(1, count), END, END, *[TABLE] * tables]
    chain += [FREE] * (tables * SECTOR // 4 - len(chain))
    places = [first + at if at < tables else FREE for at in range(MOST_TABLES)]
    header = struct.pack(
        f"<8s16x5H6x9I{MOST_TABLES}I",
        *(workbook.OLE, 0x3E, 4, 0xFFFE, 12, 6),
        *(1, tables, count, 0, SECTOR, END, 0, END, 0),
        *places,
    )
    directory = _entry("Root Entry", 5, 1, 0, 0)  # the library takes a root that begins nowhere for an empty container
    directory += _entry(name, 2, FREE, 0, len(data))
    blocks = (header.ljust(SECTOR, b"\0"), data, directory.ljust(SECTOR, b"\0"), struct.pack(f"<{len(chain)}I", *chain))
    return b"".join(blocks)


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    """One line of the directory of a container."""
    text = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBB3I36xIQ", text, len(text), kind, 1, FREE, FREE, child, start, size)


@dataclass
class _Cells:
    """The cells of a sheet by row and column, both from 0; texts as the bytes that stand there."""

    values: dict[tuple[int, int], bytes | float | bool] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    last: tuple[int, int] = (0, 0)  # the formula whose text may follow

    def see(self, kind: int, body: bytes) -> None:
        """Take one record."""
        if kind == STRING:
            self.values[self.last] = _label(body, 0)
            return
        row, column = struct.unpack_from("<HH", body)
        if kind in LABELS:
            self.values[row, column] = _label(body, 6)
        elif kind == NUMBER:
            self.values[row, column] = struct.unpack_from("<d", body, 6)[0]
        elif kind == RK:
            self.values[row, column] = _rk(struct.unpack_from("<i", body, 6)[0])
        elif kind == RKS:
            for at in range(4, len(body) - 7, 6):
                self.values[row, column + at // 6] = _rk(struct.unpack_from("<i", body, at + 2)[0])
        elif kind == BOOL_OR_ERROR:
            self.take(row, column, body[6], body[7] == 1)
        elif body[12:14] != b"\xff\xff":
            self.values[row, column] = struct.unpack_from("<d", body, 6)[0]
        elif body[6] in (1, 2):
            self.take(row, column, body[8], body[6] == 2)
        self.last = (row, column)

    def take(self, row: int, column: int, value: int, is_error: bool) -> None:
        """A truth value, or an error, which is taken as empty and named."""
        if is_error:
            self.errors.append(f"{column_name(column)}{row + 1}={ERRORS.get(value, '#N/A')}")
        else:
            self.values[row, column] = bool(value)


def _sheet(raw: Raw) -> Parsed:
    cells, seen = _Cells(), {*LABELS, NUMBER, RK, RKS, BOOL_OR_ERROR, STRING, *FORMULAS}
    for kind, body in _records(raw.data):
        if kind == STYLE:  # dates would look like numbers
            raise Unreadable("unsupported_format", "sheet of Excel 5", "xls")
        if kind in seen:
            cells.see(kind, body)
    if not cells.values:
        raise Unreadable("no_cells", format="xls")
    height, width = (max(place) + 1 for place in zip(*cells.values, strict=True))
    if height * width > raw.limits.cells:
        raise Unreadable("too_large", f"{height} x {width}", "xls")
    rows: list[list[str | float]] = [[""] * width for _ in range(height)]
    texts = [value for value in cells.values.values() if isinstance(value, bytes)]
    encoding = decode(b"\n".join(texts), raw.encoding).encoding
    for (row, column), value in cells.values.items():
        rows[row][column] = _text(value, encoding) if isinstance(value, bytes) else value
    frame, notes = frame_of_rows(rows)
    return Parsed("xls", (Grid("", frame, (*error_notes(cells.errors), *notes)),), encoding)


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        if kind == EOF:
            return
        yield kind, data[at + 4 : at + 4 + size]
        at += 4 + size


def _label(body: bytes, at: int) -> bytes:
    """A text that tells its length before it."""
    return body[at + 2 : at + 2 + struct.unpack_from("<H", body, at)[0]]


def _text(value: bytes, encoding: str) -> str:
    return decode(value).text if "+" in encoding else value.decode(encoding, "replace")


def _rk(value: int) -> float:
    """A number in four bytes: an integer or the half of a double, and whether it stands in hundredths."""
    number = float(value >> 2) if value & 2 else struct.unpack("<d", struct.pack("<ii", 0, value & ~3))[0]
    return number / 100 if value & 1 else number
