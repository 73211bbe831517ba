"""Whatever a text looks like, a database gives back what was sent."""

from __future__ import annotations

import pytest

from cleanse.targets import database as speaking

HOSTILE = [
    "=1+1", "NULL", "", "110105194912310021", "𠮷野家😀", "first\nsecond", "a\r\nb", "+8613800001111", "007", "1.38E+10",
    'say "hi"', "a,b;c\td", "'quoted", "#N/A", "TRUE", "2024-02-03", "<&>", " padded ", "\ufeffmark", "-1", "\\N", "\\", "100%", "%s",
    ":name", "{x}", "\u3000",
]  # fmt: skip


def test_values_come_back_as_sent_and_twice_makes_no_doubles(database, url, profile, tables, monkeypatch):
    target = database()
    monkeypatch.setattr(speaking, "Database", lambda place: target)
    sent = tables(len(HOSTILE))
    sent["contact"]["name"] = HOSTILE
    for status in ("created", "updated"):
        receipts = speaking.load(sent, profile, url)
        assert receipts["key"].tolist() == [*sent["customer"].index, *sent["contact"].index]
        assert set(receipts["status"]) == {status}
        back = speaking.fetch(url, profile)["contact"]
        assert back["name"].fillna("").tolist() == HOSTILE
        assert back.index.tolist() == sent["contact"].index.tolist()


def test_what_a_database_cannot_hold_is_refused_alone(database, url, profile, tables, monkeypatch):
    target = database()
    if target.backend != "postgresql":
        pytest.skip("this database holds the character")
    monkeypatch.setattr(speaking, "Database", lambda place: target)
    sent = tables(3)
    sent["contact"]["name"] = ["x", "a\x00b", "z"]
    receipts = speaking.load(sent, profile, url)
    assert receipts["status"].tolist().count("refused") == 1
