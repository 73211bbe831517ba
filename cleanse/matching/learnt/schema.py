"""Which fields of a table are compared, and as what: checked, every fault at once. No weights stand here, they are
learnt."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cleanse.errors import UsageError

KINDS = ("person", "company", "text", "address", "id", "number", "phone", "date", "email", "category")
TOP = ("entity", "field", "precision", "review", "budget", "cap")
FIELD = ("name", "fields", "kind", "shared", "crosses", "label")


@dataclass(frozen=True)
class Field:
    """One field that is compared. ``fields``: the columns where its values stand (several for a mobile and a second
    one); ``shared``: what others have as well without being the same (a household's address, a company); ``crosses``:
    the field that it is now and then typed into."""

    name: str
    kind: str
    fields: tuple[str, ...]
    label: Mapping[str, str]
    shared: bool = False
    crosses: str = ""


@dataclass(frozen=True)
class TableSchema:
    """``precision``: the share of the pairs merged by themselves that shall be right; ``review``: the probability from
    which on a person decides; ``budget``: candidate pairs per record; ``cap``: the largest block of which all pairs are
    made."""

    entity: str
    every: tuple[Field, ...]
    precision: float = 0.998
    review: float = 0.3
    budget: float = 25.0
    cap: int = 100
    within: str = ""

    @property
    def name_field(self) -> str:
        """The column a record is called by: that of the first field."""
        return self.every[0].fields[0]

    @property
    def evidence(self) -> tuple[Field, ...]:
        return self.every[1:]

    @property
    def shared(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.every if f.shared)

    @property
    def crosses(self) -> list[tuple[str, str]]:
        return [(f.name, f.crosses) for f in self.every if f.crosses]


def parse_table(data: Mapping[str, Any], where: str) -> TableSchema:
    """A schema from a parsed TOML file. Raises UsageError naming every fault, with the nearest right key."""
    if faults := list(_faults(data)):
        raise UsageError("\n".join(faults), where=where, cure="mend the lines named")
    every = tuple(_field(f) for f in data["field"])
    given = {key: data[key] for key in ("precision", "review", "budget", "cap") if key in data}
    return TableSchema(data.get("entity", ""), every, **given)


def _field(data: Mapping[str, Any]) -> Field:
    name = data["name"]
    plain = {"fields": (name,), "label": {"zh": name, "en": name}}
    return Field(**{**plain, **data, "fields": tuple(data.get("fields", (name,)))})


def _faults(data: Mapping[str, Any]) -> Iterable[str]:
    yield from _unknown(data, TOP)
    fields = data.get("field", [])
    names = [f.get("name") for f in fields]
    kinds = {f.get("name"): f.get("kind") for f in fields}
    for key in ("precision", "review", "budget", "cap"):
        if not isinstance(data.get(key, 0), int | float) or isinstance(data.get(key), bool):
            yield f"'{key}' is no number"
    for field in fields:
        yield from _unknown(field, FIELD)
        if not field.get("name"):
            yield "every [[field]] needs a name"
        if field.get("kind") not in KINDS:
            yield f"kind '{field.get('kind', '')}' of field '{field.get('name', '')}' is not known: {', '.join(KINDS)}"
        if (other := field.get("crosses")) and (other not in names or {kinds[other], field.get("kind")} != {"person"}):
            yield f"crosses '{other}' must name another field, and both be of kind person"
    if not fields:
        yield "no [[field]] is named"


def _unknown(table: Mapping[str, Any], known: Iterable[str]) -> Iterable[str]:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, list(known), 1, 0.5)
            yield f"unknown key '{key}'" + (f", did you mean '{near[0]}'?" if near else "")
