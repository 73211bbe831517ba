"""JSON documents and JSON Lines: lists of records, nested objects as dotted columns, numbers with all their digits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cleanse.model import Grid, Note
from cleanse.readers import records
from cleanse.readers.cells import listed
from cleanse.readers.encodings import decode
from cleanse.readers.raw import Limits, Parsed, Raw, Unreadable

_START = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
LONGEST_EXPONENT = 40
BROKEN = "(line)"  # the column that keeps a line of JSON Lines which is none


def sniff(head: bytes) -> bool:
    """An object, or a list of objects, lists or texts, in any encoding that holds ASCII."""
    return bool(_START.match(head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")))


def read(raw: Raw) -> Parsed:
    """One grid for every record list, named by its path; in JSON Lines a record's row is its line."""
    decoded = decode(raw.data, raw.encoding)
    text = decoded.text.removeprefix("\ufeff")
    form = "json"
    try:
        try:
            grids = records.grids(_DECODER.decode(text), raw.limits, form)
        except json.JSONDecodeError as e:
            if not e.msg.startswith("Extra data"):
                raise
            form = "jsonl"
            grids = _lines(text, raw.limits)
    except json.JSONDecodeError as e:
        raise Unreadable("corrupt", f"line {e.lineno} column {e.colno}", form) from e
    except RecursionError as e:
        raise Unreadable("too_deep", "", form) from e
    if not grids:
        raise Unreadable("no_table", format=form)
    notes = (Note("encoding_damaged", "", str(decoded.damaged)),) if decoded.damaged else ()
    return Parsed(form, (Grid(grids[0].sheet, grids[0].cells, (*notes, *grids[0].notes)), *grids[1:]), decoded.encoding)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names may repeat: the later value stands under ``name_2``."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for name, value in pairs:
        while name in found:
            name += "_2"  # noqa: PLW2901
        found[name] = value
    return found


def _number(text: str) -> str:
    """A number as it stands, without an exponent.

    >>> _number("1.50"), _number("1.38E+10"), _number("1e999999999")
    ('1.50', '13800000000', '1e999999999')
    """
    power = re.split("[eE]", text)[-1]
    if power == text or len(power) > 4 or abs(int(power)) > LONGEST_EXPONENT:
        return text
    return format(Decimal(text), "f")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_number, parse_int=str, parse_constant=lambda name: ""
)


def _lines(text: str, limits: Limits) -> tuple[Grid, ...]:
    """JSON Lines; when most lines are no JSON, documents that follow each other over several lines."""
    values: list[tuple[int, Any]] = []
    broken: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values.append((number, _DECODER.decode(line)))
        except json.JSONDecodeError:
            values.append((number, {BROKEN: line.rstrip("\r")}))
            broken.append(str(number))
    if len(broken) * 2 > len(values):
        values, broken = list(_stream(text)), []
    notes = (Note("json_line_broken", listed(broken), str(len(broken))),) if broken else ()
    if all(isinstance(value, list) for _, value in values):
        grid = records.rows("", values, [], limits, "jsonl")
        return (grid,) if grid else ()
    found = records.Records(limits, "jsonl")
    for number, value in values:
        found.add(number, records.flat(value, "jsonl"))
    return (found.grid("", notes),) if found.columns else ()


def _stream(text: str) -> Iterator[tuple[int, Any]]:
    """Every document of a text with the line it begins on."""
    blank = re.compile(r"\s*")
    at, line = blank.match(text).end(), 1  # type: ignore[union-attr]
    line += text.count("\n", 0, at)
    while at < len(text):
        value, end = _DECODER.raw_decode(text, at)
        yield line, value
        after = blank.match(text, end).end()  # type: ignore[union-attr]
        line, at = line + text.count("\n", at, after), after
