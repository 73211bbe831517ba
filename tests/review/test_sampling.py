"""The sample: drawn by content alone, shown without a hint, and counted so that its bound holds."""

from __future__ import annotations

import numpy as np
import openpyxl
import pandas as pd
import pytest

from cleanse.review import sampling
from cleanse.review.decisions import decision
from cleanse.review.groups import groups
from cleanse.review.page.queue import Queue, Subject
from cleanse.review.workbook import export, read

SIZE = 600
HINTS = {"目前的客户", "可能性", "为什么", "相同的值有多少条记录使用"}


def frames(chance=lambda n: 0.3 + 0.6 * n / SIZE, order=None):
    """As many pairs to judge as pairs merged, of two records each, with rising probability."""
    number = np.arange(2 * SIZE)
    rids = np.arange(4 * SIZE)
    pairs = pd.DataFrame({
        "entity": "customer", "left": 2 * number, "right": 2 * number + 1, "probability": [chance(n % SIZE) for n in number],
        "band": np.where(number < SIZE, "review", "merge"), "why_zh": "同名", "why_en": "name", "evidence": '{"name": 8.0}',
    })  # fmt: skip
    cluster = np.where(rids < 2 * SIZE, rids, rids - rids % 2)
    clusters = pd.DataFrame({"entity": "customer", "rid": rids, "cluster": cluster})
    records = pd.DataFrame({
        "rid": rids, "source_file": "a.csv", "source_sheet": "", "source_row": rids, "name": [f"公司{r}" for r in rids],
        "owner": np.where(rids % 4 == 1, "李立", "王敏"),
    })  # fmt: skip
    digests = pd.Series([f"1111-{r:020x}" for r in rids], index=rids, dtype="str")
    if order is not None:
        records, clusters, pairs = records.iloc[order], clusters.iloc[order], pairs.iloc[::-1]
    return pairs, clusters, records, digests


def shown(spoken=frozenset(), **more):
    return groups(*frames(**more), {"name": "名称", "owner": "负责人"}, "customer", "zh", spoken=spoken)


def drawn_rids(found) -> set[int]:
    return set(found.sample["rid"])


def test_about_a_tenth_of_the_queue_and_a_fiftieth_of_the_merged_and_every_group_once():
    found = shown()
    of = found.sample[found.sample["order"] == 0]["queue"].value_counts()
    assert 40 <= of["review"] <= 80 and 2 <= of["merged"] <= 25  # 60 and 12 expected
    for queue, table in (("review", found.review), ("merged", found.merged)):
        assert table["group"].nunique() + of[queue] == SIZE
        assert not drawn_rids(found) & set(table["rid"])
        assert sorted(table["group"].unique()) == list(range(1, table["group"].nunique() + 1))


def test_neither_the_score_nor_the_order_of_rows_has_a_part_in_it():
    found = shown()
    turned = shown(chance=lambda n: 0.9 - 0.6 * n / SIZE)
    mixed = shown(order=np.random.default_rng(0).permutation(4 * SIZE))
    for other in (turned, mixed):
        pd.testing.assert_frame_equal(found.sample, other.sample)
    rank = found.sample[found.sample["order"] == 0].reset_index()
    place = pd.Series(rank["rid"] // 2 % SIZE)
    assert abs(place.corr(pd.Series(rank.index, dtype=float))) < 0.3, "the order says nothing of the score"


def test_a_group_that_people_made_is_not_the_machines():
    found = shown()
    one = found.sample[found.sample["queue"] == "merged"]["rid"].iloc[0]
    key = f"1111-{one:020x}"
    assert one not in drawn_rids(shown(spoken=frozenset({key})))
    assert sampling.spoken([decision("customer", key, "x", "merge", seen="review")]) == {key, "x"}
    assert sampling.spoken([decision("customer", key, "x", "merge", seen="sample-merged")]) == frozenset()


def test_few_groups_are_all_looked_at(monkeypatch):
    monkeypatch.setattr(sampling, "FEW", SIZE + 1)
    found = shown()
    assert found.sample.empty and found.review["group"].nunique() == SIZE


@pytest.fixture()
def book(tmp_path):
    export(tmp_path / "d.xlsx", [shown()], "zh")
    return tmp_path / "d.xlsx"


def test_the_sheet_has_no_hint_and_its_words_come_back_with_the_queue(book):
    loaded = openpyxl.load_workbook(book)
    page = loaded["随机抽查"]
    header = [c.value for c in page[1]]
    assert not HINTS & set(header) and HINTS - {"相同的值有多少条记录使用"} <= {c.value for c in loaded["待判"][1]}
    for row in page.iter_rows(min_row=2):
        row[header.index("决定")].value = {"1": "合并", "2": None}[row[header.index("第几条")].value]
    loaded.save(book)
    back = read(book, "王敏", "2025-06-30")
    assert back.unread == () and len(back.decisions) == shown().sample["group"].nunique()
    assert {d.seen for d in back.decisions} == {"sample-review", "sample-merged"}
    told = sampling.judged(back.decisions)
    assert sum(n for n, _ in told.values()) == sum(one for _, one in told.values()) == len(back.decisions)


def test_on_the_page_it_is_a_queue_of_its_own_that_shows_no_customers():
    pairs, clusters, records, digests = frames()
    subject = Subject(
        "customer", {"zh": "客户"}, {"name": {"zh": "名称", "en": "Name"}}, ["name"], {"name": ("name",)}, pairs, clusters,
        records, digests,
    )  # fmt: skip
    queue = Queue([subject])
    mine = [g for g in queue.groups if g.sheet == "sample"]
    assert len(mine) == shown().sample["group"].nunique() and all(g.blind for g in mine)
    assert {g.now for g in mine} == {(1, 2)} and {g.queue for g in mine} == {"sample-review", "sample-merged"}


def test_the_last_word_on_a_drawn_group_counts_wherever_it_is_said():
    def said(*words, seen="sample-review"):
        return [decision("customer", a, b, word, seen=seen) for a, b, word in words]

    three = said(("a", "b", "merge"), ("b", "c", "merge"), ("x", "y", "merge"))
    assert sampling.judged(three) == {("customer", "review"): (2, 2)}
    later = [*three, *said(("c", "b", "apart"), seen="merged")]
    assert sampling.judged(later) == {("customer", "review"): (2, 1)}
    assert sampling.judged([*later, *said(("x", "y", "withdrawn"))]) == {("customer", "review"): (1, 0)}
    assert sampling.judged(said(("a", "b", "merge"), seen="review")) == {}, "what nobody drew proves nothing"


def test_the_share_found_in_the_sample_is_that_of_the_queue():
    """Of the queue 70 % are one, more so where the score is high: the sample knows it, the top of the queue would not."""
    rng = np.random.default_rng(7)
    truth = {n: rng.random() < 0.4 + 0.6 * n / SIZE for n in range(SIZE)}
    found = shown()
    mine = found.sample[(found.sample["queue"] == "review") & (found.sample["order"] == 0)]["rid"] // 2
    lines = [
        decision("customer", f"l{n}", f"r{n}", "merge" if truth[n] else "apart", seen="sample-review") for n in mine
    ]
    n, one = sampling.judged(lines)["customer", "review"]
    wanted = sum(truth.values()) / SIZE
    assert n == len(mine) and abs(one / n - wanted) < 3 * (wanted * (1 - wanted) / n) ** 0.5
