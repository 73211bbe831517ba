"""The nouns of the house and the columns of every frame.

Every cell is text (pandas ``str``) or missing until ``conform``. ``rid`` is the number of a source data row; ``(entity,
rid)`` is the key of a record, so a customer and its contact that stand in one row share their rid and need no link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

ADDRESS = ("source_file", "source_sheet", "source_row")
LOSING = "losing_values"  # of a golden record: what its records said that no field kept, each behind its label
PARENT = "parent_id"  # of a golden record: the golden id of the one above it in the same entity

# The columns of every frame that a stage returns or the run folder keeps (records and golden add the entity's fields).
COLUMNS: dict[str, tuple[str, ...]] = {
    "files": ("source_file", "status", "reason", "detail", "format", "encoding", "sheets", "rows"),
    "layout": (*ADDRESS, "kind", "text"),
    "columns": (
        "source_file",
        "source_sheet",
        "header_row",
        "place",
        "column",
        "field",
        "feeds",
        "confidence",
        "evidence",
    ),
    "losses": ("source_file", "source_sheet", "column", "why", "values"),
    "unmapped": ("rid", *ADDRESS, "column", "value"),
    "records": ("rid", *ADDRESS),
    "changes": ("rid", "entity", "field", *ADDRESS, "before", "after", "rest", "code", "stage", "from_rid"),
    "issues": ("rid", "entity", "field", "code", "severity", "value", "note"),
    "pairs": ("entity", "left", "right", "block", "weight", "probability", "band", "why_zh", "why_en", "evidence"),
    "clusters": ("entity", "rid", "cluster"),
    "rows": (*ADDRESS, "entity", "rid", "exit", "golden_id", "reason"),
    "golden": ("golden_id", "rid"),
}

# What may fill a blank, the surest first, and how sure each is by itself. A landline may ring elsewhere, a company may have
# moved since it was registered, a mobile goes where its owner goes: hints.
COMPLETION: Mapping[str, float] = {
    "lookup": 1.0, "above": 1.0, "area_code": 0.9, "credit_code": 0.8, "name": 0.6, "mobile": 0.4,
}  # fmt: skip


# The first columns of parked.xlsx by language, and its hidden sheet: written by a report, known again when it comes back.
PARKED_LEAD = {
    "zh": {
        "reason": "原因", "cure": "怎么办", "entity": "对象", "source_file": "文件", "source_sheet": "工作表",
        "source_row": "行",
    },
    "en": {
        "reason": "Reason", "cure": "What to do", "entity": "Object", "source_file": "File", "source_sheet": "Sheet",
        "source_row": "Row",
    },
}  # fmt: skip
PARKED_LISTS = "keys"


class Exit(StrEnum):
    """Where a source row ends: exactly one of these, per entity."""

    MIGRATED = "migrated"
    MERGED = "merged"
    PARKED = "parked"
    EXCLUDED = "excluded"


NO_OBJECT = "target_no_object"  # reason of records left out because the target has no object for their entity


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Band(StrEnum):
    """What is done with a pair of records."""

    MERGE = "merge"
    REVIEW = "review"
    RELATED = "related"
    APART = "apart"


# --------------------------------------------------------------------------------------------------------- sources


@dataclass(frozen=True)
class Note:
    """Something a reader saw that a person should know: a code, where (``B17``, a row, a sheet), and a short detail."""

    code: str
    where: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Grid:
    """One sheet as its physical cells.

    ``cells``: text frame; the index holds 1-based physical row numbers (for CSV and its like the logical record number),
    the columns 0-based physical column numbers; an empty cell is ``''``. ``sheet`` is ``''`` where the format has none.
    """

    sheet: str
    cells: pd.DataFrame
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Source:
    """One file found: what became of it and, when it was read, its grids.

    ``name`` is the path relative to the scanned folder, with ``/``. ``status`` is ``read``, ``error`` or ``ignored``;
    ``reason`` a code of ``data/codes`` when it was not read.
    """

    name: str
    status: str
    reason: str = ""
    detail: str = ""
    format: str = ""
    encoding: str = ""
    grids: tuple[Grid, ...] = ()
    digest: str = ""


@dataclass(frozen=True)
class Table:
    """The records found in a grid: ``rows`` is a text frame indexed by physical row, one column per header (names made
    unique), missing where empty. ``layout`` lists the other rows with (source_row, kind, text); kind is one of title,
    header, blank, subtotal, banner, note, repeated_header. ``places`` are the physical columns, from 0.
    ``heads``: of a header of several rows, column -> the word over a group of columns, and its own."""

    source: str
    sheet: str
    header_row: int
    rows: pd.DataFrame
    layout: pd.DataFrame
    places: tuple[int, ...] = ()
    heads: Mapping[str, tuple[str, str]] = field(default_factory=dict)


# ----------------------------------------------------------------------------------------------------------- kinds

Options = Mapping[str, Any]
Words = Mapping[str, tuple[tuple[str, ...], ...]]  # lexicon name -> rows of the TSV file
Test = Callable[[pa.Array], np.ndarray]  # of many texts at once: which of them pass
Repairs = Sequence[tuple[str, Callable[[pa.Array], pa.Array]]]  # code and repair, for many texts at once


@dataclass(frozen=True, slots=True)
class Fix:
    """What one text should be.

    value   the canonical form; None when the text says nothing (null word, placeholder)
    why     code of the change; '' when ``value`` is the text itself
    doubt   code of a doubt for a person; the value is then left as it was typed (only invisible dirt removed)
    rest    what was cut off and has no field of its own
    parts   further values found in the same cell, by role: (("landline", "0571-88886666"), ("mobile_2", "138…"))
    """

    value: str | None
    why: str = ""
    doubt: str = ""
    rest: str = ""
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reading:
    """What ``fix`` makes of every text that matches a pattern from end to end and ``never`` does not, told for many at once.

    ``pattern`` (RE2): its groups are ``value`` (none: the text itself), ``rest``, and the roles of parts. A part that is the
    value once more is left to ``fix``. ``why`` and ``doubt`` are the codes; ``never`` are patterns.
    """

    pattern: str
    why: str = ""
    doubt: str = ""
    never: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What a whole column told: options for ``fixer``, or a code of the doubt that stays, with the evidence."""

    options: Options = field(default_factory=dict)
    doubt: str = ""
    evidence: str = ""


def _same(left: Sequence[str], right: Sequence[str]) -> np.ndarray:
    return (np.asarray(left, dtype=object) == np.asarray(right, dtype=object)).astype(float)


def _itself(value: str) -> tuple[str, ...]:
    return (value,)


@dataclass(frozen=True)
class Kind:
    """One kind of value: how it is repaired, judged, compared, masked. Pure: no disk, clock or dice.

    fixer(options, words)   -> fix(text) -> Fix; idempotent: fix(fix(x).value).value == fix(x).value
    shape(options)          -> pattern (RE2 and ``re``) that a canonical value matches from end to end; '' is any text
    mask(value)             -> the masked form, at most a third of its characters shown
    compare(left, right)    -> similarity 0..1 for aligned sequences of canonical values (numpy array)
    keys(value)             -> blocking keys of a canonical value
    untouched(options, words) -> test(texts) -> mask of the texts that ``fix`` certainly leaves alone, for all at once; the
                               rest is looked at one by one. Without it the test is ``shape``.
    repairs(options, words) -> codes with repairs of common dirty forms, for many tidied texts at once: what comes out counts
                               where ``untouched`` accepts it, and is then what ``fix`` makes of the text, with that code
    readings(options, words) -> Readings of common texts with a doubt, a rest or parts, in the order they are tried
    observe(values)         -> a Counter over distinct texts with their counts, that adds up over any cut of the data
    decide(counter)         -> Decision
    settle(options, words)  -> settle(text, context) -> Fix for a text that ``fix`` left in doubt, with what other fields
                               of its row say (``options["context"]`` names them); still a doubt where they do not help
    """

    name: str
    fixer: Callable[[Options, Words], Callable[[str], Fix]]
    shape: Callable[[Options], str]
    mask: Callable[[str], str]
    compare: Callable[[Sequence[str], Sequence[str]], np.ndarray] = _same
    keys: Callable[[str], tuple[str, ...]] = _itself
    options: frozenset[str] = frozenset()
    observe: Callable[[Mapping[str, int]], Counter[str]] | None = None
    decide: Callable[[Counter[str]], Decision] | None = None
    settle: Callable[[Options, Words], Callable[[str, Mapping[str, str]], Fix]] | None = None
    untouched: Callable[[Options, Words], Test] | None = None
    repairs: Callable[[Options, Words], Repairs] | None = None
    readings: Callable[[Options, Words], Sequence[Reading]] | None = None


# -------------------------------------------------------------------------------------------------------- entities


@dataclass(frozen=True)
class Field:
    """One field of an entity, as ``rules/entities/*.toml`` declares it.

    ``virtual`` fields take a column that holds several values; they have no value of their own, only parts. ``parts``
    says where a kind's parts go: role -> ``entity.field``.
    """

    entity: str
    name: str
    kind: str
    label: Mapping[str, str]
    options: Options = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    virtual: bool = False
    required: bool = False
    unique: bool = False
    max_length: int = 0
    privacy: str = "internal"  # public | internal | personal | sensitive
    survivor: str = "most_frequent"
    group: str = ""  # fields of one group survive together
    on_error: str = "withhold"  # withhold the value | park the row | warn

    @property
    def path(self) -> str:
        return f"{self.entity}.{self.name}"


@dataclass(frozen=True)
class Entity:
    """One entity: its fields in order, the parent it refers to, and what makes a record of it worth keeping."""

    name: str
    label: Mapping[str, str]
    fields: Mapping[str, Field]
    refers_to: str = ""
    identity: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()

    @property
    def stored(self) -> tuple[str, ...]:
        """The names of the fields that hold values."""
        return tuple(name for name, f in self.fields.items() if not f.virtual)


# ----------------------------------------------------------------------------------------------------------- rules


@dataclass(frozen=True)
class Condition:
    """What is said of one field, ``entity.field``: ``filled``, ``is`` one of ``values``, ``matches`` a pattern, or a
    comparison with a value or with ``other``, another field of its entity."""

    path: str
    op: str  # filled | is | matches | <= < >= > == !=
    values: tuple[str, ...] = ()
    other: str = ""
    negated: bool = False


@dataclass(frozen=True)
class Rule:
    """One ``[[rule]]`` of ``rules/checks``: what must hold of the records of ``entity`` for which ``when`` holds.

    ``form`` says which of the others count: ``all`` or ``any`` of ``must``; ``unique`` (``field``); ``same`` (``field``,
    within ``per``); ``count`` (``of``, within ``per``, ``at_least`` to ``at_most``); ``exists`` (``of``, with ``field`` its
    value there). ``on``: the source rows as they were cleaned, the golden records that come of them, or both.
    """

    code: str
    severity: str
    text: Mapping[str, str]
    cure: Mapping[str, str]
    entity: str
    form: str
    on: str = "golden"  # golden | rows | both
    when: tuple[Condition, ...] = ()
    must: tuple[Condition, ...] = ()
    field: str = ""
    per: str = ""
    of: str = ""
    at_least: int = 0
    at_most: int | None = None


# --------------------------------------------------------------------------------------------------------- targets


@dataclass(frozen=True)
class TargetField:
    """One column of a target object; ``source`` is the canonical field it is filled from (``''``: a constant or none)."""

    name: str
    label: str
    source: str = ""
    type: str = "text"  # text | date | datetime | number | picklist | boolean | email | phone | reference | owner | id
    required: bool = False
    unique: bool = False
    max_length: int = 0
    max_bytes: int = 0
    pattern: str = ""
    values: tuple[str, ...] = ()
    map: Mapping[str, str] = field(default_factory=dict)
    constant: str = ""
    separator: str = ""  # joins several sources
    confidence: str = "source"  # source | memory

    @property
    def sources(self) -> tuple[str, ...]:
        """The canonical fields it is filled from: ``need + note`` names two; ``customer.owner`` is the parent's."""
        return tuple(part.strip() for part in self.source.split("+") if part.strip())


@dataclass(frozen=True)
class TargetObject:
    """One object (table, module) of a target, fed by one entity."""

    name: str
    label: str
    entity: str
    fields: tuple[TargetField, ...]
    key: str = ""  # the column that carries golden_id, or the natural key
    parent: str = ""  # column that carries the parent's key
    parent_object: str = ""
    one_of: tuple[tuple[str, ...], ...] = ()
    unique_together: tuple[tuple[str, ...], ...] = ()  # columns of which no two rows hold the same, where all are filled
    id: str = ""  # the column of an export that holds the target's own id, by which a record without our key is updated
    parent_id: str = ""  # the column of an export that holds the parent's own id

    @property
    def own_parent(self) -> str:
        """The column that carries the key of the record's own parent, a row of the same object; '' where it has none."""
        return next((f.name for f in self.fields if f.source == PARENT), "")

    def field(self, name: str) -> TargetField | None:
        """The field of that name, if there is one."""
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True)
class Profile:
    """A CRM as a TOML file says it: the form of its files, its limits, its objects in load order."""

    name: str
    label: str
    objects: tuple[TargetObject, ...]
    form: Mapping[str, Any]
    limits: Mapping[str, int]
    checks: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    def header(self, column: TargetField) -> str:
        """What stands above the column in the file: its name or label, with the marks of a required one."""
        text = column.label if self.form["header"] == "label" else column.name
        return f"{self.form['required_prefix']}{text}{self.form['required_suffix']}" if column.required else text

    def limit(self, name: str, target: str = "") -> int:
        """A limit, of one object where ``<name>_<object>`` is set; 0 is none."""
        return self.limits.get(f"{name}_{target}", self.limits.get(name, 0))


@dataclass(frozen=True)
class Written:
    """One file written: rows ``start`` to ``start + rows`` of the object's table, in its order."""

    object: str
    path: str
    part: int
    start: int
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Seen:
    """One written file as a fresh look at its bytes finds it; what cannot be told from the frame read back.

    ``fault`` says why it could not be decoded or parsed; ``ragged`` counts the rows of another width than the header;
    ``merged`` the merged ranges that are not the tip row; ``untyped`` the cells that hold no text.
    """

    object: str
    path: str
    rows: int
    bytes: int
    bom: bool = False
    header: tuple[str, ...] = ()
    fault: str = ""
    ragged: int = 0
    sheets: int = 1
    merged: int = 0
    formulas: int = 0
    untyped: int = 0


def frame(name: str, rows: Sequence[Sequence[Any]] = ()) -> pd.DataFrame:
    """An (empty) frame with the columns of ``COLUMNS[name]``.

    >>> list(frame("clusters"))
    ['entity', 'rid', 'cluster']
    """
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))
