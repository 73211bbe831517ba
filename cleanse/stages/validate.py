"""The second witness: pandera schemas made from shapes and rules, never from repairs: no repair certifies itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.codes import severity
from cleanse.model import COLUMNS, Entity, Field, Severity, frame

Level = Literal["record", "golden"]
Allowed = Mapping[str, frozenset[str]]
Judge = Callable[[pa.Array], pa.Array]  # text -> whether it is right; missing stays missing

DERIVED = "\0"  # starts the name of a column that is made for a rule over several fields


def validate(
    records: pd.DataFrame,
    entity: Entity,
    shapes: Mapping[str, str],
    allowed: Allowed | None = None,
    level: Level = "record",
) -> pd.DataFrame:
    """Every failure of every record as an issues frame (``COLUMNS["issues"]``), ordered by rid, field and code.

    ``records``: rid and the stored fields as text, missing where empty (golden records too: the rid is the anchor's).
    ``shapes``: field name -> pattern that a right value matches from end to end; ``''`` or absent is any text.
    ``allowed``: field name -> the values of its list. Uniqueness is asked of golden records only: among the records
    of scattered files a repeated value is a duplicate to merge, not a fault.

    A failure of the whole record has field ``''``; ``note`` names the fields of which one must be filled.
    """
    table = pd.DataFrame({name: _text(records, name) for name in entity.stored}, index=records.index)
    derived = _derived(table, entity)
    schema = _schema(entity, shapes, allowed or {}, level, list(derived))
    checked = table.assign(**derived).reset_index(drop=True)
    try:
        schema.validate(checked, lazy=True)
    except pandera.errors.SchemaErrors as failed:
        return _issues(failed.failure_cases, records["rid"].to_numpy(), table, entity)
    return frame("issues")


def _text(records: pd.DataFrame, name: str) -> pd.Series:
    values = records[name] if name in records else pd.Series(np.nan, index=records.index)
    return values if values.dtype == "str" else values.astype("str")


# ------------------------------------------------------------------------------------------------------------ schema


def _schema(
    entity: Entity, shapes: Mapping[str, str], allowed: Allowed, level: Level, derived: list[str]
) -> pandera.DataFrameSchema:
    columns = {}
    for name in entity.stored:
        checks = list(_checks(entity.fields[name], shapes.get(name, ""), allowed.get(name), level))
        columns[name] = pandera.Column(None, checks, nullable=True)
    for name in derived:
        code = name.split(DERIVED)[1]
        columns[name] = pandera.Column(None, [pandera.Check(_itself, error=code)])
    return pandera.DataFrameSchema(columns)


def _checks(f: Field, shape: str, allowed: frozenset[str] | None, level: Level) -> Iterator[pandera.Check]:
    """Built-in checks of pandera drop ``name=``: the code goes through ``error=``."""
    if f.required:
        yield pandera.Check(_filled, error="required_missing", ignore_na=False)
    if shape:
        yield _check(_matches(shape), "format_invalid")
    if allowed:
        yield _check(_listed(allowed), "not_in_picklist")
    if f.max_length:
        yield _check(_within(f.max_length), "too_long")
    if f.unique and level == "golden":
        yield pandera.Check(_unique, error="not_unique", ignore_na=False)


def _check(judge: Judge, code: str) -> pandera.Check:
    """A check over the whole column at once; a missing value is right."""

    def check(values: pd.Series) -> pd.Series:
        right = pc.fill_null(judge(_arrow(values)), True)
        return pd.Series(right.to_numpy(zero_copy_only=False), index=values.index)

    return pandera.Check(check, error=code, ignore_na=False)


def _arrow(values: pd.Series) -> pa.Array:
    array = pa.array(values.array, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _matches(shape: str) -> Judge:
    pattern = f"^(?:{shape})$"
    return lambda texts: pc.match_substring_regex(texts, pattern)


def _listed(allowed: frozenset[str]) -> Judge:
    values = pa.array(sorted(allowed))
    return lambda texts: pc.or_(pc.is_null(texts), pc.is_in(texts, values.cast(texts.type)))


def _within(length: int) -> Judge:
    return lambda texts: pc.less_equal(pc.utf8_length(texts), length)


def _filled(values: pd.Series) -> pd.Series:
    return values.notna()


def _unique(values: pd.Series) -> pd.Series:
    return ~values.duplicated(keep=False) | values.isna()


def _itself(values: pd.Series) -> pd.Series:
    return values


# ------------------------------------------------------------------------------------------------ of several, one


def _derived(table: pd.DataFrame, entity: Entity) -> dict[str, pd.Series]:
    """One column of truth values per group of fields of which one must be filled: pandera's frame-wide checks report every
    cell of a row and cost three times as much. Its name holds the code and the fields."""
    return {
        DERIVED.join(("", "one_of_missing", ", ".join(names))): table[list(names)].notna().any(axis=1)
        for names in entity.one_of
    }


# ------------------------------------------------------------------------------------------------------------ issues


def _issues(failures: pd.DataFrame, rids: np.ndarray, table: pd.DataFrame, entity: Entity) -> pd.DataFrame:
    """``failure_cases`` as issues; never the message of the error, which grows with the data and quotes values."""
    parts = []
    for (column, code), group in failures.groupby(["column", "check"], sort=True):
        place = group["index"].to_numpy(dtype=np.int64)
        name, note = ("", column.split(DERIVED)[2]) if DERIVED in column else (column, "")
        value = table[name].iloc[place].to_numpy(dtype=object) if name else None
        parts.append(pd.DataFrame({
            "rid": rids[place], "entity": entity.name, "field": name, "code": code,
            "severity": _severity(entity, name, code), "value": value, "note": note,
        }))  # fmt: skip
    issues = pd.concat(parts, ignore_index=True)[list(COLUMNS["issues"])]
    return issues.sort_values(["rid", "field", "code", "note"], kind="stable", ignore_index=True)


def _severity(entity: Entity, name: str, code: str) -> str:
    """A field that only warns never fails for its value."""
    if name and entity.fields[name].on_error == "warn" and code != "required_missing":
        return Severity.WARNING.value
    return severity(code)
