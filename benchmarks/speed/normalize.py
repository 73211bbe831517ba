"""Speed of the repair of values alone, with its ledger: ``normalize.py CSV ...`` (tables of ``samples/generate.py --big``).

Reads the tables into one, sends each column to its field, and measures ``stages/normalize`` in a process of its own: cells a
CPU second, and the memory of the process beside that of its input. The memory counts from before the tables are read, when a
few rows have been repaired, so that lexicons are there; the input goes to the stage alone (``--hold``: the caller keeps it).
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from cleanse.kinds.header import Vocabulary
from cleanse.model import Table, frame
from cleanse.project import Project, load_project
from cleanse.stages import map, normalize

PAGE = resource.getpagesize()
FEW = 1000


def read(paths: Sequence[Path]) -> pd.DataFrame:
    """The tables as one frame of text, missing where empty."""
    names = pd.read_csv(paths[0], nrows=0).columns
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=True, null_values=[""]
    )
    parse = pacsv.ParseOptions(newlines_in_values=True)
    alone = pacsv.ReadOptions(use_threads=False)
    tables = [pacsv.read_csv(path, alone, parse, options) for path in paths]
    whole = pa.concat_tables(tables).combine_chunks()
    del tables
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


def mapped_of(rows: pd.DataFrame, project: Project) -> map.Mapped:
    """The columns on their way to their fields."""
    table = Table("a.csv", "", 1, rows.set_axis(pd.RangeIndex(2, len(rows) + 2)), frame("layout"))
    maps = map.propose(table, Vocabulary.of(project.words, project.entities), project.entities, project.words, {})
    return map.apply([table], [maps], project.entities)


def settled() -> int:
    """The resident memory once what is free has gone back to the system."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    return resident()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--columns", action="store_true", help="also each column alone")
    parser.add_argument("--hold", action="store_true", help="the caller keeps the input frame")
    given = parser.parse_args(argv)
    pa.set_cpu_count(1)
    with TemporaryDirectory() as folder:
        (Path(folder) / "cleanse.toml").write_text("[project]\nname = 'speed'\ntoday = '2025-09-30'\n", "utf-8")
        project = load_project(Path(folder))
    few = mapped_of(read(given.tables[:1]).head(FEW), project)
    normalize.normalize(few.columns, few.addresses, project.entities, project.words, project.today)
    del few
    before = settled()
    rows = read(given.tables)
    size, cells = int(rows.memory_usage(index=False, deep=True).sum()), rows.size
    print(f"{len(rows):,} rows, {rows.shape[1]} columns, ", end="")
    mapped = mapped_of(rows, project)
    rows = rows if given.hold else None
    settled()
    columns, mapped = iter(mapped.columns), replace(mapped, columns=mapped.columns if given.columns else ())
    with Peak() as peak:
        start = time.process_time()
        done = normalize.normalize(columns, mapped.addresses, project.entities, project.words, project.today)
        seconds = time.process_time() - start
    print(f"{len(done.changes):,} changes, {len(done.issues):,} issues")
    print(f"{seconds:.1f} CPU s, {cells / seconds / 1e6:.2f} million cells a CPU second")
    grown = peak.bytes - before
    print(f"input frame {size / 1e6:.0f} MB, at most {grown / 1e6:.0f} MB in use: {grown / size:.2f} times the input")
    if given.columns:
        for column in mapped.columns:
            start = time.process_time()
            normalize.normalize([column], mapped.addresses, project.entities, project.words, project.today)
            print(f"{column.header:<12} {column.field.path:<22} {time.process_time() - start:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
