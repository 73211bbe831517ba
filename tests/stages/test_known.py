"""Golden ids that were given out come back to the same records, once each, in whatever order the rows stand."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.model import Entity, Field
from cleanse.stages import known

NAMES = ("name", "phone")
ENTITY = Entity("customer", {}, {n: Field("customer", n, "text", {}) for n in (*NAMES, "note")}, identity=NAMES)
VALUES = st.tuples(st.sampled_from(["甲", "乙", "丙", None]), st.sampled_from(["1", "2", "3", None]))
PLANS = st.lists(st.tuples(VALUES, st.integers(0, 3)), max_size=8)


def records(values: list[tuple[str | None, str | None]]) -> pd.DataFrame:
    table = pd.DataFrame(values, columns=list(NAMES), dtype="str")
    rows = range(2, len(values) + 2)
    return table.assign(rid=range(len(values)), source_file="a.csv", source_sheet="", source_row=rows)


def natural(values: list[tuple[str | None, str | None]], cluster: pd.Series) -> pd.Series:
    digest = pd.Series(known.digests("customer", [records(values)[n] for n in NAMES]), index=cluster.index)
    least = digest.groupby(cluster).min()
    return least + least.groupby(least).cumcount().map(lambda n: f"-{n + 1}" if n else "")


def kept(values, numbers, memory: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Cluster -> id, and cluster by record, of a plan that follows another."""
    cluster = pd.Series(numbers, index=range(len(values)), dtype="int64")
    told = known.lines(ENTITY, records(values))
    claimed = known.claims(told, None, memory, told)
    return known.keep(natural(values, cluster), cluster, claimed), cluster


def remembered(values, numbers) -> pd.DataFrame:
    cluster = pd.Series(numbers, index=range(len(values)), dtype="int64")
    return known.remembered(known.lines(ENTITY, records(values)), cluster.map(natural(values, cluster)), None)


@settings(max_examples=60, deadline=None)
@given(PLANS.filter(len), PLANS.filter(len))
def test_an_id_is_given_once_and_a_plan_that_is_as_before_keeps_all(first, second):
    before, after = zip(*first, strict=True), zip(*second, strict=True)
    (old, old_numbers), (new, new_numbers) = map(list, before), map(list, after)
    memory = remembered(old, old_numbers)
    ids, _ = kept(new, new_numbers, memory)
    assert ids.is_unique and ids.notna().all()
    again, cluster = kept(old, old_numbers, memory)
    assert cluster.map(again).tolist() == memory["golden_id"].tolist()


@settings(max_examples=40, deadline=None)
@given(PLANS.filter(len), PLANS.filter(len), st.randoms())
def test_the_order_of_the_memory_does_not_matter(first, second, dice):
    (old, old_numbers), (new, new_numbers) = (list(map(list, zip(*plan, strict=True))) for plan in (first, second))
    memory = remembered(old, old_numbers)
    order = list(range(len(memory)))
    dice.shuffle(order)
    pd.testing.assert_series_equal(
        kept(new, new_numbers, memory)[0], kept(new, new_numbers, memory.iloc[order].reset_index(drop=True))[0]
    )


def test_the_larger_part_of_a_split_keeps_the_id_and_a_merger_takes_that_of_more_records():
    values = [("甲", "1"), ("乙", "2"), ("丙", "3")]
    memory = remembered(values, [0, 0, 0])
    ids, _ = kept(values, [0, 1, 1], memory)
    assert ids[1] == memory["golden_id"][0] and ids[0] != ids[1]
    two = remembered(values, [0, 1, 1])
    ids, _ = kept(values, [5, 5, 5], two)
    assert ids[5] == two["golden_id"][1]


def test_a_corrected_record_is_known_by_its_row_another_in_its_place_is_not():
    old = [("甲", "1"), ("乙", "2")]
    memory = remembered(old, [0, 1])
    ids, _ = kept([("甲公司", "1"), ("丙", "9")], [0, 1], memory)
    assert ids[0] == memory["golden_id"][0]
    assert ids[1] not in set(memory["golden_id"])


def test_what_is_told_anew_replaces_what_was_kept_and_the_rest_stays():
    one, two = remembered([("甲", "1"), ("乙", "2")], [0, 1]), remembered([("丙", "3")], [0])
    both = known.together(one, two)
    assert sorted(both["golden_id"]) == sorted([*one["golden_id"], *two["golden_id"]])
    assert both.set_index("golden_id").loc[one["golden_id"][0], "source_row"] == known.MOVED
    assert len(known.together(both, two)) == len(both)
    assert known.together(one, one).equals(one)
