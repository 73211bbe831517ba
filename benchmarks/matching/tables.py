"""Public tables with truth and generated Chinese lists, this project beside other tools:

    python benchmarks/matching/peers.py febrl DIR                    # in the other tools' environment
    python benchmarks/matching/tables.py DIR [--also fake_1000.csv historical_50k.parquet] [--peers PYTHON]
        [--tools splink recordlinkage goldenmatch dedupe] [--sizes 10000 100000] [--seeds 1 2 3] [--budgets 25 100 400]

No labels (dedupe alone gets 60), no weights, one default configuration: the fields named in ``tables/*.toml``.
"groups" are those a person would confirm (pairs at even odds, broken up), "alone" those merged without asking.
Every run is a process of its own: CPU seconds without reading the file, peak memory of the process. A pair lost in
blocking is a miss.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from generate import generate

HERE = Path(__file__).absolute().parent
SMALL = 2_000  # records up to which dedupe is run
SLOW = 200_000  # records from which on goldenmatch is left out
COLUMNS = ("set", "records", "tool", "precision", "recall", "F1", "wrong", "missed", "candidates", "CPU s", "MB")


def pairs(label: pd.Series) -> int:
    sizes = label.value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


def judged(truth: pd.Series, cluster: pd.Series) -> dict[str, Any]:
    """Of record pairs, against all true ones; both indexed by rid."""
    cluster = cluster.reindex(truth.index)
    both = truth.astype(str) + "|" + cluster.astype(str)
    right, found, true = pairs(both), pairs(cluster), pairs(truth)
    precision, recall = right / max(found, 1), right / max(true, 1)
    return {
        "precision": precision, "recall": recall, "F1": 2 * precision * recall / max(precision + recall, 1e-9),
        "wrong": found - right, "missed": true - right,
    }  # fmt: skip


def tables(given: argparse.Namespace) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Name, group of settings, and table (rid, entity, fields)."""
    sources = [*sorted(given.folder.glob("febrl[123].parquet")), *given.also]
    for path in sources:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype="str")
        table = table.rename(columns={"cluster": "entity"}).assign(rid=range(1, len(table) + 1))
        yield path.stem, path.stem.rstrip("123") if "febrl" in path.stem else path.stem, table
    for size in given.sizes:
        for seed in given.seeds:
            yield f"chinese, seed {seed}", "chinese", generate(size, seed)


def ours(group: str, path: Path, out: Path, budget: float | None = None) -> dict[str, Any]:
    more = [] if budget is None else ["--budget", str(budget)]
    line = [sys.executable, str(HERE / "one.py"), group, str(path), str(out), *more]
    return json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def rows(
    name: str, group: str, table: pd.DataFrame, given: argparse.Namespace, work: Path
) -> Iterator[Mapping[str, Any]]:
    path, out = work / "table.parquet", work / "out.parquet"
    table.to_parquet(path)
    truth = table.set_index("rid")["entity"]
    head = {"set": name, "records": len(table)}
    for budget in given.budgets if group != "chinese" and given.budgets else [None]:
        told = ours(group, path, out, budget)
        found = pd.read_parquet(out).set_index("rid")
        label = "cleanse" if budget is None else f"cleanse, {budget:g} pairs a record"
        for column, word in (("suggested", "groups"), ("cluster", "alone")):
            if column in found.columns:
                yield {**head, "tool": f"{label}, {word}", **judged(truth, found[column]), **told}
    if not given.peers:
        return
    plain = table
    if group == "chinese":
        plain = table.rename(columns={f"contact.{n}": n for n in ("mobile", "email")} | {"contact.name": "contact"})
    known = [f["name"] for f in given.fields(group)]
    text = plain[known].astype(object).where(plain[known].notna(), None)
    text.assign(rid=table["rid"], entity=table["entity"].astype(str)).to_parquet(path)
    for tool in given.tools:
        if (tool == "dedupe" and len(table) > SMALL) or (tool == "goldenmatch" and len(table) > SLOW):
            continue
        line = [
            str(given.peers.absolute()),
            str(HERE / "peers.py"),
            tool,
            str(path),
            str(HERE / f"tables/{group}.toml"),
            group,
            str(out),
        ]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=given.patience, check=True, cwd=work)
        except (subprocess.SubprocessError, OSError) as error:
            why = "too slow" if isinstance(error, subprocess.TimeoutExpired) else "failed"
            yield {**head, "tool": f"{tool}: {why}"}
            if given.verbose:
                print(getattr(error, "stderr", ""), file=sys.stderr)
            continue
        told = json.loads(done.stdout.splitlines()[-1])
        yield {
            **head,
            "tool": tool,
            **judged(truth, pd.read_parquet(out).set_index("rid")["cluster"]),
            "CPU s": told["cpu"],
            "MB": told["mb"],
        }


def written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if value <= 1 else f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--also", type=Path, nargs="*", default=[])
    parser.add_argument("--peers", type=Path, help="the Python of an environment that has the other tools")
    parser.add_argument("--tools", nargs="*", default=["splink", "recordlinkage", "goldenmatch", "dedupe"])
    parser.add_argument("--sizes", type=int, nargs="*", default=[])
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--budgets", type=float, nargs="*", default=[])
    parser.add_argument("--patience", type=float, default=400, help="seconds one other tool may take")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    given.fields = lambda group: tomllib.loads((HERE / f"tables/{group}.toml").read_text("utf-8"))["field"]
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))
    with tempfile.TemporaryDirectory() as work:
        for name, group, table in tables(given):
            for row in rows(name, group, table, given, Path(work)):
                print("| " + " | ".join(written(row.get(c, "")) for c in COLUMNS) + " |", flush=True)


if __name__ == "__main__":
    main()
