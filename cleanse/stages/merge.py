"""Clusters become golden records: one surviving value per field, by rule, each with its origin; losing values are kept.

The anchor of a cluster is its smallest rid: the golden record stands in its place, the other members are merged into it.
Ties are settled by the values themselves, never by the order of rows, so that shuffled input gives the same records.
A value that validation found wrong is withheld: it stays in the record and in the ledger, and does not reach the target.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cleanse.model import COLUMNS, Entity, Field, frame

ID_LENGTH = 12


@dataclass(frozen=True)
class Merged:
    """``golden``: golden_id, rid of the anchor, stored fields (and ``<parent>_id``); ``members``: rid -> golden_id."""

    golden: pd.DataFrame
    members: pd.DataFrame
    changes: pd.DataFrame


def merge(
    entity: Entity, records: pd.DataFrame, clusters: pd.Series, wrong: pd.DataFrame, parents: pd.Series | None = None
) -> Merged:
    """Merge one entity.

    ``clusters``: cluster (smallest rid) by rid. ``wrong``: rid, field of the values to withhold. ``parents``: golden id
    of the parent by rid, for an entity that refers to one.
    """
    values = records.set_index("rid")[list(entity.stored)].rename_axis(None)
    kept, withheld = _withhold(values, wrong)
    cluster = clusters.reindex(values.index)
    ids = _golden_ids(entity, values, cluster, parents)
    golden = kept[~cluster.duplicated().to_numpy()].copy()
    golden.index = golden.index.map(cluster)
    many = cluster[cluster.duplicated(keep=False)]
    changes = [withheld]
    if len(many):
        changes += _survive(entity, kept.loc[many.index], many, golden)
    table = golden.rename_axis("rid").reset_index()
    table.insert(0, "golden_id", table["rid"].map(ids))
    if entity.refers_to:
        assert parents is not None
        table[f"{entity.refers_to}_id"] = table["rid"].map(parents).astype("str")
    members = pd.DataFrame({"rid": values.index, "golden_id": cluster.map(ids).to_numpy()})
    return Merged(table, members, _changes(entity, changes, records))


def without_wrong(records: pd.DataFrame, wrong: pd.DataFrame) -> pd.DataFrame:
    """Records without the values that validation found wrong (rid, field): such a value is no evidence of anything."""
    kept = records.copy()
    for name, cells in wrong.groupby("field", observed=True):
        if name in kept.columns:
            kept.loc[kept["rid"].isin(cells["rid"]), name] = np.nan
    return kept


def _withhold(values: pd.DataFrame, wrong: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    kept, lines = values.copy(), []
    for name, cells in wrong.groupby("field", observed=True):
        rids = np.intersect1d(cells["rid"].to_numpy(), values.index.to_numpy())
        if name not in values.columns or not len(rids):
            continue
        before = values.loc[rids, name].dropna()
        kept.loc[rids, name] = np.nan
        lines.append(_lines(before.index, str(name), before, None, "withheld", before.index))
    return kept, pd.concat(lines) if lines else _lines([], "", None, None, "withheld", [])


def _lines(rids: object, field: str, before: object, after: object, code: str, origin: object) -> pd.DataFrame:
    def bare(column: object) -> object:
        return column.to_numpy(dtype=object) if isinstance(column, pd.Series) else column

    return pd.DataFrame(
        {
            "rid": np.asarray(rids, dtype="int64"),
            "field": field,
            "before": bare(before),
            "after": bare(after),
            "code": code,
            "from_rid": np.asarray(origin, dtype="int64"),
        }
    )


def _survive(entity: Entity, kept: pd.DataFrame, cluster: pd.Series, golden: pd.DataFrame) -> list[pd.DataFrame]:
    """Choose the surviving values of clusters with several members; writes them into ``golden``, returns the ledger."""
    lines: list[pd.DataFrame] = []
    order = _recency(entity, kept)
    together = _together(entity, kept, cluster)
    for name in entity.stored:
        f = entity.fields[name]
        cells = pd.DataFrame({"cluster": cluster, "value": kept[name], "rid": kept.index, "recency": order}).dropna(
            subset=["value"]
        )
        if cells.empty:
            continue
        chosen = together[name] if f.group else _chosen(f, cells)
        golden.loc[golden.index.isin(cells["cluster"]), name] = np.nan
        golden.loc[chosen.index, name] = chosen["value"]
        lines += _told(f, cells, chosen, kept)
        if f"{name}_2" in entity.fields:
            lines += _second(entity.fields[f"{name}_2"], cells, chosen, golden, kept)
    return lines


def _recency(entity: Entity, kept: pd.DataFrame) -> pd.Series:
    """The latest date a record knows, '' where none; what 'latest' and 'earliest' go by."""
    dates = [n for n in entity.stored if entity.fields[n].kind == "date"]
    return kept[dates].fillna("").max(axis=1) if dates else pd.Series("", index=kept.index)


def _together(entity: Entity, kept: pd.DataFrame, cluster: pd.Series) -> dict[str, pd.DataFrame]:
    """Fields that survive as a group: the values of the fullest row, its blanks filled only from rows that agree with it
    in all that both say. Field -> value and origin (rid), by cluster."""
    groups: dict[str, list[str]] = {}
    for name in entity.stored:
        if entity.fields[name].group:
            groups.setdefault(entity.fields[name].group, []).append(name)
    return {name: chosen for names in groups.values() for name, chosen in _one_group(kept[names], cluster).items()}


def _one_group(values: pd.DataFrame, cluster: pd.Series) -> dict[str, pd.DataFrame]:
    first, *rest = values.columns
    text = values[first].fillna("").str.cat([values[n].fillna("") for n in rest], sep="\x1f")
    filled = values.notna().sum(axis=1)
    ranked = pd.DataFrame(
        {"cluster": cluster, "filled": filled, "length": text.str.len(), "text": text, "rid": values.index}
    ).sort_values(["filled", "length", "text", "rid"], ascending=[False, False, True, True])
    leader = cluster.map(ranked.drop_duplicates("cluster").set_index("cluster")["rid"])
    agrees = pd.Series(True, index=values.index)
    for name in values.columns:
        own, led = values[name], values[name].reindex(leader).set_axis(values.index)
        agrees &= (own == led) | own.isna() | led.isna()
    ranked = ranked[agrees.reindex(ranked.index)]
    found = {}
    for name in values.columns:
        cells = ranked[["cluster", "rid"]].assign(value=values[name].reindex(ranked.index)).dropna(subset=["value"])
        found[name] = cells.drop_duplicates("cluster").set_index("cluster")[["value", "rid"]]
    return found


SORTS: Mapping[str, tuple[tuple[str, ...], tuple[bool, ...]]] = {
    "most_frequent": (("count",), (False,)),
    "most_complete_name": (("length", "count"), (False, False)),
    "longest": (("length",), (False,)),
    "latest": (("last",), (False,)),
    "earliest": (("early",), (True,)),
    "minimum": ((), ()),
    "maximum": (("value",), (False,)),
}


def _chosen(f: Field, cells: pd.DataFrame) -> pd.DataFrame:
    """The surviving value and its origin (rid), by cluster."""
    distinct = (
        cells.groupby(["cluster", "value"], sort=True, observed=True)
        .agg(count=("rid", "size"), first=("rid", "min"), last=("recency", "max"), early=("recency", "min"))
        .reset_index()
    )
    if f.survivor == "join":
        ordered = distinct.sort_values(["cluster", "last", "value"])
        return ordered.groupby("cluster").agg(value=("value", "\n".join), rid=("first", "min"))
    distinct["length"] = distinct["value"].str.len()
    names, ascending = SORTS.get(f.survivor, SORTS["most_frequent"])
    by = list(dict.fromkeys(["cluster", *names, "value"]))
    ranked = distinct.sort_values(by, ascending=[True, *ascending, True][: len(by)])
    best = ranked.drop_duplicates("cluster").set_index("cluster")
    return best.rename(columns={"first": "rid"})[["value", "rid"]]


def _told(f: Field, cells: pd.DataFrame, chosen: pd.DataFrame, kept: pd.DataFrame) -> list[pd.DataFrame]:
    """Ledger lines: where the golden value came from, and every value that did not survive."""
    anchors = chosen.index
    own = kept[f.name].reindex(anchors)
    differs = (own != chosen["value"]) | own.isna()
    lines = [
        _lines(anchors[differs], f.name, own[differs], chosen["value"][differs], "survivor", chosen["rid"][differs])
    ]
    golden = cells["cluster"].map(chosen["value"])
    lost = cells[((golden != cells["value"]) | golden.isna()) & ((cells["rid"] != cells["cluster"]) | golden.isna())]
    if f.survivor != "join":
        lines.append(
            _lines(
                lost["rid"],
                f.name,
                lost["value"],
                golden[lost.index],
                "value_not_kept",
                lost["cluster"].map(chosen["rid"]).fillna(lost["rid"]),
            )
        )
    return [line for line in lines if len(line)]


def _second(
    f: Field, cells: pd.DataFrame, chosen: pd.DataFrame, golden: pd.DataFrame, kept: pd.DataFrame
) -> list[pd.DataFrame]:
    """A losing phone or address of the same sort moves into the second place when that is empty."""
    other = cells[cells["value"] != cells["cluster"].map(chosen["value"])].sort_values(["cluster", "value", "rid"])
    first = other.drop_duplicates("cluster").set_index("cluster")
    second = kept[f.name].groupby(cells["cluster"].reindex(kept.index)).first()
    free = first[first.index.map(second).isna() if len(second) else slice(None)]
    free = free[golden[f.name].reindex(free.index).isna().to_numpy()]
    golden.loc[free.index, f.name] = free["value"]
    none = np.full(len(free), None, dtype=object)
    return [_lines(free.index, f.name, none, free["value"], "kept_beside", free["rid"])] if len(free) else []


def _golden_ids(entity: Entity, values: pd.DataFrame, cluster: pd.Series, parents: pd.Series | None) -> pd.Series:
    """A stable id per cluster: the smallest digest of what identifies its members; clusters with an equal one are
    numbered in the order of their whole content."""
    names = [n for n in entity.identity if n in values.columns] or list(values.columns)
    beside = [] if parents is None else [parents.reindex(values.index)]
    ids = _digests(entity.name, [*(values[n] for n in names), *beside])
    least = pd.DataFrame({"cluster": cluster.to_numpy(), "id": ids}).groupby("cluster")["id"].min()
    twins = least[least.duplicated(keep=False)]
    if len(twins):
        same = cluster[cluster.isin(twins.index)]
        whole = _digests(entity.name, [values.loc[same.index, n] for n in values.columns])
        order = pd.DataFrame({"cluster": same.to_numpy(), "whole": whole}).groupby("cluster")["whole"].min()
        ranked = pd.DataFrame({"id": twins, "whole": order}).sort_values(["id", "whole"], kind="stable")
        again = ranked.groupby("id").cumcount()
        again = again[again > 0]
        least = least.mask(least.index.isin(again.index), least + "-" + (again + 1).astype(str).reindex(least.index))
    return (entity.name[:1].upper() + "-" + least).astype("str")


def _digests(key: str, columns: Sequence[pd.Series]) -> pd.api.extensions.ExtensionArray:
    parts = [column.fillna("").to_numpy(dtype=object) for column in columns]
    texts = ("\x1f".join(row).encode("utf-8", "surrogatepass") for row in zip(*parts, strict=True))
    size, salt = ID_LENGTH // 2, key.encode()
    return pd.array([hashlib.blake2b(text, digest_size=size, key=salt).hexdigest() for text in texts], dtype="str")


def _changes(entity: Entity, parts: Sequence[pd.DataFrame], records: pd.DataFrame) -> pd.DataFrame:
    lines = [p for p in parts if len(p)]
    if not lines:
        return frame("changes")
    table = pd.concat(lines, ignore_index=True)
    where = records.set_index("rid")[["source_file", "source_sheet", "source_row"]]
    table = table.join(where, on="rid")
    table["entity"], table["rest"], table["stage"] = entity.name, "", "merge"
    return table.sort_values(["rid", "field", "code"], kind="stable", ignore_index=True)[list(COLUMNS["changes"])]
