"""Frames of one sort put together, and as plain data."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pandas.api.types import union_categoricals

from cleanse.model import frame


def joined(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of one sort as one, with the columns of ``COLUMNS[name]``; what is a category in one is so in the whole,
    and what is text in one: a column of objects takes five times the memory."""
    some = [p for p in parts if len(p)]
    empty = frame(name)
    if not some:
        return empty
    for column in empty.columns:
        if any(isinstance(p[column].dtype, pd.CategoricalDtype) for p in some):
            every = union_categoricals([p[column].astype("category") for p in some], sort_categories=True).dtype
            some = [p.assign(**{column: p[column].astype(every)}) for p in some]
        elif any(p[column].dtype == "str" for p in some):
            some = [p.assign(**{column: p[column].astype("str")}) for p in some]
    return pd.concat(some, ignore_index=True)[list(empty.columns)]


def plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.astype(object).to_dict("records")]
