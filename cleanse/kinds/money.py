"""Amounts of money as a plain number of the currency's unit: no separators, no trailing zeros, exact.

An amount that is only about right (约100万, 100-200万) or in another currency is a doubt: nobody knows what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, localcontext

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import NULL, PLACEHOLDER, became, half_width, is_null, kept, null_words, strip_outer, tidy
from cleanse.model import Fix, Kind, Options, Repairs, Words

SHAPE = r"(?:0|-?(?:[1-9][0-9]{0,29}(?:\.[0-9]{0,5}[1-9])?|0\.[0-9]{0,5}[1-9]))"
NEVER = r"[^\s\S]"

_CURRENCIES = {
    "CNY": r"cny|rmb|cn¥|人民币|¥|￥",
    "HKD": r"hkd|hk\$|港币|港元|港幣",
    "TWD": r"twd|ntd|nt\$|新?台币|新?臺幣",
    "MOP": r"mop|澳门币|澳门元",
    "SGD": r"sgd|s\$|新加坡元|新币",
    "JPY": r"jpy|日元|日圆|日圓",
    "EUR": r"eur|euros?|欧元|€",
    "GBP": r"gbp|英镑|£",
    "AUD": r"aud|a\$|澳元",
    "CAD": r"cad|c\$|加元",
    "KRW": r"krw|韩元|₩",
    "USD": r"usd|us\$|美元|美金|美刀|dollars?|\$",
}
_CURRENCY = {code: re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])") for code, pattern in _CURRENCIES.items()}
_MARKED = re.compile("[^0-9.,()+\\-\\s万亿千百元¥￥]")  # what a currency of any name is written with
_UNITS = {
    "万亿": 10**12, "千亿": 10**11, "百亿": 10**10, "十亿": 10**9, "亿": 10**8, "千万": 10**7, "百万": 10**6,
    "十万": 10**5, "万": 10**4, "w": 10**4, "千": 10**3, "k": 10**3, "百": 100,
}  # fmt: skip
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_UNIT = "|".join(_UNITS)
_PLAIN = re.compile(rf"([+\-]?)({_NUMBER})(?:e\+?(\d{{1,2}}))?", re.ASCII)
_SECTIONS = re.compile(rf"([+\-]?)((?:(?:{_NUMBER})(?:{_UNIT}))+)(?:{_NUMBER})?", re.ASCII)
_SECTION = re.compile(rf"({_NUMBER})({_UNIT})", re.ASCII)
_ACCOUNTING = re.compile(rf"\(({_NUMBER})\)", re.ASCII)
_TAIL = re.compile("(?:元整|圆整|块钱|元人民币|元|圆|圓|块|整)$")
_VAGUE = re.compile(
    r"[约近超余多几数~～>＞<＜≥≤≈±]|左右|上下|以[上下内]|大概|大约|不到|不足|至少|至多|最[多少]|起$|\+$|\d\s*[-—–至到]\s*\d"
)
_DIGITS = dict(zip("零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖两貳參陸", "001234567891234567892236", strict=True))
_STEPS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SPELT = re.compile("[零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖两貳參陸十拾百佰千仟万萬亿億]+")
_CAPITAL = re.compile(
    "(?P<whole>[零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖两貳參陸十拾百佰千仟万萬亿億]+)(?:[元圆圓])?零?"
    "(?:(?P<jiao>[一二三四五六七八九壹贰叁肆伍陆柒捌玖两])角)?零?(?:(?P<fen>[一二三四五六七八九壹贰叁肆伍陆柒捌玖两])分)?[整正]?"
)


def _written(number: Decimal) -> str:
    """A number without exponent and trailing zeros."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _settled(number: Decimal) -> Decimal:
    """Binary noise of a spreadsheet (1250.4000000000001) taken back; any other number as it is."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent <= -8 and len(number.as_tuple().digits) >= 15:
        cents = number.quantize(Decimal("0.01"))
        if abs(cents - number) < Decimal("0.000001"):
            return cents
    return number


def spelt(text: str) -> int | None:
    """A whole number in Chinese numerals, small or capital; None where they do not make one.

    >>> spelt("壹万贰仟叁佰肆拾伍"), spelt("五十万"), spelt("一亿零三百万"), spelt("万")
    (12345, 500000, 103000000, None)
    """
    total = section = digit = 0
    seen = False
    for c in text:
        if c in _DIGITS:
            if digit:
                return None
            digit, seen = int(_DIGITS[c]), True
        elif c in _STEPS:
            section += (digit or 1) * _STEPS[c]
            digit, seen = 0, True
        elif not seen:
            return None
        elif c in "万萬":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    return total + section + digit if seen and any(c in _DIGITS or c in "十拾" for c in text) else None


def amount(plain: str, unit: int) -> Decimal | None:
    """The amount of a folded text without currency; ``unit`` counts where the text names none. None: not an amount."""
    bare = _TAIL.sub("", plain)
    explicit = bare != plain
    match = _PLAIN.fullmatch(bare)
    if match:
        number = _settled(_decimal(match[2])).scaleb(int(match[3] or 0))
        return (-number if match[1] == "-" else number) * (1 if explicit else unit)
    match = _ACCOUNTING.fullmatch(bare)
    if match:
        return -_settled(_decimal(match[1])) * unit
    match = _SECTIONS.fullmatch(bare)
    if match:
        sections = _SECTION.findall(match[2])
        units = [_UNITS[u] for _, u in sections]
        if match.end(2) != len(bare) or units != sorted(set(units), reverse=True):
            return None
        total = sum((_decimal(n) * _UNITS[u] for n, u in sections), Decimal(0))
        return -total if match[1] == "-" else total
    capital = _CAPITAL.fullmatch(plain)
    whole = spelt(capital["whole"]) if capital else None
    if capital is None or whole is None or not _SPELT.search(plain):
        return None
    cents = 10 * int(_DIGITS.get(capital["jiao"] or "", "0")) + int(_DIGITS.get(capital["fen"] or "", "0"))
    return Decimal(whole) + Decimal(cents) / 100


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Options: ``unit``, what a bare number counts (10000 under a header that says 万元; a unit in the cell goes before
    it); ``currency``, the one the column is in (default CNY).

    With a ``unit`` other than 1 the text is read in the source's unit, so that such a fix is applied once only.

    >>> fix = fixer({}, {})
    >>> fix("￥1,250,000.00").value, fix("36.5万元").value, fix("约100万").doubt
    ('1250000', '365000', 'money_approximate')
    """
    unit, currency = int(options.get("unit", 1)), str(options.get("currency", "CNY"))
    right = re.compile(SHAPE).fullmatch if unit == 1 else re.compile("(?!)").fullmatch
    nulls = null_words(words, "money")
    fakes = frozenset(row[0] for row in words.get("money_placeholders", ()))

    def fix(text: str) -> Fix:
        if right(text):
            return Fix(text)
        if is_null(text, nulls):
            return NULL
        plain = strip_outer(half_width(tidy(text)).lower().replace("−", "-"), "'’‘`\"，,;；。")
        if plain in fakes:
            return PLACEHOLDER
        foreign = _foreign(plain, currency)
        bare = re.sub(r"\s+", "", _CURRENCY.get(currency, _CURRENCY["CNY"]).sub("", plain, count=1))
        bare = bare.replace("元", "", 1) if bare.endswith("元整") and currency != "CNY" else bare
        if foreign or len(bare) > 40:
            return kept(text, "money_foreign" if foreign else "money_unclear")
        with localcontext() as context:
            context.prec = 80
            number = amount(bare, unit)
            value = "" if number is None else _written(number)
        if re.fullmatch(SHAPE, value):
            return became(text, value, "money_unit" if re.search(_UNIT, bare) or unit != 1 else "money_format")
        return kept(text, "money_approximate" if _VAGUE.search(bare) else "money_unclear")

    return fix


def _foreign(plain: str, currency: str) -> bool:
    """Whether the text names another currency than the column's."""
    if currency == "CNY" and not _MARKED.search(plain):
        return False
    if currency in _CURRENCY:
        plain = _CURRENCY[currency].sub("", plain)
    return any(pattern.search(plain) for code, pattern in _CURRENCY.items() if code != currency)


def repairs(options: Options, words: Words) -> Repairs:
    """Whole amounts with a currency sign, commas between thousands, or 万元 behind them."""
    grouped = "^[￥¥]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]*)元?$"

    def bare(texts: pa.Array) -> pa.Array:
        return pc.if_else(
            pc.match_substring_regex(texts, grouped), pc.replace_substring_regex(texts, "[￥¥,元]", ""), ""
        )

    def whole(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(texts, "^[￥¥]?([1-9][0-9]*)万元?$", r"\10000")

    yuan = options.get("currency", "CNY") == "CNY"
    return (("money_format", bare), ("money_unit", whole)) if yuan else ()


def _shape(options: Options) -> str:
    return SHAPE if int(options.get("unit", 1)) == 1 else NEVER


KIND = Kind(
    name="money",
    fixer=fixer,
    shape=_shape,
    mask=lambda value: "*" * len(value),
    options=frozenset({"unit", "currency"}),
    repairs=repairs,
)
