"""Kinds of dirt that the samples do not hold: what people, exports and copying do that the rules were not made on.

Drawn only with ``--wild``; the shipped samples stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from generator.dirt import (
    Cell,
    Context,
    Corruption,
    chinese,
    date_form,
    fullwidth,
    lost,
    mainland,
    nothing,
    ok,
    pattern,
    picked,
)
from generator.world import chinese_number

Table = list[tuple[int, Corruption]]
DIGITS, CAPITALS = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"
_WEEKDAYS = "一二三四五六日"
_UNITS = ((10**8, "亿"), (10**4, "万"), (1, ""))


def spelt(text: str) -> str:
    """Digits as Chinese ones."""
    return "".join(DIGITS[int(c)] if c.isascii() and c.isdigit() else c for c in text)


def capital(number: int) -> str:
    """An amount in the numerals of cheques.

    >>> capital(1250000), capital(100230000)
    ('壹佰贰拾伍万', '壹亿零贰拾叁万')
    """
    text = ""
    for size, unit in _UNITS:
        part, number = divmod(number, size)
        if part:
            text += ("零" if text and part < 1000 else "") + _below_ten_thousand(part) + unit
    return text


def _below_ten_thousand(number: int) -> str:
    text, gap = "", False
    for size, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = number // size % 10
        if digit:
            text += ("零" if gap else "") + CAPITALS[digit] + unit
        gap = digit == 0 and bool(text)
    return text


def whole(kind: str, form: Callable[[int], str]) -> Corruption:
    """An amount without cents in another form."""
    return lambda value, _: ok(kind, form(int(value)), value) if value.isdigit() and int(value) else None


def person(kind: str, form: str) -> Corruption:
    return lambda value, _: ok(kind, form.format(value), value) if chinese(value) else None


def company(kind: str, form: str) -> Corruption:
    return lambda value, _: ok(kind, form.format(value), value) if chinese(value) and "（" not in value else None


def nickname(value: str, _: Context) -> Cell | None:
    raw = f"小{value[0]}"
    return Cell(raw, value, "unfixable", "nickname", (raw,)) if chinese(value) else None


def misspelt_domain(value: str, _: Context) -> Cell | None:
    raw = value[:-3] + "con" if value.endswith(".com") else ""
    return Cell(raw, value, "unfixable", "misspelt_domain", (raw,)) if raw else None


def landline(form: Callable[[str, str], str]) -> Callable[[str], str]:
    """A form made from area code and number; numbers with an extension stay."""
    return lambda v: form(*v.split("-")) if v.count("-") == 1 else v


def two_digit_year(value: str, _: Context) -> Cell | None:
    """23-01-05 may be three dates; where it can be one only, it is that."""
    year, month, day = value[2:4], value[5:7], value[8:]
    if int(year) <= 31:
        return Cell(f"{year}-{month}-{day}", value, "unfixable", "two_digit_year", (value,))
    return ok("two_digit_year", f"{year}-{month}-{day}", value)


def zone(value: str, at: Context) -> Cell | None:
    return ok("time_zone", f"{value}T{at.rng.randint(8, 19):02d}:30:00+08:00", value)


MOBILE: Table = [
    (2, mainland(c))
    for c in (
        pattern("cc_in_brackets", "(+86){}".format),
        pattern("cc_bare", lambda v: f"86 {v}"),
        pattern("cc_full_width", "（＋86）{}".format),
        pattern("dots", lambda v: f"{v[:3]}.{v[3:7]}.{v[7:]}"),
        pattern("groups_334", lambda v: f"{v[:3]} {v[3:6]} {v[6:9]} {v[9:]}"),
        pattern("letters", lambda v: v.replace("0", "O").replace("1", "l")),
        pattern("chinese_digits", spelt),
        pattern("tel_uri", "tel:{}".format),
        pattern("formula", '="{}"'.format),
        pattern("exponent", lambda v: f"{v[0]}.{v[1:]}E+10"),
        pattern("decimal", "{}.00".format),
        pattern("bidi_mark", "\u202d{}\u202c".format),
        pattern("note_in_front", "微信同号 {}".format),
        pattern("label_behind", "{}(手机)".format),
        pattern("trailing_comma", "{}，".format),
        pattern("html_space", "{}&nbsp;".format),
        pattern("twice", "{0}/{0}".format),
        lost("middle_lost", lambda v, _: f"{v[:3]}-{v[7:]}"),
        lost("wechat_name", lambda v, _: f"wx_{v[-4:]}"),
        lost("question_marks", lambda v, _: f"{v[:7]}????"),
        nothing("null_wild", ["不愿透露", "空号", "停机", "——", "０", "未留电话"]),
    )
]
PHONE: Table = [
    (2, c)
    for c in (
        pattern("slash", landline("{}/{}".format)),
        pattern("full_width_brackets", landline("（{}）{}".format)),
        pattern("cc_no_zero", landline(lambda a, n: f"86-{a[1:]}-{n}")),
        pattern("cc_zero_in_brackets", landline(lambda a, n: f"+86(0){a[1:]} {n}")),
        pattern("double_dash", landline("{}--{}".format)),
        pattern("groups_of_four", landline(lambda a, n: f"{a}-{n[:4]}-{n[4:]}")),
        pattern("label", "电话：{}".format),
        pattern("note", "{}(总机)".format),
        pattern("chinese_digits", spelt),
        pattern("decimal", landline(lambda a, n: f"{a}{n}.0")),
        pattern("dot", landline("{}.{}".format)),
        pattern("tilde", landline("{}~{}".format)),
        lost(
            "zero_lost",
            lambda v, _: v.replace("-", "").lstrip("0") if v.startswith("0") and v.count("-") == 1 else v[:6],
        ),
        lost("too_short", lambda v, _: v[:-3] if v.count("-") == 1 else v[:7]),
    )
]
EMAIL: Table = [
    (2, c)
    for c in (
        pattern("written_at", lambda v: v.replace("@", "(at)")),
        pattern("written_both", lambda v: v.replace("@", "[at]").replace(".", "[dot]")),
        pattern("spaced_at", lambda v: v.replace("@", " @ ")),
        pattern("label", "E-mail：{}".format),
        pattern("note", "{}(工作)".format),
        pattern("full_width", fullwidth),
        pattern("final_dot", "{}.".format),
        pattern("quotes", '"{}"'.format),
        pattern("double_at", lambda v: v.replace("@", "@@")),
        pattern("bom", "\ufeff{}".format),
        pattern("name_in_front", "客服 <{}>".format),
        misspelt_domain,
        lost("no_at", lambda v, _: v.replace("@", "")),
        lost("hash_for_at", lambda v, _: v.replace("@", "#"), keep=True),
        lost("two_dots", lambda v, _: v[::-1].replace(".", "..", 1)[::-1], keep=True),
    )
]
DATE: Table = [
    (2, c)
    for c in (
        date_form("minguo", lambda d: f"民国{d.year - 1911}年{d.month}月{d.day}日"),
        date_form("weekday", lambda d: f"{d.year}年{d.month:02d}月{d.day:02d}日 星期{_WEEKDAYS[d.weekday()]}"),
        date_form("english_short", lambda d: f"{d:%b} {d.day}, {d.year}"),
        date_form("day_first_named", lambda d: f"{d.day}-{d:%b}-{d.year}"),
        date_form("short_chinese", lambda d: f"{d:%y}年{d.month}月{d.day}日"),
        date_form("spelt", lambda d: f"{spelt(str(d.year))}年{chinese_number(d.month)}月{chinese_number(d.day)}号"),
        date_form("spaces", lambda d: f"{d.year} {d.month:02d} {d.day:02d}"),
        date_form("mixed_marks", lambda d: f"{d.year}-{d.month}/{d.day}"),
        date_form("stamp", lambda d: f"{d:%Y%m%d}093000"),
        date_form("noon_words", lambda d: f"{d.isoformat()} 下午3:05"),
        pattern("full_width", fullwidth),
        pattern("zulu", "{}T00:00:00Z".format),
        pattern("final_dot", "{}.".format),
        pattern("quoted", "'{}'".format),
        pattern("millis", "{} 00:00:00.000".format),
        pattern("day_fraction", lambda v: f"{(date.fromisoformat(v) - date(1899, 12, 30)).days}.5"),
        zone,
        two_digit_year,
        lost("range", lambda v, _: f"{v}至{v[:8]}28"),
        lost("month_and_year", lambda v, _: v[:7]),
        lost("year_only", lambda v, _: f"{v[:4]}年"),
        lost("relative", lambda v, _: "上周三"),
        lost("about", lambda v, _: f"{v}左右"),
        lost("impossible_month", lambda v, _: f"{v[:4]}-13-{v[8:]}"),
        lost("words", lambda v, _: "双十一前后"),
        lost("unix_seconds", lambda v, _: str((date.fromisoformat(v) - date(1970, 1, 1)).days * 86400)),
    )
]

WILD: dict[str, Table] = {
    "mobile": MOBILE,
    "phone": PHONE,
    "email": EMAIL,
    "first_date": DATE,
    "last_date": DATE,
    "contact": [
        (2, person("label", "联系人：{}")),
        (2, person("courtesy", "{}收")),
        (2, person("both_titles", "采购部经理{}女士")),
        (2, person("trailing_mark", "{}、")),
        (2, person("latin_title", "{} (Mr.)")),
        (2, person("role_behind", "{}-采购")),
        (2, person("quoted", "“{}”")),
        (2, person("star", "*{}")),
        (2, person("number_in_front", "1.{}")),
        (2, nickname),
    ],
    "name": [
        (2, company("label", "客户：{}")),
        (2, company("quoted", "“{}”")),
        (2, company("final_stop", "{}。")),
        (2, company("number_in_front", "1、{}")),
        (2, company("square_brackets_remark", "{}[重点]")),
        (2, company("star", "★{}")),
        (2, company("tab_inside", "{}\t")),
        (2, lambda v, _: ok("mixed_brackets", v.replace("（", "("), v) if "（" in v else None),
        (
            2,
            lambda v, _: ok("spaced_brackets", v.replace("（", " （ ").replace("）", " ） "), v) if "（" in v else None,
        ),
    ],
    "province": [
        (2, pattern("inner_space", lambda v: f"{v[:2]} {v[2:]}")),
        (2, pattern("country", "中国{}".format)),
        (2, pattern("dash_behind", "{}-".format)),
    ],
    "city": [(2, pattern("inner_space", lambda v: f"{v[:2]} {v[2:]}")), (2, pattern("brackets", "（{}）".format))],
    "address": [(2, pattern("label", "地址：{}".format)), (2, pattern("final_stop", "{}。".format))],
    "uscc": [
        (2, pattern("groups_of_four", lambda v: " ".join(v[i : i + 4] for i in range(0, 18, 4)))),
        (2, pattern("dashes", lambda v: f"{v[:6]}-{v[6:]}")),
        (2, pattern("label", "税号：{}".format)),
        (2, pattern("letters", lambda v: v.replace("0", "O").replace("1", "I"))),
        (2, pattern("final_stop", "{}。".format)),
        (2, lambda v, _: Cell(v.replace("A", "А"), v, "unfixable", "cyrillic", (v,)) if "A" in v else None),
        (2, lost("character_lost", lambda v, _: v[:-1])),
    ],
    "sales": [
        (2, whole("capital", lambda n: f"{capital(n)}元整")),
        (2, whole("code_in_front", "RMB {}".format)),
        (2, whole("code_behind", "{} CNY".format)),
        (2, whole("cents", "{:,}.00".format)),
        (2, whole("spaced", lambda n: f"{n:,}".replace(",", " "))),
        (2, whole("yi", lambda n: f"{n / 10**8:.8f}".rstrip("0").rstrip(".") + "亿")),
        (2, whole("wan_letter", lambda n: f"{n / 10**4:.4f}".rstrip("0").rstrip(".") + "w")),
        (2, whole("full_width", lambda n: fullwidth(str(n)))),
        (2, whole("decimal", "{}.0".format)),
        (2, whole("swiss_marks", lambda n: f"{n:,}".replace(",", "'"))),
        (2, lost("about", lambda v, _: f"约{v}")),
        (2, lost("range", lambda v, _: f"{v}-{v}0")),
        (2, lost("dollars", lambda v, _: f"US${v}")),
        (2, lost("words", lambda v, _: "几百万")),
    ],
    "owner": [
        (2, person("label", "负责人：{}")),
        (2, person("region_behind", "{}（华东）")),
        (2, person("department_behind", "{}/销售一部")),
        (2, person("at_sign", "@{}")),
    ],
    "code": [(2, pattern("quoted", '"{}"'.format)), (2, pattern("bom", "\ufeff{}".format))],
    "industry": [
        (2, pattern("full_stop", "{}。".format)),
        (2, pattern("class_letter", "C {}".format)),
        (2, picked("trade_word", ["行业", "类"], "{v}{w}")),
        (2, pattern("twice", "{0}/{0}".format)),
    ],
    "note": [(2, pattern("excel_line_end", "{}_x000D_\n".format)), (2, pattern("bidi", "\u202a{}\u202c".format))],
}
