"""Single columns, repaired by cleanse and by well-known libraries with their usual settings, in one run:
``python benchmarks/kinds/peers.py TRUTH [TRUTH ...]``.

TRUTH is a folder as in ``samples/expected`` (``records.jsonl``). Needs ``pip install python-dateutil dateparser
goldenflow`` beside cleanse; what is not installed is left out and named. A section is appended to ``RESULTS.md``.

Every cell of a column counts once per record. A cell that speaks for several fields is left out: no library takes it
apart. Outcomes: *right* (the wanted value; nothing where nothing is wanted; what was typed, or nothing, where only a
person can tell), *damaged* (another value in its place: wrong, guessed or made up), *dropped* (nothing where a value is
wanted), *missed* (left as it was though it should have changed). Telephones are compared by their digits without the
country code of China, so that a library's own way of writing does not count.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import phonenumbers

from cleanse.kinds import KINDS
from cleanse.project import load_project

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OUTCOMES = ("right", "damaged", "dropped", "missed")
COLUMNS = {"mobile": "contact.mobile", "phone": "customer.phone", "email": "contact.email",
           "first_date": "customer.first_date", "last_date": "customer.last_date"}  # fmt: skip
Repair = Callable[[Sequence[str]], list[str | None]]


@dataclass(frozen=True)
class Cell:
    """The table it stands in, what was typed, the values wanted ('' for none), and whether only a person can tell."""

    table: str
    raw: str
    wanted: frozenset[str]
    open: bool


def cells(truth: Path, column: str) -> Iterator[Cell]:
    """The cells of a column, in the order of the records."""
    for line in (truth / "records.jsonl").read_text("utf-8").split("\n"):
        record = json.loads(line) if line else {}
        fields = record.get("fields", {})
        cell = fields.get(column)
        if cell is None:
            continue
        told = {"raw": cell, "true": cell, "verdict": "ok"} if isinstance(cell, str) else cell
        shared = [n for n, other in fields.items() if isinstance(other, dict) and other["raw"] == told["raw"]]
        if told["raw"] and not told.get("extra") and len(shared) <= 1:
            values = {told["true"], *told.get("accept", ())} if told["verdict"] == "ok" else {""}
            table = f"{truth}!{record['file']}!{record['sheet']}"
            yield Cell(
                table, told["raw"], frozenset(v or "" for v in values), told["verdict"] in ("unfixable", "ambiguous")
            )


def outcome(cell: Cell, got: str | None, alike: Callable[[str], str]) -> str:
    """One of ``OUTCOMES``."""
    value = alike(got or "")
    if cell.open:
        return "right" if value in ("", alike(cell.raw)) else "damaged"
    if value in {alike(v) for v in cell.wanted}:
        return "right"
    if not value:
        return "dropped"
    return "missed" if value == alike(cell.raw) and "" not in cell.wanted else "damaged"


def digits(text: str) -> str:
    """A telephone as digits, without 86 and leading zeros."""
    bare = re.sub(r"\D", "", text)
    return re.sub(r"^(?:0*86)?0*", "", bare) if len(bare) > 10 else bare.lstrip("0")


# -------------------------------------------------------------------------------------------------------- the repairs


def ours(path: str, today: str) -> Repair:
    """The kind of the field, with what its whole column tells, as in a run of that day; a doubt leaves the text."""
    project = load_project(ROOT)
    entity, _, name = path.partition(".")
    f = project.entities[entity].fields[name]
    kind = KINDS[f.kind]

    def repair(texts: Sequence[str]) -> list[str | None]:
        options = {**f.options, "today": today} if f.options.get("past") else dict(f.options)
        if kind.observe and kind.decide:
            options |= kind.decide(kind.observe(Counter(texts))).options
        fix = kind.fixer(options, project.words)
        return [fix(text).value for text in texts]

    return repair


def each(repair: Callable[[str], str | None]) -> Repair:
    """A function of one text over a column; a text it raises on has no value."""

    def one(text: str) -> str | None:
        try:
            return repair(text)
        except (ValueError, OverflowError, phonenumbers.NumberParseException):
            return None

    return lambda texts: [one(text) for text in texts]


def phone_number(text: str) -> str | None:
    number = phonenumbers.parse(text, "CN")
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number)
        else None
    )


def mixed(texts: Sequence[str]) -> list[str | None]:
    try:
        days = list(pd.to_datetime(pd.Series(texts), format="mixed", errors="coerce"))
    except ValueError:  # a column with time zones and without is refused as a whole: cell by cell then
        days = [pd.to_datetime(text, format="mixed", errors="coerce") for text in texts]
    return [None if pd.isna(day) else day.date().isoformat() for day in days]


def dateutil_day(text: str) -> str | None:
    return str(import_module("dateutil.parser").parse(text).date().isoformat())


def dateparser_day(text: str) -> str | None:
    day = import_module("dateparser").parse(text, languages=["zh", "en"])
    return day.date().isoformat() if day else None


def golden(column: str) -> Repair:
    """goldenflow without configuration: it looks at the column and its name, and chooses."""
    return lambda texts: list(import_module("goldenflow").transform({column: list(texts)}).columns[column])


def peers(column: str) -> dict[str, tuple[str, Repair]]:
    """Name -> the module it needs, and how it repairs the column."""
    if column in ("mobile", "phone"):
        return {"phonenumbers": ("phonenumbers", each(phone_number)), "goldenflow": ("goldenflow", golden(column))}
    if column == "email":
        return {"goldenflow": ("goldenflow", golden(column))}
    return {
        "dateutil": ("dateutil", each(dateutil_day)),
        "dateparser": ("dateparser", each(dateparser_day)),
        "pandas, mixed": ("pandas", mixed),
        "goldenflow": ("goldenflow", golden(column)),
    }


# --------------------------------------------------------------------------------------------------------- the figures


def measured(column: str, found: Sequence[Cell], today: str) -> Iterator[str]:
    """Lines of the table for one column; every repair sees the column of one source table at once."""
    alike = digits if column in ("mobile", "phone") else str.strip
    tables: dict[str, list[Cell]] = {}
    for cell in found:
        tables.setdefault(cell.table, []).append(cell)
    for name, (module, repair) in {"cleanse": ("cleanse", ours(COLUMNS[column], today)), **peers(column)}.items():
        try:
            import_module(module)
        except ImportError:
            yield f"| {column} | {name} | not installed | | | | |"
            continue
        start = time.process_time()
        got = [(table, repair([cell.raw for cell in table])) for table in tables.values()]
        spent = (time.process_time() - start) / len(found) * 1e6
        counts = Counter(outcome(*pair, alike) for table, values in got for pair in zip(table, values, strict=True))
        shares = " | ".join(f"{counts[o] / len(found):.2%}" for o in OUTCOMES)
        yield f"| {column} | {name} | {shares} | {spent:.0f} |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("truth", type=Path, nargs="+")
    parser.add_argument("--dry", action="store_true", help="print only, leave RESULTS.md alone")
    given = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    today = max(json.loads((t / "picklists.json").read_text("utf-8"))["today"] for t in given.truth)
    lines = [f"\n## {', '.join(t.resolve().parent.name for t in given.truth)}", ""]
    libraries = [
        f"{n} {v}"
        for n in ("phonenumbers", "python-dateutil", "dateparser", "pandas", "goldenflow")
        if (v := _version(n))
    ]
    lines += [f"{', '.join(libraries)}, Python {sys.version.split()[0]}.", ""]
    lines += ["| column | by | right | damaged | dropped | missed | CPU us a cell |", "| --- |" + " --- |" * 6]
    for column in COLUMNS:
        found = [cell for truth in given.truth for cell in cells(truth, column)]
        if found:
            lines += [f"| {column}, {len(found)} cells | | | | | | |", *measured(column, found, today)]
    text = "\n".join(lines) + "\n"
    print(text)
    if not given.dry:
        with (HERE / "RESULTS.md").open("a", encoding="utf-8") as file:
            file.write(text)


def _version(name: str) -> str:
    try:
        return version(name)
    except ImportError:
        return ""


if __name__ == "__main__":
    main()
