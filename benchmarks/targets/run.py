"""CPU seconds from golden records to checked import files, and the workbooks beside the writing library alone.

    python benchmarks/targets/run.py [ROWS] [WORKBOOK_ROWS] > benchmarks/targets/RESULTS.md

Invented records, made by numbers; nothing is timed but conform, write, look and pre-flight.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import xlsxwriter

from cleanse import profiles
from cleanse.model import Entity, Field, Profile
from cleanse.stages.conform import conform
from cleanse.stages.preflight import preflight
from cleanse.targets import files

RULES = Path(__file__).parents[2] / "rules"
PLACES = [("广东省", "深圳市", "南山区"), ("浙江省", "杭州市", "西湖区"), ("四川省", "成都市", "武侯区")]
BRANDS, TRADES = "云山海川石林风禾松岚青远明德华信", ("信息技术", "机电设备", "食品", "软件", "建材", "物流")


def entities() -> dict[str, Entity]:
    found = {}
    for path in sorted((RULES / "entities").glob("*.toml")):
        data = tomllib.loads(path.read_text("utf-8"))
        fields = {k: Field(**{"label": {}, **v, "entity": data["name"], "name": k}) for k, v in data["fields"].items()}
        found[data["name"]] = Entity(data["name"], data["label"], fields, data.get("refers_to", ""))
    return found


def profile(name: str, model: dict[str, Entity]) -> Profile:
    path = RULES / "targets" / f"{name}.toml"
    return profiles.parse(tomllib.loads(path.read_text("utf-8")), path.name, model)


def text(values: list[str | None]) -> pd.Series:
    """As the stages before hand it over: Arrow text."""
    return pd.Series(pa.array(values, pa.large_string()).to_pandas(), dtype="str")


def golden(rows: int, model: dict[str, Entity]) -> dict[str, pd.DataFrame]:
    """Half customers, half contacts; most fields filled."""
    dice, half = np.random.default_rng(7), rows // 2
    ids = [f"C{n:08}" for n in range(half)]
    brand = ["".join(dice.choice(list(BRANDS), 2)) for _ in range(400)]
    names = [f"{PLACES[n % 3][1][:2]}{brand[n % 400]}{n}{TRADES[n % 6]}有限公司" for n in range(half)]
    every: dict[str, list[str | None]] = {
        "name": list(names), "code": [f"K{n:07}" for n in range(half)], "owner": [f"王{BRANDS[n % 16]}" for n in range(half)],
        "phone": [f"0755-8{n % 9_000_000 + 1_000_000:07}" for n in range(half)],
        "province": [PLACES[n % 3][0] for n in range(half)], "city": [PLACES[n % 3][1] for n in range(half)],
        "district": [PLACES[n % 3][2] for n in range(half)], "address": [f"科技路{n % 5000}号" for n in range(half)],
        "sales": [str(n * 100) if n % 3 else None for n in range(half)], "first_date": ["2024-02-29"] * half,
        "need": [f"需要第{n % 9000}号方案" if n % 2 else None for n in range(half)], "note": ["电话联系过"] * half,
        "email": [f"user{n}@example.com" for n in range(half)], "mobile": [f"139{n:08}" for n in range(half)],
        "title": ["采购经理"] * half,
    }  # fmt: skip
    frames = {}
    for entity, prefix in (("customer", "C"), ("contact", "P")):
        own = {f: text(every.get(f, [None] * half)) for f in model[entity].stored}
        frames[entity] = pd.DataFrame({"golden_id": text([prefix + i[1:] for i in ids]), "rid": range(half), **own})
    frames["contact"]["name"] = text([f"李{BRANDS[n % 16]}{BRANDS[n % 15]}" for n in range(half)])
    frames["contact"]["customer_id"] = frames["customer"]["golden_id"]
    return frames


def timed(work: Callable[[], object]) -> tuple[object, float]:
    start = time.process_time()
    done = work()
    return done, time.process_time() - start


def whole(frames: dict[str, pd.DataFrame], target: Profile) -> dict[str, float]:
    """Conform, write, look at the bytes again, pre-flight."""
    spent: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        done, spent["conform"] = timed(lambda: conform(frames, target))
        written, spent["write"] = timed(lambda: files.write(done.tables, target, Path(folder)))  # type: ignore[attr-defined]
        (back, seen), spent["look"] = timed(lambda: files.look(Path(folder), written, target))  # type: ignore[arg-type, misc]
        issues, spent["preflight"] = timed(lambda: preflight(back, target, seen))
        spent["rows"] = sum(one.rows for one in written)  # type: ignore[attr-defined]
        assert not (issues["severity"] == "error").any()  # type: ignore[index]
    return spent


def bare(table: pd.DataFrame) -> None:
    """The library alone: the same cells, no format, one call per cell."""
    book = xlsxwriter.Workbook(io.BytesIO(), {"constant_memory": True})
    sheet = book.add_worksheet()
    for row, cells in enumerate(zip(*(table[c].to_numpy(dtype=object, na_value="") for c in table), strict=True)):
        for place, value in enumerate(cells):
            if value:
                sheet.write_string(row, place, value)
    book.close()


def workbooks(frames: dict[str, pd.DataFrame], target: Profile) -> tuple[int, float, float]:
    """Rows, CPU seconds of our files, CPU seconds of the library alone on the same tables."""
    tables = conform(frames, target).tables
    with tempfile.TemporaryDirectory() as folder:
        ours = min(timed(lambda: files.write(tables, target, Path(folder)))[1] for _ in range(2))
    alone = min(timed(lambda: [bare(table) for table in tables.values()])[1] for _ in range(2))
    return sum(map(len, tables.values())), ours, alone


def main() -> None:
    rows, few = (int(n) for n in (*sys.argv[1:], *("1000000", "100000")[len(sys.argv) - 1 :]))
    model = entities()
    spent = whole(golden(rows, model), profile("salesforce", model))
    total = sum(spent[k] for k in ("conform", "write", "look", "preflight"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("# From golden records to import files\n")
    print("CPU seconds, Python 3.11, shared cores. Half of the records are customers, half their contacts.\n")
    print(f"Salesforce (Bulk API 2.0), {int(spent['rows']):,} rows as CSV batches:\n")
    print(
        "| conform | write | read again | pre-flight | in all | memory at most |\n| --- | --- | --- | --- | --- | --- |"
    )
    parts = " | ".join(f"{spent[k]:.1f}" for k in ("conform", "write", "look", "preflight"))
    print(f"| {parts} | **{total:.1f}** | {memory:,.0f} MB |\n")
    count, ours, alone = workbooks(golden(few, model), profile("wukong-11", model))
    print(
        f"悟空CRM 11, {count:,} rows as workbooks of text cells, written in {ours:.1f} s; xlsxwriter alone, the same cells"
    )
    print(f"without format, tip row or parts, {alone:.1f} s: **{alone / ours:.0%}** of its bare speed.")


if __name__ == "__main__":
    main()
