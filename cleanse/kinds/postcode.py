"""邮政编码: six digits of mainland China, Hong Kong, Macau and Taiwan; those of other countries stay as they are typed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    arabic_digits,
    became,
    half_width,
    halved,
    is_null,
    kept,
    mask_text,
    null_words,
    plain_dashes,
    strip_outer,
    tidy,
)
from cleanse.kinds.phone_words import all_but
from cleanse.kinds.places import AT_HOME
from cleanse.model import Fix, Kind, Options, Repairs, Words

# The first two digits are the postal region: 01-07 Inner Mongolia, Shanxi, Hebei; 10 Beijing … 85 Ningxia and Tibet; 99 the
# regions 999077 (Hong Kong), 999078 (Macau), 999079 (Taiwan).
SHAPE = "(?:(?:0[1-7]|1[0-9]|2[0-9]|3[0-9]|4[0-9]|5[0-9]|6[0-9]|7[0-9]|8[0-6])[0-9]{4}|99907[789])"
# Common forms of the Universal Postal Union's list: four, five or seven digits, groups with a dash, letters and digits.
ABROAD = (
    f"(?:{'|'.join(all_but(n, [d * n for d in '089']) for n in (4, 5, 7))}|[0-9]{{5}}-[0-9]{{4}}|[0-9]{{3}}-[0-9]{{4}}"
    "|[0-9]{2}-[0-9]{3}|[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}|[A-Za-z][0-9][A-Za-z] ?[0-9][A-Za-z][0-9]"
    "|[A-Za-z][0-9]{2} ?[0-9A-Za-z]{4}|[1-9][0-9]{3} ?[A-Za-z]{2}|[0-9]{3} [0-9]{2})"
)
_FILLERS = "(?:222222|333333|444444|555555|666666|777777|111111|123456)"
_LABEL = re.compile(r"^(?:邮政编码|邮编|邮码|P\.?C\.?|zip(?:\s?code)?|post(?:al)?\s?code)\s*[:：]?\s*", re.IGNORECASE)
_TORN = re.compile(r"[\s\-._'’‘`\"]+")
_FOREIGN = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}|[A-Z][0-9][A-Z][0-9][A-Z][0-9]|[0-9]{5}-[0-9]{4}")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Six digits without marks. Five digits may have lost a zero (010010 is in Inner Mongolia): a doubt, not a repair.
    Those of another ``country`` (ISO code) keep their form.

    >>> fix = fixer({}, {})
    >>> fix("邮编：310 000").value, fix("10010").doubt, fix("000000").value
    ('310000', 'postcode_zero_lost', None)
    """
    right, filler = re.compile(SHAPE).fullmatch, re.compile(_FILLERS).fullmatch
    nulls = null_words(words, "postcode")
    foreign = (re.compile(f"{SHAPE}|{ABROAD}") if options.get("country", "CN") not in AT_HOME else re.compile("(?!)")).fullmatch

    def fix(text: str) -> Fix:
        if foreign(tidy(text)):
            return kept(text)
        if right(text):
            return kept(text, "postcode_suspicious") if filler(text) else Fix(text)
        if is_null(text, nulls):
            return NULL
        plain = _LABEL.sub("", strip_outer(plain_dashes(half_width(tidy(text))), "。,;；"))
        value = _TORN.sub("", arabic_digits(re.sub(r"(?<=\d{5})\.0+$", "", plain)))
        if re.fullmatch("0+|9+|8+", value):
            return PLACEHOLDER
        if right(value):
            return became(text, value, "postcode_formatted", "postcode_suspicious" if filler(value) else "")
        return kept(text, _doubt(value))

    return fix


def _doubt(value: str) -> str:
    if re.fullmatch("[1-7][0-9]{4}", value):
        return "postcode_zero_lost"
    return "postcode_foreign" if _FOREIGN.fullmatch(value.upper()) else "postcode_invalid"


def untouched(options: Options, words: Words) -> Callable[[pa.Array], pa.Array]:
    """Six digits of a postal region that are no filler."""

    def test(texts: pa.Array) -> pa.Array:
        good = pc.match_substring_regex(texts, f"^{SHAPE}$")
        fake = pc.match_substring_regex(texts, f"^{_FILLERS}$")
        return pc.and_not(good, fake).to_numpy(zero_copy_only=False)

    return test


def repairs(options: Options, words: Words) -> Repairs:
    """Full width, inner marks, and the .0 of a number."""

    def plain(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(halved(texts), r"^([0-9]{3})[ \-]?([0-9]{3})(?:\.0)?$", r"\1\2")

    return (("postcode_formatted", plain),)


KIND = Kind(
    name="postcode", fixer=fixer, shape=lambda options: f"(?:{SHAPE}|{ABROAD})", mask=lambda value: mask_text(value, 2, 0),
    untouched=untouched, repairs=repairs, options=frozenset({"country"}),
)  # fmt: skip
