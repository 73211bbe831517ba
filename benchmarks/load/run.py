"""Rows per second into a database, with receipts and book, against the driver's own bulk insert into the same table.

    python benchmarks/load/run.py [--rows 100000] [--to URL ...]

The driver inserts rows that lie ready in memory as it wants them, in one transaction: SQLite ``executemany``; PostgreSQL
``executemany`` and ``COPY`` row by row. Seconds are CPU seconds of this process and wall seconds of the best of three.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from kills import clear, profile, table

from cleanse.flow.loading import Loader
from cleanse.runs.batches import LoadBook
from cleanse.targets.database import Database

PREFIX = "cleanse_kill_"


def measured(url: str, work: Callable[[Database], None]) -> tuple[float, float]:
    """CPU and wall seconds, the best of three, each into a fresh table."""
    best = (float("inf"), float("inf"))
    for _ in range(3):
        clear(url)
        target = Database(url, prefix=PREFIX)
        target.prepare(profile(), create=True)
        start = time.process_time(), time.perf_counter()
        work(target)
        best = min(best, (time.process_time() - start[0], time.perf_counter() - start[1]), key=lambda pair: pair[1])
        target.engine.dispose()
    return best


def loaded(sent: pd.DataFrame, folder: Path) -> Callable[[Database], None]:
    def work(target: Database) -> None:
        book = LoadBook(folder / f"{time.perf_counter_ns()}.sqlite")
        book.made(target.name, ["customer"])
        number = book.begin(target.name, "run", "fingerprint", "benchmark", "now")
        Loader(target, book, profile()).load(number, {"customer": sent})
        assert len(book.receipts(number)) == len(sent)
        book.close()

    return work


def bulk(rows: list[tuple[Any, ...]], width: int, copy: bool) -> Callable[[Database], None]:
    def work(target: Database) -> None:
        place = target.table(target_object())
        mark = "?" if target.backend == "sqlite" else "%s"
        with target.engine.begin() as connection:
            cursor = connection.connection.driver_connection.cursor()
            if copy:
                with cursor.copy(f"COPY {place} FROM STDIN") as out:
                    for row in rows:
                        out.write_row(row)
            else:
                cursor.executemany(f"INSERT INTO {place} VALUES ({', '.join([mark] * width)})", rows)

    return work


def target_object() -> Any:
    return profile().objects[0]


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--to", action="append")
    given = asked.parse_args()
    sent = table(given.rows)
    sent["f0"] = sent["f0"].str.slice(0, 60)  # nothing is refused: the driver's way knows no receipts
    rows = list(sent.astype(object).where(sent.notna(), None).itertuples(index=False, name=None))
    with tempfile.TemporaryDirectory() as folder:
        for url in given.to or [f"sqlite:///{folder}/crm.db"]:
            ways = {"cleanse": loaded(sent, Path(folder)), "executemany": bulk(rows, len(sent.columns), False)}
            if url.startswith("postgresql"):
                ways["copy"] = bulk(rows, len(sent.columns), True)
            took = {name: measured(url, work) for name, work in ways.items()}
            for name, (cpu, wall) in took.items():
                share = f"{took[name][1] / took['cleanse'][1]:.0%} wall, {took[name][0] / took['cleanse'][0]:.0%} CPU of its speed"
                print(f"{url.partition(':')[0]:11} {name:12} {given.rows / wall:10,.0f} rows/s  {cpu:.2f} s CPU  {wall:.2f} s  cleanse: {share}")
            clear(url)


if __name__ == "__main__":
    main()
