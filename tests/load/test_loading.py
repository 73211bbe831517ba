"""A load arrives whole and once, whatever happens on the way; it can be taken back, and leaves what people touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from cleanse.errors import TargetError
from cleanse.flow.loading import Loader, Manner
from cleanse.runs.batches import LoadBook
from cleanse.stages.reconcile import reconcile
from cleanse.targets.database import Database
from cleanse.targets.target import KEY, Busy

SMALL = Manner(batch=4, retries=3, pause=0)


@pytest.fixture()
def book(tmp_path: Path) -> Iterator[LoadBook]:
    made = LoadBook(tmp_path / "loads.sqlite")
    yield made
    made.close()


@pytest.fixture()
def load(database, profile, book) -> Callable[..., pd.DataFrame]:
    """``load(tables)`` loads through a fresh connection and gives the receipts."""

    def run(tables, manner: Manner = SMALL) -> pd.DataFrame:
        target = database()
        book.made(target.name, target.prepare(profile, create=True))
        number = book.begin(target.name, "run", "print", "who", "at")
        Loader(target, book, profile, manner, sleep=lambda s: None).load(number, tables)
        return book.receipts(number)

    return run


def rows(database, profile, name: str = "customer") -> pd.DataFrame:
    target = database()
    target.prepare(profile, create=False)
    return target.fetch(next(o for o in profile.objects if o.name == name)).set_index("cleanse_id").sort_index()


def execute(database, sql: str) -> None:
    target = database()
    with target.engine.begin() as connection:
        connection.exec_driver_sql(sql.replace("TABLE", target.quoted(target.prefix + "customer")))


def undo(database, profile, book, batch: int = 0, do: bool = True) -> dict[str, str]:
    target = database()
    target.prepare(profile, create=False)
    found = Loader(target, book, profile, SMALL).undo(batch, do)
    return dict(zip(found["key"], found["outcome"], strict=True))


def test_every_row_has_one_receipt_in_order_and_arrives(load, tables, database, profile):
    sent = tables(10)
    receipts = load(sent)
    assert receipts["key"].tolist() == [*sent["customer"].index, *sent["contact"].index]
    assert set(receipts["status"]) == {"create"}
    assert rows(database, profile)["name"].tolist() == sent["customer"]["name"].tolist()
    assert rows(database, profile, "contact")["customer_id"].tolist() == sent["contact"]["customer_id"].tolist()


@pytest.mark.parametrize(("column", "bad"), [("name", None), ("name", "长" * 41), ("kind", "乙"), ("code", "no1")])
def test_a_refused_row_has_the_targets_words_and_sinks_no_neighbour(load, tables, database, profile, column, bad):
    sent = tables(6)
    sent["customer"].loc["C-0004", column] = bad
    receipts = load(sent).set_index("key")
    assert receipts.index[receipts["status"] == "refused"].tolist() == [
        "C-0004",
        "K-0004",
    ]  # and the child without its parent
    assert receipts.loc["C-0004", "message"]
    assert bad is None or bad not in receipts.loc["C-0004", "message"]
    assert len(rows(database, profile)) == 5


def test_a_second_load_sends_only_what_changed(load, tables, database, profile, book):
    sent = tables(10)
    load(sent)
    sent["customer"].loc["C-0003", "name"] = "改名"
    more = tables(11)
    more["customer"].update(sent["customer"])
    receipts = load(more)
    assert dict(zip(receipts["key"], receipts["status"], strict=True)) == {
        "C-0003": "update",
        "C-0010": "create",
        "K-0010": "create",
    }
    assert len(rows(database, profile)) == 11
    assert rows(database, profile).loc["C-0003", "name"] == "改名"
    assert load(more).empty


def test_a_refused_row_comes_again_once_mended(load, tables, database, profile):
    sent = tables(3)
    sent["customer"].loc["C-0001", "kind"] = "乙"
    load(sent)
    assert sorted(load(tables(3))["key"]) == ["C-0001", "K-0001"]
    assert len(rows(database, profile)) == 3


def test_what_people_changed_or_removed_in_the_target_is_left(load, tables, database, profile):
    load({"customer": tables(4)["customer"]})
    execute(database, "UPDATE TABLE SET name = 'by hand' WHERE id = 'C-0001'")
    execute(database, "DELETE FROM TABLE WHERE id = 'C-0002'")
    changed = {"customer": tables(4, name=["n0", "n1", "n2", "n3"])["customer"]}
    assert load(changed)["status"].tolist() == ["update", "held", "gone", "update"]
    assert rows(database, profile)["name"].to_dict() == {"C-0000": "n0", "C-0001": "by hand", "C-0003": "n3"}
    overwriting = Manner(batch=4, overwrite=True)
    assert load(changed, overwriting)["status"].tolist() == ["update", "create"]
    assert rows(database, profile)["name"].tolist() == ["n0", "n1", "n2", "n3"]


def test_undo_removes_restores_and_leaves_what_was_touched(load, tables, database, profile, book):
    load({"customer": tables(2)["customer"]})
    load({"customer": tables(4, name=["n0", "n1", "n2", "n3"])["customer"]})
    execute(database, "UPDATE TABLE SET kind = NULL WHERE id IN ('C-0001', 'C-0003')")
    told = {"C-0000": "restored", "C-0001": "touched", "C-0002": "removed", "C-0003": "touched"}
    before = rows(database, profile)
    assert undo(database, profile, book, do=False) == told
    assert rows(database, profile).equals(before)
    assert undo(database, profile, book) == told
    left = rows(database, profile)
    assert left["name"].to_dict() == {"C-0000": "客户0", "C-0001": "n1", "C-0003": "n3"}
    assert undo(database, profile, book) == {"C-0001": "touched", "C-0003": "touched"}


def test_a_batch_that_was_loaded_over_since_is_left(load, tables, database, profile, book):
    load({"customer": tables(2)["customer"]})
    load({"customer": tables(2, name=["n0", "客户1"])["customer"]})
    assert undo(database, profile, book, batch=1) == {"C-0000": "later", "C-0001": "removed"}
    assert undo(database, profile, book, batch=2) == {"C-0000": "restored"}
    assert undo(database, profile, book, batch=1) == {"C-0000": "removed"}
    assert rows(database, profile).empty


def test_a_parent_that_others_hang_on_is_not_removed(load, tables, database, profile, book):
    load({"customer": tables(2)["customer"]})
    load(tables(1))
    assert undo(database, profile, book, batch=1) == {"C-0000": "refused", "C-0001": "removed"}


def test_what_was_undone_is_loaded_again(load, tables, database, profile, book):
    load(tables(3))
    undo(database, profile, book)
    assert rows(database, profile).empty
    assert set(load(tables(3))["status"]) == {"create"}


def test_tables_of_the_targets_own_are_used_as_they_are(load, tables, database, profile, book):
    target = database()
    with target.engine.begin() as c:
        name = target.quoted(target.prefix + "customer")
        c.exec_driver_sql(
            f"CREATE TABLE {name} (id VARCHAR(64) NOT NULL UNIQUE, name VARCHAR(40), code VARCHAR(30) NOT NULL DEFAULT '', "
            f"kind VARCHAR(20), stage VARCHAR(20) DEFAULT 'new')"
        )
        c.exec_driver_sql(
            f"INSERT INTO {name} (id, name, code) VALUES ('C-0001', 'there before', ''), ('X', 'not ours', 'x')"
        )
    sent = {"customer": tables(3, code=["a", None, "c"])["customer"]}
    assert load(sent)["status"].tolist() == ["create", "held", "create"]
    assert rows(database, profile)["name"].tolist() == ["客户0", "there before", "客户2", "not ours"]
    assert load(sent, Manner(batch=4, overwrite=True))["status"].tolist() == ["update"]
    assert rows(database, profile)["name"].tolist() == ["客户0", "客户1", "客户2", "not ours"]
    assert load(sent).empty
    assert undo(database, profile, book) == {"C-0001": "restored"}
    assert undo(database, profile, book) == {"C-0000": "removed", "C-0002": "removed"}
    assert rows(database, profile)["name"].tolist() == ["there before", "not ours"]


def test_a_row_that_was_there_before_us_is_filled_and_never_emptied(load, tables, database, profile, book):
    load(tables(2))
    book.book.executescript("DELETE FROM batches; DELETE FROM loads;")  # the book was lost
    execute(database, "UPDATE TABLE SET name = 'by hand' WHERE id = 'C-0001'")
    execute(database, "UPDATE TABLE SET kind = NULL WHERE id = 'C-0000'")
    sent = {"customer": tables(2, code=[None, "no1"])["customer"]}
    assert load(sent)["status"].tolist() == ["update", "held"]
    assert rows(database, profile).loc["C-0000", ["code", "kind"]].tolist() == ["no0", "甲"]
    assert rows(database, profile).loc["C-0001", "name"] == "by hand"
    sent["customer"].loc["C-0000", "name"] = "新名"
    assert load(sent)["status"].tolist() == ["update", "held"]
    assert rows(database, profile).loc["C-0000", ["name", "code"]].tolist() == ["新名", "no0"]
    assert undo(database, profile, book) == {"C-0000": "restored"}
    assert undo(database, profile, book) == {"C-0000": "restored"}
    assert rows(database, profile).loc["C-0000", "name"] == "客户0" and rows(database, profile)["kind"].isna().tolist()[0]


def test_a_row_that_somebody_else_made_the_same_can_still_be_told_and_taken_back(load, tables, database, profile, book):
    load({"customer": tables(2)["customer"]})
    execute(database, "UPDATE TABLE SET name = 'n1' WHERE id = 'C-0001'")
    changed = {"customer": tables(2, name=["客户0", "n1"])["customer"]}
    assert load(changed)["status"].tolist() == ["same"]
    changed["customer"].loc["C-0001", "name"] = "n2"
    assert load(changed)["status"].tolist() == ["update"]
    assert undo(database, profile, book) == {"C-0001": "restored"}
    assert undo(database, profile, book) == {"C-0000": "removed", "C-0001": "touched"}


def test_a_missing_column_is_named_before_anything_is_sent(database, profile):
    target = database()
    with target.engine.begin() as c:
        c.exec_driver_sql(f"CREATE TABLE {target.quoted(target.prefix + 'customer')} (id VARCHAR(64), name VARCHAR(9))")
    with pytest.raises(TargetError, match="has no column code, kind"):
        target.prepare(profile, create=True)


# ------------------------------------------------------------------------------------------------ dialled failures


@pytest.mark.parametrize("fails", [(0,), (2,), (4,), (1, 0, 3), (None, 3, 0), (4, 4, 4)])
def test_a_line_that_breaks_makes_no_double_and_loses_nothing(dummy, profile, tables, book, fails):
    sent, target = tables(9), dummy(*fails)
    number = book.begin(target.name, "run", "print", "who", "at")
    Loader(target, book, profile, SMALL, sleep=lambda s: None).load(number, sent)
    receipts = book.receipts(number)
    assert sorted(receipts["key"]) == sorted([*sent["customer"].index, *sent["contact"].index])
    assert set(receipts["status"]) == {"create"}
    assert {name: len(found) for name, found in target.rows.items()} == {"customer": 9, "contact": 9}


def test_updates_over_a_breaking_line_keep_what_stood_there_before(dummy, profile, tables, book):
    target = dummy(None, None, 2, 0)
    for names in (list("abcdefgh"), list("ABCDEFGH")):
        number = book.begin(target.name, "run", "".join(names), "who", "at")
        Loader(target, book, profile, SMALL, sleep=lambda s: None).load(
            number, {"customer": tables(8, name=names)["customer"]}
        )
    Loader(target, book, profile, SMALL).undo(0, True)
    assert [row["name"] for row in target.rows["customer"].values()] == list("abcdefgh")


def test_a_value_the_target_cuts_is_told_by_reconciling_and_is_no_touch_of_a_person(dummy, profile, tables, book):
    sent, target = tables(6), dummy(cut=2)
    loader = Loader(target, book, profile, SMALL)
    loader.load(book.begin(target.name, "run", "print", "who", "at"), sent)
    found = reconcile(sent, {one.name: target.fetch(one) for one in profile.objects}, dict.fromkeys(sent, KEY), profile)
    assert found.differences["code"].unique().tolist() == ["arrived_cut"]
    assert found.balance["customer"] == {
        "planned": 6, "found": 6, "same": 0, "changed": 6, "missing": 0, "doubled": 0, "extra": 0
    }  # fmt: skip
    again = book.begin(target.name, "run", "print again", "who", "at")
    loader.load(again, sent)
    assert book.receipts(again).empty
    changed = {"customer": sent["customer"].assign(code=[f"new{n}" for n in range(6)])}
    updating = book.begin(target.name, "run", "other print", "who", "at")
    loader.load(updating, changed)
    assert set(book.receipts(updating)["status"]) == {"update"}
    assert set(loader.undo(0, True)["outcome"]) == {"restored"}
    assert set(loader.undo(0, True)["outcome"]) == {"removed"}
    assert not any(target.rows.values())


def test_a_row_the_target_refuses_between_breaking_lines_has_its_words(dummy, profile, tables, book):
    target = dummy(2, 0, None, 1, refuse=lambda row: "no such thing" if row["name"] == "客户3" else "")
    number = book.begin(target.name, "run", "print", "who", "at")
    Loader(target, book, profile, SMALL, sleep=lambda s: None).load(number, tables(9))
    receipts = book.receipts(number).set_index("key")
    assert receipts.index.is_unique and len(receipts) == 18
    assert receipts.index[receipts["status"] == "refused"].tolist() == ["C-0003"]
    assert receipts.loc["C-0003", "message"] == "no such thing"
    assert len(target.rows["customer"]) == 8 and len(target.rows["contact"]) == 9


def test_a_book_of_another_layout_or_that_is_none_is_said_so(tmp_path):
    (tmp_path / "none.sqlite").write_bytes(b"not a database at all, but long enough to be looked at" * 9)
    with pytest.raises(TargetError, match="the book of loads cannot be used"):
        LoadBook(tmp_path / "none.sqlite")
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        old.execute("CREATE TABLE loads (load INTEGER PRIMARY KEY)")
        old.commit()
    with pytest.raises(TargetError, match="written by another version"):
        LoadBook(tmp_path / "old.sqlite")


def test_patience_ends_and_the_next_load_goes_on(dummy, profile, tables, book):
    sent, target, pauses = tables(9), dummy(None, *[0] * 4), list[float]()
    number = book.begin(target.name, "run", "print", "who", "at")
    with pytest.raises(TargetError, match="busy or cannot be reached: connection reset"):
        Loader(target, book, profile, Manner(batch=4, retries=3, pause=1), sleep=pauses.append).load(number, sent)
    assert pauses == [1, 2, 4]
    assert book.begin(target.name, "run", "print", "who", "at") == number
    Loader(target, book, profile, SMALL).load(number, sent)
    assert len(target.rows["customer"]) == len(target.rows["contact"]) == 9


def test_a_database_that_another_holds_is_waited_for(tmp_path, profile, tables, book):
    target, other = (Database(f"sqlite:///{tmp_path / 'x.db'}") for _ in range(2))
    book.made(target.name, target.prepare(profile, create=True))
    held = other.engine.connect()
    held.exec_driver_sql("SELECT 1")
    released = []

    def release(seconds: float) -> None:
        released.append(seconds)
        held.rollback()

    number = book.begin(target.name, "run", "print", "who", "at")
    Loader(target, book, profile, SMALL, sleep=release).load(number, tables(2))
    assert released == [0]
    held.close()


def test_busy_is_told_apart_from_refusal(database):
    target = database()
    with pytest.raises(TargetError, match="refused"), target.guarded(), target.engine.connect() as c:
        c.exec_driver_sql("SELECT * FROM no_such_table_at_all")
    assert issubclass(Busy, Exception)
