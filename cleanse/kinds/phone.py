"""Telephone numbers: mobile, landline, service and foreign numbers found in a cell, in one canonical form each.

Numbering plan: the metadata of phonenumbers (its sources are the ITU and the national regulators). Chinese forms go
through patterns made from that metadata; phonenumbers itself is asked only about foreign numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    halved,
    is_null,
    is_person_name,
    kept,
    mask_text,
    matching,
    null_words,
    strip_outer,
    surnames,
    tidy,
)
from cleanse.kinds.phone_words import (
    LETTERED,
    LETTERS,
    MASKED,
    SCIENTIFIC,
    SEQUENCES,
    Found,
    Number,
    Vocabulary,
    all_but,
    any_of,
    assemble,
    between,
    digits_of,
    exact,
    filler,
    folded,
    one_of,
)
from cleanse.model import Fix, Kind, Options, Reading, Repairs, Test, Words

_CHINA: Any = PhoneMetadata.metadata_for_region("CN")
_MOBILE = re.compile(_CHINA.mobile.national_number_pattern)
_FIXED = re.compile(_CHINA.fixed_line.national_number_pattern)


def _mobile_shape() -> str:
    """Chinese mobiles without placeholders: 13800138000 (a service number) and prefixes followed by zeros only."""
    prefixes = [f"1{n:02}" for n in range(100)]
    whole = [p for p in prefixes if all(_MOBILE.fullmatch(f"{p}{n:02}222222") for n in range(100))]
    cut = [f"{p}{n:02}" for p in prefixes if p not in whole for n in range(100)]
    some = [p for p in cut if _MOBILE.fullmatch(f"{p}222222")]
    whole.remove("138")
    return (
        f"(?:{one_of(whole)}{all_but(8, ['00000000'])}|138{all_but(8, ['00000000', '00138000'])}"
        f"|{one_of(some)}[0-9]{{6}})"
    )


def _areas(local: int) -> str:
    """A pattern for the area codes (without 0) whose local numbers have 7 or 8 digits."""
    areas = ["10", *(f"2{n}" for n in range(10)), *(str(n) for n in range(300, 1000))]
    return one_of(a for a in areas if _FIXED.fullmatch(a + "2" * local))


AREAS_8, AREAS_7 = _areas(8), _areas(7)
MOBILE = _mobile_shape()
LANDLINE = (
    f"(?:0(?:{AREAS_8}-[2-9][0-9]{{7}}|{AREAS_7}-[2-9][0-9]{{6}})(?:-[0-9]{{1,6}})?"
    "|[48]00-[0-9]{3}-[0-9]{4}(?:-[0-9]{1,6})?)"
)
NEXT_DOOR = ("HK", "MO", "TW")
FOREIGN = r"\+(?:[1-79][0-9]|8[0-57-9])[0-9]{5,13}"

_S = r"[ \n.\-_]{0,3}"  # what may stand between the digits of one number
_AREA_MARK = r"[ \n.\-_/~]{0,3}"  # behind an area code
_CC = rf"(?:\(?(?:\+{{1,2}}|(?<!\d)00)[ \-]?\(?86\)?|(?<![\d+])\(?86\)?(?=[ \-]|1[3-9]\d{{9}}(?!\d))){_S}"
_CC_AREA = rf"(?<![\d+])\((?:\+|00)?86[ \-]?0?(?=(?:{AREAS_8}|{AREAS_7})\))"  # (8610): country and area code in one
_END = r"(?!\d|-\d{6,})"


def _ext(name: str) -> str:
    """A pattern for an extension after a number, or for nothing."""
    mark = r"-|转|轉|接|ext\.?|x|\#|\*|分机号?"
    after = rf"\s{{0,2}}(?:{mark})\s*[:.]?\s*\(?(?P<{name}1>\d{{1,6}})\)?(?:分机)?"
    return rf"(?:(?:{after}|\((?P<{name}2>\d{{1,6}})\)){_END}|(?!\d))"


_NUMBER = re.compile(
    rf"(?P<mobile>(?:{_CC}|(?<!\d))(?:\(0\)|0)?{_S}(?P<m>1[3-9]\d?\)?(?:{_S}\d){{8,9}})(?!\d|\s?@))"
    rf"|(?P<land>(?:{_CC}(?:\(0\)|\(?0?)|{_CC_AREA}|(?<!\d)\(?0)"
    rf"(?:(?P<a8>{AREAS_8}){_S}\)?{_AREA_MARK}(?P<l8>[2-9](?:{_S}\d){{7}})"
    rf"|(?P<a7>{AREAS_7}){_S}\)?{_AREA_MARK}(?P<l7>[2-9](?:{_S}\d){{6}})){_ext('e')})"
    rf"|(?P<service>(?:{_CC}|(?<!\d))(?P<s>[48]00(?:{_S}\d){{7}}){_ext('x')})"
    r"|(?P<foreign>(?:\+{1,2}|(?<!\d)00)\s?\(?(?P<f>[1-9]\d{0,3}\)?(?:[ .\-()]{0,3}\d){5,14})(?!\d))"
    r"|(?P<local>(?<![\d\-.)])(?P<l>[2-9]\d{2,3}[ \-]?\d{4}(?:-\d{1,4})?)(?!\d|\s?@|[ .\-]+\d{5,}))",
    re.IGNORECASE | re.ASCII,
)
_LONE_DIGIT = re.compile(r"[ .\-_]\d(?!\d)", re.ASCII)
_PLAIN = re.compile(r"(?:\+?86|0086|0)?[ \-]?(1[3-9]\d)[ \-]?(\d{4})[ \-]?(\d{4})(?:\.0)?")
_ZERO_LOST = re.compile(f"(?:{AREAS_8}[2-9][0-9]{{7}}|{AREAS_7}[2-9][0-9]{{6}})(?:-[0-9]{{1,6}})?")
# Hotlines: 95588, 96xxx, 12315, 10010, 116114, 1010xxxx.
_SERVICE = re.compile(r"(?:9[56]\d{3,4}|1[02]\d{3}|11[68]\d{3}|1010-?\d{4})(?:[-转轉]\d{1,6})?")
_LETTER = re.compile(r"[^\W\d_]")
# Whole cells that hold one Chinese number and the usual marks in it, for RE2.
_MOBILES = r"^(?:\+86[ -]?|0086[ -]?|86[ -]|0)?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})$"
_AREA = f"0(?:{AREAS_8}|{AREAS_7})"
_LANDLINES = rf"^(?:\(({_AREA})\)|({_AREA})[ \-—–]?)([2-9][0-9]{{6,7}})"
_EXTENSION = r"(?:[\-—–]| ext\. | ?转 ?)([0-9]{1,6})"
_QUOTES = "'’‘`\"“”;；,，、。"
_RUNS = f".*(?:{'|'.join(f'{d}{{6}}' for d in range(10))}|123456|234567|345678|456789|987654|876543).*"
SAME_BASE = 0.8
LONGEST = 200  # a longer text is no cell of numbers

Finder = Callable[[str], Found]


def _number(match: re.Match[str]) -> Number | None:
    """The number a match of the scanner stands for; None where the numbering plan says no."""
    kind = match.lastgroup or ""
    role, value, doubt = _ROLES[kind], "", ""
    if kind == "mobile":
        value = digits_of(match["m"])
        value = value if _MOBILE_SHAPE.fullmatch(value) else ""
    elif kind == "land":
        local = match["l8"] or match["l7"]
        ext = match["e1"] or match["e2"]
        if not _LONE_DIGIT.search(local):
            value = f"0{match['a8'] or match['a7']}-{digits_of(local)}" + (f"-{ext}" if ext else "")
    elif kind == "service":
        d, ext = digits_of(match["s"]), match["x1"] or match["x2"]
        value = f"{d[:3]}-{d[3:6]}-{d[6:]}" + (f"-{ext}" if ext else "")
    elif kind == "foreign":
        role, value = _foreign("+" + digits_of(match["f"]), None)
    elif not filler(digits_of(match["l"])):
        value, doubt = match["l"], "phone_no_area_code"
    return Number(role, value, *match.span(), doubt) if value else None


_ROLES = {"mobile": "mobile", "land": "landline", "service": "landline", "foreign": "foreign", "local": "landline"}
_SHAPES = {"mobile": re.compile(MOBILE), "landline": re.compile(LANDLINE)}
_MOBILE_SHAPE = _SHAPES["mobile"]
_NEVER = re.compile("(?!)")
_NOTHING = r"[^\x00-\x{10FFFF}]"  # for RE2
_SOME_DIGITS = re.compile("[0-9]{5}")


def _foreign(text: str, country: str | None) -> tuple[str, str]:
    """``(role, +E.164)`` of a number that phonenumbers finds valid, a Chinese mobile without its country code, ('', '') of
    any other."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return "", ""
    if not phonenumbers.is_valid_number(number):
        return "", ""
    if number.country_code == 86:
        national = phonenumbers.national_significant_number(number)
        return ("mobile", national) if _MOBILE_SHAPE.fullmatch(national) else ("", "")
    fixed = phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE
    return ("foreign_fixed" if fixed else "foreign"), phonenumbers.format_number(number, PhoneNumberFormat.E164)


def finder(words: Words, country: str = "CN") -> Finder:
    """``find(text) -> Found`` for tidied text: all numbers of the cell, from left to right, and what is left of it."""
    speech = Vocabulary.of(words)

    def find(text: str) -> Found:
        plain = folded(text)
        if country != "CN":
            return between(text, plain, _abroad(plain, country), speech, False)
        numbers, lettered = _scan(plain), False
        worded = _LETTER.search(plain) is not None
        if worded and all(n.doubt for n in numbers) and LETTERED.search(plain):
            spelt = _scan(LETTERED.sub(lambda m: m[0].translate(LETTERS), plain))
            if spelt and not any(n.doubt for n in spelt):
                numbers, lettered = spelt, True
        if worded and all(n.doubt for n in numbers):
            home = speech.country(plain, "CN")
            abroad = _parsed(plain, home) if home != "CN" else ()
            numbers, lettered = (abroad, False) if abroad else (numbers, lettered)
        return between(text, plain, numbers, speech, lettered)

    return find


def _scan(plain: str) -> tuple[Number, ...]:
    """The Chinese and foreign numbers of a text; a bare local number counts only where no other digits are left."""
    numbers = [n for m in _NUMBER.finditer(plain) if (n := _number(m))]
    if any(n.doubt for n in numbers):
        spans = [0, *(p for n in numbers for p in (n.start, n.end)), len(plain)]
        left = "".join(plain[a:b] for a, b in zip(spans[::2], spans[1::2], strict=True))
        if re.search(r"\d", left):
            numbers = [n for n in numbers if not n.doubt]
    return tuple(numbers)


def _abroad(plain: str, country: str) -> tuple[Number, ...]:
    """The numbers of a text that is at home in another country: those with a country code as they are dialled from China,
    others by its own plan; where there are none, the mobiles of mainland China, and its landlines where it is next door."""
    scanned = _scan(plain)
    dialled = [n for n in scanned if n.role.startswith("foreign")]
    own = [n for n in _parsed(plain, country) if all(n.end <= d.start or d.end <= n.start for d in dialled)]
    roles = ("mobile", "landline") if country in NEXT_DOOR else ("mobile",)
    found = [*dialled, *own] or [n for n in scanned if n.role in roles and not n.doubt]
    return tuple(sorted(found, key=lambda n: n.start))


def _parsed(plain: str, country: str) -> tuple[Number, ...]:
    """The numbers of a text as the numbering plan of ``country`` reads them."""
    found = []
    for match in re.finditer(r"[+(]{0,2}\d[\d .\-()]{4,18}\d", plain):
        role, value = _foreign(match[0], country)
        if value:
            found.append(Number(role, value, *match.span()))
    return tuple(found)


def diagnose(text: str, country: str = "CN") -> str:
    """The code of what is wrong with a cell that holds no valid number; '' for a placeholder."""
    plain = folded(text)
    digits = digits_of(plain)
    if MASKED.search(text):
        return "phone_masked"
    if SCIENTIFIC.fullmatch(plain):
        return "phone_digits_lost"
    if not digits or "@" in plain:
        return "phone_not_a_number"
    national = re.sub(r"^(?:0086|86(?=\d{11}$))", "", digits)
    if re.fullmatch(r"[\d\s.()+\-]+", plain) and (filler(national) or filler(national.lstrip("0"))):
        return ""
    if country != "CN":
        return "phone_too_short" if len(digits) < 5 else "phone_invalid"
    if _SERVICE.fullmatch(plain.replace(" ", "")):
        return "phone_service"
    if _ZERO_LOST.fullmatch(re.sub(r"[ ()]", "", plain)) or _ZERO_LOST.fullmatch(digits):
        return "phone_zero_lost"
    mobile = re.match(r"0?1[3-9]", national)
    bare = national.lstrip("0") if mobile else national
    if len(bare) < (11 if mobile else 7):
        return "phone_too_short"
    if len(bare) > (11 if mobile else 12):
        return "phone_too_long"
    return "phone_invalid"


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """``want`` = ``mobile``, ``landline`` or ``any``: which number of the cell is the field's own; others are parts.

    >>> fix = fixer({"want": "landline"}, {})
    >>> fix("（010）8888 6666转8001").value, fix("0571-88886666/13812345678").parts
    ('010-88886666-8001', (('mobile', '13812345678'),))
    """
    want, country = str(options.get("want", "mobile")), str(options.get("country", "CN"))
    own = re.compile(_shape(options) or _NEVER.pattern).fullmatch
    nulls, find = null_words(words, "phone"), finder(words, country)
    known, notes = surnames(words), any_of(row[0] for row in words.get("phone_notes", ()))
    fakes = frozenset(digits_of(row[0]) for row in words.get("phone_placeholders", ()))
    plain_mobile = (_PLAIN if want == "mobile" and country == "CN" else _NEVER).fullmatch

    other = "landline" if want == "mobile" else "mobile"
    moved = (_SHAPES[other] if want != "any" and country == "CN" else _NEVER).fullmatch

    def fix(text: str) -> Fix:
        if own(text) and text[0] != "+":
            return kept(text, "phone_country_unclear" if country != "CN" and _foreign(text, country)[1] else "")
        simple = plain_mobile(text)
        if simple and _MOBILE_SHAPE.fullmatch(value := simple[1] + simple[2] + simple[3]):
            return Fix(value, "phone_format")
        if moved(text):
            return Fix(None, "phone_moved", parts=((other, text),))
        if want == "any" and country == "CN":
            role = next((r for r in _SHAPES if _SHAPES[r].fullmatch(text)), "")
            if role:
                return Fix(None, "cell_split", parts=((role, text),))
        if not _SOME_DIGITS.search(text) and is_null(text, nulls):
            return NULL
        bare = exact(strip_outer(tidy(text), _QUOTES))
        found = find(bare) if len(bare) <= LONGEST else Found()
        if found.numbers:
            return assemble(text, found, want, lambda piece: is_person_name(piece, known, notes))
        if len(bare) > LONGEST:
            return kept(text, "phone_not_a_number")
        if fakes and digits_of(folded(bare)) in fakes:
            return PLACEHOLDER
        doubt = "phone_fax" if found.rest else diagnose(found.pieces[0] if len(found.pieces) == 1 else bare, country)
        return kept(text, doubt) if doubt else PLACEHOLDER

    return fix


def _shape(options: Options) -> str:
    want, country = options.get("want", "mobile"), options.get("country", "CN")
    if want == "any":
        return ""
    if country != "CN":
        chinese = f"{MOBILE}|{LANDLINE}" if country in NEXT_DOOR else MOBILE
        return rf"(?:{chinese}|\+[1-9][0-9]{{6,14}})"
    return f"(?:{MOBILE if want == 'mobile' else LANDLINE}|{FOREIGN})"


def untouched(options: Options, words: Words) -> Test:
    """Chinese numbers of the field's own sort; whether a foreign one is right, only the numbering plans can say."""
    want, china = options.get("want", "mobile"), options.get("country", "CN") == "CN"
    return matching({"mobile": MOBILE, "landline": LANDLINE}.get(str(want), _NOTHING) if china else _NOTHING)


def repairs(options: Options, words: Words) -> Repairs:
    """Country code, a label in front, brackets, spaces and dashes of one number, in either width."""

    def plain(texts: pa.Array) -> pa.Array:
        return halved(pc.utf8_trim(texts, _QUOTES))

    label = "|".join(re.escape(row[0]) for row in words.get("phone_labels", ()) if row[1:] != ("fax",)) or _NOTHING

    def mobile(texts: pa.Array) -> pa.Array:
        bare = pc.replace_substring_regex(plain(texts), f"(?i)^(?:{label}): ?(1[3-9][0-9]{{9}})$", r"\1")
        return pc.replace_substring_regex(bare, _MOBILES, r"\1\2\3")

    def landline(texts: pa.Array) -> pa.Array:
        national = pc.replace_substring_regex(plain(texts), r"^\+86[ -]?([1-9])", r"0\1")
        bare = pc.replace_substring_regex(national, f"{_LANDLINES}$", r"\1\2-\3")
        return pc.replace_substring_regex(bare, f"{_LANDLINES}{_EXTENSION}$", r"\1\2-\3-\4")

    want = options.get("want", "mobile")
    return (("phone_format", mobile if want == "mobile" else landline),) if want != "any" else ()


def readings(options: Options, words: Words) -> Sequence[Reading]:
    """Two mobiles, a mobile with a remark behind it, in stars, or of too many or too few digits; a landline without area
    code, and two landlines."""
    want, fakes = options.get("want", "mobile"), [re.escape(row[0]) for row in words.get("phone_placeholders", ())]
    never = "|".join(fakes) or _NOTHING
    if want == "any" or options.get("country", "CN") != "CN":
        return ()
    if want == "landline":
        whole = f"0(?:{AREAS_8}-[2-9][0-9]{{7}}|{AREAS_7}-[2-9][0-9]{{6}})"
        runs = (run[at : at + n] for run in SEQUENCES for n in (7, 8) for at in range(len(run) - n + 1))
        same = "|".join((*sorted(set(runs)), *(f"{d}{{7,8}}" for d in range(2, 10))))
        return (
            Reading("[2-9][0-9]{6,7}", doubt="phone_no_area_code", never=(same, never)),
            Reading(f"(?P<value>{whole})/(?P<landline_2>{whole})", "cell_split"),
        )
    labels = [row[0] for name in ("phone_labels", "phone_countries") for row in words.get(name, ())]
    notes = [row[0] for row in words.get("phone_notes", ()) if not any(row[0] in x or x in row[0] for x in labels)]
    said = f"\\p{{Han}}{{0,4}}(?:{'|'.join(map(re.escape, notes)) or _NOTHING})\\p{{Han}}{{0,4}}"
    labelled = f".*(?:{'|'.join(map(re.escape, labels)) or _NOTHING}).*"
    return (
        Reading(f"(?P<value>{MOBILE})[ /,;，；、](?P<mobile_2>{MOBILE})", "cell_split"),
        Reading(f"(?P<value>{MOBILE})(?P<rest>（{said}）|\\({said}\\))", "remark_cut", never=(labelled,)),
        Reading(f"(?P<value>{MOBILE}) (?P<rest>{said})", "remark_cut", never=(labelled,)),
        Reading(r"1[3-9][0-9]\*{4}[0-9]{4}", doubt="phone_masked"),
        Reading("1[3-9][0-9]{8}", doubt="phone_too_short", never=(never,)),
        Reading("1[3-9][0-9]{10}", doubt="phone_too_long", never=(never, _RUNS)),
        Reading("2[0-9]{10}", doubt="phone_invalid", never=(never, _RUNS)),
    )


def _base(value: str) -> str:
    """A landline without its extension: the switchboard."""
    return "-".join(value.split("-")[:2]) if value.startswith("0") else value


def _compare(left: Sequence[str], right: Sequence[str]) -> np.ndarray:
    """1 for the same number, 0.8 for the same line with another extension, else 0."""
    a, b = np.asarray(left, dtype=object), np.asarray(right, dtype=object)
    base = np.array([_base(x) == _base(y) for x, y in zip(a, b, strict=True)], dtype=bool)
    return np.where(a == b, 1.0, np.where(base, SAME_BASE, 0.0))


KIND = Kind(
    name="phone",
    fixer=fixer,
    shape=_shape,
    mask=lambda value: mask_text(value, 1, 2),
    compare=_compare,
    keys=lambda value: (_base(value),),
    options=frozenset({"want", "country"}),
    untouched=untouched,
    repairs=repairs,
    readings=readings,
)
