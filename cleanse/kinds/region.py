"""Provinces, cities and districts in a column of their own: official names with their suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cleanse.kinds.characters import NULL, became, is_null, kept, null_words, tidy
from cleanse.kinds.places import LEVELS, Found, places
from cleanse.model import Fix, Kind, Options, Words


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """The official name of the level the options name; other levels, and what follows them, go to parts.

    Without a level (a virtual field) all is parts. A municipality is province and city at once only where the text
    names both or the column is for all levels.

    >>> words = {"regions": (("33", "浙江省", ""), ("3306", "绍兴市", "33"), ("330681", "诸暨市", "3306"))}
    >>> fixer({"level": "city"}, words)("绍兴").value, fixer({}, words)("浙江/绍兴/诸暨").parts
    ('绍兴市', (('province', '浙江省'), ('city', '绍兴市'), ('district', '诸暨市')))
    """
    nulls = null_words(words, "region")
    table = places(words)
    level = options.get("level", "")

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        clean = tidy(text)
        found = table.read(clean, prefer=level)
        if not found.any or (found.ambiguous and level):
            return kept(text, "region_ambiguous" if found.any else "region_unknown")
        if found.ambiguous:
            return kept(text, "region_ambiguous")
        return _single(text, found, level) if level else _virtual(clean, found)

    def _single(text: str, found: Found, level: str) -> Fix:
        value = getattr(found, level)
        if not value:
            return kept(text, "region_other_level")
        others = _others(text, found, level)
        changed = became(
            text, value, "region_renamed" if found.renamed else "region_split" if others else "region_formatted"
        )
        return replace(changed, parts=others)

    def _others(text: str, found: Found, level: str) -> tuple[tuple[str, str], ...]:
        both = found.province == found.city
        skip = {level, *(("province", "city") if both and level in ("province", "city") and not found.district else ())}
        parts = tuple((n, getattr(found, n)) for n in LEVELS if n not in skip and getattr(found, n))
        return (*parts, ("detail", found.detail.strip())) if found.detail.strip() else parts

    def _virtual(text: str, found: Found) -> Fix:
        return Fix(None, "region_split", parts=_others(text, found, ""))

    return fix


def settle(options: Options, words: Words) -> Callable[[str, Mapping[str, str]], Fix]:
    """A short name that several divisions share, settled by the province and city of its row.

    >>> words = {"regions": (("53", "云南省", ""), ("5301", "昆明市", "53"), ("530181", "安宁市", "5301"),
    ...                      ("62", "甘肃省", ""), ("6201", "兰州市", "62"), ("620105", "安宁区", "6201"))}
    >>> settle({"level": "district"}, words)("安宁", {"city": "昆明市"}).value
    '安宁市'
    """
    table = places(words)
    level = options["level"]

    def settled(text: str, context: Mapping[str, str]) -> Fix:
        above = {name: context[name] for name in LEVELS[: LEVELS.index(level)] if context.get(name)}
        found = table.read(tidy(text), prefer=level, province=above.get("province", ""), city=above.get("city", ""))
        value = getattr(found, level)
        if not above or not value or found.ambiguous or found.detail.strip():
            return kept(text, "region_ambiguous")
        return became(text, value, "region_formatted")

    return settled


KIND = Kind(
    name="region", fixer=fixer, shape=lambda options: "", mask=lambda value: value,
    options=frozenset({"level", "context"}), settle=settle,
)  # fmt: skip
