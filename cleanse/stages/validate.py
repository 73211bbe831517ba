"""The second witness: what must hold of every record by shapes and rules, never by repairs: no repair certifies itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.codes import severity
from cleanse.model import COLUMNS, Entity, Field, Severity, frame
from cleanse.stages.truths import failing

Level = Literal["record", "golden"]
Allowed = Mapping[str, frozenset[str]]
Judge = Callable[[pa.Array], pa.Array]  # text -> whether it is right; missing stays missing


@dataclass(frozen=True)
class Verdict:
    """Of every record, whether it holds; the code of a failure, and the field ('' for the whole record) and note it has."""

    code: str
    field: str
    note: str
    holds: np.ndarray


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
    verdicts = sorted(_verdicts(table, entity, shapes, allowed or {}, level), key=lambda v: (v.field, v.code, v.note))
    failed = failing({str(number): verdict.holds for number, verdict in enumerate(verdicts)})
    if not failed:
        return frame("issues")
    places = {number: failed[str(number)] for number in range(len(verdicts)) if str(number) in failed}
    return _issues(places, verdicts, table, records["rid"].to_numpy(), entity)


def _text(records: pd.DataFrame, name: str) -> pd.Series:
    values = records[name] if name in records else pd.Series(np.nan, index=records.index)
    return values if values.dtype == "str" else values.astype("str")


# ---------------------------------------------------------------------------------------------------------- verdicts


def _verdicts(
    table: pd.DataFrame, entity: Entity, shapes: Mapping[str, str], allowed: Allowed, level: Level
) -> Iterator[Verdict]:
    for names in entity.one_of:
        yield Verdict("one_of_missing", "", ", ".join(names), table[list(names)].notna().any(axis=1).to_numpy())
    for name in entity.stored:
        for code, holds in _of_field(entity.fields[name], table[name], shapes.get(name, ""), allowed.get(name), level):
            yield Verdict(code, name, "", holds)


def _of_field(
    f: Field, values: pd.Series, shape: str, allowed: frozenset[str] | None, level: Level
) -> Iterator[tuple[str, np.ndarray]]:
    """By code, whether each value is right; one that is missing is, unless it is required."""
    if f.required:
        yield "required_missing", values.notna().to_numpy()
    if shape:
        yield "format_invalid", _right(values, _matches(shape))
    if allowed:
        yield "not_in_picklist", _right(values, _listed(allowed))
    if f.max_length:
        yield "too_long", _right(values, _within(f.max_length))
    if f.unique and level == "golden":
        yield "not_unique", (~values.duplicated(keep=False) | values.isna()).to_numpy()


def _right(values: pd.Series, judge: Judge) -> np.ndarray:
    array = pa.array(values.array, from_pandas=True)
    texts = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    right: np.ndarray = pc.fill_null(judge(texts), True).to_numpy(zero_copy_only=False)
    return right


def _matches(shape: str) -> Judge:
    pattern = f"^(?:{shape})$"
    return lambda texts: pc.match_substring_regex(texts, pattern)


def _listed(allowed: frozenset[str]) -> Judge:
    values = pa.array(sorted(allowed))
    return lambda texts: pc.or_(pc.is_null(texts), pc.is_in(texts, values.cast(texts.type)))


def _within(length: int) -> Judge:
    return lambda texts: pc.less_equal(pc.utf8_length(texts), length)


# ------------------------------------------------------------------------------------------------------------ issues


def _issues(
    places: Mapping[int, np.ndarray], verdicts: list[Verdict], table: pd.DataFrame, rids: np.ndarray, entity: Entity
) -> pd.DataFrame:
    """The failures of some verdicts, which stand in the order of field, code and note."""
    values = [_values(table, verdicts[n].field, at) for n, at in places.items()]
    number = np.repeat(np.fromiter(places, dtype=np.int64), [len(at) for at in places.values()])
    found = pd.DataFrame(
        {"rid": rids[np.concatenate(list(places.values()))], "value": pd.concat(values, ignore_index=True)}
    )
    order = np.argsort(found["rid"].to_numpy(), kind="stable")
    said = {
        "entity": [entity.name] * len(verdicts), "field": [v.field for v in verdicts], "code": [v.code for v in verdicts],
        "severity": [_severity(entity, v) for v in verdicts], "note": [v.note for v in verdicts],
    }  # fmt: skip
    words = {name: pd.array(told, dtype="str").take(number[order]) for name, told in said.items()}
    return found.take(order).reset_index(drop=True).assign(**words)[list(COLUMNS["issues"])]


def _values(table: pd.DataFrame, name: str, places: np.ndarray) -> pd.Series:
    return table[name].iloc[places] if name else pd.Series(np.nan, index=places, dtype="str")


def _severity(entity: Entity, verdict: Verdict) -> str:
    """A field that only warns never fails for its value."""
    if verdict.field and entity.fields[verdict.field].on_error == "warn" and verdict.code != "required_missing":
        return Severity.WARNING.value
    return severity(verdict.code)
