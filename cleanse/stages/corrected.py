"""Parked rows that come back corrected: what a person changed in them goes into the rows they were taken from.

A line is known by the address it names and by a digest of the cells that stood there; where the row stands elsewhere now,
by the digest alone. Lines whose row is no longer there, or no longer the same, stay records of the file they came back in:
nothing is written over on a guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from cleanse.model import COLUMNS, PARKED_LEAD, PARKED_LISTS, Entity, Note, Table, frame

Address = tuple[str, str, int]
CODE, STAGE, KIND = "corrected_by_person", "correct", "correction"
CODES = "codes"  # the hidden last column


@dataclass(frozen=True)
class Patch:
    """One cell that a person changed: the table's number, its row, the column, and both texts (None: blank)."""

    table: int
    row: int
    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Corrected:
    """The tables with the corrections in them, the cells changed; by file and sheet what could not be taken, and the columns
    that are no values of a record but said why it was parked."""

    tables: tuple[Table, ...]
    patches: tuple[Patch, ...]
    notes: Mapping[tuple[str, str], tuple[Note, ...]]
    marks: Mapping[tuple[str, str], tuple[str, ...]]


def digest(cells: Mapping[str, object] | pd.Series) -> str:
    """A digest of the filled cells of a row, whatever their order.

    >>> digest({"b": "2", "a": "1", "c": None}) == digest({"a": "1", "b": "2"})
    True
    """
    told = sorted((name, str(value)) for name, value in cells.items() if not pd.isna(value) and value != "")
    return hashlib.blake2b(
        "\x1e".join("\x1f".join(pair) for pair in told).encode("utf-8", "surrogatepass"), digest_size=8
    ).hexdigest()


def apply(found: Sequence[Table], digests: Mapping[tuple[str, Address], str]) -> Corrected:
    """Take corrections into the rows they speak of. ``digests``: (the file that came back, an address in it) -> what stood
    there; only tables of such files are corrections."""
    files = {file for file, _ in digests}
    ours = {n: lead for n, table in enumerate(found) if table.source in files and (lead := _lead(table))}
    stood, tables = _Stood(found, files), list(found)
    patches: list[Patch] = []
    notes: dict[tuple[str, str], tuple[Note, ...]] = {}
    for number, lead in ours.items():
        table = found[number]
        done, told = [], []
        for address, lines in _by_address(table, lead).items():
            was = digests.get((table.source, address), "")
            place, spoken = stood.place(address, was), table.rows.loc[lines]
            answer = _patches(found, place, spoken, lead) if place else None
            if isinstance(answer, list):
                patches += answer
                done += lines
            else:
                done += _said_again(spoken, lead, was)
                said = answer or "!".join(str(p) for p in address if str(p))
                told.append(Note("correction_not_taken", f"{lines[0]}", said))
        tables[number] = _without(table, done)
        if told:
            notes[table.source, table.sheet] = tuple(told)
    for number in {patch.table for patch in patches}:
        tables[number] = replace(tables[number], rows=tables[number].rows.copy())
    for patch in patches:
        tables[patch.table].rows.loc[patch.row, patch.column] = patch.after
    tables = [t for t in tables if t.source not in files or t.sheet != PARKED_LISTS]
    marks = {(found[n].source, found[n].sheet): (*lead.values(), CODES) for n, lead in ours.items()}
    return Corrected(tuple(tables), tuple(_renumbered(patches, tables, found)), notes, marks)


class _Stood:
    """Where the rows stand that were parked: at their address, or elsewhere as they were when something before them went or
    their file has another name."""

    def __init__(self, found: Sequence[Table], files: Collection[str]) -> None:
        self.tables = {n: table for n, table in enumerate(found) if table.source not in files}
        self.sheets: dict[tuple[str, str], list[int]] = {}
        for number, table in self.tables.items():
            self.sheets.setdefault((table.source, table.sheet), []).append(number)

    def place(self, address: Address, was: str) -> tuple[int, int] | None:
        """The number of a table and the row in it; None where the row is no longer as it was, or is one of several."""
        same, row = self.sheets.get(address[:2], []), address[2]
        for number in same:
            rows = self.tables[number].rows
            if row in rows.index and digest(rows.loc[row]) == was:
                return number, row
        moved = self.anywhere.get(was, [])
        near = [place for place in moved if place[0] in same]
        among = near or moved
        return among[0] if len(among) == 1 else None

    @cached_property
    def anywhere(self) -> dict[str, list[tuple[int, int]]]:
        """The places of every content."""
        found: dict[str, list[tuple[int, int]]] = {}
        for number, table in self.tables.items():
            for row, cells in zip(table.rows.index, table.rows.to_numpy(dtype=object), strict=True):
                told = digest(dict(zip(table.rows.columns, cells, strict=True)))
                found.setdefault(told, []).append((number, int(row)))
        return found


def _renumbered(patches: Sequence[Patch], tables: Sequence[Table], found: Sequence[Table]) -> Iterator[Patch]:
    """The patches by the number of their table among those that are left; corrected rows stand in none that is dropped."""
    at = {(t.source, t.sheet, t.header_row, t.places): n for n, t in enumerate(tables)}
    for patch in patches:
        table = found[patch.table]
        yield replace(patch, table=at[table.source, table.sheet, table.header_row, table.places])


def _lead(table: Table) -> dict[str, str]:
    """Role -> column of the parked workbook, in whatever language; empty where the table is none."""
    for headings in PARKED_LEAD.values():
        if set(headings.values()) <= set(table.rows.columns):
            return dict(headings)
    return {}


def _by_address(table: Table, lead: Mapping[str, str]) -> dict[Address, list[int]]:
    """The lines of every row that is spoken of: one source row may be parked for two entities."""
    found: dict[Address, list[int]] = {}
    cells = table.rows[[lead["source_file"], lead["source_sheet"], lead["source_row"]]].fillna("")
    for line, file, sheet, row in zip(table.rows.index, *(cells[c] for c in cells), strict=True):
        if str(row).strip().isdecimal():
            found.setdefault((str(file), str(sheet), int(str(row))), []).append(int(line))
    return found


def _patches(
    tables: Sequence[Table], place: tuple[int, int], lines: pd.DataFrame, lead: Mapping[str, str]
) -> list[Patch] | str | None:
    """The cells changed; the column of two different corrections; None where the lines have cells that the row has not."""
    number, row = place
    stood = {str(column): _text(value) for column, value in tables[number].rows.loc[row].items()}
    own = _own(lines, lead)
    if any(c not in stood and lines[c].notna().any() for c in own):
        return None
    found = []
    for column in (c for c in own if c in stood):
        given = {_text(value) for value in lines[column]} - {stood[column]}
        if len(given) > 1:
            return column
        if given:
            found.append(Patch(number, row, column, stood[column], given.pop()))
    return found


def _said_again(lines: pd.DataFrame, lead: Mapping[str, str], was: str) -> list[int]:
    """Of the lines of one row that stay records themselves, those that say what another says, or what stood there beside
    one that was corrected: the row would be there twice."""
    own, first = _own(lines, lead), dict[str, int]()
    for line, cells in zip(lines.index, lines[own].to_numpy(dtype=object), strict=True):
        first.setdefault(digest(dict(zip(own, cells, strict=True))), int(line))
    stay = {line for told, line in first.items() if told != was} or set(first.values())
    return [line for line in lines.index if line not in stay]


def _own(lines: pd.DataFrame, lead: Mapping[str, str]) -> list[str]:
    """The columns of the source among those of the parked workbook."""
    return [column for column in lines.columns if column not in (*lead.values(), CODES)]


def _text(value: object) -> str | None:
    return None if pd.isna(value) or value == "" else str(value)


def _without(table: Table, lines: Sequence[int]) -> Table:
    """The table without lines that were taken; they stay in its layout."""
    if not lines:
        return table
    text = ["" for _ in lines]
    gone = pd.DataFrame({"source_row": list(lines), "kind": KIND, "text": text})
    layout = pd.concat([table.layout, gone], ignore_index=True).sort_values(
        "source_row", kind="stable", ignore_index=True
    )
    return replace(table, rows=table.rows.drop(index=list(lines)), layout=layout)


def changes(
    patches: Sequence[Patch],
    tables: Sequence[Table],
    paths: Mapping[tuple[int, str], str],
    entities: Mapping[str, Entity],
) -> pd.DataFrame:
    """The corrections as changes of the ledger. ``paths``: (table, column) -> the field it feeds, ``entity.field``; a cell
    of a column that feeds none has no line."""
    starts = [0]
    for table in tables:
        starts.append(starts[-1] + len(table.rows))
    lines = []
    for patch in patches:
        entity, _, name = paths.get((patch.table, patch.column), "").partition(".")
        if entity in entities:
            table = tables[patch.table]
            rid = starts[patch.table] + int(table.rows.index.get_loc(patch.row))
            lines.append(
                (
                    rid,
                    entity,
                    name,
                    table.source,
                    table.sheet,
                    patch.row,
                    patch.before,
                    patch.after,
                    "",
                    CODE,
                    STAGE,
                    rid,
                )
            )
    told = frame("changes", lines)
    return told.astype(dict.fromkeys(("before", "after", "rest"), "str"))[list(COLUMNS["changes"])]
