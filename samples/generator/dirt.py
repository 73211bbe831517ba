"""How a right value gets dirty, field by field, and what a correct migration makes of it.

A *corruption* is a function (value, context) -> Cell or None (it does not apply). Tables at the end say which corruption
meets which field, and how often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import accumulate
from random import Random
from typing import Any

from generator.world import TO_TRADITIONAL, TODAY, WORDS, chinese_number, uscc_check

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


def person_space(value: str, _: Context) -> Cell | None:
    return None if value.isascii() else ok("inner_space", f"{value[0]} {value[1:]}", value)


def with_title(kind: str, choices: list[str], form: str, value: str, at: Context) -> Cell | None:
    return None if value.isascii() else ok(kind, form.format(v=value, w=at.rng.choice(choices)), value)


def surname_title(value: str, at: Context) -> Cell | None:
    double = value[:2] in WORDS["double_surnames"]
    surname = value[: 2 if double else 1]
    raw = surname + at.rng.choice(("经理", "总", "主任"))
    return None if value.isascii() else Cell(raw, value, "unfixable", "surname_title", (raw, surname))


def two_people(value: str, at: Context) -> Cell | None:
    other = at.rng.choice(WORDS["surnames"]) + at.rng.choice(WORDS["given"])
    return None if value.isascii() or other == value else ok("two_people", f"{value}/{other}", value, extra=(other,))


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


Table = list[tuple[int, Corruption]]

SPACES: Table = [
    (6, lambda v, at: ok("spaces_around", at.rng.choice((" {}", "{}  ", " {} ")).format(v), v)),
    (3, pattern("ideographic_space", "{}\u3000".format)),
    (3, pattern("nbsp", "{}\u00a0".format)),
    (2, zero_width),
    (2, pattern("tab_newline", "{}\t".format)),
    (3, pattern("trailing_newline", "{}\n".format)),
]
NULL: Table = [(4, nothing("null_common", WORDS["nulls"]))]


def fullwidth(value: str) -> str:
    return value.translate(FULLWIDTH)


def middle(value: str, mark: str, cuts: tuple[int, int]) -> str:
    return mark.join((value[: cuts[0]], value[cuts[0] : cuts[1]], value[cuts[1] :]))


MOBILE: Table = [(w, mainland(c)) for w, c in (
    (4, pattern("plus86", "+86-{}".format)), (2, pattern("0086", "0086{}".format)), (3, pattern("apostrophe", "'{}".format)),
    (3, pattern("fullwidth", fullwidth)), (4, pattern("grouped_spaces", lambda v: middle(v, " ", (3, 7)))),
    (4, pattern("grouped_dashes", lambda v: middle(v, "-", (3, 7)))), (4, picked("labelled", WORDS["labels"], "{w}{v}")),
    (2, pattern("leading_zero", "0{}".format)), (4, picked("with_note", WORDS["number_notes"], "{v}{w}")), (4, two_numbers),
    (5, number_cell), (3, lost("too_short", lambda v, _: v[:-1])), (2, lost("too_long", lambda v, r: v + str(r.randint(0, 9)))),
    (2, lost("impossible_prefix", lambda v, _: f"20{v[2:]}")), (2, lost("masked", lambda v, _: f"{v[:3]}****{v[7:]}")),
    (2, lost("scientific", lambda v, _: f"{int(v):.2E}")),
)] + [(3, nothing("null_fake", WORDS["fake_mobiles"])), (2, zero_width), *NULL]  # fmt: skip
DATE_STYLES: dict[str, Corruption] = {
    "iso": lambda value, _: right(value),
    "slash": date_form("slash", lambda d: f"{d.year}/{d.month}/{d.day}"),
    "dots": date_form("dots", lambda d: f"{d.year}.{d.month}.{d.day}"),
    "compact": date_form("compact", lambda d: f"{d:%Y%m%d}"),
    "midnight": pattern("midnight", "{} 00:00:00".format),
    "date_cell": date_cell,
}
DATE: Table = [
    (4, date_form("cn_units", lambda d: f"{d.year}年{d.month}月{d.day}日")), (1, chinese_date), (2, serial_date),
    (2, date_form("english_long", lambda d: f"{d:%B} {d.day}, {d.year}")), (3, ambiguous_date),
    (3, lambda v, at: ok("with_time", f"{v} {at.rng.randint(8, 19):02d}:{at.rng.randint(0, 59):02d}:07", v)),
    (2, future_date), (3, nothing("null_fake", ["9999-12-31", "1900-01-00", "0000-00-00"])),
    (2, lost("impossible_day", lambda v, _: f"{v[:4]}-02-30")), (2, lost("month_only", lambda v, _: f"{v[:4]}年{int(v[5:7])}月")), *NULL,
]  # fmt: skip
TEXT: Table = [
    *SPACES,
    (4, emoji),
    (2, injection),
    (2, crlf),
    (1, long_text),
    (8, nothing("null_common", WORDS["nulls"])),
]

CORRUPTIONS: dict[str, Table] = {
    "name": [*SPACES, (6, halfwidth_brackets), (4, all_caps), (3, picked("status_remark", WORDS["name_remarks"], "{v}{w}")),
             (4, lambda v, _: None if v.isascii() else ok("inner_space", f"{v[:2]} {v[2:]}", v)), (4, traditional),
             (2, lambda v, _: ok("fullwidth", fullwidth(v), v) if v.isascii() else None)],
    "contact": [*SPACES, (5, person_space), (6, partial(with_title, "title_suffix", WORDS["suffix_titles"], "{v}{w}")),
                (3, partial(with_title, "title_prefix", WORDS["prefix_titles"], "{w}{v}")), (4, surname_title), (3, two_people),
                (3, partial(with_title, "bracket_remark", WORDS["bracket_remarks"], "{v}{w}")), (3, traditional),
                (5, lost_in_encoding), *NULL],
    "mobile": MOBILE,
    "phone": [(4, pattern("paren", lambda v: "({}){}".format(*v.split("-", 1)))), (3, pattern("no_separator", lambda v: v.replace("-", "") if v.count("-") == 1 else v)),
              (3, pattern("spaces", lambda v: v.replace("-", " ", 1))), (3, pattern("plus86", lambda v: f"+86-{v.lstrip('0')}")),
              (4, no_area_code), (5, extension_word), (2, two_landlines), (3, pattern("long_dash", lambda v: v.replace("-", "—"))),
              (2, pattern("fullwidth", fullwidth)), (3, nothing("null_fake", WORDS["fake_phones"])), *NULL],
    "email": [*SPACES, (5, pattern("upper_case", str.upper)), (4, pattern("fullwidth_at", lambda v: v.replace("@", "＠"))),
              (2, pattern("mailto", "mailto:{}".format)), (2, pattern("angle", "<{}>".format)), (3, pattern("trailing_punctuation", "{};".format)),
              (4, two_addresses), (3, pattern("wrong_dot", lambda v: ",".join(v.rsplit(".", 1)))), (2, pattern("chinese_stop", lambda v: "。".join(v.rsplit(".", 1)))),
              (2, pattern("inner_space", lambda v: f"{v[:2]} {v[2:]}")),
              (3, lost("no_tld", lambda v, _: v.split("@")[0] + "@" + v.split("@")[1].split(".")[0])), (3, nothing("null_fake", WORDS["fake_emails"])), *NULL],
    "province": [*SPACES, (12, pattern("short", lambda v: v[:2])), *NULL],
    "city": [*SPACES, (14, pattern("short", lambda v: v.removesuffix("市"))), *NULL],
    "district": [*SPACES, (8, pattern("short", lambda v: v[:-1] if len(v) > 2 else v)), *NULL],
    "address": [*SPACES, (5, pattern("fullwidth_digits", lambda v: "".join(fullwidth(c) if c.isdigit() else c for c in v))), (4, traditional), *NULL],
    "code": [*SPACES, (5, pattern("apostrophe", "'{}".format)), (2, pattern("fullwidth", fullwidth)), (3, pattern("hash_prefix", "#{}".format)), *NULL],
    "uscc": [*SPACES, (3, pattern("apostrophe", "'{}".format)), (2, pattern("fullwidth", fullwidth)), (4, grouped_code), (4, pattern("lower_case", str.lower)),
             (3, wrong_check), (3, nothing("null_fake", WORDS["fake_codes"])), *NULL],
    "sales": [(4, partial(thousands, "￥", "currency_sign")), (4, partial(thousands, "", "thousands")), (4, wan), (3, pattern("yuan", "{}元".format)), *NULL],
    "owner": [*SPACES, (5, picked("department_prefix", WORDS["departments"], "{w}{v}")), (4, pattern("left_company", "{}(离职)".format)), (4, person_space), (2, traditional)],
    "first_date": DATE, "last_date": DATE, "need": TEXT, "note": TEXT,
    **{field: [*SPACES, *NULL, (30, partial(synonym, field)), (3, partial(unmappable, field))] for field in WORDS["picklists"]},
}  # fmt: skip
_WEIGHTS = {field: list(accumulate(weight for weight, _ in table)) for field, table in CORRUPTIONS.items()}


def corrupt(field: str, value: str, at: Context) -> Cell | None:
    """A dirty form of a value that the file can hold, or None when the drawn corruption does not apply."""
    table = CORRUPTIONS[field]
    cell = at.rng.choices(table, cum_weights=_WEIGHTS[field])[0][1](value, at)
    if cell is None or cell.kind in at.forbidden or not encodable(cell.raw, at.encoding):
        return None
    return cell


def encodable(text: str, encoding: str) -> bool:
    if not encoding:
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
