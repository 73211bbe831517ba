"""Golden records in the target's own form: its columns, options and links; what it cannot take is held back whole.

A value the target would refuse is never cut or replaced: it is withheld where the column is optional and its row parked
where it is required, each time with an issue. The golden record keeps it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.codes import severity
from cleanse.model import COLUMNS, LOSING, PARENT, Profile, TargetField, TargetObject, frame
from cleanse.stages.forms import TRIMMED, blank_to_null, each, found, mask, sizes, written
from cleanse.stages.losing import added

HINTS = 200  # distinct unknown options for which the nearest known one is sought
LOSSES = ("entity", "field", "values")
KNOWN = "target_known"  # the target has the record, and nothing goes there


@dataclass(frozen=True)
class Conformed:
    """What goes out, and what does not.

    tables  object name -> text frame indexed by golden_id, one column per target field, missing where empty; children
            stand in the order of their parents
    issues  COLUMNS["issues"]: one line per value withheld or row parked; ``field`` is the canonical field
    parked  entity -> golden_id -> code of the first reason
    losses  entity, field, values: canonical fields with values that no column of the target takes
    updates object name -> how many of the last rows of its table go as updates, in files of their own
    ids     object name -> the target's own id of the rows that go by it, by golden_id
    known   object name -> lines by golden_id of rows the target has: ``exit`` (update, or known where nothing goes there),
            ``filled`` (how many of its blanks)
    unseen  object name -> columns that its export lacks, and that updates therefore leave alone
    """

    tables: Mapping[str, pd.DataFrame]
    issues: pd.DataFrame
    parked: Mapping[str, Mapping[str, str]]
    losses: pd.DataFrame
    updates: Mapping[str, int] = field(default_factory=dict)
    ids: Mapping[str, pd.Series] = field(default_factory=dict)
    known: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class There:
    """What the target holds already. ``frames``: object -> its export, columns named as the profile names them. ``matched``:
    object -> places in it by golden_id, where records were matched with it. ``chosen``: entity, golden_id, field of the
    values that people chose."""

    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    matched: Mapping[str, pd.Series] = field(default_factory=dict)
    chosen: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["entity", "golden_id", "field"]))


@dataclass
class _Work:
    """One object while it is made: columns of the target, and the reason why a row may not go (``''``: it may)."""

    golden: pd.DataFrame
    target: TargetObject
    profile: Profile
    existing: pd.DataFrame | None = None
    at: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # place in ``existing``, -1 none
    chosen: pd.DataFrame = field(default_factory=pd.DataFrame)
    theirs: dict[str, np.ndarray] = field(default_factory=dict)  # column -> cells that hold the target's own text
    unseen: list[str] = field(default_factory=list)
    ids: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))
    filled: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    there: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))
    columns: dict[str, pa.Array] = field(default_factory=dict)
    raw: dict[str, pa.Array] = field(default_factory=dict)
    reason: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    issues: list[pd.DataFrame] = field(default_factory=list)

    def report(self, where: np.ndarray, code: str, column: str = "", note: str = "") -> None:
        """An issue per row of ``where``."""
        rows = np.flatnonzero(where)
        if not len(rows):
            return
        target = self.target.field(column)
        raw = self.raw.get(column)
        value: list[Any] = [None] * len(rows) if raw is None else raw.take(pa.array(rows)).to_pylist()
        place = note or (f"{self.target.label}.{target.label}" if target else self.target.label)
        near = _nearest(target, value) if target and code == "target_option" else {}
        self.issues.append(pd.DataFrame({
            "rid": self.golden["rid"].to_numpy()[rows], "entity": self.target.entity,
            "field": _canonical(target, self.target) if target else "", "code": code, "severity": severity(code),
            "value": value, "note": [place + near.get(v, "") for v in value],
        }))  # fmt: skip

    @property
    def matched(self) -> np.ndarray:
        """The rows that the target has already."""
        return self.at >= 0

    def text(self, column: str) -> pa.Array:
        """What the target holds of every row in one of its columns, null where nothing."""
        if self.existing is None or column not in self.existing or not self.matched.any():
            return pa.nulls(len(self.at), pa.string())
        values = blank_to_null(_text(self.existing[column]))
        return values.take(pa.array(self.at, mask=~self.matched))

    def own(self, column: TargetField, values: pa.Array) -> pa.Array:
        """What the target holds of a row stands, but where a person chose: only its blanks are filled, and what its export
        does not show is left alone."""
        said = np.zeros(len(self.at), dtype=bool)
        for name in column.sources:
            told = self.chosen.loc[self.chosen["field"] == name.removeprefix(f"{self.target.entity}."), "golden_id"]
            said |= self.golden["golden_id"].isin(told).to_numpy()
        text, seen = self.text(column.name), self.existing is not None and column.name in self.existing
        theirs = self.theirs[column.name] = mask(pc.is_valid(text)) & ~said
        if len(column.sources) > 1:  # of the others merging told it
            self.report(theirs & mask(pc.not_equal(text, blank_to_null(values))), "target_differs", column.name)
        hidden = self.matched & ~said & (not seen and column.name != self.target.key)
        if (hidden & mask(pc.is_valid(values))).any():
            self.unseen.append(column.name)
        values = pc.if_else(pa.array(hidden), pa.scalar(None, pa.string()), values)
        return pc.if_else(pa.array(theirs), text, values)

    def park(self, where: np.ndarray, code: str, column: str = "", note: str = "") -> None:
        """Hold rows back; a row keeps its first reason and every issue. Of one that the target has, it is told apart."""
        self.reason[where & self.matched & (self.reason == "")] = KNOWN
        where = where & ~self.matched
        self.report(where, code, column, note)
        self.reason[where & (self.reason == "")] = code

    def refuse(self, where: np.ndarray, code: str, column: TargetField, note: str = "") -> None:
        """A value that may not go: withheld, or its row parked where the column is required. What the target itself holds is
        never withheld: its row stays as it is there."""
        theirs = where & self.theirs.get(column.name, np.zeros(len(where), dtype=bool))
        self.park(theirs, code)
        where = where & ~theirs
        if not where.any():
            return
        if column.required:
            self.park(where, code, column.name, note)
        else:
            self.report(where, code, column.name, note)
        self.columns[column.name] = pc.if_else(pa.array(where), pa.scalar(None, pa.string()), self.columns[column.name])


def conform(golden: Mapping[str, pd.DataFrame], profile: Profile, there: There | None = None) -> Conformed:
    """The tables that ``profile`` wants, made from the golden records.

    ``golden``: entity -> frame with golden_id, rid, the stored fields and, for a child, ``<parent>_id``. Every
    row of an entity with an object ends in its table, in ``parked``, or in ``known``.
    """
    there = there or There()
    done: dict[str, _Work] = {}
    tables: dict[str, pd.DataFrame] = {}
    for target in profile.objects:
        if target.entity not in golden:
            continue
        work = _Work(golden[target.entity].reset_index(drop=True), target, profile, there.frames.get(target.name))
        work.reason = np.full(len(work.golden), "", dtype=object)
        work.at = _places(work, there.matched.get(target.name))
        work.chosen = there.chosen[there.chosen["entity"] == target.entity]
        _fill(work, golden, tables, done)
        for column in target.fields:
            if column.source != PARENT:
                _take(work, column)
        _check_rows(work, target.name in there.matched)
        _rank(work)
        done[target.name] = work
        tables[target.name] = _table(work, tables)
    issues = [part for work in done.values() for part in work.issues]
    parked: dict[str, dict[str, str]] = {}
    for work in done.values():
        held = (work.reason != "") & (work.reason != KNOWN)
        ids = work.golden["golden_id"].to_numpy(dtype=object)[held]
        parked.setdefault(work.target.entity, {}).update(zip(ids, work.reason[held], strict=True))
    return Conformed(
        tables,
        pd.concat(issues, ignore_index=True)[list(COLUMNS["issues"])] if issues else frame("issues"),
        parked,
        _losses(golden, profile),
        {name: int(_separate(work)[work.reason == ""].sum()) for name, work in done.items()},
        {name: work.ids for name, work in done.items() if len(work.ids)},
        {name: _lines_known(work) for name, work in done.items() if work.matched.any()},
        {name: tuple(work.unseen) for name, work in done.items() if work.unseen},
    )


def _places(work: _Work, matched: pd.Series | None) -> np.ndarray:
    """Where the target holds each row: as matching told, or under our own id."""
    ids = work.golden["golden_id"]
    at = np.full(len(ids), -1, dtype=np.int64)
    if matched is not None:
        at = ids.map(matched).fillna(-1).to_numpy(dtype=np.int64)
    own = next((c.name for c in work.target.fields if c.source == "golden_id"), "")
    if work.existing is not None and own in work.existing:
        ours = pd.Series(np.arange(len(work.existing)), index=work.existing[own])
        ours = ours[ours.index.notna() & ~ours.index.duplicated()]
        at = np.where(at >= 0, at, ids.map(ours[~ours.isin(at)]).fillna(-1)).astype(np.int64)
    return at


def _lines_known(work: _Work) -> pd.DataFrame:
    lines = pd.DataFrame({
        "golden_id": work.golden["golden_id"], "at": work.at, "filled": work.filled,
        "exit": np.where(work.reason == KNOWN, "known", "update"),
    })  # fmt: skip
    return lines[work.matched & ((work.reason == "") | (work.reason == KNOWN))].set_index("golden_id")


def _separate(work: _Work) -> np.ndarray:
    """The rows that go in files of their own."""
    if work.profile.form["existing"] == "apart":
        return work.there
    return work.golden["golden_id"].isin(work.ids.index).to_numpy()


# ---------------------------------------------------------------------------------------------------------- filling


def _fill(
    work: _Work, golden: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame], done: Mapping[str, _Work]
) -> None:
    """Every column from its sources, its constant or the parent's key."""
    target, size = work.target, len(work.golden)
    for column in target.fields:
        own = column.source == PARENT  # filled when it is known which rows go: ``_rank``
        parts = [] if own else [_source(work, golden, name) for name in column.sources if name != LOSING]
        if column.name == target.parent:
            filled = _link(work, tables, done)
        elif not parts:
            filled = pa.array([column.constant or None] * size, pa.string())
        elif len(parts) == 1:
            filled = parts[0]
        else:
            filled = reduce(partial(_joined, column.separator), map(blank_to_null, parts))
        work.raw[column.name] = filled
        filled = filled if own else work.own(column, filled)
        work.columns[column.name] = work.raw[column.name] = filled


def _joined(separator: str, left: pa.Array, right: pa.Array) -> pa.Array:
    """Both with the separator between, or the one that is there. (Arrow's own skipping of nulls loses rows.)"""
    return pc.coalesce(pc.binary_join_element_wise(left, right, separator), left, right)


def _source(work: _Work, golden: Mapping[str, pd.DataFrame], name: str) -> pa.Array:
    entity, _, bare = name.rpartition(".")
    if entity in ("", work.target.entity):
        return _text(work.golden[bare])
    parent = golden[entity].set_index("golden_id")[bare]
    return _text(work.golden[f"{entity}_id"].map(parent))


def _link(work: _Work, tables: Mapping[str, pd.DataFrame], done: Mapping[str, _Work]) -> pa.Array:
    """The parent's key for every row; rows whose parent does not go are parked."""
    target = work.target
    parent = done[target.parent_object]
    ids = work.golden[f"{parent.target.entity}_id"]
    there = tables[target.parent_object].index.get_indexer(ids) >= 0  # isin on text takes thirty times as long
    keys = tables[target.parent_object][parent.target.key]
    stays = _stays(parent)  # parents that the target has already, under the key it knows them by
    there |= stays.index.get_indexer(ids) >= 0
    held = (pd.Index(parent.golden["golden_id"]).get_indexer(ids) >= 0) & ~there
    link = target.field(target.parent)
    lost = ~there & ~held & (ids.notna().to_numpy() | bool(link and link.required))
    work.park(held, "target_parent_parked")
    work.park(lost, "target_parent_missing")
    return _text(ids.map(pd.concat([keys, stays]) if len(stays) else keys))


def _rank(work: _Work) -> None:
    """The key of every row's own parent, where that goes or is there already; the row itself goes without it too."""
    column = work.target.field(work.target.own_parent)
    if column is None or PARENT not in work.golden:
        return
    ids = work.golden[PARENT]
    keys = work.columns[work.target.key].to_pandas().set_axis(work.golden["golden_id"])[work.reason == ""]
    work.raw[column.name] = _text(ids)
    work.columns[column.name] = work.own(column, _text(ids.map(pd.concat([keys, _stays(work)]))))
    lost = mask(pc.and_(pc.is_null(work.columns[column.name]), pc.is_valid(work.raw[column.name])))
    work.report(lost, "target_own_parent_held", column.name)
    _take(work, column)


def _stays(parent: _Work) -> pd.Series:
    """golden_id -> key, spelt as there, of records that do not go because the target has them already."""
    known = parent.text(parent.target.key).to_pandas().set_axis(parent.golden["golden_id"])
    known = known[(parent.reason == KNOWN)].dropna().astype("str")
    return pd.concat([known, _named(parent)])


def _named(parent: _Work) -> pd.Series:
    """The same of records that do not go because the target has another of their name."""
    held = parent.reason == "target_exists"
    if not held.any() or parent.existing is None or parent.target.key not in parent.existing:
        return pd.Series(dtype="str")
    known = parent.existing[parent.target.key].dropna()
    spelt = pd.Series(known.to_numpy(), index=_folded(_text(known)).to_pandas())
    ours = _folded(parent.columns[parent.target.key]).to_pandas()[held]
    found = ours.map(spelt[~spelt.index.duplicated()]).fillna(parent.columns[parent.target.key].to_pandas()[held])
    return pd.Series(found.to_numpy(), index=pd.Index(parent.golden["golden_id"][held]), dtype="str")


def _folded(values: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_trim(values, TRIMMED))


def _text(values: pd.Series) -> pa.Array:
    array = pa.array(values.astype("str"), from_pandas=True)
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return whole.cast(pa.string())


# --------------------------------------------------------------------------------------------------- value by value


def _take(work: _Work, column: TargetField) -> None:
    """One column in the target's form, without the values it would refuse."""
    values = blank_to_null(work.columns[column.name])
    cell_chars = work.profile.limit("cell_chars", work.target.name)
    if LOSING in column.sources and LOSING in work.golden:
        unseen = work.matched & (work.existing is None or column.name not in work.existing)
        losing = pc.if_else(
            pa.array(work.theirs[column.name] | unseen), pa.scalar(None, pa.string()), _text(work.golden[LOSING])
        )
        values, out = added(values, losing, column, work.profile, cell_chars)
        work.report(out, "target_losing_left", column.name)
    empty = pc.is_null(values).to_numpy(zero_copy_only=False)
    linked = work.reason == "" if column.name == work.target.parent else np.ones(len(empty), dtype=bool)
    if column.required:
        work.park(empty & linked, "target_required", column.name)
    if empty.all():
        work.columns[column.name] = values
        return
    values, masks = written(values, column, work.profile, cell_chars)
    for rule in work.profile.checks["rules"]:
        if (rule["object"], rule["field"]) == (work.target.name, column.name):
            masks.append(("target_own_rule", ~found(values, rf"\A(?:{rule['pattern']})\z")))
    work.columns[column.name] = values
    free = ~empty
    for code, where in masks:
        hit = where & free
        free &= ~hit
        work.refuse(hit, code, column)


def _nearest(column: TargetField, values: list[Any]) -> dict[Any, str]:
    """For the first unknown options the known one that comes closest."""
    nearest = {v: difflib.get_close_matches(v, column.values, 1, 0.4) for v in sorted(set(values))[:HINTS]}
    return {value: f" ~ {near[0]}" for value, near in nearest.items() if near}


# ------------------------------------------------------------------------------------------------------- row by row


def _check_rows(work: _Work, matching: bool) -> None:
    target, checks = work.target, work.profile.checks
    names = {f.name for f in target.fields}
    _known(work)
    _named_alike(work, matching)
    for column in target.fields:
        if column.unique or column.name == target.key:
            _unique(work, column)
    for columns in target.unique_together:
        _unique_together(work, columns)
    for group in (g for g in checks["together"] if names.issuperset(g)):
        _together(work, group, "target_together", None)
    if checks["areas"] and names.issuperset(checks["area_columns"]):
        known = {tuple(area.split("/")) for area in checks["areas"]}
        _together(work, checks["area_columns"], "target_area", known)
    for group in target.one_of:
        empty = np.logical_and.reduce([mask(pc.is_null(work.columns[name])) for name in group])
        work.park(empty, "target_one_of", group[0], f"{target.label}: {' / '.join(group)}")
    if limit := work.profile.limit("row_chars", target.name):
        lengths = [
            pc.fill_null(pc.utf8_length(values), 0).to_numpy(zero_copy_only=False) for values in work.columns.values()
        ]
        work.park(np.sum(lengths, axis=0) > limit, "target_row_length")
    if limit := work.profile.limit("row_bytes", target.name):
        bytes_ = [sizes(values, work.profile.form["encoding"]) for values in work.columns.values()]
        work.park(np.sum(bytes_, axis=0) > limit, "target_row_length")


def _together(work: _Work, group: list[str], code: str, known: set[tuple[str, ...]] | None) -> None:
    """Columns that stand together or not at all, and, with ``known``, in these combinations only."""
    filled = [mask(pc.is_valid(work.columns[name])) for name in group]
    wrong = np.logical_or.reduce(filled) & ~np.logical_and.reduce(filled)
    if known is not None:
        places = pc.binary_join_element_wise(*(work.columns[name] for name in group), "/")
        wrong |= np.logical_and.reduce(filled) & each(places, lambda text: tuple(text.split("/")) not in known)
    for name, there in zip(group, filled, strict=True):
        column = work.target.field(name)
        assert column is not None
        work.refuse(wrong & there, code, column)


def _known(work: _Work) -> None:
    """Of rows the target has already: which go as updates, by our key or by its own id, and which stay as they are there."""
    target, matched = work.target, work.matched
    links = (target.key, target.parent)
    news = [
        mask(pc.is_valid(values)) & ~work.theirs[name]
        for name, values in work.columns.items()
        if name not in links and name in work.theirs
    ]
    work.filled = np.where(matched, np.sum(news, axis=0), 0) if news else np.zeros(len(matched), dtype=np.int64)
    work.there = np.zeros(len(matched), dtype=bool)
    if not matched.any():
        return
    ids = work.text(target.id) if target.id else pa.nulls(len(matched), pa.string())
    named, keyed = mask(pc.is_valid(ids)), work.theirs.get(target.key, np.zeros(len(matched), dtype=bool))
    adopted = named & ~keyed  # from now on the target knows our key of it
    goes = matched & (keyed & (work.filled > 0) | adopted)
    if work.profile.form["existing"] == "refuse":
        goes[:] = False
    work.park(matched & ~goes, KNOWN)
    work.there = goes
    by_id = goes & (named if work.profile.form["existing"] == "apart" else adopted)
    work.ids = pd.Series(ids.to_pandas()[by_id].to_numpy(), index=work.golden["golden_id"][by_id], dtype="str")


def _named_alike(work: _Work, matching: bool) -> None:
    """Rows of which the target has another under a value that must be unique: it cannot be there twice. Where records were
    not matched, it is taken for the same where the target updates."""
    existing = work.existing if work.existing is not None else pd.DataFrame()
    for column in work.target.fields:
        if not (column.unique or column.name == work.target.key) or column.name not in existing:
            continue
        taken = pc.is_in(_folded(work.columns[column.name]), _folded(_text(existing[column.name].dropna())))
        there = mask(pc.and_(taken, pc.is_valid(work.columns[column.name]))) & ~work.matched
        if matching or work.profile.form["existing"] == "refuse":
            work.park(there, "target_exists", column.name)
        else:
            work.there |= there


def _unique(work: _Work, column: TargetField) -> None:
    """One row per value (trimmed, case folded): the smallest golden_id keeps it, whatever the order of the rows."""
    folded = _folded(work.columns[column.name])
    table = pd.DataFrame({"value": folded.to_pandas(), "id": work.golden["golden_id"]})[work.reason == ""].dropna()
    doubles = table.sort_values("id", kind="stable")["value"].duplicated()
    where = np.zeros(len(work.golden), dtype=bool)
    where[doubles.index[doubles]] = True
    if column.name == work.target.key:
        work.park(where, "target_duplicate", column.name)
    else:
        work.refuse(where, "target_duplicate", column)


def _unique_together(work: _Work, columns: tuple[str, ...]) -> None:
    """One row per combination of values, where all are filled; which of them is wrong cannot be known, so the row waits."""
    values = {name: _folded(work.columns[name]).to_pandas() for name in columns}
    table = pd.DataFrame(values | {"golden_id": work.golden["golden_id"]})[work.reason == ""].dropna()
    doubles = table.sort_values("golden_id", kind="stable").duplicated(list(columns))
    where = np.zeros(len(work.golden), dtype=bool)
    where[doubles.index[doubles]] = True
    work.park(where, "target_duplicate", columns[-1], f"{work.target.label}: {' + '.join(columns)}")


def _table(work: _Work, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows that go, those the target has already behind the others, children in the order of their parents, and behind
    their own parents."""
    ids = pd.Index(work.golden["golden_id"], dtype="str", name="golden_id")
    table = pd.DataFrame({n: pd.Series(v.to_pandas(), dtype="str") for n, v in work.columns.items()}).set_axis(ids)
    goes = work.reason == ""
    table, updates = table[goes], work.there[goes].astype(int) + _separate(work)[goes]
    if not work.target.parent:
        depth = _depth(table, work.target)
        return table.iloc[np.lexsort((depth, updates))] if updates.any() or depth.any() else table
    parent = next(o for o in work.profile.objects if o.name == work.target.parent_object)
    order = pd.Index(tables[parent.name][parent.key]).get_indexer(table[work.target.parent])
    return table.iloc[np.lexsort((np.where(order < 0, len(ids), order), updates))]


def _depth(table: pd.DataFrame, target: TargetObject) -> np.ndarray:
    """How many rows of the table stand above each one."""
    depth = np.zeros(len(table), dtype=np.int64)
    if not target.own_parent or table[target.own_parent].isna().all():
        return depth
    at = pd.Index(table[target.key]).get_indexer(table[target.own_parent])
    above = at
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, at[above], -1)
    return depth


def _canonical(column: TargetField, target: TargetObject) -> str:
    """The canonical field an issue speaks about: bare in its own entity, ``parent.field`` in another."""
    own = f"{target.entity}."
    return " + ".join(name.removeprefix(own) for name in column.sources) or column.name


def _losses(golden: Mapping[str, pd.DataFrame], profile: Profile) -> pd.DataFrame:
    taken = {
        source if "." in source else f"{target.entity}.{source}"
        for target in profile.objects for column in target.fields for source in column.sources
    }  # fmt: skip
    lines = [
        (entity, name, int(count))
        for entity, table in golden.items()
        for name, count in table.drop(columns=["golden_id", "rid"]).count().items()
        if count and f"{entity}.{name}" not in taken and (name == PARENT or not str(name).endswith("_id"))
    ]
    return pd.DataFrame(lines, columns=list(LOSSES))
