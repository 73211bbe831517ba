"""Excel 5/95 workbooks in a code page of two bytes (936 in China): the library reads their bytes one by one.

The mark of the code page is set to 1252, in which every byte is a character and comes back; the texts are then read anew in
the true code page.
"""

from __future__ import annotations

import struct

import pandas as pd

from cleanse.model import Grid

PAGES = {936: "gb18030", 950: "big5hkscs", 932: "cp932", 949: "cp949"}
BOF = b"\x09\x08\x08\x00\x00\x05\x05\x00"  # the first record of the stream: BIFF5, workbook
CODEPAGE, EOF = 0x42, 0x0A
MOST_RECORDS = 200
# Code page 1252 as browsers and the library know it: what has no character of its own stands for itself.
_BYTES = {ord(bytes([b]).decode("cp1252", "ignore") or chr(b)): bytes([b]) for b in range(256)}


def narrowed(data: bytes) -> tuple[bytes, str]:
    """The bytes with their code page set to 1252, and the encoding they are truly in; ``''`` where nothing was changed."""
    at = data.find(BOF)
    for _ in range(MOST_RECORDS if at >= 0 else 0):
        head = data[at : at + 6]
        if len(head) < 6:
            break
        kind, size, value = struct.unpack("<HHH", head)
        if kind == CODEPAGE and size == 2 and value in PAGES:
            return data[: at + 4] + struct.pack("<H", 1252) + data[at + 6 :], PAGES[value]
        if kind in (CODEPAGE, EOF):
            break
        at += 4 + size
    return data, ""


def restored(grid: Grid, encoding: str) -> Grid:
    """The grid with its texts, and its name, in the true encoding."""

    def text(value: str) -> str:
        if value.isascii():
            return value
        return b"".join(_BYTES.get(ord(sign), sign.encode()) for sign in value).decode(encoding, "replace")

    cells = pd.DataFrame({c: column.map(text).astype("str") for c, column in grid.cells.items()})
    return Grid(text(grid.sheet), cells, grid.notes)
