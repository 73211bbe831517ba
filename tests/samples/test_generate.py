"""The generator: the same seed gives the same bytes, and the truth says what really stands in the files."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from dbfread import DBF
from stdnum.cn import uscc

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
Cells = dict[tuple[str, int], list[str]]


def lines(name: str, folder: Path = SAMPLES / "expected") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").split("\n") if line]


def content(path: Path) -> bytes | list[tuple[str, bytes]]:
    """Bytes of a file; of a workbook the unpacked parts, since compression differs between machines."""
    if path.suffix != ".xlsx" or not zipfile.is_zipfile(path):
        return b"" if path.name == "2023客户备份.xlsx" else path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return [(name, book.read(name)) for name in book.namelist()]


class Table(HTMLParser):
    """The cells of an HTML table, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "br":
            self.rows[-1][-1] += "\n"

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data != "\n":
            self.rows[-1][-1] += data


def cells_of(path: Path, encoding: str) -> Cells:
    """Texts of every physical row, by plain readers that share nothing with the generator."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        return {(s.title, i): [str(v) for v in row if v is not None]
                for s in book for i, row in enumerate(s.iter_rows(values_only=True), 1)}  # fmt: skip
    if path.suffix == ".DBF":
        table = DBF(path, encoding="gbk")
        return {("", i): [str(v) for v in record.values()] for i, record in enumerate(table, 1)}
    if path.suffix == ".xls":
        parser = Table()
        parser.feed(path.read_bytes().decode("gbk"))
        return {("", i): row for i, row in enumerate(parser.rows, 1)}
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(file, delimiter="\t" if path.suffix == ".txt" else ",")
        return {("", i): row for i, row in enumerate(rows, 1)}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, script: Callable[[str], Any]) -> Path:
    out = tmp_path_factory.mktemp("samples")
    script("samples.generate").main(["--out", str(out)])
    return out


@pytest.mark.parametrize("folder", ["files", "expected"])
def test_the_repository_holds_what_the_generator_makes(made: Path, folder: str) -> None:
    names = sorted(p.relative_to(made / folder).as_posix() for p in (made / folder).rglob("*") if p.is_file())
    kept = sorted(p.relative_to(SAMPLES / folder).as_posix() for p in (SAMPLES / folder).rglob("*") if p.is_file())
    assert names == kept
    for name in names:
        assert content(made / folder / name) == content(SAMPLES / folder / name), name
    assert content(made / "trial" / "customers_100.csv") == content(SAMPLES / "trial" / "customers_100.csv")


def test_the_samples_are_small() -> None:
    assert sum(p.stat().st_size for p in (SAMPLES / "files").rglob("*")) < 300_000


def test_every_true_cell_stands_in_its_file() -> None:
    encodings = {f["file"]: f.get("encoding", "") for f in lines("files")}
    found = {
        name: cells_of(SAMPLES / "files" / name, encodings[name]) for name in {r["file"] for r in lines("records")}
    }
    for record in lines("records"):
        row = found[record["file"]][record["sheet"], record["row"]]
        for name, cell in record["fields"].items():
            raw = cell if isinstance(cell, str) else cell["raw"]
            if raw:
                assert raw in row or raw.removesuffix(".0") in row, (record["file"], record["row"], name, raw)


def test_every_row_of_a_file_is_a_record_or_layout() -> None:
    known = {(r["file"], r["sheet"], r["row"]) for r in lines("records") + lines("layout")}
    assert len(known) == len(lines("records")) + len(lines("layout"))
    for file in lines("files"):
        if file["expect"] == "read":
            cells = cells_of(SAMPLES / "files" / file["file"], file["encoding"])
            assert {(file["file"], *place) for place, row in cells.items() if any(row)} <= known


def test_credit_codes_carry_valid_check_characters() -> None:
    codes = {e["base"]["uscc"] for e in lines("entities") if e["base"].get("uscc")}
    assert len(codes) > 150
    assert all(uscc.is_valid(code) for code in codes)


def test_totals_count_what_is_there() -> None:
    totals = json.loads((SAMPLES / "expected" / "totals.json").read_text("utf-8"))
    records = lines("records")
    assert totals["data_rows"] == len(records) == 300
    assert totals["customers"] == len({r["entity"] for r in records}) == len(lines("entities"))
    assert totals["true_pairs"] >= 60 and totals["near_miss_pairs"] >= 15


def test_a_perfect_run_over_the_samples_scores_full_marks(
    tmp_path: Path, perfect_run: Callable[..., Path], script: Callable[[str], Any]
) -> None:
    run = perfect_run(tmp_path / "run", lines("records"), lines("files"))
    assert script("accuracy.score").main([str(SAMPLES / "expected"), str(run)]) == 0


def test_another_seed_gives_other_rows_and_a_big_table_has_twenty_columns(
    tmp_path: Path, script: Callable[[str], Any]
) -> None:
    generate = script("samples.generate")
    generate.main(["--seed", "7", "--rows", "60", "--out", str(tmp_path / "small")])
    records = lines("records", tmp_path / "small" / "expected")
    assert len(records) == 60
    assert not {r["entity"] + str(r["fields"]) for r in records} & {
        r["entity"] + str(r["fields"]) for r in lines("records")
    }
    generate.main(["--big", "200", "--out", str(tmp_path / "big")])
    with (tmp_path / "big" / "csv" / "customers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert (len(rows), len(rows[0])) == (201, 20)
    sheet = openpyxl.load_workbook(tmp_path / "big" / "xlsx" / "customers.xlsx").active
    assert (sheet.max_row, sheet.max_column) == (201, 20)
