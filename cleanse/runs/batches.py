"""The book of loads, one SQLite file beside the runs: every batch open, sent or done, and every row with what it came to.

``sent`` is on the disk before the target hears of a batch, with what stood there before; so whatever moment a load is killed
at, the next one can ask the target what has landed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

BOOK = "loads.sqlite"
TABLES = """
CREATE TABLE IF NOT EXISTS loads (
    load INTEGER PRIMARY KEY, target TEXT NOT NULL, run TEXT NOT NULL, fingerprint TEXT NOT NULL, who TEXT NOT NULL,
    at TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    batch INTEGER PRIMARY KEY, load INTEGER NOT NULL REFERENCES loads, target TEXT NOT NULL, object TEXT NOT NULL,
    rows INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    batch INTEGER NOT NULL REFERENCES batches, place INTEGER NOT NULL, key TEXT NOT NULL, action TEXT NOT NULL,
    digest TEXT NOT NULL, landed TEXT, before TEXT, message TEXT NOT NULL DEFAULT '', undone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made (target TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY (target, object)) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS receipts AS
    SELECT load, batch, place, object, key, key AS target_id,
        CASE WHEN message <> '' THEN 'refused' WHEN undone THEN 'undone' ELSE action END AS status, message
    FROM rows JOIN batches USING (batch) WHERE state = 'done';
"""
OPEN, SENT, DONE = "open", "sent", "done"
Row = tuple[str, str, str, str | None]  # key, action, digest of what is sent, what stood there before (JSON)
LANDED = "state = 'done' AND undone = 0 AND message = '' AND action IN ('create', 'update', 'same')"


class LoadBook:
    """The loads into every target of a project. One process writes at a time (the caller holds the lock)."""

    def __init__(self, path: Path) -> None:
        self.book = sqlite3.connect(path)
        self.book.execute("PRAGMA synchronous = FULL")
        self.book.executescript(TABLES)

    def close(self) -> None:
        self.book.close()

    # ---------------------------------------------------------------------------------------------------- writing

    def begin(self, target: str, run: str, fingerprint: str, who: str, at: str) -> int:
        """The number of a load: of the one of this plan that was cut off, else of a new one. Batches that were planned and
        never sent are forgotten."""
        with self.book:
            self.book.execute("DELETE FROM batches WHERE state = 'open' AND target = ?", [target])
            cut = self.book.execute(
                "SELECT load FROM loads WHERE target = ? AND fingerprint = ? AND state = 'open' ORDER BY load DESC",
                [target, fingerprint],
            ).fetchone()
            if cut:
                return int(cut[0])
            values = (target, run, fingerprint, who, at, OPEN)
            made = self.book.execute(
                "INSERT INTO loads (target, run, fingerprint, who, at, state) VALUES (?, ?, ?, ?, ?, ?)", values
            )
            return int(made.lastrowid or 0)

    def end(self, load: int) -> None:
        with self.book:
            self.book.execute("UPDATE loads SET state = 'done' WHERE load = ?", [load])

    def plan(self, load: int, target: str, planned: Iterable[tuple[str, int]]) -> list[int]:
        """Batches to come: object, rows. Their numbers."""
        with self.book:
            return [
                int(self.book.execute(
                    "INSERT INTO batches (load, target, object, rows, state) VALUES (?, ?, ?, ?, 'open')", (load, target, o, n)
                ).lastrowid or 0)
                for o, n in planned
            ]  # fmt: skip

    def sent(self, batch: int, rows: Sequence[Row]) -> None:
        """On the disk before the target hears of it."""
        with self.book:
            self.book.executemany(
                "INSERT INTO rows (batch, place, key, action, digest, before) VALUES (?, ?, ?, ?, ?, ?)",
                [(batch, place, *row) for place, row in enumerate(rows)],
            )
            self.book.execute("UPDATE batches SET state = 'sent', rows = ? WHERE batch = ?", [len(rows), batch])

    def done(self, batch: int, refused: Iterable[tuple[int, str]], landed: Iterable[tuple[int, str]] = ()) -> None:
        """``refused``: place and the target's words; ``landed``: place and the digest of the row as the target keeps it,
        where that is not what was sent."""
        with self.book:
            self.book.executemany(
                "UPDATE rows SET message = ? WHERE batch = ? AND place = ?", [(m, batch, p) for p, m in refused]
            )
            self.book.executemany(
                "UPDATE rows SET landed = ? WHERE batch = ? AND place = ?", [(d, batch, p) for p, d in landed]
            )
            self.book.execute("UPDATE batches SET state = 'done' WHERE batch = ?", [batch])

    def forget(self, batch: int, places: Iterable[int]) -> None:
        """Rows of a sent batch that never reached the target."""
        with self.book:
            self.book.executemany("DELETE FROM rows WHERE batch = ? AND place = ?", [(batch, p) for p in places])
            self.book.execute(
                "UPDATE batches SET rows = (SELECT count(*) FROM rows WHERE batch = ?1) WHERE batch = ?1", [batch]
            )

    def undone(self, batch: int, places: Iterable[int]) -> None:
        with self.book:
            self.book.executemany(
                "UPDATE rows SET undone = 1 WHERE batch = ? AND place = ?", [(batch, p) for p in places]
            )

    def made(self, target: str, objects: Iterable[str]) -> None:
        """Tables that we made ourselves: what is sent is what stands there."""
        with self.book:
            self.book.executemany("INSERT OR IGNORE INTO made VALUES (?, ?)", [(target, o) for o in objects])

    # ---------------------------------------------------------------------------------------------------- reading

    def own(self, target: str) -> frozenset[str]:
        return frozenset(o for (o,) in self.book.execute("SELECT object FROM made WHERE target = ?", [target]))

    def last(self, target: str, name: str) -> pd.DataFrame:
        """What was last loaded of an object: digest of what was sent, landed (as the target keeps it), batch; by key."""
        rows = self.book.execute(
            f"SELECT key, digest, COALESCE(landed, digest), batch FROM rows JOIN batches USING (batch) "
            f"WHERE target = ? AND object = ? AND {LANDED} ORDER BY batch, place",
            [target, name],
        ).fetchall()
        table = pd.DataFrame(rows, columns=["key", "digest", "landed", "batch"]).astype(
            {"key": "str", "digest": "str", "landed": "str"}
        )
        return table.drop_duplicates("key", keep="last").set_index("key")

    def refused(self, load: int, name: str) -> pd.DataFrame:
        """What the target refused in a load, of an object: digest of what was sent, by key."""
        rows = self.book.execute(
            "SELECT key, digest FROM rows JOIN batches USING (batch) WHERE load = ? AND object = ? AND state = 'done' "
            "AND message <> '' ORDER BY batch, place",
            [load, name],
        ).fetchall()
        table = pd.DataFrame(rows, columns=["key", "digest"]).astype("str")
        return table.drop_duplicates("key", keep="last").set_index("key")

    def unfinished(self, target: str) -> list[tuple[int, str]]:
        """Batches sent whose end is not known: number and object."""
        found = self.book.execute(
            "SELECT batch, object FROM batches WHERE target = ? AND state = 'sent' ORDER BY batch", [target]
        )
        return [(int(b), str(o)) for b, o in found]

    def state(self, batch: int) -> str:
        return str(self.book.execute("SELECT state FROM batches WHERE batch = ?", [batch]).fetchone()[0])

    def rows(self, batch: int) -> pd.DataFrame:
        """The rows of a batch: key, action, digest, landed, before, message, undone; by place."""
        names = ["place", "key", "action", "digest", "landed", "before", "message", "undone"]
        found = self.book.execute(
            f"SELECT {', '.join(names)} FROM rows WHERE batch = ? ORDER BY place", [batch]
        ).fetchall()
        return pd.DataFrame(found, columns=names).set_index("place")

    def receipts(self, load: int) -> pd.DataFrame:
        """Every row of a load in order: object, key, status, message, batch. A row tried again has its last answer."""
        names = ["object", "key", "status", "message", "batch"]
        found = self.book.execute(
            f"SELECT {', '.join(names)} FROM receipts WHERE load = ? ORDER BY batch, place", [load]
        )
        return pd.DataFrame(found.fetchall(), columns=names).drop_duplicates(
            ["object", "key"], keep="last", ignore_index=True
        )

    def undoable(self, target: str, batch: int = 0) -> list[tuple[int, str]]:
        """Batches with rows that can be undone, the latest first: of the last load that has any, or one by its number."""
        which = (
            "batch = ?2"
            if batch
            else "load = (SELECT max(load) FROM batches JOIN rows USING (batch) WHERE target = ?1 AND can)"
        )
        can = "state = 'done' AND undone = 0 AND message = '' AND action IN ('create', 'update')"
        given: list[Any] = [target, batch] if batch else [target]
        found = self.book.execute(
            f"SELECT DISTINCT batch, object FROM batches JOIN rows USING (batch) "
            f"WHERE target = ?1 AND {can} AND {which.replace('can', can)} ORDER BY batch DESC",
            given,
        )
        return [(int(b), str(o)) for b, o in found]

    def loads(self) -> list[dict[str, Any]]:
        """Every load with its batches, oldest first."""
        names = ["load", "target", "run", "who", "at", "state", "batches", "first", "last"]
        found = self.book.execute(
            "SELECT load, loads.target, run, who, at, loads.state, count(batch), min(batch), max(batch) "
            "FROM loads LEFT JOIN batches USING (load) GROUP BY load ORDER BY load"
        )
        return [dict(zip(names, row, strict=True)) for row in found]
