"""What linking promises whatever the data: one answer for any order, people's word kept, no chain across a conflict."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cleanse.codes import all_codes
from cleanse.model import COLUMNS

NAMES = [
    "杭州星渚软件有限公司", "星渚软件（杭州）有限公司", "杭州星渚软件", "星渚软件", "星渚", "宁波星渚软件有限公司", "杭州星渚集团有限公司",
    "杭州星渚软件有限公司宁波分公司", "杭州星诸软件有限公司", "王小明", "济南市第七中学", "济南市第八中学", "Harborline Trading Ltd", None,
]  # fmt: skip
ROW = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "uscc": st.sampled_from([None, None, "91330100000000001X", "91330100000000002Y"]),
        "city": st.sampled_from([None, "杭州市", "宁波市"]),
        "phone": st.sampled_from([None, "0571-88880001", "0571-88880002"]),
        "contact.name": st.sampled_from([None, "王小明", "李大海"]),
        "contact.mobile": st.sampled_from([None, "13800000001", "13900000002"]),
    }
)
QUICK = settings(
    max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)  # small enough to read as they are found


def numbered(rows):
    return [{**row, "rid": str(10 + 3 * i)} for i, row in enumerate(rows)]


@QUICK
@given(rows=st.lists(ROW, min_size=1, max_size=9), data=st.data())
def test_the_order_of_rows_changes_nothing(rows, data, linked):
    rows = numbered(rows)
    first, second = linked(rows), linked(data.draw(st.permutations(rows)))
    pd.testing.assert_frame_equal(first.clusters, second.clusters)
    pd.testing.assert_frame_equal(first.pairs, second.pairs)
    assert first.report == second.report


@QUICK
@given(rows=st.lists(ROW, min_size=3, max_size=9), data=st.data())
def test_what_people_said_holds(rows, data, linked):
    rows = numbered(rows)
    rids = [int(row["rid"]) for row in rows]
    pair = st.sampled_from(list(combinations(rids, 2)))
    said = {p: data.draw(st.sampled_from(["apart", "merge"])) for p in data.draw(st.lists(pair, max_size=3))}
    cluster = linked(rows, forced=[(*p, v) for p, v in said.items()]).clusters.set_index("rid")["cluster"]
    merged = [p for p, verdict in said.items() if verdict == "merge"]
    for left, right in (p for p, verdict in said.items() if verdict == "apart"):
        assert cluster[left] != cluster[right]
    if len(merged) == len(said):
        assert all(cluster[left] == cluster[right] for left, right in merged)


@QUICK
@given(rows=st.lists(ROW, min_size=1, max_size=9))
def test_no_group_holds_what_objects(rows, linked):
    rows = numbered(rows)
    links = linked(rows)
    by = {int(row["rid"]): row for row in rows}
    assert sorted(links.clusters["rid"]) == sorted(by)
    for cluster, members in links.clusters.groupby("cluster")["rid"]:
        assert cluster == members.min()
        assert len({by[rid]["uscc"] for rid in members} - {None}) <= 1
        names = {by[rid]["name"] for rid in members} - {None}
        assert not ({"济南市第七中学", "济南市第八中学"} <= names)
        assert not any("分公司" in n for n in names) or len(names) == 1


def test_apart_is_kept_through_a_third(linked, clusters_of):
    same = {"name": "杭州星渚软件有限公司", "contact.mobile": "13800000001"}
    links = linked([same, {**same, "city": "杭州市"}, {**same, "phone": "0571-88880001"}], forced=[(1, 3, "apart")])
    assert not any({1, 3} <= g for g in clusters_of(links))
    assert clusters_of(links) == set()  # the second fits either as well: a person is asked
    assert links.pairs.set_index(["left", "right"])["band"].to_dict() == {(1, 2): "review", (2, 3): "review"}


def test_merge_of_people_stands_above_every_objection(linked, clusters_of):
    rows = [{"name": "杭州星渚软件有限公司"}, {"name": "杭州星渚软件有限公司宁波分公司"}]
    assert clusters_of(linked(rows, forced=[(2, 1, "merge")])) == {frozenset({1, 2})}


def test_verdicts_on_records_that_are_not_here_are_passed_over(linked):
    assert linked([{"name": "杭州星渚软件有限公司"}], forced=[(1, 99, "merge")]).clusters["cluster"].tolist() == [1]


def test_two_cities_are_not_joined_by_a_short_name_between_them(linked, clusters_of):
    shared = {"contact.mobile": "13800000001"}
    rows = [
        {"name": "杭州星渚软件有限公司", **shared},
        {"name": "星渚软件", **shared},
        {"name": "宁波星渚软件有限公司", **shared},
    ]
    links = linked(rows)
    assert not any({1, 3} <= g for g in clusters_of(links))
    assert links.report["broken_groups"] == 1
    assert "match_groups_broken" in links.report["warnings"]


def test_a_switchboard_joins_nobody(linked, clusters_of):
    brands = "安邦博辰诚达德鼎东恩发丰"
    rows = [
        {"name": f"杭州{a}{b}贸易有限公司", "phone": "0571-88880001", "address": "人民路1号"}
        for a, b in pairwise(brands)
    ]
    assert clusters_of(linked(rows)) == set()


def test_copies_hang_on_their_smallest_rid(linked, clusters_of):
    row = {"name": "杭州星渚软件有限公司", "contact.mobile": "13800000001"}
    links = linked([{**row, "rid": str(rid)} for rid in (9, 4, 7)])
    assert clusters_of(links) == {frozenset({4, 7, 9})}
    assert links.pairs[["left", "right"]].values.tolist() == [[4, 7], [4, 9]]
    assert links.report["copies"] == 2


def test_a_name_alone_makes_no_copy_of_a_person(linked, clusters_of):
    assert clusters_of(linked([{"name": "王小明"}, {"name": "王小明"}])) == set()


def test_a_crowd_of_one_customer_stays_together(linked, clusters_of, schemas):
    rows = [
        {"name": "杭州星渚软件有限公司", "contact.name": f"员工{i}", "contact.mobile": f"138{i:08d}"} for i in range(90)
    ]
    links = linked(rows)
    assert len(rows) > schemas["customer"].cap
    assert [len(g) for g in clusters_of(links)] == [90]
    assert "match_blocks_too_large" in links.report["warnings"]


def test_nothing_to_link(linked):
    links = linked([])
    assert links.pairs.empty and links.clusters.empty
    assert list(links.pairs.columns) == list(COLUMNS["pairs"])
    assert list(links.clusters.columns) == list(COLUMNS["clusters"])


def test_sentences_say_fields_and_bits_and_no_values(linked):
    left = {"name": "杭州星渚软件有限公司", "contact.mobile": "13800000001", "city": "杭州市", "contact.name": "王小明"}
    links = linked([left, {**left, "contact.name": "李大海"}, {**left, "name": "杭州星渚软件有限公司宁波分公司"}])
    said = " ".join([*links.pairs["why_zh"], *links.pairs["why_en"], *links.pairs["evidence"]])
    assert re.search(r"手机相同 \+\d", said) and re.search(r"same mobile \+\d", said)
    assert not any(value in said for value in left.values())


def test_warnings_are_codes(linked):
    assert {"match_blocks_too_large", "match_groups_broken"} <= set(all_codes())


@pytest.mark.parametrize("seed", [11, 12])
def test_a_generated_list_is_linked_as_it_was_made(seed, generate, linked):
    records = generate(2000, seed)
    cluster = linked(records).clusters.set_index("rid")["cluster"].reindex(records["rid"]).to_numpy()
    pairs = records.assign(cluster=cluster).groupby("cluster")["entity"]
    found = int((pairs.size() * (pairs.size() - 1) // 2).sum())
    both = records.assign(cluster=cluster).groupby(["cluster", "entity"]).size()
    true = records.groupby("entity").size()
    right, wanted = int((both * (both - 1) // 2).sum()), int((true * (true - 1) // 2).sum())
    assert right / found >= 0.995
    assert 2 * right / (found + wanted) >= 0.97


def test_a_third_record_may_know_what_two_lack(linked, clusters_of):
    rows = [
        {"name": "范文建", "contact.mobile": "13800000001", "address": "学府路1号2栋303室"},
        {"name": "范文建", "contact.mobile": "13800000001"},
        {"name": "范文建", "address": "学府路1号2栋303室", "city": "郑州市"},
    ]
    assert clusters_of(linked(rows[1:])) == set()
    assert clusters_of(linked(rows)) == {frozenset({1, 2, 3})}


def test_a_short_name_that_fits_two_sisters_joins_neither(linked, clusters_of):
    shared = {"phone": "0411-88880001", "address": "人民路1号"}
    names = ("大连山渚精密模具有限公司", "大连山渚", "大连山渚置业有限公司")
    links = linked([{"name": name, **shared} for name in names])
    assert clusters_of(links) == set()
    assert links.pairs["band"].tolist() == ["review", "related", "review"]
