"""Loading with a book, written once over every target that can be spoken to: batches, restarts, patience, undo.

A batch is ``open``, then ``sent`` (on the disk, with what stood there before, ahead of the first word to the target), then
``done``. What a kill or a broken line leaves ``sent`` is settled by asking the target what has landed; what has not is sent
again in a new batch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from cleanse.errors import TargetError
from cleanse.model import Profile, TargetObject
from cleanse.runs.batches import OPEN, LoadBook
from cleanse.stages.loaded import CREATE, SAME, UPDATE, actions, beside, digests
from cleanse.targets.target import Busy, Session, Target, columns_of, key_of

Progress = Callable[[str, int, int, float], None]  # object, rows done, rows in all, seconds since the start
Done = TypeVar("Done")
UNDONE = ("object", "key", "batch", "outcome", "message")


def quiet(name: str, done: int, total: int, seconds: float) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Part:
    """Rows of a batch: as they are to be sent, their digests, by key the digest of what the last load left there, and the keys
    of those that we created."""

    one: TargetObject
    table: pd.DataFrame
    digest: np.ndarray
    last: pd.Series
    ours: pd.Index

    def left(self, keys: pd.Series) -> Part:
        """Without these rows."""
        rest = ~self.table.index.isin(keys)
        return replace(self, table=self.table[rest], digest=self.digest[rest])


@dataclass(frozen=True)
class Manner:
    """How to load: rows of a batch; how often a busy target is asked again, and the first pause (each is twice the one
    before, 30 seconds at most); whether what people changed in the target since is overwritten."""

    batch: int = 10_000
    retries: int = 6
    pause: float = 0.5
    overwrite: bool = False


def patiently(
    work: Callable[[], Done], where: str, manner: Manner, sleep: Callable[[float], None] = time.sleep
) -> Done:
    """Do it, again while the target is busy. Raises TargetError when it stays so."""
    for number in range(manner.retries + 1):
        try:
            return work()
        except Busy as busy:
            said = str(busy)
        if number < manner.retries:
            sleep(min(30.0, manner.pause * 2**number))
    raise TargetError(
        f"the target is busy or cannot be reached: {said}", where=where,
        cure="load again later: it goes on where it stopped, nothing is loaded twice",
    )  # fmt: skip


class Loader:
    """One target with its book. The tables of the target are ready (``Target.prepare``)."""

    def __init__(
        self, target: Target, book: LoadBook, profile: Profile, manner: Manner = Manner(), progress: Progress = quiet,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.target, self.book, self.manner = target, book, manner
        self.objects = {one.name: one for one in profile.objects}
        self.progress, self.sleep = progress, sleep
        self.own = book.own(target.name)
        self.left: list[pd.DataFrame] = []  # object, key, batch of what was loaded once and is planned no more

    def load(self, load: int, tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, int]]:
        """Send of every table (object -> text by golden_id) what changed since it was last loaded there.

        Returns per object: planned, unchanged (loaded before as it is), left_over (loaded before, no longer planned).
        Raises TargetError when the target stays busy or refuses as a whole; then the next ``load`` goes on from there.
        """
        self._patiently(self.settle)
        counts: dict[str, dict[str, int]] = {}
        waiting: list[Part] = []
        for name, one in self.objects.items():
            if name in tables:
                counts[name], parts = self._changed(load, one, _planned(tables[name], one))
                waiting += parts
        batches = self.book.plan(load, self.target.name, [(part.one.name, len(part.table)) for part in waiting])
        done, total, start = 0, sum(len(part.table) for part in waiting), time.monotonic()
        for batch, part in zip(batches, waiting, strict=True):
            self._deliver(load, batch, part)
            done += len(part.table)
            self.progress(part.one.name, done, total, time.monotonic() - start)
        self.book.end(load)
        return counts

    def _changed(self, load: int, one: TargetObject, planned: pd.DataFrame) -> tuple[dict[str, int], list[Part]]:
        """What of an object is not as it was last loaded, nor answered already where a load that was cut off goes on."""
        digest = np.array(digests(planned, list(planned.columns)), dtype=object)
        last, refused = self.book.last(self.target.name, one.name), self.book.refused(load, one.name)
        changed = _differs(digest, planned.index, last["digest"])
        new = changed & _differs(digest, planned.index, refused["digest"])
        left = last[planned.index.get_indexer(last.index) < 0] if len(last) else last
        self.left.append(pd.DataFrame({"object": one.name, "key": left.index, "batch": left["batch"].to_numpy()}))
        counts = {"planned": len(planned), "unchanged": int((~changed).sum()), "left_over": len(left)}
        planned, digest, step = planned[new], digest[new], self.manner.batch
        before, created = last["landed"].reindex(planned.index), last.index[last["created"]]
        return counts, [
            Part(one, planned.iloc[at : at + step], digest[at : at + step], before.iloc[at : at + step].dropna(), created)
            for at in range(0, len(planned), step)
        ]

    # ------------------------------------------------------------------------------------------------------ sending

    def _deliver(self, load: int, batch: int, part: Part) -> None:
        """One batch, tried again while the target is busy."""
        current, left = batch, part

        def attempt() -> None:
            nonlocal current, left
            if self.book.state(current) != OPEN:  # it went out, and its end is not known
                self.settle()
                left = left.left(self.book.rows(current)["key"])
                if left.table.empty:
                    return
                (current,) = self.book.plan(load, self.target.name, [(left.one.name, len(left.table))])
            self._send(current, left)

        self._patiently(attempt)

    def _send(self, batch: int, part: Part) -> None:
        one, keys = part.one, part.table.index.tolist()
        said = np.full(len(keys), "", dtype=object)
        with self.target.session() as session:
            there = session.look(one, keys)
            now = pd.Series(digests(there, list(there.columns)), index=there.index, dtype="str")
            table = beside(part.table, there, part.ours)
            what = actions(table, there, now.tolist(), part.last, self.manner.overwrite)
            create, update = what == CREATE, what == UPDATE
            before = np.full(len(table), None, dtype=object)
            if update.any():
                before[update] = _images(there.reindex(table.index[update]), one)
            self.book.sent(batch, keys, what, part.digest, before)
            if create.any():
                said[create] = session.create(one, table if create.all() else table[create])
            if update.any():
                said[update] = session.update(one, table[update])
            landed = dict(now[table.index[what == SAME]])
            if one.name not in self.own or table is not part.table:
                landed |= self._landed(session, one, table.index[(create | update) & (said == "")])
        if not landed and not (said != "").any():
            self.book.done(batch)
            return
        rows = self.book.rows(batch)
        self.book.ended(batch, rows.assign(message=said, landed=rows["key"].map(landed)))

    def _landed(self, session: Session, one: TargetObject, keys: Sequence[str]) -> dict[str, str]:
        """The digests of rows as the target keeps them, where that may not be what was sent: its own tables may fill in
        columns of theirs, trim, or hold types; and a row that was there before us keeps what the plan does not say."""
        if not len(keys):
            return {}
        found = session.look(one, list(keys))
        return dict(zip(found.index, digests(found, list(found.columns)), strict=True))

    def _patiently(self, work: Callable[[], None]) -> None:
        patiently(work, self.target.name, self.manner, self.sleep)

    def settle(self) -> None:
        """Ask the target what has landed of the batches that went out and whose end is not known."""
        for batch, name in self.book.unfinished(self.target.name):
            one, rows = self.objects[name], self.book.rows(batch)
            with self.target.session() as session:
                there = session.look(one, rows["key"].tolist())
            present = rows["key"].isin(there.index)
            image = pd.Series(_images(there, one), index=there.index, dtype=object)
            moved = present & (rows["key"].map(image) != rows["before"])
            lost = ((rows["action"] == CREATE) & ~present) | ((rows["action"] == UPDATE) & ~moved)
            digest = pd.Series(digests(there, list(there.columns)), index=there.index, dtype="str")
            landed = rows["key"].map(digest).where(rows["action"].isin([CREATE, UPDATE, SAME]))
            self.book.ended(batch, rows.assign(landed=landed)[~lost])

    # --------------------------------------------------------------------------------------------------------- undo

    def undo(self, batch: int, do: bool) -> pd.DataFrame:
        """Take back a batch, or (0) everything of the last load that is not yet taken back; ``do`` False only tells.

        Returns object, key, batch, outcome (removed, restored, gone: no longer there, touched: changed in the target since
        and left, later: loaded again since and left, refused), message (the target's words).
        """
        self._patiently(self.settle)
        parts: list[pd.DataFrame] = []
        for number, name in self.book.undoable(self.target.name, batch):
            self._patiently(lambda n=number, o=self.objects[name]: parts.append(self._undo_batch(n, o, do)))  # type: ignore[misc]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(UNDONE))

    def _undo_batch(self, batch: int, one: TargetObject, do: bool) -> pd.DataFrame:
        every = self.book.rows(batch)
        rows = every[every["action"].isin([CREATE, UPDATE]) & (every["message"] == "") & ~every["undone"]]
        last = self.book.last(self.target.name, one.name)
        message = pd.Series("", index=rows.index, dtype=object)
        with self.target.session() as session:
            there = session.look(one, rows["key"].tolist())
            now = rows["key"].map(pd.Series(digests(there, list(there.columns)), index=there.index, dtype=object))
            created, kept = rows["action"] == CREATE, rows["landed"].fillna(rows["digest"])
            image = rows["key"].map(pd.Series(_images(there, one), index=there.index, dtype=object))
            back = now.isna() | (image == rows["before"])  # a kill came between the target and the book
            later = rows["key"].map(last["changed"]) != batch
            outcome = pd.Series(np.where(created, "removed", "restored"), index=rows.index, dtype=object)
            outcome[now != kept] = "touched"
            outcome[later] = "later"
            outcome[back & ~later] = "gone"
            if do:
                out, old = outcome == "removed", outcome == "restored"
                message[out] = session.remove(one, rows["key"][out].tolist())
                message[old] = session.update(one, _restored(rows[old], one))
        outcome[message != ""] = "refused"
        if do:
            back = rows.index[outcome.isin(["removed", "restored", "gone"])]
            self.book.ended(batch, every.assign(undone=every["undone"] | every.index.isin(back)))
        lines = {"object": one.name, "key": rows["key"], "batch": batch, "outcome": outcome, "message": message}
        return pd.DataFrame(lines)[list(UNDONE)]


def _planned(table: pd.DataFrame, one: TargetObject) -> pd.DataFrame:
    """The columns a load fills, by external id, blank as missing."""
    key = key_of(one)
    made = table if key in table else table.assign(**{key: pd.Series(table.index, index=table.index, dtype="str")})
    made = made[columns_of(one)].astype("str")
    blank = {name: made[name].mask(made[name] == "") for name in made if (made[name] == "").any()}
    return made.assign(**blank).set_axis(made[key].to_numpy())


def _differs(digest: np.ndarray, keys: pd.Index, said: pd.Series) -> np.ndarray:
    """Which rows are not as the book says of their keys."""
    if said.empty:
        return np.ones(len(keys), dtype=bool)
    different: np.ndarray = digest != said.reindex(keys).to_numpy(dtype=object)
    return different


def _images(there: pd.DataFrame, one: TargetObject) -> list[str]:
    """What stands in the columns a load fills, row by row, as JSON."""
    names = [name for name in columns_of(one) if name in there]
    cells = [there[name].to_numpy(dtype=object, na_value=None) for name in names]
    return [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in zip(*cells, strict=True)]


def _restored(rows: pd.DataFrame, one: TargetObject) -> pd.DataFrame:
    old: list[dict[str, Any]] = [json.loads(text) for text in rows["before"]]
    return pd.DataFrame(old, columns=columns_of(one), dtype="str").set_axis(rows["key"].to_numpy())
