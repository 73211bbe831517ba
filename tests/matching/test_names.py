"""Names are taken apart all together; each as if it stood alone."""

from __future__ import annotations

import pytest

from cleanse.kinds.company_name import comparable
from cleanse.kinds.script import LONG, fold, translated

PARTS = {
    "杭州星渚软件有限公司": ("杭州", "星渚", "软件", ""),
    "星渚软件（杭州）有限公司": ("杭州", "星渚", "软件", ""),
    "星渚軟件(杭州)有限公司": ("杭州", "星渚", "软件", ""),
    "星渚 软件 有限公司": ("", "星渚", "软件", ""),
    "杭州星渚软件有限公司宁波分公司": ("杭州", "星渚", "软件", "宁波"),
    "新汇书店（徐汇店）": ("", "新汇书店", "", "徐汇"),
    "吉安汽车销售有限公司": ("", "吉安", "汽车销售", ""),
    "中国星渚集团有限公司": ("", "星渚", "", ""),
    "王小明": ("", "王小明", "", ""),
    "Müller und Söhne GmbH": ("", "mueller & soehne", "", ""),
    "（杭州）": ("杭州", "", "", ""),
    "中国": ("", "中国", "", ""),
    "": ("", "", "", ""),
}
ODD = [
    "\t",
    "(((",
    "公司",
    "第",
    "集团",
    "店",
    "杭州",
    "杭州杭州软件",
    "A",
    "、",
    "第三中学",
    "杭州市第三中学",
    "𠀀𠀁有限公司",
]


@pytest.mark.parametrize("name", PARTS)
def test_parts(name, words):
    row = comparable([name], words).iloc[0]
    assert tuple(row[["region", "brand", "trade", "branch"]]) == PARTS[name]


def test_each_name_is_read_as_if_it_stood_alone(words):
    names = [*PARTS, *ODD]
    together = comparable(names, words)
    for at, name in enumerate(names):
        assert together.iloc[at].tolist() == comparable([name], words).iloc[0].tolist(), name


def test_no_names(words):
    assert len(comparable([], words)) == 0


def test_a_long_text_is_folded_as_a_short_one_is(words):
    short = "臺灣（Łódź）ｄ灣\n"
    times = LONG // len(short) + 1
    table = {ord("臺"): "台", ord("灣"): "", ord("ź"): "zz", ord("（"): None}
    assert translated(short * times, table) == short.translate(table) * times
    assert fold(short * times) == fold(short) * times
