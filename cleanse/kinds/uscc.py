"""统一社会信用代码: 18 characters with a check character (GB 32100-2015), judged by python-stdnum."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import uscc as standard
from stdnum.iso7064 import mod_11_10

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
from cleanse.model import Fix, Kind, Options, Reading, Repairs, Words

_NOISE = re.compile(r"[\s'‘’`\"._·。;；,，-]+")
_LABEL = re.compile(r"^(?:(?:统一)?(?:社会)?信用代码|(?:纳税人)?(?:识别号|税号)|USCC)[:：]?", re.IGNORECASE)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SHAPE = f"[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}"
_CHECKS = np.frombuffer(_ALPHABET.encode(), dtype=np.uint8)
_WEIGHTS = tuple(3**i % 31 for i in range(17))
_COUNTED = frozenset(("123456789012345678", "987654321098765432", "123456789ABCDEFGHI"))
_MISREAD = str.maketrans("OI", "01")  # neither letter can stand in a code


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Upper case, no separators; O and I become 0 and 1 only where the check character then holds.

    >>> fix = fixer({}, {})
    >>> fix("91110000600037341 l").doubt, fix("9111 0000 6000 37341L").value
    ('', '91110000600037341L')
    """
    nulls = null_words(words, "uscc")

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        value = _NOISE.sub("", _LABEL.sub("", plain_dashes(half_width(tidy(text))))).upper()
        if not value or len(set(value)) == 1 or value in _COUNTED:
            return PLACEHOLDER
        if standard.is_valid(value):
            return became(text, value, "uscc_formatted")
        mended = value.translate(_MISREAD)
        if mended != value and standard.is_valid(mended):
            return became(text, mended, "uscc_letters_mended")
        old = re.fullmatch(r"[0-9]{15}", value) and mod_11_10.is_valid(value)
        return kept(text, "uscc_old_licence" if old else "uscc_invalid")

    return fix


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Whole codes whose check character holds (GB 32100-2015: weights are the powers of 3 modulo 31)."""
    shaped = matching(_SHAPE, _COUNTED)

    def test(texts: pa.Array) -> np.ndarray:
        good = shaped(texts).copy()
        at = np.flatnonzero(good)
        letters, total = weighted(texts.take(pa.array(at)), _ALPHABET, _WEIGHTS)
        good[at] = (_CHECKS[(31 - total % 31) % 31] == letters[:, 17]) & (letters != letters[:, :1]).any(axis=1)
        return good

    return test


def repairs(options: Options, words: Words) -> Repairs:
    """Small letters, full width, marks and spaces."""

    def formatted(texts: pa.Array) -> pa.Array:
        return pc.ascii_upper(pc.replace_substring_regex(halved(texts), r"[\s'‘’`\"._·。;；,，-]+", ""))

    return (("uscc_formatted", formatted),)


def readings(options: Options, words: Words) -> Sequence[Reading]:
    """Whole codes whose check character does not hold: a digit is wrong, nobody knows which."""
    same = "|".join(f"{c}{{18}}" for c in _ALPHABET)
    return (Reading(_SHAPE, doubt="uscc_invalid", never=(same, "|".join(_COUNTED))),)


KIND = Kind(
    readings=readings,
    name="uscc",
    repairs=repairs,
    untouched=untouched,
    fixer=fixer,
    shape=lambda options: "",
    mask=lambda value: mask_text(value, 2, 4),
)
