"""``cleanse.toml`` and ``rules/`` become one checked Project; every fault is named at once, with file and line.

Rules have one search path: the project's own ``rules/`` first, the shipped ones behind. A project's entity, target,
matching or picklist file replaces the shipped file of the same name; its lexicon lines stand before the shipped lines.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cleanse import entities, matching, profiles, rulebook, wordlists
from cleanse.codes import Code, all_codes
from cleanse.errors import UsageError
from cleanse.faults import Faults, where
from cleanse.kinds.owner import INACTIVE
from cleanse.model import COMPLETION, Entity, Profile, Rule, Words

SHIPPED = next(
    p for p in (Path(__file__).parent / "data" / "rules", Path(__file__).parent.parent / "rules") if p.is_dir()
)

CONFIG, DECISIONS = "cleanse.toml", "decisions.jsonl"  # in the project folder
SETTINGS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "project": {"name": str, "language": str, "today": str},
    "sources": {"paths": list, "ignore": list, "encoding": str, "password_file": str, "sql": list, "trust": list},
    "reading": {
        "file_mb": int,
        "unpacked_mb": int,
        "cells": int,
        "sheets": int,
        "seconds": float,
        "memory_mb": int,
        "archive_files": int,
        "archive_depth": int,
        "hidden": str,
    },
    "target": {"profile": str, "limits": dict, "existing": dict},
    "run": {"out": str},
    "trial": {"rows": int, "accuracy": float, "confidence": float},
    "matching": {"model": str},
    "gate": {"max_parked": float, "trial": bool, "max_errors": int, "max_warnings": int},
    "complete": {"fields": list, "sources": list, "accept": float, "lookup": str},
    "load": {"to": str, "schema": str, "prefix": str, "tables": dict, "batch": int, "retries": int},
    "roles": {"runner": list, "reviewer": list, "approver": list, "four_eyes": bool},
}
SQL_KEYS = ("name", "url", "query")
MAPPING_TYPES = {"source": str, "sheet": str, "columns": dict, "join": dict}
@dataclass(frozen=True)
class MappingRule:
    """A person's word on the columns of some tables: globs of file and sheet, header -> ``entity.field`` (or several) or
    ``-``; ``join``: ``entity.field`` -> the headers that together hold it, in their order."""

    source: str
    sheet: str
    columns: Mapping[str, str | tuple[str, ...]]
    join: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Query:
    """A source in a database: its name, the SQLAlchemy URL with ``${VARIABLE}`` for what is secret, what to ask."""

    name: str
    url: str = field(repr=False)
    query: str


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
    config_path = root / CONFIG
    if not config_path.is_file():
        raise UsageError(
            "no cleanse.toml here",
            where=str(root.resolve()),
            cure="run `cleanse init DIR`, or name the folder with --project",
        )
    config, text = _toml(config_path, faults)
    faults.keys(config, [*SETTINGS, "mapping"], config_path, text)
    settings = {name: _section(config, name, faults, config_path, text) for name in SETTINGS}
    rules = RuleFiles(root / "rules")
    words = rules.words(faults)
    known = _entities(rules, words, faults)
    checks = _rules(rules, known, words, faults)
    wordlists.check(root / "rules", SHIPPED, known, words, faults)
    schemas = {
        path.stem: schema
        for path in rules.files("matching", ".toml")
        if (schema := _parsed(path, faults, _schema)) is not None
    }
    models = _models(settings["matching"].get("model", ""), root, config_path, text, faults)
    profile = _profile(settings["target"], rules, known, words, faults, where(config_path, text, "profile"))
    existing = _existing(settings["target"].get("existing", {}), root, profile, faults, config_path, text)
    mappings = _mappings(config, config_path, text, rules, known, faults)
    _check_values(settings, faults, config_path, text)
    _check_completion(settings["complete"], root, known, faults, config_path, text)
    named = tuple(Path(p) for p in paths)
    given = named or tuple(root / p for p in settings["sources"].get("paths", ["."]))
    queries = () if named else _queries(settings["sources"], faults, config_path, text)
    said = settings["sources"].get("password_file", "")
    passwords = _passwords(password_file or (root / said if said else None), faults)
    for path in given:
        if not path.exists():
            faults.add(f"source not found: {path.name}", str(path), "mend [sources] paths, or name a path that exists")
    faults.raise_all()
    assert profile is not None
    return Project(
        root=root.resolve(),
        name=settings["project"].get("name", root.resolve().name),
        language=settings["project"].get("language", "zh"),
        today=today or settings["project"].get("today", ""),
        sources=tuple(p.resolve() for p in given),
        ignore=tuple(settings["sources"].get("ignore", ())),
        encoding=settings["sources"].get("encoding", ""),
        trust=tuple(settings["sources"].get("trust", ())),
        passwords=passwords,
        queries=queries,
        reading=settings["reading"],
        out=(out or root / settings["run"].get("out", "out")).resolve(),
        entities=known,
        rules=checks,
        profile=profile,
        existing=existing,
        schemas=schemas,
        models=models,
        words=words,
        mappings=mappings,
        trial={"rows": 100, "accuracy": 0.95, "confidence": 0.95, **settings["trial"]},
        gate={"max_parked": 0.25, "trial": True, **settings["gate"]},
        complete=_completion(settings["complete"], root),
        load={"to": "", "schema": "", "prefix": "", "tables": {}, "batch": 10_000, "retries": 6, **settings["load"]},
        roles={"runner": [], "reviewer": [], "approver": [], "four_eyes": False, **settings["roles"]},
        digest=rules.digest(config_path),
    )


@dataclass(frozen=True)
class RuleFiles:
    """The rules search path: the project's folder first, the shipped one behind."""

    own: Path

    def files(self, folder: str, suffix: str) -> list[Path]:
        """The files of one folder, one per relative name, the project's own before the shipped."""
        found: dict[str, Path] = {}
        for base in (SHIPPED, self.own):
            start = base / folder
            for path in sorted(start.rglob(f"*{suffix}")) if start.is_dir() else ():
                found[path.relative_to(start).as_posix()] = path
        return [found[name] for name in sorted(found)]

    def is_shipped(self, path: Path) -> bool:
        """Whether a rule file is not the project's own; the repository is a project whose own rules are the shipped ones."""
        return not path.is_relative_to(self.own)

    def words(self, faults: Faults) -> Words:
        """Lexicons by path below ``lexicons/`` and picklists as ``picklists/<name>``, each as rows of text."""
        words: dict[str, tuple[tuple[str, ...], ...]] = {}
        for base in dict.fromkeys((self.own.resolve(), SHIPPED.resolve())):
            start = base / "lexicons"
            for path in sorted(start.rglob("*.tsv")) if start.is_dir() else ():
                name = path.relative_to(start).with_suffix("").as_posix()
                words[name] = words.get(name, ()) + _rows(path, faults)
        for path in self.files("picklists", ".tsv"):
            words[f"picklists/{path.stem}"] = _rows(path, faults)
        return words

    def digest(self, config: Path) -> str:
        """One digest over the configuration and every rule file that counts."""
        bases = [base for base in (SHIPPED, self.own) if base.is_dir()]
        folders = sorted({folder.name for base in bases for folder in base.iterdir()})
        paths = [config] + [p for folder in folders for p in self.files(folder, "")]
        total = hashlib.sha256()
        for path in (p for p in paths if p.is_file()):
            total.update(path.name.encode() + b"\0" + path.read_bytes())
        return total.hexdigest()


def _toml(path: Path, faults: Faults) -> tuple[dict[str, Any], str]:
    text = wordlists.read_rules(path, faults)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        told, _, place = str(error).partition(" (at line ")
        number = int(place.partition(",")[0]) if place else 0
        line = text.split("\n")[number - 1] if number else ""
        faults.add(f"not valid TOML: {told}", f"{path}:{number}" if number else str(path), _toml_cure(line))
    return {}, ""


def _toml_cure(line: str) -> str:
    """What is most often wrong with a line that is no TOML."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", line)
    if wide := re.search(r"[“”‘’，＝【】［］｛｝＂＇]", bare):
        return f"'{wide[0]}' is a full-width mark: type it with the keyboard set to English"
    if bare.count('"') % 2 or bare.count("'") % 2:
        return "a quotation mark is missing in this line"
    return "mend this line"


def _rows(path: Path, faults: Faults) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cells) for _, cells in wordlists.lines_of(wordlists.read_rules(path, faults)))


def _section(config: Mapping[str, Any], name: str, faults: Faults, path: Path, text: str) -> dict[str, Any]:
    table = config.get(name, {})
    if not isinstance(table, dict):
        faults.add(f"[{name}] must be a table", where(path, text, name))
        return {}
    return faults.typed(table, SETTINGS[name], path, text, f"[{name}]")


def _queries(sources: Mapping[str, Any], faults: Faults, path: Path, text: str) -> tuple[Query, ...]:
    """The databases of ``[[sources.sql]]``, whose names must differ: they stand where others have a file's name."""
    found: dict[str, Query] = {}
    for entry in _tables(sources, "sql", path, text, faults, "sources.sql"):
        faults.keys(entry, SQL_KEYS, path, text)
        values = {key: entry.get(key) for key in SQL_KEYS}
        for key, value in values.items():
            if not isinstance(value, str) or not value.strip():
                faults.add(f"[[sources.sql]] needs '{key}'", where(path, text, "sources.sql"), f'add {key} = "..."')
        if all(isinstance(value, str) for value in values.values()):
            query = Query(**{key: str(value) for key, value in values.items()})
            if query.name in found:
                faults.add(f"two databases are named '{query.name}'", where(path, text, query.name))
            found[query.name] = query
    return tuple(found.values())


def _passwords(path: Path | None, faults: Faults) -> tuple[str, ...]:
    """One password a line, as it stands; empty lines do not count."""
    if path is None:
        return ()
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        faults.add("the password file cannot be read as UTF-8 text", str(path), "one password on each line")
        return ()
    return tuple(line.rstrip("\r") for line in lines if line.strip())


def _check_values(settings: Mapping[str, Mapping[str, Any]], faults: Faults, path: Path, text: str) -> None:
    language = settings["project"].get("language", "zh")
    if language not in ("zh", "en"):
        faults.add(f"language '{language}' is not known", where(path, text, "language"), "'zh' or 'en'")
    today = settings["project"].get("today", "")
    if today and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", today):
        faults.add(f"today '{today}' is no date", where(path, text, "today"), "write it as YYYY-MM-DD")
    for name, key in (("trial", "accuracy"), ("trial", "confidence"), ("gate", "max_parked")):
        value = settings[name].get(key)
        if value is not None and not 0 <= value <= 1:
            faults.add(f"'{key}' must lie between 0 and 1", where(path, text, key))
    for key in ("paths", "ignore", "trust"):
        if not all(isinstance(p, str) for p in settings["sources"].get(key, [])):
            faults.add(f"'{key}' must be a list of texts", where(path, text, key))
    if (hidden := settings["reading"].get("hidden", "read")) not in ("read", "skip"):
        faults.add(f"hidden = '{hidden}' is not known", where(path, text, "hidden"), "'read' or 'skip'")
    for key, value in settings["reading"].items():
        if key != "hidden" and value < (0 if key in ("archive_depth", "memory_mb") else 1):
            faults.add(f"'{key}' must not be less than 1", where(path, text, key))
    for key in ("max_errors", "max_warnings"):
        if settings["gate"].get(key, 0) < 0:
            faults.add(f"'{key}' must not be less than 0", where(path, text, key))
    for key, least in (("batch", 1), ("retries", 0)):
        if settings["load"].get(key, least) < least:
            faults.add(f"[load] '{key}' must be at least {least}", where(path, text, key))
    for role in ("runner", "reviewer", "approver"):
        if not all(isinstance(name, str) for name in settings["roles"].get(role, [])):
            faults.add(f"[roles] '{role}' must be a list of names", where(path, text, role))
    if settings["trial"].get("rows", 1) < 1:
        faults.add("'rows' must be at least 1", where(path, text, "rows"))


def _completion(given: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """``[complete]`` with its defaults; ``lookup`` as a path, or None."""
    lookup = root / given["lookup"] if given.get("lookup") else None
    return {"fields": None, "sources": list(COMPLETION), "accept": 1.0, **given, "lookup": lookup}


def _check_completion(
    given: Mapping[str, Any], root: Path, entities: Mapping[str, Entity], faults: Faults, path: Path, text: str
) -> None:
    stored = [f"{e.name}.{name}" for e in entities.values() for name in e.stored]
    for key, known in (("fields", stored), ("sources", list(COMPLETION))):
        for name in given.get(key, ()):
            if name not in known:
                near = difflib.get_close_matches(str(name), known, 1, 0.5)
                cure = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
                faults.add(f"[complete] {key}: unknown '{name}'", where(path, text, str(name), "[complete]"), cure)
    if not 0 < given.get("accept", 1.0) <= 1:
        faults.add("'accept' must lie above 0 and be at most 1", where(path, text, "accept"))
    if given.get("lookup") and not (root / given["lookup"]).is_file():
        faults.add(f"lookup file not found: {given['lookup']}", where(path, text, "lookup"), "mend [complete] lookup")


def _parsed(path: Path, faults: Faults, parse: Callable[[dict[str, Any], str], Any]) -> Any:
    before = len(faults.found)
    data, _ = _toml(path, faults)
    return faults.attempt(lambda: parse(data, str(path))) if len(faults.found) == before else None


def _schema(data: dict[str, Any], path: str) -> matching.MatchSchema | matching.TableSchema:
    """How records are compared: with weights that stand in the file, or field by field with weights that are learnt."""
    return matching.parse_table(data, path) if "field" in data else matching.parse_schema(data, path)


def _models(name: str, root: Path, config: Path, text: str, faults: Faults) -> dict[str, Any]:
    """What an earlier run learnt, by entity."""
    if name and not (root / name).is_file():
        faults.add(f"model not found: {name}", where(config, text, "model"), "mend [matching] model, or leave it out to learn anew")
    return _toml(root / name, faults)[0] if name and (root / name).is_file() else {}


def _entities(rules: RuleFiles, words: Words, faults: Faults) -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    files: dict[str, tuple[Path, str]] = {}
    for path in rules.files("entities", ".toml"):
        data, text = _toml(path, faults)
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
        data, text = _toml(path, faults)
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
    profile: Profile | None = _parsed(
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


def _existing(
    said: Mapping[str, Any], root: Path, profile: Profile | None, faults: Faults, config: Path, text: str
) -> dict[str, Path]:
    """Object -> the export of the target that holds its records."""
    known = [target.name for target in profile.objects] if profile else []
    found: dict[str, Path] = {}
    for name, file in said.items():
        path = root / str(file)
        if profile and name not in known:
            faults.add(f"the target has no object '{name}'", where(config, text, name), f"known: {', '.join(known)}")
        elif not path.is_file():
            cure = "export the object from the target, and name the file here"
            faults.add(f"no such export: {file}", where(config, text, str(file)), cure)
        else:
            found[name] = path.resolve()
    return found


def _mappings(
    config: Mapping[str, Any],
    config_path: Path,
    text: str,
    rules: RuleFiles,
    entities: Mapping[str, Entity],
    faults: Faults,
) -> tuple[MappingRule, ...]:
    known = sorted(f.path for e in entities.values() for f in e.fields.values())
    found: list[MappingRule] = []
    files: list[tuple[Path, str, Mapping[str, Any]]] = [(config_path, text, config)]
    for path in rules.files("mappings", ".toml"):
        data, content = _toml(path, faults)
        faults.keys(data, ["mapping"], path, content)
        files.append((path, content, data))
    for path, content, table in files:
        for entry in _tables(table, "mapping", path, content, faults):
            said = faults.typed(entry, MAPPING_TYPES, path, content)
            columns, join = said.get("columns", {}), said.get("join", {})
            for header, targets in columns.items():
                several = isinstance(targets, list) and bool(targets)
                for target in targets if several else [targets]:
                    _check_target(
                        header, target, known if several else [*known, "-"], faults, where(path, content, header)
                    )
            for target, headers in join.items():
                if not isinstance(headers, list) or len(headers) < 2 or not all(isinstance(h, str) for h in headers):
                    faults.add(f"join '{target}' needs a list of two headers or more", where(path, content, target))
                    continue
                _check_target(" + ".join(headers), target, known, faults, where(path, content, target))
            found.append(
                MappingRule(
                    said.get("source", "*"),
                    said.get("sheet", "*"),
                    {h: tuple(t) if isinstance(t, list) else t for h, t in columns.items()},
                    {t: tuple(headers) for t, headers in join.items() if isinstance(headers, list)},
                )
            )
    return tuple(found)


def _tables(
    table: Mapping[str, Any], key: str, path: Path, text: str, faults: Faults, name: str = ""
) -> list[dict[str, Any]]:
    """A list of tables, empty where it is none; ``name`` as it is written in the file, where that is not the key."""
    given = table.get(key, [])
    if isinstance(given, list) and all(isinstance(entry, dict) for entry in given):
        return given
    faults.add(f"'{key}' must be a list of tables", where(path, text, key), f"write [[{name or key}]]")
    return []


def _check_target(header: str, target: Any, known: Sequence[str], faults: Faults, at: str) -> None:
    if target not in known:
        near = difflib.get_close_matches(str(target), known, 1, 0.5)
        cure = f"did you mean '{near[0]}'?" if near else "write entity.field, or '-' to leave it out"
        faults.add(f"column '{header}' is mapped to no field: '{target}'", at, cure)
