"""What the target holds already, and who its users are, told by files: nothing goes there twice, nobody unknown owns it."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest

ROWS = [
    {"客户名称": "岚石机电有限公司", "联系人": "陆知行", "手机": "13912345001", "负责人": "王小明"},
    {"客户名称": "青禾食品有限公司", "联系人": "沈未", "手机": "13912345002", "负责人": "lixia@example.com"},
    {"客户名称": "远山软件有限公司", "联系人": "顾南", "手机": "13912345003", "负责人": "赵离"},
]
USERS = (
    "王小明\twang@example.com\t1001\tE01\n李夏\tlixia@example.com\t1002\tE02\n赵离\tzhao@example.com\t1003\tE03\t离职\n"
)


@pytest.fixture()
def ran(command, project, tmp_path):
    def run(profile: str, export: str = "", code: int | None = 0):
        settings = f'[project]\ntoday = "2025-06-30"\n[target]\nprofile = "{profile}"\n'
        if export:
            settings += f'existing = {{ {export} = "files/export.csv" }}\n'
        root = project(tmp_path / profile, {"a.csv": ROWS}, settings + "[gate]\nmax_parked = 1.0\ntrial = false\n")
        (root / "rules" / "picklists").mkdir(parents=True, exist_ok=True)
        (root / "rules" / "picklists" / "owner.tsv").write_text(USERS, "utf-8")
        (root / "files" / "export.csv").write_text("客户名称,负责人,建档\n青禾食品有限公司,,2020-01-01\n", "utf-8")
        told = command("run", "--project", root)
        assert code is None or told.returncode == code, told.stderr + told.stdout
        return root

    run.again = lambda root: command("run", "--project", root)
    return run


def written(root, stem: str) -> pd.DataFrame:
    (path,) = (root / "out" / "latest" / "migration").glob(f"{stem}.xlsx")
    return pd.read_excel(path, dtype=str, engine="openpyxl")


def test_users_are_named_as_the_target_names_them_and_leavers_own_nothing(ran) -> None:
    table = written(ran("fxiaoke"), "1_AccountObj_new_001").set_index("客户名称")
    assert table["负责人"].fillna("").to_dict() == {
        "岚石机电有限公司": "E01", "青禾食品有限公司": "E02", "远山软件有限公司": "",
    }  # fmt: skip


def test_new_customers_and_updates_have_files_of_their_own(ran) -> None:
    root = ran("fxiaoke", "AccountObj")
    assert "青禾食品有限公司" not in set(written(root, "1_AccountObj_new_001")["客户名称"])
    assert written(root, "1_AccountObj_update_001")["客户名称"].tolist() == ["青禾食品有限公司"]


def test_what_is_there_stays_here_and_its_contact_goes_to_it(ran) -> None:
    root = ran("wukong-11", "customer", None)
    folder = root / "out" / "latest"
    rows = pd.read_parquet(folder / "ledger" / "rows.parquet")
    held = rows[(rows["entity"] == "customer") & (rows["reason"] == "target_known")]
    assert held["source_file"].tolist() == ["a.csv"], "the export is no source"
    (path,) = (folder / "migration").glob("2_contact_*.xlsx")
    contacts = pd.read_excel(path, header=1, dtype=str, engine="openpyxl")
    assert contacts.set_index("*姓名")["*客户名称"].to_dict() == {
        "陆知行": "岚石机电有限公司", "沈未": "青禾食品有限公司",
    }  # fmt: skip


def test_what_the_target_has_no_place_for_and_what_is_not_known_of_it_is_kept(ran) -> None:
    ledger = ran("fxiaoke") / "out" / "latest" / "ledger"
    said = pd.read_parquet(ledger / "preflight.parquet")
    assert "limits.rows" in said.loc[said["code"] == "preflight_unknown", "note"].tolist()
    losses = pd.read_parquet(ledger / "target_losses.parquet")
    assert list(losses) == ["entity", "field", "values"] and "name" not in set(losses["field"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('existing = { custmer = "a.csv" }', "no object 'custmer'"),
        ('existing = { customer = "gone.csv" }', "no such export: gone.csv"),
    ],
)
def test_a_wrong_setting_is_told(command, project, tmp_path, line, said) -> None:
    root = project(tmp_path / "p", {"a.csv": ROWS}, f"[target]\n{line}\n")
    told = command("run", "--project", root)
    assert told.returncode == 2 and said in told.stderr


def test_an_export_without_a_telling_column_is_refused(command, project, tmp_path) -> None:
    root = project(
        tmp_path / "p", {"a.csv": ROWS}, '[target]\nprofile = "wukong-11"\nexisting = { customer = "e.csv" }\n'
    )
    (root / "e.csv").write_text("手机,备注\n13912345001,x\n", "utf-8")
    told = command("run", "--project", root)
    assert told.returncode == 3 and "客户名称" in told.stderr


def test_an_approval_is_bound_to_the_export_it_was_compared_with(ran, command) -> None:
    root = ran("wukong-11", "customer", None)
    export = root / "files" / "export.csv"
    (folder,) = (p for p in (root / "out").iterdir() if (p / "manifest.json").exists() and not p.is_symlink())
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["existing"] == {"customer": hashlib.sha256(export.read_bytes()).hexdigest()}
    assert command("approve", "--project", root, "--who", "a").returncode == 0
    export.write_text(export.read_text("utf-8") + "岚石机电有限公司,2024-01-01\n", "utf-8")
    told = command("approve", "--project", root, "--who", "a")
    assert told.returncode == 5 and "changed since: the export of customer" in told.stderr


@pytest.mark.parametrize(("profile", "export"), [("salesforce", "Account"), ("hubspot", "companies")])
def test_a_target_that_updates_by_our_key_gets_nothing_twice(ran, profile, export) -> None:
    first = ran(profile)
    (path,) = (first / "out" / "latest" / "migration").glob(f"1_{export}_*.csv")
    sent = pd.read_csv(path, dtype=str)
    again = ran(profile, export, None)
    sent.iloc[:2].to_csv(again / "files" / "export.csv", index=False)
    told = ran.again(again)
    rows = pd.read_parquet(again / "out" / "latest" / "ledger" / "rows.parquet")
    assert told.returncode == 0 and "target_known" in set(rows["reason"])
    (path,) = (again / "out" / "latest" / "migration").glob(f"1_{export}_*.csv")
    assert sorted(pd.read_csv(path, dtype=str).iloc[:, 0]) == [sent.iloc[2, 0]]
