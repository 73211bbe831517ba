"""What people decide in workbooks: values they choose, two of different minds, what changed since, one workbook per owner."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cleanse import flow
from cleanse.codes import sentence
from cleanse.project import load_project
from cleanse.runs.folder import find_run

ROWS = [
    {"客户名称": "杭州星渚软件有限公司", "座机": "0571-86543210", "手机": "13912345670", "联系人": "林知远", "负责人": "陆知行"},
    {"客户名称": "星渚软件（杭州）有限公司", "座机": "0571-86543210", "手机": "13912345670", "联系人": "林知远", "负责人": "陆知行"},
    {"客户名称": "杭州岚石机电设备股份有限公司", "手机": "13912345671", "联系人": "顾念慈", "负责人": "陆知行"},
    {"客户名称": "杭州岚石机电设备有限公司", "手机": "13912345672", "联系人": "周牧", "负责人": "何以安"},
]  # fmt: skip


@pytest.fixture()
def root(project, tmp_path) -> Path:
    return project(tmp_path / "p", {"a.csv": ROWS})


def ran(root: Path) -> Path:
    flow.run(load_project(root))
    return find_run(load_project(root).out)


def exported(root: Path, name: str) -> Path:
    return flow.review_export(load_project(root), root.parent / name)


def fill(path: Path, title: str, column: str, words: dict[tuple[str, str], str]) -> Path:
    """Write words into a column of the lines where a column says something: (column, text) -> word."""
    book = openpyxl.load_workbook(path)
    page = book[title]
    header = [c.value for c in page[1]]
    done = 0
    for row in page.iter_rows(min_row=2):
        for (where, text), word in words.items():
            if row[header.index(where)].value == text:
                row[header.index(column)].value = word
                done += 1
    assert done, (title, words)
    book.save(path)
    return path


def taken(root: Path, path: Path, who: str, **more):
    return flow.review_import(load_project(root), path, who, "2025-06-30", **more)


def names(folder: Path) -> set[str]:
    return set(pd.read_parquet(folder / "golden" / "customer.parquet")["name"])


def open_to_choice(path: Path) -> list[dict[str, str]]:
    header, *rows = openpyxl.load_workbook(path)["选值"].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_value_chosen_or_typed_in_the_workbook_is_golden_in_the_next_run(root):
    ran(root)
    book = exported(root, "d.xlsx")
    (line,) = [r for r in open_to_choice(book) if r["字段"] == "客户名称" and "星渚" in r["值1"]]
    assert {line["值1"], line["值2"]} == {"杭州星渚软件有限公司", "星渚软件（杭州）有限公司"}
    for word, code in (
        ("星渚软件（杭州）有限公司", "chosen_by_person"),
        ("杭州星渚软件技术有限公司", "typed_by_person"),
    ):
        fill(book, "选值", "选用的值", {("值1", line["值1"]): word})
        found = taken(root, book, "王敏")
        assert (found.values, found.unread) == (1, ())
        folder = ran(root)
        assert word in names(folder)
        lines = pd.read_parquet(folder / "ledger" / "changes.parquet")
        told = lines[(lines["code"] == code) & (lines["field"] == "name")]
        assert told["after"].tolist() == [word] or word == "杭州星渚软件有限公司"


def test_chosen_values_come_back_through_libreoffice_and_mixed_lines_are_named(root, tmp_path, office):
    ran(root)
    book = exported(root, "d.xlsx")
    named = [r for r in open_to_choice(book) if r["字段"] == "客户名称"]
    fill(book, "选值", "选用的值", {("值1", named[0]["值1"]): named[0]["值2"], ("字段", "负责人"): "123456"})
    there = taken(root, book, "王敏")
    assert there.values >= 1
    for form in ("xlsx:Calc MS Excel 2007 XML", "ods"):
        subprocess.run(
            [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", form,
             "--outdir", tmp_path / "out", book], check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        again = taken(root, tmp_path / "out" / f"d.{form[:4].rstrip(':')}", "王敏")
        assert (again.values, again.unread) == (there.values, there.unread)
    loaded = openpyxl.load_workbook(book)
    page = loaded["选值"]
    page.cell(2, [c.value for c in page[1]].index("值1") + 1).value = "别的公司"
    page.cell(2, [c.value for c in page[1]].index("选用的值") + 1).value = "别的公司"
    loaded.save(book)
    assert sentence("review_key_mixed", "zh") in {why for _, _, why in taken(root, book, "王敏").unread}


def test_two_reviewers_of_different_minds_are_told_and_nothing_holds_until_one_settles_it(root):
    before = names(ran(root))
    one, other = exported(root, "1.xlsx"), exported(root, "2.xlsx")
    fill(one, "待判", "决定", {("客户名称", "杭州岚石机电设备有限公司"): "合并"})
    fill(other, "待判", "决定", {("客户名称", "杭州岚石机电设备有限公司"): "不是重复"})
    assert taken(root, one, "王敏").conflicting == ()
    ((sheet, row, against),) = taken(root, other, "李立").conflicting
    assert (sheet, against) == ("待判", "王敏") and row > 1
    folder = ran(root)
    assert names(folder) == before, "neither merged nor kept apart for ever"
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert (report["review"]["applied"], report["review"]["conflicting"]) == (0, 1)
    assert "采用 0，过时 0，冲突 1" in (folder / "report.html").read_text("utf-8")
    pages = openpyxl.load_workbook(exported(root, "3.xlsx"))
    told = [[c for c in row if c] for row in pages["未采用的决定"].iter_rows(values_only=True, min_row=2)]
    assert {"王敏", "李立"} <= {c for row in told for c in row}
    assert taken(root, one, "张三", settle=True).conflicting == ()
    assert len(names(ran(root))) == len(before) - 1


def test_a_decision_whose_record_changed_is_stale_with_the_field(root):
    ran(root)
    taken(
        root,
        fill(exported(root, "d.xlsx"), "待判", "决定", {("客户名称", "杭州岚石机电设备有限公司"): "不是重复"}),
        "王敏",
    )
    source = root / "files" / "a.csv" if (root / "files").exists() else next(root.rglob("a.csv"))
    source.write_text(source.read_text("utf-8-sig").replace("13912345672", "13912345679"), "utf-8")
    folder = ran(root)
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert (report["review"]["applied"], report["review"]["stale"]) == (0, 1)
    (line,) = report["review"]["not_held"]
    assert (line["code"], line["fields"]) == ("decision_changed", ["contact.mobile"])


def test_a_decision_survives_a_rerun_other_order_and_new_files(root, project):
    ran(root)
    taken(
        root, fill(exported(root, "d.xlsx"), "待判", "决定", {("客户名称", "杭州岚石机电设备有限公司"): "合并"}), "王敏"
    )
    merged = names(ran(root))
    source = next(root.rglob("a.csv"))
    header, *rows = source.read_text("utf-8-sig").splitlines()
    source.write_text("\n".join([header, *rows[::-1]]) + "\n", "utf-8")
    (source.parent / "0.csv").write_text("客户名称,座机\n苏州青穗粮油有限公司,0512-65432109\n", "utf-8")
    assert names(ran(root)) == merged | {"苏州青穗粮油有限公司"}


def test_merge_then_unmerge_gives_back_exactly_what_was_there(root):
    def golden() -> pd.DataFrame:
        return pd.read_parquet(ran(root) / "golden" / "customer.parquet")

    before = golden()
    taken(
        root, fill(exported(root, "1.xlsx"), "待判", "决定", {("客户名称", "杭州岚石机电设备有限公司"): "合并"}), "王敏"
    )
    merged = golden()
    assert len(merged) == len(before) - 1
    taken(
        root,
        fill(exported(root, "2.xlsx"), "自动合并", "决定", {("客户名称", "杭州岚石机电设备有限公司"): "不是重复"}),
        "王敏",
    )
    pd.testing.assert_frame_equal(golden(), before)


def test_one_workbook_per_owner_with_nobody_elses_groups(root, tmp_path):
    ran(root)
    written = flow.per_owner(load_project(root), tmp_path / "owners")
    assert {p.stem for p in written} == {"陆知行", "多位负责人（撞单）"}
    cells = {
        p.stem: {c for page in openpyxl.load_workbook(p).worksheets for row in page.values for c in row}
        for p in written
    }
    assert "星渚软件（杭州）有限公司" in cells["陆知行"] and "杭州岚石机电设备有限公司" not in cells["陆知行"]
    assert "杭州岚石机电设备有限公司" in cells["多位负责人（撞单）"] and "何以安" not in cells["陆知行"]
    (mine,) = [p for p in written if p.stem == "陆知行"]
    assert taken(root, mine, "陆知行").unread == ()


def test_not_a_duplicate_stays_over_runs_with_renamed_files_changed_rows_and_new_twins(root):
    """What identifies a record may even be corrected: the two are then held open for a person, never merged by themselves."""
    one, other = "杭州星渚软件有限公司", "星渚软件（杭州）有限公司"
    files = root / "files"

    def customers() -> list[str]:
        ran(root)
        rows = pd.read_parquet(find_run(load_project(root).out) / "ledger" / "rows.parquet")
        mine = rows[(rows["entity"] == "customer") & (rows["source_row"] <= 3) & ~rows["source_file"].str.startswith("new")]
        return mine.sort_values(["source_file", "source_row"])["golden_id"].tolist()[:2]

    def apart() -> bool:
        return len(set(customers())) == 2

    assert not apart()
    fill(exported(root, "d.xlsx"), "自动合并", "决定", {("客户名称", other): "不是重复", ("客户名称", one): "不是重复"})
    assert taken(root, root.parent / "d.xlsx", "王敏").decisions
    assert apart()
    (files / "a.csv").rename(files / "2024 renamed.csv")
    assert apart()
    text = (files / "2024 renamed.csv").read_text("utf-8-sig")
    text = text.replace("软件（杭州）有限公司,", "软件（杭州）有限公司,", 1).replace("0571-86543210", "0571-86543219", 1)
    (files / "2024 renamed.csv").write_text(text, "utf-8-sig")  # the telephone of one of them
    assert apart(), "what a person kept apart is not merged because a telephone was corrected"
    folder = find_run(load_project(root).out)
    review = json.loads((folder / "report.json").read_text("utf-8"))["review"]
    assert [line["code"] for line in review["not_held"]] == ["decision_changed"]
    assert [line["fields"] for line in review["not_held"]] == [["phone"]]
    bands = pd.read_parquet(folder / "pairs.parquet").set_index(["entity", "left", "right"])["band"]
    assert bands["customer", 0, 1] == "review"
    (files / "new twins.csv").write_text(
        "客户名称,手机,座机\n杭州星渚软件有限公司,13912345670,0571-86543210\n星渚软件（杭州）有限公司,13912345670,\n", "utf-8"
    )
    assert apart(), "a new twin joins no two that a person kept apart"
