"""Words by which a row of a sheet is told to be no record: the lexicon ``row_words``, one pattern for each role.

A word of the lexicon is a regular expression that Python and RE2 both read. Here its Chinese characters get their
traditional forms and room for blanks between them, and English words their ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from cleanse.kinds.script import variants
from cleanse.model import Words

LEXICON = "row_words"
ROLES = (
    "total", "counted", "unit", "whom", "figure", "than", "part", "total_front", "note", "note_by", "note_start", "note_whole", "page", "named",
    "signer", "stamp", "stamp_in_brackets", "organisation", "organisation_end", "company_end", "legal_form", "section",
    "section_end", "part_of_list", "grade", "graded", "listed", "place", "group", "many", "asked", "format", "sample", "example", "measure",
    "list", "table", "period", "staff", "field", "about", "pivot", "all",
)  # fmt: skip
BLANK = "[\\s\u3000\u00a0]"  # RE2's own \s knows only those of ASCII
WORD_END = r"(?a:\b)"
NOTHING = r"\b\B"
ESCAPE = "\\"
_CJK = "\u3400-\u9fff"
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)  # an escape, a class, or one character
_BETWEEN = re.compile(rf"(?<=[{_CJK}])(?=[{_CJK}])")
_FOREIGN = re.compile(r"\(\?(?!:)|(?<!\\)(?:\\\\)*\\[1-9]")  # what RE2 does not read


def row_words(words: Words) -> Mapping[str, str]:
    """Role -> the pattern of all its words; one that matches nothing where it has none."""
    return _patterns(words.get(LEXICON, ()))


def is_pattern(word: str) -> bool:
    """Whether a word of the lexicon is one that both engines read.

    >>> is_pattern("总和"), is_pattern("总(和"), is_pattern("总(?=和)")
    (True, False, False)
    """
    try:
        re.compile(word)
        re.compile(loosened(word))
    except re.error:
        return False
    return bool(word) and not _FOREIGN.search(word)


@lru_cache(maxsize=4)
def _patterns(lines: tuple[tuple[str, ...], ...]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {role: [] for role in ROLES}
    for role, word, *_ in lines:
        found[role].append(loosened(word))
    return {role: f"(?:{'|'.join(words) or NOTHING})" for role, words in found.items()}


def loosened(word: str) -> str:
    """A word of the lexicon as the pattern that it stands for.

    >>> re.fullmatch(loosened("总计"), "總　計") is not None, re.search(loosened("inc"), "Vincent")
    (True, None)
    """
    pattern = "".join(map(_loose, _PIECE.findall(_BETWEEN.sub("\0", word))))
    first, last = (letter.isascii() and letter.isalpha() for letter in (word[0], word[-1]))
    return f"{WORD_END if first else ''}{pattern}{WORD_END if last and word[-2:-1] != ESCAPE else ''}"


def _loose(piece: str) -> str:
    if piece == "\0":
        return f"{BLANK}*"
    if piece == r"\s":
        return BLANK
    if len(piece) == 1:
        more = variants().get(piece, "")
        return f"[{piece}{more}]" if more else piece
    if piece[0] == "[":
        inner = piece.replace("\0", "")
        return f"{inner[:-1]}{''.join(variants().get(letter, '') for letter in inner)}]"
    return piece
