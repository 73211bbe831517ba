"""The scorer gives a perfect run full marks and sees every kind of fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

FILES = [
    {"file": "a.csv", "expect": "read"},
    {"file": "bad.xlsx", "expect": "error"},
    {"file": "~$a.xlsx", "expect": "ignore"},
]


def dirty(raw: str, true: str | None, verdict: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"raw": raw, "true": true, "verdict": verdict, "kind": kind, **more}


RECORDS = [
    {"file": "a.csv", "sheet": "", "row": 2, "entity": "C1", "contact": "C1.0", "variant": "exact", "fields": {
        "name": dirty("甲乙公司(杭州)", "甲乙公司（杭州）", "ok", "brackets", accept=["甲乙公司(杭州)"]),
        "mobile": dirty("13800001111/13900002222", "13800001111", "ok", "two", extra=["13900002222"]),
        "code": "007", "city": "杭州市",
        "first_date": dirty("05/06/2023", "2023-05-06", "ambiguous", "dm", accept=["2023-06-05"]),
    }},
    {"file": "a.csv", "sheet": "", "row": 3, "entity": "C1", "contact": "C1.0", "variant": "abbrev", "fields": {
        "name": "甲乙公司", "mobile": dirty("1380000111", "13800001111", "unfixable", "too_short"),
        "code": dirty("无", None, "missing", "null"), "city": dirty("", None, "missing", "blank"),
        "first_date": dirty("2023.5.6", "2023-05-06", "ok", "dots"),
    }},
    {"file": "a.csv", "sheet": "", "row": 5, "entity": "C2", "contact": "C2.0", "variant": "exact", "fields": {
        "name": "丙丁公司", "mobile": "13700003333", "code": "008", "city": "宁波市", "first_date": "2020-01-01",
    }},
]  # fmt: skip
LAYOUT = [
    {"file": "a.csv", "sheet": "", "row": 1, "kind": "header"},
    {"file": "a.csv", "sheet": "", "row": 4, "kind": "note"},
]
NEAR = [{"kind": "sister", "a": "C1", "b": "C2"}]


@pytest.fixture
def case(tmp_path: Path, make_truth: Callable[..., None], perfect_run: Callable[..., Path]) -> Path:
    make_truth(tmp_path / "truth", RECORDS, FILES, LAYOUT, NEAR)
    perfect_run(tmp_path / "run", RECORDS, FILES)
    return tmp_path


@pytest.fixture
def figures(script: Callable[[str], Any]) -> Callable[[Path], dict[str, Any]]:
    def score(case: Path) -> dict[str, Any]:
        truth = script("accuracy.truth")
        found, _ = script("accuracy.score").score(truth.read_truth(case / "truth"), truth.read_run(case / "run"))
        return found  # type: ignore[no-any-return]

    return score


def put(case: Path, entity: str, row: int, column: str, value: str | None) -> None:
    path = case / "run" / "records" / f"{entity}.parquet"
    frame = pd.read_parquet(path)
    frame.loc[frame["source_row"] == row, column] = value
    frame.to_parquet(path)


def report(case: Path, row: int, entity: str, field: str, value: str) -> None:
    path = case / "run" / "ledger" / "issues.parquet"
    frame = pd.read_parquet(path)
    rid = next(i for i, r in enumerate(RECORDS) if r["row"] == row)
    frame.loc[len(frame)] = [rid, entity, field, "doubt", "warning", value, ""]
    frame.astype({"rid": "int64"}).to_parquet(path)


def test_a_perfect_run_is_perfect(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    found = figures(case)
    assert all(found["bars"].values())
    assert found["cells"]["all"]["share"] == 1
    assert found["pairs"]["true_pairs"] == found["pairs"]["found_pairs"] == 1


@pytest.mark.parametrize(
    ("place", "value", "verdict"),
    [
        (("customer", 5, "code"), "8", "damaged"),  # a right value changed
        (("customer", 5, "code"), None, "damaged"),  # a right value lost
        (("customer", 2, "name"), "甲乙公司(杭州)", "right"),  # accepted as it was typed
        (("customer", 2, "name"), "甲乙", "damaged"),  # cut too far
        (("customer", 3, "first_date"), "2023.5.6", "missed"),  # left as typed
        (("customer", 3, "first_date"), None, "missed"),
        (("customer", 3, "first_date"), "2023-06-05", "damaged"),  # a wrong reading
        (("customer", 2, "first_date"), "2023-05-06", "guessed"),  # chosen without a word
        (("customer", 2, "first_date"), "05/06/2023", "missed"),  # kept without a word
        (("customer", 3, "code"), "无", "missed"),  # the placeholder stayed
        (("customer", 3, "code"), "007", "right"),  # taken over from another row of the customer
        (("customer", 3, "code"), "009", "damaged"),  # made up
        (("customer", 3, "city"), "杭州市", "right"),
        (("customer", 5, "province"), "浙江省", "damaged"),  # the row does not give it, nobody knows it
        (("contact", 3, "mobile"), "1380000111", "missed"),  # kept without an issue
        (("contact", 3, "mobile"), "13800001110", "damaged"),  # a digit made up
        (("contact", 2, "mobile_2"), None, "missed"),  # the second number was dropped
        (("contact", 2, "mobile_2"), "13900002223", "damaged"),
        (("contact", 5, "mobile_2"), "13911112222", "damaged"),  # a second number out of nowhere
        (("contact", 5, "title"), "经理", "damaged"),
    ],
)
def test_a_changed_cell_is_seen(
    case: Path, figures: Callable[[Path], dict[str, Any]], place: tuple[str, int, str], value: str, verdict: str
) -> None:
    clean = figures(case)["cells"]["all"]
    put(case, *place, value)
    found = figures(case)["cells"]["all"]
    if verdict == "right":
        assert found == clean
    else:
        assert found[verdict] == 1
        assert sum(found[v] for v in ("missed", "damaged", "guessed")) == 1


def test_a_reported_doubt_is_right(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    put(case, "contact", 3, "mobile", "1380000111")
    put(case, "customer", 2, "first_date", "05/06/2023")
    report(case, 3, "contact", "mobile", "1380000111")
    report(case, 2, "customer", "first_date", "05/06/2023")
    assert figures(case)["cells"]["all"]["share"] == 1


def test_rows_lost_doubled_and_invented(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    path = case / "run" / "ledger" / "rows.parquet"
    rows = pd.read_parquet(path)
    note = rows[(rows["source_row"] == 5)].assign(source_row=4)
    pd.concat([rows[rows["source_row"] != 3], note, rows[rows["source_row"] == 2]]).to_parquet(path)
    found = figures(case)["rows"]
    assert {tuple(r[:4]) for r in found["lost"]} == {("customer", "a.csv", "", 3), ("contact", "a.csv", "", 3)}
    assert {tuple(r[3:]) for r in found["invented"]} == {(4, "note")}
    assert {r[3] for r in found["doubled"]} == {2}


def test_a_good_row_that_is_excluded_is_lost(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    path = case / "run" / "ledger" / "rows.parquet"
    rows = pd.read_parquet(path)
    rows.loc[(rows["entity"] == "customer") & (rows["source_row"] == 5), "exit"] = "excluded"
    rows.to_parquet(path)
    assert figures(case)["rows"]["lost"] == [["customer", "a.csv", "", 5, "excluded"]]


def test_files_judged_otherwise(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    path = case / "run" / "ledger" / "files.parquet"
    files = pd.read_parquet(path)
    files.loc[files["source_file"] == "bad.xlsx", "status"] = "ignored"
    files.loc[len(files)] = ["more.csv", "read"]
    files.to_parquet(path)
    assert figures(case)["files"]["wrong"] == [["bad.xlsx", "error", "ignored"], ["more.csv", "not there", "read"]]


def test_merging_a_near_miss_is_seen(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    path = case / "run" / "ledger" / "rows.parquet"
    rows = pd.read_parquet(path)
    rows.loc[rows["entity"] == "customer", "golden_id"] = "one"
    rows.to_parquet(path)
    pairs = figures(case)["pairs"]
    assert (pairs["precision"], pairs["recall"]) == (round(1 / 3, 4), 1)
    assert len(pairs["near_miss_merged"]) == 2


def test_a_pair_left_apart_is_missed(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    path = case / "run" / "ledger" / "rows.parquet"
    rows = pd.read_parquet(path)
    rows["golden_id"] = [str(i) for i in range(len(rows))]
    rows.to_parquet(path)
    pairs = figures(case)["pairs"]
    assert pairs["recall"] == 0 and len(pairs["missed"]) == 1


def test_bands_count_pairs_once(case: Path, figures: Callable[[Path], dict[str, Any]]) -> None:
    pairs = pd.DataFrame({"entity": "customer", "left": [0, 0], "right": [1, 2], "band": ["merge", "related"]})
    pairs.to_parquet(case / "run" / "pairs.parquet")
    bands = figures(case)["pairs"]["bands"]
    assert bands == {"merge": {"same": 1}, "not listed": {"same": 0}, "related": {"near_miss": 1}}


@pytest.mark.parametrize("as_link", [True, False])
def test_latest_is_followed_and_the_exit_code_tells(case: Path, script: Callable[[str], Any], as_link: bool) -> None:
    out = case / "out"
    out.mkdir()
    (case / "run").rename(out / "r1")
    if as_link:
        (out / "latest").symlink_to("r1")
    else:
        (out / "latest").write_text("r1\n", "utf-8")
    main = script("accuracy.score").main
    assert main([str(case / "truth"), str(out), "--json", str(case / "figures.json")]) == 0
    assert json.loads((case / "figures.json").read_text("utf-8"))["cells"]["all"]["share"] == 1
    path = out / "r1" / "records" / "customer.parquet"
    pd.read_parquet(path).assign(code="1").to_parquet(path)
    assert main([str(case / "truth"), str(out)]) == 1
