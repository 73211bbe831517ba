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
CHINESE = ("gbk", "big5")
ELSEWHERE = frozenset({"cp932", "shift_jis", "euc_jp", "cp949", "euc_kr", "cp1251", "koi8_r", "cp1253"})
RARE = 0.8  # what a pair of the rarer characters of GBK weighs
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
    """How much the non-ASCII pairs look like signs and characters of the standard, everyday ones most: 0 to 1."""
    weigh = _weigh_gbk if name == "gbk" else _weigh_big5
    score, pairs, i = 0.0, 0, 0
    while i < len(data):
        if data[i] < 0x80:
            i += 1
            continue
        pairs += 1
        score += weigh(data[i], data[i + 1] if i + 1 < len(data) else 0)
        i += 2
    return score / pairs if pairs else 0.0


def _weigh_gbk(lead: int, trail: int) -> float:
    if trail >= 0xA1:
        return 1.0 if 0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3 else RARE * (lead >= 0xD8)
    return RARE * (0x81 <= lead <= 0xA0 and trail >= 0x40)


def _weigh_big5(lead: int, trail: int) -> float:
    return float((0xA1 <= lead <= 0xC6) and (trail >= 0xA1 or 0x40 <= trail <= 0x7E))


def _legacy(data: bytes) -> Decoded:
    """Not UTF-8: a Chinese code page, UTF-8 with a few damaged bytes, or what charset-normalizer says."""
    sample = bytes(data[:200_000])
    shares = {name: _everyday(sample, name) for name in CHINESE}
    for name in sorted(CHINESE, key=lambda n: -shares[n]):
        if shares[name] >= LIKELY and (text := _strict(data, name)) is not None:
            return Decoded(text, name)
    tries = [_lenient(data, name) for name in ("utf-8", "gbk", "big5")]
    best = min(tries, key=lambda d: d.damaged)
    if best.damaged <= max(1, len(data) * TOLERATED) and max(shares.values()) >= LIKELY / 2:
        return best
    guess = from_bytes(sample).best()
    name = guess.encoding if guess is not None and guess.encoding in ELSEWHERE else "cp1252"
    text = _strict(data, name)
    return best if text is None else Decoded(text, name.replace("_", "-"))
