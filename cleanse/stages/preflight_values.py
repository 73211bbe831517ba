"""One column of a written file against the rules of its field: what the target would refuse, and with what error.

Shares nothing with the stage that made the values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
import pandas as pd

from cleanse.model import Profile, TargetField

# White space and invisible characters: the separators, NEL, NBSP, Ogham, the spaces of U+2000, ideographic, BOM.
_SPACES = (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F)
BLANKS = "".join(map(chr, (*_SPACES, 0x2060, 0x3000, 0xFEFF)))
MOJIBAKE = re.compile(
    "\ufffd|锟斤拷|ï»¿|å…¬|Ã[\u0080-\u00bf]|[äåæçèé][\u0080-\u00bf¡-¿][\u0080-\u00bf¡-¿]|烫烫烫|屯屯屯"
)
MAIL = re.compile(
    r"(?=[^@]{1,64}@)(?!\.)(?!.*\.\.)(?!.*\.@)[!-~]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}",
    re.ASCII,
)
SCIENTIFIC = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,3}")
RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")

Mask = np.ndarray


def faults(values: pd.Series, column: TargetField, profile: Profile, cell_chars: int) -> Iterator[tuple[str, Mask]]:
    """Code and rows of every fault of a column; ``cell_chars``: what a cell of the file may hold, 0 for any number."""
    yield from _characters(values, profile)
    yield from _sizes(values, column, profile, cell_chars)
    yield from ((code, each(values, wrong)) for code, wrong in _rules(column, profile))


def each(values: pd.Series, wrong: Callable[[str], bool]) -> Mask:
    """``wrong`` on every distinct value; False where missing."""
    codes, distinct = pd.factorize(values)
    truth = np.array([*(wrong(value) for value in distinct.tolist()), False], dtype=bool)
    return np.asarray(truth[codes])


def encoded(values: pd.Series, encoding: str) -> Mask:
    """How many bytes every value takes; 0 where missing."""
    codes, distinct = pd.factorize(values)
    return np.asarray(np.array([*(len(text.encode(encoding)) for text in distinct.tolist()), 0])[codes])


def _contains(values: pd.Series, pattern: str) -> Mask:
    return np.asarray(values.str.contains(pattern, regex=True).fillna(False).to_numpy(dtype=bool))


def _characters(values: pd.Series, profile: Profile) -> Iterator[tuple[str, Mask]]:
    refused = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f" + re.escape(profile.checks["forbidden"])
    refused += "" if profile.checks["line_breaks"] else "\r\n"
    patterns = {"preflight_character": f"[{refused}]"}
    if not profile.checks["four_byte"]:
        patterns["preflight_four_byte"] = "[\U00010000-\U0010ffff]"
    if profile.form["type"] == "csv":
        patterns["preflight_formula_like"] = "^[=@]"
    odd = "[\u0080-\u00ff\ufffd锟烫屯]"
    if not _contains(values, "|".join([*patterns.values(), odd])).any():
        return
    yield from ((code, _contains(values, pattern)) for code, pattern in patterns.items())
    yield "preflight_mojibake", each(values.where(_contains(values, odd)), lambda text: bool(MOJIBAKE.search(text)))


def _sizes(values: pd.Series, column: TargetField, profile: Profile, cell_chars: int) -> Iterator[tuple[str, Mask]]:
    limits = [n for n in (column.max_length, cell_chars) if n]
    if limits:
        top = min(limits)
        lengths = values.str.len().fillna(0).to_numpy()
        if profile.form["length"] == "utf16" and (lengths * 2 > top).any():
            yield "preflight_length", each(values, lambda text: len(text.encode("utf-16-le")) // 2 > top)
        else:
            yield "preflight_length", lengths > top
    if column.max_bytes:
        yield "preflight_bytes", encoded(values, profile.form["encoding"]) > column.max_bytes


def _rules(column: TargetField, profile: Profile) -> Iterator[tuple[str, Callable[[str], bool]]]:
    """What is wrong with one value of a column of this type."""
    if column.type in ("phone", "id") or "phone" in column.name.lower():
        yield "preflight_scientific", lambda text: bool(SCIENTIFIC.fullmatch(text))
    if column.pattern:
        shape = re.compile(column.pattern, re.ASCII)
        code = "preflight_phone" if column.type == "phone" else "preflight_pattern"
        yield code, lambda text: not shape.fullmatch(text)
    if column.values:
        options = {*column.values}
        yield "preflight_option", lambda text: text not in options
    if column.type == "email":
        yield "preflight_email", lambda text: not MAIL.fullmatch(text)
        if banned := {address.casefold() for address in profile.checks["suppressed"]}:
            yield "preflight_suppressed", lambda text: text.casefold() in banned
    if column.type == "number":
        number = re.compile(rf"-?[0-9]+(?:{re.escape(profile.form['decimal'])}[0-9]+)?")
        yield "preflight_number", lambda text: not number.fullmatch(text)
    if column.type == "boolean":
        words = {profile.form["true"], profile.form["false"]}
        yield "preflight_boolean", lambda text: text not in words
    if column.type == "id":
        yield "preflight_id", lambda text: not _is_record_id(text)
    if column.type == "owner" and profile.checks["roster"]:
        users = [
            str(user.get(profile.checks["owner_key"], ""))
            for user in profile.checks["roster"]
            if user.get("active", True)
        ]
        yield "preflight_owner", lambda text: users.count(text) != 1
    if column.type in ("date", "datetime"):
        yield from _dates(profile.form[column.type], profile, column.type)


def _dates(form: str, profile: Profile, sort: str) -> Iterator[tuple[str, Callable[[str], bool]]]:
    shape = re.compile(
        re.escape(form)
        .replace("YYYY", "(?P<y>[0-9]{4})")
        .replace("MM", "(?P<m>[0-9]{2})")
        .replace("DD", "(?P<d>[0-9]{2})")
    )
    first, last = (date.fromisoformat(profile.checks[key]) for key in ("date_min", "date_max"))

    def day(text: str) -> date | None:
        found = shape.fullmatch(text)
        try:
            return date(int(found["y"]), int(found["m"]), int(found["d"])) if found else None
        except ValueError:
            return None

    yield "preflight_date", lambda text: day(text) is None
    yield "preflight_date_range", lambda text: (found := day(text)) is not None and not first <= found <= last
    if sort == "datetime" and not re.search(r"Z$|[+-][0-9]{2}:?[0-9]{2}$", form) and "T" in form:
        yield "preflight_datetime_zone", lambda text: True


def _is_record_id(text: str) -> bool:
    """A Salesforce id: 15 characters, or 18 of which the last three say which letters are capitals."""
    if not RECORD_ID.fullmatch(text):
        return False
    groups = [text[start : start + 5] for start in (0, 5, 10)]
    sums = [sum(1 << place for place, letter in enumerate(group) if letter.isupper()) for group in groups]
    return len(text) == 15 or text[15:] == "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[total] for total in sums)
