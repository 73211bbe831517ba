"""Workbooks for import: one sheet of text cells, a tip row where the target wants one, no formulas."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from cleanse.model import Profile, Seen, TargetObject

EPOCH = datetime(2000, 1, 1)  # a workbook must name a day; the clock would change its bytes
OPTIONS = {"constant_memory": True, "in_memory": False}


def render(table: pd.DataFrame, target: TargetObject, profile: Profile) -> bytes:
    """The bytes of a workbook with the rows of ``table``, every cell text."""
    form, buffer = profile.form, io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties({"created": EPOCH})
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
    sheet = book.add_worksheet(form["sheet"])
    sheet.set_column(0, len(target.fields) - 1, 18, text)
    if form["tip"]:
        sheet.merge_range(0, 0, 0, max(1, len(target.fields) - 1), form["tip"], book.add_format({"text_wrap": True}))
    first = form["header_row"]
    for place, column in enumerate(target.fields):
        sheet.write_string(first - 1, place, profile.header(column), bold)
    write = sheet.write_string
    columns = [table[name].to_numpy(dtype=object, na_value="") for name in table]
    for row, cells in enumerate(zip(*columns, strict=True), first):
        for place, value in enumerate(cells):
            if value:
                write(row, place, value, text)
    sheet.freeze_panes(first, 0)
    book.close()
    return buffer.getvalue()


def read(path: Path, profile: Profile, object_name: str) -> tuple[pd.DataFrame, Seen]:
    """The rows of the first sheet as text, missing where empty, and what else the file shows."""
    size = path.stat().st_size
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheet = book.get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
        formulas = _formulas(path)
    except (CalamineError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        return pd.DataFrame(), Seen(object_name, path.name, 0, size, fault=type(error).__name__)
    first = profile.form["header_row"]
    header = tuple(str(cell) for cell in rows[first - 1]) if len(rows) >= first else ()
    cells = np.array(rows[first:], dtype=object).reshape(-1, len(header))
    untyped = int(sum(type(cell) is not str for cell in cells.ravel()))
    extra = [area for area in merged if not profile.form["tip"] or area[0][0] > 0]
    seen = Seen(
        object_name, path.name, len(cells), size, header=header, sheets=len(book.sheet_names), merged=len(extra),
        formulas=formulas, untyped=untyped,
    )  # fmt: skip
    columns = {n: pd.Series([str(c) or None for c in cells[:, n]], dtype="str") for n in range(len(header))}
    return pd.DataFrame(columns, index=range(len(cells))).set_axis(list(header), axis=1), seen


def _formulas(path: Path) -> int:
    """How many cells of the workbook hold a formula."""
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        return sum(archive.read(name).count(b"<f>") + archive.read(name).count(b"<f ") for name in sheets)
