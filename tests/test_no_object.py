"""Records that the target has no object for: counted as what stays behind, told in every report, kept in the run folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cleanse.reports import markdown, text
from tests.conftest import Ran, write_csv

HEADERS = ("客户名称", "联系人", "手机", "跟进记录", "跟进日期")
ROWS = [
    {
        "客户名称": "岚石机电有限公司",
        "联系人": "陆知行",
        "手机": "13912345001",
        "跟进记录": "首次拜访",
        "跟进日期": "2024-03-01",
    },
    {"客户名称": "岚石机电有限公司", "跟进记录": "寄出样品", "跟进日期": "2024-03-02"},
    {"客户名称": "青禾食品有限公司", "联系人": "沈未", "手机": "13912345002"},
    {"联系人": "顾南", "手机": "13912345003", "跟进记录": "没有客户的一行"},
    {"客户名称": "远山软件有限公司"},
]
GATE = {"max_parked": 1.0, "trial": False}
WORDS = {"zh": "目标系统没有对应的对象", "en": "the target has no object for"}


@pytest.fixture()
def ran(tmp_path: Path, project: Callable[..., Path], run_flow: Callable[..., Ran]) -> Callable[[str], Ran]:
    def run(profile: str) -> Ran:
        settings = f'[project]\ntoday = "2025-06-30"\n[target]\nprofile = "{profile}"\n'
        root = project(tmp_path, {}, settings)
        write_csv(root / "files" / "a.csv", ROWS, HEADERS)
        return run_flow(root)

    return run


def numbers(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ran.folder / "report.json").read_text("utf-8"))
    return found


def exits(ran: Ran, entity: str) -> list[tuple[str, str]]:
    mine = ran.rows[ran.rows["entity"] == entity].sort_values("rid")
    return list(zip(mine["exit"], mine["reason"], strict=True))


def test_activities_stay_behind_where_the_target_has_no_object_for_them(ran: Callable[[str], Ran]) -> None:
    done = ran("salesforce")
    behind, empty = ("excluded", "target_no_object"), ("excluded", "empty_record")
    assert exits(done, "activity") == [behind, behind, empty, behind, empty]
    assert {e for e, _ in exits(done, "customer")} == {"migrated", "merged", "excluded"}
    assert [e for e, _ in exits(done, "contact")] == ["migrated", "excluded", "migrated", "parked", "excluded"]
    kept = done.frame("records/activity")
    assert len(kept) == 3 and "寄出样品" in kept["content"].tolist()
    balance = numbers(done)["balance"]["activity"]
    assert (
        balance["migrated"] == balance["merged"] == balance["parked"] == 0
        and balance["excluded"] == balance["rows"] == 5
    )


def test_customers_stay_behind_where_only_leads_are_taken(ran: Callable[[str], Ran]) -> None:
    done = ran("bottlecrm-leads")
    behind = ("excluded", "target_no_object")
    assert exits(done, "customer")[:3] == [behind] * 3 and exits(done, "customer")[4] == behind
    assert [e for e, _ in exits(done, "contact")] == ["migrated", "excluded", "migrated", "parked", "excluded"]


def test_where_every_entity_has_an_object_none_stays_behind(ran: Callable[[str], Ran]) -> None:
    assert "target_no_object" not in set(ran("generic").rows["reason"])


def test_what_a_record_that_goes_waits_for_stays_parked(
    tmp_path: Path, project: Callable[..., Path], run_flow: Callable[..., Ran]
) -> None:
    settings = '[project]\ntoday = "2025-06-30"\n[target]\nprofile = "bottlecrm-leads"\n'
    root = project(tmp_path, {}, settings)
    write_csv(
        root / "files" / "a.csv",
        [{"座机": "0571-86543210", "联系人": "顾南", "手机": "13912345003"}],
        ("客户名称", "座机", "联系人", "手机"),
    )
    done = run_flow(root)
    assert exits(done, "customer") == [("parked", "required_missing")]
    assert exits(done, "contact") == [("parked", "parent_parked")]


def test_every_report_says_so(ran: Callable[[str], Ran]) -> None:
    done = ran("salesforce")
    found = numbers(done)
    assert "no_object" in found["verdict"]["but"]
    for language, words in WORDS.items():
        lines = text.run_text(found, GATE, done.folder, language).splitlines()
        assert [line for line in lines if words in line and "3" in line], lines
        assert words in markdown.render(found, language)
    assert {"entity": "activity", "exit": "excluded", "code": "target_no_object", "rows": 3} in found["reasons"]
    machine = json.loads(text.run_json(found, GATE, done.folder))
    assert machine["reasons"] == found["reasons"]
    junit = (done.folder / "junit.xml").read_text("utf-8")
    assert 'name="excluded: target_no_object"' in junit
    page = (done.folder / "report.html").read_text("utf-8")
    assert "3 行" in page and WORDS["zh"] in page
