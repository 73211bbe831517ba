"""Which encoding the bytes of a text file are in, judged on the whole file, with what speaks for it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

import numpy as np
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
SAMPLE = 200_000
JAPANESE = 0.7  # of the pairs are everyday ones of cp932, and hardly any of GBK
SPOKEN = 0.95  # of the characters of UTF-16 text are of scripts that lists are written in
MAINFRAME = 16  # bytes that are enough to tell its text
LEAST_CJK = 2  # characters of a line that is UTF-8 and no accident
CHUNK = 1 << 22
LONE = 0.5  # of the runs of bytes that are not ASCII are single ones in a word of plain letters
ODD = 0.25  # of such signs may stand where nobody writes them
WESTERN = ("cp1252", "mac_roman", "cp850")  # code pages of accented letters, the usual one first
SEVEN_BITS = (("hz", rb"~\{"), ("iso2022_jp", rb"\x1b\$"), ("utf-7", rb"\+[\w/]{3}"))  # and how they show themselves
_CJK = re.compile("[\u4e00-\u9fff]")
_PLAIN = re.compile("[A-Za-z0-9 .,;:'\"()/&@+_|\\n\\x85-]")
_EVERYDAY = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e\u00c0-\u00ff\u00a0]")
_TWO_BYTES = re.compile("[\u0080-\u07ff]")
_SPOKEN = re.compile("[\t\r\n -~\u00a0-\u00ff\u2010-\u203f\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e\uac00-\ud7a3]")
_KANA_OR_KANJI = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]|\x81[\x40-\xac]|[\x88-\x97][\x40-\x7e\x80-\xfc]")
_PAIR = re.compile(rb"[\x80-\xff][\x40-\xff]")
_RUN = re.compile(rb"[\x80-\xff]+")
_LONE = re.compile(
    rb"(?<![\x80-\xff])(?:(?<=[A-Za-z])[\x80-\xff](?=[A-Za-z])|(?<=[A-Za-z]{2})[\x80-\xff]|[\x80-\xff](?=[A-Za-z]{2}))"
    rb"(?![\x80-\xff])"
)
_CAPITAL, _SMALL = "À-ÖØ-ÞŒŠŽŸ", "à-öø-ÿœšž"
# Signs that stand between letters, and those that stand beside one at most.
_INSIDE, _OUTSIDE = "’‘·\xad–—", "\xa0¡¿«»‹›“”„‚…•°ºª§€£¥©®™²³¹½¼¾±×´µ"
_LETTER, _OTHER = f"A-Za-zß{_CAPITAL}{_SMALL}", f"[^\0-\x7fß{_CAPITAL}{_SMALL}{_INSIDE}{_OUTSIDE}]"
_ACCENTED = re.compile(f"[ß{_CAPITAL}{_SMALL}]")
# A capital behind a small letter or between a capital and a small one, a small letter before a capital, punctuation
# inside a word, any other sign beside a letter.
_OUT_OF_PLACE = re.compile(
    f"(?<=[a-z{_SMALL}])[{_CAPITAL}]|(?<=[A-Z])[{_CAPITAL}](?=[a-z])|[{_SMALL}](?=[A-Z])"
    f"|(?<=[a-z{_SMALL}])[–—](?=[a-z{_SMALL}])|(?<=[{_LETTER}])[{_OUTSIDE}](?=[{_LETTER}])"
    f"|{_OTHER}(?=[{_LETTER}])|(?<=[{_LETTER}]){_OTHER}"
)


@dataclass(frozen=True)
class Decoded:
    """The text, the encoding's name, how many bytes could not be read (shown as U+FFFD), what spoke for the encoding
    where it had to be judged, and the numbers of the lines that are in another one."""

    text: str
    encoding: str
    damaged: int = 0
    evidence: str = ""
    mixed: tuple[int, ...] = ()


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
            return (None if said else _seven_bits(data)) or Decoded(_lined(text), name)
    return _legacy(data)


def _lined(text: str) -> str:
    """The text with the line ends that we know, where it has those of a mainframe only."""
    return text if "\n" in text or "\x85" not in text else text.replace("\x85", "\n")


def _seven_bits(data: bytes) -> Decoded | None:
    """Text that is ASCII to the eye and holds Chinese or Japanese between signs that turn it on and off; None where it
    is plain, or anything that comes out is not everyday text."""
    for name, sign in SEVEN_BITS:
        if data.isascii() and re.search(sign, data) and (text := _strict(data, name)) is not None:
            strange = [c for c in text if not c.isascii()]
            if len(strange) > LEAST_CJK and all(_EVERYDAY.match(c) for c in strange):
                return Decoded(text, name, evidence="signs of seven bits")
    return None


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
    """UTF-16 without a mark: every other byte is mostly zero, or the text is one that people write."""
    head = data[: 4000 - 4000 % 2]
    if len(head) < 4 or b"\0" not in head:
        return None
    zeros = [head[i::2].count(0) / len(head[i::2]) for i in (0, 1)]
    if max(zeros) >= 0.2 and min(zeros) <= 0.05:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return next((name for name in ("utf-16-le", "utf-16-be") if _is_spoken(head, name)), None)


def is_wide(head: bytes) -> bool:
    """Whether the beginning of a file is UTF-16 without a mark.

    >>> is_wide("客户名称\\n".encode("utf-16-le")), is_wide(b"PK\\x03\\x04\\0\\0")
    (True, False)
    """
    return _wide(head) is not None


def is_ebcdic(head: bytes) -> bool:
    """Whether the beginning of a file is text of a mainframe, in which no byte means what it means elsewhere.

    >>> is_ebcdic("NAME,CITY\\nMILLER,BERLIN\\n".encode("cp037")), is_ebcdic("客户名称".encode("gbk"))
    (True, False)
    """
    plain = len(_PLAIN.findall(head.decode("cp037")))
    return len(head) > MAINFRAME and plain >= SPOKEN * len(head) and not re.search(rb"[ \r\n]", head)


def _is_spoken(head: bytes, name: str) -> bool:
    text = head[: len(head) - len(head) % 2].decode(name, "replace")
    return "\0" not in text and "\n" in text and len(_SPOKEN.findall(text)) >= SPOKEN * len(text)


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
    """Not UTF-8: lines of two encodings, accented letters, a code page of Chinese or Japanese, UTF-8 with a few damaged
    bytes, or what charset-normalizer says."""
    if _shows_utf8(data) and (mixed := _mixture(data)) is not None:
        return mixed
    sample = bytes(data[:SAMPLE])
    if (western := _western(sample)) is not None:
        found = _lenient(data, western)
        return replace(found, encoding=western.replace("_", "-"), evidence="accented letters among plain ones")
    shares = {name: _everyday(sample, name) for name in CHINESE}
    seen = ", ".join(f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda s: (-s[1], s[0])))
    if _japanese(sample) and (text := _strict(data, "cp932")) is not None:
        return Decoded(text, "cp932", evidence=f"kana and kanji of cp932; {seen}")
    for name in sorted(CHINESE, key=lambda n: -shares[n]):
        if shares[name] >= LIKELY and (text := _strict(data, name)) is not None:
            return Decoded(text, name, evidence=f"everyday characters: {seen}")
    tries = [_lenient(data, name) for name in ("utf-8", "gbk", "big5")]
    best = min(tries, key=lambda d: d.damaged)
    if best.damaged <= max(1, len(data) * TOLERATED) and max(shares.values()) >= LIKELY / 2:
        return best
    guess = from_bytes(sample).best()
    name = guess.encoding if guess is not None and guess.encoding in ELSEWHERE else "cp1252"
    text = _strict(data, name)
    return best if text is None else Decoded(text, name.replace("_", "-"), evidence=f"no Chinese code page: {seen}")


def _western(sample: bytes) -> str | None:
    """The code page in which the accented letters of a text stand where people write them; None where they are not
    single ones, as letters among plain ones are and halves of Chinese characters are not."""
    runs = len(_RUN.findall(sample))
    if len(_LONE.findall(sample)) < LONE * runs:
        return None
    texts = {name: sample.decode(name, "replace") for name in WESTERN}
    odd = {name: len(_OUT_OF_PLACE.findall(text)) for name, text in texts.items()}
    name = usual = WESTERN[0]
    if odd[usual] >= ODD * runs:
        name = max(WESTERN, key=lambda name: len(_ACCENTED.findall(texts[name])) - odd[name])
    return name if odd[name] <= ODD * runs else None


def _shows_utf8(data: bytes) -> bool:
    """Whether three Chinese characters of UTF-8 stand in a row somewhere, which other encodings hardly ever show."""
    for start in range(0, len(data), CHUNK):
        part = np.frombuffer(data, np.uint8, min(CHUNK + 8, len(data) - start), start)
        if len(part) < 9:
            return False
        lead = (part >= 0xE4) & (part <= 0xE9)
        tail = (part & 0xC0) == 0x80
        signs = lead[:-2] & tail[1:-1] & tail[2:]
        if bool((signs[:-6] & signs[3:-3] & signs[6:]).any()):
            return True
    return False


def _japanese(sample: bytes) -> bool:
    """Whether nearly all pairs are everyday ones of cp932 and hardly any of GBK or Big5."""
    pairs = len(_PAIR.findall(sample))
    core = sum(0xA1 <= pair[0] <= 0xD7 and pair[1] >= 0xA1 for pair in _PAIR.findall(sample))
    return pairs > 1 and core < 0.3 * pairs and len(_KANA_OR_KANJI.findall(sample)) >= JAPANESE * pairs


def _mixture(data: bytes) -> Decoded | None:
    """Lines of UTF-8 among lines of a Chinese code page (exports put together); None where that is not what it is."""
    lines = data.split(b"\n")
    texts = [_line_of_utf8(line) for line in lines]
    rest = [at for at, text in enumerate(texts) if text is None]
    if not rest or not any(text and _CJK.search(text) for text in texts):
        return None
    foreign = b"\n".join(lines[at] for at in rest)
    other = max(CHINESE, key=lambda name: _everyday(foreign[:SAMPLE], name))
    if _everyday(foreign[:SAMPLE], other) < LIKELY:
        return None
    damaged = 0
    for at in rest:
        decoded = _lenient(lines[at], other)
        texts[at], damaged = decoded.text, damaged + decoded.damaged
    fewer = rest if len(rest) <= len(lines) / 2 else [at for at in range(len(lines)) if at not in set(rest)]
    main, second = ("utf-8", other) if fewer is rest else (other, "utf-8")
    evidence = f"{len(lines) - len(rest)} lines utf-8, {len(rest)} lines {other}"
    mixed = tuple(at + 1 for at in fewer if not lines[at].isascii())
    return Decoded("\n".join(text or "" for text in texts), f"{main}+{second}", damaged, evidence, mixed)


def _line_of_utf8(line: bytes) -> str | None:
    """The line when it is ASCII or certainly UTF-8: Chinese characters, and nothing of two bytes that GBK may be."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if line.isascii():
        return text
    return text if len(_CJK.findall(text)) >= LEAST_CJK and not _TWO_BYTES.search(text) else None
