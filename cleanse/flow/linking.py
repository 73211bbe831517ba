"""Judged, linked, merged: what of all entities together becomes golden records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch

import pandas as pd

from cleanse import matching
from cleanse.flow import models
from cleanse.flow.choosing import allowed, settled
from cleanse.flow.completing import Completion
from cleanse.flow.existing import Existing
from cleanse.flow.frames import joined
from cleanse.flow.remembering import memory
from cleanse.kinds import KINDS
from cleanse.model import Entity, frame
from cleanse.project import DECISIONS, Project
from cleanse.review import choices
from cleanse.review import decisions as review_decisions
from cleanse.stages import exits, merge, relate, rules, validate


@dataclass(frozen=True)
class Linked:
    """Per entity its links, and what people had decided and chosen before. ``void``: decisions to merge what must not be one,
    with the code of why."""

    links: Mapping[str, matching.Links]
    digests: Mapping[str, pd.Series]
    resolved: review_decisions.Resolved
    settled: choices.Settled
    void: tuple[tuple[review_decisions.Decision, str], ...] = ()

    def without(self, existing: Existing) -> Linked:
        """The links between records of the sources alone."""
        if existing.first is None:
            return self
        own = {
            name: replace(x, pairs=x.pairs[x.pairs["right"] < existing.first], clusters=existing.ours(x.clusters))
            for name, x in self.links.items()
        }
        return replace(self, links=own)


@dataclass(frozen=True)
class Gold:
    """Per entity the golden records and which golden record each record became; which of them may not go; what a person should
    know of the lookup file."""

    golden: Mapping[str, pd.DataFrame]
    members: Mapping[str, pd.DataFrame]
    changes: pd.DataFrame
    issues: pd.DataFrame
    parked: pd.DataFrame
    notes: tuple[Mapping[str, str], ...] = ()


def _shapes(entity: Entity) -> dict[str, str]:
    return {n: KINDS[entity.fields[n].kind].shape(entity.fields[n].options) for n in entity.stored}


def validated(project: Project, records: Mapping[str, pd.DataFrame], level: validate.Level) -> list[pd.DataFrame]:
    return [
        validate.validate(records[name], entity, _shapes(entity), allowed(project, entity), level)
        for name, entity in project.entities.items()
    ]


def match(project: Project, records: Mapping[str, pd.DataFrame], issues: pd.DataFrame, existing: Existing) -> Linked:
    said = review_decisions.read(project.root / DECISIONS)
    sound = {name: merge.without_wrong(table, _wrong(issues, name)) for name, table in records.items()}
    tables = {name: with_children(project, name, sound) for name in project.entities}
    digests = {n: review_decisions.digest(tables[n], compared(s)) for n, s in project.schemas.items() if n in tables}
    known = digests_frame(digests)
    fields = {name: compared(schema) for name, schema in project.schemas.items()}
    resolved = review_decisions.resolve(said, known, fields)
    links: dict[str, matching.Links] = {}
    void = pd.Series("", index=resolved.forced.index)
    for name, entity in project.entities.items():
        schema, table = project.schemas.get(name), tables[name]
        if schema is None:
            continue
        said_here, there = resolved.forced[resolved.forced["entity"] == name], existing.of(name).index
        parents = None
        if schema.within:
            parents = existing.with_parents(links[entity.refers_to].clusters.set_index("rid")["cluster"])
            table = matching.with_others(table.assign(**{schema.within: table["rid"].map(parents)}), schema.within)
        table = _numbers_apart(table, records[name], entity, schema)
        void.update(_void(said_here, there, parents))
        links[name] = models.link(project, schema, table, said_here[void[said_here.index] == ""], there)
    clusters = {name: _clusters(records[name], links.get(name)) for name in project.entities}
    return Linked(links, digests, resolved, settled(project, sound, clusters, known), _never(resolved.by, void))


def _void(said: pd.DataFrame, there: pd.Index, parents: pd.Series | None) -> pd.Series:
    """Why two records that a person merges must not be one: both stand in the target, where we merge nothing, or their
    parents are not one; '' where nothing speaks against it."""
    found = pd.Series("", index=said.index, dtype="str")
    merges = said["verdict"] == "merge"
    if parents is not None:
        found[merges & (said["left"].map(parents) != said["right"].map(parents))] = "decision_other_parent"
    found[merges & said["left"].isin(there) & said["right"].isin(there)] = "decision_in_target"
    return found


def _never(
    by: Sequence[review_decisions.Decision], void: pd.Series
) -> tuple[tuple[review_decisions.Decision, str], ...]:
    """The decisions that hold for no two records, with the first reason."""
    holds = {said for said, code in zip(by, void, strict=True) if not code}
    return tuple(dict.fromkeys((said, code) for said, code in zip(by, void, strict=True) if said not in holds))


def _numbers_apart(
    table: pd.DataFrame, typed: pd.DataFrame, entity: Entity, schema: matching.MatchSchema | matching.TableSchema
) -> pd.DataFrame:
    """A name that is another record's number speaks of that record: 所属客户 with C003 in it. ``typed``: the records with
    the values that validation found wrong; a bare number is no right name."""
    name = schema.name_field
    for number in (f for f in compared(schema) if f in entity.fields and entity.fields[f].kind == "code"):
        said = typed.set_index("rid")[name].reindex(table["rid"]).set_axis(table.index)
        refers = said.isin(table[number].dropna()) & table[number].isna()
        if refers.any():
            table = table.assign(**{number: table[number].where(~refers, said), name: table[name].mask(refers)})
    return table


def _clusters(records: pd.DataFrame, links: matching.Links | None) -> pd.Series:
    """The cluster of every record, by rid; a record that was not linked is alone."""
    rids = pd.Index(records["rid"], name=None)
    clusters = pd.Series(rids, index=rids)
    if links:
        clusters.update(links.clusters.set_index("rid")["cluster"])
    return clusters


def digests_frame(digests: Mapping[str, pd.Series]) -> pd.DataFrame:
    """By what decisions know the records: entity, rid, digest."""
    every = [pd.DataFrame({"entity": n, "rid": d.index, "digest": d.to_numpy()}) for n, d in digests.items()]
    return pd.concat(every, ignore_index=True)


def _wrong(issues: pd.DataFrame, entity: str) -> pd.DataFrame:
    """The cells that validation found wrong: rid, field."""
    return issues.loc[(issues["entity"] == entity) & (issues["severity"] == "error"), ["rid", "field"]]


def compared(schema: matching.MatchSchema | matching.TableSchema) -> list[str]:
    return [schema.name_field, *(f for e in schema.evidence for f in e.fields)]


def with_children(project: Project, name: str, records: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The records of an entity, with the fields of the child records that stand in the same rows."""
    table = records[name]
    for child in project.entities.values():
        if child.refers_to == name:
            beside = records[child.name].set_index("rid")[list(child.stored)].add_prefix(f"{child.name}.")
            table = table.join(beside, on="rid")
    return table


def _ruled_on(
    project: Project,
    golden: Mapping[str, pd.DataFrame],
    members: Mapping[str, pd.DataFrame],
    records: Mapping[str, pd.DataFrame],
) -> rules.Tables:
    rows = (
        {name: table.merge(members[name], on="rid", how="inner") for name, table in records.items()}
        if project.rules
        else {}
    )
    shapes = {f"{e.name}.{name}": shape for e in project.entities.values() for name, shape in _shapes(e).items()}
    return rules.Tables(project.entities, rows, golden, shapes, project.today)


def shown_fields(project: Project, name: str) -> dict[str, Mapping[str, str]]:
    """The fields a reviewer sees, with their labels by language: those that matter for telling records apart first."""
    telling = compared(project.schemas[name])
    labels = {
        f.name if f.entity == name else f.path: f.label
        for e in project.entities.values()
        for f in e.fields.values()
        if name in (e.name, e.refers_to)
    }
    order = [*telling, *(n for n in project.entities[name].stored if n not in telling)]
    return {n: labels[n] for n in dict.fromkeys(order) if n in labels}


def _trust(records: pd.DataFrame, globs: Sequence[str]) -> pd.Series:
    """How trusted the source of every record is, by rid: the number of the first glob its file matches, the last else."""
    files = records["source_file"].astype("str")
    place = {f: next((n for n, g in enumerate(globs) if fnmatch(f, g)), len(globs)) for f in files.unique()}
    return pd.Series(files.map(place).to_numpy(dtype="int64"), index=records["rid"].to_numpy())


def merge_all(
    project: Project,
    records: Mapping[str, pd.DataFrame],
    linked: Linked,
    issues: pd.DataFrame,
    existing: Existing,
    completion: Completion,
) -> Gold:
    """The golden records of the sources; what the target holds already lends them its values and its id."""
    given_out = memory(project, records)
    golden: dict[str, pd.DataFrame] = {}
    members: dict[str, pd.DataFrame] = {}
    changes, found, parked = [], [issues], [pd.DataFrame(columns=list(exits.PARKED))]
    for name, entity in project.entities.items():
        clusters = _clusters(records[name], linked.links.get(name))
        chosen = linked.settled.values
        parents = None
        if entity.refers_to:
            parents = existing.with_parents(members[entity.refers_to].set_index("rid")["golden_id"])
        there = existing.of(name)
        merged = merge.merge(
            entity, records[name], clusters, _wrong(issues, name), parents,
            choices=chosen[chosen["entity"] == name], trust=_trust(records[name], project.trust),
            language=project.language, claimed=_claimed(given_out.claims(name, parents), clusters, there),
            held=there.index,
        )  # fmt: skip
        members[name] = merged.members
        own, known = existing.ours(merged.golden), existing.ours(merged.members)
        filled = completion.fill(project, entity, own, merged.members, records, issues)
        related = _related(project, entity, filled.golden, known, existing.ours(records[name]), linked)
        golden[name] = related.golden
        changes += [existing.ours(merged.changes), filled.changes, related.changes]
        found += [filled.issues, related.issues]
        judged = validate.validate(filled.golden, entity, _shapes(entity), allowed(project, entity), "golden")
        found.append(judged)
        parked.append(exits.parked_by_rules(filled.golden, judged, entity))
        if entity.refers_to:
            parked.append(exits.parked_by_parent(filled.golden, entity, pd.concat(parked, ignore_index=True)))
        parked.append(exits.parked_by_doubts(filled.golden, issues, entity, pd.concat(parked, ignore_index=True)))
    ruled = rules.judge(project.rules, _ruled_on(project, golden, members, records))
    found.append(ruled.issues)
    parked.append(ruled.parked)
    for name, entity in project.entities.items():
        if entity.refers_to and len(ruled.parked):
            parked.append(exits.parked_by_parent(golden[name], entity, pd.concat(parked, ignore_index=True)))
    every = joined("issues", found).drop_duplicates(["rid", "entity", "field", "code"], ignore_index=True)
    told = joined("changes", changes)
    return Gold(golden, members, told, existing.ours(every), pd.concat(parked, ignore_index=True), completion.notes)


def _claimed(claimed: pd.Series | None, clusters: pd.Series, there: pd.DataFrame) -> pd.Series | None:
    """The golden ids that records had before; those of a group that the target holds under an id of ours have that."""
    ours = there["golden_id"][there["golden_id"] != ""]
    if ours.empty:
        return claimed
    given = pd.Series(ours.to_numpy(), index=clusters.reindex(ours.index).to_numpy(), dtype="str")
    told = clusters.map(given[~given.index.duplicated()])
    return told if claimed is None else told.fillna(claimed.reindex(told.index))


def _related(
    project: Project, entity: Entity, golden: pd.DataFrame, members: pd.DataFrame, records: pd.DataFrame, linked: Linked
) -> relate.Related:
    """The links between the golden records of an entity that stands by itself."""
    schema, forced = project.schemas.get(entity.name), linked.resolved.forced
    if entity.refers_to or schema is None:
        return relate.Related(golden, frame("changes"), frame("issues"))
    said = forced[forced["entity"] == entity.name]
    return relate.relate(entity.name, golden, members, records, said, schema.name_field, project.words)
