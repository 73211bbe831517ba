"""Judges one cell: right, missed, damaged or guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from truth import ENTITIES, PLACES, Address, Run, Truth

RIGHT, MISSED, DAMAGED, GUESSED = "right", "missed", "damaged", "guessed"
SECOND = {"contact": "name_2", "mobile": "mobile_2", "phone": "phone_2", "email": "email_2"}
FREE_TEXT = frozenset(("name", "contact", "address", "need", "note"))
NO_VALUES = frozenset(("rid", "source_file", "source_sheet", "source_row"))


@dataclass(frozen=True)
class Judged:
    """One judged cell; ``kind`` is the corruption, ``clean`` for a cell that was right as typed, ``not_given`` for a
    field the row does not have. ``raw``, ``wanted`` and ``got`` are for a person who looks closer."""

    address: Address
    field: str
    kind: str
    verdict: str
    raw: str
    wanted: str
    got: str


def judge_all(truth: Truth, run: Run) -> Iterator[Judged]:
    """Every field of every true record, every further value of a cell, and every value that the row does not give."""
    for address, record in truth.records.items():
        found = {name: run.records[name].get(address, {}) for name in ENTITIES}
        rid = found["customer"].get("rid") or found["contact"].get("rid") or ""
        issues = run.issues.get(rid, [])
        known = truth.values.get(record["entity"], {})
        for name, cell in record["fields"].items():
            entity, column = PLACES[name]
            got = found[entity].get(column, "")
            yield _judged(address, name, cell, got, judge(name, cell, got, known.get(name, set()), issues))
            yield from _extras(address, name, cell, found[entity])
        yield from _invented(address, record, found, known)


def judge(name: str, cell: str | Mapping[str, Any], got: str, known: set[str], issues: list[dict[str, str]]) -> str:
    """The verdict on ``got``, the run's value of field ``name``.

    ``cell`` is the truth (plain text: the cell was right as typed), ``known`` the values of this field in any row of
    the same customer, ``issues`` the issues of the row.

    >>> judge("mobile", "13800001111", "13800001112", set(), [])
    'damaged'
    >>> short = {"raw": "1380000111", "true": "13800001111", "verdict": "unfixable", "kind": "too_short"}
    >>> judge("mobile", short, "", set(), [])
    'right'
    """
    if isinstance(cell, str):
        return RIGHT if got == cell else DAMAGED
    raw, true, accept = cell["raw"], cell["true"], set(cell.get("accept", ()))
    typed = _bones(got) == _bones(raw)
    verdict = cell["verdict"]
    if verdict == "ok":
        return _judge_repair(name, got, raw, true, accept)
    if got == "" or (verdict == "unfixable" and got in accept):
        return RIGHT
    if verdict == "ambiguous":
        reported = _reported(name, raw, issues)
        if typed or got == true or got in accept:
            return RIGHT if reported else (MISSED if typed else GUESSED)
        return DAMAGED
    if verdict == "unfixable" and typed:
        return RIGHT if _reported(name, raw, issues) else MISSED
    if got in known:  # taken over from another row of the same customer
        return RIGHT
    return MISSED if typed else DAMAGED


def _judge_repair(name: str, got: str, raw: str, true: str, accept: set[str]) -> str:
    if got == true or got in accept:
        return RIGHT
    bones = _bones(got)
    half_done = name in FREE_TEXT and _bones(true) in bones and bones in _bones(raw)
    return MISSED if got == "" or bones == _bones(raw) or half_done else DAMAGED


def _judged(address: Address, name: str, cell: str | Mapping[str, Any], got: str, verdict: str) -> Judged:
    if isinstance(cell, str):
        return Judged(address, name, "clean", verdict, cell, cell, got)
    return Judged(address, name, cell["kind"], verdict, cell["raw"], cell["true"] or "", got)


def _extras(address: Address, name: str, cell: str | Mapping[str, Any], found: Mapping[str, str]) -> Iterator[Judged]:
    """Further values of a cell must stand in the second column of their field, each counted as a cell of its own."""
    column = SECOND.get(name, "")
    if isinstance(cell, str) or not cell.get("extra"):
        return
    got = found.get(column, "")
    for wanted in cell["extra"]:
        verdict = RIGHT if got == wanted else MISSED if got == "" else DAMAGED
        yield Judged(address, column, cell["kind"], verdict, cell["raw"], wanted, got)


def _invented(
    address: Address, record: Mapping[str, Any], found: Mapping[str, Mapping[str, str]], known: Mapping[str, set[str]]
) -> Iterator[Judged]:
    """Values in fields that the row does not give: neither typed in the row nor known of the same customer."""
    fields = record["fields"]
    names = {place: name for name, place in PLACES.items()}
    extras = {SECOND[n] for n, c in fields.items() if not isinstance(c, str) and c.get("extra") and n in SECOND}
    row = _bones(" ".join(c if isinstance(c, str) else c["raw"] for c in fields.values()))
    for entity, values in found.items():
        for column, got in values.items():
            name = names.get((entity, column), column)
            if got == "" or column in NO_VALUES or name in fields or column in extras:
                continue
            first = column.removesuffix("_2")
            allowed = known.get(names.get((entity, first), first), set())
            typed = name not in PLACES and _stands_in(got, row)
            if got not in allowed and not typed:
                yield Judged(address, name, "not_given", DAMAGED, "", "", got)


def _stands_in(got: str, row: str) -> bool:
    digits = re.sub(r"\D", "", got)
    return _bones(got) in row or (len(digits) >= 7 and digits in re.sub(r"[^\w]", "", row))


def _reported(name: str, raw: str, issues: list[dict[str, str]]) -> bool:
    """An issue stands on this field, or names this very text (a cell that feeds several fields has one issue)."""
    place = PLACES[name]
    return any((i["entity"], i["field"]) == place or _bones(i["value"]) == _bones(raw) for i in issues)


def _bones(text: str) -> str:
    """The text without width, case, white space, invisible characters and punctuation at either end.

    >>> _bones(" ＡＢ c， ")
    'abc'
    """
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    kept = "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    return re.sub(r"^[\W_]+|[\W_]+$", "", kept) or kept
