"""Every cell to the form it should have, with a line for each change and for each doubt.

Observe, decide, apply: what only a whole column can tell (is 05/06/2023 day first?) is decided once per source column;
after that each distinct text is repaired once, and values that already have their kind's shape are not looked at at all.
A cell may hold values of several fields; its parts go to the fields that the entity names, where they never overwrite a
value that stands in a column of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cleanse.codes import severity
from cleanse.kinds import KINDS
from cleanse.kinds.characters import matching
from cleanse.model import COLUMNS, Entity, Field, Fix, Kind, Options, Words, frame
from cleanse.stages.map import RawColumn

ROUNDS = 3
Test = Callable[[pa.Array], np.ndarray]
STAGE = "normalize"


@dataclass(frozen=True)
class Normalized:
    """``records``: entity -> frame with rid, address columns and every stored field. ``decided``: what columns told."""

    records: dict[str, pd.DataFrame]
    changes: pd.DataFrame
    issues: pd.DataFrame
    decided: list[dict[str, Any]]


@dataclass
class Work:
    """Values as they grow: field path -> text by position (rid), with the lines written on the way."""

    size: int
    values: dict[str, np.ndarray] = field(default_factory=dict)
    changes: list[pd.DataFrame] = field(default_factory=list)
    issues: list[pd.DataFrame] = field(default_factory=list)

    def column(self, path: str) -> np.ndarray:
        """The column of a field, an object array with None where empty."""
        if path not in self.values:
            self.values[path] = np.full(self.size, None, dtype=object)
        return self.values[path]

    def change(self, f: Field, rids: Any, before: Any, after: Any, rest: Any, code: Any) -> None:
        if len(rids):
            self.changes.append(
                pd.DataFrame(
                    {
                        "rid": rids,
                        "entity": f.entity,
                        "field": f.name,
                        "before": before,
                        "after": after,
                        "rest": rest,
                        "code": code,
                    }
                )
            )

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


@dataclass(frozen=True)
class Part:
    """Values found in cells of another field: where they go, and the whole cell they came from."""

    path: str
    rids: np.ndarray
    values: np.ndarray
    cells: np.ndarray
    codes: np.ndarray


def normalize(
    columns: Sequence[RawColumn], addresses: pd.DataFrame, entities: Mapping[str, Entity], words: Words, today: str
) -> Normalized:
    """Repair every column. ``addresses`` is indexed by rid 0..n-1; ``today`` (ISO date or '') is what dates are held
    against."""
    fields = {f.path: f for e in entities.values() for f in e.fields.values()}
    work = Work(len(addresses))
    decided: list[dict[str, Any]] = []
    parts: list[Part] = []
    for f, options, texts in _grouped(_with_decisions(columns, decided)):
        parts += _own(work, f, options, texts, words, today)
    for _ in range(ROUNDS):
        if not parts:
            break
        parts = [p for part in _by_path(parts) for p in _place(work, fields, part, words, today)]
    for f in fields.values():
        if f.options.get("context"):
            _settle(work, f, words)
    return Normalized(
        records={name: _records(work, entity, addresses) for name, entity in entities.items()},
        changes=_addressed(work.changes, addresses),
        issues=_issues(work.issues),
        decided=decided,
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


def _grouped(columns: Iterable[tuple[RawColumn, Options]]) -> Iterable[tuple[Field, Options, pd.Series]]:
    """Columns of one field with the same options are repaired together; several columns of one table stay apart."""
    groups: dict[tuple[Any, ...], tuple[Field, Options, list[pd.Series]]] = {}
    for column, options in columns:
        key = (column.field.path, repr(sorted(options.items())), column.header if column.field.virtual else "")
        groups.setdefault(key, (column.field, options, []))[2].append(column.values)
    for f, options, series in groups.values():
        yield f, options, pd.concat(series) if len(series) > 1 else series[0]


def _fixes(texts: Sequence[str], fix: Callable[[str], Fix], test: Test | None) -> list[Fix | None]:
    """A Fix per distinct text; None where the test says that the text is right already."""
    if test is None:
        return [fix(text) for text in texts]
    right = test(pa.array(texts, pa.string()))
    return [None if ok else fix(text) for text, ok in zip(texts, right, strict=True)]


@dataclass(frozen=True)
class Fixed:
    """The fixes of the distinct texts of one column, as arrays over them; ``codes`` points from cells to texts."""

    codes: np.ndarray
    texts: np.ndarray
    fixes: list[Fix | None]

    def array(self, name: str) -> np.ndarray:
        return np.array([getattr(x, name) if x else "" for x in self.fixes], dtype=object)

    @property
    def values(self) -> np.ndarray:
        out = self.texts.copy()
        for i, x in enumerate(self.fixes):
            if x is not None:
                out[i] = x.value
        return out


def _fix_column(f: Field, options: Options, texts: np.ndarray, words: Words, today: str) -> Fixed:
    kind = KINDS[f.kind]
    given = {**options, "today": today} if options.get("past") else options
    codes, distinct = pd.factorize(texts)
    test = None if f.virtual else _test(kind, given, words)
    return Fixed(codes, np.asarray(distinct, dtype=object), _fixes(list(distinct), kind.fixer(given, words), test))


def _test(kind: Kind, options: Options, words: Words) -> Test | None:
    if kind.untouched:
        return kind.untouched(options, words)
    shape = kind.shape(options)
    return matching(shape) if shape else None


def _own(work: Work, f: Field, options: Options, texts: pd.Series, words: Words, today: str) -> list[Part]:
    """Repair the cells of columns that belong to one field; returns what else was found in them."""
    rids, cells = texts.index.to_numpy(), texts.to_numpy(dtype=object)
    fixed = _fix_column(f, options, cells, words, today)
    after = fixed.values[fixed.codes]
    why, doubt, rest = (fixed.array(n)[fixed.codes] for n in ("why", "doubt", "rest"))
    if not f.virtual:
        work.column(f.path)[rids] = after
    changed = np.asarray(after != cells) if not f.virtual else (why != "") & (rest != "")
    shown = after if not f.virtual else np.full(len(cells), None, dtype=object)
    work.change(f, rids[changed], cells[changed], shown[changed], rest[changed], why[changed])
    doubtful = doubt != ""
    work.issue(f, rids[doubtful], doubt[doubtful], cells[doubtful])
    return _parts(f, fixed, rids, cells)


def _parts(f: Field, fixed: Fixed, rids: np.ndarray, cells: np.ndarray) -> list[Part]:
    found: dict[str, list[tuple[int, str]]] = {}
    for i, x in enumerate(fixed.fixes):
        for role, value in x.parts if x else ():
            if role in f.parts:
                found.setdefault(role, []).append((i, value))
    parts = []
    for role, entries in sorted(found.items()):
        of_text = np.full(len(fixed.texts), None, dtype=object)
        for i, value in entries:
            of_text[i] = value
        values = of_text[fixed.codes]
        there = values != np.array(None)
        code = fixed.array("why")[fixed.codes]
        code[code == ""] = "cell_split"
        parts.append(Part(f.parts[role], rids[there], values[there], cells[there], code[there]))
    return parts


def _by_path(parts: Sequence[Part]) -> Iterable[Part]:
    for path in sorted({p.path for p in parts}):
        same = [p for p in parts if p.path == path]
        yield Part(path, *(np.concatenate([getattr(p, n) for p in same]) for n in ("rids", "values", "cells", "codes")))


def _place(work: Work, fields: Mapping[str, Field], part: Part, words: Words, today: str) -> list[Part]:
    """Put parts where they belong: into the empty field, else beside it (``_2``), else into an issue; equal ones are
    already there."""
    f = fields[part.path]
    fixed = _fix_column(f, f.options, part.values, words, today)
    values = fixed.values[fixed.codes]
    some = values != np.array(None)
    waiting = np.flatnonzero(some)
    for path in (f.path, f"{f.path}_2"):
        if path not in fields or not len(waiting):
            continue
        waiting = _fill(work, fields[path], part, values, waiting)
    lost = part.rids[waiting]
    work.issue(f, lost, "part_conflict", values[waiting], "")
    doubt = fixed.array("doubt")[fixed.codes]
    placed = np.setdiff1d(np.flatnonzero(doubt != ""), waiting)
    work.issue(f, part.rids[placed], doubt[placed], part.values[placed])
    return _parts(f, fixed, part.rids, part.cells)


def _fill(work: Work, f: Field, part: Part, values: np.ndarray, waiting: np.ndarray) -> np.ndarray:
    """Fill where the field is empty (the first part of a row first); returns the positions still without a place."""
    column = work.column(f.path)
    first = pd.Series(part.rids[waiting]).duplicated().to_numpy()
    empty = column[part.rids[waiting]] == np.array(None)
    take = waiting[empty & ~first]
    column[part.rids[take]] = values[take]
    work.change(f, part.rids[take], part.cells[take], values[take], "", part.codes[take])
    left = np.setdiff1d(waiting, take)
    return left[column[part.rids[left]] != values[left]]


def _settle(work: Work, f: Field, words: Words) -> None:
    """What a text alone left in doubt, settled by other fields of its row where these say enough."""
    settle = KINDS[f.kind].settle
    if settle is None:
        return
    column = work.column(f.path)
    rids = _doubtful(work, f)
    beside = {name: work.column(f"{f.entity}.{name}")[rids] for name in f.options["context"]}
    table = pd.DataFrame({"value": column[rids], **beside}).fillna("")
    numbers, distinct = pd.factorize(pd.MultiIndex.from_frame(table))
    decide = settle(f.options, words)
    fixes = [decide(value, dict(zip(beside, context, strict=True))) for value, *context in distinct]
    done = np.array([not x.doubt for x in fixes], dtype=bool)[numbers] if len(rids) else np.zeros(0, dtype=bool)
    after = np.array([x.value for x in fixes], dtype=object)[numbers]
    why = np.array([x.why for x in fixes], dtype=object)[numbers]
    work.change(f, rids[done], column[rids[done]], after[done], "", why[done])
    column[rids[done]] = after[done]
    work.settled(f, rids[done])


def _doubtful(work: Work, f: Field) -> np.ndarray:
    mine = [lines for lines in work.issues if lines["field"].iloc[0] == f.name and lines["entity"].iloc[0] == f.entity]
    found = pd.concat(mine)["rid"].to_numpy() if mine else np.zeros(0, dtype=np.int64)
    column = work.column(f.path)
    return np.array(sorted({int(r) for r in found if column[r] is not None}), dtype=np.int64)


def _records(work: Work, entity: Entity, addresses: pd.DataFrame) -> pd.DataFrame:
    """The records of one entity: rid, address, stored fields; rows where every field is empty hold no record."""
    data = {name: pd.array(work.column(f"{entity.name}.{name}"), dtype="str") for name in entity.stored}
    table = pd.DataFrame(data, index=addresses.index)
    there = table.notna().any(axis=1)
    return pd.concat([addresses, table], axis=1)[there].rename_axis("rid").reset_index()


def _addressed(lines: Sequence[pd.DataFrame], addresses: pd.DataFrame) -> pd.DataFrame:
    if not lines:
        return frame("changes")
    table = pd.concat(lines, ignore_index=True)
    rids = table["rid"].to_numpy()
    for name in ("source_file", "source_sheet", "source_row"):
        table[name] = addresses[name].take(rids).array
    table["stage"] = STAGE
    table["from_rid"] = table["rid"]
    for name in ("entity", "field", "code", "stage"):
        table[name] = table[name].astype("category")
    return table.sort_values(["rid", "entity", "field"], kind="stable", ignore_index=True)[list(COLUMNS["changes"])]


def _issues(lines: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if not lines:
        return frame("issues")
    table = pd.concat(lines, ignore_index=True)
    levels = {code: severity(code) for code in table["code"].unique()}
    table["severity"] = table["code"].map(levels)
    ordered = table.sort_values(["rid", "entity", "field", "code"], kind="stable", ignore_index=True)
    return ordered[list(COLUMNS["issues"])]
