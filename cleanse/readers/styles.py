"""Number formats that show more than a number: 123 under 00000 is seen as 00123, under "KH-"0000 as KH-0123, .25 under 0% as
25%. Such a cell is read as it is seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from lxml import etree

from cleanse.readers.cells import number_text

STYLES = "xl/styles.xml"
PERCENT = "%"
DIGIT = "\0"  # stands in a mask for one digit
BUILT_IN: Mapping[int, str] = {9: "0%", 10: "0.00%"}
_PERCENT = re.compile(r"(?:#,##)?0(?:\.0+)?%")
_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<zero>0)|(?P<plain>[-() :])|\[\$[^\]]*\]|\[(?i:[a-z]+\d*)\]|_.')

Masked = tuple[int, int, str]  # row and column from 1, mask


def mask(code: str) -> str:
    """The mask of a format code: its text with DIGIT for every 0, or PERCENT; '' where it shows a number as any other.

    >>> mask('"KH-"0000').replace(DIGIT, "#"), mask("000-0000-0000;@").replace(DIGIT, "#"), mask("0.0%"), mask("0"), mask("#,##0")
    ('KH-####', '###-####-####', '%', '', '')
    """
    if _PERCENT.fullmatch(code):
        return PERCENT
    at, shown = 0, ""
    while at < len(code) and code[at] != ";":
        token = _TOKEN.match(code, at)
        if token is None:
            return ""
        shown += DIGIT if token["zero"] else next((text for text in token.group("quoted", "escaped", "plain") if text), "")
        at = token.end()
    return shown if shown.count(DIGIT) > 1 else ""


def seen(value: float, under: str) -> str:
    """A number as it is seen under a mask.

    >>> seen(123, mask("00000")), seen(13812345678, mask("000-0000-0000")), seen(0.255, "%"), seen(-1, mask("00")), seen(1.5, mask("00"))
    ('00123', '138-1234-5678', '25.5%', '-1', '1.5')
    """
    text = number_text(value)
    if under == PERCENT:
        return f"{number_text(float(Decimal(text or '0') * 100))}%"
    if not text.isdecimal():
        return text
    digits, places = list(text.zfill(under.count(DIGIT))), under.count(DIGIT)
    head = "".join(digits[: len(digits) - places + 1])
    rest = iter([head, *digits[len(digits) - places + 1 :]])
    return "".join(next(rest) if sign == DIGIT else sign for sign in under)


def of_styles(formats: Iterable[int], codes: Mapping[int, str]) -> dict[int, str]:
    """Style number -> mask, of the styles' format numbers in order and of the file's own format codes."""
    masks = {number: found for number, code in {**BUILT_IN, **codes}.items() if (found := mask(code))}
    return {style: masks[number] for style, number in enumerate(formats) if number in masks}


def of_package(styles: bytes) -> dict[int, str]:
    """The same, of the part of an xlsx package that holds its styles; empty where that is damaged.

    >>> found = of_package(b'<s><numFmts><numFmt numFmtId="170" formatCode="00000"/></numFmts>'
    ...                    b'<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></s>')
    >>> {style: seen(123, mask) for style, mask in found.items()}
    {1: '00123'}
    """
    try:
        tree = etree.fromstring(styles, etree.XMLParser(resolve_entities=False, no_network=True))
        codes = {int(f.get("numFmtId", "")): f.get("formatCode", "") for f in tree.iter("{*}numFmt")}
        return of_styles([int(xf.get("numFmtId", "0")) for xf in tree.iterfind("{*}cellXfs/{*}xf")], codes)
    except (etree.XMLSyntaxError, ValueError):
        return {}


def masked_cells(masks: Mapping[int, str]) -> re.Pattern[bytes] | None:
    """What finds the numbers under such formats in a sheet: style number, column letters, row."""
    if not masks:
        return None
    numbers = b"|".join(str(n).encode() for n in masks)
    return re.compile(
        rb'<(?:\w+:)?c (?=[^>]*\bs="(' + numbers + rb')")(?![^>]*\bt="(?!n"))[^>]*?\br="([A-Z]+)(\d+)"[^>]*>'
        rb"(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>[0-9.E+\-]+</v>"
    )
