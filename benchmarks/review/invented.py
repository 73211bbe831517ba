"""Groups of invented customers as a run leaves them: most of two records, some of three to five, one in eight of several
owners. Everything is made up; the same seed gives the same groups."""

from __future__ import annotations

import json
import random

import pandas as pd

from cleanse.review.page.queue import Subject

FIELDS = {
    "name": ("客户名称", "Customer name"), "uscc": ("统一社会信用代码", "Unified social credit code"),
    "contact.mobile": ("手机", "Mobile"), "phone": ("固定电话", "Landline"), "contact.email": ("邮箱", "E-mail"),
    "address": ("详细地址", "Street address"), "contact.name": ("联系人", "Contact"), "province": ("省", "Province"),
    "city": ("市", "City"), "code": ("客户编号", "Customer code"), "industry": ("行业", "Industry"),
    "owner": ("负责人", "Owner"), "first_date": ("首次联系日期", "First contact"), "note": ("备注", "Note"),
}  # fmt: skip
TELLING = ("name", "uscc", "contact.mobile", "phone", "contact.email", "address", "contact.name", "city")
EVIDENCE = {
    "name": ("name",), "uscc": ("uscc",), "mobile": ("contact.mobile",), "phone": ("phone",), "email": ("contact.email",),
    "address": ("address",), "contact": ("contact.name",), "city": ("city",),
}  # fmt: skip
PLACES = (
    ("浙江省", "杭州市", "0571"),
    ("江苏省", "苏州市", "0512"),
    ("广东省", "深圳市", "0755"),
    ("四川省", "成都市", "028"),
)
BRANDS = ("岚石", "星渚", "柏纳", "青穗", "云棹", "恒砚", "沐川", "拓蓝", "锦汀", "远岫", "禾屿", "启曜")
TRADES = ("机电", "软件", "化工", "粮油", "精密仪器", "供应链管理", "新材料", "医疗器械")
PEOPLE = ("屈澄清", "华晓星", "顾砚秋", "闻人远", "沈若溪", "纪云舟")
OWNERS = ("王敏", "李立", "赵一诺", "周启")
STREETS = ("滨江路", "创新大道", "科技园南路", "人民东路")
FILES = ("展会名片.xlsx", "屈澄清-客户登记.xlsx", "erp_客户主数据.csv", "老系统导出/KHDA.DBF")


def subject(size: int, seed: int = 7) -> Subject:
    """One entity with ``size`` groups to review."""
    dice = random.Random(seed)
    rows: list[dict[str, object]] = []
    pairs = []
    for _ in range(size):
        first, members = len(rows), dice.choices((2, 3, 4, 5), (78, 15, 5, 2))[0]
        base = _customer(dice)
        rows += [_row(base if not m else _variant(dice, base), first + m, dice) for m in range(members)]
        pairs += [_pair(rows, first, first + m, dice) for m in range(1, members)]
    records = pd.DataFrame(rows)
    rids = records["rid"].tolist()
    digests = pd.Series([f"{rid:08x}" for rid in rids], index=rids, dtype="str")
    labels = {name: {"zh": zh, "en": en} for name, (zh, en) in FIELDS.items()}
    return Subject(
        "customer", {"zh": "客户", "en": "Customer"}, labels, TELLING, EVIDENCE, pd.DataFrame(pairs),
        pd.DataFrame({"entity": "customer", "rid": rids, "cluster": rids}), records, digests,
        frozenset(name for name in FIELDS if "." not in name),
    )  # fmt: skip


def _customer(dice: random.Random) -> dict[str, str | None]:
    province, city, area = dice.choice(PLACES)
    brand, trade = dice.choice(BRANDS) + dice.choice("甲乙丙丁戊己庚辛壬癸"), dice.choice(TRADES)
    return {
        "name": f"{city[:2]}{brand}{trade}有限公司", "uscc": f"9133010{dice.randrange(10**10):010d}X",
        "contact.mobile": f"139{dice.randrange(10**8):08d}", "phone": f"{area}-8{dice.randrange(10**6):06d}0",
        "contact.email": f"sales{dice.randrange(9999)}@example.com", "address": f"{dice.choice(STREETS)}{dice.randrange(1, 400)}号",
        "contact.name": dice.choice(PEOPLE), "province": province, "city": city, "code": f"KH{dice.randrange(10**5):05d}",
        "industry": "制造业", "owner": dice.choice(OWNERS), "first_date": f"2024-0{dice.randrange(1, 10)}-15", "note": None,
    }  # fmt: skip


def _variant(dice: random.Random, base: dict[str, str | None]) -> dict[str, str | None]:
    name = str(base["name"])
    other = dict(base) | {
        "name": dice.choice((name.replace("有限公司", ""), name[2:], f"{name[2:-4]}（{name[:2]}）有限公司", name.replace("有限", "有限责任"))),
        "code": f"C-{dice.randrange(10**4):04d}", "note": dice.choice((None, "展会认识，需要报价", "老客户")),
    }  # fmt: skip
    for field in dice.sample(("uscc", "contact.mobile", "phone", "contact.email", "address", "contact.name"), 3):
        other[field] = dice.choice((None, _customer(dice)[field]))
    return other | ({"owner": dice.choice(OWNERS)} if dice.random() < 0.125 else {})


def _row(values: dict[str, str | None], rid: int, dice: random.Random) -> dict[str, object]:
    file = dice.choice(FILES)
    sheet = "" if file.endswith(("csv", "DBF")) else "Sheet1"
    return {"rid": rid, "source_file": file, "source_sheet": sheet, "source_row": str(rid % 3000 + 2), **values}


def _pair(rows: list[dict[str, object]], left: int, right: int, dice: random.Random) -> dict[str, object]:
    bits = {"name": 8.5, "city": 0.5}
    for name, (field,) in EVIDENCE.items():
        a, b = rows[left][field], rows[right][field]
        if name not in bits and a and b:
            bits[name] = (
                {"uscc": 18.0, "mobile": 12.0, "address": 6.0}.get(name, 8.0)
                if a == b
                else -12.0
                if name == "uscc"
                else -0.5
            )
    said = "，".join(f"{FIELDS[EVIDENCE[n][0]][0]}{'相同' if b > 0 else '不同'} {b:+.1f}" for n, b in bits.items())
    told = ", ".join(f"{'same' if b > 0 else 'other'} {FIELDS[EVIDENCE[n][0]][1]} {b:+.1f}" for n, b in bits.items())
    return {
        "entity": "customer", "left": left, "right": right, "block": "same_core", "weight": sum(bits.values()),
        "probability": round(dice.uniform(0.31, 0.94), 4), "band": "review", "why_zh": said, "why_en": told,
        "evidence": json.dumps(bits),
    }  # fmt: skip
