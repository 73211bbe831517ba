"""The files of a profile before a strict importer that knows only what the vendor says; and that importer before bad rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from importers import IMPORTERS, Rows

from cleanse.stages.conform import conform
from cleanse.targets import files

LONG = "长" * 300
CUSTOMERS = {
    "name": ["岚石机电有限公司", "青禾食品（上海）有限公司", LONG, "远山软件有限公司", "  ", "岚石机电有限公司 ",
             "=SUM(A1)有限公司", "𠮷野建材有限公司"],
    "owner": ["王敏", "王敏", "王敏", None, "王敏", "王敏", "李夏", "李夏"],
    "phone": ["0755-26990000", "+862126990000", "1.38E+10", "400-800-1234", None, None, "021-26990001", None],
    "industry": ["信息技术", "战略 客户", "制造业", None, "教育", None, "金融业", None],
    "priority": ["高", "很高", None, "低", None, None, "中", None],
    "source": ["客户介绍", "广告", "x", None, None, None, None, None],
    "province": ["广东省", "上海市", "浙江省", None, None, None, "四川省", None],
    "city": ["深圳市", "上海市", None, None, None, None, "成都市", None],
    "district": ["南山区", "浦东新区", "西湖区", None, None, None, "武侯区", None],
    "address": ["科技路1号", "a\x07b", LONG, None, None, None, "a|b<c>", None],
    "sales": ["100", "10万", "1,000", None, None, None, "-5.5", "9" * 25],
    "employees": ["50", "50-100人", None, None, None, None, None, None],
    "note": ["第一行\n第二行", "说：\"好\"，😀", LONG * 200, None, None, None, "=1+1", None],
}  # fmt: skip
CONTACTS = {
    "name": ["陆知行", "沈未", LONG, None, "顾南", "孟青", "江月", "@温"],
    "mobile": ["13912345001", "138 1234 5678", "13912345001", "13912345004", "１３８12345678", "13912345006", "+8613912345007", None],
    "email": ["lu@example.com", "LU@example.com", "a@example.com;b@example.com", "x@", None, "meng＠example.com", None, "w.@a.cn"],
    "title": ["经理", LONG, None, None, None, "采购\n主管", None, None],
}  # fmt: skip
BY_NUMBER = ("fxiaoke", "xiaoshouyi")  # where an owner's name must become a code or number by a roster
PARENTS = [0, 1, 1, 2, 3, 5, 6, 7]


def frame(entity, cells, prefix) -> pd.DataFrame:
    size = len(next(iter(cells.values())))
    made = {name: pd.Series(cells.get(name, [None] * size), dtype="str") for name in entity.stored}
    return pd.DataFrame({"golden_id": [f"{prefix}{n}" for n in range(size)], "rid": range(size), **made})


@pytest.fixture
def written(shipped, entities, tmp_path: Path):
    def write(name: str) -> tuple[list[tuple[Path, Rows]], list[tuple[Path, Rows]]]:
        users = {"roster": [{"name": "王敏", "code": "E01", "id": "1001", "email": "wang@example.com"}]}
        profile = shipped(name, checks=users) if name in BY_NUMBER else shipped(name)
        contacts = frame(entities["contact"], CONTACTS, "P").assign(customer_id=[f"C{n}" for n in PARENTS])
        done = conform({"customer": frame(entities["customer"], CUSTOMERS, "C"), "contact": contacts}, profile)
        read = IMPORTERS[name][1]
        found: dict[str, list[tuple[Path, Rows]]] = {}
        for one in files.write(done.tables, profile, tmp_path, done.updates):
            found.setdefault(one.object, []).append((tmp_path / one.path, read(tmp_path / one.path)))
        parents, children = (found[target.name] for target in profile.objects)
        return parents, children

    return write


@pytest.mark.parametrize("name", IMPORTERS)
def test_a_strict_importer_takes_every_row(written, name) -> None:
    judge, _, most, largest = IMPORTERS[name]
    parts = written(name)
    assert all(len(rows) <= most and path.stat().st_size <= largest for part in parts for path, rows in part)
    parents, children = ([row for _, rows in part for row in rows] for part in parts)
    assert len(parents) > 2 and len(children) > 2
    assert sorted(judge(parents, children)) == []


@pytest.mark.parametrize("name", IMPORTERS)
def test_that_importer_refuses_what_the_vendor_refuses(written, name) -> None:
    """It is no rubber stamp: a blank name, a name twice, a child whose parent is not there, a text that is too long."""
    judge = IMPORTERS[name][0]
    parents, children = ([row for _, rows in part for row in rows] for part in written(name))
    named = next(h for h in parents[0] if h.strip("*") in ("Name", "Account Name", "Account_Name", "客户名称", "公司名称", "Company name"))
    link = next(h for h in children[0] if "Account" in h or "Company" in h or "客户名称" in h or "公司名称" in h)
    assert list(judge([{**parents[0], named: "\u3000"}, *parents[1:]], children)) or name == "hubspot"
    assert list(judge(parents, [{**children[0], link: "nobody"}, *children[1:]]))
    assert list(judge([*parents, parents[0]], children))
    person = next(h for h in children[0] if h.strip("*") in ("LastName", "Last Name", "Last_Name", "姓名", "Email"))
    if name not in ("salesforce-wizard", "jiandaoyun", *BY_NUMBER):  # no length of a person's name is known of these
        assert list(judge(parents, [{**children[0], person: "x" * 300 + "＠"}, *children[1:]]))
