"""One other tool on one table, with the settings its guides recommend: run by ``tables.py`` in an environment of its own
(`pip install splink==5.0.0 recordlinkage==0.16 goldenmatch dedupe==3.0.3 BTrees==5.2 zope.index==6.1 pyarrow`).

``peers.py TOOL TABLE.parquet FIELDS.toml GROUP OUT.parquet``: TABLE has rid and the fields as text, and entity (the truth,
which only dedupe may look at, for its labels); OUT gets rid and cluster. Prints CPU seconds and peak megabytes as JSON.
``peers.py febrl DIR`` writes Febrl 1 to 3 as Parquet with the column entity.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
import tomllib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
HERE = Path(__file__).parent


def components(rids: pd.Series, pairs: pd.DataFrame) -> pd.DataFrame:
    parent = {rid: rid for rid in rids.tolist()}

    def find(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for left, right in pairs.itertuples(index=False):
        parent[find(left)] = find(right)
    return pd.DataFrame({"rid": rids, "cluster": [find(r) for r in rids.tolist()]})


def splink(table: pd.DataFrame, fields: list[dict[str, Any]], rules: Mapping[str, Any]) -> pd.DataFrame:
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    made = {
        "person": lambda n: cl.NameComparison(n).configure(term_frequency_adjustments=True),
        "company": lambda n: cl.JaroWinklerAtThresholds(n, [0.92, 0.8]).configure(term_frequency_adjustments=True),
        "text": lambda n: cl.LevenshteinAtThresholds(n, [2]).configure(term_frequency_adjustments=True),
        "address": lambda n: cl.JaroWinklerAtThresholds(n, [0.92, 0.8]),
        "date": lambda n: cl.LevenshteinAtThresholds(n, [1, 2]),
        "email": cl.EmailComparison,
        "category": lambda n: cl.ExactMatch(n).configure(term_frequency_adjustments=True),
    }
    number = lambda n: cl.LevenshteinAtThresholds(n, [1, 2])  # noqa: E731
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=[made.get(f["kind"], number)(f["name"]) for f in fields],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in rules["block"]],
    )
    api = DuckDBAPI()
    linker = Linker(api.register(table), settings)
    linker.training.estimate_probability_two_random_records_match([block_on(*c) for c in rules["sure"]], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for columns in rules["train"]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    predicted = linker.inference.predict(threshold_match_probability=0.5)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, 0.95).as_pandas_dataframe()
    return found[["rid", "cluster_id"]].set_axis(["rid", "cluster"], axis=1)


def recordlinkage(table: pd.DataFrame, fields: list[dict[str, Any]], rules: Mapping[str, Any]) -> pd.DataFrame:
    import recordlinkage as rl

    table = table.set_index("rid")
    indexer = rl.Index()
    for columns in rules["block"]:
        indexer.block(columns)
    pairs = indexer.index(table)
    compare = rl.Compare()
    for f in fields:
        name = f["name"]
        if f["kind"] == "category":
            compare.exact(name, name, label=name)
        else:
            method = "jarowinkler" if f["kind"] in ("person", "company", "text", "address") else "damerau_levenshtein"
            compare.string(name, name, method=method, threshold=0.85, label=name)
    features = compare.compute(pairs, table)
    links = rl.ECMClassifier(binarize=0.8).fit_predict(features)
    return components(pd.Series(table.index), links.to_frame(index=False))


def goldenmatch(table: pd.DataFrame, fields: list[dict[str, Any]], rules: Mapping[str, Any]) -> pd.DataFrame:
    import goldenmatch as gm
    import polars as pl

    result = gm.dedupe_df(
        pl.from_pandas(table[[f["name"] for f in fields]]), allow_red_config=True, confidence_required=False
    )
    rids = table["rid"].to_numpy()
    pairs = [(a, b) for c in result.clusters.values() for a, b in zip(c["members"], c["members"][1:], strict=False)]
    return components(table["rid"], pd.DataFrame([(rids[a], rids[b]) for a, b in pairs], columns=["left", "right"]))


def dedupe(table: pd.DataFrame, fields: list[dict[str, Any]], rules: Mapping[str, Any]) -> pd.DataFrame:
    """60 labels, given by the truth to what the tool itself asks."""
    import dedupe as dd
    from dedupe import variables as v

    random.seed(1)
    names = [f["name"] for f in fields]
    clean = table[names].astype(object).where(table[names].notna(), None)
    data = dict(zip(table["rid"].tolist(), clean.to_dict("records"), strict=True))
    truth = {id(data[rid]): entity for rid, entity in zip(table["rid"].tolist(), table["entity"], strict=True)}
    deduper = dd.Dedupe([v.String(n, has_missing=True) for n in names], num_cores=1)
    deduper.prepare_training(data, sample_size=1500)
    for _ in range(60):
        for pair in deduper.uncertain_pairs():
            same = truth[id(pair[0])] == truth[id(pair[1])] if id(pair[0]) in truth else pair[0] == pair[1]
            deduper.mark_pairs({"match": [pair] if same else [], "distinct": [] if same else [pair]})
    deduper.train()
    found = deduper.partition(data, threshold=0.5)
    return pd.DataFrame([(rid, n) for n, (rids, _) in enumerate(found) for rid in rids], columns=["rid", "cluster"])


def febrl(folder: Path) -> None:
    from recordlinkage import datasets

    for n in (1, 2, 3):
        table = getattr(datasets, f"load_febrl{n}")().reset_index()
        table["entity"] = table["rec_id"].str.extract(r"rec-(\d+)")[0]
        text = table.drop(columns="rec_id").astype(object)
        text.where(text.notna(), None).astype("string").to_parquet(folder / f"febrl{n}.parquet")


TOOLS = {f.__name__: f for f in (splink, recordlinkage, goldenmatch, dedupe)}


def high_water() -> int:
    """Peak megabytes of this process alone; getrusage would tell those of the one that started it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def main() -> None:
    tool, *rest = sys.argv[1:]
    if tool == "febrl":
        return febrl(Path(rest[0]))
    source, fields, group, out = rest
    table = pd.read_parquet(source)
    if tool != "dedupe":
        table = table.drop(columns="entity")
    known = tomllib.loads(Path(fields).read_text("utf-8"))["field"]
    rules = tomllib.loads((HERE / "peers.toml").read_text("utf-8"))[group]
    start = time.process_time()
    TOOLS[tool](table, known, rules).to_parquet(out)
    peak = high_water()
    print(json.dumps({"cpu": time.process_time() - start, "mb": peak}))


if __name__ == "__main__":
    main()
