"""Speed of the repair of values alone, with its ledger: ``normalize.py CSV ...`` (tables of ``samples/generate.py --big``).

Reads the tables into one, sends each column to its field, and measures ``stages/normalize`` in a process of its own: cells a
CPU second, and how far the memory of the process grows beyond the input frame.
"""

from __future__ import annotations

import argparse
import resource
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from cleanse.kinds.header import Vocabulary
from cleanse.model import Table, frame
from cleanse.project import load_project
from cleanse.stages import map, normalize

PAGE = resource.getpagesize()


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """The tables as one frame of text, missing where empty."""
    names = pd.read_csv(paths[0], nrows=0).columns
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=True, null_values=[""]
    )
    parse = pacsv.ParseOptions(newlines_in_values=True)
    tables = [pacsv.read_csv(path, parse_options=parse, convert_options=options) for path in paths]
    whole = pa.concat_tables(tables).combine_chunks()
    return pd.DataFrame({n: pd.array(whole[n].chunk(0), dtype="str") for n in whole.column_names})


def resident() -> int:
    """The resident memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE


class Peak:
    """The highest resident memory seen while it runs."""

    def __enter__(self) -> Peak:
        self.bytes, self._stop = resident(), threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            self.bytes = max(self.bytes, resident())

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watch.join()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--columns", action="store_true", help="also each column alone")
    given = parser.parse_args(argv)
    with TemporaryDirectory() as folder:
        (Path(folder) / "cleanse.toml").write_text("[project]\nname = 'speed'\ntoday = '2025-09-30'\n", "utf-8")
        project = load_project(Path(folder))
    rows = read(given.tables)
    table = Table("a.csv", "", 1, rows.set_axis(pd.RangeIndex(2, len(rows) + 2)), frame("layout"))
    maps = map.propose(table, Vocabulary.of(project.words, project.entities), project.entities, project.words, {})
    size = int(rows.memory_usage(index=False, deep=True).sum())
    cells = rows.shape[0] * rows.shape[1]
    mapped = map.apply([table], [maps], project.entities)
    pa.set_cpu_count(1)
    before = resident()
    with Peak() as peak:
        start = time.process_time()
        done = normalize.normalize(mapped.columns, mapped.addresses, project.entities, project.words, project.today)
        seconds = time.process_time() - start
    print(f"{len(rows):,} rows, {rows.shape[1]} columns, {len(done.changes):,} changes, {len(done.issues):,} issues")
    print(f"{seconds:.1f} CPU s, {cells / seconds / 1e6:.2f} million cells a CPU second")
    print(f"input frame {size / 1e6:.0f} MB; memory grew by {(peak.bytes - before) / 1e6:.0f} MB", end="")
    print(f", {(peak.bytes - before + size) / size:.1f} times the input with it")
    if given.columns:
        for column in mapped.columns:
            start = time.process_time()
            normalize.normalize([column], mapped.addresses, project.entities, project.words, project.today)
            print(f"{column.header:<12} {column.field.path:<22} {time.process_time() - start:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
