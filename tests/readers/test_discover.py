"""Finding files: names relative to the folder, order, links, what is passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cleanse.readers import discover, read


@pytest.fixture
def folder(tmp_path):
    for name in ("b.csv", "a/华东.csv", ".git/config", ".DS_Store", "out/r.csv", "~$b.xlsx", "Thumbs.db", "old.bak"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("客户,电话\n甲,1\n", "utf-8")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    return tmp_path


def test_names_are_relative_and_sorted_and_loops_end(folder):
    names = [name for name, _ in discover(folder, ["out"])]
    assert names == sorted([".DS_Store", "Thumbs.db", "a/华东.csv", "b.csv", "old.bak", "~$b.xlsx"])


def test_a_single_file_is_found_by_its_own_name(folder):
    assert discover(folder / "b.csv", []) == [("b.csv", folder / "b.csv")]


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("~$b.xlsx", "ignored", "lock_file"),
        (".DS_Store", "ignored", "ignored_by_rule"),
        ("Thumbs.db", "ignored", "ignored_by_rule"),
        ("old.bak", "ignored", "ignored_by_rule"),
        ("b.csv", "read", ""),
    ],
)
def test_what_is_passed_over_is_said(folder, name, status, reason):
    source = read(folder / name, name, ignore=["*.bak"])
    assert (source.status, source.reason) == (status, reason)


def test_a_file_that_is_gone_is_reported(tmp_path):
    assert read(tmp_path / "gone.csv", "gone.csv").status == "error"


def test_names_that_are_no_utf8_are_read_as_chinese_and_none_hides_another(tmp_path):
    named = os.fsencode(tmp_path) + b"/"
    try:
        for name in ("客户.csv".encode("gbk"), "客户.csv".encode(), b"\xff\xff.csv"):
            Path(os.fsdecode(named + name)).write_bytes(b"a,b\n1,2\n")
    except OSError:
        pytest.skip("this disk takes no such name")
    found = discover(tmp_path)
    assert [name for name, _ in found] == ["\\xff\\xff.csv", "客户.csv", "客户.csv (2)"]
    assert {read(path, name).status for name, path in found} == {"read"}
