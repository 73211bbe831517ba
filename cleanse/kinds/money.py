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
from cleanse.kinds.numerals import DIGITS, NUMBER, NUMERALS, UNIT, decimal, sections, spelt, written
from cleanse.kinds.numerals import plain as plain_number
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
_SWISS = re.compile(r"(?<=\d)['’](?=\d{3}(?:\D|$))")
_UNITED = re.compile(UNIT)
_ACCOUNTING = re.compile(rf"\(({NUMBER})\)", re.ASCII)
_BRACKETED_UNIT = re.compile(r"\((万?元|[万亿])\)$")
_TAIL = re.compile("(?:元整|圆整|块钱|元人民币|元|圆|圓|块|整)$")
_VAGUE = re.compile(
    r"[约近超余多几数~～>＞<＜≥≤≈±]|左右|上下|以[上下内]|大概|大约|不到|不足|至少|至多|最[多少]|起$|\+$|\d\s*[-—–至到]\s*\d"
)
_AS = str.maketrans("−萬億", "-万亿")
_SPELT = re.compile(f"[{NUMERALS}]+")
_CAPITAL = re.compile(
    "(?P<whole>[零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖两貳參陸十拾百佰千仟万萬亿億]+)(?:[元圆圓])?零?"
    "(?:(?P<jiao>[一二三四五六七八九壹贰叁肆伍陆柒捌玖两])角)?零?(?:(?P<fen>[一二三四五六七八九壹贰叁肆伍陆柒捌玖两])分)?[整正]?"
)


def amount(plain: str, unit: int) -> Decimal | None:
    """The amount of a folded text without currency; ``unit`` counts where the text names none. None: not an amount."""
    bare = _TAIL.sub("", plain)
    explicit = bare != plain
    number = plain_number(bare)
    if number is not None:
        return number * (1 if explicit else unit)
    match = _ACCOUNTING.fullmatch(bare)
    if match:
        return -decimal(match[1]) * unit
    total = sections(bare)
    if total is not None:
        return total
    capital = _CAPITAL.fullmatch(plain)
    whole = spelt(capital["whole"]) if capital else None
    if capital is None or whole is None or not _SPELT.search(plain):
        return None
    cents = 10 * int(DIGITS.get(capital["jiao"] or "", "0")) + int(DIGITS.get(capital["fen"] or "", "0"))
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
        plain = strip_outer(half_width(tidy(text)).lower().translate(_AS), "'’‘`\"，,;；。")
        if plain in fakes:
            return PLACEHOLDER
        foreign = _foreign(plain, currency)
        bare = re.sub(r"\s+", "", _CURRENCY.get(currency, _CURRENCY["CNY"]).sub("", plain, count=1))
        bare = _BRACKETED_UNIT.sub(r"\1", _SWISS.sub("", bare))
        bare = bare.replace("元", "", 1) if bare.endswith("元整") and currency != "CNY" else bare
        if foreign or len(bare) > 40:
            return kept(text, "money_foreign" if foreign else "money_unclear")
        with localcontext() as context:
            context.prec = 80
            number = amount(bare, unit)
            value = "" if number is None else written(number)
        if re.fullmatch(SHAPE, value):
            return became(text, value, "money_unit" if _UNITED.search(bare) or unit != 1 else "money_format")
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
