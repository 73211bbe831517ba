"""Traditional and simplified Chinese as one, for comparing and looking up; never for changing a value."""

from __future__ import annotations

import re
from functools import cache

from opencc import OpenCC

FIRST, LAST = 0x3400, 0x9FFF  # CJK ideographs of the basic plane with extension A


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
    return text.translate(table) if traditional.search(text) else text
