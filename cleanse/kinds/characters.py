"""Characters: what is invisible, what is a space, what is the same character in another width, and what says nothing.

Shared by all kinds, so that each of these questions has one answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.script import translated
from cleanse.model import Fix, Words

_EMOJI = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\U000e0020-\U000e007f\ufe0f"
_JOINING = "\u0600-\u08ff\u0900-\u0dff"  # scripts in which (non-)joiners are spelling: Arabic to Sinhala
# C0 and C1 controls but tab and line ends, soft hyphen, zero-width and bidi marks, fillers, BOM, lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\uffff\ud800-\udfff]".replace("\ufffd", "")
    + f"|(?<![{_EMOJI}{_JOINING}])[\u200c\u200d]|[\u200c\u200d](?![{_EMOJI}{_JOINING}])"
    + f"|(?<![{_EMOJI}0-9#*\u00a9\u00ae\u203c\u2049\u2122\u2139\u3400-\u9fff\U00020000-\U0003ffff])[\ufe00-\ufe0f]"
)
_REPLACEMENT = "\ufffd"
_LINE_END = re.compile("_x000[dD]_\n?|\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Printable to Python, and yet to be looked at.
_SUSPECT = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0]|_x000")

SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SPACE = re.compile(f"[{SPACES}]")
_FULL = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x00A0: " "}
_WIDE = f"[\uff01-\uff5e{SPACES}]"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－ー─━"), "-")
_DOTS = dict.fromkeys(map(ord, "。．｡・·•‧∙"), ".")
_CHINESE = dict(zip("零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖", "00012345678912123456789", strict=True))

_PUNCTUATION = re.compile(r"[-/\\_.。·…?？*~～—–=、，,;；:：|\s]+")
_WRAPPED = re.compile(r"[(（\[【<《「\"'“‘](.*)[)）\]】>》」\"'”’]", re.DOTALL)

LONGEST_NULL = 24
NULL = Fix(None, why="null_word")
PLACEHOLDER = Fix(None, why="placeholder")


def tidy(text: str) -> str:
    """``text`` without invisible and control characters and without outer white space; line ends become ``\\n``.

    Joiners and variation selectors inside emoji, and joiners in scripts that spell with them, stay.

    >>> tidy("\\ufeff 张\\u200b三\\r\\n"), tidy("👨\\u200d👩")
    ('张三', '👨\\u200d👩')
    """
    before = ""
    while before != text and not _is_tidy(text):
        before, text = text, _INVISIBLE.sub(_keep_replacement, _LINE_END.sub("\n", text)).strip()
    return text.strip()


def _is_tidy(text: str) -> bool:
    """Whether there is surely nothing to remove inside a text: the quick test that most cells pass."""
    one_line = text if text.isprintable() else text.replace("\n", "").replace("\t", "")
    return one_line.isprintable() and not _SUSPECT.search(text)


def _keep_replacement(match: re.Match[str]) -> str:
    """U+FFFD stands in the range of the invisible, but it is the visible mark of a character that was lost."""
    return _REPLACEMENT if match.group() == _REPLACEMENT else ""


# Of these no neighbour decides whether they go.
_ALWAYS = (
    r"[\x00-\x08\x0e-\x1f\x7f-\x{84}\x{86}-\x{9f}\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180e}\x{200b}\x{200e}"
    r"\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{3164}\x{feff}\x{ffa0}\x{fff9}-\x{fffb}]+"
)
_OUTER = "".join(c for c in map(chr, range(0x3001)) if c.isspace())


def tidied(texts: pa.Array) -> pa.Array:
    """``tidy`` for many texts at once, where no neighbour decides what goes: a text that a test of right values then
    accepts is what ``tidy`` makes of it; any other may be less than that.

    >>> tidied(pa.array(["\\ufeff 张\\u200b三\\r\\n", "a\\rb"])).to_pylist()
    ['张三', 'a\\rb']
    """
    visible = pc.replace_substring_regex(pc.replace_substring_regex(texts, _ALWAYS, ""), "_x000[dD]_", "\n")
    return pc.utf8_trim(visible, _OUTER)


def half_width(text: str) -> str:
    """Full-width digits, letters and punctuation in half width; every kind of space a plain one.

    >>> half_width("ＡＢ１２（３）\\u3000＠")
    'AB12(3) @'
    """
    return text if text.isascii() else _SPACE.sub(" ", translated(text, _FULL))


def halved(texts: pa.Array) -> pa.Array:
    """``half_width`` for many tidied texts at once (none of them holds a NUL, which parts them here).

    >>> halved(pa.array(["１２", "Ａ"])).to_pylist()
    ['12', 'A']
    """

    def narrow(wide: pa.Array) -> pa.Array:
        return pa.array(half_width("\x00".join(wide.to_pylist())).split("\x00"), pa.string())

    return mended(texts, _WIDE, narrow)


def mended(texts: pa.Array, pattern: str, mend: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The texts, of them mended those in which an RE2 pattern is found.

    >>> mended(pa.array(["1a", "b"]), "[0-9]", pc.ascii_upper).to_pylist()
    ['1A', 'b']
    """
    at = np.flatnonzero(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False))
    if not len(at):
        return texts
    taken = np.arange(len(texts))
    taken[at] = len(texts) + np.arange(len(at))
    return pa.concat_arrays([texts, mend(texts.take(pa.array(at)))]).take(pa.array(taken))


def plain_dashes(text: str) -> str:
    """Dashes, hyphens and minus signs of every sort as ``-``.

    >>> plain_dashes("010—8888－6666")
    '010-8888-6666'
    """
    return text if text.isascii() else text.translate(_DASHES)


def plain_dots(text: str) -> str:
    """Full-width, ideographic and middle dots as ``.``.

    >>> plain_dots("a。com")
    'a.com'
    """
    return text if text.isascii() else text.translate(_DOTS)


def arabic_digits(text: str) -> str:
    """Chinese digits, read one by one, as 0-9 (十 and 百 are no digits).

    >>> arabic_digits("二〇二四"), arabic_digits("幺三八")
    ('2024', '138')
    """
    return "".join(_CHINESE.get(c, c) for c in text)


def strip_outer(text: str, characters: str) -> str:
    """``text`` without white space and the given characters at both ends.

    >>> strip_outer("'13800000001; ", "';,")
    '13800000001'
    """
    before = ""
    while before != text:
        before, text = text, text.strip().strip(characters)
    return text


_LISTED = re.compile(
    r"^(?:[★☆※●■◆▲▪•*＊]+|[①-⑳]|\d{1,3}[.．、)）](?!\d)|[（(]\d{1,3}[)）])\s*(?=[\u3400-\u9fff“\"])", re.ASCII
)
_QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"|「([^「」]+)」|'([^']+)'|‘([^‘’]+)’")


def unmarked(text: str) -> str:
    """A name without what lists and copying put around it: a star or number in front, quotation marks around all of it,
    a full stop or comma behind.

    >>> [unmarked(t) for t in ("1、岚石有限公司。", "★“星渚”", "360公司", "“好味”餐厅")]
    ['岚石有限公司', '星渚', '360公司', '“好味”餐厅']
    """
    before = ""
    while before != text:
        before, text = text, _LISTED.sub("", text).strip().rstrip("。；;，,、")
        if quoted := _QUOTED.fullmatch(text):
            text = next(filter(None, quoted.groups())).strip()
    return text


def null_words(words: Words, kind: str) -> frozenset[str]:
    """The null words that hold for a kind, from the lexicon ``nulls`` (word, and the kinds it holds for; none or ``*``
    is every kind; ``-name`` is every kind but this)."""
    found = set()
    for word, *more in words.get("nulls", ()):
        kinds = more[0].split() if more and more[0] else ["*"]
        if kind in kinds or ("*" in kinds and f"-{kind}" not in kinds):
            found.add(_null_form(word))
    return frozenset(found)


def _null_form(text: str) -> str:
    return half_width(text).strip().casefold()


def is_null(text: str, nulls: frozenset[str]) -> bool:
    """Whether a cell says nothing: empty, nothing but dashes, slashes, dots and question marks, or a null word, bare or
    in brackets.

    >>> nulls = null_words({"nulls": (("无",), ("N/A",), ("0", "phone"))}, "text")
    >>> [is_null(t, nulls) for t in ("（无）", "n/a", "--", "0", "其他")]
    [True, True, True, False, False]
    """
    if len(text) > LONGEST_NULL + 2 and text[0].isalnum() and text[-1].isalnum() and text.isprintable():
        return False
    bare = tidy(text)
    if len(bare) > LONGEST_NULL:
        return _PUNCTUATION.fullmatch(bare) is not None
    if not bare or _PUNCTUATION.fullmatch(bare):
        return True
    form = _null_form(bare)
    if form in nulls:
        return True
    wrapped = _WRAPPED.fullmatch(bare)
    if wrapped:
        return is_null(wrapped.group(1), nulls)
    return form.rstrip("。.!！，,;；") in nulls


def kept(text: str, doubt: str = "") -> Fix:
    """The text as it was typed, only without invisible dirt, with a doubt for a person.

    >>> kept(" x ", "some_doubt")
    Fix(value='x', why='dirt_removed', doubt='some_doubt', rest='', parts=())
    """
    return became(text, tidy(text), "dirt_removed", doubt)


def became(text: str, value: str, why: str, doubt: str = "") -> Fix:
    """``text`` became ``value``: ``why`` counts where they differ, and is ``dirt_removed`` where only dirt went."""
    if value == text:
        return Fix(text, doubt=doubt)
    return Fix(value, why="dirt_removed" if value == tidy(text) else why, doubt=doubt)


def mask_text(value: str, head: int = 1, tail: int = 1) -> str:
    """``value`` with all but a few characters at its ends starred, never more than a third of it shown.

    >>> mask_text("13812345678", 3, 4), mask_text("张三"), mask_text("ab")
    ('1********78', '**', '**')
    """
    room = len(value) // 3
    tail = min(tail, (room + 1) // 2)
    head = min(head, room - tail)
    return value[:head] + "*" * (len(value) - head - tail) + (value[-tail:] if tail else "")


def surnames(words: Words) -> frozenset[str]:
    """The Chinese surnames of the lexicon ``surnames``, compound ones too."""
    return frozenset(row[0] for row in words.get("surnames", ()))


# Rare surnames that are everyday words: beside a number they begin a remark (经常, 后天, 空闲) and not a name.
_EVERYDAY = frozenset(
    "水花时和明山能通从国都别家强经广空后公益战库区干养车双相须红么门母乃南台脱西线信续言药衣占招折过练令归海官次"
)
_LATIN_NAME = re.compile(
    r"(?!(?i:.*\b(?:tel|fax|mob|mobile|phone|office|desk|sales|dept|room|ext|service|hotline|main|number|home|work)\b))"
    r"(?:(?:Mr|Mrs|Ms|Dr)\.? )?[A-ZÀ-Þ][A-Za-zÀ-ɏ'\-]+(?: [A-ZÀ-Þ][A-Za-zÀ-ɏ'.\-]*){1,3}"
)
_HAN = re.compile("[\u3400-\u9fff·]+")
_TITLED = re.compile(
    "[\u4e00-\u9fff]{1,4}?(?:先生|女士|小姐|老师|同志|师傅|老板|老板娘|总|工|董|董事长|总经理|副总|经理|主任|主管|处长|科长|部长|院长|校长|厂长|店长|所长|会计|医生)"
)


def is_person_name(text: str, known: frozenset[str], notes: re.Pattern[str] | None = None) -> bool:
    """Whether a text beside a number is clearly a person's name: a known Chinese surname and one or two characters, or
    with a title; two to four capitalised Latin words. A text in which ``notes`` is found is a remark.

    >>> known = frozenset({"张", "周", "欧阳"})
    >>> [is_person_name(t, known, re.compile("打")) for t in ("张三", "张经理", "欧阳修文", "周一打", "老板娘")]
    [True, True, True, False, False]
    """
    if text[:1] < "\u0250":
        return _LATIN_NAME.fullmatch(text) is not None
    bare = text.replace(" ", "") if len(text) < 12 else text
    surname = next((s for s in (bare[:2], bare[:1]) if s in known and s not in _EVERYDAY), "")
    if not surname or (notes is not None and notes.search(bare)):
        return False
    given = len(bare) - len(surname)
    if 1 <= given <= 2 and _HAN.fullmatch(bare):
        return True
    return given <= 5 and _TITLED.fullmatch(bare) is not None


def matching(pattern: str, never: Iterable[str] = ()) -> Callable[[pa.Array], np.ndarray]:
    """A test of many texts at once: they match an RE2 pattern from end to end and are none of ``never``.

    >>> matching("[0-9]+", ["00"])(pa.array(["1", "00", "a"])).tolist()
    [True, False, False]
    """
    without = pa.array(sorted(never), pa.string())

    def test(texts: pa.Array) -> np.ndarray:
        good = pc.match_substring_regex(texts, f"^(?:{pattern})$")
        if len(without):
            good = pc.and_(good, pc.invert(pc.is_in(texts, value_set=without)))
        return np.asarray(good.to_numpy(zero_copy_only=False), dtype=bool)

    return test
