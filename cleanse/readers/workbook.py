"""Workbooks: xlsx, xlsm, xlsb, ods and the old binary xls, through calamine."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Any

import python_calamine as calamine

from cleanse.model import Grid, Note
from cleanse.readers import biff5, biff8, hidden, odf, opc, packages
from cleanse.readers.cells import EXACT_DIGITS, column_name, frame_of_rows, listed
from cleanse.readers.raw import Limits, Parsed, Raw, Unreadable
from cleanse.readers.styles import Masked, seen

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE_HEAD = 512  # bytes
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Case counts for nothing.
STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book", "WORKBOOK", "BOOK"))
BOF = b"\x09\x08\x10\x00\x00\x06\x05\x00"  # the workbook's first record in BIFF8, 20 bytes long
DOCUMENTS = {"WordDocument": "Word", "PowerPoint Document": "PowerPoint", "__properties_version": "Outlook"}
WRITE_PROTECT, FILE_PASS = b"\x86\x00\x00\x00", b"\x2f\x00"
LEADING_BLANKS = 10_000
HIDDEN = (calamine.SheetVisibleEnum.Hidden, calamine.SheetVisibleEnum.VeryHidden)


def sniff(head: bytes) -> bool:
    """A zip package or an OLE container."""
    return head.startswith((ZIP, OLE))


def read_flat(raw: Raw) -> Parsed:
    """The same for an ods in one XML file."""
    return read(replace(raw, data=odf.packed(raw.data)))


def read(raw: Raw) -> Parsed:
    """One grid per sheet that holds a cell, hidden ones included."""
    if raw.data.startswith(ZIP):
        raw = replace(raw, data=opc.canonical(raw.data, raw.limits))
        package, data = packages.inspect(raw.data, raw.limits), raw.data
    else:
        package, data = _container(raw.data)
    grids: list[Grid] = []
    skip, skipped = raw.limits.hidden == "skip", list[str]()
    data, page = biff5.narrowed(data) if package.form == "xls" else (data, "")
    try:
        data = odf.mended(data) if package.form == "ods" else data
        with calamine.load_workbook(io.BytesIO(data)) as book:
            for meta in book.sheets_metadata:
                if meta.typ != calamine.SheetTypeEnum.WorkSheet or odf.CACHE.match(meta.name):
                    continue
                if skip and meta.visible in HIDDEN:
                    skipped.append(meta.name)
                else:
                    grids += _grid(book.get_sheet_by_name(meta.name), meta, package, raw.limits)
    except calamine.PasswordError as e:
        raise Unreadable("password_protected", "", package.form) from e
    except (KeyboardInterrupt, SystemExit, MemoryError, Unreadable):
        raise
    except BaseException as e:  # a panic of the Rust library is no Exception
        said = _said(e, raw)
        reason = "password_protected" if "password" in said else "too_large" if "limit exceeded" in said else "corrupt"
        raise Unreadable(reason, type(e).__name__, package.form) from e
    if not grids:
        raise Unreadable("no_cells", listed(skipped), package.form)
    grids[0] = replace(grids[0], notes=(*hidden.skipped_sheets(skipped), *grids[0].notes))
    return Parsed(package.form, tuple(biff5.restored(grid, page) if page else grid for grid in grids))


def _said(error: BaseException, raw: Raw) -> str:
    """What the library says, in lower case; of bytes without a name it hides the reason, of a file it does not."""
    said = str(error).lower()
    if "cannot detect" not in said:
        return said
    try:
        calamine.load_workbook(str(raw.path))
    except BaseException as again:  # a panic of the Rust library is no Exception
        return str(again).lower()
    return said


def _container(data: bytes) -> tuple[packages.Package, bytes]:
    """What the look into an old workbook found, and the workbook as the library reads it."""
    start = data.find(BOF)
    if start >= 0 and data[start + 20 : start + 30].removeprefix(WRITE_PROTECT).startswith(FILE_PASS):
        raise Unreadable("password_protected", "", "xls")
    if any(name in data for name in STREAMS):
        found = biff8.look(data)
        notes = found.notes()
        return packages.Package("xls", {name: name for name in notes}, notes, found.masked, found.hidden), found.data
    if ENCRYPTED in data:
        raise Unreadable("password_protected", "", "xlsx")
    other = next((form for name, form in DOCUMENTS.items() if name.encode("utf-16-le") in data), "ole")
    raise Unreadable("corrupt" if _is_cut(data) else "unsupported_format", other, "ole")


def _is_cut(data: bytes) -> bool:
    """Whether the directory of an OLE container, which says what is in it, lies behind the end of the bytes."""
    if len(data) < OLE_HEAD:
        return False
    shift, first = struct.unpack_from("<H", data, 30)[0], struct.unpack_from("<I", data, 48)[0]
    return shift in (9, 12) and (first + 1) << shift >= len(data)


def _grid(sheet: Any, meta: Any, package: packages.Package, limits: Limits) -> list[Grid]:
    if sheet.start is None:
        return []
    part = package.sheets.get(meta.name, "")
    notes = package.notes.get(part, [])
    if sheet.height * sheet.width > limits.cells:
        raise Unreadable("too_large", f"{sheet.height} x {sheet.width}", package.form)
    top, left = sheet.start
    rows = sheet.to_python(skip_empty_area=True)
    _show(rows, package.masked.get(part) or package.masked.get(meta.name, []), top, left)
    filled = _fill_merged(rows, sheet.merged_cell_ranges or (), top, left)
    if 0 < top <= LEADING_BLANKS:
        rows = [[""] * len(rows[0])] * top + rows
        top = 0
    cells, found = frame_of_rows(rows, top + 1, left)
    cells, unseen = hidden.apply(
        cells, package.hidden.get(part) or package.hidden.get(meta.name), limits.hidden == "skip"
    )
    whole = (Note("hidden_sheet", meta.name),) if meta.visible in HIDDEN else ()
    return [Grid(meta.name, cells, (*whole, *notes, *unseen, *found, *filled))]


def _show(rows: list[list[Any]], masked: list[Masked], top: int, left: int) -> None:
    """Numbers under a format that shows more than them become what a person sees; those too long to be exact stay numbers."""
    for row, column, under in masked:
        value = rows[row - 1 - top][column - 1 - left]
        if type(value) in (int, float) and abs(value) < 10**EXACT_DIGITS:
            rows[row - 1 - top][column - 1 - left] = seen(float(value), under)


def _fill_merged(rows: list[list[Any]], ranges: Any, top: int, left: int) -> tuple[Note, ...]:
    """A cell merged over several rows is shown in each of them: rows that hold more than that get its value too."""
    tall = [(first - top, last - top) for (first, _), (last, _) in ranges if last > first]
    alive = {number for first, last in tall for number in _own(rows, first, last)}
    filled: list[str] = []
    for (first, column), (last, _) in ranges:
        source, at = first - top, column - left
        if last == first or not (0 <= source < len(rows) and 0 <= at < len(rows[0])) or rows[source][at] == "":
            continue
        for number in range(source + 1, min(last - top + 1, len(rows))):
            if number in alive and rows[number][at] == "":
                rows[number][at] = rows[source][at]
                filled.append(f"{column_name(column)}{number + top + 1}")
    return (Note("merged_cell_filled", listed(filled), str(len(filled))),) if filled else ()


def _own(rows: list[list[Any]], first: int, last: int) -> list[int]:
    return [n for n in range(max(first, 0), min(last + 1, len(rows))) if any(value != "" for value in rows[n])]
