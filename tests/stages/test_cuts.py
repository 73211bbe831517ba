"""Where a table is cut changes nothing, and cells that came from an iterator are let go."""

from __future__ import annotations

import gc
import weakref

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cleanse.kinds.header import Vocabulary
from cleanse.model import Table, frame
from cleanse.project import load_project
from cleanse.stages import cuts, map, normalize

ROWS = pd.DataFrame({
    "客户名称": ["北京岚石科技有限公司", " 无 ", "广州青穗包装有限公司　", None, "同上", "苏州柏纳机电有限公", "公司2"],
    "联系人": ["林知远", "何以安/陶谦", "王某", None, "周\u200b牧", "张经理", None],
    "手机": ["139 1234 5671", "13912345673/13912345674", "139123", None, "无", "13912345670", "1.39E+10"],
    "座机": ["0571-86543210", None, "65432109", None, "021 5432 1098 转 12", "(0512)65432109", "13912345699"],
    "邮箱": ["a@b.cn;c@d.cn", "LIN@XINGZHU.CN", "bad@", None, None, "gu＠lanshi.com", None],
    "首次联系日期": ["2024/1/5", "05/06/2023", "2024.13.1", None, "45000", "2024年3月1日", "2024-02-30"],
    "备注": ["老客户\r\n待跟进", None, "无", "", " 重要 ", None, "x"],
}, dtype="str", index=pd.RangeIndex(2, 9))  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    (root / "cleanse.toml").write_text("[project]\nname = 'house'\ntoday = '2025-06-30'\n", "utf-8")
    return load_project(root)


def mapped(house):
    tables = [Table(name, "", 1, ROWS, frame("layout")) for name in ("a.csv", "b.csv")]
    known = Vocabulary.of(house.words, house.entities)
    maps = [map.propose(table, known, house.entities, house.words, {}) for table in tables]
    return map.apply(tables, maps, house.entities)


def repaired(house, columns, addresses):
    return normalize.normalize(columns, addresses, house.entities, house.words, house.today)


@pytest.mark.parametrize("rows", [1, 2, 5, 7])
def test_where_a_table_is_cut_changes_nothing(house, monkeypatch, rows):
    given = mapped(house)
    whole = repaired(house, given.columns, given.addresses)
    assert len(whole.changes) and len(whole.issues)
    monkeypatch.setattr(cuts, "ROWS", rows)
    cut = repaired(house, given.columns, given.addresses)
    for name, table in whole.records.items():
        assert_frame_equal(cut.records[name], table)
    assert_frame_equal(cut.changes, whole.changes)
    assert_frame_equal(cut.issues, whole.issues)
    assert cut.decided == whole.decided


def test_columns_of_an_iterator_are_let_go_before_the_repair(house, monkeypatch):
    given = mapped(house)
    seen = [weakref.ref(column.values) for column in given.columns]
    columns, addresses = iter(given.columns), given.addresses
    del given
    alive = []
    stage = normalize._repaired

    def watched(*args):
        gc.collect()
        alive.extend(ref for ref in seen if ref() is not None)
        return stage(*args)

    monkeypatch.setattr(normalize, "_repaired", watched)
    repaired(house, columns, addresses)
    assert alive == []
