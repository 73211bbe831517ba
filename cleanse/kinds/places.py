"""Provinces, cities and districts of China: what a text names, read from left to right.

Tables: ``rules/lexicons/regions.tsv`` (source and date at its top) and ``regions_former.tsv``. Nothing is completed: a
city does not bring its province along. A municipality is both province and city; a county or city that no prefecture
governs (仙桃市, 济源市) is read as a city, and as a district where one is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cleanse.kinds.script import fold
from cleanse.model import Words

LEVELS = ("province", "city", "district")
AT_HOME = ("CN", "HK", "MO", "TW")  # countries (ISO 3166) whose divisions the tables hold
Rows = tuple[tuple[str, ...], ...]
Table = dict[tuple[str, str], tuple["Division", ...]]  # (level, folded name) -> the divisions of that name
_SEPARATORS = " \t\n\r\u3000\u00a0-—–－_/／\\|｜·,，、.>＞》；;"
_COUNTRY = re.compile(r"(?:中国|中华人民共和国|China)(?:大陆)?", re.IGNORECASE)
_FILLERS = re.compile(r"市辖[区县]|(?:省|自治区)直辖县级行政(?:区划|单位)|县(?=.{1,12}[县区])")
_SUFFIX = {
    "province": re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$"),
    "city": re.compile(r"(?:市|地区|盟|(?:[\u4e00-\u9fff]+族)+自治州|自治州|林区)$"),
    "district": re.compile(r"(?:区|县|市|旗|自治县|自治旗)$"),
}
_PEOPLE = (
    "(?:蒙古|朝鲜|土家|哈尼|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|"
    "塔吉克|怒|保安|裕固|独龙|普米|满|回|藏|苗|彝|壮|布依|侗|瑶|白|哈萨克|各)"
)
_PEOPLES = re.compile(rf"(?:{_PEOPLE}族)*{_PEOPLE}族?自治([州县旗])$")
_PEOPLES_DISTRICT = re.compile(rf"(?:{_PEOPLE}族)(区)$")
_NEW = re.compile(r"(?:新区|林区|特区)$")
_FORMER = re.compile(r"(?:地区|区|县|市|盟)$")
_SHORT_PROVINCES = {
    "内蒙": "内蒙古自治区", "广西壮族": "广西壮族自治区", "宁夏回族": "宁夏回族自治区", "新疆维吾尔": "新疆维吾尔自治区"
}  # fmt: skip
# Before these a suffix begins the next word (绍兴市场街, 杭州市区, 西湖区政府): what stands before it is a short name.
_NEXT_WORD = {
    "省": re.compile(r"[立道级会内]|委|政府|直属"),
    "市": re.compile(
        r"[场区郊立级内]|民(?:中心|广场|公园|之家)|府(?:大[道街厦楼]|路|街|广场)|政(?:府|务|协|工程|公司)|委(?:党|大|机)"
    ),
    "县": re.compile(r"[道城级]|委|政府|政协"),
    "区": re.compile(r"[域间]|委|政府|政协"),
}
# Districts whose names anybody uses for a part of any town: in an address they count only behind their city.
_ANYWHERE = re.compile(r"(?:.|新城|老城|新市)区")


@dataclass(frozen=True, slots=True)
class Division:
    """One division: official name, level, and the names of those above it ('' where none)."""

    name: str
    level: str
    province: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name can stand for on one level: the divisions of that name, and whether it is a name with its suffix."""

    level: int
    full: bool
    divisions: tuple[Division, ...]


@dataclass(slots=True)
class Found:
    """What a text names; ``detail`` is what follows, ``full`` whether the last name stood with its suffix, ``renamed``
    whether a former name was read, ``ambiguous`` whether the last name, a short one, could be several divisions."""

    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    full: bool = False
    renamed: bool = False
    ambiguous: bool = False

    @property
    def any(self) -> bool:
        return bool(self.province or self.city or self.district)

    @property
    def depth(self) -> int:
        """How many levels are behind us: below what was found, nothing above is looked for."""
        return 3 if self.district else 2 if self.city and self.city != self.province else 1 if self.province else 0


@dataclass(frozen=True)
class Places:
    """The tables: (level, folded name) -> divisions, official names and short ones apart. ``names`` are all names that
    are read, with their readings; ``heads`` says which lengths of names start with two characters, longest first."""

    full: Table
    short: Table
    names: dict[str, tuple[Reading, ...]]
    heads: dict[str, tuple[int, ...]]
    former: frozenset[str]
    municipalities: frozenset[str]

    def read(self, text: str, *, prefer: str = "", short: bool = True, province: str = "", city: str = "") -> Found:
        """What ``text`` names, from its start. ``prefer`` is the level a short name is taken for when it fits several;
        ``short=False`` reads a short name only when an official name of a division in it follows. ``province`` and
        ``city`` are known already: only what lies in them is found."""
        folded = fold(text)
        start = _COUNTRY.match(folded) if folded[:1] in "中Cc" else None
        at = start.end() if start else 0
        found, end = Found(province, city), at
        certain: Found | None = None
        while at < len(folded):
            before = (found.province, found.city, found.district, "", True, found.renamed)
            at = self._step(folded, _skip(folded, at), found, prefer, short)
            if not at:
                break
            if short or found.full:
                certain, end = None, at
            elif certain is None:
                certain = Found(*before)
        certain = certain or found
        certain.detail = text[_skip(folded, end) :] if certain.any else text
        return certain

    def begins(self, text: str) -> bool:
        """Whether a name may stand at the start of a text: the quick look."""
        return fold(text[:2]) in self.heads

    def above(self, level: str, name: str) -> tuple[str, str]:
        """Province and city above the one division of an official name; ('', '') where there is none or several."""
        divisions = self.full.get((level, fold(name)), ())
        return (divisions[0].province, divisions[0].city) if len(divisions) == 1 else ("", "")

    def lies(self, found: Found, outer: Found) -> bool:
        """Whether all that ``found`` names can lie in what ``outer`` names, which is above it."""
        level = LEVELS[2 if found.district else 1]
        return outer.depth < 3 and any(
            (not outer.province or d.province == outer.province) and (not outer.city or d.city in ("", outer.city))
            for d in self.full.get((level, fold(found.district or found.city)), ())
        )

    def _step(self, text: str, at: int, found: Found, prefer: str, short: bool) -> int:
        """Take the longest name at ``at`` that lies in what was found before; the end of it, 0 where there is none."""
        depth = found.depth
        for length in self.heads.get(text[at : at + 2], ()) if depth < 3 else ():
            name = text[at : at + length]
            readings = self.names.get(name, ())
            if prefer:
                readings = tuple(sorted(readings, key=lambda r: (not r.full, LEVELS[r.level] != prefer)))
            for reading in readings:
                if reading.level < depth or not (inside := _inside(reading.divisions, found)):
                    continue
                end, full = at + len(name), reading.full
                if full and not short and not found.city and reading.level == 2 and _ANYWHERE.fullmatch(name):
                    continue
                before = (found.province, found.city, found.district)
                self._take(found, inside, reading.level, full, name)
                if full and (word := _NEXT_WORD.get(name[-1])) and word.match(text, end):
                    if not self._official(text, end, found):
                        end, found.full = end - 1, False
                elif full and name[-1] == "市" and (shared := self._official(text, end - 1, found)):
                    found.district, end = shared, end - 1 + len(shared)  # 青岛市北区: 市 belongs to both
                if not found.full and before == ("", "", ""):
                    found.ambiguous |= self._elsewhere(reading, readings, inside, prefer)
                return end
        filler = _FILLERS.match(text, at) if depth and text[at : at + 1] in "市省自县" else None
        if filler and (filler.group() != "县" or found.city in self.municipalities):
            return filler.end()
        return self._again(text, at, found)

    def _take(self, found: Found, divisions: tuple[Division, ...], level: int, full: bool, name: str) -> None:
        value = divisions[0].name
        if len(divisions) > 1:
            names = sorted({d.name for d in divisions})
            value, found.ambiguous = names[0], len(names) > 1
        else:
            found.ambiguous = False
        found.full = full
        if name in self.former:
            found.renamed = True
        if level == 2:
            found.district = value
        elif value in self.municipalities:
            found.province = found.city = value
        elif level == 1:
            found.city = value
        else:
            found.province = value

    def _official(self, text: str, at: int, found: Found) -> str:
        """The official name at ``at`` of a division that lies in what was found, '' where there is none."""
        depth = found.depth
        for length in self.heads.get(text[at : at + 2], ()) if depth < 3 else ():
            for reading in self.names.get(text[at : at + length], ()):
                if reading.full and reading.level >= depth and _inside(reading.divisions, found):
                    return text[at : at + length]
        return ""

    def _elsewhere(
        self, taken: Reading, readings: Iterable[Reading], inside: tuple[Division, ...], prefer: str
    ) -> bool:
        """Whether a short name without anything before it could well mean a division of another level.

        In a column of cities it is no province (海南) but one that it lies in (吉林); in a column of districts no city;
        without a column, a city is no district of a municipality, which is known by its short name (朝阳)."""
        others = [r for r in readings if r.level != taken.level and not r.full]
        if not prefer:
            return taken.level == 1 and any(d.province in self.municipalities for r in others for d in r.divisions)
        if LEVELS[taken.level] == "city":
            above = {d.name for r in others if r.level == 0 for d in r.divisions} - self.municipalities
            return bool(above) and not any(d.province in above for d in inside)
        return taken.level == 2 and any(r.level < 2 for r in others)

    def _again(self, text: str, at: int, found: Found) -> int:
        """Divisions that are named once more (浙江省杭州市浙江省杭州市西湖区): the end of them, 0 where there are none.

        One name alone may begin a street or a building, unless nothing follows."""
        known = [name for name in (found.province, found.city) if name]
        if not any(text.startswith(name, at) for name in known):
            return 0
        again = self.read(text[at:], short=False)
        named = [(n, getattr(again, n)) for n in LEVELS if getattr(again, n)]
        if any(getattr(found, n) not in ("", value) for n, value in named):
            return 0
        if len({value for _, value in named}) < 2 and again.detail:
            return 0
        for n, value in named:
            setattr(found, n, value)
        found.full = True
        return len(text) - len(again.detail)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SEPARATORS:
        at += 1
    return at


def _inside(divisions: tuple[Division, ...], found: Found) -> tuple[Division, ...]:
    """Those that lie in the province and city that were named before."""
    province, city = found.province, found.city
    if not (province or city):
        return divisions
    inside = [
        d for d in divisions
        if (not province or not d.province or d.province == province) and (not city or not d.city or d.city == city)
    ]  # fmt: skip
    return divisions if len(inside) == len(divisions) else tuple(inside)


def places(words: Words) -> Places:
    """The tables of the lexicons ``regions`` and ``regions_former``; made once for the same lexicons."""
    return _places(words.get("regions", ()), words.get("regions_former", ()))


@lru_cache(maxsize=4)
def _places(regions: Rows, formerly: Rows) -> Places:
    rows = {row[0]: row for row in regions if len(row) >= 2}
    divisions = [_division(code, rows) for code in rows]
    cities = {d.name for d in divisions if d.level == "city"}
    full: Table = {}
    short: Table = {}
    for d in divisions:
        _add(full, fold(d.name), d)
        for name in _short(d):
            _add(short, fold(name), d)
    former = {fold(old): fold(new) for old, new in formerly}
    for old, new in former.items():
        for level in LEVELS:
            if (level, old) not in full:
                for d in full.get((level, new), ()):
                    _add(full, old, d)
    whole, brief = _spoken_too(full, short)
    present = {name for _, name in (*whole, *brief)}
    bare = {name: old for old in former if (name := _FORMER.sub("", old)) not in present and len(name) >= 2}
    for name, old in bare.items():
        for level in LEVELS:
            for d in whole.get((level, old), ()):
                _add(brief, name, d)
    names = _readings(whole, brief)
    heads: dict[str, set[int]] = {}
    for name in names:
        heads.setdefault(name[:2], set()).add(len(name))
    longest_first = {head: tuple(sorted(lengths, reverse=True)) for head, lengths in heads.items()}
    municipalities = frozenset(d.name for d in divisions if d.level == "province" and d.name in cities)
    return Places(full, short, names, longest_first, frozenset((*former, *bare)), municipalities)


def _spoken_too(full: Table, short: Table) -> tuple[Table, Table]:
    """Both tables with names as people say them (大理州, 恭城县, 浦东), and what no prefecture governs as cities too."""
    whole, brief = dict(full), dict(short)
    cities = {name for level, name in short if level == "city"}
    for d in [d for divisions in full.values() for d in divisions]:
        for level in (d.level, "city") if d.level == "district" and d.province and not d.city else (d.level,):
            _add(whole, fold(d.name), d, level)
            for name in _short(d):
                _add(brief, fold(name), d, level)
            for bare, suffix in _spoken(d):
                if suffix and (level, bare + suffix) not in full:
                    _add(whole, bare + suffix, d, level)
                if bare not in cities:
                    _add(brief, bare, d, level)
    return whole, brief


def _readings(whole: Table, brief: Table) -> dict[str, tuple[Reading, ...]]:
    """Name -> its readings: those with a suffix first, larger divisions first."""
    found: dict[str, list[Reading]] = {}
    for full, table in ((True, whole), (False, brief)):
        for (level, name), divisions in sorted(table.items(), key=lambda entry: LEVELS.index(entry[0][0])):
            found.setdefault(name, []).append(Reading(LEVELS.index(level), full, divisions))
    return {name: tuple(readings) for name, readings in found.items()}


def _division(code: str, rows: Mapping[str, tuple[str, ...]]) -> Division:
    name, above = rows[code][1], [rows[code][2]] if len(rows[code]) > 2 and rows[code][2] else []
    while above and len(rows.get(above[-1], ())) > 2 and rows[above[-1]][2]:
        above.append(rows[above[-1]][2])
    names = [rows[c][1] for c in above if c in rows]
    level = "province" if len(code) == 2 else "city" if len(code) == 4 else "district"
    return Division(name, level, names[-1] if names else "", names[0] if level == "district" and len(names) > 1 else "")


def _short(d: Division) -> list[str]:
    found = [short for short, name in _SHORT_PROVINCES.items() if name == d.name]
    peoples = _PEOPLES.sub("", d.name) if d.name.endswith("自治州") else ""
    bare = peoples or _SUFFIX[d.level].sub("", d.name)
    return [*found, bare] if len(bare) >= 2 and bare != d.name else found


def _spoken(d: Division) -> Iterable[tuple[str, str]]:
    """Names of autonomous divisions without the peoples, with the suffix that then stands; new areas without theirs."""
    for pattern in (_PEOPLES, _PEOPLES_DISTRICT, _NEW):
        match = pattern.search(d.name)
        if match and match.start() >= 2:
            yield fold(d.name[: match.start()]), match[1] if pattern.groups else ""


def _add(table: Table, name: str, division: Division, level: str = "") -> None:
    key = (level or division.level, name)
    if division not in table.get(key, ()):
        table[key] = (*table.get(key, ()), division)
