"""What a person sees of a sampled record: every target cell beside what stood in the sources, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import Entity, Profile, TargetField, TargetObject

LINES = ("unit", "part", "stratum", "object", "field", "before", "after", "where")


@dataclass(frozen=True)
class Sources:
    """The ledger of a run: ``rows`` (which record became which golden record), cleaned ``records`` by entity,
    ``changes``, and the values of columns that no field takes."""

    rows: pd.DataFrame
    records: Mapping[str, pd.DataFrame]
    changes: pd.DataFrame
    unmapped: pd.DataFrame


def lines(
    tried: pd.DataFrame,
    planned: Mapping[str, pd.DataFrame],
    profile: Profile,
    entities: Mapping[str, Entity],
    sources: Sources,
) -> pd.DataFrame:
    """The cells of every sampled record, with ``LINES``: ``before`` what its rows held (several joined by " | "),
    ``after`` what goes into the target, ``where`` the rows. A cell empty on both sides has no line; what no column of
    the target takes stands last, with an empty ``after``.

    ``tried``: the sample (golden_id, part, stratum, unit). ``planned``: object -> what was written, by golden_id.
    """
    members = _members(tried, sources.rows)
    first = _first(members, sources.changes)
    found: list[tuple[str, ...]] = []
    for target in profile.objects:
        table = planned.get(target.name)
        if table is None:
            continue
        raw = _raw(members, sources.records, first, target, entities)
        table = table[table.index.isin(tried["golden_id"])]
        for line in tried[tried["golden_id"].isin(table.index)].itertuples():
            rids, places = members.get((target.entity, line.golden_id), ((), ()))
            head = (line.unit, line.part, line.stratum, target.label)
            cells = _cells(table.loc[line.golden_id], target, raw, rids)
            found += [(*head, field, before, after, "; ".join(places)) for field, before, after in cells]
    found += _left(tried, members, sources.unmapped)
    order = {unit: at for at, unit in enumerate(dict.fromkeys(tried["unit"]))}
    told = pd.DataFrame(found, columns=list(LINES))
    return told.sort_values("unit", key=lambda units: units.map(order), kind="stable", ignore_index=True)


Members = dict[tuple[str, str], tuple[tuple[int, ...], tuple[str, ...]]]


def _members(tried: pd.DataFrame, rows: pd.DataFrame) -> Members:
    """(entity, golden id) -> its records and their addresses."""
    sampled = pc.is_in(pa.array(rows["golden_id"], pa.string()), value_set=pa.array(tried["golden_id"], pa.string()))
    mine = rows[sampled.to_numpy(zero_copy_only=False)]
    where = [
        "!".join(str(p) for p in cells if str(p))
        for cells in mine[["source_file", "source_sheet", "source_row"]].to_numpy()
    ]
    groups = mine.assign(where=where).groupby(["entity", "golden_id"], observed=True, sort=True)
    return {(str(e), str(g)): (tuple(t["rid"]), tuple(t["where"])) for (e, g), t in groups}


def _first(members: Members, changes: pd.DataFrame) -> dict[tuple[str, str, int], str]:
    """What stood in a cell before its first repair."""
    rids = {rid for rows, _ in members.values() for rid in rows}
    mine = changes[changes["rid"].isin(rids) & (changes["stage"] == "normalize") & changes["before"].notna()]
    found: dict[tuple[str, str, int], str] = {}
    for entity, name, rid, before in zip(mine["entity"], mine["field"], mine["rid"], mine["before"], strict=True):
        found.setdefault((str(entity), str(name), int(rid)), before)
    return found


def _raw(
    members: Members,
    records: Mapping[str, pd.DataFrame],
    first: Mapping[tuple[str, str, int], str],
    target: TargetObject,
    entities: Mapping[str, Entity],
) -> dict[tuple[str, int], str]:
    """(canonical field, rid) -> the text of the source; fields as the target's sources name them."""
    rids = {rid for (entity, _), (rows, _) in members.items() if entity == target.entity for rid in rows}
    found: dict[tuple[str, int], str] = {}
    for entity in dict.fromkeys((target.entity, entities[target.entity].refers_to)):
        if entity not in records:
            continue
        mine = records[entity][records[entity]["rid"].isin(rids)].set_index("rid")
        for name in entities[entity].stored:
            path = name if entity == target.entity else f"{entity}.{name}"
            for rid, value in mine[name].dropna().items():
                found[path, int(str(rid))] = value
            for rid in rids:
                if (entity, name, rid) in first:
                    found[path, rid] = first[entity, name, rid]
    return found


def _cells(
    row: pd.Series, target: TargetObject, raw: Mapping[tuple[str, int], str], rids: tuple[int, ...]
) -> Iterator[tuple[str, str, str]]:
    for column in target.fields:
        after = row.get(column.name)
        before = _before(column, target.entity, raw, rids)
        if before or (pd.notna(after) and after and column.name not in (target.key, target.parent)):
            yield column.label, before, "" if pd.isna(after) else str(after)


def _before(column: TargetField, entity: str, raw: Mapping[tuple[str, int], str], rids: tuple[int, ...]) -> str:
    names = [name.removeprefix(f"{entity}.") for name in column.sources]
    return " | ".join(dict.fromkeys(raw[name, rid] for name in names for rid in rids if (name, rid) in raw))


def _left(tried: pd.DataFrame, members: Members, unmapped: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Values of columns that no field takes, once per record that is sampled for itself."""
    roots = tried[tried["golden_id"] == tried["unit"]]
    where = {rid: place for rows, places in members.values() for rid, place in zip(rows, places, strict=True)}
    values = unmapped[unmapped["rid"].isin(where)]
    told = {int(str(rid)): lines for rid, lines in values.groupby("rid", sort=True)}
    for line in roots.itertuples():
        mine = {rid for (_, golden), (rows, _) in members.items() if golden == line.golden_id for rid in rows}
        for rid in sorted(mine & told.keys()):
            for column, value in zip(told[rid]["column"], told[rid]["value"], strict=True):
                yield (line.unit, line.part, line.stratum, "", column, value, "", where[rid])
