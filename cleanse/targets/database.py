"""SQL databases as targets, through SQLAlchemy: SQLite, PostgreSQL, MariaDB and MySQL.

Tables are made from the profile with its constraints, or used as they are. Rows go in bulk inside a transaction; where the
database refuses, the batch is halved until the refused rows stand alone, each with the database's own words.
SQLAlchemy is an extra (``cleanse[sql]``) and is looked for when a database is spoken to.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from cleanse.errors import TargetError, UsageError
from cleanse.model import Profile, TargetField, TargetObject
from cleanse.targets.target import KEY, Busy, columns_of, key_of

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET = re.compile(r"pass|pwd|secret|token", re.IGNORECASE)
NAME_BYTES = 60
KEY_LENGTH, UNIQUE_LENGTH = 64, 191  # characters of a column that MySQL can hold in an index
AT_ONCE = 5_000  # keys asked for in one statement
# What passes by itself: locks, deadlocks, too many connections, a server that restarts, a broken line.
BUSY_STATES = ("08", "40001", "40P01", "55P03", "57P", "53300")
BUSY_NUMBERS = frozenset({1040, 1205, 1213, 2003, 2006, 2013, 2055})
# MySQL says of these that the statement failed, and means the row: a check, a trigger's signal.
ROW_NUMBERS = frozenset({1048, 1292, 1364, 1366, 1644, 3819, 4025})
PERMISSION = "check the rights of the account and the tables, then load again: nothing is loaded twice"


class Database:
    """A database by its SQLAlchemy URL; ``${NAME}`` in it is taken from the environment, so that no password is written
    down. ``schema``: where the tables stand; ``prefix``: before the name of each; ``tables``: object -> another name.

    Raises UsageError for a URL or variable that is none, TargetError when the extra is not installed.
    """

    def __init__(
        self, url: str, base: Path = Path(), schema: str = "", prefix: str = "", tables: Mapping[str, str] | None = None
    ) -> None:
        self.sa = _library("sqlalchemy")
        self.address = _address(self.sa, url, base)
        self.backend = self.address.get_backend_name().replace("mariadb", "mysql")
        self.schema, self.prefix, self.renamed = schema or None, prefix, dict(tables or {})
        place = self.address.render_as_string(hide_password=True).partition("?")[0]
        self.name = "#".join(part for part in (re.sub(r"\+\w+", "", place, count=1), schema, prefix) if part)
        self.engine = self._engine()
        self.known: dict[str, list[str]] = {}  # object -> the columns its table has
        self.solid: dict[str, list[str]] = {}  # object -> its text columns that take no NULL: blank is '' there

    def _engine(self) -> Any:
        options: dict[str, Any] = {"pool_pre_ping": True}
        if self.backend == "sqlite":
            options = {"connect_args": {"timeout": 2}}
        elif self.backend == "mysql":
            options["connect_args"] = {"charset": "utf8mb4", "connect_timeout": 20}
        elif self.backend == "postgresql":
            options["connect_args"] = {"connect_timeout": 20, "client_encoding": "utf8"}
        else:
            raise UsageError(
                f"'{self.backend}' is no database that can be loaded", cure="sqlite, postgresql, mysql or mariadb"
            )
        try:
            engine = self.sa.create_engine(self.address, **options)
        except ImportError as error:
            raise TargetError(
                f"what speaks to it is not installed: {error.name}", cure="pip install 'cleanse[sql]'"
            ) from error
        if self.backend == "sqlite":
            # The driver's own way of beginning transactions would let the first savepoint commit.
            self.sa.event.listen(engine, "connect", _plain_sqlite)
            self.sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
        if self.backend == "mysql":
            self.sa.event.listen(engine, "connect", _strict_mysql)
        return engine

    def table(self, target: TargetObject) -> str:
        """The name of an object's table, quoted."""
        name = self.quoted(self.plain(target))
        return f"{self.quoted(self.schema)}.{name}" if self.schema else name

    def plain(self, target: TargetObject) -> str:
        return self.renamed.get(target.name, self.prefix + target.name)

    def quoted(self, name: str) -> str:
        text = str(self.engine.dialect.identifier_preparer.quote_identifier(name))
        return text if self.backend == "sqlite" else text.replace("%", "%%")

    def prepare(self, profile: Profile, create: bool) -> frozenset[str]:
        if not create and self.backend == "sqlite" and not Path(self.address.database).is_file():
            raise TargetError("there is no such database", where=self.name, cure="`cleanse load` makes it")
        with self.guarded():
            there = set(self.sa.inspect(self.engine).get_table_names(schema=self.schema))
            absent = [o for o in profile.objects if self.plain(o) not in there]
            if absent and not create:
                raise TargetError(
                    f"no such table: {', '.join(self.plain(o) for o in absent)}",
                    where=self.name, cure="load first, or name the tables in [load] tables of cleanse.toml",
                )  # fmt: skip
            self._look(profile, [o for o in profile.objects if o not in absent])
            self._create(profile, absent)
            self._look(profile, absent)
        return frozenset(o.name for o in absent)

    def _look(self, profile: Profile, objects: Sequence[TargetObject]) -> None:
        """Keep what columns the tables have. Raises TargetError naming every column that is missing."""
        look, missing = self.sa.inspect(self.engine), []
        for one in objects:
            found = look.get_columns(self.plain(one), schema=self.schema)
            wanted, have = columns_of(one), {c["name"] for c in found}
            lacking = [name for name in wanted if name not in have]
            if lacking:
                missing.append(f"table {self.plain(one)} has no column {', '.join(lacking)}")
            self.known[one.name] = [*wanted, *sorted(have - set(wanted))]
            text = self.sa.types.String
            self.solid[one.name] = [c["name"] for c in found if not c["nullable"] and isinstance(c["type"], text)]
        if missing:
            raise TargetError(
                "\n".join(missing), where=self.name,
                cure="add them (the key as a unique text column of 64), or leave the fields out of the target profile",
            )  # fmt: skip

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Every refusal of the database sorted: Busy, or TargetError."""
        try:
            yield
        except self.sa.exc.SQLAlchemyError as error:
            raise self.sorted(error) from None

    def sorted(self, error: Exception) -> Exception:
        """What an error is: Busy when it passes by itself, TargetError when a person must mend it."""
        words = self.words(error)
        if self.is_busy(error):
            return Busy(words)
        return TargetError(f"the database refused: {words}", where=self.name, cure=PERMISSION)

    def is_busy(self, error: Exception) -> bool:
        cause, number = self._cause(error)
        if getattr(error, "connection_invalidated", False):
            return True
        if self.backend == "sqlite":
            return "locked" in str(cause) or "busy" in str(cause)
        if self.backend == "postgresql":
            broken = isinstance(cause, self.engine.dialect.dbapi.OperationalError) and not number
            return broken or str(number).startswith(BUSY_STATES)
        return number in BUSY_NUMBERS

    def is_of_a_row(self, error: Exception) -> bool:
        """Whether the database means the row, and not the statement, the account or the disk."""
        cause, number = self._cause(error)
        api = self.engine.dialect.dbapi
        if isinstance(cause, api.IntegrityError | api.DataError):
            return True
        if self.backend == "postgresql":
            return str(number)[:2] in ("22", "23", "P0", "44")
        return self.backend == "mysql" and number in ROW_NUMBERS

    def _cause(self, error: Exception) -> tuple[Any, Any]:
        """The driver's error, and its number (MySQL) or state (PostgreSQL)."""
        cause = getattr(error, "orig", None) or error
        if self.backend == "mysql":
            return cause, cause.args[0] if cause.args else 0
        return cause, getattr(cause, "sqlstate", None) or ""

    def words(self, error: Exception) -> str:
        """The database's own words, in one line, without the values and without its password."""
        cause, _ = self._cause(error)
        diagnosis = getattr(cause, "diag", None)
        text = str((diagnosis and diagnosis.message_primary) or (cause.args[-1] if cause.args else cause))
        text = re.sub(r"\s+", " ", re.sub(r"Duplicate entry '.*' for", "Duplicate entry *** for", text)).strip()[:300]
        for secret in self._secrets():
            text = text.replace(secret, "***")
        return text

    def _secrets(self) -> list[str]:
        """The passwords in the URL, before the host or among its options; the longest first."""
        options = [v for k, v in self.address.query.items() if SECRET.search(k) and isinstance(v, str)]
        return sorted({str(self.address.password or ""), *options} - {""}, key=len, reverse=True)

    @contextmanager
    def session(self) -> Iterator[DatabaseSession]:
        with self.guarded(), self.engine.begin() as connection:
            yield DatabaseSession(self, connection)

    def fetch(self, target: TargetObject) -> pd.DataFrame:
        names = columns_of(target)
        with self.guarded(), self.engine.connect().execution_options(stream_results=True) as connection:
            result = connection.exec_driver_sql(
                f"SELECT {', '.join(map(self.quoted, names))} FROM {self.table(target)}"
            )
            parts = [_texts(rows, names) for rows in result.partitions(20_000)]
            connection.rollback()
        table = pd.concat(parts, ignore_index=True) if parts else _texts([], names)
        key = key_of(target)
        return table if key == KEY else table.assign(**{KEY: table[key]})[[KEY, *(f.name for f in target.fields)]]

    # ------------------------------------------------------------------------------------------------------ tables

    def _create(self, profile: Profile, absent: Sequence[TargetObject]) -> None:
        meta = self.sa.MetaData(schema=self.schema)
        for one in profile.objects:
            self._described(meta, one, profile, one.parent_object in {o.name for o in absent})
        made = [meta.tables[f"{self.schema}.{self.plain(o)}" if self.schema else self.plain(o)] for o in absent]
        if made:
            if self.schema and self.schema not in self.sa.inspect(self.engine).get_schema_names():
                raise TargetError(
                    f"no such schema: {self.schema}", where=self.name, cure="make it, or mend [load] schema"
                )
            meta.create_all(self.engine, tables=made, checkfirst=False)

    def _described(self, meta: Any, one: TargetObject, profile: Profile, linked: bool) -> None:
        """A table as the profile says it: every column text, so that what is sent is what stands there; linked to its
        parent's where that is made by us as well."""
        sa, key = self.sa, key_of(one)
        columns = [self._column(f, one, profile) for f in one.fields]
        if one.field(key) is None:
            columns.insert(0, sa.Column(KEY, self._text(KEY_LENGTH), nullable=False, unique=True))
        rules = [rule for f in one.fields for rule in self._rules(f, one)]
        for number, group in enumerate(one.one_of, 1):
            filled = sa.or_(*(sa.column(name).is_not(None) for name in group))
            rules.append(sa.CheckConstraint(filled, name=self._named(one, f"one_of_{number}")))
        table = sa.Table(
            self.plain(one), meta, *columns, *rules,
            mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin", mysql_engine="InnoDB",
            mariadb_charset="utf8mb4", mariadb_collate="utf8mb4_bin", mariadb_engine="InnoDB",
        )  # fmt: skip
        if linked:
            parent = next(o for o in profile.objects if o.name == one.parent_object)
            there = f"{self.schema}." if self.schema else ""
            link = sa.ForeignKeyConstraint([one.parent], [f"{there}{self.plain(parent)}.{parent.key}"])
            table.append_constraint(link)

    def _named(self, one: TargetObject, rule: str) -> str | None:
        """The name by which the database will tell a constraint; none where it would be too long for one."""
        name = f"{self.plain(one)}_{rule}"
        return name if len(name.encode()) <= NAME_BYTES else None

    def _column(self, f: TargetField, one: TargetObject, profile: Profile) -> Any:
        key = f.name in (key_of(one), one.key)
        parent = next((o for o in profile.objects if f.name == one.parent and o.name == one.parent_object), None)
        size = f.max_length
        if parent:
            size = self._key_size(parent)
        elif key:
            size = self._key_size(one) if f.name == one.key else KEY_LENGTH
        elif f.unique:
            size = size or UNIQUE_LENGTH
        return self.sa.Column(
            f.name, self._text(size), nullable=not f.required and not key, unique=(f.unique or key) or None
        )

    @staticmethod
    def _key_size(one: TargetObject) -> int:
        field = one.field(one.key)
        own = field.max_length if field else 0
        return KEY_LENGTH if field is None or field.source == "golden_id" else own or UNIQUE_LENGTH

    def _text(self, size: int) -> Any:
        return self.sa.String(size) if size and self.backend != "sqlite" else self.sa.Text()

    def _rules(self, f: TargetField, one: TargetObject) -> Iterator[Any]:
        sa = self.sa
        column = sa.column(f.name)
        length = sa.func.char_length if self.backend != "sqlite" else sa.func.length
        if f.required:
            yield sa.CheckConstraint(sa.func.trim(column) != "", name=self._named(one, f"{f.name}_required"))
        if f.max_length:
            yield sa.CheckConstraint(length(column) <= f.max_length, name=self._named(one, f"{f.name}_length"))
        if f.max_bytes:
            size = (
                sa.func.length(sa.cast(column, sa.LargeBinary))
                if self.backend == "sqlite"
                else sa.func.octet_length(column)
            )
            yield sa.CheckConstraint(size <= f.max_bytes, name=self._named(one, f"{f.name}_bytes"))
        if f.values:
            yield sa.CheckConstraint(column.in_(f.values), name=self._named(one, f"{f.name}_options"))


class DatabaseSession:
    """One transaction of a database."""

    def __init__(self, database: Database, connection: Any) -> None:
        self.db, self.connection = database, connection

    def look(self, target: TargetObject, keys: Sequence[str]) -> pd.DataFrame:
        names, key = self.db.known[target.name], key_of(target)
        parts = [self._asked(target, names, list(keys[at : at + AT_ONCE])) for at in range(0, len(keys), AT_ONCE)]
        found = _texts([row for part in parts for row in part], names).set_index(key, drop=False)
        if found.index.has_duplicates:
            raise TargetError(
                f"table {self.db.plain(target)} holds a key twice", where=self.db.name,
                cure=f"make column {key} unique and remove the doubled rows; `cleanse reconcile` lists them",
            )  # fmt: skip
        return found.rename_axis(None)

    def _asked(self, target: TargetObject, names: Sequence[str], keys: list[str]) -> Sequence[Any]:
        """The rows of these keys, locked where the database locks rows."""
        some = (
            f"= ANY({self._mark})" if self.db.backend == "postgresql" else f"IN ({', '.join([self._mark] * len(keys))})"
        )
        lock = "" if self.db.backend == "sqlite" else " FOR UPDATE"
        columns = ", ".join(map(self.db.quoted, names))
        statement = f"SELECT {columns} FROM {self.db.table(target)} WHERE {self.db.quoted(key_of(target))} {some}{lock}"
        given = (keys,) if self.db.backend == "postgresql" else tuple(keys)
        rows: Sequence[Any] = self.connection.exec_driver_sql(statement, given).fetchall()
        return rows

    def create(self, target: TargetObject, table: pd.DataFrame) -> list[str]:
        names = columns_of(target)
        send = self._copy if self.db.backend == "postgresql" else self._insert
        return self._halved(lambda part: send(target, part, names), self._ready(table, target)[names])

    def update(self, target: TargetObject, table: pd.DataFrame) -> list[str]:
        key = key_of(target)
        names = [n for n in table.columns if n != key]
        if not names:
            return [""] * len(table)
        send = self._merge if self.db.backend == "postgresql" else self._change
        return self._halved(lambda part: send(target, part, names, key), self._ready(table, target)[[*names, key]])

    def remove(self, target: TargetObject, keys: Sequence[str]) -> list[str]:
        key = key_of(target)
        statement = f"DELETE FROM {self.db.table(target)} WHERE {self.db.quoted(key)} = {self._mark}"
        return self._halved(lambda part: self._many(statement, part), pd.DataFrame({key: pd.Series(keys, dtype="str")}))

    def _ready(self, table: pd.DataFrame, target: TargetObject) -> pd.DataFrame:
        blank = {n: table[n].fillna("") for n in self.db.solid[target.name] if n in table and table[n].hasnans}
        return _with_key(table, target).assign(**blank)

    @property
    def _mark(self) -> str:
        return "?" if self.db.backend == "sqlite" else "%s"

    def _many(self, statement: str, table: pd.DataFrame) -> None:
        self.connection.exec_driver_sql(statement, _rows(table))

    def _insert(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str]) -> None:
        marks = ", ".join([self._mark] * len(names))
        head = f"INSERT INTO {self.db.table(target)} ({', '.join(map(self.db.quoted, names))})"
        self._many(f"{head} VALUES ({marks})", table)

    def _change(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str], key: str) -> None:
        news = ", ".join(f"{self.db.quoted(n)} = {self._mark}" for n in names)
        self._many(f"UPDATE {self.db.table(target)} SET {news} WHERE {self.db.quoted(key)} = {self._mark}", table)

    def _copy(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str]) -> None:
        self._copied(self.db.table(target), table, names)

    def _merge(self, target: TargetObject, table: pd.DataFrame, names: Sequence[str], key: str) -> None:
        """Changed rows go into a table of this transaction first, and from there over the old ones at once."""
        quoted, place = self.db.quoted, self.db.table(target)
        columns = ", ".join(map(quoted, table.columns))
        run = self.connection.exec_driver_sql
        run(f"CREATE TEMP TABLE cleanse_stage ON COMMIT DROP AS SELECT {columns} FROM {place} WITH NO DATA")
        self._copied("cleanse_stage", table, list(table.columns))
        news = ", ".join(f"{quoted(n)} = s.{quoted(n)}" for n in names)
        run(f"UPDATE {place} AS t SET {news} FROM cleanse_stage AS s WHERE t.{quoted(key)} = s.{quoted(key)}")
        run("DROP TABLE cleanse_stage")

    def _copied(self, place: str, table: pd.DataFrame, names: Sequence[str]) -> None:
        text = BytesIO()
        arrow = pa.table({n: _arrow(table[n]) for n in names})
        csv.write_csv(arrow, text, csv.WriteOptions(include_header=False, quoting_style="all_valid"))
        columns = ", ".join(map(self.db.quoted, names)).replace("%%", "%")
        order = f"COPY {place.replace('%%', '%')} ({columns}) FROM STDIN (FORMAT csv)"
        with self.connection.connection.driver_connection.cursor() as cursor, cursor.copy(order) as copy:
            copy.write(text.getbuffer())

    def _halved(self, send: Callable[[pd.DataFrame], None], table: pd.DataFrame) -> list[str]:
        """All rows at once; where the database refuses, each half, down to the rows it means."""
        if table.empty:
            return []
        api = self.db.engine.dialect.dbapi
        try:
            with self.connection.begin_nested():
                send(table)
            return [""] * len(table)
        except (self.db.sa.exc.DBAPIError, api.Error, UnicodeEncodeError) as error:
            if not isinstance(error, UnicodeEncodeError) and not self.db.is_of_a_row(error):
                raise self.db.sorted(error) from None
            if len(table) == 1:
                words = "not valid Unicode" if isinstance(error, UnicodeEncodeError) else self.db.words(error)
                return [_masked(words, table)]
        middle = len(table) // 2
        return self._halved(send, table.iloc[:middle]) + self._halved(send, table.iloc[middle:])


def _masked(words: str, table: pd.DataFrame) -> str:
    """A refusal without the values of its row, so that it can be shown to anybody."""
    for value in sorted((str(v) for v in table.iloc[0].dropna() if len(str(v)) > 1), key=len, reverse=True):
        words = re.sub(rf"""(["'(]){re.escape(value)}(["')])""", r"\1***\2", words)
    return words


def _with_key(table: pd.DataFrame, target: TargetObject) -> pd.DataFrame:
    key = key_of(target)
    return table.assign(**{key: pd.Series(table.index, index=table.index, dtype="str")}) if key not in table else table


def _arrow(column: pd.Series) -> pa.Array:
    made = pa.array(column.array, pa.string(), from_pandas=True)
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def _rows(table: pd.DataFrame) -> list[tuple[str | None, ...]]:
    cells = (_arrow(table[n]).to_numpy(zero_copy_only=False).tolist() for n in table.columns)
    return list(zip(*cells, strict=True))


def _texts(rows: Sequence[Any], names: Sequence[str]) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame(columns=list(names), dtype="str")
    return pd.DataFrame({
        name: pd.Series([v if type(v) is str or v is None else shown(v) for v in values], dtype="str")
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    })  # fmt: skip


def shown(value: Any) -> str:
    """A value of a typed column as text.

    >>> shown(Decimal("12.50")), shown(dt.date(2024, 2, 3)), shown(True), shown(7)
    ('12.50', '2024-02-03', 'true', '7')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)


def shows_password(url: str) -> bool:
    """Whether a password stands in a URL as it is, and not as the name of a variable.

    >>> shows_password("mysql://u:secret@h/d"), shows_password("mysql://u:${PW}@h/d"), shows_password("mysql://u@h/d")
    (True, False, False)
    >>> shows_password("postgresql://h/d?user=u&password=secret"), shows_password("postgresql://h/d?password=${PW}")
    (True, False)
    """
    found = re.findall(r"://[^/?#:@]*:([^@/?#]+)@", url)
    found += [v for k, v in re.findall(r"[?&]([^=&#]+)=([^&#]+)", url) if SECRET.search(k) and "file" not in k]
    return any(not VARIABLE.fullmatch(text) for text in found)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise TargetError(
            f"what speaks to databases is not installed: {name}", cure="pip install 'cleanse[sql]'"
        ) from error


def _address(sa: Any, url: str, base: Path) -> Any:
    """The URL with its variables filled in; a SQLite file is found from ``base``; the driver is chosen where left open."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise UsageError(f"the environment has no variable {found[1]}", cure="set it, then try again")
        return quote(os.environ[found[1]], safe="")

    try:
        address = sa.make_url(VARIABLE.sub(value, url))
    except (sa.exc.ArgumentError, ValueError) as error:
        raise UsageError(
            "that is no database URL",
            cure="such as sqlite:///crm.db or postgresql://user:${CRM_PASSWORD}@host/database",
        ) from error
    if driver := DRIVERS.get(address.drivername):
        return address.set(drivername=f"{address.drivername}+{driver}")
    if address.get_backend_name() == "sqlite":
        if not address.database or address.database == ":memory:":
            raise UsageError("a database in memory keeps nothing", cure="name a file: sqlite:///crm.db")
        return address.set(database=str((base / address.database).resolve()))
    return address


def _plain_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _strict_mysql(connection: Any, _: Any) -> None:
    """A value that does not fit is refused, never cut."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
