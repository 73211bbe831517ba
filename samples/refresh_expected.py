"""Rewrites ``samples/trial/expected.json``: what a run makes of the one hundred rows of the trial sample.

``python samples/refresh_expected.py`` runs ``cleanse`` on a project of its own, with the picklists of
``samples/expected``. Read the difference before committing it: it is what a change of the rules does to the sample.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
EXPECTED = HERE / "trial" / "expected.json"


def run_trial(work: Path) -> Path:
    """Run the trial sample in a project under ``work``; returns the run folder. Raises RuntimeError when it fails."""
    project, files = work / "project", work / "files"
    files.mkdir()
    shutil.copy(HERE / "trial" / "customers_100.csv", files)
    prepare = HERE.parent / "benchmarks" / "accuracy" / "prepare.py"
    subprocess.run([sys.executable, str(prepare), str(files), str(HERE / "expected"), str(project)], check=True)
    command = [sys.executable, "-m", "cleanse", "run", "--project", str(project)]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"cleanse run ended with {done.returncode}:\n{done.stderr[-2000:]}")
    latest = project / "out" / "latest"
    return latest.parent / latest.read_text("utf-8").strip() if latest.is_file() else latest.resolve()


def counts(run: Path) -> dict[str, Any]:
    """Rows per entity and exit; changes and issues per entity and code."""
    rows = pd.read_parquet(run / "ledger" / "rows.parquet")
    return {
        "rows": _tally(rows, "exit"),
        "changes": _tally(pd.read_parquet(run / "ledger" / "changes.parquet"), "code"),
        "issues": _tally(pd.read_parquet(run / "ledger" / "issues.parquet"), "code"),
    }


def _tally(frame: pd.DataFrame, column: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (entity, name), number in frame.groupby(["entity", column]).size().sort_index().items():  # type: ignore[misc]
        found.setdefault(str(entity), {})[str(name)] = int(number)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        text = json.dumps(counts(run_trial(Path(work))), ensure_ascii=False, indent=1) + "\n"
    EXPECTED.write_text(text, "utf-8")
    print(f"wrote {EXPECTED}")


if __name__ == "__main__":
    main()
