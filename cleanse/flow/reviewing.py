"""Duplicates to a workbook for people, and their decisions back."""

from __future__ import annotations

import shutil
from pathlib import Path

from cleanse.project import DECISIONS, Project
from cleanse.review import decisions as review_decisions
from cleanse.review import workbook
from cleanse.runs.folder import find_run


def review_export(project: Project, path: Path) -> Path:
    """Copy the duplicates workbook of the latest run."""
    shutil.copyfile(find_run(project.out) / "duplicates.xlsx", path)
    return path


def review_import(project: Project, path: Path, who: str, when: str) -> tuple[int, tuple[tuple[str, int, str], ...]]:
    """Take a workbook's decisions into ``decisions.jsonl``; how many, and the lines that could not be read."""
    back = workbook.read(path, who, when)
    review_decisions.append(project.root / DECISIONS, back.decisions)
    return len(back.decisions), back.unread
