"""One transaction of a database: rows looked at, created, updated and removed in bulk. Where the database refuses, the batch
is halved until the refused rows stand alone, each with the database's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from cleanse.errors import TargetError
from cleanse.model import TargetObject
from cleanse.targets.refusals import Refusals, masked
from cleanse.targets.rows import arrow, texts, tuples, with_key
from cleanse.targets.tables import Tables
from cleanse.targets.target import columns_of, key_of

AT_ONCE = 5_000  # keys asked for in one statement


class DatabaseSession:
    """``known``: object -> the columns its table has; ``solid``: object -> its text columns that take no NULL: blank is ''
    there."""

    def __init__(
        self, connection: Any, tables: Tables, refusals: Refusals, known: Mapping[str, list[str]],
        solid: Mapping[str, list[str]],
    ) -> None:  # fmt: skip
        self.connection, self.tables, self.refusals, self.known, self.solid = connection, tables, refusals, known, solid

    def look(self, target: TargetObject, keys: Sequence[str]) -> pd.DataFrame:
        names, key = self.known[target.name], key_of(target)
        parts = [self._asked(target, names, list(keys[at : at + AT_ONCE])) for at in range(0, len(keys), AT_ONCE)]
        found = texts([row for part in parts for row in part], names).set_index(key, drop=False)
        if found.index.has_duplicates:
            raise TargetError(
                f"table {self.tables.plain(target)} holds a key twice", where=self.refusals.name,
                cure=f"make column {key} unique and remove the doubled rows; `cleanse reconcile` lists them",
            )  # fmt: skip
        return found.rename_axis(None)

    def _asked(self, target: TargetObject, names: Sequence[str], keys: list[str]) -> Sequence[Any]:
        """The rows of these keys, locked where the database locks rows."""
        some = (
            f"= ANY({self._mark})"
            if self.tables.backend == "postgresql"
            else f"IN ({', '.join([self._mark] * len(keys))})"
        )
        lock = "" if self.tables.backend == "sqlite" else " FOR UPDATE"
        columns = ", ".join(map(self.tables.quoted, names))
        statement = (
            f"SELECT {columns} FROM {self.tables.table(target)} WHERE {self.tables.quoted(key_of(target))} {some}{lock}"
        )
        given = (keys,) if self.tables.backend == "postgresql" else tuple(keys)
        rows: Sequence[Any] = self.connection.exec_driver_sql(statement, given).fetchall()
        return rows

    def create(self, target: TargetObject, table: pd.DataFrame) -> list[str]:
        names = columns_of(target)
        send = self._copy if self.tables.backend == "postgresql" else self._insert
        return self._halved(lambda part: send(target, part, names), self._ready(table, target)[names])

    def update(self, target: TargetObject, table: pd.DataFrame) -> list[str]:
        key = key_of(target)
        names = [n for n in table.columns if n != key]
        if not names:
            return [""] * len(table)
        send = self._merge if self.tables.backend == "postgresql" else self._change
        return self._halved(lambda part: send(target, part, names, key), self._ready(table, target)[[*names, key]])

    def remove(self, target: TargetObject, keys: Sequence[str]) -> list[str]:
        key = key_of(target)
        statement = f"DELETE FROM {self.tables.table(target)} WHERE {self.tables.quoted(key)} = {self._mark}"
        return self._halved(lambda part: self._many(statement, part), pd.DataFrame({key: pd.Series(keys, dtype="str")}))

    def _ready(self, table: pd.DataFrame, target: TargetObject) -> pd.DataFrame:
        blank = {n: table[n].fillna("") for n in self.solid[target.name] if n in table and table[n].hasnans}
        return with_key(table, target).assign(**blank)

    @property
    def _mark(self) -> str:
        return "?" if self.tables.backend == "sqlite" else "%s"

    def _many(self, statement: str, table: pd.DataFrame) -> None:
        self.connection.exec_driver_sql(statement, tuples(table))

    def _insert(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str]) -> None:
        marks = ", ".join([self._mark] * len(names))
        head = f"INSERT INTO {self.tables.table(target)} ({', '.join(map(self.tables.quoted, names))})"
        self._many(f"{head} VALUES ({marks})", table)

    def _change(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str], key: str) -> None:
        news = ", ".join(f"{self.tables.quoted(n)} = {self._mark}" for n in names)
        self._many(
            f"UPDATE {self.tables.table(target)} SET {news} WHERE {self.tables.quoted(key)} = {self._mark}", table
        )

    def _copy(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str]) -> None:
        self._copied(self.tables.table(target), table, names)

    def _merge(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str], key: str) -> None:
        """Changed rows go into a table of this transaction first, and from there over the old ones at once."""
        quoted, place = self.tables.quoted, self.tables.table(target)
        columns = ", ".join(map(quoted, table.columns))
        run = self.connection.exec_driver_sql
        run(f"CREATE TEMP TABLE cleanse_stage ON COMMIT DROP AS SELECT {columns} FROM {place} WITH NO DATA")
        self._copied("cleanse_stage", table, list(table.columns))
        news = ", ".join(f"{quoted(n)} = s.{quoted(n)}" for n in names)
        run(f"UPDATE {place} AS t SET {news} FROM cleanse_stage AS s WHERE t.{quoted(key)} = s.{quoted(key)}")
        run("DROP TABLE cleanse_stage")

    def _copied(self, place: str, table: pd.DataFrame, names: Sequence[str]) -> None:
        text = BytesIO()
        made = pa.table({n: arrow(table[n]) for n in names})
        csv.write_csv(made, text, csv.WriteOptions(include_header=False, quoting_style="all_valid"))
        columns = ", ".join(map(self.tables.quoted, names)).replace("%%", "%")
        order = f"COPY {place.replace('%%', '%')} ({columns}) FROM STDIN (FORMAT csv)"
        with self.connection.connection.driver_connection.cursor() as cursor, cursor.copy(order) as copy:
            copy.write(text.getbuffer())

    def _halved(self, send: Callable[[pd.DataFrame], None], table: pd.DataFrame) -> list[str]:
        """All rows at once; where the database refuses, each half, down to the rows it means."""
        if table.empty:
            return []
        api = self.refusals.engine.dialect.dbapi
        try:
            with self.connection.begin_nested():
                send(table)
            return [""] * len(table)
        except (self.refusals.sa.exc.DBAPIError, api.Error, UnicodeEncodeError) as error:
            if not isinstance(error, UnicodeEncodeError) and not self.refusals.is_of_a_row(error):
                raise self.refusals.sorted(error) from None
            if len(table) == 1:
                words = "not valid Unicode" if isinstance(error, UnicodeEncodeError) else self.refusals.words(error)
                return [masked(words, table)]
        middle = len(table) // 2
        return self._halved(send, table.iloc[:middle]) + self._halved(send, table.iloc[middle:])
