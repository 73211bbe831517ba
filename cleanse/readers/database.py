"""Databases as sources: the rows of a query, by any SQLAlchemy URL; read only, in parts, without an open password.

SQLAlchemy is an extra (``cleanse[sql]``) and is looked for when a query is asked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from cleanse.model import Grid, Note
from cleanse.readers.cells import frame_of, moment_text, number_text, span_text
from cleanse.readers.raw import Limits, Parsed, Unreadable

PART = 20_000  # rows fetched at a time
_VARIABLE = re.compile(r"\$\{(\w+)\}")
STREAMED = {"stream_results": True, "max_row_buffer": PART}
# Errors of MySQL and MariaDB whose message names tables, columns and accounts, and no value.
SPEAKING = frozenset({1044, 1045, 1049, 1054, 1064, 1142, 1143, 1146, 2003, 2005, 2006})


def read(url: str, query: str, base: Path, limits: Limits) -> tuple[Parsed, str]:
    """One grid, row 0 the names of the columns, then the rows under their number in the result; and its digest.

    ``url`` is ``filled``; a SQLite file is found from ``base``. Raises Unreadable: sql_extra_missing, sql_refused
    (without any value or password), too_large.
    """
    alchemy = _library("sqlalchemy")
    address = _address(alchemy, url, base)
    try:
        engine = alchemy.create_engine(address, **_options(address))
        with _read_only(engine.connect()) as connection:
            result = connection.execute(alchemy.text(query))
            names = [str(name) for name in result.keys()]  # noqa: SIM118 - a result is no mapping
            columns, binary = _columns(result, names, limits)
            connection.rollback()
    except ImportError as e:
        raise Unreadable("sql_extra_missing", str(e.name or ""), "sql") from e
    except (alchemy.exc.SQLAlchemyError, UnicodeDecodeError) as e:
        raise Unreadable("sql_refused", _said(alchemy, e, address), "sql") from None
    finally:
        if "engine" in locals():
            engine.dispose()
    total = hashlib.sha256()
    for column in columns:
        total.update("\0".join(column.to_pylist()).encode("utf-8", "surrogatepass") + b"\1")
    notes = (Note("binary_value", "", str(binary)),) if binary else ()
    cells = frame_of(columns, 0)
    return Parsed("sql", (Grid("", cells, notes),)), total.hexdigest()


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as e:
        raise Unreadable("sql_extra_missing", name, "sql") from e


def filled(url: str) -> str:
    """The URL with the environment variables it names as ``${NAME}``. Raises Unreadable (sql_no_variable)."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise Unreadable("sql_no_variable", found[1], "sql")
        return quote(os.environ[found[1]], safe="")

    return _VARIABLE.sub(value, url)


def _address(alchemy: Any, url: str, base: Path) -> Any:
    """The URL taken apart; the driver is chosen where it is left open."""
    try:
        address = alchemy.make_url(url)
    except (alchemy.exc.ArgumentError, ValueError) as e:
        raise Unreadable("sql_refused", "url", "sql") from e
    driver = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}.get(address.drivername)
    if driver:
        return address.set(drivername=f"{address.drivername}+{driver}")
    if address.get_backend_name() == "sqlite":
        place = base / (address.database or "")
        if not place.is_file():
            raise Unreadable("sql_refused", "no such file", "sql")
        return address.set(database=str(place))
    return address


def _options(address: Any) -> dict[str, Any]:
    if address.get_backend_name() in ("mysql", "mariadb"):
        return {"connect_args": {"charset": "utf8mb4", "connect_timeout": 20}} if "charset" not in address.query else {}
    return {"connect_args": {"connect_timeout": 20}} if address.get_backend_name() == "postgresql" else {}


def _read_only(connection: Any) -> Any:
    """A source is never written to, whatever the query says; its rows come in parts."""
    backend = connection.dialect.name
    if backend == "postgresql":
        return connection.execution_options(postgresql_readonly=True, **STREAMED)
    statement = {
        "sqlite": "PRAGMA query_only = ON",
        "mysql": "SET SESSION TRANSACTION READ ONLY",
        "mariadb": "SET SESSION TRANSACTION READ ONLY",
    }.get(backend)
    if statement:
        connection.exec_driver_sql(statement)
        connection.rollback()  # the next transaction is the first that it holds for
    return connection.execution_options(**STREAMED)


def _columns(result: Any, names: Sequence[str], limits: Limits) -> tuple[list[pa.ChunkedArray], int]:
    parts: list[list[pa.Array]] = [[pa.array([name], pa.large_string())] for name in names]
    count = binary = 0
    for rows in result.partitions(PART):
        count += len(rows)
        if count * len(names) > limits.cells:
            raise Unreadable("too_large", f"{count} x {len(names)}", "sql")
        for part, values in zip(parts, zip(*rows, strict=True), strict=True):
            binary += sum(isinstance(v, bytes | memoryview) for v in values)
            part.append(pa.array([v if type(v) is str else shown(v) for v in values], pa.large_string()))
    return [pa.chunked_array(part) for part in parts], binary


def shown(value: Any) -> str:
    """A value of a database as text, with all its digits; nothing is ``''``.

    >>> from decimal import Decimal
    >>> shown(913301000000000123), shown(Decimal("12.50")), shown(None), shown(True), shown(b"\\xff"), shown({"a": 1})
    ('913301000000000123', '12.50', '', 'TRUE', '0xff', '{"a": 1}')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return moment_text(value) if value.tzinfo is None else value.replace(microsecond=0).isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.replace(microsecond=0).isoformat()
    if isinstance(value, dt.timedelta):
        return span_text(value)
    if isinstance(value, bytes | memoryview):
        return "0x" + bytes(value).hex()
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=shown)
    return str(value)


def _said(alchemy: Any, error: Exception, address: Any) -> str:
    """What the database says, as far as that holds no value of a cell; else only the kind and the number of its error."""
    cause = getattr(error, "orig", None) or error
    number = next((a for a in cause.args[:1] if isinstance(a, int)), None) or getattr(cause, "sqlstate", None) or ""
    text = str(cause.args[-1] if cause.args else "")
    backend = address.get_backend_name()
    speaks = (
        backend == "sqlite"
        or number in SPEAKING
        or (backend == "postgresql" and (not number or str(number)[:2] in ("08", "28", "3D", "42", "25")))
    )
    kind = f"{type(cause).__name__} {number}".strip()
    if not speaks or isinstance(error, alchemy.exc.DataError):
        return kind
    line = re.sub(r"\s+", " ", text.split("LINE 1", maxsplit=1)[0]).strip()[:200]
    secret = str(address.password or "")
    return f"{kind}: {line.replace(secret, '***') if secret else line}"
