"""dBase, FoxPro and Visual FoxPro tables. Rows are numbered by record; the field list is row 0."""

from __future__ import annotations

import re
from typing import Any

import dbfread
from dbfread import DBF, FieldParser

from cleanse.model import Grid, Note
from cleanse.readers.cells import frame_of_rows, listed, moment_text
from cleanse.readers.encodings import WIDENED, decode
from cleanse.readers.raw import Parsed, Raw, Unreadable

VERSIONS = frozenset(b"\x02\x03\x04\x05\x30\x31\x32\x43\x63\x7b\x83\x87\x8b\x8c\x8e\xcb\xe5\xf5\xfb")
# Language driver byte -> encoding; the others are judged by the bytes themselves.
CODE_PAGES = {0x4D: "gbk", 0x7A: "gbk", 0x4F: "big5", 0x78: "big5", 0x03: "cp1252", 0x57: "cp1252", 0x58: "cp1252"}
END = 0x1A
LIVE = ord(" ")
FIELD = re.compile(rb"[^\x00]{1,10}\x00")


def sniff(head: bytes) -> bool:
    """A known version byte, a date, a header that ends with a carriage return, and a plausible first field."""
    if len(head) < 65 or head[0] not in VERSIONS or not (head[2] <= 12 and head[3] <= 31):
        return False
    header, record = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    if header < 65 or record < 2 or not FIELD.match(head[32:43]) or head[43:44] not in b"BCDFGILMNOPQTVWY0+@":
        return False
    return (header - 1) % 32 == 0 or (header - 264) % 32 == 0 or head[header - 1 : header] == b"\r"


class _Text(FieldParser):  # type: ignore[misc]
    """Values as they stand: numbers keep their digits, a date that is none keeps its text."""

    def _plain(self, field: Any, data: bytes) -> str:
        return str(self.decode_text(data.split(b"\0", 1)[0])).strip()

    def parseC(self, field: Any, data: bytes) -> str:
        return str(self.decode_text(data.replace(b"\0", b" ").rstrip(b" ")))

    def parseN(self, field: Any, data: bytes) -> str:
        text = self._plain(field, data)
        return "" if set(text) <= {"*"} else text

    parseF = parseN

    def parseD(self, field: Any, data: bytes) -> str:
        text = self._plain(field, data)
        if not text.strip("0"):
            return ""
        return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else text

    def parseL(self, field: Any, data: bytes) -> str:
        return {"t": "TRUE", "y": "TRUE", "f": "FALSE", "n": "FALSE"}.get(self._plain(field, data).lower(), "")

    def parseT(self, field: Any, data: bytes) -> str:
        moment = super().parseT(field, data)
        return moment_text(moment) if moment else ""

    def parse0(self, field: Any, data: bytes) -> str:
        return ""


def read(raw: Raw) -> Parsed:
    """One grid; deleted rows are passed over and named in a note, a missing memo file leaves its fields empty."""
    encoding = _encoding(raw)
    try:
        table = DBF(
            str(raw.path), encoding=WIDENED.get(encoding, encoding), parserclass=_Text,
            ignore_missing_memofile=True, char_decode_errors="replace", recfactory=list,
        )  # fmt: skip
        names = list(table.field_names)
        rows = [[_shown(value) for _, value in record] for record in table]
    except (dbfread.DBFNotFound, dbfread.MissingMemoFile, ValueError, KeyError, OSError, EOFError, AttributeError) as e:
        raise Unreadable("corrupt", type(e).__name__, "dbf") from e
    live, gone = _numbers(raw.data, table.header.headerlen, table.header.recordlen)
    keep = min(len(live), len(rows))
    cells, notes = frame_of_rows([names, *rows[:keep]], 0)
    cells.index = [0, *live[:keep]]
    return Parsed("dbf", (Grid("", cells, (*notes, *_notes(table, gone, len(live) + len(gone)))),), encoding)


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("gb18030", "replace").strip("\0 ")
    return value.strip("\0") if isinstance(value, str) else value


def _encoding(raw: Raw) -> str:
    if raw.encoding:
        return raw.encoding
    if page := CODE_PAGES.get(raw.data[29]):
        return page
    body = raw.data[32:].replace(b"\0", b" ")
    found = decode(body).encoding
    return "gbk" if found == "utf-8" and body.isascii() else found


def _numbers(data: bytes, header: int, record: int) -> tuple[list[int], list[int]]:
    """1-based record numbers of the rows that live and of the deleted ones, up to the end mark."""
    live: list[int] = []
    gone: list[int] = []
    for number, flag in enumerate(data[header::record], 1):
        if flag == END:
            break
        (live if flag == LIVE else gone).append(number)
    return live, gone


def _notes(table: DBF, gone: list[int], found: int) -> list[Note]:
    notes = [Note("deleted_rows", listed([str(n) for n in gone]), str(len(gone)))] if gone else []
    if table.header.numrecords != found:
        notes.append(Note("record_count_differs", "", f"{table.header.numrecords} / {found}"))
    if any(f.type in "MGP" for f in table.fields) and not table.memofilename:
        notes.append(Note("memo_missing"))
    return notes
