"""Rows on their way into a database and back: text as a database takes it, typed values as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from cleanse.model import TargetObject
from cleanse.targets.target import key_of


def with_key(table: pd.DataFrame, target: TargetObject) -> pd.DataFrame:
    """The table with a column of our external id."""
    key = key_of(target)
    return table.assign(**{key: pd.Series(table.index, index=table.index, dtype="str")}) if key not in table else table


def arrow(column: pd.Series) -> pa.Array:
    """A column as one array of text."""
    made = pa.array(column.array, pa.string(), from_pandas=True)
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def tuples(table: pd.DataFrame) -> list[tuple[str | None, ...]]:
    """The rows as a driver takes them, None where empty."""
    cells = (arrow(table[n]).to_numpy(zero_copy_only=False).tolist() for n in table.columns)
    return list(zip(*cells, strict=True))


def texts(rows: Sequence[Any], names: Sequence[str]) -> pd.DataFrame:
    """What a database answered, every value as text."""
    if not rows:
        return pd.DataFrame(columns=list(names), dtype="str")
    return pd.DataFrame({
        name: pd.Series([v if type(v) is str or v is None else shown(v) for v in values], dtype="str")
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    })  # fmt: skip


def shown(value: Any) -> str:
    """A value of a typed column as text.

    >>> shown(Decimal("12.50")), shown(dt.date(2024, 2, 3)), shown(True), shown(7)
    ('12.50', '2024-02-03', 'true', '7')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)
