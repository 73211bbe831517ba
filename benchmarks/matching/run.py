"""Precision, recall, F1, cost: ``run.py [--size 10000] [--seeds 1 2 3] [--detail]`` on generated lists,
``run.py --frame records.parquet`` on any frame with the columns ``rid``, the compared fields and the true ``entity``.

A pair counts as found when both records end in one cluster; a true pair lost in blocking is a miss.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from generate import generate

from cleanse import matching
from cleanse.kinds import COMPARABLE
from cleanse.project import Project, load_project

ROOT = Path(__file__).parents[2]
COLUMNS = (
    "size", "seed", "precision", "recall", "f1", "true", "wrong", "missed", "to_review", "missed_not_seen", "candidates",
    "cpu_names", "cpu_link", "mb",
)  # fmt: skip


def link(project: Project, records: pd.DataFrame, entity: str = "customer") -> tuple[matching.Links, float, float]:
    """Links, CPU seconds of taking names apart, CPU seconds of linking."""
    schema = project.schemas[entity]
    start = time.process_time()
    number, distinct = pd.factorize(records[schema.name_field].fillna(""))
    names = COMPARABLE[schema.name_kind](distinct.tolist(), project.words)
    named = time.process_time()
    links = matching.link(records, names, schema, number=number)
    return links, named - start, time.process_time() - named


def together(label: pd.Series) -> pd.DataFrame:
    """All pairs (left < right, by rid) of records of one label; the index holds rids."""
    table = pd.DataFrame({"label": label.to_numpy(), "rid": label.index.to_numpy()})
    table = table[table["label"].duplicated(keep=False)]
    pairs = table.merge(table, on="label")
    pairs = pairs[pairs["rid_x"] < pairs["rid_y"]]
    return pairs[["rid_x", "rid_y"]].set_axis(["left", "right"], axis=1)


def judge(records: pd.DataFrame, links: matching.Links) -> pd.DataFrame:
    """Every pair that is true, clustered or in a band: true, found, band, how the second row came about, sort."""
    truth = together(records.set_index("rid")["entity"]).assign(true=True)
    found = together(links.clusters.set_index("rid")["cluster"]).assign(found=True)
    table = truth.merge(found, how="outer", on=["left", "right"])
    table = table.merge(links.pairs[["left", "right", "band", "block", "why_en"]], how="outer", on=["left", "right"])
    table[["true", "found"]] = table[["true", "found"]].eq(True)
    table["band"] = table["band"].astype(object).where(table["band"].notna(), "not seen")
    by = records.set_index("rid")
    for side in ("left", "right"):
        table[f"variant_{side}"], table[f"sort_{side}"] = (
            by[c].reindex(table[side]).to_numpy() for c in ("variant", "sort")
        )
    return table


def figures(records: pd.DataFrame, links: matching.Links, judged: pd.DataFrame) -> dict[str, Any]:
    true, found = judged["true"], judged["found"]
    right = int((true & found).sum())
    precision, recall = right / max(int(found.sum()), 1), right / max(int(true.sum()), 1)
    missed = true & ~found
    return {
        "size": len(records), "precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "true": int(true.sum()), "wrong": int((found & ~true).sum()), "missed": int(missed.sum()),
        "to_review": int((judged["band"] == "review").sum()), "missed_not_seen": int((missed & (judged["band"] == "not seen")).sum()),
        "candidates": links.report["candidates"],
    }  # fmt: skip


def detail(judged: pd.DataFrame) -> str:
    """Where the errors are: missed pairs by variant and band, wrong pairs by sort, true share of each band."""
    missed = judged[judged["true"] & ~judged["found"]]
    wrong = judged[judged["found"] & ~judged["true"]]
    ways = missed[["variant_left", "variant_right"]].apply(lambda c: c.str.removesuffix("_colleague"))
    lines = [
        "band: pairs, true", judged.groupby("band")["true"].agg(["size", "sum"]).to_string(),
        "missed: variants, band", pd.crosstab([ways["variant_left"], ways["variant_right"]], missed["band"]).to_string(),
        "wrong: sorts, level", wrong.groupby(["sort_left", "sort_right", "block"], dropna=False).size().to_string(),
    ]  # fmt: skip
    return "\n".join(lines)


def show(rows: list[Mapping[str, Any]]) -> None:
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))
    for one in rows:
        print(
            "| " + " | ".join(f"{v:.4f}" if isinstance(v := one.get(c, ""), float) else str(v) for c in COLUMNS) + " |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--frame", type=Path)
    parser.add_argument("--detail", action="store_true")
    given = parser.parse_args()
    project = load_project(ROOT)
    rows = []
    for seed in [0] if given.frame else given.seeds:
        records = pd.read_parquet(given.frame) if given.frame else generate(given.size, seed)
        records = records.assign(**{c: "" for c in ("variant", "sort") if c not in records})
        links, names, linking = link(project, records)
        judged = judge(records, links)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append(
            {
                **figures(records, links, judged),
                "seed": seed,
                "cpu_names": names,
                "cpu_link": linking,
                "mb": int(memory),
            }
        )
        if given.detail:
            print(detail(judged))
    show(rows)
    scores = [one["f1"] for one in rows]
    print(f"F1 over seeds: {np.mean(scores):.4f}, spread {np.ptp(scores):.4f}")


if __name__ == "__main__":
    main()
