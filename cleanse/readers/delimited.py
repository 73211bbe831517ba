"""Comma-separated text and its relatives: tab, semicolon, bar; quotes, line breaks in cells, damaged rows."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from cleanse.model import Grid, Note
from cleanse.readers.cells import frame_of, listed, padded
from cleanse.readers.dialect import is_strict, otherwise
from cleanse.readers.encodings import Decoded, decode, is_ebcdic, is_wide
from cleanse.readers.raw import HEAD, Parsed, Raw, Unreadable

DELIMITERS = ",\t;|^~\x01"
SAMPLE = 400_000  # characters looked at for the delimiter
SAMPLE_ROWS = 300
BLOCK = 4 << 20  # bytes parsed at a time; a longer record is read row by row
PIECE = 1 << 18  # bytes looked through for quotes at a time
QUOTE = ord('"')
LONGEST_CELL = 200  # lines; a quote that swallows more is a stray one
PROSE = 60  # characters of a usual line that is a sentence and no name
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_ARMOUR = re.compile(r'^="(.*)"$', re.DOTALL)
_MARKUP = re.compile(rb"\s*(?:<[\w?!/]|\{\s*[\"}]|\[\s*[{\]]|BEGIN:V|#!)")  # XML, JSON, cards, programs
_SQL = re.compile(rb"^\s*(?:create\s+table|insert\s+into|drop\s+table)\s", re.IGNORECASE | re.MULTILINE)
_CONTROL = re.compile(rb"[\x00\x02-\x08\x0e-\x1a\x1c-\x1f]")

csv.field_size_limit(1 << 27)


def sniff(head: bytes) -> bool:
    """Text of any encoding, with hardly a control character but for UTF-16 and UTF-32, and in no other language."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    if _MARKUP.match(plain) or _SQL.search(plain):
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return True
    if is_ebcdic(head) or (b"\0" in head and is_wide(head)):
        return True
    shown = head.rstrip(b"\0\x1a")
    return len(_CONTROL.findall(shown)) <= max(1, len(shown) / 500)


def read(raw: Raw) -> Parsed:
    """One grid; rows are numbered by logical record, the first line is 1, blank lines count. Text of a mainframe is read
    where a person names its encoding."""
    if not raw.encoding and is_ebcdic(raw.data[:HEAD]):
        raise Unreadable("unsupported_format", "EBCDIC", "txt")
    decoded = decode(raw.data, raw.encoding)
    text, nul = _without_nul(decoded.text.removeprefix("\ufeff"))
    if not text or text.isspace():
        raise Unreadable("empty_file", format="csv")
    first_row, delimiter = 1, ""
    if said := _SEPARATOR.match(text):
        first_row, delimiter, text = 2, said[1], text[said.end() :]
    delimiter = delimiter or find_delimiter(text)
    if not delimiter and _is_prose(text):
        raise Unreadable("no_table", format="txt")
    untouched = decoded.encoding == "utf-8" and len(text) == len(decoded.text)
    cells, notes = _parse(text, raw.data if untouched else None, delimiter or ",", first_row)
    cells, armour = _unarmour(cells) if "=" in text and '="' in text else (cells, ())
    return Parsed(_format(delimiter), (Grid("", cells, (*_damage(decoded), *nul, *notes, *armour)),), decoded.encoding)


def _without_nul(text: str) -> tuple[str, tuple[Note, ...]]:
    """The text without NUL signs, and without the mark (Ctrl-Z) and the padding that old programs put at its end."""
    text = text.rstrip("\0\x1a")
    count = text.count("\0")
    return (text.replace("\0", ""), (Note("nul_removed", "", str(count)),)) if count else (text, ())


def _format(delimiter: str) -> str:
    return "tsv" if delimiter == "\t" else "csv"


def _damage(decoded: Decoded) -> tuple[Note, ...]:
    notes = [Note("encoding_damaged", "", str(decoded.damaged))] if decoded.damaged else []
    if decoded.mixed:
        return (Note("encoding_mixed", listed([*map(str, decoded.mixed)]), decoded.evidence), *notes)
    return (
        (Note("encoding_judged", "", f"{decoded.encoding}: {decoded.evidence}"), *notes)
        if decoded.evidence
        else (*notes,)
    )


def find_delimiter(text: str) -> str:
    """The delimiter whose parse gives the most even rows; '' when none gives more than one column.

    >>> find_delimiter("a;b,c;d\\n1;2;3\\n4;5,5;6\\n")
    ';'
    """
    sample = text[:SAMPLE]
    best, best_score = "", (0.0, 0)
    for delimiter in DELIMITERS:
        if delimiter not in sample:
            continue
        widths = Counter(len(r) for r, _ in _take(_records(sample, delimiter)) if any(r))
        width, rows = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]), default=(1, 0))
        if width < 2:
            continue
        score = (round(rows / max(1, sum(widths.values())), 1), width)
        if score > best_score:
            best, best_score = delimiter, score
    return best if best_score[0] >= 0.5 else _otherwise_quoted(sample) or _spaces(sample)


def _otherwise_quoted(sample: str) -> str:
    """A delimiter that parts the text evenly under another way of quoting than the usual one; else ''."""
    return next((d for d in DELIMITERS if d in sample and len((otherwise(sample, d) or [[]])[0]) > 1), "")


def _spaces(text: str) -> str:
    """A blank, where it parts quoted cells and makes all rows equally long; else ''."""
    if ' "' not in text or not is_strict(io.StringIO(text, newline=""), " "):
        return ""
    widths = [len(row) for row, _ in _take(_records(text, " ")) if any(row)]
    return " " if len(widths) > 2 and len(set(widths)) == 1 < widths[0] else ""


def _take(records: Iterator[tuple[list[str], bool]]) -> Iterator[tuple[list[str], bool]]:
    for _, record in zip(range(SAMPLE_ROWS), records, strict=False):
        yield record


def _is_prose(text: str) -> bool:
    lines = [line for line in text[:SAMPLE].split("\n") if line.strip()]
    return len(lines) < 2 or sum(map(len, lines)) / len(lines) > PROSE


def _parse(text: str, data: bytes | None, delimiter: str, first_row: int) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """The cells; ``data`` is the same text as UTF-8 where the file was that."""
    if (rows := otherwise(text, delimiter)) is not None:
        return _framed(rows, [], first_row)
    width = len(next(_records(text[:SAMPLE], delimiter), ([], False))[0])
    table = _fast(text, data, delimiter, width) if width and text.count('"') % 2 == 0 else None
    if table is not None:
        return frame_of(table.columns, first_row), ()
    return _tolerant(text, delimiter, first_row)


def _fast(text: str, data: bytes | None, delimiter: str, width: int) -> pa.Table | None:
    """The strict parse, or None when a row disagrees, a quote is stray or a cell is suspiciously long."""
    names = [str(i) for i in range(width)]
    try:
        data = text.encode() if data is None else data
    except UnicodeEncodeError:
        return None
    if not _paired(data, delimiter) and not is_strict(io.StringIO(text, newline=""), delimiter):
        return None
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(_without_last_breaks(data)),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=BLOCK),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    if text.count("\n") - table.num_rows <= LONGEST_CELL:  # no cell can hold more of them
        return table
    longest = (pc.max(pc.count_substring(column, "\n")).as_py() or 0 for column in table.columns)
    return None if any(lines > LONGEST_CELL for lines in longest) else table


def _paired(data: bytes, delimiter: str) -> bool:
    """Whether as many quotes begin a cell as end one, as they do where none is stray; said of text in UTF-8."""
    signs = np.frombuffer(data, np.uint8)
    begin, end = int(signs[0] == QUOTE), int(signs[-1] == QUOTE)
    for start in range(0, len(data), PIECE):
        piece = signs[start : start + PIECE + 1]
        quotes, edges = piece == QUOTE, (piece == ord(delimiter)) | (piece == ord("\n")) | (piece == ord("\r"))
        begin += int(np.count_nonzero(edges[:-1] & quotes[1:]))
        end += int(np.count_nonzero(quotes[:-1] & edges[1:]))
    return begin == end


def _without_last_breaks(data: bytes) -> pa.Buffer:
    """The text without the line ends behind its last line, which would be rows of their own."""
    end = len(data)
    while end and data[end - 1] in b"\r\n":
        end -= 1
    return pa.py_buffer(data).slice(0, end)


def _records(text: str, delimiter: str) -> Iterator[tuple[list[str], bool]]:
    """Every record with a mark when its quotes are broken; such a line stands alone, its quotes are plain signs."""
    lines = list(io.StringIO(text, newline=""))
    at, usual = 0, _usual(csv.reader(lines[:SAMPLE_ROWS], delimiter=delimiter))
    while at < len(lines):
        end = at + 1
        if '"' in lines[at]:
            while _open(lines[at:end], delimiter) and end < len(lines) and end - at <= LONGEST_CELL:
                end += 1
            broken = _open(lines[at:end], delimiter) or _swallows(lines[at:end], delimiter, usual)
            if broken or not is_strict(lines[at:end], delimiter):
                plain = (
                    next(csv.reader([lines[at]], delimiter=delimiter, quoting=csv.QUOTE_NONE), []) if broken else None
                )
                row = _unquoted(lines[at], delimiter, usual) or plain
                if row is not None:
                    yield row, True
                    at += 1
                    continue
        yield next(csv.reader(lines[at:end], delimiter=delimiter), []), False
        at = end


def _usual(rows: Iterable[list[str]]) -> int:
    """How long most rows are."""
    widths = Counter(len(row) for row in rows if any(row))
    return max(widths, key=lambda width: widths[width], default=0)


def _unquoted(line: str, delimiter: str, usual: int) -> list[str] | None:
    """The cells of a line with a stray quote, as a sign inside its cell or as one before a cell that needs no quotes:
    what makes the line as long as most; None where neither does.

    >>> _unquoted('a,"b,c,"d, e"', ",", 4), _unquoted('a,""b, c"', ",", 2), _unquoted('a,"b,c', ",", 2)
    (['a', '"b', 'c', 'd, e'], ['a', '"b, c'], None)
    """
    mark = re.escape(delimiter)
    line = line.rstrip("\r\n")
    for inside in (rf'"(?!{mark}|$)', '""'):
        cell = re.compile(rf'(?:"((?:[^"]|{inside})*+)"|([^{mark}]*))({mark}|$)')
        row, at, more = list[str](), 0, delimiter
        while more and (found := cell.match(line, at)):
            row.append(found[2] if found[1] is None else found[1].replace('""', '"'))
            at, more = found.end(), found[3]
        if len(row) == usual > 1 and not more:
            return row
    return None


def _swallows(lines: Sequence[str], delimiter: str, usual: int) -> bool:
    """Whether a stray quote made one record of several: the quotes break, and the first line alone is as long as records
    are."""
    if len(lines) < 2 or is_strict(lines, delimiter):
        return False
    return len(next(csv.reader(lines[:1], delimiter=delimiter, quoting=csv.QUOTE_NONE))) == usual


def _open(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a quoted cell is still open at the end of the lines."""
    try:
        reader = csv.reader([*lines], delimiter=delimiter, strict=False)
        next(reader, None)
    except csv.Error:
        return False
    return reader.line_num == len(lines) and _ends_inside(lines, delimiter)


def _ends_inside(lines: Sequence[str], delimiter: str) -> bool:
    probe = [*lines, f'{delimiter}\x00"\n']
    reader = csv.reader(probe, delimiter=delimiter)
    next(reader, None)
    return reader.line_num == len(probe)


def _tolerant(text: str, delimiter: str, first_row: int) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Row by row: nothing is dropped, rows of another length and broken quotes are named."""
    return _framed(*(_at_once(text, delimiter) or _one_by_one(text, delimiter)), first_row)


def _framed(rows: list[list[str]], at_fault: list[int], first_row: int) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    broken = [str(first_row + n) for n in at_fault]
    usual = Counter(len(r) for r in rows if any(r)).most_common(1)[0][0]
    ragged = [str(n) for n, r in enumerate(rows, first_row) if any(r) and len(r) != usual and len(r) > 1]
    columns = [pa.array(c, pa.large_string()) for c in zip(*padded(rows), strict=True)]
    notes = [Note("csv_quote_broken", listed(broken), str(len(broken)))] if broken else []
    notes += [Note("csv_row_ragged", listed(ragged), str(len(ragged)))] if ragged else []
    return frame_of(columns, first_row), tuple(notes)


def _at_once(text: str, delimiter: str) -> tuple[list[list[str]], list[int]] | None:
    """The plain parse, unless a quote stands where none may, or swallows too much."""
    if text.count('"') % 2:
        return None
    rows, before = [], 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if reader.line_num - before > LONGEST_CELL:
                return None
            before = reader.line_num
            rows.append(row)
    except csv.Error:
        return None
    return rows, []


def _one_by_one(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    found = list(_records(text, delimiter))
    return [record for record, _ in found], [number for number, (_, broken) in enumerate(found) if broken]


def _unarmour(cells: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """``="00123"``, with which exports keep a spreadsheet from spoiling a code, is shown as 00123."""
    count = 0
    for column in cells.columns:
        worn = cells[column].str.startswith('="') & cells[column].str.endswith('"')
        if worn.any():
            count += int(worn.sum())
            cells[column] = cells[column].mask(worn, cells[column].str.replace(_ARMOUR, r"\1", regex=True))
    return cells, ((Note("formula_armour", "", str(count)),) if count else ())
