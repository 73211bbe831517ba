"""Identifiers of other systems: text, not numbers; leading zeros and case are part of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import NULL, became, half_width, halved, is_null, mask_text, matching, null_words, tidy
from cleanse.model import Fix, Kind, Options, Repairs, Words

_MARKS = re.compile(r"^['‘’`\"“”#＃\s]+|['‘’`\"“”\s]+$")
_ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_COUNTED = re.compile(r"\d{3,}\.0")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Outer marks that were typed for Excel's sake (apostrophe, #) and full-width forms go; all else stays.

    >>> fixer({}, {})("'００７１").value
    '0071'
    """
    nulls = null_words(words, "code")

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        value = _MARKS.sub("", half_width(tidy(text)))
        if not value:
            return NULL
        lost = "code_digits_lost" if _ROUNDED.fullmatch(value) else ""
        return became(text, value, "code_marks_removed", lost or ("code_decimal" if _COUNTED.fullmatch(value) else ""))

    return fix


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Plain identifiers: a few letters at most, then four digits or more."""
    return matching("[A-Za-z]{0,6}[0-9]{4,20}", null_words(words, "code"))


def repairs(options: Options, words: Words) -> Repairs:
    """Marks for Excel's sake and full-width forms."""

    def bare(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(halved(texts), r"^['‘’`\"“”#\s]+|['‘’`\"“”\s]+$", "")

    return (("code_marks_removed", bare),)


KIND = Kind(name="code", repairs=repairs, untouched=untouched, fixer=fixer, shape=lambda options: "", mask=mask_text)
