"""Linking a table whose fields are only named: what is learnt, what stands above it, what is said of it."""

from __future__ import annotations

import json
import random
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from cleanse.codes import all_codes
from cleanse.errors import UsageError
from cleanse.matching import TableSchema, link_table, parse_table
from cleanse.matching.learnt.bands import merge_cut
from cleanse.matching.learnt.columns import encode
from cleanse.matching.learnt.groups import ALONE, SEEN, groups
from cleanse.matching.learnt.levels import EXPECTED, compare, crossed
from cleanse.matching.learnt.weights import Levels, found_by_keys, levels
from cleanse.model import COLUMNS

FIELDS = [
    {"name": "given", "kind": "person", "crosses": "family"},
    {"name": "family", "kind": "person"},
    {"name": "born", "kind": "date"},
    {"name": "street", "kind": "address", "shared": True},
    {"name": "mail", "kind": "email"},
]
SYLLABLES = ["ka", "lo", "mi", "ner", "tas", "vel", "dor", "sun", "pra", "gi", "zet", "hol"]


def schema_of(fields=FIELDS, **given) -> TableSchema:
    return parse_table({"entity": "member", "field": fields, **given}, "member.toml")


def people(count: int, seed: int) -> pd.DataFrame:
    """Invented people, a third of them twice with slips; families of two share a name and a street."""
    dice = random.Random(seed)

    def word(n: int) -> str:
        return "".join(dice.choices(SYLLABLES, k=n))

    def slipped(text: str) -> str:
        at = dice.randrange(len(text))
        return dice.choice([text[:at] + text[at + 1 :], text[:at] + dice.choice("aeiou") + text[at + 1 :], text])

    rows = []
    for i in range(count):
        family, street = word(3), f"{dice.randint(1, 99)} {word(2)} road"
        for _ in range(2 if i % 10 == 0 else 1):
            born = f"{dice.randint(1940, 2009)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
            one = {
                "given": word(2),
                "family": family,
                "born": born,
                "street": street,
                "mail": f"{word(3)}@{word(2)}.example",
            }
            truth = len(rows)
            rows.append({**one, "truth": truth})
            if dice.random() < 0.35:
                copy = {k: slipped(v) if dice.random() < 0.3 else v for k, v in one.items()}
                if dice.random() < 0.15:
                    copy["given"], copy["family"] = copy["family"], copy["given"]
                copy[dice.choice(["street", "mail", "born"])] = None
                rows.append({**copy, "truth": truth})
    table = pd.DataFrame(rows)
    return table.astype({f["name"]: "str" for f in FIELDS}).assign(rid=np.arange(1, len(table) + 1))


def pairs_of(label: pd.Series) -> set[tuple[int, int]]:
    return {pair for rids in label.groupby(label).groups.values() for pair in combinations(sorted(rids), 2)}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return people(1200, 5)


@pytest.fixture(scope="module")
def links(table):
    return link_table(table, schema_of())


def test_duplicates_are_found_without_labels_and_families_are_not(table, links):
    true = pairs_of(table.set_index("rid")["truth"])
    merged, suggested = (pairs_of(t.set_index("rid")["cluster"]) for t in (links.clusters, links.suggested))
    assert len(merged - true) <= 0.002 * len(merged)
    assert len(merged & true) > 0.97 * len(true)
    assert merged <= suggested
    assert len(suggested & true) > 0.99 * len(true)


def test_the_order_of_rows_changes_nothing(table, links):
    again = link_table(table.sample(frac=1, random_state=1), schema_of())
    pd.testing.assert_frame_equal(again.clusters, links.clusters)
    pd.testing.assert_frame_equal(again.pairs, links.pairs)
    assert again.report == links.report
    assert again.model == links.model


def f1(found: set[tuple[int, int]], true: set[tuple[int, int]]) -> float:
    return 2 * len(found & true) / (len(found) + len(true))


def test_the_pair_budget_hardly_matters(table):
    true = pairs_of(table.set_index("rid")["truth"])
    found = [link_table(table, schema_of(budget=b)) for b in (6.25, 25, 100)]
    assert all(one.report["candidates"] <= (b + 1) * len(table) for one, b in zip(found, (6.25, 25, 100), strict=True))
    for which in ("clusters", "suggested"):
        scores = [f1(pairs_of(getattr(one, which).set_index("rid")["cluster"]), true) for one in found]
        assert max(scores) - min(scores) < 0.005
    assert found[0].model == found[1].model == found[2].model


def test_the_report_says_what_a_small_budget_loses(table):
    told = [link_table(table, schema_of(budget=b)).report["budget_recall"] for b in (0.1, 0.2, 25)]
    assert told[0] < told[1] < told[2]
    assert told[0] < 0.8
    assert told[2] > 0.99


def test_thousands_of_copies_are_linked_in_a_star_and_near_ones_to_them(table):
    one = table.iloc[0]
    near = pd.DataFrame([one] * 24).reset_index(drop=True)
    for i, name in enumerate(["given", "family", "street", "mail"] * 6):
        near.loc[i, name] = near.loc[i, name][: i // 4] + "q" + near.loc[i, name][i // 4 + 1 :]
    crowd = pd.concat([table, pd.DataFrame([one] * 5000), near], ignore_index=True)
    crowd = crowd.astype({f["name"]: "str" for f in FIELDS}).assign(rid=np.arange(1, len(crowd) + 1))
    found = link_table(crowd, schema_of())
    cluster = found.clusters.set_index("rid")["cluster"]
    assert (cluster.iloc[len(table) :] == 1).all()
    assert found.report["candidates"] < 40 * len(table)  # nothing is quadratic in the copies
    assert found.report["copies"] >= 5000
    alone = link_table(table, schema_of()).clusters.set_index("rid")["cluster"]
    others = [rid for rid in table["rid"] if alone[rid] != alone[1]]
    assert (cluster[others] != 1).all()


def test_a_name_alone_makes_no_copies():
    names = pd.DataFrame({"given": ["Ann", "Ann", "Bo", "Bo"] * 50, "family": ["Li"] * 200}, dtype="str")
    found = link_table(names.assign(rid=range(1, 201)), schema_of(FIELDS[:2]))
    assert found.clusters["cluster"].is_unique


def test_what_is_learnt_is_kept_and_used_again(table, links):
    again = link_table(table, schema_of(), model=links.model)
    pd.testing.assert_frame_equal(again.suggested, links.suggested)
    assert again.model == links.model
    with pytest.raises(UsageError, match="no field 'mail'"):
        link_table(table, schema_of(), model={**links.model, "field": {}})


def test_people_stand_above_weights(table, links):
    one, other = next(iter(pairs_of(links.clusters.set_index("rid")["cluster"])))
    far = (1, int(table["rid"].max()))
    said = pd.DataFrame([(one, other, "apart"), (*far, "merge")], columns=["left", "right", "verdict"])
    found = link_table(table, schema_of(), said)
    cluster = found.clusters.set_index("rid")["cluster"]
    assert cluster[one] != cluster[other]
    assert cluster[far[0]] == cluster[far[1]]


def test_what_people_decide_moves_the_weights(table, links):
    mails = table.groupby("mail")["rid"].agg(list)
    same = [rids for rids in mails if len(rids) == 2][:60]
    said = pd.DataFrame([(*rids, "apart") for rids in same], columns=["left", "right", "verdict"])
    taught = link_table(table, schema_of(), said).model
    assert taught["field"]["mail"]["equal"]["same"] < links.model["field"]["mail"]["equal"]["same"]


def test_every_pair_says_why(links):
    assert list(links.pairs.columns) == list(COLUMNS["pairs"])
    first = links.pairs[links.pairs["band"] == "merge"].iloc[0]
    assert first["why_en"] and first["why_zh"]
    bits = json.loads(first["evidence"])
    assert set(bits) <= {f["name"] for f in FIELDS}
    assert set(links.report["warnings"]) <= set(all_codes())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_records(count):
    rows = people(1, 1).iloc[:count]
    found = link_table(rows, schema_of())
    assert len(found.clusters) == count
    assert list(found.pairs.columns) == list(COLUMNS["pairs"])


def test_few_records_are_judged_by_what_is_expected():
    rows = [
        ("Anna", "Velkamp", "1970-03-05", "5 Long Road", "anna@velkamp.example"),
        ("Anna", "Velkamp", "1970-03-05", "5 Long Road", "anna@velkamp.example"),
        ("Bruno", "Velkamp", "1968-11-30", "5 Long Road", "bruno@velkamp.example"),
        ("Carla", "Ostrin", "1991-07-17", "9 Hill Lane", "carla@ostrin.example"),
    ]
    table = pd.DataFrame(rows, columns=[f["name"] for f in FIELDS], dtype="str").assign(rid=range(1, 5))
    found = link_table(table, schema_of())
    assert found.suggested["cluster"].tolist() == [1, 1, 3, 4]
    assert "match_few_duplicates" in found.report["warnings"]


def test_an_empty_column_and_one_that_is_not_there(table):
    found = link_table(
        table.assign(mail=pd.Series(pd.NA, index=table.index, dtype="str")).drop(columns="street"), schema_of()
    )
    assert len(found.clusters) == len(table)


LEVELS = [
    ("person", "Ann", "ann", "equal"), ("person", "J", "John", "part"), ("person", "John Ray", "Ray", "part"),
    ("person", "Jonathan", "Jonathon", "near"), ("person", "Olga", "Peter", "different"),
    ("date", "1970-03-05", "1970-03-06", "near"), ("date", "1970-03-05", "1970-05-03", "parts"),
    ("date", "1970-03-28", "1970-04-16", "alike"), ("date", "1970-03-05", "1958-11-27", "different"),
    ("id", "1234567", "1234576", "near"), ("id", "1234567", "1239988", "half"), ("id", "1234567", "7654321", "different"),
    ("address", "12 Long Road", "12, long road", "equal"), ("address", "12 Long Road", "12 Long Raod", "near"),
    ("email", "a.b@c.example", "a.b@d.example", "local"), ("email", "a.b@c.example", "x@y.test", "different"),
    ("category", "m", "f", "different"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "one", "other", "level"), LEVELS)
def test_levels(kind, one, other, level):
    table = pd.DataFrame({"a": [one, other]}, dtype="str").assign(rid=[1, 2])
    column = encode(table, schema_of([{"name": "a", "kind": kind}])).columns[0]
    assert list(EXPECTED[kind])[compare(column, np.array([0]), np.array([1]))[0]] == level


@pytest.mark.parametrize(
    ("rows", "level"),
    [
        ([("Ann", "Velkamp"), ("Velkamp", "Ann")], "crossed"),
        ([("Ann", "Velkamp"), ("Velkanp", "Ann")], "crossed"),
        ([("Ann", "Velkamp"), ("Velkamp", None)], "aside"),
    ],
)
def test_a_name_in_the_other_column(rows, level):
    table = pd.DataFrame(rows, columns=["given", "family"], dtype="str").assign(rid=[1, 2])
    given, family = encode(table, schema_of(FIELDS[:2])).columns
    left, right = np.array([0]), np.array([1])
    found = crossed(given, family, compare(given, left, right), left, right)
    assert list(EXPECTED["person"])[found[0]] == level


def test_two_names_that_changed_places_are_one_witness():
    """Both say the same; that strangers of one name were typed in another order is no rarer than that one person was."""
    table = pd.DataFrame([("Ann", "Velkamp"), ("Velkamp", "Ann")], columns=["given", "family"], dtype="str")
    schema = schema_of(FIELDS[:2])
    found = levels(encode(table.assign(rid=[1, 2]), schema), np.array([0]), np.array([1]), schema.crosses)
    assert found.level[0].tolist() == [list(EXPECTED["person"]).index("crossed"), -1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([{"name": "a", "kind": "persom"}], "kind 'persom'"),
        ([{"kind": "person"}], "needs a name"),
        ([{"name": "a", "kind": "person", "cross": "b"}], "did you mean 'crosses'"),
        ([{"name": "a", "kind": "person", "crosses": "b"}], "crosses 'b'"),
        ([], r"no \[\[field\]\]"),
    ],
)
def test_faults_in_the_file_are_named(fields, said):
    with pytest.raises(UsageError, match=said):
        schema_of(fields)


NOBODY = np.zeros((0, 2), dtype=np.int64)


def test_two_groups_held_by_one_weak_pair_are_broken():
    """Two triangles; one pair above the cut joins them, the other eight speak against."""
    inner = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)]
    across = [(a, b) for a in range(3) for b in range(3, 6)]
    left, right = np.array(inner + across).T
    weight = np.array([8.0] * 6 + [1.0] + [-5.0] * 8)
    label, broken = groups(6, left, right, weight, 0.0, SEEN, NOBODY, NOBODY)
    assert label.tolist() == [0, 0, 0, 3, 3, 3]
    assert broken == 1


def test_one_pair_against_weighs_more_where_nobody_is_asked():
    left, right, weight = np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([9.0, 4.0, -9.0])
    assert groups(3, left, right, weight, 0.0, SEEN, NOBODY, NOBODY)[0].tolist() == [0, 0, 0]
    assert groups(3, left, right, weight, 0.0, ALONE, NOBODY, NOBODY)[0].tolist() == [0, 0, 2]


def test_apart_stands_above_merge():
    left, right = np.array([0, 1]), np.array([1, 2])
    said, apart = np.array([[0, 1], [1, 2]]), np.array([[0, 2]])
    label, _ = groups(3, left, right, np.array([9.0, 9.0]), 0.0, ALONE, said, apart)
    assert label[0] != label[2]


def test_the_cut_is_where_pairs_are_right_often_enough():
    weight, together = np.array([12.0, 9.0, 3.0, 1.0, -4.0]), np.ones(5, dtype=bool)
    assert merge_cut(weight, together, 0.99) == 9.0  # with the third pair .963 would be right
    assert merge_cut(weight, together, 0.5) == 1.0
    assert merge_cut(weight[2:], together[2:], 0.999) > 3.0  # no pair is sure enough


def test_what_keys_find_is_what_two_equal_fields_bring_together():
    level = np.array([[0, 0], [0, 3], [0, 0], [0, 3]], dtype=np.int8)
    pairs = Levels(np.arange(4), np.arange(4) + 4, level, np.zeros((4, 2), dtype=np.float32))
    assert found_by_keys(pairs, np.ones(4)) == 0.5
    assert found_by_keys(pairs, np.zeros(4)) is None
