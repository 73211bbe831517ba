"""Reads every file of folders of public test files: ``python benchmarks/reading/public.py FOLDER... [--list]``.

Each folder is a collection. Every file goes through reading and the table finder, and ends as read, passed over, refused with
a code, or as a fault of ours. Where an independent reader opens the file (openpyxl for workbooks, the csv module for UTF-8
text in commas), its cells are looked for in ours: a missing text is named as a difference for a person to judge.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

from cleanse import readers
from cleanse.codes import all_codes
from cleanse.flow.reading import Vocabulary
from cleanse.model import Source
from cleanse.project import load_project
from cleanse.stages import tables

ROOT = Path(__file__).resolve().parents[2]
NAMED = 5  # differing texts named of one file


@dataclass
class Collection:
    """How the files of a folder ended."""

    name: str
    ends: Counter[str] = field(default_factory=Counter)
    tables: int = 0
    rows: int = 0
    cells: int = 0
    compared: int = 0
    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def collect(folder: Path, known: frozenset[str]) -> Collection:
    found = Collection(folder.name)
    for name, path in readers.discover(folder):
        try:
            for source in readers.read_all(path, name):
                _count(found, source, path, known)
        except Exception:
            found.ends["fault"] += 1
            found.faults.append(f"{name}: {traceback.format_exc(limit=-3)}")
    return found


def _count(found: Collection, source: Source, path: Path, known: frozenset[str]) -> None:
    if source.status != "read" and source.reason not in all_codes():
        raise AssertionError(f"{source.name}: no code {source.reason!r}")
    found.ends[source.reason or "read"] += 1
    several = [t for grid in source.grids for t in tables.find_tables(grid, source.name, known)]
    found.tables += len(several)
    found.rows += sum(len(t.rows) for t in several)
    found.cells += sum(int((grid.cells != "").to_numpy().sum()) for grid in source.grids)
    if source.status != "read":
        found.lines.append(f"{source.name}: {source.reason} {source.detail}".rstrip())
    elif (texts := independent(path)) is not None and source.format != "zip":
        found.compared += 1
        ours = {text for grid in source.grids for text in grid.cells.to_numpy().ravel()}
        missing = sorted(texts - ours)
        if missing:
            some = ", ".join(repr(text[:40]) for text in missing[:NAMED])
            found.lines.append(f"{source.name}: {len(missing)} of {len(texts)} texts differ: {some}")


def independent(path: Path) -> set[str] | None:
    """The texts of a file as another reader sees them; None where none does."""
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _workbook(path)
    return _commas(path) if path.suffix.lower() == ".csv" else None


def _workbook(path: Path) -> set[str] | None:
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except Exception:  # whatever another reader stumbles over is no finding about ours
        return None
    values = (v for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for v in row)
    return {v for v in values if isinstance(v, str) and v and not v.startswith("#")}


def _commas(path: Path) -> set[str] | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    if len({len(row) for row in rows if row}) != 1 or len(rows[0]) < 2:
        return None
    return {cell for row in rows for cell in row if cell}


def section(found: Sequence[Collection]) -> str:
    lines = [
        "| collection | files | read | passed over or refused | faults | tables | rows | cells | compared | differ |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for c in found:
        refused = ", ".join(f"{code} {n}" for code, n in c.ends.most_common() if code not in {"read", "fault"})
        differ = sum("texts differ" in line for line in c.lines)
        lines.append(
            f"| {c.name} | {c.ends.total()} | {c.ends['read']} | {refused or '-'} | {len(c.faults)} | {c.tables} | {c.rows} "
            f"| {c.cells} | {c.compared} | {differ} |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--list", action="store_true", help="name every file that was not read or that differs")
    given = parser.parse_args(argv)
    project = load_project(ROOT)
    known = frozenset(Vocabulary.of(project.words, project.entities).synonyms)
    found = [collect(folder, known) for folder in given.folders]
    print(section(found))
    for c in found:
        print(*(f"{c.name}/{line}" for line in (*c.lines, *c.faults) if given.list or c.faults), sep="\n")
    return int(any(c.faults for c in found))


if __name__ == "__main__":
    sys.exit(main())
