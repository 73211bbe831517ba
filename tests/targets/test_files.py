"""The files: their form to the byte, their limits, and a reader that overlooks nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cleanse.errors import TargetError
from cleanse.targets import files

A = {"name": "A", "label": "列甲", "source": "a"}
CHILD = [{"name": "X", "source": "x"}]


def table(rows: list[tuple[str | None, ...]], *names: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["id", *names], dtype="str")
    return frame.set_index("id", drop=False).rename_axis("golden_id")


def test_csv_bytes_are_as_the_profile_says(small, tmp_path: Path) -> None:
    profile = small(A, form={"bom": True, "line_end": "\r\n", "header": "label", "delimiter": ";"})
    rows = table([("1", "x;y"), ("2", None), ("3", 'say "hi"\nall'), ("4", " z")], "A")
    (one,) = files.write({"customer": rows}, profile, tmp_path)
    wanted = '\ufeffid;列甲\r\n1;"x;y"\r\n2;\r\n3;"say ""hi""\nall"\r\n4;" z"\r\n'
    assert (tmp_path / "1_customer_001.csv").read_bytes() == wanted.encode()
    assert (one.path, one.rows, one.bytes) == ("1_customer_001.csv", 4, len(wanted.encode()))


def test_a_lone_empty_cell_is_still_a_row(small, tmp_path: Path) -> None:
    profile = small(objects={"key": "", "fields": [A]})
    files.write({"customer": table([("1", "x"), ("2", None)], "A")[["A"]]}, profile, tmp_path)
    assert len(files.read_back(tmp_path / "1_customer_001.csv", profile, "customer")) == 2


@pytest.mark.parametrize("form", [{"type": "csv"}, {"type": "xlsx"}])
def test_the_same_tables_give_the_same_bytes(small, tmp_path: Path, form) -> None:
    profile = small(A, form=form)
    rows = {"customer": table([("1", "x"), ("2", "y")], "A")}
    first, second = (files.write(rows, profile, tmp_path / name) for name in ("one", "two"))
    assert first == second


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_children_of_one_parent_stay_together(small, tmp_path: Path, kind) -> None:
    profile = small(A, child=CHILD, form={"type": kind}, limits={"rows": 4})
    parents = table([(f"C{n}", "x") for n in range(5)], "A")
    children = table([(f"K{n}", f"C{p}", "x") for n, p in enumerate([0, 0, 1, 1, 1, 2, 3, 3, 3, 3])], "parent", "X")
    written = files.write({"customer": parents, "contact": children}, profile, tmp_path)
    assert [(one.path.split(".")[0], one.start, one.rows) for one in written] == [
        ("1_customer_001", 0, 4),
        ("1_customer_002", 4, 1),
        ("2_contact_001", 0, 2),
        ("2_contact_002", 2, 4),
        ("2_contact_003", 6, 4),
    ]


def test_only_a_family_larger_than_a_file_is_parted(small, tmp_path: Path) -> None:
    profile = small(A, child=CHILD, limits={"rows_contact": 2})
    children = table([(f"K{n}", f"C{p}", "x") for n, p in enumerate([0, 0, 0, 1])], "parent", "X")
    parents = table([("C0", "x"), ("C1", "x")], "A")
    written = files.write({"customer": parents, "contact": children}, profile, tmp_path)
    assert [one.rows for one in written if one.object == "contact"] == [2, 2]


@pytest.mark.parametrize(("kind", "limit"), [("csv", 400), ("xlsx", 8000)])
def test_no_file_is_larger_than_the_limit_and_no_row_is_lost(small, tmp_path: Path, kind, limit) -> None:
    profile = small(A, form={"type": kind}, limits={"bytes": limit})
    rows = table([(f"C{n}", f"值{n * 7919}" * (n % 5)) for n in range(400 if kind == "xlsx" else 60)], "A")
    written = files.write({"customer": rows}, profile, tmp_path)
    assert len(written) > 1
    assert all(one.bytes <= limit and (tmp_path / one.path).stat().st_size == one.bytes for one in written)
    back = pd.concat([files.read_back(tmp_path / one.path, profile, "customer") for one in written])
    assert back["id"].tolist() == rows["id"].tolist()


def test_a_row_larger_than_a_file_is_refused_and_named(small, tmp_path: Path) -> None:
    profile = small(A, limits={"bytes": 50})
    with pytest.raises(TargetError, match="larger than a file"):
        files.write({"customer": table([("1", "x" * 60)], "A")}, profile, tmp_path)


def test_a_workbook_holds_text_cells_only(small, tmp_path: Path) -> None:
    profile = small(
        {**A, "required": True},
        form={
            "type": "xlsx",
            "tip": "tip",
            "header_row": 2,
            "header": "label",
            "required_prefix": "*",
            "sheet": "数据",
        },
    )
    rows = table([("1", "=1+1"), ("2", "+8613800001111"), ("3", "007"), ("4", "-5")], "A")
    files.write({"customer": rows}, profile, tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "1_customer_001.xlsx")["数据"]
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:B1"]
    assert [cell.value for cell in sheet[2]] == ["*id", "*列甲"]
    cells = [sheet.cell(row, 2) for row in range(3, 7)]
    assert [(c.value, c.data_type, c.number_format) for c in cells] == [(value, "s", "@") for value in rows["A"]]
    assert b"<f>" not in zipfile.ZipFile(tmp_path / "1_customer_001.xlsx").read("xl/worksheets/sheet1.xml")


BROKEN = {
    "not utf-8": ("id,A\n1,公司\n".encode("gbk"), "not utf-8"),
    "ragged": (b"id,A\n1,x,y\n", "width"),
    "short": (b"id,A\n1\n", "width"),
    "header": (b"id,B\n1,x\n", "header"),
    "order": (b"A,id\n1,x\n", "header"),
    "open quote": (b'id,A\n1,"x\n2,y\n', "width|quote"),
    "empty": (b"", "header"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_not_read(small, tmp_path: Path, name) -> None:
    content, message = BROKEN[name]
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(TargetError, match=message):
        files.read_back(tmp_path / "x.csv", small(A), "customer")


def test_a_broken_workbook_is_not_read(small, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(TargetError):
        files.read_back(tmp_path / "x.xlsx", small(A, form={"type": "xlsx"}), "customer")


def test_a_file_may_stand_alone_in_a_zip(small, tmp_path: Path) -> None:
    profile = small(A, form={"archive": "zip"})
    (one,) = files.write({"customer": table([("1", "甲")], "A")}, profile, tmp_path)
    with zipfile.ZipFile(tmp_path / one.path) as archive:
        assert one.path == "1_customer_001.zip" and archive.namelist() == ["1_customer_001.csv"]
        assert archive.read("1_customer_001.csv").decode() == "id,A\n1,甲\n"
    assert files.fetch(tmp_path, profile)["customer"]["A"].tolist() == ["甲"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_new_rows_and_updates_have_files_of_their_own(small, tmp_path: Path, kind) -> None:
    profile = small(A, form={"type": kind, "existing": "apart"}, limits={"rows": 2})
    rows = table([(str(n), "x") for n in range(5)], "A")
    written = files.write({"customer": rows}, profile, tmp_path, {"customer": 2})
    assert [(one.path.split(".")[0], one.part, one.start, one.rows) for one in written] == [
        ("1_customer_new_001", 1, 0, 2),
        ("1_customer_new_002", 2, 2, 1),
        ("1_customer_update_001", 3, 3, 2),
    ]
    parts, _ = files.look(tmp_path, written, profile)
    assert pd.concat(parts["customer"])["id"].tolist() == rows["id"].tolist()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_record_stands_in_one_file_with_the_one_above_it(small, tmp_path: Path, kind) -> None:
    profile = small({"name": "UP", "source": "parent_id"}, form={"type": kind}, limits={"rows": 2})
    rows = table([("A", None), ("B", None), ("C", None), ("D", "A"), ("E", "elsewhere"), ("F", "D")], "UP")
    written = files.write({"customer": rows}, profile, tmp_path)
    parts = [files.read_back(tmp_path / one.path, profile, "customer")["id"].tolist() for one in written]
    assert parts == [["A", "B"], ["C"], ["D", "E"], ["F"]]
    assert [one.path.split(".")[0][-3:] for one in written] == ["001", "002", "003", "004"]
    assert [(one.start, one.rows) for one in written] == [(0, 2), (2, 1), (3, 2), (5, 1)]
