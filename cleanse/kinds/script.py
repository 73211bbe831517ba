"""Traditional and simplified Chinese as one, for comparing and looking up; never for changing a value."""

from __future__ import annotations

from functools import cache

from opencc import OpenCC

FIRST, LAST = 0x3400, 0x9FFF  # CJK ideographs of the basic plane with extension A


@cache
def _table() -> dict[int, str]:
    """Character by character, so that a text's fold does not depend on its neighbours."""
    characters = [chr(code) for code in range(FIRST, LAST + 1)]
    folded = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(a): b for a, b in zip(characters, folded, strict=True) if a != b}


def fold(text: str) -> str:
    """``text`` with every traditional character in its simplified form (tables of OpenCC, Apache-2.0).

    >>> fold("臺灣華東")
    '台湾华东'
    """
    return text if text.isascii() else text.translate(_table())
