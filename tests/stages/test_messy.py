"""Sheets as people have them, from the file to the records: nothing lost, nobody made of what is no record, told where unclear."""

from __future__ import annotations

import tomllib
from pathlib import Path

import openpyxl
import pytest

from cleanse.flow.reading import notes, read_input
from cleanse.project import load_project
from cleanse.stages import map

CASES = [
    case
    for path in sorted((Path(__file__).parent / "cases").glob("messy*.toml"))
    for case in tomllib.loads(path.read_text("utf-8"))["case"]
]


def cells_of(text):
    return [[cell.strip().replace("\\n", "\n") for cell in line.split("|")] for line in text.strip("\n").split("\n")]


def write(case, path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row, cells in enumerate(cells_of(case["grid"]), 1):
        for column, text in enumerate(cells, 1):
            sheet.cell(row, column, text or None)
    for area in case.get("merge", ()):
        sheet.merge_cells(area)
    book.save(path)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    root = tmp_path_factory.mktemp("messy")
    (root / "cleanse.toml").write_text('[sources]\npaths = ["files"]\n', "utf-8")
    (root / "files").mkdir()
    for number, case in enumerate(CASES):
        write(case, root / "files" / f"{number}.xlsx")
    project = load_project(root)
    return project, read_input(project)


def records(project, tables, fields):
    """The raw cells that feed ``fields``, one line a row of a table that tells somebody."""
    lines = []
    for table, columns in tables:
        if not map.fed(columns, project.entities) & map.telling(project.entities):
            continue
        feeds = {c.path: c.column for c in columns}
        for row, cells in zip(table.rows.index, table.rows.fillna("").to_dict("records"), strict=True):
            line = {"row": str(row)} | {path: str(cells[column]) for path, column in feeds.items()}
            lines.append([line.get(name, "") for name in fields])
    return lines


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[c["name"] for c in CASES])
def test_the_records_of_a_sheet(found, number, case):
    project, input_ = found
    name = f"{number}.xlsx"
    tables = [
        (table, columns) for table, columns in zip(input_.tables, input_.maps, strict=True) if table.source == name
    ]
    fields, *expected = cells_of(case["records"]) if case["records"] else [[]]
    assert records(project, tables, fields) == expected
    said = {note["code"] for note in notes(input_) if note["source_file"] == name}
    assert set(case.get("notes", ())) <= said
    told = {f"{row} {kind}" for t, _ in tables for row, kind in zip(t.layout["source_row"], t.layout["kind"], strict=True)}
    assert set(case.get("layout", ())) <= told
    mapped = {c.column: c.path for _, columns in tables for c in columns}
    assert {column: mapped[column] for column in case.get("asked", ())} == dict.fromkeys(case.get("asked", ()), "")
