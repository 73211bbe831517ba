"""Every cell to the form it should have, with a line for each change and for each doubt.

Observe, decide, apply: what only a whole column can tell (is 05/06/2023 day first?) is decided once per source column;
after that each distinct text is repaired once, and values that already have their kind's shape are not looked at at all.
A cell may hold values of several fields; its parts go to the fields that the entity names, where they never overwrite a
value that stands in a column of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.codes import severity
from cleanse.kinds import KINDS
from cleanse.model import COLUMNS, Entity, Field, Options, Words, frame
from cleanse.stages import cuts
from cleanse.stages.fixes import TEXT, Coded, Fixed, Repair, differs, filled, repair, texts_of
from cleanse.stages.homes import at_home, homes
from cleanse.stages.map import RawColumn

ROUNDS = 3


@dataclass(frozen=True)
class Normalized:
    """``records``: entity -> frame with rid, address columns and every stored field. ``decided``: what columns told."""

    records: dict[str, pd.DataFrame]
    changes: pd.DataFrame
    issues: pd.DataFrame
    decided: list[dict[str, Any]]


@dataclass(frozen=True)
class Lines:
    """Changes of one field: ``rids``, and beside them the other columns of the ledger."""

    field: Field
    rids: np.ndarray
    texts: dict[str, Coded]  # before, after, rest, code


class Repairs:
    """What repairs the texts of each field with its options; made once for all cuts."""

    def __init__(self, words: Words, day: str) -> None:
        self.words = words
        self._day = day
        self._made: dict[tuple[str, str], Repair] = {}

    def of(self, f: Field, options: Options) -> Repair:
        given = {**options, "today": self._day} if options.get("past") else options
        key = f.path, repr(sorted(given.items()))
        if key not in self._made:
            self._made[key] = repair(KINDS[f.kind], given, self.words, f.virtual)
        return self._made[key]


@dataclass
class Work:
    """Values as they grow: field path -> text by position (rid), with the lines written on the way."""

    size: int
    values: dict[str, Coded] = field(default_factory=dict)
    changes: list[Lines] = field(default_factory=list)
    issues: list[pd.DataFrame] = field(default_factory=list)
    unplaced: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def column(self, path: str) -> Coded:
        """The column of a field, null where empty."""
        return self.values[path] if path in self.values else Coded.same(None, self.size)

    def at(self, path: str, rids: np.ndarray) -> np.ndarray:
        """Some values of a field, None where empty."""
        column = self.column(path)
        return _objects(column.texts.take(pa.array(column.codes[rids])))

    def put(self, path: str, rids: np.ndarray, values: Coded) -> None:
        """Give some cells of a field their values."""
        column = self.column(path)
        codes = column.codes.copy()
        codes[rids] = values.codes + np.int32(len(column.texts))
        self.values[path] = Coded(codes, pa.concat_arrays([column.texts, values.texts]))

    def change(
        self, f: Field, rids: np.ndarray, before: Coded, after: Coded, code: Coded, rest: Coded | None = None
    ) -> None:
        if len(rids):
            texts = {"before": before, "after": after, "code": code, "rest": rest or Coded.same("", len(rids))}
            self.changes.append(Lines(f, rids.astype(np.int32), texts))

    def issue(self, f: Field, rids: Any, code: Any, value: Any, note: Any = "") -> None:
        if len(rids):
            self.issues.append(
                pd.DataFrame(
                    {"rid": rids, "entity": f.entity, "field": f.name, "code": code, "value": value, "note": note}
                )
            )

    def settled(self, f: Field, rids: np.ndarray) -> None:
        """Take back the doubts on the values of a field that were settled."""
        for at, lines in enumerate(self.issues):
            if lines["field"].iloc[0] == f.name and lines["entity"].iloc[0] == f.entity:
                self.issues[at] = lines[~lines["rid"].isin(rids)]
        self.issues = [lines for lines in self.issues if len(lines)]


def _objects(array: pa.Array) -> np.ndarray:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=object)


@dataclass(frozen=True)
class Part:
    """Values found in cells of another field: where they go, and the whole cell they came from."""

    path: str
    rids: np.ndarray
    values: pa.Array
    cells: pa.Array
    codes: pa.Array


def normalize(
    columns: Iterable[RawColumn], addresses: pd.DataFrame, entities: Mapping[str, Entity], words: Words, today: str
) -> Normalized:
    """Repair every column. ``addresses`` is indexed by rid 0..n-1; ``today`` (ISO date or '') is what dates are held
    against. Columns that come from an iterator are let go as soon as they are read."""
    given, decided = list(columns), list[dict[str, Any]]()
    groups = list(_grouped(_with_decisions(at_home(given, homes(given, words)), decided)))
    given.clear()
    rows = cuts.cut(groups, len(addresses))
    repairs, done = Repairs(words, today), list[cuts.Cut]()
    for number, cells in enumerate(rows):
        start = number * cuts.ROWS
        size = min(cuts.ROWS, len(addresses) - start)
        done.append(_repaired(cells, start, size, entities, repairs))
        cuts.release()
    return Normalized(
        records={name: cuts.records(done, entity, addresses) for name, entity in entities.items()},
        changes=cuts.ledger(done, cuts.order_of(entities.values()), addresses),
        issues=cuts.issues(done),
        decided=decided,
    )


def _repaired(
    cells: list[cuts.Cells], start: int, size: int, entities: Mapping[str, Entity], repairs: Repairs
) -> cuts.Cut:
    """What becomes of the ``size`` rows of a cut that begins at rid ``start``. The cells are used up."""
    fields = {f.path: f for e in entities.values() for f in e.fields.values()}
    work, parts = Work(size), list[Part]()
    while cells:
        parts += _own(work, cells.pop(0), repairs)
    for _ in range(ROUNDS):
        if not parts:
            break
        parts = [p for part in _by_path(parts) for p in _place(work, fields, part, repairs)]
    for f in fields.values():
        if f.options.get("context"):
            _settle(work, f, repairs.words)
    changes = _changes(work.changes, cuts.order_of(entities.values()), start)
    return cuts.Cut(
        {name: _stored(work, e, start) for name, e in entities.items()}, changes, _issues(work.issues, start)
    )


def _with_decisions(columns: Iterable[RawColumn], decided: list[dict[str, Any]]) -> Iterable[tuple[RawColumn, Options]]:
    for column in columns:
        kind = KINDS[column.field.kind]
        options = {**column.field.options, **column.options}
        if kind.observe and kind.decide:
            decision = kind.decide(kind.observe(column.values.value_counts(sort=False).to_dict()))
            options |= decision.options
            if decision.options or decision.doubt:
                decided.append(
                    {
                        "source_file": column.source,
                        "source_sheet": column.sheet,
                        "column": column.header,
                        "field": column.field.path,
                        "options": dict(decision.options),
                        "doubt": decision.doubt,
                        "evidence": decision.evidence,
                    }
                )
        yield column, options


def _grouped(columns: Iterable[tuple[RawColumn, Options]]) -> Iterable[cuts.Group]:
    """Columns of one field with the same options are repaired together; several columns of one table stay apart."""
    groups: dict[tuple[Any, ...], cuts.Group] = {}
    for column, options in columns:
        key = (column.field.path, repr(sorted(options.items())), column.header if column.field.virtual else "")
        groups.setdefault(key, (column.field, options, []))[2].append(column.values)
    return groups.values()


def _own(work: Work, own: cuts.Cells, repairs: Repairs) -> list[Part]:
    """Repair the cells of columns that belong to one field; returns what else was found in them."""
    f, rids = own.field, own.places
    fixed = repairs.of(f, own.options)(own.texts)
    cells, values = Coded(fixed.codes, fixed.texts), Coded(fixed.codes, fixed.values)
    if f.virtual:
        at = fixed.where((fixed.rest.codes > 0) & (fixed.why.codes > 0))
        after = Coded.same(None, len(at))
    else:
        work.put(f.path, rids, values)
        at = fixed.where(differs(fixed.values, fixed.texts))
        after = values.take(at)
    work.change(f, rids[at], cells.take(at), after, fixed.of_cells(fixed.why, at), fixed.of_cells(fixed.rest, at))
    doubtful = fixed.doubt.codes > 0
    at = fixed.where(doubtful)
    work.issue(f, rids[at], _objects(fixed.of_cells(fixed.doubt, at).array()), _objects(cells.take(at).array()))
    if f.virtual:
        for found in fixed.parts:
            if found.role in f.parts:
                doubtful[found.at] = False
    else:
        doubtful &= ~filled(fixed.values)
    work.unplaced.setdefault(f.entity, []).append(rids[fixed.where(doubtful)])
    return _parts(f, fixed, rids, cells)


def _parts(f: Field, fixed: Fixed, rids: np.ndarray, cells: Coded) -> list[Part]:
    """What was found beside the values of a column; ``cells`` are the whole cells they were found in."""
    parts = []
    for role in sorted({found.role for found in fixed.parts} & f.parts.keys()):
        same = [found for found in fixed.parts if found.role == role]
        number = np.full(len(fixed.texts), -1, dtype=np.int32)
        number[np.concatenate([found.at for found in same])] = np.arange(sum(len(found.at) for found in same))
        at = fixed.where(number >= 0)
        values = pa.concat_arrays([found.values for found in same]).take(pa.array(number[fixed.codes[at]]))
        code = fixed.of_cells(fixed.why, at).array().cast(TEXT)
        code = pc.if_else(pc.equal(code, ""), "cell_split", code)
        parts.append(Part(f.parts[role], rids[at], values, cells.take(at).array().cast(TEXT), code))
    return parts


def _by_path(parts: Sequence[Part]) -> Iterable[Part]:
    for path in sorted({p.path for p in parts}):
        same = [p for p in parts if p.path == path]
        texts = (pa.concat_arrays([getattr(p, n) for p in same]) for n in ("values", "cells", "codes"))
        yield Part(path, np.concatenate([p.rids for p in same]), *texts)


def _place(work: Work, fields: Mapping[str, Field], part: Part, repairs: Repairs) -> list[Part]:
    """Put parts where they belong: into the empty field, else beside it (``_2``), else into an issue; equal ones are
    already there."""
    f = fields[part.path]
    fixed = repairs.of(f, f.options)(Coded.of(part.values))
    values = Coded(fixed.codes, fixed.values).array()
    waiting = np.flatnonzero(filled(values))
    for path in (f.path, f"{f.path}_2"):
        if path in fields and len(waiting):
            waiting = _fill(work, fields[path], part, values, waiting)
    work.issue(f, part.rids[waiting], "part_conflict", _objects(values.take(pa.array(waiting))), "")
    placed = np.setdiff1d(fixed.where(fixed.doubt.codes > 0), waiting)
    value = _objects(part.values.take(pa.array(placed)))
    work.issue(f, part.rids[placed], _objects(fixed.of_cells(fixed.doubt, placed).array()), value)
    return _parts(f, fixed, part.rids, Coded.of(part.cells))


def _fill(work: Work, f: Field, part: Part, values: pa.Array, waiting: np.ndarray) -> np.ndarray:
    """Fill where the field is empty (the first part of a row first); returns the positions still without a place."""
    first = pd.Series(part.rids[waiting]).duplicated().to_numpy()
    empty = work.at(f.path, part.rids[waiting]) == np.array(None)
    take = waiting[empty & ~first]
    cells, after, code = (Coded.of(x.take(pa.array(take)).cast(TEXT)) for x in (part.cells, values, part.codes))
    work.put(f.path, part.rids[take], after)
    work.change(f, part.rids[take], cells, after, code)
    left = np.setdiff1d(waiting, take)
    return left[work.at(f.path, part.rids[left]) != _objects(values.take(pa.array(left)))]


def _settle(work: Work, f: Field, words: Words) -> None:
    """What a text alone left in doubt, settled by other fields of its row where these say enough."""
    settle = KINDS[f.kind].settle
    if settle is None:
        return
    rids = _doubtful(work, f)
    now = work.at(f.path, rids)
    beside = {name: work.at(f"{f.entity}.{name}", rids) for name in f.options["context"]}
    table = pd.DataFrame({"value": now, **beside}).fillna("")
    numbers, distinct = pd.factorize(pd.MultiIndex.from_frame(table))
    decide = settle(f.options, words)
    fixes = [decide(value, dict(zip(beside, context, strict=True))) for value, *context in distinct]
    done = np.array([not x.doubt for x in fixes], dtype=bool)[numbers] if len(rids) else np.zeros(0, dtype=bool)
    settled = [fixes[number] for number in numbers[done]]
    before, after, code = (
        Coded.of(texts_of(list(texts))) for texts in (now[done], (x.value for x in settled), (x.why for x in settled))
    )
    work.change(f, rids[done], before, after, code)
    work.put(f.path, rids[done], after)
    work.settled(f, rids[done])


def _doubtful(work: Work, f: Field) -> np.ndarray:
    mine = [lines for lines in work.issues if lines["field"].iloc[0] == f.name and lines["entity"].iloc[0] == f.entity]
    found = np.unique(pd.concat(mine)["rid"].to_numpy()) if mine else np.zeros(0, dtype=np.int64)
    return found[work.at(f.path, found) != np.array(None)]


def _stored(work: Work, entity: Entity, start: int) -> tuple[np.ndarray, dict[str, pa.Array]]:
    """The rids of the records of one entity, and their fields; rows where every field is empty hold no record, unless a
    cell that speaks of it could not be told apart: such a row is somebody's to correct. The values leave the work."""
    columns = {
        name: work.values.pop(path) for name in entity.stored if (path := f"{entity.name}.{name}") in work.values
    }
    given = np.zeros(work.size, dtype=bool)
    for column in columns.values():
        given |= filled(column.texts)[column.codes]
    for rids in work.unplaced.get(entity.name, ()):
        given[rids] = True
    there = np.flatnonzero(given)
    return there + start, {name: column.array(there) for name, column in columns.items()}


def _changes(lines: list[Lines], order: Sequence[tuple[str, str]], start: int) -> dict[str, Any]:
    """The changes of a cut, in the order of rows and fields. The lines are used up."""
    if not lines:
        return {}
    places = {key: at for at, key in enumerate(order)}
    numbers = np.array([places[x.field.entity, x.field.name] for x in lines], dtype=np.int16)
    fields = np.repeat(numbers, [len(x.rids) for x in lines])
    rids = np.concatenate([x.rids for x in lines], dtype=np.int64)
    by = np.argsort(rids * len(order) + fields, kind="stable")
    data: dict[str, Any] = {"rid": (rids[by] + start).astype(np.int32), "field": fields[by]}
    for name in ("code", "rest"):
        data[name] = _categories(Coded.joined([x.texts[name] for x in lines]), by)
    for name in ("before", "after"):
        data[name] = Coded.joined([x.texts.pop(name) for x in lines]).array(by)
    return data


def _categories(column: Coded, cells: np.ndarray) -> pd.Categorical:
    """A column of few texts as categories."""
    used = column.take(cells)
    return pd.Categorical.from_codes(*pd.factorize(pd.array(used.texts, dtype="str"), sort=True)).take(used.codes)


def _issues(lines: Sequence[pd.DataFrame], start: int) -> pd.DataFrame:
    """The doubts of a cut that begins at rid ``start``, in the order of rows and fields."""
    if not lines:
        return frame("issues")
    table = pd.concat(lines, ignore_index=True)
    table["rid"] = table["rid"].astype("int64") + start
    levels = {code: severity(code) for code in table["code"].unique()}
    table["severity"] = table["code"].map(levels)
    ordered = table.sort_values(["rid", "entity", "field", "code"], kind="stable", ignore_index=True)
    return ordered[list(COLUMNS["issues"])]
