"""The duplicates workbook of a run, whole or one per owner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cleanse.errors import TargetError, UsageError
from cleanse.flow.existing import beside, kept
from cleanse.flow.linking import compared, shown_fields, with_children
from cleanse.model import LOSING
from cleanse.project import DECISIONS, Project
from cleanse.review import decisions as review_decisions
from cleanse.review import sampling, workbook
from cleanse.review.decisions import KEY
from cleanse.review.workbook import SHEETS
from cleanse.runs.folder import find_run
from cleanse.stages.survive import JOINTS

ACROSS = {"zh": "多位负责人（撞单）", "en": "several owners"}
NOBODY = {"zh": "无负责人", "en": "no owner"}


@dataclass(frozen=True)
class Duplicates:
    """What the workbook shows: of every entity the groups, and the fields in which they disagree."""

    groups: tuple[workbook.ReviewGroups, ...]
    values: tuple[workbook.ValueLines, ...]

    def queues(self, project: Project) -> dict[str, Any]:
        """By entity: what stands in every queue, and what people have said so far."""
        said = review_decisions.read(project.root / DECISIONS)
        judged = sampling.judged(said)
        spoken = {k[:KEY] for d in said if d.verdict in review_decisions.FORCING for k in (d.left, d.right)}
        found: dict[str, Any] = {}
        for one in self.groups:
            owner = one.records["owner"] if "owner" in one.records else pd.Series(dtype="str")
            keys, sheets = one.records["digest"].str[:KEY], {}
            for queue in SHEETS:
                drawn = one.sample[one.sample["queue"] == queue]
                groups, merged = judged.get((one.entity, queue), (0, 0))
                held = sampling.numbers(one.lines(queue), drawn, keys, owner, spoken)
                sheets[queue] = {**held, "judged": groups, "one": merged}
            found[one.entity] = {"sheets": sheets, "said": sampling.counts(said, one.entity)}
        return found

    def write(self, path: Path, language: str, standing: Sequence[Sequence[str]] = ()) -> None:
        workbook.export(path, self.groups, language, self.values, standing)


def duplicates(
    project: Project, pairs: pd.DataFrame, clusters: pd.DataFrame, digests: pd.DataFrame,
    records: Mapping[str, pd.DataFrame], golden: Mapping[str, pd.DataFrame],
) -> Duplicates:  # fmt: skip
    """The groups of the entities that people judge, from the frames of a run (of all entities)."""
    groups, values = [], []
    spoken = sampling.spoken(review_decisions.read(project.root / DECISIONS))
    for name, schema in project.schemas.items():
        if project.entities[name].refers_to:
            continue
        headings = {field: label[project.language] for field, label in shown_fields(project, name).items()}
        own = digests.loc[digests["entity"] == name].set_index("rid")["digest"]
        table = with_children(project, name, records)
        found = workbook.groups(
            pairs, clusters, table, own, headings, name, project.language, telling=compared(schema), spoken=spoken
        )
        cluster = clusters.loc[clusters["entity"] == name].set_index("rid")["cluster"].reindex(table["rid"])
        cluster = cluster.where(cluster.notna(), cluster.index).astype("int64")
        now = golden[name].set_index("rid").reindex(cluster).set_index(cluster.index)
        groups.append(found)
        values.append(workbook.value_lines(found, _open_to_choice(project, name), now))
    return Duplicates(tuple(groups), tuple(values))


def _open_to_choice(project: Project, name: str) -> list[str]:
    """The fields of which one value survives."""
    entity = project.entities[name]
    return [n for n in entity.stored if entity.fields[n].survivor not in (*JOINTS, LOSING)]


def of_run(project: Project) -> Duplicates:
    """The workbook of the latest run, made again from its folder. Raises UsageError where there is none."""
    folder = find_run(project.out)
    if not (folder / "digests.parquet").exists():
        raise UsageError("the run was made by an older version", where=str(folder), cure="`cleanse run` again")
    pairs, clusters, digests = (pd.read_parquet(folder / f"{n}.parquet") for n in ("pairs", "clusters", "digests"))
    records, golden = (
        {name: pd.read_parquet(folder / kind / f"{name}.parquet") for name in project.entities}
        for kind in ("records", "golden")
    )
    return duplicates(project, pairs, clusters, digests, beside(records, kept(folder)), golden)


def per_owner(project: Project, to: Path) -> list[Path]:
    """One workbook per owner below ``to``, holding only the groups that nobody else has a part in; one of the groups that
    several owners share, and one of those without an owner. Raises UsageError where ``to`` holds files already."""
    whole = of_run(project)
    try:
        to.mkdir(parents=True, exist_ok=True)
        if any(to.iterdir()):
            raise UsageError("the folder is not empty", where=str(to), cure="name a new folder")
    except OSError as error:
        raise TargetError(f"the disk refused: {error.strerror}", where=str(to), cure="check rights") from error
    owners = [_owners(project, found) for found in whole.groups]
    written, taken = [], set[str]()
    for owner in sorted({o for told in owners for o in told.values()}):
        groups = tuple(_only(g, told, owner) for g, told in zip(whole.groups, owners, strict=True))
        values = tuple(_values(v, told, owner) for v, told in zip(whole.values, owners, strict=True))
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", owner).strip(". ")[:80] or "_"
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        Duplicates(groups, values).write(to / f"{name}.xlsx", project.language)
        written.append(to / f"{name}.xlsx")
    return written


def _owners(project: Project, found: workbook.ReviewGroups) -> dict[tuple[str, int], str]:
    """The owner of every group (sheet, number): the only one its records name; ``ACROSS`` of several, ``NOBODY``."""
    told = {}
    for sheet in SHEETS:
        lines: pd.DataFrame = getattr(found, sheet)
        if "owner" in found.records:
            names = found.records["owner"].reindex(lines["rid"]).to_numpy(dtype=object)
        else:
            names = [None] * len(lines)
        for group, mine in pd.Series(names, index=lines["group"].to_numpy(), dtype="str").groupby(level=0):
            known = mine.dropna().unique()
            one = known[0] if len(known) else NOBODY[project.language]
            told[sheet, int(group)] = one if len(known) < 2 else ACROSS[project.language]
    return told


def _only(found: workbook.ReviewGroups, told: Mapping[tuple[str, int], str], owner: str) -> workbook.ReviewGroups:
    kept = {sheet: _of(getattr(found, sheet), [sheet] * len(getattr(found, sheet)), told, owner) for sheet in SHEETS}
    return replace(found, **kept, unshown=0)


def _values(lines: workbook.ValueLines, told: Mapping[tuple[str, int], str], owner: str) -> workbook.ValueLines:
    return replace(lines, table=_of(lines.table, lines.table["sheet"], told, owner))


def _of(lines: pd.DataFrame, sheets: Iterable[str], told: Mapping[tuple[str, int], str], owner: str) -> pd.DataFrame:
    mine = [told[sheet, int(group)] == owner for sheet, group in zip(sheets, lines["group"], strict=True)]
    return lines[np.array(mine, dtype=bool)].reset_index(drop=True)
