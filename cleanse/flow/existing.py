"""What the target holds already, as its exports tell: its records are matched with those of the sources, so that none goes
there once more, and children find their parents.

They are read, mapped by the profile and repaired as any source; their rids stand behind those of the source rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from cleanse.errors import SourceError
from cleanse.flow.reading import read_named
from cleanse.kinds.header import normalize_header
from cleanse.matching import MatchSchema
from cleanse.model import Entity, Profile, Table, TargetField, TargetObject
from cleanse.project import Project
from cleanse.stages import map
from cleanse.stages.normalize import Normalized

HELD = ("rid", "entity", "object", "at", "key", "golden_id")


@dataclass(frozen=True)
class Existing:
    """``frames``: object -> its export as text, columns named as the profile names them. ``tables``, ``maps``: those of them
    that are matched, in the same order. ``held``: a line per record that is matched: rid, entity, object, ``at`` (its place
    in the frame), ``key`` (by which people know it there), ``golden_id`` (ours, '' where it was not loaded by us).
    ``above``: rid -> rid of the parent it has in the target."""

    frames: Mapping[str, pd.DataFrame]
    tables: tuple[Table, ...] = ()
    maps: tuple[tuple[map.ColumnMap, ...], ...] = ()
    held: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(HELD)))
    above: pd.Series = field(default_factory=lambda: pd.Series(dtype="int64"))

    @property
    def first(self) -> int | None:
        """The smallest rid of a record of the target; None where there is none."""
        return int(self.held["rid"].min()) if len(self.held) else None

    def of(self, entity: str) -> pd.DataFrame:
        """The lines of one entity, by rid."""
        return self.held[self.held["entity"] == entity].set_index("rid")

    def with_parents(self, parents: pd.Series) -> pd.Series:
        """What is told of the parents of records by rid, also of the records of the target."""
        return pd.concat([parents, self.above.map(parents).dropna()]) if len(self.above) else parents

    def ours(self, table: pd.DataFrame) -> pd.DataFrame:
        """The lines (with a rid) that do not speak of records of the target."""
        return table if self.first is None else table[table["rid"] < self.first].reset_index(drop=True)

    def without_rows(self, addresses: pd.DataFrame) -> pd.DataFrame:
        """The addresses (by rid) of the source rows alone."""
        return addresses if self.first is None else addresses.loc[: self.first - 1]

    def without(self, clean: Normalized) -> Normalized:
        """What was found in the sources alone."""
        if self.first is None:
            return clean
        names = {t.source for t in self.tables}
        return replace(
            clean, records={name: self.ours(table) for name, table in clean.records.items()},
            changes=self.ours(clean.changes), issues=self.ours(clean.issues),
            decided=[d for d in clean.decided if d["source_file"] not in names],
        )  # fmt: skip


def read_existing(project: Project) -> dict[str, pd.DataFrame]:
    """Object -> text frame of its export, columns named as the profile names them.

    Raises SourceError when an export cannot be read, or has no column that tells its records apart.
    """
    return {name: joined_rows(_read(project, target)) for name, target in _exported(project).items()}


def existing_digests(project: Project) -> dict[str, str]:
    """Object -> digest of its export, by which a plan is bound to it; '' where the file is gone."""
    files = project.existing.items()
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for name, path in files}


def with_existing(project: Project, start: int) -> Existing:
    """The exports of a project, to be matched with source records of which ``start`` is the next rid."""
    found: dict[str, list[Table]] = {name: _read(project, target) for name, target in _exported(project).items()}
    frames = {name: joined_rows(parts) for name, parts in found.items()}
    every: list[Table] = []
    maps: list[tuple[map.ColumnMap, ...]] = []
    held: list[pd.DataFrame] = []
    above: list[pd.Series] = []
    for name, target in _exported(project).items():
        entity = project.entities[target.entity]
        if not isinstance(project.schemas.get(entity.name), MatchSchema) or len(frames[name]) == 0:
            continue
        if entity.refers_to and target.parent_object not in {line["object"].iloc[0] for line in held}:
            continue  # nobody says whose they are
        lines = _lines(frames[name], target, start)
        if entity.refers_to:
            parent = next(o for o in project.profile.objects if o.name == target.parent_object)
            above.append(_above(frames[name], lines, target, frames[parent.name], _of(held, parent.name), parent))
        start += len(lines)
        held.append(lines)
        for table in found[name]:
            columns = _columns(target, entity, table)
            rows = table.rows[[c.name for c, _ in columns]]
            told = {c.name: {new: old for old, new in c.map.items()} for c, _ in columns if c.map}
            every.append(replace(table, rows=rows.replace(told) if told else rows))
            maps.append(tuple(map.ColumnMap(c.name, path, 1.0, "profile") for c, path in columns))
    if not held:
        return Existing(frames)
    parents = pd.concat(above) if above else pd.Series(dtype="int64")
    return Existing(frames, tuple(every), tuple(maps), pd.concat(held, ignore_index=True), parents)


def joined_rows(parts: list[Table]) -> pd.DataFrame:
    return pd.concat([t.rows for t in parts], ignore_index=True)


def _exported(project: Project) -> dict[str, TargetObject]:
    """The objects of which there is an export, parents first."""
    return {target.name: target for target in project.profile.objects if target.name in project.existing}


def _read(project: Project, target: TargetObject) -> list[Table]:
    """The tables of an export, columns named as the profile names them."""
    path = project.existing[target.name]
    names = _names(target, project.profile)
    found = read_named(project, path, "the export", frozenset(names))
    renamed = [t.rows.rename(columns={c: names[n] for c in t.rows if (n := normalize_header(str(c))) in names})
               for t in found]  # fmt: skip
    telling = [c.name for c in target.fields if c.unique or c.name in (target.key, target.parent)]
    telling += [target.id] if target.id else []
    good = [replace(t, rows=rows.loc[:, ~rows.columns.duplicated()])
            for t, rows in zip(found, renamed, strict=True) if set(telling) & set(rows.columns)]  # fmt: skip
    if not good:
        labels = ", ".join(c.label if (c := target.field(name)) else name for name in telling)
        cure = f"export it with the column {labels}" if labels else "the object has no unique column to compare by"
        raise SourceError(f"the export tells no record of {target.label} from another", where=str(path), cure=cure)
    return good


def _names(target: TargetObject, profile: Profile) -> Mapping[str, str]:
    """Every way a column may be headed, normalised -> the profile's name of it."""
    own = {normalize_header(name): name for name in (target.id, target.parent_id) if name}
    return own | {
        normalize_header(text): f.name for f in target.fields for text in (profile.header(f), f.label, f.name)
    }


def _columns(target: TargetObject, entity: Entity, table: Table) -> list[tuple[TargetField, str]]:
    """The columns of an export that hold one field of its entity, with that field."""
    found, taken = [], set[str]()
    for column in target.fields:
        bare = column.source.removeprefix(f"{entity.name}.")
        if column.name in table.rows and bare in entity.stored and bare not in taken:
            taken.add(bare)
            found.append((column, f"{entity.name}.{bare}"))
    return found


def _lines(table: pd.DataFrame, target: TargetObject, start: int) -> pd.DataFrame:
    """The lines of ``held`` of one object."""
    nothing = pd.Series("", index=table.index)
    own = next((c.name for c in target.fields if c.source == "golden_id"), "")
    ours = table[own].fillna("").str.strip() if own in table else nothing
    shown = [table[n].fillna("") for n in (target.id, target.key) if n in table]
    key = next(iter(shown), nothing)
    for more in shown[1:]:
        key = key.where(key != "", more)
    rids = range(start, start + len(table))
    return pd.DataFrame({
        "rid": rids, "entity": target.entity, "object": target.name, "at": range(len(table)), "key": key.astype("str"),
        "golden_id": ours.astype("str"),
    })  # fmt: skip


def _of(held: list[pd.DataFrame], name: str) -> pd.DataFrame:
    return next(lines for lines in held if lines["object"].iloc[0] == name)


def _above(
    table: pd.DataFrame, lines: pd.DataFrame, target: TargetObject, parents: pd.DataFrame, known: pd.DataFrame,
    parent: TargetObject,
) -> pd.Series:  # fmt: skip
    """rid -> rid of the parent in the target, where an export names exactly one."""
    found = pd.Series(pd.NA, index=lines["rid"], dtype="Int64")
    for column, key in ((target.parent, parent.key), (target.parent_id, parent.id)):
        if column in table and key in parents:
            rid_of = pd.Series(known["rid"].to_numpy(), index=parents[key].str.strip())
            rid_of = rid_of[rid_of.index.notna() & ~rid_of.index.duplicated(keep=False)]
            found = found.fillna(
                pd.Series(table[column].str.strip().map(rid_of).to_numpy(), index=found.index).astype("Int64")
            )
    return found.dropna().astype("int64")


def beside(records: Mapping[str, pd.DataFrame], existing: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Records of the sources with those of the target behind them."""
    return {
        n: pd.concat([t, existing[n]], ignore_index=True) if len(existing.get(n, ())) else t for n, t in records.items()
    }


def kept(folder: Path) -> dict[str, pd.DataFrame]:
    """The records of the target that a run was compared with, by entity."""
    return {path.stem: pd.read_parquet(path) for path in sorted((folder / "existing").glob("*.parquet"))}
