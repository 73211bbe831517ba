"""The import template of a CRM as its user exported it: tip row, headers, marks of required columns, drop-down lists.

openpyxl reads it: python-calamine knows nothing of data validations.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from cleanse.errors import SourceError

MARKS = (
    ("*", ""),
    ("＊", ""),
    ("", "*"),
    ("", "＊"),
    ("", "(*)"),
    ("", "（必填）"),
    ("", "(必填)"),
    ("", "(required)"),
)
SCANNED = 20  # rows in which the header stands


@dataclass(frozen=True)
class Template:
    """One sheet of a template. ``tip``: the text of a row above the header, '' for none. ``headers``: as they stand,
    without the mark of required columns. ``prefix`` and ``suffix``: that mark. ``lists``: header -> the values of its
    drop-down.

    What only the table of a database tells: ``rules``, header -> keys of its field in a profile; ``key``; ``links``, header
    -> the table and column it leads to; ``defaults``, headers that need no value; ``words`` for true and false;
    ``unsure``, what a person should know; ``together``, columns that are unique together."""

    file: str
    sheet: str
    tip: str
    headers: tuple[str, ...]
    required: frozenset[str]
    prefix: str = ""
    suffix: str = ""
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: str = ""
    links: dict[str, tuple[str, str]] = field(default_factory=dict)
    defaults: frozenset[str] = frozenset()
    words: tuple[str, str] = ("", "")
    unsure: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()


def read(path: Path) -> list[Template]:
    """Every sheet that has a header: of a workbook (xlsx, xlsm) or a CSV file in UTF-8 or GB18030.

    Raises SourceError when the file is neither, or has no header.
    """
    try:
        found = _csv(path) if path.suffix.lower() in (".csv", ".txt", ".tsv") else _workbook(path)
    except (BadZipFile, InvalidFileException, OSError, KeyError, ValueError, csv.Error) as error:
        cure = "export it from the CRM again, and save an .xls as .xlsx"
        raise SourceError(
            "the template is no workbook (xlsx) or CSV that can be read", where=str(path), cure=cure
        ) from error
    if not found:
        raise SourceError(
            "the template has no header row", where=str(path), cure="export the import template from the CRM"
        )
    return found


def _csv(path: Path) -> list[Template]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    return (
        [made]
        if (made := _template(path.name, "", [[cell.strip() for cell in row] for row in rows[:SCANNED]], {}))
        else []
    )


def _workbook(path: Path) -> list[Template]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of extensions it does not keep; nothing is written back
        book = openpyxl.load_workbook(path, data_only=True)
    found = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        rows = [
            [str(v).strip() if v is not None else "" for v in row]
            for row in sheet.iter_rows(max_row=SCANNED, values_only=True)
        ]
        if made := _template(path.name, sheet.title, rows, _lists(book, sheet)):
            found.append(made)
    return found


def _template(file: str, sheet: str, rows: list[list[str]], lists: dict[int, tuple[str, ...]]) -> Template | None:
    """The header is the first of the fullest rows; a lone cell above it is the tip."""
    filled = [sum(map(bool, row)) for row in rows]
    if not any(filled):
        return None
    at = next(n for n, count in enumerate(filled) if 2 * count > max(filled))
    above = [cell for row in rows[:at] for cell in row if cell]
    headers = {column: text for column, text in enumerate(rows[at]) if text}
    prefix, suffix = _mark(list(headers.values()))
    bare = {column: _bare(text, prefix, suffix) for column, text in headers.items()}
    return Template(
        file, sheet, "\n".join(above), tuple(bare.values()),
        frozenset(bare[c] for c, text in headers.items() if (prefix or suffix) and bare[c] != text), prefix, suffix,
        {bare[c]: lists[c] for c in headers if c in lists},
    )  # fmt: skip


def _mark(headers: list[str]) -> tuple[str, str]:
    """The commonest mark, if it does not stand at every column."""
    counts = Counter({mark: sum(_bare(h, *mark) != h for h in headers) for mark in MARKS})
    best, count = max(counts.items(), key=lambda found: (found[1], -MARKS.index(found[0])))
    return best if count else ("", "")


def _bare(text: str, prefix: str, suffix: str) -> str:
    marked = text.startswith(prefix) and text.endswith(suffix) and len(text) > len(prefix) + len(suffix)
    return text[len(prefix) : len(text) - len(suffix)].strip() if marked else text


def _lists(book: Any, sheet: Worksheet) -> dict[int, tuple[str, ...]]:
    """Column number from 0 -> the values of its drop-down."""
    found: dict[int, tuple[str, ...]] = {}
    for rule in sheet.data_validations.dataValidation:
        values = _values(book, sheet, rule.formula1 or "") if rule.type == "list" else ()
        for cells in rule.sqref.ranges if values else ():
            found.update(dict.fromkeys(range(cells.min_col - 1, cells.max_col), values))
    return found


def _values(book: Any, sheet: Worksheet, formula: str) -> tuple[str, ...]:
    """The values a list formula names: written out, a range, or a defined name."""
    text = formula.removeprefix("=")
    if text.startswith('"'):
        return tuple(v.strip() for v in text.strip('"').split(",") if v.strip())
    for names in (sheet.defined_names, book.defined_names):
        if text in names:
            text = names[text].attr_text.removeprefix("=")
    place = re.fullmatch(r"(?:'?(?P<sheet>[^'!]+)'?!)?(?P<cells>\$?[A-Z]+\$?\d+(?::\$?[A-Z]+\$?\d+)?)", text)
    if not place or (place["sheet"] and place["sheet"] not in book.sheetnames):
        return ()
    cells = (
        book[place["sheet"]][place["cells"].replace("$", "")]
        if place["sheet"]
        else sheet[place["cells"].replace("$", "")]
    )
    rows = cells if isinstance(cells, tuple) else ((cells,),)
    return tuple(str(cell.value).strip() for row in rows for cell in row if cell.value is not None)
