"""What every reader promises: the same cells as text whatever the format, physical row numbers, no exception."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanse.codes import all_codes
from cleanse.readers import DEFAULT_LIMITS, read

NAMED = ("dbf", "json", "jsonl", "xml")  # the names of the columns are no row of these: they stand in row 0
SHEETS = {**dict.fromkeys(("xlsx", "ods", "xls", "xls bare", "spreadsheetml"), "客户"), "xml": "行"}


def test_every_format_gives_the_same_text(sample, expected):
    form, path = sample
    source = read(path, "样品.dat")
    assert (source.status, source.reason) == ("read", "")
    assert source.format == form.split()[0]
    (grid,) = source.grids
    if form in ("dbf", "fixed"):  # a line break in a cell ends the line there
        expected[2][2] = expected[2][2].replace("\n", " ")
    assert grid.cells.to_numpy().tolist() == expected
    assert grid.cells.index.tolist() == ([0, 1, 2] if form in NAMED else [1, 2, 3])
    assert grid.cells.columns.tolist() == [0, 1, 2, 3, 4]
    assert set(map(str, grid.cells.dtypes)) == {"str"}
    assert grid.sheet == SHEETS.get(form, "")
    assert len(source.digest) == 64


def test_two_readings_are_the_same(any_sample):
    _, path = any_sample
    first, second = read(path, "a"), read(path, "a")
    assert first.digest == second.digest
    assert all(x.cells.equals(y.cells) for x, y in zip(first.grids, second.grids, strict=True))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_read_or_refused_with_a_known_code(any_sample, share):
    _, path = any_sample
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    source = read(path, "cut")
    assert source.status in ("read", "error", "ignored")
    assert source.status == "read" or source.reason in all_codes()
    assert all(note.code in all_codes() for grid in source.grids for note in grid.notes)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_flipped_byte_never_raises(any_sample, at, value):
    _, path = any_sample
    data = bytearray(path.read_bytes())
    data[at % len(data)] = value
    other = path.with_name("flipped.dat")
    other.write_bytes(bytes(data))
    source = read(other, "flipped")
    assert source.status == "read" or source.reason in all_codes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_any_bytes_get_an_answer(tmp_path: Path, data):
    path = tmp_path / "x.xlsx"
    path.write_bytes(data)
    source = read(path, "x.xlsx")
    assert source.status == "read" or source.reason in all_codes()


def test_a_file_above_the_limit_is_refused(any_sample):
    _, path = any_sample
    small = DEFAULT_LIMITS.__class__(file_bytes=10)
    assert read(path, "big", small).reason == "too_large"
