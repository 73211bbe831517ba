"""The target's answers to a finished import: what was refused, and a workbook of the source rows to correct."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cleanse.errors import SourceError
from cleanse.flow.approving import conformed
from cleanse.flow.naming import named
from cleanse.flow.reading import read_input, read_named
from cleanse.flow.writing import parked_rows, write_parked
from cleanse.model import Exit
from cleanse.project import Project
from cleanse.runs.folder import find_run, write_frame
from cleanse.stages import results

FRAME = "results.parquet"


@dataclass(frozen=True)
class Answers:
    """Per object: rows sent, taken, refused and not mentioned; the rows of the files that nothing sent belongs to (file,
    row); ``refused``: object, key, name (masked), source, message; where the correction workbook stands, '' when nothing was
    refused, or the sources are no longer those of the run."""

    counts: Mapping[str, Mapping[str, int]]
    strange: tuple[tuple[str, int], ...]
    refused: pd.DataFrame
    corrections: str


def take(project: Project, paths: Sequence[Path], to: Path, run: str = "latest") -> Answers:
    """Read result files of a run's import, keep what they say beside what earlier ones said (``results.parquet`` of that
    run; the last word on a row counts), and write the source rows of what was refused to ``to``: with the target's words,
    and in the form of ``parked.xlsx``.

    Raises SourceError when a file cannot be read or is no result file of the target.
    """
    folder = find_run(project.out, run)
    sent = conformed(project, folder).tables
    told = pd.concat([_answers(project, path, sent) for path in paths], ignore_index=True)
    before = [pd.read_parquet(folder / FRAME)] if (folder / FRAME).is_file() else []
    known = pd.concat([*before, told[told["golden_id"] != ""]]).drop_duplicates(["object", "golden_id"], keep="last")
    write_frame(folder / FRAME, known)
    strange, refused = told[told["golden_id"] == ""], known[~known["taken"]].reset_index(drop=True)
    words = [
        _masked(name, id_, message, sent)
        for name, id_, message in zip(refused["object"], refused["golden_id"], refused["message"], strict=True)
    ]
    lines = named(project, folder, refused.assign(key=refused["golden_id"], message=words))
    return Answers(
        {name: _counted(name, len(table), known) for name, table in sent.items()},
        tuple(zip(strange["file"], strange["row"].astype(int), strict=True)),
        lines[["object", "key", "name", "source", "message"]],
        write_corrections(project, folder, refused, to),
    )


def write_corrections(project: Project, folder: Path, refused: pd.DataFrame, to: Path) -> str:
    """The source rows of what a target refused (object, golden_id, message) of a run, with the target's words and in the form
    of ``parked.xlsx``, so that they come back corrected. Returns where it stands, '' where nothing was refused, or where the
    sources are no longer those of the run."""
    if refused.empty:
        return ""
    found = read_input(project)
    read = json.loads((folder / "manifest.json").read_text("utf-8"))["inputs"]
    if {s.name: s.digest for s in found.sources if s.digest} != read:
        return ""
    rows = pd.read_parquet(folder / "ledger" / "rows.parquet")
    write_parked(project, to, parked_rows(found, _source_rows(project, rows, refused)))
    return str(to)


def _answers(project: Project, path: Path, sent: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    known = results.headers(project.profile, project.words)
    found = read_named(project, path, "the result file", known)
    told = [results.answers(table.rows, sent, project.profile, project.words) for table in found]
    if not any(len(t) for t in told):
        raise SourceError(
            f"no result file of {project.profile.label}",
            where=str(path),
            cure="hand in the file of the target's import with its error or status column, or name that column in "
            "rules/lexicons/results.tsv",
        )
    return pd.concat([t for t in told if len(t)], ignore_index=True).assign(file=path.name)


def _masked(name: str, id_: str, message: str, sent: Mapping[str, pd.DataFrame]) -> str:
    """The target's words without the values of the row they are about, so that they can be shown to anybody."""
    row = sent[name].loc[id_].dropna() if name in sent and id_ in sent[name].index else pd.Series(dtype="str")
    for value in sorted((v for v in row if len(v) > 1), key=len, reverse=True):
        message = message.replace(value, "***")
    return message


def _source_rows(project: Project, rows: pd.DataFrame, refused: pd.DataFrame) -> pd.DataFrame:
    """The ledger's lines of the refused records, with the target's words as the reason."""
    entity = {target.name: target.entity for target in project.profile.objects}
    why = refused.assign(entity=refused["object"].map(entity))[["entity", "golden_id", "message"]]
    mine = rows.merge(why, on=["entity", "golden_id"])
    return mine.assign(exit=str(Exit.PARKED), reason=mine["message"]).drop(columns="message")


def _counted(name: str, sent: int, known: pd.DataFrame) -> dict[str, int]:
    mine = known.loc[known["object"] == name, "taken"]
    return {"sent": sent, "taken": int(mine.sum()), "refused": int((~mine).sum()), "unmentioned": sent - len(mine)}
