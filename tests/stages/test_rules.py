"""Rules across fields, rows, entities and files, as analysts write them: cases/rules.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from cleanse import rulebook
from cleanse.model import Entity, Field
from cleanse.stages.rules import Tables, judge

CASES = tomllib.loads((Path(__file__).parent / "cases/rules.toml").read_text("utf-8"))["case"]
KINDS = {
    "name": "company", "code": "code", "uscc": "uscc", "priority": "picklist", "owner": "owner", "phone": "phone",
    "sales": "money", "first_date": "date", "last_date": "date", "mobile": "phone",
}  # fmt: skip
LABELS = {"priority": "优先级", "code": "客户编号", "last_date": "最近跟进日期"}
WORDS = {"picklists/priority": (("高",), ("中",), ("低",))}
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
SHAPES = {"customer.first_date": DATE, "customer.last_date": DATE}


def _entity(name: str, fields: list[str], refers_to: str = "") -> Entity:
    def made(f: str) -> Field:
        options = {"picklist": "priority"} if f == "priority" else {}
        return Field(name, f, KINDS[f], {"zh": LABELS.get(f, f), "en": f}, options)

    return Entity(name, {"zh": name, "en": name}, {f: made(f) for f in fields}, refers_to)


ENTITIES = {
    "customer": _entity("customer", [k for k in KINDS if k != "mobile"]),
    "contact": _entity("contact", ["name", "mobile"], "customer"),
}


def rules_of(text: str) -> list:
    rules, faults = rulebook.parse(tomllib.loads(text), text, ENTITIES, WORDS, ())
    assert not faults, faults
    return rules


def _table(entity: str, lines: list[str]) -> pd.DataFrame:
    header, *rows = [line.split() for line in lines or ["rid golden_id"]]
    table = pd.DataFrame(rows, columns=header, dtype="str").replace("-", pd.NA).astype("str").astype({"rid": "int64"})
    return table.reindex(columns=["rid", "golden_id", "customer_id", *ENTITIES[entity].stored]).astype(
        dict.fromkeys(("golden_id", "customer_id", *ENTITIES[entity].stored), "str")
    )


@pytest.mark.parametrize("case", CASES, ids=[c["says"] for c in CASES])
def test_a_rule_finds_what_breaks_it_and_nothing_else(case):
    rows = {name: _table(name, case.get(name, [])) for name in ENTITIES}
    golden = {name: t.drop_duplicates("golden_id").reset_index(drop=True) for name, t in rows.items()}
    if "golden" in case:
        golden["customer"] = _table("customer", case["golden"])
    ruled = judge(rules_of(case["rule"]), Tables(ENTITIES, rows, golden, SHAPES, "2025-06-30"))
    told = zip(ruled.issues["rid"], ruled.issues["field"], ruled.issues["value"].fillna("-"), strict=True)
    assert [f"{rid} {field} {value}" if field else str(rid) for rid, field, value in told] == case["broken"]
    assert ruled.parked["golden_id"].tolist() == case.get("parked", [])


def test_no_rule_no_failure():
    empty = {name: _table(name, []) for name in ENTITIES}
    assert judge([], Tables(ENTITIES, empty, empty, {})).issues.empty
    every = [r for case in CASES for r in rules_of(case["rule"])]
    assert judge(every, Tables(ENTITIES, empty, empty, {})).issues.empty


# ------------------------------------------------------------------------------------------------------ errors in rules

HEAD = '[[rule]]\ncode = "x"\nentity = "customer"\n'
WRONG = {
    'severity = "eror"\nall = ["phone is filled"]': (4, "unknown severity 'eror'", "did you mean 'error'?"),
    'all = ["phon is filled"]': (4, "unknown field 'phon' of customer", "did you mean 'phone'?"),
    'al = ["phone is filled"]': (4, "unknown key 'al'", "did you mean 'all'?"),
    'when = ["优先级 是 高等"]\nall = ["phone is filled"]': (4, "'高等' is not on the list of customer.priority", "did you mean '高'?"),
    'all = ["phone filled"]': (4, "not a condition: 'phone filled'", "write 'FIELD is VALUE'"),
    'all = ["contacts.mobile is filled"]': (4, "'contacts' in", "did you mean 'contact'?"),
    'all = ["last_date >= 5"]': (4, "'5' cannot be compared with a date", "compare numbers, dates"),
    'all = ["sales >= last_date"]': (4, "a money cannot be compared with a date", ""),
    'all = ["code matches KH("]': (4, "not a pattern: 'KH('", ""),
    'all = "phone is filled"': (4, "'all' must be a list of conditions", ""),
    'unique = "code"\nsame = "name"': (2, "a rule says one of", ""),
    'count = "order"\nat_least = 1': (4, "'order' cannot be counted for a customer", "known: customer, contact"),
    'count = "contact"': (4, "how many", ""),
    'count = "contact"\nat_least = -1': (5, "'at_least' must be a whole number", ""),
    'exists = "contact"': (4, "a customer does not refer to 'contact'", ""),
    'same = "name"': (4, "'per' is missing", ""),
    'unique = "code"\nper = "name"': (5, "'per' says nothing in a rule of 'unique'", ""),
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_rule_is_named_with_its_line_and_the_nearest_right_word(text):
    line, what, cure = WRONG[text]
    rules, faults = rulebook.parse(tomllib.loads(HEAD + text), HEAD + text, ENTITIES, WORDS, ())
    assert not rules
    assert (faults[0].line, faults[0].what[: len(what)], faults[0].cure[: len(cure)]) == (line, what, cure)


def test_every_fault_of_a_file_is_told_where_it_stands():
    text = f'{HEAD}all = ["phone is filled"]\n\n# the same code again\n{HEAD}all = ["phon is filled"]\n'
    rules, faults = rulebook.parse(tomllib.loads(text), text, ENTITIES, WORDS, ())
    assert [r.code for r in rules] == ["x"]
    assert [(f.line, f.cure) for f in faults] == [(8, "choose another"), (10, "did you mean 'phone'?")]
