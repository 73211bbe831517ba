"""Number formats of an xlsx package that show leading zeros: 123 under the format 00000 is seen as 00123."""

from __future__ import annotations

import re

from lxml import etree

ZEROS = re.compile(r"0{2,}(?:;.*)?|\[[^\]]*\]0{2,}")
STYLES = "xl/styles.xml"


def zero_formats(styles: bytes) -> dict[int, int]:
    """Style number -> digits shown, for formats that are nothing but zeros; empty where the part is damaged.

    >>> zero_formats(b'<s><numFmts><numFmt numFmtId="170" formatCode="00000"/></numFmts>'
    ...              b'<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></s>')
    {1: 5}
    """
    try:
        tree = etree.fromstring(styles, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return {}
    codes = {f.get("numFmtId"): f.get("formatCode", "") for f in tree.iter("{*}numFmt")}
    widths = {key: code.split(";")[0].count("0") for key, code in codes.items() if ZEROS.fullmatch(code)}
    formats = [xf.get("numFmtId") for xf in tree.iterfind("{*}cellXfs/{*}xf")]
    return {number: widths[key] for number, key in enumerate(formats) if key in widths}


def padded_cells(formats: dict[int, int]) -> re.Pattern[bytes] | None:
    """What finds the whole numbers under such formats: column letters, row, style number."""
    if not formats:
        return None
    numbers = b"|".join(str(n).encode() for n in formats)
    return re.compile(
        rb'<(?:\w+:)?c (?=[^>]*\bs="(' + numbers + rb')")(?![^>]*\bt="(?!n"))[^>]*?\br="([A-Z]+)(\d+)"[^>]*>'
        rb"(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>\d+</v>"
    )
