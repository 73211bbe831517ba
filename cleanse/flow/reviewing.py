"""Duplicates to people, in a workbook or on a local page, and their decisions back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cleanse.errors import UsageError
from cleanse.flow.approving import may
from cleanse.flow.linking import compared, shown_fields, with_children
from cleanse.project import DECISIONS, Project
from cleanse.review import decisions as review_decisions
from cleanse.review import workbook
from cleanse.review.page.desk import Desk
from cleanse.review.page.queue import Subject
from cleanse.review.page.server import Page
from cleanse.runs import audit
from cleanse.runs.folder import find_run


def review_export(project: Project, path: Path) -> Path:
    """Copy the duplicates workbook of the latest run."""
    shutil.copyfile(find_run(project.out) / "duplicates.xlsx", path)
    return path


def review_import(project: Project, path: Path, who: str, when: str) -> tuple[int, tuple[tuple[str, int, str], ...]]:
    """Take a workbook's decisions into ``decisions.jsonl``; how many, and the lines that could not be read."""
    may(project, "reviewer", who)
    back = workbook.read(path, who, when)
    review_decisions.append(project.root / DECISIONS, back.decisions)
    audit.note(project.out, who, "review", counts={"decisions": len(back.decisions), "unread": len(back.unread)})
    return len(back.decisions), back.unread


def review_page(project: Project, who: str, clock: Callable[[], str], port: int = 0) -> Page:
    """The page with the groups of the latest run, to be served; decisions go into ``decisions.jsonl``. ``clock`` gives
    the time as ISO text. Raises UsageError where there is no run, or the port is taken."""
    folder = find_run(project.out)
    if not (folder / "digests.parquet").exists():
        raise UsageError("the run was made by an older version", where=str(folder), cure="`cleanse run` again")
    desk = Desk(_subjects(project, folder), project.root / DECISIONS, who, clock)
    return Page(desk, project.language, port)


def _subjects(project: Project, folder: Path) -> list[Subject]:
    """What the run knows of every entity that is compared."""
    records = {name: pd.read_parquet(folder / "records" / f"{name}.parquet") for name in project.entities}
    pairs, clusters, digests = (pd.read_parquet(folder / f"{n}.parquet") for n in ("pairs", "clusters", "digests"))
    found = []
    for name, entity in project.entities.items():
        schema = project.schemas.get(name)
        if schema is None:
            continue
        own = {table: frame[frame["entity"] == name] for table, frame in (("pairs", pairs), ("clusters", clusters))}
        digest = digests[digests["entity"] == name].set_index("rid")["digest"]
        found.append(
            Subject(
                name, entity.label, shown_fields(project, name), compared(schema),
                {"name": (schema.name_field,), **{e.name: e.fields for e in schema.evidence}},
                own["pairs"].reset_index(drop=True), own["clusters"], with_children(project, name, records), digest,
            )
        )  # fmt: skip
    return found
