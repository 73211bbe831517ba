"""Provinces, cities and districts in a column of their own: official names with their suffix."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import NULL, became, is_null, kept, mask_text, null_words, tidy
from cleanse.kinds.places import AT_HOME, LEVELS, Found, Places, places
from cleanse.model import Fix, Kind, Options, Words

_ASIDE = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")

_SPACE = re.compile(r"\s+")
_WRAPPED = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_SUFFIXES = frozenset("省市区县旗州盟")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """The official name of the level the options name; other levels, and what follows them, go to parts.

    Without a level (a virtual field) all is parts. A municipality is province and city at once only where the text
    names both or the column is for all levels. What stands above may also stand behind: 绍兴市（浙江省）. Places of another
    ``country`` (ISO code) stay as they are.

    >>> words = {"regions": (("33", "浙江省", ""), ("3306", "绍兴市", "33"), ("330681", "诸暨市", "3306"))}
    >>> fixer({"level": "city"}, words)("绍兴").value, fixer({}, words)("浙江/绍兴/诸暨").parts
    ('绍兴市', (('province', '浙江省'), ('city', '绍兴市'), ('district', '诸暨市')))
    """
    nulls = null_words(words, "region")
    table = places(words)
    level = options.get("level", "")
    abroad = level and options.get("country", "CN") not in AT_HOME

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        if abroad:
            return kept(text)
        found = _read(table, _within(tidy(text)), level)
        if not found.any:
            return kept(text, "region_unknown")
        if found.ambiguous:
            return kept(text, "region_ambiguous")
        detail, rest = _aside(found.detail.strip())
        if not found.full and detail[:1] in _SUFFIXES:
            return kept(text, "region_unknown")
        parts = _others(found, level, detail)
        if not level:
            return Fix(None, "region_split", rest=rest, parts=parts)
        value = getattr(found, level)
        if not value:
            return kept(text, "region_other_level")
        why = "region_renamed" if found.renamed else "region_split" if parts else "region_formatted"
        return replace(became(text, value, why), rest=rest, parts=parts)

    return fix


def _within(text: str) -> str:
    """The text without marks at its ends, and without brackets that hold all of it."""
    bare = text.strip(" -—、，,。;；")
    wrapped = _WRAPPED.fullmatch(bare)
    return wrapped[1].strip() if wrapped else bare


def _read(table: Places, text: str, level: str) -> Found:
    """What the text names, also where the larger division stands behind the smaller one, or a space before a suffix."""
    found = table.read(text, prefer=level)
    joined = _SPACE.sub("", text)
    if joined != text and (not found.any or found.detail):
        whole = table.read(joined, prefer=level)
        same = all(getattr(found, n) == getattr(whole, n) for n in LEVELS) and not whole.detail
        found = whole if not found.any or same or found.detail in _SUFFIXES else found
    detail = found.detail.strip(" ()（）[]【】")
    if found.any and not found.province and detail:
        behind = table.read(detail)
        if behind.any and not behind.district and not behind.detail and table.lies(found, behind):
            found.province = behind.province
            found.city, found.detail, found.ambiguous = found.city or behind.city, "", False
    return found


def _aside(detail: str) -> tuple[str, str]:
    """What follows a division: a place in it, or a remark in brackets."""
    remark = _ASIDE.fullmatch(detail)
    if remark or detail in ("市区", "市郊"):
        return "", remark[1].strip() if remark else detail
    return detail, ""


def _others(found: Found, level: str, detail: str) -> tuple[tuple[str, str], ...]:
    both = found.province == found.city
    skip = {level, *(("province", "city") if both and level in ("province", "city") and not found.district else ())}
    parts = tuple((n, getattr(found, n)) for n in LEVELS if n not in skip and getattr(found, n))
    return (*parts, ("detail", detail)) if detail else parts


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


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Official names of the column's level."""
    level = options.get("level", "")
    official = {d.name for (of, _), found in places(words).full.items() if of == level for d in found}
    names = pa.array(sorted(official), pa.string())
    return lambda texts: np.asarray(pc.is_in(texts, value_set=names).to_numpy(zero_copy_only=False), dtype=bool)


KIND = Kind(
    name="region", fixer=fixer, shape=lambda options: "", mask=mask_text, untouched=untouched,
    options=frozenset({"level", "context", "country"}), settle=settle,
)  # fmt: skip
