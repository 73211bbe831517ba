"""Electronic cards (vCard 2.1, 3.0, 4.0) as phones and mail programs export them: one card, one record.

Columns are named by property and sort (``FN``, ``TEL CELL``, ``TEL WORK 2``, ``EMAIL``, ``ADR WORK city``); pictures, sounds
and keys are no cells and are named in a note. Sources: RFC 6350, RFC 2426, vCard 2.1 (versit, 1996).
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cleanse.model import Note
from cleanse.readers.cells import listed
from cleanse.readers.encodings import Decoded, decode
from cleanse.readers.raw import Parsed, Raw, Unreadable
from cleanse.readers.records import Records

BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
SORTED = frozenset({"TEL", "EMAIL", "ADR", "URL", "IMPP"})  # properties whose sort is part of the column's name
SORTS = ("FAX", "CELL", "PAGER", "WORK", "HOME", "MAIN")  # the first that is said counts
SILENT = frozenset({"BEGIN", "END", "VERSION", "PRODID"})
PARTS = {
    "N": ("family", "given", "additional", "prefix", "suffix"),
    "ADR": ("box", "extended", "street", "city", "region", "postcode", "country"),
    "ORG": ("", "unit", "unit 2", "unit 3"),
}
_ESCAPED = re.compile(r"\\([nN,;:\\])")
_SPLIT = re.compile(r"(?<!\\);")
_HAN = re.compile(r"[\u3400-\u9fff]")
_URI = re.compile(r"^(?:tel|mailto|sms):", re.IGNORECASE)
_LINE = re.compile(rb'((?:[^":;]|"[^"]*")+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)', re.DOTALL)
_SOFT = re.compile(rb";(?:ENCODING=)?QUOTED-PRINTABLE[;:]", re.IGNORECASE)
_BASE64 = re.compile(rb";(?:ENCODING=)?(?:BASE64|B)[;:]", re.IGNORECASE)


@dataclass(frozen=True)
class _Property:
    name: str
    sorts: frozenset[str]
    preferred: bool
    value: str
    binary: bool


def sniff(head: bytes) -> bool:
    """The first line of a card."""
    return head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:11].upper() == b"BEGIN:VCARD"


def read(raw: Raw) -> Parsed:
    """One grid, one row per card in the order of the file; row 0 names the columns."""
    wide = b"\0" in raw.data[:100]
    decoded = decode(raw.data if wide else b"\n".join(_unfolded(raw.data)), raw.encoding)
    data, fallback = (decoded.text.encode(), "utf-8") if wide else (raw.data, decoded.encoding)
    found = Records(raw.limits, "vcard")
    binaries, unclosed = 0, []
    number = 0
    for number, (card, closed) in enumerate(_cards(data, fallback), 1):
        binaries += sum(p.binary for p in card)
        unclosed += [] if closed else [str(number)]
        found.add(number, _record(card))
    if not found.columns:
        raise Unreadable("no_table", format="vcard")
    return Parsed("vcard", (found.grid("", tuple(_notes(decoded, binaries, unclosed))),), decoded.encoding)


def _notes(decoded: Decoded, binaries: int, unclosed: list[str]) -> Iterator[Note]:
    if decoded.damaged:
        yield Note("encoding_damaged", "", str(decoded.damaged))
    if binaries:
        yield Note("binary_left_out", "", str(binaries))
    if unclosed:
        yield Note("card_not_closed", listed(unclosed), str(len(unclosed)))


def _cards(data: bytes, encoding: str) -> Iterator[tuple[list[_Property], bool]]:
    """The properties of every card, and whether it ends as it should; a card inside a card is one of its own."""
    open_cards: list[list[_Property]] = []
    for line in _unfolded(data):
        mark = line.strip().upper()
        if mark == b"BEGIN:VCARD":
            open_cards.append([])
        elif mark == b"END:VCARD":
            if open_cards:
                yield open_cards.pop(), True
        elif open_cards and (found := _property(line, encoding)):
            open_cards[-1].append(found)
    for card in open_cards:
        yield card, False


def _unfolded(data: bytes) -> Iterator[bytes]:
    """Whole lines: folded ones joined on bytes (a character may be cut in two), and those that end with ``=``."""
    parts: list[bytes] = []
    soft = base64 = False
    for line in data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if parts and soft:
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        elif parts and line[:1] in (b" ", b"\t") and line.strip():
            parts.append(line[1:])
        elif parts and base64 and b":" not in line:
            parts.append(line)
            continue
        else:
            if parts:
                yield b"".join(parts)
            parts = [line]
            base64 = bool(_BASE64.search(line))
        soft = line.endswith(b"=") and bool(_SOFT.search(parts[0]))
    if parts:
        yield b"".join(parts)


def _property(line: bytes, encoding: str) -> _Property | None:
    parsed = _LINE.match(line.lstrip(b"\xef\xbb\xbf"))
    if not parsed:
        return None
    name = parsed[1].decode("ascii", "replace").rsplit(".", 1)[-1].strip().upper()
    said = [p.strip().strip('"') for p in parsed[2].decode("ascii", "replace").split(";") if p.strip()]
    pairs = [(k.upper(), v.strip('"')) for k, _, v in (p.rpartition("=") for p in said)]
    words = frozenset(w.upper() for k, v in pairs if k in ("", "TYPE") for w in v.split(","))
    told = {k: v for k, v in pairs if k}
    quoted = told.get("ENCODING", "").upper() == "QUOTED-PRINTABLE" or "QUOTED-PRINTABLE" in words
    body = quopri.decodestring(parsed[3]) if quoted else parsed[3]
    charset = told.get("CHARSET", "")
    text = body.decode("ascii") if body.isascii() else decode(body, charset).text if charset else _text(body, encoding)
    binary = name in BINARY and not text.lower().startswith(("http:", "https:"))
    return _Property(name, words, "PREF" in words or "PREF" in told, text.replace("\r\n", "\n"), binary)


def _text(body: bytes, encoding: str) -> str:
    """Text of which nothing is said: UTF-8 where it fits, else what the whole file is in."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return decode(body, encoding).text


def _record(card: list[_Property]) -> dict[str, str]:
    """The cells of a card; what is preferred stands before its like."""
    record: dict[str, str] = {}
    for found in sorted(card, key=lambda p: not p.preferred):
        if found.binary or found.name in SILENT:
            continue
        sort = next((s for s in SORTS if s in found.sorts), "") if found.name in SORTED else ""
        base = f"{found.name} {sort}".rstrip()
        if found.name in PARTS:
            _put_parts(record, base, found)
        else:
            _put(record, base, _plain(_URI.sub("", found.value) if found.name in SORTED else found.value))
    if not record.get("FN") and (name := _full_name(record)):
        record["FN"] = name
    return record


def _put_parts(record: dict[str, str], base: str, found: _Property) -> None:
    """Structured values: one column for each of their parts that is filled."""
    names = PARTS[found.name]
    values = [_plain(part) for part in _SPLIT.split(found.value)]
    number = 1
    while any(_named(base, number, part) in record for part in names):
        number += 1
    for at, text in enumerate(values):
        if text:
            _put(record, _named(base, number, names[at] if at < len(names) else str(at + 1)), text)


def _named(base: str, number: int, part: str) -> str:
    return " ".join(filter(None, (base, str(number) if number > 1 else "", part)))


def _put(record: dict[str, str], name: str, text: str) -> None:
    number, place = 1, name
    while place in record:
        number += 1
        place = f"{name} {number}"
    if text:
        record[place] = text


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], text).strip()


def _full_name(record: dict[str, str]) -> str:
    """The name as it is written where a card gives its parts alone: 王小明, John Smith."""
    family, given = record.get("N family", ""), record.get("N given", "")
    return family + given if _HAN.search(family + given) else f"{given} {family}".strip()
