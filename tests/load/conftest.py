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

from cleanse import profiles
from cleanse.model import Entity, Field, Profile, TargetObject
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


@pytest.fixture(params=["sqlite", *SERVERS])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables of ours."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'crm.db'}"
        return
    _drop(SERVERS[request.param])
    yield SERVERS[request.param]
    _drop(SERVERS[request.param])


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


@pytest.fixture(scope="session")
def profile() -> Profile:
    """Customers with rules on their columns, and contacts that belong to them."""

    def fields(entity: str, *names: str) -> dict[str, Field]:
        return {n: Field(entity, n, "text", {}) for n in names}

    key = {"name": "id", "source": "golden_id", "required": True, "unique": True}
    model = {
        "customer": Entity("customer", {}, fields("customer", "name", "code", "kind")),
        "contact": Entity("contact", {}, fields("contact", "name"), "customer"),
    }
    customer = [
        key, {"name": "name", "source": "name", "required": True, "max_length": 40},
        {"name": "code", "source": "code", "unique": True, "max_length": 30}, {"name": "kind", "source": "kind", "values": ["甲", "it's 100%"]},
    ]  # fmt: skip
    contact = [key, {"name": "customer_id", "type": "reference"}, {"name": "name", "source": "name"}]
    link = {"parent": "customer_id", "parent_object": "customer"}
    objects = [
        {"name": "customer", "entity": "customer", "key": "id", "fields": customer},
        {"name": "contact", "entity": "contact", "key": "id", **link, "fields": contact},
    ]
    return profiles.parse({"name": "small", "objects": objects}, "small.toml", model)


@pytest.fixture(scope="session")
def tables() -> Callable[..., dict[str, pd.DataFrame]]:
    """``tables(n, name=...)``: ``n`` customers with a contact each, as a plan holds them."""

    def make(n: int, **over: Sequence[str | None]) -> dict[str, pd.DataFrame]:
        ids = [f"C-{i:04}" for i in range(n)]
        parent = {
            "id": ids,
            "name": [f"客户{i}" for i in range(n)],
            "code": [f"no{i}" for i in range(n)],
            "kind": ["甲"] * n,
        }
        child = {"id": [f"K-{i:04}" for i in range(n)], "customer_id": ids, "name": [f"人{i}" for i in range(n)]}
        return {
            "customer": pd.DataFrame({**parent, **over}, index=ids, dtype="str"),
            "contact": pd.DataFrame(child, index=child["id"], dtype="str"),
        }

    return make


class Dummy:
    """A target without transactions, whose failures are dialled: ``fails`` holds, call by call of a writing kind, how many
    rows are still taken before the line breaks (None: it does not)."""

    name = "dummy://"

    def __init__(self, *fails: int | None, refuse: Callable[[pd.Series], str] = lambda row: "") -> None:
        self.fails, self.refuse = list(fails), refuse
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
                self.rows.setdefault(target.name, {}).setdefault(str(key), {}).update(row)
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
