"""The contract of every way of speaking to a target."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cleanse.model import Profile
from cleanse.targets import TARGETS

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
    "\u3000",
]


@dataclass(frozen=True)
class Spoken:
    """One target ready to be spoken to."""

    load: Callable[[dict[str, pd.DataFrame]], pd.DataFrame]
    fetch: Callable[[], dict[str, pd.DataFrame]]
    profile: Profile


@pytest.fixture(params=["csv", "csv-gb18030", "xlsx", "sqlite-file", "sqlite-memory"])
def target(request: pytest.FixtureRequest, tmp_path: Path, small: Callable[..., Profile]) -> Spoken:
    form: dict[str, Any] = {
        "csv": {"type": "csv", "bom": True, "line_end": "\r\n"},
        "csv-gb18030": {"type": "csv", "encoding": "gb18030", "delimiter": ";"},
        "xlsx": {"type": "xlsx", "tip": "read me", "header_row": 2, "required_prefix": "*"},
    }.get(request.param, {})
    profile = small({"name": "A", "source": "a"}, child=[{"name": "X", "source": "x"}], form=form, limits={"rows": 10})
    speak = TARGETS[request.param.split("-")[0]]
    place = {"sqlite-file": tmp_path / "x.db", "sqlite-memory": sqlite3.connect(":memory:")}.get(
        request.param, tmp_path
    )
    return Spoken(lambda t: speak.load(t, profile, place), lambda: speak.fetch(place, profile), profile)


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
