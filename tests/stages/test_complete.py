"""Blanks are filled only where the rules make it certain; anything less is proposed, and nothing is overwritten."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from cleanse.errors import UsageError
from cleanse.model import COMPLETION
from cleanse.project import load_project
from cleanse.stages.complete import Evidence, Plan, complete

CASES = tomllib.loads((Path(__file__).parent / "cases/complete.toml").read_text("utf-8"))["case"]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    (root / "cleanse.toml").write_text("[project]\nname = 'house'\n", "utf-8")
    return load_project(root)


ISSUES = ["rid", "entity", "field", "code", "severity"]


def completed(house, case):
    """The case's golden records completed: where nothing else is said, of each field the first value of its rows."""
    entity = house.entities["customer"]
    rows = pd.DataFrame(case["rows"]).rename_axis("rid")
    records = rows.reindex(columns=list(entity.stored)).astype("str")
    address = records.assign(source_file="a.csv", source_sheet="", source_row=records.index + 2)
    members = rows["golden"] if "golden" in rows else pd.Series(list("abcdefgh")[: len(rows)], index=rows.index)
    golden = records.groupby(members).first().reindex(members.unique()).astype("str").rename_axis("golden_id").reset_index()
    golden.insert(1, "rid", members.drop_duplicates().index)
    for cell in case.get("lost", []):
        golden.loc[golden["golden_id"] == cell.split()[0], cell.split()[1]] = None
    doubts = [[int(d.split()[0]), "customer", *d.split()[1:]] for d in case.get("doubts", [])]
    known = pd.DataFrame(case["lookup"]).astype("str") if "lookup" in case else None
    mobile = pd.Series({int(rid): place for rid, place in case["mobile"].items()}) if "mobile" in case else None
    plan = Plan(tuple(f"customer.{n}" for n in case["fields"].split()), accept=case.get("accept", 1.0))
    evidence = Evidence(address, members, pd.DataFrame(doubts, columns=ISSUES), known, mobile)
    return golden, complete(golden, entity, plan, house.words, evidence)


def lines(table, columns):
    return [" | ".join(map(str, row)) for row in table[columns].to_numpy().tolist()]


@pytest.mark.parametrize("case", CASES, ids=[c["says"] for c in CASES])
def test_a_blank_is_filled_or_proposed_with_its_evidence_and_nothing_else_moves(house, case):
    golden, done = completed(house, case)
    assert lines(done.changes, ["rid", "field", "after", "code", "rest"]) == case.get("filled", [])
    assert lines(done.issues, ["rid", "field", "note"]) == case.get("proposed", [])
    assert set(done.issues["code"]) <= {"completion_proposed"} and done.issues["value"].isna().all()
    stood = golden.notna()
    pd.testing.assert_frame_equal(done.golden[stood], golden[stood])
    at = done.golden.set_index("rid")
    assert all(at.loc[c["rid"], c["field"]] == c["after"] and pd.isna(c["before"]) for _, c in done.changes.iterrows())
    assert int((done.golden.notna() & ~stood).sum().sum()) == len(done.changes)
    assert (done.changes["from_rid"] == done.changes["rid"]).all() and set(done.changes["source_file"]) <= {"a.csv"}


def test_the_cases_ask_every_source():
    told = " ".join(line for case in CASES for line in [*case.get("filled", []), *case.get("proposed", [])])
    assert [s for s in COMPLETION if f"({s})" not in told] == []


def test_the_whole_run_completes_from_the_settings(run_flow, project, tmp_path):
    settings = '[project]\ntoday = "2025-06-30"\n[complete]\nfields = ["customer.province", "customer.industry"]\nlookup = "know.csv"\n'
    rows = [
        {"客户名称": "岚石机电有限公司", "手机": "13912345670", "市": "杭州市"},
        {"客户名称": "星渚有限公司", "座机": "0571-86543210"},
    ]
    root = project(tmp_path, {"a.csv": rows}, settings)
    (root / "know.csv").write_text("客户名称,行业\n星渚有限公司,教育\n", "utf-8")
    ran = run_flow(root)
    golden = ran.frame("golden/customer").set_index("name")
    assert golden.loc["岚石机电有限公司", "province"] == "浙江省"
    assert golden.loc["星渚有限公司", "industry"] == "教育"
    assert pd.isna(golden.loc["星渚有限公司", "province"])
    told = ran.changes[ran.changes["stage"] == "complete"]
    assert sorted(zip(told["code"], told["rest"], strict=True)) == [
        ("completed_above", "浙江省 (above); 江苏省 (mobile); 1.00"),
        ("completed_lookup", "教育 (lookup); 1.00"),
    ]
    proposed = ran.frame("ledger/issues").query("code == 'completion_proposed'")
    assert "浙江省 (area_code); 0.90" in set(proposed["note"])


def test_a_run_takes_what_other_rows_know_and_believes_no_code_that_is_wrong(run_flow, project, tmp_path):
    settings = '[project]\ntoday = "2025-06-30"\n[complete]\nfields = ["customer.province"]\naccept = 0.5\n'
    rows = [
        {"客户名称": "岚石机电有限公司", "手机": "13912345670", "座机": "0571-86543210"},
        {"客户名称": "岚石机电有限公司", "手机": "13912345670", "座机": "0571-86543210", "省": "江苏"},
        {"客户名称": "星渚软件有限公司", "统一社会信用代码": "91330106MA2X7K5P01"},
        {"客户名称": "云岫软件有限公司", "统一社会信用代码": "91330106MA2X7K5P0X"},
    ]
    ran = run_flow(project(tmp_path, {"a.csv": rows}, settings))
    golden = ran.frame("golden/customer").set_index("name")["province"]
    assert golden["岚石机电有限公司"] == "江苏省" and pd.isna(golden["星渚软件有限公司"])
    assert golden["云岫软件有限公司"] == "浙江省"
    told = ran.changes[ran.changes["stage"] == "complete"]
    assert told[["source_row", "field", "rest"]].to_numpy().tolist() == [[5, "province", "浙江省 (credit_code); 0.80"]]
    merged = ran.changes[(ran.changes["stage"] == "merge") & (ran.changes["after"] == "江苏省")]
    assert (merged["from_rid"] == 1).all()


LOOKUP = '[project]\nlanguage = "zh"\n[complete]\nfields = ["customer.industry"]\nlookup = "know.csv"\n'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("foo,bar\n1,2\n", "could fill no field"),
        ("客户名称,备注\n甲公司,好\n", "it needs a column of names or credit codes, and one of: customer.industry"),
        ("行业\n教育\n", "could fill no field"),
        ("", "cannot be read"),
    ],
)
def test_a_lookup_file_without_use_stops_the_run_before_it_begins(invoke, project, tmp_path, content, told):
    root = project(tmp_path, {"a.csv": [{"客户名称": "岚石机电有限公司"}]}, LOOKUP)
    (root / "know.csv").write_text(content, "utf-8")
    for verb in ("rules", "run"):
        ended = invoke(verb, "--project", root)
        assert ended.returncode in (2, 3) and told in ended.stderr and "know.csv" in ended.stderr and "错误：" in ended.stderr
        assert "map" not in ended.stderr.split("error:")[0]


def test_a_key_of_the_lookup_file_with_two_values_is_told_with_its_rows(invoke, project, tmp_path):
    root = project(tmp_path, {"a.csv": [{"客户名称": "岚石机电有限公司", "手机": "13912345670"}]}, LOOKUP)
    lines = ["客户名称,行业", "岚石机电有限公司,教育", "星渚软件有限公司,教育", "岚石机电有限公司,制造业", "星渚软件有限公司,教育"]
    (root / "know.csv").write_text("\n".join(lines) + "\n", "utf-8")
    ended = invoke("rules", "--project", root)
    assert ended.returncode == 0 and "know.csv:2, 4 customer.industry: 对照表中同一个名称" in ended.stdout
    assert invoke("run", "--project", root).returncode == 0
    assert "对照表中同一个名称" in (root / "out/latest/report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('fields = ["customer.provinse"]', "customer.province"),
        ('sources = ["area_cod"]', "area_code"),
        ("accept = 2.0", "accept"),
        ('lookup = "gone.csv"', "gone.csv"),
    ],
)
def test_faults_of_the_settings_are_named_with_their_line(tmp_path, line, told):
    (tmp_path / "cleanse.toml").write_text(f"[complete]\n{line}\n", "utf-8")
    with pytest.raises(UsageError) as raised:
        load_project(tmp_path)
    assert told in str(raised.value) and "cleanse.toml:2" in str(raised.value)
