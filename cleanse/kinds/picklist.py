"""Values of a list that the target knows. A word that is not on it is a doubt; there is no default."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from rapidfuzz import fuzz

from cleanse.kinds.characters import NULL, became, half_width, is_null, kept, mask_text, null_words, tidy
from cleanse.kinds.script import fold
from cleanse.model import Fix, Kind, Options, Words

_SPACE = re.compile(r"\s+")
LIKE, WITHIN = 0.5, 0.9
_SEVERAL = re.compile(r"[/／、,，;；|+&]")


def plain(text: str) -> str:
    """A word for looking up: no case, width, script or spaces.

    >>> plain("ＶＩＰ 客戶")
    'vip客户'
    """
    return fold(_SPACE.sub("", half_width(tidy(text)))).casefold()


_AROUND = re.compile(r"^[a-z]?\d{0,2}[-.、:：_]|^[a-z](?=[\u3400-\u9fff])|(?:行业|[类业])$|[。.;；,，、!！*★]+$|^[*★]+")


def _bare(word: str) -> str:
    """A plain word without a class letter or number in front (C-制造业, 01.制造业), 行业 or 类 behind, and stray marks."""
    return _AROUND.sub("", word)


def values(options: Options, words: Words) -> tuple[str, ...]:
    """The values of the picklist that the options name, in the order of its file."""
    return tuple(row[0] for row in words.get(f"picklists/{options.get('picklist', '')}", ()) if row and row[0])


def lookup(options: Options, words: Words) -> dict[str, str]:
    """Plain word -> value: the values themselves, then their own synonyms, then shipped groups with exactly one member
    on the list. A word that leads to two values leads to none."""
    name = options.get("picklist", "")
    known = {plain(v): v for v in values(options, words)}
    own: dict[str, set[str]] = {}
    for row in words.get(f"picklists/{name}", ()):
        _add(own, row[1:], row[0])
    shipped: dict[str, set[str]] = {}
    for group in words.get(f"synonyms/{name}", ()):
        members = {known[plain(word)] for word in group if plain(word) in known}
        if len(members) == 1:
            _add(shipped, group, members.pop())
    return {word: min(owners) for word, owners in (shipped | own).items() if len(owners) == 1} | known


def _add(found: dict[str, set[str]], group: Iterable[str], value: str) -> None:
    for word in group:
        if word:
            found.setdefault(plain(word), set()).add(value)


def nearest(options: Options, words: Words) -> Callable[[str], list[tuple[str, float]]]:
    """Values of the list a word may stand for, with a likeness 0..1, the likest first; nothing below ``LIKE``. A known
    word that lies within the word, or the other way round, counts as likely.

    >>> words = {"picklists/industry": (("制造业",), ("信息技术",)), "synonyms/industry": (("信息技术", "软件"),)}
    >>> nearest({"picklist": "industry"}, words)("软件开发")
    [('信息技术', 0.9)]
    """
    known = lookup(options, words)

    def find(text: str) -> list[tuple[str, float]]:
        word, best = plain(text), dict[str, float]()
        for name, value in known.items():
            inside = min(len(name), len(word)) > 1 and (name in word or word in name)
            likeness = max(fuzz.ratio(word, name) / 100, WITHIN if inside else 0.0)
            if likeness >= LIKE:
                best[value] = max(best.get(value, 0.0), round(likeness, 2))
        return sorted(best.items(), key=lambda found: (-found[1], found[0]))

    return find


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """The value that a word, or several words of one meaning, stand for. Without a list (no such file) every word is as good as another.

    >>> words = {"picklists/type": (("战略",), ("普通",)), "synonyms/type": (("战略", "VIP"),)}
    >>> fix = fixer({"picklist": "type"}, words)
    >>> fix("vip").value, fix("也许").doubt
    ('战略', 'picklist_unknown')
    """
    nulls = null_words(words, "picklist")
    listed, known = frozenset(values(options, words)), lookup(options, words)

    def fix(text: str) -> Fix:
        if text in listed:
            return Fix(text)
        if is_null(text, nulls):
            return NULL
        if not listed:
            return kept(text)
        value = known.get(plain(text)) or known.get(_bare(plain(text))) or _agreed(text)
        return kept(text, "picklist_unknown") if value is None else became(text, value, "picklist_synonym")

    def _agreed(text: str) -> str | None:
        """软件/互联网: several words that stand for one value."""
        found = {known.get(plain(word)) for word in _SEVERAL.split(text)}
        return found.pop() if len(found) == 1 else None

    return fix


KIND = Kind(name="picklist", fixer=fixer, shape=lambda options: "", mask=mask_text, options=frozenset({"picklist"}))
