"""The corridor: which stage comes after which. It decides nothing about data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse.flow import held
from cleanse.flow.approving import may
from cleanse.flow.clock import Clock, Progress, quiet
from cleanse.flow.completing import Completion
from cleanse.flow.existing import beside, with_existing
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
            completion, found = Completion.of(project), read_input(project)
        with clock("map"):
            existing = with_existing(project, sum(len(t.rows) for t in found.tables))
            mapped = map.apply((*found.tables, *existing.tables), (*found.maps, *existing.maps), project.entities)
            cells, mapped = iter(mapped.columns), replace(mapped, columns=())  # nobody else needs them
        with clock("normalize"):
            clean = normalize.normalize(cells, mapped.addresses, project.entities, project.words, project.today)
        with clock("validate"):
            issues = joined("issues", [clean.issues, *validated(project, clean.records, "record")])
        with clock("match"):
            linked = match(project, clean.records, issues, existing)
        with clock("merge"):
            gold = merge_all(project, clean.records, linked, issues, existing, completion)
            held_records = held.shown(existing, clean.records, project.language)
            clean, addresses = existing.without(clean), existing.without_rows(mapped.addresses)
        with clock("conform"):
            going = {name: exits.migrating(g, name, gold.parked) for name, g in gold.golden.items()}
            ready = conform.conform(going, project.profile, held.there(existing, gold))
            parked = pd.concat([gold.parked, exits.parked_by_target(ready.parked)], ignore_index=True)
            issues = joined("issues", [gold.issues, ready.issues, held.issues(existing, linked, gold)])
        with clock("write"):
            written = files.write(ready.tables, project.profile, folder.path("migration"), ready.updates, ready.ids)
        with clock("ledger"):
            known = held.rows(project, ready, existing)
            rows = exits.ledger_rows(addresses, gold.members, gold.golden, parked, known)
            rows = exits.without_object(rows, project.profile, project.entities)
            changes = joined("changes", [corrections(found, project.entities), clean.changes, gold.changes])
        place = folder.path("migration")
        tried = try_written(project, place, ready.tables, written, gold, changes, rows, clock, existing.frames)
        with clock("report"):
            every = beside(clean.records, held_records)
            shown = shown_groups(project, linked, every, gold.golden)
            queues = shown.queues(project)
            facts = facts_of(
                project, found, mapped, clean, linked.without(existing), gold, tried, rows, changes, issues, ready.losses,
                queues, held.numbers(existing, linked, known, ready, gold),
            )  # fmt: skip
            numbers = quality.quality(facts)
            write_frames(folder, project, found, facts, linked)
            folder.frame("ledger/existing.parquet", known)
            for name, table in held_records.items():
                folder.frame(f"existing/{name}.parquet", table)
            folder.frame("ledger/preflight.parquet", tried.preflight)
            folder.frame("ledger/target_losses.parquet", ready.losses)
            write_reports(folder, project, numbers, found, rows, linked, every, shown)
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
