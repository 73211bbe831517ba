"""Everything a run leaves in its folder beside the migration files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pandas as pd

from cleanse import __version__
from cleanse.flow.clock import Clock
from cleanse.flow.frames import joined
from cleanse.flow.linking import Gold, Linked, compared, digests_frame, shown_fields, with_children
from cleanse.flow.reading import Input, columns, files_frame, layout, mapping, notes
from cleanse.flow.trying import Tried
from cleanse.kinds import KINDS
from cleanse.model import Exit
from cleanse.project import DECISIONS, Project
from cleanse.reports import html, junit, xlsx
from cleanse.reports import json as report_json
from cleanse.review import decisions as review_decisions
from cleanse.review import workbook
from cleanse.runs.book import write_book
from cleanse.runs.folder import RunFolder
from cleanse.stages import map, normalize, quality


def facts_of(
    project: Project,
    found: Input,
    mapped: map.Mapped,
    clean: normalize.Normalized,
    linked: Linked,
    gold: Gold,
    tried: Tried,
    rows: pd.DataFrame,
    changes: pd.DataFrame,
    issues: pd.DataFrame,
) -> quality.Facts:
    fields = [f for e in project.entities.values() for f in e.fields.values()]
    return quality.Facts(
        project={
            "name": project.name,
            "language": project.language,
            "target": project.profile.name,
            "today": project.today,
            "version": __version__,
        },
        files=files_frame(found),
        layout=layout(found),
        losses=mapped.losses,
        unmapped=mapped.unmapped,
        rows=rows,
        records=clean.records,
        golden=gold.golden,
        changes=changes,
        issues=issues,
        pairs=joined("pairs", [x.pairs for x in linked.links.values()]),
        clusters=joined("clusters", [x.clusters for x in linked.links.values()]),
        matching={n: x.report for n, x in linked.links.items()},
        trial=dict(tried.verdict),
        written=[asdict(w) for w in tried.written],
        preflight=tried.preflight,
        mapping=mapping(found),
        notes=notes(found),
        decided=clean.decided,
        entities=dict(project.entities),
        masks={f.path: KINDS[f.kind].mask for f in fields},
    )


def write_frames(folder: RunFolder, project: Project, found: Input, facts: quality.Facts, linked: Linked) -> None:
    for name in ("rows", "changes", "issues", "files", "layout", "losses"):
        folder.frame(f"ledger/{name}.parquet", getattr(facts, name))
    folder.frame("ledger/columns.parquet", columns(found, project.entities))
    folder.frame("records/unmapped.parquet", facts.unmapped)
    folder.frame("pairs.parquet", facts.pairs)
    folder.frame("clusters.parquet", facts.clusters)
    folder.frame("digests.parquet", digests_frame(linked.digests))
    for name in project.entities:
        folder.frame(f"records/{name}.parquet", facts.records[name])
        folder.frame(f"golden/{name}.parquet", facts.golden[name])


def write_reports(
    folder: RunFolder,
    project: Project,
    numbers: Mapping[str, Any],
    found: Input,
    rows: pd.DataFrame,
    linked: Linked,
    records: Mapping[str, pd.DataFrame],
) -> None:
    folder.text("report.json", report_json.render(numbers))
    folder.text("report.html", html.render(numbers, project.language))
    folder.text("junit.xml", junit.render(numbers))
    xlsx.write_parked(folder.path("parked.xlsx"), parked_rows(found, rows), project.language)
    shown = [
        workbook.groups(
            links.pairs,
            links.clusters,
            with_children(project, name, records),
            linked.digests[name],
            _headings(project, name),
            name,
            project.language,
            telling=compared(project.schemas[name]),
        )
        for name, links in linked.links.items()
        if not project.entities[name].refers_to
    ]
    workbook.export(folder.path("duplicates.xlsx"), shown, project.language)


def _headings(project: Project, name: str) -> dict[str, str]:
    return {field: label[project.language] for field, label in shown_fields(project, name).items()}


def parked_rows(found: Input, rows: pd.DataFrame) -> pd.DataFrame:
    """The source rows of parked records as they were: reason, entity, address, then every source column."""
    parked = rows[rows["exit"] == Exit.PARKED]
    parts = []
    for table in found.tables:
        mine = parked[(parked["source_file"] == table.source) & (parked["source_sheet"] == table.sheet)]
        mine = mine[mine["source_row"].isin(table.rows.index)]
        if len(mine):
            cells = table.rows.loc[mine["source_row"]].reset_index(drop=True)
            lead = mine[["reason", "entity", "source_file", "source_sheet", "source_row"]].reset_index(drop=True)
            parts.append(pd.concat([lead, cells], axis=1))
    columns = ["reason", "entity", "source_file", "source_sheet", "source_row"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def write_run_book(
    folder: RunFolder,
    project: Project,
    numbers: Mapping[str, Any],
    clock: Clock,
    tried: Tried,
    clean: normalize.Normalized,
    linked: Linked,
    found: Input,
    started: datetime,
) -> None:
    resolved = linked.resolved
    said = [("column", d) for d in clean.decided]
    said.append(
        (
            "review",
            {
                "applied": resolved.applied,
                "stale": len(resolved.stale),
                "conflicting": len(resolved.conflicting),
                "replaced": resolved.replaced,
            },
        )
    )
    write_book(
        folder.path("run.sqlite"),
        times=clock.times,
        decisions=said,
        written=[asdict(w) for w in tried.written],
        receipts=tried.receipts,
        audit=[(started.isoformat(timespec="seconds"), "", "run", folder.run_id)],
    )
    folder.json("times.json", {name: {"cpu": cpu, "wall": wall} for name, cpu, wall in clock.times})
    decisions = project.root / DECISIONS
    folder.json(
        "manifest.json",
        {
            "run": folder.run_id,
            "version": __version__,
            "target": project.profile.name,
            "today": project.today,
            "inputs": {s.name: s.digest for s in found.sources if s.digest},
            "rules": project.digest,
            "decisions": review_decisions.file_digest(decisions),
            "counts": numbers["balance"],
            "trial": tried.verdict["result"],
            "outputs": folder.digests(),
        },
    )
