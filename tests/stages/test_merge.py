"""What merging promises: one value per field by rule, every value's origin told, no value lost, order of rows no matter."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.entities import SURVIVORS
from cleanse.model import Entity, Field, frame
from cleanse.stages.merge import merge

LABEL = {"zh": "x", "en": "x"}


def entity() -> Entity:
    rules = {
        "name": {"kind": "company", "survivor": "most_complete_name"},
        "code": {"kind": "code"},
        "type": {"kind": "picklist", "survivor": "latest"},
        "province": {"kind": "region", "group": "place"},
        "city": {"kind": "region", "group": "place"},
        "phone": {"kind": "phone"},
        "phone_2": {"kind": "phone"},
        "first_date": {"kind": "date", "survivor": "minimum"},
        "last_date": {"kind": "date", "survivor": "maximum"},
        "note": {"kind": "text", "survivor": "join"},
    }
    fields = {name: Field(entity="customer", name=name, label=LABEL, **rule) for name, rule in rules.items()}
    return Entity("customer", LABEL, fields, identity=("name", "code"))


def records(rows: list[dict[str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(entity().stored), dtype="str")
    table.insert(0, "rid", range(len(table)))
    table.insert(1, "source_file", "a.csv")
    table.insert(2, "source_sheet", "")
    table.insert(3, "source_row", table["rid"] + 2)
    return table


ROWS = [
    {"name": "川昌置业", "type": "普通", "city": "温州市", "phone": "0577-11112222", "last_date": "2024-01-01", "note": "甲"},
    {"name": "温州川昌置业有限公司", "type": "战略", "province": "浙江省", "city": "温州市", "phone": "0577-33334444",
     "first_date": "2020-01-01", "last_date": "2025-01-01", "note": "乙"},
    {"name": "另一家有限公司", "code": "007"},
]  # fmt: skip
NONE = pd.DataFrame({"rid": pd.Series(dtype="int64"), "field": pd.Series(dtype="str")})


@pytest.fixture()
def merged():
    return merge(entity(), records(ROWS), pd.Series([0, 0, 2]), NONE)


def test_one_golden_record_per_cluster_by_the_rules_of_its_fields(merged):
    first = merged.golden.set_index("rid").loc[0]
    assert first["name"] == "温州川昌置业有限公司"
    assert (first["type"], first["first_date"], first["last_date"]) == ("战略", "2020-01-01", "2025-01-01")
    assert (first["province"], first["city"]) == ("浙江省", "温州市")
    assert first["note"] == "甲\n乙"
    assert {first["phone"], first["phone_2"]} == {"0577-11112222", "0577-33334444"}


def test_a_record_alone_stays_as_it_is(merged):
    alone = merged.golden.set_index("rid").loc[2]
    assert (alone["name"], alone["code"]) == ("另一家有限公司", "007")
    assert merged.changes[merged.changes["rid"] == 2].empty


def test_every_golden_value_and_every_losing_value_has_its_ledger_line(merged):
    lines = merged.changes
    came = lines[(lines["rid"] == 0) & (lines["field"] == "name") & (lines["code"] == "survivor")].iloc[0]
    assert (came["before"], came["after"], came["from_rid"]) == ("川昌置业", "温州川昌置业有限公司", 1)
    kept = pd.concat([merged.golden[c] for c in entity().stored]).dropna()
    for rid, row in enumerate(ROWS[:2]):
        for field, value in row.items():
            in_golden = any(value in v.split("\n") for v in kept)
            in_ledger = ((lines["rid"] == rid) & (lines["field"] == field) & (lines["before"] == value)).any()
            assert in_golden or in_ledger, (field, value)


def test_a_wrong_value_is_withheld_and_told(merged):
    wrong = pd.DataFrame({"rid": [2], "field": ["code"]})
    result = merge(entity(), records(ROWS), pd.Series([0, 0, 2]), wrong)
    assert pd.isna(result.golden.set_index("rid").loc[2, "code"])
    line = result.changes[result.changes["code"] == "withheld"].iloc[0]
    assert (line["rid"], line["before"]) == (2, "007")


def test_the_order_of_rows_changes_no_golden_record():
    turned = [ROWS[1], ROWS[2], ROWS[0]]
    here = merge(entity(), records(ROWS), pd.Series([0, 0, 2]), NONE).golden.drop(columns="rid")
    there = merge(entity(), records(turned), pd.Series([0, 1, 0]), NONE).golden.drop(columns="rid")
    key = "golden_id"
    pd.testing.assert_frame_equal(
        here.sort_values(key, ignore_index=True), there.sort_values(key, ignore_index=True), check_dtype=False
    )


def test_two_records_of_the_same_content_that_are_kept_apart_get_ids_of_their_own():
    twins = records([{"name": "王伟"}, {"name": "王伟"}])
    ids = merge(entity(), twins, pd.Series([0, 1]), NONE).members["golden_id"]
    assert ids.nunique() == 2


def test_nothing_in_nothing_out():
    empty = merge(entity(), records([]), pd.Series([], dtype="int64"), NONE)
    assert empty.golden.empty and list(empty.changes.columns) == list(frame("changes").columns)


# --------------------------------------------------------------------------------------------------- rules and people


def of_rule(rule: str, kind: str = "text", **more: str) -> Entity:
    fields = {
        "value": Field(entity="customer", name="value", label=LABEL, kind=kind, survivor=rule),
        "day": Field(entity="customer", name="day", label=LABEL, kind="date", survivor="maximum"),
        **{n: Field(entity="customer", name=n, label=LABEL, kind="text", survivor=r) for n, r in more.items()},
    }
    return Entity("customer", LABEL, fields)


def of_rows(rule: Entity, rows: list[dict[str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(rule.stored), dtype="str")
    address = {"rid": range(len(rows)), "source_file": "a.csv", "source_sheet": "", "source_row": range(len(rows))}
    return pd.concat([pd.DataFrame(address), table], axis=1)


@pytest.mark.parametrize(
    ("rule", "rows", "survivor"),
    [
        ("most_frequent", [("乙", ""), ("甲", ""), ("乙", "")], "乙"),
        ("longest", [("甲乙", ""), ("甲乙丙", "")], "甲乙丙"),
        ("latest", [("旧", "2020-01-01"), ("新", "2024-01-01"), ("无日期", "")], "新"),
        ("earliest", [("旧", "2020-01-01"), ("新", "2024-01-01"), ("无日期", "")], "旧"),
        ("most_filled", [("甲", ""), ("乙", "2020-01-01")], "乙"),
        ("most_restrictive", [("是", ""), ("是", ""), ("否", "")], "否"),
        ("most_trusted", [("甲", ""), ("乙", ""), ("甲", "")], "乙"),
        ("keep_both", [("乙", "2024-01-01"), ("甲", "2020-01-01"), ("乙", "")], "甲; 乙"),
        ("join", [("乙", "2024-01-01"), ("甲", "2020-01-01")], "甲\n乙"),
        ("minimum", [("2", ""), ("1", "")], "1"),
        ("maximum", [("2", ""), ("1", "")], "2"),
    ],
)
def test_the_rule_of_a_field_chooses_its_value_whatever_the_order_of_rows(rule, rows, survivor):
    entity = of_rule(rule)
    for order in (rows, rows[::-1]):
        table = of_rows(entity, [{"value": v, **({"day": d} if d else {})} for v, d in order])
        trust = pd.Series([0 if v == "乙" else 1 for v, _ in order])
        found = merge(entity, table, pd.Series([0] * len(rows)), NONE, trust=trust)
        assert found.golden["value"].tolist() == [survivor]


def test_values_that_no_field_kept_stand_in_the_field_that_is_for_them():
    entity = of_rule("longest", rest="losing_values")
    table = of_rows(entity, [{"value": "甲"}, {"value": "甲乙"}, {"value": "丙"}])
    found = merge(entity, table, pd.Series([0, 0, 0]), NONE)
    assert found.golden["rest"].tolist() == ["x: 丙\nx: 甲"]
    assert (found.changes["code"] == "losing_values_kept").sum() == 1


def choice(rid: int, field: str, value: str, origin: int) -> pd.DataFrame:
    return pd.DataFrame({"rid": [rid], "field": [field], "value": [value], "from_rid": [origin]})


def test_what_a_person_chose_or_typed_stands_above_the_rule_with_a_line():
    for value, origin, code in (
        ("川昌置业", 0, "chosen_by_person"),
        ("川昌（温州）置业有限公司", -1, "typed_by_person"),
    ):
        found = merge(entity(), records(ROWS[1::-1] + ROWS[2:]), pd.Series([0, 0, 2]), NONE,
                      choices=choice(1, "name", value, 1 if origin == 0 else -1))  # fmt: skip
        assert found.golden.set_index("rid").loc[0, "name"] == value
        line = found.changes[(found.changes["rid"] == 0) & (found.changes["field"] == "name")].iloc[0]
        assert (line["code"], line["before"], line["after"]) == (code, ROWS[1]["name"], value)


def test_a_typed_value_of_a_record_alone_counts_too():
    found = merge(entity(), records(ROWS), pd.Series([0, 0, 2]), NONE, choices=choice(2, "code", "008", -1))
    assert found.golden.set_index("rid").loc[2, "code"] == "008"
    assert found.changes[found.changes["rid"] == 2]["code"].tolist() == ["typed_by_person"]


def test_an_address_moves_as_one_where_a_person_chose_part_of_it():
    rows = [
        {"name": "甲", "province": "浙江省", "city": "温州市"},
        {"name": "甲", "province": "江苏省", "city": "苏州市"},
    ]
    for origin, place in ((0, ("浙江省", "温州市")), (1, ("江苏省", "苏州市"))):
        chosen = choice(0, "city", place[1], origin)
        found = merge(entity(), records(rows), pd.Series([0, 0]), NONE, choices=chosen).golden
        assert (found["province"][0], found["city"][0]) == place


texts = st.one_of(st.none(), st.sampled_from(["甲", "乙", "丙公司", "0577-1"]))
dates = st.one_of(st.none(), st.sampled_from(["2020-01-01", "2024-05-05"]))
made = st.fixed_dictionaries({n: dates if n.endswith("date") else texts for n in entity().stored})
parts = st.lists(st.tuples(made, st.integers(0, 3)), min_size=1, max_size=8)


def clusters_of(labels: list[int]) -> pd.Series:
    return pd.Series([labels.index(label) for label in labels])


@settings(deadline=None, max_examples=60)
@given(parts)
def test_no_value_of_a_merged_record_is_lost(rows):
    """Each is golden, kept beside, or listed."""
    table, cluster = records([row for row, _ in rows]), clusters_of([label for _, label in rows])
    found = merge(entity(), table, cluster, NONE)
    golden, lines = found.golden.set_index("rid"), found.changes
    listed = set(zip(lines["rid"], lines["field"], lines["before"], strict=True))
    for rid, (row, _) in enumerate(rows):
        kept = golden.loc[cluster[rid]]
        for field, value in row.items():
            if value is not None:
                places = [kept[field], kept.get(f"{field}_2")]
                there = any(isinstance(p, str) and value in p.split("\n") for p in places)
                assert there or (rid, field, value) in listed, (rid, field, value)
                beside = str(kept["losing_values"]).split("\n")
                assert there or f"{entity().fields[field].label['zh']}: {value}" in beside, (rid, field, value)


@settings(deadline=None, max_examples=60)
@given(parts)
def test_merge_then_unmerge_is_the_identity(rows):
    table = records([row for row, _ in rows])
    before = merge(entity(), table, pd.Series(range(len(rows))), NONE)
    merge(entity(), table, clusters_of([label for _, label in rows]), NONE)
    after = merge(entity(), table, pd.Series(range(len(rows))), NONE)
    pd.testing.assert_frame_equal(before.golden, after.golden)
    stored = list(entity().stored)
    pd.testing.assert_frame_equal(after.golden[stored], table[stored])
    assert after.changes.empty


@settings(deadline=None, max_examples=60)
@given(parts, st.randoms())
def test_golden_values_do_not_depend_on_the_order_of_rows(rows, dice):
    turned = list(rows)
    dice.shuffle(turned)
    here, there = (
        merge(entity(), records([r for r, _ in order]), clusters_of([x for _, x in order]), NONE).golden
        for order in (rows, turned)
    )
    columns = list(entity().stored)
    tables = [t[columns].fillna("").sort_values(columns, ignore_index=True) for t in (here, there)]
    pd.testing.assert_frame_equal(*tables)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(SURVIVORS),
    st.lists(st.tuples(texts, dates, st.integers(0, 1)), min_size=1, max_size=6),
    st.randoms(),
)
def test_whatever_the_rule_no_value_is_lost_and_the_order_of_rows_has_no_part_in_it(rule, rows, dice):
    rule_of = of_rule(rule)

    def merged(given):
        table = of_rows(rule_of, [{"value": v, "day": d} for v, d, _ in given])
        return merge(rule_of, table, clusters_of([label for *_, label in given]), NONE).golden

    turned = list(rows)
    dice.shuffle(turned)
    columns = [*rule_of.stored, "losing_values"]
    here, there = (
        merged(order)[columns].fillna("").sort_values(columns, ignore_index=True) for order in (rows, turned)
    )
    pd.testing.assert_frame_equal(here, there)
    held = "\n".join(here[columns].agg("\n".join, axis=1))
    assert all(value in held for value, *_ in rows if value), "golden, kept with others, or among the losing values"


def test_what_is_sensitive_is_not_copied_beside():
    plain = of_rule("longest")
    secret = replace(plain, fields={**plain.fields, "value": replace(plain.fields["value"], privacy="sensitive")})
    found = merge(secret, of_rows(secret, [{"value": "乙"}, {"value": "乙乙"}]), clusters_of([0, 0]), NONE)
    assert found.golden["losing_values"].isna().all() and "乙" in set(found.changes["before"])
