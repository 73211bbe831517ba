"""What stands around telephone numbers and what is done to them: labels, remarks, fillers, stars, letters, lost digits.

Only text is judged here, and who gets which number; which numbers exist is the business of ``phone``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from cleanse.kinds.characters import arabic_digits, became, half_width, kept, plain_dashes, plain_dots
from cleanse.model import Fix, Words

SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})", re.ASCII)
MASKED = re.compile(r"\d{2,}[-\s]?(?:[*＊×•●#?]{2,}|[xX]{3,})[-\s]?\d{2,}|\d{3,}[*＊×•●#?]{2,}", re.ASCII)
LETTERED = re.compile(r"(?<![A-Za-z])(?=[OolI|]*\d)[\dOolI|][\dOolI| \-]{5,}[\dOolI|](?![A-Za-z])", re.ASCII)
LETTERS = str.maketrans("OolI|", "00111")
_NO_DIGIT = re.compile("[^0-9]")
_BRACKETS = str.maketrans("[]【】\t", "()() ")
_CHINESE_RUN = re.compile(r"(?:[零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖][ \-]?){7,}")
_FILLERS = re.compile(r"0*(?:1[3-9]\d0{8}|13800138000)|(\d)\1{6,}|0{5,}|0\d{2,3}(?:0{7,8}|1{7,8}|12345678?)")
_BREAKS = " \n\t\u3000\u00a0/\\;；,，、|&+.。:：-_~－—"
SEQUENCES = ("12345678901234567890", "01234567890", "9876543210")


@dataclass(frozen=True)
class Vocabulary:
    """``labels`` say no more than the number does; after one of ``faxes``, or before one in brackets, stands no
    telephone; ``countries`` say in whose numbering plan a number stands."""

    labels: re.Pattern[str]
    faxes: re.Pattern[str]
    faxes_after: re.Pattern[str]
    countries: dict[str, str]

    @classmethod
    def of(cls, words: Words) -> Vocabulary:
        """From the lexicons ``phone_labels`` and ``phone_countries``."""
        rows = words.get("phone_labels", ())
        fax = _any_of(r[0] for r in rows if r[1:] == ("fax",))
        plain = _any_of(r[0] for r in rows if r[1:] != ("fax",) and not (len(r[0]) == 1 and r[0].isascii()))
        letter = _any_of(r[0] for r in rows if r[1:] != ("fax",) and len(r[0]) == 1 and r[0].isascii())
        count = "(?:号码|号)?(?:[(]?[0-9一二三]?[)]?)"
        return cls(
            re.compile(rf"(?:(?<![A-Za-z])(?:(?:{plain}){count}\s*[:.]?|(?:{letter})\s*[:.])\s*)+$", re.IGNORECASE),
            re.compile(rf"(?<![A-Za-z/])(?:{fax})\s*[:.]?\s*$", re.IGNORECASE),
            re.compile(rf"\s*[(](?:{fax})[)]", re.IGNORECASE),
            {r[0].casefold(): r[1] for r in words.get("phone_countries", ()) if len(r) > 1},
        )

    def empty(self, piece: str) -> bool:
        """Whether a text beside a number says nothing: brackets, a bracketed label, a word between two numbers."""
        bare = piece.strip("()（）[]【】 ")
        return not self.labels.sub("", bare) or bare.casefold() in ("或", "和", "及", "与", "or", "and")

    def country(self, plain: str, default: str) -> str:
        """The region of the first country word in a folded text."""
        low = plain.casefold()
        return next((region for word, region in self.countries.items() if word in low), default)


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of the words, the longest first; for nothing at all where there are none."""
    return re.compile(_any_of(words))


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=lambda w: (-len(w), w))) or "(?!)"


def one_of(prefixes: Iterable[str]) -> str:
    """A pattern for any of the given digit strings, the last digit folded into a class."""
    heads: dict[str, str] = {}
    for prefix in sorted(prefixes):
        heads[prefix[:-1]] = heads.get(prefix[:-1], "") + prefix[-1]
    return "(?:" + "|".join(f"{head}[{tails}]" for head, tails in heads.items()) + ")"


def all_but(length: int, words: Sequence[str]) -> str:
    """A pattern for every string of ``length`` digits but the given ones (RE2 knows no lookahead).

    >>> all_but(2, ["00"])
    '(?:[123456789][0-9]{1}|0[123456789])'
    """
    if length == 1:
        return f"[{''.join(d for d in '0123456789' if d not in words)}]"
    heads = sorted({w[0] for w in words})
    free = "".join(d for d in "0123456789" if d not in heads)
    branches = [head + all_but(length - 1, [w[1:] for w in words if w[0] == head]) for head in heads]
    return "(?:" + "|".join([f"[{free}][0-9]{{{length - 1}}}", *branches]) + ")"


def digits_of(text: str | None) -> str:
    """The ASCII digits of a text."""
    if not text or (text.isascii() and text.isdigit()):
        return text or ""
    return _NO_DIGIT.sub("", text)


def filler(digits: str) -> bool:
    """Whether a string of digits is nobody's number: all the same, a run 1234…, a prefix and nothing but zeros.

    >>> [filler(d) for d in ("11111111111", "12345678901", "13800138000", "88888888", "13812345678")]
    [True, True, True, False, False]
    """
    if digits in ("66666666", "88888888", "6666666", "8888888"):  # sold as lucky numbers
        return False
    run = len(digits) >= 7 and any(digits in s for s in SEQUENCES if s.startswith(digits[:1]))
    return run or _FILLERS.fullmatch(digits) is not None


def folded(text: str) -> str:
    """The cell with every character in its plain form, as long as before, so that positions stay."""
    if text.isascii():
        return text if text.isprintable() and "[" not in text else text.translate(_BRACKETS)
    plain = plain_dots(plain_dashes(half_width(text))).translate(_BRACKETS)
    return plain if plain.isascii() else _CHINESE_RUN.sub(lambda m: arabic_digits(m[0]), plain)


_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3}){3}(?:\.00?)?", re.ASCII)
_ONE_BY_ONE = re.compile(r"\d(?: \d){7,}", re.ASCII)


def exact(text: str) -> str:
    """What was done to a number as a whole and can be taken back: ``.0`` at its end, ``E+10`` with all digits there,
    thousands parted, digits written one by one.

    >>> exact("13812345678.0"), exact("1.3812345678E+10"), exact("1.38E+10"), exact("13,812,345,678")
    ('13812345678', '13812345678', '1.38E+10', '13812345678')
    """
    if _THOUSANDS.fullmatch(text) or _ONE_BY_ONE.fullmatch(text):
        text = text.replace(",", "").replace(" ", "")
    if "." in text:
        text = re.sub(r"^(\d{7,})\.0+$", r"\1", text)
        science = SCIENTIFIC.fullmatch(text)
        if science and len(science[2] or "") == int(science[3]):
            return science[1] + science[2]
    return text


class Number(NamedTuple):
    """One number of a cell: ``role`` mobile, landline or foreign; where it stood in the cell."""

    role: str
    value: str
    start: int
    end: int
    doubt: str = ""


class Found(NamedTuple):
    """What a cell holds: ``numbers``; ``pieces``, the texts between them without labels; ``rest``, what is no telephone
    (a fax with its number); ``lettered``, whether letters were read as digits."""

    numbers: tuple[Number, ...] = ()
    pieces: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    lettered: bool = False


def between(text: str, plain: str, numbers: Sequence[Number], speech: Vocabulary, lettered: bool) -> Found:
    """The numbers that are telephones, and the texts before, between and after them."""
    good: list[Number] = []
    pieces: list[str] = []
    rest: list[str] = []
    position = 0
    for number in (*numbers, Number("", "", len(text), len(text))):
        start, position = position, number.end
        piece = plain[start : number.start]
        if number.role and _is_fax(plain, piece, number, speech):
            rest.append(text[start : number.end].strip(_BREAKS))
            continue
        if piece and piece.strip(_BREAKS):
            length = len(speech.labels.sub("", piece)) if number.role else len(piece)
            left = _beside(text[start : start + length])
            if left and not speech.empty(left):
                pieces.append(left)
        good.append(number)
    good.pop()
    if pieces and any(n.role.startswith("foreign") for n in good):
        pieces = [x for x in pieces if x.casefold() not in speech.countries]
    shared = _areas_shared(good) if any(n.doubt for n in good) else tuple(good)
    return Found(shared, tuple(pieces), tuple(rest), lettered)


def _is_fax(plain: str, piece: str, number: Number, speech: Vocabulary) -> bool:
    """Whether the words before a number, or a bracket after it, say that it is a fax."""
    before = bool(piece) and speech.faxes.search(piece.lstrip(_BREAKS)) is not None
    return before or (
        plain[number.end : number.end + 1] in ("(", " ") and bool(speech.faxes_after.match(plain, number.end))
    )


def _beside(text: str) -> str:
    """A text beside a number without separators and brackets that are open to the number."""
    return text.strip(_BREAKS).lstrip(")）]】").rstrip("(（[【").strip(_BREAKS)


def _areas_shared(numbers: Sequence[Number]) -> tuple[Number, ...]:
    """``0571-88886666/88887777``: a local number after a landline of the same length has that landline's area code."""
    out: list[Number] = []
    area, length = "", 0
    for n in numbers:
        if n.role == "landline" and not n.doubt and n.value.startswith("0"):
            area, local = n.value.split("-")[:2]
            length = len(local)
        digits = digits_of(n.value)
        shared = bool(n.doubt) and area and len(digits) == length
        out.append(Number(n.role, f"{area}-{digits}", n.start, n.end) if shared else n)
    return tuple(out)


def by_role(numbers: Iterable[Number], want: str) -> dict[str, list[Number]]:
    """The distinct numbers under ``mobile`` and ``landline``; foreign ones go where the field wants them."""
    sorted_: dict[str, list[Number]] = {"mobile": [], "landline": []}
    for n in numbers:
        role = n.role if n.role in sorted_ else (want if want in sorted_ else _any_role(n.role))
        if all(n.value != other.value for other in sorted_[role]):
            sorted_[role].append(n)
    return sorted_


def _any_role(role: str) -> str:
    return "landline" if role == "foreign_fixed" else "mobile"


def parts_of(numbers: Iterable[Number], want: str) -> tuple[Number | None, list[tuple[str, str]], list[str]]:
    """The field's own number, the parts under their roles (``mobile``, ``mobile_2`` …), and what is beyond these."""
    roles = by_role(numbers, want)
    own = roles[want][0] if roles.get(want) else None
    parts, beyond = [], []
    for role in ("mobile", "landline"):
        for name, number in zip_longest((role, f"{role}_2"), roles[role]):
            if number is None or number is own:
                continue
            if name:
                parts.append((name, number.value))
            else:
                beyond.append(number.value)
    return own, parts, beyond


def assemble(text: str, found: Found, want: str, is_name: Callable[[str], bool]) -> Fix:
    """The Fix of a cell with at least one number."""
    own, parts, beyond = parts_of(found.numbers, want)
    names = [p for p in found.pieces if is_name(p.strip("()（）"))]
    rest = " ".join([*found.rest, *(p for p in found.pieces if p not in names[:1]), *beyond])
    parts += [("name", name.strip("()（）")) for name in names[:1]]
    if own and not parts and not rest:
        if own.doubt:
            return kept(text, own.doubt)
        return became(text, own.value, "phone_letters" if found.lettered else "phone_format")
    why = "cell_split" if own or want == "any" else "phone_moved"
    if not parts:
        why = "remark_cut"
    why = "phone_letters" if found.lettered else why
    return Fix(own.value if own else None, why, own.doubt if own else "", rest, tuple(parts))
