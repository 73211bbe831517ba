"""How records of an entity are compared, as ``rules/matching/*.toml`` says it: checked, every fault at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cleanse.errors import UsageError

TOP = ("entity", "within", "prior", "merge", "review", "cap", "name", "objections", "evidence")
NAME = ("field", "kind", "place", "weights")
EVIDENCE = ("name", "label", "fields", "agree", "differ", "spread", "objects", "block", "companies_only")
WEIGHTS = {
    "company": (
        "same_name",
        "same_parts",
        "same_core",
        "other_form",
        "short_name",
        "typo",
        "other_trade",
        "other_region",
        "other_name",
        "same_person",
        "other_person",
    ),
    "person": ("same_name", "same_script", "same_sound", "called", "other_name"),
}
BANDS = ("related", "review")


@dataclass(frozen=True)
class Evidence:
    """One field, or several that share their values: bits when a value is shared, when none is, and per doubling of the
    different names that share it."""

    name: str
    label: Mapping[str, str]
    fields: tuple[str, ...]
    agree: float
    differ: float = 0.0
    spread: float = 0.0
    objects: bool = False
    block: bool = False
    companies_only: bool = False


@dataclass(frozen=True)
class MatchSchema:
    """The whole comparison of one entity. ``cap`` bounds the pairs a block may make: larger blocks are skipped and
    reported."""

    entity: str
    name_field: str
    name_kind: str
    weights: Mapping[str, float]
    place: tuple[str, ...] = ()
    within: str = ""
    prior: float = -7.0
    merge: float = 0.95
    review: float = 0.3
    cap: int = 40
    objections: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


def parse_schema(data: Mapping[str, Any], where: str) -> MatchSchema:
    """A schema from a parsed TOML file. Raises UsageError naming every fault, with the nearest right key."""
    faults: list[str] = []
    _keys(data, TOP, faults)
    name = data.get("name", {})
    _keys(name, NAME, faults)
    kind = name.get("kind", "company")
    if kind not in WEIGHTS:
        faults.append(f"name kind '{kind}' is not known: {', '.join(WEIGHTS)}")
    weights = name.get("weights", {})
    _keys(weights, WEIGHTS.get(kind, ()), faults)
    missing = [w for w in WEIGHTS.get(kind, ()) if w not in weights]
    if missing:
        faults.append(f"[name.weights] lacks {', '.join(missing)}")
    for reason, band in data.get("objections", {}).items():
        if band not in BANDS:
            faults.append(f"objection '{reason}' must be one of {', '.join(BANDS)}")
    for entry in data.get("evidence", []):
        _keys(entry, EVIDENCE, faults)
        if not entry.get("name") or not entry.get("fields"):
            faults.append("every [[evidence]] needs a name and fields")
    if faults:
        raise UsageError("\n".join(faults), where=where, cure="mend the lines named")
    evidence = tuple(
        Evidence(**{"label": {"zh": e["name"], "en": e["name"]}, "agree": 0.0, **e, "fields": tuple(e["fields"])})
        for e in data.get("evidence", [])
    )
    given = {key: data[key] for key in ("within", "prior", "merge", "review", "cap") if key in data}
    return MatchSchema(
        entity=data.get("entity", ""),
        name_field=name.get("field", "name"),
        name_kind=kind,
        weights=weights,
        place=tuple(name.get("place", ())),
        objections=data.get("objections", {}),
        evidence=evidence,
        **given,
    )


def _keys(table: Mapping[str, Any], known: Iterable[str], faults: list[str]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, list(known), 1, 0.5)
            faults.append(f"unknown key '{key}'" + (f", did you mean '{near[0]}'?" if near else ""))
