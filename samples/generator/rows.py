"""Sheets and the rows in them: who stands where, under which header, how dirty; and the rows that are no data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from generator.corruptions import DATE_STYLES, corrupt
from generator.dirt import Cell, Context, blank, encodable, lost_in_encoding, right
from generator.world import TODAY, WORDS, Contact, Customer, World, short

Grid = list[list[Any]]
BLANKS = {"name": 0.01, "contact": 0.04, "mobile": 0.03, "owner": 0.02}
BLANK = 0.1
CITY_VARIANTS = (
    "exact",
    "exact",
    "exact",
    "exact",
    "bracket_city",
    "bracket_city",
    "city_word",
    "abbrev",
    "abbrev_short",
    "legal_form",
    "typo_shape",
)
READABLE = ("ok", "")


@dataclass(frozen=True)
class Sheet:
    """``columns``: (header, field or composite). ``shape`` names the habits of who keeps it: title, blank_column,
    blank_rows, subtotal, banner, note, repeated_header. ``size`` is its share of the rows."""

    file: str
    format: str
    columns: tuple[tuple[str, str], ...]
    name: str = ""
    encoding: str = ""
    size: int = 0
    owner: int = -1  # whose sheet it is, in the roster; -1: everyone's
    shape: tuple[str, ...] = ()
    dates: tuple[str, ...] = ("iso",)
    forbidden: frozenset[str] = frozenset()


@dataclass
class Row:
    """One data row: the cells by field (for the truth) and in the order of the columns (for the file)."""

    customer: Customer
    contact: int
    variant: str
    owner: str
    fields: dict[str, Cell]
    columns: list[Cell]
    number: int = 0
    alt_row: int = 0


@dataclass
class Filled:
    """A sheet with its rows, the physical grid, and the layout rows by number."""

    sheet: Sheet
    rows: list[Row] = field(default_factory=list)
    grid: Grid = field(default_factory=list)
    layout: dict[int, str] = field(default_factory=dict)


class Filler:
    """Puts customers into sheets. ``dirt`` is the share of cells that get dirty beside dates and joined cells;
    ``wild``: also in ways that the samples do not hold."""

    def __init__(self, world: World, dirt: float, wild: bool = False) -> None:
        self.world, self.rng, self.dirt, self.wild = world, world.rng, dirt, wild
        self.alike = {pair[side] for pair in world.near_miss for side in ("a", "b")}

    def row(self, sheet: Sheet, customer: Customer, contact: int, variant: str, keep: bool) -> Row:
        """``keep``: the mobile must stay readable, for it ties this row to another one."""
        rng = self.rng
        owner = self.world.owners[sheet.owner] if sheet.owner >= 0 else rng.choice(self.world.owners)
        values = self.values(customer, customer.contacts[contact], owner, variant)
        at = Context(
            rng,
            sheet.encoding,
            sheet.forbidden,
            sheet.format == "xlsx",
            rng.choice(sheet.dates),
            owner,
            second_mobile(customer, contact),
            wild=self.wild,
        )
        fields: dict[str, Cell] = {}
        columns = []
        for _, what in sheet.columns:
            joined = JOINED.get(what)
            if joined:
                cell, parts = joined(self, values, at)
                fields.update(parts)
            else:
                cell = self.cell(what, values.get(what, ""), at, keep)
                if what in MAPPED:
                    fields[what] = cell
            columns.append(cell)
        return Row(customer, contact, variant, owner, fields, columns)

    def values(self, customer: Customer, contact: Contact, owner: str, variant: str) -> dict[str, str]:
        rng, base = self.rng, customer.base
        first = self.world.day(date(2016, 1, 1))
        last = first + timedelta(days=rng.randint(0, (TODAY - first).days))
        fill = {"thing": rng.choice(WORDS["things"]), "n": rng.randint(20, 90), "m": rng.randint(1, 12)}
        picks = {name: rng.choice(WORDS["picklists"][name]) for name in ("priority", "source")}
        fields = (
            "name",
            "uscc",
            "phone",
            "province",
            "city",
            "district",
            "address",
            "industry",
            "type",
            "sales",
            "code",
        )
        return {
            **{name: base.get(name, "") for name in fields},
            **picks,
            "name": name_variant(customer, variant),
            "owner": owner,
            "contact": contact.name,
            "mobile": contact.mobile,
            "email": contact.email,
            "first_date": first.isoformat(),
            "last_date": last.isoformat(),
            "need": rng.choice(WORDS["needs"]).format(**fill),
            "note": rng.choice(WORDS["notes"]).format(**fill),
            "messenger": rng.choice(WORDS["unmapped_messengers"]).format(**fill),
        }

    def cell(self, name: str, value: str, at: Context, keep: bool = False) -> Cell:
        """A field's cell: blank, dirty or right."""
        rng = self.rng
        if name not in BLANKS and name not in MAPPED:
            return right(value)
        if not value or (not (keep and name == "mobile") and rng.random() < BLANKS.get(name, BLANK)):
            return blank()
        if rng.random() < self.dirt * (0.35 if name == "name" else 0.4 if name.endswith("_date") else 1):
            dirty = corrupt(name, value, at)
            if dirty and not (keep and name == "mobile" and dirty.verdict not in READABLE):
                return dirty
        if name.endswith("_date"):
            return DATE_STYLES[at.date_style](value, at) or right(value)
        if name == "sales" and at.typed_cells:
            return Cell(value, value, physical=float(value) if "." in value else int(value))
        return right(value) if encodable(value, at.encoding) else lost_in_encoding(value, at) or blank()

    def full_address(self, values: dict[str, str], at: Context) -> tuple[Cell, dict[str, Cell]]:
        """省市区 and street in one cell; a city that is its own province is written once."""
        if not values["province"] or self.rng.random() < BLANK:
            cell = self.cell("address", values["address"] if not values["province"] else "", at)
            return cell, {"address": cell}
        alone = values["province"] == values["city"]
        province = "" if alone or self.rng.random() < 0.4 else values["province"]
        raw = province + values["city"] + values["district"] + values["address"]
        names = ["city", "district", "address"] + (["province"] if province or alone else [])
        return right(raw), {name: Cell(raw, values[name], "ok", "addr_joined") for name in names}

    def region(self, values: dict[str, str], at: Context) -> tuple[Cell, dict[str, Cell]]:
        """地区: a city alone, province and city, or all three."""
        rng = self.rng
        if not values["city"] or rng.random() < BLANK:
            return blank(), {"city": blank()}
        if rng.random() < 0.4 or values["province"] == values["city"]:
            return right(values["city"]), {"city": right(values["city"])}
        names = ["province", "city"] + (["district"] if rng.random() < 0.5 else [])
        mark = rng.choice(("", "-", "/", " "))
        shorten = mark and len(names) == 2 and rng.random() < 0.6
        raw = (
            f"{values['province'][:2]}{mark}{short(values['city'])}" if shorten else mark.join(values[n] for n in names)
        )
        return right(raw), {name: Cell(raw, values[name], "ok", "region_joined") for name in names}

    def tel(self, values: dict[str, str], at: Context) -> tuple[Cell, dict[str, Cell]]:
        """电话: a mobile, a landline, or both."""
        roll = self.rng.random()
        if values["phone"] and roll < 0.25:
            cell = self.cell("phone", values["phone"], at)
            return cell, {"phone": cell}
        if values["phone"] and roll < 0.4:
            order = ["phone", "mobile"] if roll < 0.33 else ["mobile", "phone"]
            raw = self.rng.choice(("/", " ", "；", "、")).join(values[name] for name in order)
            return right(raw), {name: Cell(raw, values[name], "ok", "tel_mixed") for name in order}
        cell = self.cell("mobile", values["mobile"], at, keep=True)
        return cell, {"mobile": cell}

    def contact_line(self, values: dict[str, str], at: Context) -> tuple[Cell, dict[str, Cell]]:
        """联系人/电话: a name with its mobile in one cell."""
        if self.rng.random() < 0.12:
            return right(values["mobile"]), {"mobile": right(values["mobile"])}
        raw = values["contact"] + self.rng.choice((" ", "/", "", "：", "，")) + values["mobile"]
        names = ("contact", "mobile")
        return right(raw), {name: Cell(raw, values[name], "ok", "name_with_phone") for name in names}

    def place(self, sheets: list[Sheet], total: int) -> list[Filled]:
        """Every customer into one to four rows, about ``total`` in all, spread over the sheets by their size."""
        filled = [Filled(sheet) for sheet in sheets]
        sizes = [sheet.size for sheet in sheets]
        customers, more = self.world.customers, total - len(self.world.customers)
        doubled = self.rng.sample(range(len(customers)), min(len(customers), max(more, 0)))
        copies = [0] * len(customers)
        for turn in range(more):
            copies[doubled[turn * 3 // 4]] += 1
        for customer, extra in zip(customers, copies, strict=True):
            first = None
            for turn in range(extra + 1):
                target = self.rng.choices(filled, weights=sizes)[0]
                if first and first[0] is target and self.rng.random() < 0.2:
                    target.rows.append(replace(first[1], variant="row_copy"))
                    continue
                row = self.row(target.sheet, customer, *self.choose(customer, turn, extra > 0))
                first = first or (target, row)
                target.rows.append(row)
        return filled

    def choose(self, customer: Customer, turn: int, doubled: bool) -> tuple[int, str, bool]:
        """Contact, variant of the name, and whether the mobile must stay readable."""
        if turn == 0:
            return 0, "exact", doubled
        variants = ("exact", "bracket_city") if customer.id in self.alike else CITY_VARIANTS
        variant = self.rng.choice(variants)
        if name_variant(customer, variant) == customer.base["name"]:
            variant = "exact"
        other = self.rng.random() < 0.25 and variant == "exact" and customer.parts.get("form")
        keep = variant != "exact" or self.rng.random() < 0.5
        return (self.rng.randrange(len(customer.contacts)) if other else 0), variant, keep


JOINED = {name: getattr(Filler, name) for name in ("full_address", "region", "tel", "contact_line")}
MAPPED = frozenset(
    (
        "name",
        "code",
        "uscc",
        "industry",
        "type",
        "priority",
        "source",
        "owner",
        "province",
        "city",
        "district",
        "address",
        "phone",
        "sales",
        "first_date",
        "last_date",
        "need",
        "note",
        "contact",
        "mobile",
        "email",
    )
)


def second_mobile(customer: Customer, contact: int) -> str:
    """Another number of the customer that may stand beside the first."""
    others = len(customer.contacts) > 1 and contact == 0 and customer.country == "CN"
    return customer.contacts[-1].mobile if others else ""


def name_variant(customer: Customer, variant: str) -> str:
    """The customer's name as somebody else wrote it."""
    name, parts = customer.base["name"], customer.parts
    if "form" not in parts or "branch" in parts or parts["trade"] == "集团":
        return name
    city, brand, trade, form = (parts[key] for key in ("city", "brand", "trade", "form"))
    return {
        "bracket_city": f"{brand}{trade}（{city}）{form}",
        "city_word": name.replace(city, f"{city}市", 1) if customer.base["city"].endswith("市") else name,
        "abbrev": f"{city}{brand}{trade}",
        "abbrev_short": f"{brand}{trade}",
        "legal_form": name.replace(form, "有限公司" if form != "有限公司" else "有限责任公司"),
        "typo_shape": name.replace(brand, "".join(WORDS["near_shapes"].get(c, c) for c in brand[:1]) + brand[1:]),
    }.get(variant, name)


def lay_out(filled: Filled, rng: Random, owner: str) -> None:
    """Build the physical grid round the data rows and number them."""
    sheet, shape = filled.sheet, filled.sheet.shape
    width = len(sheet.columns) + ("serial" in shape)
    for kind, cells in _lines(filled, rng, owner, width):
        number = len(filled.grid) + 1
        if isinstance(kind, Row):
            kind.number = number
        else:
            filled.layout[number] = kind
        filled.grid.append(([""] if "blank_column" in shape else []) + cells)


def _lines(filled: Filled, rng: Random, owner: str, width: int) -> Iterator[tuple[Row | str, list[Any]]]:
    sheet, shape = filled.sheet, filled.sheet.shape
    serial = "serial" in shape
    header = (["序号"] if serial else []) + [name for name, _ in sheet.columns]

    def line(*cells: Any) -> list[Any]:
        return [*cells, *[""] * (width - len(cells))]

    if "title" in shape:
        yield "title", line(f"{owner or '公司'} 客户资料汇总")
        yield "title", line(f"制表日期：{TODAY.isoformat()}　　单位：元")
        if "blank_rows" in shape:
            yield "blank", line()
    if sheet.format != "dbf":
        yield "header", header
    banners = iter(("★ 重点客户", "【意向客户】", "◆ 其他"))
    for index, row in enumerate(filled.rows):
        roll = rng.random()
        if "banner" in shape and index in (0, len(filled.rows) // 2):
            yield "banner", line(next(banners))
        if "blank_rows" in shape and roll < 0.08:
            yield "blank", line()
        if "repeated_header" in shape and index == len(filled.rows) * 2 // 3:
            yield "repeated_header", header
        yield row, ([index + 1] if serial else []) + [c.raw if c.physical is None else c.physical for c in row.columns]
        if "subtotal" in shape and index % 12 == 11:
            yield "subtotal", line("小计", f"{12}家")
    if "subtotal" in shape:
        yield "subtotal", line("合计", f"{len(filled.rows)}家")
    if "note" in shape:
        yield "blank", line()
        yield "note", line("备注：以上为展会现场收集，以系统登记为准")
        yield "note", line(f"填表人：{owner}", "", f"日期：{TODAY.isoformat()}")
