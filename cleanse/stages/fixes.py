"""The distinct texts of a column and what each of them should be: most told for all at once, the rest one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import matching, tidied
from cleanse.model import Fix, Kind, Options, Reading, Test, Words

TEXT = pa.large_string()


@dataclass(frozen=True)
class Fixed:
    """The fixes of the distinct ``texts`` of one column; ``codes`` points from its cells to them.

    ``values`` and ``why`` stand beside ``texts``; ``seen`` holds the Fix of those that were looked at one by one, which
    alone can have a doubt, a rest or parts.
    """

    codes: np.ndarray
    texts: pa.Array
    values: pa.Array
    why: pa.Array
    seen: Mapping[int, Fix]

    def told(self, name: str) -> pa.Array:
        """``doubt`` or ``rest`` of every distinct text, '' for none."""
        found = {at: text for at, fix in self.seen.items() if (text := getattr(fix, name))}
        return patched(constant("", len(self.texts)), list(found), texts_of(list(found.values())))

    def of_cells(self, array: pa.Array, cells: np.ndarray) -> pa.Array:
        """What the given cells have in an array over the distinct texts."""
        return array.take(pa.array(self.codes[cells]))


def fix_all(cells: pa.Array, kind: Kind, options: Options, words: Words, virtual: bool) -> Fixed:
    """Repair the distinct texts of ``cells``. A virtual field has no value of its own: every text is looked at."""
    encoded = cells.dictionary_encode()
    texts = encoded.dictionary
    test = None if virtual else _test(kind, options, words)
    unsure = np.arange(len(texts))
    values, why = texts, constant("", len(texts))
    if test is not None:
        unsure = np.flatnonzero(~test(texts.cast(pa.string())))
        better = tidied(texts.take(pa.array(unsure)).cast(pa.string()))
        repairs = kind.repairs(options, words) if kind.repairs else ()
        for code, repair in (("dirt_removed", None), *repairs):
            mended = repair(better) if repair else better
            sure = test(mended)
            values = patched(values, unsure[sure], mended.filter(pa.array(sure)).cast(TEXT))
            why = patched(why, unsure[sure], constant(code, int(sure.sum())))
            unsure, better = unsure[~sure], better.filter(pa.array(~sure))
    seen = dict(_read(texts, unsure, kind.readings(options, words))) if kind.readings and not virtual else {}
    fix = kind.fixer(options, words)
    left = unsure[~np.isin(unsure, list(seen))] if seen else unsure
    seen |= dict(zip(left.tolist(), map(fix, texts.take(pa.array(left)).to_pylist()), strict=True))
    values = patched(values, list(seen), texts_of([x.value for x in seen.values()]))
    why = patched(why, list(seen), texts_of([x.why for x in seen.values()]))
    return Fixed(encoded.indices.to_numpy(), texts, values, why, seen)


def _read(texts: pa.Array, unsure: np.ndarray, readings: Sequence[Reading]) -> Iterator[tuple[int, Fix]]:
    """The fixes of the unsure texts that a reading tells, by position."""
    for reading in readings:
        found = read_all(reading, texts.take(pa.array(unsure)).cast(pa.string()))
        yield from ((int(unsure[at]), fix) for at, fix in found)
        unsure = np.delete(unsure, [at for at, _ in found])


def read_all(reading: Reading, texts: pa.Array) -> list[tuple[int, Fix]]:
    """What a reading makes of the texts it is for, by position."""
    good = pc.match_substring_regex(texts, f"^(?:{reading.pattern})$")
    for pattern in reading.never:
        good = pc.and_not(good, pc.match_substring_regex(texts, f"^(?:{pattern})$"))
    at = np.flatnonzero(good.to_numpy(zero_copy_only=False))
    some = texts.take(pa.array(at))
    if reading.doubt:
        return [(int(n), Fix(text, doubt=reading.doubt)) for n, text in zip(at, some.to_pylist(), strict=True)]
    groups = pc.extract_regex(some, f"^(?:{reading.pattern})$")
    names = [f.name for f in groups.type]
    columns = [groups.field(n).to_pylist() for n in range(len(names))]
    return [
        (int(n), fix)
        for n, *row in zip(at, *columns, strict=True)
        if (fix := _of_groups(dict(zip(names, row, strict=True)), reading.why))
    ]


def _of_groups(groups: dict[str, str], why: str) -> Fix | None:
    value, rest = groups.pop("value"), groups.pop("rest", "")
    if value in groups.values():
        return None
    return Fix(value, why, rest=rest, parts=tuple(groups.items()))


def _test(kind: Kind, options: Options, words: Words) -> Test | None:
    if kind.untouched:
        return kind.untouched(options, words)
    shape = kind.shape(options)
    return matching(shape) if shape else None


def patched(base: pa.Array, at: Sequence[int] | np.ndarray, values: pa.Array) -> pa.Array:
    """``base`` with ``values`` at the given positions."""
    if not len(values):
        return base
    taken = np.arange(len(base))
    taken[np.asarray(at, dtype=np.int64)] = len(base) + np.arange(len(values))
    return pa.concat_arrays([base, values]).take(pa.array(taken))


def constant(text: str | None, size: int) -> pa.Array:
    """The same text (or None) ``size`` times."""
    return pa.repeat(pa.scalar(text, TEXT), size)


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
