"""Names of customers: companies, institutions, private persons. Cleaned, never improved; taken apart for comparing.

A Chinese company's registered name is region + brand (字号) + trade + legal form (企业名称登记管理规定, 2020), and may
carry a branch, a number, or its region in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import pandas as pd

from cleanse.kinds.characters import NULL, became, half_width, is_null, kept, mask_text, null_words, surnames, tidy
from cleanse.kinds.places import Places, places
from cleanse.kinds.script import fold
from cleanse.model import Fix, Kind, Options, Words

_HAN = "\u3400-\u9fff"
_BETWEEN = re.compile(rf"(?<=[{_HAN}）)（(])\s+(?=[{_HAN}（(）)])")
_REMARK = re.compile(r"\s*[(（\[【<《]([^()（）\[\]【】<>《》]*)[)）\]】>》]\s*$")
_DASHED = re.compile(r"\s*[-—_–]+\s*([^-—_–]+)$")
_BRACKETS = str.maketrans("()", "（）")
_ASIDE = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_BRANCH = re.compile(
    r"^(.*?(?:公司|集团|银行|厂|店|院|所|社|行))?(.*?)(分公司|办事处|分厂|分店|门店|支行|分行|营业部|营业厅|分部|分院|分校|代表处|子公司|项目部)$"
)
_NUMBER = re.compile(
    r"第?([一二三四五六七八九十百0-9]+)(?=中学|小学|中|小|医院|人民医院|幼儿园|职业|高级|工程|建筑|分|厂|局|公司|处|院|粮|机)"
)
_NO_BRACKETS = str.maketrans("", "", "()（）")
_ANY_HAN = re.compile(f"[{_HAN}]")
_OPENING = frozenset("(（[【")
_BRANCH_ENDS = frozenset("司处厂店部行厅院校")
_NUMERALS = frozenset("一二三四五六七八九十百0123456789")
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Outer and inner stray spaces go, brackets in Chinese names become （）, full-width Latin becomes half-width; a
    remark on the state of affairs in brackets at the end goes to part ``status``.

    >>> fix = fixer({}, {"company_remarks": (("已签约",),)})
    >>> fix("杭州 星渚软件(苏州)有限公司（已签约）")
    Fix(value='杭州星渚软件（苏州）有限公司', why='company_status_cut', doubt='', rest='', parts=(('status', '已签约'),))
    """
    nulls = null_words(words, "company")
    remarks = frozenset(row[0] for row in words.get("company_remarks", ()))

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        name, status = _without_status(re.sub(r"\s*\n\s*", " ", tidy(text)), remarks)
        value = _chinese(name) if re.search(f"[{_HAN}]", name) else re.sub(r"\s+", " ", half_width(name)).strip()
        if not value:
            return NULL
        if "\ufffd" in value or ("?" in value and re.search(f"[{_HAN}]", value)):
            return kept(text, "company_lost_in_encoding")
        if re.fullmatch(r"[\d\W_]+", value):
            return kept(text, "company_not_a_name")
        changed = became(text, value, "company_status_cut" if status else "company_formatted")
        return replace(changed, parts=(("status", status),)) if status else changed

    return fix


def _without_status(name: str, remarks: frozenset[str]) -> tuple[str, str]:
    for pattern in (_REMARK, _DASHED):
        found = pattern.search(name)
        if found and found.start() and half_width(found[1]).strip() in remarks:
            return name[: found.start()], found[1].strip()
    return name, ""


def _chinese(name: str) -> str:
    value = "".join(half_width(c) if "Ａ" <= c <= "ｚ" or "０" <= c <= "９" or c in "　\u00a0" else c for c in name)
    return _BETWEEN.sub("", re.sub(r"\s+", " ", value)).translate(_BRACKETS).strip()


class Company(NamedTuple):
    """A name taken apart, every part folded (script, width, case), '' where absent.

    ``region``: place names without their suffix; ``brand``: what tells it from others; ``form``: class of the legal form;
    ``branch``: place or word of a branch; ``number``: of a numbered institution; ``person``: whether it is a person.
    """

    region: str = ""
    brand: str = ""
    trade: str = ""
    form: str = ""
    branch: str = ""
    number: str = ""
    person: bool = False


def parser(words: Words) -> Callable[[str], Company]:
    """``parse(name) -> Company`` with the lexicons ``regions``, ``company_legal_forms``, ``company_trades``.

    >>> parse = parser({"regions": (("33", "浙江省", ""), ("3301", "杭州市", "33")), "company_trades": (("软件",),),
    ...                 "company_legal_forms": (("有限公司", "limited"),)})
    >>> parse("星渚软件（杭州）有限公司") == parse("杭州星渚软件有限公司")
    True
    """
    return _Parser(words).parse


class _Parser:
    def __init__(self, words: Words) -> None:
        self.places: Places = places(words)
        forms = {fold(row[0]).casefold(): row[1] for row in words.get("company_legal_forms", ()) if len(row) > 1}
        self.forms = forms
        self.trades = frozenset(fold(row[0]).casefold() for row in words.get("company_trades", ()))
        self.form_ends, self.trade_ends = _ends(self.forms), _ends(self.trades)
        self.surnames = surnames(words)

    def parse(self, name: str) -> Company:
        text = fold(half_width(name)).casefold().strip()
        if text.isascii() or not _ANY_HAN.search(text):
            return self._latin(text)
        text = "".join(text.split())
        regions: list[str] = []
        if not _OPENING.isdisjoint(text):
            text = _ASIDE.sub(lambda m: self._aside(m[1], regions), text)
        text, branch = self._branch(text) if text[-1:] in _BRANCH_ENDS else (text, "")
        text, form = self._form(text)
        if not (form or branch or regions) and self._is_person(text) and not self._trade(text)[1]:
            return Company(brand=text, person=True)
        found = self.places.read(text) if len(text) > 2 else self.places.read("")
        rest = found.detail if found.any else text
        if len(rest) >= 1 and found.any:
            regions = [_bare(n) for n in dict.fromkeys((found.province, found.city, found.district)) if n] + regions
            text = rest
        number = ""
        if not _NUMERALS.isdisjoint(text) and (match := _NUMBER.search(text)):
            number = match[1].translate(_DIGITS)
            text = text[: match.start()] + text[match.end() :]
        brand, trade = self._trade(text)
        return Company("".join(sorted(set(regions))), brand, trade, form, branch, number)

    def _aside(self, inside: str, regions: list[str]) -> str:
        """What stands in brackets is a region, or part of the name."""
        found = self.places.read(inside)
        if found.any and not found.detail:
            regions.extend(_bare(n) for n in (found.district or found.city or found.province,))
            return ""
        return "" if inside in ("集团", "有限合伙", "普通合伙") else inside

    def _branch(self, text: str) -> tuple[str, str]:
        match = _BRANCH.match(text)
        if not match or not match[1]:
            return text, ""
        found = self.places.read(match[2])
        place = _bare(found.district or found.city or found.province) if found.any else match[2]
        return match[1], place or match[3]

    def _form(self, text: str) -> tuple[str, str]:
        for length in self.form_ends.get(text[-1:], ()):
            if length < len(text) and (sort := self.forms.get(text[-length:])):
                return text[:-length].rstrip(" ,."), sort
        return text, ""

    def _trade(self, text: str) -> tuple[str, str]:
        """Brand and trade; trade words at the end, one behind the other, as long as a brand is left."""
        end = len(text)
        while end:
            for length in self.trade_ends.get(text[end - 1], ()):
                if length <= end and text[end - length : end] in self.trades:
                    end -= length
                    break
            else:
                break
        return text[:end].strip(), text[end:].strip()

    def _latin(self, text: str) -> Company:
        text = re.sub(r"[\s.,]+$", "", re.sub(r"\s+", " ", text))
        plain, form = text, ""
        for at in (i for i, c in enumerate(text) if c in " ,"):
            ending = text[at + 1 :].strip()
            if sort := self.forms.get(ending) or self.forms.get(f"{ending}."):
                plain, form = text[:at].rstrip(" ,."), sort
                break
        words = plain.split()
        at = len(words)
        while at > 1 and words[at - 1] in self.trades:
            at -= 1
        return Company("", " ".join(words[:at]), " ".join(words[at:]), form)

    def _is_person(self, text: str) -> bool:
        if not re.fullmatch(f"[{_HAN}]{{2,4}}", text):
            return False
        return (text[:2] in self.surnames and len(text) >= 3) or (text[:1] in self.surnames and len(text) <= 3)


def _ends(words: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Last character -> the lengths of the words that end in it, longest first."""
    found: dict[str, set[int]] = {}
    for word in words:
        found.setdefault(word[-1:], set()).add(len(word))
    return {end: tuple(sorted(lengths, reverse=True)) for end, lengths in found.items()}


@cache
def _bare(place: str) -> str:
    """A place without its suffix: 杭州市 and 杭州 are one."""
    short = re.sub(r"(?:壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|省|市|区|县)$", "", place)
    return fold(short if len(short) >= 2 else place)


def comparable(values: Sequence[str], words: Words) -> pd.DataFrame:
    """What two names are compared by: one row per value with folded, region, brand, trade, form, branch, number, person."""
    parse = parser(words)
    table = pd.DataFrame(list(map(parse, values)), columns=list(Company._fields))
    plain = (fold(half_width(value)).casefold() for value in values)
    table.insert(0, "folded", ["".join(text.translate(_NO_BRACKETS).split()) for text in plain])
    return table


KIND = Kind(name="company", fixer=fixer, shape=lambda options: "", mask=lambda value: mask_text(value, 2, 2))
