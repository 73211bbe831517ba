"""SQL databases as targets, through SQLAlchemy: SQLite, PostgreSQL, MariaDB and MySQL.

Tables are made from the profile with its constraints (``tables``), or used as they are; rows go in bulk inside a transaction
(``session``). SQLAlchemy is an extra (``cleanse[sql]``) and is looked for when a database is spoken to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from cleanse.errors import TargetError
from cleanse.model import Profile, TargetObject
from cleanse.targets import address
from cleanse.targets.refusals import Refusals
from cleanse.targets.rows import texts
from cleanse.targets.session import DatabaseSession
from cleanse.targets.tables import Tables
from cleanse.targets.target import KEY, columns_of, key_of


class Database:
    """A database by its SQLAlchemy URL; ``${NAME}`` in it is taken from the environment, so that no password is written
    down. ``schema``: where the tables stand; ``prefix``: before the name of each; ``tables``: object -> another name.

    Raises UsageError for a URL or variable that is none, TargetError when the extra is not installed.
    """

    def __init__(
        self, url: str, base: Path = Path(), schema: str = "", prefix: str = "", tables: Mapping[str, str] | None = None
    ) -> None:
        self.sa = address.library("sqlalchemy")
        self.address = address.resolved(self.sa, url, base)
        self.backend = address.kind(self.address)
        place = self.address.render_as_string(hide_password=True).partition("?")[0]
        self.name = "#".join(part for part in (re.sub(r"\+\w+", "", place, count=1), schema, prefix) if part)
        self.engine = address.engine(self.sa, self.address)
        self.prefix = prefix
        self.tables = Tables(self.sa, self.engine, self.backend, schema, prefix, dict(tables or {}))
        self.refusals = Refusals(self.sa, self.engine, self.backend, self.name, address.secrets(self.address))
        self.guarded, self.quoted, self.table = self.refusals.guarded, self.tables.quoted, self.tables.table
        self.known: dict[str, list[str]] = {}  # object -> the columns its table has
        self.solid: dict[str, list[str]] = {}  # object -> its text columns that take no NULL: blank is '' there

    def prepare(self, profile: Profile, create: bool) -> frozenset[str]:
        if not create and self.backend == "sqlite" and not Path(self.address.database).is_file():
            raise TargetError("there is no such database", where=self.name, cure="`cleanse load` makes it")
        with self.guarded():
            there = set(self.sa.inspect(self.engine).get_table_names(schema=self.tables.schema))
            absent = [o for o in profile.objects if self.tables.plain(o) not in there]
            if absent and not create:
                raise TargetError(
                    f"no such table: {', '.join(self.tables.plain(o) for o in absent)}",
                    where=self.name, cure="load first, or name the tables in [load] tables of cleanse.toml",
                )  # fmt: skip
            self._look(profile, [o for o in profile.objects if o not in absent])
            self.tables.create(profile, absent, self.name)
            self._look(profile, absent)
        return frozenset(o.name for o in absent)

    def _look(self, profile: Profile, objects: Sequence[TargetObject]) -> None:
        """Keep what columns the tables have. Raises TargetError naming every column that is missing."""
        look, missing = self.sa.inspect(self.engine), []
        for one in objects:
            found = look.get_columns(self.tables.plain(one), schema=self.tables.schema)
            wanted, have = columns_of(one), {c["name"] for c in found}
            lacking = [name for name in wanted if name not in have]
            if lacking:
                missing.append(f"table {self.tables.plain(one)} has no column {', '.join(lacking)}")
            self.known[one.name] = [*wanted, *sorted(have - set(wanted))]
            text = self.sa.types.String
            self.solid[one.name] = [c["name"] for c in found if not c["nullable"] and isinstance(c["type"], text)]
        if missing:
            raise TargetError(
                "\n".join(missing), where=self.name,
                cure="add them (the key as a unique text column of 64), or leave the fields out of the target profile",
            )  # fmt: skip

    @contextmanager
    def session(self) -> Iterator[DatabaseSession]:
        with self.guarded(), self.engine.begin() as connection:
            yield DatabaseSession(connection, self.tables, self.refusals, self.known, self.solid)

    def fetch(self, target: TargetObject) -> pd.DataFrame:
        names = columns_of(target)
        with self.guarded(), self.engine.connect().execution_options(stream_results=True) as connection:
            result = connection.exec_driver_sql(
                f"SELECT {', '.join(map(self.quoted, names))} FROM {self.table(target)}"
            )
            parts = [texts(rows, names) for rows in result.partitions(20_000)]
            connection.rollback()
        table = pd.concat(parts, ignore_index=True) if parts else texts([], names)
        key = key_of(target)
        return table if key == KEY else table.assign(**{KEY: table[key]})[[KEY, *(f.name for f in target.fields)]]
