"""The distinct texts of a column and what each of them should be: most told for all at once, the rest one by one.

Cells are numbers that point to distinct texts, so that what is known of a text is worked out and kept once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import matching, tidied
from cleanse.model import Fix, Kind, Options, Reading, Repairs, Test, Words

TEXT = pa.string()
WILD = {"?": ".", "#": "[0-9]", "*": ".*"}
AT_ONCE = 20_000  # texts that are plain Python at one time


@dataclass(frozen=True)
class Coded:
    """Texts as numbers that point into ``texts``: a cell takes four bytes, however long its text."""

    codes: np.ndarray
    texts: pa.Array

    @classmethod
    def of(cls, array: pa.Array) -> Coded:
        encoded = array.dictionary_encode("encode")
        return cls(encoded.indices.to_numpy(), encoded.dictionary)

    @classmethod
    def same(cls, text: str | None, size: int) -> Coded:
        return cls(np.zeros(size, np.int32), texts_of([text]))

    @classmethod
    def joined(cls, parts: Sequence[Coded]) -> Coded:
        starts = np.cumsum([0, *(len(p.texts) for p in parts)])
        codes = np.concatenate([p.codes for p in parts], dtype=np.int32)
        codes += np.repeat(starts[:-1].astype(np.int32), [len(p.codes) for p in parts])
        return cls(codes, pa.concat_arrays([p.texts for p in parts]))

    def take(self, cells: np.ndarray) -> Coded:
        """Some cells, with no more texts than they have."""
        codes = self.codes[cells]
        used = np.zeros(len(self.texts), dtype=bool)
        used[codes] = True
        return Coded((np.cumsum(used, dtype=np.int32) - 1)[codes], self.texts.filter(pa.array(used)))

    def array(self, cells: np.ndarray | None = None) -> pa.Array:
        """The texts of all cells, or of some, in offsets that any number of them fits."""
        codes = self.codes if cells is None else self.codes[cells]
        return self.texts.cast(pa.large_string()).take(pa.array(codes))

    def where(self, test: np.ndarray) -> np.ndarray:
        """The cells whose text passes; ``test`` stands beside ``texts``."""
        return np.flatnonzero(test[self.codes])


class Labels:
    """One label for each of ``size`` texts, '' where none was given."""

    def __init__(self, size: int) -> None:
        self.codes = np.zeros(size, dtype=np.int32)
        self._numbers: dict[str, int] = {"": 0}

    def put(self, at: np.ndarray | int, label: str) -> None:
        self.codes[at] = self._numbers.setdefault(label, len(self._numbers))

    def put_all(self, at: np.ndarray, labels: pa.Array) -> None:
        given = Coded.of(labels)
        numbers = [self._numbers.setdefault(text, len(self._numbers)) for text in given.texts.to_pylist()]
        self.codes[at] = np.array(numbers, dtype=np.int32)[given.codes]

    @property
    def texts(self) -> pa.Array:
        return texts_of(list(self._numbers))


@dataclass(frozen=True)
class Found:
    """What was found for some texts in one role: their positions and the values."""

    role: str
    at: np.ndarray
    values: pa.Array


class Fixed:
    """The fixes of the distinct texts of one column; ``codes`` points from its cells to them.

    ``values``, ``why``, ``doubt`` and ``rest`` stand beside ``texts``; ``parts`` are those of few of them.
    """

    def __init__(self, cells: Coded) -> None:
        self.codes, self.texts = cells.codes, cells.texts.cast(TEXT)
        self.why, self.doubt, self.rest = (Labels(len(self.texts)) for _ in range(3))
        self.parts: list[Found] = []
        self._better: list[tuple[np.ndarray, pa.Array]] = []

    def put(self, at: np.ndarray, values: pa.Array) -> None:
        if len(at):
            self._better.append((at, values))

    def finish(self) -> None:
        self.values, self._better = patched_all(self.texts, self._better), []

    def of_cells(self, labels: Labels, cells: np.ndarray) -> Coded:
        """The labels of the given cells."""
        texts = labels.texts
        small = np.int8 if len(texts) < 128 else np.int32
        return Coded(labels.codes.astype(small)[self.codes[cells]], texts)

    def where(self, test: np.ndarray) -> np.ndarray:
        """The cells whose text passes."""
        return np.flatnonzero(test[self.codes])


Repair = Callable[[Coded], Fixed]


def repair(kind: Kind, options: Options, words: Words, virtual: bool) -> Repair:
    """What repairs the distinct texts of many cells. A virtual field has no value of its own: every text is looked at."""
    test = None if virtual else _test(kind, options, words)
    repairs = kind.repairs(options, words) if test and kind.repairs else ()
    readings = kind.readings(options, words) if kind.readings and not virtual else ()
    fix = kind.fixer(options, words)
    doubts = _doubted(kind.name, words)
    marks = pa.array([word.casefold() for word, *_ in words.get("dittos", ())], TEXT)

    def fix_all(cells: Coded) -> Fixed:
        fixed = Fixed(cells)
        unsure = np.flatnonzero(~_refer_above(fixed, marks))
        if test:
            unsure = _mend(fixed, unsure, test, repairs)
        for reading in readings:
            unsure = np.delete(unsure, _read(fixed, unsure, reading))
        for start in range(0, len(unsure), AT_ONCE):
            some = unsure[start : start + AT_ONCE]
            _tell(fixed, some, [fix(text) for text in fixed.texts.take(pa.array(some)).to_pylist()])
        fixed.finish()
        for code, told in doubts:
            fixed.doubt.put(np.flatnonzero(told(pc.fill_null(fixed.values, "")) & (fixed.doubt.codes == 0)), code)
        return fixed

    return fix_all


def _doubted(kind: str, words: Words) -> list[tuple[str, Test]]:
    """The doubts on values that rules list (lexicons ``doubts/<kind>/<what>``), and what tells which are meant."""
    start = f"doubts/{kind}/"
    listed = {f"{kind}_{name.removeprefix(start)}": rows for name, rows in words.items() if name.startswith(start)}
    return [
        (code, matching("|".join(_as_pattern(text) for text, *_ in rows)))
        for code, rows in sorted(listed.items())
        if rows
    ]


def _as_pattern(text: str) -> str:
    """A text in which ``?`` is any character, ``#`` a digit and ``*`` any text, as a pattern of RE2."""
    return "".join(WILD.get(character) or re.escape(character) for character in text)


def _mend(fixed: Fixed, unsure: np.ndarray, test: Test, repairs: Repairs) -> np.ndarray:
    """Write down what the common repairs make of the unsure texts that do not pass; returns which are still unsure."""
    unsure = unsure[~test(fixed.texts)[unsure]]
    better = tidied(fixed.texts.take(pa.array(unsure)))
    for code, mend in (("dirt_removed", None), *repairs):
        mended = mend(better) if mend else better
        sure = test(mended)
        fixed.put(unsure[sure], mended.filter(pa.array(sure)))
        fixed.why.put(unsure[sure], code)
        unsure, better = unsure[~sure], better.filter(pa.array(~sure))
    return unsure


def _refer_above(fixed: Fixed, marks: pa.Array) -> np.ndarray:
    """Which texts only refer to the cell above (lexicon ``dittos``): no value of their own, and nothing to guess."""
    bare = pc.utf8_lower(pc.utf8_trim_whitespace(fixed.texts))
    refers = np.asarray(pc.is_in(bare, marks).to_numpy(zero_copy_only=False), dtype=bool)
    at = np.flatnonzero(refers)
    fixed.put(at, pa.nulls(len(at), TEXT))
    fixed.why.put(at, "ditto_mark")
    fixed.doubt.put(at, "ditto")
    return refers


def _tell(fixed: Fixed, at: np.ndarray, fixes: Sequence[Fix]) -> None:
    """Write down what was made of texts that were looked at one by one."""
    fixed.put(at, texts_of([x.value for x in fixes]))
    found: dict[str, dict[int, str]] = {}
    for number, fix in zip(at.tolist(), fixes, strict=True):
        for labels, label in ((fixed.why, fix.why), (fixed.doubt, fix.doubt), (fixed.rest, fix.rest)):
            if label:
                labels.put(number, label)
        for role, value in fix.parts:
            found.setdefault(role, {})[number] = value
    for role, values in found.items():
        fixed.parts.append(Found(role, np.array(list(values)), texts_of(list(values.values()))))


def _read(fixed: Fixed, unsure: np.ndarray, reading: Reading) -> np.ndarray:
    """Write down what a reading tells of the unsure texts; returns which of them it told."""
    told = read_all(reading, fixed.texts.take(pa.array(unsure)))
    at = unsure[told.at]
    if reading.why:
        fixed.why.put(at, reading.why)
    if reading.doubt:
        fixed.doubt.put(at, reading.doubt)
    for name, values in told.groups.items():
        if name == "value":
            fixed.put(at, values)
        elif name == "rest":
            fixed.rest.put_all(at, values)
        else:
            fixed.parts.append(Found(name, at, values))
    return told.at


@dataclass(frozen=True)
class Told:
    """Which of many texts a reading is for, and what its groups are in them."""

    at: np.ndarray
    groups: dict[str, pa.Array]


def read_all(reading: Reading, texts: pa.Array) -> Told:
    """What a reading makes of the texts it is for. Where a part is the value once more it tells nothing."""
    pattern = f"^(?:{reading.pattern})$"
    good = pc.match_substring_regex(texts, pattern)
    for never in reading.never:
        good = pc.and_not(good, pc.match_substring_regex(texts, f"^(?:{never})$"))
    at = np.flatnonzero(good.to_numpy(zero_copy_only=False))
    if reading.doubt or not len(at):
        return Told(at, {})
    found = pc.extract_regex(texts.take(pa.array(at)), pattern)
    groups = {f.name: found.field(n) for n, f in enumerate(found.type)}
    once = np.ones(len(at), dtype=bool)
    for name in groups.keys() - {"value", "rest"}:
        once &= differs(groups[name], groups["value"])
    return Told(at[once], {name: values.filter(pa.array(once)) for name, values in groups.items()})


def _test(kind: Kind, options: Options, words: Words) -> Test | None:
    if kind.untouched:
        return kind.untouched(options, words)
    shape = kind.shape(options)
    return matching(shape) if shape else None


def patched_all(base: pa.Array, patches: Iterable[tuple[np.ndarray, pa.Array]]) -> pa.Array:
    """``base`` with values at the given positions."""
    arrays, taken, start = [base], np.arange(len(base)), len(base)
    for at, values in patches:
        taken[at] = start + np.arange(len(values))
        arrays.append(values)
        start += len(values)
    return base if len(arrays) == 1 else pa.concat_arrays(arrays).take(pa.array(taken))


def texts_of(texts: Sequence[str | None]) -> pa.Array:
    """Texts as an Arrow array."""
    return pa.array(texts, TEXT)


def differs(left: pa.Array, right: pa.Array) -> np.ndarray:
    """Where two arrays do not hold the same text; nothing is like nothing only."""
    same = pc.fill_null(pc.equal(left, right), False)
    both = pc.and_(pc.is_null(left), pc.is_null(right))
    return ~np.asarray(pc.or_(same, both).to_numpy(zero_copy_only=False), dtype=bool)


def filled(array: pa.Array) -> np.ndarray:
    """Where an array holds a text."""
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
