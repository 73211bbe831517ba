"""Column headers: how one is normalised, and which field it names.

Synonyms stand in ``rules/lexicons/headers.tsv``, words that add nothing to them in ``header_words.tsv``; this module only
looks up: exactly, piece by piece, as a name that dBase cut to ten bytes, and by likeness.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from cleanse.kinds.script import fold
from cleanse.model import Entity, Field, Words

_NOISE = re.compile(r"[\s*＊_\-:：.。#\"'“”]+|[(（\[【][^)）\]】]*[)）\]】](?=[\s*＊]*$)")
LIKE = 87.0
PREFIX = 4
CUT = range(8, 11)  # bytes of a name that dBase may have cut
NEAR = 60.0
LONGEST = 20  # characters of a header made of words
MADE_OF = 0.95  # sure of a header that is told by its pieces
NUMBERS = ("phone", "email")
PLACES = ("front", "behind", "beside", "own", "either")  # what a line of ``header_words`` is about
_JOINTS = r"[/、,+&|\\;]|(?<!^)[及和与或](?!$)"
_SPLITS = (re.compile(_JOINTS), re.compile(rf"{_JOINTS}|(?<=[\u4e00-\u9fff])(?=[a-z])|(?<=[a-z])(?=[\u4e00-\u9fff])"))


def normalize_header(text: str) -> str:
    """A header without width, case, traditional script, spaces, stars, or a bracketed remark at its end.

    >>> normalize_header(" *客户 名称（必填）"), normalize_header("E-Mail")
    ('客户名称', 'email')
    """
    folded = fold(unicodedata.normalize("NFKC", text)).strip()
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
        return path != "-" and not named & set(self.never) and (not self.only or bool(named & set(self.only)))


@dataclass(frozen=True)
class Vocabulary:
    """Normalised synonym -> ``entity.field`` (or ``-`` for a column that is no data); ``beside``: words that may stand
    beside a synonym and name nothing we keep; ``own``: synonyms that speak of the row itself, whatever it is; ``either``:
    words of which the values tell what they name."""

    synonyms: dict[str, str]
    order: dict[str, int]
    fillers: tuple[Filler, ...]
    beside: frozenset[str]
    own: frozenset[str]
    either: frozenset[str]
    fields: dict[str, Field]

    @classmethod
    def of(cls, words: Words, entities: Mapping[str, Entity]) -> Vocabulary:
        """From the lexicons ``headers`` (rows of path, synonym; the first line that names a synonym counts) and
        ``header_words`` (rows of a place, a word, and fields)."""
        synonyms: dict[str, str] = {}
        for path, *names in words.get("headers", ()):
            for name in names:
                synonyms.setdefault(normalize_header(name), path)
        fillers: list[Filler] = []
        alone: dict[str, set[str]] = {"beside": set(), "own": set(), "either": set()}
        for place, word, *rest in words.get("header_words", ()):
            if place in alone:
                alone[place].add(normalize_header(word))
                continue
            told = rest[0].split() if rest else []
            never = tuple(path[1:] for path in told if path.startswith("-"))
            only = tuple(path for path in told if not path.startswith("-"))
            fillers.append(Filler(normalize_header(word), place == "behind", only, never))
        fillers.sort(key=lambda f: (-len(f.word), f.word))
        order = {name: at for at, name in enumerate(synonyms)}
        fields = {f.path: f for e in entities.values() for f in e.fields.values()}
        beside, own, either = (frozenset(names) for names in alone.values())
        return cls(synonyms, order, tuple(fillers), beside, own, either, fields)

    def rank(self, header: str) -> int:
        """Where a header's synonym stands in the lexicon: of two columns for one field the earlier word counts, and last
        one that speaks of the row itself (ID beside customer_id)."""
        name, size = normalize_header(header), len(self.order)
        return self.order.get(name, size) + (size if name in self.own else 0)

    def find(self, header: str) -> tuple[str, float, str]:
        """``(path, confidence, evidence)``; path is '' when no synonym is near enough."""
        name = normalize_header(header)
        if name in self.synonyms:
            return self.synonyms[name], 1.0, "synonym"
        if path := self._bare(name) or self._together(name):
            return path, MADE_OF, "words"
        if len(name) >= PREFIX and len(name.encode("gb18030")) in CUT:
            cut = {path for synonym, path in self.synonyms.items() if synonym.startswith(name)}
            if len(cut) == 1:
                return cut.pop(), 0.9, "prefix"
        if len(name) >= PREFIX:
            # In Chinese one character more is another word (子公司名称), so that only a wrong one is a slip.
            likely = sorted(n for n in self.synonyms if name.isascii() or len(n) == len(name))
            best = process.extractOne(name, likely, scorer=fuzz.ratio, score_cutoff=LIKE)
            if best:
                return self.synonyms[best[0]], best[1] / 100 * 0.9, f"like {best[0]}"
        return "", 0.0, ""

    def tells(self, name: str) -> bool:
        """Whether a normalised header is made of known words."""
        return len(name) <= LONGEST and bool(self._bare(name) or self._together(name))

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
        """The field that takes what all pieces of a name say: 联络人/手机; '' where one is unknown."""
        for split in _SPLITS:
            pieces = [piece for piece in split.split(name) if piece]
            paths = [self._bare(piece) for piece in pieces]
            known = [path for path in paths if path]
            if len(pieces) < 2 or not known or "-" in known:
                continue
            if any(not path and piece not in self.beside for piece, path in zip(pieces, paths, strict=True)):
                continue
            spared = [path for piece, path in zip(pieces, paths, strict=True) if path and piece not in self.beside]
            if path := self._covering(known) or self._covering(spared):
                return path
        return ""

    def _covering(self, paths: Sequence[str]) -> str:
        """The field that holds all of these, itself or in its parts, and the least beside; '' where none does. Numbers
        beside names want a field made for both."""
        if len(set(paths)) < 2:
            return paths[0] if paths else ""
        wanted = {p for path in paths for p in self._parts(path)}
        numbers = {self.fields[path].kind in NUMBERS for path in paths}
        holding = [
            f for f in self.fields.values()
            if wanted <= self._parts(f.path) | set(f.parts.values()) and not (len(numbers) > 1 and f.kind in NUMBERS)
        ]  # fmt: skip
        best = sorted(holding, key=lambda f: (
            True in numbers and not f.virtual, len(self._parts(f.path) | set(f.parts.values())), not f.virtual, f.path
        ))  # fmt: skip
        return best[0].path if best else ""

    def _parts(self, path: str) -> set[str]:
        """What a field holds itself: a virtual one its parts."""
        return set(self.fields[path].parts.values()) if self.fields[path].virtual else {path}

    def near(self, header: str) -> list[tuple[str, float]]:
        """Fields a header may name, with a likeness 0..1, the likest first; nothing below ``NEAR``."""
        name, best = normalize_header(header), dict[str, float]()
        for synonym, likeness, _ in process.extract(name, sorted(self.synonyms), scorer=fuzz.ratio, limit=20):
            path = self.synonyms[synonym]
            if likeness >= NEAR and path != "-":
                best[path] = max(best.get(path, 0.0), round(likeness / 100, 2))
        return sorted(best.items(), key=lambda found: (-found[1], found[0]))
