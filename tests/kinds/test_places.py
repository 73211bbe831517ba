"""Places: the tables agree with themselves, and nothing is read that a text does not say."""

from __future__ import annotations

import pytest

from cleanse.kinds import KINDS
from cleanse.kinds.places import LEVELS, places
from cleanse.kinds.region import settle


@pytest.fixture(scope="module")
def table(words):
    return places(words)


def test_every_official_name_is_read_as_itself(table):
    for (level, name), divisions in table.full.items():
        if name not in table.former:
            found = table.read(name, prefer=level)
            assert getattr(found, level) in {d.name for d in divisions}, (level, name)
            assert not found.detail and not found.ambiguous and not found.renamed


def test_every_path_is_read_from_the_joined_text(table):
    for (level, _), divisions in table.full.items():
        for d in divisions:
            if level == "district" and d.city:
                found = table.read(f"{d.province}{d.city}{d.name}青石路1号", short=False)
                assert (found.province, found.city, found.district, found.detail) == (
                    d.province, d.city, d.name, "青石路1号"
                )  # fmt: skip


def test_former_names_lead_to_one_present_division(table, words):
    present = {row[1] for row in words["regions"]}
    for old, new in words["regions_former"]:
        assert new in present and old not in present, (old, new)
        found = [getattr(table.read(old, prefer=level), level) for level in LEVELS]
        assert new in found and table.read(old).renamed, old


def test_a_short_name_never_invents_what_lies_above(table):
    for (level, name), divisions in table.short.items():
        found = table.read(name, prefer=level)
        named = {n for n in LEVELS if getattr(found, n)}
        municipal = named == {"province", "city"} and found.province == found.city
        assert len(named) == 1 or municipal, (name, divisions)


def test_what_is_above_is_told_only_where_there_is_one(table):
    assert table.above("city", "温州市") == ("浙江省", "")
    assert table.above("district", "鹿城区") == ("浙江省", "温州市")
    assert table.above("district", "鼓楼区") == ("", "")
    assert table.above("city", "某某市") == ("", "")


@pytest.mark.parametrize(
    ("level", "text", "context", "value", "doubt"),
    [
        ("district", "朝阳", {"city": "北京市"}, "朝阳区", ""),
        ("district", "朝阳", {"province": "北京市", "city": "北京市"}, "朝阳区", ""),
        ("district", "朝阳", {"city": "朝阳市"}, "朝阳县", ""),
        ("district", "长宁", {"city": "上海市"}, "长宁区", ""),
        ("district", "长宁", {"province": "四川省"}, "长宁县", ""),
        ("district", "大理", {"city": "大理白族自治州"}, "大理市", ""),
        ("district", "西安", {"city": "西安市"}, "西安", "region_ambiguous"),
        ("district", "朝阳", {"city": "温州市"}, "朝阳", "region_ambiguous"),
        ("district", "朝阳", {}, "朝阳", "region_ambiguous"),
        ("city", "海南", {"province": "青海省"}, "海南藏族自治州", ""),
        ("city", "海南", {"province": "海南省"}, "海南", "region_ambiguous"),
        ("city", "海南", {}, "海南", "region_ambiguous"),
    ],
)
def test_a_row_settles_what_a_text_leaves_open(words, level, text, context, value, doubt):
    fixed = settle({"level": level}, words)(text, context)
    assert (fixed.value, fixed.doubt) == (value, doubt)


def test_without_tables_nothing_is_known():
    fixed = KINDS["region"].fixer({"level": "city"}, {})("温州")
    assert (fixed.value, fixed.doubt) == ("温州", "region_unknown")
    assert KINDS["address"].fixer({}, {})("温州市青石路1号").value == "温州市青石路1号"
