"""A target profile: what a CRM's TOML file says becomes a checked Profile; every fault is named at once.

Adding a CRM needs a TOML file in ``rules/targets`` and nothing else.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.errors import UsageError
from cleanse.model import LOSING, PARENT, Entity, Profile, TargetField, TargetObject

TYPES = (
    "text", "date", "datetime", "number", "picklist", "boolean", "email", "phone", "reference", "owner", "id",
)  # fmt: skip
HEADER_MODES = ("exact-order", "exact-set", "all-required-present", "no-unknown", "free")

# What the form of a file can say, with what holds when it says nothing.
FORM: dict[str, Any] = {
    "type": "csv",  # csv | xlsx
    "encoding": "utf-8",
    "bom": False,
    "delimiter": ",",
    "line_end": "\n",
    "sheet": "Sheet1",
    "tip": "",  # text of a merged row above the header
    "header_row": 1,
    "header": "name",  # name | label
    "header_mode": "exact-set",
    "required_prefix": "",
    "required_suffix": "",
    "date": "YYYY-MM-DD",
    "datetime": "YYYY-MM-DD 00:00:00",
    "decimal": ".",
    "true": "true",
    "false": "false",
    "length": "characters",  # characters | utf16: how the target counts them
    "archive": "",  # zip: every file alone in a zip archive
    "existing": "refuse",  # rows the target has already: refuse (they stay here) | update (it upserts) | apart (own files)
}

# What a target checks beside the rules of its fields.
CHECKS: dict[str, Any] = {
    "four_byte": True,  # takes characters outside the basic plane
    "line_breaks": True,  # takes line breaks inside a value
    "forbidden": "",  # characters it refuses
    "date_min": "1700-01-01",
    "date_max": "4000-12-31",
    "owner_key": "name",  # what an owner is called by: a key of the roster
    "roster": [],  # its users: name, email, id, code, active
    "areas": [],  # its list of places: 省/市/区
    "area_columns": [],  # the three columns that hold them
    "together": [],  # groups of columns: all filled or none
    "suppressed": [],  # email addresses that must not come back
    "read_only": [],  # columns only the target may write
    "rules": [],  # its own validation rules: object, field, pattern, message
    "memory": [],  # form and limit keys that no source confirms
    "unknown": [],  # what no source says at all: ask the vendor
    "note": "",  # what else a person should know before the import
}
LIMITS = ("rows", "bytes", "columns", "cell_chars", "row_chars", "row_bytes", "imports_day")
TOP = ("name", "label", "sources", "form", "limits", "checks", "objects")
OBJECT = ("name", "label", "entity", "fields", "key", "parent", "parent_object", "one_of", "unique_together", "id", "parent_id")
FIELD = tuple(TargetField.__dataclass_fields__)
ROSTER = ("name", "email", "id", "code", "active")
RULE = ("object", "field", "pattern", "message")


class _Faults:
    """Collects what is wrong, to say it all at once."""

    def __init__(self, where: str) -> None:
        self.where, self.found = where, list[str]()

    def add(self, place: str, what: str, wrong: str = "", known: Iterable[str] = ()) -> None:
        near = difflib.get_close_matches(wrong, sorted(known), 1, 0.5) if wrong else []
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        self.found.append(f"{place}: {what}{hint}" if place else f"{what}{hint}")

    def keys(self, place: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        names = list(known)
        for key in table:
            if key not in names:
                self.add(place, f"unknown key '{key}'", key, names)

    def types(self, place: str, table: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """``table`` over ``defaults``; a value must be of its default's type."""
        self.keys(place, table, defaults)
        good = dict(defaults)
        for key, value in table.items():
            if key in defaults and type(value) is not type(defaults[key]):
                self.add(place, f"'{key}' must be {type(defaults[key]).__name__}")
            elif key in defaults:
                good[key] = value
        return good

    def table(self, data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """A table of ``data``, empty where there is none."""
        value = data.get(key, {})
        if not isinstance(value, Mapping):
            self.add("", f"'{key}' must be a table")
            return {}
        return value

    def tables(self, place: str, data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        """A list of tables of ``data``, empty where there is none."""
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
            self.add(place, f"'{key}' must be a list of tables")
            return []
        return value

    def raise_all(self) -> None:
        if self.found:
            raise UsageError(
                "\n".join(self.found), where=self.where, cure=f"mend {len(self.found)} fault(s) of the profile"
            )


def parse(data: Mapping[str, Any], where: str, entities: Mapping[str, Entity]) -> Profile:
    """The profile that ``data`` (a TOML file as read) describes.

    ``where`` is the file's name for messages; ``entities`` those of the project. Raises one UsageError naming every
    fault: unknown keys, sources, types, limits, broken patterns, links that lead nowhere.

    >>> field = {"name": "b", "sorce": "c"}
    >>> parse({"name": "x", "objects": [{"name": "a", "entity": "a", "fields": [field]}]}, "x.toml",
    ...       {"a": Entity("a", {}, {})})
    Traceback (most recent call last):
    cleanse.errors.UsageError: objects.a.fields.b: unknown key 'sorce' (did you mean 'source'?)
      where: x.toml
      to do: mend 1 fault(s) of the profile
    """
    faults = _Faults(where)
    faults.keys("", data, TOP)
    form = faults.types("form", faults.table(data, "form"), FORM)
    checks = faults.types("checks", faults.table(data, "checks"), CHECKS)
    specs = faults.tables("", data, "objects")
    if not specs:
        faults.add("", "no [[objects]]: nothing to write")
    objects: list[TargetObject] = []
    for number, spec in enumerate(specs, 1):
        objects.append(_object(spec, number, entities, objects, faults))
    limits = _limits(faults.table(data, "limits"), [o.name for o in objects], faults)
    name = str(data.get("name", ""))
    if not name:
        faults.add("", "'name' is missing")
    profile = Profile(
        name, str(data.get("label", name)), tuple(objects), form, limits, checks, tuple(data.get("sources", ()))
    )
    _check_form(profile, faults)
    _check_checks(profile, faults)
    faults.raise_all()
    return profile


def _limits(table: Mapping[str, Any], objects: list[str], faults: _Faults) -> dict[str, int]:
    known = [*LIMITS, *(f"{limit}_{name}" for limit in LIMITS for name in objects)]
    faults.keys("limits", table, known)
    for key, value in table.items():
        if type(value) is not int or value < 0:
            faults.add("limits", f"'{key}' must be a whole number, 0 for none")
    return {key: value for key, value in table.items() if key in known and type(value) is int}


def _object(
    spec: Mapping[str, Any], number: int, entities: Mapping[str, Entity], before: list[TargetObject], faults: _Faults
) -> TargetObject:
    name = str(spec.get("name", f"#{number}"))
    place = f"objects.{name}"
    faults.keys(place, spec, OBJECT)
    if name in [o.name for o in before] or not re.fullmatch(r"[^\\/:*?\"<>|\x00-\x1f]+", name):
        faults.add(place, "the name stands twice or cannot be part of a file name")
    entity = entities.get(str(spec.get("entity", "")))
    if entity is None:
        faults.add(place, f"unknown entity '{spec.get('entity', '')}'", str(spec.get("entity", "")), entities)
    fields = tuple(_field(f, place, entity, entities, faults) for f in faults.tables(place, spec, "fields"))
    target = TargetObject(
        name=name,
        label=str(spec.get("label", name)),
        entity=str(spec.get("entity", "")),
        fields=fields,
        key=str(spec.get("key", "")),
        parent=str(spec.get("parent", "")),
        parent_object=str(spec.get("parent_object", "")),
        one_of=tuple(tuple(group) for group in spec.get("one_of", ())),
        unique_together=tuple(tuple(group) for group in spec.get("unique_together", ())),
        id=str(spec.get("id", "")),
        parent_id=str(spec.get("parent_id", "")),
    )
    _check_object(target, place, entity, before, faults)
    return target


def _field(
    spec: Mapping[str, Any], place: str, entity: Entity | None, entities: Mapping[str, Entity], faults: _Faults
) -> TargetField:
    name = str(spec.get("name", ""))
    place = f"{place}.fields.{name}"
    faults.keys(place, spec, FIELD)
    known = {key: value for key, value in spec.items() if key in FIELD}
    for key, value in list(known.items()):
        default = TargetField.__dataclass_fields__[key].default
        wanted: Any = {"values": list, "map": dict, "name": str, "label": str}.get(key, type(default))
        if type(value) is not wanted:
            faults.add(place, f"'{key}' must be {wanted.__name__}")
            del known[key]
    values = tuple(str(v) for v in known.pop("values", ()))
    made = TargetField(**{"label": name, **known, "name": name, "values": values})
    if made.type not in TYPES:
        faults.add(place, f"unknown type '{made.type}'", made.type, TYPES)
    if made.confidence not in ("source", "memory"):
        faults.add(place, f"confidence '{made.confidence}' is neither 'source' nor 'memory'")
    if made.pattern and (fault := _pattern_fault(made.pattern)):
        faults.add(place, f"bad pattern: {fault}")
    if len(made.sources) > 1 and "separator" not in spec:
        faults.add(place, "several sources need a 'separator'")
    for old, new in made.map.items():
        if values and new not in values:
            faults.add(place, f"map leads '{old}' to '{new}', which is not in 'values'", str(new), values)
    for source in made.sources if entity else ():
        _check_source(source, place, entity, entities, faults)
    return made


def _check_source(
    source: str, place: str, entity: Entity | None, entities: Mapping[str, Entity], faults: _Faults
) -> None:
    assert entity is not None
    parent = entities.get(entity.refers_to)
    known = [
        "golden_id",
        LOSING,
        *([] if entity.refers_to else [PARENT]),
        *entity.stored,
        *(f"{entity.name}.{n}" for n in entity.stored),
    ]
    known += [f"{parent.name}.{n}" for n in parent.stored] if parent else []
    if source not in known:
        faults.add(place, f"unknown source field '{source}'", source, known)


def _check_object(
    target: TargetObject, place: str, entity: Entity | None, before: list[TargetObject], faults: _Faults
) -> None:
    names = [f.name for f in target.fields]
    if not names:
        faults.add(place, "no fields")
    for name, count in Counter(names).items():
        if count > 1:
            faults.add(place, f"field '{name}' stands {count} times")
    for key in ("key", "parent"):
        value = getattr(target, key)
        if value and value not in names:
            faults.add(place, f"{key} '{value}' is no field of it", value, names)
    key_field = target.field(target.key)
    if key_field and not key_field.required:
        faults.add(place, f"key '{target.key}' must be required")
    above = [f for f in target.fields if PARENT in f.sources]
    if len(above) > 1 or any(f.source != PARENT or f.required for f in above):
        faults.add(place, f"one field at most, by itself and not required, has the source '{PARENT}'")
    if above and not target.key:
        faults.add(place, f"'{above[0].name}' needs a 'key' to link by")
    for key in ("one_of", "unique_together"):
        for name in (name for group in getattr(target, key) for name in group):
            if name not in names:
                faults.add(place, f"{key} names no field: '{name}'", name, names)
    if bool(target.parent) != bool(target.parent_object):
        faults.add(place, "'parent' and 'parent_object' go together")
    if target.parent_object:
        parent = next((o for o in before if o.name == target.parent_object), None)
        if parent is None:
            faults.add(
                place,
                f"parent_object '{target.parent_object}' is no earlier object",
                target.parent_object,
                [o.name for o in before],
            )
        elif not parent.key:
            faults.add(place, f"parent_object '{parent.name}' has no key to link by")
        elif entity and entity.refers_to != parent.entity:
            faults.add(place, f"entity '{entity.name}' does not refer to '{parent.entity}'")


def _check_form(profile: Profile, faults: _Faults) -> None:
    form = profile.form
    for key, allowed in (
        ("type", ("csv", "xlsx")),
        ("header", ("name", "label")),
        ("header_mode", HEADER_MODES),
        ("line_end", ("\n", "\r\n")),
        ("length", ("characters", "utf16")),
        ("archive", ("", "zip")),
        ("existing", ("refuse", "update", "apart")),
    ):
        if form[key] not in allowed:
            faults.add("form", f"'{key}' must be one of {', '.join(map(repr, allowed))}", form[key], allowed)
    try:
        encoding = codecs.lookup(form["encoding"]).name
        if encoding.startswith(("utf-16", "utf-32", "utf-7", "utf-8-sig")) or (form["bom"] and encoding != "utf-8"):
            faults.add(
                "form", f"encoding '{form['encoding']}' with this 'bom' is not written; use utf-8 with bom = true"
            )
    except LookupError:
        faults.add("form", f"unknown encoding '{form['encoding']}'")
    if len(form["delimiter"]) != 1:
        faults.add("form", "'delimiter' must be one character")
    if form["header_row"] != (2 if form["tip"] else 1):
        faults.add("form", "'header_row' must be 1, or 2 below a tip row")
    if not all(token in form[key] for key in ("date", "datetime") for token in ("YYYY", "MM", "DD")):
        faults.add("form", "'date' and 'datetime' need YYYY, MM and DD")
    for target in profile.objects:
        headers = Counter(profile.header(f) for f in target.fields)
        for header, count in headers.items():
            if count > 1 or not header.strip():
                faults.add(f"objects.{target.name}", f"header '{header}' is empty or stands {count} times")


def _check_checks(profile: Profile, faults: _Faults) -> None:
    checks = profile.checks
    for user in checks["roster"]:
        faults.keys("checks.roster", user, ROSTER)
    if checks["owner_key"] not in ROSTER[:-1]:
        faults.add(
            "checks", f"owner_key '{checks['owner_key']}' is not a key of the roster", checks["owner_key"], ROSTER
        )
    for rule in checks["rules"]:
        faults.keys("checks.rules", rule, RULE)
        if fault := _pattern_fault(str(rule.get("pattern", ""))):
            faults.add("checks.rules", f"bad pattern: {fault}")
    for key in ("date_min", "date_max"):
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", checks[key]):
            faults.add("checks", f"'{key}' must be written YYYY-MM-DD")
    if checks["areas"] and len(checks["area_columns"]) != 3:
        faults.add("checks", "'areas' need three 'area_columns'")


def _pattern_fault(pattern: str) -> str:
    """What is wrong with a pattern: it must hold for ``re`` (pre-flight) and for RE2 (conform)."""
    try:
        re.compile(pattern)
        pc.match_substring_regex(pa.array([""]), pattern)
    except (re.error, pa.ArrowInvalid) as error:
        return str(error)
    return ""
