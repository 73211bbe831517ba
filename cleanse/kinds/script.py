"""Traditional and simplified Chinese as one, for comparing and looking up; never for changing a value."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Mapping
from functools import cache

import numpy as np
from opencc import OpenCC

LONG = 100_000  # characters
FIRST, LAST = 0x3400, 0x9FFF  # CJK ideographs of the basic plane with extension A


_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "Ø": "Oe", "æ": "ae", "Æ": "Ae",
    "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"})  # fmt: skip
_MARKED = re.compile(r"[\u00c0-\u024f\u1e00-\u1eff]")
_MARK = re.compile(r"[\u0300-\u036f]")


def romanised(text: str) -> str:
    """Latin letters without their marks, for comparing: umlauts as German spells them out, all others bare.

    >>> romanised("Müller Société Łódź 华为")
    'Mueller Societe Lodz 华为'
    """
    if text.isascii() or not _MARKED.search(text):
        return text
    return _MARKED.sub(lambda m: _MARK.sub("", unicodedata.normalize("NFD", m[0])), translated(text, _SPELT))


@cache
def _table() -> tuple[re.Pattern[str], dict[int, str]]:
    """What is traditional, and each character of it by itself, so that a text's fold does not depend on neighbours."""
    characters = [chr(code) for code in range(FIRST, LAST + 1)]
    folded = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    table = {ord(a): b for a, b in zip(characters, folded, strict=True) if a != b}
    return re.compile(f"[{''.join(map(chr, table))}]"), table


def fold(text: str) -> str:
    """``text`` with every traditional character in its simplified form (tables of OpenCC, Apache-2.0); as long as it.

    >>> fold("臺灣華東")
    '台湾华东'
    """
    if text.isascii():
        return text
    traditional, table = _table()
    return translated(text, table) if traditional.search(text) else text


@cache
def variants() -> Mapping[str, str]:
    """The traditional characters of each simplified one."""
    found: dict[str, str] = {}
    for code, simple in _table()[1].items():
        found[simple] = found.get(simple, "") + chr(code)
    return found


def translated(text: str, table: Mapping[int, str | None]) -> str:
    """``text.translate(table)``, which takes long for a long text: there all characters are looked up at once.

    >>> translated("臺灣" * 9, {ord("臺"): "台", ord("灣"): None}) == "台" * 9
    True
    """
    if len(text) < LONG:
        return text.translate(table)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    there = np.zeros(sys.maxunicode + 1, dtype=bool)
    there[points] = True
    found = {code: table[code] or "" for code in np.flatnonzero(there).tolist() if code in table}
    long = {chr(code): plain for code, plain in found.items() if len(plain) > 1}
    if not long.keys().isdisjoint("".join(found.values())):
        return text.translate(table)
    other = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    other[list(found)] = [ord(plain) if len(plain) == 1 else code for code, plain in found.items()]
    gone = np.array([code for code, plain in found.items() if not plain], dtype=np.uint32)
    there[:], there[gone] = True, False
    kept = points[there[points]] if len(gone) else points
    text = other[kept].tobytes().decode("utf-32-le", "surrogatepass")
    for character, plain in long.items():
        text = text.replace(character, plain)
    return text
