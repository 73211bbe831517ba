"""The trial: exact bounds, a plan fixed beforehand, a sample without dice, a verdict that claims what is proved."""

from __future__ import annotations

import json
from math import comb

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.stages import shapes, trial

# One-sided 95 % bounds: errors, rows, accuracy proved. 0 errors is also the closed form 0.05 ** (1 / rows).
KNOWN = [
    (1, 100, 0.9534),
    (0, 59, 0.9505),
    (0, 100, 0.05**0.01),
    (0, 22, 0.05 ** (1 / 22)),
    (0, 299, 0.05 ** (1 / 299)),
]


@pytest.mark.parametrize(("errors", "rows", "bound"), KNOWN)
def test_the_bound_agrees_with_known_values(errors, rows, bound) -> None:
    assert trial.lower_bound(errors, rows) == pytest.approx(bound, abs=6e-5)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 400), st.data(), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_bound_is_the_rate_at_which_the_tail_is_alpha(rows, data, confidence) -> None:
    errors = data.draw(st.integers(0, rows - 1))
    bound = trial.lower_bound(errors, rows, confidence)
    tail = sum(comb(rows, k) * (1 - bound) ** k * bound ** (rows - k) for k in range(errors + 1))
    assert tail == pytest.approx(1 - confidence, rel=1e-6)
    assert bound <= 1 - errors / rows


def test_all_wrong_proves_nothing() -> None:
    assert trial.lower_bound(5, 5) == 0.0
    with pytest.raises(ValueError, match="between"):
        trial.lower_bound(6, 5)


def test_the_two_stage_plan_keeps_its_promises() -> None:
    plan = trial.plan()
    assert (plan.first, plan.accept, plan.reject, plan.second, plan.total) == (100, 0, 6, 200, 8)
    assert plan.acceptance(0.95) == pytest.approx(0.038, abs=5e-4)
    assert plan.acceptance(0.98) == pytest.approx(0.85, abs=5e-3)
    assert trial.Plan(100, 5, 6).acceptance(0.93) == pytest.approx(0.29, abs=5e-3)


@pytest.mark.parametrize(("rows", "allowed"), [(59, 0), (93, 1), (124, 2), (300, 8)])
def test_a_single_stage_allows_what_still_proves_the_claim(rows, allowed) -> None:
    plan = trial.plan(rows)
    assert (plan.accept, plan.second) == (allowed, 0)
    assert plan.acceptance(0.95) <= 0.05


def test_too_few_rows_prove_nothing_and_it_is_said() -> None:
    found = verdict(0, rows=58, plan=trial.plan(58))
    assert found["result"] == "reject"
    assert "59 are needed" in found["sentences"]["en"]
    assert trial.needed(0.95, 0.95) == 59
    assert trial.needed(0.99, 0.95) == 299
    assert trial.needed(1.0, 0.95) == 0


IDS = [f"C{n:04}" for n in range(400)]
NONE = pd.DataFrame({"golden_id": [], "stratum": []}, dtype="str")


def test_the_sample_depends_on_ids_and_seed_alone() -> None:
    one = trial.sample(IDS, NONE, 100, "seed")
    assert one.equals(trial.sample(IDS[::-1], NONE, 100, "seed"))
    assert not one.equals(trial.sample(IDS, NONE, 100, "other"))
    assert len(one) == one["golden_id"].nunique() == 100
    assert trial.sample(IDS, NONE, 300, "seed")["golden_id"].tolist()[:100] == one["golden_id"].tolist()


def test_every_stratum_is_looked_at_and_stays_out_of_the_random_part() -> None:
    strata = pd.DataFrame(
        {"golden_id": IDS[:3] + IDS[:200] + ["unknown"], "stratum": ["rare"] * 3 + ["common"] * 200 + ["x"]}
    )
    drawn = trial.sample(IDS, strata, 20, "seed", per_stratum=2)
    random = drawn[drawn["part"] == "random"]
    assert random["golden_id"].tolist() == trial.sample(IDS, NONE, 20, "seed")["golden_id"].tolist()
    extra = drawn[drawn["part"] == "stratum"]
    assert (extra["stratum"] == "rare").sum() == 2 - len(set(random["golden_id"]) & set(IDS[:3]))
    assert not set(extra["golden_id"]) & set(random["golden_id"])


def test_children_go_with_their_unit() -> None:
    links = pd.DataFrame({"golden_id": ["k1", "k2", "k3", "deep"], "parent_id": ["a", "a", "b", "k3"]})
    drawn = trial.sample(["a", "b"], NONE, 2, "seed", links=links).set_index("golden_id")
    assert drawn["unit"].to_dict() == {"a": "a", "b": "b", "k1": "a", "k2": "a", "k3": "b", "deep": "b"}
    assert len(trial.sample(["a", "b"], NONE, 1, "seed", links=links)) == 3


def test_a_childs_stratum_draws_its_unit() -> None:
    links = pd.DataFrame({"golden_id": [f"K{n}" for n in range(400)], "parent_id": IDS})
    drawn = trial.sample(IDS, pd.DataFrame({"golden_id": ["K7"], "stratum": ["rare"]}), 0, "seed", links=links)
    assert drawn[["golden_id", "part", "stratum"]].values.tolist() == [
        ["C0007", "stratum", "rare"],
        ["K7", "stratum", "rare"],
    ]


def test_compare_names_every_cell_that_did_not_arrive() -> None:
    sent = pd.DataFrame({"A": ["1", "2", None, "4"], "B": ["x", None, "z", "w"]}, index=list("abcd"), dtype="str")
    back = pd.DataFrame({"A": ["4", "2", "", "9"], "B": ["w", "y", "z", "v"]}, index=list("dbce"), dtype="str")
    wrong = trial.compare({"t": sent}, {"t": back})
    assert wrong.values.tolist() == [
        ["t", "a", "row_missing", "", ""],
        ["t", "e", "row_surplus", "", ""],
        ["t", "b", "B", "", "y"],
    ]
    assert trial.compare({"t": sent}, {"t": sent.iloc[::-1]}).empty
    assert trial.wrong_ids(wrong, pd.DataFrame({"key": ["c", "d"], "status": ["refused", "created"]})) == {
        "a",
        "b",
        "c",
        "e",
    }


def verdict(errors: int, rows: int = 100, population: int = 1000, **more) -> dict:
    drawn = pd.DataFrame({"golden_id": [f"C{n}" for n in range(rows)], "part": "random", "stratum": ""})
    drawn["unit"] = drawn["golden_id"]
    return trial.verdict(drawn, [f"C{n}" for n in range(errors)], more.get("plan", trial.plan()), population)


@pytest.mark.parametrize(
    ("errors", "rows", "population", "result"),
    [
        (0, 100, 1000, "accept"),
        (1, 100, 1000, "second_stage"),
        (5, 100, 1000, "second_stage"),
        (6, 100, 1000, "reject"),
        (8, 300, 1000, "accept"),
        (9, 300, 1000, "reject"),
        (0, 99, 1000, "reject"),
        (2, 40, 40, "accept"),
        (3, 40, 40, "reject"),
        (0, 0, 0, "accept"),
    ],
)
def test_the_verdict_follows_the_plan(errors, rows, population, result) -> None:
    assert verdict(errors, rows, population)["result"] == result


def test_the_verdict_says_what_is_proved() -> None:
    found = verdict(1, plan=trial.Plan(100, 1, 2))
    assert json.loads(json.dumps(found)) == found
    assert (found["n"], found["errors"], found["rate"], found["confidence"]) == (100, 1, 0.01, 0.95)
    assert "95.34 %" in found["sentences"]["zh"]
    assert "at least 95.34 % are right" in found["sentences"]["en"]


def test_a_unit_with_a_wrong_child_counts_once_and_strata_count_apart() -> None:
    links = pd.DataFrame({"golden_id": ["k1", "k2", "k3"], "parent_id": ["C0000", "C0000", "C0001"]})
    strata = pd.DataFrame({"golden_id": IDS, "stratum": "all"})
    drawn = trial.sample(IDS, strata, 100, "s", links=links, per_stratum=120)
    inside = drawn.loc[drawn["part"] == "random", "unit"].iloc[0]
    outside = drawn.loc[drawn["part"] == "stratum", "unit"].iloc[0]
    found = trial.verdict(drawn, [inside, outside], trial.plan(), 400)
    assert (found["errors"], found["n"], found["stratum_errors"]) == (1, 100, 1)
    assert found["strata"] == {"all": {"n": 20, "errors": 1}}


def test_strata_are_the_rules_that_fired_the_sources_and_the_rare_shapes() -> None:
    changes = pd.DataFrame({"entity": ["customer", "customer", "contact"], "rid": [1, 2, 1], "code": ["a", "b", "a"]})
    members = {
        "customer": pd.DataFrame({"rid": [1, 2], "golden_id": ["C", "C"]}),
        "contact": pd.DataFrame({"rid": [1], "golden_id": ["K"]}),
    }
    rows = pd.DataFrame({"golden_id": ["C", "C", "K", None], "source_file": ["x.csv", "y.csv", "x.csv", "y.csv"]})
    phones = pd.DataFrame({"phone": ["13812345678"] * 300 + ["0755-26990000"]}, index=[*IDS[:300], "K"], dtype="str")
    found = sorted(set(map(tuple, trial.strata(changes, members, rows, {"contact": phones}).values.tolist())))
    sources = [("C", "x.csv"), ("C", "y.csv"), ("K", "x.csv")]
    assert found == sorted([("C", "a"), ("C", "b"), ("K", "a"), *sources, ("K", "contact.phone 9- ≤16")])
    assert trial.strata(changes.iloc[:0], {}, rows.iloc[:0], {}).empty


@pytest.mark.parametrize(
    ("common", "odd", "told"),
    [
        ("13812345678", "1381234", "9 ≤8"), ("13812345678", "+8613812345678", "9- ≤16"), ("岚石机电", "岚石（机电", "文（ ≤8"),
        ("岚石机电", "岚石𠮷电", "文𠮷 ≤4"), ("岚石机电", "岚石A电", "A文 ≤4"), ("a@b.cn", "é@b.cn", "Aé- ≤8"), ("甲乙", "甲\n", "文␣ ≤2"),
    ],
)  # fmt: skip
def test_a_rare_shape_is_told_by_its_characters_and_its_length(common, odd, told) -> None:
    table = pd.DataFrame({"F": [None, odd, *[common] * 299, ""]}, index=[*IDS[:302]], dtype="str")
    assert shapes.rare({"T": table}).values.tolist() == [[IDS[1], f"T.F {told}"]]
    assert shapes.rare({"T": table.iloc[1:60]}).empty, "one of 59 is not rare"
    assert shapes.rare({"T": table.iloc[:1]}).empty


def test_of_many_rare_shapes_a_column_gives_the_rarest() -> None:
    odd = ["1" * 2**n for n in range(2, 9)]
    table = pd.DataFrame({"F": ["甲乙"] * 2000 + odd + odd[:3]}, index=[f"C{n}" for n in range(2010)], dtype="str")
    assert sorted(shapes.rare({"T": table})["stratum"]) == ["T.F 9 ≤128", "T.F 9 ≤256", "T.F 9 ≤32", "T.F 9 ≤64"]
