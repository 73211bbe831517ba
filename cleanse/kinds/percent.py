"""Percentages, written 12.5%. What a bare number means (0.125 or 12.5?) is told by the whole column, never by one cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
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
from cleanse.kinds.numerals import number, plain, spelt, written
from cleanse.model import Decision, Fix, Kind, Options, Repairs, Words

SHAPE = r"(?:0|-?(?:[1-9][0-9]{0,8}(?:\.[0-9]{0,5}[1-9])?|0\.[0-9]{0,5}[1-9]))%"
SURE = 3  # bare numbers of one sort, with none of the other, settle a column
_SCALES = {"%": Decimal(1), "‰": Decimal("0.1"), "‱": Decimal("0.01"), "bp": Decimal("0.01"), "bps": Decimal("0.01")}
_MARKED = re.compile(r"(.+?)\s*(%|‰|‱|bps?|percent|per cent|pct|个?百分点)", re.ASCII)
_SPELT = re.compile(r"(负)?(百|千|万)分之(.+)")
_OF = {"百": Decimal(1), "千": Decimal("0.1"), "万": Decimal("0.01")}
_TENTHS = re.compile(r"([一二三四五六七八九十两\d]+(?:\.\d)?)成([一二三四五六七八九半])?")
_VAGUE = re.compile(
    r"[约近超余多几数~～>＞<＜≥≤≈±]|左右|上下|以[上下内]|大概|大约|不到|不足|至少|至多|\d%?\s*(?:-|至|到)\s*\d"
)
_DISCOUNT = re.compile("折")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Option ``bare``: what a number without a mark is, ``fraction`` (0.125 is 12.5%) or ``percent`` (12.5 is 12.5%).

    >>> fix = fixer({}, {})
    >>> fix("１２.50 ％").value, fix("百分之十二点五").value, fix("三成半").value, fix("0.3").doubt, fix("八折").doubt
    ('12.5%', '12.5%', '35%', 'percent_bare', 'percent_discount')
    """
    right, nulls = re.compile(SHAPE).fullmatch, null_words(words, "percent")
    scale = {"fraction": Decimal(100), "percent": Decimal(1)}.get(str(options.get("bare", "")))

    def fix(text: str) -> Fix:
        if right(text):
            return Fix(text)
        if is_null(text, nulls):
            return NULL
        bare = strip_outer(plain_dashes(half_width(tidy(text))).lower(), "'’‘`\",，;；。")
        if len(bare) > 40:
            return kept(text, "percent_unclear")
        with localcontext() as context:
            context.prec = 60
            found, lone = _marked(bare), plain(bare)
            if found is None and lone is not None:
                if scale is None:
                    return kept(text, "percent_bare")
                found = round(lone * scale, 9)
            value = "" if found is None else f"{written(found)}%"
        if right(value):
            return became(text, value, "percent_format")
        doubt = (
            "percent_discount"
            if _DISCOUNT.search(bare)
            else "percent_approximate"
            if _VAGUE.search(bare)
            else "percent_unclear"
        )
        return kept(text, doubt)

    return fix


def _marked(bare: str) -> Decimal | None:
    """The percentage a text with a mark of its own stands for."""
    said = _SPELT.fullmatch(bare)
    if said:
        found = _decimals(said[3])
        return None if found is None else found * _OF[said[2]] * (-1 if said[1] else 1)
    tenths = _TENTHS.fullmatch(bare)
    if tenths:
        whole = number(tenths[1])
        more = Decimal("5") if tenths[2] == "半" else Decimal(spelt(tenths[2]) or 0) if tenths[2] else Decimal(0)
        return None if whole is None else whole * 10 + more
    match = _MARKED.fullmatch(bare)
    found = plain(match[1]) if match else None
    return None if match is None or found is None else found * _SCALES.get(match[2], Decimal(1))


def _decimals(text: str) -> Decimal | None:
    """``十二点五`` and ``12.5``; digits behind the point are read one by one."""
    whole, point, behind = text.partition("点")
    first = number(whole)
    if first is None or not point:
        return first
    digits = "".join(str(d) for c in behind if (d := spelt(c)) is not None)
    return Decimal(f"{written(first)}.{digits}") if behind and len(digits) == len(behind) else None


def repairs(options: Options, words: Words) -> Repairs:
    """A space or a full-width sign, and zeros behind the point."""

    def tight(texts: pa.Array) -> pa.Array:
        bare = pc.replace_substring_regex(texts, r"^(-?[0-9]+(?:\.[0-9]+)?) ?[%％]$", r"\1%")
        return pc.replace_substring_regex(bare, r"(?:\.0+|(\.[0-9]*[1-9])0+)%$", r"\1%")

    return (("percent_format", tight),)


def observe(values: Mapping[str, int]) -> Counter[str]:
    """Numbers without a mark, by count: ``fraction`` between -1 and 1, ``percent`` above, ``both`` for 0 and 1.

    >>> observe({"0.3": 4, "45": 1, "1": 2, "12%": 9})
    Counter({'fraction': 4, 'both': 2, 'percent': 1})
    """
    counts: Counter[str] = Counter()
    for text, count in values.items():
        found = plain(half_width(text.strip()).lower())
        if found is not None:
            size = abs(found)
            counts["both" if size in (0, 1) else "fraction" if size < 1 else "percent"] += count
    return counts


def decide(counts: Counter[str]) -> Decision:
    """One sort of bare numbers at least three times and none of the other.

    >>> decide(Counter({"fraction": 5, "both": 1})).options, decide(Counter({"fraction": 5, "percent": 1})).doubt
    ({'bare': 'fraction'}, 'percent_undecided')
    """
    sure = [name for name in ("fraction", "percent") if counts[name]]
    evidence = ", ".join(f"{name}={counts[name]}" for name in sorted(counts) if counts[name])
    if len(sure) == 1 and counts[sure[0]] >= SURE:
        return Decision({"bare": sure[0]}, "", evidence)
    return Decision({}, "percent_undecided" if evidence else "", evidence)


KIND = Kind(
    name="percent", fixer=fixer, shape=lambda options: SHAPE, mask=lambda value: "*" * len(value),
    options=frozenset({"bare"}), observe=observe, decide=decide, repairs=repairs,
)  # fmt: skip
