"""A Chinese customer list with truth, as it stands after cleaning: what the matching room gets.

``generate(size, seed)`` makes ``size`` records, a tenth of them further rows of a customer already there: the same row
again, a colleague, a name written otherwise. Around them stand what only looks alike: branches, parent and
subsidiaries, numbered institutions, one brand elsewhere, namesakes, one owner of two firms, an agent's mobile and a
building's switchboard on many firms. Everything is invented.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pandas as pd
from customers import MAKERS, TRADITIONAL, WORDS, Customer, Person, World, code, read_places, written

FIELDS = (
    "name", "uscc", "code", "phone", "phone_2", "province", "city", "district", "address", "owner", "contact.name",
    "contact.name_2", "contact.mobile", "contact.mobile_2", "contact.email", "contact.email_2",
)  # fmt: skip


def typo(world: World, text: str) -> str:
    """One character for another that looks or sounds alike, or any other of brands."""
    at = [i for i, c in enumerate(text) if c in WORDS["alike"]]
    if at:
        i = world.dice.choice(at)
        return text[:i] + WORDS["alike"][text[i]] + text[i + 1 :]
    i = world.dice.randrange(len(text))
    return text[:i] + world.pick(WORDS["brand"]) + text[i + 1 :]


def variant(world: World, customer: Customer) -> tuple[str, str]:
    """The customer's name written otherwise, and how."""
    region, brand, trade, form = customer.parts
    if not brand:
        return customer.name, "exact"
    if customer.kind == "foreign":
        return f"{brand} {trade}", "abbrev"
    forms = {"有限公司": "有限责任公司", "有限责任公司": "有限公司"}
    short = region.removesuffix("市")
    in_city = customer.place.city.startswith(short or "-")
    with_city = (short + "市" if region == short else short, brand, trade, form)
    with_province = (customer.place.province.removesuffix("省") + short, brand, trade, form)
    ways = {
        "bracket_city": (30, written(customer.parts, bracket="（" not in customer.name) if region else ""),
        "abbrev": (22, f"{short}{brand}{trade}"),
        "abbrev_short": (8, f"{brand}{trade}"),
        "brand_only": (3, f"{short}{brand}" if trade else ""),
        "city_word": (10, written(with_city) if in_city else ""),
        "legal_form": (8, written((region, brand, trade, forms.get(form, "")))),
        "typo": (7, written((region, typo(world, brand), trade, form))),
        "traditional": (4, customer.name.translate(TRADITIONAL)),
        "province": (3, written(with_province) if in_city else ""),
        "name_missing": (2, ""),
    }  # fmt: skip
    usable = [name for name, (_, text) in ways.items() if name == "name_missing" or text not in ("", customer.name)]
    way = world.dice.choices(usable, [ways[name][0] for name in usable])[0]
    return ways[way][1], way


def row(world: World, customer: Customer, one: Person, name: str) -> dict[str, str]:
    """One row as one salesperson or system keeps it: what is known differs from row to row."""
    dice, place = world.dice, customer.place
    second = dice.choice(customer.people)
    known = {
        "name": (1.0, name),
        "uscc": (0.35, customer.uscc),
        "code": (0.5, customer.code if world.chance(0.75) else code(world)),
        "phone": (0.55, customer.phone),
        "province": (0.6, place.province), "city": (0.9, place.city), "district": (0.6, place.district),
        "address": (0.7, customer.address),
        "owner": (0.6, customer.owner),
        "contact.name": (0.95, one.name),
        "contact.mobile": (0.9, one.mobile),
        "contact.email": (0.7, one.email),
        "contact.mobile_2": (0.03, second.mobile),
    }  # fmt: skip
    return {column: value for column, (share, value) in known.items() if value and world.chance(share)}


def first_row(world: World, customer: Customer) -> dict[str, str]:
    return row(world, customer, customer.people[0], customer.name)


def again(world: World, customer: Customer, first: dict[str, str]) -> tuple[dict[str, str], str]:
    """A further row of a customer, and how it came about."""
    if customer.kind == "person" or world.chance(0.05):
        copy = dict(first)
        if world.chance(0.5):
            copy.pop("address", None)
        return (
            (copy, "row_copy")
            if world.chance(0.7)
            else (row(world, customer, customer.people[0], customer.name), "exact")
        )
    name, way = variant(world, customer) if world.chance(0.5) else (customer.name, "exact")
    colleague = len(customer.people) > 1 and world.chance(0.4)
    one = world.dice.choice(customer.people[1:]) if colleague else customer.people[0]
    if world.chance(0.1) and len(one.name) == 3:
        one = replace(one, name=one.name.translate(TRADITIONAL))
    elif world.chance(0.06):
        one = replace(one, name=one.name[0] + world.pick(("总", "经理", "先生")))
    made = row(world, customer, one, name)
    return made, f"{way}_colleague" if colleague else way


def generate(size: int, seed: int, share: float = 0.1) -> pd.DataFrame:
    """Records with rid, the canonical fields, and the truth: entity, variant (how a further row came about), sort."""
    world = World(random.Random(seed), read_places())
    makers, weights = [m for _, m in MAKERS], [n for n, _ in MAKERS]
    wanted = size - int(size * share)
    while len(world.customers) < wanted:
        made = world.dice.choices(makers, weights)[0](world)
        world.add(made if isinstance(made, list) else [made])
    del world.customers[wanted:]
    firsts = [first_row(world, c) for c in world.customers]
    rows = [
        dict(r, entity=i, variant="first", sort=c.kind)
        for i, (c, r) in enumerate(zip(world.customers, firsts, strict=True))
    ]
    while len(rows) < size:
        i = world.dice.randrange(wanted)
        more, way = again(world, world.customers[i], firsts[i])
        rows.append(dict(more, entity=i, variant=way, sort=world.customers[i].kind))
    world.dice.shuffle(rows)
    table = pd.DataFrame(rows, columns=[*FIELDS, "entity", "variant", "sort"])
    table[list(FIELDS)] = table[list(FIELDS)].astype("str")
    table.insert(0, "rid", range(1, len(table) + 1))
    return table
