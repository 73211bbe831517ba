"""工商注册号: the 15 digits of a business licence before 2015, with a check digit (GS 15-2006, ISO 7064 MOD 11,10)."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import uscc
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
from cleanse.model import Fix, Kind, Options, Repairs, Words

_NOISE = re.compile(r"[\s'‘’`\"._·-]+")
_LABEL = re.compile(r"^(?:工商)?(?:营业执照)?(?:注册|执照|登记)?(?:号码?|编号)[:：]?")
_MISREAD = str.maketrans("OoIl", "0011")
_COUNTED = "123456789012345"


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Digits without separators; O and l become 0 and 1 only where the check digit then holds. A unified credit code in
    such a column goes to part ``uscc``.

    >>> fix = fixer({}, {})
    >>> fix("1100 0001 0275 613").doubt, fix("110108000000016").value
    ('licence_invalid', '110108000000016')
    """
    nulls = null_words(words, "licence")

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        value = _NOISE.sub("", _LABEL.sub("", plain_dashes(half_width(tidy(text)))))
        if not value or (len(value) > 5 and len(set(value)) == 1) or value == _COUNTED:
            return PLACEHOLDER
        if _valid(value):
            return became(text, value, "licence_formatted")
        mended = value.translate(_MISREAD)
        if mended != value and _valid(mended):
            return became(text, mended, "licence_letters_mended")
        if uscc.is_valid(value):
            return Fix(None, "licence_moved", parts=(("uscc", value.upper()),))
        return kept(text, "licence_invalid")

    return fix


def _valid(value: str) -> bool:
    return re.fullmatch("[0-9]{15}", value) is not None and bool(mod_11_10.is_valid(value))


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Fifteen digits whose check digit holds, that are more than a filler."""
    shaped = matching("[0-9]{15}", [_COUNTED, *(str(n) * 15 for n in range(10))])

    def test(texts: pa.Array) -> np.ndarray:
        good = shaped(texts).copy()
        at = np.flatnonzero(good)
        joined = "".join(texts.take(pa.array(at)).to_pylist()).encode()
        digits = np.frombuffer(joined, dtype=np.uint8).reshape(-1, 15).astype(np.int64) - ord("0")
        check = np.full(len(at), 10)
        for column in digits[:, :14].T:
            total = (check + column) % 10
            check = np.where(total == 0, 10, total) * 2 % 11
        good[at] = (check + digits[:, 14]) % 10 == 1
        return good

    return test


def repairs(options: Options, words: Words) -> Repairs:
    """Marks, spaces and full-width digits."""

    def formatted(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(halved(texts), r"[\s'‘’`\"._·-]+", "")

    return (("licence_formatted", formatted),)


KIND = Kind(
    name="licence", fixer=fixer, shape=lambda options: "", mask=lambda value: mask_text(value, 2, 3), untouched=untouched,
    repairs=repairs,
)  # fmt: skip
