"""Suggested rules in a workbook: a person chooses what a word means, and the file comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.exceptions import XlsxWriterException

from cleanse.errors import SourceError, TargetError

HEADINGS = {
    "zh": ("出现次数", "字段", "未知的词", "选择它的含义", "可能的含义", "例如", "规则文件"),
    "en": ("Cells", "Field", "Unknown word", "Choose its meaning", "Likely meanings", "For instance", "Rule file"),
}
TITLE = {"zh": "规则建议", "en": "Suggested rules"}
LISTS = "lists"
WIDTHS = (9, 22, 26, 26, 40, 34, 34)
WORD, CHOICE, FILE = 2, 3, 6
CREATED = datetime(2000, 1, 1)  # a workbook must name a day; the clock would change its bytes


@dataclass(frozen=True)
class Line:
    """A line of the workbook: count, field, word, likely meanings and an example as texts, the rule file, every meaning
    that may be chosen, and the one that people chose already by correcting the word."""

    cells: tuple[str, str, str, str, str, str]
    options: tuple[str, ...]
    said: str = ""


@dataclass(frozen=True)
class Choice:
    """What a person chose: the line of the workbook, the rule file, the word and its meaning."""

    row: int
    file: str
    word: str
    meaning: str


def export(path: Path, lines: Sequence[Line], language: str) -> None:
    """Write the workbook: one line per unknown word, its meaning left open with a drop-down. Raises TargetError when
    the disk refuses."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with xlsxwriter.Workbook(str(temporary), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            book.set_properties({"created": CREATED})
            _fill(book, lines, language)
        temporary.replace(path)
    except (XlsxWriterException, OSError) as error:
        cause = f"the workbook cannot be written: {error}"
        raise TargetError(cause, where=str(path), cure="close it in Excel, check free space") from error


def _fill(book: Any, lines: Sequence[Line], language: str) -> None:
    text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    edit = book.add_format({"num_format": "@", "valign": "top", "bg_color": "#E2F0D9"})
    head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "top"})
    sheet, lists = book.add_worksheet(TITLE[language]), book.add_worksheet(LISTS)
    lists.hide()
    places: dict[tuple[str, ...], str] = {}
    for at, (heading, width) in enumerate(zip(HEADINGS[language], WIDTHS, strict=True)):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, heading, head)
    for number, line in enumerate(lines, 1):
        for at, value in enumerate((*line.cells[:CHOICE], line.said, *line.cells[CHOICE:])):
            if at == CHOICE:
                sheet.write(number, at, value or None, edit)
            elif value:
                sheet.write_string(number, at, value, text)
        if line.options not in places:
            column = len(places)
            lists.write_column(0, column, line.options, text)
            letter = xlsxwriter.utility.xl_col_to_name(column)
            places[line.options] = f"={LISTS}!${letter}$1:${letter}${len(line.options)}"
        allowed = {"validate": "list", "source": places[line.options]}
        sheet.data_validation(number, CHOICE, number, CHOICE, allowed)
    sheet.freeze_panes(1, CHOICE + 1)
    sheet.autofilter(0, 0, max(len(lines), 1), len(WIDTHS) - 1)


def read(path: Path) -> list[Choice]:
    """The lines with a choice, in their order; columns may have moved. Raises SourceError when it is no such workbook."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        cure = "save it from Excel as .xlsx"
        raise SourceError("not a workbook that can be read", where=str(path), cure=cure) from error
    header = [str(cell).strip() for cell in rows[0]] if rows else []
    for headings in HEADINGS.values():
        if all(headings[at] in header for at in (WORD, CHOICE, FILE)):
            word, choice, file = (header.index(headings[at]) for at in (WORD, CHOICE, FILE))
            told = enumerate(rows[1:], 2)
            cells = ((n, str(r[file]).strip(), str(r[word]), str(r[choice]).strip()) for n, r in told)
            return [Choice(*c) for c in cells if c[3]]
    cure = "hand in the workbook that `cleanse rules suggest FILE.xlsx` wrote"
    raise SourceError("no columns of suggested rules in the first sheet", where=str(path), cure=cure)
