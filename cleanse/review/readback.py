"""What a person said in a workbook, as decisions; every line that cannot be read is named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import digits
from typing import Any

from cleanse.codes import sentence
from cleanse.review.choices import Choice
from cleanse.review.decisions import Decision, decision
from cleanse.review.values import read_values
from cleanse.review.words import LANGUAGES, plain, verdicts, words

NEEDED = ("decision", "key")


@dataclass(frozen=True)
class ReadBack:
    """Decisions found, in the order of their keys, and every line that could not be read: sheet, row, reason (in the
    language of the sheet). ``choices`` of values; ``places``: the line (sheet, row) of every decision, then of every
    choice."""

    decisions: tuple[Decision, ...]
    unread: tuple[tuple[str, int, str], ...]
    choices: tuple[Choice, ...] = ()
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class _Line:
    """One line of a sheet: where it stands, which record of which group it is, what was said of it."""

    sheet: str
    number: int
    language: str
    entity: str
    group: str
    order: int
    to: int
    digest: str
    verdict: str
    comment: str


@dataclass(frozen=True)
class _Pair:
    """Two lines, what was said of them and by which line; ``above``: the one that the other belongs to."""

    left: _Line
    right: _Line
    verdict: str
    by: _Line
    above: _Line | None = None

    @property
    def seen(self) -> str:
        """The queue of the line that said it."""
        return self.by.group.rstrip(digits)

    @property
    def said(self) -> tuple[str, str]:
        return self.verdict, self.above.digest if self.above else ""


def signed_key(entity: str, group: str, order: int, to: int, digest: str, place: str) -> str:
    """The hidden key of a line: its group, its order there, the order of the record it is compared with (-1: none), the
    digest, and a check over all that and the line's source.

    >>> signed_key("customer", "review01", 1, 0, "ab", "a.xlsx!S!2").count("|")
    5
    """
    key = f"{entity}|{group}|{order}|{to}|{digest}"
    return f"{key}|{hashlib.sha256(f'{key}|{place}'.encode()).hexdigest()[:8]}"


def read_sheets(sheets: Iterable[tuple[str, Sequence[Sequence[Any]]]], who: str, when: str) -> ReadBack:
    """The decisions in the rows of sheets (title, rows; the first row is the header)."""
    found: dict[tuple[str, str, str], list[_Line]] = {}
    told: list[tuple[str, int, str]] = []
    chosen: list[tuple[Choice, tuple[str, int]]] = []
    for title, rows in sheets:
        chosen += ((c, (title, n)) for n, c in read_values(title, rows, who, when, told))
        for line in _lines(title, rows, told):
            found.setdefault((title, line.entity, line.group), []).append(line)
    pairs: dict[tuple[str, str, str], list[_Pair]] = {}
    for lines in found.values():
        for pair in _said(sorted(lines, key=lambda line: line.order), told):
            ends = sorted((pair.left.digest, pair.right.digest))
            pairs.setdefault((pair.left.entity, ends[0], ends[1]), []).append(pair)
    decisions, places = [], []
    for (entity, left, right), said in sorted(pairs.items()):
        if len({pair.said for pair in said}) == 1:
            comment = next((p.by.comment for p in said if p.by.comment), "")
            verdict, above = said[0].said
            decisions.append(decision(entity, left, right, verdict, who, when, comment, above=above, seen=said[0].seen))
            places.append((said[0].by.sheet, said[0].by.number))
        else:
            told.extend(_reason(pair.by, "review_conflict") for pair in said)
    order = {title: at for at, title in enumerate(dict.fromkeys(t for t, _, _ in told))}
    unread = tuple(sorted(set(told), key=lambda t: (order[t[0]], t[1], t[2])))
    chosen.sort(key=lambda c: c[0])
    return ReadBack(tuple(decisions), unread, tuple(c for c, _ in chosen), (*places, *(place for _, place in chosen)))


# ------------------------------------------------------------------------------------------------------------- lines


def _lines(title: str, rows: Sequence[Sequence[Any]], told: list[tuple[str, int, str]]) -> list[_Line]:
    """The lines of a sheet whose record is known, those without a decision too."""
    columns, language = _columns(rows[0] if rows else ())
    if "decision" not in columns:
        return []
    found = []
    for number, row in enumerate(rows[1:], 2):
        cell = {name: str(row[at]).strip() if at < len(row) else "" for name, at in columns.items()}
        line, code = _line(title, number, language, cell)
        if code and cell["decision"]:
            told.append((title, number, sentence(code, language)))
        if line is not None:
            found.append(line)
    return found


def _columns(header: Sequence[Any]) -> tuple[dict[str, int], str]:
    """Where our columns stand, the first of each name, and the language of the sheet."""
    ours = [(name, language) for language in LANGUAGES for name in words()["column"]]
    names = {plain(words()["column"][name][language]): (name, language) for name, language in ours}
    found: dict[str, int] = {}
    language = LANGUAGES[0]
    for at, cell in enumerate(header):
        name, spoken = names.get(plain(str(cell)), ("", ""))
        if name and name not in found:
            found[name] = at
            language = spoken if name == "decision" else language
    return found, language


def _line(title: str, number: int, language: str, cell: Mapping[str, str]) -> tuple[_Line | None, str]:
    """The line, and the code of what is wrong with it. A line whose word is unknown still stands in its group."""
    parts = cell.get("key", "").split("|")
    if len(parts) != 6 or not parts[2].isdecimal() or not parts[3].removeprefix("-").isdecimal():
        return None, "review_key_missing"
    entity, group, digest, place = parts[0], parts[1], parts[4], cell.get("place", "")
    order, to = int(parts[2]), int(parts[3])
    if place and signed_key(entity, group, order, to, digest, place) != cell["key"]:
        return None, "review_key_mixed"
    if not digest:
        return None, "review_no_content"
    verdict = verdicts().get(plain(cell["decision"]), "")
    line = _Line(title, number, language, entity, group, order, to, digest, verdict, cell.get("comment", ""))
    return line, "review_word_unknown" if cell["decision"] and not verdict else ""


# ------------------------------------------------------------------------------------------------------------- pairs


def _said(lines: Sequence[_Line], told: list[tuple[str, int, str]]) -> list[_Pair]:
    """The words of a group as pairs.

    merge: one with the group's first record; on the first record it holds for all lines without a word. second: one
    with the others so marked, apart from the first customer. apart: apart from every other. related: related to the
    first customer and to the record it is compared with; on the first record to every other. branch: related to the first
    customer, and belonging to it.
    """
    first = lines[0] if lines[0].order == 0 else None
    rest = "merge" if first is not None and first.verdict == "merge" else ""
    word = {line: line.verdict or rest for line in lines}
    one = [x for x in lines if word[x] == "merge" or (x is first and word[x] in ("", "defer"))]
    one, doubtful = _certain(one)
    second = [x for x in lines if word[x] == "second"]
    pairs = _joined(one, first) + _joined(second, None)
    if second:
        pairs += [_Pair(a, b, "apart", b) for a in one for b in second]
    for x in lines:
        if word[x] == "apart":
            pairs += [_Pair(x, y, "apart", x) for y in lines if y is not x]
        elif word[x] == "related":
            others = [y for y in lines if y is not x and word[y] != "apart"]
            pairs += [_Pair(x, y, "related", x) for y in others if first in (x, y) or y in one or y.order == x.to]
        elif word[x] == "branch" and first in one:
            pairs += [_Pair(x, y, "related", x, y) for y in one if y is not x]
    heard = {(x, pair.verdict) for pair in pairs for x in (pair.left, pair.right)}
    heard |= {(pair.by, word) for pair in pairs for word in ("second", "branch")}
    heard |= {(x, word) for x in lines for word in ("", "defer")}
    told.extend(_reason(x, "review_ambiguous") for x in doubtful)
    told.extend(_reason(x, "review_nobody") for x in lines if (x, x.verdict) not in heard and x not in doubtful)
    return pairs


def _certain(one: list[_Line]) -> tuple[list[_Line], list[_Line]]:
    """Lines to be one with the first, without those that the workbook compares with another record which is not merged
    itself: which of the two is meant cannot be known."""
    kept = one
    while True:
        there = {x.order for x in kept} | {0, -1}
        fewer = [x for x in kept if x.to in there]
        if len(fewer) == len(kept):
            return kept, [x for x in one if x not in kept]
        kept = fewer


def _joined(lines: Sequence[_Line], first: _Line | None) -> list[_Pair]:
    """Lines as one: each with the first and with the one before it, so that they stay one when a record changes."""
    pairs = []
    for before, line in pairwise(lines):
        by = line if line.verdict or first is None else first
        pairs += [_Pair(other, line, "merge", by) for other in dict.fromkeys((lines[0], before))]
    return pairs


def _reason(line: _Line, code: str) -> tuple[str, int, str]:
    return line.sheet, line.number, sentence(code, line.language)
