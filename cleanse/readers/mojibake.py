"""Text that was garbled before it reached the file, by bytes of one encoding read as another: restored where that is certain.

Certain means: every character goes back to a byte, all the bytes are valid in the other encoding, and what comes out are
everyday characters, which is next to impossible for a text that was right. What lost bytes on its way (锟斤拷) is named only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import Grid, Note
from cleanse.readers.cells import column_name, listed

LEAST = 3  # restored characters of a text that stands for itself
WITNESSES = 2  # such texts in a column that let shorter ones count
SAMPLE = 10_000  # rows of a column in which a first sign is looked for
# The first two bytes of a Chinese character in UTF-8, read as one character of GBK.
_GBK_SIGN = "[" + "".join(bytes((a, b)).decode("gbk") for a in range(0xE4, 0xEA) for b in range(0x80, 0xC0)) + "]"
_HIGH = (
    r"\x{0152}\x{0153}\x{0160}\x{0161}\x{0178}\x{017d}\x{017e}\x{0192}\x{02c6}\x{02dc}\x{2013}-\x{203a}\x{20ac}\x{2122}"
)
_LATIN_SIGN = rf"[\x{{00a1}}-\x{{00ff}}{_HIGH}][\x{{0080}}-\x{{00ff}}{_HIGH}]"
_LOST = r"锟斤拷|烫烫烫|屯屯屯|\x{FFFD}{2}"
_SUSPECT = f"{_GBK_SIGN}|{_LATIN_SIGN}|{_LOST}"
_LOOKS_LOST = re.compile("锟斤拷|烫烫烫|屯屯屯|\ufffd{2}")
# The characters of Europe as two signs, and its quotes and dashes as three.
_AFTER = "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122"
_LATIN_PAIR = re.compile(f"[ÃÂÄÅÆÐÑ][{_AFTER}]|â(?:€[{_AFTER}]|‚¬|„¢)")
_LETTER, _QUOTED = (
    r"[^\W\d_]",
    "\u2013\u2014\u2019\u201d\u00bb",
)  # the latter may part a word that ends in Ã from another
# Where nobody writes such signs: a capital behind a small letter; signs before a small letter, and so inside a word; what
# cannot stand beside Ã at all; Ã– that begins a word; Â between a figure and a sign, before a sum or an opening mark; â
# before two more signs.
_CERTAIN = re.compile(
    rf"(?<=[a-z])[ÃÂÄÅÆÐÑ][{_AFTER}]|[ÃÂÄÅÆÐÑ](?![{_QUOTED}])[{_AFTER}](?=[a-z])"
    rf"|Ã[\u0080-\u009f\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2020\u2021\u2030\u201a\u201e\u2039\u203a]"
    rf"|(?<!{_LETTER})Ã[\u2013\u2014](?=[a-z])|(?<=\d)Â[\u00a0-\u00bf]|(?<!{_LETTER})Â(?:[£¥](?=\d)|[¡¿](?={_LETTER}))|â[€‚„]"
)
_EUROPE = frozenset(map(chr, (*range(0xA0, 0x180), *range(0x2013, 0x203B), 0x20AC, 0x2122)))


def restored(text: str, least: int = LEAST) -> str | None:
    """The text as it was before it was garbled, or None where that is not certain. ``least``: so many everyday Chinese
    characters must come out, or accents must have stood where nobody writes such signs; fewer, or any place, will do where
    other texts of the column were garbled without doubt.

    >>> restored("瀹㈡埛鍚嶇О"), restored("¿Í»§Ãû³Æ"), restored("å®¢æˆ·å\\x90\\x8dç§°"), restored("MÃ¼ller"), restored("青松公司")
    ('客户名称', '客户名称', '客户名称', 'Müller', None)
    >>> restored("LÃ®"), restored("LÃ®", 1)
    (None, 'Lî')
    """
    if text.isascii():
        return None
    for back, forth, good in _WAYS:
        raw = back(text)
        if raw is None:
            continue
        try:
            found = raw.decode(forth)
        except UnicodeDecodeError:
            continue
        if good(text, found, least):
            return found
    return None


def mended(grid: Grid) -> Grid:
    """The grid with garbled texts restored where that is certain, and notes on those and on what stays garbled."""
    changed: dict[int, pd.Series] = {}
    done: list[str] = []
    left: list[str] = []
    for place in grid.cells.columns:
        column = pa.array(grid.cells[place], pa.large_string())
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if not _suspected(column):
            continue
        marks = pc.match_substring_regex(column, _SUSPECT).to_numpy(zero_copy_only=False)
        distinct = pc.unique(column.filter(pa.array(marks))).to_pylist()
        texts = {text: restored(text) for text in distinct}
        if sum(new is not None for new in texts.values()) >= WITNESSES:
            texts = {text: new or restored(text, 1) for text, new in texts.items()}
        garbled = {text for text, new in texts.items() if new is None and _is_garbled(text)}
        values = column.to_numpy(zero_copy_only=False)
        for at in np.flatnonzero(marks).tolist():
            where = f"{column_name(int(place))}{int(grid.cells.index[at])}"
            if texts[values[at]] is not None:
                done.append(where)
            elif values[at] in garbled:
                left.append(where)
        good = {text: new for text, new in texts.items() if new is not None}
        if good:
            changed[place] = grid.cells[place].replace(good)
    notes = [Note("mojibake_repaired", listed(done), str(len(done)))] if done else []
    notes += [Note("mojibake_left", listed(left), str(len(left)))] if left else []
    if not notes:
        return grid
    cells = grid.cells.copy(deep=False)
    for place, series in changed.items():
        cells[place] = series.astype("str")
    return replace(grid, cells=cells, notes=(*grid.notes, *notes))


def _is_garbled(text: str) -> bool:
    """Whether a text has lost bytes, or accents would come out of it, though it may stand as it was meant."""
    return bool(_LOOKS_LOST.search(text) or (_LATIN_PAIR.search(text) and restored(text, 1) is not None))


def _suspected(column: pa.Array) -> bool:
    step = max(1, len(column) // SAMPLE)
    some = column if step == 1 else column.take(pa.array(np.arange(0, len(column), step)))
    return bool(pc.any(pc.match_substring_regex(some, _SUSPECT)).as_py())


def _as_gbk(text: str) -> bytes | None:
    try:
        return text.encode("gbk")
    except UnicodeEncodeError:
        return None


def _as_latin(text: str) -> bytes | None:
    """The bytes of cp1252, of which five are undefined and then shown as the control characters of Latin-1."""
    out = bytearray()
    for sign in text:
        try:
            out += sign.encode("cp1252")
        except UnicodeEncodeError:
            if ord(sign) > 0xFF:
                return None
            out.append(ord(sign))
    return bytes(out)


def _everyday(text: str) -> int:
    """How many Chinese characters of GB2312's first level it holds; -1 when something else is not ASCII."""
    count = 0
    for sign in text:
        if sign.isascii():
            continue
        raw = _as_gbk(sign) or b""
        if len(raw) != 2 or raw[1] < 0xA1 or not (0xA1 <= raw[0] <= 0xA3 or 0xB0 <= raw[0] <= 0xF7):
            return -1
        count += 0xB0 <= raw[0] <= 0xD7
    return count


def _good_gbk(text: str, found: str, least: int) -> bool:
    """Read as GBK: rarer characters became at least so many everyday ones, and fewer than before."""
    return _everyday(found) >= least and _everyday(text) < sum(not sign.isascii() for sign in text)


def _good_chinese(text: str, found: str, least: int) -> bool:
    return _everyday(found) >= least


def _good_latin(text: str, found: str, least: int) -> bool:
    """UTF-8 read as cp1252: Chinese, or letters and signs of Europe that stood as Ã and another sign."""
    if _everyday(found) >= least:
        return True
    rest = _LATIN_PAIR.sub("", text)
    if not rest.isascii() or not all(sign.isascii() or sign in _EUROPE for sign in found):
        return False
    return least < LEAST or _CERTAIN.search(text) is not None


_WAYS: tuple[tuple[Callable[[str], bytes | None], str, Callable[[str, str, int], bool]], ...] = (
    (_as_gbk, "utf-8", _good_gbk),
    (_as_latin, "utf-8", _good_latin),
    (_as_latin, "gbk", _good_chinese),
)
