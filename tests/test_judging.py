"""The sample as a person judges it: source beside target, back into a verdict with its bound; and the summary for CI."""

from __future__ import annotations

import json
import subprocess

import openpyxl
import pytest

ROWS = [
    {"客户名称": f"岚石{n}号机电有限公司", "联系人": "陆知行", "手机": f"139 1234 {5000 + n}", "爱好": "围棋"}
    for n in range(70)
]


@pytest.fixture()
def ran(invoke, project, tmp_path):
    settings = '[project]\nlanguage = "en"\ntoday = "2025-06-30"\n[trial]\nrows = 60\n'
    root = project(tmp_path / "p", {"a.csv": ROWS}, settings)
    assert invoke("run", "--project", root).returncode == 0
    return root


def book_of(root):
    return root / "out" / "latest" / "trial.xlsx"


def judge(path, verdict, other=None, to=None):
    """Choose ``verdict`` in the first line of each record, ``other`` for some by their number."""
    book = openpyxl.load_workbook(path)
    sheet, seen = book.worksheets[0], set()
    for row in sheet.iter_rows(min_row=2):
        if row[0].value not in seen:
            seen.add(row[0].value)
            row[1].value = (other or {}).get(row[0].value, verdict)
    book.save(to or path)
    return seen


def test_every_sampled_record_stands_there_with_source_and_target_cell_by_cell(ran):
    head, *rows = openpyxl.load_workbook(book_of(ran)).worksheets[0].iter_rows(values_only=True)
    lines = [dict(zip(head, row, strict=True)) for row in rows]
    assert len({line["Key"] for line in lines}) == 60
    first = [line for line in lines if line["No."] == "1"]
    phone = next(line for line in first if line["In the sources"] and line["In the sources"].startswith("139 1234"))
    assert phone["Migrated"] == phone["In the sources"].replace(" ", "")
    kept = next(line for line in first if line["Field"] == "爱好")
    assert kept["In the sources"] == "围棋" and kept["Migrated"] is None, "what no column takes is seen too"
    assert first[0]["Source rows"].startswith("a.csv!")


def test_all_right_proves_the_claim_and_is_kept_with_the_run(invoke, ran):
    judge(book_of(ran), "right")
    told = invoke("trial", "--judged", book_of(ran), "--who", "王敏", "--project", ran)
    assert told.returncode == 0, told.stderr
    assert "Of 60 records drawn at random 0 were wrong" in told.stdout
    kept = json.loads((ran / "out" / "latest" / "judged.json").read_text("utf-8"))
    assert kept["who"] == "王敏" and kept["seen"] == 60 and kept["verdict"]["lower_bound"] > 0.95


def test_wrong_ones_lower_the_bound_and_a_wrong_cell_makes_its_record_wrong(invoke, ran):
    judge(book_of(ran), "对", {"3": "错"})
    book = openpyxl.load_workbook(book_of(ran))
    sheet = book.worksheets[0]
    cell = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "5" and row[1].value is None)
    cell[1].value = "wrong"
    book.save(book_of(ran))
    told = invoke("trial", "--judged", book_of(ran), "--who", "x", "--json", "--project", ran)
    verdict = json.loads(told.stdout)
    assert told.returncode == 1 and verdict["errors"] == 2 and verdict["result"] == "reject"


def test_what_was_not_looked_at_proves_nothing(invoke, ran):
    judge(book_of(ran), None, {"1": "right", "2": "right"})
    told = invoke("trial", "--judged", book_of(ran), "--who", "x", "--json", "--project", ran)
    assert told.returncode == 1 and json.loads(told.stdout)["n"] == 2


def test_words_that_say_nothing_are_named_with_their_row(invoke, ran):
    judge(book_of(ran), "right", {"1": "maybe"})
    told = invoke("trial", "--judged", book_of(ran), "--who", "x", "--project", ran)
    assert told.returncode == 1 and "not read: row 2: 'maybe'" in told.stdout


def test_another_runs_workbook_is_refused(invoke, ran, tmp_path):
    judge(book_of(ran), "right", to=tmp_path / "old.xlsx")
    (ran / "files" / "a.csv").write_text("客户名称\n青禾食品有限公司\n", "utf-8")
    invoke("run", "--project", ran)
    told = invoke("trial", "--judged", tmp_path / "old.xlsx", "--who", "x", "--project", ran)
    assert told.returncode == 2 and "not of this run's sample" in told.stderr


def test_a_round_trip_through_libreoffice(invoke, ran, tmp_path, office):
    judge(book_of(ran), "right", to=tmp_path / "trial.xlsx")
    subprocess.run([office, "--headless", "--convert-to", "ods", "--outdir", tmp_path, tmp_path / "trial.xlsx"], check=True,
                   capture_output=True)  # fmt: skip
    told = invoke("trial", "--judged", tmp_path / "trial.ods", "--who", "x", "--project", ran)
    assert told.returncode == 0, told.stderr


def test_the_summary_for_ci_says_the_verdict_and_where_every_row_went(invoke, ran, tmp_path):
    page = tmp_path / "summary.md"
    page.write_text("# Job\n", "utf-8")
    assert invoke("trial", "--summary", page, "--project", ran).returncode == 0
    text = page.read_text("utf-8")
    assert text.startswith("# Job\n## ✅ Trial load: accepted")
    assert "| Customer | 70 | 70 | 0 | 0 | 0 |" in text
    assert "139" not in text, "no value of a person"
