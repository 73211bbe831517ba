"""Which column feeds which field: a person's word first; several columns joined, one column in several fields."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cleanse.kinds.header import Vocabulary
from cleanse.model import Table
from cleanse.project import load_project
from cleanse.stages import join, map

ROOT = Path(__file__).parents[2]
HEADERS = Path(__file__).parent / "cases" / "headers.tsv"
TRIAL = [
    line.split("\t")
    for line in (Path(__file__).parent / "cases" / "header_trial.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def project():
    return load_project(ROOT)


@pytest.fixture
def mapped(project):
    fields = {f.path: f for e in project.entities.values() for f in e.fields.values()}

    def build(columns, said=None, joins=None, heads=None):
        rows = pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})
        rows.index = pd.RangeIndex(2, 2 + len(rows), name="source_row")
        layout = pd.DataFrame(columns=["source_row", "kind", "text"])
        table = Table("f.csv", "", 1, rows, layout, tuple(range(len(columns))), heads or {})
        joined = join.join(table, joins or {}, said or {}, fields, project.words)
        maps = map.propose(
            joined.table,
            Vocabulary.of(project.words, project.entities),
            project.entities,
            project.words,
            said or {},
            joined,
        )
        return joined.table, maps, map.apply([joined.table], [maps], project.entities)

    return build


def values(result, path):
    return [value for c in result.columns if c.field.path == path for value in c.values.tolist()]


def test_a_name_in_two_columns_is_joined_where_it_is_chinese(mapped):
    table, maps, result = mapped({"客户名称": ["甲", "乙"], "姓": ["王", "欧阳"], "名": ["小样", None]})
    assert values(result, "contact.name") == ["王小样", "欧阳"]
    assert [(m.path, m.evidence) for m in maps[1:]] == [("+", "joined"), ("+", "joined"), ("contact.name", "joined")]
    assert result.losses.empty and result.unmapped.empty and len(table.places) == len(maps)


def test_a_name_in_other_writing_stands_given_name_first(mapped):
    columns = {
        "Company": ["A", "B", "C", "D"],
        "Last Name": ["Smith", None, "王", "Ng"],
        "First Name": ["Ann", "Bob", "小样", None],
    }
    for joins in ({}, {"contact.name": ["Last Name", "First Name"]}):  # as `init` writes it
        assert values(mapped(columns, joins=joins)[2], "contact.name") == ["Ann Smith", "Bob", "王小样", "Ng"]
    said = mapped(columns, joins={"contact.name": ["First Name", "Last Name"]})[2]
    assert values(said, "contact.name")[:2] == ["Ann Smith", "Bob"]


def test_an_area_code_goes_before_its_number(mapped):
    _, _, result = mapped(
        {"客户名称": ["甲", "乙", "丙"], "区号": ["0571", None, "010"], "电话": ["88880000", "88880001", None]}
    )
    assert values(result, "customer.phone") == ["0571-88880000", "88880001", "010"]


def test_a_person_joins_columns_and_sends_one_to_several_fields(mapped):
    columns = {"店名": ["甲店", "乙店"], "路": ["某路", "某街"], "Nr": ["1号", None], "城": ["杭州", "北京"]}
    said = {"店名": ("customer.name", "customer.short_name")}
    _, maps, result = mapped(columns, said, {"customer.address": ("城", "路", "Nr")})
    assert values(result, "customer.address") == ["杭州某路1号", "北京某街"]
    assert values(result, "customer.name") == values(result, "customer.short_name") == ["甲店", "乙店"]
    assert maps[0].evidence == "said, also customer.short_name" and maps[-1].evidence == "said"


def test_a_column_that_a_person_sent_elsewhere_is_not_joined(mapped):
    _, maps, _ = mapped({"客户名称": ["甲"], "姓": ["王"], "名": ["小样"]}, {"姓": "customer.note"})
    assert not any(m.made for m in maps) and maps[1].path == "customer.note"


def test_a_middle_name_stands_between_and_a_whole_name_is_not_doubled(mapped):
    columns = {
        "Company": ["A", "B"],
        "First Name": ["Ann", "小样"],
        "Middle Name": ["Q", None],
        "Last Name": ["Smith", "王"],
    }
    assert values(mapped(columns)[2], "contact.name") == ["Ann Q Smith", "王小样"]
    _, maps, _ = mapped({**columns, "Full Name": ["Ann Smith", "王小样"]})
    assert [m.path for m in maps if m.path.startswith("contact.")] == ["contact.name"]


def test_pages_of_one_site_are_nobodys_own(mapped):
    pages = ["https://www.example.org/in/a", "https://www.example.org/in/b", "www.example.org/in/c"]
    sites = ["https://a.example", "b.example/start", "www.c.example"]
    assert paths(mapped({"Company": ["A", "B", "C"], "URL": pages})[1])[1] == ""
    assert paths(mapped({"Company": ["A", "B", "C"], "URL": sites})[1])[1] == "customer.website"


def test_words_without_chinese_are_held_apart(mapped):
    _, _, result = mapped({"a": ["Main St", "某路"], "b": ["5", "2号"]}, None, {"customer.address": ("a", "b")})
    assert values(result, "customer.address") == ["Main St 5", "某路2号"]


def test_a_group_over_a_word_tells_whose_it_is(mapped):
    columns = {name: ["甲"] for name in ("客户名称", "姓名", "联系人 姓名", "对接 职务", "业务员 电话")}
    heads = {
        "姓名": ("法人", "姓名"),
        "联系人 姓名": ("联系人", "姓名"),
        "对接 职务": ("其他什么", "职务"),
        "业务员 电话": ("业务员", "电话"),
    }
    _, maps, _ = mapped(columns, heads=heads)
    assert [(m.path, m.confidence) for m in maps[1:]] == [
        ("", 0.0),
        ("contact.name", 0.9),
        ("contact.title", 0.8),
        ("", 0.0),
    ]


def test_the_address_of_the_company_counts_and_not_that_of_its_invoices(mapped):
    columns = {
        "客户名称": ["甲"],
        "地址": ["某路1号"],
        "开票信息 地址": ["某路2号"],
        "税号": ["1"],
        "开票信息 电话": ["2"],
    }
    heads = {"地址": ("公司", "地址"), **{f"开票信息 {word}": ("开票信息", word) for word in ("地址", "电话")}}
    heads["税号"] = ("开票信息", "税号")
    assert paths(mapped(columns, heads=heads)[1])[1:] == ["customer.address", "", "customer.uscc", ""]


def test_a_column_without_a_header_beside_one_of_phones_is_under_its_merged_word(mapped):
    phones = ["0571-88886666", "0571-88886667", "0571-88886668"]
    columns = {"客户名称": ["甲", "乙", "丙"], "联系电话": ["13800001111", "13800001112", "13800001113"]}
    assert paths(mapped({**columns, "column_3": phones})[1])[2] == "contact.phones"
    assert paths(mapped({**columns, "column_3": ["好", "中", "差"]})[1])[2] == ""


def test_unknown_columns_are_asked_and_not_guessed(mapped):
    _, maps, result = mapped({"客户名称": ["甲"] * 4, "x1": ["好", "坏", "中", "优"]})
    assert maps[1].path == "" and result.losses["why"].tolist() == ["column_unmapped"]


@pytest.mark.parametrize(
    ("header", "path"),
    [line.split("\t") for line in HEADERS.read_text("utf-8").splitlines() if line and not line.startswith("#")],
)
def test_a_header_is_told_by_its_words_or_asked(project, header, path):
    assert Vocabulary.of(project.words, project.entities).find(header)[0] == path


def test_of_five_hundred_headers_of_exports_none_is_mapped_wrongly_and_few_are_asked(project):
    vocabulary = Vocabulary.of(project.words, project.entities)
    found = {header: vocabulary.find(header)[0] or "-" for header, _ in TRIAL}
    right = {header: fields.replace("!", "").split() for header, fields in TRIAL}
    wrong = {header: path for header, path in found.items() if path != "-" and path not in right[header]}
    asked = [header for header, path in found.items() if path == "-" and "-" not in right[header]]
    assert not wrong and len(found) > 500 and len(asked) <= 0.02 * len(found)


def paths(maps):
    return [m.path for m in maps]


def test_in_a_list_of_contacts_the_number_of_the_row_is_no_customers(mapped):
    _, maps, _ = mapped(
        {"id": ["1", "2"], "customer_id": ["7", "7"], "姓名": ["张伟", "李娜"], "mobile": ["13800001111", ""]}
    )
    assert paths(maps) == ["", "customer.code", "contact.name", "contact.mobile"]
    _, maps, _ = mapped({"编号": ["1", "2"], "姓名": ["张伟", "李娜"]})
    assert paths(maps) == ["", "contact.name"]
    _, maps, _ = mapped({"编号": ["1", "2"], "客户名称": ["甲岚贸易有限公司", "乙岚贸易有限公司"]})
    assert paths(maps) == ["customer.code", "customer.name"]


def test_values_tell_whose_name_a_column_holds(mapped):
    companies = ["甲岚贸易有限公司", "乙岚机电有限公司", "丙岚软件有限公司"]
    assert paths(mapped({"name": companies, "城市": ["杭州", "宁波", "温州"]})[1])[0] == "customer.name"
    assert paths(mapped({"name": ["张伟", "李娜", "王强"], "customer_id": ["1", "2", "3"]})[1])[0] == "contact.name"
    assert paths(mapped({"column_1": companies, "column_2": ["张伟", "李娜", "王强"]})[1])[1] == "contact.name"
    assert paths(mapped({"法人": ["张伟", "李娜", "王强"]})[1]) == [""]  # a header that says something else
    several = {"column_1": companies * 3, "column_2": ["张伟", "李娜", "王强"] * 3}
    assert paths(mapped(several)[1])[1] == ""  # salespeople, perhaps
