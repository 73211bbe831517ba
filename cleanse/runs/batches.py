"""The book of loads, one SQLite file beside the runs: every batch open, sent or done, and every row with what it came to.

``sent`` is on the disk before the target hears of a batch, with what stood there before; so whatever moment a load is killed
at, the next one can ask the target what has landed. The rows of a batch are one page (Arrow, compressed): they are written and
read together, and a page costs a tenth of as many lines of SQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.errors import TargetError

BOOK = "loads.sqlite"
LAYOUT = 2
TABLES = """
CREATE TABLE IF NOT EXISTS loads (
    load INTEGER PRIMARY KEY, target TEXT NOT NULL, run TEXT NOT NULL, fingerprint TEXT NOT NULL, who TEXT NOT NULL,
    at TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    batch INTEGER PRIMARY KEY, load INTEGER NOT NULL REFERENCES loads, target TEXT NOT NULL, object TEXT NOT NULL,
    rows INTEGER NOT NULL, state TEXT NOT NULL, undoable INTEGER NOT NULL DEFAULT 0, page BLOB);
CREATE TABLE IF NOT EXISTS made (target TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY (target, object)) WITHOUT ROWID;
"""
OPEN, SENT, DONE = "open", "sent", "done"
# Of a row: its key, what is done to it, the digest of what is sent, what stood there before (JSON); then the digest of the row
# as the target keeps it, where that is not what was sent, the target's words of refusal, and whether it was taken back.
PAGE = {"key": "", "action": "", "digest": "", "before": None, "landed": None, "message": "", "undone": False}
SCHEMA = pa.schema([(name, pa.bool_() if name == "undone" else pa.string()) for name in PAGE])
CHANGING = ("create", "update")
STANDING = (*CHANGING, "same")


class LoadBook:
    """The loads into every target of a project. One process writes at a time (the caller holds the lock)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._told():
            self.book = sqlite3.connect(path)
            self.book.execute("PRAGMA synchronous = FULL")
            fresh = not self._all("SELECT 1 FROM sqlite_master WHERE name = 'loads'")
            if not fresh and self._all("PRAGMA user_version") != [(LAYOUT,)]:
                raise TargetError(
                    "the book of loads was written by another version", where=str(path),
                    cure="undo and load with that version, or move the file away: every row is then compared with the target",
                )  # fmt: skip
            self.book.executescript(f"{TABLES} PRAGMA user_version = {LAYOUT};")

    def close(self) -> None:
        with self._writing():
            pass
        self.book.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A book that cannot be read or written is for a person to mend."""
        try:
            yield
        except sqlite3.Error as error:
            raise TargetError(
                f"the book of loads cannot be used: {error}", where=str(self.path), cure="free the file, or the disk"
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._told(), self.book:
            yield

    def _all(self, sql: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._told():
            return self.book.execute(sql, given).fetchall()

    # ---------------------------------------------------------------------------------------------------- writing

    def begin(self, target: str, run: str, fingerprint: str, who: str, at: str) -> int:
        """The number of a load: of the one of this plan that was cut off, else of a new one. Batches that were planned and
        never sent are forgotten."""
        with self._writing():
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
        with self._writing():
            self.book.execute("UPDATE loads SET state = 'done' WHERE load = ?", [load])

    def plan(self, load: int, target: str, planned: Iterable[tuple[str, int]]) -> list[int]:
        """Batches to come: object, rows. Their numbers."""
        with self._writing():
            return [
                int(self.book.execute(
                    "INSERT INTO batches (load, target, object, rows, state) VALUES (?, ?, ?, ?, 'open')", (load, target, o, n)
                ).lastrowid or 0)
                for o, n in planned
            ]  # fmt: skip

    def sent(self, batch: int, keys: Sequence[str], what: np.ndarray, digest: np.ndarray, before: np.ndarray) -> None:
        """On the disk before the target hears of it: the first columns of ``PAGE``, row by row."""
        size = len(keys)
        rest = [pa.repeat(pa.scalar(blank, SCHEMA.field(name).type), size) for name, blank in list(PAGE.items())[4:]]
        texts = (pa.array(column, pa.string()) for column in (keys, what, digest, before))
        self._put(batch, SENT, pa.table([*texts, *rest], SCHEMA))

    def done(self, batch: int) -> None:
        """The end of a batch that was sent, and everything came to what it was sent for. It reaches the disk with the next
        word of the book: until then a kill leaves the batch sent, which is never wrong."""
        with self._told():
            self.book.execute("UPDATE batches SET state = 'done' WHERE batch = ?", [batch])

    def ended(self, batch: int, rows: pd.DataFrame) -> None:
        """The end of a batch, with all that its rows came to; also of one that was undone."""
        self._put(batch, DONE, pa.Table.from_pandas(rows[list(PAGE)], SCHEMA, preserve_index=False))

    def _put(self, batch: int, state: str, page: pa.Table) -> None:
        can = pc.and_not(pc.is_in(page["action"], pa.array(CHANGING)), page["undone"])
        undoable = pc.sum(pc.and_(can, pc.equal(page["message"], ""))).as_py() or 0
        out = pa.BufferOutputStream()
        with pa.ipc.new_stream(out, SCHEMA, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            writer.write_table(page)
        with self._writing():
            self.book.execute(
                "UPDATE batches SET state = ?, rows = ?, undoable = ?, page = ? WHERE batch = ?",
                [state, len(page), undoable, out.getvalue().to_pybytes(), batch],
            )

    def made(self, target: str, objects: Iterable[str]) -> None:
        """Tables that we made ourselves: what is sent is what stands there."""
        with self._writing():
            self.book.executemany("INSERT OR IGNORE INTO made VALUES (?, ?)", [(target, o) for o in objects])

    # ---------------------------------------------------------------------------------------------------- reading

    def own(self, target: str) -> frozenset[str]:
        return frozenset(o for (o,) in self._all("SELECT object FROM made WHERE target = ?", [target]))

    def last(self, target: str, name: str) -> pd.DataFrame:
        """What was last loaded of an object, by key: digest of what was sent, landed (as the target keeps it), batch, created
        (whether by us), changed (the last batch that changed it, 0 for none)."""
        rows = self._pages("target = ? AND object = ?", [target, name])
        rows = rows[rows["action"].isin(STANDING) & (rows["message"] == "") & ~rows["undone"]]
        first = rows.drop_duplicates("key").set_index("key")["action"] == CHANGING[0]
        changed = rows[rows["action"].isin(CHANGING)].drop_duplicates("key", keep="last").set_index("key")["batch"]
        rows = rows.drop_duplicates("key", keep="last").set_index("key")
        told = rows.assign(landed=rows["landed"].fillna(rows["digest"]), created=first.reindex(rows.index))
        return told.assign(changed=changed.reindex(rows.index, fill_value=0))[["digest", "landed", "batch", "created", "changed"]]

    def refused(self, load: int, name: str) -> pd.DataFrame:
        """What the target refused in a load, of an object: digest of what was sent, by key."""
        rows = self._pages("load = ? AND object = ?", [load, name])
        rows = rows.loc[rows["message"] != "", ["key", "digest"]]
        return rows.drop_duplicates("key", keep="last").set_index("key")

    def unfinished(self, target: str) -> list[tuple[int, str]]:
        """Batches sent whose end is not known: number and object."""
        return self._all(
            "SELECT batch, object FROM batches WHERE target = ? AND state = 'sent' ORDER BY batch", [target]
        )

    def runs(self, target: str) -> pd.Series:
        """The run that each batch was of, by its number."""
        found = self._all("SELECT batch, run FROM batches JOIN loads USING (load) WHERE batches.target = ?", [target])
        return pd.Series([run for _, run in found], index=[batch for batch, _ in found], dtype="str")

    def state(self, batch: int) -> str:
        return str(self._all("SELECT state FROM batches WHERE batch = ?", [batch])[0][0])

    def rows(self, batch: int) -> pd.DataFrame:
        """The rows of a batch that was sent, with the columns of ``PAGE``, in order."""
        return _unpacked([self._all("SELECT page FROM batches WHERE batch = ?", [batch])[0][0]])

    def receipts(self, load: int) -> pd.DataFrame:
        """Every row of a load in order: object, key, status, message, batch. A row tried again has its last answer."""
        rows = self._pages("load = ?", [load])
        status = rows["action"].mask(rows["undone"], "undone").mask(rows["message"] != "", "refused")
        table = rows.assign(status=status)[["object", "key", "status", "message", "batch"]]
        if status.isin(STANDING).all():
            return table  # only what did not land is ever sent again in one load
        return table.drop_duplicates(["object", "key"], keep="last", ignore_index=True)

    def _pages(self, where: str, given: Sequence[Any]) -> pd.DataFrame:
        """The rows of the batches that are done, with their batch and object, in order."""
        found = self._all(
            f"SELECT batch, object, rows, page FROM batches WHERE {where} AND state = 'done' ORDER BY batch", given
        )
        rows = _unpacked([page for _, _, _, page in found])
        sizes = [size for _, _, size, _ in found]
        for at, name in enumerate(("batch", "object")):
            rows[name] = pd.Series([one[at] for one in found], dtype="int64" if at == 0 else "str").repeat(sizes).array
        return rows

    def undoable(self, target: str, batch: int = 0) -> list[tuple[int, str]]:
        """Batches with rows that can be undone, the latest first: of the last load that has any, or one by its number."""
        can = "FROM batches WHERE target = ?1 AND state = 'done' AND undoable > 0"
        which = "batch = ?2" if batch else f"load = (SELECT max(load) {can})"
        given: list[Any] = [target, batch] if batch else [target]
        return self._all(f"SELECT batch, object {can} AND {which} ORDER BY batch DESC", given)

    def loads(self) -> list[dict[str, Any]]:
        """Every load with its batches, oldest first."""
        names = ["load", "target", "run", "who", "at", "state", "batches", "first", "last"]
        found = self._all(
            "SELECT load, loads.target, run, who, at, loads.state, count(batch), min(batch), max(batch) "
            "FROM loads LEFT JOIN batches USING (load) GROUP BY load ORDER BY load"
        )
        return [dict(zip(names, row, strict=True)) for row in found]


def _unpacked(pages: Sequence[bytes]) -> pd.DataFrame:
    read = [pa.ipc.open_stream(page).read_all() for page in pages]
    return pa.concat_tables([SCHEMA.empty_table(), *read]).to_pandas()
