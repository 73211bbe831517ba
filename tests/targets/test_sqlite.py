"""The embedded database refuses what the target would, row by row, and says which rule."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from cleanse.errors import TargetError
from cleanse.targets import sqlite


def load(profile, **tables: list[dict[str, str | None]]) -> pd.DataFrame:
    columns = {target.name: [c.name for c in target.fields] for target in profile.objects}
    frames = {
        name: pd.DataFrame(rows, columns=columns[name], dtype="str").set_axis([r["id"] for r in rows])
        for name, rows in tables.items()
    }
    with sqlite3.connect(":memory:") as connection:
        return sqlite.load(frames, profile, connection)


RULES = [
    ({"required": True}, None, "NOT NULL"),
    ({"required": True}, " ", "blank"),
    ({"max_length": 2}, "张三丰", "too long"),
    ({"max_bytes": 5}, "张三", "too many bytes"),
    ({"values": ["是", "it's"]}, "否", "no option"),
    ({"unique": True}, "taken", "UNIQUE"),
]


@pytest.mark.parametrize(("rule", "bad", "message"), RULES)
def test_a_constraint_refuses_one_row_and_lets_its_neighbours_in(small, rule, bad, message) -> None:
    good = "it's" if "values" in rule else "ok"
    profile = small({"name": "A", "source": "a", **rule})
    first = "taken" if "unique" in rule else good
    receipts = load(profile, customer=[{"id": "1", "A": first}, {"id": "2", "A": bad}, {"id": "3", "A": good}])
    assert receipts["status"].tolist() == ["created", "refused", "created"]
    assert message in receipts["message"][1]
    assert bad is None or not bad.strip() or bad not in receipts["message"][1]


def test_a_child_needs_its_parent(small) -> None:
    profile = small({"name": "A", "source": "a"}, child=[{"name": "X", "source": "x"}])
    children = [{"id": "k", "parent": "1"}, {"id": "l", "parent": "9"}, {"id": "m", "parent": None}]
    receipts = load(profile, customer=[{"id": "1"}], contact=children)
    assert receipts["status"].tolist() == ["created", "created", "refused", "created"]


def test_one_of_several_must_be_filled(small) -> None:
    profile = small({"name": "A", "source": "a"}, {"name": "B", "source": "b"}, objects={"one_of": [["A", "B"]]})
    assert load(profile, customer=[{"id": "1", "B": "x"}, {"id": "2"}])["status"].tolist() == ["created", "refused"]


def test_names_and_options_are_quoted(small) -> None:
    profile = small({"name": 'a"; DROP TABLE x; --', "source": "a", "values": ["'); --"]})
    assert load(profile, customer=[{"id": "1", 'a"; DROP TABLE x; --': "'); --"}])["status"].tolist() == ["created"]


def test_a_file_that_is_no_database_is_named(small, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database at all, only text that is long enough to be looked at" * 20)
    with pytest.raises(TargetError, match="refused"):
        sqlite.load({}, small({"name": "A", "source": "a"}), tmp_path / "x.db")


def test_a_loaded_row_is_updated(small, tmp_path: Path) -> None:
    profile = small({"name": "A", "source": "a"})
    frame = pd.DataFrame({"id": ["1"], "A": ["x"]}, index=["1"], dtype="str")
    assert sqlite.load({"customer": frame}, profile, tmp_path / "x.db")["status"].tolist() == ["created"]
    assert sqlite.load({"customer": frame.assign(A="y")}, profile, tmp_path / "x.db")["status"].tolist() == ["updated"]
    assert sqlite.fetch(tmp_path / "x.db", profile)["customer"]["A"].tolist() == ["y"]
