"""Provinces, cities and districts of China: what a text names, read from left to right.

Tables: ``rules/lexicons/regions.tsv`` (source and date at its top) and ``regions_former.tsv``. Nothing is completed: a
city does not bring its province along. A municipality is both province and city.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cleanse.kinds.characters import half_width
from cleanse.kinds.script import fold
from cleanse.model import Words

LEVELS = ("province", "city", "district")
_SEPARATORS = re.compile(r"[\s\-—–_/\\|·,，、.>》；;]+")
_COUNTRY = re.compile(r"^(?:中国|中华人民共和国|China)(?:大陆)?", re.IGNORECASE)
_SUFFIX = {
    "province": re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$"),
    "city": re.compile(r"(?:市|地区|盟|(?:[\u4e00-\u9fff]+族)+自治州|自治州|林区)$"),
    "district": re.compile(r"(?:区|县|市|旗|自治县|自治旗)$"),
}
_PEOPLES = re.compile(
    r"(?:藏族羌族|土家族苗族|布依族苗族|苗族侗族|傣族景颇族|哈尼族彝族|壮族苗族|蒙古族藏族|朝鲜|彝|藏|白|傣|回|蒙古|傈僳|柯尔克孜|哈萨克|黎)?族?自治州$"
)
_SHORT_PROVINCES = {"内蒙": "内蒙古自治区", "内蒙古": "内蒙古自治区"}


@dataclass(frozen=True)
class Division:
    """One division: official name, level, and the names of those above it ('' where none)."""

    name: str
    level: str
    province: str = ""
    city: str = ""


@dataclass(slots=True)
class Found:
    """What a text names; ``detail`` is what follows, ``full`` whether the last name stood with its suffix, ``renamed``
    whether a former name was read, ``ambiguous`` whether a short name could be several divisions."""

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

    def copy(self) -> Found:
        return Found(self.province, self.city, self.district, "", self.full, self.renamed, self.ambiguous)

    @property
    def depth(self) -> int:
        """How many levels are behind us: below what was found, nothing above is looked for."""
        return 3 if self.district else 2 if self.city and self.city != self.province else 1 if self.province else 0


@dataclass(frozen=True)
class Places:
    """The tables: (level, folded name) -> divisions, official names and short ones apart; ``heads`` says which lengths
    of names start with two characters, longest first."""

    full: dict[tuple[str, str], tuple[Division, ...]]
    short: dict[tuple[str, str], tuple[Division, ...]]
    heads: dict[str, tuple[int, ...]]
    former: dict[str, str]
    municipalities: frozenset[str]

    def read(self, text: str, *, prefer: str = "", short: bool = True, province: str = "", city: str = "") -> Found:
        """What ``text`` names, from its start. ``prefer`` is the level a short name is taken for when it fits several;
        ``short=False`` reads a short name only when an official name of a division in it follows. ``province`` and
        ``city`` are known already: only what lies in them is found."""
        wide = half_width(text)
        folded = fold(wide) if len(wide) == len(text) else fold(text)
        start = _COUNTRY.match(folded)
        found, at = Found(province, city), start.end() if start else 0
        certain, end = found.copy(), at
        while at < len(folded):
            at = self._step(folded, _skip(folded, at), found, prefer)
            if not at:
                break
            if found.full or short:
                certain, end = found.copy(), at
        certain.detail = text[_skip(folded, end) :] if certain.any else text
        return certain

    def _step(self, text: str, at: int, found: Found, prefer: str) -> int:
        """Take the longest name at ``at`` that lies in what was found before; the end of it, 0 where there is none."""
        levels = LEVELS[found.depth :]
        if prefer in levels:
            levels = (prefer, *(level for level in levels if level != prefer))
        for length in self.heads.get(text[at : at + 2], ()):
            name = text[at : at + length]
            if len(name) < length:
                continue
            for full, table in ((True, self.full), (False, self.short)):
                for level in levels:
                    if inside := _inside(table.get((level, name), ()), found):
                        self._take(found, inside, full, name)
                        return at + length
        return at + 3 if found.city in self.municipalities and text.startswith(("市辖区", "市辖县"), at) else 0

    def _take(self, found: Found, divisions: tuple[Division, ...], full: bool, name: str) -> None:
        names = sorted({d.name for d in divisions})
        level, value = divisions[0].level, names[0]
        found.full = full
        found.renamed = found.renamed or name in self.former
        found.ambiguous = found.ambiguous or len(names) > 1
        if value in self.municipalities and level != "district":
            found.province = found.city = value
        else:
            setattr(found, level, value)


def _skip(text: str, at: int) -> int:
    match = _SEPARATORS.match(text, at)
    return match.end() if match else at


def _inside(divisions: tuple[Division, ...], found: Found) -> tuple[Division, ...]:
    """Those that lie in the province and city that were named before."""
    if not divisions or not (found.province or found.city):
        return divisions
    return tuple(
        d for d in divisions
        if (not found.province or d.province in ("", found.province)) and (not found.city or d.city in ("", found.city))
    )  # fmt: skip


def places(words: Words) -> Places:
    """The tables of the lexicons ``regions`` and ``regions_former``."""
    rows = {row[0]: row for row in words.get("regions", ()) if len(row) >= 2}
    divisions = [_division(code, rows) for code in rows]
    cities = {d.name for d in divisions if d.level == "city"}
    municipalities = frozenset(d.name for d in divisions if d.level == "province" and d.name in cities)
    full: dict[tuple[str, str], tuple[Division, ...]] = {}
    short: dict[tuple[str, str], tuple[Division, ...]] = {}
    for d in divisions:
        _add(full, fold(d.name), d)
        for name in _short(d):
            _add(short, fold(name), d)
    former = {fold(old): new for old, new in words.get("regions_former", ())}
    for old, new in former.items():
        for level in LEVELS:
            if (level, old) not in full:
                for d in full.get((level, fold(new)), ()):
                    _add(full, old, d)
    heads: dict[str, set[int]] = {}
    for _, name in (*full, *short):
        heads.setdefault(name[:2], set()).add(len(name))
    longest_first = {head: tuple(sorted(lengths, reverse=True)) for head, lengths in heads.items()}
    return Places(full, short, longest_first, former, municipalities)


def _division(code: str, rows: dict[str, tuple[str, ...]]) -> Division:
    name, above = rows[code][1], [rows[code][2]] if len(rows[code]) > 2 and rows[code][2] else []
    while above and len(rows.get(above[-1], ())) > 2 and rows[above[-1]][2]:
        above.append(rows[above[-1]][2])
    names = [rows[c][1] for c in above if c in rows]
    level = "province" if len(code) == 2 else "city" if len(code) == 4 else "district"
    return Division(name, level, names[-1] if names else "", names[0] if level == "district" and len(names) > 1 else "")


def _short(d: Division) -> list[str]:
    found = [short for short, name in _SHORT_PROVINCES.items() if name == d.name]
    bare = _PEOPLES.sub("", d.name) if d.name.endswith("自治州") else _SUFFIX[d.level].sub("", d.name)
    if d.level == "province":
        bare = re.sub(r"(?:壮族|回族|维吾尔)$", "", bare)
    if d.level == "district" and d.name.endswith("新区"):
        found.append(d.name.removesuffix("新区"))
    return [*found, bare] if len(bare) >= 2 and bare != d.name else found


def _add(table: dict[tuple[str, str], tuple[Division, ...]], name: str, division: Division) -> None:
    key = (division.level, name)
    table[key] = (*table.get(key, ()), division)
