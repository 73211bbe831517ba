"""The duplicates workbook: groups side by side for a person in Excel, and the file that comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.utility import xl_col_to_name

from cleanse.errors import SourceError, TargetError
from cleanse.review.cells import Body, fill, marked, plain
from cleanse.review.groups import ReviewGroups, groups
from cleanse.review.readback import ReadBack, read_sheets, signed_key
from cleanse.review.sampling import DRAWN
from cleanse.review.values import WIDTH as VALUE_WIDTH
from cleanse.review.values import ValueLines, sheet_of, value_lines
from cleanse.review.words import offered, words

__all__ = ["ReadBack", "ReviewGroups", "ValueLines", "export", "groups", "read", "value_lines"]

SHEETS = ("review", "sample", "merged", "related")
FULL = ("review", "sample")  # with all fields, and what differs marked
EDITED = ("decision", "comment")
WIDTH = {
    "group": 7, "number": 7, "decision": 16, "comment": 16, "now": 8, "probability": 8, "why": 46, "shared": 20,
    "place": 34,
}  # fmt: skip
CREATED = datetime(2000, 1, 1)  # a workbook must name a day; the clock would change its bytes
HELP_WIDTH = 110
COMPACT = 3  # leading fields shown of groups that nobody has to look at
MARKED_ROWS = 100_000  # lines of a sheet in which characters are marked

_TEXT = {"num_format": "@", "valign": "top", "locked": False}
_TOP = {**_TEXT, "top": 1}
STYLES: dict[str, dict[str, Any]] = {
    "text": _TEXT,
    "text_top": _TOP,
    "wrap": {**_TEXT, "text_wrap": True},
    "wrap_top": {**_TOP, "text_wrap": True},
    "edit": {**_TEXT, "bg_color": "#E2F0D9"},
    "edit_top": {**_TOP, "bg_color": "#E2F0D9"},
    "differs": {**_TEXT, "bg_color": "#FFF2CC"},
}
_HEAD = {**_TEXT, "bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True, "locked": True}
# Excel sorts a protected sheet only where cells are unlocked, so the body is: a validation refuses typing, the key's
# check finds a line whose cells were moved apart.
_ALLOWED = {"sort": True, "autofilter": True, "format_columns": True, "format_rows": True}


def export(
    path: Path,
    every: Sequence[ReviewGroups],
    language: str,
    values: Sequence[ValueLines] = (),
    standing: Sequence[Sequence[str]] = (),
) -> None:
    """Write the workbook of all entities in ``language`` (zh, en); it appears under its name when it is whole.
    ``values``: the fields in which the groups disagree. ``standing``: the decisions that do not hold, a line each.

    Same groups, same bytes. Raises TargetError when the disk refuses.
    """
    skeleton, temporary = path.with_name(f"{path.name}.skeleton.tmp"), path.with_name(f"{path.name}.tmp")
    try:
        bodies = _skeleton(skeleton, every, language, values, standing)
        fill(skeleton, temporary, bodies, list(STYLES))
        temporary.replace(path)
    except (XlsxWriterException, OSError) as error:
        cause = f"the workbook cannot be written: {error}"
        raise TargetError(cause, where=str(path), cure="close it in Excel, check free space") from error
    finally:
        skeleton.unlink(missing_ok=True)
        temporary.unlink(missing_ok=True)


def _skeleton(
    path: Path,
    every: Sequence[ReviewGroups],
    language: str,
    values: Sequence[ValueLines],
    standing: Sequence[Sequence[str]],
) -> dict[int, Body]:
    """Write everything but the lines, which are returned by number of the sheet."""
    bodies: dict[int, Body] = {}
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": CREATED, "title": "duplicates"})
        styles = [book.add_format(style) for style in STYLES.values()]
        head = book.add_format(_HEAD)
        for name in SHEETS:
            for found in every:
                if name == "sample" and not len(found.sample):
                    continue
                title = _title(name, found.entity, len(every), language)
                table = _table(found, name)
                sheet = book.add_worksheet(title)
                _dress(sheet, list(table), _headings(found, list(table), language), len(table["key"]), language, head)
                if len(table["key"]):
                    _reserve(sheet, styles, len(table["key"]), len(table))
                    bodies[len(book.worksheets())] = _body(table, found, name)
        for lines in (v for v in values if len(v.table)):
            sheet = book.add_worksheet(_title("values", lines.entity, len(every), language))
            columns, headings, inner, kinds = sheet_of(lines, language)
            _dress_values(sheet, columns, headings, len(lines.table), language, head)
            _reserve(sheet, styles, len(lines.table), len(columns))
            letters = [xl_col_to_name(at) for at in range(len(columns))]
            bodies[len(book.worksheets())] = Body(letters, inner, kinds)
        if standing:
            _standing(book, standing, language, head)
        _help(book, every, language)
    return bodies


def _standing(book: Any, lines: Sequence[Sequence[str]], language: str, head: Any) -> None:
    sheet = book.add_worksheet(words()["sheet"]["standing"][language])
    wrap = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    for at, heading in enumerate(words()["standing"][language]):
        sheet.set_column(at, at, 36 if at in (0, 1) else 18)
        sheet.write_string(0, at, heading, head)
    for number, line in enumerate(lines, 1):
        for at, text in enumerate(line):
            sheet.write_string(number, at, text, wrap)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(lines), len(words()["standing"][language]) - 1)


def _title(name: str, entity: str, entities: int, language: str) -> str:
    title: str = words()["sheet"][name][language] + (f" {entity}" if entities > 1 else "")
    return title[:31]


def _reserve(sheet: Any, styles: Sequence[Any], size: int, width: int) -> None:
    """One blank cell of every style in the second row, and the last cell, in place of the lines that ``fill`` puts."""
    for at, style in enumerate(styles):
        sheet.write_blank(1, at, None, style)
    sheet.write_blank(max(2, size), width - 1, None, styles[0])


def _headings(found: ReviewGroups, columns: Sequence[str], language: str) -> list[str]:
    """The header; a field that is called like one of our own columns gets its entity's name behind it."""
    own = {name: texts[language] for name, texts in words()["column"].items()}
    taken = {text for texts in words()["column"].values() for text in texts.values()}
    fields = {n: f"{h} ({found.entity})" if h in taken else h for n, h in found.fields.items()}
    return [fields[name.removeprefix("field:")] if name.startswith("field:") else own[name] for name in columns]


def _table(found: ReviewGroups, name: str) -> dict[str, Any]:
    """The columns of a sheet in order: what is shown, a list or series of texts for each."""
    lines = found.lines(name)
    records = found.records.reindex(lines["rid"]).reset_index(drop=True)
    fields = list(found.fields) if name in FULL else list(found.fields)[:COMPACT]
    fields = [f for f in fields if f in list(found.fields)[:1] or records[f].notna().any()]
    group, order = _padded(lines["group"]), _padded(lines["order"] + 1)
    chance = ["" if np.isnan(p) else f"{p:.3f}" for p in lines["probability"].to_numpy(dtype=float)]
    table: dict[str, Any] = {
        "group": group, "number": order, "decision": [""] * len(lines), "comment": [""] * len(lines),
    }  # fmt: skip
    if name != "sample":
        table |= {"now": lines["now"].astype("str").tolist(), "probability": chance, "why": lines["why"].tolist()}
    if name != "sample" and (lines["shared"] != "").any():
        table["shared"] = lines["shared"].tolist()
    table |= {f"field:{f}": records[f] for f in fields}
    keys = zip(group, lines["order"].tolist(), lines["to"].tolist(), records["digest"], records["place"], strict=True)
    queues = (DRAWN + lines["queue"]).tolist() if name == "sample" else [name] * len(lines)
    key = [signed_key(found.entity, q + g, n, to, d, p) for q, (g, n, to, d, p) in zip(queues, keys, strict=True)]
    return table | {"place": records["place"], "key": key}


def _padded(numbers: pd.Series) -> list[str]:
    """Numbers as texts that sort as numbers."""
    width = len(str(numbers.max())) if len(numbers) else 1
    return [f"{n:0{width}d}" for n in numbers.tolist()]


def _body(table: Mapping[str, Any], found: ReviewGroups, name: str) -> Body:
    lines = found.lines(name)
    first = lines["order"].to_numpy() == 0
    anchor = np.flatnonzero(first)[np.cumsum(first) - 1]
    compare = name in FULL and len(lines) <= MARKED_ROWS
    inner, styles = [], []
    for column, values in table.items():
        base = "edit" if column in EDITED else "wrap" if column == "why" and name == "review" else "text"
        style = np.where(first, f"{base}_top", base).astype(object)
        texts = plain(pd.Series(values, dtype="str"))
        if compare and column.startswith("field:"):
            shown = values.fillna("").to_numpy(dtype=object)
            differs = np.flatnonzero((shown != shown[anchor]) & (shown != ""))
            style[differs] = "differs"
            for at in differs[shown[anchor[differs]] != ""]:
                texts[at] = marked(shown[at], shown[anchor[at]])
        inner.append(texts)
        styles.append(style.tolist())
    return Body([xl_col_to_name(at) for at in range(len(table))], inner, styles)


def _dress(sheet: Any, columns: Sequence[str], headings: Sequence[str], size: int, language: str, head: Any) -> None:
    """Header, widths, drop-downs, filter and protection of a sheet."""
    for at, (column, heading) in enumerate(zip(columns, headings, strict=True)):
        sheet.set_column(at, at, WIDTH.get(column, 20), None, {"hidden": column == "key"})
        sheet.write_string(0, at, heading, head)
    sheet.freeze_panes(1, columns.index("decision") + 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    last, width = max(size, 1), len(columns)
    at = columns.index("decision")
    sheet.data_validation(1, at, last, at, {"validate": "list", "source": offered(language), "error_type": "warning"})
    refuse = {"validate": "custom", "value": "=FALSE", "error_message": words()["readonly"][language]}
    sheet.data_validation(1, 0, last, at - 1, refuse)
    sheet.data_validation(1, columns.index("comment") + 1, last, width - 1, refuse)
    sheet.autofilter(0, 0, last, width - 1)
    sheet.protect("", _ALLOWED)


def _dress_values(
    sheet: Any, columns: Sequence[str], headings: Sequence[str], size: int, language: str, head: Any
) -> None:
    """Header, widths, the drop-down of a line's own values, filter and protection of a sheet of values."""
    for at, (column, heading) in enumerate(zip(columns, headings, strict=True)):
        sheet.set_column(at, at, VALUE_WIDTH.get(column, 24), None, {"hidden": column == "key"})
        sheet.write_string(0, at, heading, head)
    choice, last = columns.index("choice"), max(size, 1)
    first, end = (xl_col_to_name(columns.index(n)) for n in ("candidate1", columns[-2]))
    sheet.freeze_panes(1, choice + 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    offered = {"validate": "list", "source": f"=${first}2:${end}2", "show_error": False}
    sheet.data_validation(1, choice, last, choice, offered)
    refuse = {"validate": "custom", "value": "=FALSE", "error_message": words()["readonly"][language]}
    sheet.data_validation(1, 0, last, choice - 1, refuse)
    sheet.data_validation(1, columns.index("comment") + 1, last, len(columns) - 1, refuse)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.protect("", _ALLOWED)


def _help(book: Any, every: Sequence[ReviewGroups], language: str) -> None:
    """How to, in the language of the workbook first."""
    sheet = book.add_worksheet(words()["sheet"]["help"][language])
    sheet.set_column(0, 0, HELP_WIDTH)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    wrap, unshown = book.add_format({"text_wrap": True, "num_format": "@"}), sum(found.unshown for found in every)
    lines: list[str] = []
    for spoken in (language, *(x for x in ("zh", "en") if x != language)):
        cut = [words()["unshown"][spoken].format(count=unshown)] if unshown else []
        lines += [*words()["help"][spoken], *cut, ""]
    for row, line in enumerate(lines):
        width = len(line) + sum(c > "\u2e80" for c in line)
        sheet.set_row(row, 15 * (1 + width // HELP_WIDTH))
        sheet.write_string(row, 0, line, wrap)


def read(path: Path, who: str, when: str) -> ReadBack:
    """The decisions in a workbook that came back (xlsx or ods): sorted, filtered, partly filled, columns moved, in
    Chinese or English. ``who`` and ``when`` (ISO) are written into every decision.

    Raises SourceError when the file is no workbook.
    """
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except (CalamineError, OSError) as error:
        cure = "save it from Excel as .xlsx"
        raise SourceError("not a workbook that can be read", where=str(path), cure=cure) from error
    return read_sheets(sheets, who, when)
