"""A look into zip packages (xlsx, xlsb, ods) before a library opens them: what would exhaust the machine is refused,
what the library hides (error cells, hidden rows, formulas without a value) is noted."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from cleanse.model import Note
from cleanse.readers import odf, odf_locked, opc, xlsb
from cleanse.readers.cells import error_notes
from cleanse.readers.hidden import Hidden, of_ods
from cleanse.readers.odf_locked import MANIFEST
from cleanse.readers.raw import Limits, Unreadable
from cleanse.readers.styles import STYLES, Masked, masked_cells, of_package

BINARY_BOOK = "xl/workbook.bin"
DOCUMENTS = {"word/": "Word", "ppt/": "PowerPoint", "index/": "Apple iWork"}
CHUNK = 1 << 20
OVERLAP = 256
MOST_PARTS = 20_000
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
_BINARY_SHEET = re.compile(r"xl/worksheets/[^/]+\.bin$", re.IGNORECASE)
NEAR_BOX = 26 * 999_999  # columns A to Z, rows of up to six digits: needs no measuring
_FAR = re.compile(rb' r="(?:[A-Za-z]{2,}\d|[A-Za-z]?\d{7})')
_CELL = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Za-z]+)(\d+)"[^>]*(?<!/)>')
_ERROR = re.compile(
    rb'<(?:\w+:)?c (?=[^>]*\bt="e")[^>]*?\br="([A-Z]+\d+)"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)'
)
_NO_VALUE = re.compile(rb"(?:</(?:\w+:)?f>|<f[^>]*/>)(?:</(?:\w+:)?c>|<v\s*/>|<v></v>)")
_OWN_NAMES = re.compile(rb"<!ENTITY|<!DOCTYPE[^>\[]*\[")  # a document type alone is never fetched, and harms nobody


@dataclass
class Package:
    """What the look found: the form (xlsx, xlsm, xlsb, ods or '') and notes by sheet part."""

    form: str
    sheets: dict[str, str] = field(default_factory=dict)  # sheet name -> part
    notes: dict[str, list[Note]] = field(default_factory=dict)
    masked: dict[str, list[Masked]] = field(default_factory=dict)  # part or sheet name
    hidden: dict[str, Hidden] = field(default_factory=dict)  # part or sheet name


def inspect(data: bytes, limits: Limits) -> Package:
    """Raises Unreadable: corrupt, too_large, unsupported_format."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return _inspect(package, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, IndexError) as e:
        raise Unreadable("corrupt", type(e).__name__, guess(data)) from e
    except RuntimeError as e:
        raise Unreadable("password_protected", "", guess(data)) from e


def guess(data: bytes) -> str:
    """The form of a package that cannot be opened, by names that stand in its bytes."""
    for mark, form in ((b"xl/workbook.bin", "xlsb"), (b"xl/", "xlsx"), (b"opendocument.spreadsheet", "ods")):
        if mark in data:
            return form
    return "zip"


def _inspect(package: zipfile.ZipFile, limits: Limits) -> Package:
    names = package.namelist()
    found = Package(_form(package, names), opc.sheet_parts(package))
    if not found.form:
        raise Unreadable("unsupported_format", _document(package, names), "zip")
    if found.form == "xlsb" and BINARY_BOOK in names and xlsb.is_early(package.read(BINARY_BOOK)):
        raise Unreadable("unsupported_format", "Excel 2007 beta", "xlsb")
    if found.form == "ods" and MANIFEST in names and b"encryption-data" in (manifest := package.read(MANIFEST)):
        known = odf_locked.KNOWN in manifest
        raise Unreadable("password_protected" if known else "unsupported_format", "" if known else "ods, locked", "ods")
    if len(names) > MOST_PARTS or sum(bool(_SHEET.match(n)) for n in names) > limits.sheets:
        raise Unreadable("too_large", f"{len(names)} parts", found.form)
    masks = of_package(package.read(STYLES)) if STYLES in names else {}
    left = limits.unpacked_bytes
    for name in sorted(names):
        if name.endswith("/"):
            continue
        part = _Part(name, found.form, masks)
        binary: list[bytes] | None = [] if found.form == "xlsb" and _BINARY_SHEET.match(name) else None
        for chunk in _chunks(package, name):
            left -= len(chunk)
            if left < 0:
                raise Unreadable("too_large", "unpacked", found.form)
            part.look(chunk)
            if binary is not None:
                binary.append(chunk)
        found.notes[name] = part.finish() if binary is None else error_notes(xlsb.errors(b"".join(binary)))
        found.masked[name] = part.masked
        found.hidden[name] = part.hidden
        if part.unseen:
            found.hidden |= of_ods(package)
        if part.erring:
            errors = odf.errors(package)
            found.sheets, found.notes = {name: name for name in errors}, found.notes | errors
        if part.far or (part.is_sheet and limits.cells < NEAR_BOX):
            _measure(package, name, found.form, limits)
    return found


def _form(package: zipfile.ZipFile, names: list[str]) -> str:
    lower = {n.lower() for n in names}
    if "xl/workbook.bin" in lower:
        return "xlsb"
    if any(n.startswith("xl/worksheets/") for n in lower) or "xl/workbook.xml" in lower:
        return "xlsm" if "xl/vbaproject.bin" in lower else "xlsx"
    if "content.xml" in lower and "mimetype" in lower and b"spreadsheet" in package.read("mimetype")[:200]:
        return "ods"
    return ""


def _document(package: zipfile.ZipFile, names: list[str]) -> str:
    """What another document than a workbook calls itself."""
    if "mimetype" in names and (said := package.read("mimetype")[:100]).isascii():
        return said.decode().strip()
    return next(
        (form for name in names for folder, form in DOCUMENTS.items() if name.lower().startswith(folder)), "zip"
    )


def _chunks(package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with package.open(name) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


class _Part:
    """One part of a package, seen chunk by chunk; a sheet is cut between two rows, so that no pattern is torn."""

    def __init__(self, name: str, form: str, masks: dict[int, str]) -> None:
        self.form, self.masks, self.cells = form, masks, masked_cells(masks)
        self.masked: list[Masked] = []
        self.is_xml = name.lower().endswith((".xml", ".rels"))
        self.is_sheet = bool(_SHEET.match(name)) and form in ("xlsx", "xlsm")
        self.far = False
        self.unvalued = 0
        self.hidden = Hidden()
        self.unseen = False  # an ods that says something of visibility,
        self.erring = False  # or shows errors
        self.errors: list[str] = []
        self.tail = b""

    def look(self, chunk: bytes) -> None:
        if not self.is_xml:
            return
        seen = self.tail + chunk
        if _OWN_NAMES.search(seen):
            raise Unreadable("corrupt", "DOCTYPE", self.form)
        if self.form == "ods":
            self.unseen = self.unseen or b'table:visibility="' in seen
            self.erring = self.erring or odf.may_hold_errors(seen)
        cut = max(len(seen) - OVERLAP, 0)
        if self.is_sheet:
            cut = next((at for mark in (b"<row", b"<c ") if (at := seen.rfind(mark)) > 0), cut)
            self._sheet(seen[:cut])
        self.tail = seen[cut:]

    def _sheet(self, text: bytes) -> None:
        self.far = self.far or bool(_FAR.search(text))
        if b't="e"' in text:
            self.errors += [f"{m[1].decode()}={m[2].decode('utf-8', 'replace')}" for m in _ERROR.finditer(text)]
        if b'hidden="' in text:
            self.hidden.look(text)
        if self.cells:
            found = self.cells.findall(text)
            self.masked += [(int(row), _number(letters), self.masks[int(style)]) for style, letters, row in found]
        if b"<f" in text:
            self.unvalued += len(_NO_VALUE.findall(text))

    def finish(self) -> list[Note]:
        if self.is_sheet:
            self._sheet(self.tail)
        return error_notes(self.errors) + (
            [Note("formula_without_value", "", str(self.unvalued))] if self.unvalued else []
        )


def _measure(package: zipfile.ZipFile, name: str, form: str, limits: Limits) -> None:
    """The box around the cells that hold something, which the library will allocate whole."""
    top, bottom, right = 1 << 60, 0, 0
    tail = b""
    for chunk in _chunks(package, name):
        seen = tail + chunk
        cut = max(seen.rfind(b"<c "), 0)
        found = _CELL.findall(seen, 0, cut) if cut else []
        tail = seen[cut:] if cut else seen[-OVERLAP:]
        found += _CELL.findall(tail) if len(chunk) < CHUNK else []
        if found:
            rows = [int(row) for _, row in found]
            top, bottom = min(top, *rows), max(bottom, *rows)
            right = max(right, *(_number(letters) for letters in {letters for letters, _ in found}))
        if (bottom - top + 1) * right > limits.cells:
            raise Unreadable("too_large", f"{bottom - top + 1} x {right}", form)


def _number(letters: bytes) -> int:
    """1-based column number."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
