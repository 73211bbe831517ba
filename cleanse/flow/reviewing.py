"""Duplicates to people in a workbook, and their decisions back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from cleanse.codes import sentence
from cleanse.flow.approving import may
from cleanse.flow.choosing import typed
from cleanse.project import DECISIONS, Project
from cleanse.review import choices, workbook
from cleanse.review import decisions as review_decisions
from cleanse.review.decisions import CHOICES
from cleanse.runs import audit
from cleanse.runs.folder import find_run


@dataclass(frozen=True)
class Taken:
    """What came out of a workbook: how many decisions and chosen values; the lines (sheet, row) that say otherwise than
    somebody else did, with whom; the lines that could not be read, with the reason."""

    decisions: int
    values: int
    conflicting: tuple[tuple[str, int, str], ...]
    unread: tuple[tuple[str, int, str], ...]


def review_export(project: Project, path: Path) -> Path:
    """Copy the duplicates workbook of the latest run."""
    shutil.copyfile(find_run(project.out) / "duplicates.xlsx", path)
    return path


def review_import(project: Project, path: Path, who: str, when: str, *, settle: bool = False) -> Taken:
    """Take a workbook's decisions and chosen values into ``decisions.jsonl`` and ``choices.jsonl``. One that says
    otherwise than another person did is kept against that person's, unless it is to ``settle`` the matter."""
    may(project, "reviewer", who)
    back = workbook.read(path, who, when)
    said, chosen = review_decisions.by_pair(project.root / DECISIONS), choices.by_place(project.root / CHOICES)
    decided = [
        d if settle else review_decisions.tell(said.get((d.entity, d.left, d.right), ()), d) for d in back.decisions
    ]
    at, check = back.places[len(decided) :], typed(project)
    sound = [not c.value or check(c.entity, c.field, c.value) is not None for c in back.choices]
    values = [
        c if settle else choices.tell(chosen.get(c.place, ()), c)
        for c, fits in zip(back.choices, sound, strict=True)
        if fits
    ]
    refused = [place for place, fits in zip(at, sound, strict=True) if not fits]
    places = [*back.places[: len(decided)], *(place for place, fits in zip(at, sound, strict=True) if fits)]
    told = [d.against for d in decided] + [c.against for c in values]
    against = [(*place, other) for place, other in zip(places, told, strict=True) if other]
    unread = [*back.unread, *((*place, sentence("choice_invalid", project.language)) for place in refused)]
    review_decisions.append(project.root / DECISIONS, decided)
    if values:
        choices.append(project.root / CHOICES, values)
    counts = {"decisions": len(decided), "values": len(values), "unread": len(unread), "conflicting": len(against)}
    audit.note(project.out, who, "review", counts=counts)
    return Taken(len(decided), len(values), tuple(dict.fromkeys(against)), tuple(unread))
