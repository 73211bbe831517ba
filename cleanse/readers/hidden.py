"""Rows and columns that a person does not see in a workbook: where each format says so."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

import pandas as pd
from lxml import etree

from cleanse.model import Note
from cleanse.readers.cells import column_name, listed

_ROW = re.compile(rb'<(?:\w+:)?row (?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_COLUMN = re.compile(rb'<(?:\w+:)?col (?=[^>]*\bhidden="(?:1|true)")(?=[^>]*\bmin="(\d+)")(?=[^>]*\bmax="(\d+)")')
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
UNSEEN = ("collapse", "filter")
MOST = 1 << 20  # rows or columns that one element may repeat and that are looked at


@dataclass
class Hidden:
    """What one sheet hides: rows from 1, ranges of columns from 1, both ends included."""

    rows: list[int] = field(default_factory=list)
    columns: list[tuple[int, int]] = field(default_factory=list)

    def look(self, text: bytes) -> None:
        """Take what a piece of an xlsx sheet says."""
        self.rows += [int(number) for number in _ROW.findall(text)]
        self.columns += [(int(first), int(last)) for first, last in _COLUMN.findall(text)]


def apply(cells: pd.DataFrame, hidden: Hidden | None, skip: bool) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """The cells, without the hidden ones that hold something when they are to be skipped; in any case they are named."""
    if hidden is None or not (hidden.rows or hidden.columns):
        return cells, ()
    rows = cells.index[cells.index.isin(hidden.rows)]
    rows = rows[(cells.loc[rows] != "").to_numpy().any(axis=1)]
    columns = [c for c in cells.columns if any(first <= c + 1 <= last for first, last in hidden.columns)]
    columns = [c for c in columns if (cells[c] != "").any()]
    end = "_skipped" if skip else ""
    notes = [Note(f"hidden_rows{end}", listed([str(r) for r in rows]), str(len(rows)))] if len(rows) else []
    if columns:
        notes.append(Note(f"hidden_columns{end}", listed([column_name(int(c)) for c in columns]), str(len(columns))))
    if skip:
        cells = cells.drop(index=rows, columns=columns)
    return cells, tuple(notes)


def of_ods(package: zipfile.ZipFile) -> dict[str, Hidden]:
    """By sheet; empty where nothing is hidden or the part is damaged."""
    try:
        with package.open("content.xml") as stream:
            return dict(_ods_sheets(stream))
    except (etree.XMLSyntaxError, KeyError, ValueError):
        return {}


def _ods_sheets(stream: IO[bytes]) -> Iterator[tuple[str, Hidden]]:
    hidden, row, column = Hidden(), 1, 1
    tags = (f"{_TABLE}table", f"{_TABLE}table-row", f"{_TABLE}table-column")
    for _, element in etree.iterparse(stream, events=("end",), tag=tags, resolve_entities=False, no_network=True):
        if element.tag == tags[0]:
            yield element.get(f"{_TABLE}name", ""), hidden
            hidden, row, column = Hidden(), 1, 1
        elif element.tag == tags[1]:
            times = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
            if element.get(f"{_TABLE}visibility") in UNSEEN:
                hidden.rows += range(row, row + min(times, MOST))
            row += times
        else:
            times = int(element.get(f"{_TABLE}number-columns-repeated", "1"))
            if element.get(f"{_TABLE}visibility") in UNSEEN:
                hidden.columns.append((column, column + times - 1))
            column += times
        element.clear()


def skipped_sheets(names: Sequence[str]) -> tuple[Note, ...]:
    """A note on hidden sheets that were not read."""
    return (Note("hidden_sheet_skipped", listed(names), str(len(names))),) if names else ()
