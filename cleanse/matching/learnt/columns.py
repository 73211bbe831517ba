"""The compared fields of a table as integer codes of their distinct texts, brought to one writing by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from cleanse.matching.learnt.schema import Field, TableSchema

MISSING = -1


@dataclass(frozen=True)
class Column:
    """One field. ``codes``: records x columns, MISSING where empty; ``texts``: the distinct texts; ``common``: codes in
    one space with all other fields of the table (first column); ``sounds``: code of how each text is spoken, where the
    caller knows it."""

    name: str
    kind: str
    shared: bool
    codes: np.ndarray
    texts: np.ndarray
    common: np.ndarray
    sounds: np.ndarray | None = None

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each text stands."""
        return np.bincount(self.codes[self.codes != MISSING], minlength=len(self.texts))

    @cached_property
    def numbers(self) -> np.ndarray:
        """Dates as days (years of 372), NaN where a text is no date of eight digits."""
        read = pd.to_numeric(pd.Series(self.texts).where(pd.Series(self.texts).str.len() == 8), errors="coerce")
        return (read // 10_000 * 372 + read // 100 % 100 * 31 + read % 100).to_numpy(dtype=np.float64)

    def take(self, at: np.ndarray) -> Column:
        return replace(self, codes=self.codes[at], common=self.common[at])


@dataclass(frozen=True)
class Table:
    """The records, in the order of their content."""

    columns: tuple[Column, ...]
    rids: np.ndarray

    @property
    def size(self) -> int:
        return len(self.rids)

    def take(self, at: np.ndarray) -> Table:
        return Table(tuple(c.take(at) for c in self.columns), self.rids[at])

    def like(self) -> np.ndarray:
        """Of every record the first that is like it in all fields."""
        same = np.ones(self.size, dtype=bool)
        same[:1] = False
        for codes in (codes for c in self.columns for codes in c.codes.T):
            same[1:] &= codes[1:] == codes[:-1]
        return np.maximum.accumulate(np.where(same, 0, np.arange(self.size)))


def encode(
    records: pd.DataFrame, schema: TableSchema, sounds: Mapping[str, Callable[[list[str]], list[str]]] | None = None
) -> Table:
    """The table in the order of what its records say, so that no order of rows or files is seen; rid only settles which
    of two equal ones is first."""
    rids = records["rid"].to_numpy(dtype=np.int64)
    written = [_written(records, field) for field in schema.every]
    ranked = [_ranked(texts) for texts in written]
    order = np.lexsort([rids, *(codes for codes, _ in reversed(ranked) for codes in codes.T[::-1])])
    common = _common([texts.iloc[:, 0] for texts in written])
    columns = []
    for field, (codes, texts), shared_codes in zip(schema.every, ranked, common, strict=True):
        spoken = (sounds or {}).get(field.kind)
        heard = pd.factorize(np.array(spoken(texts.tolist()), dtype=object))[0] if spoken and len(texts) else None
        columns.append(Column(field.name, field.kind, field.shared, codes[order], texts, shared_codes[order], heard))
    return Table(tuple(columns), rids[order])


def _written(records: pd.DataFrame, field: Field) -> pd.DataFrame:
    present = [records[c] for c in field.fields if c in records.columns]
    if not present:
        return pd.DataFrame({field.name: pd.Series(pd.NA, index=records.index, dtype="str")})
    return pd.concat([_one_writing(column, field.kind) for column in present], axis=1)


def _one_writing(column: pd.Series, kind: str) -> pd.Series:
    codes, distinct = pd.factorize(column.astype("str"), use_na_sentinel=True)
    texts = (
        pd.Series(distinct, dtype="str")
        .str.normalize("NFKD")
        .str.replace("[\u0300-\u036f]", "", regex=True)
        .str.casefold()
    )
    if kind in ("date", "phone"):
        texts = texts.str.replace("[^0-9]", "", regex=True)
    elif kind in ("id", "number"):
        texts = texts.str.replace(r"[\W_]", "", regex=True)
    elif kind == "email":
        texts = texts.str.replace(r"\s", "", regex=True)
    else:
        texts = texts.str.replace(r"[\W_]+", " ", regex=True).str.strip()
    clean = texts.where(texts != "").to_numpy(dtype=object)
    return pd.Series(np.append(clean, np.array([None], dtype=object))[codes], index=column.index, dtype="str")


def _ranked(texts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Codes (records x columns) that stand in the order of the texts, and these."""
    flat = np.concatenate([texts.iloc[:, i].to_numpy(dtype=object) for i in range(texts.shape[1])])
    codes, distinct = pd.factorize(pd.Series(flat, dtype="str"), sort=True, use_na_sentinel=True)
    return codes.reshape(texts.shape[1], -1).T.astype(np.int32), np.asarray(distinct, dtype=object)


def _common(texts: list[pd.Series]) -> list[np.ndarray]:
    codes = pd.factorize(pd.concat(texts, ignore_index=True), use_na_sentinel=True)[0].astype(np.int32)
    return np.split(codes, len(texts)) if texts else []
