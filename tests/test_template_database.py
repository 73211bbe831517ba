"""The tables of a user's own database make the profile; what it lets through, the database takes."""

from __future__ import annotations

import tomllib

import openpyxl
import pytest
import sqlalchemy as sa
from databases import PREFIX, url  # noqa: F401  a fixture

from cleanse.targets.database import Database

CUSTOMERS, CONTACTS = f"{PREFIX}customers", f"{PREFIX}people"
OPTIONS = ["教育", "it's", "信息技术"]
ROWS = [
    {"客户名称": "岚石机电有限公司", "联系人": "陆知行", "手机": "13912345670", "行业": "信息技术", "首次联系日期": "2024-01-02"},
    {"客户名称": "岚石机电有限公司", "联系人": "陆知行", "手机": "13912340000"},
    {"客户名称": "青禾食品有限公司", "联系人": "孟青", "手机": "13912345671", "行业": "金融业", "备注": "很长" * 20},
]  # fmt: skip
LISTED = ", ".join("'" + one.replace("'", "''") + "'" for one in OPTIONS)
TABLES = f"""
create table {CUSTOMERS} (
  cleanse_id varchar(64) primary key, number integer NUMBERED, 客户名称 varchar(100) not null unique,
  行业 varchar(40) check (行业 in ({LISTED})), 首次联系日期 date, 年营业额 decimal(9,2), 备注 varchar(30),
  tally integer default 3 not null, made timestamp default current_timestamp not null, constraint long_name check (length(客户名称) > 1),
  unique (备注, tally)
);
create table {CONTACTS} (
  id varchar(64) primary key, customer_id varchar(64) not null, 联系人 varchar(40) not null, 手机 varchar(20),
  unique (customer_id, 联系人), foreign key (customer_id) references {CUSTOMERS} (cleanse_id)
)"""


@pytest.fixture
def crm(url) -> Database:  # noqa: F811
    database = Database(url)
    numbered = {"mysql": "unique auto_increment", "postgresql": "generated always as identity"}.get(database.backend, "")
    with database.engine.begin() as connection:
        for statement in TABLES.replace("NUMBERED", numbered).split(";"):
            connection.exec_driver_sql(statement)
    yield database
    database.engine.dispose()


@pytest.fixture
def made(crm, url, invoke, project, tmp_path):  # noqa: F811
    root = project(tmp_path / "p", {"a.csv": ROWS}, '[project]\ntoday = "2025-06-30"\n[target]\nprofile = "ours"\n[gate]\nmax_parked = 1.0\n')
    text = (root / "cleanse.toml").read_text("utf-8")
    (root / "cleanse.toml").write_text(text.replace('"ours"', '"generic"'), "utf-8")
    told = invoke("init", root, "--template", f"{url}#{CUSTOMERS},{CONTACTS}", "--name", "ours")
    assert told.returncode == 0, told.stderr
    (root / "cleanse.toml").write_text(text, "utf-8")
    return root, told.stdout, tomllib.loads((root / "rules" / "targets" / "ours.toml").read_text("utf-8"))


def test_columns_types_lengths_blanks_uniques_options_and_links_are_read(made, crm) -> None:
    _, told, profile = made
    customer, contact = profile["objects"]
    fields = {f["name"]: {k: v for k, v in f.items() if k not in ("name", "label", "separator")} for f in customer["fields"]}
    assert (customer["name"], customer["entity"], customer["key"]) == (CUSTOMERS, "customer", "cleanse_id")
    fields.pop("number", None)  # only SQLite leaves it to us
    assert fields == {
        "cleanse_id": {"source": "golden_id", "required": True, "unique": True, "max_length": 64},
        "客户名称": {"source": "name", "required": True, "unique": True, "max_length": 100},
        "行业": {"source": "industry", "type": "picklist", "values": OPTIONS, "max_length": 40},
        "首次联系日期": {"source": "first_date", "type": "date"},
        "年营业额": {"source": "sales", "type": "number", "pattern": r"-?[0-9]{1,7}(\.[0-9]{1,2})?"},
        "备注": {"source": "note", "max_length": 30},
    }
    assert (contact["name"], contact["parent"], contact["parent_object"]) == (CONTACTS, "customer_id", CUSTOMERS)
    assert {f["name"]: f.get("required", False) for f in contact["fields"]} == {
        "id": True, "customer_id": True, "联系人": True, "手机": False,
    }  # fmt: skip
    assert "not checked before the load: CHECK (" in told and "length(" in told.replace("char_length", "length")
    assert "tally: no field of ours feeds it" in told
    assert contact["unique_together"] == [["customer_id", "联系人"]] and "unique_together" not in customer
    assert "tally are unique together; not all of them are filled" in told


def test_what_conforms_is_taken_by_the_tables(made, crm, url, invoke) -> None:  # noqa: F811
    root, _, _ = made
    assert invoke("run", "--project", root).returncode in (0, 1)
    parked = openpyxl.load_workbook(root / "out" / "latest" / "parked.xlsx").worksheets[0]
    assert [[c.value for c in row][-1] is not None for row in parked.iter_rows(min_row=2)] == [True]  # the second 陆知行
    if crm.backend != "sqlite":  # where 金融业 and the long note would be refused, both are withheld and the row goes
        with crm.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql(f"insert into {CUSTOMERS} (cleanse_id, 客户名称, 行业) values ('x', 'yy', '金融业')")
    assert invoke("approve", "--project", root, "--who", "a").returncode == 0
    told = invoke("load", "--project", root, "--to", url, "--who", "b")
    assert told.returncode == 0, told.stderr + told.stdout
    with crm.engine.connect() as connection:
        asked = f"select k.客户名称, k.行业, k.备注, k.tally, p.联系人 from {CUSTOMERS} k join {CONTACTS} p on p.customer_id = k.cleanse_id"
        assert sorted(map(tuple, connection.exec_driver_sql(asked))) == [
            ("岚石机电有限公司", "信息技术", None, 3, "陆知行"), ("青禾食品有限公司", None, None, 3, "孟青"),
        ]  # fmt: skip


@pytest.mark.parametrize(("names", "said"), [("", "which tables?"), ("#nothing_here", "no such table: nothing_here")])
def test_tables_that_are_not_there_are_told_with_those_that_are(crm, url, invoke, project, tmp_path, names, said) -> None:  # noqa: F811
    root = project(tmp_path / "p", {"a.csv": ROWS})
    told = invoke("init", root, "--template", url + names)
    assert told.returncode == 2 and said in told.stderr and CUSTOMERS in told.stderr
