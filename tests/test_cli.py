"""The command line as users, scripts and CI meet it: exit codes, words instead of tracebacks, every verb."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

ROWS = [
    {"客户名称": "杭州星渚软件有限公司", "联系人": "林知远", "手机": "139 1234 5670", "邮箱": "LIN@XINGZHU.CN", "市": "杭州"},
    {"客户名称": "星渚软件（杭州）有限公司", "联系人": "顾念慈", "手机": "13912345670"},
    {"客户名称": "苏州岚石机电设备股份有限公司", "联系人": "何以安", "手机": "13812345671", "座机": "0512-65432109"},
    {"客户名称": "苏州岚石机电设备有限公司", "联系人": "陶谦", "手机": "13812345672", "爱好": "围棋"},
]  # fmt: skip
VERBS = ("init", "scan", "run", "trial", "review", "trace", "report", "runs", "rules")


def test_help_answers_at_once_and_names_every_verb(command):
    command("--help")  # byte code is written once
    start = time.perf_counter()
    done = command("--help")
    assert time.perf_counter() - start < 0.3
    assert done.returncode == 0 and all(verb in done.stdout for verb in VERBS)


def test_every_verb_has_its_own_help(command):
    for verb in VERBS:
        assert command(verb, "--help").returncode == 0


def test_a_run_leaves_everything_the_design_names(command, project, tmp_path):
    root = project(tmp_path, {"a.csv": ROWS})
    done = command("run", "--project", root)
    assert done.returncode == 0, done.stderr
    folder = root / "out" / "latest"
    for name in (
        "migration/1_customer_001.csv", "migration/2_contact_001.csv", "parked.xlsx", "duplicates.xlsx", "report.html",
        "report.json", "junit.xml", "ledger/rows.parquet", "ledger/changes.parquet", "ledger/files.parquet",
        "ledger/issues.parquet", "records/customer.parquet", "golden/contact.parquet", "pairs.parquet", "clusters.parquet",
        "run.sqlite", "manifest.json",
    ):  # fmt: skip
        assert (folder / name).is_file(), name
    assert "4 行 = 迁移 3 + 并入 1" in done.stdout


def test_the_summary_for_machines(command, project, tmp_path):
    found = json.loads(command("run", "--json", "--project", project(tmp_path, {"a.csv": ROWS})).stdout)
    assert found["exit_code"] == 0 and found["balance"]["customer"]["rows"] == 4
    assert found["trial"]["result"] == "accept" and found["findings"] == []


def test_findings_above_the_gate_end_with_1(command, project, tmp_path):
    root = project(tmp_path, {"a.csv": [{"手机": "13912345670"}, {"手机": "13912345671"}]})
    done = command("run", "--project", root)
    assert done.returncode == 1 and "超过门槛" in done.stdout


def test_a_damaged_source_ends_with_3_and_the_rest_is_done(command, project, tmp_path):
    root = project(tmp_path, {"a.csv": ROWS})
    (root / "files" / "坏.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    done = command("run", "--project", root)
    assert done.returncode == 3 and "坏.xlsx" in done.stdout and "4 行" in done.stdout


def broken(root: Path, name: str) -> list[object]:
    """Wrong uses: the arguments, after what makes them wrong."""
    config = root / "cleanse.toml"
    if name == "missing file":
        return ["run", root / "nowhere.xlsx", "--project", root]
    if name == "no configuration":
        config.unlink()
    elif name == "unknown key":
        config.write_text(config.read_text("utf-8").replace("[sources]", "[sorces]"), "utf-8")
    elif name == "not toml":
        config.write_text("[project", "utf-8")
    elif name == "unwritable out":
        (root / "out").write_text("a file, no folder", "utf-8")
    elif name == "no run yet":
        return ["report", "--project", root]
    elif name == "wrong address":
        return ["trace", "a.csv", "--project", root]
    return ["run", "--project", root]


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("missing file", 2, "nowhere.xlsx"),
        ("no configuration", 2, "cleanse init"),
        ("unknown key", 2, "did you mean 'sources'?"),
        ("not toml", 2, "not valid TOML"),
        ("unwritable out", 4, "--out"),
        ("no run yet", 2, "no run 'latest' here"),
        ("wrong address", 2, "no run 'latest' here"),
    ],
)
def test_wrong_use_gets_words_and_no_traceback(command, project, tmp_path, name, code, word):
    done = command(*broken(project(tmp_path, {"a.csv": ROWS}), name))
    assert done.returncode == code, done.stdout + done.stderr
    assert word in done.stderr and "Traceback" not in done.stderr


def test_an_output_folder_of_no_name_is_said_at_once(command, project, tmp_path):
    out = Path(os.fsdecode(os.fsencode(tmp_path) + "/客户".encode("gbk")))
    done = command("run", "--project", project(tmp_path, {"a.csv": ROWS}), "--out", out)
    assert done.returncode == 2 and "--out" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_an_empty_folder_is_said_and_no_fault_of_ours(command, project, tmp_path):
    done = command("run", "--project", project(tmp_path, {}))
    assert done.returncode == 1 and "没有可以导入的记录" in done.stdout and "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "gbk"])
def test_a_stream_that_knows_no_such_character_ends_nothing(project, tmp_path, encoding):
    root = project(tmp_path, {"a.csv": [*ROWS, {"客户名称": "𠮷祥堂é株式会社", "联系人": "何以安"}]})
    script = [sys.executable, "-m", "cleanse", "scan", "--project", str(root)]
    done = subprocess.run(script, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "客户名称" in done.stdout.decode("gbk" if encoding == "gbk" else "utf-8", "replace")


def test_a_reader_that_has_seen_enough_ends_nothing(project, tmp_path):
    root = project(tmp_path, {f"{n}.csv": ROWS for n in range(40)})
    script = [sys.executable, "-u", "-m", "cleanse", "scan", "--project", str(root)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert b"refused" not in said and b"Traceback" not in said and b"Exception" not in said, said
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_ends_with_4(command, project, tmp_path):
    root = project(tmp_path, {"a.csv": ROWS * 50})
    script = "ulimit -f 8; exec " + " ".join([sys.executable, "-m", "cleanse", "run", "--project", str(root)])
    done = subprocess.run(["bash", "-c", f"trap '' XFSZ; {script}"], capture_output=True, text=True, check=False)
    assert done.returncode == 4 and "Traceback" not in done.stderr, done.stderr
    assert not (root / "out" / "latest").exists()


@pytest.mark.parametrize(("header", "language"), [("Company", "en"), ("客户名称", "zh")])
def test_init_speaks_the_language_of_the_headers(command, tmp_path, header, language):
    (tmp_path / "a.csv").write_text(f"{header},Phone\nHarbor Trading LLC,+1 415 555 2671\n", "utf-8")
    assert command("init", tmp_path).returncode == 0
    assert f'language = "{language}"' in (tmp_path / "cleanse.toml").read_text("utf-8")


def test_init_then_scan_then_run(command, tmp_path, project):
    folder = project(tmp_path, {"a.csv": ROWS}) / "files"
    assert command("init", folder).returncode == 0
    assert '"客户名称" = "customer.name"' in (folder / "cleanse.toml").read_text("utf-8")
    assert '# "爱好" = "-"' in (folder / "cleanse.toml").read_text("utf-8")
    assert command("init", folder).returncode == 2
    scanned = command("scan", "--project", folder)
    assert "手机 → contact.mobile（100%" in scanned.stdout
    for _ in range(2):  # the second run meets the project's own files and the first run's folder
        (folder / "decisions.jsonl").touch()
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "note.csv").write_text("客户名称,手机\n甲乙丙丁有限公司,13912345670\n", "utf-8")
        assert command("run", "--project", folder).returncode == 0
    seen = pd.read_parquet(folder / "out" / "latest" / "ledger" / "files.parquet").set_index("source_file")["status"]
    assert seen.to_dict() == {
        "a.csv": "read", "cleanse.toml": "ignored", "decisions.jsonl": "ignored", "rules/note.csv": "ignored"
    }  # fmt: skip


def test_scan_looks_at_files_without_a_project_and_says_how_to_go_on(command, project, tmp_path):
    folder = project(tmp_path, {"a.csv": ROWS}) / "files"
    for path in (folder, folder / "a.csv"):
        scanned = command("scan", path, cwd=folder)
        assert scanned.returncode == 0 and "手机 → contact.mobile（100%" in scanned.stdout, scanned.stderr
        assert f"cleanse init {folder}" in scanned.stdout and [p.name for p in folder.iterdir()] == ["a.csv"]
    assert command("init", folder).returncode == 0
    again = command("scan", folder, cwd=tmp_path.parent)
    assert again.returncode == 0 and "cleanse init" not in again.stdout
    missing = command("scan", folder / "b.csv", cwd=folder)
    assert missing.returncode == 2 and "Traceback" not in missing.stderr


def test_a_persons_word_on_a_column_stands(command, project, tmp_path, run_flow):
    settings = '[project]\nlanguage = "en"\n[[mapping]]\nsource = "a*"\ncolumns = { "爱好" = "customer.note" }\n'
    root = project(tmp_path, {"a.csv": ROWS}, settings)
    ran = run_flow(root)
    assert "围棋" in set(ran.frame("records/customer")["note"].dropna())


def test_trace_tells_a_row_and_a_golden_record(command, project, tmp_path):
    root = project(tmp_path, {"a.csv": ROWS})
    command("run", "--project", root)
    told = command("trace", "a.csv!D2", "--project", root)
    assert "139 1234 5670 -> 13912345670" in told.stdout
    golden = re.search(r"customer .*(C-[0-9a-f]{12})", told.stdout)
    assert golden and "a.csv!3" in command("trace", golden[1], "--project", root).stdout


def test_trace_tells_the_life_of_one_cell_and_the_way_back(command, project, tmp_path):
    rows = [
        {"客户名称": "杭州星渚包装材料有限公司", "联系人": "林知远 13912345670", "市": "浙江省杭州市", "爱好": "围棋"},
        {"客户名称": "杭州星渚包装材料有限公司", "联系人": "林知远", "手机": "13912345670", "座机": "0571-86543210"},
    ]
    root = project(tmp_path, {"a.csv": rows})
    command("run", "--project", root)
    cell = json.loads(command("trace", "a.csv!C2", "--json", "--project", root).stdout)
    assert (cell["column"]["column"], cell["column"]["field"]) == ("联系人", "contact.name")
    assert {(c["entity"], c["field"], c["after"]) for c in cell["changes"]} == {
        ("contact", "name", "林知远"), ("contact", "mobile", "13912345670")
    }  # fmt: skip
    assert {g["field"] for g in cell["golden"]} == {"name", "mobile"}
    golden = next(r["golden_id"] for r in cell["rows"] if r["entity"] == "customer")
    back = json.loads(command("trace", golden, "--json", "--project", root).stdout)
    assert [r["source_row"] for r in back["rows"] if r["entity"] == "customer"] == [2, 3]
    came = {g["field"]: g["origin"] for g in back["golden"] if g["entity"] == "customer"}
    assert (came["name"], came["phone"]) == ("a.csv!A2", "a.csv!E3")
    assert came["city"] == came["province"] == "a.csv!2", (
        "two columns may have fed them: the row is as much as is known"
    )
    assert "爱好" in command("trace", "a.csv!N2", "--project", root).stdout
    wrong = command("trace", "a.csv!ZZ2", "--project", root)
    assert wrong.returncode == 2 and "A 客户名称" in wrong.stderr and "Traceback" not in wrong.stderr


def test_trace_finds_a_record_by_the_id_the_target_gave(command, project, tmp_path):
    root = project(tmp_path, {"a.csv": ROWS})
    command("run", "--project", root)
    golden = pd.read_parquet(root / "out" / "latest" / "golden" / "customer.parquet")["golden_id"].iloc[0]
    with closing(sqlite3.connect(root / "out" / "latest" / "run.sqlite")) as book:
        book.execute("CREATE TABLE arrived (golden_id TEXT, target_id TEXT)")
        book.execute("INSERT INTO arrived VALUES (?, '001xx000003DGb2')", [golden])
        book.commit()
    assert golden in command("trace", "001xx000003DGb2", "--project", root).stdout


def test_decisions_go_out_come_back_and_stay(command, project, tmp_path):
    root = project(tmp_path / "p", {"a.csv": ROWS})
    command("run", "--project", root)
    book = tmp_path / "review.xlsx"
    assert command("review", "export", book, "--project", root).returncode == 0
    loaded = openpyxl.load_workbook(book)
    page = loaded.worksheets[0]
    header = [c.value for c in page[1]]
    assert page.max_row > 2, "the two forms of one name are to be reviewed"
    page.cell(2, header.index("决定") + 1).value = "合并"
    loaded.save(book)
    assert command("review", "import", book, "--who", "王敏", "--project", root).returncode == 0
    again = json.loads(command("run", "--json", "--project", root).stdout)
    assert again["balance"]["customer"]["migrated"] == 2
    assert "林知远" not in (root / "decisions.jsonl").read_text("utf-8")


@pytest.mark.parametrize("target", ["generic", "wukong-11", "salesforce", "hubspot"])
def test_every_shipped_target_is_written_and_tried(command, project, tmp_path, target):
    rows = [{**row, "负责人": "陆知行"} for row in ROWS]
    root = project(
        tmp_path, {"a.csv": rows}, f'[project]\nname = "t"\n[target]\nprofile = "{target}"\n[gate]\nmax_parked = 1.0\n'
    )
    done = command("run", "--project", root)
    assert done.returncode == 0, done.stdout + done.stderr


def test_runs_and_rules(command, project, tmp_path):
    root = project(tmp_path, {"a.csv": ROWS})
    command("run", "--project", root)
    assert "trial accept" in command("runs", "--project", root).stdout
    assert "no fault in the rules" in command("rules", "--project", root).stdout
