"""Street addresses: the province, city and district at the front go to their fields, the detail stays whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cleanse.kinds.characters import NULL, became, is_null, kept, mask_text, null_words, tidy
from cleanse.kinds.places import LEVELS, places
from cleanse.model import Fix, Kind, Options, Words

_FULL = re.compile(r"[０-９Ａ-Ｚａ-ｚ－＃]+")
_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_ABROAD = ("香港", "澳门", "澳門", "台湾", "台灣", "臺灣")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """What follows the district, with half-width digits and letters; the divisions in front as parts.

    A division counts only when it stands with its suffix, or such a one follows it: 北京东路 is a road. Western
    addresses and those of Hong Kong, Macau and Taiwan stay whole.

    >>> words = {"regions": (("33", "浙江省", ""), ("3306", "绍兴市", "33"), ("330681", "诸暨市", "3306"))}
    >>> fixer({}, words)("绍兴市诸暨市文昌路１８号")
    Fix(value='文昌路18号', why='address_split', doubt='', rest='', parts=(('city', '绍兴市'), ('district', '诸暨市')))
    """
    nulls = null_words(words, "address")
    table = places(words)

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        clean = tidy(text)
        if clean.isascii() or clean.startswith(_ABROAD):
            return kept(text)
        found = table.read(clean, short=False)
        if found.ambiguous:
            return kept(text, "region_ambiguous")
        detail = _FULL.sub(lambda m: m.group().translate(_HALF), found.detail.strip())
        if not found.any:
            return became(text, detail, "address_formatted")
        parts = tuple((name, getattr(found, name)) for name in LEVELS if getattr(found, name))
        if not detail:
            return Fix(None, "address_split", parts=parts)
        return replace(became(text, detail, "address_split"), parts=parts)

    return fix


KIND = Kind(name="address", fixer=fixer, shape=lambda options: "", mask=lambda value: mask_text(value, 2, 0))
