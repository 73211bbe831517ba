"""身份证号: 18 characters with a check character (GB 11643-1999); the older 15 digits have none.

A number is judged by its check character, its day of birth and its province; python-stdnum knows the check character.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import ric as standard

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
from cleanse.kinds.date_shape import days
from cleanse.model import Fix, Kind, Options, Repairs, Words

_PLACE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}"
_SHAPE = f"{_PLACE}{days(range(1870, 2030), '')}[0-9]{{3}}[0-9X]"
_OLD = f"{_PLACE}{days(range(1901, 2000), '', short=True)}[0-9]{{3}}"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_NOISE = re.compile(r"[\s'‘’`\"._·-]+")
_LABEL = re.compile(
    r"^(?:公民)?(?:身份证|身份|证件)(?:号码?)?[:：]?|^ID(?:\s?(?:card|no\.?|number))*[:：]?", re.IGNORECASE
)
_MISREAD = str.maketrans("OIL", "011")
_LOST = re.compile(r"[0-9](?:\.[0-9]+)?E\+?1[47]|[0-9]{15}0{3}")
_MASKED = re.compile(r"[0-9]{3,}[*×X]{4,}[0-9X]*")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Upper case X, no separators; O and l become 0 and 1 only where the check character then holds.

    A number of 15 digits stays as it is, with a doubt: nothing in it proves it; ``upgrade = true`` writes the 18
    characters that the law gave it (19 before the year, the check character behind). What Excel rounded (…000) is lost.

    >>> fix = fixer({}, {})
    >>> fix("11010519491231002x").value, fix("110105491231002").doubt, fix("110105194912310021").doubt
    ('11010519491231002X', 'cn_id_old', 'cn_id_invalid')
    """
    nulls, upgrade = null_words(words, "cn_id"), bool(options.get("upgrade", False))
    right, old = re.compile(_SHAPE).fullmatch, re.compile(_OLD).fullmatch

    def valid(value: str) -> bool:
        return right(value) is not None and standard.calc_check_digit(value) == value[-1]

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        value = _NOISE.sub("", _LABEL.sub("", plain_dashes(half_width(tidy(text))).strip())).upper().replace("Ⅹ", "X")
        if not value or (len(value) > 5 and len(set(value)) == 1) or value in ("123456789012345678", "123456789012345"):
            return PLACEHOLDER
        if valid(value):
            return became(text, value, "cn_id_formatted")
        mended = value.translate(_MISREAD)
        if mended != value and valid(mended):
            return became(text, mended, "cn_id_letters_mended")
        if old(value):
            full = f"{value[:6]}19{value[6:]}"
            return (
                became(text, full + standard.calc_check_digit(full + "0"), "cn_id_upgraded")
                if upgrade
                else kept(text, "cn_id_old")
            )
        return kept(text, _doubt(value, tidy(text)))

    return fix


def _doubt(value: str, typed: str) -> str:
    if _LOST.fullmatch(re.sub(r"\s", "", typed).upper()):
        return "cn_id_digits_lost"
    return "cn_id_masked" if _MASKED.fullmatch(value) else "cn_id_invalid"


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Whole numbers whose day of birth exists and whose check character holds."""
    shaped = matching(_SHAPE)

    def test(texts: pa.Array) -> np.ndarray:
        good = shaped(texts).copy()
        at = np.flatnonzero(good)
        letters, total = weighted(texts.take(pa.array(at)), "0123456789X", _WEIGHTS)
        good[at] = _CHECKS[total % 11] == letters[:, 17]
        return good

    return test


def repairs(options: Options, words: Words) -> Repairs:
    """A small x, marks, spaces and full-width digits."""

    def formatted(texts: pa.Array) -> pa.Array:
        return pc.ascii_upper(pc.replace_substring_regex(halved(texts), r"[\s'‘’`\"._·-]+", ""))

    return (("cn_id_formatted", formatted),)


KIND = Kind(
    name="cn_id", fixer=fixer, shape=lambda options: "", mask=lambda value: mask_text(value, 1, 2), untouched=untouched,
    repairs=repairs, options=frozenset({"upgrade"}),
)  # fmt: skip
