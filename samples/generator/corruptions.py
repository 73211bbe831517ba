"""Which corruption meets which field, and how often: (weight, corruption) by field."""

from __future__ import annotations

from functools import partial
from itertools import accumulate

from generator.dirt import (
    Cell,
    Context,
    Corruption,
    all_caps,
    ambiguous_date,
    chinese_date,
    crlf,
    date_cell,
    date_form,
    emoji,
    encodable,
    extension_word,
    fullwidth,
    future_date,
    grouped_code,
    halfwidth_brackets,
    injection,
    long_text,
    lost,
    lost_in_encoding,
    mainland,
    middle,
    no_area_code,
    nothing,
    number_cell,
    ok,
    pattern,
    person_space,
    picked,
    right,
    serial_date,
    surname_title,
    synonym,
    thousands,
    traditional,
    two_addresses,
    two_landlines,
    two_numbers,
    two_people,
    unmappable,
    wan,
    with_title,
    wrong_check,
    zero_width,
)
from generator.wild import WILD
from generator.world import WORDS

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


MOBILE: Table = [
    (w, mainland(c))
    for w, c in (
        (4, pattern("plus86", "+86-{}".format)),
        (2, pattern("0086", "0086{}".format)),
        (3, pattern("apostrophe", "'{}".format)),
        (3, pattern("fullwidth", fullwidth)),
        (4, pattern("grouped_spaces", lambda v: middle(v, " ", (3, 7)))),
        (4, pattern("grouped_dashes", lambda v: middle(v, "-", (3, 7)))),
        (4, picked("labelled", WORDS["labels"], "{w}{v}")),
        (2, pattern("leading_zero", "0{}".format)),
        (4, picked("with_note", WORDS["number_notes"], "{v}{w}")),
        (4, two_numbers),
        (5, number_cell),
        (3, lost("too_short", lambda v, _: v[:-1])),
        (2, lost("too_long", lambda v, r: v + str(r.randint(0, 9)))),
        (2, lost("impossible_prefix", lambda v, _: f"20{v[2:]}")),
        (2, lost("masked", lambda v, _: f"{v[:3]}****{v[7:]}")),
        (2, lost("scientific", lambda v, _: f"{int(v):.2E}")),
    )
] + [(3, nothing("null_fake", WORDS["fake_mobiles"])), (2, zero_width), *NULL]
DATE_STYLES: dict[str, Corruption] = {
    "iso": lambda value, _: right(value),
    "slash": date_form("slash", lambda d: f"{d.year}/{d.month}/{d.day}"),
    "dots": date_form("dots", lambda d: f"{d.year}.{d.month}.{d.day}"),
    "compact": date_form("compact", lambda d: f"{d:%Y%m%d}"),
    "midnight": pattern("midnight", "{} 00:00:00".format),
    "date_cell": date_cell,
}
DATE: Table = [
    (4, date_form("cn_units", lambda d: f"{d.year}年{d.month}月{d.day}日")),
    (1, chinese_date),
    (2, serial_date),
    (2, date_form("english_long", lambda d: f"{d:%B} {d.day}, {d.year}")),
    (3, ambiguous_date),
    (3, lambda v, at: ok("with_time", f"{v} {at.rng.randint(8, 19):02d}:{at.rng.randint(0, 59):02d}:07", v)),
    (2, future_date),
    (3, nothing("null_fake", ["9999-12-31", "1900-01-00", "0000-00-00"])),
    (2, lost("impossible_day", lambda v, _: f"{v[:4]}-02-30")),
    (2, lost("month_only", lambda v, _: f"{v[:4]}年{int(v[5:7])}月")),
    *NULL,
]
TEXT: Table = [
    *SPACES,
    (4, emoji),
    (2, injection),
    (2, crlf),
    (1, long_text),
    (8, nothing("null_common", WORDS["nulls"])),
]

CORRUPTIONS: dict[str, Table] = {
    "name": [
        *SPACES,
        (6, halfwidth_brackets),
        (4, all_caps),
        (3, picked("status_remark", WORDS["name_remarks"], "{v}{w}")),
        (4, lambda v, _: None if v.isascii() else ok("inner_space", f"{v[:2]} {v[2:]}", v)),
        (4, traditional),
        (2, lambda v, _: ok("fullwidth", fullwidth(v), v) if v.isascii() else None),
    ],
    "contact": [
        *SPACES,
        (5, person_space),
        (6, partial(with_title, "title_suffix", WORDS["suffix_titles"], "{v}{w}")),
        (3, partial(with_title, "title_prefix", WORDS["prefix_titles"], "{w}{v}")),
        (4, surname_title),
        (3, two_people),
        (3, partial(with_title, "bracket_remark", WORDS["bracket_remarks"], "{v}{w}")),
        (3, traditional),
        (5, lost_in_encoding),
        *NULL,
    ],
    "mobile": MOBILE,
    "phone": [
        (4, pattern("paren", lambda v: "({}){}".format(*v.split("-", 1)))),
        (3, pattern("no_separator", lambda v: v.replace("-", "") if v.count("-") == 1 else v)),
        (3, pattern("spaces", lambda v: v.replace("-", " ", 1))),
        (3, pattern("plus86", lambda v: f"+86-{v.lstrip('0')}")),
        (4, no_area_code),
        (5, extension_word),
        (2, two_landlines),
        (3, pattern("long_dash", lambda v: v.replace("-", "—"))),
        (2, pattern("fullwidth", fullwidth)),
        (3, nothing("null_fake", WORDS["fake_phones"])),
        *NULL,
    ],
    "email": [
        *SPACES,
        (5, pattern("upper_case", str.upper)),
        (4, pattern("fullwidth_at", lambda v: v.replace("@", "＠"))),
        (2, pattern("mailto", "mailto:{}".format)),
        (2, pattern("angle", "<{}>".format)),
        (3, pattern("trailing_punctuation", "{};".format)),
        (4, two_addresses),
        (3, pattern("wrong_dot", lambda v: ",".join(v.rsplit(".", 1)))),
        (2, pattern("chinese_stop", lambda v: "。".join(v.rsplit(".", 1)))),
        (2, pattern("inner_space", lambda v: f"{v[:2]} {v[2:]}")),
        (3, lost("no_tld", lambda v, _: v.split("@")[0] + "@" + v.split("@")[1].split(".")[0])),
        (3, nothing("null_fake", WORDS["fake_emails"])),
        *NULL,
    ],
    "province": [*SPACES, (12, pattern("short", lambda v: v[:2])), *NULL],
    "city": [*SPACES, (14, pattern("short", lambda v: v.removesuffix("市"))), *NULL],
    "district": [*SPACES, (8, pattern("short", lambda v: v.removesuffix("新区")[: len(v) - 1])), *NULL],
    "address": [
        *SPACES,
        (5, pattern("fullwidth_digits", lambda v: "".join(fullwidth(c) if c.isdigit() else c for c in v))),
        (4, traditional),
        *NULL,
    ],
    "code": [
        *SPACES,
        (5, pattern("apostrophe", "'{}".format)),
        (2, pattern("fullwidth", fullwidth)),
        (3, pattern("hash_prefix", "#{}".format)),
        *NULL,
    ],
    "uscc": [
        *SPACES,
        (3, pattern("apostrophe", "'{}".format)),
        (2, pattern("fullwidth", fullwidth)),
        (4, grouped_code),
        (4, pattern("lower_case", str.lower)),
        (3, wrong_check),
        (3, nothing("null_fake", WORDS["fake_codes"])),
        *NULL,
    ],
    "sales": [
        (4, partial(thousands, "￥", "currency_sign")),
        (4, partial(thousands, "", "thousands")),
        (4, wan),
        (3, pattern("yuan", "{}元".format)),
        *NULL,
    ],
    "owner": [
        *SPACES,
        (5, picked("department_prefix", WORDS["departments"], "{w}{v}")),
        (4, pattern("left_company", "{}(离职)".format)),
        (4, person_space),
        (2, traditional),
    ],
    "first_date": DATE,
    "last_date": DATE,
    "need": TEXT,
    "note": TEXT,
    **{
        field: [*SPACES, *NULL, (30, partial(synonym, field)), (3, partial(unmappable, field))]
        for field in WORDS["picklists"]
    },
}
_WEIGHTS = {field: list(accumulate(weight for weight, _ in table)) for field, table in CORRUPTIONS.items()}
WILD_SHARE = 0.5


def corrupt(field: str, value: str, at: Context) -> Cell | None:
    """A dirty form of a value that the file can hold, or None when the drawn corruption does not apply."""
    table = CORRUPTIONS[field]
    if at.wild and field in WILD and at.rng.random() < WILD_SHARE:
        cell = at.rng.choice(WILD[field])[1](value, at)
    else:
        cell = at.rng.choices(table, cum_weights=_WEIGHTS[field])[0][1](value, at)
    if cell is None or cell.kind in at.forbidden or not encodable(cell.raw, at.encoding):
        return None
    return cell
