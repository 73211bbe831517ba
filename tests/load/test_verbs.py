"""The last mile as a person walks it: approve, load, reconcile, undo, again with more, and who did what."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from cleanse.cli import cleanse
from cleanse.project import load_project

ROOT = Path(__file__).parents[2]
ROWS = [
    {"客户名称": f"杭州{brand}软件有限公司", "联系人": "王小明", "手机": f"1390000{i:04d}", "备注": f"第{i}家"}
    for i, brand in enumerate(["岚石", "云栖", "青禾", "望潮", "北辰", "南屏"])
]
SQLITE = ("--to", "sqlite:///crm.db")


@pytest.fixture(scope="module")
def ready(tmp_path_factory) -> Path:
    """A project that was run and approved."""
    root = tmp_path_factory.mktemp("ready") / "p"
    (root / "files").mkdir(parents=True)
    pd.DataFrame(ROWS).to_csv(root / "files" / "a.csv", index=False)
    (root / "cleanse.toml").write_text(
        '[project]\nname = "test"\nlanguage = "zh"\ntoday = "2025-06-30"\n\n[sources]\npaths = ["files"]\n', "utf-8"
    )
    for verb in ("run", "approve"):
        assert CliRunner().invoke(cleanse, [verb, "--project", str(root)]).exit_code == 0
    return root


@pytest.fixture()
def root(ready, tmp_path) -> Path:
    """A copy of it."""
    return shutil.copytree(ready, tmp_path / "p", symlinks=True)


@pytest.fixture()
def do(root) -> Callable[..., Result]:
    """A verb of the command line in the project, with the exit code it must end with."""

    def call(*args: str, code: int = 0) -> Result:
        ended = CliRunner().invoke(cleanse, [*args, "--project", str(root)])
        assert ended.exit_code == code, ended.output
        return ended

    return call


def query(root: Path, sql: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(root / "crm.db")) as connection:
        found = connection.execute(sql).fetchall()
        connection.commit()
        return found


def names(root: Path) -> list[str]:
    return sorted(name for (name,) in query(root, "SELECT name FROM customer"))


def loaded(do, *more: str, code: int = 0) -> dict:
    return json.loads(do("load", *SQLITE, *more, "--json", code=code).stdout)


def test_nothing_is_loaded_without_approval(root, do):
    (root / "out" / "latest" / "approval.json").unlink()
    assert "not approved" in do("load", *SQLITE, code=5).output
    assert not (root / "crm.db").exists()


@pytest.mark.parametrize("what", ["source", "rules", "decisions", "plan", "another run"])
def test_an_approval_is_for_one_plan_only(root, do, what):
    if what == "source":
        (root / "files" / "a.csv").write_text("客户名称\n别的公司\n", "utf-8")
    if what == "rules":
        with (root / "cleanse.toml").open("a", encoding="utf-8") as file:
            file.write("\n[gate]\nmax_parked = 0.5\n")
    if what == "decisions":
        decision = {"entity": "customer", "pair": ["a" * 32, "b" * 32], "verdict": "different"}
        (root / "decisions.jsonl").write_text(json.dumps(decision) + "\n", "utf-8")
    if what == "plan":
        path = next((root / "out" / "latest" / "migration").glob("*.csv"))
        path.write_bytes(path.read_bytes() + b"\r\n")
    if what == "another run":
        do("run")
    do("load", *SQLITE, code=5)
    assert not (root / "crm.db").exists()


def test_load_reconcile_undo(root, do):
    found = loaded(do)
    assert found["counts"]["customer"]["created"] == len(ROWS)
    do("reconcile", *SQLITE)
    query(root, "UPDATE customer SET note = 'kept by hand', name = substr(name, 1, 4) WHERE name LIKE '%岚石%'")
    query(root, "DELETE FROM contact WHERE customer_id = (SELECT golden_id FROM customer WHERE name LIKE '%云栖%')")
    told = json.loads(do("reconcile", *SQLITE, "--json", code=1).stdout)
    assert told["differences"] == {"arrived_missing": 1, "arrived_cut": 1, "arrived_changed": 1}
    assert told["balance"]["customer"] == {
        "planned": 6, "found": 6, "same": 5, "changed": 1, "missing": 0, "doubled": 0, "extra": 0
    }  # fmt: skip
    sheet = load_workbook(root / "out" / "latest" / "reconcile.xlsx").worksheets[1]
    assert sheet.max_row == 4
    assert "试算" in do("undo", *SQLITE, code=1).output
    assert len(names(root)) == 6
    do("undo", *SQLITE, "--yes", code=1)
    assert names(root) == ["杭州岚石"]
    assert not query(root, "SELECT * FROM contact")


def test_what_a_target_makes_of_values_is_named_and_undone(root, do):
    """A table of the target's own, which cuts, trims, empties and fills in by itself."""
    do("load", "--to", "sqlite:///other.db")
    with closing(sqlite3.connect(root / "other.db")) as other, closing(sqlite3.connect(root / "crm.db")) as crm:
        for (made,) in other.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        ):
            crm.execute(made)
        crm.execute(
            "CREATE TRIGGER own AFTER INSERT ON customer BEGIN UPDATE customer SET note = substr(note, 1, 2), "
            "sales = 'nobody' WHERE golden_id = NEW.golden_id; END"
        )
        crm.execute("CREATE TRIGGER own2 AFTER INSERT ON contact BEGIN UPDATE contact SET name = ' ' || name, "
                    "mobile = NULL WHERE golden_id = NEW.golden_id; END")  # fmt: skip
        crm.commit()
    loaded(do)
    told = json.loads(do("reconcile", *SQLITE, "--json", code=1).stdout)
    assert told["differences"] == {
        "arrived_cut": 6, "arrived_defaulted": 6, "arrived_trimmed": 6, "arrived_emptied": 5
    }  # fmt: skip
    fields = {(line["object"], line["field"]): line["code"] for line in told["lines"]}
    assert fields == {
        ("customer", "note"): "arrived_cut", ("customer", "sales"): "arrived_defaulted",
        ("contact", "name"): "arrived_trimmed", ("contact", "mobile"): "arrived_emptied",
    }  # fmt: skip
    assert all(counts["unchanged"] == counts["planned"] for counts in loaded(do)["counts"].values())
    do("undo", *SQLITE)
    assert len(names(root)) == 6
    do("undo", *SQLITE, "--yes")
    assert names(root) == [] and query(root, "SELECT * FROM contact") == []


def test_one_batch_or_all_of_a_load_is_undone(root, do):
    with (root / "cleanse.toml").open("a", encoding="utf-8") as file:
        file.write("\n[load]\nbatch = 4\n")
    do("run")
    do("approve")
    assert loaded(do)["batches"] == [1, 2, 3, 4]
    people = len(query(root, "SELECT * FROM contact"))
    told = json.loads(do("undo", *SQLITE, "--batch", "4", "--json").stdout)
    assert [row["outcome"] for row in told["rows"]] == ["removed"] * 2 and not told["done"]
    assert len(query(root, "SELECT * FROM contact")) == people
    do("undo", *SQLITE, "--batch", "4", "--yes")
    assert len(query(root, "SELECT * FROM contact")) == people - 2 and len(names(root)) == 6
    assert json.loads(do("undo", *SQLITE, "--batch", "4", "--yes", "--json").stdout)["rows"] == []
    do("undo", *SQLITE, "--yes")
    assert names(root) == []
    assert "那里没有装载过批次 99" in do("undo", *SQLITE, "--batch", "99", "--yes", code=2).output
    assert [line["what"] for line in json.loads(do("audit", "--json").stdout)].count("undo") == 3


def test_more_and_corrected_files_load_only_what_changed(root, do):
    loaded(do)
    before = dict(query(root, "SELECT name, golden_id FROM customer"))
    pd.DataFrame([{**ROWS[0], "备注": "改过的备注"}, *ROWS[1:]]).to_csv(root / "files" / "a.csv", index=False)
    new = {**ROWS[0], "客户名称": "苏州新到商贸有限公司", "手机": "13811112222"}
    pd.DataFrame([new]).to_csv(root / "files" / "b.csv", index=False)
    do("run")
    do("approve")
    found = loaded(do)
    counts = found["counts"]["customer"]
    assert (counts["unchanged"], counts["updated"], counts["created"]) == (5, 1, 1)
    after = dict(query(root, "SELECT name, golden_id FROM customer"))
    assert len(after) == 7
    assert before.items() <= after.items()


def test_a_refused_row_is_exit_4_with_the_targets_words(root, do):
    loaded(do)
    query(root, "DELETE FROM contact")
    query(root, "DELETE FROM customer")
    query(
        root,
        "CREATE TRIGGER no BEFORE INSERT ON customer WHEN NEW.name LIKE '%云栖%' BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    )
    do("undo", *SQLITE, "--yes")
    ended = do("load", *SQLITE, code=4)
    assert "not this one" in ended.output and "杭*******公司  a.csv!3" in ended.output
    assert "云栖" not in ended.output
    assert len(names(root)) == 5
    receipts = pd.read_parquet(root / "out" / "latest" / "receipts.parquet")
    assert receipts.loc[receipts["status"] == "refused", "object"].tolist() == ["customer", "contact"]


def test_refused_rows_come_back_corrected(root, do):
    loaded(do)
    do("undo", *SQLITE, "--yes")
    query(
        root,
        "CREATE TRIGGER no BEFORE INSERT ON customer WHEN NEW.name LIKE '%云栖%' BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    )
    told = loaded(do, code=4)
    assert told["corrections"].endswith("refused.xlsx")
    book = load_workbook(told["corrections"])
    head, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert {row[head.index("客户名称")] for row in rows} == {"杭州云栖软件有限公司"}
    assert any("not this one" in str(cell) for row in rows for cell in row)
    column = head.index("客户名称")
    for row in book.worksheets[0].iter_rows(min_row=2):
        row[column].value = "杭州云溪软件有限公司"
    book.save(root / "files" / "refused.xlsx")
    before = dict(query(root, "SELECT name, golden_id FROM customer"))
    do("run")
    do("approve")
    counts = loaded(do)["counts"]
    assert (counts["customer"]["created"], counts["contact"]["created"]) == (1, 1)
    after = dict(query(root, "SELECT name, golden_id FROM customer"))
    assert after.keys() - before.keys() == {"杭州云溪软件有限公司"} and before.items() <= after.items()
    assert len(query(root, "SELECT * FROM contact")) == len(ROWS)


def test_a_row_planned_no_more_is_named_and_left(root, do):
    loaded(do)
    pd.DataFrame(ROWS[1:]).to_csv(root / "files" / "a.csv", index=False)
    do("run")
    do("approve")
    ((gone,),) = query(root, "SELECT golden_id FROM customer WHERE name LIKE '%岚石%'")
    said = do("load", *SQLITE).output
    assert f"{gone}  杭*******公司  a.csv!2  来源中已没有内容相同的行" in said and "岚石" not in said
    assert gone in [row["key"] for row in loaded(do)["left"]]
    assert len(names(root)) == 6


def test_a_row_that_went_into_another_or_is_parked_now_is_told(root, do):
    loaded(do)
    ids = dict(query(root, "SELECT name, golden_id FROM customer"))
    one, other = "杭州岚石软件有限公司", "杭州云栖软件有限公司"
    pairs = sorted(known_digests(root, one) + known_digests(root, other))
    said = {"entity": "customer", "left": pairs[0], "right": pairs[1], "verdict": "merge", "who": "test"}
    (root / "decisions.jsonl").write_text(json.dumps(said) + "\n", "utf-8")
    do("run")
    do("approve")
    told = loaded(do)["left"]
    (line,) = [line for line in told if line["object"] == "customer"]
    assert {line["key"], line["now"]} == {ids[one], ids[other]} and line["source"] in ("a.csv!2", "a.csv!3")


def known_digests(root: Path, name: str) -> list[str]:
    """By what decisions know the records of a customer."""
    records = pd.read_parquet(root / "out" / "latest" / "records" / "customer.parquet")
    digests = pd.read_parquet(root / "out" / "latest" / "digests.parquet")
    rids = records.loc[records["name"] == name, "rid"]
    return digests.loc[(digests["entity"] == "customer") & digests["rid"].isin(rids), "digest"].tolist()


def test_what_no_load_has_a_part_in_is_told(root, do):
    with (root / "files" / "a.csv").open("a", encoding="utf-8") as file:
        file.write(",无名氏,13900009999,没有客户\n")
    shutil.copy(ROOT / "rules" / "targets" / "generic.toml", root / "two.toml")
    text = (root / "two.toml").read_text("utf-8").replace('name = "generic"', 'name = "two"')
    cut = text.index("[[objects]]\nname = \"activity\"")
    (root / "rules" / "targets").mkdir(parents=True)
    (root / "rules" / "targets" / "two.toml").write_text(text[:cut], "utf-8")
    with (root / "files" / "b.csv").open("w", encoding="utf-8") as file:
        file.write("客户名称,跟进记录,跟进日期\n杭州岚石软件有限公司,寄出样品,2024-03-01\n")
    with (root / "cleanse.toml").open("a", encoding="utf-8") as file:
        file.write('\n[target]\nprofile = "two"\n')
    do("run")
    do("approve")
    told = {(line["what"], line["why"]): line["n"] for line in loaded(do)["aside"]}
    assert told == {("activity", "target_no_object"): 1, ("contact", "parked"): 1, ("customer", "parked"): 1}
    said = do("load", *SQLITE).output
    assert "没有对应的对象" in said and "parked.xlsx" in said


def test_an_export_is_reconciled(root, do):
    written = next((root / "out" / "latest" / "migration").glob("1_customer*.csv"))
    table = pd.read_csv(written, dtype="str", encoding="utf-8-sig")
    table["备注"] = table["备注"].str[:1]
    export = root / "export.csv"
    pd.concat([table, table.iloc[:1]]).iloc[1:].to_csv(export, index=False)
    told = json.loads(do("reconcile", "--export", str(export), "--json", code=1).stdout)
    assert told["differences"] == {"arrived_cut": 6}
    with zipfile.ZipFile(root / "export.zip", "w") as packed:
        packed.write(export, "export.csv")
    assert json.loads(do("reconcile", "--export", str(root / "export.zip"), "--json", code=1).stdout)["lines"] == told["lines"]
    export.write_text("城市,口味\n杭州,甜\n", "utf-8")
    do("reconcile", "--export", str(export), code=3)
    export.write_bytes(b"")
    assert "to do: " in do("reconcile", "--export", str(export), code=3).output


def test_roles_hold(root, do, monkeypatch):
    monkeypatch.setenv("CLEANSE_WHO", "runner1")
    with (root / "cleanse.toml").open("a", encoding="utf-8") as file:
        file.write('\n[roles]\nrunner = ["runner1", "boss"]\napprover = ["boss", "runner1"]\nfour_eyes = true\n')
    do("run")
    assert "may not approve" in do("approve", code=5).output
    do("approve", "--who", "guest", code=5)
    do("approve", "--who", "boss")
    monkeypatch.setenv("CLEANSE_WHO", "guest")
    do("run", code=5)
    do("load", *SQLITE, code=5)
    assert not (root / "crm.db").exists()


def test_only_reviewers_review(root, do):
    with (root / "cleanse.toml").open("a", encoding="utf-8") as file:
        file.write('\n[roles]\nreviewer = ["judge"]\n')
    book = root / "d.xlsx"
    do("review", "export", str(book))
    assert "guest is no reviewer" in do("review", "import", str(book), "--who", "guest", code=5).output
    do("review", "serve", "--who", "guest", code=5)
    do("review", "import", str(book), "--who", "judge")
    assert not (root / "decisions.jsonl").exists() or "guest" not in (root / "decisions.jsonl").read_text("utf-8")


def test_the_audit_log_tells_and_shows_tampering(root, do):
    loaded(do)
    whole = [line["what"] for line in json.loads(do("audit", "--json").stdout)]
    assert whole == ["run", "approve", "load begins", "load ends"]
    path = root / "out" / "audit.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    head = json.loads(lines[-1])["hash"]
    assert "杭州" not in "".join(lines)
    do("audit", "verify", "--head", head[:12])
    for damaged in (
        ["".join(lines).replace("approve", "appr0ve")],
        lines[1:],
        [lines[0], *lines[2:]],
        [lines[1], lines[0], *lines[2:]],
    ):
        path.write_text("".join(damaged), "utf-8")
        do("audit", "verify", code=1)
    path.write_text("".join(lines[:-1]), "utf-8")
    do("audit", "verify")
    do("audit", "verify", "--head", head, code=1)


def test_a_password_is_never_shown(root, do, monkeypatch):
    monkeypatch.setenv("CRM_PASSWORD", "geheim-7")
    ended = do("load", "--to", "postgresql://nobody_of_ours:${CRM_PASSWORD}@127.0.0.1:1/none", code=4)
    assert "geheim-7" not in ended.output
    for path in (root / "out").rglob("*"):
        assert not path.is_file() or b"geheim-7" not in path.read_bytes()
    do("load", "--to", "postgresql://u:${NO_SUCH_VARIABLE}@127.0.0.1/none", code=2)


@pytest.mark.parametrize("place", ["--to", "[load] to"])
def test_an_open_password_is_warned_of_and_masked(root, do, place):
    url = "postgresql://nobody_of_ours:geheim-8@127.0.0.1:1/none"
    if place == "[load] to":
        with (root / "cleanse.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[load]\nto = "{url}"\n')
        do("run")
        do("approve")
    for verb in ("load", "reconcile", "undo"):
        ended = do(verb, *(("--to", url) if place == "--to" else ()), code=2 if verb == "undo" else 4)
        assert f"{place} 中写着明文密码" in ended.output
        assert "geheim-8" not in ended.output
    for path in (root / "out").rglob("*"):
        assert not path.is_file() or b"geheim-8" not in path.read_bytes()


def test_the_readme_walk_on_the_samples(tmp_path, monkeypatch):
    block = re.search(r"<!-- load -->\n```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block
    for name in ("cleanse.toml", "samples"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    said = []
    for line in block[1].splitlines():
        ended = CliRunner().invoke(cleanse, line.partition(" || ")[0].split()[1:])
        assert ended.exit_code == (3 if "test $? -eq 3" in line else 0), ended.output
        said.append(ended.output)
    plan = load_project(tmp_path).out / "latest" / "reconcile.xlsx"
    assert plan.exists()
    assert "新建" in said[2]
    assert "删除" in said[5]
