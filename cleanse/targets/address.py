"""How a database is reached: its URL with variables from the environment, its driver, and the engine that speaks to it."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cleanse.errors import TargetError, UsageError

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET = re.compile(r"pass|pwd|secret|token", re.IGNORECASE)


def library(name: str) -> Any:
    """A library of the extra; raises TargetError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise TargetError(
            f"what speaks to databases is not installed: {name}", cure="pip install 'cleanse[sql]'"
        ) from error


def resolved(sa: Any, url: str, base: Path) -> Any:
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


def kind(address: Any) -> str:
    """sqlite, postgresql or mysql."""
    return str(address.get_backend_name()).replace("mariadb", "mysql")


def engine(sa: Any, address: Any) -> Any:
    """What speaks to the database; raises UsageError where it is none of ours, TargetError where its driver is missing."""
    backend = kind(address)
    options: dict[str, Any] = {"pool_pre_ping": True}
    if backend == "sqlite":
        options = {"connect_args": {"timeout": 2}}
    elif backend == "mysql":
        options["connect_args"] = {"charset": "utf8mb4", "connect_timeout": 20}
    elif backend == "postgresql":
        options["connect_args"] = {"connect_timeout": 20, "client_encoding": "utf8"}
    else:
        raise UsageError(f"'{backend}' is no database that can be loaded", cure="sqlite, postgresql, mysql or mariadb")
    try:
        made = sa.create_engine(address, **options)
    except ImportError as error:
        raise TargetError(
            f"what speaks to it is not installed: {error.name}", cure="pip install 'cleanse[sql]'"
        ) from error
    if backend == "sqlite":
        # The driver's own way of beginning transactions would let the first savepoint commit.
        sa.event.listen(made, "connect", _plain_sqlite)
        sa.event.listen(made, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    if backend == "mysql":
        sa.event.listen(made, "connect", _strict_mysql)
    return made


def secrets(address: Any) -> list[str]:
    """The passwords in the URL, before the host or among its options; the longest first."""
    options = [v for k, v in address.query.items() if SECRET.search(k) and isinstance(v, str)]
    return sorted({str(address.password or ""), *options} - {""}, key=len, reverse=True)


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


def _plain_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _strict_mysql(connection: Any, _: Any) -> None:
    """A value that does not fit is refused, never cut."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
