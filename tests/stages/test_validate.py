"""Validation: every failure of every row, judged by shapes and rules alone."""

from __future__ import annotations

import pandas as pd

from cleanse.model import Entity, Field
from cleanse.stages.validate import validate

LABEL = {"zh": "x", "en": "x"}
SHAPES = {"mobile": "1[3-9][0-9]{9}"}
ALLOWED = {"type": frozenset({"战略", "普通"})}


def entity() -> Entity:
    rules = {
        "name": {"kind": "company", "required": True, "max_length": 6}, "mobile": {"kind": "phone"},
        "type": {"kind": "picklist"}, "code": {"kind": "code", "unique": True}, "first": {"kind": "date"},
        "last": {"kind": "date"},
    }  # fmt: skip
    fields = {n: Field(entity="customer", name=n, label=LABEL, **r) for n, r in rules.items()}
    check = {"code": "dates_out_of_order", "first": "first", "op": "<=", "second": "last", "severity": "warning"}
    return Entity("customer", LABEL, fields, one_of=(("mobile", "code"),), checks=(check,))


def records(*rows: dict[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(entity().stored), dtype="str")
    table.insert(0, "rid", range(10, 10 + len(table)))
    return table


def found(level, *rows):
    issues = validate(records(*rows), entity(), SHAPES, ALLOWED, level)
    return sorted(zip(issues["rid"], issues["field"], issues["code"], strict=True))


GOOD = {"name": "甲公司", "mobile": "13912345670", "type": "战略", "code": "1", "first": "2020-01-01", "last": "2020-01-01"}


def test_a_good_record_has_no_issue():
    assert found("record", GOOD) == [] and found("golden", GOOD) == []


def test_every_failure_of_every_row_is_found():
    bad = {**GOOD, "mobile": "1391234567", "type": "VIP", "name": "名字太长的公司", "first": "2021-01-01"}
    assert found("record", GOOD, bad, bad) == [
        (rid, field, code)
        for rid in (11, 12)
        for field, code in (("last", "dates_out_of_order"), ("mobile", "format_invalid"), ("name", "too_long"), ("type", "not_in_picklist"))
    ]  # fmt: skip


def test_what_is_missing_or_doubled_is_judged_on_golden_records():
    nameless = {**GOOD, "name": None, "mobile": None, "code": None}
    assert found("record", nameless) == []
    assert found("golden", nameless) == [(10, "", "one_of_missing"), (10, "name", "required_missing")]
    assert found("golden", GOOD, GOOD) == [(10, "code", "not_unique"), (11, "code", "not_unique")]


def test_a_pattern_must_match_from_end_to_end():
    assert found("record", {**GOOD, "mobile": "13912345670 "}) == [(10, "mobile", "format_invalid")]
    assert found("record", {**GOOD, "mobile": "13912345670\n"}) == [(10, "mobile", "format_invalid")]


def test_nothing_in_nothing_out():
    assert found("golden") == []
