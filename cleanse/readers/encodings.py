"""Which encoding the bytes of a text file are in, judged on the whole file."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ALIASES = {"gb2312": "gbk", "cp936": "gbk", "x-gbk": "gbk", "big5-hkscs": "big5hkscs", "iso-8859-1": "cp1252"}
WIDENED = {"gbk": "gb18030", "big5": "big5hkscs"}  # the wider tables that hold the narrower ones
COMMON = {"gbk": (0xB0, 0xD7), "big5": (0xA4, 0xC6)}  # lead bytes of each standard's level of everyday characters
LIKELY = 0.6
TOLERATED = 0.001  # of the bytes may be damaged


@dataclass(frozen=True)
class Decoded:
    """The text, the encoding's name, and how many bytes could not be read (shown as U+FFFD)."""

    text: str
    encoding: str
    damaged: int = 0


def decode(data: bytes, said: str = "") -> Decoded:
    """The text of a file. ``said`` is an encoding that a person or the file itself names; it stands if it fits.

    >>> decode("客户名称,电话".encode("gbk")).encoding
    'gbk'
    >>> decode("客户名稱".encode("utf-8-sig")).text
    '客户名稱'
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return _lenient(data, name)
    if (wide := _wide(data)) is not None:
        return _lenient(data, wide)
    said = ALIASES.get(said.strip().lower(), said.strip().lower())
    for name in dict.fromkeys(filter(None, (said, "utf-8"))):
        if (text := _strict(data, name)) is not None:
            return Decoded(text, name)
    return _legacy(data)


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        wider = WIDENED.get(name)
        return _strict(data, wider) if wider else None
    except LookupError:
        return None


def _lenient(data: bytes, name: str) -> Decoded:
    text = _strict(data, name)
    if text is None:
        text = data.decode(WIDENED.get(name, name), "replace")
        return Decoded(text, name, max(1, text.count("\ufffd")))
    return Decoded(text, name)


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is mostly zero."""
    head = data[:4000]
    if len(head) < 4 or b"\0" not in head:
        return None
    zeros = [head[i::2].count(0) / len(head[i::2]) for i in (0, 1)]
    if max(zeros) < 0.2 or min(zeros) > 0.05:
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _everyday(data: bytes, name: str) -> float:
    """The share of non-ASCII pairs whose lead byte belongs to everyday characters or signs of the standard."""
    low, high = COMMON[name]
    signs = range(0xA1, 0xA4)
    good = pairs = i = 0
    while i < len(data):
        lead = data[i]
        if lead < 0x80:
            i += 1
            continue
        trail = data[i + 1] if i + 1 < len(data) else 0
        pairs += 1
        good += (low <= lead <= high or lead in signs) and (trail >= 0xA1 or (name == "big5" and 0x40 <= trail <= 0x7E))
        i += 2
    return good / pairs if pairs else 0.0


def _legacy(data: bytes) -> Decoded:
    """Not UTF-8: a Chinese code page, UTF-8 with a few damaged bytes, or what charset-normalizer says."""
    sample = bytes(data[:200_000])
    shares = {name: _everyday(sample, name) for name in COMMON}
    for name in sorted(COMMON, key=lambda n: -shares[n]):
        if shares[name] >= LIKELY and (text := _strict(data, name)) is not None:
            return Decoded(text, name)
    tries = [_lenient(data, name) for name in ("utf-8", "gbk", "big5")]
    best = min(tries, key=lambda d: d.damaged)
    if best.damaged <= max(1, len(data) * TOLERATED) and max(shares.values()) >= LIKELY / 2:
        return best
    guess = from_bytes(sample).best()
    if guess is not None and (text := _strict(data, guess.encoding)) is not None:
        return Decoded(text, guess.encoding.replace("_", "-"))
    return best
