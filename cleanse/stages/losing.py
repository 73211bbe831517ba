"""Values that did not survive a merge, kept in a column that the target's profile names: whole lines, as many as it takes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import Profile, TargetField
from cleanse.stages.forms import written

LINE = "\n"  # between two values, each behind its label


def lines_of(cluster: np.ndarray, lines: pa.Array, size: int) -> np.ndarray:
    """The lines of every one of ``size`` clusters as one text, each line once; None where it has none. ``cluster`` is in
    order.

    >>> lines_of(np.array([0, 0, 2]), pa.array(["a: 1", "a: 1", "b: 2"]), 3).tolist()
    ['a: 1', None, 'b: 2']
    """
    found = np.full(size, None, dtype=object)
    texts = lines.to_pylist()
    starts = np.flatnonzero(np.r_[True, cluster[1:] != cluster[:-1]]) if len(cluster) else np.zeros(0, dtype=int)
    for start, end in pairwise([*starts.tolist(), len(texts)]):
        found[cluster[start]] = LINE.join(dict.fromkeys(texts[start:end]))
    return found


def added(
    values: pa.Array, losing: pa.Array, column: TargetField, profile: Profile, cell_chars: int
) -> tuple[pa.Array, np.ndarray]:
    """``values`` with the lines of ``losing`` behind them, as far as the column takes them in its form and length; and
    where a line stayed out. A value is never cut, and never refused for what was added."""
    rows = np.flatnonzero(pc.is_valid(losing).to_numpy(zero_copy_only=False))
    out = np.zeros(len(values), dtype=bool)
    if not len(rows):
        return values, out
    separator = column.separator or LINE
    waiting = [text.split(LINE) for text in losing.take(pa.array(rows)).to_pylist()]
    now = values.take(pa.array(rows)).to_pylist()
    for number in range(max(map(len, waiting))):
        at = [n for n, lines in enumerate(waiting) if len(lines) > number]
        longer = [separator.join(filter(None, (now[n], waiting[n][number]))) for n in at]
        _, masks = written(pa.array(longer, pa.string()), column, profile, cell_chars)
        refused = np.logical_or.reduce([mask for _, mask in masks]) if masks else np.zeros(len(at), dtype=bool)
        for n, text, no in zip(at, longer, refused.tolist(), strict=True):
            if no:
                out[rows[n]] = True
            else:
                now[n] = text
    filled = pd.Series(values.to_pylist(), dtype=object)
    filled.iloc[rows] = now
    return pa.array(filled.tolist(), pa.string()), out
