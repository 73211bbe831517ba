"""CPU seconds and memory of merging a million records with 50,000 groups, and of the workbook of the top 5,000 groups.

python benchmarks/review/merge.py [RECORDS] [GROUPS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cleanse.project import load_project
from cleanse.review.decisions import digest
from cleanse.review.workbook import export, groups, value_lines
from cleanse.stages.merge import merge

ROOT = Path(__file__).resolve().parents[2]
FILLED = 0.7  # of the cells
SHOWN = 5_000
AGREE = 0.6  # of the cells of a group's members repeat those of its first
NONE = pd.DataFrame({"rid": pd.Series(dtype="int64"), "field": pd.Series(dtype="str")})


def records(fields: list[str], size: int, dice: np.random.Generator) -> pd.DataFrame:
    """Records with text in every field: a name and a phone of their own, dates, and words of a few hundred."""
    table = pd.DataFrame({"rid": np.arange(size), "source_file": "a.csv", "source_sheet": ""})
    table["source_row"] = table["rid"] + 2
    table["source_file"] = table["source_file"].astype("category")
    for at, name in enumerate(fields):
        distinct = size if name in ("name", "phone", "code") else 400
        pool = pd.Series([f"{name} {n}" for n in range(distinct)], dtype="str")
        if "date" in name:
            pool = pd.Series(pd.date_range("2020-01-01", periods=distinct).strftime("%Y-%m-%d"), dtype="str")
        column = pool.take(dice.integers(0, distinct, size)).reset_index(drop=True)
        table[name] = column.mask(dice.random(size) > (1.0 if at == 0 else FILLED))
    return table


def clusters(size: int, count: int, dice: np.random.Generator) -> pd.Series:
    """``count`` groups of two to four records, the others alone; the smallest rid names the cluster."""
    of = np.arange(size)
    sizes = dice.integers(2, 5, count)
    members = dice.permutation(size)[: sizes.sum()]
    group = np.repeat(np.arange(count), sizes)
    least = np.full(count, size)
    np.minimum.at(least, group, members)
    of[members] = least[group]
    return pd.Series(of)


def pairs(cluster: pd.Series, entity: str, dice: np.random.Generator) -> pd.DataFrame:
    """Every member with its cluster, to merge or to review."""
    right = np.flatnonzero(cluster.to_numpy() != np.arange(len(cluster)))
    table = pd.DataFrame({"left": cluster.to_numpy()[right], "right": right})
    table["probability"] = dice.random(len(table)).round(4)
    table["band"] = np.where(table["probability"] > 0.5, "merge", "review")
    return table.assign(entity=entity, why_zh="同名 +9.0，同电话 +8.1", why_en="same name +9.0, same phone +8.1")


def timed(what: str, work: Callable[[], object]) -> object:
    start = time.process_time()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {time.process_time() - start:.1f} CPU s, peak {peak:.0f} MB", flush=True)
    return result


def main(size: int, count: int) -> None:
    dice = np.random.default_rng(1)
    entity = load_project(ROOT).entities["customer"]
    table, cluster = records(list(entity.stored), size, dice), clusters(size, count, dice)
    for name in entity.stored:  # members of a group mostly agree
        copied = (cluster != cluster.index) & (dice.random(size) < AGREE)
        table[name] = table[name].mask(copied, table[name].take(cluster[copied.index]).set_axis(table.index))
    timed(f"merge {size:,} records, {count:,} groups", lambda: merge(entity, table, cluster, NONE))
    shown = table[cluster.isin(cluster[cluster.duplicated()].unique()[:SHOWN])].reset_index(drop=True)
    again = pd.Series(pd.factorize(cluster[shown["rid"]])[0])
    shown["rid"] = np.arange(len(shown))
    least = shown["rid"].groupby(again).transform("min")
    told = pairs(least, entity.name, dice)
    label = pd.DataFrame({"entity": entity.name, "rid": shown["rid"], "cluster": least})
    label.loc[label["rid"].isin(told.loc[told["band"] == "review", "right"]), "cluster"] = shown["rid"]
    headings = {n: entity.fields[n].label["zh"] for n in entity.stored}

    def book() -> None:
        digests = digest(shown, list(entity.identity))
        found = groups(told, label, shown, digests, headings, entity.name, "zh", telling=["name", "phone"])
        with tempfile.TemporaryDirectory() as folder:
            values = value_lines(found, list(entity.stored), shown.set_index("rid"))
            export(Path(folder) / "d.xlsx", [found], "zh", [values])

    timed(f"workbook of {SHOWN:,} groups", book)


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    main(*(given + [1_000_000, 50_000][len(given) :]))
