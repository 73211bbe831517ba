"""Everything a run leaves in its folder beside the migration files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse import __version__
from cleanse.flow import models, standing
from cleanse.flow.clock import Clock
from cleanse.flow.duplicates import Duplicates, duplicates
from cleanse.flow.existing import existing_digests
from cleanse.flow.frames import joined
from cleanse.flow.linking import Gold, Linked, digests_frame
from cleanse.flow.reading import Input, columns, files_frame, layout, mapping, notes
from cleanse.flow.trying import Tried
from cleanse.kinds import KINDS
from cleanse.model import Exit
from cleanse.project import DECISIONS, Project
from cleanse.reports import html, junit, xlsx
from cleanse.reports import json as report_json
from cleanse.review import decisions as review_decisions
from cleanse.runs import ids
from cleanse.runs.book import write_book
from cleanse.runs.folder import RunFolder
from cleanse.stages import corrected, map, normalize, quality

LEAD = 5  # columns of ``parked_rows`` before those of the source


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
    losses: pd.DataFrame,
    queues: Mapping[str, Any],
    existing: Mapping[str, Any],
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
        codes=project.codes,
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
        review=standing.numbers(linked),
        queues=queues,
        existing=existing,
        matching={n: x.report for n, x in linked.links.items()},
        trial=dict(tried.verdict),
        written=[asdict(w) for w in tried.written],
        preflight=tried.preflight,
        target_losses=losses,
        mapping=mapping(found),
        notes=[*notes(found), *gold.notes],
        decided=clean.decided,
        entities=dict(project.entities),
        masks={f.path: KINDS[f.kind].mask for f in fields},
    )


def write_frames(folder: RunFolder, project: Project, found: Input, facts: quality.Facts, linked: Linked) -> None:
    for name in ("rows", "changes", "issues", "files", "layout", "losses"):
        folder.frame(f"ledger/{name}.parquet", getattr(facts, name))
    folder.frame("ledger/columns.parquet", columns(found, project.entities))
    folder.frame("records/unmapped.parquet", facts.unmapped)
    folder.frame("pairs.parquet", joined("pairs", [x.pairs for x in linked.links.values()]))
    folder.frame("clusters.parquet", joined("clusters", [x.clusters for x in linked.links.values()]))
    folder.frame("digests.parquet", digests_frame(linked.digests))
    if learnt := models.text(linked.links):
        folder.text("model.toml", learnt)
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
    shown: Duplicates,
) -> None:
    folder.text("report.json", report_json.render(numbers))
    folder.text("report.html", html.render(numbers, project.language))
    folder.text("junit.xml", junit.render(numbers))
    write_parked(project, folder.path("parked.xlsx"), parked_rows(found, rows))
    shown.write(folder.path("duplicates.xlsx"), project.language, standing.table(project, linked, records))


def shown_groups(
    project: Project, linked: Linked, records: Mapping[str, pd.DataFrame], golden: Mapping[str, pd.DataFrame]
) -> Duplicates:
    """The groups that people are shown."""
    pairs, clusters = (joined(n, [getattr(x, n) for x in linked.links.values()]) for n in ("pairs", "clusters"))
    return duplicates(project, pairs, clusters, digests_frame(linked.digests), records, golden)


def write_parked(project: Project, path: Path, rows: pd.DataFrame) -> None:
    """``parked.xlsx`` of the rows that ``parked_rows`` found, with the digests they are known by when they come back."""
    names = list(rows.columns[LEAD:])
    cells = zip(*(rows.iloc[:, at].tolist() for at in range(LEAD, rows.shape[1])), strict=True) if names else iter(())
    digests = [corrected.digest(dict(zip(names, line, strict=True))) for line in cells]
    xlsx.write_parked(path, rows, project.language, digests or [""] * len(rows), project.codes)


def parked_rows(found: Input, rows: pd.DataFrame) -> pd.DataFrame:
    """The source rows of parked records as they were: reason, entity, address, then every source column."""
    parked = rows[rows["exit"] == Exit.PARKED]
    parts = []
    start = 0
    for table, maps in zip(found.tables, found.maps, strict=True):
        at = parked["rid"] - start
        start += len(table.rows)
        mine = parked[(at >= 0) & (at < len(table.rows))]
        if len(mine):
            own = [m.column for m in maps if not m.made]
            cells = table.rows[list(dict.fromkeys(own))].iloc[at[mine.index].to_numpy()].reset_index(drop=True)
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
    said = [("column", d) for d in clean.decided]
    said.append(
        (
            "review",
            {key: numbers["review"][key] for key in ("applied", "stale", "conflicting", "replaced")},
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
            "existing": existing_digests(project),
            "rules": project.digest,
            "decisions": review_decisions.file_digest(decisions),
            "ids": ids.digest(project.out),
            "counts": numbers["balance"],
            "trial": tried.verdict["result"],
            "outputs": folder.digests(),
        },
    )
