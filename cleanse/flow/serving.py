"""The duplicates of a run on a page of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cleanse.errors import UsageError
from cleanse.flow.approving import may
from cleanse.flow.choosing import typed
from cleanse.flow.existing import beside, kept
from cleanse.flow.linking import compared, shown_fields, with_children
from cleanse.project import DECISIONS, Project
from cleanse.review import decisions, sampling
from cleanse.review.decisions import CHOICES
from cleanse.review.page.desk import Desk
from cleanse.review.page.queue import Subject
from cleanse.review.page.server import Page
from cleanse.runs import audit
from cleanse.runs.folder import find_run


def review_page(project: Project, who: str, clock: Callable[[], str], port: int = 0) -> Page:
    """The page with the groups of the latest run, to be served; decisions go into ``decisions.jsonl``, values
    into ``choices.jsonl``. ``clock`` gives the time as ISO text. Raises UsageError where there is no run, or the port is
    taken, ApprovalError where ``who`` may not decide."""
    may(project, "reviewer", who)
    folder = find_run(project.out)
    if not (folder / "digests.parquet").exists():
        raise UsageError("the run was made by an older version", where=str(folder), cure="`cleanse run` again")
    files = (project.root / DECISIONS, project.root / CHOICES)
    desk = Desk(_subjects(project, folder), files, who, clock, typed(project))
    page = Page(desk, project.language, port)
    audit.note(project.out, who, "review page", run=folder.name)
    return page


def _subjects(project: Project, folder: Path) -> list[Subject]:
    """What the run knows of every entity that is compared."""
    own = {name: pd.read_parquet(folder / "records" / f"{name}.parquet") for name in project.entities}
    records = beside(own, kept(folder))
    pairs, clusters, digests = (pd.read_parquet(folder / f"{n}.parquet") for n in ("pairs", "clusters", "digests"))
    spoken = sampling.spoken(decisions.read(project.root / DECISIONS))
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
                frozenset(entity.stored), spoken=spoken,
            )
        )  # fmt: skip
    return found
