"""One column of values in a target's form: dates, numbers, options, owners, and the masks of what it would refuse.

Everything works on whole columns (Arrow text arrays), or on their distinct values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import Profile, TargetField

BLANK = r"^[\s\x{00A0}\x{1680}\x{2000}-\x{200F}\x{2028}-\x{202F}\x{205F}-\x{2064}\x{3000}\x{3164}\x{FEFF}]*$"
TRIMMED = (
    "".join(
        map(
            chr,
            (*range(9, 14), 32, 0xA0, 0x1680, *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2065)),
        )
    )
    + "\u3000\u3164\ufeff"
)
CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}\x{FFFE}\x{FFFF}]"
FOUR_BYTE = r"[\x{10000}-\x{10FFFF}]"
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL = rf"^{ATOM}(\.{ATOM})*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{{2,}}$"
DATE = r"^(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})$"
NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"

Masks = list[tuple[str, np.ndarray]]  # code -> where it holds


def written(values: pa.Array, column: TargetField, profile: Profile, cell_chars: int) -> tuple[pa.Array, Masks]:
    """``values`` as the column wants them, and where the target would refuse them and why (first reason first).

    ``cell_chars``: characters a cell of the file may hold, 0 for any number.
    """
    masks = _characters(values, profile)
    if maker := FORMS.get(column.type):
        values, more = maker(values, column, profile)
        masks += more
    return values, masks + _measure(values, column, profile, cell_chars)


def blank_to_null(values: pa.Array) -> pa.Array:
    """White space of any sort, and invisible characters alone, are no value."""
    blank = pc.match_substring_regex(values, BLANK)
    return pc.if_else(blank, pa.scalar(None, pa.string()), values) if pc.any(blank).as_py() else values


def found(values: pa.Array, pattern: str) -> np.ndarray:
    """Where a pattern (RE2) is found; False where missing."""
    return mask(pc.match_substring_regex(values, pattern))


def mask(where: pa.Array) -> np.ndarray:
    """A numpy mask; False where missing."""
    return np.asarray(pc.fill_null(where, False).to_numpy(zero_copy_only=False), dtype=bool)


def _characters(values: pa.Array, profile: Profile) -> Masks:
    """Characters that the file or the target cannot carry."""
    checks, encoding = profile.checks, profile.form["encoding"]
    masks: Masks = [("target_control", found(values, CONTROL))]
    if not checks["four_byte"]:
        masks.append(("target_four_byte", found(values, FOUR_BYTE)))
    if not checks["line_breaks"]:
        masks.append(("target_line_break", found(values, r"[\r\n\x{2028}\x{2029}]")))
    if checks["forbidden"]:
        masks.append(("target_forbidden", found(values, f"[{re.escape(checks['forbidden'])}]")))
    if profile.form["type"] == "csv" and not encoding.lower().startswith("utf"):
        masks.append(("target_encoding", each(values, lambda text: not _encodes(text, encoding))))
    return masks


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def each(values: pa.Array, test: Callable[[str], bool]) -> np.ndarray:
    """``test`` on the distinct values, spread over the rows; False where missing."""
    coded = values.dictionary_encode()
    truth = np.array([*(test(text) for text in coded.dictionary.to_pylist()), False], dtype=bool)
    return np.asarray(truth[pc.fill_null(coded.indices, len(truth) - 1).to_numpy(zero_copy_only=False)])


def sizes(values: pa.Array, encoding: str) -> np.ndarray:
    """The bytes of every value as written; 0 where missing, or where the encoding has no room for it."""
    if encoding.lower() in ("utf-8", "utf8"):
        return np.asarray(pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False))
    coded = values.dictionary_encode()
    known = np.array([*(len(text.encode(encoding, "ignore")) for text in coded.dictionary.to_pylist()), 0])
    return np.asarray(known[pc.fill_null(coded.indices, len(known) - 1).to_numpy(zero_copy_only=False)])


def _measure(values: pa.Array, column: TargetField, profile: Profile, cell_chars: int) -> Masks:
    """Length and pattern of the written form."""
    length = pc.utf8_length(values)
    if profile.form["length"] == "utf16" and found(values, FOUR_BYTE).any():
        length = pc.add(length, pc.count_substring_regex(values, FOUR_BYTE))
    limits = [n for n in (column.max_length, cell_chars) if n]
    masks: Masks = [("target_length", mask(pc.greater(length, min(limits))))] if limits else []
    if column.max_bytes:
        masks.append(("target_bytes", sizes(values, profile.form["encoding"]) > column.max_bytes))
    if column.values and column.type != "picklist":
        masks.append(("target_option", ~mask(pc.is_in(values, pa.array(column.values, pa.string())))))
    if column.pattern:
        code = "target_phone" if column.type == "phone" else "target_pattern"
        masks.append((code, ~mask(pc.match_substring_regex(values, rf"\A(?:{column.pattern})\z"))))
    return masks


def _date(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    form, checks = profile.form[column.type], profile.checks
    shaped = found(values, DATE)
    padded = pc.if_else(pa.array(shaped), values, pa.scalar(None, pa.string()))
    real = each(padded, _is_day)
    outside = pc.or_(pc.less(padded, checks["date_min"]), pc.greater(padded, checks["date_max"]))
    replacement = form.replace("\\", r"\\").replace("YYYY", r"\1").replace("MM", r"\2").replace("DD", r"\3")
    written = pc.replace_substring_regex(values, DATE, replacement)
    return written, [("target_date", ~real), ("target_date_range", mask(outside))]


def _is_day(text: str) -> bool:
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return year > 0 and 0 < month < 13 and 0 < day <= (31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _phone(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    """Scientific notation is a number that Excel has broken, whatever the pattern says."""
    return values, [("target_phone", found(values, r"^[+-]?[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"))]


def _id(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    """A Salesforce id; its last three of 18 characters say which of the others are capitals."""
    return values, [("target_id", ~each(values, _is_id))]


def _is_id(text: str) -> bool:
    if not (text.isascii() and text.isalnum() and len(text) in (15, 18)):
        return False
    bits = ["".join("01"[letter.isupper()] for letter in reversed(text[start : start + 5])) for start in (0, 5, 10)]
    return len(text) == 15 or text[15:] == "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[int(b, 2)] for b in bits)


def _number(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    bad = ~found(values, NUMBER)
    point = profile.form["decimal"]
    return (values if point == "." else pc.replace_substring(values, ".", point)), [("target_number", bad)]


def _mapped(values: pa.Array, column: TargetField) -> pa.Array:
    if not column.map:
        return values
    place = pc.index_in(values, pa.array(list(column.map), pa.string()))
    return pc.coalesce(pa.array(list(column.map.values()), pa.string()).take(place), values)


def _picklist(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    written = _mapped(values, column)
    known = pc.is_in(written, pa.array(column.values, pa.string())) if column.values else pc.is_valid(written)
    return written, [("target_option", ~mask(known))]


def _boolean(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    yes, no = profile.form["true"], profile.form["false"]
    written = _mapped(_mapped(values, column), TargetField("", "", map={"true": yes, "false": no, "是": yes, "否": no}))
    return written, [("target_boolean", ~mask(pc.is_in(written, pa.array([yes, no], pa.string()))))]


def _email(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    good = found(values, EMAIL) & ~found(values, r"^[^@]{65,}@")
    masks: Masks = [("target_email", ~good)]
    if profile.checks["suppressed"]:
        banned = {address.lower() for address in profile.checks["suppressed"]}
        masks.append(("target_suppressed", each(values, lambda text: text.lower() in banned)))
    return values, masks


def _owner(values: pa.Array, column: TargetField, profile: Profile) -> tuple[pa.Array, Masks]:
    """A user of the target: with a roster, exactly one active user called so, written as the target calls them."""
    values, key, roster = _mapped(values, column), profile.checks["owner_key"], profile.checks["roster"]
    if not roster:
        shapes = {"name": r".", "code": r"^[A-Za-z0-9._-]+$", "email": EMAIL, "id": r"^[A-Za-z0-9-]+$"}
        return values, [("target_owner_unknown", ~found(values, shapes[key]))]
    called = Counter(name for user in roster for name in _names(user))
    active = Counter(name for user in roster if user.get("active", True) for name in _names(user))
    masks: Masks = [
        ("target_owner_unknown", each(values, lambda text: text not in called)),
        ("target_owner_inactive", each(values, lambda text: not active[text])),
        ("target_owner_ambiguous", each(values, lambda text: active[text] > 1)),
    ]
    users = [user for user in roster if user.get("active", True)]
    names = {name: str(user[key]) for user in users if user.get(key) for name in _names(user) if active[name] == 1}
    masks.append(("target_owner_unknown", each(values, lambda text: text not in names)))
    return _mapped(values, TargetField("", "", map=names)), masks


def _names(user: Mapping[str, object]) -> set[str]:
    return {str(user[key]) for key in ("name", "email", "id", "code") if user.get(key)}


Maker = Callable[[pa.Array, TargetField, Profile], tuple[pa.Array, Masks]]
FORMS: dict[str, Maker] = {
    "date": _date, "datetime": _date, "number": _number, "picklist": _picklist, "boolean": _boolean, "email": _email,
    "owner": _owner,
    "phone": _phone,
    "id": _id,
}  # fmt: skip
