"""Calendar dates: a form that can only be read in one way becomes YYYY-MM-DD; what can be read in two is a doubt.

Explicit forms in order, no guessing parser: a parser that always finds a date is wrong without saying so. Whether
05/06/2023 means May or June is told by the whole column (``observe``, ``decide``), never by one cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    arabic_digits,
    became,
    half_width,
    is_null,
    kept,
    matching,
    mended,
    null_words,
    plain_dashes,
    strip_outer,
    tidy,
)
from cleanse.kinds.date_shape import FIRST_YEAR, LAST_YEAR, NO_DATE, shape
from cleanse.model import Decision, Fix, Kind, Options, Reading, Repairs, Test, Words

PIVOT = 50  # two-digit years below it are 20xx
SURE = 3  # cells that can be read in one order only, with none against them, settle a column
_EPOCHS = {"1900": date(1899, 12, 30), "1904": date(1904, 1, 1)}
_SERIAL_RANGE = range(20000, 60001)  # 1954-10-03 to 2064-04-08

_WEEKDAY = (
    "[(]?(?:(?:星期|周|礼拜)[一二三四五六日天]"
    "|(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)[)]?"
)
_HALF = "(?:上午|下午|凌晨|早上|晚上|中午|傍晚)"
_HMS = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?"
_CLOCK = (
    rf"(?:{_HALF}?\s?\d{{1,2}}(?:[:点时]\d{{1,2}}(?:分|[:]\d{{1,2}}(?:[.,]\d+)?)?秒?|[点时](?:整|半|[一三]刻)?)"
    rf"|{_HALF}|{_HMS}(?!\d))"
)
_ZONE = r"(?:z|utc|gmt|cst|北京时间)?\s?(?:[+\-]\d{2}:?\d{2})?(?:\s?\([^()\d]*\))?"
_TIME = rf"(?:[ t,_@]*(?P<time>{_CLOCK}(?:\s?(?:[ap]\.?m\.?|[上下]午))?)(?P<zone>\s?{_ZONE}))?"
_TAIL = rf"(?:[ ,]*{_WEEKDAY})?{_TIME}(?:[ ,]*{_WEEKDAY})?(?P<rest>.*)"
_YMD = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?: 00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(" "), 1)}
_MONTH = (
    r"(?P<mon>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_FLAGS = re.ASCII | re.DOTALL
_LONG = re.compile(
    rf"(?P<y>\d{{4}})\s?(?:--|[-/.年,_。、\s])\s?(?P<m>\d{{1,2}})\s?(?:--|[-/.月,_。、\s])\s?(?P<d>\d{{1,2}})(?!\d)(?:\s?[日号])?{_TAIL}",
    _FLAGS,
)
_COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:\.0+)?(?:[\st_]?(?P<time>"
    + _HMS
    + r"|\d{2}:\d{2}(?::\d{2})?)(?P<zone>\s?"
    + _ZONE
    + r"))?(?P<rest>)",
    _FLAGS,
)
_ERA = re.compile(
    rf"(?:(?:中[华華])?民[国國]|roc)\s?(?P<era>\d{{1,3}})\s?[年/.\-]\s?(?P<m>\d{{1,2}})\s?[月/.\-]\s?(?P<d>\d{{1,2}})\s?[日号]?{_TAIL}",
    _FLAGS,
)
_NAMED = tuple(
    re.compile(rf"(?:{_WEEKDAY}[,.]?\s*)?{form}{_TAIL}", _FLAGS)
    for form in (
        rf"{_MONTH}[\s\-]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:[\s,\-]+(?P<clock>{_CLOCK})(?:\s[a-z]{{3}})?)?[\s,\-]+(?P<y>\d{{4}})(?!\d)",
        rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s\-/.]*(?:of\s)?{_MONTH}[\s,\-/.]*(?P<y>\d{{4}})(?!\d)",
        rf"(?P<y>\d{{4}})[\s\-/.,]*{_MONTH}[\s\-/.]*(?P<d>\d{{1,2}})(?!\d)(?:st|nd|rd|th)?",
        rf"(?P<d>\d{{1,2}})[\s\-/.]*{_MONTH}[\s\-/.,']*(?P<yy>\d{{2}})(?!\d)",
    )
)
_SHORT_CHINESE = re.compile(rf"(?P<yy>\d{{2}})年(?P<m>\d{{1,2}})月(?P<d>\d{{1,2}})[日号]?{_TAIL}", _FLAGS)
_PARTS = re.compile(
    rf"(?P<a>\d{{1,2}})\s?(?P<s>[/.\-])\s?(?P<b>\d{{1,2}})\s?(?P=s)\s?(?P<c>\d{{4}}|\d{{2}}|\d)(?!\d){_TAIL}", _FLAGS
)
_SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?", re.ASCII)
_CHINESE = re.compile("[0零〇○一二三四五六七八九十廿卅壹贰叁肆伍陆柒捌玖拾]+(?=[年月日号点时分])|元(?=月)")
_TENS = str.maketrans(
    {"廿": "二十", "卅": "三十", "元": "一", **dict(zip("壹贰叁肆伍陆柒捌玖拾", "一二三四五六七八九十", strict=True))}
)
_LETTER_O = re.compile(r"(?<=\d)o(?=[\d\-/.年月日])|(?<=[\-/.年月])o(?=\d)", re.ASCII)
_LEAD = re.compile(r"(?:(?:日期|时间|date)\s*:|于|公元)\s*(?=\d)|\((?=[^()]*\)$)")
_INCOMPLETE = re.compile(
    r"(?:19|20)\d{2}(?:\s?[-/.年]?\s?(?:1[0-2]|0?[1-9])\s?(?:月份?|\.0)?|年|\s?年?\s?(?:q[1-4]|第?[一二三四1-4]季度|[上下]半年|年[初中底末]))?"
    rf"|\d{{1,2}}\s?月\s?\d{{1,2}}\s?[日号]?|\d{{1,2}}[/.\-]\d{{1,2}}|{_MONTH}[\s\-,]*(?:\d{{4}}|\d{{2}})|\d{{2}}年\d{{1,2}}月",
    _FLAGS,
)
_RELATIVE = re.compile(
    "[今昨前明后]天|[上下本这]个?(?:周|星期|月|礼拜|季)|[去今前明]年|月[初中底末]|刚刚|最近|不久|yesterday|today|last|ago|天前|周前|月前|年前"
)
_RANGE = re.compile(r"\d\s*(?:至|到|~|～|—|–|--|-|及|、|;|,|，|和)\s*(?:\d{4}|\d{1,2}月|\d{1,2}日)")
_SECOND = re.compile(r"(?:[-~～/&+—–至到]|and|to)\s*\d")
_REMARK = re.compile(r"\s*[(\[【][^0-9]*[)\]】]|\s+(?![前后左右约起止至到初末底间中])[^0-9]+")
_NUMERALS = "^[零〇○一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}日$"
_NOTHING = r"[^\x00-\x{10FFFF}]"  # for RE2
_MIDNIGHT_EAST = re.compile(r"(?:(?:1[3-9]|2[0-3]):00|18:30)(?::00(?:[.,]0+)?)?\s?(?:z|(?:utc|gmt)?(?:[+\-]00:?00)|utc|gmt)", re.ASCII)
_VAGUE = re.compile("[约?？]|左右|前后|大概|以[前后]|之[前后]|[前后起止]$|about|before|after|circa")


def _plain(text: str) -> str:
    """Half width, plain dashes, lower case, Chinese numerals before 年月日 as digits."""
    folded = plain_dashes(half_width(text)).lower()
    if "o" in folded:
        folded = _LETTER_O.sub("0", folded)
    return folded if folded.isascii() else _CHINESE.sub(lambda m: _numeral(m[0]), folded)


def _bare(plain: str) -> str:
    """Without marks around it and without a word that says it is a date."""
    text = strip_outer(plain, "'’‘`\",，;；。.")
    lead = _LEAD.match(text)
    return text[lead.end() :].removesuffix(")") if lead and lead[0] == "(" else text[lead.end() :] if lead else text


def _numeral(text: str) -> str:
    """``二〇二四`` is 2024, ``十二`` 12, ``三十`` 30.

    >>> _numeral("二〇二四"), _numeral("二十三"), _numeral("十"), _numeral("廿一"), _numeral("元")
    ('2024', '23', '10', '21', '1')
    """
    text = text.translate(_TENS)
    if "十" not in text:
        return arabic_digits(text)
    tens, _, ones = text.partition("十")
    return f"{arabic_digits(tens) or '1'}{arabic_digits(ones) or '0'}"


def _century(year: int, pivot: int) -> int:
    return year + (2000 if year < pivot else 1900)


def meanings(a: int, b: int, c: int, long: bool, pivot: int = PIVOT) -> dict[str, date]:
    """The dates that three numbers can mean, by order; ``long``: the third is a year of four digits.

    >>> sorted(meanings(5, 6, 2023, True)), sorted(meanings(31, 6, 2023, True)), sorted(meanings(98, 1, 5, False))
    (['dmy', 'mdy'], [], ['ymd'])
    """
    year = c if long else _century(c, pivot)
    orders = {"dmy": (year, b, a), "mdy": (year, a, b)}
    if not long:
        orders["ymd"] = (_century(a, pivot), b, c)
    found = {}
    for order, ymd in orders.items():
        try:
            found[order] = date(*ymd)
        except ValueError:
            continue
    return found


class Reader:
    """Reads one text under the options of a column; ``placeholder`` as a doubt means no date at all."""

    def __init__(self, options: Options) -> None:
        self.order = str(options.get("order", ""))
        self.short = str(options.get("short_order", "")) or ("ymd" if self.order == "ymd" else "")
        self.pivot = int(options.get("two_digit", PIVOT))
        self.epoch = _EPOCHS[str(options.get("epoch", "1900"))]

    def read(self, plain: str) -> tuple[str, str, str]:
        """``(YYYY-MM-DD, doubt, rest)`` of a folded text; the first is '' where there is a doubt."""
        for form in (_LONG, _COMPACT, _ERA, *_NAMED[:3], _SHORT_CHINESE):
            match = form.fullmatch(plain)
            if match:
                return self._certain(plain, match)
        match = _PARTS.fullmatch(plain) or _NAMED[3].fullmatch(plain)
        if match:
            return self._uncertain(plain, match)
        serial = _SERIAL.fullmatch(plain)
        if serial and int(serial[1]) in _SERIAL_RANGE:
            value = (self.epoch + timedelta(int(serial[1]))).isoformat()
            return (value, "", "") if value != NO_DATE else ("", "date_suspicious", "")
        return "", _doubt(plain), ""

    def _certain(self, plain: str, match: re.Match[str]) -> tuple[str, str, str]:
        g = match.groupdict()
        if g.get("era"):
            year = int(g["era"]) + 1911
        else:
            year = _century(int(g["yy"]), self.pivot) if g.get("yy") else int(g["y"])
        month = _MONTHS[g["mon"][:3]] if g.get("mon") else int(g["m"])
        return _finished(plain, match, year, month, int(g["d"]))

    def _uncertain(self, plain: str, match: re.Match[str]) -> tuple[str, str, str]:
        g = match.groupdict()
        if g.get("mon"):
            a, b, c, order = int(g["d"]), _MONTHS[g["mon"][:3]], int(g["yy"]), self.short
            found = meanings(a, b, c, False, self.pivot)
            found = {k: v for k, v in found.items() if v.month == b and k != "mdy"}
            order = order or self.order
        else:
            a, b, c = int(g["a"]), int(g["b"]), int(g["c"])
            long = len(g["c"]) == 4
            order = self.order if long else self.short
            found = meanings(a, b, c, long, self.pivot)
        distinct = set(found.values())
        if not distinct:
            return "", "placeholder" if a == b == c == 0 else "date_impossible", ""
        if len(distinct) > 1 and order not in found:
            return "", "date_ambiguous", ""
        day = found[order] if order in found else min(distinct)
        return _finished(plain, match, day.year, day.month, day.day)


def _finished(plain: str, match: re.Match[str], year: int, month: int, day: int) -> tuple[str, str, str]:
    """The date, if it exists and nothing in the cell speaks against it."""
    rest = match["rest"].strip()
    if rest and (_VAGUE.search(rest) or not _REMARK.fullmatch(match["rest"])):
        return "", "date_range" if _RANGE.search(plain) or _SECOND.match(rest) else "date_unclear", ""
    if year in (9999, 2999, 0) or (year, month) in ((1899, 12), (1, 1)) or (month, day) == (0, 0):
        return "", "placeholder", ""
    if (year, month, day) == (1900, 1, 0):  # a spreadsheet's day zero
        return "", "placeholder", ""
    try:
        value = date(year, month, day).isoformat()
    except ValueError:
        return "", "date_impossible", ""
    if not FIRST_YEAR <= year <= LAST_YEAR or value == NO_DATE:
        return "", "date_suspicious", ""
    time = match["time"] or match.groupdict().get("clock") or ""
    if _MIDNIGHT_EAST.fullmatch(f"{time}{match.groupdict().get('zone') or ''}"):
        return "", "date_utc", ""
    said = f"{time.strip()}{(match.groupdict().get('zone') or '').upper()}" if re.search("[1-9午晨早晚]", time) else ""
    return value, "", " ".join(x for x in (said.strip(), rest) if x)


def _doubt(plain: str) -> str:
    """Why a text is no date."""
    if re.fullmatch(r"0+(?:[-/.]0+)*(?: 0+:0+(?::0+)?)?", plain):
        return "placeholder"
    if _INCOMPLETE.fullmatch(plain):
        return "date_incomplete"
    if _RELATIVE.search(plain):
        return "date_relative"
    if _RANGE.search(plain):
        return "date_range"
    return "date_ambiguous" if re.fullmatch(r"\d{6}", plain) else "date_unclear"


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Options: ``order`` of the parts where the year comes last (``dmy``, ``mdy``; ``ymd`` also for two-digit years),
    ``short_order`` the same for two-digit years alone, ``two_digit`` the pivot, ``epoch`` 1900 or 1904 for spreadsheet
    serials, ``past`` with ``today``: later dates are a doubt.

    >>> fix = fixer({}, {})
    >>> fix("2024年1月5日").value, fix("05/06/2023").doubt, fix("2023-02-30").doubt
    ('2024-01-05', 'date_ambiguous', 'date_impossible')
    """
    right = re.compile(shape(options)).fullmatch
    today = str(options.get("today", "")) if options.get("past") else ""
    nulls = null_words(words, "date")
    fakes = frozenset(row[0] for row in words.get("date_placeholders", ()))
    read = Reader(options).read

    def fix(text: str) -> Fix:
        if right(text):
            return Fix(text)
        quick = _YMD.fullmatch(text)
        if quick:
            value = f"{quick[1]}-{quick[3]:0>2}-{quick[4]:0>2}"
            if right(value):
                return Fix(value, "date_format")
        if is_null(text, nulls):
            return NULL
        plain = _bare(_plain(tidy(text)))
        value, doubt, rest = read(plain)
        if doubt == "placeholder" or value in fakes or plain in fakes:
            return PLACEHOLDER
        if today and value > today:
            doubt = "date_future"
        if doubt:
            return kept(text, doubt)
        fixed = became(text, value, "date_serial" if _SERIAL.fullmatch(plain) else "date_format")
        return Fix(fixed.value, fixed.why, rest=rest) if rest else fixed

    return fix


def untouched(options: Options, words: Words) -> Test:
    """Days of the shape that nobody uses for none."""
    return matching(shape(options), (row[0] for row in words.get("date_placeholders", ())))


def repairs(options: Options, words: Words) -> Repairs:
    """Year, month and day with one sort of mark between them; in Chinese numerals; the serials of spreadsheets."""
    marks = (("-", "-", ""), ("/", "/", ""), (r"\.", r"\.", ""), ("年", "月", "日"))
    forms = "|".join(f"{a}([0-9]{{1,2}}){b}([0-9]{{1,2}}){c}" for a, b, c in marks)

    def dashed(texts: pa.Array) -> pa.Array:
        padded = pc.replace_substring_regex(
            texts, f"^([0-9]{{4}})(?:{forms})$", "\\1\0000\\2\\4\\6\\8\0000\\3\\5\\7\\9"
        )
        return pc.replace_substring_regex(padded, r"\x000?([0-9]{2})", r"-\1")

    def numerals(texts: pa.Array) -> pa.Array:
        return dashed(mended(texts, _NUMERALS, _in_digits))

    first = (Reader(options).epoch - date(1970, 1, 1)).days

    def days(texts: pa.Array) -> pa.Array:
        return pc.add(texts.cast(pa.int32()), first).cast(pa.int32()).cast(pa.date32()).cast(pa.string())

    def serials(texts: pa.Array) -> pa.Array:
        return mended(texts, "^[2-5][0-9]{4}$", days)

    return (("date_format", dashed), ("date_format", numerals), ("date_serial", serials))


def _in_digits(texts: pa.Array) -> pa.Array:
    """Chinese numerals of a whole date as digits."""
    for pattern, digits in (
        ("([一二三])十([一二三四五六七八九])", r"\1\2"),
        ("([一二三])十", r"\1〇"),
        ("十([一二三四五六七八九])", r"一\1"),
    ):
        texts = pc.replace_substring_regex(texts, pattern, digits)
    for pattern, digit in (
        ("十", "10"),
        ("[零〇○]", "0"),
        *((c, str(n)) for n, c in enumerate("一二三四五六七八九", 1)),
    ):
        texts = pc.replace_substring_regex(texts, pattern, digit)
    return texts


def readings(options: Options, words: Words) -> Sequence[Reading]:
    """Days with a time of day behind, days to come, months, and days that can be read in two ways."""
    fakes = "|".join(re.escape(row[0]) for row in words.get("date_placeholders", ())) or _NOTHING
    timed = Reading(
        rf"(?P<value>{shape(options)}) (?P<rest>[012][0-9]:[0-5][0-9]:[0-5][0-9])",
        "date_format",
        never=(f"(?:{fakes}) .*", ".* 00:00:00"),
    )
    month = Reading("(?:19|20)[0-9]{2}年(?:0?[1-9]|1[0-2])月", doubt="date_incomplete", never=(fakes,))
    later = Reading(shape({}), doubt="date_future", never=(fakes,))
    same = "|".join(f"{n:02}/{n:02}/.*" for n in range(1, 13))
    either = Reading("(?:0[1-9]|1[0-2])/(?:0[1-9]|1[0-2])/[12][0-9]{3}", doubt="date_ambiguous", never=(same, fakes))
    return (
        timed,
        month,
        *((later,) if options.get("past") and options.get("today") else ()),
        *(() if Reader(options).order in ("dmy", "mdy") else (either,)),
    )


def observe(values: Mapping[str, int]) -> Counter[str]:
    """What the cells of a column say about the order of the parts, by count: ``long.dmy``, ``long.mdy`` and
    ``long.both`` where the year of four digits comes last, ``short.…`` (also ``ymd``) for two-digit years.

    >>> observe({"31/12/2023": 4, "05/06/2023": 2, "2024-01-05": 9})
    Counter({'long.dmy': 4, 'long.both': 2})
    """
    counts: Counter[str] = Counter()
    for text, count in values.items():
        if _YMD.match(text):
            continue
        match = _PARTS.match(_plain(text.strip()))
        if not match:
            continue
        long = len(match["c"]) == 4
        found = meanings(int(match["a"]), int(match["b"]), int(match["c"]), long)
        family = "long" if long else "short"
        if len(set(found.values())) == 1 and len(found) == 1:
            counts[f"{family}.{min(found)}"] += count
        elif len(set(found.values())) > 1:
            counts[f"{family}.both"] += count
    return counts


def decide(counts: Counter[str]) -> Decision:
    """An order is settled by at least three cells that allow only it, with none that allows only another.

    >>> decide(Counter({"long.dmy": 4, "long.both": 2})).options
    {'order': 'dmy'}
    >>> decide(Counter({"long.dmy": 4, "long.mdy": 1, "long.both": 2})).doubt
    'date_order_undecided'
    """
    options: dict[str, str] = {}
    doubt = ""
    for family, option in (("long", "order"), ("short", "short_order")):
        if not counts[f"{family}.both"]:
            continue
        sure = {order: counts[f"{family}.{order}"] for order in ("dmy", "mdy", "ymd") if counts[f"{family}.{order}"]}
        if len(sure) == 1 and min(sure.values()) >= SURE:
            options[option] = min(sure)
        else:
            doubt = "date_order_undecided"
    return Decision(options, doubt, ", ".join(f"{name}={counts[name]}" for name in sorted(counts) if counts[name]))


KIND = Kind(
    name="date",
    fixer=fixer,
    shape=shape,
    mask=lambda value: value[:2] + "*" * (len(value) - 2) if len(value) > 5 else "*" * len(value),
    options=frozenset({"order", "short_order", "two_digit", "epoch", "past", "today"}),
    observe=observe,
    decide=decide,
    untouched=untouched,
    repairs=repairs,
    readings=readings,
)
