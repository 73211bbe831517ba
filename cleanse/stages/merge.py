"""Clusters become golden records: one surviving value per field, by rule, each with its origin; losing values are kept.

The anchor of a cluster is its smallest rid: the golden record stands in its place, the other members are merged into it.
Ties are settled by the values themselves, never by the order of rows, so that shuffled input gives the same records.
A value that validation found wrong is withheld: it stays in the record and in the ledger, and does not reach the target.
What a person chose for a field stands above its rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import COLUMNS, LOSING, Entity, Field, frame
from cleanse.stages.known import digests, keep
from cleanse.stages.losing import lines_of
from cleanse.stages.survive import JOINTS, LAST, NONE, Chosen, Column, Members, choose, choose_group

CHOICES = ("rid", "field", "value", "from_rid")


@dataclass(frozen=True)
class Merged:
    """``golden``: golden_id, rid of the anchor, stored fields, ``losing_values`` (and ``<parent>_id``); ``members``: rid -> golden_id."""

    golden: pd.DataFrame
    members: pd.DataFrame
    changes: pd.DataFrame


def merge(
    entity: Entity, records: pd.DataFrame, clusters: pd.Series, wrong: pd.DataFrame, parents: pd.Series | None = None,
    *, choices: pd.DataFrame | None = None, trust: pd.Series | None = None, language: str = "zh",
    claimed: pd.Series | None = None, held: pd.Index | None = None,
) -> Merged:  # fmt: skip
    """Merge one entity.

    ``clusters``: cluster (smallest rid) by rid. ``wrong``: rid, field of the values to withhold. ``parents``: golden id
    of the parent by rid, for an entity that refers to one. ``choices``: what people chose, one line per cluster and
    field: rid of any member, field, value, from_rid (the member it is the value of; -1: typed). ``trust``: by rid, how
    trusted its source is (0 the most). ``language`` of the labels before losing values. ``claimed``: the golden id that a
    record had before, by rid. ``held``: rids of what the target holds already: only blanks of it are filled, but where a
    person chose.
    """
    values = records.set_index("rid")[list(entity.stored)].rename_axis(None)
    kept, withheld = _withhold(values, wrong)
    cluster = clusters.reindex(values.index)
    ids = _golden_ids(entity, values, cluster, parents)
    if claimed is not None:
        ids = keep(ids, cluster, claimed)
    golden = kept[values.index.to_numpy() == cluster.to_numpy()].assign(**{LOSING: pd.Series(dtype="str")})
    said = pd.DataFrame(columns=list(CHOICES)) if choices is None else choices
    said = said.assign(cluster=said["rid"].map(cluster)).dropna(subset=["cluster"])
    many = cluster[(cluster.duplicated(keep=False) | cluster.isin(said["cluster"])).to_numpy()].sort_index()
    changes = [withheld]
    if len(many):
        there = many.index.isin([] if held is None else held)
        golden, lines = _survive(entity, kept.loc[many.index], many, golden, said, trust, language, there)
        changes += lines
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
        none = np.full(len(before), None, dtype=object)
        lines.append(_lines(before.index, str(name), before.to_numpy(dtype=object), none, "withheld", before.index))
    return kept, pd.concat(lines) if lines else _lines([], "", [], [], "withheld", [])


def _lines(rids: object, field: str, before: object, after: object, code: object, origin: object) -> pd.DataFrame:
    return pd.DataFrame({
        "rid": np.asarray(rids, dtype="int64"), "field": field, "before": pd.array(before, dtype="str"),
        "after": pd.array(after, dtype="str"), "code": code, "from_rid": np.asarray(origin, dtype="int64"),
    })  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- survivors


def _survive(
    entity: Entity, kept: pd.DataFrame, cluster: pd.Series, golden: pd.DataFrame, said: pd.DataFrame,
    trust: pd.Series | None, language: str, held: np.ndarray,
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:  # fmt: skip
    """The golden records with the surviving values of the clusters given, and the ledger's lines."""
    anchors, code = np.unique(cluster.to_numpy(dtype=np.int64), return_inverse=True)
    members = _members(entity, kept, code, trust, held)
    columns = {name: Column.of(kept[name]) for name in entity.stored}
    picks = {str(name): cells.assign(at=np.searchsorted(anchors, cells["cluster"].to_numpy(dtype=np.int64)))
             for name, cells in said.groupby("field")}  # fmt: skip
    together = _together(entity, columns, members, len(anchors), picks)
    merged = _Merging(entity, anchors, members, columns)
    for name in entity.stored:
        rule = entity.fields[name].survivor
        if rule != LOSING:
            chosen = together.get(name) or choose(rule, columns[name], members, len(anchors))
            merged.take(name, chosen, picks.get(name))
        else:
            merged.lost[name] = np.flatnonzero(columns[name].code != NONE)
    for name in entity.stored:
        if f"{name}_2" in entity.fields:
            merged.beside(name, f"{name}_2")
        if entity.fields[name].survivor == LOSING:
            merged.losing(name, language)
    at = golden.index.get_indexer(anchors)
    filled = {name: _put(golden[name], at, chosen.value) for name, chosen in merged.chosen.items()}
    if not any(entity.fields[name].survivor == LOSING for name in entity.stored):
        filled[LOSING] = _put(golden[LOSING], at, merged.losing_lines(language))
    return golden.assign(**filled), merged.lines


def _put(column: pd.Series, at: np.ndarray, values: np.ndarray) -> pd.Series:
    array = column.array.copy()
    array[at] = pd.array(values, dtype="str")
    return pd.Series(array, index=column.index)


def _members(
    entity: Entity, kept: pd.DataFrame, cluster: np.ndarray, trust: pd.Series | None, held: np.ndarray
) -> Members:
    """The records with the dates they know; a record that knows none is neither the latest nor the earliest."""
    dates = [kept[n].astype("str") for n in entity.stored if entity.fields[n].kind == "date"]
    known = Column.of(pd.concat(dates)).code.reshape(len(dates), -1) if dates else np.full((1, len(kept)), NONE)
    return Members(
        kept.index.to_numpy(dtype=np.int64), cluster, known.max(axis=0), np.where(known == NONE, LAST, known).min(axis=0),
        kept.notna().sum(axis=1).to_numpy(dtype=np.int64),
        np.zeros(len(kept), dtype=np.int64) if trust is None else trust.reindex(kept.index).to_numpy(dtype=np.int64),
        held,
    )  # fmt: skip


def _together(
    entity: Entity, columns: Mapping[str, Column], members: Members, size: int, picks: Mapping[str, pd.DataFrame]
) -> dict[str, Chosen]:
    """Fields that survive as a group; a person who chose one of them from a record chose the group of that record."""
    groups: dict[str, list[str]] = {}
    for name in entity.stored:
        if entity.fields[name].group:
            groups.setdefault(entity.fields[name].group, []).append(name)
    found: dict[str, Chosen] = {}
    for names in groups.values():
        leaders = np.full(size, NONE, dtype=np.int64)
        for cells in (picks[n] for n in reversed(names) if n in picks):
            led = cells[cells["from_rid"] != NONE]
            leaders[led["at"]] = led["from_rid"]
        rule = entity.fields[names[0]].survivor
        found |= choose_group(rule, {n: columns[n] for n in names}, members, size, leaders)
    return found


class _Merging:
    """The surviving values by field, and the ledger's lines: where each came from, and every value that did not survive."""

    def __init__(self, entity: Entity, anchors: np.ndarray, members: Members, columns: Mapping[str, Column]) -> None:
        self.entity, self.anchors, self.members, self.columns = entity, anchors, members, columns
        self.row = np.searchsorted(members.rid, anchors)
        self.chosen: dict[str, Chosen] = {}
        self.lines: list[pd.DataFrame] = []
        self.lost: dict[str, np.ndarray] = {}

    def take(self, name: str, chosen: Chosen, picks: pd.DataFrame | None) -> None:
        """Take the value that the rule chose, or a person."""
        value, origin = chosen.value.copy(), chosen.origin.copy()
        code = np.full(len(value), "survivor", dtype=object)
        said = np.zeros(len(value), dtype=bool)
        if picks is not None:
            at, came = picks["at"].to_numpy(), picks["from_rid"].to_numpy(dtype=np.int64)
            value[at] = picks["value"].to_numpy(dtype=object)
            origin[at] = np.where(came == NONE, self.anchors[at], came)
            code[at] = np.where(came == NONE, "typed_by_person", "chosen_by_person")
            said[at] = True
        self.chosen[name] = Chosen(value, origin)
        column, f = self.columns[name], self.entity.fields[name]
        own = column.words[column.code[self.row]]
        moved = np.flatnonzero((own != value) & pd.notna(value))
        self._tell(self.anchors[moved], f, own[moved], value[moved], code[moved], origin[moved])
        lost = self._unlike(name, value)
        if f.survivor in JOINTS:
            held = np.zeros(len(value), dtype=bool)
            held[self.members.cluster[self.members.held & (column.code != NONE)]] = True
            lost = lost[(said | held)[self.members.cluster[lost]]]
        self.lost[name] = lost
        listed = lost[(self.members.rid[lost] != self.anchors[self.members.cluster[lost]])
                      | (pd.isna(value[self.members.cluster[lost]]))]  # fmt: skip
        cluster = self.members.cluster[listed]
        came = np.where(pd.isna(value[cluster]), self.members.rid[listed], origin[cluster])
        self._tell(
            self.members.rid[listed], f, column.words[column.code[listed]], value[cluster], "value_not_kept", came
        )

    def beside(self, name: str, second: str) -> None:
        """A losing phone or address of the same sort moves into the second place when that is empty."""
        column, (value, origin) = self.columns[name], (self.chosen[second].value, self.chosen[second].origin)
        lost = self.lost[name]
        lost = lost[np.lexsort((self.members.rid[lost], column.code[lost], self.members.cluster[lost]))]
        cluster, at = np.unique(self.members.cluster[lost], return_index=True)
        free = pd.isna(value[cluster])
        first, cluster = lost[at[free]], cluster[free]
        value[cluster], origin[cluster] = column.words[column.code[first]], self.members.rid[first]
        none = np.full(len(first), None, dtype=object)
        f = self.entity.fields[second]
        self._tell(self.anchors[cluster], f, none, value[cluster], "kept_beside", self.members.rid[first])

    def losing(self, name: str, language: str) -> None:
        """Every value that no field kept, each behind its label, into a field of its own."""
        value, origin = self.losing_lines(language), self.anchors.copy()
        self.chosen[name] = Chosen(value, origin)
        at = np.flatnonzero(pd.notna(value))
        none = np.full(len(at), None, dtype=object)
        self._tell(self.anchors[at], self.entity.fields[name], none, value[at], "losing_values_kept", origin[at])

    def losing_lines(self, language: str) -> np.ndarray:
        """By cluster: the values that no field kept, a line each behind the label of its field. What is sensitive stays
        in the ledger."""
        clusters, texts = [np.zeros(0, dtype=np.int64)], [pa.array([], pa.large_string())]
        for name, lost in self.lost.items():
            field, second = self.entity.fields[name], self.chosen.get(f"{name}_2")
            column = self.columns[name]
            cluster, code = self.members.cluster[lost], column.code[lost]
            if second is not None:
                free = second.value[cluster] != column.words[code]
                cluster, code = cluster[free], code[free]
            if field.privacy == "sensitive" or not len(code):
                continue
            order = np.lexsort((code, cluster))
            words = pa.array(column.words, pa.large_string()).take(pa.array(code[order]))
            words = pc.replace_substring_regex(words, r"\s*[\r\n]+\s*", " / ")
            texts.append(
                pc.binary_join_element_wise(
                    pa.scalar(field.label[language], pa.large_string()), words, pa.scalar(": ", pa.large_string())
                )
            )
            clusters.append(cluster[order])
        cluster = np.concatenate(clusters)
        order = np.argsort(cluster, kind="stable")
        return lines_of(cluster[order], pa.concat_arrays(texts).take(pa.array(order)), len(self.anchors))

    def _unlike(self, name: str, value: np.ndarray) -> np.ndarray:
        """The members whose value of a field is another than the surviving one."""
        column = self.columns[name]
        filled = np.flatnonzero(column.code != NONE)
        differs: np.ndarray = column.words[column.code[filled]] != value[self.members.cluster[filled]]
        return filled[differs]

    def _tell(self, rids: object, f: Field, before: object, after: object, code: object, origin: np.ndarray) -> None:
        if len(origin):
            self.lines.append(_lines(rids, f.name, before, after, code, origin))


# ----------------------------------------------------------------------------------------------------------------- ids


def _golden_ids(entity: Entity, values: pd.DataFrame, cluster: pd.Series, parents: pd.Series | None) -> pd.Series:
    """A stable id per cluster: the smallest digest of what identifies its members; clusters with an equal one are
    numbered in the order of their whole content."""
    names = [n for n in entity.identity if n in values.columns] or list(values.columns)
    beside = [] if parents is None else [parents.reindex(values.index)]
    ids = digests(entity.name, [*(values[n] for n in names), *beside])
    least = pd.DataFrame({"cluster": cluster.to_numpy(), "id": ids}).groupby("cluster")["id"].min()
    twins = least[least.duplicated(keep=False)]
    if len(twins):
        same = cluster[cluster.isin(twins.index)]
        whole = digests(entity.name, [values.loc[same.index, n] for n in values.columns])
        order = pd.DataFrame({"cluster": same.to_numpy(), "whole": whole}).groupby("cluster")["whole"].min()
        ranked = pd.DataFrame({"id": twins, "whole": order}).sort_values(["id", "whole"], kind="stable")
        again = ranked.groupby("id").cumcount()
        again = again[again > 0]
        least = least.mask(least.index.isin(again.index), least + "-" + (again + 1).astype(str).reindex(least.index))
    return (entity.name[:1].upper() + "-" + least).astype("str")


def _changes(entity: Entity, parts: Sequence[pd.DataFrame], records: pd.DataFrame) -> pd.DataFrame:
    lines = [p for p in parts if len(p)]
    if not lines:
        return frame("changes")
    table = pd.concat(lines, ignore_index=True)
    where = records.set_index("rid")[["source_file", "source_sheet", "source_row"]]
    table = table.join(where, on="rid")
    table["entity"], table["rest"], table["stage"] = entity.name, "", "merge"
    return table.sort_values(["rid", "field", "code"], kind="stable", ignore_index=True)[list(COLUMNS["changes"])]
