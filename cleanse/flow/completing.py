"""Blanks completed: what a project asks for, and where the evidence comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import pandas as pd

from cleanse.errors import UsageError
from cleanse.flow.reading import read_named
from cleanse.kinds.header import Vocabulary
from cleanse.model import Entity
from cleanse.project import Project
from cleanse.stages import complete, map, normalize

SHOWN = 10  # rows of a note
MOBILE, ISSUED = 11, 7  # digits of a Chinese mobile, and those of them that a place is told by


@dataclass(frozen=True)
class Completion:
    """The plan, the records of the lookup file by entity, and what a person should know of that file."""

    plan: complete.Plan
    reference: Mapping[str, pd.DataFrame]
    notes: tuple[Mapping[str, str], ...] = ()

    @classmethod
    def of(cls, project: Project) -> Completion:
        """As ``[complete]`` says it; without ``fields``, those that the rules or the target require. Raises CleanseError when
        the lookup file cannot be read or could fill none of them."""
        given = project.complete
        fields = required(project) if given["fields"] is None else given["fields"]
        plan = complete.Plan(tuple(fields), tuple(given["sources"]), given["accept"])
        if not given["lookup"]:
            return cls(plan, {})
        reference = looked_up(project)
        if not any(_useful(table, project.entities[name], plan) for name, table in reference.items()):
            cure = f"it needs a column of names or credit codes, and one of: {', '.join(plan.fields)}"
            raise UsageError("the lookup file could fill no field", where=str(given["lookup"]), cure=cure)
        return cls(plan, reference, tuple(_doubled(project, reference, plan)))

    def fill(
        self,
        project: Project,
        entity: Entity,
        golden: pd.DataFrame,
        members: pd.DataFrame,
        records: Mapping[str, pd.DataFrame],
        issues: pd.DataFrame,
    ) -> complete.Completed:
        """The golden records of one entity, completed. ``members``: which record became which of them; ``issues``: what was
        found in the records."""
        regions = [
            n for n in entity.stored if f"{entity.name}.{n}" in self.plan.fields and entity.fields[n].kind == "region"
        ]
        places = None
        if "mobile" in self.plan.sources and regions:
            places = mobile_places(project, records, entity, golden.loc[golden[regions].isna().any(axis=1), "rid"])
        home = members.set_index("rid")["golden_id"]
        rows = records[entity.name].set_index("rid").reindex(home.index)
        evidence = complete.Evidence(rows, home, issues, self.reference.get(entity.name), places)
        return complete.complete(golden, entity, self.plan, project.words, evidence)


def _useful(table: pd.DataFrame, entity: Entity, plan: complete.Plan) -> bool:
    """Whether some record of a lookup has a key, and some has a field that is wanted."""
    filled = [n for n in entity.stored if n in table and table[n].notna().any()]
    keys = [n for n in filled if entity.fields[n].kind in complete.KEYS]
    return any(f"{entity.name}.{n}" in plan.fields for n in filled if keys and [n] != keys)


def _doubled(
    project: Project, reference: Mapping[str, pd.DataFrame], plan: complete.Plan
) -> Iterator[Mapping[str, str]]:
    """A note for every field that the lookup file says in two ways of one key."""
    for name, table in reference.items():
        for field, rows in complete.doubled(table, project.entities[name], plan):
            where = ", ".join(str(row) for row in rows[:SHOWN]) + (" …" if len(rows) > SHOWN else "")
            yield {
                "source_file": project.complete["lookup"].name, "source_sheet": "", "code": "lookup_key_doubled",
                "where": where, "detail": f"{name}.{field}",
            }  # fmt: skip


def required(project: Project) -> list[str]:
    """The stored fields that the rules or the target require."""
    asked = [f.path for e in project.entities.values() for f in e.fields.values() if f.required and not f.virtual]
    for target in project.profile.objects:
        names = [source for column in target.fields if column.required for source in column.sources]
        asked += [f"{target.entity}.{n}" for n in names if n in project.entities[target.entity].stored]
    return list(dict.fromkeys(asked))


def looked_up(project: Project) -> dict[str, pd.DataFrame]:
    """The lookup file read, mapped and repaired as a source is; raises CleanseError when it cannot be read."""
    path = project.complete["lookup"]
    vocabulary = Vocabulary.of(project.words, project.entities)
    found = read_named(project, path, "the lookup file", frozenset(vocabulary.synonyms), vocabulary.tells)
    maps = [map.propose(t, vocabulary, project.entities, project.words, {}) for t in found]
    mapped = map.apply(tuple(found), tuple(maps), project.entities)
    clean = normalize.normalize(mapped.columns, mapped.addresses, project.entities, project.words, project.today)
    doubtful = clean.issues[["entity", "field", "rid"]]
    return {name: _without(table, doubtful[doubtful["entity"] == name]) for name, table in clean.records.items()}


def _without(records: pd.DataFrame, doubtful: pd.DataFrame) -> pd.DataFrame:
    """Records without the values that are in doubt."""
    sure = records.copy()
    for name, cells in doubtful.groupby("field", observed=True):
        if name in sure.columns:
            sure.loc[sure["rid"].isin(cells["rid"]), name] = np.nan
    return sure


def mobile_places(project: Project, records: Mapping[str, pd.DataFrame], entity: Entity, rids: pd.Series) -> pd.Series:
    """Where the mobile of some records, or of a contact in their rows, was issued: text by rid."""
    # loaded here and not above: its table takes a third of a second, and most runs do not ask for it
    issued_in: Callable[[str], str] = import_module("cleanse.kinds.phone_places").issued_in
    columns = [
        records[e.name].set_index("rid")[f.name]
        for e in project.entities.values()
        for f in e.fields.values()
        if entity.name in (e.name, e.refers_to)
        and f.kind == "phone"
        and f.options.get("want") == "mobile"
        and not f.virtual
    ]
    asked = [c[c.index.isin(rids)].dropna() for c in columns]
    mobiles = pd.concat(asked) if asked else pd.Series(dtype="str")
    issued = mobiles.where(mobiles.str.len() != MOBILE, mobiles.str[:ISSUED] + "0" * (MOBILE - ISSUED))
    found = issued.map({m: issued_in(m) or np.nan for m in issued.unique()}).dropna()
    agree = found.groupby(level=0).nunique() == 1
    return found[~found.index.duplicated()].loc[agree.index[agree]]
