"""Free text: as it was typed, without what nobody can see."""

from __future__ import annotations

from collections.abc import Callable

from cleanse.kinds.characters import NULL, is_null, kept, mask_text, null_words
from cleanse.model import Fix, Kind, Options, Words


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Only invisible characters, outer white space and foreign line ends go; a cell that says nothing is None.

    A leading apostrophe, ``=1+1``, ``@…`` and ``-…`` are text and stay: a writer of files defuses them.

    >>> fixer({}, {})("  第一行\\r\\n第二行 ").value
    '第一行\\n第二行'
    """
    nulls = null_words(words, "text")

    def fix(text: str) -> Fix:
        return NULL if is_null(text, nulls) else kept(text)

    return fix


KIND = Kind(name="text", fixer=fixer, shape=lambda options: "", mask=mask_text)
