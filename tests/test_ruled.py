"""Rules of the project's own, from their file to the ledger, the parked rows, the trace and the gate."""

from __future__ import annotations

import pandas as pd
import pytest
from click.testing import CliRunner

from cleanse.cli import cleanse

ROWS = [
    {"客户名称": "杭州岚石机电有限公司", "联系人": "顾念慈", "负责人": "陆知行", "首次联系日期": "2024-01-01"},
    {"客户名称": "宁波星渚软件有限公司", "联系人": "林知远", "手机": "13912345671", "负责人": "陆知行"},
]
AGAIN = [{"客户名称": "宁波星渚软件有限公司", "联系人": "林知远", "手机": "13912345671", "负责人": "王敏"}]
RULES = """
[[rule]]
code = "unreachable"
entity = "customer"
any = ["phone is filled", "contact.mobile is filled"]
severity = "error"
zh = "没有任何电话"
cure_zh = "请补上电话"

[[rule]]
code = "owners_differ"
entity = "customer"
same = "owner"
per = "customer"
zh = "有多个负责人"
"""
SETTINGS = '[project]\nname = "t"\nlanguage = "zh"\ntoday = "2025-06-30"\n[gate]\nmax_parked = 1.0\ntrial = false\n'


@pytest.fixture(scope="module")
def root(tmp_path_factory, request):
    from tests.conftest import write_project

    root = write_project(
        tmp_path_factory.mktemp("ruled"),
        {"a.csv": ROWS, "b.csv": AGAIN},
        SETTINGS + "max_errors = 1\nmax_warnings = 0\n",
    )
    (root / "rules/checks").mkdir(parents=True)
    (root / "rules/checks/ours.toml").write_text(RULES, "utf-8")
    return root


@pytest.fixture(scope="module")
def ran(root):
    return CliRunner().invoke(cleanse, ["run", "--project", str(root)])


def test_failures_are_in_the_ledger_with_their_rows(root, ran):
    issues = pd.read_parquet(root / "out/latest/ledger/issues.parquet")
    rows = pd.read_parquet(root / "out/latest/ledger/rows.parquet").query("entity == 'customer'")
    mine = issues[issues["code"].isin(["unreachable", "owners_differ"])].merge(
        rows[["rid", "source_file", "source_row"]], on="rid"
    )
    assert mine[["source_file", "source_row", "field", "code", "severity"]].to_numpy().tolist() == [
        ["a.csv", 2, "phone", "unreachable", "error"],
        ["a.csv", 3, "owner", "owners_differ", "warning"],
        ["b.csv", 2, "owner", "owners_differ", "warning"],
    ]


def test_an_error_parks_the_customer_and_its_contact_with_the_rules_own_words(root, ran):
    parked = pd.read_excel(root / "out/latest/parked.xlsx", dtype=str, engine="calamine")
    assert parked.loc[parked["对象"] == "customer", ["原因", "怎么办"]].to_numpy().tolist() == [
        ["没有任何电话", "请补上电话"]
    ]
    assert len(parked) == 2
    assert "没有任何电话" in (root / "out/latest/report.html").read_text("utf-8")


def test_the_gate_counts_by_severity(ran):
    assert ran.exit_code == 1
    assert "未解决的警告 1 处，多于 0" in ran.output and "未解决的错误" not in ran.output


def test_the_trace_says_it_in_words(root, ran):
    told = CliRunner().invoke(cleanse, ["trace", "a.csv!2", "--project", str(root)]).output
    assert "customer.phone:   没有任何电话" in told


def test_a_mistake_in_a_rule_stops_the_run_with_file_line_and_cure(root, ran):
    path = root / "rules/checks/ours.toml"
    path.write_text(RULES.replace("phone is", "phonee is"), "utf-8")
    told = CliRunner().invoke(cleanse, ["rules", "--project", str(root)])
    assert told.exit_code == 2
    assert "ours.toml:5" in told.output and "did you mean 'phone'?" in told.output
