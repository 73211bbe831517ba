"""Street addresses: the province, city and district at the front go to their fields, the detail stays whole."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import NULL, became, is_null, kept, mask_text, matching, null_words, tidy
from cleanse.kinds.places import AT_HOME, places
from cleanse.kinds.script import fold
from cleanse.model import Fix, Kind, Options, Repairs, Words

_FULL = re.compile(r"[０-９Ａ-Ｚａ-ｚ－＃]+")
_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_APART = re.compile("[;；|\n]")
_LABEL = re.compile(r"(?:(?:公司|单位|详细|联系|收货|通讯|通信|注册|办公|经营|家庭)?(?:地址|住址))\s*[:：]\s*")
_ABROAD = ("香港", "澳门", "澳門", "台湾", "台灣", "臺灣")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """What follows the district, with half-width digits and letters; the divisions in front as parts.

    What is named twice counts once; what does not lie in what stands before it (杭州市鹿城区) is a doubt. A division
    counts only when it stands with its suffix, or such a one follows it: 北京东路 is a road. Western
    addresses and those of Hong Kong, Macau and Taiwan stay whole; no script is changed.

    >>> words = {"regions": (("33", "浙江省", ""), ("3306", "绍兴市", "33"), ("330681", "诸暨市", "3306"))}
    >>> fixer({}, words)("绍兴市诸暨市文昌路１８号")
    Fix(value='文昌路18号', why='address_split', doubt='', rest='', parts=(('city', '绍兴市'), ('district', '诸暨市')))
    """
    nulls = null_words(words, "address")
    table = places(words)
    abroad = options.get("country", "CN") not in AT_HOME

    def fix(text: str) -> Fix:
        clean = _LABEL.sub("", tidy(text), count=1) if "址" in text else tidy(text)
        clean = clean.rstrip("。；")
        found = None if abroad or clean.isascii() or clean.startswith(_ABROAD) else table.read(clean, short=False)
        if found is None or not found.any:
            if is_null(clean, nulls):
                return NULL
            return became(text, clean if clean.isascii() else _half(clean), "address_formatted")
        if found.ambiguous:
            return kept(text, "region_ambiguous")
        named = (("province", found.province), ("city", found.city), ("district", found.district))
        detail = _half(found.detail.strip())
        while table.begins(detail) and (again := table.read(detail, short=False)).any:
            if again.ambiguous or any(getattr(again, level) not in ("", value) for level, value in named):
                return kept(text, "address_conflict")
            detail = again.detail.strip()
        if any(table.read(part.strip(), short=False).province for part in _APART.split(detail)[1:]):
            return kept(text, "address_several")
        return Fix(detail or None, "address_split", parts=tuple(part for part in named if part[1]))

    return fix


def _half(text: str) -> str:
    return _FULL.sub(lambda m: m.group().translate(_HALF), text)


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Streets and buildings with a number, in front of which no division can stand, or in which no word ends as one."""
    table = places(words)
    heads, ends = table.heads, {name[-1] for name, found in table.names.items() if any(r.full for r in found)}
    typed = "".join(map(chr, range(0x4E00, 0xA000)))
    traditional = "".join(c for c, plain in zip(typed, fold(typed), strict=True) if c != plain)
    plain = matching(rf"[^\P{{Han}}{traditional}中]{{2}}[\p{{Han}}A-Za-z0-9（）-]*[0-9][\p{{Han}}A-Za-z0-9（）-]*")
    last = "".join(c for c, simple in zip(typed, fold(typed), strict=True) if simple in ends)
    word = rf"[^\P{{Han}}{last}]"
    endless = matching(rf"{word}(?:{word}|[A-Za-z（）-])*[0-9](?:{word}|[A-Za-z0-9（）-])*")
    first = pa.array(sorted(heads), pa.string())

    def test(texts: pa.Array) -> np.ndarray:
        named = pc.is_in(pc.utf8_slice_codeunits(texts, 0, 2), value_set=first)
        labelled = pc.match_substring(texts, "址")
        return endless(texts) | plain(texts) & ~np.asarray(
            pc.or_(named, labelled).to_numpy(zero_copy_only=False), dtype=bool
        )

    return test


def repairs(options: Options, words: Words) -> Repairs:
    """Streets with digits and letters in full width."""

    def half(texts: pa.Array) -> pa.Array:
        return pa.array(_half("\x00".join(texts.to_pylist())).split("\x00"), pa.string()) if len(texts) else texts

    return (("address_formatted", half),)


KIND = Kind(
    name="address", repairs=repairs, untouched=untouched, fixer=fixer, shape=lambda options: "", mask=lambda value: mask_text(value, 2, 0),
    options=frozenset({"country"}),
)  # fmt: skip
