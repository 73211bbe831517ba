"""Which band two customers, or two contacts of one, belong in: ``cases/*.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"


def cases(*names):
    found = [c for name in names for c in tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))["pair"]]
    return [pytest.param(c, id=c["why"]) for c in found]


def band_of(links):
    if links.pairs.empty:
        return "apart"
    assert links.pairs[["left", "right"]].values.tolist() == [[1, 2]]
    return links.pairs["band"].item()


@pytest.mark.parametrize("case", cases("customers", "lookalikes"))
def test_two_customers(case, linked):
    links = linked([case["left"], case["right"]])
    assert band_of(links) == case["band"]
    assert (links.clusters["cluster"].nunique() == 1) == (case["band"] == "merge")


@pytest.mark.parametrize("case", cases("customers", "lookalikes"))
def test_the_side_does_not_matter(case, linked):
    assert band_of(linked([case["right"], case["left"]])) == case["band"]


@pytest.mark.parametrize("case", cases("contacts"))
def test_two_contacts_of_one_customer(case, linked):
    rows = [{**case[side], "cluster": "1"} for side in ("left", "right")]
    assert band_of(linked(rows, "contact")) == case["band"]


def test_contacts_of_other_customers_are_never_compared(linked):
    same = {"name": "王小明", "mobile": "13800000001"}
    links = linked([{**same, "cluster": "1"}, {**same, "cluster": "2"}], "contact")
    assert links.pairs.empty
    assert links.clusters["cluster"].tolist() == [1, 2]
