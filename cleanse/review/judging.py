"""The sampled records in a workbook: a person says of each whether it is right, and the file comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.exceptions import XlsxWriterException

from cleanse.errors import SourceError, TargetError
from cleanse.review.words import plain

HEADINGS = {
    "zh": ("序号", "判断", "对象", "字段", "源数据", "迁移后", "说明", "来源", "编号"),
    "en": ("No.", "Verdict", "Object", "Field", "In the sources", "Migrated", "Comment", "Source rows", "Key"),
}
WORDS = {"zh": ("对", "错"), "en": ("right", "wrong")}
MEANS = {plain(word): wrong for words in WORDS.values() for word, wrong in zip(words, (False, True), strict=True)}
TITLE = {"zh": "抽样核对", "en": "Sample to judge"}
HELP = {
    "zh": "逐条核对：每条记录的第一行选“对”或“错”；只要有一格不对，就在那一格选“错”。存盘后：cleanse trial --judged 文件 --who 姓名",
    "en": "Choose right or wrong in the first line of each record; a wrong cell may be marked in its own line. Then: "
    "cleanse trial --judged FILE --who NAME",
}
WIDTHS = (6, 9, 12, 18, 44, 44, 24, 34, 16)
VERDICT, KEY = 1, 8
CREATED = datetime(2000, 1, 1)  # a workbook must name a day; the clock would change its bytes


@dataclass(frozen=True)
class Judged:
    """Units that a person looked at, those found wrong, and lines that could not be read (row, what stood there)."""

    seen: frozenset[str]
    wrong: frozenset[str]
    unread: tuple[tuple[int, str], ...]


def export(path: Path, lines: pd.DataFrame, language: str) -> None:
    """Write the workbook: ``lines`` with unit, object, field, before, after, where, in order of units; a cell that was
    changed is marked. Same lines, same bytes. Raises TargetError when the disk refuses."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with xlsxwriter.Workbook(str(temporary), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            book.set_properties({"created": CREATED})
            _fill(book, lines, language)
        temporary.replace(path)
    except (XlsxWriterException, OSError) as error:
        cause = f"the workbook cannot be written: {error}"
        raise TargetError(cause, where=str(path), cure="close it in Excel, check free space") from error


def _fill(book: Any, lines: pd.DataFrame, language: str) -> None:
    base = {"num_format": "@", "valign": "top", "text_wrap": True}
    styles = {
        (first, look): book.add_format({**base, **({"top": 1} if first else {}), **color})
        for first in (False, True)
        for look, color in (("", {}), ("edit", {"bg_color": "#E2F0D9"}), ("changed", {"bg_color": "#FFF2CC"}))
    }
    head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "top"})
    sheet = book.add_worksheet(TITLE[language])
    for at, (heading, width) in enumerate(zip(HEADINGS[language], WIDTHS, strict=True)):
        sheet.set_column(at, at, width, None, {"hidden": at == KEY})
        sheet.write_string(0, at, heading, head)
    sheet.write_comment(0, VERDICT, HELP[language], {"x_scale": 3, "y_scale": 2})
    number, before = 0, ""
    columns = [lines[n].tolist() for n in ("unit", "object", "field", "before", "after", "where")]
    for row, (unit, target, field, old, new, where) in enumerate(zip(*columns, strict=True), 1):
        first, before = unit != before, unit
        number += first
        cells = (str(number), "", target, field, old, new, "", where if first else "", unit)
        for at, text in enumerate(cells):
            look = "edit" if at in (VERDICT, 6) else "changed" if at == 5 and old != new else ""
            sheet.write(row, at, text or None, styles[first, look])
    size = max(len(lines), 1)
    sheet.data_validation(1, VERDICT, size, VERDICT, {"validate": "list", "source": list(WORDS[language])})
    sheet.freeze_panes(1, VERDICT + 1)
    sheet.autofilter(0, 0, size, len(WIDTHS) - 1)


def read(path: Path) -> Judged:
    """The verdicts of a workbook that came back: a record with one wrong line is wrong; one without any verdict was not
    looked at. Raises SourceError when it is no such workbook."""
    try:
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise SourceError(
            "not a workbook that can be read", where=str(path), cure="save it from Excel as .xlsx"
        ) from error
    header = [str(cell).strip() for cell in rows[0]] if rows else []
    names = next((h for h in HEADINGS.values() if h[VERDICT] in header and h[KEY] in header), None)
    if names is None:
        raise SourceError("no sample to judge in the first sheet", where=str(path), cure="hand in trial.xlsx of a run")
    verdict, key = header.index(names[VERDICT]), header.index(names[KEY])
    said = [
        (n, plain(str(row[verdict])), str(row[key]).strip())
        for n, row in enumerate(rows[1:], 2)
        if str(row[verdict]).strip()
    ]
    unread = tuple((n, word) for n, word, unit in said if word not in MEANS or not unit)
    good = [(word, unit) for _, word, unit in said if word in MEANS and unit]
    return Judged(frozenset(u for _, u in good), frozenset(u for w, u in good if MEANS[w]), unread)
