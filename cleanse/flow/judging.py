"""The trial's sample before a person: out to ``trial.xlsx``, back into a verdict with its bound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse.errors import UsageError
from cleanse.flow.trying import Tried
from cleanse.project import Project
from cleanse.review import judging
from cleanse.runs.folder import RunFolder, find_run
from cleanse.stages import judged, quality, trial

WORKBOOK, SAMPLE, ANSWER = "trial.xlsx", "trial.parquet", "judged.json"


def write_sample(folder: RunFolder, project: Project, facts: quality.Facts, tried: Tried) -> None:
    """Keep what was sampled, and write it as a workbook to judge."""
    sources = judged.Sources(facts.rows, facts.records, facts.changes, facts.unmapped)
    lines = judged.lines(tried.sample, tried.planned, project.profile, project.entities, sources)
    folder.frame(SAMPLE, tried.sample)
    judging.export(folder.path(WORKBOOK), lines, project.language)


def judge(project: Project, path: Path, who: str, when: str) -> tuple[dict[str, Any], tuple[tuple[int, str], ...]]:
    """The verdict of what a person found in the workbook of the latest run, kept as ``judged.json`` of that run; and the
    lines that could not be read. Only records that were looked at count, by the plan of the trial.

    Raises UsageError when the workbook speaks of records that the run did not sample.
    """
    folder = find_run(project.out)
    sample = (
        pd.read_parquet(folder / SAMPLE) if (folder / SAMPLE).exists() else pd.DataFrame(columns=list(trial.SAMPLE))
    )
    said = judging.read(path)
    if strange := said.seen - set(sample["unit"]):
        cure = f"hand in {WORKBOOK} of the latest run, or run again and judge that one"
        raise UsageError(f"{len(strange)} records in it are not of this run's sample", where=str(path), cure=cure)
    plan = trial.plan(project.trial["rows"], project.trial["accuracy"], project.trial["confidence"])
    roots = json.loads((folder / "report.json").read_text("utf-8"))["trial"]["population"]
    answer = trial.verdict(sample[sample["unit"].isin(said.seen)], said.wrong, plan, roots)
    kept = {
        "who": who,
        "when": when,
        "run": folder.name,
        "seen": len(said.seen),
        "wrong": len(said.wrong),
        "verdict": answer,
    }
    temporary = folder / f"{ANSWER}.tmp"
    temporary.write_text(json.dumps(kept, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8", newline="\n")
    temporary.replace(folder / ANSWER)
    return answer, said.unread
