"""The written files held against the profile once more, as read back from the disk: every row, every rule.

The second witness: it shares no rule with ``conform`` and sees only what stands in the files. Each code names the error
the target itself would give. ``note`` says where: file and physical row.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from cleanse.codes import severity
from cleanse.model import COLUMNS, Profile, Seen, TargetField, TargetObject, frame
from cleanse.stages.preflight_values import BLANKS, Mask, each, encoded, faults

HINTS = 200  # distinct unknown options for which the nearest known one is sought
UPDATE = "update"  # in the name of a file whose rows the target has already
NO_ROW = -1  # rid of what concerns a file, not a row
Hits = Iterator[tuple[str, str, Mask]]  # code, column, rows


@dataclass(frozen=True)
class _Rows:
    """All parts of one object in one frame, with the place of every row."""

    target: TargetObject
    profile: Profile
    table: pd.DataFrame
    part: Mask
    row: Mask
    files: tuple[str, ...]

    def column(self, name: str) -> pd.Series:
        return self.table[name]

    def blank(self, name: str) -> Mask:
        """Missing, or white space and invisible characters only."""
        values = self.table[name]
        return np.asarray((values.isna() | (values.str.strip(BLANKS) == "")).to_numpy(dtype=bool))


def preflight(
    back: Mapping[str, Sequence[pd.DataFrame]],
    profile: Profile,
    facts: Sequence[Seen] = (),
    *,
    existing: Mapping[str, pd.DataFrame] | None = None,
    rids: Mapping[str, pd.Series] | None = None,
) -> pd.DataFrame:
    """Issues (COLUMNS["issues"]) of the written files; none of severity error means they can go.

    ``back``: object -> the frames of its parts in order, columns named as in the profile; ``facts``: a look at each
    file's bytes, in the same order. ``existing``: object -> what an export of the target holds already. ``rids``:
    object -> rid of each row in order, so that an issue can be traced; without it the rid is -1.
    """
    found: list[pd.DataFrame] = [_files(profile, facts)]
    existing = existing or {}
    gathered = {
        target.name: _gather(back[target.name], target, profile, facts)
        for target in profile.objects
        if target.name in back
    }
    for name, rows in gathered.items():
        parent = gathered.get(rows.target.parent_object)
        for check in (_values, _uniques, _groups, _own_rules):
            found += _lines(rows, check(rows), rids)
        found += _lines(rows, _links(rows, parent, existing), rids)
        found += _lines(rows, _own_parents(rows, existing.get(name)), rids)
        found += _lines(rows, _existing(rows, existing.get(name)), rids)
    return pd.concat([part for part in found if len(part)] or [frame("issues")], ignore_index=True)[
        list(COLUMNS["issues"])
    ]


def _gather(parts: Sequence[pd.DataFrame], target: TargetObject, profile: Profile, facts: Sequence[Seen]) -> _Rows:
    files = [seen.path for seen in facts if seen.object == target.name]
    names = tuple(files[n] if n < len(files) else f"{target.name}, part {n + 1}" for n in range(len(parts)))
    table = (
        pd.concat([part.loc[:, ~part.columns.duplicated()] for part in parts], ignore_index=True)
        if parts
        else pd.DataFrame()
    )
    lengths = [len(part) for part in parts]
    rows = np.concatenate([np.arange(n) for n in lengths]) if lengths else np.empty(0, dtype=int)
    return _Rows(
        target, profile, table, np.repeat(np.arange(len(parts)), lengths), rows + profile.form["header_row"] + 1, names
    )


def _lines(rows: _Rows, hits: Hits, rids: Mapping[str, pd.Series] | None) -> list[pd.DataFrame]:
    made = []
    for code, name, mask in hits:
        places = np.flatnonzero(mask)
        if not len(places):
            continue
        values = rows.table[name].to_numpy(dtype=object)[places] if name in rows.table else np.full(len(places), None)
        near = _nearest(rows.target.field(name), values) if code == "preflight_option" else {}
        notes = [f"{rows.files[p]}:{r}" for p, r in zip(rows.part[places], rows.row[places], strict=True)]
        rid = rids[rows.target.name].to_numpy()[places] if rids and rows.target.name in rids else NO_ROW
        made.append(pd.DataFrame({
            "rid": rid, "entity": rows.target.entity, "field": name, "code": code, "severity": severity(code),
            "value": values, "note": [n + near.get(v, "") for n, v in zip(notes, values, strict=True)],
        }))  # fmt: skip
    return made


def _nearest(column: TargetField | None, values: Mask) -> dict[str, str]:
    options = column.values if column else ()
    nearest = {value: difflib.get_close_matches(value, options, 1, 0.4) for value in sorted(set(values))[:HINTS]}
    return {value: f" ~ {near[0]}" for value, near in nearest.items() if near}


# ----------------------------------------------------------------------------------------------------------- files


def _files(profile: Profile, facts: Sequence[Seen]) -> pd.DataFrame:
    """What the bytes of the files show, what no source confirms, and what a person should know."""
    found = [(seen.object, code, seen.path, value) for seen in facts for code, value in _file(seen, profile)]
    found += _days(profile, facts)
    unsure = [
        f"{target.name}.{c.name}" for target in profile.objects for c in target.fields if c.confidence == "memory"
    ]
    found += [("", "preflight_memory", place, "") for place in [*profile.checks["memory"], *unsure]]
    if not profile.checks["roster"] and any(c.type == "owner" and c.source for o in profile.objects for c in o.fields):
        found.append(("", "preflight_no_roster", "checks.roster", ""))
    found += [("", "preflight_unknown", place, "") for place in profile.checks["unknown"]]
    if profile.checks["note"]:
        found.append(("", "preflight_note", profile.checks["note"], ""))
    entity = {target.name: target.entity for target in profile.objects}
    return frame("issues", [
        (NO_ROW, entity.get(name, ""), "", code, severity(code), value, note) for name, code, note, value in found
    ])  # fmt: skip


def _file(seen: Seen, profile: Profile) -> Iterator[tuple[str, str]]:
    form, target = profile.form, next(o for o in profile.objects if o.name == seen.object)
    if seen.fault:
        yield "preflight_encoding", seen.fault
        return
    if form["type"] == "csv" and seen.bom != form["bom"]:
        yield "preflight_bom", "BOM" if seen.bom else ""
    header = (
        seen.header[1:] if target.id and f"_{UPDATE}_" in seen.path and seen.header[:1] == (target.id,) else seen.header
    )
    for fault in _header(header, target, profile):
        yield "preflight_header", fault
    for name in sorted(set(header) & {*profile.checks["read_only"]}):
        yield "preflight_read_only", name
    counted = (
        ("rows", "rows", seen.rows),
        ("bytes", "file_bytes", seen.bytes),
        ("columns", "columns", len(seen.header)),
    )
    for limit, code, count in counted:
        if 0 < profile.limit(limit, seen.object) < count:
            yield f"preflight_{code}", str(count)
    if seen.ragged:
        yield "preflight_ragged", str(seen.ragged)
    if seen.sheets != 1:
        yield "preflight_sheets", str(seen.sheets)
    for code in ("merged", "formulas", "untyped"):
        if count := getattr(seen, code):
            yield f"preflight_{code.removesuffix('s')}", str(count)


def _header(header: Sequence[str], target: TargetObject, profile: Profile) -> Iterator[str]:
    wanted = [profile.header(column) for column in target.fields]
    required = [profile.header(column) for column in target.fields if column.required]
    mode = profile.form["header_mode"]
    for name in sorted({name for name in header if header.count(name) > 1 or name != name.strip() or not name}):
        yield name or "(empty)"
    if mode == "exact-order" and list(header) != wanted:
        yield "order"
    missing = {"exact-set": wanted, "exact-order": wanted, "free": []}.get(mode, required)
    yield from sorted(set(missing) - set(header))
    if mode in ("exact-set", "exact-order", "no-unknown"):
        yield from sorted(set(header) - set(wanted))


def _days(profile: Profile, facts: Sequence[Seen]) -> list[tuple[str, str, str, str]]:
    limit = profile.limit("imports_day")
    return [("", "preflight_imports", str(len(facts)), str(limit))] if 0 < limit < len(facts) else []


# ---------------------------------------------------------------------------------------------------------- values


def _values(rows: _Rows) -> Hits:
    """Every column by its own rules."""
    names = [column.name for column in rows.target.fields if column.name in rows.table]
    if names:
        empty = np.logical_and.reduce([rows.table[name].isna().to_numpy() for name in names])
        yield "preflight_empty_row", "", empty
    for column in rows.target.fields:
        if column.name not in rows.table:
            if column.required:
                yield "preflight_required", column.name, np.ones(len(rows.table), dtype=bool)
            continue
        if column.required:
            yield "preflight_required", column.name, rows.blank(column.name)
        values = rows.table[column.name]
        if values.notna().any():
            found = faults(values, column, rows.profile, rows.profile.limit("cell_chars", rows.target.name))
            yield from ((code, column.name, mask) for code, mask in found)


# ------------------------------------------------------------------------------------------------------------ rows


def _uniques(rows: _Rows) -> Hits:
    for column in rows.target.fields:
        if (column.unique or column.name == rows.target.key) and column.name in rows.table:
            values = rows.table[column.name].str.strip(BLANKS).str.lower()
            yield (
                "preflight_duplicate",
                column.name,
                (values.duplicated(keep=False) & values.notna()).to_numpy(dtype=bool),
            )


def _groups(rows: _Rows) -> Hits:
    checks = rows.profile.checks
    for group in rows.target.one_of:
        blanks = [rows.blank(name) for name in group if name in rows.table]
        yield "preflight_one_of", group[0], np.asarray(np.logical_and.reduce(blanks))
    areas = {*checks["areas"]}
    for group in [*checks["together"], *([checks["area_columns"]] if areas else [])]:
        if not set(group) <= set(rows.table):
            continue
        blank = np.array([rows.blank(name) for name in group])
        wrong: Mask = np.asarray(blank.any(axis=0) & ~blank.all(axis=0))
        if areas and group == checks["area_columns"]:
            place = rows.table[group[0]].str.cat([rows.table[name] for name in group[1:]], sep="/")
            wrong |= each(place, lambda text: text not in areas)
        yield "preflight_area", group[0], wrong
    if limit := rows.profile.limit("row_chars", rows.target.name):
        total = np.sum([rows.table[name].str.len().fillna(0).to_numpy() for name in rows.table], axis=0)
        yield "preflight_length", "", total > limit
    if limit := rows.profile.limit("row_bytes", rows.target.name):
        sizes = [encoded(rows.table[name], rows.profile.form["encoding"]) for name in rows.table]
        yield "preflight_bytes", "", np.sum(sizes, axis=0) > limit


def _own_rules(rows: _Rows) -> Hits:
    for rule in rows.profile.checks["rules"]:
        if rule["object"] == rows.target.name and rule["field"] in rows.table:
            shape = re.compile(rule["pattern"], re.ASCII)
            broken = each(rows.table[rule["field"]], partial(_breaks, shape))
            yield "preflight_own_rule", rule["field"], broken


def _breaks(shape: re.Pattern[str], text: str) -> bool:
    return not shape.fullmatch(text)


def _links(rows: _Rows, parent: _Rows | None, existing: Mapping[str, pd.DataFrame]) -> Hits:
    """Every link leads to exactly one parent, in an earlier file or in the target already."""
    name = rows.target.parent
    if not name or name not in rows.table:
        return
    parent_target = next(o for o in rows.profile.objects if o.name == rows.target.parent_object)
    there = existing.get(parent_target.name)
    # A record that stands in the files and in the target is one: the update of the other.
    tables = [t for t in (parent.table if parent else None, there) if t is not None and parent_target.key in t]
    known = [table[parent_target.key].value_counts() for table in tables]
    counts = pd.concat(known, axis=1).max(axis=1) if known else pd.Series(dtype=int)
    links = rows.table[name]
    hits = links.map(counts).fillna(0).to_numpy()
    yield "preflight_parent_missing", name, (hits == 0) & links.notna().to_numpy()
    yield "preflight_parent_ambiguous", name, hits > 1
    first = pd.Series(rows.part).groupby(links.to_numpy(dtype=object)).transform("min").fillna(0).to_numpy()
    yield "preflight_children_split", name, (first != rows.part) & links.notna().to_numpy()


def _own_parents(rows: _Rows, there: pd.DataFrame | None) -> Hits:
    """A row's own parent stands in an earlier file, or in the target already."""
    name, key = rows.target.own_parent, rows.target.key
    if not name or name not in rows.table or key not in rows.table:
        return
    links = rows.table[name]
    known = pd.Index(there[key].dropna() if there is not None and key in there else [])
    first = np.array([f"_{UPDATE}_" in file for file in rows.files] or [False])[rows.part]  # they go before new ones
    parts = pd.Series(np.where(first, NO_ROW, rows.part), index=rows.table[key].to_numpy(dtype=object))
    earliest = parts.groupby(level=0).min()
    place = links.map(earliest)
    linked, outside = links.notna().to_numpy(), ~(known.get_indexer(links) >= 0)
    yield "preflight_parent_missing", name, linked & outside & place.isna().to_numpy()
    yield "preflight_parent_later", name, linked & outside & (place >= rows.part).to_numpy(dtype=bool)


def _existing(rows: _Rows, there: pd.DataFrame | None) -> Hits:
    """Rows that equal a record of the target on a unique column; and updates of what is not there."""
    mode = rows.profile.form["existing"]
    if there is None or mode == "update":
        return
    known = np.zeros(len(rows.table), dtype=bool)
    changes = np.array([f"_{UPDATE}_" in file for file in rows.files] or [False])[rows.part]
    telling = [c.name for c in rows.target.fields if c.unique or c.name == rows.target.key]
    for name in [*telling, *([rows.target.id] if rows.target.id else [])]:
        if name in rows.table and name in there:
            taken = pd.Index(there[name].dropna().str.strip(BLANKS).str.lower().unique())
            folded = rows.table[name].str.strip(BLANKS).str.lower()
            here = (taken.get_indexer(folded) >= 0) & folded.notna().to_numpy()
            known |= here
            yield "preflight_exists", name, here & ~changes
    yield "preflight_absent", rows.target.key, changes & ~known
