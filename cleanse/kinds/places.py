"""Provinces, cities and districts of China: what a text names, read from left to right.

Tables: ``rules/lexicons/regions.tsv`` (source and date at its top) and ``regions_former.tsv``. Nothing is completed: a
city does not bring its province along. A municipality is both province and city.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Places:
    """The tables, by level: folded name -> divisions; official names and short ones apart."""

    full: dict[str, dict[str, tuple[Division, ...]]]
    short: dict[str, dict[str, tuple[Division, ...]]]
    former: dict[str, str]
    municipalities: frozenset[str]
    longest: int = field(default=0)

    def read(self, text: str, *, prefer: str = "", short: bool = True) -> Found:
        """What ``text`` names, from its start. ``prefer`` is the level a short name is taken for when it fits several;
        ``short=False`` reads a short name only when an official name of a division in it follows."""
        folded = fold(half_width(text)) if len(half_width(text)) == len(text) else text
        start = _COUNTRY.match(folded)
        found, at = Found(), start.end() if start else 0
        certain = (found, at)
        while at < len(folded):
            begin = self._skip(folded, at)
            step = self._next(folded, begin, found, prefer)
            if step is None:
                break
            found, at = step
            if found.full or short:
                certain = (found, at)
        found, at = certain
        return replace(found, detail=text[self._skip(folded, at) if found.any else 0 :])

    @staticmethod
    def _skip(text: str, at: int) -> int:
        match = _SEPARATORS.match(text, at)
        return match.end() if match else at

    def _next(self, text: str, at: int, found: Found, prefer: str) -> tuple[Found, int] | None:
        """The longest name at ``at`` that lies in what was found before."""
        levels = [level for level in LEVELS[self._depth(found) :]]
        if prefer in levels:
            levels = [prefer, *(level for level in levels if level != prefer)]
        for length in range(min(self.longest, len(text) - at), 1, -1):
            name = text[at : at + length]
            for full, tables in ((True, self.full), (False, self.short)):
                for level in levels:
                    if divisions := self._inside(tables[level].get(name, ()), found):
                        return self._take(found, divisions, full, name), at + length
        if found.city and found.city in self.municipalities and text.startswith(("市辖区", "市辖县"), at):
            return found, at + 3
        return None

    @staticmethod
    def _depth(found: Found) -> int:
        return 3 if found.district else 2 if found.city and found.city != found.province else 1 if found.province else 0

    @staticmethod
    def _inside(divisions: tuple[Division, ...], found: Found) -> tuple[Division, ...]:
        return tuple(
            d for d in divisions
            if (not found.province or d.province in ("", found.province)) and (not found.city or d.city in ("", found.city))
        )  # fmt: skip

    def _take(self, found: Found, divisions: tuple[Division, ...], full: bool, name: str) -> Found:
        names = sorted({d.name for d in divisions})
        if len(names) > 1 and divisions[0].level == "district":
            districts = [n for n in names if n.endswith("区")]
            names = districts if len(districts) == 1 else names
        level, value = divisions[0].level, names[0]
        found = replace(
            found, full=full, renamed=found.renamed or name in self.former, ambiguous=found.ambiguous or len(names) > 1
        )
        if level == "province":
            return replace(found, province=value, city=value if value in self.municipalities else found.city)
        if level == "city" and value in self.municipalities:
            return replace(found, province=value, city=value)
        return replace(found, city=value) if level == "city" else replace(found, district=value)


def places(words: Words) -> Places:
    """The tables of the lexicons ``regions`` and ``regions_former``."""
    rows = {row[0]: row for row in words.get("regions", ()) if len(row) >= 2}
    divisions = [_division(code, rows) for code in rows]
    cities = {d.name for d in divisions if d.level == "city"}
    municipalities = frozenset(d.name for d in divisions if d.level == "province" and d.name in cities)
    full: dict[str, dict[str, tuple[Division, ...]]] = {level: {} for level in LEVELS}
    short: dict[str, dict[str, tuple[Division, ...]]] = {level: {} for level in LEVELS}
    for d in divisions:
        _add(full[d.level], fold(d.name), d)
        for name in _short(d):
            _add(short[d.level], fold(name), d)
    former = {fold(old): new for old, new in words.get("regions_former", ())}
    for old, new in former.items():
        for level in LEVELS:
            if old not in full[level]:
                for d in full[level].get(fold(new), ()):
                    _add(full[level], old, d)
    longest = max((len(name) for tables in full.values() for name in tables), default=0)
    return Places(full, short, former, municipalities, longest)


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
    return [*found, bare] if len(bare) >= 2 and bare != d.name else found


def _add(table: dict[str, tuple[Division, ...]], name: str, division: Division) -> None:
    table[name] = (*table.get(name, ()), division)
