"""The invented world: customers with their people, numbers and addresses, and look-alikes that are not the same."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from generator.check_characters import USCC_ALPHABET, organization_check, uscc_check

WORDS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
TODAY = date(2025, 9, 30)
MOBILE_PREFIXES = (
    "133",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "152",
    "158",
    "159",
    "177",
    "180",
    "186",
    "187",
    "189",
)
PINYIN = dict(zip(WORDS["pinyin"]["chars"], WORDS["pinyin"]["sounds"].split(), strict=True))
TO_TRADITIONAL = str.maketrans(WORDS["traditional"]["chars"], WORDS["traditional"]["forms"])


@dataclass(frozen=True)
class Contact:
    name: str
    mobile: str
    email: str


@dataclass(frozen=True)
class Customer:
    """One true customer. ``parts`` are the pieces of a company's name: city, brand, trade, form, branch."""

    id: str
    country: str
    base: dict[str, str]
    contacts: tuple[Contact, ...]
    parts: dict[str, str] = field(default_factory=dict)


class World:
    """Draws customers from a seeded generator; names, codes, mobiles and credit codes are unique."""

    def __init__(self, rng: Random, roster: int = 9, owners: Sequence[str] = ()) -> None:
        self.rng = rng
        self.used: set[str] = set()
        self.customers: list[Customer] = []
        self.near_miss: list[dict[str, str]] = []
        self.owners = list(owners) or [self.person() for _ in range(roster)]

    def grow(self, count: int) -> None:
        """Add customers until there are ``count``; one in twelve starts a family of look-alikes."""
        while len(self.customers) < count:
            roll = self.rng.random()
            if roll < 0.08 and len(self.customers) + 3 <= count:
                self.family()
            elif roll < 0.12:
                self.add(*self.overseas())
            elif roll < 0.19:
                self.add(*self.private())
            elif roll < 0.23:
                self.add(*self.institution(self.rng.randint(1, 30)))
            else:
                self.add(*self.company())

    def add(self, country: str, base: dict[str, str], parts: dict[str, str], contacts: int = 0) -> Customer:
        people = contacts or self.rng.choice((1, 1, 1, 2, 3))
        overseas = country != "CN"
        made = [self.overseas_contact(country, base) if overseas else self.contact(parts) for _ in range(people)]
        if parts.get("private"):
            made = [self.contact(parts, base["name"])]
        customer = Customer(f"C{len(self.customers) + 1:06d}", country, base, tuple(made), parts)
        self.customers.append(customer)
        return customer

    def family(self) -> None:
        """Customers that look alike and are not the same; noted as near misses."""
        kind = self.rng.choice(
            (
                "head_vs_branch",
                "branch_city",
                "numbered",
                "parent_sub",
                "same_person_name",
                "other_city",
                "sister_trade",
            )
        )
        getattr(self, f"_{kind}")(kind)

    def near(self, kind: str, *customers: Customer) -> None:
        for i, a in enumerate(customers):
            self.near_miss += [{"kind": kind, "a": a.id, "b": b.id} for b in customers[i + 1 :]]

    def _head_vs_branch(self, kind: str) -> None:
        head = self.add(*self.company())
        self.near(kind, head, self.add(*self.branch(head)))

    def _branch_city(self, kind: str) -> None:
        head = self.add(*self.company())
        one, two = self.branch(head), self.branch(head)
        while two[1]["city"] == one[1]["city"]:
            two = self.branch(head)
        self.near(kind, head, self.add(*one), self.add(*two))

    def _numbered(self, kind: str) -> None:
        city, number = self.rng.choice(WORDS["cities"])["place"], self.rng.randint(1, 20)
        first = self.institution(number, city)
        if "pattern" not in first[2]:  # this institution is there already
            self.add(*first)
            return
        second = self.institution(number + 1, city, first[2]["pattern"])
        self.near(kind, self.add(*first), self.add(*second))

    def _parent_sub(self, kind: str) -> None:
        _, base, parts, *_ = self.company()
        group = {**parts, "trade": "集团", "form": "有限公司"}
        parent = self.add("CN", {**base, "name": full_name(group)}, group)
        self.near(kind, parent, self.add(*self.sister(parts, base)), self.add(*self.sister(parts, base)))

    def _sister_trade(self, kind: str) -> None:
        one = self.add(*self.company())
        self.near(kind, one, self.add(*self.sister(one.parts, one.base)))

    def _other_city(self, kind: str) -> None:
        one = self.add(*self.company())
        place = self.rng.choice([c["place"] for c in WORDS["cities"] if c["place"][1] != one.base["city"]])
        parts = {**one.parts, "city": short(place[1])}
        self.near(
            kind, one, self.add("CN", {**self.base(place, full_name(parts)), "industry": one.base["industry"]}, parts)
        )

    def _same_person_name(self, kind: str) -> None:
        country, base, parts = self.private()
        one = self.add(country, base, parts)
        self.near(kind, one, self.add(country, {**self.private()[1], "name": base["name"]}, parts))

    def company(self) -> tuple[str, dict[str, str], dict[str, str]]:
        rng = self.rng
        place = rng.choice(WORDS["cities"])["place"]
        industry = rng.choice(list(WORDS["trades"]))
        while True:
            brand = "".join(rng.choice(WORDS["brands"]) for _ in range(rng.choice((2, 2, 2, 3))))
            parts = {
                "city": short(place[1]),
                "brand": brand,
                "trade": rng.choice(WORDS["trades"][industry]),
                "form": rng.choice(WORDS["forms"]),
            }
            if self.fresh(brand + parts["trade"] + parts["city"]) and len(set(brand)) == len(brand):
                return "CN", self.base(place, full_name(parts), industry), parts

    def sister(self, parts: dict[str, str], base: dict[str, str]) -> tuple[str, dict[str, str], dict[str, str]]:
        """Another company of the same brand in the same house: address and switchboard are shared."""
        while True:
            industry = self.rng.choice([i for i in WORDS["trades"] if i != base["industry"]])
            parts = {**parts, "trade": self.rng.choice(WORDS["trades"][industry])}
            if self.fresh(full_name(parts)):
                break
        own = {
            "name": full_name(parts),
            "industry": industry,
            "code": self.code(),
            "uscc": self.uscc("91", base["uscc"][2:8]),
        }
        return "CN", {**base, **own}, parts

    def branch(self, head: Customer) -> tuple[str, dict[str, str], dict[str, str]]:
        place = self.rng.choice([c["place"] for c in WORDS["cities"] if c["place"][1] != head.base["city"]])
        parts = {**head.parts, "branch": f"{short(place[1])}分公司"}
        return "CN", {**self.base(place, full_name(parts)), "industry": head.base["industry"]}, parts

    def institution(
        self, number: int, place: list[Any] | None = None, pattern: str = ""
    ) -> tuple[str, dict[str, str], dict[str, str]]:
        place = place or self.rng.choice(WORDS["cities"])["place"]
        industry = next((i for i, p in WORDS["institutions"].items() if pattern in p), "") or self.rng.choice(
            list(WORDS["institutions"])
        )
        pattern = pattern or self.rng.choice(WORDS["institutions"][industry])
        name = place[1] + pattern.format(n=chinese_number(number))
        if not self.fresh(name):
            return self.company()
        base = self.base(place, name, industry)
        return "CN", {**base, "uscc": self.uscc("12", place[4] + "01")}, {"pattern": pattern}

    def private(self) -> tuple[str, dict[str, str], dict[str, str]]:
        base = self.base(self.rng.choice(WORDS["cities"])["place"], self.person(), "其他")
        return "CN", {**base, "uscc": "", "phone": "", "sales": ""}, {"private": "1"}

    def overseas(self) -> tuple[str, dict[str, str], dict[str, str]]:
        rng, words = self.rng, WORDS["overseas"]
        free = [n for n in words["hong_kong"] if n not in self.used]
        common = {
            "industry": rng.choice(("制造", "批发零售", "软件与信息服务")),
            "type": rng.choice(WORDS["picklists"]["type"]),
            "sales": self.sales(),
            "code": self.code(),
            "uscc": "",
            "phone": "",
        }
        if free and rng.random() < 0.4:
            self.used.add(free[0])
            return "HK", {"name": free[0], "address": rng.choice(words["hong_kong_streets"]), **common}, {}
        while True:
            name = " ".join(
                (
                    rng.choice(words["brands"]),
                    rng.choice(words["brands"]),
                    rng.choice(words["trades"]),
                    rng.choice(words["forms"]),
                )
            )
            if len(set(name.split())) == 4 and self.fresh(name):
                return "US", {"name": name, "address": rng.choice(words["streets"]), **common}, {}
            if len(self.used) > 5000:  # the few words are used up
                return self.company()

    def base(self, place: list[Any], name: str, industry: str = "") -> dict[str, str]:
        rng = self.rng
        province, city, area, digits, code, districts = place
        extension = f"-{rng.randint(8001, 8099)}" if rng.random() < 0.2 else ""
        number = "".join(str(rng.randint(0, 9)) for _ in range(digits - 1))
        return {
            "name": name,
            "uscc": self.uscc("91", code + "01"),
            "phone": f"{area}-{rng.randint(2, 8)}{number}{extension}",
            "province": province,
            "city": city,
            "district": rng.choice(districts),
            "address": self.street(),
            "industry": industry,
            "type": rng.choice(WORDS["picklists"]["type"]),
            "sales": self.sales(),
            "code": self.code(),
        }

    def street(self) -> str:
        rng = self.rng
        rest = rng.choice(
            (
                "",
                f"{rng.choice(WORDS['sites'])}{rng.randint(2, 30)}层",
                f"{rng.randint(1, 30)}栋{rng.randint(101, 2899)}室",
                f"（{rng.choice(WORDS['sites'])}旁）",
            )
        )
        return f"{rng.choice(WORDS['roads'])}{rng.randint(2, 998)}号{rest}"

    def person(self) -> str:
        rng = self.rng
        surname: str = rng.choice(WORDS["double_surnames"]) if rng.random() < 0.05 else rng.choice(WORDS["surnames"])
        while True:
            name = surname + "".join(rng.choice(WORDS["given"]) for _ in range(rng.choice((1, 2, 2, 2))))
            if len(set(name)) == len(name):
                return name

    def contact(self, parts: dict[str, str], name: str = "") -> Contact:
        name = name or self.person()
        mailbox = "".join(PINYIN[c] for c in name) + str(self.rng.randint(1, 9999))
        company = parts.get("brand")
        host = self.rng.choice(WORDS["mail_hosts"])
        if company and self.rng.random() < 0.6:
            host = "".join(PINYIN[c] for c in company) + self.rng.choice((".com", ".cn", ".com.cn"))
        return Contact(name, self.mobile(), f"{mailbox}@{host}")

    def overseas_contact(self, country: str, base: dict[str, str]) -> Contact:
        rng, words = self.rng, WORDS["overseas"]
        if country == "HK":
            mobile = f"+8529{rng.randint(1, 8)}{rng.randint(100000, 999999)}"
            return Contact(rng.choice(words["hong_kong_people"]), mobile, f"info{rng.randint(1, 99)}@hongyue.com.hk")
        name = rng.choice(words["people"] + words["lost_people"])
        mobile = f"+1{rng.choice(('415', '312', '212'))}{rng.randint(230, 790)}{rng.randint(1000, 9999)}"
        host = base["name"].split()[0].lower()
        first = name.split()[0].lower().encode("ascii", "ignore").decode()
        return Contact(name, mobile, f"{first}{rng.randint(1, 99)}@{host}.com")

    def mobile(self) -> str:
        while True:
            number = self.rng.choice(MOBILE_PREFIXES) + f"{self.rng.randint(0, 99999999):08d}"
            if self.fresh(number):
                return number

    def code(self) -> str:
        while True:
            code = self.rng.choice(("KA", "", "")) + f"{self.rng.randint(1, 999999):06d}"
            if self.fresh(code):
                return code

    def sales(self) -> str:
        roll = self.rng.random()
        return (
            f"{self.rng.randint(100000, 9000000)}.{self.rng.randint(1, 9)}{self.rng.randint(1, 9)}"
            if roll < 0.1
            else f"{self.rng.randint(10, 5000)}0000"
        )

    def uscc(self, sort: str, place: str) -> str:
        """A credit code whose two check characters are right (GB 11714 inside GB 32100)."""
        while True:
            body = "".join(self.rng.choice(USCC_ALPHABET) for _ in range(8))
            code = f"{sort}{place}{body}{organization_check(body)}"
            if "X" not in body and self.fresh(code):
                return code + uscc_check(code)

    def fresh(self, text: str) -> bool:
        if text in self.used:
            return False
        self.used.add(text)
        return True

    def day(self, start: date = date(2016, 1, 1)) -> date:
        return start + timedelta(days=self.rng.randint(0, (TODAY - start).days))


def full_name(parts: dict[str, str]) -> str:
    return parts["city"] + parts["brand"] + parts["trade"] + parts["form"] + parts.get("branch", "")


def short(city: str) -> str:
    """The name of a place as people say it: 成都市 -> 成都, 恩施土家族苗族自治州 -> 恩施."""
    return city[:2] if city.endswith("自治州") else city.removesuffix("市")


def chinese_number(number: int) -> str:
    """1 to 99 in Chinese characters."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones else "")
