"""How records of an entity are compared, as ``rules/matching/*.toml`` says it: checked, every fault at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cleanse.errors import UsageError
from cleanse.matching.comparison import OBJECTIONS

TOP = ("entity", "within", "prior", "merge", "review", "cap", "name", "objections", "evidence")
NAME = ("field", "kind", "place", "weights")
EVIDENCE = (
    "name", "label", "fields", "part", "unless", "agree", "differ", "spread", "objects", "block", "everywhere",
    "companies_only",
)  # fmt: skip
WEIGHTS = {
    "company": (
        "same_name",
        "same_short",
        "same_parts",
        "same_unplaced",
        "same_core",
        "wider_region",
        "other_form",
        "short_name",
        "typo",
        "typo_brand",
        "abbreviation",
        "other_script",
        "other_place",
        "other_trade",
        "other_region",
        "other_name",
        "same_person",
        "other_person",
    ),
    "person": ("same_name", "same_script", "same_sound", "called", "slip", "other_name"),
}
BANDS = ("related", "review")
PARTS = ("", "domain")
SAID = ("said_merge", "apart", "related", "review", "in_target")


@dataclass(frozen=True)
class Evidence:
    """One field, or several that share their values: bits when a value is shared, when none is, and lost per doubling of
    the different names that share it.

    ``part`` = ``domain`` compares what stands behind the @; ``unless`` names an evidence that says the same: where that
    agrees, this says nothing. ``objects``: two different values object to merging. ``block``: a blocking key; one that many
    records share counts only together with their place, but where it is the same ``everywhere``.
    """

    name: str
    label: Mapping[str, str]
    fields: tuple[str, ...]
    agree: float
    differ: float = 0.0
    spread: float = 0.0
    objects: bool = False
    block: bool = False
    everywhere: bool = False
    companies_only: bool = False
    part: str = ""
    unless: str = ""


@dataclass(frozen=True)
class MatchSchema:
    """The whole comparison of one entity.

    ``place``: the fields of province and city. ``cap``: the largest block of which all pairs are made.
    """

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

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """All that can object to a merge, in the order of their numbers: what names say, two values of one evidence,
        what people said, and that the target holds both. '' is none."""
        return (*OBJECTIONS, *(e.name for e in self.evidence if e.objects), *SAID)


def parse_schema(data: Mapping[str, Any], where: str) -> MatchSchema:
    """A schema from a parsed TOML file. Raises UsageError naming every fault, with the nearest right key."""
    name = data.get("name", {})
    faults = list(_faults(data, name if isinstance(name, Mapping) else {}))
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
        name_kind=name.get("kind", "company"),
        weights=name["weights"],
        place=tuple(name.get("place", ())),
        objections=data.get("objections", {}),
        evidence=evidence,
        **given,
    )


def _faults(data: Mapping[str, Any], name: Mapping[str, Any]) -> Iterable[str]:
    yield from _unknown(data, TOP)
    yield from _unknown(name, NAME)
    kind = name.get("kind", "company")
    if kind not in WEIGHTS:
        yield f"name kind '{kind}' is not known: {', '.join(WEIGHTS)}"
    weights = name.get("weights", {})
    yield from _unknown(weights, WEIGHTS.get(kind, ()))
    if missing := [w for w in WEIGHTS.get(kind, ()) if w not in weights]:
        yield f"[name.weights] lacks {', '.join(missing)}"
    yield from (f"weight '{key}' is no number" for key, value in weights.items() if not _number(value))
    for reason, band in data.get("objections", {}).items():
        if band not in BANDS:
            yield f"objection '{reason}' must be one of {', '.join(BANDS)}"
    for key in ("prior", "merge", "review", "cap"):
        if not _number(data.get(key, 0)):
            yield f"'{key}' is no number"
    review, merge = data.get("review", 0.3), data.get("merge", 0.95)
    if _number(review) and _number(merge) and not 0 <= review <= merge <= 1:
        yield "'review' and 'merge' are probabilities, review the lower"
    entries = data.get("evidence", [])
    names = [e.get("name") for e in entries]
    for entry in entries:
        yield from _unknown(entry, EVIDENCE)
        if not entry.get("name") or not entry.get("fields"):
            yield "every [[evidence]] needs a name and fields"
        if entry.get("part", "") not in PARTS:
            yield f"part '{entry['part']}' is not known: domain"
        if entry.get("unless", "") and entry["unless"] not in names:
            yield f"unless '{entry['unless']}' names no evidence"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unknown(table: Mapping[str, Any], known: Iterable[str]) -> Iterable[str]:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, list(known), 1, 0.5)
            yield f"unknown key '{key}'" + (f", did you mean '{near[0]}'?" if near else "")
