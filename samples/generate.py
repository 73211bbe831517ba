"""Makes the sample files and the truth about them: ``python samples/generate.py``.

Without options it rewrites ``samples/files``, ``samples/expected`` and ``samples/trial/customers_100.csv``, always the
same bytes. ``--big 100000 --out DIR`` makes the table of the benchmarks instead: one sheet of 20 columns as a workbook
and as CSV, half of the cells right, one row in ten a duplicate.
"""

from __future__ import annotations

import argparse
import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from generator import files as writers
from generator.rows import Filled, Filler, Sheet, lay_out
from generator.truth import shares, write_truth
from generator.world import World

HERE = Path(__file__).parent
SEED = 20250930
SHEETS: dict[str, Any] = tomllib.loads((HERE / "generator" / "sheets.toml").read_text("utf-8"))


def sheets(owners: Sequence[str]) -> list[Sheet]:
    """The sheets of ``generator/sheets.toml``, kept by the salespeople ``owners``."""
    return [
        Sheet(
            file=entry["file"].format(*owners),
            format=entry["format"],
            columns=columns(entry["columns"]),
            name=entry.get("name", ""),
            encoding=entry.get("encoding", ""),
            size=entry["size"],
            owner=entry.get("owner", -1),
            shape=tuple(entry.get("shape", ())),
            dates=tuple(entry.get("dates", ("iso",))),
            forbidden=frozenset(entry.get("forbidden", ())),
        )
        for entry in SHEETS["sheets"]
    ]


def columns(text: str) -> tuple[tuple[str, str], ...]:
    """``header:field`` pairs.

    >>> columns("手机:mobile 邮箱:email")
    (('手机', 'mobile'), ('邮箱', 'email'))
    """
    return tuple((header, field) for header, _, field in (pair.rpartition(":") for pair in text.split()))


def make_samples(out: Path, seed: int, rows: int, wild: bool) -> None:
    """Write ``out/files``, ``out/expected`` and ``out/trial/customers_100.csv``."""
    world = World(Random(seed))
    world.grow(rows * 4 // 5)
    filled = Filler(world, 0.3, wild).place(sheets(world.owners), rows)
    folder = out / "files"
    shutil.rmtree(folder, ignore_errors=True)
    listed = write_files(folder, filled, world)
    write_truth(out / "expected", world, filled, listed)
    make_trial(out / "trial" / "customers_100.csv", seed + 1, world.owners)


def write_files(folder: Path, filled: Sequence[Filled], world: World) -> list[dict[str, Any]]:
    """Write every file, and what is to be done with each."""
    by_file: dict[str, list[Filled]] = {}
    for sheet in filled:
        owner = world.owners[sheet.sheet.owner] if sheet.sheet.owner >= 0 else ""
        lay_out(sheet, world.rng, owner)
        by_file.setdefault(sheet.sheet.file, []).append(sheet)
    listed = []
    for name, parts in by_file.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, parts)
        first = parts[0].sheet
        listed.append(
            {
                "file": name,
                "expect": "read",
                "format": first.format,
                "encoding": first.encoding,
                "traits": sorted({trait for p in parts for trait in p.sheet.shape}),
                "sheets": [p.sheet.name for p in parts],
                "data_rows": sum(len(p.rows) for p in parts),
            }
        )
    damaged, lock = "2023客户备份.xlsx", f"华南区/~${world.owners[0]}_客户明细.xlsx"
    writers.write_damaged(folder / damaged, folder / filled[0].sheet.file)
    writers.write_lock(folder / lock, world.owners[0])
    listed.append({"file": damaged, "expect": "error", "reason": "corrupt", "format": "xlsx", "data_rows": 0})
    listed.append({"file": lock, "expect": "ignore", "reason": "lock file", "format": "lock", "data_rows": 0})
    return listed


def write_file(path: Path, parts: Sequence[Filled]) -> None:
    match parts[0].sheet.format:
        case "xlsx":
            writers.write_xlsx(path, parts)
        case "csv":
            writers.write_separated(path, parts[0])
        case "tsv":
            writers.write_separated(path, parts[0], "\t")
        case "html":
            writers.write_html(path, parts[0])
        case "dbf":
            writers.write_dbf(path, parts[0])


def make_trial(path: Path, seed: int, owners: Sequence[str]) -> None:
    """One hundred rows of one CSV, for a run in continuous integration."""
    table = SHEETS["table"]
    kept = tuple(pair for pair in columns(table["columns"]) if pair[1] not in table["trial_without"])
    sheet = Sheet(path.name, "csv", kept, encoding="utf-8-sig", size=1, dates=("slash", "iso", "dots"))
    world = World(Random(seed), owners=owners)
    world.grow(88)
    (filled,) = Filler(world, 0.2).place([sheet], 100)
    lay_out(filled, world.rng, "")
    path.parent.mkdir(parents=True, exist_ok=True)
    writers.write_separated(path, filled)


def make_big(out: Path, seed: int, rows: int) -> None:
    """``out/customers.xlsx`` and ``out/customers.csv`` with ``rows`` rows of 20 columns, each in a folder of its own,
    with the truth of the CSV in ``out/expected``."""
    world = World(Random(seed), roster=40)
    world.grow(rows * 9 // 10)
    table = columns(SHEETS["table"]["columns"])
    dates, forbidden = ("slash", "iso", "date_cell", "iso"), frozenset(("crlf",))
    sheet = Sheet("customers.xlsx", "xlsx", table, "Sheet1", size=1, dates=dates, forbidden=forbidden)
    filled = Filler(world, 0.45).place([sheet], rows)
    lay_out(filled[0], world.rng, "")
    for name in ("xlsx", "csv"):
        (out / name).mkdir(parents=True, exist_ok=True)
    writers.write_xlsx(out / "xlsx" / "customers.xlsx", filled)
    export = Sheet("customers.csv", "csv", table, encoding="utf-8-sig")
    text = Filled(export, filled[0].rows, writers.text_grid(filled[0]))
    writers.write_separated(out / "csv" / "customers.csv", text)
    text.layout = filled[0].layout
    listed = [{"file": "customers.csv", "expect": "read", "format": "csv", "data_rows": rows}]
    write_truth(out / "expected", world, [text], listed)
    print(f"{rows} rows of {len(table)} columns in {out}: {shares(filled)}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--big", type=int, metavar="ROWS", help="make the table of the benchmarks instead")
    parser.add_argument("--wild", action="store_true", help="also with dirt that the samples do not hold")
    given = parser.parse_args(argv)
    if given.big:
        make_big(given.out, given.seed, given.big)
    else:
        make_samples(given.out, given.seed, given.rows, given.wild)


if __name__ == "__main__":
    main()
