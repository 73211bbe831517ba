"""One table linked by this project, in a process of its own: ``one.py GROUP TABLE.parquet OUT.parquet [--budget N]``.
Chinese lists go by the shipped rules for customers, all other tables by the fields named in ``tables/GROUP.toml``.
Prints CPU seconds (names taken apart and linking), peak megabytes and candidate pairs as JSON."""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from pathlib import Path

import pandas as pd
from run import link

from cleanse import matching
from cleanse.project import load_project

HERE = Path(__file__).parent


def high_water() -> int:
    """Peak megabytes of this process alone; getrusage would tell those of the one that started it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group")
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--budget", type=float)
    given = parser.parse_args()
    table = pd.read_parquet(given.table)
    project = load_project(HERE.parents[1])
    start = time.process_time()
    if given.group == "chinese":
        links = link(project, table)[0]
    else:
        rules = tomllib.loads((HERE / f"tables/{given.group}.toml").read_text("utf-8"))
        rules |= {} if given.budget is None else {"budget": given.budget}
        links = matching.link_table(table, matching.parse_table(rules, given.group))
    cpu = time.process_time() - start
    found = links.clusters[["rid", "cluster"]]
    if links.suggested is not None:
        found = found.assign(suggested=links.suggested["cluster"])
    found.to_parquet(given.out)
    peak = high_water()
    print(json.dumps({"CPU s": cpu, "MB": peak, "candidates": links.report["candidates"]}))


if __name__ == "__main__":
    main()
