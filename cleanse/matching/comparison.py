"""What the names of two records say: a level of likeness, and what objects to their being one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from cleanse.matching.blocking import MISSING

TYPO_FROM = 4  # characters of brand and trade, from which on one of them may be a slip
LONG_BRAND = 3
SHORT = 5  # characters of a name that may be an abbreviation
LETTERS = re.compile(r"[a-z]+")
DIGITS = re.compile(r"[0-9]+")
_WORD = re.compile(r"[a-z'-]+")
SLIP_FROM = 7  # characters of a person's Latin name in which one may be a slip


# Levels and objections are handed on as their number in these lists: a column of words is large and slow.
LEVELS = (
    "other_name", "nameless", "same_name", "same_short", "same_parts", "same_unplaced", "same_core", "wider_region",
    "other_form", "short_name", "typo", "typo_brand", "other_place", "other_trade", "other_region", "same_person",
    "other_person", "same_script", "same_sound", "called", "abbreviation", "other_script",
    "slip",
)  # fmt: skip
OBJECTIONS = (
    "", "named_after", "cut_short", "person_and_company", "other_person", "number", "branch", "remark", "group_form", "group", "other_region",
    "other_place", "other_trade", "other_name", "namesake", "namesake_unknown", "nameless", "abbreviation",
    "other_script", "renamed", "slip",
)  # fmt: skip
TELLING_APART = tuple(
    map(frozenset, ("甲乙丙丁戊己庚辛壬癸", "一二三四五六七八九十", "东南西北中", "上中下", "前后", "新老旧", "大小"))
)
WORDS_APART = (frozenset(("jr", "sr", "jnr", "snr", "i", "ii", "iii", "iv")),)
LEVEL = {name: number for number, name in enumerate(LEVELS)}
OBJECTION = {name: number for number, name in enumerate(OBJECTIONS)}


@dataclass(frozen=True)
class Names:
    """The names of records as integer codes per part (MISSING where absent).

    ``of``: the row of each record in what is kept per distinct name: ``texts`` (folded), ``brands``, ``cores`` (brand
    and trade), for what codes do not decide.
    """

    parts: dict[str, np.ndarray]
    of: np.ndarray
    texts: pa.Array
    brands: pa.Array
    cores: pa.Array

    def take(self, at: np.ndarray) -> Names:
        return Names({k: v[at] for k, v in self.parts.items()}, self.of[at], self.texts, self.brands, self.cores)

    def read(self, of: pa.Array, at: np.ndarray) -> np.ndarray:
        """What is kept per distinct name, of the records at these places."""
        return of.take(pa.array(self.of[at])).to_numpy(zero_copy_only=False)


@dataclass(frozen=True)
class _Pairs:
    """Two sides of aligned pairs."""

    names: Names
    left: np.ndarray
    right: np.ndarray
    read: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def both(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        if part not in self.read:
            values = self.names.parts[part]
            self.read[part] = (values[self.left], values[self.right])
        return self.read[part]

    def texts(self, of: pa.Array, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is kept per distinct name, of the pairs at these places."""
        return self.names.read(of, self.left[at]), self.names.read(of, self.right[at])

    def known(self, part: str) -> np.ndarray:
        a, b = self.both(part)
        return (a != MISSING) & (b != MISSING)

    def equal(self, part: str) -> np.ndarray:
        a, b = self.both(part)
        return (a == b) & (a != MISSING)

    def alike(self, part: str) -> np.ndarray:
        """Equal, or absent on both sides."""
        a, b = self.both(part)
        return a == b

    def conflict(self, part: str) -> np.ndarray:
        a, b = self.both(part)
        return (a != b) & (a != MISSING) & (b != MISSING)

    def lacks(self, part: str) -> np.ndarray:
        a, b = self.both(part)
        return (a == MISSING) & (b == MISSING)


def companies(names: Names, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Level and objection (numbers of LEVELS and OBJECTIONS) of pairs of organisations and private persons."""
    p = _Pairs(names, left, right)
    persons = [side == 1 for side in p.both("person")]
    both, one = persons[0] & persons[1], persons[0] != persons[1]
    nameless = ~p.known("folded")
    trade, form, equal = p.alike("trade"), p.alike("form"), p.equal("folded")
    brandless = p.lacks("brand")  # institutions: 第六中学
    place = p.equal("city") | (p.lacks("city") & p.equal("province"))
    brand = p.equal("brand")
    core = (brand | (brandless & p.equal("trade") & place)) & trade
    named = p.conflict("named_province") | p.conflict("named_city") | p.conflict("named_district")
    filled = (p.conflict("province") | p.conflict("city")) & ~p.equal("own_city")
    near = ~named & ~filled
    undecided = ~core & ~nameless & near
    begins = _begins(p, undecided)
    begun = begins & brand & p.known("trade")  # 天翼通讯, of 天翼通讯设备有限公司
    longer = (undecided & brand & ~p.known("trade")) | begins
    short = longer & ~p.known("form")  # a registered name that says less is another company
    typo = _typos(p, undecided & ~brand & ~longer & ~both & ~one)
    long_brand = _long_brands(p, typo)
    firm = np.logical_or(*(side != MISSING for side in p.both("form")))
    cross = ~nameless & ~p.alike("han") & ~brand & ~(one & firm)
    abbreviated = _abbreviated(p, undecided & ~brand & ~longer & ~both & ~one & ~cross)
    bare = p.lacks("region") & p.lacks("form") & p.lacks("branch") & p.lacks("remark")
    levels = [
        (nameless, "nameless"),
        (cross, "other_script"),
        (both & equal, "same_person"),
        (both | (one & ~short & ~brand), "other_person"),
        (equal & bare, "same_short"),
        (equal, "same_name"),
        (core & named, "other_region"),
        (core & filled, "other_place"),
        (core & p.conflict("region"), "wider_region"),
        (core & form & p.alike("region"), "same_name"),
        (core & ~p.known("form") & p.equal("region"), "same_parts"),
        (core & form, "same_unplaced"),
        (core & ~p.known("form"), "same_core"),
        (core, "other_form"),
        (short, "short_name"),
        (brand & ~near, "other_region"),
        (typo & long_brand, "typo"),
        (typo, "typo_brand"),
        (brand | longer, "other_trade"),
        (abbreviated, "abbreviation"),
    ]
    level = _first(levels, LEVEL, "other_name")
    group = _group_and_member(p)
    telling = ((level == LEVEL[name], name) for name in ("other_region", "other_place", "other_trade", "other_name"))
    objections = [
        (nameless, ""),
        (cross, "other_script"),
        (one & (brand | short), "named_after"),
        (one, "person_and_company"),
        (both & ~equal, "other_person"),
        (~p.alike("number"), "number"),
        (~p.alike("branch"), "branch"),
        (~p.alike("remark"), "remark"),
        (group & core, "group_form"),
        (group, "group"),
        (begun & short, "cut_short"),
        (level == LEVEL["abbreviation"], "abbreviation"),
        *telling,
    ]
    return level, _first(objections, OBJECTION, "")


def _first(found: list[tuple[np.ndarray, str]], numbers: dict[str, int], otherwise: str) -> np.ndarray:
    """Per pair the number of the first name whose condition holds."""
    result = np.full(len(found[0][0]), numbers[otherwise], dtype=np.int8)
    for condition, name in reversed(found):
        result[condition] = numbers[name]
    return result


def _group_and_member(p: _Pairs) -> np.ndarray:
    """One is a group, the other has another form or says more: 山天集团 and 山天置业."""
    (a, b), (long_a, long_b) = p.both("group"), p.both("length")
    more = np.where(a == 1, long_b > long_a, long_a > long_b)
    return (a != b) & (p.conflict("form") | more)


def _begins(p: _Pairs, wanted: np.ndarray) -> np.ndarray:
    """Whether one side is no more than the first characters of the other: a brand in front of a trade no lexicon has."""
    found = np.zeros(len(wanted), dtype=bool)
    (long_a, long_b), (head_a, head_b) = p.both("length"), p.both("head")
    at = np.flatnonzero(wanted & (head_a == head_b) & (long_a != long_b) & (np.minimum(long_a, long_b) >= 2))
    a, b = p.texts(p.names.cores, at)
    found[at] = [x.startswith(y) or y.startswith(x) for x, y in zip(a, b, strict=True)]
    return found


def _typos(p: _Pairs, wanted: np.ndarray) -> np.ndarray:
    """Brand and trade that differ in one character."""
    found = np.zeros(len(wanted), dtype=bool)
    (long_a, long_b), (head_a, head_b), (tail_a, tail_b) = p.both("length"), p.both("head"), p.both("tail")
    ends = (head_a == head_b) | (tail_a == tail_b)  # one slip leaves one end as it is
    near = (np.abs(long_a - long_b) <= 1) & (np.minimum(long_a, long_b) >= TYPO_FROM)
    at = np.flatnonzero(wanted & ends & near)
    if len(at):
        a, b = p.texts(p.names.cores, at)
        found[at] = cpdist(a, b, scorer=OSA.distance, score_cutoff=1) <= 1
        slips = found[at].copy()
        found[at[slips]] = [not _told_apart(x, y) for x, y in zip(a[slips], b[slips], strict=True)]
    return found


def _abbreviated(p: _Pairs, wanted: np.ndarray) -> np.ndarray:
    """Whether one side, short and without legal form, is made of characters of the other in their order, from the first
    on or from the one behind 中国."""
    found = np.zeros(len(wanted), dtype=bool)
    lengths, forms = p.both("length"), p.both("form")
    for a, b, length, form in zip((p.left, p.right), (p.right, p.left), lengths, forms, strict=True):
        at = np.flatnonzero(wanted & (form == MISSING) & (length >= 2) & (length <= SHORT))
        short, long = p.names.read(p.names.cores, a[at]), p.names.read(p.names.texts, b[at])
        found[at] |= np.array([_is_short_for(x, y) for x, y in zip(short, long, strict=True)], dtype=bool)
    return found


def _is_short_for(short: str, long: str) -> bool:
    if short.isascii() or long.startswith(short):
        return False
    rest = iter(long if long[0] == short[0] else long.removeprefix("中国"))
    return len(short) + 2 <= len(long) and next(rest) == short[0] and all(c in rest for c in short[1:])


def _told_apart(a: str, b: str) -> bool:
    """Whether what differs is there to tell two of a kind apart (青松甲, 青松乙; number 12, 15): no slip of the pen."""
    if DIGITS.findall(a) != DIGITS.findall(b) or (not a.isascii() and LETTERS.findall(a) != LETTERS.findall(b)):
        return True
    if any({x, y} <= row for x, y in zip(a.split(), b.split(), strict=False) for row in WORDS_APART if x != y):
        return True
    differ = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    return len(a) == len(b) and len(differ) == 1 and any(set(differ[0]) <= row for row in TELLING_APART)


def _long_brands(p: _Pairs, typo: np.ndarray) -> np.ndarray:
    """Typos that leave enough of a brand: of two characters one alone makes another brand, and one more or less a sister
    (瑞丰, 瑞丰达)."""
    found = np.zeros(len(typo), dtype=bool)
    at = np.flatnonzero(typo)
    brands = zip(*p.texts(p.names.brands, at), strict=True)
    found[at] = [min(len(x), len(y)) >= LONG_BRAND and (len(x) == len(y) or x.isascii()) for x, y in brands]
    return found


def persons(names: Names, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Level and objection of pairs of persons of one customer."""
    p = _Pairs(names, left, right)
    levels = [
        (~p.known("folded"), "nameless"),
        (p.equal("folded"), "same_name"),
        (p.equal("sound"), "same_sound"),
        (_called(p) | _initialled(p), "called"),
        (_slipped(p), "slip"),
    ]
    level = _first(levels, LEVEL, "other_name")
    return level, _first([(level == LEVEL[name], name) for name in ("other_name", "slip")], OBJECTION, "")


def _called(p: _Pairs) -> np.ndarray:
    """One side is a surname with a title, the other a name of that surname."""
    titled = p.names.parts["called"]
    found = np.zeros(len(p.left), dtype=bool)
    for a, b in ((p.left, p.right), (p.right, p.left)):
        at = np.flatnonzero((titled[a] != MISSING) & (titled[b] == MISSING))
        surnames, texts = p.names.read(p.names.brands, a[at]), p.names.read(p.names.texts, b[at])
        found[at] |= np.array([y.startswith(x) for x, y in zip(surnames, texts, strict=True)], dtype=bool)
    return found


def _initialled(p: _Pairs) -> np.ndarray:
    """Latin names of one surname, of which one has initials or fewer names than the other: B. Smith, Bob A. Smith."""
    found = np.zeros(len(p.left), dtype=bool)
    at = np.flatnonzero(p.conflict("folded") & p.conflict("sound") & p.equal("last"))
    words = [[_WORD.findall(text) for text in side] for side in p.texts(p.names.texts, at)]
    found[at] = [_fits(a, b) or _fits(b, a) for a, b in zip(*words, strict=True)]
    return found


def _slipped(p: _Pairs) -> np.ndarray:
    """Names of some length that differ in one character: Jon and John Harlow, 王小明 and 王小朋; a surname of one character
    is not where."""
    found = np.zeros(len(p.left), dtype=bool)
    at = np.flatnonzero(p.conflict("folded"))
    a, b = p.texts(p.names.texts, at)
    near = cpdist(a, b, scorer=OSA.distance, score_cutoff=1) <= 1
    found[at[near]] = [_may_slip(x, y) and not _told_apart(x, y) for x, y in zip(a[near], b[near], strict=True)]
    return found


def _may_slip(a: str, b: str) -> bool:
    if a.isascii():
        return min(len(a), len(b)) >= SLIP_FROM
    return len(a) == len(b) == 3 and a[0] == b[0]


def _fits(short: list[str], long: list[str]) -> bool:
    if len(short) < 2 or len(short) > len(long) or short[-1] != long[-1]:
        return False
    rest = iter(long[:-1])
    return all(any(word in (name, name[0]) for name in rest) for word in short[:-1])
