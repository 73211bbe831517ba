"""Databases as sources: the same rows from SQLite, PostgreSQL and MariaDB; nothing is written, no password is shown."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from cleanse.codes import all_codes
from cleanse.project import load_project
from cleanse.readers import Limits, query

sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra `sql` is not installed")

SECRET = "gehe/im @1"
SCHEMA = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), code DECIMAL(18, 0), sales DECIMAL(12, 2), since DATE)",
    "INSERT INTO customers VALUES (1, '青松样品厂', 913301000000000123, 1234.50, '2024-03-05')",
    "INSERT INTO customers VALUES (2, '𠮷样品', NULL, NULL, NULL)",
)
ASK = "SELECT id, name, code, since FROM customers ORDER BY id"
ROWS = [
    ["id", "name", "code", "since"],
    ["1", "青松样品厂", "913301000000000123", "2024-03-05"],
    ["2", "𠮷样品", "", ""],
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the server did not start")


def wait_until_ready(port: int) -> None:
    """PostgreSQL listens before it answers."""
    psycopg = pytest.importorskip("psycopg")
    for _ in range(300):
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="owner", password=SECRET, dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    pytest.fail("the server did not answer")


@contextmanager
def folder_of(user: str):
    """A folder that the server's own user may write to, and the arguments that make a program run as that user."""
    place = Path(tempfile.mkdtemp(prefix="cleanse-test-"))
    root = os.name == "posix" and os.geteuid() == 0
    if root:
        shutil.chown(place, user)
    try:
        yield place, {"user": user, "cwd": "/"} if root else {}
    finally:
        shutil.rmtree(place, ignore_errors=True)


def program(name: str, *folders: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", *folders]))
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def postgresql():
    homes = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    initdb, postgres = program("initdb", *homes), program("postgres", *homes)
    with folder_of("postgres") as (place, who):
        (place / "word").write_text(SECRET)
        shutil.chown(place / "word", who["user"]) if who else None
        subprocess.run(
            [initdb, "-D", place / "d", "-U", "owner", "-A", "scram-sha-256", f"--pwfile={place / 'word'}", "-E", "UTF8",
             "--locale=C", "--no-sync"], check=True, stdout=subprocess.DEVNULL, **who,
        )  # fmt: skip
        port = free_port()
        server = subprocess.Popen(
            [postgres, "-D", place / "d", "-p", str(port), "-k", place, "-F", "-h", "127.0.0.1"],
            stderr=subprocess.DEVNULL, **who,
        )  # fmt: skip
        try:
            wait_for(port)
            wait_until_ready(port)
            yield "postgresql+psycopg", f"owner:${{SECRET}}@127.0.0.1:{port}/postgres", "pg_sleep(30)"
        finally:
            server.kill()
            server.wait(30)


@pytest.fixture(scope="module")
def mariadb():
    install, daemon = program("mariadb-install-db"), program("mariadbd")
    with folder_of("mysql") as (place, who):
        subprocess.run(
            [install, f"--datadir={place / 'd'}", "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
        )  # fmt: skip
        (place / "init.sql").write_text(
            f"CREATE DATABASE crm CHARACTER SET utf8mb4;\nCREATE USER owner@'127.0.0.1' IDENTIFIED BY '{SECRET}';\n"
            "GRANT ALL ON crm.* TO owner@'127.0.0.1';\n"
        )
        (place / "init.sql").chmod(0o644)
        port = free_port()
        server = subprocess.Popen(
            [daemon, "--no-defaults", f"--datadir={place / 'd'}", f"--port={port}", f"--socket={place / 's'}",
             "--bind-address=127.0.0.1", f"--init-file={place / 'init.sql'}", "--skip-name-resolve"],
            stderr=subprocess.DEVNULL, **who,
        )  # fmt: skip
        try:
            wait_for(port)
            yield "mysql+pymysql", f"owner:${{SECRET}}@127.0.0.1:{port}/crm?charset=utf8mb4", "SLEEP(30)"
        finally:
            server.kill()
            server.wait(30)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database(request, tmp_path, monkeypatch):
    """A URL as a person writes it, filled with the same two customers, and a call that takes long there."""
    monkeypatch.setenv("SECRET", SECRET)
    if request.param == "sqlite":
        with sqlite3.connect(tmp_path / "crm.db") as connection:
            for statement in ("DROP TABLE IF EXISTS customers", *SCHEMA):
                connection.execute(statement)
        connection.close()
        return "sqlite:///crm.db", tmp_path, ""
    driver, rest, long = request.getfixturevalue(request.param)
    engine = sqlalchemy.create_engine(f"{driver}://{rest.replace('${SECRET}', quote(SECRET, safe=''))}")
    with engine.begin() as connection:
        for statement in ("DROP TABLE IF EXISTS customers", *SCHEMA):
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()
    return f"{driver.split('+')[0]}://{rest}", tmp_path, long


def test_every_database_gives_the_same_text_under_the_number_of_the_row(database):
    url, base, _ = database
    source = query("old", url, ASK, base)
    assert (source.status, source.reason, source.detail, source.format) == ("read", "", "", "sql")
    assert source.grids[0].cells.to_numpy().tolist() == ROWS
    assert source.grids[0].cells.index.tolist() == [0, 1, 2] and source.grids[0].notes == ()
    assert query("old", url, ASK, base).digest == source.digest


def test_a_source_is_never_written_to(database):
    url, base, _ = database
    assert query("old", url, "DELETE FROM customers", base).reason == "sql_refused"
    assert query("old", url, "UPDATE customers SET name = 'x'", base).reason == "sql_refused"
    assert query("old", url, ASK, base).grids[0].cells.to_numpy().tolist() == ROWS


def test_what_the_database_refuses_is_said_without_the_password(database):
    url, base, _ = database
    source = query("old", url, "SELECT nix FROM customers", base)
    assert (source.status, source.reason) == ("error", "sql_refused")
    assert "nix" in source.detail and SECRET not in repr(source) and SECRET not in str(all_codes()[source.reason].text)


def test_a_value_in_an_error_is_not_said(database):
    url, base, long = database
    if not long:
        pytest.skip("SQLite converts everything")
    ask = (
        "SELECT CAST(name AS INTEGER) FROM customers"
        if "postgres" in url
        else "SELECT ST_GeomFromText(name) + BIN_TO_UUID(name) FROM customers"
    )
    source = query("old", url, ask, base)
    assert source.reason == "sql_refused" and "样品" not in source.detail


def test_a_query_that_takes_too_long_is_ended(database):
    url, base, long = database
    if not long:
        pytest.skip("SQLite has nothing that waits")
    source = query("old", url, f"SELECT {long}", base, Limits(seconds=2))
    assert (source.status, source.reason, source.detail) == ("error", "too_large", "time")


def test_a_wrong_password_is_refused_and_not_shown(database, monkeypatch):
    url, base, long = database
    if not long:
        pytest.skip("SQLite has no passwords")
    monkeypatch.setenv("SECRET", "ganz falsch")
    source = query("old", url, ASK, base)
    assert source.reason == "sql_refused" and "ganz falsch" not in source.detail


@pytest.mark.parametrize(
    ("url", "reason", "detail"),
    [
        ("postgresql://reader:${NOT_SET_ANYWHERE}@127.0.0.1/x", "sql_no_variable", "NOT_SET_ANYWHERE"),
        ("sqlite:///nowhere.db", "sql_refused", "no such file"),
        ("no url at all", "sql_refused", "url"),
        ("oracle+oracledb://x", "sql_extra_missing", "oracledb"),
    ],
)
def test_faults_of_the_setting_are_named(tmp_path, url, reason, detail):
    source = query("old", url, ASK, tmp_path)
    assert (source.status, source.reason, source.detail) == ("error", reason, detail)
    assert not list(tmp_path.iterdir())


def test_more_cells_than_the_limit_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        connection.execute(
            "CREATE TABLE t AS WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n LIMIT 5000) SELECT i FROM n"
        )
    connection.close()
    assert (
        query("t", "sqlite:///crm.db", "SELECT i, i AS j FROM t", tmp_path, Limits(cells=9_000)).reason == "too_large"
    )
    assert len(query("t", "sqlite:///crm.db", "SELECT i, i AS j FROM t", tmp_path).grids[0].cells) == 5001


def test_a_database_is_a_source_of_a_whole_run(tmp_path, run_flow):
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        connection.execute("CREATE TABLE c AS SELECT '青松样品有限公司' AS n, '13800001111' AS m")
    connection.close()
    (tmp_path / "cleanse.toml").write_text(
        '[sources]\npaths = []\n[[sources.sql]]\nname = "old"\nurl = "sqlite:///crm.db"\n'
        'query = "SELECT n AS 客户名称, m AS 手机 FROM c"\n', "utf-8",
    )  # fmt: skip
    rows = run_flow(tmp_path).rows
    assert set(rows["source_file"]) == {"old"} and set(rows["source_row"]) == {1}
    assert rows.set_index("entity").loc["customer", "exit"] == "migrated"
    project = load_project(tmp_path)
    assert "sqlite" not in repr(project.queries)
