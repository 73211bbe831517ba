"""Result files of targets, in the forms their makers describe, come back to the source rows they speak of."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import msoffcrypto
import openpyxl
import pandas as pd
import pytest

ROWS = [
    {"客户名称": "岚石机电有限公司", "联系人": "陆知行", "手机": "13912345670", "邮箱": "lu@lanshi.cn", "负责人": "王敏"},
    {"客户名称": "青禾食品有限公司", "联系人": "孟青", "手机": "13912345671", "邮箱": "meng@qinghe.cn", "负责人": "王敏"},
    {"客户名称": "云帆物流有限公司", "联系人": "程远", "手机": "13912345672", "邮箱": "cheng@yunfan.cn", "负责人": "王敏"},
]


@pytest.fixture()
def ran(invoke, project, tmp_path):
    def run(profile: str) -> Path:
        settings = f'[project]\nlanguage = "en"\ntoday = "2025-06-30"\n[target]\nprofile = "{profile}"\n'
        root = project(tmp_path / "p", {"a.csv": ROWS}, settings)
        assert invoke("run", "--project", root).returncode in (0, 1)
        return root

    return run


def written(root: Path, part: str) -> list[dict[str, str]]:
    path = next((root / "out" / "latest" / "migration").glob(f"*{part}*"))
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def save(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def corrections(path: Path) -> list[dict[str, str]]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_salesforce_failed_and_successful_results_with_columns_in_another_order(invoke, ran, tmp_path):
    root = ran("salesforce")
    sent = written(root, "Account")
    why = "FIELD_CUSTOM_VALIDATION_EXCEPTION:name is taken:Name --"
    failed = save(tmp_path / "failed.csv", [{**dict(reversed(sent[0].items())), "sf__Id": "", "sf__Error": why}])
    good = [{"sf__Id": f"001{n}", "sf__Created": "true", **row} for n, row in enumerate(sent[1:])]
    done = save(tmp_path / "successful.csv", good)
    told = invoke("results", failed, done, "--to", tmp_path / "c.xlsx", "--project", root)
    assert told.returncode == 1
    assert "Account: 3 sent, 2 taken, 1 refused, 0 not mentioned" in told.stdout
    (row,) = corrections(tmp_path / "c.xlsx")
    assert row["Reason"] == why and row["客户名称"] == sent[0]["Name"] and row["File"] == "a.csv"


def test_data_loader_success_and_error_files(invoke, ran, tmp_path):
    root = ran("salesforce")
    sent = written(root, "Account")
    save(tmp_path / "success.csv", [{"ID": f"001{n}", **row, "STATUS": "Item Created"} for n, row in enumerate(sent)])
    told = invoke("results", tmp_path / "success.csv", "--json", "--project", root)
    assert told.returncode == 0
    assert json.loads(told.stdout)["objects"]["Account"] == {"sent": 3, "taken": 3, "refused": 0, "unmentioned": 0}


def test_hubspot_error_file_has_code_and_reason_before_the_row(invoke, ran, tmp_path):
    root = ran("hubspot")
    sent = written(root, "companies")
    row = {"Error code": "INVALID_NUMBER", "Object type": "COMPANY", "Error reason": "not a number", **sent[1]}
    told = invoke("results", save(tmp_path / "e.csv", [row]), "--to", tmp_path / "c.xlsx", "--project", root)
    assert "companies: 3 sent, 0 taken, 1 refused, 2 not mentioned" in told.stdout
    assert corrections(tmp_path / "c.xlsx")[0]["Reason"] == "INVALID_NUMBER not a number"


def test_zoho_bulk_result_has_the_first_three_columns_and_a_status(invoke, ran, tmp_path):
    root = ran("generic")
    sent = [dict(list(row.items())[:3]) for row in written(root, "customer")]
    words = [("ADDED", "9001", ""), ("SKIPPED", "", "DUPLICATE_DATA-客户名称"), ("UPDATED", "9003", "")]
    rows = [{**row, "STATUS": s, "RECORD_ID": i, "ERRORS": e} for row, (s, i, e) in zip(sent, words, strict=True)]
    told = invoke("results", save(tmp_path / "r.csv", rows), "--to", tmp_path / "c.xlsx", "--project", root)
    assert "customer: 3 sent, 2 taken, 1 refused, 0 not mentioned" in told.stdout


def test_wukong_error_workbook_has_a_tip_row_and_no_key(invoke, ran, tmp_path):
    root = ran("wukong-11")
    path = next((root / "out" / "latest" / "migration").glob("*customer*"))
    _, head, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    book = openpyxl.Workbook()
    book.active.append(["注意事项：1、表头标“*”的为必填项"])
    book.active.append(["错误原因", *head])
    book.active.append(["数据与多条唯一性字段重复", *rows[0]])
    book.save(tmp_path / "error.xlsx")
    told = invoke("results", tmp_path / "error.xlsx", "--to", tmp_path / "c.xlsx", "--project", root)
    assert told.returncode == 1, told.stderr
    (row,) = corrections(tmp_path / "c.xlsx")
    assert row["Reason"] == "数据与多条唯一性字段重复" and row["客户名称"] in rows[0]


def test_rows_that_were_never_sent_are_named_and_the_rest_counts(invoke, ran, tmp_path):
    root = ran("salesforce")
    sent = written(root, "Account")
    key = next(k for k in sent[0] if "Cleanse" in k)
    rows = [{**sent[0], "ERROR": "x"}, {**sent[1], key: "C-000000000000", "ERROR": "y"}]
    told = invoke("results", save(tmp_path / "e.csv", rows), "--to", tmp_path / "c.xlsx", "--project", root)
    assert told.returncode == 1 and "e.csv row 3" in told.stdout
    assert "3 sent, 0 taken, 1 refused, 2 not mentioned" in told.stdout


def test_a_file_that_is_no_result_file_is_refused_in_three_lines(invoke, ran, tmp_path):
    root = ran("salesforce")
    told = invoke("results", save(tmp_path / "x.csv", [{"A": "1", "B": "2"}]), "--project", root)
    assert told.returncode == 3 and "results.tsv" in told.stderr and "Traceback" not in told.stderr


def test_the_corrections_are_input_for_the_next_run(invoke, ran, tmp_path, project, run_flow):
    root = ran("salesforce")
    save(tmp_path / "e.csv", [{**written(root, "Account")[0], "ERROR": "x"}])
    (root / "corrections").mkdir()
    invoke("results", tmp_path / "e.csv", "--to", root / "corrections" / "c.xlsx", "--project", root)
    again = project(tmp_path / "again", {})
    (again / "files" / "c.xlsx").write_bytes((root / "corrections" / "c.xlsx").read_bytes())
    golden = run_flow(again).frame("golden/customer")
    assert len(golden) == 1 and golden["name"].iloc[0] in {row["客户名称"] for row in ROWS}


def test_a_result_file_is_read_as_the_sources_are(invoke, ran, tmp_path):
    root = ran("salesforce")
    answer = save(tmp_path / "e.csv", [{**written(root, "Account")[0], "ERROR": "x"}])
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as packed:
        packed.write(answer, "job/e.csv")
    told = invoke("results", tmp_path / "e.zip", "--to", tmp_path / "c.xlsx", "--project", root)
    assert told.returncode == 1 and "1 refused" in told.stdout, told.stderr
    table = pd.read_csv(answer, dtype="str")
    with io.BytesIO() as plain, (tmp_path / "locked.xlsx").open("wb") as locked:
        table.to_excel(plain, index=False)
        msoffcrypto.OfficeFile(plain).encrypt("geheim", locked)
    told = invoke("results", tmp_path / "locked.xlsx", "--project", root)
    assert told.returncode == 3 and "password" in told.stderr and "to do: " in told.stderr
    (tmp_path / "passwords.txt").write_text("geheim\n", "utf-8")
    given = ("--password-file", tmp_path / "passwords.txt", "--to", tmp_path / "c.xlsx")
    assert invoke("results", tmp_path / "locked.xlsx", *given, "--project", root).returncode == 1
    with (root / "cleanse.toml").open("a", encoding="utf-8") as file:
        file.write("[reading]\ncells = 5\n")
    told = invoke("results", tmp_path / "locked.xlsx", *given, "--project", root)
    assert told.returncode == 3 and "limits of reading" in told.stderr


def test_result_files_handed_in_one_by_one_add_up_and_refused_rows_are_named(invoke, ran, tmp_path):
    root = ran("salesforce")
    sent = written(root, "Account")
    first = save(tmp_path / "1.csv", [{**sent[0], "ERROR": f"taken already: {sent[0]['Name']}"}])
    told = invoke("results", first, "--to", tmp_path / "c.xlsx", "--project", root)
    assert "1 refused: taken already: ***" in told.stdout and sent[0]["Name"] not in told.stdout
    assert "  a.csv!" in told.stdout
    good = [{"sf__Id": f"001{n}", "sf__Created": "true", **row} for n, row in enumerate(sent[1:])]
    second = save(tmp_path / "2.csv", good)
    (root / "files" / "corrections.xlsx").write_bytes((tmp_path / "c.xlsx").read_bytes())  # the sources are others now
    told = invoke("results", second, "--to", tmp_path / "c.xlsx", "--project", root)
    assert "Account: 3 sent, 2 taken, 1 refused, 0 not mentioned" in told.stdout
    assert told.returncode == 1 and "no workbook of the refused rows" in told.stdout
    run = (root / "out" / "latest").resolve().name
    again = save(tmp_path / "3.csv", [{"sf__Id": "0019", "sf__Created": "true", **sent[0]}])
    told = invoke("results", again, "--run", run, "--project", root)
    assert told.returncode == 0 and "3 taken, 0 refused" in told.stdout, "the last word on a row counts"


def test_an_export_that_was_replaced_since_the_run_is_said_so(invoke, project, tmp_path):
    settings = '[project]\nlanguage = "en"\ntoday = "2025-06-30"\n[target]\nprofile = "salesforce"\nexisting = { Account = "crm.csv" }\n'
    root = project(tmp_path / "p", {"a.csv": ROWS}, settings)
    (root / "crm.csv").write_text(f"Id,Cleanse_Id__c,Name,Phone\n001A,,{ROWS[0]['客户名称']},\n", "utf-8")
    assert invoke("run", "--project", root).returncode in (0, 1)
    answer = save(tmp_path / "e.csv", [{**written(root, "Account_update")[0], "ERROR": "x"}])
    told = invoke("results", answer, "--to", tmp_path / "c.xlsx", "--project", root)
    assert "1 refused" in told.stdout, "a row that goes by the target's own id is known too"
    (root / "crm.csv").write_text("Id,Cleanse_Id__c,Name,Phone\n", "utf-8")
    told = invoke("results", answer, "--project", root)
    assert told.returncode == 2 and "no longer the one the run compared with" in told.stderr
