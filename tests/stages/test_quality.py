"""The numbers of the report, counted from frames small enough to count by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cleanse.model import COLUMNS, Entity, Field
from cleanse.stages.quality import Facts, Unbalanced, quality

NUMBERS = Path(__file__).parent.parent / "reports" / "numbers.json"


def frame(name: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))


def field(entity: str, name: str, kind: str, zh: str, **rules: object) -> Field:
    return Field(entity, name, kind, {"zh": zh, "en": name.title()}, **rules)  # type: ignore[arg-type]


def entities() -> dict[str, Entity]:
    customer = [
        field("customer", "name", "company", "客户名称", required=True), field("customer", "phone", "phone", "固定电话"),
        field("customer", "type", "picklist", "客户类型"), field("customer", "owner", "owner", "负责人"),
    ]  # fmt: skip
    contact = [field("contact", "name", "person", "联系人姓名"), field("contact", "mobile", "phone", "手机")]
    return {
        "customer": Entity("customer", {"zh": "客户", "en": "Customer"}, {f.name: f for f in customer}),
        "contact": Entity(
            "contact", {"zh": "联系人", "en": "Contact"}, {f.name: f for f in contact}, refers_to="customer",
            one_of=(("name", "mobile"),),
        ),
    }  # fmt: skip


def records(entity: str, names: list[str], **columns: list[object]) -> pd.DataFrame:
    table = pd.DataFrame({n: pd.array(v, dtype="str") for n, v in columns.items() if n != "rid"})
    lead = pd.DataFrame({"rid": columns["rid"]})
    address = pd.DataFrame({"source_file": names, "source_sheet": "", "source_row": [r + 2 for r in columns["rid"]]})
    return pd.concat([lead, address, table], axis=1)


A, B = "a.csv", "b.csv"


@pytest.fixture()
def facts() -> Facts:
    """Five rows in two files: 0 and 1 are one customer whose bad phone the other row makes good, 2 has a type that is
    on no list, 3 has no name and is parked, 4 holds a contact without a customer's data of its own."""
    no = None
    customers = records(
        "customer", [A, A, A, B, B], rid=[0, 1, 2, 3, 4], name=["杭州甲公司", "杭州甲公司", "乙公司", no, "丙公司"],
        phone=["0571-8888", "0571-88886666", no, "010-66668888", no], type=["战略", no, "王小明", no, "战略"],
        owner=["张三", "李四", "张三", no, no],
    )  # fmt: skip
    contacts = records("contact", [A, B], rid=[0, 4], name=["王芳", no], mobile=["13812345678", "1381234"])
    golden = pd.DataFrame({
        "golden_id": ["c0", "c2", "c3", "c4"], "rid": [0, 2, 3, 4], "name": pd.array(["杭州甲公司", "乙公司", no, "丙公司"], "str"),
        "phone": pd.array(["0571-88886666", no, "010-66668888", no], "str"), "type": pd.array(["战略", no, no, "战略"], "str"),
        "owner": pd.array(["张三", "张三", no, no], "str"),
    })  # fmt: skip
    people = pd.DataFrame({
        "golden_id": ["p0", "p4"], "rid": [0, 4], "name": pd.array(["王芳", no], "str"),
        "mobile": pd.array(["13812345678", no], "str"), "customer_id": pd.array(["c0", "c4"], "str"),
    })  # fmt: skip
    ends = [("migrated", "c0", ""), ("merged", "c0", ""), ("migrated", "c2", ""), ("parked", "c3", "required_missing")]
    ends.append(("migrated", "c4", ""))
    rows = [(A if r < 3 else B, "", r + 2, "customer", r, e, g, why) for r, (e, g, why) in enumerate(ends)]
    for r in range(5):
        held = ("migrated", f"p{r}", "") if r in (0, 4) else ("excluded", no, "empty_record")
        rows.append((A if r < 3 else B, "", r + 2, "contact", r, *held))
    changes = frame(
        "changes",
        (0, "contact", "mobile", A, "", 2, "138 1234 5678", "13812345678", "", "phone_format", "normalize", 0),
        (0, "customer", "phone", A, "", 2, "0571-8888", no, "", "withheld", "merge", 0),
        (1, "customer", "name", A, "", 3, " 杭州甲公司", "杭州甲公司", "", "dirt_removed", "normalize", 1),
        (2, "customer", "phone", A, "", 4, "无", no, "", "null_word", "normalize", 2),
        (3, "customer", "phone", B, "", 5, "联系 010 6666 8888", "010-66668888", "", "cell_split", "normalize", 3),
    )
    issues = frame(
        "issues",
        (0, "customer", "phone", "format_invalid", "error", "0571-8888", ""),
        (2, "customer", "type", "not_in_picklist", "error", "王小明", ""),
        (2, "customer", "type", "picklist_unknown", "warning", "王小明", ""),
        (3, "customer", "name", "required_missing", "error", no, ""),
        (3, "customer", "name", "required_missing", "error", no, ""),
        (3, "customer", "phone", "phone_no_area_code", "info", "010-66668888", ""),
        (4, "contact", "mobile", "format_invalid", "error", "1381234", ""),
    )
    mapping = [
        {"source_file": f, "source_sheet": "", "column": c, "field": p, "confidence": 0.9, "evidence": "synonym"}
        for f in (A, B) for c, p in (("客户名称", "customer.name"), ("电话", "customer.phone"), ("手机", "contact.mobile"))
    ]  # fmt: skip
    return Facts(
        project={"name": "样例 <b>", "language": "zh", "target": "generic", "today": "2025-06-30", "version": "1.0"},
        files=frame(
            "files", (A, "read", "", "", "csv", "gb18030", 1, 3), (B, "read", "", "", "csv", "utf-8", 1, 2),
            ("c.xlsx", "error", "corrupt", "BadZipFile", "xlsx", "", 0, 0),
        ),
        layout=frame("layout", (A, "", 5, "blank", ""), (A, "", 6, "blank", ""), (B, "", 1, "header", "客户名称")),
        losses=frame("losses", (A, "", "爱好", "column_unmapped", 2)), unmapped=frame("unmapped"),
        rows=frame("rows", *rows), records={"customer": customers, "contact": contacts},
        golden={"customer": golden, "contact": people}, changes=changes, issues=issues,
        pairs=frame("pairs", ("customer", 0, 1, "name", 12.0, 0.99, "merge", "同名", "same name", "")),
        clusters=frame("clusters", *[("customer", r, 0 if r < 2 else r) for r in range(5)]),
        review={"applied": 0, "stale": 0, "conflicting": 0, "replaced": 0, "not_held": []},
        matching={"customer": {
            "candidates": 3, "bands": {}, "merge": 0.95, "review": 0.3, "expected_precision": 0.99,
            "histogram": [{"low": 0.0, "high": 0.5, "count": 2}, {"low": 0.5, "high": 1.0, "count": 1}],
        }},
        queues={"customer": {
            "sheets": {
                "review": {"groups": 30, "records": 61, "across_owners": 4, "drawn": 3, "left": 1, "judged": 2, "one": 1},
                "merged": {"groups": 1, "records": 2, "across_owners": 1, "drawn": 0, "left": 0, "judged": 59, "one": 59},
                "related": {"groups": 0, "records": 0, "across_owners": 0, "drawn": 0, "left": 0, "judged": 0, "one": 0},
            },
            "said": {"merge": 60, "apart": 1, "related": 0, "defer": 0},
        }},
        trial={
            "result": "accept", "n": 3, "errors": 0, "population": 3, "census": True, "rate": 0.0, "lower_bound": 1.0,
            "confidence": 0.95, "claim": 0.95, "strata": {}, "stratum_errors": 0,
            "sentences": {"zh": "全部 3 条都已试导。", "en": "All 3 records were tried."},
        },
        written=[{
            "object": "customer", "path": "1_customer.csv", "part": 1, "start": 0, "rows": 3, "bytes": 9, "sha256": "ab",
        }],
        entities=entities(), mapping=mapping,
        preflight=frame("issues", *((-1, "", "", "preflight_unknown", "info", None, n) for n in ("limits.rows", "limits.bytes"))),
        target_losses=pd.DataFrame([("customer", "phone", 3)], columns=["entity", "field", "values"]),
        notes=[{"source_file": A, "source_sheet": "", "code": "error_cell", "where": "B2=#N/A", "detail": "1"}],
        masks={
            "customer.name": lambda v: v[:1] + "*" * (len(v) - 1), "customer.phone": lambda v: "*" * len(v),
            "customer.type": lambda v: v, "customer.owner": lambda v: "*" * len(v), "contact.name": lambda v: "**",
            "contact.mobile": lambda v: f"{v[0]}{'*' * (len(v) - 2)}{v[-1]}",
        },
    )  # fmt: skip


def one(found: list[dict], **key: object) -> dict:
    return next(line for line in found if all(line[k] == v for k, v in key.items()))


def test_every_row_has_one_exit_and_the_sums_agree(facts):
    found = quality(facts)["balance"]
    assert found["customer"] == {
        "rows": 5, "records": 5, "golden": 4, "migrated": 3, "merged": 1, "parked": 1, "excluded": 0,
    }  # fmt: skip
    assert found["contact"]["excluded"] == 3 and found["contact"]["records"] == 2


@pytest.mark.parametrize("spoil", [
    lambda rows: rows.iloc[1:], lambda rows: pd.concat([rows, rows.iloc[:1]]), lambda rows: rows.assign(exit="lost"),
    lambda rows: rows.assign(exit=rows["exit"].replace("merged", "excluded")),
    lambda rows: rows[rows["rid"] != 2],
], ids=["a row less", "a row twice", "no exit", "a record excluded", "a row of no entity"])  # fmt: skip
def test_lost_or_invented_rows_are_a_fault(facts, spoil):
    with pytest.raises(Unbalanced):
        quality(replace(facts, rows=spoil(facts.rows)))


@pytest.mark.parametrize("count", [2, 4], ids=["a row too many", "a row lost"])
def test_as_many_rows_end_as_were_read_of_each_file(facts, count):
    files = facts.files.assign(rows=facts.files["rows"].replace(3, count))
    with pytest.raises(Unbalanced, match=f"a.csv: {count} rows read, 3 accounted for"):
        quality(replace(facts, files=files))


def test_the_verdict_says_what_stands_against_loading(facts):
    errors = frame("issues", (0, "customer", "name", "preflight_required", "error", "", ""))
    notes = errors.assign(severity="warning")
    assert quality(facts)["verdict"] == {"may_load": True, "reasons": [], "but": ["unreadable_files", "parked_rows"]}
    assert quality(replace(facts, preflight=notes))["verdict"]["may_load"]
    spoilt = quality(replace(facts, preflight=errors, trial={**facts.trial, "result": "reject"}))["verdict"]
    assert not spoilt["may_load"] and spoilt["reasons"] == ["preflight_errors", "trial_reject"]
    assert quality(replace(facts, trial={}))["verdict"]["reasons"] == ["trial_none"]


def test_masked_examples_keep_the_form_that_was_repaired(facts):
    assert one(quality(facts)["issues"], field="phone", code="format_invalid")["samples"][0]["value"] == "****-****"


def test_a_wrong_value_that_another_row_made_good_is_settled(facts):
    line = one(quality(facts)["issues"], entity="customer", field="phone", code="format_invalid")
    assert (line["records"], line["open"]) == (1, 0)


def test_the_headline_counts_customers_without_open_issue(facts):
    """c2 has an unknown type, c3 no name, c4 a contact with a wrong mobile: c0 alone is free."""
    assert quality(facts)["headline"] == {"n": 1, "of": 4}
    doubt = frame("pairs", ("customer", 0, 4, "name", 3.0, 0.5, "review", "", "", ""))
    assert quality(replace(facts, pairs=doubt))["headline"] == {"n": 0, "of": 4}


def test_a_finding_made_twice_counts_once(facts):
    assert one(quality(facts)["issues"], code="required_missing")["records"] == 1


def test_a_general_failure_does_not_repeat_what_a_doubt_says(facts):
    found = quality(facts)["issues"]
    assert one(found, field="type", code="not_in_picklist")["alone"] == 0
    assert one(found, field="type", code="picklist_unknown")["alone"] == 1


def test_fields_before_and_after(facts):
    """Phone before: rows 0, 1 and the null word of 2 were filled, row 3 got a part of another cell; row 1 was right."""
    found = quality(facts)["fields"]
    assert one(found, entity="customer", field="phone")["before"] == {"of": 5, "filled": 3, "valid": 1}
    assert one(found, entity="customer", field="phone")["after"] == {"of": 4, "filled": 2, "valid": 2}
    assert one(found, entity="customer", field="name")["before"] == {"of": 5, "filled": 4, "valid": 3}


def test_no_value_is_shown_that_a_person_typed(facts):
    found = quality(facts)
    shown = json.dumps({name: part for name, part in found.items() if name != "codes"}, ensure_ascii=False)
    names = ("王小明", "杭州甲公司", "王芳", "张三")
    numbers = ("13812345678", "138 1234 5678", "1381234", "0571-8888", "010-66668888")
    for value in (*names, *numbers):
        assert value not in shown


def test_a_value_of_a_list_is_shown_once_it_is_common(facts):
    many = facts.golden["customer"].assign(type="王小明")
    found = quality(replace(facts, golden={**facts.golden, "customer": many}))
    assert one(found["issues"], code="picklist_unknown")["samples"] == [{"where": "a.csv!4", "value": "王小明"}]


def test_of_every_queue_the_drawn_groups_tell_how_right_it_is_with_exact_bounds(facts):
    merged, review, related = quality(facts)["duplicates"]["customer"]["queues"]
    assert (merged["share"], merged["at_least"], merged["at_most"]) == (1.0, 0.9505, 1.0), "0 of 59 wrong: 95 % at 95 %"
    assert (review["share"], review["at_least"], review["at_most"]) == (0.5, 0.0253, 0.9747)
    assert (review["across_owners"], review["within_one_owner"]) == (4, 26)
    assert related["share"] is related["at_least"] is None, "nothing is estimated of what nobody judged"


def test_groups_across_owners_are_told_apart(facts):
    assert quality(facts)["duplicates"]["customer"]["across_owners"] == {"groups": 1, "records": 2, "pairs": 0}


def test_the_numbers_are_ready_for_json_and_do_not_depend_on_order(facts):
    shuffled = replace(
        facts, rows=facts.rows.iloc[::-1], changes=facts.changes.iloc[::-1], issues=facts.issues.iloc[::-1],
        files=facts.files.iloc[::-1], layout=facts.layout.iloc[::-1], clusters=facts.clusters.iloc[::-1],
        records={n: t.iloc[::-1].reset_index(drop=True) for n, t in facts.records.items()},
        golden={n: t.iloc[::-1].reset_index(drop=True) for n, t in facts.golden.items()},
    )  # fmt: skip
    first, second = (json.dumps(quality(f), ensure_ascii=False, sort_keys=True) for f in (facts, shuffled))
    assert first == second


def test_nothing_at_all_is_a_report_too(facts):
    empty = {n: t.iloc[:0] for n, t in facts.records.items()}
    found = quality(replace(
        facts, rows=frame("rows"), records=empty, golden={n: t.iloc[:0] for n, t in facts.golden.items()},
        changes=frame("changes"), issues=frame("issues"), pairs=frame("pairs"), clusters=frame("clusters"), matching={},
        trial={}, mapping=(), written=(), files=frame("files"), layout=frame("layout"), losses=frame("losses"),
    ))  # fmt: skip
    assert found["verdict"]["reasons"][0] == "nothing_to_load" and not found["verdict"]["may_load"]
    assert found["headline"] == {"n": 0, "of": 0} and found["balance"]["customer"]["rows"] == 0


def test_the_whole_account(facts):
    """All numbers of this small run; the pages of ``tests/reports`` are made from them."""
    assert quality(facts) == json.loads(NUMBERS.read_text("utf-8"))
