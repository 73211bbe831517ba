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
DRAWS, WRONG = 400, 100  # of the narrow fault: samples drawn, wrong rows of 10,000 (1 %)


def accepted(plan: trial.Plan, accuracy: float, dice: np.random.Generator) -> float:
    """The share of trials that accept a list of 10,000 rows of exactly this accuracy, drawn without replacement."""
    wrong = round(ROWS * (1 - accuracy))
    first = dice.hypergeometric(wrong, ROWS - wrong, plan.first, TRIALS)
    if not plan.second:
        return float((first <= plan.accept).mean())
    more = dice.hypergeometric(wrong - first, ROWS - plan.first - (wrong - first), plan.second)
    between = (first > plan.accept) & (first < plan.reject)
    return float(((first <= plan.accept) | (between & (first + more <= plan.total))).mean())


def met() -> tuple[float, float]:
    """How often a fault of one rule on 1 % of the rows is met: by the random part, by random part and strata."""
    ids = [f"C{n:05}" for n in range(ROWS)]
    strata = pd.DataFrame({"golden_id": ids[:WRONG], "stratum": "rule"})
    bad, random, whole = set(ids[:WRONG]), 0, 0
    for draw in range(DRAWS):
        tried = trial.sample(ids, strata, 100, f"{SEED}/{draw}")
        random += bool(bad & set(tried.loc[tried["part"] == trial.RANDOM, "golden_id"]))
        whole += bool(bad & set(tried["golden_id"]))
    return random / DRAWS, whole / DRAWS


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
    random, whole = met()
    print(f"\nA fault of one rule on 1 % of the rows ({DRAWS} samples of 100 rows) is met by the random part in")
    print(f"{random:.0%} of samples, with the strata in {whole:.0%}.")


if __name__ == "__main__":
    main()
