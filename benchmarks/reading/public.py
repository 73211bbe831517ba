"""Reads every file of folders of public test files: ``python benchmarks/reading/public.py FOLDER... [--list]``.

Each folder is a collection. Every file goes through reading and the table finder, and ends as read, passed over, refused with
a code, or as a fault of ours. Where an independent reader opens the file (``witnesses.py``), each of its cells is compared with
ours at the same place: one that differs is named, for a person to judge. Files of other formats (documents, programs) can stand
in the folders; ``--only xls,xlsx`` names suffixes to keep to.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cleanse import readers
from cleanse.codes import all_codes
from cleanse.flow.reading import Vocabulary
from cleanse.model import Source, Words
from cleanse.project import load_project
from cleanse.stages import tables

sys.path.insert(0, str(Path(__file__).parent))
from witnesses import differing, witness

ROOT = Path(__file__).resolve().parents[2]
NAMED = 5  # differing cells named of one file
SLOW = 20.0  # seconds of one file from which on it is named


@dataclass
class Collection:
    """How the files of a folder ended."""

    name: str
    ends: Counter[str] = field(default_factory=Counter)
    tables: int = 0
    rows: int = 0
    cells: int = 0
    compared: int = 0
    witnessed: int = 0
    differ: int = 0
    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def collect(folder: Path, known: frozenset[str], words: Words, only: frozenset[str]) -> Collection:
    found = Collection(folder.name)
    for name, path in readers.discover(folder):
        if only and path.suffix.lower() not in only:
            continue
        start = time.monotonic()
        try:
            for source in readers.read_all(path, name):
                _count(found, source, path, known, words)
        except Exception:
            found.ends["fault"] += 1
            found.faults.append(f"{name}: {traceback.format_exc(limit=-3)}")
        if (seconds := time.monotonic() - start) > SLOW:
            found.lines.append(f"{name}: took {seconds:.0f} s")
    return found


def _count(found: Collection, source: Source, path: Path, known: frozenset[str], words: Words) -> None:
    if source.status != "read" and source.reason not in all_codes():
        raise AssertionError(f"{source.name}: no code {source.reason!r}")
    found.ends[source.reason or "read"] += 1
    several = [t for grid in source.grids for t in tables.find_tables(grid, source.name, known, words)]
    found.tables += len(several)
    found.rows += sum(len(t.rows) for t in several)
    found.cells += sum(int((grid.cells != "").to_numpy().sum()) for grid in source.grids)
    if source.status != "read":
        found.lines.append(f"{source.name}: {source.reason} {source.detail}".rstrip())
    elif source.format != "zip" and (cells := witness(path)) is not None:
        found.compared += 1
        found.witnessed += len(cells)
        if differ := differing(cells, source.grids):
            found.differ += 1
            some = ", ".join(f"{place} {value!r:.40} / {text!r:.40}" for place, value, text in differ[:NAMED])
            found.lines.append(f"{source.name}: {len(differ)} of {len(cells)} cells differ: {some}")


def section(found: Sequence[Collection]) -> str:
    lines = [
        "| collection | files | read | passed over or refused | faults | tables | rows | cells | compared | its cells | differ |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for c in found:
        refused = ", ".join(f"{code} {n}" for code, n in c.ends.most_common() if code not in {"read", "fault"})
        lines.append(
            f"| {c.name} | {c.ends.total()} | {c.ends['read']} | {refused or '-'} | {len(c.faults)} | {c.tables} | {c.rows} "
            f"| {c.cells} | {c.compared} | {c.witnessed} | {c.differ} |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--list", action="store_true", help="name every file that was not read or that differs")
    parser.add_argument("--only", default="", help="suffixes to keep to, parted by commas")
    given = parser.parse_args(argv)
    only = frozenset(f".{suffix.lstrip('.')}" for suffix in given.only.split(",") if suffix)
    project = load_project(ROOT)
    known = frozenset(Vocabulary.of(project.words, project.entities).synonyms)
    found = [collect(folder, known, project.words, only) for folder in given.folders]
    print(section(found))
    for c in found:
        print(*(f"{c.name}/{line}" for line in (*c.lines, *c.faults) if given.list or c.faults), sep="\n")
    return int(any(c.faults for c in found))


if __name__ == "__main__":
    sys.exit(main())
