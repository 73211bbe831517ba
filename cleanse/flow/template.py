"""A target profile made or corrected from the import templates of the user's own CRM, or from the tables of its database."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from cleanse import profiles
from cleanse.errors import UsageError
from cleanse.kinds.header import Vocabulary
from cleanse.model import Entity
from cleanse.project import Project
from cleanse.rulefiles import RuleFiles
from cleanse.targets import schema, template

TYPES = {"date": "date", "phone": "phone", "email": "email", "money": "number", "quantity": "number", "owner": "owner"}
SURE = 1.0
RULES = ("required", "unique", "max_length", "max_bytes", "pattern", "confidence")  # of a field: a table tells its own
Spec = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """Where the profile was written, and what a person should look at: columns filled from nothing, columns whose
    source is a guess, values of our lists the template does not offer."""

    path: Path
    to_confirm: tuple[str, ...]


def make(project: Project, base: str, places: Sequence[str], name: str) -> Made:
    """Write ``rules/targets/NAME.toml``: the profile ``base`` with the columns, marks and drop-down lists of the
    templates, each a file or the tables of a database (``URL#table,table``). Raises UsageError when none of them names
    anything of the model, or the profile is there already."""
    path = project.root / "rules" / "targets" / f"{name}.toml"
    if path.exists():
        raise UsageError(
            "there is such a profile already", where=str(path), cure="move it away, or give another --name"
        )
    known = {p.stem: p for p in RuleFiles(project.root / "rules").files("targets", ".toml")}
    data: Spec = tomllib.loads(known[base].read_text("utf-8"))
    sheets = [s for p in places for s in (schema.read(p, project.root) if "://" in p else template.read(Path(p)))]
    work = _Work(project.entities, Vocabulary.of(project.words, project.entities), {o["name"]: o for o in data["objects"]})
    objects = [work.object(sheet) for sheet in sheets]
    made = [o for o in objects if o]
    if not made:
        where = ", ".join(sheet.file for sheet in sheets)
        cure = "hand in the import template, and add its headers to rules/lexicons/headers.tsv"
        raise UsageError("no column of the template is known", where=where, cure=cure)
    work.to_confirm += [line for sheet in sheets for line in sheet.unsure]
    for sheet, one in zip(sheets, objects, strict=True):
        if one and sheet.links:
            work.link(one, sheet, {o["name"]: o for o in made})
    for sheet, one in zip(sheets, objects, strict=True):
        if one:
            work.together(one, sheet)
    data |= {"name": name, "label": data.get("label", base), "objects": _linked(made, project.entities)}
    data["sources"] = list(dict.fromkeys(f"template {s.file}" for s, o in zip(sheets, objects, strict=True) if o))
    data["form"] = _form(data.get("form", {}), sheets[objects.index(made[0])])
    data["limits"] = {k: v for k, v in data.get("limits", {}).items() if k in profiles.LIMITS or _of(k, made)}
    data["checks"] = _checks(data.get("checks", {}), made)
    profiles.parse(data, str(path), project.entities)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps(data, multiline_strings=False), "utf-8", newline="\n")
    return Made(path, tuple(work.to_confirm))


def _of(limit: str, objects: Sequence[Spec]) -> bool:
    return any(limit.endswith(f"_{o['name']}") for o in objects)


def _form(base: Mapping[str, Any], sheet: template.Template) -> Spec:
    """The form of the base, in the shape of the template's sheet; of a table the names and the words of its database."""
    if sheet.rules:
        return {**base, "header": "name", "true": sheet.words[0], "false": sheet.words[1]}
    form = {**base, "header": "label", "required_prefix": sheet.prefix, "required_suffix": sheet.suffix}
    form |= {"tip": sheet.tip, "header_row": 2 if sheet.tip else 1}
    form["type"] = "csv" if not sheet.sheet else "xlsx"
    return {**form, "sheet": sheet.sheet} if sheet.sheet else form


def _checks(base: Mapping[str, Any], objects: Sequence[Spec]) -> Spec:
    """The checks of the base, as far as their columns are there."""
    columns = {f["name"] for o in objects for f in o["fields"]}
    checks = copy.deepcopy(dict(base))
    for key in ("area_columns",):
        if not set(checks.get(key, ())) <= columns:
            checks.pop(key), checks.pop("areas", None)
    if "together" in checks:
        checks["together"] = [group for group in checks["together"] if set(group) <= columns]
    return checks


def _linked(objects: list[Spec], entities: Mapping[str, Entity]) -> list[Spec]:
    """Parents first; a child whose parent has no template of its own stands alone."""
    order = list(entities)
    objects = sorted(objects, key=lambda o: order.index(o["entity"]))
    names = {o["entity"]: o["name"] for o in objects}
    for o in objects:
        parent = names.get(entities[o["entity"]].refers_to, "")
        if o.get("parent") and parent:
            o["parent_object"] = parent
        else:
            o.pop("parent", None), o.pop("parent_object", None)
    return objects


class _Work:
    """Templates become objects, with what is not certain collected on the way."""

    def __init__(self, entities: Mapping[str, Entity], vocabulary: Vocabulary, base: Mapping[str, Spec]) -> None:
        self.entities, self.vocabulary, self.base = entities, vocabulary, base
        self.to_confirm: list[str] = []

    def object(self, sheet: template.Template) -> Spec | None:
        """The object of a sheet; None where nothing in it is known."""
        like = max(self.base.values(), key=lambda o: len(self._shared(o, sheet)))
        entity = like["entity"] if len(self._shared(like, sheet)) > 1 else self._entity(sheet)
        if not entity:
            return None
        like = next((o for o in self.base.values() if o["entity"] == entity), {"name": entity, "fields": []})
        known = {text: f for f in like["fields"] for text in (f["name"], f.get("label", f["name"]))}
        fields = [self._field(header, known.get(header), entity, sheet) for header in sheet.headers]
        if sheet.rules:
            fields = [f for f in fields if self._filled(f, sheet)]
        name = sheet.sheet if sheet.rules else like["name"]
        made: Spec = {"name": name, "label": sheet.sheet or like.get("label", entity), "entity": entity}
        return {**made, **self._keys(like, fields, entity), "fields": fields}

    @staticmethod
    def _filled(column: Spec, sheet: template.Template) -> bool:
        """Whether a column of a table is to be written: filled, a link, or one that takes no blank and has no default."""
        told = {"source", "constant"} & column.keys() or column.get("type") == "reference"
        return bool(told or (column.get("required") and column["name"] not in sheet.defaults))

    def link(self, child: Spec, sheet: template.Template, tables: Mapping[str, Spec]) -> None:
        """The column of a table that leads to the one above it; what cannot be filled from our keys is told, and left out."""
        above = self.entities[child["entity"]].refers_to
        child.pop("parent", None)
        for column, (table, key) in sheet.links.items():
            parent = tables.get(table, {"entity": "", "fields": []})
            field = next((f for f in parent["fields"] if f["name"] == key), None)
            if field and parent["entity"] == above and "parent" not in child:
                child["parent"], parent["key"], field["required"] = column, key, True
                continue
            child["fields"] = [f for f in child["fields"] if f["name"] != column]
            self.to_confirm.append(f"{column}: leads to {table}.{key}, which we do not fill; it is left out")

    def together(self, one: Spec, sheet: template.Template) -> None:
        """The columns that are unique together, where all of them are written; else that is told."""
        names = {f["name"] for f in one["fields"]}
        if groups := [list(columns) for columns in sheet.together if names.issuperset(columns)]:
            one["unique_together"] = groups
        self.to_confirm += [
            f"{sheet.sheet}: {' + '.join(columns)} are unique together; not all of them are filled, so that is not checked"
            for columns in sheet.together if not names.issuperset(columns)
        ]  # fmt: skip

    def _shared(self, like: Spec, sheet: template.Template) -> set[str]:
        texts = {text for f in like["fields"] for text in (f["name"], f.get("label", f["name"]))}
        return texts & set(sheet.headers)

    def _entity(self, sheet: template.Template) -> str:
        """The entity that most headers speak of; the child where both are named, for only it has the parent's name."""
        paths = [path for h in sheet.headers if (path := self.vocabulary.find(h)[0]) and path != "-"]
        votes = {e: sum(p.startswith(f"{e}.") for p in paths) for e in self.entities}
        return (
            max(votes, key=lambda e: (votes[e], bool(self.entities[e].refers_to)), default="")
            if any(votes.values())
            else ""
        )

    def _field(self, header: str, known: Spec | None, entity: str, sheet: template.Template) -> Spec:
        if sheet.rules and known:
            known = {"separator": "", **{key: value for key, value in known.items() if key not in RULES}, "name": header}
        made: Spec = (
            {**known, "label": header}
            if known
            else {"name": header, "label": header, **self._guess(header, entity, sheet)}
        )
        made |= sheet.rules.get(header, {})
        if made.get("type") == "reference":
            made.pop("source", None)
        made["required"] = header in sheet.required if sheet.required or sheet.rules else bool(made.get("required"))
        if header in sheet.lists:
            made |= {"type": "picklist", "values": list(sheet.lists[header])}
            lost = {word: to for word, to in made.get("map", {}).items() if to not in made["values"]}
            if lost:
                made["map"] = {word: to for word, to in made["map"].items() if word not in lost}
                self.to_confirm.append(
                    f"{header}: the list of the template does not offer {', '.join(sorted(set(lost.values())))}"
                )
        filled = made.get("source") or made.get("constant") or made.get("type") == "reference" or header in sheet.defaults
        if made["required"] and not filled:
            self.to_confirm.append(f"{header}: required, and filled from nothing; name its source, or a constant")
        return {key: value for key, value in made.items() if key == "separator" or value not in ("", [], {}, False)}

    def _guess(self, header: str, entity: str, sheet: template.Template) -> Spec:
        if header in sheet.links:
            return {}
        if header == sheet.key:  # our own id, or a number that nothing of ours can be
            return {"source": "golden_id"} if sheet.rules[header].get("type", "text") == "text" else {}
        path, sure, evidence = self.vocabulary.find(header)
        owner, _, name = path.partition(".")
        here = self.entities[entity]
        if path in ("", "-") or owner not in (entity, here.refers_to):
            self.to_confirm.append(f"{header}: no field of ours feeds it; it stays empty")
            return {}
        f = self.entities[owner].fields[name]
        if owner != entity and name == "name":
            return {"type": "reference"}
        source = name if owner == entity else path
        if f.virtual:
            part = next((p for p in f.parts.values() if p.startswith(f"{entity}.")), "")
            source = part.partition(".")[2]
        if sure < SURE:
            self.to_confirm.append(f"{header}: filled from {path} by its likeness ({evidence})")
        return {"source": source, "type": TYPES.get(f.kind, "text")} if source else {}

    def _keys(self, like: Spec, fields: list[Spec], entity: str) -> Spec:
        """The key: the base's, or the name of a root; the column that names the parent of a child."""
        names = {f["name"] for f in fields}
        found: Spec = {}
        key = like.get("key", "") if like.get("key", "") in names else ""
        parent = next((f["name"] for f in fields if f.get("type") == "reference"), "")
        if not self.entities[entity].refers_to:
            key = key or next((f["name"] for f in fields if f.get("source") == "name"), "")
        if key:
            found["key"] = key
            next(f for f in fields if f["name"] == key)["required"] = True
        if parent:
            found["parent"] = parent
        return found
