"""A person at LibreOffice: a workbook is opened, its sheets sorted and filtered, cells filled, and saved in several formats."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

FORMATS = {"xlsx": "Calc MS Excel 2007 XML", "ods": "calc8"}
_XLB = "http://openoffice.org/2000/library"
_DTD = '<!DOCTYPE {kind} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{file}.dtd">\n'
_LIST = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    + _DTD.replace("{kind}", "library:{tag}").replace("{file}", "{tag}")
    + '<library:{tag} xmlns:library="{ns}" xmlns:xlink="http://www.w3.org/1999/xlink" {more}>{body}</library:{tag}>'
)
_BASIC = """
Sub Work(source As String, target As String, filterName As String)
  Dim none(0) As New com.sun.star.beans.PropertyValue
  none(0).Name = "Hidden" : none(0).Value = True
  doc = StarDesktop.loadComponentFromURL(source, "_blank", 0, none())
  {steps}
  Dim how(0) As New com.sun.star.beans.PropertyValue
  how(0).Name = "FilterName" : how(0).Value = filterName
  doc.storeToURL(target, how())
  doc.close(True)
End Sub

Function Used(sheet)
  cursor = sheet.createCursor()
  cursor.gotoEndOfUsedArea(False)
  Used = sheet.getCellRangeByPosition(0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow)
End Function

Function Column(sheet, heading As String) As Long
  Column = -1
  For at = 0 To Used(sheet).RangeAddress.EndColumn
    If sheet.getCellByPosition(at, 0).String = heading Then Column = at
  Next at
End Function

Sub Fill(doc, title As String, heading As String, text As String, target As String, word As String)
  sheet = doc.Sheets.getByName(title)
  For row = 1 To Used(sheet).RangeAddress.EndRow
    If sheet.getCellByPosition(Column(sheet, heading), row).String = text Then sheet.getCellByPosition(Column(sheet, target), row).String = word
  Next row
End Sub

Sub SortBy(doc, title As String, heading As String)
  sheet = doc.Sheets.getByName(title)
  sheet.unprotect("")
  Dim field(0) As New com.sun.star.table.TableSortField
  field(0).Field = Column(sheet, heading) : field(0).IsAscending = False
  Dim how(1) As New com.sun.star.beans.PropertyValue
  how(0).Name = "SortFields" : how(0).Value = field()
  how(1).Name = "ContainsHeader" : how(1).Value = True
  Used(sheet).sort(how())
End Sub

Sub ShowOnly(doc, title As String, heading As String, text As String)
  sheet = doc.Sheets.getByName(title)
  area = Used(sheet)
  desc = area.createFilterDescriptor(True)
  Dim field(0) As New com.sun.star.sheet.TableFilterField
  field(0).Field = Column(sheet, heading) : field(0).Operator = com.sun.star.sheet.FilterOperator.EQUAL
  field(0).IsNumeric = False : field(0).StringValue = text
  desc.ContainsHeader = True
  desc.setFilterFields(field())
  area.filter(desc)
End Sub
"""


def fill(title: str, column: str, words: Mapping[tuple[str, str], str]) -> list[str]:
    """Steps: a word into a column of the lines where another column says a text."""
    return [
        f"Fill(doc, {_q(title)}, {_q(by)}, {_q(text)}, {_q(column)}, {_q(word)})" for (by, text), word in words.items()
    ]


def sort(title: str, column: str) -> list[str]:
    """A step: the whole sheet downwards by a column."""
    return [f"SortBy(doc, {_q(title)}, {_q(column)})"]


def show_only(title: str, column: str, text: str) -> list[str]:
    """A step: the lines where a column says something else are filtered away."""
    return [f"ShowOnly(doc, {_q(title)}, {_q(column)}, {_q(text)})"]


def work(soffice: str, book: Path, steps: list[str], folder: Path) -> dict[str, Path]:
    """Do the steps in LibreOffice and save; the saved workbook by format."""
    profile = folder / "profile"
    start = [soffice, "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}"]
    subprocess.run(
        [*start, "--terminate_after_init"], check=True, capture_output=True, timeout=150
    )  # it fills its profile first
    library = profile / "user" / "basic" / "Standard"
    library.mkdir(parents=True, exist_ok=True)
    saved = {form: folder / f"{book.stem}.{form}" for form in FORMATS}
    calls = [f"Work({_q(book.as_uri())}, {_q(path.as_uri())}, {_q(FORMATS[form])})" for form, path in saved.items()]
    code = _BASIC.replace("{steps}", "\n  ".join(steps)) + "\nSub Main\n  " + "\n  ".join(calls) + "\nEnd Sub\n"
    module = '<?xml version="1.0" encoding="UTF-8"?>\n' + _DTD.format(kind="script:module", file="module")
    module += '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">'
    (library / "Module1.xba").write_text(f"{module}{escape(code)}</script:module>", "utf-8")
    name = 'library:name="Standard" library:readonly="false" library:passwordprotected="false"'
    body = '<library:element library:name="Module1"/>'
    (library / "script.xlb").write_text(_LIST.format(tag="library", ns=_XLB, more=name, body=body), "utf-8")
    link = '<library:library library:name="Standard" xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple" library:link="false"/>'
    (library.parent / "script.xlc").write_text(_LIST.format(tag="libraries", ns=_XLB, more="", body=link), "utf-8")
    subprocess.run([*start, "macro:///Standard.Module1.Main"], check=True, capture_output=True, timeout=150)
    return saved


def _q(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
