"""What merging promises: one value per field by rule, every value's origin told, no value lost, order of rows no matter."""

from __future__ import annotations

import pandas as pd
import pytest

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
