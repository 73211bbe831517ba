"""The same project again with more, corrected, merged and split: ids stay, only what changed is sent, nothing is doubled."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cleanse import flow
from cleanse.errors import ApprovalError, UsageError
from cleanse.flow import approving, delivering
from cleanse.project import load_project

TO = "sqlite:///crm.db"
BRANDS = ["岚石", "云栖", "青禾", "望潮", "北辰", "南屏"]
ROWS = [
    {
        "客户名称": f"杭州{brand}软件有限公司", "座机": f"0571-8654{n:04}", "联系人": name, "手机": f"1390000{n:04}",
        "备注": f"第{n}家",
    }
    for n, (brand, name) in enumerate(zip(BRANDS, ["王小明", "李云", "孟青", "程远", "周牧", "林知远"], strict=True))
]  # fmt: skip
CHANGES = ("created", "updated", "held", "gone", "refused")


@dataclass
class Walk:
    """A project that is run, approved and loaded again and again."""

    root: Path

    def write(self, name: str, rows: list[dict[str, str]]) -> None:
        pd.DataFrame(rows).to_csv(self.root / "files" / name, index=False)

    def run(self) -> Path:
        return flow.run(load_project(self.root)).folder

    def go(self) -> dict[str, dict[str, int]]:
        """Of each object what the load did, without what it left as it was."""
        self.run()
        approving.approve(load_project(self.root), "latest", "王敏")
        done = delivering.load(load_project(self.root), "", who="王敏")
        found = delivering.reconcile(load_project(self.root), "", who="王敏")
        assert set(found.kinds) <= {"arrived_extra"}, found.kinds
        told = {name: {k: n for k, n in said.items() if k in CHANGES} for name, said in done.counts.items()}
        return {name: said for name, said in told.items() if name != "activity"}

    def ids(self, table: str = "customer") -> dict[str, str]:
        """Name -> id as they stand in the target; a name twice fails."""
        with closing(sqlite3.connect(self.root / "crm.db")) as connection:
            rows = connection.execute(f"SELECT name, golden_id FROM {table}").fetchall()
        assert len(dict(rows)) == len(rows), rows
        return dict(rows)

    def parents(self, names: list[str]) -> dict[str, str]:
        """Name of a contact -> the id of its customer in the target."""
        with closing(sqlite3.connect(self.root / "crm.db")) as connection:
            rows = dict(connection.execute("SELECT name, customer_id FROM contact").fetchall())
        return {name: rows[name] for name in names}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("loaded") / "p"
    (root / "files").mkdir(parents=True)
    (root / "cleanse.toml").write_text(
        '[project]\nname = "test"\nlanguage = "zh"\ntoday = "2025-06-30"\n\n[sources]\npaths = ["files"]\n\n'
        f'[load]\nto = "{TO}"\n', "utf-8"
    )  # fmt: skip
    made = Walk(root)
    made.write("a.csv", ROWS)
    assert made.go() == {"customer": {"created": 6}, "contact": {"created": 6}}
    return root


@pytest.fixture()
def walk(loaded, tmp_path) -> Walk:
    """A copy of a project that was loaded; the book knows its target by another place."""
    root = shutil.copytree(loaded, tmp_path / "p", symlinks=True)
    with closing(sqlite3.connect(root / "out" / "loads.sqlite")) as book:
        for table in ("loads", "batches", "made"):
            book.execute(f"UPDATE {table} SET target = ?", [f"sqlite:///{root / 'crm.db'}"])
        book.commit()
    return Walk(root)


def decide(walk: Walk, column: str, text: str, sheet: str, word: str) -> None:
    path = walk.root / "d.xlsx"
    flow.review_export(load_project(walk.root), path)
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    head = [c.value for c in page[1]]
    told = [row for row in page.iter_rows(min_row=2) if row[head.index(column)].value == text]
    assert told, [[c.value for c in row] for row in page.iter_rows()]
    for row in told:
        row[head.index("决定")].value = word
    book.save(path)
    assert flow.review_import(load_project(walk.root), path, "王敏", "2025-06-30").decisions


def test_nothing_changed_sends_nothing(walk):
    before = walk.ids()
    assert walk.go() == {"customer": {}, "contact": {}}
    assert walk.ids() == before


def test_clusters_that_grew_keep_their_ids(walk):
    """Of six records that join, some have a smaller digest than the one that was there: none takes over."""
    before, people = walk.ids(), walk.ids("contact")
    walk.write("b.csv", [{**row, "座机": f"0571-8765432{n}", "备注": "又一行"} for n, row in enumerate(ROWS)])
    did = walk.go()
    assert did["customer"] == {"updated": 6} and "created" not in did["contact"]
    assert walk.ids() == before and walk.ids("contact") == people


def test_corrected_cells_update_what_was_loaded(walk):
    before, people = walk.ids(), walk.ids("contact")
    rows = [dict(row) for row in ROWS]
    rows[0]["客户名称"] = "杭州岚实软件有限公司"  # what identifies it
    rows[1]["手机"] = "13911112222"
    rows[2]["备注"] = "改过"
    walk.write("a.csv", rows)
    assert walk.go() == {"customer": {"updated": 2}, "contact": {"updated": 1}}
    after = walk.ids()
    assert after.pop("杭州岚实软件有限公司") == before.pop("杭州岚石软件有限公司")
    assert after == before and walk.ids("contact") == people


def test_rows_inserted_sorted_and_in_a_file_of_another_name_are_known_again(walk):
    before = walk.ids()
    new = {
        **ROWS[0],
        "客户名称": "苏州新到商贸有限公司",
        "座机": "0512-65432109",
        "手机": "13811112222",
        "联系人": "何以安",
    }
    walk.write("a.csv", [new, *ROWS[::-1]])
    assert walk.go() == {"customer": {"created": 1}, "contact": {"created": 1}}
    (walk.root / "files" / "a.csv").rename(walk.root / "files" / "renamed.csv")
    assert walk.go() == {"customer": {}, "contact": {}}
    assert before.items() <= walk.ids().items()


def test_another_customer_in_the_same_row_is_never_taken_for_the_one_before(walk):
    before = walk.ids()
    other = {
        "客户名称": "宁波海港物流有限公司",
        "座机": "0574-87654321",
        "联系人": "顾念慈",
        "手机": "13712345678",
        "备注": "",
    }
    walk.write("a.csv", [other, *ROWS[1:]])
    assert walk.go() == {"customer": {"created": 1}, "contact": {"created": 1}}
    assert before.items() <= walk.ids().items()


def test_a_file_that_comes_back_makes_no_doubles(walk):
    before = walk.ids()
    text = (walk.root / "files" / "a.csv").read_bytes()
    walk.write("a.csv", ROWS[3:])
    assert walk.go() == {"customer": {}, "contact": {}}
    (walk.root / "files" / "a.csv").write_bytes(text)
    assert walk.go() == {"customer": {}, "contact": {}}
    assert walk.ids() == before


def test_two_clusters_merged_then_split_by_decisions(walk):
    """A merger re-points the contacts and leaves the other record to be named; a split gives the old ids back."""
    twins = [
        {"客户名称": "温州星渚机电设备股份有限公司", "联系人": "陆知行", "手机": "13512345671"},
        {"客户名称": "温州星渚机电设备有限公司", "联系人": "孟夏", "手机": "13512345672"},
    ]
    walk.write("b.csv", twins)
    assert walk.go()["customer"] == {"created": 2}
    before, people = walk.ids(), walk.ids("contact")
    decide(walk, "客户名称", "温州星渚机电设备有限公司", "待判", "合并")
    did = walk.go()
    assert did["contact"] == {"updated": 1} and "created" not in did["customer"]
    assert set(walk.ids().values()) == set(before.values()) and walk.ids("contact") == people
    left = delivering.load(load_project(walk.root), "", who="王敏").left
    assert len(left) == 1 and set(left["key"]) < set(before.values())
    decide(walk, "客户名称", "温州星渚机电设备有限公司", "自动合并", "不是重复")
    did = walk.go()
    assert did["contact"] == {"updated": 1} and "created" not in did["customer"]
    assert walk.ids() == before and walk.ids("contact") == people


def test_a_parked_row_corrected_comes_in_once(walk):
    walk.write("b.csv", [{"客户名称": "", "联系人": "何以安", "手机": "13612345678", "备注": "没有名称"}])
    before = walk.ids()
    assert walk.go() == {"customer": {}, "contact": {}}
    parked = walk.root / "files" / "parked.xlsx"
    book = openpyxl.load_workbook(walk.root / "out" / "latest" / "parked.xlsx")
    page = book.worksheets[0]
    column = [c.value for c in page[1]].index("客户名称")
    for row in page.iter_rows(min_row=2):
        row[column].value = "台州后补贸易有限公司"
    book.save(parked)
    assert walk.go() == {"customer": {"created": 1}, "contact": {"created": 1}}
    assert walk.go() == {"customer": {}, "contact": {}}
    assert before.items() <= walk.ids().items()


def test_a_run_made_before_another_was_approved_is_run_again(walk):
    first = walk.run()
    walk.write("b.csv", [{**ROWS[0], "客户名称": "苏州新到商贸有限公司", "座机": "", "手机": "13811112222"}])
    walk.go()
    (walk.root / "files" / "b.csv").unlink()
    with pytest.raises(ApprovalError, match="another plan was approved"):
        approving.approve(load_project(walk.root), first.name, "王敏")


def test_what_is_kept_of_ids_holds_no_value(walk):
    told = pd.read_parquet(walk.root / "out" / "ids.parquet")
    text = json.dumps(told.astype("str").to_dict("records"), ensure_ascii=False)
    assert len(told) == 12 and not any(word in text for word in ("岚石", "王小明", "1390000"))


def test_a_damaged_memory_of_ids_stops_the_run_in_words(walk):
    (walk.root / "out" / "ids.parquet").write_bytes(b"PAR1 no parquet at all")
    with pytest.raises(UsageError, match="golden ids that were given out cannot be read"):
        walk.run()


def test_customers_of_one_name_that_were_kept_apart_keep_their_ids_when_their_files_are_renamed(walk):
    """What stands beside them in their rows tells them apart: by name alone each could be the other."""
    twin = {"客户名称": "上海明德软件有限公司", "城市": "上海市"}
    walk.write("b.csv", [{**twin, "联系人": "赵一", "手机": "13911110001"}])
    walk.write("c.csv", [{**twin, "联系人": "钱二", "手机": "13922220002"}])
    walk.run()
    decide(walk, "客户名称", twin["客户名称"], "自动合并", "不是重复")
    walk.go()
    before = walk.parents(["赵一", "钱二"])
    assert len(set(before.values())) == 2
    (walk.root / "files" / "b.csv").rename(walk.root / "files" / "z.csv")
    (walk.root / "files" / "c.csv").rename(walk.root / "files" / "_c.csv")
    assert walk.go() == {"customer": {}, "contact": {}}
    assert walk.parents(["赵一", "钱二"]) == before
