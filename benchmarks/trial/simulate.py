"""False acceptance of the trial's plans on simulated lists of known accuracy; how often the strata meet a narrow fault.

    python benchmarks/trial/simulate.py > benchmarks/trial/RESULTS.md

Seeded: the same numbers every time.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cleanse.stages import trial

SEED, TRIALS, ROWS = 20260101, 200_000, 10_000
ACCURACIES = (0.93, 0.95, 0.97, 0.98, 0.99)
PLANS = {
    "two stages: 100 (0 accept, 6 reject), then 200 more, 8 in all": trial.plan(),
    "100 rows, 1 error allowed": trial.Plan(100, 1, 2),
    "59 rows, 0 errors allowed": trial.plan(59),
    "300 rows, 8 errors allowed": trial.plan(300),
    "for comparison: 100 rows, 5 errors allowed": trial.Plan(100, 5, 6),
}
DRAWS, WRONG = 400, 40  # of the narrow faults: samples drawn, records of 10,000 that each concerns (0.4 %)
FAULTS = ("one source", "one rule", "one rare shape")


def accepted(plan: trial.Plan, accuracy: float, dice: np.random.Generator) -> float:
    """The share of trials that accept a list of 10,000 rows of exactly this accuracy, drawn without replacement."""
    wrong = round(ROWS * (1 - accuracy))
    first = dice.hypergeometric(wrong, ROWS - wrong, plan.first, TRIALS)
    if not plan.second:
        return float((first <= plan.accept).mean())
    more = dice.hypergeometric(wrong - first, ROWS - plan.first - (wrong - first), plan.second)
    between = (first > plan.accept) & (first < plan.reject)
    return float(((first <= plan.accept) | (between & (first + more <= plan.total))).mean())


def world() -> tuple[list[str], pd.DataFrame]:
    """10,000 records of 20 sources with the rules that fired on them and their phones; and the strata of that list: the last
    source, one rule and one shape of phone have ``WRONG`` records each."""
    dice = np.random.default_rng(SEED)
    ids = np.array([f"C{n:05}" for n in range(ROWS)], dtype=object)
    own = {name: set(dice.choice(ids, WRONG, replace=False)) for name in FAULTS}
    sources = [f"{n % 19}.csv" for n in range(ROWS)]
    rows = pd.DataFrame({"golden_id": ids, "source_file": sources})
    rows.loc[rows["golden_id"].isin(own["one source"]), "source_file"] = "small.csv"
    codes = np.where(rows["golden_id"].isin(own["one rule"]), "rare_rule", "common_rule")
    changes = pd.DataFrame({"entity": "customer", "rid": range(ROWS), "code": codes})
    phones = pd.Series([f"139{n:08}" for n in range(ROWS)], index=ids, dtype="str")
    phones[phones.index.isin(list(own["one rare shape"]))] = "0755-26990000"
    members = {"customer": pd.DataFrame({"rid": range(ROWS), "golden_id": ids})}
    strata = trial.strata(changes, members, rows, {"customer": pd.DataFrame({"phone": phones})})
    named = {"one source": "small.csv", "one rule": "rare_rule", "one rare shape": "customer.phone 9- ≤16"}
    found = {name: set(strata.loc[strata["stratum"] == stratum, "golden_id"]) for name, stratum in named.items()}
    assert found == own
    return ids.tolist(), strata.assign(fault=strata["stratum"].map({v: k for k, v in named.items()}))


def met() -> list[tuple[str, float, float, float, float]]:
    """Per fault: how often its records are met by the random part, and by random part and strata; where all of its records
    are wrong, and where half of them are."""
    ids, strata = world()
    groups = {name: sorted(strata.loc[strata["fault"] == name, "golden_id"]) for name in FAULTS}
    bad = {(name, share): set(ids[:: share]) for name, ids in groups.items() for share in (1, 2)}
    counts: dict[tuple[str, int, str], int] = dict.fromkeys([(*key, part) for key in bad for part in ("random", "all")], 0)
    for draw in range(DRAWS):
        tried = trial.sample(ids, strata, 100, f"{SEED}/{draw}")
        random = set(tried.loc[tried["part"] == trial.RANDOM, "golden_id"])
        for key, wrong in bad.items():
            counts[*key, "random"] += bool(wrong & random)
            counts[*key, "all"] += bool(wrong & set(tried["golden_id"]))
    return [
        (name, *(counts[name, share, part] / DRAWS for share in (1, 2) for part in ("random", "all"))) for name in FAULTS
    ]


def main() -> None:
    dice = np.random.default_rng(SEED)
    print("# The trial's promises, simulated\n")
    print(
        f"{TRIALS:,} trials per cell on lists of {ROWS:,} rows, seed {SEED}. Share of trials that accept the list; in"
    )
    print(
        "brackets the exact binomial probability. A list of 95 % or less must be accepted in at most 5 % of trials.\n"
    )
    print("| plan | " + " | ".join(f"{a:.0%} right" for a in ACCURACIES) + " |")
    print("| --- |" + " --- |" * len(ACCURACIES))
    for name, plan in PLANS.items():
        cells = [f"{accepted(plan, a, dice):.1%} ({plan.acceptance(a):.1%})" for a in ACCURACIES]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print(f"\nA fault that touches one source, one rule or one rare shape only ({WRONG} of {ROWS:,} records): the share of {DRAWS}")
    print("samples of 100 rows in which a wrong record is met, by the random part alone and with the strata (two records of each).\n")
    print("| fault in | all wrong: random | with strata | every other one wrong: random | with strata |")
    print("| --- | --- | --- | --- | --- |")
    for name, *shares in met():
        print(f"| {name} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")


if __name__ == "__main__":
    main()
