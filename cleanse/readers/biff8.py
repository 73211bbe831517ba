"""Excel 97 workbooks: what hides in them, which cells hold errors or numbers shown as more than that, and what other programs
write in another way.

The library believes the code page that a record names, though strings are UTF-16 here whatever it says; it passes over a formula
in the record of an older Excel, which holds its value at the same place; and it takes a number format of the file's own for
none when its number is one that Excel keeps for itself; and it knows few ways to write the name of the stream, of which case
counts for nothing. These are mended in place.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import olefile

from cleanse.model import Note
from cleanse.readers.cells import column_name, error_notes
from cleanse.readers.hidden import Hidden
from cleanse.readers.styles import Masked, of_styles

BOF, SHEET, ROW, COLUMNS, CODEPAGE = 0x0809, 0x0085, 0x0208, 0x007D, 0x0042
FORMULA, OLDER_FORMULAS, BOOL_OR_ERROR = 0x0006, (0x0206, 0x0406), 0x0205
FORMAT, STYLE = 0x041E, 0x00E0
NUMBERS = (0x0203, 0x027E, 0x00BD)  # one number, one in short, several in short in one row
SEVERAL = NUMBERS[2]
# Numbers of formats that Excel keeps for dates, by its language or without a use: what the file says of them stands.
KEPT = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 164)))
FREE = 219  # what to add for a number that it gives away
FORM_8, UTF16 = 0x0600, 1200
WORKBOOK = "Workbook".encode("utf-16-le")
_ENTRY = re.compile(rb"(?i)" + WORKBOOK + rb"(?=\x00{48}\x12\x00)")  # a name of a directory, with its length
ERRORS: Mapping[int, str] = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
# The fewest bytes of the records that are looked at.
LEAST_BODY: Mapping[int, int] = {
    BOF: 2, SHEET: 8, ROW: 14, COLUMNS: 10, CODEPAGE: 2, FORMAT: 2, STYLE: 4, BOOL_OR_ERROR: 8,
    **dict.fromkeys((FORMULA, *OLDER_FORMULAS), 20),
}  # fmt: skip


@dataclass
class Look:
    """What the walk over the records found, by the name of the sheet; the workbook as the library reads it."""

    data: bytes
    hidden: dict[str, Hidden] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    masked: dict[str, list[Masked]] = field(default_factory=dict)

    def notes(self) -> dict[str, list[Note]]:
        return {sheet: error_notes(places) for sheet, places in self.errors.items()}


def look(data: bytes) -> Look:
    """Nothing is found where the records cannot be followed."""
    data = _ENTRY.sub(WORKBOOK, data)
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            names = [name for name in ("Workbook", "Book") if container.exists(name)]
            stream = container.openstream(names[0]).read() if names else b""
    except OSError:
        return Look(data)
    if len(stream) < 6 or struct.unpack_from("<HHH", stream)[0::2] != (BOF, FORM_8):
        return Look(data)
    found = Look(data)
    mended = _walk(stream, found)
    if mended != stream:
        found.data = _replaced(data, names[0], bytes(mended))
    return found


def _walk(stream: bytes, found: Look) -> bytearray:
    mended = bytearray(stream)
    begins: dict[int, str] = {}
    formats: dict[int, list[int]] = {}  # number -> where it stands
    codes: dict[int, str] = {}
    styles: list[int] = []  # the format number of each
    masks: dict[int, str] = {}
    sheet, at, end = "", 0, len(stream) - 4
    unpack = struct.Struct("<HH").unpack_from
    while at <= end:
        kind, size = unpack(stream, at)
        if kind in NUMBERS:
            if masks and sheet:
                found.masked[sheet] += _masked(stream[at + 4 : at + 4 + size], kind == SEVERAL, masks)
        elif kind in LEAST_BODY and size >= LEAST_BODY[kind]:
            body = stream[at + 4 : at + 4 + size].ljust(size, b"\0")
            if kind == SHEET:
                begins[struct.unpack_from("<I", body)[0]] = _name(body)
            elif kind == BOF:
                sheet, masks = begins.get(at, ""), of_styles(styles, codes)
                found.masked.setdefault(sheet, [])
            elif kind == CODEPAGE:
                struct.pack_into("<H", mended, at + 4, UTF16)
            elif kind in (FORMAT, STYLE):
                place = at + (4 if kind == FORMAT else 6)
                number = struct.unpack_from("<H", stream, place)[0]
                if kind == STYLE:
                    styles.append(number)
                elif size > 5:
                    codes[number] = _text(body, 2, 2)
                if kind == FORMAT or number in formats:
                    formats.setdefault(number, []).append(place)
            elif sheet:
                _see(found, sheet, kind, body)
                if masks and kind in (FORMULA, *OLDER_FORMULAS):
                    found.masked[sheet] += _masked(body, False, masks)
                if kind in OLDER_FORMULAS:
                    struct.pack_into("<H", mended, at, FORMULA)
        at += 4 + size
    for number in formats.keys() & KEPT:
        for place in formats[number] if number + FREE not in formats else ():
            struct.pack_into("<H", mended, place, number + FREE)
    return mended


def _see(found: Look, sheet: str, kind: int, body: bytes) -> None:
    """What one record of a sheet says."""
    if kind == ROW:
        if struct.unpack_from("<H", body, 12)[0] & 0x20:
            found.hidden.setdefault(sheet, Hidden()).rows.append(struct.unpack_from("<H", body)[0] + 1)
    elif kind == COLUMNS:
        if struct.unpack_from("<H", body, 8)[0] & 1:
            first, last = struct.unpack_from("<HH", body)
            found.hidden.setdefault(sheet, Hidden()).columns.append((first + 1, last + 1))
    elif (code := _error(kind, body)) is not None:
        row, column = struct.unpack_from("<HH", body)
        found.errors.setdefault(sheet, []).append(f"{column_name(column)}{row + 1}={ERRORS.get(code, '#N/A')}")


def _error(kind: int, body: bytes) -> int | None:
    if kind == BOOL_OR_ERROR:
        return body[6] if body[7] == 1 else None
    if kind not in (FORMULA, *OLDER_FORMULAS):
        return None
    return body[8] if body[6] == 2 and body[12:14] == b"\xff\xff" else None


def _masked(body: bytes, several: bool, masks: Mapping[int, str]) -> list[Masked]:
    """The cells of a record whose style has a mask."""
    if len(body) < 6:
        return []
    row, column = struct.unpack_from("<HH", body)
    styles = [struct.unpack_from("<H", body, at)[0] for at in (range(4, len(body) - 7, 6) if several else (4,))]
    return [(row + 1, column + n + 1, masks[style]) for n, style in enumerate(styles) if style in masks]


def _name(body: bytes) -> str:
    return _text(body, 6, 1)


def _text(body: bytes, at: int, size: int) -> str:
    """The text whose length of ``size`` bytes stands there, behind it whether its characters are wide."""
    length, wide = int.from_bytes(body[at : at + size], "little"), body[at + size] & 1
    start = at + size + 1
    return body[start : start + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")


def _replaced(data: bytes, name: str, stream: bytes) -> bytes:
    """The container with another stream of the same length; as it was where it cannot be written."""
    file = io.BytesIO(data)
    try:
        with olefile.OleFileIO(file, write_mode=True) as container:
            container.write_stream(name, stream)
            return file.getvalue()
    except (OSError, ValueError):
        return data
