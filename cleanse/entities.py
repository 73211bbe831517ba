"""A file of ``rules/entities`` becomes a checked Entity; every fault in it is named with its line and the nearest right word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cleanse.faults import Faults, nearest, where
from cleanse.kinds import KINDS
from cleanse.kinds.places import LEVELS
from cleanse.model import Entity, Field, Words

ENTITY_TYPES: dict[str, type] = {
    "name": str, "label": dict, "refers_to": str, "identity": list, "one_of": list, "fields": dict,
}  # fmt: skip
FIELD_TYPES: dict[str, type] = {
    "kind": str, "label": dict, "options": dict, "parts": dict, "virtual": bool, "required": bool, "unique": bool,
    "max_length": int, "privacy": str, "survivor": str, "group": str, "on_error": str,
}  # fmt: skip
OPTION_TYPES: dict[str, type | tuple[type, ...]] = {
    "picklist": str, "level": str, "context": list, "country": str, "units": list, "whole": bool, "unit": int,
    "currency": str, "order": str, "short_order": str, "two_digit": int, "epoch": (str, int), "past": bool, "today": str,
    "upgrade": bool, "bare": str, "want": str,
}  # fmt: skip
OPTION_WORDS = {
    "level": LEVELS, "want": ("mobile", "landline", "any"), "bare": ("fraction", "percent"), "epoch": ("1900", "1904"),
}  # fmt: skip
SURVIVORS = (
    "most_frequent",
    "latest",
    "earliest",
    "minimum",
    "maximum",
    "longest",
    "join",
    "most_complete_name",
    "most_filled",
    "most_trusted",
    "most_restrictive",
    "keep_both",
    "losing_values",
    "most_complete_group",
)
SLIP = 0.8  # how like the name of a list another is that can only be meant for it; a list without a file takes any word
FIELD_WORDS = {
    "kind": tuple(KINDS), "survivor": SURVIVORS, "privacy": ("public", "internal", "personal", "sensitive"),
    "on_error": ("withhold", "park", "warn"),
}  # fmt: skip


def parse(data: Mapping[str, Any], text: str, path: Path, faults: Faults) -> Entity:
    """The entity that one file describes, given as TOML and as its text."""
    name = str(data.get("name", path.stem))
    _old_checks(name, data.get("checks", []), path, text, faults)
    said = faults.typed({k: v for k, v in data.items() if k != "checks"}, ENTITY_TYPES, path, text)
    fields = {key: _field(name, key, spec, path, text, faults) for key, spec in said.get("fields", {}).items()}
    identity = _names(said.get("identity", []), "identity", fields, path, text, faults)
    groups = said.get("one_of", [])
    if not all(isinstance(group, list) for group in groups):
        faults.add("'one_of' must be a list of lists", where(path, text, "one_of"), 'write one_of = [["name", "mobile"]]')
        groups = []
    one_of = tuple(_names(group, "one_of", fields, path, text, faults) for group in groups)
    label = _label(said, name, path, text, faults)
    return Entity(name, label, fields, str(said.get("refers_to", "")), identity, one_of)


def _names(
    given: list[Any], key: str, fields: Mapping[str, Field], path: Path, text: str, faults: Faults
) -> tuple[str, ...]:
    for name in given:
        faults.word(str(name), fields, "field", where(path, text, str(name), key))
    return tuple(str(name) for name in given)


def _label(said: Mapping[str, Any], name: str, path: Path, text: str, faults: Faults, block: str = "") -> dict[str, str]:
    """A label in both languages; one that is not said is the other, or the name."""
    label = faults.typed(said.get("label", {}), {"zh": str, "en": str}, path, text, block)
    return {lang: label.get(lang) or label.get(other) or name for lang, other in (("zh", "en"), ("en", "zh"))}


def _field(entity: str, name: str, spec: Any, path: Path, text: str, faults: Faults) -> Field:
    block = f"[fields.{name}]"
    if not isinstance(spec, dict):
        faults.add(f"'{name}' must be a table", where(path, text, name), f"write {block} and its keys below")
        spec = {}
    said = faults.typed(spec, FIELD_TYPES, path, text, block)
    for key, known in FIELD_WORDS.items():
        if key in said:
            faults.word(said[key], known, {"survivor": "survivor rule"}.get(key, key), where(path, text, said[key], block))
    kind = said.get("kind", "text") if said.get("kind") in KINDS else "text"
    options = said.get("options", {})
    good = faults.typed(options, {o: OPTION_TYPES[o] for o in sorted(KINDS[kind].options)}, path, text, block)
    for key, known in OPTION_WORDS.items():
        if key in good:
            faults.word(str(good[key]), known, key, where(path, text, str(good[key]), block))
    label = _label(said, name, path, text, faults, block)
    return Field(**{**said, "kind": kind, "options": good, "label": label, "entity": entity, "name": name})


def _old_checks(entity: str, checks: Any, path: Path, text: str, faults: Faults) -> None:
    """Entity files once held rules between two fields: each is told with the rule that says the same."""
    lines = [n for n, line in enumerate(text.split("\n"), 1) if re.match(r"\s*\[\[\s*checks\s*\]\]", line)]
    for number, check in enumerate(checks if isinstance(checks, list) else [{}]):
        said = check if isinstance(check, dict) else {}
        code, first, op, second = (said.get(key, "?") for key in ("code", "first", "op", "second"))
        rule = f'[[rule]] code = "{code}" entity = "{entity}" on = "both" all = ["{first} {op} {second}"]'
        at = f"{path}:{lines[number]}" if number < len(lines) else where(path, text, "checks")
        faults.add(
            "rules between fields stand in rules/checks now, not in the entity's file", at,
            f"delete '{code}' here; unless a file of rules/checks has it already, write there, a key a line: {rule}",
        )  # fmt: skip


def check_together(entities: Mapping[str, Entity], words: Words, at: Mapping[str, tuple[Path, str]], faults: Faults) -> None:
    """Faults that only all entities and lists together show. ``at``: the file of an entity, and its text."""
    paths = sorted(f.path for e in entities.values() for f in e.fields.values() if not f.virtual)
    lists = sorted(name.removeprefix("picklists/") for name in words if name.startswith("picklists/"))
    for entity in entities.values():
        path, text = at[entity.name]
        for f in entity.fields.values():
            for role, target in f.parts.items():
                if target not in paths:
                    place = where(path, text, str(target), f"[fields.{f.name}]")
                    faults.add(f"part '{role}' goes to no field: '{target}'", place, nearest(str(target), paths))
            listed = f.options.get("picklist", "")
            if listed and listed not in lists and difflib.get_close_matches(listed, lists, 1, SLIP):
                place = where(path, text, listed, f"[fields.{f.name}]")
                faults.add(f"no such list: '{listed}'", place, nearest(listed, lists))


def parents_first(entities: dict[str, Entity], faults: Faults) -> dict[str, Entity]:
    """The entities in an order in which each stands behind the one it refers to."""
    ordered: dict[str, Entity] = {}
    waiting = dict(sorted(entities.items()))
    while waiting:
        ready = [n for n, e in waiting.items() if not e.refers_to or e.refers_to in ordered]
        if not ready:
            faults.add(f"refers_to leads nowhere or round in a circle: {', '.join(waiting)}", "rules/entities")
            return entities
        for name in ready:
            ordered[name] = waiting.pop(name)
    return ordered
