"""Blanks are filled only where the rules make it certain; anything less is proposed, and nothing is overwritten."""

from __future__ import annotations

import pandas as pd
import pytest

from cleanse.errors import UsageError
from cleanse.project import load_project
from cleanse.stages.complete import Plan, complete

PLACES = ("customer.province", "customer.city")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    (root / "cleanse.toml").write_text("[project]\nname = 'house'\n", "utf-8")
    return load_project(root)


def completed(house, row, plan, **more):
    entity = house.entities["customer"]
    table = pd.DataFrame({n: [row.get(n)] for n in entity.stored}, dtype="str")
    records = table.assign(source_file="a.csv", source_sheet="", source_row=2).rename_axis("rid")
    golden = table.assign(rid=0, golden_id="C-1")
    return complete(golden, entity, plan, house.words, records, **more)


def value(done, name):
    found = done.golden[name].iloc[0]
    return None if pd.isna(found) else found


def test_a_city_brings_its_province(house):
    done = completed(house, {"name": "甲", "city": "杭州市"}, Plan(PLACES))
    assert value(done, "province") == "浙江省"
    line = done.changes.iloc[0]
    assert (line["code"], line["stage"], line["from_rid"], line["source_row"]) == ("completed_above", "complete", 0, 2)
    assert pd.isna(line["before"]) and done.issues.empty


def test_an_area_code_only_proposes_until_it_is_accepted(house):
    row = {"name": "岚石", "phone": "0571-86543210"}
    done = completed(house, row, Plan(PLACES))
    assert (value(done, "province"), value(done, "city")) == (None, None)
    assert done.changes.empty and list(done.issues["code"]) == ["completion_proposed"] * 2
    assert list(done.issues["note"]) == ["浙江省 (area_code); 0.90", "杭州市 (area_code); 0.90"]
    filled = completed(house, row, Plan(PLACES, accept=0.9))
    assert (value(filled, "province"), value(filled, "city")) == ("浙江省", "杭州市")
    assert set(filled.changes["code"]) == {"completed_area_code"} and filled.issues.empty


def test_an_area_code_of_several_cities_names_the_province_alone(house):
    done = completed(house, {"name": "甲", "phone": "028-86543210"}, Plan(PLACES, accept=0.9))
    assert (value(done, "province"), value(done, "city")) == ("四川省", None)


def test_sources_that_agree_strengthen_each_other(house):
    row = {"name": "岚石", "phone": "0571-86543210", "uscc": "91330100MA2X7K5P07"}
    done = completed(house, row, Plan(PLACES, accept=0.95))
    assert (value(done, "province"), value(done, "city")) == ("浙江省", "杭州市")
    assert not completed(house, row, Plan(PLACES, accept=0.99)).changes.size


def test_sources_that_disagree_fill_nothing(house):
    row = {"name": "岚石", "phone": "010-86543210", "uscc": "91330100MA2X7K5P07"}
    done = completed(house, row, Plan(PLACES, accept=0.1))
    assert value(done, "province") is None
    assert done.issues["note"].iloc[0] == "北京市 (area_code); 浙江省 (credit_code); 0.90"


def test_a_city_outside_the_province_of_the_record_is_not_proposed(house):
    done = completed(house, {"name": "甲", "province": "江苏省", "phone": "0571-86543210"}, Plan(PLACES, accept=0.1))
    assert value(done, "city") is None and done.issues.empty and value(done, "province") == "江苏省"


def test_a_municipality_is_its_own_city(house):
    done = completed(house, {"name": "甲", "province": "北京市", "phone": "010-86543210"}, Plan(PLACES, accept=0.9))
    assert value(done, "city") == "北京市"


def test_a_trade_in_the_name_proposes_an_industry(house):
    done = completed(house, {"name": "岚石软件有限公司"}, Plan(("customer.industry",)))
    assert value(done, "industry") is None
    assert done.issues["note"].tolist() == ["信息技术 (name); 0.60"]
    assert completed(house, {"name": "岚石有限公司"}, Plan(("customer.industry",))).issues.empty


def test_a_mobile_is_a_hint_that_no_default_fills(house):
    places = pd.Series({0: "江苏省连云港市"})
    done = completed(house, {"name": "甲"}, Plan(PLACES, accept=0.9), mobile_places=places)
    assert done.changes.empty and len(done.issues) == 2


def test_a_lookup_fills_by_credit_code_then_by_name_and_never_by_a_key_with_two_answers(house):
    known = pd.DataFrame(
        {
            "name": ["甲公司", "乙公司", "丙公司", "丙公司"],
            "uscc": ["91330100MA2X7K5P07", None, None, None],
            "industry": ["制造业", "教育", "教育", "制造业"],
        }
    ).astype("str")
    plan = Plan(("customer.industry",))
    by_code = completed(house, {"name": "不同的名字", "uscc": "91330100MA2X7K5P07"}, plan, reference=known)
    assert value(by_code, "industry") == "制造业" and by_code.changes["code"].tolist() == ["completed_lookup"]
    assert value(completed(house, {"name": "乙公司"}, plan, reference=known), "industry") == "教育"
    assert value(completed(house, {"name": "丙公司"}, plan, reference=known), "industry") is None


def test_what_stands_in_a_record_is_left_even_where_it_is_wrong(house):
    entity = house.entities["customer"]
    own = pd.DataFrame({n: ["杭城"] if n == "province" else [None] for n in entity.stored}, dtype="str")
    records = own.assign(source_file="a.csv", source_sheet="", source_row=2)
    golden = own.assign(rid=0, golden_id="C-1", province=None, city="杭州市").astype({"province": "str"})
    assert complete(golden, entity, Plan(PLACES), house.words, records).changes.empty


def test_nothing_is_asked_nothing_is_done(house):
    done = completed(house, {"name": "甲", "city": "杭州市", "phone": "0571-86543210"}, Plan(()))
    assert done.changes.empty and done.issues.empty


def test_the_whole_run_completes_from_the_settings(run_flow, project, tmp_path):
    settings = '[project]\ntoday = "2025-06-30"\n[complete]\nfields = ["customer.province", "customer.industry"]\nlookup = "know.csv"\n'
    rows = [
        {"客户名称": "岚石机电有限公司", "手机": "13912345670", "市": "杭州市"},
        {"客户名称": "星渚有限公司", "座机": "0571-86543210"},
    ]
    root = project(tmp_path, {"a.csv": rows}, settings)
    (root / "know.csv").write_text("客户名称,行业\n星渚有限公司,教育\n", "utf-8")
    ran = run_flow(root)
    golden = ran.frame("golden/customer").set_index("name")
    assert golden.loc["岚石机电有限公司", "province"] == "浙江省"
    assert golden.loc["星渚有限公司", "industry"] == "教育"
    assert pd.isna(golden.loc["星渚有限公司", "province"])
    told = ran.changes[ran.changes["stage"] == "complete"]
    assert set(told["code"]) == {"completed_above", "completed_lookup"}
    proposed = ran.frame("ledger/issues").query("code == 'completion_proposed'")
    assert "浙江省 (area_code); 0.90" in set(proposed["note"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('fields = ["customer.provinse"]', "customer.province"),
        ('sources = ["area_cod"]', "area_code"),
        ("accept = 2.0", "accept"),
        ('lookup = "gone.csv"', "gone.csv"),
    ],
)
def test_faults_of_the_settings_are_named_with_their_line(tmp_path, line, told):
    (tmp_path / "cleanse.toml").write_text(f"[complete]\n{line}\n", "utf-8")
    with pytest.raises(UsageError) as raised:
        load_project(tmp_path)
    assert told in str(raised.value) and "cleanse.toml:2" in str(raised.value)
