"""The shipped rules and lexicons, and a small way to say records."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pandas as pd
import pytest

from cleanse.kinds import COMPARABLE
from cleanse.matching import Links, MatchSchema, link, parse_schema

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
Row = Mapping[str, str]


@pytest.fixture(scope="session")
def words() -> dict[str, tuple[tuple[str, ...], ...]]:
    found = {}
    for path in sorted((RULES / "lexicons").glob("*.tsv")):
        lines = path.read_text("utf-8").splitlines()
        found[path.stem] = tuple(tuple(line.split("\t")) for line in lines if line.strip() and line[:1] != "#")
    return found


@pytest.fixture(scope="session")
def rules() -> Callable[[str], dict[str, object]]:
    """``rules("customer")``: the shipped file, parsed."""
    return lambda name: tomllib.loads((RULES / "matching" / f"{name}.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def schemas(rules) -> dict[str, MatchSchema]:
    return {name: parse_schema(rules(name), f"{name}.toml") for name in ("customer", "contact")}


def frame_of(rows: Sequence[Row], schema: MatchSchema) -> pd.DataFrame:
    fields = [schema.name_field, *schema.place, *(f for e in schema.evidence for f in e.fields)]
    columns = list(dict.fromkeys([*fields, *([schema.within] if schema.within else [])]))
    table = pd.DataFrame([{**dict.fromkeys(columns), **row} for row in rows], columns=columns).astype("str")
    rids = [int(row["rid"]) if "rid" in row else i for i, row in enumerate(rows, 1)]
    return table.assign(rid=pd.Series(rids, dtype="int64"))


@pytest.fixture(scope="session")
def linked(words, schemas) -> Callable[..., Links]:
    """``linked(rows, entity="customer", forced=[(left, right, verdict)])``; rows are numbered from 1."""

    read: dict[str, pd.DataFrame] = {}

    def comparable(kind, values):
        """Each name is taken apart once in all tests."""
        known = read.get(kind)
        new = [v for v in dict.fromkeys(values) if known is None or v not in known.index]
        if new or known is None:
            more = COMPARABLE[kind](new, words).set_axis(pd.Index(new, dtype=object))
            read[kind] = known = more if known is None else pd.concat([known, more])
        return known.loc[values].reset_index(drop=True)

    def call(rows, entity="customer", forced=(), schema=None):
        schema = schema or schemas[entity]
        table = rows if isinstance(rows, pd.DataFrame) else frame_of(rows, schema)
        names = comparable(schema.name_kind, table[schema.name_field].fillna("").tolist())
        said = pd.DataFrame(list(forced), columns=["left", "right", "verdict"])
        return link(table, names, schema, said)

    return call


@pytest.fixture(scope="session")
def generate() -> Callable[..., pd.DataFrame]:
    """The generated list of ``benchmarks/matching``."""
    folder = ROOT / "benchmarks" / "matching"
    spec = spec_from_file_location(
        "benchmarks_matching_generate", folder / "generate.py"
    )  # samples have a generate too
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module.generate


def groups(links: Links) -> set[frozenset[int]]:
    """The clusters of two and more, as sets of rids."""
    found = links.clusters.groupby("cluster")["rid"].agg(frozenset)
    return {g for g in found if len(g) > 1}


@pytest.fixture(scope="session")
def clusters_of() -> Callable[[Links], set[frozenset[int]]]:
    return groups
