"""Quantities as a plain number. A unit goes only where the field says which one it counts in; any other is a doubt."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, localcontext

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import (
    NULL,
    became,
    half_width,
    is_null,
    kept,
    null_words,
    plain_dashes,
    strip_outer,
    tidy,
)
from cleanse.kinds.numerals import NUMBER, NUMERALS, UNIT, number, written
from cleanse.model import Fix, Kind, Options, Repairs, Words

SHAPE = r"(?:0|-?(?:[1-9][0-9]{0,17}(?:\.[0-9]{0,5}[1-9])?|0\.[0-9]{0,5}[1-9]))"
WHOLE = "(?:0|[1-9][0-9]{0,17})"
_COUNTED = re.compile(
    rf"([+\-]?(?>(?>{NUMBER})(?:{UNIT})?)++(?:e\+\d+)?|[{NUMERALS}]+)\s*([^\d\s.,+\-()]{{1,12}})", re.ASCII
)
_VAGUE = re.compile(
    r"[约近超余多几数~～>＞<＜≥≤≈±]|左右|上下|以[上下内]|大概|大约|不到|不足|至少|至多|\+$|\d\D{0,3}\s*(?:-|至|到)\s*\d|许多|若干"
)


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Options: ``units``, the words of the unit the field counts in (人, 名, 位); ``whole``: a fraction is a doubt.

    >>> fix = fixer({"units": ["人", "名"], "whole": True}, {})
    >>> fix("1,200 人").value, fix("三百名").value, fix("50-100人").doubt, fix("20台").doubt, fix("2.5人").doubt
    ('1200', '300', 'quantity_approximate', 'quantity_unit', 'quantity_not_whole')
    """
    whole, units = bool(options.get("whole", False)), frozenset(u.lower() for u in options.get("units", ()))
    right, number_shape = re.compile(_shape(options)).fullmatch, re.compile(SHAPE).fullmatch
    nulls = null_words(words, "quantity")

    def fix(text: str) -> Fix:
        if right(text):
            return Fix(text)
        if is_null(text, nulls):
            return NULL
        bare = strip_outer(plain_dashes(half_width(tidy(text))).lower(), "'’‘`\",，;；。")
        if _VAGUE.search(bare) or len(bare) > 40:
            return kept(text, "quantity_approximate" if len(bare) <= 40 else "quantity_unclear")
        value, unit = _read(bare)
        if unit and unit not in units and number_shape(value):
            return kept(text, "quantity_unit")
        if whole and "." in value and number_shape(value):
            return kept(text, "quantity_not_whole")
        return became(text, value, "quantity_format") if right(value) else kept(text, "quantity_unclear")

    return fix


def _read(bare: str) -> tuple[str, str]:
    """The number as it is written plainly, and the unit; '' for what is not there."""
    with localcontext() as context:
        context.prec = 60
        found, unit = _number(bare), ""
        if found is None and (match := _COUNTED.fullmatch(bare)):
            found, unit = _number(re.sub(r"\s", "", match[1])), match[2]
        return ("" if found is None else written(found)), unit


def _number(text: str) -> Decimal | None:
    found = number(text)
    return found if found is None or abs(found) < 10**18 else None


def repairs(options: Options, words: Words) -> Repairs:
    """Commas between thousands, a unit of the field's own, and the .0 of a whole number."""
    units = "|".join(re.escape(u) for u in options.get("units", ())) or r"[^\x00-\x{10FFFF}]"

    def bare(texts: pa.Array) -> pa.Array:
        whole = pc.replace_substring_regex(texts, rf"^([0-9][0-9,]*)(?:\.0+)? ?(?:{units})?$", r"\1")
        grouped = pc.match_substring_regex(whole, "^[1-9][0-9]{0,2}(?:,[0-9]{3})+$")
        return pc.if_else(grouped, pc.replace_substring(whole, ",", ""), whole)

    return (("quantity_format", bare),)


def _shape(options: Options) -> str:
    return WHOLE if options.get("whole") else SHAPE


KIND = Kind(
    name="quantity", fixer=fixer, shape=_shape, mask=lambda value: "*" * len(value), options=frozenset({"units", "whole"}),
    repairs=repairs,
)  # fmt: skip
