"""Names of customers: companies, institutions, private persons. Cleaned, never improved; taken apart for comparing.

A Chinese company's registered name is region + brand (字号) + trade + legal form (企业名称登记管理规定, 2020), and may
carry a branch, a number, or its region in brackets. Foreign names are brand + trade + legal form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import (
    NULL,
    became,
    half_width,
    is_null,
    kept,
    mask_text,
    matching,
    null_words,
    surnames,
    tidy,
    unmarked,
)  # fmt: skip
from cleanse.kinds.places import Division, places
from cleanse.kinds.script import fold, romanised, translated
from cleanse.model import Fix, Kind, Options, Reading, Repairs, Words

_HAN = "\u3400-\u9fff"
_BETWEEN = re.compile(rf"(?<=[{_HAN}）)（(])\s+(?=[{_HAN}（(）)])")
_REMARK = re.compile(r"\s*[(（\[【<《]([^()（）\[\]【】<>《》]*)[)）\]】>》]\s*$")
_DASHED = re.compile(r"\s*[-—_–]+\s*([^-—_–]+)$")
_BRACKETS = str.maketrans("()﹙﹚", "（）（）")
_AND = re.compile(r" *& *| +(?:and|und|et) +")
_NOBODY = re.compile(r"[xX×*某]{2,}[\u4e00-\u9fff]{0,4}(?:公司|集团|厂|店|企业)")
_BLANKED = re.compile(f"(?<=[{_HAN}])[xX×*＊]{{2,}}(?=[{_HAN}])")
_MORE = re.compile(r"公司\s*(?:[/、;,&]\s*[^()]{2,}(?:公司|集团|厂)$|[^()]*\d{7,})")  # another company, or a number
_BEHIND = re.compile(f"公司[ \\-—]+([{_HAN}]{{1,2}}[^部店厂区市县路院校所站处司心局队组点库])$")
_LABEL = re.compile(r"^(?:客户(?:名称)?|(?:公司|企业|单位|客户)?(?:名称|全称)|抬头)\s*[:：]\s*")
_ANY_HAN = re.compile(f"[{_HAN}]")
_PERSON = re.compile(f"[{_HAN}]{{2,4}}")
_ASIDE = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_OPENING = frozenset("(（[【")
_NO_BRACKETS: dict[int, str | None] = dict.fromkeys(map(ord, "()（）[]【】"))
_HEAD = re.compile(r"^(.*(?:公司|集团|银行|厂|店|院|所|社|行|中心|大学|学校|llc|ltd))(.*)$")
_NUMBER = re.compile(
    r"第([一二三四五六七八九十百0-9]+)|([一二三四五六七八九十百0-9]+)(?=中学|小学|中|小|医院|人民医院|附属|幼儿园|职业|高级|工程|建筑|建设|分|厂|局|公司|处|院|粮|机|车间|大队|支队)"
)
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_FILLERS = frozenset(("集团", "有限合伙", "普通合伙", "特殊普通合伙", "中国", "控股"))


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Outer and inner stray spaces go, brackets in Chinese names become （）, full-width Latin becomes half-width; a
    remark on the state of affairs in brackets at the end goes to part ``status``.

    >>> fix = fixer({}, {"company_remarks": (("已签约",),)})
    >>> fix("杭州 星渚软件(苏州)有限公司（已签约）")
    Fix(value='杭州星渚软件（苏州）有限公司', why='company_status_cut', doubt='', rest='', parts=(('status', '已签约'),))
    """
    nulls = null_words(words, "company")
    remarks = frozenset(row[0] for row in words.get("company_remarks", ()))

    fakes = frozenset(_bare_form(row[0]) for row in words.get("company_placeholders", ()))
    known, table = surnames(words), places(words)

    def named(text: str) -> bool:
        """Whether a short text is a person's name rather than a place."""
        return fold(text[:1]) in known and not table.read(text).any

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        plain = unmarked(_LABEL.sub("", re.sub(r"\s*\n\s*", " ", tidy(text))))
        name, status = _without_status(plain, remarks)
        value = _chinese(name) if re.search(f"[{_HAN}]", name) else re.sub(r"\s+", " ", half_width(name)).strip()
        if not value:
            return NULL
        if "\ufffd" in value or (("?" in value or "？" in value) and re.search(f"[{_HAN}]", value)):
            return kept(text, "company_lost_in_encoding")
        if re.fullmatch(r"[\d\W_]+", value) or value.strip("（）") in remarks:
            return kept(text, "company_not_a_name")
        if _bare_form(value) in fakes or _NOBODY.fullmatch(value) or _BLANKED.search(value):
            return kept(text, "company_placeholder")
        if _MORE.search(half_width(plain)) or ((behind := _BEHIND.search(plain)) and named(behind[1])):
            return kept(text, "company_and_more")
        changed = became(text, value, "company_status_cut" if status else "company_formatted")
        return replace(changed, parts=(("status", status),)) if status else changed

    return fix


def _bare_form(name: str) -> str:
    return re.sub(r"\s", "", half_width(name)).casefold()


def _without_status(name: str, remarks: frozenset[str]) -> tuple[str, str]:
    """The name without the remarks at its end, and these in their order."""
    for match in filter(None, (pattern.search(name) for pattern in (_REMARK, _DASHED))):
        if match.start() and half_width(match[1]).strip() in remarks:
            plain, before = _without_status(name[: match.start()], remarks)
            return plain, f"{before}；{match[1].strip()}".lstrip("；")
    return name, ""


def _chinese(name: str) -> str:
    value = "".join(half_width(c) if "Ａ" <= c <= "ｚ" or "０" <= c <= "９" or c in "　\u00a0" else c for c in name)
    return _BETWEEN.sub("", re.sub(r"\s+", " ", value)).translate(_BRACKETS).strip()


class Company(NamedTuple):
    """A name taken apart, every part folded (script, width, case), '' where absent.

    ``region``: the most specific place named; ``province``, ``city``, ``district``: the official names of what is named
    and what it lies in, where only one fits; ``brand``: what tells it from others; ``form``: class of the legal form; ``branch``: place or word of a
    branch; ``number``: of a numbered institution; ``person``: whether it is a person's name.
    """

    region: str = ""
    brand: str = ""
    trade: str = ""
    form: str = ""
    branch: str = ""
    number: str = ""
    person: bool = False
    province: str = ""
    city: str = ""
    district: str = ""


class _Place(NamedTuple):
    region: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    short_district: bool = False


_NOWHERE = _Place()


def parser(words: Words) -> Callable[[str], Company]:
    """``parse(name) -> Company`` with the lexicons ``regions``, ``company_legal_forms``, ``company_trades`` and
    ``company_branches``.

    >>> parse = parser({"regions": (("33", "浙江省", ""), ("3301", "杭州市", "33")), "company_trades": (("软件",),),
    ...                 "company_legal_forms": (("有限公司", "limited"),), "company_branches": (("分公司",),)})
    >>> parse("星渚软件（杭州）有限公司") == parse("杭州市星渚软件有限公司")
    True
    >>> parse("杭州星渚软件有限公司宁波分公司").branch, parse("星渚软件").form
    ('宁波', '')
    """
    read = _Parser(words).parse
    return lambda name: read(_folded(name))


def comparable(values: Sequence[str], words: Words) -> pd.DataFrame:
    """What two names are compared by: one row per value, ``folded`` (no brackets, no spaces) and the parts of Company."""
    lines = _folded("\n".join(value.replace("\n", " ") for value in values)).split("\n") if len(values) else []
    table = pd.DataFrame(list(map(_Parser(words).parse, lines)), columns=list(Company._fields))
    plain = translated("\n".join(lines), _NO_BRACKETS).replace(" ", "").split("\n") if lines else []
    table.insert(0, "folded", plain)
    return table


def _folded(text: str) -> str:
    """One form of script, width, case, of letters with marks and of the word for "and"."""
    plain = romanised(fold(half_width(text))).casefold()
    return _AND.sub(" & ", plain) if plain.find("&") >= 0 or _AND.search(plain) else plain


class _Parser:
    """Reads folded names."""

    def __init__(self, words: Words) -> None:
        self.forms = _backward((_folded(row[0]), row[1]) for row in words.get("company_legal_forms", ()))
        self.trades = _backward((_folded(row[0]), "trade") for row in words.get("company_trades", ()))
        branches = (_folded(row[0]) for row in words.get("company_branches", ()))
        self.branches = tuple(sorted(branches, key=len, reverse=True))
        self.regions = _regions(words)
        self.surnames = surnames(words)

    def parse(self, text: str) -> Company:
        if (text := text.strip()).isascii() or not _ANY_HAN.search(text):
            return self._latin(text)
        text = "".join(text.split()) if " " in text else text
        text, shop = self._shop(text) if text.endswith(_SHOP_ENDS) else (text, "")
        text, aside = (text, _NOWHERE) if _OPENING.isdisjoint(text) else self._asides(text)
        text, branch = self._branch(text) if not shop and text.endswith(self.branches) else (text, shop)
        length, form = _longest(self.forms, text, len(text))
        text, form = (text[:-length], form) if 0 < length < len(text) else (text, "")
        if not (form or branch or aside.region) and self._is_person(text):
            return Company(brand=text, person=True)
        place, rest = self._place(text, aside, bool(form))
        number = ""
        if match := _NUMBER.search(rest):
            number = (match[1] or match[2]).translate(_DIGITS)
            rest = rest[: match.start()] + rest[match.end() :]
        brand, trade = self._trade(rest)
        brand = brand.removesuffix("集团") if len(brand) > 3 else brand
        return Company(place.region, brand, trade, form, branch, number, False, *place[1:4])

    def _asides(self, text: str) -> tuple[str, _Place]:
        """The text without its brackets, and the place that stood in one."""
        place = _NOWHERE
        for inside in _ASIDE.findall(text):
            found, rest = self._read(inside)
            if found.region and not rest:
                place = found
        return _ASIDE.sub(lambda m: "" if m[1] in _FILLERS or not self._read(m[1])[1] else m[1], text), place

    def _shop(self, text: str) -> tuple[str, str]:
        """The name without the shop in brackets at its end, or behind its legal form: 新汇书店（徐汇店）."""
        match = _SHOP.fullmatch(text)
        if not match:
            return text, ""
        name, shop = (match[1], match[2]) if match[1] else (match[3], match[4])
        found, rest = self._read(shop)
        return name, found.region if found.region and not rest else shop

    def _branch(self, text: str) -> tuple[str, str]:
        word = next(w for w in self.branches if text.endswith(w))
        if not (match := _HEAD.match(text[: -len(word)])):
            return text[: -len(word)], word
        found, rest = self._read(match[2])
        return match[1], (found.region if found.region and not rest else match[2]) or word

    def _place(self, text: str, aside: _Place, registered: bool) -> tuple[_Place, str]:
        """The region in front. A place in brackets is the region where there is one: what stands in front is then a
        region only as far as it holds that one. Where it leaves no brand to a registered name, or is the short name of
        a district, it is itself the brand: 吉安汽车销售有限公司."""
        place, rest = self._read(text) if len(text) > 2 else (_NOWHERE, text)
        if not place.region:
            return aside, rest
        if aside.region:
            holds = place.region in map(_bare, aside[:3])
            return aside, rest if holds else text
        if (registered or place.short_district) and not self._trade(rest)[0]:
            return _NOWHERE, text
        return place, rest

    def _read(self, text: str) -> tuple[_Place, str]:
        """The places in front of a text, one inside the other, and what follows."""
        at, place, level = 2 if text.startswith("中国") else 0, _NOWHERE, -1
        found: tuple[Division, ...] = ()
        while at < len(text) - 1:
            node, end, step = self.regions, at, 0
            while end < len(text) and (node := node.get(text[end])) is not None:  # type: ignore[assignment]
                end += 1
                if "" in node:
                    top, named, all_of_name = node[""]
                    inside = top if level < 0 else _inside(all_of_name, found, level)
                    if inside:
                        there, now, step = inside, named if level < 0 else None, end
            if not step:
                break
            place = now or _named(text[at:step], there)
            at, found, level = step, there, _LEVEL[there[0].level]
        return place, text[at:]

    def _trade(self, text: str) -> tuple[str, str]:
        """Brand and trade; trade words at the end, one behind the other, as long as a brand is left."""
        end = len(text)
        while end and (length := _longest(self.trades, text, end)[0]):
            end -= length
        return text[:end].strip(), text[end:].strip()

    def _latin(self, text: str) -> Company:
        text = re.sub(r"[\s.,]+$", "", re.sub(r"\s+", " ", text))
        branch = ""
        if text.endswith(self.branches) and len(ends := text.rsplit(" ", 2)) == 3:
            text, branch = ends[0].rstrip(" ,"), ends[1]
        plain, form = text, ""
        for at in (i for i, c in enumerate(text) if c in " ,"):
            ending = text[at + 1 :].strip()
            if form := self._whole(self.forms, ending) or self._whole(self.forms, f"{ending}."):
                plain = text[:at].rstrip(" ,.")
                break
        at = len(words := plain.split())
        while at > 1 and self._whole(self.trades, words[at - 1]):
            at -= 1
        return Company("", " ".join(words[:at]), " ".join(words[at:]), form, branch)

    def _whole(self, root: Node, word: str) -> str:
        length, value = _longest(root, word, len(word))
        return value if length == len(word) else ""

    def _is_person(self, text: str) -> bool:
        double = 3 <= len(text) <= 4 and text[:2] in self.surnames
        single = 2 <= len(text) <= 3 and text[:1] in self.surnames
        return (double or single) and bool(_PERSON.fullmatch(text)) and not self._trade(text)[1]


# A shop of a company: something of two characters or more, so that （药店） is none.
_SHOP_ENDS = ("店", "店)", "店）")
_SHOP = re.compile(
    r"(.{2,}?)[(（]([^()（）]{2,12}?)#[)）]|(.{2,}?(?:公司|集团))(.{2,12}?)#".replace(
        "#", "(?:[分门]|旗舰|专卖|直营|加盟|体验)?店"
    )
)
_LEVEL = {"province": 0, "city": 1, "district": 2}
Node = dict[str, Any]  # a trie: character -> Node, and "" -> what the word that ends here means


def _backward(words: Iterable[tuple[str, str]]) -> Node:
    """A trie of words from their last character to their first."""
    root: Node = {}
    for word, value in words:
        _leaf(root, reversed(word)).setdefault("", value)
    return root


def _leaf(root: Node, characters: Iterable[str]) -> Node:
    node = root
    for character in characters:
        node = node.setdefault(character, {})
    return node


def _longest(root: Node, text: str, end: int) -> tuple[int, str]:
    """Length and meaning of the longest word that ends at ``end``; 0 and '' where there is none."""
    node, at, best, value = root, end, 0, ""
    while at and (node := node.get(text[at - 1])) is not None:  # type: ignore[assignment]
        at -= 1
        if "" in node:
            best, value = end - at, node[""]
    return best, value


def _regions(words: Words) -> Node:
    """A trie of all place names, official and short: the largest of that name, what they agree on, and all of them."""
    table = places(words)
    found: dict[str, list[Division]] = {}
    for names in (table.full, table.short):
        for (_, name), divisions in sorted(names.items(), key=lambda item: _LEVEL[item[0][0]]):
            found.setdefault(name, []).extend(divisions)
    root: Node = {}
    for name, same in found.items():
        top = _inside(tuple(same), (), -1)
        _leaf(root, name)[""] = (top, _named(name, top), tuple(same))
    return root


def _inside(divisions: tuple[Division, ...], found: tuple[Division, ...], level: int) -> tuple[Division, ...]:
    """The largest of the divisions that lie below and in one of those found before."""
    fit = [
        d for d in divisions
        if _LEVEL[d.level] > level
        and (not found or any(f.name in (d.province, d.city) or f.name == d.name for f in found))
    ]  # fmt: skip
    return tuple(d for d in fit if d.level == fit[0].level) if fit else ()


def _named(name: str, found: tuple[Division, ...]) -> _Place:
    """What all divisions of the name agree on."""
    first = found[0]
    provinces = {fold(d.name if d.level == "province" else d.province) for d in found}
    cities = {fold(d.name if d.level == "city" else d.city) for d in found}
    if first.level == "province":
        cities = provinces if first.name.endswith("市") else set()
    return _Place(
        _bare(fold(first.name)),
        min(provinces) if len(provinces) == 1 else "",
        min(cities) if len(cities) == 1 else "",
        fold(first.name) if first.level == "district" else "",
        first.level == "district" and name != fold(first.name),
    )


def _bare(place: str) -> str:
    """A place without its suffix: 杭州市 and 杭州 are one."""
    short = re.sub(r"(?:壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|省|市|区|县)$", "", place)
    return short if len(short) >= 2 else place


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Chinese names without spaces that end in a word for an organisation, behind which no remark can stand."""
    end = "(?:公司|集团|厂|中学|小学|学校|大学|学院|医院|银行|研究所|研究院|委员会|事务所)"
    return matching(
        rf"[^\P{{Han}}某]\p{{Han}}+|[^\P{{Han}}某]\p{{Han}}*（\p{{Han}}+）\p{{Han}}*{end}", _no_names(words)
    )


def _no_names(words: Words) -> set[str]:
    """Texts that are no name of anybody, however they end."""
    listed = (row[0] for name in ("company_remarks", "company_placeholders") for row in words.get(name, ()))
    return {*null_words(words, "company"), *listed}


def repairs(options: Options, words: Words) -> Repairs:
    """Chinese names with a space in them."""

    def joined(texts: pa.Array) -> pa.Array:
        joined = pc.replace_substring_regex(texts, r"^(\p{Han}+) +(\p{Han}+)$", r"\1\2")
        return pc.if_else(pc.match_substring_regex(texts, r"公司 +\p{Han}{2,3}$"), texts, joined)

    return (("company_formatted", joined),)


def readings(options: Options, words: Words) -> Sequence[Reading]:
    """Chinese names with one remark on the state of affairs in brackets behind them."""
    remarks = sorted(
        (row[0] for row in words.get("company_remarks", ()) if _ANY_HAN.match(row[0])), key=lambda w: (-len(w), w)
    )
    if not remarks:
        return ()
    said = "|".join(map(re.escape, remarks))
    never = "|".join((*map(re.escape, sorted({*_no_names(words), *remarks})), "某.*"))
    return (
        Reading(
            rf"(?P<value>\p{{Han}}{{2,}})[(（【](?P<status>{said})[)）】]",
            "company_status_cut",
            never=(f"(?:{never})[(（【].*",),
        ),
    )


KIND = Kind(
    "company",
    fixer,
    lambda options: "",
    mask=lambda v: mask_text(v, 2, 2),
    untouched=untouched,
    repairs=repairs,
    readings=readings,
)
