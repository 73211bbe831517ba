"""What independent readers see in a file: every cell that holds something, by sheet, row (from 1) and column (from 0).

openpyxl for xlsx and xlsm, xlrd for xls, pyxlsb for xlsb, the csv module for even UTF-8 text in commas; a reader that is not
installed, or that stumbles over the file, is no witness.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from cleanse.model import Grid

Place = tuple[str, int, int]
Cells = dict[Place, Any]


def witness(path: Path) -> Cells | None:
    """The cells as another reader sees them; None where none does."""
    try:
        return {place: value for place, value in _reader(path.read_bytes())(path) if _holds(value)}
    except Exception:  # whatever another reader stumbles over is no finding about ours
        return None


def differing(cells: Cells, grids: tuple[Grid, ...]) -> list[tuple[Place, Any, str]]:
    """Places where ours is another value than the witness's, with both."""
    ours = {grid.sheet: grid.cells for grid in grids}
    found = []
    for (sheet, row, column), value in cells.items():
        frame = ours.get(sheet)
        inside = frame is not None and row in frame.index and column in frame.columns
        text = str(frame.at[row, column]) if frame is not None and inside else ""
        if not _same(value, text):
            found.append(((sheet, row, column), value, text))
    return found


def _holds(value: Any) -> bool:
    return value not in (None, "") and not (isinstance(value, str) and value.startswith("#"))


def _same(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text in (str(value).upper(), str(int(value)))
    if isinstance(value, (int, float)):
        return _same_number(value, text)
    if isinstance(value, dt.datetime):
        near = {(value + dt.timedelta(seconds=s)).isoformat(" ", "seconds") for s in (-1, 0, 1)}
        return text in near | {value.date().isoformat(), value.time().isoformat("seconds")}
    if isinstance(value, (dt.time, dt.date)):
        return text == value.isoformat()
    return _plain(str(value)) == _plain(text)


def _same_number(value: float, text: str) -> bool:
    """Whether the text is the number, as its format shows it: 0.25 as 25%, 4227200558 as 42272-00558."""
    shown, share = text.removesuffix("%"), 100 if text.endswith("%") else 1
    with suppress(ValueError):
        return math.isclose(float(shown) / share, value, rel_tol=1e-13, abs_tol=1e-300)
    digits = "".join(sign for sign in text if sign.isdigit())
    return value >= 0 and digits.lstrip("0") == f"{value:.0f}"


def _plain(text: str) -> str:
    return "".join(text.replace("_x000D_", "").split())


def _reader(data: bytes) -> Callable[[Path], Iterator[tuple[Place, Any]]]:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = package.namelist()
        return _pyxlsb if "xl/workbook.bin" in names else _openpyxl
    return _xlrd if data.startswith(b"\xd0\xcf\x11\xe0") else _csv


def _openpyxl(path: Path) -> Iterator[tuple[Place, Any]]:
    book = import_module("openpyxl").load_workbook(io.BytesIO(path.read_bytes()), data_only=True)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from (((sheet.title, c.row, c.column - 1), c.value) for c in row)


def _xlrd(path: Path) -> Iterator[tuple[Place, Any]]:
    xlrd = import_module("xlrd")
    book = xlrd.open_workbook(str(path), logfile=io.StringIO())
    for sheet in book.sheets():
        for row in range(sheet.nrows):
            for column, cell in enumerate(sheet.row(row)):
                if cell.ctype == xlrd.XL_CELL_DATE:
                    with suppress(xlrd.xldate.XLDateError):
                        value = xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
                        yield (sheet.name, row + 1, column), value if cell.value >= 1 else value.time()
                elif cell.ctype != xlrd.XL_CELL_ERROR:
                    value = bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value
                    yield (sheet.name, row + 1, column), value


def _pyxlsb(path: Path) -> Iterator[tuple[Place, Any]]:
    with import_module("pyxlsb").open_workbook(str(path)) as book:
        for name in book.sheets:
            with book.get_sheet(name) as sheet:
                for row in sheet.rows(sparse=True):
                    yield from (((name, c.r + 1, c.c), c.v) for c in row if isinstance(c.v, str))


def _csv(path: Path) -> Iterator[tuple[Place, Any]]:
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))
    if path.suffix.lower() != ".csv" or len({len(row) for row in rows if row}) != 1 or len(rows[0]) < 2:
        raise ValueError("no even table in commas")
    for number, row in enumerate(rows, 1):
        yield from ((("", number, column), cell) for column, cell in enumerate(row))
