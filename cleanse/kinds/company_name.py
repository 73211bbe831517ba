"""Names of companies, institutions and private persons taken apart, so that records can be compared by the parts.

A Chinese company's registered name is region + brand (字号) + trade + legal form (企业名称登记管理规定, 2020), and may
carry a branch, a number, or its region in brackets. Foreign names are brand + trade + legal form. All names are read
together, part by part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from cleanse.kinds.characters import half_width, surnames
from cleanse.kinds.code_points import Texts, Trie
from cleanse.kinds.numerals import spelt
from cleanse.kinds.places import Division, places
from cleanse.kinds.script import FIRST, LAST, fold, romanised, translated
from cleanse.model import Words

_HAN = "\u3400-\u9fff"
_AND = re.compile(r" *& *| +(?:and|und|et) +")
_PERSON = re.compile(f"[{_HAN}]{{2,4}}")
_ASIDE = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_NO_BRACKETS: dict[int, str | None] = dict.fromkeys(map(ord, "()（）[]【】 "))
_HEAD = re.compile(r"^(.*(?:公司|集团|银行|厂|店|院|所|社|行|中心|大学|学校|llc|ltd))(.*)$")
_BEHIND = re.compile("(.{2,}公司)(.{2,12})")
_REMARKED = re.compile(r"(.{2,}公司)[(（\[【]([^()（）\[\]【】]{2,12})[)）\]】]")
_UNIT = re.compile(".*[部店厂区市县路院校所站处司局队组点库室楼座层号线期心行社间仓群园馆]")  # what ends the name of a part of a company
_NOTE = re.compile("(?:原|曾用名|原名|前身|旧称|又名|简称|即)[:：为是]?.{2,}")
_NUMBER = re.compile(
    r"第([一二三四五六七八九十百0-9]+)|([一二三四五六七八九十百0-9]+)(?=中学|小学|中|小|医院|人民医院|附属|幼儿园|职业|高级|工程|建筑|建设|分|厂|局|公司|处|院|粮|机|车间|大队|支队)"
)
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_OPENING = "(（[【"
_NUMERALS = "第一二三四五六七八九十百0123456789"
_SPACES = " \t\r\v\f"
_SPACE = re.compile(r"\s+")
_FILLERS = frozenset(("集团", "有限合伙", "普通合伙", "特殊普通合伙", "中国", "控股", "总部", "总公司", "个体工商户", "个人独资"))


class Company(NamedTuple):
    """A name taken apart, every part folded (script, width, case), '' where absent.

    ``region``: the most specific place named; ``province``, ``city``, ``district``: the official names of what is named
    and what it lies in, where only one fits; ``brand``: what tells it from others; ``form``: class of the legal form; ``branch``: place or word of a
    branch; ``remark``: words in brackets behind a registered name that are no branch's and that no lexicon has;
    ``number``: of a numbered institution; ``person``: whether it is a person's name.
    """

    region: str = ""
    brand: str = ""
    trade: str = ""
    form: str = ""
    branch: str = ""
    remark: str = ""
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


def comparable(values: Sequence[str], words: Words) -> pd.DataFrame:
    """What two names are compared by: one row per value, ``folded`` (no brackets, no spaces) and the parts of Company,
    by the lexicons ``regions``, ``company_legal_forms``, ``company_trades`` and ``company_branches``.

    >>> words = {"regions": (("33", "浙江省", ""), ("3301", "杭州市", "33")), "company_trades": (("软件",),),
    ...          "company_legal_forms": (("有限公司", "limited"),), "company_branches": (("分公司",),)}
    >>> names = ["星渚软件（杭州）有限公司", "杭州市星渚软件有限公司宁波分公司", "星渚软件"]
    >>> comparable(names, words)[["region", "brand", "trade", "form", "branch"]].to_numpy().tolist()
    [['杭州', '星渚', '软件', 'limited', ''], ['杭州', '星渚', '软件', 'limited', '宁波'], ['', '星渚', '软件', '', '']]
    """
    if not len(values):
        return pd.DataFrame(columns=["folded", *Company._fields], dtype="str")
    lines = _folded("\n".join(value.replace("\n", " ") for value in values))
    plain = translated(lines, _NO_BRACKETS)
    parts = _Parser(words).parse(Texts.of(lines))
    return pd.DataFrame({"folded": _column(Texts.of(plain).array()), **parts})


def _folded(text: str) -> str:
    """One form of script, width, case, of letters with marks and of the word for "and"."""
    plain = romanised(fold(half_width(text))).casefold()
    return _AND.sub(" & ", plain) if plain.find("&") >= 0 or _AND.search(plain) else plain


def _column(texts: pa.Array) -> pd.Series:
    return pd.Series(texts, dtype="str")


class _Parser:
    """Reads folded names."""

    def __init__(self, words: Words) -> None:
        forms = [(_folded(row[0]), row[1]) for row in words.get("company_legal_forms", ())]
        trades = [_folded(row[0]) for row in words.get("company_trades", ())]
        self.numbered = {row[1]: row[0] for row in words.get("company_trades", ()) if len(row) > 1}
        branches = [_folded(row[0]) for row in words.get("company_branches", ())]
        self.meanings = ["", *dict.fromkeys(meaning for _, meaning in forms)]
        self.meaning = dict(reversed(forms))
        self.forms = Trie(((word, self.meanings.index(meaning)) for word, meaning in forms), backward=True)
        self.trade_words = frozenset(trades)
        self.trades = Trie(((word, 0) for word in trades), backward=True)
        self.branch_words = tuple(sorted(branches, key=len, reverse=True))
        self.branches = Trie(((word, 0) for word in branches), backward=True)
        self.shops = Trie(((word, 0) for word in _SHOP_ENDS), backward=True)
        self.surnames = surnames(words)
        self.regions = _Regions(words)

    def parse(self, texts: Texts) -> dict[str, pd.Series | np.ndarray]:
        """The parts of every name, as columns."""
        han = texts.hold(map(chr, range(FIRST, LAST + 1)))
        chinese, other = np.flatnonzero(han), np.flatnonzero(~han)
        spaced = np.flatnonzero(han & texts.hold(_SPACES))
        texts = texts.but(spaced, ["".join(text.split()) for text in texts.take(spaced).list()])
        parts = self._chinese(texts.take(chinese))
        latin = pd.DataFrame([self._latin(text.strip()) for text in texts.take(other).list()], columns=Company._fields)
        back = pa.array(np.argsort(np.concatenate([chinese, other]), kind="stable"))
        whole = {n: pa.concat_arrays([p, pa.array(latin[n], p.type)]).take(back) for n, p in parts.items()}
        return {
            n: np.asarray(p.to_numpy(zero_copy_only=False)) if n == "person" else _column(p) for n, p in whole.items()
        }

    def _chinese(self, texts: Texts) -> dict[str, pa.Array]:
        texts, shop = self._shops(texts)
        texts, aside, remark = self._asides(texts)
        texts, branch = self._behind_forms(*self._branches(texts, shop))
        length, form = self.forms.longest(texts)
        registered = (length > 0) & (length < texts.size)
        texts = replace(texts, end=texts.end - np.where(registered, length, 0))
        person = ~registered & (branch == "") & (aside == 0)
        person[person] = self._persons(texts.take(person))
        place, rest = self._places(texts, aside, registered)
        place[person], rest.start[person] = 0, texts.start[person]
        rest, number = self._numbers(rest, ~person)
        middle = np.where(person, rest.end, self._brand_end(rest))
        group = (
            (middle - rest.start > 3) & (rest.points[middle - 2] == ord("集")) & (rest.points[middle - 1] == ord("团"))
        )
        places = [_worded([str(p[i]) for p in self.regions.places], place) for i in range(4)]
        return {
            "region": places[0],
            "brand": replace(rest, end=middle - 2 * (group & ~person)).array(),
            "trade": replace(rest, start=middle).array(),
            "form": _worded(self.meanings, np.where(registered, form, 0)),
            "branch": pa.array(branch, pa.large_string()),
            "remark": pa.array(remark, pa.large_string()),
            "number": pa.array(number, pa.large_string()),
            "person": pa.array(person),
            **dict(zip(("province", "city", "district"), places[1:], strict=True)),
        }

    def _shops(self, texts: Texts) -> tuple[Texts, np.ndarray]:
        """The names without the shop in brackets at their end, or behind their legal form (新汇书店（徐汇店）), and it."""
        shop = np.full(len(texts.start), "", dtype=object)
        at, found = _matches(_SHOP.fullmatch, texts, np.flatnonzero(self.shops.longest(texts)[0]))
        ends = [m[2] if m[1] else m[4] for m in found]
        shop[at] = [region or end for region, end in zip(self._only_places(ends), ends, strict=True)]
        return texts.but(at, [m[1] or m[3] for m in found]), shop

    def _asides(self, texts: Texts) -> tuple[Texts, np.ndarray, np.ndarray]:
        """The texts without their brackets, the place that stood in one, and the remark behind a registered name."""
        place, remark = np.zeros(len(texts.start), dtype=np.int64), np.full(len(texts.start), "", dtype=object)
        at = np.flatnonzero(texts.hold(_OPENING))
        bracketed = texts.take(at).list()
        every = [_ASIDE.findall(text) for text in bracketed]
        insides = list(dict.fromkeys(inside for found in every for inside in found))
        read = Texts.of("\n".join(insides))
        there, rest = self.regions.read(read)
        all_read = rest == read.end
        known = dict(zip(insides, np.where(all_read, there, 0).tolist(), strict=True)) if insides else {}
        gone = {
            inside
            for inside, whole in zip(insides, all_read, strict=False)
            if whole or inside in _FILLERS or _NOTE.fullmatch(inside)
        }
        place[at] = [next((known[inside] for inside in reversed(found) if known[inside]), 0) for found in every]
        plain, remark[at] = zip(*[_without_remark(text, gone) for text in bracketed], strict=True) if len(at) else ((), ())
        kept = [_ASIDE.sub(lambda m: "" if m[1] in gone else m[1], text) for text in plain]
        return texts.but(at, kept), place, remark

    def _branches(self, texts: Texts, shop: np.ndarray) -> tuple[Texts, np.ndarray]:
        """The names without their branch, and it; a shop is one."""
        branch = shop.copy()
        at = np.flatnonzero((self.branches.longest(texts)[0] > 0) & (branch == ""))
        names, ends, behind = [], [], []
        for text in texts.take(at).list():
            word = next(w for w in self.branch_words if text.endswith(w))
            match = _HEAD.match(text[: -len(word)])
            names.append(match[1] if match else text[: -len(word)])
            ends.append(match[2] if match else "")
            behind.append(word)
        regions = self._only_places(ends)
        branch[at] = [region or end or word for region, end, word in zip(regions, ends, behind, strict=True)]
        texts = texts.but(at, names)
        return texts, branch

    def _behind_forms(self, texts: Texts, branch: np.ndarray) -> tuple[Texts, np.ndarray]:
        """The names without what stands behind their legal form, which is a unit of theirs (星渚软件有限公司显示事业部)."""
        branch = branch.copy()
        open_end = (branch == "") & (self.forms.longest(texts)[0] == 0) & texts.hold("司")
        at, found = _matches(_BEHIND.fullmatch, texts, np.flatnonzero(open_end))
        ends = [m[2] for m in found]
        branch[at] = [region or end for region, end in zip(self._only_places(ends), ends, strict=True)]
        return texts.but(at, [m[1] for m in found]), branch

    def _only_places(self, texts: Sequence[str]) -> list[str]:
        """The place each text is, '' where it is something else or more."""
        if not texts:
            return []
        cuts = Texts.of("\n".join(texts))
        place, rest = self.regions.read(cuts)
        return [self.regions.places[p].region for p in np.where(rest == cuts.end, place, 0)]

    def _persons(self, texts: Texts) -> np.ndarray:
        """Which texts are a person's name."""
        found = np.zeros(len(texts.start), dtype=bool)
        at = np.flatnonzero((texts.size >= 2) & (texts.size <= 4))
        at = at[self.trades.longest(texts.take(at))[0] == 0]
        found[at] = [self._is_person(text) for text in texts.take(at).list()]
        return found

    def _is_person(self, text: str) -> bool:
        double = 3 <= len(text) <= 4 and text[:2] in self.surnames
        single = 2 <= len(text) <= 3 and text[:1] in self.surnames
        return (double or single) and bool(_PERSON.fullmatch(text))

    def _places(self, texts: Texts, aside: np.ndarray, registered: np.ndarray) -> tuple[np.ndarray, Texts]:
        """The region in front, and what follows. A place in brackets is the region where there is one: what stands in
        front is then a region only as far as it holds that one. Where it leaves no brand to a registered name, or is
        the short name of a district, it is itself the brand: 吉安汽车销售有限公司."""
        place, start = self.regions.read(texts)
        short = texts.size <= 2
        place[short], start[short] = 0, texts.start[short]
        named, beside = place > 0, aside > 0
        outside = named & beside & ~self.regions.holds(place, aside)
        district = np.array([p.short_district for p in self.regions.places])[place]
        doubtful = np.flatnonzero(named & ~beside & (registered | district))
        rest = replace(texts.take(doubtful), start=start[doubtful])
        brand = doubtful[self._brand_end(rest) == rest.start]
        start[outside], start[brand] = texts.start[outside], texts.start[brand]
        place = np.where(beside | ~named, aside, place)
        place[brand] = 0
        return place, replace(texts, start=start)

    def _numbers(self, texts: Texts, wanted: np.ndarray) -> tuple[Texts, np.ndarray]:
        """The texts without the number of a numbered institution, and that number."""
        number = np.full(len(texts.start), "", dtype=object)
        at, found = _matches(_NUMBER.search, texts, np.flatnonzero(wanted & texts.hold(_NUMERALS)))
        number[at] = [_numeral(m[1] or m[2]) for m in found]
        rest = [m.string[: m.start()] + m.string[m.end() :] for m in found]
        return texts.but(at, [self.numbered.get(text, text) for text in rest]), number

    def _brand_end(self, texts: Texts) -> np.ndarray:
        """Where the trade begins: trade words at the end, one behind the other."""
        end, live = texts.end.copy(), np.arange(len(texts.start))
        while len(live):
            length, _ = self.trades.longest(Texts(texts.points, texts.start[live], end[live]))
            end[live] -= length
            live = live[length > 0]
        return end

    def _latin(self, text: str) -> Company:
        text = _SPACE.sub(" ", text).rstrip(" .,").removeprefix("the ")
        branch = ""
        if text.endswith(self.branch_words) and len(ends := text.rsplit(" ", 2)) == 3:
            text, branch = ends[0].rstrip(" ,"), ends[1]
        plain, form = text, ""
        for at in (i for i, c in enumerate(text) if c in " ,"):
            ending = text[at + 1 :].strip()
            if form := self.meaning.get(ending) or self.meaning.get(f"{ending}.", ""):
                plain = text[:at].rstrip(" ,.")
                break
        at = len(words := plain.split())
        while at > 1 and words[at - 1] in self.trade_words:
            at -= 1
        return Company(brand=" ".join(words[:at]), trade=" ".join(words[at:]), form=form, branch=branch)


def _without_remark(text: str, gone: Container[str]) -> tuple[str, str]:
    """A registered name and what stands in brackets behind it, where that is neither of ``gone`` nor a unit's name."""
    found = _REMARKED.fullmatch(text)
    return (text, "") if found is None or found[2] in gone or _UNIT.fullmatch(found[2]) else (found[1], found[2])


def _numeral(text: str) -> str:
    """第二十一 and 第21 are one."""
    number = spelt(text)
    return text.translate(_DIGITS) if number is None else str(number)


# A shop of a company: something of two characters or more, so that （药店） is none.
_SHOP_ENDS = ("店", "店)", "店）")
_SHOP = re.compile(
    r"(.{2,}?)[(（]([^()（）]{2,12}?)#[)）]|(.{2,}?(?:公司|集团))(.{2,12}?)#".replace(
        "#", "(?:[分门]|旗舰|专卖|直营|加盟|体验)?店"
    )
)
_LEVEL = {"province": 0, "city": 1, "district": 2}
_COUNTRY = "中国"


def _matches(
    match: Callable[[str], re.Match[str] | None], texts: Texts, at: np.ndarray
) -> tuple[np.ndarray, list[re.Match[str]]]:
    """Which of the texts at these places match, and how."""
    found = [(i, m) for i, text in zip(at, texts.take(at).list(), strict=True) if (m := match(text))]
    return np.array([i for i, _ in found], dtype=np.int64), [m for _, m in found]


def _worded(words: Sequence[str], which: np.ndarray) -> pa.Array:
    return pa.array(words, pa.large_string()).take(pa.array(which))


class _Regions:
    """The places in front of names, one inside the other.

    ``places``: every place that was found, the first is none. What was read so far is a number: the divisions it may
    be, and its place. What a name makes of it is worked out once.
    """

    def __init__(self, words: Words) -> None:
        table = places(words)
        found: dict[str, list[Division]] = {}
        for names in (table.full, table.short):
            for (_, name), divisions in sorted(names.items(), key=lambda item: _LEVEL[item[0][0]]):
                found.setdefault(name, []).extend(divisions)
        self.names = list(found)
        self.trie = Trie((name, number) for number, name in enumerate(self.names))
        self.divisions = [tuple(same) for same in found.values()]
        self.places = [_Place()]
        self._place: dict[_Place, int] = {_Place(): 0}
        self._seen: list[tuple[tuple[Division, ...], int]] = [((), 0)]
        self._reached: dict[int, int] = {}

    def read(self, texts: Texts) -> tuple[np.ndarray, np.ndarray]:
        """The most specific place named in front of each text (number in ``places``), and where what follows begins."""
        at, end = texts.start.copy(), texts.end
        first = [texts.points[np.minimum(at + i, end)] == ord(c) for i, c in enumerate(_COUNTRY)]
        at += len(_COUNTRY) * (first[0] & first[1] & (texts.size >= len(_COUNTRY)))
        seen, live = np.zeros(len(at), dtype=np.int64), np.flatnonzero(at < end - 1)
        while len(live):
            step, to = np.zeros(len(live), dtype=np.int64), np.zeros(len(live), dtype=np.int64)
            for length, which, name in self.trie.walk(Texts(texts.points, at[live], end[live])):
                reached = self._after(seen[live[which]], name)
                inside = which[reached > 0]
                step[inside], to[inside] = length, reached[reached > 0]
            moved = step > 0
            live = live[moved]
            at[live], seen[live] = at[live] + step[moved], to[moved]
            live = live[at[live] < end[live] - 1]
        return np.array([place for _, place in self._seen])[seen], at

    def holds(self, place: np.ndarray, inner: np.ndarray) -> np.ndarray:
        """Whether each place is, or holds, the other."""
        which, pairs = pd.factorize(place * len(self.places) + inner)
        both = [(self.places[p // len(self.places)], self.places[p % len(self.places)]) for p in pairs]
        return np.array([a.region in map(_bare, b[:3]) for a, b in both], dtype=bool)[which]

    def _after(self, seen: np.ndarray, name: np.ndarray) -> np.ndarray:
        """What was seen once a name follows; 0 where the name is no place inside of what was seen before."""
        which, steps = pd.factorize(seen * len(self.names) + name)
        return np.array([self._follow(int(step)) for step in steps], dtype=np.int64)[which]

    def _follow(self, step: int) -> int:
        if step not in self._reached:
            seen, number = divmod(step, len(self.names))
            before = self._seen[seen][0]
            there = _inside(self.divisions[number], before, _LEVEL[before[0].level] if before else -1)
            if there:
                place = _named(self.names[number], there)
                if place not in self._place:
                    self._place[place] = len(self.places)
                    self.places.append(place)
                self._seen.append((there, self._place[place]))
            self._reached[step] = len(self._seen) - 1 if there else 0
        return self._reached[step]


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
