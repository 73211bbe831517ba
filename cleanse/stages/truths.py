"""Where truths about records do not hold, told by pandera: one column of truth values per rule.

Column-wise checks on truth values are what it does fast; its frame-wide ones report every cell of a row. It also writes
every failure out as text: rows of which the same holds are shown to it once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pandera.pandas as pandera


def failing(truths: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """By the name of a truth that does not hold of every row, the places of the rows where it does not, in order."""
    if not truths:
        return {}
    number = np.zeros(len(next(iter(truths.values()))), dtype=np.int64)
    for holds in truths.values():
        number = pd.factorize(number * 2 + holds)[0]
    first = np.unique(number, return_index=True)[1]
    distinct = pd.DataFrame({name: holds[first] for name, holds in truths.items()})
    schema = pandera.DataFrameSchema({n: pandera.Column(bool, pandera.Check(_itself, error=n)) for n in truths})
    try:
        schema.validate(distinct, lazy=True)
    except pandera.errors.SchemaErrors as failed:
        cases = failed.failure_cases.groupby("column", sort=False)["index"]
        return {str(name): _among(number, places.to_numpy(dtype=np.int64), len(first)) for name, places in cases}
    return {}


def _itself(values: pd.Series) -> pd.Series:
    return values


def _among(number: np.ndarray, wanted: np.ndarray, size: int) -> np.ndarray:
    bad = np.zeros(size, dtype=bool)
    bad[wanted] = True
    return np.flatnonzero(bad[number])
