"""Links between customers: by a person's word, by a registered name with a branch behind; never where it is open."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanse.stages.relate import SAID, relate

WORDS = {
    "company_branches": (("分公司", "part"), ("子公司",)),
    "company_legal_forms": (("有限公司", "limited"), ("公司", "limited")),
}


def related(names: list[str | None], said: list[tuple[int, int, str, int]] = [], twins: dict[int, int] = {}):  # noqa: B006
    """Golden records, one per name (rid = place + 1); ``said``: by rid; ``twins``: rid of a merged record -> its anchor."""
    rids = list(range(1, len(names) + 1))
    golden = pd.DataFrame({"golden_id": [f"C-{r}" for r in rids], "rid": rids, "name": pd.array(names, dtype="str")})
    every = {**{r: r for r in rids}, **twins}
    members = pd.DataFrame({"rid": list(every), "golden_id": [f"C-{r}" for r in every.values()]})
    records = pd.DataFrame({"rid": rids, "source_file": "a.csv", "source_sheet": "", "source_row": rids})
    return relate("customer", golden, members, records, pd.DataFrame(said, columns=list(SAID)), "name", WORDS)


def parents(found) -> dict[str, str]:
    return found.golden.dropna(subset=["parent_id"]).set_index("golden_id")["parent_id"].to_dict()


HEAD, BRANCH = "杭州星渚软件有限公司", "杭州星渚软件有限公司宁波分公司"


def test_a_branch_carries_the_registered_name_of_its_company():
    found = related([BRANCH, HEAD, "岚石机电"])
    assert parents(found) == {"C-1": "C-2"}
    line = found.changes.iloc[0]
    assert (line["rid"], line["field"], line["after"], line["code"], line["from_rid"]) == (
        1, "parent_id", "C-2", "parent_by_name", 2,
    )  # fmt: skip
    assert found.issues.empty


@pytest.mark.parametrize(
    "names",
    [
        [BRANCH, HEAD, HEAD],  # two of that name: which?
        ["杭州星渚软件有限公司宁波子公司", HEAD],  # a company of its own
        ["星渚软件宁波分公司", "星渚软件"],  # no registered name
        ["杭州星渚软件公司宁波分公司", "杭州星渚软件公司"],  # neither
        [BRANCH, None],
        [HEAD, HEAD],
    ],
)
def test_where_a_name_is_not_certain_there_is_no_link(names):
    assert parents(related(names)) == {}


@pytest.mark.parametrize("word", ["apart", "related", "review"])
def test_what_a_person_said_of_the_two_stands_above_their_names(word):
    turned = related([BRANCH, HEAD], [(1, 2, word, 1)])
    assert parents(turned) == ({"C-2": "C-1"} if word == "related" else {})


def test_a_person_names_the_parent_through_any_record_of_the_two_customers():
    found = related(["岚石集团", "岚石机电", "青穗"], [(2, 9, "related", 9)], {9: 1})
    assert parents(found) == {"C-2": "C-1"} and found.changes["code"].tolist() == ["parent_by_person"]


def test_related_without_a_direction_is_a_link_only_where_the_names_tell():
    assert parents(related(["星渚软件宁波分公司", "星渚软件"], [(1, 2, "related", -1)])) == {"C-1": "C-2"}
    open_one = related(["岚石机电", "岚石电气"], [(1, 2, "related", -1)])
    assert parents(open_one) == {} and open_one.issues["code"].tolist() == ["parent_unknown"]
    assert open_one.issues["severity"].tolist() == ["info"]


def test_two_parents_are_none_and_said():
    found = related(["甲", "乙", "丙"], [(1, 3, "related", 3), (1, 2, "related", 2)])
    assert parents(found) == {} and found.issues[["rid", "code"]].to_numpy().tolist() == [[1, "parent_disputed"]]


def test_nobody_stands_above_itself():
    found = related(
        ["甲", "乙", "丙", "丁"],
        [(1, 2, "related", 2), (2, 3, "related", 3), (1, 3, "related", 1), (3, 4, "related", 3)],
    )
    assert parents(found) == {"C-4": "C-3"}
    assert set(found.issues["rid"]) == {1, 2, 3} and set(found.issues["code"]) == {"parent_circle"}


def test_a_word_withdrawn_takes_the_link_away():
    assert parents(related(["甲", "乙"], [(1, 2, "related", 2)])) == {"C-1": "C-2"}
    assert parents(related(["甲", "乙"])) == {}


words = st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["related", "apart"]), st.booleans())


@settings(deadline=None, max_examples=60)
@given(st.lists(words, max_size=10))
def test_links_never_turn_in_a_circle_and_every_one_has_its_line(said):
    lines = [(a, b, verdict, a if first else b) for a, b, verdict, first in said if a != b]
    found = related(list("甲乙丙丁戊己"), lines)
    above = parents(found)
    for start in above:
        way = [start]
        while way[-1] in above:
            way.append(above[way[-1]])
            assert len(way) == len(set(way))
    assert set(zip("C-" + found.changes["rid"].astype(str), found.changes["after"], strict=True)) == set(above.items())
