"""Numbers as they are written: with separators, in 万 and 亿, in Chinese numerals small and capital; exact."""

from __future__ import annotations

import re
from decimal import Decimal

UNITS = {
    "万亿": 10**12, "千亿": 10**11, "百亿": 10**10, "十亿": 10**9, "亿": 10**8, "千万": 10**7, "百万": 10**6,
    "十万": 10**5, "万": 10**4, "w": 10**4, "千": 10**3, "k": 10**3, "百": 100,
}  # fmt: skip
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
UNIT = "|".join(UNITS)
DIGITS = dict(zip("零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖两貳參陸", "001234567891234567892236", strict=True))
NUMERALS = "零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖两貳參陸十拾百佰千仟万萬亿億"
_STEPS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SPOKEN = re.compile("[百佰千仟万萬亿億][一二三四五六七八九壹贰叁肆伍陆柒捌玖两貳參陸]$")
_PLAIN = re.compile(rf"([+\-]?)({NUMBER})(?:e\+?(\d{{1,2}}))?", re.ASCII)
_SECTIONS = re.compile(rf"([+\-]?)((?:(?:{NUMBER})(?:{UNIT}))+)(?:{NUMBER})?", re.ASCII)
_SECTION = re.compile(rf"({NUMBER})({UNIT})", re.ASCII)


def written(number: Decimal) -> str:
    """A number without exponent and trailing zeros.

    >>> written(Decimal("12.50")), written(Decimal("-0.0"))
    ('12.5', '0')
    """
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def decimal(text: str) -> Decimal:
    """A written number with its commas, binary noise of a spreadsheet (1250.4000000000001) taken back."""
    number = Decimal(text.replace(",", ""))
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent <= -8 and len(number.as_tuple().digits) >= 15:
        cents = number.quantize(Decimal("0.01"))
        if abs(cents - number) < Decimal("0.000001"):
            return cents
    return number


def plain(text: str) -> Decimal | None:
    """A number in digits, with a sign, commas between thousands and an exponent.

    >>> plain("-1,250.50"), plain("1.2e+06"), plain("12,50")
    (Decimal('-1250.50'), Decimal('1.2E+6'), None)
    """
    match = _PLAIN.fullmatch(text)
    if not match:
        return None
    number = decimal(match[2]).scaleb(int(match[3] or 0))
    return -number if match[1] == "-" else number


def sections(text: str) -> Decimal | None:
    """Digits with 万, 亿 and their like, the larger before the smaller.

    >>> sections("1亿2000万"), sections("3.5万"), sections("3万2亿")
    (Decimal('120000000'), Decimal('35000.0'), None)
    """
    match = _SECTIONS.fullmatch(text)
    if not match:
        return None
    found = _SECTION.findall(match[2])
    units = [UNITS[u] for _, u in found]
    if match.end(2) != len(text) or units != sorted(set(units), reverse=True):
        return None
    total = sum((Decimal(n.replace(",", "")) * UNITS[u] for n, u in found), Decimal(0))
    return -total if match[1] == "-" else total


def spelt(text: str) -> int | None:
    """A whole number in Chinese numerals, small or capital; None where they do not make one, or are spoken: 三千五 is 3500,
    not 3005.

    >>> spelt("壹万贰仟叁佰肆拾伍"), spelt("五十万"), spelt("一亿零三百万"), spelt("万"), spelt("三千五")
    (12345, 500000, 103000000, None, None)
    """
    if _SPOKEN.search(text):
        return None
    total = section = digit = 0
    seen = False
    for c in text:
        if c in DIGITS:
            if digit:
                return None
            digit, seen = int(DIGITS[c]), True
        elif c in _STEPS:
            section += (digit or 1) * _STEPS[c]
            digit, seen = 0, True
        elif not seen or c not in NUMERALS:
            return None
        elif c in "万萬":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    return total + section + digit if seen and any(c in DIGITS or c in "十拾" for c in text) else None


def number(text: str) -> Decimal | None:
    """A number in any of these forms.

    >>> number("1.2万"), number("三百"), number("几百")
    (Decimal('12000.0'), Decimal('300'), None)
    """
    found = plain(text)
    if found is None:
        found = sections(text)
    if found is None and text:
        whole = spelt(text)
        found = None if whole is None else Decimal(whole)
    return found
