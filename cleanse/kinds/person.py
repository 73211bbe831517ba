"""Names of persons: the name itself, without title, remark or telephone number; Western names as they were typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pypinyin import lazy_pinyin
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    became,
    half_width,
    is_null,
    kept,
    matching,
    null_words,
    surnames,
    tidy,
    unmarked,
)
from cleanse.kinds.script import fold, romanised
from cleanse.model import Fix, Kind, Options, Reading, Repairs, Words

_HAN = "\u3400-\u9fff"
_BETWEEN = re.compile(rf"(?<=[{_HAN}·])\s+(?=[{_HAN}·])")
_NAME = re.compile(rf"[{_HAN}]{{2,4}}")
_BRACKET = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d{9})(?!\d)")
_EMAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+", re.ASCII)
_REACHED = re.compile(rf"\s*[(（<\[]?\s*(?:{_MOBILE.pattern}|{_EMAIL.pattern})\s*[)）>\]]?\s*", re.ASCII)
_GENDER = re.compile(r"(.+?)\s*[\s/,，]\s*([男女])")
_MASKED = re.compile(rf"([{_HAN}]{{1,2}})[*＊×xX]{{1,3}}")
_DOTS = re.compile(rf"(?<=[{_HAN}])[•‧・･⋅∙](?=[{_HAN}])")
_LABEL = re.compile(r"^(?:联系人|姓名|name)\s*[:：]\s*", re.IGNORECASE)
_TWO = re.compile(r"\s*(?:[/／、,，;；&＆|\n]|\s和\s|\s+(?:and|or)\s+)\s*")
_GROUP = re.compile(rf"[{_HAN}]{{2,4}}(?:夫妇|夫妻|等\d*人?)")
_FIRM = re.compile(r".{4,}(?:公司|集团|事务所|研究院)")
_AND = re.compile(rf"([{_HAN}]{{2,4}})[和与及]([{_HAN}]{{2,4}})")
_CALLED = re.compile(f"[小老阿大][{_HAN}]")  # 小王, 老李
_EDGES = " /／、,，;；:：-—。."
_COURTESY = re.compile(
    r"((?:Mr|Mrs|Ms|Miss|Mx|Sir|Madam)\.?) (?=[^\W\d_][\w'.\-]* +[^\W\d_])", re.IGNORECASE
)  # before a full name
_NUMBERED = re.compile(r"(?:\d\D{0,2}){5}|\d(?:\.\d+)?[eE]\+?\d\d", re.ASCII)  # what is left of a number, not a name
_ADDRESSEE = re.compile(rf"([{_HAN}](?:\s?[{_HAN}]){{0,7}}?)(\s*)([亲親代]?收)")
_HARVESTS = "丰豐秋夏麦春喜大"
_LOST = re.compile("[?？\ufffd]")
_NOTHING = r"[^\x00-\x{10FFFF}]"  # for RE2
ONE_CHARACTER = frozenset("总工董哥姐")
COURTESIES = frozenset(("先生", "女士", "小姐", "同志", "太太", "夫人", "老师", "师傅"))


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """The name; titles in part ``title``, a second person in ``name_2``, mobiles and an e-mail address in parts of their
    own, remarks in ``rest``.

    A title is cut only from what is a plausible full name without it; a surname with a title stays as it is, a doubt.

    >>> words = {"surnames": (("孟",), ("柳",)), "titles": (("采购经理",), ("女士",), ("经理",))}
    >>> fix = fixer({}, words)
    >>> fix("采购经理孟知远").value, fix("柳青禾女士").parts, fix("孟经理").doubt
    ('孟知远', (('title', '女士'),), 'person_surname_only')
    """
    reader = _Reader(words)
    nulls = null_words(words, "person")

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        if reader.certain(text) and text[-1] != "收":
            return Fix(text)
        clean = _DOTS.sub("·", unmarked(_LABEL.sub("", tidy(text))))
        if _LOST.search(clean):
            return kept(text, "person_lost_in_encoding")
        if not re.search(f"[{_HAN}]", clean):
            return _western(text, clean)
        if addressed := _ADDRESSEE.fullmatch(clean):
            return reader.addressee(text, clean, *addressed.groups())
        if (masked := _MASKED.fullmatch(clean)) and fold(masked[1]) in reader.surnames:
            return kept(text, "person_surname_only")
        if _GROUP.fullmatch(clean) or _FIRM.fullmatch(clean):
            return kept(text, "person_several" if _GROUP.fullmatch(clean) else "person_not_a_name")
        if (told := _GENDER.fullmatch(clean)) and reader.plausible(told[1]):
            return replace(became(text, told[1], "person_split"), rest=told[2])
        return reader.read(text, clean)

    return fix


def _western(text: str, clean: str) -> Fix:
    """Latin names keep case and spelling; full-width letters become half-width, runs of spaces one."""
    value = re.sub(r"\s+", " ", half_width(clean)).strip()
    mobiles = _reached(value)
    name = _REACHED.sub(" ", value).strip(_EDGES) if mobiles else value
    if courtesy := _COURTESY.match(name):
        return replace(became(text, name[courtesy.end() :], "person_title_cut"), rest=courtesy[1], parts=mobiles)
    if re.fullmatch(r"[\d\W_]*", name):
        return (
            PLACEHOLDER
            if not mobiles and not re.search(r"\d", value)
            else replace(kept(text, "person_not_a_name"), parts=mobiles)
        )
    return replace(became(text, name, "person_split" if mobiles else "person_formatted"), parts=mobiles)


def _reached(text: str) -> tuple[tuple[str, str], ...]:
    """The mobiles and the e-mail address in a cell, as parts."""
    mobiles = zip(("mobile", "mobile_2"), dict.fromkeys(_MOBILE.findall(text)), strict=False)
    mail = _EMAIL.search(text) if "@" in text else None
    return (*mobiles, ("email", mail[0])) if mail else tuple(mobiles)


class _Reader:
    """Reads Chinese names with the lexicons ``surnames`` and ``titles``."""

    def __init__(self, words: Words) -> None:
        self.surnames = surnames(words)
        self.titles = frozenset(row[0] for row in words.get("titles", ()))
        self.lengths = tuple(sorted({len(t) for t in self.titles}, reverse=True))

    def certain(self, text: str) -> bool:
        """A plain Chinese full name with nothing that could be a title."""
        return self.plausible(text) and fold(text) not in self.titles and not self._titles_of(text)

    def read(self, text: str, clean: str) -> Fix:
        mobiles = _reached(half_width(clean))
        clean = _REACHED.sub(" ", half_width(clean)) if mobiles else clean
        asides = [m.strip() for m in _BRACKET.findall(clean) if m.strip()]
        rest = "；".join(aside for aside in asides if aside not in self.titles)
        names = self._people(_BRACKET.sub(" ", clean).strip())
        if not names:
            return kept(text, "person_not_a_name")
        if len(names) == 2 and fold(names[0]) in self.titles and self.plausible(names[1]):
            names.reverse()
        first, title, doubt = self._one(names[0])
        if _NUMBERED.search(first):
            return kept(text, "person_not_a_name")
        second, second_title, _ = self._one(names[1]) if len(names) > 1 else ("", "", "")
        if fold(second) in self.titles:
            title, second = second, ""
        if len(names) > 2 or (second and not second_title and not self.plausible(second)):
            return kept(text, "person_several")
        title, courtesy = _without_courtesy(title)
        rest = "；".join(text for text in (rest, courtesy) if text)
        title = title or next((aside for aside in asides if aside in self.titles), "")
        named = (("title", title), ("name_2", second))
        parts = (*(part for part in named if part[1]), *mobiles)
        if doubt:
            return Fix(first, "person_formatted" if first != text else "", doubt, rest, parts)
        code = "person_split" if parts or rest else "person_formatted"
        code = "person_title_cut" if title and len(names) < 2 else code
        return replace(became(text, first, code), rest=rest, parts=parts)

    def addressee(self, text: str, clean: str, name: str, space: str, mark: str) -> Fix:
        """收 behind a name is what stands on parcels; where it may be the end of the given name it is a doubt, and in
        丰收 and the like it is the given name."""
        if space or len(mark) > 1 or not self.plausible(clean):
            titled = self.read(text, name)
            if titled.parts and not titled.doubt:
                return replace(titled, rest="；".join(filter(None, (titled.rest, mark))))
            if self.certain(name):
                return Fix(name, "person_split", rest=mark)
            return self.read(text, clean) if self.plausible(_BETWEEN.sub("", clean)) else kept(text, "person_addressee")
        return became(text, clean, "person_formatted") if clean[-2] in _HARVESTS else kept(text, "person_addressee")

    def _people(self, text: str) -> list[str]:
        """The texts of the persons in a cell: apart by a mark, or by a space or 和 between two full names."""
        names = [name for piece in _TWO.split(text) if (name := piece.strip(_EDGES))]
        if len(names) == 1:
            both = _AND.fullmatch(names[0])
            apart = list(both.groups()) if both else names[0].split()
            full = all(self.plausible(name) and name not in self.titles for name in apart)
            if full and not self.plausible("".join(apart)):
                return apart
        return names

    def _one(self, text: str) -> tuple[str, str, str]:
        """Name, title, doubt of one person."""
        joined = _BETWEEN.sub("", text)
        name = joined if self.plausible(joined) and not self._titled_apart(text) else text
        if fold(joined) in self.titles:
            return joined, "", "person_not_a_name"
        if fold(joined) in self.surnames or (_CALLED.fullmatch(joined) and fold(joined[1:]) in self.surnames):
            return joined, "", "person_surname_only"
        if self.plausible(name) and not self._ends_in_title(name):
            return name, "", ""
        for title in self._titles_of(name):
            for rest, behind in self._without(name, title):
                if fold(rest) in self.surnames or (title not in ONE_CHARACTER and len(rest) == 1):
                    return joined, "", "person_surname_only"
                if not self._may_be_cut(title, rest):
                    continue
                inner, further, doubt = self._one(rest)
                if doubt == "person_surname_only":
                    return joined, "", doubt
                if self.plausible(inner) and not doubt:
                    return inner, _beside(further, title) if behind else _beside(title, further), ""
        if any(_CALLED.fullmatch(w) and fold(w[1:]) in self.surnames for w in text.split()):
            return text, "", "person_surname_only"
        return joined if len(joined) < 5 else text, "", ""

    def _may_be_cut(self, title: str, name: str) -> bool:
        """工, 董, 哥, 姐 may end a given name of two characters (李明工); no given name ends in 总."""
        return title not in ONE_CHARACTER or (self.plausible(name) and (title == "总" or self._long_enough(name)))

    def _titled_apart(self, text: str) -> bool:
        return any(fold(word) in self.titles for word in text.split())

    def _ends_in_title(self, name: str) -> bool:
        """Surname and title (张总, 王经理), or a full name with one behind it."""
        return any(
            len(title) > 1 or fold(name[:-1]) in self.surnames or self._may_be_cut(title, name[:-1])
            for title in self._titles_of(name)
        )

    def _titles_of(self, name: str) -> list[str]:
        """The titles a name ends or starts with, longest first."""
        folded = fold(name)
        ends = ((folded[-n:], folded[:n] if n > 1 else "") for n in self.lengths if n < len(name))
        return [t for pair in ends for t in pair if t in self.titles]

    def _without(self, name: str, title: str) -> list[tuple[str, bool]]:
        """What stands before the title (and True), and what stands behind it."""
        folded, size = fold(name), len(title)
        found = [(name[:-size], True)] if folded.endswith(title) else []
        found += [(name[size:], False)] if folded.startswith(title) and title not in ONE_CHARACTER else []
        bare = [(_BETWEEN.sub("", rest.strip(" -—_:：")), behind) for rest, behind in found]
        return [(rest, behind) for rest, behind in bare if rest]

    def _long_enough(self, name: str) -> bool:
        """Whether the given name has two characters."""
        return len(name) - (2 if fold(name[:2]) in self.surnames and len(name) > 2 else 1) >= 2

    def plausible(self, name: str) -> bool:
        """A Chinese full name: a known surname and a given name of one or two characters."""
        if not _NAME.fullmatch(name):
            return False
        folded = fold(name)
        if folded[:2] in self.surnames:
            return 3 <= len(name) <= 4
        return folded[:1] in self.surnames and 2 <= len(name) <= 3


def _beside(front: str, behind: str) -> str:
    """Two titles of one person; a lone one stays itself."""
    return "；".join(title for title in (front, behind) if title)


def _without_courtesy(title: str) -> tuple[str, str]:
    """Of several titles, those that say what somebody does, and the mere courtesies."""
    several = title.split("；")
    courtesies = [t for t in several if t in COURTESIES] if len(several) > 1 else []
    return "".join(t for t in several if t not in courtesies), "；".join(courtesies)


@cache
def pinyin(name: str) -> str:
    """A name in toneless pinyin without spaces, lower case; Latin names likewise.

    >>> pinyin("张伟"), pinyin("Zhang Wei")
    ('zhangwei', 'zhangwei')
    """
    return re.sub(r"[^a-z]", "", "".join(lazy_pinyin(fold(name))).casefold())


def compare(left: Sequence[str], right: Sequence[str]) -> np.ndarray:
    """1 equal, .97 equal but for script, .9 equal in pinyin, else Jaro-Winkler."""
    pairs = list(zip(map(fold, left), map(fold, right), strict=True))
    score = np.minimum(cpdist([a for a, _ in pairs], [b for _, b in pairs], scorer=JaroWinkler.similarity), 0.89)
    same_sound = np.array([pinyin(a) == pinyin(b) != "" for a, b in pairs], dtype=bool)
    same_script = np.array([a == b for a, b in pairs], dtype=bool)
    same = np.array([a == b for a, b in zip(left, right, strict=True)], dtype=bool)
    return np.select([same, same_script, same_sound], [1.0, 0.97, 0.9], score)


def comparable(values: Sequence[str], words: Words) -> pd.DataFrame:
    """What two names are compared by: folded form, sound, and the surname where a title stands for the given name."""
    reader = fixer({}, words)
    called = [fold(v[:2] if len(v) > 3 else v[:1]) if reader(v).doubt == "person_surname_only" else "" for v in values]
    families = frozenset(map(pinyin, surnames(words)))
    return pd.DataFrame(
        {
            "folded": [romanised(fold(v)).casefold() for v in values],
            "sound": [_sound(v, families) for v in values],
            "called": called,
        }
    )


def _sound(name: str, families: frozenset[str]) -> str:
    """A name as it is spoken, in its own order: Smith, John is John Smith, Xiaodong Chen is Chen Xiaodong."""
    plain = romanised(name)
    if plain.isascii():
        last, comma, first = plain.partition(",")
        words = f"{first} {last}".split() if comma else plain.split()
        if len(words) > 1 and words[-1].lower() in families and words[0].lower() not in families:
            words = [words[-1], *words[:-1]]
        plain = " ".join(words)
    return pinyin(plain)


def keys(value: str) -> tuple[str, ...]:
    """The folded name, and its pinyin."""
    return fold(value), pinyin(value)


class _Certain(NamedTuple):
    """Patterns for full names that no title can end, nor begin at the surname: of two and three characters, and with a
    double surname (which the first two cannot be); ``never`` are texts that look like them and are none."""

    two: str
    three: str
    double: str
    never: tuple[str, ...]


def _certain(words: Words) -> _Certain | None:
    """None where no surnames are known."""
    known = surnames(words)
    single = {name for name in known if re.fullmatch(f"[{_HAN}]", name) and fold(name) in known}
    if not single:
        return None
    typed = "".join(map(chr, range(0x3400, 0xA000)))
    folded = list(zip(typed, fold(typed), strict=True))
    titles = [row[0] for row in words.get("titles", ())]
    last = {title[-1] for title in titles} | {"收"}
    heads = {fold(name) for name in single}
    second = {title[1] for title in titles if len(title) > 1 and title[0] in heads}
    doubles = sorted(name for name in known if len(name) == 2)

    def but(characters: set[str]) -> str:
        return rf"[^\P{{Han}}{''.join(c for c, plain in folded if plain in characters)}]"

    starts = {title[:2] for title in titles}
    double = "|".join(name for name in doubles if name not in starts) or _NOTHING
    first, alone = f"[{''.join(sorted(single))}]", second | {name[1] for name in doubles}
    return _Certain(
        f"{first}{but(alone | last)}",
        f"{first}{but(second)}{but(last)}",
        f"(?:{double})\\p{{Han}}?{but(last)}",
        (*(name for name in known if len(name) > 1), *null_words(words, "person")),
    )


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Chinese full names that no title can end, nor begin at the surname."""
    name = _certain(words)
    return matching("|".join(name[:3]), name.never) if name else matching(_NOTHING)


def repairs(options: Options, words: Words) -> Repairs:
    """Full names with one space in them; 男 and 女 apart are no part of a name."""

    def joined(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(texts, r"^(\p{Han}{1,2}) +([^\P{Han}男女]|\p{Han}{2})$", r"\1\2")

    return (("person_formatted", joined),)


def readings(options: Options, words: Words) -> Sequence[Reading]:
    """Full names with a title or a remark in brackets behind, two of them, and with one title of two characters or more
    behind, where no longer title can be meant."""
    name = _certain(words)
    titles = sorted({row[0] for row in words.get("titles", ()) if re.fullmatch(f"[{_HAN}]{{2,}}", row[0])})
    if name is None or not titles:
        return ()
    title = "|".join(titles)
    longer = tuple(rf"\p{{Han}}{{{n}}}(?:{title})" for n in (0, 1, 2))
    full, any_title = f"(?:{'|'.join(name[:3])})", "|".join(map(re.escape, (row[0] for row in words["titles"])))
    no = "|".join(map(re.escape, name.never))
    nested = "|".join(t for t in titles if any(t != other and t.startswith(other) for other in titles)) or _NOTHING
    short = "|".join(re.escape(row[0]) for row in words["titles"] if len(row[0]) == 1) or _NOTHING
    other = "".join(f"|{n}" for n in sorted(n for n in surnames(words) if len(n) == 1 and fold(n) != n))
    ahead = (
        f"(?:{title}) ?(?:{no}|(?:{short}{other}).*)",
        f".*(?:{any_title})",
        f"(?:{nested}).*",
    )
    never = (f"(?:{no})[(（/].*|.*/(?:{no})",)
    return (
        Reading(f"(?P<value>{full})[(（](?P<title>{title})[)）]", "person_title_cut", never=never),
        Reading(f"(?P<value>{full})/(?P<name_2>{full})", "person_split", never=never),
        Reading(
            rf"(?P<value>{full})[(（](?P<rest>\p{{Han}}+)[)）]",
            "person_split",
            never=(*never, f".*[(（](?:{any_title})[)）]"),
        ),
        Reading(f"(?P<title>{title}) ?(?P<value>{full})", "person_title_cut", never=ahead),
        Reading(f"(?P<value>{name.two})(?P<title>{title})", "person_title_cut", never=longer[:2]),
        Reading(f"(?P<value>{name.three})(?P<title>{title})", "person_title_cut", never=longer),
    )


KIND = Kind(
    readings=readings,
    repairs=repairs,
    untouched=untouched,
    name="person", fixer=fixer, shape=lambda options: "", mask=lambda v: v[:1] + "*" * (len(v) - 1) if len(v) > 2 else "*" * len(v),
    compare=compare, keys=keys,
)  # fmt: skip
