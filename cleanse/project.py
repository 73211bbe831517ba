"""``cleanse.toml`` and ``rules/`` become one checked Project; every fault is named at once, with file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cleanse import entities, mappings, matching, profiles, rulebook, settings, wordlists
from cleanse.codes import Code, all_codes
from cleanse.errors import UsageError
from cleanse.faults import Faults, where
from cleanse.kinds.owner import INACTIVE
from cleanse.mappings import MappingRule
from cleanse.model import Entity, Profile, Rule, Words
from cleanse.rulefiles import SHIPPED, RuleFiles, parsed, toml
from cleanse.settings import Config, Query

Schema = matching.MatchSchema | matching.TableSchema
DECISIONS = "decisions.jsonl"  # in the project folder


@dataclass(frozen=True)
class Project:
    """Everything a run needs to know, checked. Paths are absolute."""

    root: Path
    name: str
    language: str
    today: str
    sources: tuple[Path, ...]
    ignore: tuple[str, ...]
    encoding: str
    trust: tuple[str, ...]
    passwords: tuple[str, ...] = field(repr=False)
    queries: tuple[Query, ...]
    reading: Mapping[str, Any]
    out: Path
    entities: Mapping[str, Entity]
    rules: tuple[Rule, ...]
    profile: Profile
    existing: Mapping[str, Path]
    schemas: Mapping[str, matching.MatchSchema | matching.TableSchema]
    models: Mapping[str, Mapping[str, Any]]
    words: Words
    mappings: tuple[MappingRule, ...]
    trial: Mapping[str, Any]
    gate: Mapping[str, Any]
    complete: Mapping[str, Any]
    load: Mapping[str, Any]
    roles: Mapping[str, Any]
    digest: str = field(default="", compare=False)

    @property
    def codes(self) -> Mapping[str, Code]:
        """What every code means, those of the project's own rules too."""
        return {**all_codes(), **{r.code: Code(r.code, "failure", r.severity, r.text, r.cure) for r in self.rules}}


def load_project(
    root: Path,
    *,
    out: Path | None = None,
    today: str = "",
    paths: Iterable[Path] = (),
    password_file: Path | None = None,
) -> Project:
    """The project in folder ``root``; what is given here stands before what ``cleanse.toml`` says. With ``paths``, its
    databases are not asked either.

    Raises UsageError naming every fault with file and line.
    """
    faults = Faults()
    config = settings.read(root, faults)
    rules = RuleFiles(root / "rules")
    ruled = _ruled(config, root, rules, faults)
    settings.check(config, root, ruled["entities"], faults)
    read = _sources(config, root, tuple(map(Path, paths)), password_file, faults)
    faults.raise_all()
    said = config.said
    return Project(
        root=root.resolve(),
        name=said["project"].get("name", root.resolve().name),
        language=said["project"].get("language", "zh"),
        today=today or said["project"].get("today", ""),
        out=(out or root / said["run"].get("out", "out")).resolve(),
        trial=config.filled("trial"),
        gate=config.filled("gate"),
        complete=settings.completion(said["complete"], root),
        load=config.filled("load"),
        roles=config.filled("roles"),
        digest=rules.digest(config.path),
        **ruled,
        **read,
    )


def _ruled(config: Config, root: Path, rules: RuleFiles, faults: Faults) -> dict[str, Any]:
    """What of a project is told by files of rules: entities, rules, profile, existing, schemas, models, words, mappings."""
    words = rules.words(faults)
    known = _entities(rules, words, faults)
    checks = _rules(rules, known, words, faults)
    wordlists.check(rules.own, SHIPPED, known, words, faults)
    profile = _profile(config.said["target"], rules, known, words, faults, config.at("profile"))
    return {
        "entities": known, "rules": checks, "words": words, "profile": profile,
        "schemas": _schemas(rules, known, faults),
        "models": _models(config, root, faults),
        "existing": _existing(config, root, profile, faults),
        "mappings": mappings.read(config, rules, known, faults),
    }  # fmt: skip


def _sources(
    config: Config, root: Path, named: tuple[Path, ...], password_file: Path | None, faults: Faults
) -> dict[str, Any]:
    """What is read, and how: sources, ignore, encoding, trust, passwords, queries, reading."""
    said = config.said["sources"]
    given = named or tuple(root / p for p in said.get("paths", ["."]))
    for path in given:
        if not path.exists():
            faults.add(f"source not found: {path.name}", str(path), "mend [sources] paths, or name a path that exists")
    listed = said.get("password_file", "")
    return {
        "sources": tuple(p.resolve() for p in given), "ignore": tuple(said.get("ignore", ())),
        "encoding": said.get("encoding", ""), "trust": tuple(said.get("trust", ())), "reading": config.said["reading"],
        "queries": () if named else settings.queries(config, faults),
        "passwords": settings.passwords(password_file or (root / listed if listed else None), faults),
    }  # fmt: skip


def _schemas(rules: RuleFiles, entities: Mapping[str, Entity], faults: Faults) -> dict[str, Schema]:
    """How records of an entity are compared, by its name. A file of the project's own names what its entities have."""
    found: dict[str, Schema] = {}
    for path in rules.files("matching", ".toml"):
        schema = parsed(path, faults, _schema)
        if schema is not None:
            found[path.stem] = schema
        if schema is not None and not rules.is_shipped(path):
            _check_compared(schema, entities, path, faults)
    return found


def _check_compared(schema: Schema, entities: Mapping[str, Entity], path: Path, faults: Faults) -> None:
    faults.word(path.stem, entities, "entity", str(path))
    if path.stem in entities:
        below = [f"{e.name}.{name}" for e in entities.values() if e.refers_to == path.stem for name in e.stored]
        text = wordlists.read_rules(path, faults)
        for name in [schema.name_field, *(f for e in schema.evidence for f in e.fields)]:
            faults.word(name, [*entities[path.stem].stored, *below], "field", where(path, text, name))


def _schema(data: dict[str, Any], path: str) -> Schema:
    """With weights that stand in the file, or field by field with weights that are learnt."""
    wrong = [f"'{key}' must be a table" for key in ("name", "objections") if not isinstance(data.get(key, {}), dict)]
    for key in ("evidence", "field"):
        said = data.get(key, [])
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            wrong.append(f"'{key}' must be a list of tables")
    if not wrong and not isinstance(data.get("name", {}).get("weights", {}), dict):
        wrong.append("'weights' must be a table")
    if wrong:
        raise UsageError("\n".join(wrong), where=path, cure="mend the lines named")
    return matching.parse_table(data, path) if "field" in data else matching.parse_schema(data, path)


def _models(config: Config, root: Path, faults: Faults) -> dict[str, Any]:
    """What an earlier run learnt, by entity."""
    name = config.said["matching"].get("model", "")
    if name and not (root / name).is_file():
        faults.add(
            f"model not found: {name}", config.at("model"), "mend [matching] model, or leave it out to learn anew"
        )
    return toml(root / name, faults)[0] if name and (root / name).is_file() else {}


def _entities(rules: RuleFiles, words: Words, faults: Faults) -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    files: dict[str, tuple[Path, str]] = {}
    for path in rules.files("entities", ".toml"):
        data, text = toml(path, faults)
        entity = entities.parse(data, text, path, faults)
        found[entity.name], files[entity.name] = entity, (path, text)
    faults.raise_all()  # what else is wrong can only be told by fields that are right
    entities.check_together(found, words, files, faults)
    return entities.parents_first(found, faults)


def _rules(files: RuleFiles, entities: Mapping[str, Entity], words: Words, faults: Faults) -> tuple[Rule, ...]:
    """The rules across fields, rows, entities and files, of ``rules/checks``. The project's own come first; a shipped one
    whose code one of them has, or that speaks of what the project's entities have not, says nothing."""
    found: list[Rule] = []
    for path in sorted(files.files("checks", ".toml"), key=files.is_shipped):
        data, text = toml(path, faults)
        taken = {*all_codes(), *(rule.code for rule in found)}
        rules, wrong = rulebook.parse(data, text, entities, words, taken)
        found += rules
        for fault in wrong if not files.is_shipped(path) else ():
            faults.add(fault.what, f"{path}:{fault.line}", fault.cure)
    return tuple(found)


def _profile(
    target: Mapping[str, Any],
    rules: RuleFiles,
    entities: Mapping[str, Entity],
    words: Words,
    faults: Faults,
    at: str,
) -> Profile | None:
    name = target.get("profile", "generic")
    known = {path.stem: path for path in rules.files("targets", ".toml")}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.4)
        faults.add(
            f"no target profile '{name}'", at, f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
        )
        return None
    profile: Profile | None = parsed(
        known[name],
        faults,
        lambda data, path: profiles.parse(
            {
                **data,
                "limits": {**data.get("limits", {}), **target.get("limits", {})},
                "checks": {"roster": _roster(words), **data.get("checks", {})},
            },
            path,
            entities,
        ),
    )
    return profile


def _roster(words: Words) -> list[dict[str, Any]]:
    """The users of ``picklists/owner.tsv`` as a profile names them."""
    users = (dict(zip(profiles.ROSTER[:-1], row, strict=False)) for row in words.get("picklists/owner", ()))
    rows = words.get("picklists/owner", ())
    return [
        {**user, "active": not (len(row) > 4 and row[4].casefold() in INACTIVE)}
        for user, row in zip(users, rows, strict=True)
    ]


def _existing(config: Config, root: Path, profile: Profile | None, faults: Faults) -> dict[str, Path]:
    """Object -> the export of the target that holds its records."""
    known = [target.name for target in profile.objects] if profile else []
    found: dict[str, Path] = {}
    for name, file in config.said["target"].get("existing", {}).items():
        path = root / str(file)
        if profile and name not in known:
            faults.add(f"the target has no object '{name}'", config.at(name), f"known: {', '.join(known)}")
        elif not path.is_file():
            cure = "export the object from the target, and name the file here"
            faults.add(f"no such export: {file}", config.at(str(file)), cure)
        else:
            found[name] = path.resolve()
    return found
