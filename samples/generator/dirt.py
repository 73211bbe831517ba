"""How a right value gets dirty, field by field, and what a correct migration makes of it.

A *corruption* is a function (value, context) -> Cell or None (it does not apply); ``corruptions.py`` says which
one meets which field, and how often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any

from generator.check_characters import uscc_check
from generator.world import TO_TRADITIONAL, TODAY, WORDS, chinese_number

FULLWIDTH = {**{i: i + 0xFEE0 for i in range(0x21, 0x7F)}, 0x20: 0x3000}


@dataclass(frozen=True)
class Cell:
    """What stands in the file, and the truth about it; ``kind`` is '' when it is right as it stands. ``physical`` is a
    date or number where the file holds one."""

    raw: str
    true: str | None = None
    verdict: str = "ok"
    kind: str = ""
    accept: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    physical: Any = None

    def truth(self) -> str | dict[str, Any]:
        if not self.kind:
            return self.raw
        line: dict[str, Any] = {"raw": self.raw, "true": self.true, "verdict": self.verdict, "kind": self.kind}
        if self.accept:
            line["accept"] = list(self.accept)
        if self.extra:
            line["extra"] = list(self.extra)
        return line


@dataclass
class Context:
    """Where a cell stands: the dice, the file's encoding ('' holds everything), and the kinds it cannot hold."""

    rng: Random
    encoding: str = ""
    forbidden: frozenset[str] = frozenset()
    typed_cells: bool = False  # a workbook: dates and numbers may be real ones
    date_style: str = "iso"
    owner: str = ""
    second_mobile: str = ""
    wild: bool = False  # also dirt that the samples do not hold


Corruption = Callable[[str, Context], Cell | None]


def right(value: str) -> Cell:
    return Cell(value, value)


def blank() -> Cell:
    return Cell("", None, "missing", "blank")


def ok(kind: str, raw: str, true: str, *accept: str, extra: tuple[str, ...] = (), physical: Any = None) -> Cell | None:
    return Cell(raw, true, "ok", kind, accept, extra, physical) if raw != true or physical is not None else None


def pattern(kind: str, change: Callable[[str], str]) -> Corruption:
    """A repairable change that needs no dice."""
    return lambda value, _: ok(kind, change(value), value)


def picked(kind: str, choices: list[str], form: str) -> Corruption:
    """A repairable change with a drawn word: ``form`` holds {v} and {w}."""
    return lambda value, at: ok(kind, form.format(v=value, w=at.rng.choice(choices)), value)


def nothing(kind: str, choices: list[str]) -> Corruption:
    """A placeholder stands for the value."""
    return lambda value, at: Cell(at.rng.choice(choices), None, "missing", kind)


def lost(kind: str, change: Callable[[str, Random], str], keep: bool = False) -> Corruption:
    """What was meant cannot be known any more."""

    def corrupt(value: str, at: Context) -> Cell:
        raw = change(value, at.rng)
        return Cell(raw, value, "unfixable", kind, (raw,) if keep else ())

    return corrupt


def zero_width(value: str, at: Context) -> Cell | None:
    cut = at.rng.randint(1, max(1, len(value) - 1))
    return ok("zero_width", value[:cut] + at.rng.choice("\u200b\u2060\ufeff") + value[cut:], value)


def traditional(value: str, _: Context) -> Cell | None:
    raw = value.translate(TO_TRADITIONAL)
    return ok("traditional", raw, value, raw)


def synonym(field: str, value: str, at: Context) -> Cell | None:
    known = WORDS["synonyms"][field].get(value, ())
    return ok("synonym", at.rng.choice(known), value) if known else None


def unmappable(field: str, _: str, at: Context) -> Cell:
    accept = ("其他",) if "其他" in WORDS["picklists"][field] else ()
    return Cell(at.rng.choice(WORDS["unmappable"][field]), None, "unfixable", "unmappable", accept)


def halfwidth_brackets(value: str, _: Context) -> Cell | None:
    raw = value.translate({0xFF08: "(", 0xFF09: ")"})
    return ok("halfwidth_brackets", raw, value, raw)


def all_caps(value: str, _: Context) -> Cell | None:
    return ok("all_caps", value.upper(), value, value.upper()) if value.isascii() else None


def chinese(name: str) -> bool:
    """Written in Chinese characters, so that Chinese habits of writing names apply."""
    return "\u4e00" <= name[0] <= "\u9fff"


def person_space(value: str, _: Context) -> Cell | None:
    return None if not chinese(value) else ok("inner_space", f"{value[0]} {value[1:]}", value)


def with_title(kind: str, choices: list[str], form: str, value: str, at: Context) -> Cell | None:
    return None if not chinese(value) else ok(kind, form.format(v=value, w=at.rng.choice(choices)), value)


def surname_title(value: str, at: Context) -> Cell | None:
    double = value[:2] in WORDS["double_surnames"]
    surname = value[: 2 if double else 1]
    raw = surname + at.rng.choice(("经理", "总", "主任"))
    return None if not chinese(value) else Cell(raw, value, "unfixable", "surname_title", (raw, surname))


def two_people(value: str, at: Context) -> Cell | None:
    other = at.rng.choice(WORDS["surnames"]) + at.rng.choice(WORDS["given"])
    return None if not chinese(value) or other == value else ok("two_people", f"{value}/{other}", value, extra=(other,))


def lost_in_encoding(value: str, _: Context) -> Cell | None:
    raw = "".join("?" if c.isalpha() and ord(c) > 127 and ord(c) < 0x2E80 else c for c in value)
    return Cell(raw, value, "unfixable", "lost_in_encoding", (raw,)) if raw != value else None


def mainland(corruption: Corruption) -> Corruption:
    """Only for numbers without a foreign prefix."""
    return lambda value, at: None if value.startswith("+") else corruption(value, at)


def two_numbers(value: str, at: Context) -> Cell | None:
    other = at.second_mobile
    return ok("two_numbers", value + at.rng.choice("/、; ") + other, value, extra=(other,)) if other else None


def number_cell(value: str, at: Context) -> Cell | None:
    return ok("number_cell", f"{value}.0", value, physical=int(value)) if at.typed_cells else None


def no_area_code(value: str, _: Context) -> Cell | None:
    raw = value.split("-", 1)[1]
    return None if "-" in raw else ok("no_area_code", raw, value, raw)


def extension_word(value: str, at: Context) -> Cell | None:
    head, _, extension = value.rpartition("-")
    return (
        ok("extension_word", head + at.rng.choice(("转", " 转 ", " ext. ")) + extension, value) if "-" in head else None
    )


def two_landlines(value: str, at: Context) -> Cell | None:
    if value.count("-") != 1:
        return None
    area, number = value.split("-")
    other = f"{area}-{(int(number) + at.rng.randint(1, 9)) % 10 ** len(number):0{len(number)}d}"
    return ok("two_landlines", f"{value}/{other}", value, extra=(other,)) if other[len(area) + 1] in "2345678" else None


def two_addresses(value: str, at: Context) -> Cell | None:
    other = at.rng.choice(WORDS["shared_mailboxes"]) + "@" + value.split("@")[1]
    return ok("two_addresses", value + at.rng.choice((";", ",", " / ")) + other, value, extra=(other,))


def grouped_code(value: str, _: Context) -> Cell | None:
    return ok("grouped", f"{value[:2]} {value[2:8]} {value[8:17]} {value[17]}", value)


def wrong_check(value: str, at: Context) -> Cell | None:
    """One digit mistyped: the check character no longer agrees."""
    place = at.rng.randint(8, 15)
    raw = value[:place] + ("7" if value[place] != "7" else "4") + value[place + 1 :]
    return Cell(raw, value, "unfixable", "wrong_check") if uscc_check(raw[:17]) != raw[17] else None


def wan(value: str, _: Context) -> Cell | None:
    return ok("wan", f"{int(value) // 10000}万元", value) if value.endswith("0000") else None


def thousands(prefix: str, kind: str, value: str, _: Context) -> Cell | None:
    return ok(kind, f"{prefix}{int(value):,}", value) if "." not in value else None


def date_form(kind: str, form: Callable[[date], str]) -> Corruption:
    return lambda value, _: ok(kind, form(date.fromisoformat(value)), value)


def date_cell(value: str, at: Context) -> Cell | None:
    day = datetime.fromisoformat(value)
    return ok("date_cell", f"{value} 00:00:00", value, physical=day) if at.typed_cells else None


def ambiguous_date(value: str, _: Context) -> Cell | None:
    day = date.fromisoformat(value)
    if day.day > 12 or day.day == day.month:
        return None
    other = day.replace(month=day.day, day=day.month).isoformat()
    return Cell(f"{day.month:02d}/{day.day:02d}/{day.year}", value, "ambiguous", "ambiguous_dm", (other,))


def chinese_date(value: str, _: Context) -> Cell | None:
    day = date.fromisoformat(value)
    year = "".join("〇一二三四五六七八九"[int(c)] for c in str(day.year))
    return ok("cn_digits", f"{year}年{chinese_number(day.month)}月{chinese_number(day.day)}日", value)


def serial_date(value: str, _: Context) -> Cell | None:
    return ok("serial", str((date.fromisoformat(value) - date(1899, 12, 30)).days), value)


def future_date(value: str, at: Context) -> Cell:
    raw = str(TODAY.year + at.rng.randint(20, 70)) + value[4:].replace("02-29", "02-28")
    return Cell(raw, value, "unfixable", "future", (raw,))


def emoji(value: str, _: Context) -> Cell:
    return Cell(f"{value}😀👍🏻", f"{value}😀👍🏻", "ok", "emoji", (value,))


def injection(_: str, at: Context) -> Cell:
    raw = at.rng.choice(("=2+3", "@请回电", "+优先处理", '=HYPERLINK("x")'))
    return Cell(raw, raw, "ok", "injection", (f"'{raw}", ""))


def crlf(value: str, _: Context) -> Cell | None:
    return ok("crlf", f"{value}\r\n待跟进", f"{value}\n待跟进")


def long_text(value: str, at: Context) -> Cell:
    text = f"{value}。" * at.rng.randint(20, 40)
    return Cell(text, text, "ok", "long")


def fullwidth(value: str) -> str:
    return value.translate(FULLWIDTH)


def middle(value: str, mark: str, cuts: tuple[int, int]) -> str:
    return mark.join((value[: cuts[0]], value[cuts[0] : cuts[1]], value[cuts[1] :]))


def encodable(text: str, encoding: str) -> bool:
    if not encoding:
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
