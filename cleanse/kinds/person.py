"""Names of persons: the name itself, without title, remark or telephone number; Western names as they were typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
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
)
from cleanse.kinds.script import fold
from cleanse.model import Fix, Kind, Options, Words

_HAN = "\u3400-\u9fff"
_BETWEEN = re.compile(rf"(?<=[{_HAN}·])\s+(?=[{_HAN}·])")
_NAME = re.compile(rf"[{_HAN}]{{2,4}}")
_BRACKET = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d{9})(?!\d)")
_LABEL = re.compile(r"^(?:联系人|姓名|name)\s*[:：]\s*", re.IGNORECASE)
_TWO = re.compile(r"\s*(?:[/／、,，;；&＆|\n]|\s和\s|\s+and\s+)\s*")
_LOST = re.compile("[?？\ufffd]")
ONE_CHARACTER = frozenset("总工董哥姐")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """The name; titles in part ``title``, a second person in ``name_2``, a mobile in ``mobile``, remarks in ``rest``.

    A title is cut only from what is a plausible full name without it; a surname with a title stays as it is, a doubt.

    >>> words = {"surnames": (("吴",), ("石",)), "titles": (("采购经理",), ("女士",), ("经理",))}
    >>> fix = fixer({}, words)
    >>> fix("采购经理吴行").value, fix("石建心女士").parts, fix("吴经理").doubt
    ('吴行', (('title', '女士'),), 'person_surname_only')
    """
    reader = _Reader(words)
    nulls = null_words(words, "person")

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        if reader.certain(text):
            return Fix(text)
        clean = _LABEL.sub("", tidy(text))
        if _LOST.search(clean):
            return kept(text, "person_lost_in_encoding")
        if not re.search(f"[{_HAN}]", clean):
            return _western(text, clean)
        return reader.read(text, clean)

    return fix


def _western(text: str, clean: str) -> Fix:
    """Latin names keep case and spelling; full-width letters become half-width, runs of spaces one."""
    value = re.sub(r"\s+", " ", half_width(clean)).strip()
    if re.fullmatch(r"[\d\W_]*", value):
        return PLACEHOLDER if not re.search(r"\d", value) else kept(text, "person_not_a_name")
    return became(text, value, "person_formatted")


class _Reader:
    """Reads Chinese names with the lexicons ``surnames`` and ``titles``."""

    def __init__(self, words: Words) -> None:
        self.surnames = surnames(words)
        self.titles = frozenset(row[0] for row in words.get("titles", ()))
        self.lengths = tuple(sorted({len(t) for t in self.titles}, reverse=True))

    def certain(self, text: str) -> bool:
        """A plain Chinese full name with nothing that could be a title."""
        return self.plausible(text) and not self._titles_of(text)

    def read(self, text: str, clean: str) -> Fix:
        rest: list[str] = [m for m in _BRACKET.findall(clean) if m.strip()]
        bare = _BRACKET.sub(" ", clean)
        mobiles = list(dict.fromkeys(_MOBILE.findall(half_width(bare))))
        bare = _MOBILE.sub(" ", half_width(bare)) if mobiles else bare
        names = [n.strip(" /、,，;；:：-") for n in _TWO.split(bare.strip())]
        names = [n for n in names if n]
        if not names:
            return kept(text, "person_not_a_name")
        if len(names) > 2:
            return kept(text, "person_several")
        first, title, doubt = self._one(names[0])
        parts: list[tuple[str, str]] = [("title", title)] if title else []
        if len(names) == 2:
            second, second_title, _ = self._one(names[1])
            if names[1] in self.titles:
                parts = [("title", names[1])]
            elif self.plausible(second) or second_title:
                parts.append(("name_2", second))
            else:
                return kept(text, "person_several")
        parts += list(zip(("mobile", "mobile_2"), mobiles, strict=False))
        if doubt:
            return replace(
                kept(text, doubt), value=first, why="person_formatted" if first != text else "", parts=tuple(parts)
            )
        code = "person_title_cut" if title else "person_split" if len(parts) or rest else "person_formatted"
        return replace(became(text, first, code), rest="；".join(rest), parts=tuple(parts))

    def _one(self, text: str) -> tuple[str, str, str]:
        """Name, title, doubt of one person."""
        name = _BETWEEN.sub("", text) if not self._titled_apart(text) else text
        if self.plausible(name) and not self._ends_in_title(name):
            return name, "", ""
        for title in self._titles_of(name):
            for rest in self._without(name, title):
                if self.plausible(rest) and not (title in ONE_CHARACTER and not self._long_enough(rest)):
                    return rest, title, ""
                if fold(rest) in self.surnames or (title not in ONE_CHARACTER and len(rest) == 1):
                    return _BETWEEN.sub("", name), "", "person_surname_only"
        return _BETWEEN.sub("", name), "", ""

    def _titled_apart(self, text: str) -> bool:
        return any(word in self.titles for word in text.split())

    def _ends_in_title(self, name: str) -> bool:
        """Surname and title (张总, 王经理), or a full name with one behind it."""
        for title in self._titles_of(name):
            behind = name[: -len(title)]
            if (
                len(title) > 1
                or fold(behind) in self.surnames
                or (self.plausible(behind) and self._long_enough(behind))
            ):
                return True
        return False

    def _titles_of(self, name: str) -> list[str]:
        """The titles a name ends or starts with, longest first."""
        ends = ((name[-n:], name[:n] if n > 1 else "") for n in self.lengths if n < len(name))
        return [t for pair in ends for t in pair if t in self.titles]

    def _without(self, name: str, title: str) -> Sequence[str]:
        found = []
        if name.endswith(title):
            found.append(name[: -len(title)])
        if name.startswith(title) and title not in ONE_CHARACTER:
            found.append(name[len(title) :])
        return [_BETWEEN.sub("", rest.strip(" -—_:：")) for rest in found if rest.strip(" -—_:：")]

    def _long_enough(self, name: str) -> bool:
        """A one-character title is cut only behind a given name of two characters: 李明总 may be a name."""
        return len(name) - (2 if fold(name[:2]) in self.surnames and len(name) > 2 else 1) >= 2

    def plausible(self, name: str) -> bool:
        """A Chinese full name: a known surname and a given name of one or two characters."""
        if not _NAME.fullmatch(name):
            return False
        folded = fold(name)
        if folded[:2] in self.surnames:
            return 3 <= len(name) <= 4
        return folded[:1] in self.surnames and 2 <= len(name) <= 3


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
    """What two names are compared by: folded form, pinyin, and the surname where a title stands for the given name."""
    reader = fixer({}, words)
    called = [fold(v[:2] if len(v) > 3 else v[:1]) if reader(v).doubt == "person_surname_only" else "" for v in values]
    return pd.DataFrame(
        {"folded": [fold(v).casefold() for v in values], "sound": list(map(pinyin, values)), "called": called}
    )


def keys(value: str) -> tuple[str, ...]:
    """The folded name, and its pinyin."""
    return fold(value), pinyin(value)


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Chinese full names of two or three characters, none of which behind the surname can start or end a title."""
    known = surnames(words)
    single = "".join(sorted(name for name in known if re.fullmatch(f"[{_HAN}]", name)))
    ends = "".join(sorted({c for row in words.get("titles", ()) for c in row[0] if re.fullmatch(f"[{_HAN}]", c)}))
    never = [*(name for name in known if len(name) > 1), *null_words(words, "person")]
    return matching(rf"[{single}][^\P{{Han}}{ends}]{{1,2}}" if single else r"[^\x00-\x{10FFFF}]", never)


KIND = Kind(
    untouched=untouched,
    name="person", fixer=fixer, shape=lambda options: "", mask=lambda v: v[:1] + "*" * (len(v) - 1) if len(v) > 2 else "*" * len(v),
    compare=compare, keys=keys,
)  # fmt: skip
