"""Exports of one table each: contacts and activities find their customer by the number that stands in both."""

from __future__ import annotations

import pandas as pd
import pytest

CUSTOMERS = """customer_id,name,city,owner
1001,杭州岚石机电有限公司,杭州,王敏
1002,宁波海川贸易有限公司,宁波,李雷
1003,温州步云鞋业有限公司,温州,王敏
"""
CONTACTS = """id,customer_id,name,mobile
1001,1001,张伟,13912345670
1002,1001,李娜,13912345671
1003,1002,王强,13912345672
1004,1009,赵敏,13912345673
"""
ACTIVITIES = """id,customer_id,content,follow_time,operator
1,1001,电话沟通,2024-01-05 10:00:00,王敏
2,1003,拜访,2024-02-05 10:00:00,李雷
"""


@pytest.fixture()
def ran(project, run_flow, tmp_path):
    def run(**files):
        root = project(tmp_path / "p", {})
        for name, text in files.items():
            (root / "files" / f"{name}.csv").write_text(text, "utf-8")
        return run_flow(root)

    return run


def going(ran, entity):
    golden = pd.read_parquet(ran.folder / "golden" / f"{entity}.parquet")
    gone = ran.rows.query("entity == @entity and exit == 'migrated'")["golden_id"]
    return golden[golden["golden_id"].isin(gone)]


def test_contacts_and_activities_find_their_customer_by_its_number(ran):
    done = ran(customers=CUSTOMERS, contacts=CONTACTS, activities=ACTIVITIES)
    customers = going(done, "customer").set_index("golden_id")["code"]
    assert sorted(customers) == ["1001", "1002", "1003"]
    contacts = going(done, "contact")
    assert dict(zip(contacts["name"], contacts["customer_id"].map(customers), strict=True)) == {
        "张伟": "1001", "李娜": "1001", "王强": "1002",
    }  # fmt: skip
    told = going(done, "activity")
    assert dict(zip(told["content"], told["customer_id"].map(customers), strict=True)) == {
        "电话沟通": "1001",
        "拜访": "1003",
    }
    parked = done.rows.query("exit == 'parked' and source_file == 'contacts.csv'")
    assert set(parked["source_row"]) == {5}  # nobody has the number 1009


def test_a_number_in_the_column_of_the_name_speaks_of_its_customer(ran):
    contacts = "所属客户,姓名,手机\n1002,王强,13912345672\n温州步云鞋业有限公司,钱多,13912345674\n"
    done = ran(customers=CUSTOMERS, contacts=contacts)
    customers = going(done, "customer").set_index("golden_id")["name"]
    told = going(done, "contact")
    assert dict(zip(told["name"], told["customer_id"].map(customers), strict=True)) == {
        "王强": "宁波海川贸易有限公司", "钱多": "温州步云鞋业有限公司",
    }  # fmt: skip
    assert len(customers) == 3


def test_a_number_that_two_customers_have_is_left_to_a_person(ran):
    other = "客户编号,客户名称,城市\n1001,绍兴青禾纺织有限公司,绍兴\n"
    done = ran(customers=CUSTOMERS, contacts=CONTACTS, other=other)
    pairs = pd.read_parquet(done.folder / "pairs.parquet").query("entity == 'customer'")
    records = pd.read_parquet(done.folder / "records" / "customer.parquet").set_index("rid")
    nameless = records.index[records["name"].isna() & (records["code"] == "1001")]
    named = records.index[records["name"].notna()]
    between = pairs[
        (pairs["left"].isin(nameless) & pairs["right"].isin(named))
        | (pairs["right"].isin(nameless) & pairs["left"].isin(named))
    ]
    assert len(between) and set(between["band"]) == {"review"}
    assert set(going(done, "contact")["name"]) == {"王强"}


def test_a_customer_that_hundreds_of_rows_refer_to(ran):
    """More than a block holds; the rows are alike in their number alone."""
    contacts = "客户编号,姓名,手机\n" + "".join(f"1001,张{chr(0x4F00 + n)},13912345{n:03d}\n" for n in range(120))
    activities = "客户编号,跟进内容,跟进时间\n" + "".join(f"1001,电话{n},2024-01-05\n" for n in range(300))
    done = ran(customers=CUSTOMERS, contacts=contacts, activities=activities)
    assert done.rows.query("exit == 'parked'").empty
    customers = going(done, "customer").set_index("golden_id")["code"]
    assert len(customers) == 3
    assert set(going(done, "contact")["customer_id"].map(customers)) == {"1001"} and len(going(done, "contact")) == 120
    assert (
        set(going(done, "activity")["customer_id"].map(customers)) == {"1001"} and len(going(done, "activity")) == 300
    )
