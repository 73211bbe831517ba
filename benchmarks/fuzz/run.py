"""Reads thousands of files made wrong and counts how each ends: ``python benchmarks/fuzz/run.py --count 2500``.

The valid files are those of ``tests/readers``. Every mutated file goes through reading, the table finder and the mapping; at
the end some of them stand in one folder, which is run as a whole. Appends to ``RESULTS.md``; exit code 1 when anything
raised, hung beyond its limit, or ended without a known reason.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutate import mutated

from cleanse import readers
from cleanse.codes import all_codes
from cleanse.flow.reading import Vocabulary
from cleanse.project import load_project
from cleanse.stages import map as mapping
from cleanse.stages import tables

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIMITS = readers.Limits(seconds=20.0, memory_bytes=3 << 30, cells=2_000_000, unpacked_bytes=1 << 28)
GRACE = 10.0  # seconds for ending a process and starting another
TOGETHER = 150
GOOD_EXITS = (0, 1, 3)


@dataclass
class Tally:
    """How the files ended."""

    by_file: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0


def valid_files() -> list[Path]:
    """The files of every format that the tests of the readers hold."""
    folders = (ROOT / "tests" / "readers" / "made", ROOT / "tests" / "readers" / "data")
    return sorted(p for folder in folders if folder.is_dir() for p in folder.iterdir() if p.is_file())


class Reading:
    """The way of a file from its bytes to mapped tables."""

    def __init__(self) -> None:
        self.project = load_project(ROOT)
        self.vocabulary = Vocabulary.of(self.project.words, self.project.entities)
        self.known = frozenset(self.vocabulary.synonyms)

    def read(self, path: Path) -> list[str]:
        """How it ended, file by file. Raises whatever is a fault of ours."""
        ends = []
        for source in readers.read_all(path, path.name, LIMITS):
            if source.status != "read" and source.reason not in all_codes():
                raise AssertionError(f"{source.name}: no code {source.reason!r}")
            for grid in source.grids:
                for table in tables.find_tables(grid, source.name, self.known, self.project.words):
                    mapping.propose(table, self.vocabulary, self.project.entities, self.project.words, {})
            ends.append(source.reason or source.status)
        return ends


def fuzz(count: int, seed: int, folder: Path) -> Tally:
    tally, way = Tally(), Reading()
    for name, data in mutated(valid_files(), count, seed):
        path = folder / name
        path.write_bytes(data)
        start = time.monotonic()
        try:
            ends = way.read(path)
        except Exception:
            tally.faults.append(f"{name}: {traceback.format_exc(limit=-3)}")
            ends = ["FAULT"]
        seconds = time.monotonic() - start
        if seconds > LIMITS.seconds + GRACE:
            tally.faults.append(f"{name}: {seconds:.0f} s")
        tally.slowest = max(tally.slowest, seconds)
        tally.reasons.update(ends)
        tally.by_file.setdefault(Path(name.split("_", 2)[2]).suffix, Counter()).update(
            ["read" if "read" in ends else "refused"]
        )
        path.unlink()
    return tally


def run_together(seed: int, folder: Path) -> int:
    """The exit code of a whole run over many wrong files."""
    files = folder / "files"
    files.mkdir()
    for name, data in mutated(valid_files(), TOGETHER, seed + 1):
        (files / name).write_bytes(data)
    (folder / "cleanse.toml").write_text('[sources]\npaths = ["files"]\n[reading]\nseconds = 20\n', "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cleanse", "run", "--project", str(folder)],
        check=False,
        cwd=ROOT,
        capture_output=True,
    )
    return done.returncode


def section(tally: Tally, count: int, seed: int, exit_code: int) -> str:
    lines = [
        f"\n## {datetime.now(UTC):%Y-%m-%d}, {count} files, seed {seed}",
        "",
        f"`python benchmarks/fuzz/run.py --count {count} --seed {seed}`: {len(tally.faults)} faults (tracebacks, hangs, unknown "
        f"reasons); slowest file {tally.slowest:.1f} s (limit {LIMITS.seconds:.0f} s); a run over {TOGETHER} of them ended with "
        f"exit code {exit_code}.",
        "",
        "| form | read | refused |",
        "| --- | --- | --- |",
        *(f"| {name or '(none)'} | {c['read']} | {c['refused']} |" for name, c in sorted(tally.by_file.items())),
        "",
        "Ends: " + ", ".join(f"{reason} {n}" for reason, n in tally.reasons.most_common()) + ".",
        *(f"\n```\n{fault}\n```" for fault in tally.faults[:20]),
        "",
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dry", action="store_true", help="print, do not append to RESULTS.md")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        tally = fuzz(given.count, given.seed, Path(one))
        exit_code = run_together(given.seed, Path(two))
    text = section(tally, given.count, given.seed, exit_code)
    print(text)
    if not given.dry:
        with (HERE / "RESULTS.md").open("a", encoding="utf-8") as out:
            out.write(text)
    return int(bool(tally.faults) or exit_code not in GOOD_EXITS)


if __name__ == "__main__":
    sys.exit(main())
