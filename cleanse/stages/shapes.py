"""What a column's values look like, so that the rare ones can be tried: which sorts of characters, and about how long."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

RARE = 0.01  # of a column's values: a shape of fewer is rare
PER_COLUMN = 4  # the rarest shapes of a column that are looked for
SORTS = "9A文é（-␣𠮷"  # digit, letter, Han, other script, wide form, sign, white space or line break, outside the basic plane
DIGIT, LETTER, HAN, OTHER, WIDE, SIGN, SPACE, FAR = (1 << n for n in range(8))


def _sorts() -> np.ndarray:
    """The sort of character that a byte of UTF-8 tells; 0 for the bytes behind the first."""
    found = np.zeros(256, dtype=np.uint8)
    found[0x21:0x7F] = SIGN
    found[0x30:0x3A] = DIGIT
    found[0x41:0x5B] = found[0x61:0x7B] = LETTER
    found[:0x21] = SPACE
    found[0xC2:0xE4] = OTHER
    found[0xE4:0xEA], found[0xEA:0xEF], found[0xEF], found[0xF0:] = HAN, OTHER, WIDE, FAR
    return found


TABLE = _sorts()


def rare(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """golden_id, stratum: the rows whose value in some column has a rare shape.

    ``tables``: object -> text by golden_id, as it goes into the target.
    """
    parts = [_column(f"{name}.{column}", table[column]) for name, table in tables.items() for column in table]
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["golden_id", "stratum"])


def _column(name: str, values: pd.Series) -> pd.DataFrame:
    text = pa.array(values.astype("str"), pa.large_string(), from_pandas=True)
    text = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    there = np.flatnonzero(pc.greater(pc.fill_null(pc.binary_length(text), 0), 0).to_numpy(zero_copy_only=False))
    if not len(there):
        return pd.DataFrame(columns=["golden_id", "stratum"])
    shapes = _shapes(text.take(pa.array(there)))
    kinds, place, counts = np.unique(shapes, return_inverse=True, return_counts=True)
    few = np.flatnonzero(counts < RARE * len(there))
    few = few[np.lexsort((kinds[few], counts[few]))][:PER_COLUMN]
    mine = np.isin(place, few)
    named = np.array([f"{name} {_told(int(kind))}" for kind in kinds[few]], dtype=object)
    at = {int(kind): number for number, kind in enumerate(few)}
    return pd.DataFrame({
        "golden_id": values.index.to_numpy(dtype=object)[there[mine]],
        "stratum": named[[at[int(kind)] for kind in place[mine]]] if len(few) else np.empty(0, dtype=object),
    })  # fmt: skip


def _shapes(text: pa.Array) -> np.ndarray:
    """Per value its sorts of characters in the low byte, above it the length: how often it can be halved."""
    ends = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    sorts = TABLE[np.frombuffer(text.buffers()[2], dtype=np.uint8)[ends[0] : ends[-1]]]
    lengths = pc.utf8_length(text).to_numpy(zero_copy_only=False)
    return np.bitwise_or.reduceat(sorts, ends[:-1] - ends[0]) | (np.ceil(np.log2(lengths)).astype(np.int64) << 8)


def _told(shape: int) -> str:
    """A shape for people.

    >>> _told(DIGIT | SIGN | 4 << 8)
    '9- ≤16'
    """
    sorts = "".join(sign for number, sign in enumerate(SORTS) if shape >> number & 1)
    return f"{sorts} ≤{1 << (shape >> 8)}"
