"""Unknown words become rule lines only by a person's choice: out to a workbook, back as a diff, then in force."""

from __future__ import annotations

import subprocess

import openpyxl
import pytest

ROWS = [
    {"客户名称": "岚石机电有限公司", "行业": "软件研发服务", "爱好": "围棋"},
    {"客户名称": "青禾食品有限公司", "行业": "软件研发服务"},
    {"客户名称": "云帆物流有限公司", "行业": "占星命理"},
    {"客户名称": "海棠百货有限公司", "行业": "批发零售"},
]


@pytest.fixture()
def ran(invoke, project, tmp_path):
    root = project(tmp_path / "p", {"a.csv": ROWS})
    assert invoke("run", "--project", root).returncode == 0
    return root


def test_lines_to_paste_the_most_frequent_first_and_only_certain_ones_in_force(invoke, ran):
    told = invoke("rules", "suggest", "--project", ran).stdout
    assert "\n信息技术\t软件研发服务\n" in told
    assert "# 2 x 软件研发服务 (a.csv!2)" in told
    assert told.index("软件研发服务") < told.index("占星命理")
    assert not any(line.endswith("\t占星命理") and not line.startswith("#") for line in told.splitlines())
    assert "# 1 x 爱好 (a.csv)" in told, "a column that nobody takes is asked for too"


def choose(path, choices):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=2):
        if row[2].value in choices:
            row[3].value = choices[row[2].value]
    book.save(path)


def test_choices_come_back_as_a_diff_and_are_written_only_when_asked(invoke, ran, tmp_path):
    book = tmp_path / "rules.xlsx"
    assert invoke("rules", "suggest", book, "--project", ran).returncode == 0
    choose(book, {"软件研发服务": "信息技术", "占星命理": "占星命理", "爱好": "customer.need"})
    shown = invoke("rules", "learn", book, "--project", ran)
    assert shown.returncode == 0
    assert "+信息技术\t软件研发服务\n" in shown.stdout
    assert "+customer.need\t爱好\n" in shown.stdout
    assert "+占星命理\n" in shown.stdout, "the word itself chosen: the list grows"
    assert not (ran / "rules").exists()
    assert invoke("rules", "learn", book, "--yes", "--project", ran).returncode == 0
    assert "制造业" in (ran / "rules" / "picklists" / "industry.tsv").read_text("utf-8"), "the shipped values stay"
    assert invoke("rules", "--project", ran).returncode == 0
    assert invoke("run", "--project", ran).returncode == 0
    assert invoke("rules", "suggest", "--project", ran).stdout.strip() == ""
    again = invoke("rules", "learn", book, "--yes", "--project", ran)
    assert again.returncode == 2 and "no new choice" in again.stderr and "not read" not in again.stdout


def test_a_choice_that_was_not_offered_is_named_with_its_line(invoke, ran, tmp_path):
    book = tmp_path / "rules.xlsx"
    invoke("rules", "suggest", book, "--project", ran)
    choose(book, {"占星命理": "航天"})
    told = invoke("rules", "learn", book, "--project", ran)
    assert told.returncode == 1
    assert "not read: row 4: '航天' is not offered" in told.stdout and "“航天”不在选项里" in told.stdout


def test_another_workbook_is_refused_in_three_lines(invoke, ran, tmp_path):
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    told = invoke("rules", "learn", tmp_path / "other.xlsx", "--project", ran)
    assert told.returncode == 3 and "rules suggest" in told.stderr and "Traceback" not in told.stderr


def test_a_column_nobody_needs_and_a_word_on_two_lines(invoke, project, tmp_path):
    rows = [{"客户名称": "岚石机电有限公司", "行业": "占星 命理", "爱好": "围棋"}, {"客户名称": "青禾食品有限公司", "行业": "占星\n命理"}]
    root, book = project(tmp_path / "p", {"a.csv": rows}), tmp_path / "rules.xlsx"
    invoke("run", "--project", root)
    invoke("rules", "suggest", book, "--project", root)
    choose(book, {"占星 命理": "其他", "占星\n命理": "商务服务", "爱好": "-"})
    told = invoke("rules", "learn", book, "--yes", "--project", root)
    assert "+-\t爱好\n" in told.stdout and "another line gives this word the meaning" in told.stdout
    lines = (root / "rules/lexicons/synonyms/industry.tsv").read_text("utf-8").splitlines()
    assert len(lines) == 1 and lines[0].endswith("\t占星 命理")
    assert invoke("rules", "--project", root).returncode == 0
    assert invoke("run", "--project", root).returncode == 0
    assert invoke("rules", "suggest", "--project", root).stdout.strip() == ""


def test_what_people_corrected_in_a_returned_workbook_is_a_line_to_accept(invoke, project, tmp_path):
    rows = [{"联系人": "顾念慈", "行业": "占星命理"}, {"客户名称": "青禾食品有限公司", "行业": "占星命理"}]
    root, back = project(tmp_path / "p", {"a.csv": rows}), tmp_path / "p/files/back.xlsx"
    assert "# 2 x 占星命理 (a.csv!2)" in suggested(invoke, root)
    book = openpyxl.load_workbook(root / "out/latest/parked.xlsx")
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, at["客户名称"]).value = "岚石咨询有限公司"
        sheet.cell(row, at["行业"]).value = "商务服务"
    book.save(back)
    told = suggested(invoke, root)
    assert "# 2 x 占星命理 (a.csv!2): 商务服务 (a person corrected it so)\n商务服务\t占星命理\n" in told
    book = tmp_path / "rules.xlsx"
    invoke("rules", "suggest", book, "--project", root)
    assert openpyxl.load_workbook(book).worksheets[0]["D2"].value == "商务服务"
    shown = invoke("rules", "learn", book, "--yes", "--project", root)
    assert shown.returncode == 0 and "+商务服务\t占星命理\n" in shown.stdout
    assert "占星命理" not in suggested(invoke, root)


def suggested(invoke, root):
    invoke("run", "--project", root)
    return invoke("rules", "suggest", "--project", root).stdout


@pytest.mark.parametrize("form", ["xlsx", "ods", "xls"])
def test_a_workbook_saved_by_libreoffice_says_the_same(invoke, ran, tmp_path, office, form):
    book = tmp_path / "rules.xlsx"
    invoke("rules", "suggest", book, "--project", ran)
    choose(book, {"软件研发服务": "信息技术", "占星命理": "占星命理", "爱好": "customer.need"})
    profile = f"-env:UserInstallation=file://{tmp_path}/office"
    told = [office, profile, "--headless", "--convert-to", form, "--outdir", tmp_path / "saved", book]
    subprocess.run(told, check=True, capture_output=True, timeout=120)
    shown = invoke("rules", "learn", tmp_path / f"saved/rules.{form}", "--project", ran)
    assert shown.returncode == 0 and shown.stdout == invoke("rules", "learn", book, "--project", ran).stdout
