"""Nested documents: every value in some cell, whatever the nesting; what an answer says of itself is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.readers import records
from cleanse.readers.raw import Limits

NAMES = st.sampled_from(["name", "mobile", "contacts", "data", "customer", "meta"])
TEXTS = st.text("甲乙丙丁", min_size=1, max_size=4)


def objects(inner):
    return st.dictionaries(NAMES, inner, min_size=1, max_size=4)


DOCUMENTS = objects(
    st.recursive(TEXTS, lambda inner: st.lists(objects(inner), max_size=3) | objects(inner), max_leaves=12)
)


def leaves(value):
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    else:
        yield value


def cells(document):
    grids = records.grids(document, Limits(), "json")
    return grids, [text for g in grids for row in g.cells.to_numpy().tolist() for text in row]


@given(DOCUMENTS | st.lists(DOCUMENTS, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_every_value_of_a_document_stands_in_a_cell(document):
    _, found = cells(document)
    for text in leaves(document):
        assert any(text in cell for cell in found), (text, found)


@pytest.mark.parametrize(
    ("document", "sheets"),
    [
        ([{"name": "甲", "contacts": [{"name": "丁"}, {"name": "戊"}]}], {"": 1}),
        ({"name": "甲", "code": "7", "contacts": [{"name": "丁"}]}, {"contacts": 1, "(beside)": 1}),
        ({"customer": {"name": "甲"}, "contacts": [{"name": "丁"}]}, {"contacts": 1, "(beside)": 1}),
        ([{"data": [{"name": "甲"}, {"name": "乙"}]}], {"data": 2}),
        ({"count": 2, "data": [{"name": "甲"}, {"name": "乙"}]}, {"data": 2}),
        ([{"total": "40", "data": [{"name": "甲"}] * 40}], {"data": 40}),
    ],
)
def test_what_is_a_record_and_what_holds_records(document, sheets):
    assert {g.sheet: len(g.cells) - 1 for g in cells(document)[0]} == sheets
