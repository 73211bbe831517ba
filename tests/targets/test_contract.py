"""The contract of every way of speaking to a target."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from databases import PREFIX, Dummy, emptied

from cleanse.flow.loading import Loader, Manner
from cleanse.model import Profile, TargetObject
from cleanse.runs.batches import LoadBook
from cleanse.targets import TARGETS
from cleanse.targets.database import Database
from cleanse.targets.target import KEY, Target

HOSTILE = [
    "=1+1",
    "NULL",
    "",
    "110105194912310021",
    "𠮷野家😀",
    "first\nsecond",
    "a\r\nb",
    "+8613800001111",
    "007",
    "1.38E+10",
    'say "hi"',
    "a,b;c\td",
    "'quoted",
    "#N/A",
    "TRUE",
    "2024-02-03",
    "_x000D_",
    "<&>",
    " padded ",
    "\ufeffmark",
    "@cmd",
    "-1",
    "\\N",
    "\\",
    "\u3000",
    "100%",
    "%s",
    ":name",
    "{x}",
]
DATABASES = ("database-sqlite", "database-postgresql", "database-mysql", "dummy")


@dataclass(frozen=True)
class Spoken:
    """One target ready to be spoken to."""

    load: Callable[[dict[str, pd.DataFrame]], pd.DataFrame]
    fetch: Callable[[], dict[str, pd.DataFrame]]
    profile: Profile


@pytest.fixture(params=["csv", "csv-gb18030", "xlsx", "sqlite-file", "sqlite-memory", *DATABASES])
def target(request: pytest.FixtureRequest, tmp_path: Path, small: Callable[..., Profile]) -> Iterator[Spoken]:
    form: dict[str, Any] = {
        "csv": {"type": "csv", "bom": True, "line_end": "\r\n"},
        "csv-gb18030": {"type": "csv", "encoding": "gb18030", "delimiter": ";"},
        "xlsx": {"type": "xlsx", "tip": "read me", "header_row": 2, "required_prefix": "*"},
    }.get(request.param, {})
    profile = small({"name": "A", "source": "a"}, child=[{"name": "X", "source": "x"}], form=form, limits={"rows": 10})
    if request.param in DATABASES:
        with loaded_into(request.param.rpartition("-")[2], profile, tmp_path) as spoken:
            yield spoken
        return
    speak = TARGETS[request.param.split("-")[0]]
    place = {"sqlite-file": tmp_path / "x.db", "sqlite-memory": sqlite3.connect(":memory:")}.get(
        request.param, tmp_path
    )
    yield Spoken(lambda t: speak.load(t, profile, place), lambda: speak.fetch(place, profile), profile)


@contextmanager
def loaded_into(kind: str, profile: Profile, tmp_path: Path) -> Iterator[Spoken]:
    """What is loaded with a book: a database, or the target whose failures are dialled (here: a line that breaks)."""
    with ready(kind, profile, tmp_path, 3, 0) as target, closing(LoadBook(tmp_path / "loads.sqlite")) as book:
        count = iter(range(100))

        def load(sent: dict[str, pd.DataFrame]) -> pd.DataFrame:
            number = book.begin(target.name, "run", str(next(count)), "who", "at")
            Loader(target, book, profile, Manner(batch=7, pause=0)).load(number, sent)
            words = {"create": "created", "update": "updated"}
            table = book.receipts(number).sort_values(["object", "key"], ascending=[False, True], ignore_index=True)
            return table.drop(columns="batch").replace({"status": words})

        def fetch() -> dict[str, pd.DataFrame]:
            return {
                o.name: target.fetch(o).set_index(KEY).sort_index().rename_axis("golden_id") for o in profile.objects
            }

        yield Spoken(load, fetch, profile)


@contextmanager
def ready(kind: str, profile: Profile, tmp_path: Path, *fails: int | None) -> Iterator[Target]:
    """A target with its tables made; ``fails`` are the dummy's."""
    if kind == "dummy":
        yield Dummy(*fails)
        return
    with emptied(kind, tmp_path) as url:
        made = Database(url, prefix=PREFIX)
        made.prepare(profile, create=True)
        try:
            yield made
        finally:
            made.engine.dispose()


@dataclass(frozen=True)
class Loadable:
    """A target spoken to word by word."""

    target: Target
    profile: Profile

    @property
    def one(self) -> TargetObject:
        return self.profile.objects[0]


def tables(values: list[str]) -> dict[str, pd.DataFrame]:
    ids = [f"C{n:02}" for n in range(len(values))]
    parent = pd.DataFrame({"id": ids, "A": values}, index=pd.Index(ids, name="golden_id"), dtype="str")
    keys = [f"K{n:02}" for n in range(len(values))]
    child = pd.DataFrame({"id": keys, "parent": ids, "X": values}, index=pd.Index(keys, name="golden_id"), dtype="str")
    return {"customer": parent, "contact": child}


def assert_arrived(sent: dict[str, pd.DataFrame], back: dict[str, pd.DataFrame]) -> None:
    """Cell by cell by key; an empty text and a missing one are both a blank cell."""
    assert set(back) == set(sent)
    for name, table in sent.items():
        assert list(back[name].index) == list(table.index)
        for column in table:
            assert back[name][column].fillna("").tolist() == table[column].fillna("").tolist(), column


def test_every_row_gets_one_receipt_in_order(target: Spoken) -> None:
    sent = tables(HOSTILE)
    receipts = target.load(sent)
    assert list(receipts) == ["object", "key", "status", "message"]
    assert receipts["key"].tolist() == [*sent["customer"].index, *sent["contact"].index]
    assert set(receipts["status"]) <= {"created", "written"}


def test_values_come_back_as_sent(target: Spoken) -> None:
    sent = tables(HOSTILE)
    target.load(sent)
    assert_arrived(sent, target.fetch())


def test_loading_twice_makes_no_doubles(target: Spoken) -> None:
    sent = tables(HOSTILE)
    target.load(sent)
    target.load(sent)
    assert_arrived(sent, target.fetch())


def test_a_second_load_of_less_leaves_no_stale_file(target: Spoken) -> None:
    target.load(tables(HOSTILE))
    fewer = tables(["one", "two"])
    target.load(fewer)
    back = target.fetch()
    assert back["customer"].loc[["C00", "C01"], "A"].tolist() == ["one", "two"]


def test_nothing_to_load_is_no_fault(target: Spoken) -> None:
    empty = {name: table.iloc[:0] for name, table in tables(["x"]).items()}
    assert target.load(empty).empty
    assert all(table.empty for table in target.fetch().values())


# ------------------------------------------------------------------------------------ what is loaded with a book


@pytest.fixture(params=[name.rpartition("-")[2] for name in DATABASES])
def loadable(request: pytest.FixtureRequest, tmp_path: Path, small: Callable[..., Profile]) -> Iterator[Loadable]:
    profile = small({"name": "A", "source": "a", "max_length": 40}, child=[{"name": "X", "source": "x"}])
    with ready(request.param, profile, tmp_path) as target:
        if isinstance(target, Dummy):
            target.refuse = lambda row: "too long" if len(str(row.get("A"))) > 40 else ""
        yield Loadable(target, profile)


def some(*values: str | None) -> pd.DataFrame:
    return tables(list(values))["customer"].rename_axis(None)


def test_looking_gives_the_rows_that_are_there_by_key(loadable: Loadable) -> None:
    sent = some("a", None, "c")
    with loadable.target.session() as session:
        assert session.look(loadable.one, ["C00", "C01"]).empty
        assert session.create(loadable.one, sent) == ["", "", ""]
    with loadable.target.session() as session:
        asked = ["no", "C02", "C00", *(f"X{n}" for n in range(12_000))]
        found = session.look(loadable.one, asked).sort_index()
    assert found.index.tolist() == ["C00", "C02"]
    assert found.columns.tolist()[:2] == ["id", "A"]
    assert found["A"].tolist() == ["a", "c"]


def test_a_refused_row_has_words_and_sinks_no_other(loadable: Loadable) -> None:
    with loadable.target.session() as session:
        said = session.create(loadable.one, some("a", "长" * 41, "c"))
    assert [bool(words) for words in said] == [False, True, False]
    assert "长" not in said[1]
    with loadable.target.session() as session:
        said = session.update(loadable.one, some("长" * 41, "-", "C").drop(index="C01"))
        assert [bool(words) for words in said] == [True, False]
    assert loadable.target.fetch(loadable.one).set_index(KEY)["A"].to_dict() == {"C00": "a", "C02": "C"}


def test_updating_touches_only_the_columns_and_rows_given(loadable: Loadable) -> None:
    child = loadable.profile.objects[1]
    sent = tables(["a", "b"])
    with loadable.target.session() as session:
        session.create(loadable.one, sent["customer"])
        session.create(child, sent["contact"])
        assert session.update(child, sent["contact"].iloc[:1][["X"]].assign(X="new")) == [""]
    found = loadable.target.fetch(child).set_index(KEY).sort_index()
    assert found[["parent", "X"]].to_numpy().tolist() == [["C00", "new"], ["C01", "b"]]


def test_removing_what_is_not_there_is_no_fault(loadable: Loadable) -> None:
    with loadable.target.session() as session:
        session.create(loadable.one, some("a", "b"))
        assert session.remove(loadable.one, ["C00", "never"]) == ["", ""]
        assert session.remove(loadable.one, []) == []
    assert loadable.target.fetch(loadable.one)[KEY].tolist() == ["C01"]


def test_a_database_keeps_all_of_a_session_or_nothing(loadable: Loadable) -> None:
    if isinstance(loadable.target, Dummy):
        pytest.skip("it knows no transactions")
    with pytest.raises(ZeroDivisionError), loadable.target.session() as session:
        session.create(loadable.one, some("a", "b"))
        raise ZeroDivisionError
    assert loadable.target.fetch(loadable.one).empty


def test_the_name_tells_no_password() -> None:
    assert "secret" not in Database("postgresql://u:secret@h/d?password=secret2").name


def test_what_a_database_cannot_hold_is_refused_alone(tmp_path: Path, small: Callable[..., Profile]) -> None:
    profile = small({"name": "A", "source": "a"})
    with ready("postgresql", profile, tmp_path) as target, target.session() as session:
        said = session.create(profile.objects[0], some("x", "a\x00b", "z"))
    assert [bool(words) for words in said] == [False, True, False]
