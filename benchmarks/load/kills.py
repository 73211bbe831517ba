"""A load of 100,000 rows killed (SIGKILL) at random moments again and again: what is doubled, what is lost?

    python benchmarks/load/kills.py [--rows 100000] [--kills 100] [--to URL ...]

Each target is loaded from scratch, by a process that is killed and started again until it ends by itself; then everything is
read back and compared by key and cell by cell. Loads are repeated until there were as many kills as asked for.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pandas as pd

from cleanse import profiles
from cleanse.flow.loading import Loader, Manner
from cleanse.model import Entity, Field, Profile
from cleanse.runs.batches import LoadBook
from cleanse.stages.reconcile import reconcile
from cleanse.targets.database import Database
from cleanse.targets.target import KEY

COLUMNS = [f"f{n}" for n in range(8)]
PREFIX = "cleanse_kill_"


def profile() -> Profile:
    """One object with a key and eight columns."""
    entity = Entity("customer", {}, {n: Field("customer", n, "text", {}) for n in COLUMNS})
    key = {"name": "id", "source": "golden_id", "required": True, "unique": True}
    fields = [key, *({"name": n, "source": n, "max_length": 60} for n in COLUMNS)]
    objects = [{"name": "customer", "entity": "customer", "key": "id", "fields": fields}]
    return profiles.parse({"name": "kills", "objects": objects}, "kills.toml", {"customer": entity})


def table(rows: int) -> pd.DataFrame:
    """Invented rows, a third of the cells blank; every hundredth does not fit its column and is refused."""
    ids = [f"C-{n:08}" for n in range(rows)]
    columns = {c: [f"值{k}-{n}" if (n + k) % 3 else None for n in range(rows)] for k, c in enumerate(COLUMNS)}
    columns["f0"] = ["长" * 61 if n % 100 == 99 else value for n, value in enumerate(columns["f0"])]
    return pd.DataFrame({"id": ids, **columns}, index=ids, dtype="str")


def work(url: str, book: Path, sent: pd.DataFrame, batch: int, tell: int) -> None:
    """What is killed: one load, started or gone on with; a byte to ``tell`` when it begins and after every batch."""
    target, loads = Database(url, prefix=PREFIX), LoadBook(book)
    loads.made(target.name, target.prepare(profile(), create=True))
    number = loads.begin(target.name, "run", "fingerprint", "benchmark", "now")
    os.write(tell, b".")
    loader = Loader(target, loads, profile(), Manner(batch=batch), lambda *_: os.write(tell, b".") and None)
    loader.load(number, {"customer": sent})


def kill_and_go_on(url: str, book: Path, sent: pd.DataFrame, batch: int, dice: random.Random) -> int:
    """Load once, killed at random moments after it began; how many kills it took."""
    for kills in range(10_000):
        hear, tell = os.pipe()
        child = os.fork()  # a process of its own that has read its libraries already
        if not child:
            os.close(hear)
            try:
                work(url, book, sent, batch, tell)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        os.close(tell)
        heard = [os.read(hear, 1) for _ in range(dice.randint(1, 6))]
        time.sleep(dice.uniform(0.0, 0.05))
        if all(heard):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(hear)
        if status == 0:
            return kills
        if not os.WIFSIGNALED(status):
            raise SystemExit("the load failed by itself")
    raise SystemExit("never ended")


def judge(url: str, book: Path, sent: pd.DataFrame) -> dict[str, int]:
    """What stands in the target against what was sent, and whether the book agrees."""
    target, shape = Database(url, prefix=PREFIX), profile()
    target.prepare(shape, create=False)
    fits = sent[sent["f0"].fillna("").str.len() <= 60]
    found = reconcile({"customer": fits}, {"customer": target.fetch(shape.objects[0])}, {"customer": KEY}, shape)
    loads = LoadBook(book)
    receipts = loads.receipts(1)
    loads.close()
    counts = found.balance["customer"]
    statuses = receipts["status"].value_counts().to_dict()
    wrong = abs(statuses.get("create", 0) - len(fits)) + abs(statuses.get("refused", 0) - (len(sent) - len(fits)))
    lost = counts["missing"] + counts["changed"]
    return {"doubled": counts["doubled"] + counts["extra"], "lost": lost, "receipts wrong": wrong}


def clear(url: str) -> None:
    database = Database(url, prefix=PREFIX)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {database.quoted(PREFIX + 'customer')}")
    database.engine.dispose()


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--batch", type=int, default=1_000)
    asked.add_argument("--seed", type=int, default=8)
    asked.add_argument(
        "--to", action="append", help="database URL (default: SQLite); its tables of this name are dropped"
    )
    given = asked.parse_args()
    dice, bad, sent = random.Random(given.seed), 0, table(given.rows)
    with tempfile.TemporaryDirectory() as folder:
        for number, url in enumerate(given.to or [f"sqlite:///{folder}/crm.db"]):
            kills = loads = 0
            total = {"doubled": 0, "lost": 0, "receipts wrong": 0}
            start = time.monotonic()
            while kills < given.kills:
                book = Path(folder) / f"{number}-{loads}.sqlite"
                clear(url)
                kills += kill_and_go_on(url, book, sent, given.batch, dice)
                loads += 1
                total = {k: n + total[k] for k, n in judge(url, book, sent).items()}
            clear(url)
            told = ", ".join(f"{n} {k}" for k, n in total.items())
            print(
                f"{url.partition(':')[0]}: {loads} loads of {given.rows:,} rows, {kills} kills: {told} ({time.monotonic() - start:.0f} s)"
            )
            bad += sum(total.values())
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
