"""Duplicates to people, in a workbook or on a local page, and their decisions back."""

from __future__ import annotations

import shutil
from pathlib import Path

from cleanse.flow.approving import may
from cleanse.project import DECISIONS, Project
from cleanse.review import decisions as review_decisions
from cleanse.review import workbook
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
