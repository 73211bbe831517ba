"""The corridor: which stage comes after which. It decides nothing about data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse.flow.approving import may
from cleanse.flow.clock import Clock, Progress, quiet
from cleanse.flow.existing import read_existing
from cleanse.flow.frames import joined
from cleanse.flow.judging import write_sample
from cleanse.flow.linking import match, merge_all, validated
from cleanse.flow.reading import corrections, read_input
from cleanse.flow.trying import try_written
from cleanse.flow.writing import facts_of, shown_groups, write_frames, write_reports, write_run_book
from cleanse.project import Project
from cleanse.runs import audit
from cleanse.runs.folder import run_folder
from cleanse.stages import conform, exits, map, normalize, quality
from cleanse.targets import files


@dataclass(frozen=True)
class Outcome:
    """What a run ended with: its folder, and the numbers of its report."""

    folder: Path
    quality: Mapping[str, Any]


def run(project: Project, *, progress: Progress = quiet, now: datetime | None = None) -> Outcome:
    """The whole job, offline: from the sources to a finished run folder.

    ``progress`` is told every stage (its name, its number, how many there are); ``now`` names the run. Raises
    CleanseError for what a person must mend.
    """
    clock, started, who = Clock(progress), now or datetime.now(), audit.actor()
    may(project, "runner", who)
    with run_folder(project.out, project.digest, started) as folder:
        with clock("read"):
            found = read_input(project)
        with clock("map"):
            mapped = map.apply(found.tables, found.maps, project.entities)
        with clock("normalize"):
            clean = normalize.normalize(
                mapped.columns, mapped.addresses, project.entities, project.words, project.today
            )
        with clock("validate"):
            issues = joined("issues", [clean.issues, *validated(project, clean.records, "record")])
        with clock("match"):
            linked = match(project, clean.records, issues)
        with clock("merge"):
            gold = merge_all(project, clean.records, linked, issues)
        with clock("conform"):
            going = {name: exits.migrating(g, name, gold.parked) for name, g in gold.golden.items()}
            existing = read_existing(project)
            ready = conform.conform(going, project.profile, existing)
            parked = pd.concat([gold.parked, exits.parked_by_target(ready.parked)], ignore_index=True)
            issues = joined("issues", [gold.issues, ready.issues])
        with clock("write"):
            written = files.write(ready.tables, project.profile, folder.path("migration"), ready.updates)
        with clock("ledger"):
            rows = exits.ledger_rows(mapped.addresses, gold.members, gold.golden, parked)
            rows = exits.without_object(rows, project.profile, project.entities)
            changes = joined("changes", [corrections(found, project.entities), clean.changes, gold.changes])
        place = folder.path("migration")
        tried = try_written(project, place, ready.tables, written, gold, changes, rows, clock, existing)
        with clock("report"):
            shown = shown_groups(project, linked, clean.records, gold.golden)
            queues = shown.queues(project)
            facts = facts_of(
                project, found, mapped, clean, linked, gold, tried, rows, changes, issues, ready.losses, queues
            )
            numbers = quality.quality(facts)
            write_frames(folder, project, found, facts, linked)
            folder.frame("ledger/preflight.parquet", tried.preflight)
            folder.frame("ledger/target_losses.parquet", ready.losses)
            write_reports(folder, project, numbers, found, rows, linked, clean.records, shown)
            write_sample(folder, project, facts, tried)
        write_run_book(folder, project, numbers, clock, tried, clean, linked, found, started)
        done = Outcome(folder.finish(), numbers)
    audit.note(
        project.out, who, "run", run=folder.run_id, rules=project.digest, counts=numbers["balance"],
        trial=tried.verdict["result"],
    )  # fmt: skip
    return done


def trial_alone(project: Project, *, rows: int | None, progress: Progress) -> Mapping[str, Any]:
    """A whole run of its sources, of which the verdict of the trial matters; returns the numbers of its report. Raises
    UsageError when ``rows`` are too few to prove anything."""
    if rows is not None:
        project = replace(project, trial={**project.trial, "rows": rows})
    return run(project, progress=progress).quality
