"""The country that a row names decides how its numbers and places are read; its neighbours are not touched by it."""

from __future__ import annotations

import pandas as pd
import pytest

from cleanse.model import Field
from cleanse.stages.homes import at_home, homes
from cleanse.stages.map import RawColumn

WORDS = {
    "countries": (
        ("USA", "US"),
        ("Germany", "DE"),
        ("中国", "CN"),
        ("Bayern", "DE", "place"),
        ("CA", "CA", "country"),
    )
}


def column(kind: str, values: dict[int, str], **options: str) -> RawColumn:
    f = Field(entity="customer", name=kind, kind=kind, label={}, options=options)
    return RawColumn(f, "a.csv", "", kind, {}, pd.Series(values, dtype="str"))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"country": {0: "usa", 1: "Germany", 2: "中国", 3: "CA", 4: "?"}}, {0: "US", 1: "DE", 3: "CA"}),
        ({"region": {0: "Bayern", 1: "CA", 2: "浙江省"}}, {0: "DE"}),
        ({"address": {0: "1 Main St, Dallas, USA", 1: "Bayern", 2: "文三路1号"}}, {0: "US"}),
        ({"country": {0: "中国"}, "address": {0: "1 Main St, USA", 1: "2 Main St, USA"}}, {1: "US"}),
        ({"phone": {0: "USA"}}, {}),
    ],
)
def test_a_row_is_at_home_where_its_cells_say(columns, found):
    assert homes([column(kind, values) for kind, values in columns.items()], WORDS).to_dict() == found


def test_columns_are_cut_by_country_and_no_cell_is_lost():
    phones = column("phone", {0: "020 7946 0958", 1: "0571-88886666", 2: "(415) 295-9951"})
    cut = list(at_home([phones], pd.Series({2: "US", 0: "GB"})))
    assert {c.options.get("country", ""): c.values.to_dict() for c in cut} == {
        "": {1: "0571-88886666"},
        "GB": {0: "020 7946 0958"},
        "US": {2: "(415) 295-9951"},
    }


def test_a_country_that_a_person_gave_the_column_stands():
    phones = column("phone", {0: "23456789"}, country="HK")
    assert list(at_home([phones], pd.Series({0: "US"}))) == [phones]
    dates = column("date", {0: "2024-01-01"})
    assert list(at_home([dates], pd.Series({0: "US"}))) == [dates]
