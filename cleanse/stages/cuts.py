"""The cells of all columns cut by rows, and the frames put together again out of what became of the cuts.

Each cut is repaired by itself, so that what is needed on the way stays small beside the frames. A row does not know its
cut: where the table is cut changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import union_categoricals

from cleanse.model import COLUMNS, Entity, Field, Options, frame
from cleanse.stages.fixes import Coded

ROWS = 200_000  # of one cut
STAGE = "normalize"

Group = tuple[Field, Options, list[pd.Series]]  # columns that are repaired together, as text by rid


@dataclass(frozen=True)
class Cells:
    """The cells of a cut that go to one field, by their place in the cut."""

    field: Field
    options: Options
    places: np.ndarray
    texts: Coded


@dataclass(frozen=True)
class Cut:
    """What became of the rows of a cut: per entity the rids of its records and the fields that hold something; of the
    changes the columns that tell them apart; the doubts."""

    records: Mapping[str, tuple[np.ndarray, dict[str, pa.Array]]]
    changes: dict[str, Any]
    issues: pd.DataFrame


def release() -> None:
    """Give memory that is free back to the system: arrays of many cuts come and go, and no two are of one size."""
    pa.default_memory_pool().release_unused()


def cut(groups: list[Group], size: int) -> list[list[Cells]]:
    """The cells of all groups by cuts of the ``size`` rows. The groups are used up."""
    starts = range(0, size, ROWS)
    cuts: list[list[Cells]] = [[] for _ in starts]
    while groups:
        f, options, series = groups.pop(0)
        given = [(x.index.to_numpy(), text_of(x)) for x in series]
        for start, cells in zip(starts, cuts, strict=True):
            parts = [part for x in given if len((part := _within(*x, start))[0])]
            if parts:
                places = np.concatenate([places for places, _ in parts], dtype=np.int32)
                cells.append(Cells(f, options, places, Coded.of(_joined([texts for _, texts in parts]))))
        del series, given, parts
        release()
    return cuts


def text_of(texts: pd.Series) -> pa.Array:
    """Texts as one Arrow array, in offsets that any number of them fits."""
    array = pa.array(texts, from_pandas=True)
    return (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array).cast(pa.large_string())


def _within(rids: np.ndarray, texts: pa.Array, start: int) -> tuple[np.ndarray, pa.Array]:
    """The cells of the cut that begins at ``start``, by their place in it."""
    first, end = np.searchsorted(rids, (start, start + ROWS))
    return rids[first:end] - start, texts.slice(first, end - first)


def _joined(parts: Sequence[pa.Array]) -> pa.Array:
    return parts[0] if len(parts) == 1 else pa.concat_arrays(parts)


def _text(parts: Sequence[pa.Array]) -> pd.api.extensions.ExtensionArray:
    return pd.array(_joined(parts), dtype="str")


def records(cuts: Sequence[Cut], entity: Entity, addresses: pd.DataFrame) -> pd.DataFrame:
    """The records of one entity: rid, address, stored fields. The cuts give theirs away."""
    parts = [cut.records[entity.name] for cut in cuts]
    rids = np.concatenate([np.zeros(0, dtype=np.int64), *(rids for rids, _ in parts)])
    data: dict[str, Any] = {"rid": rids} | {name: addresses[name].array.take(rids) for name in addresses.columns}
    nothing = _text([pa.nulls(len(rids), pa.large_string())])
    for name in entity.stored:
        there = any(name in columns for _, columns in parts)
        data[name] = _text([_taken(columns, name, len(rids)) for rids, columns in parts]) if there else nothing
        release()
    return pd.DataFrame(data, copy=False)


def _taken(columns: dict[str, pa.Array], name: str, size: int) -> pa.Array:
    return columns.pop(name) if name in columns else pa.nulls(size, pa.large_string())


def order_of(entities: Iterable[Entity]) -> list[tuple[str, str]]:
    """The entity and the name of every field, in the order of the ledger."""
    return sorted((f.entity, f.name) for e in entities for f in e.fields.values())


def ledger(cuts: Sequence[Cut], order: Sequence[tuple[str, str]], addresses: pd.DataFrame) -> pd.DataFrame:
    """The changes of all cuts as ``COLUMNS["changes"]`` names them. The cuts give theirs away."""
    parts = [cut.changes for cut in cuts if cut.changes]
    if not parts:
        return frame("changes")
    data: dict[str, Any] = {}
    for name in ("before", "after"):
        data[name] = pd.array(pa.chunked_array([x.pop(name) for x in parts]), dtype="str")
    for name in ("code", "rest"):
        data[name] = union_categoricals([x.pop(name) for x in parts], sort_categories=True)
    fields = [x.pop("field") for x in parts]
    for name, texts in zip(("entity", "field"), zip(*order, strict=True), strict=True):
        data[name] = _labelled(fields, texts)
    rids = np.concatenate([x.pop("rid") for x in parts], dtype=np.int64)
    data["stage"] = pd.Categorical.from_codes(np.zeros(len(rids), np.int8), [STAGE])
    for name in addresses.columns:
        data[name] = addresses[name].array.take(rids)
    rids.setflags(write=False)  # both columns are this one array
    data |= {"rid": rids, "from_rid": rids}
    return pd.DataFrame({name: data.pop(name) for name in COLUMNS["changes"]}, copy=False)


def _labelled(numbers: Sequence[np.ndarray], texts: Sequence[str]) -> pd.Categorical:
    """Numbers of texts as categories: those that occur."""
    used = np.unique(np.concatenate([np.unique(x) for x in numbers]))
    known = pd.Categorical(pd.array([texts[at] for at in used], dtype="str"))
    codes = np.zeros(len(texts), dtype=known.codes.dtype)
    codes[used] = known.codes
    return pd.Categorical.from_codes(np.concatenate([codes[x] for x in numbers]), dtype=known.dtype)


def issues(cuts: Sequence[Cut]) -> pd.DataFrame:
    """The doubts of all cuts."""
    some = [cut.issues for cut in cuts if len(cut.issues)]
    return pd.concat(some, ignore_index=True) if some else frame("issues")
