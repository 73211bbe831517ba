"""组织机构代码: eight characters and a check character (GB 11714-1997), written 12345678-9."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import uscc

from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    became,
    half_width,
    halved,
    is_null,
    kept,
    mask_text,
    matching,
    null_words,
    plain_dashes,
    tidy,
)
from cleanse.kinds.check_characters import weighted
from cleanse.model import Fix, Kind, Options, Repairs, Words

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = np.frombuffer(b"0123456789X", dtype=np.uint8)
_NOISE = re.compile(r"[\s'‘’`\"._·-]+")
_LABEL = re.compile(r"^(?:组织)?机构代码(?:证)?(?:号码?)?[:：]?")
_BARE = re.compile("[0-9A-Z]{8}[0-9X]")
_FILLERS = (*(c * 8 for c in _ALPHABET), "12345678")


def check_character(code: str) -> str:
    """The ninth character of a code.

    >>> check_character("D2143569")
    'X'
    """
    total = sum(w * _ALPHABET.index(c) for w, c in zip(_WEIGHTS, code[:8], strict=True))
    return "0123456789X"[(11 - total % 11) % 11]


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Upper case, a dash before the check character, no other mark. A unified credit code, which holds such a code as
    its characters 9 to 17, goes to part ``uscc``.

    >>> fix = fixer({}, {})
    >>> fix("d2143569x").value, fix("D2143569-1").doubt
    ('D2143569-X', 'org_code_invalid')
    """
    nulls = null_words(words, "org_code")

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        value = _NOISE.sub("", _LABEL.sub("", plain_dashes(half_width(tidy(text))))).upper()
        if not value or value[:8] in _FILLERS:
            return PLACEHOLDER
        if _BARE.fullmatch(value) and check_character(value) == value[8]:
            return became(text, f"{value[:8]}-{value[8]}", "org_code_formatted")
        if uscc.is_valid(value):
            return Fix(None, "org_code_moved", parts=(("uscc", value),))
        return kept(text, "org_code_invalid")

    return fix


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Whole codes whose check character holds."""
    shaped = matching("[0-9A-Z]{8}-[0-9X]", [f"{filler}-{check_character(filler)}" for filler in _FILLERS])

    def test(texts: pa.Array) -> np.ndarray:
        good = shaped(texts).copy()
        at = np.flatnonzero(good)
        letters, total = weighted(texts.take(pa.array(at)), _ALPHABET, _WEIGHTS)
        good[at] = _CHECKS[(11 - total % 11) % 11] == letters[:, 9]
        return good

    return test


def repairs(options: Options, words: Words) -> Repairs:
    """Small letters, full width, other dashes or none."""

    def formatted(texts: pa.Array) -> pa.Array:
        bare = pc.ascii_upper(pc.replace_substring_regex(halved(texts), r"[\s'‘’`\"._·-]+", ""))
        return pc.replace_substring_regex(bare, "^([0-9A-Z]{8})([0-9X])$", r"\1-\2")

    return (("org_code_formatted", formatted),)


KIND = Kind(
    name="org_code", fixer=fixer, shape=lambda options: "", mask=lambda value: mask_text(value, 2, 1), untouched=untouched,
    repairs=repairs,
)  # fmt: skip
