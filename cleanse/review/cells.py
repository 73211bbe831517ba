"""Rows of a worksheet as XML, whole columns at a time: xlsxwriter makes the workbook, this fills its sheets.

Writing cell by cell takes four times as long. Every cell is an inline text (ECMA-376 part 1, 18.3.1.4, 22.9.2.19):
no value is ever a number or a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import Indel

LONGEST = 32_000  # an Excel cell holds 32,767 UTF-16 units
COMPARED = 60  # characters of a text that is compared character by character
BATCH = 4_000  # rows joined at once
LEVEL = 2  # of compression: half the time of the usual 6, a fifth more bytes
_FONT = '<sz val="11"/><color rgb="{color}"/><rFont val="Calibri"/><family val="2"/></rPr>'
_RUN = "<r><rPr>{bold}" + _FONT + '<t xml:space="preserve">{text}</t></r>'
# Characters XML cannot hold, and texts that look like their escape, are written as _xHHHH_ (22.9.2.19).
_ESCAPED = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
# The same and what XML escapes, as a pattern of RE2, which knows no look ahead: which texts are to be looked at.
_UNPLAIN = r"[&<>\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]|_x[0-9A-Fa-f]{4}_"
_BODY = re.compile(rb"</row>(.*)</sheetData>", re.DOTALL)
_STYLE = re.compile(rb'<c r="[A-Z]+2" s="(\d+)"/>')


@dataclass(frozen=True)
class Body:
    """The rows of a sheet below its header: letters of the columns, and per column the inner XML and the name of the
    style of every cell."""

    letters: Sequence[str]
    inner: Sequence[Sequence[str]]
    styles: Sequence[Sequence[str]]

    def rows(self, ids: Mapping[str, str]) -> Iterator[str]:
        """The rows as XML, in batches; ``ids``: number of every style in the workbook."""
        size = len(self.inner[0]) if self.inner else 0
        for start in range(0, size, BATCH):
            numbers = range(start + 2, min(start + BATCH, size) + 2)
            columns = [
                _cells(letter, numbers, inner[start : start + BATCH], styles[start : start + BATCH], ids)
                for letter, inner, styles in zip(self.letters, self.inner, self.styles, strict=True)
            ]
            lines = map("".join, zip(*columns, strict=True))
            yield "".join([f'<row r="{n}">{cells}</row>' for n, cells in zip(numbers, lines, strict=True)])


def _cells(
    letter: str, numbers: range, inner: Sequence[str], styles: Sequence[str], ids: Mapping[str, str]
) -> list[str]:
    cells = zip(numbers, inner, styles, strict=True)
    return [
        f'<c r="{letter}{n}" s="{ids[style]}" t="inlineStr"><is>{text}</is></c>'
        if text
        else f'<c r="{letter}{n}" s="{ids[style]}"/>'
        for n, text, style in cells
    ]


def escape(text: str) -> str:
    """A text as XML content.

    >>> escape("a<b & _x0041_"), escape(chr(11))
    ('a&lt;b &amp; _x005F_x0041_', '_x000B_')
    """
    text = _ESCAPED.sub(lambda m: f"_x{ord(m[0]):04X}_", text[:LONGEST])
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(values: pd.Series) -> list[str]:
    """Every text as inner XML; '' where empty or missing."""
    coded = pa.array(values.astype("str").fillna(""), type=pa.large_string()).dictionary_encode()
    texts = coded.dictionary
    unplain = pc.or_(pc.match_substring_regex(texts, _UNPLAIN), pc.greater(pc.utf8_length(texts), LONGEST))
    escaped = pa.array([escape(text) for text in texts.filter(unplain).to_pylist()], pa.large_string())
    texts = pc.replace_with_mask(texts, unplain, escaped)
    start, end, nothing = (pa.scalar(t, pa.large_string()) for t in ('<t xml:space="preserve">', "</t>", ""))
    inner = pc.binary_join_element_wise(start, texts, end, nothing)
    return list(pc.take(pc.if_else(pc.equal(texts, ""), nothing, inner), coded.indices).to_pylist())


def marked(value: str, other: str) -> str:
    """A text with the characters that ``other`` has not in bold red; plain where that would tell nothing.

    >>> "FFC00000" in marked("岚石机电公司", "岚石机电"), "FFC00000" in marked("甲", "乙")
    (True, False)
    """
    if len(value) > COMPARED or len(other) > COMPARED or not other:
        return f'<t xml:space="preserve">{escape(value)}</t>'
    steps = [(s.tag, value[s.dest_start : s.dest_end]) for s in Indel.opcodes(other, value)]
    steps = [(tag, text) for tag, text in steps if text]
    same = sum(len(text) for tag, text in steps if tag == "equal")
    if same == len(value) or 2 * same < min(len(value), len(other)):
        return f'<t xml:space="preserve">{escape(value)}</t>'
    return "".join([
        _RUN.format(bold="", color="FF000000", text=escape(text)) if tag == "equal"
        else _RUN.format(bold="<b/>", color="FFC00000", text=escape(text)) for tag, text in steps
    ])  # fmt: skip


def fill(skeleton: Path, path: Path, bodies: Mapping[int, Body], styles: Sequence[str]) -> None:
    """Copy the workbook ``skeleton`` to ``path`` with bodies (by number of the sheet, from 1) in place of everything
    below the header. In the skeleton's second row stands one blank cell of every style, in the order of ``styles``."""
    with (
        zipfile.ZipFile(skeleton) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            number = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
            body = bodies.get(int(number[1])) if number else None
            with target.open(name, "w") as out:  # dated 1980: a name alone has no clock
                if body is None:
                    out.write(content)
                    continue
                found = _BODY.search(content)
                assert found is not None
                ids = dict(zip(styles, (i.decode() for i in _STYLE.findall(found[1])), strict=True))
                out.write(content[: found.start(1)])
                for rows in body.rows(ids):
                    out.write(rows.encode())
                out.write(content[found.end(1) :])
