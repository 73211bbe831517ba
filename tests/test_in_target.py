"""Records that the CRM holds already: found by matching, filled where blank, never doubled, overwritten or merged there."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from openpyxl import load_workbook

from cleanse.review import decisions
from tests.conftest import write_project

NEW = [
    {"客户名称": "杭州岚石机电有限公司", "联系人": "陆知行", "手机": "13912345001", "座机": "0571-88886601", "负责人": "王小明"},
    {"客户名称": "岚石机电（杭州）有限公司", "联系人": "陆知行", "手机": "13912345001", "负责人": "王小明", "详细地址": "文三路1号"},
    {"客户名称": "青禾食品", "联系人": "沈未", "手机": "13912345002", "负责人": "王小明"},
    {"客户名称": "远山软件（成都）有限公司", "联系人": "顾南", "手机": "13912345003", "负责人": "王小明"},
    {"客户名称": "杭州岚石机电有限公司宁波分公司", "联系人": "何远", "手机": "13912345005", "负责人": "王小明"},
]  # fmt: skip


class Ran:
    def __init__(self, root):
        self.folder = root / "out" / "latest"
        self.rows = pd.read_parquet(self.folder / "ledger" / "rows.parquet")

    def exits(self, entity: str) -> list[tuple[str, str]]:
        mine = self.rows[self.rows["entity"] == entity].sort_values("rid")
        return list(zip(mine["exit"].astype(str), mine["reason"], strict=True))

    def file(self, stem: str) -> pd.DataFrame:
        (path,) = (self.folder / "migration").glob(f"{stem}.*")
        read = pd.read_csv if path.suffix == ".csv" else lambda p, **k: pd.read_excel(p, header=1, **k)
        return read(path, dtype=str, keep_default_na=False)

    def sheets(self) -> dict[str, list[tuple]]:
        book = load_workbook(self.folder / "duplicates.xlsx")
        return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


@pytest.fixture()
def ran(command, tmp_path):
    def run(profile: str, exports: dict[str, str], rows=NEW, **more: str) -> Ran:
        root = tmp_path / profile
        names = ", ".join(f'{name} = "crm/{name}.csv"' for name in exports)
        settings = (
            f'[project]\ntoday = "2025-06-30"\n[target]\nprofile = "{profile}"\nexisting = {{ {names} }}\n'
            "[gate]\nmax_parked = 0.0\ntrial = false\n"
        )
        write_project(root, {"a.csv": rows}, settings)
        (root / "crm").mkdir(exist_ok=True)
        for name, text in exports.items():
            (root / "crm" / f"{name}.csv").write_text(text, "utf-8")
        for name, text in more.items():
            (root / f"{name}.jsonl").write_text(text, "utf-8")
        told = command("run", "--project", root)
        assert told.returncode == 0, told.stdout + told.stderr
        return Ran(root)

    return run


ACCOUNTS = (
    "Id,Cleanse_Id__c,Name,Phone,BillingStreet,BillingCity,BillingState\n"
    "001A,,杭州岚石机电有限公司,,拱墅区旧路9号,杭州市,浙江省\n"
    "001B,,青禾食品（苏州）有限公司,,,苏州市,江苏省\n"
    "001C,,大海纺织有限公司,,,,\n"
)


def test_a_customer_found_for_certain_is_updated_by_the_targets_own_id(ran) -> None:
    done = ran("salesforce", {"Account": ACCOUNTS})
    update = done.file("1_Account_update_001")
    assert update["Id"].tolist() == ["001A"], "what is in doubt, and what nobody speaks of, is not touched"
    line = update.iloc[0]
    assert line["Phone"] == "0571-88886601", "a blank is filled"
    assert line["BillingStreet"] == "拱墅区旧路9号" and line["Name"] == "杭州岚石机电有限公司", (
        "what stands there stands"
    )
    assert line["Description"] == "", "a column the export does not show is left alone"
    new = done.file("1_Account_[0-9]*")
    assert "Id" not in new and sorted(new["Name"]) == [
        "杭州岚石机电有限公司宁波分公司", "远山软件（成都）有限公司", "青禾食品",
    ]  # fmt: skip
    assert done.exits("customer") == [
        ("migrated", "target_update"), ("merged", "target_update"), ("migrated", ""), ("migrated", ""), ("migrated", ""),
    ]  # fmt: skip
    contacts = done.file("2_Contact_*").set_index("LastName")["Account.Cleanse_Id__c"]
    assert contacts["陆知行"] == line["Cleanse_Id__c"], "a contact goes to the customer that was there"


def test_the_difference_and_the_doubt_are_shown(ran) -> None:
    done = ran("salesforce", {"Account": ACCOUNTS})
    issues = pd.read_parquet(done.folder / "ledger" / "issues.parquet")
    differs = issues[issues["code"] == "target_differs"]
    assert list(zip(differs["field"], differs["value"], differs["note"], strict=True)) == [
        ("district + address", "文三路1号", "Account.Billing Street")
    ]
    doubt = issues[issues["code"] == "target_doubt"]
    assert doubt["rid"].tolist() == [2] and doubt["note"].tolist() == ["Account 001B"]
    (review,) = (rows for title, rows in done.sheets().items() if title.startswith("待") or "review" in title)
    assert any("【已在客户系统 001B】" in str(cell) for row in review for cell in row)


WUKONG = "客户名称,负责人,电话\n杭州岚石机电有限公司,李夏,\n远山软件（成都）有限公司,李夏,\n"
WUKONG_CONTACTS = "姓名,客户名称,手机\n陆知行,杭州岚石机电有限公司,13912345001\n"


def test_an_importer_that_never_updates_gets_only_what_it_lacks(ran) -> None:
    done = ran("wukong-11", {"customer": WUKONG, "contact": WUKONG_CONTACTS})
    assert sorted(done.file("1_customer_*")["*客户名称"]) == ["杭州岚石机电有限公司宁波分公司", "青禾食品"]
    assert done.exits("customer")[:2] == [("merged", "target_known")] * 2, "merged into what is there, not parked"
    assert done.exits("customer")[3] == ("merged", "target_known")
    contacts = done.file("2_contact_*").set_index("*姓名")["*客户名称"].to_dict()
    assert contacts == {
        "沈未": "青禾食品",
        "顾南": "远山软件（成都）有限公司",
        "何远": "杭州岚石机电有限公司宁波分公司",
    }
    assert done.exits("contact")[:2] == [("merged", "target_known")] * 2, "a contact that is there is not sent either"


def test_the_account_is_even_and_told(ran) -> None:
    done = ran("wukong-11", {"customer": WUKONG, "contact": WUKONG_CONTACTS})
    told = json.loads((done.folder / "report.json").read_text("utf-8"))
    balance = told["balance"]["customer"]
    assert balance["rows"] == 5 == sum(balance[e] for e in ("migrated", "merged", "parked", "excluded"))
    assert told["existing"]["customer"] == {
        "records": 2, "found": 2, "updates": 0, "unchanged": 2, "filled": 0, "differs": 1, "doubts": 0, "twins": 0,
        "unseen": ["详细地址"],
    }  # fmt: skip
    page = (done.folder / "report.html").read_text("utf-8")
    section = page[page.index('id="existing"') : page.index('id="repairs"')]
    assert re.findall(r'class="num">(\d+)<', section)[:8] == ["2", "2", "0", "0", "2", "1", "0", "0"]
    assert "详细地址" in section


GENERIC = (
    "客户ID,客户名称,固定电话\nC-aaaa,杭州岚石机电有限公司,0571-88886601\nC-bbbb,杭州岚石机电有限公司,0571-88886601\n"
)


def test_two_records_of_the_target_are_shown_and_never_merged_by_us(ran) -> None:
    done = ran("generic", {"customer": GENERIC})
    clusters = pd.read_parquet(done.folder / "clusters.parquet")
    theirs = clusters[(clusters["entity"] == "customer") & (clusters["rid"] >= 5)]
    assert theirs["cluster"].nunique() == 2
    pairs = pd.read_parquet(done.folder / "pairs.parquet")
    twins = pairs[(pairs["left"] == 5) & (pairs["right"] == 6) & (pairs["entity"] == "customer")]
    assert twins["band"].tolist() == ["related"] and "请在系统里合并" in twins["why_zh"].iloc[0]
    assert done.exits("customer")[0] == ("merged", "target_known"), (
        "the new one is one of them, and is not created again"
    )
    known = pd.read_parquet(done.folder / "ledger" / "existing.parquet")
    assert known["key"].isin(["C-aaaa", "C-bbbb"]).all() and len(known[known["entity"] == "customer"]) == 1
    assert known["golden_id"].iloc[0] == known["key"].iloc[0], "a record that came from us keeps its id"


def test_a_decision_on_a_record_of_the_target_stays(ran, command) -> None:
    done = ran("salesforce", {"Account": ACCOUNTS})
    root = done.folder.parent.parent
    digests = pd.read_parquet(done.folder / "digests.parquet")
    mine = digests[digests["entity"] == "customer"].set_index("rid")["digest"]
    for verdict, wanted in (("apart", {"001A"}), ("merge", {"001A", "001B"})):
        said = decisions.decision("customer", mine[2], mine[6], verdict, "甲", "2025-07-01T09:00:00")
        (root / "decisions.jsonl").unlink(missing_ok=True)
        decisions.append(root / "decisions.jsonl", [said])
        assert command("run", "--project", root).returncode == 0
        again = Ran(root)
        assert set(again.file("1_Account_update_001")["Id"]) == wanted
        issues = pd.read_parquet(again.folder / "ledger" / "issues.parquet")
        assert "target_doubt" not in set(issues["code"])


def test_the_order_of_the_export_changes_nothing(ran) -> None:
    head, *lines = ACCOUNTS.splitlines(keepends=True)
    found = []
    for order in (lines, lines[::-1]):
        done = ran("salesforce", {"Account": "".join([head, *order])})
        found.append((done.file("1_Account_update_001").to_dict(), done.exits("customer")))
    assert found[0] == found[1]


CONTACTS = (
    "Id,Cleanse_Id__c,LastName,MobilePhone,AccountId\n"
    "003A,,陆知行,13912345001,001A\n003B,,沈未,,001B\n003C,,顾南,13912345009,001C\n"
)
PEOPLE = [
    {"客户名称": "杭州岚石机电有限公司", "联系人": "陆知行", "手机": "13912345001", "邮箱": "lu@lanshi.cn"},
    {"客户名称": "杭州岚石机电有限公司", "联系人": "陆知行", "手机": "13912345777"},
    {"客户名称": "青禾食品（苏州）有限公司", "联系人": "沈未", "手机": "13912345002"},
    {"客户名称": "大海纺织有限公司", "联系人": "顾南", "手机": "13912345009"},
]


def test_what_people_say_of_contacts_that_are_there_holds_or_is_told(ran, command) -> None:
    """Kept apart, a contact goes as a new one; merged, the other fills its blanks. Two of the target, or of two customers,
    are never one: the decision is named with its reason instead of being counted as applied."""
    exports = {"Account": ACCOUNTS, "Contact": CONTACTS}
    done = ran("salesforce", exports, PEOPLE)
    root = done.folder.parent.parent
    digests = pd.read_parquet(done.folder / "digests.parquet")
    people = digests[digests["entity"] == "contact"].set_index("rid")["digest"]

    def told(*said: tuple[int, int, str]) -> tuple[Ran, dict, set[str]]:
        (root / "decisions.jsonl").unlink(missing_ok=True)
        lines = [decisions.decision("contact", people[a], people[b], v, "甲", "2025-07-01") for a, b, v in said]
        decisions.append(root / "decisions.jsonl", lines)
        assert command("run", "--project", root).returncode == 0
        review = json.loads((root / "out" / "latest" / "report.json").read_text("utf-8"))["review"]
        return Ran(root), review, {line["code"] for line in review["not_held"]}

    now, review, codes = told((0, 7, "apart"), (1, 7, "merge"))
    assert (review["applied"], codes) == (2, set())
    assert now.exits("contact")[:2] == [("migrated", ""), ("migrated", "target_update")]
    now, review, codes = told((7, 8, "merge"), (0, 9, "merge"))
    assert (review["applied"], codes) == (0, {"decision_in_target", "decision_other_parent"})
    assert now.exits("contact") == done.exits("contact")
    sheet = now.sheets()["未采用的决定"]
    assert any("属于不同的客户" in str(cell) for row in sheet for cell in row)
