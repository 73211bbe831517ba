"""The patterns of Chinese telephone numbers say what the numbering plan they are made from says."""

from __future__ import annotations

import random
import re
from collections import Counter

import phonenumbers
import pytest

from cleanse.kinds import date, phone
from cleanse.kinds.phone_words import filler


def type_of(digits: str) -> int:
    return phonenumbers.number_type(phonenumbers.parse(digits, "CN"))


def test_mobile_prefixes_agree_with_the_numbering_plan():
    rng = random.Random(7)
    for prefix in range(10_000):
        digits = f"1{prefix:04}{rng.randrange(10**5, 10**6)}"
        expected = type_of(digits) == phonenumbers.PhoneNumberType.MOBILE
        assert (re.fullmatch(phone.MOBILE, digits) is not None) == (expected and not filler(digits)), digits


@pytest.mark.parametrize("length", [7, 8])
def test_area_codes_agree_with_the_numbering_plan(length):
    shape = re.compile(phone.LANDLINE)
    for area in ["10", *map(str, range(20, 30)), *map(str, range(300, 1000))]:
        local = "66666666"[:length]
        expected = type_of(f"0{area}{local}") == phonenumbers.PhoneNumberType.FIXED_LINE
        assert (shape.fullmatch(f"0{area}-{local}") is not None) == expected, area


def test_no_filler_has_the_shape_of_a_mobile():
    for digits in ("13800138000", "13000000000", "19900000000", "11111111111", "12345678901"):
        assert filler(digits) and not re.fullmatch(phone.MOBILE, digits)


def test_one_contrary_cell_leaves_the_order_open():
    sure = {f"{day}/01/2023": 1 for day in range(20, 30)} | {"05/06/2023": 1}
    assert date.decide(date.observe(sure)).options == {"order": "dmy"}
    decision = date.decide(date.observe(sure | {"01/20/2023": 1}))
    assert not decision.options and decision.doubt == "date_order_undecided"


def test_too_few_sure_cells_leave_the_order_open():
    counts = date.observe({"20/01/2023": 2, "05/06/2023": 90})
    assert date.decide(counts).doubt == "date_order_undecided"
    assert date.decide(counts + Counter({"long.dmy": 1})).options == {"order": "dmy"}


def test_a_column_without_doubtful_dates_asks_nothing():
    decision = date.decide(date.observe({"2023-01-05": 7, "31/12/2023": 1}))
    assert (decision.options, decision.doubt) == ({}, "")


def test_every_day_has_the_shape_and_no_other():
    shape = re.compile(date.KIND.shape({"past": True, "today": "2024-03-10"}))
    for text in ("2024-03-10", "2024-02-29", "2023-12-31", "2000-02-29", "1970-02-28"):
        assert shape.fullmatch(text), text
    for text in (
        "2024-03-11",
        "2024-12-01",
        "2025-01-01",
        "2023-02-29",
        "2023-04-31",
        "1970-01-01",
        "1970-02-29",
        "1900-05-05",
    ):
        assert not shape.fullmatch(text), text
