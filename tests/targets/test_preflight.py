"""For every import error that the files can show: what causes it is found under its own code, its neighbour passes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.codes import all_codes
from cleanse.model import Seen
from cleanse.stages import trial
from cleanse.stages.conform import conform
from cleanse.stages.preflight import preflight
from cleanse.targets import files

RULES = Path(__file__).parents[2] / "rules"
CASES = tomllib.loads((Path(__file__).parent / "cases" / "errors.toml").read_text("utf-8"))
A = {"name": "A", "source": "a"}
XLSX = {"form": {"type": "xlsx"}}
ROSTER = [{"name": "李雷"}, {"name": "王伟"}, {"name": "王伟"}, {"name": "韩梅", "active": False}]


def codes(issues: pd.DataFrame) -> list[str]:
    return issues.loc[
        ~issues["code"].isin(["preflight_note", "preflight_memory", "preflight_unknown", "preflight_no_roster"]), "code"
    ].tolist()


def rows(values: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"C{n}" for n in range(len(values))], "A": values}, dtype="str")


def told(code: str) -> str:
    """What our sentences say of a code, in both languages."""
    return " ".join(all_codes()[code].text.values())


@pytest.mark.parametrize("case", CASES["cell"], ids=lambda c: f"{c['number']}-{c['code']}-{c.get('bad', 'None')}")
def test_a_bad_cell_is_found_and_its_neighbour_passes(small, golden, case) -> None:
    field, bad, good = {**A, **case.get("field", {})}, case.get("bad"), case.get("good")
    profile = small(field, **case.get("sections", {}))
    issues = preflight({"customer": [rows([good, bad, good])]}, profile)
    issues = issues[issues["field"] == "A"]
    assert codes(issues) == [f"preflight_{case['code']}"]
    assert issues["note"].tolist()[0].startswith("customer, part 1:3")
    assert issues["value"].isna().all() if bad is None else issues["value"].tolist() == [bad]
    assert case["error"] in told(f"preflight_{case['code']}")
    if case["held"]:
        done = conform(golden(a=[good, bad, good]), profile)
        assert done.issues[["rid", "field", "code"]].values.tolist() == [[11, "a", f"target_{case['held']}"]]
        assert bad not in done.tables["customer"]["A"].tolist()
        assert done.tables["customer"].loc[["C0", "C2"], "A"].notna().all() or good is None
        assert case["held"] != case["code"] or case["error"] in told(f"target_{case['held']}")


def seen(**facts: Any) -> Seen:
    return Seen(**{"object": "customer", "path": "1.csv", "rows": 3, "bytes": 90, "header": ("id", "A"), **facts})


@pytest.mark.parametrize("case", CASES["file"], ids=lambda c: f"{c['number']}-{c['code']}")
def test_a_bad_file_is_found(small, case) -> None:
    issues = preflight({}, small(A, **case.get("sections", {})), [seen(**case["seen"])] * case.get("times", 1))
    assert codes(issues) == [f"preflight_{case['code']}"]
    assert issues["rid"].tolist() == [-1]
    assert case["error"] in told(f"preflight_{case['code']}")


@pytest.mark.parametrize("case", CASES["other"], ids=lambda c: c["test"])
def test_a_case_of_several_rows_has_its_test(case) -> None:
    assert callable(globals()[case["test"]])
    assert not case["error"] or case["error"] in told(f"preflight_{case['code']}")


def test_every_error_of_the_list_has_a_case() -> None:
    assert {case["number"] for sort in CASES.values() for case in sort} == set(range(1, 31))


NAMES = tomllib.loads((Path(__file__).parent / "cases" / "error_names.toml").read_text("utf-8"))


@pytest.mark.parametrize("number", NAMES)
def test_an_error_is_told_by_every_name_that_targets_give_it(number) -> None:
    ours = {case["code"] for sort in CASES.values() for case in sort if case["number"] == int(number)}
    said = " ".join(told(f"preflight_{code}") for code in ours)
    assert [name for name in NAMES[number] if name not in said] == []


def test_30_what_is_dropped_in_silence_is_found_when_it_is_read_back() -> None:
    sent = rows(["高", "低", "中"]).set_index("id", drop=False)
    arrived = sent.iloc[:2].assign(A=["高", None])
    lost = trial.compare({"customer": sent}, {"customer": arrived})
    assert lost[["golden_id", "field"]].values.tolist() == [["C2", "row_missing"], ["C1", "A"]]
    assert trial.compare({"customer": sent}, {"customer": sent}).empty


@pytest.mark.parametrize(
    ("sections", "facts"),
    [
        ({}, {}),
        ({"form": {"bom": True}}, {"bom": True}),
        ({"limits": {"rows": 3, "bytes": 90, "columns": 2}}, {}),
        (XLSX, {"bom": False}),
        ({"form": {"header_mode": "free"}}, {"header": ("x",)}),
        ({}, {"header": ("A", "id")}),
        ({"form": {"header_mode": "all-required-present"}}, {"header": ("id", "x")}),
        ({"limits": {"imports_day": 1}}, {}),
    ],
)
def test_a_good_file_passes(small, sections, facts) -> None:
    assert codes(preflight({}, small(A, **sections), [seen(**facts)])) == []


def test_5_one_of_several_must_be_filled(small) -> None:
    profile = small(A, {"name": "B", "source": "b"}, objects={"one_of": [["A", "B"]]})
    table = pd.DataFrame({"id": ["1", "2", "3"], "A": ["x", None, " "], "B": [None, "y", None]}, dtype="str")
    issues = preflight({"customer": [table]}, profile)
    assert codes(issues) == ["preflight_one_of"]
    assert issues["note"].tolist() == ["customer, part 1:4"]


def test_5_a_required_column_must_be_there(small) -> None:
    issues = preflight({"customer": [rows(["x"])[["id"]]]}, small({**A, "required": True}))
    assert codes(issues) == ["preflight_required"]


def test_13_an_existing_record_is_found(small) -> None:
    there = {"customer": pd.DataFrame({"A": ["Old Co"]}, dtype="str")}
    issues = preflight({"customer": [rows(["old co ", "new co"])]}, small({**A, "unique": True}), existing=there)
    assert codes(issues) == ["preflight_exists"]


def test_14_a_unique_value_stands_once_over_all_parts(small) -> None:
    second = rows(["Twice ", None]).assign(id=["D0", "D1"])
    issues = preflight({"customer": [rows(["twice", "once", None]), second]}, small({**A, "unique": True}))
    assert codes(issues) == ["preflight_duplicate"] * 2
    assert issues["note"].tolist() == ["customer, part 1:2", "customer, part 2:2"]


def links(profile: Any, parents: list[str], children: list[list[str | None]], **more: Any) -> pd.DataFrame:
    parent = pd.DataFrame({"id": [f"C{n}" for n in range(len(parents))], "N": parents}, dtype="str")
    parts, start = [], 0
    for part in children:
        parts.append(
            pd.DataFrame({"id": [f"K{start + n}" for n in range(len(part))], "parent": part, "X": "x"}, dtype="str")
        )
        start += len(part)
    return preflight({"customer": [parent], "contact": parts}, profile, **more)


@pytest.fixture
def by_name(small):
    name = {"name": "N", "source": "name", "required": True}
    return small(name, child=[{"name": "X", "source": "x"}], objects={"key": "N"})


def test_15_a_link_leads_to_a_parent_of_the_files_or_of_the_target(by_name) -> None:
    existing = {"customer": pd.DataFrame({"N": ["there already"]}, dtype="str")}
    issues = links(by_name, ["one"], [["one", "One", None, "there already"]], existing=existing)
    assert issues[["code", "value"]].values.tolist() == [["preflight_parent_missing", "One"]]


def test_16_a_link_leads_to_one_parent_only(by_name) -> None:
    issues = links(by_name, ["same", "same", "other"], [["same", "other"]])
    assert codes(issues) == ["preflight_duplicate"] * 2 + ["preflight_parent_ambiguous"]


def test_15_a_record_above_stands_in_an_earlier_file(small) -> None:
    profile = small(A, {"name": "UP", "source": "parent_id", "type": "reference"})
    up: list[list[str | None]] = [[None, "C1", "C0", "C9"], ["C0", "C4", "there", "C5"]]
    parts, start = [], 0
    for part in up:
        ids = [f"C{start + n}" for n in range(len(part))]
        parts.append(pd.DataFrame({"id": ids, "A": "x", "UP": part}, dtype="str"))
        start += len(part)
    existing = {"customer": pd.DataFrame({"id": ["there"]}, dtype="str")}
    issues = preflight({"customer": parts}, profile, existing=existing)
    assert issues[["code", "value"]].values.tolist() == [
        ["preflight_parent_missing", "C9"],
        ["preflight_parent_later", "C1"],  # itself
        ["preflight_parent_later", "C0"],  # the same file
        ["preflight_parent_later", "C4"],
        ["preflight_parent_later", "C5"],
    ]
    assert codes(preflight({"customer": [parts[0].iloc[[0]], parts[0].iloc[[2]]]}, profile)) == []


def test_22_an_empty_row_is_found(small) -> None:
    table = pd.DataFrame({"id": ["1", None], "A": ["x", None]}, dtype="str")
    assert "preflight_empty_row" in codes(preflight({"customer": [table]}, small(A)))


def test_24_children_of_one_parent_stand_in_one_file(by_name) -> None:
    issues = links(by_name, ["one", "two"], [["one", "two"], ["two"]])
    assert codes(issues) == ["preflight_children_split"]
    assert issues["severity"].tolist() == ["warning"]


def test_27_places_are_whole_and_known(small) -> None:
    fields = [{"name": n.upper(), "source": n} for n in "abc"]
    checks = {"together": [["A", "B", "C"]], "areas": ["浙江省/杭州市/西湖区"], "area_columns": ["A", "B", "C"]}
    table = pd.DataFrame(
        {
            "id": ["1", "2", "3", "4"],
            "A": ["浙江省", "浙江省", None, "浙江省"],
            "B": ["杭州市", None, None, "杭州市"],
            "C": ["西湖区", "西湖区", None, "西湖"],
        },
        dtype="str",
    )
    issues = preflight({"customer": [table]}, small(*fields, checks=checks))
    assert sorted(set(issues["note"])) == ["customer, part 1:3", "customer, part 1:5"]
    assert set(codes(issues)) == {"preflight_area"}


def test_what_no_source_confirms_is_said(shipped) -> None:
    issues = preflight({}, shipped("hubspot"))
    said = issues.loc[issues["code"] == "preflight_memory", "note"].tolist()
    assert "form.date" in said
    assert "companies.description" in said
    assert set(issues["severity"]) == {"info"}


def test_issues_are_traced_to_their_rows(small) -> None:
    issues = preflight(
        {"customer": [rows(["x", None])]}, small({**A, "required": True}), rids={"customer": pd.Series([7, 8])}
    )
    assert issues["rid"].tolist() == [8]


def test_every_code_is_declared() -> None:
    declared = {name for name in all_codes() if name.startswith("preflight_")}
    used = {f"preflight_{case['code']}" for sort in CASES.values() for case in sort if case["code"]}
    assert declared == used | {f"preflight_{name}" for name in ("memory", "note", "unknown")}


@pytest.mark.parametrize("name", sorted(path.stem for path in (RULES / "targets").glob("*.toml")))
def test_what_conform_makes_and_files_write_passes(shipped, entities, tmp_path: Path, name) -> None:
    """Dirty golden records: whatever conform lets through must satisfy the second witness."""
    dirt = [
        None,
        "x",
        "a\x07b",
        "𠮷",
        "2024-02-30",
        "2024-02-29",
        "战略 客户",
        "a@example.com",
        "长" * 300,
        "=1",
        " \u3000",
        "王小明",
        "12.5",
    ]
    golden = {}
    for entity in (entities["customer"], entities["contact"]):
        size = 3 * len(dirt)
        cells = {
            f: pd.Series([dirt[(n + k) % len(dirt)] for n in range(size)], dtype="str")
            for k, f in enumerate(entity.stored)
        }
        golden[entity.name] = pd.DataFrame(
            {"golden_id": [f"{entity.name[:3]}{n}" for n in range(size)], "rid": range(size), **cells}
        )
    golden["contact"]["customer_id"] = golden["customer"]["golden_id"].sample(frac=1, random_state=1).to_numpy()
    profile = shipped(name)
    done = conform(golden, profile)
    back, facts = files.look(tmp_path, files.write(done.tables, profile, tmp_path), profile)
    issues = preflight(back, profile, facts)
    assert issues.loc[issues["severity"] == "error", ["field", "code", "value"]].values.tolist() == []


TEXT = st.text(
    st.sampled_from("aZ09.-@+eE:/= \t\n\r\x00\x1f\x85\xa0ßİſé张（）１\u200b\u2028\u3000\ufeff\ufffe😀|;,\"'"),
    max_size=9,
)
TYPES = ("text", "date", "datetime", "number", "boolean", "email", "phone", "id", "owner", "picklist")
SPECS = [
    *({"type": name} for name in TYPES), {"values": ["a", "Z"], "type": "picklist"}, {"max_length": 3},
    {"max_bytes": 4},
    {"pattern": r"\d+|\w"}, {"required": True}, {"unique": True}, {"required": True, "unique": True},
]  # fmt: skip
FORMS = [{}, {"length": "utf16"}, {"encoding": "gb18030"}, {"type": "xlsx"}, {"date": "DD/MM/YYYY", "decimal": ","}]
CHECKS = [
    {},
    {"four_byte": False, "line_breaks": False, "forbidden": "|;]"},
    {"roster": ROSTER},
    {"together": [["A", "B"]]},
]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_the_second_witness_never_refuses_what_the_first_let_go(small, golden, data) -> None:
    """Over any profile and any text: what conform hands on has no error left for pre-flight to find."""
    draw = data.draw
    spec, other = draw(st.sampled_from(SPECS)), draw(st.sampled_from(SPECS))
    profile = small(
        {**A, **spec}, {"name": "B", "source": "b + c", "separator": " ", **other},
        form=draw(st.sampled_from(FORMS)), checks=draw(st.sampled_from(CHECKS)), limits={"cell_chars": 8},
    )  # fmt: skip
    good = st.sampled_from(["2024-02-29", "a@b.cn", "12", "true", "a", "Z", "李雷", "王伟"])
    size = draw(st.integers(1, 6))
    columns = {n: draw(st.lists(st.none() | TEXT | good, min_size=size, max_size=size)) for n in "abc"}
    done = conform(golden(**columns), profile)
    issues = preflight({"customer": [done.tables["customer"].reset_index(drop=True)]}, profile)
    assert issues.loc[issues["severity"] == "error", ["field", "code", "value"]].values.tolist() == []


@pytest.mark.parametrize(
    ("path", "found"),
    [("1_customer_new_001.xlsx", ["preflight_exists"]), ("1_customer_update_001.xlsx", ["preflight_absent"])],
)
def test_13_new_rows_and_updates_are_each_what_their_file_says(small, path, found) -> None:
    profile = small({**A, "unique": True}, form={"type": "xlsx", "existing": "apart"})
    there = {"customer": pd.DataFrame({"A": ["Old"]}, dtype="str")}
    issues = preflight({"customer": [rows(["old", "new"])]}, profile, [seen(path=path)], existing=there)
    assert codes(issues) == found


def test_17_without_a_roster_it_is_said_that_owners_are_not_checked(small) -> None:
    issues = preflight({}, small({**A, "type": "owner"}))
    assert issues["code"].tolist() == ["preflight_no_roster"]
    assert preflight({}, small({**A, "type": "owner"}, checks={"roster": ROSTER})).empty
