"""What conform promises: the target's form, nothing cut, nothing made up, every refusal visible."""

from __future__ import annotations

import string

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.codes import all_codes
from cleanse.model import COLUMNS
from cleanse.stages.conform import There, conform

A = {"name": "A", "source": "a"}

# what a value of field `a` becomes, or the code that refuses it: field settings, sections, value -> sent or code
VALUES = [
    ({"type": "date"}, {"form": {"date": "YYYY/MM/DD"}}, "2024-02-29", "2024/02/29"),
    ({"type": "date"}, {"form": {"date": "DD.MM.YYYY"}}, "2024-02-29", "29.02.2024"),
    ({"type": "date"}, {}, "2023-02-29", "target_date"),
    ({"type": "date"}, {}, "1900-02-29", "target_date"),
    ({"type": "date"}, {}, "2024/02/03", "target_date"),
    ({"type": "date"}, {"checks": {"date_min": "2000-01-01"}}, "1999-12-31", "target_date_range"),
    (
        {"type": "datetime"},
        {"form": {"datetime": "YYYY-MM-DDT00:00:00+08:00"}},
        "2024-02-29",
        "2024-02-29T00:00:00+08:00",
    ),
    ({"type": "number"}, {"form": {"decimal": ","}}, "12.5", "12,5"),
    ({"type": "number"}, {}, "10万", "target_number"),
    ({"type": "number"}, {}, "1,000", "target_number"),
    ({"type": "boolean"}, {"form": {"true": "1", "false": "0"}}, "是", "1"),
    ({"type": "boolean"}, {}, "maybe", "target_boolean"),
    ({"type": "picklist", "values": ["A（重点）"], "map": {"重点": "A（重点）"}}, {}, "重点", "A（重点）"),
    ({"type": "picklist", "values": ["A（重点）"]}, {}, "A（重点）", "A（重点）"),
    ({"type": "picklist", "values": ["A（重点）"]}, {}, "A(重点)", "target_option"),
    ({"type": "picklist"}, {}, "anything", "anything"),
    ({"type": "email"}, {}, "li.ming@example.com.cn", "li.ming@example.com.cn"),
    ({"type": "email"}, {}, "a@example.com;b@example.com", "target_email"),
    ({"type": "email"}, {}, "a..b@example.com", "target_email"),
    ({"type": "email"}, {"checks": {"suppressed": ["No@Example.com"]}}, "no@example.com", "target_suppressed"),
    ({"type": "phone", "pattern": "[0-9]{11}"}, {}, "13800001111", "13800001111"),
    ({"type": "phone", "pattern": "[0-9]{11}"}, {}, "1380000111１", "target_phone"),
    ({"type": "phone", "pattern": "[0-9]{11}"}, {}, "13800001111\n", "target_phone"),
    ({"pattern": "x|yy"}, {}, "xy", "target_pattern"),
    ({"max_length": 3}, {}, "张三丰", "张三丰"),
    ({"max_length": 3}, {}, "欧阳张三", "target_length"),
    ({"max_length": 3}, {}, "a😀b", "a😀b"),
    ({"max_length": 3}, {"form": {"length": "utf16"}}, "a😀b", "target_length"),
    ({"max_bytes": 6}, {}, "张三", "张三"),
    ({"max_bytes": 6}, {}, "张三a", "target_bytes"),
    ({}, {"limits": {"cell_chars": 2}}, "abc", "target_length"),
    ({}, {}, "a\x07b", "target_control"),
    ({}, {}, "a\tb\r\nc", "a\tb\r\nc"),
    ({}, {"checks": {"line_breaks": False}}, "a\nb", "target_line_break"),
    ({}, {"checks": {"four_byte": False}}, "𠮷野", "target_four_byte"),
    ({}, {}, "𠮷野", "𠮷野"),
    ({}, {"checks": {"forbidden": '"|<>[]^-\\'}}, "a^b", "target_forbidden"),
    ({}, {"checks": {"forbidden": '"|<>'}}, "a^b", "a^b"),
    ({}, {"form": {"encoding": "gb18030"}}, "€", "€"),
    ({}, {"form": {"encoding": "gb2312"}}, "镕", "target_encoding"),
    ({}, {}, "\u3000\u200b ", None),
    ({}, {}, "=1+1", "=1+1"),
    ({"type": "phone"}, {}, "1.38E+10", "target_phone"),
    ({"type": "id"}, {}, "001A0000006Vm9rIAC", "001A0000006Vm9rIAC"),
    ({"type": "id"}, {}, "001a0000006Vm9rIAC", "target_id"),
    ({}, {"checks": {"rules": [{"object": "customer", "field": "A", "pattern": "K[0-9]+"}]}}, "k1", "target_own_rule"),
    ({}, {"checks": {"rules": [{"object": "customer", "field": "A", "pattern": "K[0-9]+"}]}}, "K1", "K1"),
]


@pytest.mark.parametrize("case", VALUES)
def test_a_value_is_sent_in_the_targets_form_or_withheld_whole(small, golden, case) -> None:
    spec, sections, value, sent = case
    done = conform(golden(a=[value, None]), small({**A, **spec}, **sections))
    cell = done.tables["customer"]["A"].tolist()[0]
    if sent is not None and sent.startswith("target_"):
        assert pd.isna(cell)
        assert done.issues[["rid", "entity", "field", "code", "severity", "value"]].values.tolist() == [
            [10, "customer", "a", sent, "error", value]
        ]
    else:
        assert (None if pd.isna(cell) else cell) == sent
        assert done.issues.empty
    assert done.parked == {"customer": {}}


def test_a_required_value_that_cannot_go_parks_its_row(small, golden) -> None:
    field = {**A, "required": True, "max_length": 2}
    done = conform(golden(a=["ok", "long", " ", None]), small(field))
    assert done.tables["customer"].index.tolist() == ["C0"]
    assert done.parked["customer"] == {"C1": "target_length", "C2": "target_required", "C3": "target_required"}
    assert done.issues["code"].tolist() == ["target_required", "target_required", "target_length"]
    assert list(done.issues) == list(COLUMNS["issues"])


def test_sources_are_joined_and_constants_set(small, golden) -> None:
    fields = [{"name": "J", "source": "a + b", "separator": "; "}, {"name": "K", "constant": "import"}]
    table = conform(golden(a=["1", None, None, " "], b=["2", "2", None, None]), small(*fields)).tables["customer"]
    assert table["J"].fillna("-").tolist() == ["1; 2", "2", "-", "-"]
    assert table["K"].tolist() == ["import"] * 4


def test_an_unknown_option_names_the_nearest(small, golden) -> None:
    field = {**A, "type": "picklist", "values": ["战略客户", "普通客户"]}
    done = conform(golden(a=["战略 客户", "x"]), small(field))
    notes = dict(zip(done.issues["value"], done.issues["note"], strict=True))
    assert notes == {"战略 客户": "customer.A ~ 战略客户", "x": "customer.A"}


def test_a_unique_value_stays_with_the_smallest_id_whatever_the_order(small, golden) -> None:
    frames = golden(a=["Same", "other", "same "])
    profile = small({**A, "unique": True})
    for order in ([0, 1, 2], [2, 1, 0]):
        done = conform({"customer": frames["customer"].iloc[order]}, profile)
        assert done.tables["customer"]["A"].dropna().to_dict() == {"C0": "Same", "C1": "other"}
        assert done.issues["code"].tolist() == ["target_duplicate"]


def test_children_follow_their_parents_and_wait_with_them(small, golden) -> None:
    profile = small({"name": "N", "source": "name", "required": True}, child=[{"name": "X", "source": "x"}])
    frames = golden(
        name=["one", None, "three"],
        contacts=[(2, "a", "x"), (0, "b", "x"), (1, "c", "x"), (None, "d", "x"), (2, "e", "x")],
    )
    done = conform(frames, profile)
    assert done.tables["contact"].index.tolist() == ["K1", "K0", "K4", "K3"]
    assert done.tables["contact"]["parent"].fillna("-").tolist() == ["C0", "C2", "C2", "-"]
    assert done.parked == {"customer": {"C1": "target_required"}, "contact": {"K2": "target_parent_parked"}}


def test_a_link_by_name_needs_a_name_of_its_own(small, golden) -> None:
    profile = small(
        {"name": "N", "source": "name", "required": True}, child=[{"name": "X", "source": "x"}], objects={"key": "N"}
    )
    done = conform(
        golden(name=["same", "same", "other"], contacts=[(0, "a", "1"), (1, "b", "2"), (2, "c", "3")]), profile
    )
    assert done.tables["contact"]["parent"].to_dict() == {"K0": "same", "K2": "other"}
    assert done.parked["contact"] == {"K1": "target_parent_parked"}


def test_a_child_may_take_a_field_of_its_parent(small, golden) -> None:
    profile = small(child=[{"name": "O", "source": "customer.owner", "required": True}])
    done = conform(golden(owner=["王小明", None], contacts=[(0, "a", None), (1, "b", None)]), profile)
    assert done.tables["contact"]["O"].to_dict() == {"K0": "王小明"}
    assert done.parked["contact"] == {"K1": "target_required"}
    assert done.issues["field"].tolist() == ["customer.owner"]


ROSTER = [
    {"name": "王伟", "email": "w1@example.com"},
    {"name": "王伟", "email": "w2@example.com"},
    {"name": "李雷", "email": "l@example.com"},
    {"name": "韩梅", "email": "h@example.com", "active": False},
    {"name": "周一", "id": "7"},
]


@pytest.mark.parametrize(
    ("owner", "sent"),
    [
        ("李雷", "l@example.com"),
        ("l@example.com", "l@example.com"),
        ("w1@example.com", "w1@example.com"),
        ("王伟", "target_owner_ambiguous"),
        ("韩梅", "target_owner_inactive"),
        ("谁", "target_owner_unknown"),
        ("周一", "target_owner_unknown"),
        ("旧名", "l@example.com"),
    ],
)
def test_an_owner_is_exactly_one_active_user(small, golden, owner, sent) -> None:
    field = {"name": "O", "source": "owner", "type": "owner", "map": {"旧名": "李雷"}}
    done = conform(golden(owner=[owner]), small(field, checks={"roster": ROSTER, "owner_key": "email"}))
    assert (done.issues["code"].tolist() or done.tables["customer"]["O"].tolist()) == [sent]


def test_places_go_whole_or_not_at_all(small, golden) -> None:
    fields = [{"name": n.upper(), "source": n} for n in "abc"]
    checks = {"together": [["A", "B", "C"]], "areas": ["浙江省/杭州市/西湖区"], "area_columns": ["A", "B", "C"]}
    frames = golden(
        a=["浙江省", "浙江省", "浙江省", None], b=["杭州市", None, "杭州市", None], c=["西湖区", "西湖区", "西湖", None]
    )
    done = conform(frames, small(*fields, checks=checks))
    assert done.tables["customer"]["A"].fillna("-").tolist() == ["浙江省", "-", "-", "-"]
    assert done.issues["code"].value_counts().to_dict() == {"target_together": 2, "target_area": 3}


def test_columns_that_are_unique_together_let_one_row_go(small, golden) -> None:
    fields = ({"name": "A", "source": "a"}, {"name": "B", "source": "b"})
    table = golden(a=["x", "X ", "x", "x", "x"], b=["1", "1", "2", None, None])
    done = conform(table, small(*fields, objects={"unique_together": [["A", "B"]]}))
    assert done.parked["customer"] == {"C1": "target_duplicate"}, "where one is blank nothing speaks against it"
    assert done.issues["note"].tolist() == ["customer: A + B"]


def test_one_of_several_columns_must_be_filled(small, golden) -> None:
    fields = [{"name": "A", "source": "a", "max_length": 2}, {"name": "B", "source": "b"}]
    done = conform(golden(a=["x", None, "long"], b=[None, "y", None]), small(*fields, objects={"one_of": [["A", "B"]]}))
    assert done.parked["customer"] == {"C2": "target_one_of"}


def test_fields_without_a_column_are_listed_losses(small, golden) -> None:
    done = conform(golden(a=["x", "y"], b=["z", None]), small(A))
    assert done.losses.values.tolist() == [["customer", "b", 1]]


def test_a_missing_owner_is_never_defaulted(shipped, entities) -> None:
    """悟空 rows need 负责人; the row waits, and so do its contacts."""
    customer = pd.DataFrame({"golden_id": ["a", "b"], "rid": [1, 2], **dict.fromkeys(entities["customer"].stored)})
    customer = customer.astype(dict.fromkeys(entities["customer"].stored, "str"))
    customer["name"], customer["owner"] = ["甲示例公司", "乙示例公司"], pd.Series(["王小明", None], dtype="str")
    contact = pd.DataFrame({"golden_id": ["k", "l"], "rid": [1, 2], **dict.fromkeys(entities["contact"].stored)})
    contact = contact.astype(dict.fromkeys(entities["contact"].stored, "str"))
    contact["name"], contact["customer_id"] = ["张三", "李四"], ["a", "b"]
    done = conform({"customer": customer, "contact": contact}, shipped("wukong-11"))
    assert done.parked == {"customer": {"b": "target_required"}, "contact": {"l": "target_parent_parked"}}
    assert done.tables["contact"].loc["k", ["客户名称", "负责人"]].tolist() == ["甲示例公司", "王小明"]


TEXT = st.none() | st.text(string.printable + "张三（）\u3000\u200b😀é", max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6))
def test_every_row_goes_or_waits_and_no_value_is_altered(small, golden, rows) -> None:
    profile = small({**A, "required": True, "max_length": 6}, {"name": "B", "source": "b", "unique": True})
    frames = golden(a=[a for a, _ in rows], b=[b for _, b in rows])
    done = conform(frames, profile)
    table, parked = done.tables["customer"], done.parked["customer"]
    assert sorted([*table.index, *parked]) == sorted(frames["customer"]["golden_id"])
    source = frames["customer"].set_index("golden_id")
    for name in ("a", "b"):
        sent = table[name.upper()].dropna()
        assert sent.tolist() == source.loc[sent.index, name].tolist()
    assert set(parked) <= set(frames["customer"].set_index("rid").loc[done.issues["rid"], "golden_id"])
    assert set(done.issues["code"]) <= set(all_codes())


def there(**columns: list[str]) -> There:
    return There({"customer": pd.DataFrame(columns, dtype="str")})


NAMED = {"name": "N", "source": "name", "required": True}


def test_what_the_target_has_already_stays_here_and_its_contacts_find_it_there(small, golden) -> None:
    profile = small(NAMED, child=[{"name": "X", "source": "x"}], objects={"key": "N"})
    frames = golden(name=["old co ", "new"], contacts=[(0, "a", "1"), (1, "b", "2")])
    done = conform(frames, profile, there(N=["Old Co", "other"]))
    assert done.tables["customer"].index.tolist() == ["C1"]
    assert done.parked == {"customer": {"C0": "target_exists"}, "contact": {}}
    assert done.tables["contact"]["parent"].to_dict() == {"K1": "new", "K0": "Old Co"}, "spelt as it is there"


def test_a_target_that_upserts_takes_both(small, golden) -> None:
    profile = small(NAMED, objects={"key": "N"}, form={"existing": "update"})
    done = conform(golden(name=["old", "new"]), profile, there(N=["old"]))
    assert done.tables["customer"]["N"].tolist() == ["new", "old"] and done.issues.empty


def test_updates_stand_behind_new_rows_where_they_go_apart(small, golden) -> None:
    profile = small(NAMED, objects={"key": "N"}, form={"existing": "apart"}, child=[{"name": "X", "source": "x"}])
    frames = golden(name=["old", "new", "older"], contacts=[(0, "a", "1"), (1, "b", "2")])
    done = conform(frames, profile, there(N=["OLDER", "Old"]))
    assert done.tables["customer"]["N"].tolist() == ["new", "old", "older"]
    assert done.updates == {"customer": 2, "contact": 0}


def test_bytes_are_measured_as_they_are_written(small, golden) -> None:
    for encoding, fits in (("utf-8", ["C0"]), ("gb18030", ["C0", "C1"])):
        profile = small({**A, "max_bytes": 5}, form={"encoding": encoding})
        table = conform(golden(a=["张ab", "张三a"]), profile).tables["customer"]["A"].dropna()
        assert table.index.tolist() == fits
    profile = small(A, {"name": "B", "source": "b"}, limits={"row_bytes": 10})
    assert conform(golden(a=["张三", "张三"], b=["ab", "abcd"]), profile).parked["customer"] == {
        "C1": "target_row_length"
    }


UP = {"name": "UP", "source": "parent_id", "type": "reference"}


def above(golden, parents: list[str | None], **fields):
    frames = golden(**fields)
    frames["customer"]["parent_id"] = pd.array(parents, dtype="str")
    return frames


def test_head_offices_stand_before_their_branches_under_the_key_of_the_target(small, golden) -> None:
    frames = above(golden, ["C2", None, "C1", None], name=["甲", "乙", "丙", "丁"])
    by_id = conform(frames, small(UP)).tables["customer"]
    assert by_id.index.tolist() == ["C1", "C3", "C2", "C0"]
    assert by_id["UP"].tolist()[2:] == ["C1", "C2"] and by_id["UP"].isna().tolist()[:2] == [True, True]
    by_name = conform(frames, small({"name": "N", "source": "name", "required": True}, UP, objects={"key": "N"}))
    assert by_name.tables["customer"]["UP"].tolist()[2:] == ["乙", "丙"]
    assert by_name.issues.empty


def test_a_branch_goes_without_the_link_when_its_head_office_does_not_go(small, golden) -> None:
    frames = above(golden, ["C1", None, "C9"], a=["x", None, "x"])
    done = conform(frames, small({"name": "A", "source": "a", "required": True}, UP))
    assert done.tables["customer"]["UP"].isna().all() and done.tables["customer"].index.tolist() == ["C0", "C2"]
    held = done.issues[done.issues["code"] == "target_own_parent_held"]
    assert held[["rid", "field", "value", "severity"]].values.tolist() == [
        [10, "parent_id", "C1", "warning"], [12, "parent_id", "C9", "warning"],
    ]  # fmt: skip


def test_a_head_office_that_the_target_has_is_found_there(small, golden) -> None:
    name = {"name": "N", "source": "name", "required": True}
    frames = above(golden, ["C1", None], name=["甲分公司", "甲"])
    existing = {"customer": pd.DataFrame({"N": ["甲"]}, dtype="str")}
    done = conform(frames, small(name, UP, objects={"key": "N"}), There(existing))
    assert done.tables["customer"][["N", "UP"]].values.tolist() == [["甲分公司", "甲"]]


def test_a_link_without_a_place_is_a_listed_loss(small, golden) -> None:
    done = conform(above(golden, ["C1", None], name=["甲", "乙"]), small({"name": "N", "source": "name"}))
    assert done.losses[["field", "values"]].values.tolist() == [["parent_id", 1]]


def kept(golden, losing: list[str | None], **fields):
    frames = golden(**fields)
    frames["customer"]["losing_values"] = pd.array(losing, dtype="str")
    return frames


LOST = {"name": "NOTE", "source": "a + losing_values", "separator": "；"}


def test_losing_values_stand_behind_the_note_as_whole_lines_and_never_push_it_out(small, golden) -> None:
    frames = kept(
        golden, ["电话: 1\n电话: 22", "电话: 333", None, "电话: 4"], a=["备注", None, "x", "这个备注本身就太长了"]
    )
    done = conform(frames, small({**LOST, "max_length": 9}))
    assert done.tables["customer"]["NOTE"].tolist()[:3] == ["备注；电话: 1", "电话: 333", "x"]
    left = done.issues[done.issues["code"] == "target_losing_left"]
    assert left["rid"].tolist() == [10, 13] and set(left["severity"]) == {"info"}
    assert done.issues[done.issues["code"] == "target_length"]["rid"].tolist() == [13], "as without them"


@pytest.mark.parametrize(
    ("column", "sections", "sent"),
    [
        ({"max_bytes": 15}, {}, "甲: 1；丙: 3"),
        ({"max_length": 8}, {"form": {"length": "utf16"}}, "甲: 1"),
        ({}, {"checks": {"four_byte": False}}, "甲: 1；丙: 3"),
        ({}, {"checks": {"forbidden": "𠮷"}}, "甲: 1；丙: 3"),
        ({"separator": "\n"}, {"checks": {"line_breaks": False}}, "甲: 1"),
    ],
)
def test_losing_values_obey_every_rule_of_their_column(small, golden, column, sections, sent) -> None:
    frames = kept(golden, ["甲: 1\n乙: 𠮷𠮷𠮷𠮷𠮷𠮷\n丙: 3"], a=[None])
    profile = small({**LOST, **column}, **sections)
    done = conform(frames, profile)
    assert done.tables["customer"]["NOTE"].tolist() == [sent]
    assert done.issues["code"].tolist() == ["target_losing_left"]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.text("甲a𠮷 ", min_size=1, max_size=6), max_size=5), st.text("乙b𠮷", max_size=8), st.integers(1, 24),
    st.booleans(),
)  # fmt: skip
def test_the_length_is_never_passed_and_the_note_stays(small, golden, lines, note, limit, utf16) -> None:
    frames = kept(golden, ["\n".join(f"x: {line}" for line in lines) or None], a=[note or None])
    form = {"form": {"length": "utf16"}} if utf16 else {}
    profiles = [small({**LOST, "max_length": limit, "source": s}, **form) for s in ("a + losing_values", "a")]
    found, alone = (conform(frames, p).tables["customer"]["NOTE"].fillna("").iloc[0] for p in profiles)
    size = len(found.encode("utf-16-le")) // 2 if utf16 else len(found)
    assert size <= limit and found.startswith(alone)
