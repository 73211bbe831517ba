"""``parked.xlsx``: the rows that may not go, as they were, with every reason; every cell is text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from cleanse.codes import Code, all_codes
from cleanse.errors import TargetError
from cleanse.model import PARKED_LEAD, PARKED_LISTS

LEAD = ("reason", "entity", "source_file", "source_sheet", "source_row")
TITLE = {"zh": "未迁移的行", "en": "Parked rows"}
JOINT = {"zh": "；", "en": "; "}
CREATED = datetime(2000, 1, 1)  # a workbook must name a day; the clock would change its bytes
CELL = 32767  # characters that a cell holds


@contextmanager
def _book(path: Path) -> Iterator[xlsxwriter.Workbook]:
    """A workbook of text that appears under its name when it is whole."""
    temporary = path.with_name(f"{path.name}.tmp")
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    try:
        with xlsxwriter.Workbook(str(temporary), options) as book:
            book.set_properties({"created": CREATED})
            yield book
        temporary.replace(path)
    except (XlsxWriterException, OSError) as error:
        raise TargetError(
            f"the workbook cannot be written: {error}", where=str(path), cure="close it in Excel, check free space"
        ) from error


def _sentences(reason: str, language: str, known: Mapping[str, Code]) -> tuple[str, str]:
    """The sentences and the cures of the codes in ``reason`` (joined by ;); other words, such as a target's, stand as
    they are."""
    codes = [known[code] for code in reason.split(";") if code in known]
    if not codes:
        return reason, ""
    cures = dict.fromkeys(c.cure[language] for c in codes if c.cure[language])
    return JOINT[language].join(c.text[language] for c in codes), JOINT[language].join(cures)


def write_parked(
    path: Path, rows: pd.DataFrame, language: str, digests: Sequence[str], codes: Mapping[str, Code] | None = None
) -> None:
    """Write parked source rows: ``reason`` (codes joined by ;, or a target's words), entity, address, then the source columns as they were.

    The first five columns are told by their place, for a source may have a column of the same name. The codes stand in
    a hidden last column; a hidden sheet holds what every column is and, by address, the digest of the cells that stand
    here, so that the file can be read again once corrected. ``digests``: one per row; ``codes``: what the reasons mean.
    A value longer than a cell goes on in a column behind it. Raises TargetError when the disk refuses.
    """
    headings = PARKED_LEAD[language]
    reasons = rows.iloc[:, 0].tolist()
    names, columns = _source_columns(rows)
    header = [headings["reason"], headings["cure"], *(headings[c] for c in LEAD[1:]), *names, "codes"]
    said = {reason: _sentences(reason, language, codes or all_codes()) for reason in dict.fromkeys(reasons)}
    with _book(path) as book:
        plain = book.add_format({"num_format": "@", "valign": "top"})
        wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "top"})
        sheet = book.add_worksheet(TITLE[language])
        _columns(sheet, len(header))
        for at, heading in enumerate(header):
            sheet.write_string(0, at, heading, head)
        for number, (reason, *cells) in enumerate(zip(reasons, *columns, strict=True), 1):
            for at, value in enumerate((*said[reason], *cells, reason)):
                if value:
                    sheet.write_string(number, at, value, wrapped if at < 2 else plain)
        sheet.autofilter(0, 0, max(len(rows), 1), len(header) - 1)
        _keys(book, ["", "", *LEAD[1:], *names, "reason"], zip(*columns[1:4], digests, strict=True))


def _source_columns(rows: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """The names of the source columns, and all columns behind the reason as texts."""
    names: list[str] = []
    columns: list[list[str]] = []
    for at in range(1, rows.shape[1]):
        values = rows.iloc[:, at]
        texts = ["" if missing else str(v) for v, missing in zip(values, values.isna(), strict=True)]
        longest = max((len(t) for t in texts), default=0)
        for part in range(max(1, math.ceil(longest / CELL))):
            columns.append([t[part * CELL : (part + 1) * CELL] for t in texts])
            if at >= len(LEAD):
                names.append(str(rows.columns[at]) + (f" ({part + 1})" if part else ""))
    return names, columns


def _keys(book: xlsxwriter.Workbook, names: list[str], digests: Iterable[Sequence[str]]) -> None:
    sheet = book.add_worksheet(PARKED_LISTS)
    for at, name in enumerate(names):
        sheet.write_string(0, at, name)
    for number, line in enumerate(dict.fromkeys(tuple(line) for line in digests), 1):
        for at, text in enumerate(line):
            sheet.write_string(number, at, text)
    sheet.hide()


def _columns(sheet: Any, width: int) -> None:
    sheet.set_column(0, 1, 38)
    sheet.set_column(2, 2, 10)
    sheet.set_column(3, 4, 18)
    sheet.set_column(5, 5, 6)
    if width > 7:
        sheet.set_column(6, width - 2, 16)
    sheet.set_column(width - 1, width - 1, 10, None, {"hidden": True})
    sheet.freeze_panes(1, 2)


RECONCILE = {
    "zh": {
        "sheets": ("对账", "差异"),
        "balance": ("对象", "计划", "目标系统", "一致", "有差异", "缺失", "重复", "多出"),
        "lines": ("对象", "外部编号", "列", "结果", "怎么办", "计划的值", "目标系统的值"),
    },
    "en": {
        "sheets": ("Balance", "Differences"),
        "balance": ("Object", "Planned", "Found", "Same", "Changed", "Missing", "Doubled", "Extra"),
        "lines": ("Object", "External id", "Column", "What happened", "What to do", "Planned", "Found"),
    },
}
ROWS = 1_048_575  # of a sheet below its header


def write_reconcile(
    path: Path, differences: pd.DataFrame, balance: Mapping[str, Mapping[str, int]], language: str
) -> None:
    """``reconcile.xlsx``: the balance per object, and every difference (object, key, field, code, planned, found) with what
    it means. Raises TargetError when the disk refuses."""
    words = RECONCILE[language]
    with _book(path) as book:
        plain = book.add_format({"num_format": "@", "valign": "top"})
        head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "top"})
        first, second = (book.add_worksheet(name) for name in words["sheets"])
        for sheet, headings in ((first, words["balance"]), (second, words["lines"])):
            sheet.set_column(0, len(headings) - 1, 18)
            sheet.freeze_panes(1, 0)
            for at, heading in enumerate(headings):
                sheet.write_string(0, at, heading, head)
        for number, (name, counts) in enumerate(balance.items(), 1):
            first.write_string(number, 0, name, plain)
            for at, key in enumerate(("planned", "found", "same", "changed", "missing", "doubled", "extra"), 1):
                first.write_number(number, at, counts[key])
        shown = differences.head(ROWS)
        for number, (name, key, field, code, planned, found) in enumerate(shown.itertuples(index=False), 1):
            cells = (name, key, field, *_sentences(code, language, all_codes()), planned, found)
            for at, cell in enumerate(cells):
                second.write_string(number, at, str(cell)[:CELL], plain)
        second.autofilter(0, 0, max(len(shown), 1), len(words["lines"]) - 1)
