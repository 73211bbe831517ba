"""Databases to load into, each empty before and after; and a target whose failures are dialled. All data are invented."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from cleanse.model import Profile, TargetObject
from cleanse.targets.database import Database
from cleanse.targets.target import Busy, columns_of, key_of

SERVERS = {
    "postgresql": os.environ.get("CLEANSE_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test"),
    "mysql": os.environ.get("CLEANSE_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test"),
}
PREFIX = f"cleanse_test_{os.getpid()}_"


def _drop(url: str) -> None:
    database = Database(url)
    try:
        with database.engine.begin() as connection:
            names = [n for n in sa.inspect(connection).get_table_names() if n.startswith(PREFIX)]
            for name in sorted(names, key=lambda n: "customer" in n):  # children first
                connection.exec_driver_sql(f"DROP TABLE {database.quoted(name)}")
    except sa.exc.OperationalError:
        pytest.skip(f"no {database.backend} server here")
    finally:
        database.engine.dispose()


@contextmanager
def emptied(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database without tables of ours, before and after; skips where there is no such server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'crm.db'}"
        return
    _drop(SERVERS[kind])
    yield SERVERS[kind]
    _drop(SERVERS[kind])


@pytest.fixture(params=["sqlite", *SERVERS])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with emptied(request.param, tmp_path) as found:
        yield found


@pytest.fixture()
def database(url: str) -> Iterator[Callable[[], Database]]:
    """A fresh connection to that database, as often as it is asked for."""
    made: list[Database] = []

    def connect() -> Database:
        made.append(Database(url, prefix=PREFIX))
        return made[-1]

    yield connect
    for one in made:
        one.engine.dispose()


class Dummy:
    """A target without transactions, whose failures are dialled: ``fails`` holds, call by call of a writing kind, how many
    rows are still taken before the line breaks (None: it does not)."""

    name = "dummy://"

    def __init__(
        self, *fails: int | None, refuse: Callable[[pd.Series], str] = lambda row: "", cut: int | None = None
    ) -> None:
        self.fails, self.refuse, self.cut = list(fails), refuse, cut  # ``cut``: what is kept of a name, silently
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}

    def prepare(self, profile: Profile, create: bool) -> frozenset[str]:
        return frozenset(o.name for o in profile.objects)

    @contextmanager
    def session(self) -> Iterator[Dummy]:
        yield self

    def look(self, target: TargetObject, keys: Sequence[str]) -> pd.DataFrame:
        there = {k: self.rows.get(target.name, {})[k] for k in keys if k in self.rows.get(target.name, {})}
        return pd.DataFrame(list(there.values()), columns=columns_of(target), index=list(there), dtype="str")

    def _write(self, target: TargetObject, table: pd.DataFrame) -> list[str]:
        if table.empty:
            return []
        taken = self.fails.pop(0) if self.fails else None
        said = []
        for number, (key, row) in enumerate(table.iterrows()):
            if number == taken:
                raise Busy("connection reset")
            said.append(self.refuse(row))
            if not said[-1]:
                kept = {**row, "name": row["name"][: self.cut]} if self.cut and "name" in row else row
                self.rows.setdefault(target.name, {}).setdefault(str(key), {}).update(kept)
        if taken is not None and taken >= len(table):
            raise Busy("no answer")  # all was taken, and the answer got lost
        return said

    create = update = _write

    def remove(self, target: TargetObject, keys: Sequence[str]) -> list[str]:
        for key in keys:
            self.rows[target.name].pop(key, None)
        return [""] * len(keys)

    def fetch(self, target: TargetObject) -> pd.DataFrame:
        found = self.look(target, list(self.rows.get(target.name, {})))
        return found.assign(cleanse_id=found[key_of(target)])


@pytest.fixture()
def dummy() -> type[Dummy]:
    return Dummy
