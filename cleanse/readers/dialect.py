"""Other ways of quoting than RFC 4180: spaces before quotes, single quotes, backslashes; taken only where the text proves it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypedDict

EVEN = 0.9  # share of rows of the usual length from which on another way of quoting is believed
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)


class Dialect(TypedDict, total=False):
    """What the csv module is told beside the delimiter."""

    skipinitialspace: bool
    quotechar: Literal["'"]
    escapechar: Literal["\\"]


def otherwise(text: str, delimiter: str) -> list[list[str]] | None:
    """The rows, where another way of quoting than the usual one is certain: it breaks nowhere, and the usual one gives
    less even rows, breaks, or leaves the quotes in the cells.

    >>> otherwise("a,b\\n'x, y',1\\n'O''Hara',2\\n", ",")
    [['a', 'b'], ['x, y', '1'], ["O'Hara", '2']]
    >>> otherwise("a,b\\n'tis,1\\n", ",") is None
    True
    """
    dialects = _candidates(text, delimiter)
    if not dialects:
        return None
    try:
        usual = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return None
    evenness, breaks = _evenness(usual), not is_strict(io.StringIO(text, newline=""), delimiter)
    for dialect in dialects:
        kept = text.replace("\\'", "\\\\'") if "escapechar" in dialect else text  # a backslash there may be meant
        rows = _strictly(kept, delimiter, dialect)
        if rows is None or _evenness(rows) < EVEN:
            continue
        worn = "quotechar" in dialect and _all_worn(usual)
        mended = "escapechar" in dialect and breaks and _evenness(rows) >= evenness
        spaced = "skipinitialspace" in dialect and _evenness(rows) >= evenness
        if worn or mended or spaced or _evenness(rows) > evenness:
            return rows
    return None


def is_strict(lines: Iterable[str], delimiter: str) -> bool:
    """Whether every quote stands where the usual way of quoting has one."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error:
        return False
    return True


def _candidates(text: str, delimiter: str) -> list[Dialect]:
    """The ways of quoting that the text has a trace of."""
    found: list[Dialect] = []
    if '"' in text and f'{delimiter} "' in text and (delimiter + '"') not in text.replace(f'{delimiter} "', ""):
        found.append({"skipinitialspace": True})
    if "'" in text and "'" + delimiter in text and (delimiter + "'" in text or "\n'" in text or "\r'" in text):
        found.append({"quotechar": "'"})
    escapes = "\\" in text and ('\\"' in text or "\\" + delimiter in text)
    if escapes and set(_ESCAPE.findall(text)) <= {'"', "'", "\\", delimiter}:
        found.append({"escapechar": "\\"})
    return found


def _strictly(text: str, delimiter: str, dialect: Dialect) -> list[list[str]] | None:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, **dialect))
    except csv.Error:
        return None


def _evenness(rows: list[list[str]]) -> float:
    """The share of rows as long as most are."""
    widths = Counter(len(row) for row in rows if any(row))
    return max(widths.values(), default=0) / max(1, widths.total())


def _all_worn(rows: list[list[str]]) -> bool:
    """Whether every cell stands in single quotes."""
    cells = {cell for row in rows for cell in row if cell}
    return all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)
