"""Where each row is at home: the country that its cells name, by which its numbers, postcodes and places are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from cleanse.kinds import KINDS
from cleanse.kinds.country import COLUMN, told
from cleanse.model import Words
from cleanse.stages.map import RawColumn


def homes(columns: Sequence[RawColumn], words: Words) -> pd.Series:
    """ISO code by rid, of the rows that name a country other than China: in a column of countries, else of places, else an
    address."""
    found = pd.Series(dtype=object)
    for kind in COLUMN:
        for column in columns:
            if column.field.kind == kind:
                found = found.combine_first(_named(column, words))
    return found[found != "CN"]


def _named(column: RawColumn, words: Words) -> pd.Series:
    encoded = pa.array(column.values, from_pandas=True).dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    iso = np.asarray(told(encoded.dictionary, column.field.kind, words).to_numpy(zero_copy_only=False), dtype=object)
    numbers = encoded.indices.to_numpy()
    at = np.flatnonzero((iso != np.array(None))[numbers])
    return pd.Series(iso[numbers[at]], index=column.values.index[at], dtype=object)


def at_home(columns: Iterable[RawColumn], home: pd.Series) -> Iterator[RawColumn]:
    """The columns, those whose kind asks for the ``country`` cut by the country of their rows."""
    for column in columns:
        given = "country" in {**column.field.options, **column.options}
        if given or home.empty or "country" not in KINDS[column.field.kind].options:
            yield column
            continue
        where = home.reindex(column.values.index).fillna("")
        for country, cells in column.values.groupby(where.to_numpy(), sort=True):
            yield replace(
                column, options={**column.options, "country": country} if country else column.options, values=cells
            )
