"""Several columns that hold one value: 姓 and 名 are a name, 区号 and 电话 a phone number. They become one column more.

What belongs together is said by a person, or by a line of the lexicon ``joins`` (field, headers in their order). A lexicon's
line counts only where every header stands in the table. Of a name it puts the family name first; a name that is not Chinese
is written given name first, as CRMs show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from cleanse.kinds.header import normalize_header
from cleanse.model import Field, Table, Words

LEXICON = "joins"
CJK = "[\u3400-\u9fff\uff01-\uffe6]"
DASHED = ("phone",)  # kinds whose parts are held apart by a dash


@dataclass(frozen=True)
class Joined:
    """A table with its joined columns: column -> field, whether a person said so, and the columns that went into one."""

    table: Table
    fields: Mapping[str, str] = field(default_factory=dict)
    said: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


def join(
    table: Table,
    said: Mapping[str, Sequence[str]],
    spoken: Mapping[str, object],
    fields: Mapping[str, Field],
    words: Words,
) -> Joined:
    """``said``: field -> headers, a person's word; ``spoken``: headers that a person sent elsewhere, which are left alone."""
    columns = {normalize_header(str(c)): str(c) for c in reversed(table.rows.columns)}
    gone = {normalize_header(header) for header in spoken}
    found = Joined(table)
    known = {tuple(map(normalize_header, headers)) for path, *headers in words.get(LEXICON, ())}
    for path, headers in said.items():
        turned = fields[path].kind == "person" and tuple(map(normalize_header, headers)) in known
        found = _joined(found, path, headers, columns, fields[path].kind, True, turned)
    for path, *headers in words.get(LEXICON, ()):
        names = [normalize_header(header) for header in headers]
        free = path in fields and path not in found.fields.values() and not gone & set(names)
        if free and set(names) <= columns.keys():
            kind = fields[path].kind
            found = _joined(found, path, headers, columns, kind, False, kind == "person")
    return found


def _joined(
    found: Joined, path: str, headers: Sequence[str], columns: Mapping[str, str], kind: str, said: bool, turned: bool
) -> Joined:
    """``turned``: what is not Chinese stands in the other order."""
    there = [columns[name] for name in map(normalize_header, headers) if name in columns]
    if len(there) < 2 or found.parts & set(there):
        return found
    name = "+".join(there)
    rows = found.table.rows.copy(deep=False)
    parts = [rows[c] for c in there]
    rows[name] = _text(parts, "-" if kind in DASHED else "")
    if turned:
        chinese = pd.concat([p.str.contains(CJK, regex=True).fillna(False) for p in parts], axis=1).any(axis=1)
        rows[name] = rows[name].where(chinese, _text([*parts[1:], parts[0]], ""))
    place = found.table.places[[*map(str, found.table.rows.columns)].index(there[0])]
    return Joined(
        replace(found.table, rows=rows, places=(*found.table.places, place)),
        {**found.fields, name: path},
        found.said | {name} if said else found.said,
        found.parts | set(there),
    )


def _text(parts: Sequence[pd.Series], separator: str) -> pd.Series:
    """The parts one after the other, as far as they are filled; Chinese without a space, other words with one."""
    text = parts[0].fillna("").str.strip()
    for part in parts[1:]:
        more = part.fillna("").str.strip()
        both = (text != "") & (more != "")
        chinese = text.str.contains(f"{CJK}$", regex=True) | more.str.contains(f"^{CJK}", regex=True)
        between = pd.Series(separator or " ", index=text.index, dtype="str").where(
            both & ~(chinese & (separator == "")), ""
        )
        text = text + between + more
    return text.where(text != "", None).astype("str")
