"""An embedded database that refuses what the target would refuse: its constraints are made from the profile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from cleanse.errors import TargetError
from cleanse.model import Profile, TargetField, TargetObject

RECEIPTS = ("object", "key", "status", "message")
ROW_ID = "_golden_id"  # our own key beside the target's columns: what makes a second load an update
Place = sqlite3.Connection | Path | str


def load(tables: Mapping[str, pd.DataFrame], profile: Profile, place: Place) -> pd.DataFrame:
    """Load every table (object name -> text frame by golden_id) in load order, parents first.

    ``place``: an open connection, a path or ``:memory:``. Returns one receipt per row in order: object, key
    (golden_id), status (created, updated, refused), message (the constraint that refused; never a cell value). Loading
    twice updates.
    Raises TargetError when the database itself cannot be used.
    """
    receipts: list[pd.DataFrame] = []
    with _connection(place) as connection:
        for target in profile.objects:
            _create(connection, target, profile)
            if target.name in tables:
                receipts.append(_load_object(connection, tables[target.name], target))
    return pd.concat(receipts, ignore_index=True) if receipts else pd.DataFrame(columns=list(RECEIPTS))


def fetch(place: Place, profile: Profile) -> dict[str, pd.DataFrame]:
    """Every row back, by object: a text frame indexed by golden_id, in the order of loading, missing where empty."""
    found: dict[str, pd.DataFrame] = {}
    with _connection(place) as connection:
        for target in profile.objects:
            names = [column.name for column in target.fields]
            selected = ", ".join(map(_name, [ROW_ID, *names]))
            rows = connection.execute(f"SELECT {selected} FROM {_name(target.name)} ORDER BY rowid").fetchall()
            table = pd.DataFrame(rows, columns=[ROW_ID, *names], dtype="str")
            found[target.name] = table.set_index(ROW_ID).rename_axis("golden_id")
    return found


def load_and_fetch(
    tables: Mapping[str, pd.DataFrame], profile: Profile
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Load into a database in memory and read everything back: receipts, and what arrived."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return load(tables, profile, connection), fetch(connection, profile)


@contextmanager
def _connection(place: Place) -> Iterator[sqlite3.Connection]:
    try:
        if isinstance(place, sqlite3.Connection):
            yield place
        else:
            with closing(sqlite3.connect(place)) as connection:
                yield connection
    except sqlite3.DatabaseError as error:
        where = "" if isinstance(place, sqlite3.Connection) else str(place)
        raise TargetError(
            f"the database refused: {error}", where=where, cure="name another file, or remove it"
        ) from error


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _create(connection: sqlite3.Connection, target: TargetObject, profile: Profile) -> None:
    columns = [f"{_name(ROW_ID)} TEXT NOT NULL UNIQUE"]
    columns += [_column(column, target) for column in target.fields]
    if target.parent_object:
        parent = next(o for o in profile.objects if o.name == target.parent_object)
        columns.append(f"FOREIGN KEY ({_name(target.parent)}) REFERENCES {_name(parent.name)} ({_name(parent.key)})")
    for group in target.one_of:
        filled = " OR ".join(f"{_name(name)} IS NOT NULL" for name in group)
        columns.append(f"CONSTRAINT {_name('one of ' + ', '.join(group))} CHECK ({filled})")
    columns += [f"UNIQUE ({', '.join(map(_name, group))})" for group in target.unique_together]
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {_name(target.name)} ({', '.join(columns)})")


def _column(column: TargetField, target: TargetObject) -> str:
    name, rules = _name(column.name), []
    if column.required:
        rules += ["NOT NULL", f"CONSTRAINT {_name(column.name + ' is blank')} CHECK (trim({name}) <> '')"]
    if column.unique or column.name == target.key:
        rules.append("UNIQUE")
    if column.max_length:
        rules.append(f"CONSTRAINT {_name(column.name + ' is too long')} CHECK (length({name}) <= {column.max_length})")
    if column.max_bytes:
        size = f"length(CAST({name} AS BLOB))"
        rules.append(f"CONSTRAINT {_name(column.name + ' has too many bytes')} CHECK ({size} <= {column.max_bytes})")
    if column.values:
        options = ", ".join(map(_literal, column.values))
        rules.append(f"CONSTRAINT {_name(column.name + ' is no option')} CHECK ({name} IN ({options}))")
    return f"{name} TEXT {' '.join(rules)}"


def _load_object(connection: sqlite3.Connection, table: pd.DataFrame, target: TargetObject) -> pd.DataFrame:
    names = [column.name for column in target.fields]
    keys = table.index.astype("str").tolist()
    columns = [table[name].astype(object).where(table[name].notna(), None).tolist() for name in names]
    rows = list(zip(keys, *columns, strict=True))
    there = {key for (key,) in connection.execute(f"SELECT {_name(ROW_ID)} FROM {_name(target.name)}")}
    statement = _upsert(target.name, names)
    status = ["updated" if key in there else "created" for key in keys]
    messages = [""] * len(rows)
    if not _batch(connection, statement, rows):
        for place, row in enumerate(rows):
            if fault := _row(connection, statement, row):
                status[place], messages[place] = "refused", fault
    connection.commit()
    return pd.DataFrame({"object": target.name, "key": keys, "status": status, "message": messages})


def _upsert(table: str, names: list[str]) -> str:
    columns = ", ".join(map(_name, [ROW_ID, *names]))
    marks = ", ".join("?" * (len(names) + 1))
    updates = ", ".join(f"{_name(name)} = excluded.{_name(name)}" for name in names)
    return (
        f"INSERT INTO {_name(table)} ({columns}) VALUES ({marks}) ON CONFLICT ({_name(ROW_ID)}) DO UPDATE SET {updates}"
    )


def _batch(connection: sqlite3.Connection, statement: str, rows: list[tuple[str | None, ...]]) -> bool:
    """All rows or none."""
    connection.execute("SAVEPOINT batch")
    try:
        connection.executemany(statement, rows)
    except sqlite3.IntegrityError:
        connection.execute("ROLLBACK TO batch")
        return False
    finally:
        connection.execute("RELEASE batch")
    return True


def _row(connection: sqlite3.Connection, statement: str, row: tuple[str | None, ...]) -> str:
    """Why the row was refused, ``''`` when it was not."""
    try:
        connection.execute(statement, row)
    except sqlite3.IntegrityError as error:
        return str(error)
    return ""
