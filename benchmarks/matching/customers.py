"""The true customers of a generated list: what each is, and what stands beside it only looking alike. All is invented."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

REGIONS = Path(__file__).parents[2] / "rules" / "lexicons" / "regions.tsv"
WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
TRADITIONAL = str.maketrans(WORDS["traditional"])
NO_BRACKETS = str.maketrans("", "", "（）")
USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class Place(NamedTuple):
    province: str
    city: str
    district: str

    @property
    def short(self) -> str:
        return self.city.removesuffix("市")


@dataclass(frozen=True)
class Person:
    name: str
    mobile: str
    email: str


@dataclass(frozen=True)
class Customer:
    """A true customer. ``parts``: region as written in the name, brand, trade, legal form; empty for other names."""

    name: str
    place: Place
    parts: tuple[str, str, str, str] = ("", "", "", "")
    kind: str = "company"
    uscc: str = ""
    phone: str = ""
    address: str = ""
    owner: str = ""
    code: str = ""
    people: tuple[Person, ...] = ()


@dataclass
class World:
    """The dice, and what has been made."""

    dice: random.Random
    places: list[Place]
    customers: list[Customer] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def pick(self, items: str | tuple[str, ...] | list[str]) -> str:
        return self.dice.choice(items)

    def add(self, made: list[Customer]) -> None:
        """Take what was just made, unless an organisation of that name is there: registered names are unique."""
        for customer in made:
            key = customer.name.translate(NO_BRACKETS)
            if customer.parts[1]:
                region, brand, trade, _ = customer.parts
                key = f"{region.removesuffix('市')} {brand} {trade}"
            if customer.kind == "person" or key not in self.names:
                self.names.add(key)
                self.customers.append(customer)

    def digits(self, count: int) -> str:
        return "".join(self.dice.choices("0123456789", k=count))


def read_places() -> list[Place]:
    """Every district of a city, from the shipped lexicon."""
    rows = [line.split("\t") for line in REGIONS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    names = {row[0]: row[1] for row in rows}
    return [
        Place(names[c[:2]], names[c[:4]], name)
        for c, name in sorted(names.items())
        if len(c) == 6 and names.get(c[:4], "").endswith("市")
    ]


# ------------------------------------------------------------------------------------------------------- one customer


def person(world: World, domain: str) -> Person:
    dice = world.dice
    name = world.pick(WORDS["surnames"]) + "".join(dice.choices(WORDS["given"], k=2 if world.chance(0.75) else 1))
    own = domain if domain and world.chance(0.5) else world.pick(WORDS["mailboxes"])
    return Person(name, "1" + world.pick("3456789") + world.digits(9), f"u{world.digits(8)}@{own}")


def people(world: World, domain: str = "") -> tuple[Person, ...]:
    return tuple(person(world, domain) for _ in range(world.dice.choices((1, 2, 3), (60, 28, 12))[0]))


def uscc(world: World) -> str:
    return "91" + world.digits(6) + "".join(world.dice.choices(USCC_DIGITS, k=10))


def code(world: World) -> str:
    """Of one of two systems, the older of which counts from one: its numbers come back elsewhere."""
    return f"KH{world.digits(6)}" if world.chance(0.7) else f"{world.dice.randint(1, 20000):06d}"


def filled(world: World, customer: Customer, domain: str = "") -> Customer:
    """The customer with numbers, people and an address of its own."""
    address = f"{world.pick(WORDS['roads'])}{world.dice.randint(1, 999)}号"
    if world.chance(0.6):
        address += f"{world.dice.randint(1, 30)}栋{world.dice.randint(101, 2600)}室"
    return replace(
        customer, uscc=uscc(world), phone=f"0{world.digits(3)}-{world.digits(8)}", address=address,
        owner=f"销售{world.dice.randint(1, 40)}", code=code(world), people=people(world, domain),
    )  # fmt: skip


def written(parts: tuple[str, str, str, str], *, bracket: bool = False) -> str:
    region, brand, trade, form = parts
    return f"{brand}{trade}（{region.removesuffix('市')}）{form}" if bracket else f"{region}{brand}{trade}{form}"


def company(world: World, brand: str = "", trade: str = "", place: Place | None = None, form: str = "") -> Customer:
    dice = world.dice
    place = place or dice.choice(world.places)
    brand = brand or "".join(dice.choices(WORDS["brand"], k=2 if world.chance(0.85) else 3))
    region = dice.choices((place.short, place.city, place.province.removesuffix("省"), ""), (68, 14, 13, 5))[0]
    parts = (
        region,
        brand,
        trade or world.pick(WORDS["trades"]),
        form or dice.choices(WORDS["forms"], WORDS["form_weights"])[0],
    )
    made = Customer(written(parts, bracket=bool(region) and world.chance(0.25)), place, parts)
    return filled(world, made, f"c{world.digits(6)}.com")


def institution(world: World, number: str = "", place: Place | None = None, form: str = "") -> Customer:
    place = place or world.dice.choice(world.places)
    form = form or world.pick(WORDS["institutions"])
    return filled(
        world, Customer(place.city + form.format(n=number or world.pick(WORDS["numbers"])), place, kind="institution")
    )


def plain_institution(world: World) -> Customer:
    place = world.dice.choice(world.places)
    return filled(world, Customer(place.city + world.pick(WORDS["plain_institutions"]), place, kind="institution"))


def shop(world: World) -> Customer:
    place = world.dice.choice(world.places)
    brand = "".join(world.dice.choices(WORDS["brand"], k=2))
    name = world.pick(WORDS["shops"]).format(b=brand, c=place.short, p=place.province)
    return replace(filled(world, Customer(name, place, kind="shop")), uscc="")


def private(world: World, name: str = "") -> Customer:
    place = world.dice.choice(world.places)
    one = person(world, "")
    one = replace(one, name=name or one.name)
    made = filled(world, Customer(one.name, place, kind="person"))
    return replace(made, uscc="", phone="", people=(one,))


def foreign(world: World) -> Customer:
    brand = "".join(world.dice.choices(WORDS["syllables"], k=3)).title()
    parts = ("", brand, world.pick(WORDS["latin_trades"]), world.pick(WORDS["latin_forms"]))
    made = filled(
        world,
        Customer(" ".join(parts[1:]), Place("", "", ""), parts, kind="foreign"),
        brand.split()[0].lower() + ".com",
    )
    staff = tuple(
        replace(
            p,
            name=f"{world.pick(WORDS['latin_first'])} {world.pick(WORDS['latin_last'])}",
            mobile=f"+1650{world.digits(7)}",
        )
        for p in made.people
    )
    return replace(made, uscc="", people=staff)


# --------------------------------------------------------------------------------------- what looks alike and is not


def branches(world: World) -> list[Customer]:
    """A head office and one or two branches; the head's switchboard often stands at the branch."""
    head = company(world)
    found = [head]
    for place in world.dice.sample(world.places, world.dice.randint(1, 2)):
        made = filled(world, Customer(f"{head.name}{place.short}分公司", place, kind="branch"))
        found.append(replace(made, phone=head.phone) if world.chance(0.3) else made)
    return found


def group(world: World) -> list[Customer]:
    """A group and subsidiaries of other trades; some share its switchboard, its address or a person."""
    head = company(world, form="集团有限公司")
    region, brand, _, _ = head.parts
    if world.chance(0.5):
        head = replace(head, parts=(region, brand, "", "集团有限公司"), name=f"{region}{brand}集团有限公司")
    found = [head]
    for trade in world.dice.sample(WORDS["trades"], 2):
        made = company(world, brand=brand, trade=trade, place=head.place)
        made = replace(made, phone=head.phone) if world.chance(0.3) else made
        made = replace(made, address=head.address) if world.chance(0.3) else made
        found.append(replace(made, people=(*made.people, head.people[0])) if world.chance(0.1) else made)
    return found


def elsewhere(world: World) -> list[Customer]:
    """One brand and trade in two or three cities, which are no branches."""
    first = company(world)
    _, brand, trade, form = first.parts
    more = [company(world, brand, trade, p, form) for p in world.dice.sample(world.places, world.dice.randint(1, 2))]
    return [first, *(m for m in more if m.parts[0] and m.place.city != first.place.city)]


def numbered(world: World) -> list[Customer]:
    place, form = world.dice.choice(world.places), world.pick(WORDS["institutions"])
    return [institution(world, n, place, form) for n in world.dice.sample(WORDS["numbers"], 2)]


def namesakes(world: World) -> list[Customer]:
    first = private(world)
    return [first, private(world, first.name)]


def one_owner(world: World) -> list[Customer]:
    """Two firms of one person, whose mobile stands at both."""
    first, second = company(world), company(world)
    second = replace(second, place=first.place) if world.chance(0.5) else second
    return [first, replace(second, people=(first.people[0], *second.people))]


def shared_number(world: World) -> list[Customer]:
    """A building's switchboard and address, or a book-keeping agent's mobile, on a dozen firms."""
    firms = [company(world) for _ in range(world.dice.randint(4, 24))]
    if world.chance(0.5):
        return [replace(f, phone=firms[0].phone, address=firms[0].address, place=firms[0].place) for f in firms]
    return [replace(f, people=(replace(f.people[0], mobile=firms[0].people[0].mobile), *f.people[1:])) for f in firms]


MAKERS: tuple[tuple[int, Callable[[World], Customer | list[Customer]]], ...] = (
    (700, company), (30, institution), (20, plain_institution), (40, shop), (80, private), (40, foreign), (25, branches),
    (20, group), (20, elsewhere), (20, numbered), (20, namesakes), (12, one_owner), (3, shared_number),
)  # fmt: skip
