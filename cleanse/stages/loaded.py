"""What a load has to do to a row: told by what the plan says, what stands in the target, and what was last loaded there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# What a row came to. The first two are ours to undo.
CREATE, UPDATE, SAME, HELD, GONE = "create", "update", "same", "held", "gone"


def digests(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """A digest of every row: its cells in the order of ``columns``; blank and missing are one, and blank columns at the end
    do not count, so that a column the target adds changes nothing.

    >>> a = pd.DataFrame({"x": ["1"], "y": [None]}, dtype="str")
    >>> digests(a, ["x"]) == digests(a, ["x", "y"])
    True
    """
    if not len(table):
        return []
    cells = [_arrow(table[name]) for name in columns]
    whole = pc.binary_join_element_wise(*cells, "\x1f", null_handling="replace", null_replacement="")
    texts = pc.ascii_rtrim(whole, "\x1f").view(pa.binary()).to_numpy(zero_copy_only=False)
    blake = hashlib.blake2b
    return [blake(text, digest_size=12).hexdigest() for text in texts.tolist()]


def actions(
    planned: pd.DataFrame, current: pd.DataFrame, current_digests: Sequence[str], last: pd.Series, overwrite: bool
) -> np.ndarray:
    """What to do with every planned row.

    create  it is not there, and never was
    same    it stands there as planned
    update  it is there, as we left it; or it was there before us, and only its blanks are filled
    held    somebody changed it in the target since it was loaded, or it was there before us and says otherwise: left,
            unless ``overwrite``
    gone    somebody removed it in the target since it was loaded: left, unless ``overwrite``

    Both frames by key, of text; ``current_digests``: of the rows of ``current``; ``last``: key -> digest of the row as the
    last load left it.
    """
    place, known = _places(planned.index, current.index), _places(planned.index, last.index) >= 0
    there = place >= 0
    answer = np.where(there, UPDATE, np.where(known & (not overwrite), GONE, CREATE)).astype(object)
    if not there.any():
        return answer
    now = pd.Series(list(current_digests), index=current.index, dtype="str")[planned.index[there]].to_numpy()
    before = last.reindex(planned.index[there])
    touched = before.notna().to_numpy() & (before.to_numpy() != now)
    if not overwrite:
        answer[np.flatnonzero(there)[touched]] = HELD
    equal, filling = np.ones(len(planned), dtype=bool), np.ones(len(planned), dtype=bool)
    for name in planned.columns:
        old = current[name].to_numpy(dtype=object, na_value="")[place[there]]
        same = planned[name].to_numpy(dtype=object, na_value="")[there] == old
        equal[there] &= same
        filling[there] &= same | (old == "")
    if not overwrite:
        answer[there & ~known & ~filling] = HELD
    answer[there & equal] = SAME
    return answer


def beside(planned: pd.DataFrame, current: pd.DataFrame, ours: pd.Index) -> pd.DataFrame:
    """The planned rows as they are to stand: a row that we did not create keeps what it holds where the plan says nothing.
    ``ours``: the keys of rows that we created. The very same frame where nothing is kept."""
    foreign = current[_places(current.index, ours) < 0]
    if foreign.empty:
        return planned
    old = foreign.reindex(planned.index)
    keeps = {n: planned[n].fillna("").eq("") & old[n].fillna("").ne("") for n in planned.columns}
    kept = {name: planned[name].mask(where, old[name]) for name, where in keeps.items() if where.any()}
    return planned.assign(**kept) if kept else planned


def _places(keys: pd.Index, among: pd.Index) -> np.ndarray:
    """Where each key stands among others, -1 where it does not."""
    return among.get_indexer(keys) if len(among) else np.full(len(keys), -1)


def _arrow(column: pd.Series) -> pa.Array:
    made = pa.array(column.array, pa.string(), from_pandas=True)
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
