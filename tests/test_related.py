"""Head office and branch: from a reviewer's word, or a name that is certain, to a link in the target, and back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from cleanse.cli import cleanse
from cleanse.project import DECISIONS
from cleanse.review import decisions
from cleanse.runs.trace import trace
from tests.test_reviewers import exported, fill, ran, taken

ROWS = [
    {"客户名称": "浙江岚石控股集团有限公司", "座机": "0571-86543210", "联系人": "顾念慈"},
    {"客户名称": "杭州岚石机电有限公司", "座机": "0571-86543210", "联系人": "周牧"},
    {"客户名称": "杭州星渚软件有限公司宁波分公司", "座机": "0574-87654321", "联系人": "林知远"},
    {"客户名称": "杭州星渚软件有限公司", "座机": "0571-85550001", "联系人": "陆知行"},
]
GROUP, CHILD, BRANCH, HEAD = (row["客户名称"] for row in ROWS)


@pytest.fixture()
def root(project, tmp_path) -> Path:
    return project(tmp_path / "p", {"a.csv": ROWS}, '\n[target]\nprofile = "salesforce"\n')


def accounts(folder: Path) -> list[pd.DataFrame]:
    """The account files in their order, by name: the key and the link."""
    paths = sorted((folder / "migration").glob("1_Account_*.csv"))
    return [pd.read_csv(p, dtype=str).set_index("Name")[["Cleanse_Id__c", "Parent.Cleanse_Id__c"]] for p in paths]


def links(folder: Path) -> dict[str, str]:
    """Name -> name of the customer above it, as the files say it."""
    table = pd.concat(accounts(folder))
    called = pd.Series(table.index, index=table["Cleanse_Id__c"])
    return table["Parent.Cleanse_Id__c"].dropna().map(called).to_dict()


def test_a_name_that_is_certain_and_a_reviewers_word_become_links_parents_in_an_earlier_file(root):
    folder = ran(root)
    assert links(folder) == {BRANCH: HEAD}
    first, second = accounts(folder)
    assert set(first.index) == {GROUP, CHILD, HEAD} and list(second.index) == [BRANCH]
    book = exported(root, "d.xlsx")
    pages = pd.read_excel(book, sheet_name="相关不同", dtype=str, engine="calamine")
    order = pages.loc[pages["客户名称"].isin([GROUP, CHILD]), "客户名称"].tolist()
    other = next(name for name in order[1:])
    found = taken(root, fill(book, "相关不同", "决定", {("客户名称", other): "下级机构"}), "王敏")
    assert (found.decisions, found.unread) == (1, ())
    folder = ran(root)
    assert links(folder) == {BRANCH: HEAD, other: order[0]}
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert not [line for line in report["preflight"] if line["severity"] == "error"]


def test_a_link_is_traced_both_ways(root):
    folder = ran(root)
    told = trace(folder, "a.csv!4")
    changes = pd.read_parquet(folder / "ledger" / "changes.parquet").query("field == 'parent_id'")
    (line,) = changes.to_dict("records")
    golden = pd.read_parquet(folder / "golden" / "customer.parquet").set_index("name")
    assert (line["source_row"], line["after"], line["code"]) == (4, golden.loc[HEAD, "golden_id"], "parent_by_name")
    assert line["from_rid"] == golden.loc[HEAD, "rid"]
    assert [c["after"] for c in told["changes"] if c["field"] == "parent_id"] == [line["after"]]


def test_said_apart_or_withdrawn_the_link_is_gone_from_the_target_too(root):
    settings = root / "cleanse.toml"
    settings.write_text(settings.read_text("utf-8").replace('profile = "salesforce"', 'profile = "generic"'), "utf-8")

    def loaded() -> list[tuple[str, str | None]]:
        for args in (["run"], ["approve"], ["load", "--to", "sqlite:///crm.db"]):
            ended = CliRunner().invoke(cleanse, [*args, "--project", str(root)])
            assert ended.exit_code == 0, ended.output
        with closing(sqlite3.connect(root / "crm.db")) as connection:
            sql = "SELECT a.name, b.name FROM customer a JOIN customer b ON a.parent_id = b.golden_id"
            return connection.execute(sql).fetchall()

    assert loaded() == [(BRANCH, HEAD)]
    book = exported(root, "d.xlsx")
    pages = pd.read_excel(book, sheet_name="相关不同", dtype=str, engine="calamine")
    order = pages.loc[pages["客户名称"].isin([BRANCH, HEAD]), "客户名称"].tolist()
    taken(root, fill(book, "相关不同", "决定", {("客户名称", order[1]): "不是重复"}), "王敏")
    assert loaded() == []
    (said,) = decisions.read(root / DECISIONS)
    decisions.append(root / DECISIONS, [replace(said, verdict="withdrawn")])
    assert loaded() == [(BRANCH, HEAD)]
