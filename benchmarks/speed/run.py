"""Measures a whole run against the plain script on the same table: ``python benchmarks/speed/run.py``.

The table is made once and kept in a folder outside the repository. Both sides run as their own process, one after the
other; figures are appended to ``RESULTS.md``.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIBRARIES = ("pandas", "pyarrow", "python-calamine", "rapidfuzz", "phonenumbers", "pandera", "xlsxwriter", "openpyxl")
GOOD_EXITS = (0, 1)  # clean, or findings above the gate: both finish the run


@dataclass(frozen=True)
class Measured:
    """CPU seconds of a process and its children, wall seconds, peak resident MB."""

    cpu: float
    wall: float
    peak: float


def measure(command: Sequence[str]) -> Measured:
    """Run a command to its end. Raises RuntimeError with its last lines when it fails."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in GOOD_EXITS:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said.read().decode()[-2000:]}")
    peak = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return Measured(used.ru_utime + used.ru_stime, wall, peak)


def stage_times(project: Path) -> dict[str, dict[str, float]]:
    """What the run noted itself, stage by stage; empty when it noted nothing."""
    out = project / "out"
    latest = out / "latest"
    run = out / latest.read_text("utf-8").strip() if latest.is_file() else latest
    path = run / "times.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def section(
    results: dict[str, tuple[Measured, Measured]], stages: dict[str, dict[str, dict[str, float]]], rows: int
) -> str:
    """The figures as Markdown."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    lines = [
        f"\n## {datetime.now(UTC):%Y-%m-%d}, {rows} rows, commit {commit()}",
        "",
        f"`python benchmarks/speed/run.py --rows {rows}`; {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, {versions}.",
        "",
        "| input | cleanse CPU s | plain CPU s | plain / ours | wall s, cleanse | plain | peak MB, cleanse | plain |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind, (ours, plain) in results.items():
        lines.append(
            f"| {kind} | {ours.cpu:.1f} | {plain.cpu:.1f} | {plain.cpu / ours.cpu:.1f} "
            f"| {ours.wall:.1f} | {plain.wall:.1f} | {ours.peak:.0f} | {plain.peak:.0f} |"
        )
    names = list(dict.fromkeys(name for times in stages.values() for name in times))
    if names:
        lines += ["", "| stage, CPU s | " + " | ".join(stages) + " |", "| --- |" + " --- |" * len(stages)]
        for name in names:
            figures = (f"{times[name]['cpu']:.2f}" if name in times else "" for times in stages.values())
            lines.append(f"| {name} | " + " | ".join(figures) + " |")
    return "\n".join(lines) + "\n"


def commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "cleanse-benchmark")
    parser.add_argument("--inputs", nargs="+", choices=("xlsx", "csv"), default=["xlsx", "csv"])
    parser.add_argument("--dry", action="store_true", help="print only, leave RESULTS.md alone")
    given = parser.parse_args(argv)
    folder = given.cache / str(given.rows)
    python = sys.executable
    if not (folder / "expected" / "totals.json").exists():
        made = [python, str(ROOT / "samples" / "generate.py"), "--big", str(given.rows), "--out", str(folder)]
        subprocess.run(made, check=True)
    results, stages = {}, {}
    for kind in given.inputs:
        project = folder / f"project-{kind}"
        prepared = [
            python,
            str(ROOT / "benchmarks" / "accuracy" / "prepare.py"),
            str(folder / kind),
            str(folder / "expected"),
            str(project),
        ]
        subprocess.run(prepared, check=True)
        ours = measure([python, "-m", "cleanse", "run", "--project", str(project)])
        stages[kind] = stage_times(project)
        plain = measure(
            [python, str(HERE / "plain_script.py"), str(folder / kind / f"customers.{kind}"), str(folder / "plain")]
        )
        results[kind] = (ours, plain)
    text = section(results, stages, given.rows)
    print(text)
    if not given.dry:
        with (HERE / "RESULTS.md").open("a", encoding="utf-8") as results_file:
            results_file.write(text)


if __name__ == "__main__":
    main()
