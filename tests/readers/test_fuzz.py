"""Valid files of every format made wrong: each is read or refused with a known reason. The long run is in benchmarks/fuzz."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from cleanse.codes import all_codes
from cleanse.readers import Limits, read_all
from cleanse.stages.tables import find_tables

ROOT = Path(__file__).parents[2]
LIMITS = Limits(seconds=20.0, cells=2_000_000, unpacked_bytes=1 << 28)
COUNT = 60


def mutate():
    spec = importlib.util.spec_from_file_location("mutate", ROOT / "benchmarks" / "fuzz" / "mutate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_wrong_files_are_read_or_refused_with_a_known_reason(tmp_path):
    files = sorted(p for p in (ROOT / "tests" / "readers" / "made").iterdir() if p.is_file())
    ends = []
    for name, data in mutate().mutated(files, COUNT, seed=7):
        path = tmp_path / name
        path.write_bytes(data)
        for source in read_all(path, name, LIMITS):
            assert source.status == "read" or source.reason in all_codes()
            tables = [t for grid in source.grids for t in find_tables(grid, name, frozenset({"客户名称", "手机"}), {})]
            assert all(len(t.places) == len(t.rows.columns) for t in tables)
            ends.append(source.status)
    assert len(ends) >= COUNT and {"read", "error"} <= set(ends)


def test_the_same_seed_makes_the_same_files():
    files = sorted(p for p in (ROOT / "tests" / "readers" / "made").iterdir() if p.is_file())
    first, second = ([*mutate().mutated(files, 40, seed=3)] for _ in range(2))
    assert first == second and len({data for _, data in first}) > 30
