"""Long walks over several runs on real databases: refused rows that come back one by one, and undo after a load that was
refused in part. All data are invented."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from databases import PREFIX

from cleanse.cli import cleanse
from cleanse.targets.database import Database

BRANDS = ["岚石", "云栖", "青禾", "望潮", "北辰"]
ROWS = [
    {"客户名称": f"杭州{b}软件有限公司", "联系人": f"王{b}", "手机": f"1390000{n:04}", "备注": f"第{n}家"}
    for n, b in enumerate(BRANDS)
]
ROOT = Path(__file__).parents[2]


class Walk:
    """A project and its database, walked through by the verbs."""

    def __init__(self, root: Path, url: str) -> None:
        self.root, self.url = root, url
        (root / "files").mkdir(parents=True)
        (root / "cleanse.toml").write_text(
            '[project]\nlanguage = "zh"\ntoday = "2025-06-30"\n\n[sources]\npaths = ["files"]\n\n'
            f'[load]\nto = "{url}"\nprefix = "{PREFIX}"\nbatch = 2\n', "utf-8"
        )  # fmt: skip
        self.write("a.csv", ROWS)

    def write(self, name: str, rows: list[dict[str, str]]) -> None:
        pd.DataFrame(rows).to_csv(self.root / "files" / name, index=False)

    def do(self, *args: str, code: int = 0) -> str:
        ended = CliRunner().invoke(cleanse, [*args, "--project", str(self.root)])
        assert ended.exit_code == code, ended.output
        return ended.stdout

    def load(self, code: int = 0) -> dict[str, Any]:
        self.do("run")
        self.do("approve")
        found: dict[str, Any] = json.loads(self.do("load", "--json", code=code))
        return found

    def execute(self, *statements: str) -> None:
        target = Database(self.url)
        with target.engine.begin() as connection:
            for text in statements:
                connection.exec_driver_sql(text.replace("CUSTOMER", target.quoted(f"{PREFIX}customer")))
        target.engine.dispose()

    def refuse(self, *brands: str) -> None:
        """From now on the table of customers refuses names with these words."""
        target = Database(self.url)
        kind, table = target.backend, target.quoted(f"{PREFIX}customer")
        target.engine.dispose()
        like = " OR ".join(f"NEW.name LIKE '%%{b}%%'" for b in brands) or "1 = 0"
        if kind == "sqlite":
            like = like.replace("%%", "%")
            self.execute("DROP TRIGGER IF EXISTS no", f"CREATE TRIGGER no BEFORE INSERT ON CUSTOMER WHEN {like} "
                         "BEGIN SELECT RAISE(ABORT, 'not this one'); END")  # fmt: skip
        elif kind == "mysql":
            self.execute(f"DROP TRIGGER IF EXISTS {PREFIX}no", f"CREATE TRIGGER {PREFIX}no BEFORE INSERT ON CUSTOMER FOR EACH "
                         f"ROW IF {like} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF")  # fmt: skip
        else:
            words = " OR ".join(f"name LIKE '%%{b}%%'" for b in brands) or "1 = 0"
            self.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {PREFIX}no",
                         f"ALTER TABLE {table} ADD CONSTRAINT {PREFIX}no CHECK (NOT ({words})) NOT VALID")  # fmt: skip

    def names(self) -> list[str]:
        target = Database(self.url)
        with target.engine.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT name FROM {target.quoted(f'{PREFIX}customer')}").scalars().all()
        target.engine.dispose()
        return sorted(str(name) for name in found)

    def corrected(self, name: str, words: dict[str, str]) -> None:
        """The refused rows of the latest run, some of their customers renamed, put among the sources."""
        book = openpyxl.load_workbook(self.root / "out" / "latest" / "refused.xlsx")
        page = book.worksheets[0]
        column = [c.value for c in page[1]].index("客户名称")
        for row in page.iter_rows(min_row=2):
            row[column].value = words.get(row[column].value, row[column].value)
        book.save(self.root / "files" / name)


@pytest.fixture()
def walk(url: str, tmp_path: Path) -> Callable[[], Walk]:
    return lambda: Walk(tmp_path / "p", url)


def test_refused_rows_come_back_one_by_one_over_several_runs(walk):
    here = walk()
    here.load()
    here.do("undo", "--yes")
    here.refuse("云栖", "青禾")
    told = here.load(code=4)
    assert sorted(line["source"] for line in told["refused"] if line["object"] == "customer") == ["a.csv!3", "a.csv!4"]
    kept = here.names()
    here.corrected("refused.xlsx", {"杭州云栖软件有限公司": "杭州云溪软件有限公司"})  # the other line is left as it is
    told = here.load(code=4)
    assert {line["source"] for line in told["refused"]} == {"a.csv!4"}
    assert here.names() == sorted([*kept, "杭州云溪软件有限公司"])
    here.corrected("refused 2.xlsx", {"杭州青禾软件有限公司": "杭州青和软件有限公司"})
    told = here.load()
    assert {name: c.get("created") for name, c in told["counts"].items() if c.get("created")} == {"customer": 1, "contact": 1}
    assert here.names() == sorted([*kept, "杭州云溪软件有限公司", "杭州青和软件有限公司"])
    assert len(told["left"]) == 0
    again = here.load()
    assert not any(c.get("created") or c.get("updated") for c in again["counts"].values())
    here.do("reconcile")
    (here.root / "files" / "a.csv").rename(here.root / "files" / "renamed.csv")
    here.load()
    assert len(here.names()) == len(ROWS)


def test_a_load_refused_in_part_is_undone_and_loaded_again_without_doubles(walk):
    here = walk()
    here.load()
    here.do("undo", "--yes")
    here.refuse("望潮")
    told = here.load(code=4)
    assert len(here.names()) == len(ROWS) - 1
    assert {line["object"] for line in told["refused"]} == {"customer", "contact"}
    undone = json.loads(here.do("undo", "--yes", "--json"))["rows"]
    assert {line["outcome"] for line in undone} == {"removed"} and here.names() == []
    assert len(undone) == 2 * (len(ROWS) - 1) and all(line["source"].startswith("a.csv!") for line in undone)
    here.refuse()
    assert json.loads(here.do("load", "--json"))["counts"]["customer"]["created"] == len(ROWS)
    here.do("reconcile")
    assert json.loads(here.do("undo", "--yes", "--json"))["done"] and here.names() == []


def test_a_book_that_was_lost_makes_no_doubles_and_empties_nothing(walk):
    here = walk()
    here.load()
    (here.root / "out" / "loads.sqlite").unlink()
    here.execute("UPDATE CUSTOMER SET note = NULL WHERE name = '杭州岚石软件有限公司'",
                 "UPDATE CUSTOMER SET note = 'by hand', address = 'kept' WHERE name = '杭州云栖软件有限公司'")  # fmt: skip
    told = json.loads(here.do("load", "--json", code=1))
    assert told["counts"]["customer"]["as_planned"] == 3 and told["counts"]["customer"]["updated"] == 1
    assert [(line["object"], line["source"]) for line in told["held"]] == [("customer", "a.csv!3")]
    assert len(here.names()) == len(ROWS)
    here.do("load", "--overwrite")
    target = Database(here.url)
    with target.engine.connect() as connection:
        (row,) = connection.exec_driver_sql(
            f"SELECT note, address FROM {target.quoted(f'{PREFIX}customer')} WHERE note = '第1家'"
        ).all()
    target.engine.dispose()
    assert tuple(row) == ("第1家", "kept")


def test_a_project_copied_to_another_place_goes_on_with_the_same_database(walk, tmp_path):
    here = walk()
    here.load()
    there = tmp_path / "elsewhere"
    shutil.copytree(here.root, there, symlinks=True)
    here.root = there
    told = here.load()
    assert told["counts"]["customer"]["unchanged"] == len(ROWS)
    assert len(here.names()) == len(ROWS)


def test_what_the_export_of_the_database_tells_is_filled_and_nothing_else_of_it_is_touched(walk):
    """The export lacks the notes: they stay. A blank telephone is filled, another one stays, a record of theirs is no double."""
    here = walk()
    here.load()
    here.execute(
        "UPDATE CUSTOMER SET note = 'by hand', phone = '0571-11112222' WHERE name = '杭州岚石软件有限公司'",
        "INSERT INTO CUSTOMER (golden_id, name, city, note) VALUES ('H-1', '宁波海港物流有限公司', '宁波市', 'theirs')",
    )
    target = Database(here.url)
    with target.engine.connect() as connection:
        there = connection.exec_driver_sql(f"SELECT golden_id, name, phone, city FROM {target.quoted(f'{PREFIX}customer')}").all()
    pd.DataFrame(there, columns=["golden_id", "name", "phone", "city"]).to_csv(here.root / "crm.csv", index=False)
    profile = (ROOT / "rules" / "targets" / "generic.toml").read_text("utf-8").replace('name = "generic"', 'name = "filling"')
    (here.root / "rules" / "targets").mkdir(parents=True)
    (here.root / "rules" / "targets" / "filling.toml").write_text(profile.replace("[form]", '[form]\nexisting = "update"', 1), "utf-8")
    with (here.root / "cleanse.toml").open("a", encoding="utf-8") as file:
        file.write('\n[target]\nprofile = "filling"\nexisting = { customer = "crm.csv" }\n')
    here.write("b.csv", [{"客户名称": "宁波海港物流有限公司", "座机": "0574-66667777", "备注": "ours"},
                         {"客户名称": "杭州岚石软件有限公司", "座机": "0571-33334444", "备注": "new"}])  # fmt: skip
    told = here.load()
    with target.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT name, phone, note, city FROM {target.quoted(f'{PREFIX}customer')}").all()
    target.engine.dispose()
    found = {name: (phone, note, city) for name, phone, note, city in rows}
    assert len(rows) == len(found) == len(ROWS) + 1
    assert found["宁波海港物流有限公司"] == ("0574-66667777", "theirs", "宁波市")
    assert found["杭州岚石软件有限公司"] == ("0571-11112222", "by hand", None)
    assert {line["now"] for line in told["left"] if line["object"] == "customer"} <= {"known"}
    undone = json.loads(here.do("undo", "--yes", "--json"))["rows"]
    assert {line["outcome"] for line in undone if line["key"] == "H-1"} == {"restored"}
