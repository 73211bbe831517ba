"""Reading against the bare library: ``python benchmarks/reading/run.py``; appends to ``RESULTS.md``.

Each way reads the same file in a process of its own; CPU seconds and peak resident memory are those of that process and
its children. The bars: xlsx 2.5 times bare python-calamine, CSV 3 times bare pyarrow, GBK 3 times decoding plus bare pyarrow.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import xlsxwriter
from pyarrow import csv as arrow_csv

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COLUMNS = 20
TIMES = 3
OURS = """
import sys; from pathlib import Path
from cleanse.readers import Limits, read_here
source = read_here(Path(sys.argv[1]), "f", Limits(), "", ())
assert source.status == "read", source.reason
print(len(source.grids[0].cells))
"""
CALAMINE = """
import sys, python_calamine
book = python_calamine.load_workbook(sys.argv[1])
print(len(book.get_sheet_by_index(0).to_python()))
"""
ARROW = """
import sys; from pyarrow import csv
print(csv.read_csv(sys.argv[1], parse_options=csv.ParseOptions(newlines_in_values=True)).num_rows + 1)
"""
DECODE_ARROW = """
import io, sys; from pathlib import Path; from pyarrow import csv
data = Path(sys.argv[1]).read_bytes().decode("gbk").encode()
print(csv.read_csv(io.BytesIO(data), parse_options=csv.ParseOptions(newlines_in_values=True)).num_rows + 1)
"""
IDLE = {"ours": "import cleanse.readers", "calamine": "import python_calamine", "arrow": "from pyarrow import csv"}


def table(rows: int) -> pd.DataFrame:
    """Twenty columns of what customer lists hold, all invented, the same for every run."""
    dice = np.random.default_rng(7)
    signs = np.array(list("青松白云绿水红叶蓝天样品南山北河东林西川中华金石"))
    names = ["".join(dice.choice(signs, 4)) + "样品有限公司" for _ in range(5000)]
    made: dict[str, np.ndarray] = {"客户名称": np.array(names)[dice.integers(0, len(names), rows)]}
    for number in range(1, COLUMNS):
        if number % 5 == 0:
            made[f"金额{number}"] = np.round(dice.random(rows) * 10000, 2).astype(str)
        elif number % 5 == 1:
            made[f"电话{number}"] = (13_000_000_000 + dice.integers(0, 999_999_999, rows)).astype(str)
        elif number % 5 == 2:
            made[f"备注{number}"] = np.where(dice.random(rows) < 0.5, "", np.array(names)[dice.integers(0, 5000, rows)])
        elif number % 5 == 3:
            made[f"日期{number}"] = (np.datetime64("2020-01-01") + dice.integers(0, 1500, rows)).astype(str)
        else:
            made[f"地址{number}"] = np.array([f"样品市样品路{n}号" for n in range(999)])[dice.integers(0, 999, rows)]
    return pd.DataFrame(made)


def make_csv(path: Path, frame: pd.DataFrame, encoding: str) -> None:
    out = pa.BufferOutputStream()
    arrow_csv.write_csv(
        pa.Table.from_pandas(frame, preserve_index=False), out, arrow_csv.WriteOptions(quoting_style="needed")
    )
    data = out.getvalue().to_pybytes()
    path.write_bytes(data if encoding == "utf-8" else data.decode().encode(encoding))


def make_xlsx(path: Path, frame: pd.DataFrame) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(frame.columns))
        for number, row in enumerate(frame.itertuples(index=False), 1):
            for place, value in enumerate(row):
                if value and place % 5 == 0 and place:
                    sheet.write_number(number, place, float(value))
                elif value:
                    sheet.write_string(number, place, value)


PEAK = """
from pathlib import Path
status = Path("/proc/self/status")
lines = status.read_text().split("\\n") if status.exists() else ()
print(next((line.split()[1] for line in lines if line.startswith("VmHWM")), 0))
"""


def measured(script: str, *arguments: str) -> tuple[float, float]:
    """CPU seconds and peak MB of a Python process that runs the script; the peak as Linux counts it from its start on."""
    process = subprocess.Popen(
        [sys.executable, "-c", script + PEAK, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"ended with {process.returncode}: {script}")
    return used.ru_utime + used.ru_stime, int(said.split()[-1]) / 1024


def best(script: str, *arguments: str, times: int = TIMES) -> tuple[float, float]:
    found = [measured(script, *arguments) for _ in range(times)]
    return min(cpu for cpu, _ in found), max(peak for _, peak in found)


def compare(path: Path, bare: str, start: str) -> tuple[float, float, float, float]:
    """CPU seconds of ours and of the bare library without what importing costs, and both peaks."""
    (ours, peak), (theirs, other) = best(OURS, str(path)), best(bare, str(path))
    return ours - best(IDLE["ours"])[0], theirs - best(IDLE[start])[0], peak, other


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--xlsx-rows", type=int, default=100_000)
    parser.add_argument("--csv-rows", type=int, default=1_000_000)
    given = parser.parse_args(argv)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, rows, bar, bare, start in (
            ("xlsx", given.xlsx_rows, 2.5, CALAMINE, "calamine"),
            ("csv utf-8", given.csv_rows, 3.0, ARROW, "arrow"),
            ("csv gbk", given.csv_rows, 3.0, DECODE_ARROW, "arrow"),
        ):
            path = Path(folder) / "f.dat"
            frame = table(rows)
            make_xlsx(path, frame) if name == "xlsx" else make_csv(path, frame, name.split()[1])
            del frame
            ours, theirs, peak, other = compare(path, bare, start)
            lines.append(
                f"| {name} | {rows:,} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} | {bar} | {peak:.0f} | {other:.0f} "
                f"| {peak * 1024 * 1024 / rows:.0f} |"
            )
            print(lines[-1], flush=True)
    versions = ", ".join(f"{n} {importlib.metadata.version(n)}" for n in ("pandas", "pyarrow", "python-calamine"))
    text = "\n".join(
        (
            f"\n## {datetime.now(UTC):%Y-%m-%d}",
            "",
            f"`python benchmarks/reading/run.py`; {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
            f"{platform.python_version()}, {versions}; {COLUMNS} columns; best of three, importing not counted.",
            "",
            "| file | rows | ours, CPU s | bare, CPU s | ratio | bar | peak MB, ours | bare | peak bytes per row |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *lines,
            "",
        )
    )
    with (HERE / "RESULTS.md").open("a", encoding="utf-8") as out:
        out.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
