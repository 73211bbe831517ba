"""Column headers: how one is normalised, and which field it names.

Synonyms stand in ``rules/lexicons/headers.tsv``, words that add nothing to them, and words of groups, in
``header_words.tsv``; this module only looks up: exactly, piece by piece, within a group, as a name that dBase cut to ten
bytes, and as a slip of the pen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from cleanse.kinds.header_fields import covering
from cleanse.kinds.header_path import Group, take_apart
from cleanse.kinds.script import fold
from cleanse.model import Entity, Field, Words

_MEANS = re.compile(
    r"[(（\[【]\s*(英文|英语|外文|拼音|english|en|备用|旧|原|[2-9二三四])\s*[)）\]】](?=[\s*＊]*$)", re.IGNORECASE
)
_NOISE = re.compile(r"[\s*＊_\-:：.。#\"'“”]+|[(（\[【][^)）\]】]*[)）\]】](?=[\s*＊]*$)")
_MARKS = re.compile(r"^[\s★☆●○◆◇■□▲△▼▽※√✓•·▪◎✱►▶→↓↑]+|[\s★☆●○◆◇■□▲△▼▽※√✓•·▪◎✱◀←↓↑]+$")
_COUNTED = re.compile(
    r"^\s*(?:[①-⑳⑴-⒇]|[(（]?\d{1,2}\s*[.．、)）](?!\d)|[(（]?[一二三四五六七八九十]{1,2}[、.．)）])\s*(?=\S)"
)
_ASKED = re.compile(
    r"^\s*[\[【(（]?\s*(?:必填项?|选填项?|非必填|required|optional|单选|多选)\s*(?:[\]】)）:：\-]|(?<=项)|(?=[\u4e00-\u9fff]))\s*(?=\S)|"
    r"(?<=\S)\s*(?:必填项?|选填项?|非必填)\s*$",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"^\s*[\[【〖《<＜「]([^\]】〗》>＞」]+)[\]】〗》>＞」]\s*$")
LIKE = 87.0
PREFIX = 4
CUT = range(9, 11)  # bytes of a name that dBase may have cut
NEAR = 60.0
LONGEST = 20  # characters of a header made of words
MADE_OF = 0.95  # sure of a header that is told by its pieces
IN_GROUP = 0.9  # ... by its last word and the groups above it
BELOW = 0.8  # ... by its last word, whatever the group above it says
ALONE = ("beside", "own", "either", "unit")
PLACES = ("front", "behind", *ALONE, "row", "group")  # what a line of ``header_words`` is about
NOTHING = ("", 0.0, "")
NOBODYS = "-"
_JOINTS = r"[/、,+&|\\;]|(?<!^)[及和与或](?!$)"
_SCRIPTS = r"(?<=[\u4e00-\u9fff])(?=[a-z])|(?<=[a-z])(?=[\u4e00-\u9fff])"
_SPLITS = (re.compile(_JOINTS), re.compile(rf"{_JOINTS}|{_SCRIPTS}"))

Found = tuple[str, float, str]  # path, confidence, evidence


def normalize_header(text: str) -> str:
    """A header without width, case, traditional script, spaces, stars, numbering, or a bracketed remark at its end, unless
    that makes another header of it.

    >>> normalize_header(" *客户 名称（必填）"), normalize_header("E-Mail"), normalize_header("客户名称(英文)")
    ('客户名称', 'email', '客户名称英文')
    >>> normalize_header("3、【手机】"), normalize_header("必填-★地址")
    ('手机', '地址')
    """
    bare = text.strip("*＊ ")
    for pattern in (_MARKS, _COUNTED, _ASKED, _MARKS):
        bare = pattern.sub("", bare) or bare
    bare = _WRAPPED.sub(r"\1", bare)
    folded = _MEANS.sub(r"\1", fold(unicodedata.normalize("NFKC", bare or text))).strip()
    bare = _NOISE.sub("", folded).casefold()
    return bare or re.sub(r"\s+", "", folded).casefold()


@dataclass(frozen=True)
class Filler:
    """A word in front of a synonym or behind it that changes nothing: 客户 in 客户邮箱, of the fields named (all, where none
    is) but those after a dash."""

    word: str
    behind: bool
    only: tuple[str, ...]
    never: tuple[str, ...]

    def bare(self, name: str) -> str:
        """The name without the word; '' where it does not have it, or is nothing else."""
        rest = name.removesuffix(self.word) if self.behind else name.removeprefix(self.word)
        return rest if rest != name else ""

    def fits(self, path: str) -> bool:
        named = {path, path.split(".", maxsplit=1)[0]}
        return path != NOBODYS and not named & set(self.never) and (not self.only or bool(named & set(self.only)))


@dataclass(frozen=True)
class Vocabulary:
    """Normalised synonym -> ``entity.field`` (or ``-`` for a column that is no data); ``alone``: words by what is said of
    them (``beside``: may stand beside a synonym and name nothing we keep; ``own``: synonyms that speak of the row itself,
    whatever it is; ``either``: the values tell what they name; ``unit``: no name of anybody, but what things are counted
    in); ``groups``: a word above others -> the fields or entities that these may name (all, where none is said; none, where
    it speaks of somebody else); ``rows``: a word that tells what the rows of its table are -> their entity (``-``: nobody's
    we keep)."""

    synonyms: dict[str, str]
    order: dict[str, int]
    fillers: tuple[Filler, ...]
    alone: dict[str, frozenset[str]]
    groups: dict[str, tuple[str, ...]]
    rows: dict[str, str]
    fields: dict[str, Field]

    @classmethod
    def of(cls, words: Words, entities: Mapping[str, Entity]) -> Vocabulary:
        """From the lexicons ``headers`` (rows of path, synonym; the first line that names a synonym counts) and
        ``header_words`` (rows of a place, a word, and fields)."""
        synonyms: dict[str, str] = {}
        for path, *names in words.get("headers", ()):
            for name in names:
                synonyms.setdefault(normalize_header(name), path)
        lines = [
            (place, normalize_header(word), rest[0].split() if rest else [])
            for place, word, *rest in words.get("header_words", ())
        ]
        fillers = sorted(
            (_filler(word, place == "behind", told) for place, word, told in lines if place in ("front", "behind")),
            key=lambda f: (-len(f.word), f.word),
        )
        alone = {at: frozenset(w for place, w, _ in lines if place == at) for at in ALONE}
        groups = {word: tuple(told) for place, word, told in lines if place == "group"}
        rows = {word: told[0] if told else NOBODYS for place, word, told in lines if place == "row"}
        order = {name: at for at, name in enumerate(synonyms)}
        fields = {f.path: f for e in entities.values() for f in e.fields.values()}
        return cls(synonyms, order, tuple(fillers), alone, groups, rows, fields)

    def rank(self, header: str) -> int:
        """Where a header's synonym stands in the lexicon: of two columns for one field the earlier word counts, and last
        one that speaks of the row itself (ID beside customer_id)."""
        name, size = normalize_header(header), len(self.order)
        return self.order.get(name, size) + (size if name in self.alone["own"] else 0)

    def find(self, header: str, above: str = "") -> Found:
        """``(path, confidence, evidence)``; path is '' when no synonym is near enough. ``above``: the word of a header of two
        rows that stands over this one."""
        if above:
            return self._below(header, above)
        name = normalize_header(header)
        if name in self.synonyms:
            return self.synonyms[name], 1.0, "synonym"
        if path := self._bare(name) or self._together(name):
            return path, MADE_OF, "words"
        groups, last = take_apart(header)
        if groups:
            path = self._grouped(groups, last)
            return (path, IN_GROUP, f"in {groups[-1].word}") if path else NOTHING
        return self._cut(name) or self._slip(name) or NOTHING

    def tells(self, name: str) -> bool:
        """Whether a normalised header is made of known words."""
        return len(name) <= LONGEST and bool(self._bare(name) or self._together(name))

    def of_others(self, header: str) -> bool:
        """Whether a header begins with the word of somebody else (供应商名称), or names what we do not keep (公司传真)."""
        name = normalize_header(header)
        strangers = tuple(word for word, told in self.groups.items() if told == (NOBODYS,))
        beside = tuple(word for word in self.alone["beside"] if len(word) > 1)
        return name.startswith((*strangers, *beside)) or name.endswith(beside)

    def near(self, header: str) -> list[tuple[str, float]]:
        """Fields a header may name, with a likeness 0..1, the likest first; nothing below ``NEAR``."""
        name, best = normalize_header(header), dict[str, float]()
        for synonym, likeness, _ in process.extract(name, sorted(self.synonyms), scorer=fuzz.ratio, limit=20):
            path = self.synonyms[synonym]
            if likeness >= NEAR and path != NOBODYS:
                best[path] = max(best.get(path, 0.0), round(likeness / 100, 2))
        return sorted(best.items(), key=lambda found: (-found[1], found[0]))

    def _bare(self, name: str, most: int = 2) -> str:
        """The field of a name without words that add nothing; '' where none is left."""
        if name in self.synonyms:
            return self.synonyms[name]
        for filler in self.fillers if most else ():
            rest = filler.bare(name)
            path = self._bare(rest, most - 1) if rest else ""
            if path and filler.fits(path):
                return path
        return ""

    def _together(self, name: str) -> str:
        """The field that takes what all pieces of a name say: 联络人/手机; '' where one is unknown. Without a sign between
        them the last one says what it is: 联系人QQ is no name."""
        beside = self.alone["beside"]
        for split in _SPLITS:
            pieces = [piece for piece in split.split(name) if piece]
            paths = [self._bare(piece) for piece in pieces]
            known = [path for path in paths if path]
            if len(pieces) < 2 or not known or NOBODYS in known:
                continue
            if any(
                not path and piece not in beside | self.alone["either"]
                for piece, path in zip(pieces, paths, strict=True)
            ):
                continue
            if split is _SPLITS[1] and not paths[-1]:
                continue
            spared = [path for piece, path in zip(pieces, paths, strict=True) if path and piece not in beside]
            if path := covering(known, self.fields) or covering(spared, self.fields):
                return path
        return ""

    def _below(self, header: str, above: str) -> Found:
        """By the lower word within what the upper one allows, else by both. A blank cell above may belong to either
        side, so that the word alone still counts where the group is unknown, or a whole entity that has no such field."""
        groups, last = take_apart(header)
        group = Group.of(above)
        if path := self._grouped((group, *groups), last):
            return path, IN_GROUP, f"in {above}"
        if any("." in path or path == NOBODYS for path in self._reach(group) or ()):
            return NOTHING
        if path := self._bare(normalize_header(above) + normalize_header(header)):
            return path, MADE_OF, "words"
        path, sure, why = self.find(header)
        return path, min(sure, BELOW), why

    def _reach(self, group: Group) -> tuple[str, ...] | None:
        """What a group's word allows; None where it is unknown."""
        return self.groups.get(normalize_header(group.word))

    def _grouped(self, groups: Sequence[Group], last: str) -> str:
        """The field of a last word within all groups above it; '' where one of these is unknown or somebody else's. The
        nearest group that names anything counts."""
        reaches = [self._reach(group) for group in groups]
        if any(reach is None or NOBODYS in reach for reach in reaches):
            return ""
        telling = [(group, reach) for group, reach in zip(groups, reaches, strict=True) if reach]
        return self._within(*(telling[-1] if telling else (groups[-1], ())), normalize_header(last))

    def _within(self, group: Group, reach: Sequence[str], leaf: str) -> str:
        """The field of a word in one group, which allows ``reach``; what stands in a second one is a second value."""
        second = group.number == 2 or (bool(reach) and all(path.endswith("_2") for path in reach))
        entities = [path for path in reach if "." not in path]
        names = [*(entity + leaf for entity in entities), leaf, normalize_header(group.word) + leaf]
        for name in [f"{leaf}2", *names] if second else names:
            found = self._bare(name)
            for path in (found, f"{found}_2"):
                fits = not reach or {path, path.split(".", maxsplit=1)[0]} & set(reach)
                if path in self.fields and fits and second == path.endswith("_2"):
                    return path if group.number <= 2 else ""
        return ""

    def _cut(self, name: str) -> Found | None:
        """A name that was cut, where all it may have been is one field's."""
        if len(name) < PREFIX or len(name.encode("gb18030")) not in CUT:
            return None
        cut = {path for synonym, path in self.synonyms.items() if synonym.startswith(name)}
        return (cut.pop(), 0.9, "prefix") if len(cut) == 1 else None

    def _slip(self, name: str) -> Found | None:
        """A known word with a letter wrong, missing, doubled or out of place."""
        if len(name) < PREFIX:
            return None
        likely = sorted(synonym for synonym in self.synonyms if _may_be(name, synonym))
        best = process.extractOne(name, likely, scorer=fuzz.ratio, score_cutoff=LIKE)
        return (self.synonyms[best[0]], round(best[1] / 100 * 0.9, 2), f"like {best[0]}") if best else None


def _filler(word: str, behind: bool, told: Sequence[str]) -> Filler:
    never = tuple(path[1:] for path in told if path.startswith("-"))
    return Filler(word, behind, tuple(path for path in told if not path.startswith("-")), never)


def _may_be(name: str, synonym: str) -> bool:
    """In Chinese one character more is another word (子公司名称), and everywhere a figure, or letters before or behind."""
    if not name.isascii():
        return len(name) == len(synonym)
    if re.sub(r"\D", "", name) != re.sub(r"\D", "", synonym):
        return False
    wider = abs(len(name) - len(synonym)) > 1 and (name in synonym or synonym in name)
    return not wider and OSA.distance(name, synonym) <= (2 if len(name) > 9 else 1)
