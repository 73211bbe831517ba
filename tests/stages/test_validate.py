"""Validation: every failure of every row, judged by shapes and rules alone."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cleanse.model import Entity, Field
from cleanse.stages.validate import validate

LABEL = {"zh": "x", "en": "x"}
SHAPES = {"mobile": "1[3-9][0-9]{9}"}
ALLOWED = {"type": frozenset({"战略", "普通"})}


def entity() -> Entity:
    rules = {
        "name": {"kind": "company", "required": True, "max_length": 6}, "mobile": {"kind": "phone"},
        "type": {"kind": "picklist"}, "code": {"kind": "code", "unique": True},
    }  # fmt: skip
    fields = {n: Field(entity="customer", name=n, label=LABEL, **r) for n, r in rules.items()}
    return Entity("customer", LABEL, fields, one_of=(("mobile", "code"),))


def records(*rows: dict[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(entity().stored), dtype="str")
    table.insert(0, "rid", range(10, 10 + len(table)))
    return table


def found(level, *rows):
    issues = validate(records(*rows), entity(), SHAPES, ALLOWED, level)
    return sorted(zip(issues["rid"], issues["field"], issues["code"], strict=True))


GOOD = {
    "name": "甲公司", "mobile": "13912345670", "type": "战略", "code": "1",
}  # fmt: skip


def test_a_good_record_has_no_issue():
    assert found("record", GOOD) == [] and found("golden", GOOD) == []


def test_every_failure_of_every_row_is_found():
    bad = {**GOOD, "mobile": "1391234567", "type": "VIP", "name": "名字太长的公司"}
    assert found("record", GOOD, bad, bad) == [
        (rid, field, code)
        for rid in (11, 12)
        for field, code in (
            ("mobile", "format_invalid"), ("name", "too_long"), ("type", "not_in_picklist"),
        )
    ]  # fmt: skip


def test_what_is_missing_is_a_failure_of_the_row_and_of_the_golden_record():
    nameless = {**GOOD, "name": None, "mobile": None, "code": None}
    for level in ("record", "golden"):
        assert found(level, nameless) == [(10, "", "one_of_missing"), (10, "name", "required_missing")]


def test_what_is_doubled_is_judged_on_golden_records():
    assert found("record", GOOD, GOOD) == []
    assert found("golden", GOOD, GOOD) == [(10, "code", "not_unique"), (11, "code", "not_unique")]


def test_a_pattern_must_match_from_end_to_end():
    assert found("record", {**GOOD, "mobile": "13912345670 "}) == [(10, "mobile", "format_invalid")]
    assert found("record", {**GOOD, "mobile": "13912345670\n"}) == [(10, "mobile", "format_invalid")]


def test_nothing_in_nothing_out():
    assert found("golden") == []


def test_an_issue_carries_the_value_and_the_fields_of_which_one_is_missing():
    issues = validate(records({**GOOD, "mobile": "139"}), entity(), SHAPES, ALLOWED)
    assert issues[["field", "severity", "value", "note"]].to_numpy().tolist() == [["mobile", "error", "139", ""]]
    issues = validate(records({**GOOD, "mobile": None, "code": None}), entity(), SHAPES, ALLOWED)
    assert issues[["code", "field", "note"]].to_numpy().tolist() == [["one_of_missing", "", "mobile, code"]]


def test_a_field_that_only_warns_has_no_error():
    e = entity()
    soft = replace(e, fields={**e.fields, "mobile": replace(e.fields["mobile"], on_error="warn")})
    assert validate(records({**GOOD, "mobile": "1"}), soft, SHAPES)["severity"].tolist() == ["warning"]


def test_the_answer_does_not_depend_on_the_order_of_rows():
    table = records(GOOD, {**GOOD, "mobile": "1"}, {**GOOD, "type": "?"}, {**GOOD, "name": None})
    there = validate(table, entity(), SHAPES, ALLOWED)
    back = validate(table.iloc[::-1], entity(), SHAPES, ALLOWED)
    pd.testing.assert_frame_equal(there, back)
