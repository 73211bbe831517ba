"""A file of match rules is read strictly, every fault named at once with the nearest right key."""

from __future__ import annotations

import copy

import pytest

from cleanse.errors import UsageError
from cleanse.matching import parse_schema


def test_shipped_rules_are_good(schemas):
    assert schemas["customer"].entity == "customer"
    assert schemas["contact"].within == "cluster"
    assert {e.name for e in schemas["customer"].evidence} >= {"uscc", "mobile", "phone", "email", "address"}


def test_every_fault_is_named_at_once(rules):
    data = copy.deepcopy(rules("customer"))
    data["priro"] = -7
    data["merge"] = "high"
    data["name"]["weights"]["same_nam"] = 3
    del data["name"]["weights"]["typo"]
    data["objections"]["branch"] = "never"
    data["evidence"][0]["agre"] = 1
    data["evidence"][1]["unless"] = "nothing"
    with pytest.raises(UsageError) as fault:
        parse_schema(data, "rules/matching/customer.toml")
    said = str(fault.value)
    for part in (
        "'prior'",
        "'merge' is no number",
        "'same_name'",
        "lacks typo",
        "'branch'",
        "'agree'",
        "'nothing'",
        "rules/matching/customer.toml",
    ):
        assert part in said


@pytest.mark.parametrize("cuts", [{"merge": 0.2, "review": 0.5}, {"merge": 1.5}])
def test_cuts_are_probabilities_in_their_order(cuts, rules):
    with pytest.raises(UsageError):
        parse_schema({**rules("customer"), **cuts}, "x.toml")
