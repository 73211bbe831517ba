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

from cleanse import matching, profiles, rulebook
from cleanse.codes import Code, all_codes
from cleanse.errors import CleanseError, UsageError
from cleanse.kinds import KINDS
from cleanse.kinds.header import PLACES
from cleanse.kinds.owner import INACTIVE
from cleanse.model import COMPLETION, Entity, Field, Profile, Rule, Words

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
MAPPING_KEYS = ("source", "sheet", "columns", "join")
ENTITY_KEYS = ("name", "label", "refers_to", "identity", "one_of", "fields")
FIELD_KEYS = tuple(k for k in Field.__dataclass_fields__ if k not in ("entity", "name"))
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


class Faults:
    """Collects faults of configuration, to say them all at once."""

    def __init__(self) -> None:
        self.found: list[CleanseError] = []

    def add(self, what: str, where: str, cure: str = "") -> None:
        self.found.append(UsageError(what, where=where, cure=cure))

    def keys(self, table: Mapping[str, Any], known: Iterable[str], path: Path, text: str) -> None:
        """A fault for every key that is not known, with the nearest one that is."""
        names = sorted(known)
        for key in table:
            if key not in names:
                near = difflib.get_close_matches(key, names, 1, 0.5)
                cure = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(names)}"
                self.add(f"unknown key '{key}'", where(path, text, key), cure)

    def attempt(self, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except CleanseError as fault:
            self.found.append(fault)
            return None

    def raise_all(self) -> None:
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise UsageError("\n".join(str(f) for f in self.found), cure=f"{len(self.found)} faults to mend")


def nearest(word: str, known: Iterable[str]) -> str:
    """What to do about a word that is not known: the nearest right one, or all there are."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, 1, 0.5)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names)}"


def where(path: Path, text: str, key: str) -> str:
    """``path:line`` of the first line that names the key, or holds the value."""
    pattern = re.compile(
        rf"^\s*\[*[\w.\"]*\b{re.escape(key)}\b|[{{,]\s*{re.escape(key)}\s*=|[\"']{re.escape(key)}[\"']"
    )
    for number, line in enumerate(text.split("\n"), 1):
        if pattern.search(line):
            return f"{path}:{number}"
    return str(path)


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
    entities = _entities(rules, faults)
    words = rules.words(faults)
    checks = _rules(rules, entities, words, faults)
    _check_lines(root / "rules" / "lexicons", entities, faults)
    schemas = {
        path.stem: schema
        for path in rules.files("matching", ".toml")
        if (schema := _parsed(path, faults, _schema)) is not None
    }
    models = _models(settings["matching"].get("model", ""), root, config_path, text, faults)
    profile = _profile(settings["target"], rules, entities, words, faults, where(config_path, text, "profile"))
    existing = _existing(settings["target"].get("existing", {}), root, profile, faults, config_path, text)
    mappings = _mappings(config, config_path, text, rules, entities, faults)
    _check_values(settings, faults, config_path, text)
    _check_completion(settings["complete"], root, entities, faults, config_path, text)
    named = tuple(Path(p) for p in paths)
    given = named or tuple(root / p for p in settings["sources"].get("paths", ["."]))
    queries = () if named else _queries(settings["sources"].get("sql", []), faults, config_path, text)
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
        entities=entities,
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
    try:
        text = path.read_text("utf-8-sig")
        return tomllib.loads(text), text
    except UnicodeDecodeError:
        faults.add("not a UTF-8 file", str(path), "save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        faults.add(f"not valid TOML: {error}", str(path), "mend the line it names")
    except OSError as error:
        faults.add(f"cannot be read: {error.strerror}", str(path), "check the file's permissions")
    return {}, ""


def _rows(path: Path, faults: Faults) -> tuple[tuple[str, ...], ...]:
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (UnicodeDecodeError, OSError):
        faults.add("cannot be read as UTF-8 text", str(path), "save it as UTF-8")
        return ()
    rows = (
        line.rstrip("\r").split("\t") for line in lines if line.strip() and not line.startswith("# ") and line != "#"
    )
    return tuple(tuple(cell.strip() for cell in row) for row in rows)


def _section(config: Mapping[str, Any], name: str, faults: Faults, path: Path, text: str) -> dict[str, Any]:
    table = config.get(name, {})
    if not isinstance(table, dict):
        faults.add(f"[{name}] must be a table", where(path, text, name))
        return {}
    faults.keys(table, SETTINGS[name], path, text)
    good: dict[str, Any] = {}
    for key, value in table.items():
        wanted = SETTINGS[name].get(key)
        if wanted is None:
            continue
        if wanted is float and type(value) is int:
            value = float(value)  # noqa: PLW2901
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            faults.add(f"'{key}' must be {getattr(wanted, '__name__', wanted)}", where(path, text, key))
            continue
        good[key] = value
    return good


def _queries(entries: Iterable[Any], faults: Faults, path: Path, text: str) -> tuple[Query, ...]:
    """The databases of ``[[sources.sql]]``, whose names must differ: they stand where others have a file's name."""
    found: dict[str, Query] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            faults.add("'sql' must be a list of tables", where(path, text, "sql"), "write [[sources.sql]]")
            continue
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
                faults.add(f"[complete] {key}: unknown '{name}'", where(path, text, str(name)), cure)
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


def _entities(rules: RuleFiles, faults: Faults) -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    for path in rules.files("entities", ".toml"):
        data, text = _toml(path, faults)
        name = data.get("name", path.stem)
        _old_checks(name, data.pop("checks", []), path, text, faults)
        faults.keys(data, ENTITY_KEYS, path, text)
        fields = {key: _field(name, key, spec, path, text, faults) for key, spec in data.get("fields", {}).items()}
        found[name] = Entity(
            name=name,
            label=data.get("label", {"zh": name, "en": name}),
            fields=fields,
            refers_to=data.get("refers_to", ""),
            identity=tuple(data.get("identity", ())),
            one_of=tuple(tuple(names) for names in data.get("one_of", ())),
        )
    _check_parts(found, faults)
    return _parents_first(found, faults)


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


def _field(entity: str, name: str, spec: Mapping[str, Any], path: Path, text: str, faults: Faults) -> Field:
    faults.keys(spec, FIELD_KEYS, path, text)
    kind = spec.get("kind", "text")
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, 1, 0.4)
        faults.add(f"unknown kind '{kind}'", where(path, text, kind), f"did you mean '{near[0]}'?" if near else "")
        kind = "text"
    faults.keys(spec.get("options", {}), KINDS[kind].options, path, text)
    rule = spec.get("survivor", "most_frequent")
    if rule not in SURVIVORS:
        near = difflib.get_close_matches(rule, SURVIVORS, 1, 0.4)
        faults.add(
            f"unknown survivor rule '{rule}'", where(path, text, rule), f"did you mean '{near[0]}'?" if near else ""
        )
    known = {key: value for key, value in spec.items() if key in FIELD_KEYS}
    return Field(**{"label": {"zh": name, "en": name}, **known, "entity": entity, "name": name, "kind": kind})


def _check_lines(folder: Path, entities: Mapping[str, Entity], faults: Faults) -> None:
    """Lines of the project's own lexicons that could have no effect: headers of fields that do not exist, null words of
    kinds that do not exist, doubts that have no sentence, a line of two columns without a tab."""
    fields = ["-", *(f.path for e in entities.values() for f in e.fields.values())]
    for number, row in _numbered(folder / "headers.tsv"):
        at = f"{folder / 'headers.tsv'}:{number}"
        if len(row) < 2:
            faults.add(f"no tab in '{row[0]}'", at, "write field, tab, header word")
        elif row[0] not in fields:
            faults.add(f"unknown field '{row[0]}'", at, nearest(row[0], fields))
    for number, row in _numbered(folder / "header_words.tsv"):
        at = f"{folder / 'header_words.tsv'}:{number}"
        if row[0] not in PLACES or len(row) < 2:
            faults.add(f"not a place and a word: '{' '.join(row)}'", at, f"write {', '.join(PLACES)}, then tab and word")
        for path in row[2].split() if len(row) > 2 else ():
            if (path.lstrip("-") or path) not in (*fields, *entities):
                faults.add(f"unknown field '{path}'", at, nearest((path.lstrip("-") or path), [*fields, *entities]))
    doubts = [name for name, code in all_codes().items() if code.sort == "doubt"]
    known = [f"{k}/{d.removeprefix(f'{k}_')}" for k in KINDS for d in doubts if d.startswith(f"{k}_")]
    for listed in sorted((folder / "doubts").rglob("*.tsv")):
        name = listed.relative_to(folder / "doubts").with_suffix("").as_posix()
        if name not in known:
            faults.add(f"no such doubt: '{name}'", str(listed), nearest(name, known))
    for number, row in _numbered(folder / "nulls.tsv"):
        for kind in row[1].split() if len(row) > 1 else ():
            if kind.lstrip("-") not in (*KINDS, "*"):
                faults.add(
                    f"unknown kind '{kind}'", f"{folder / 'nulls.tsv'}:{number}", nearest(kind.lstrip("-"), KINDS)
                )


def _numbered(path: Path) -> list[tuple[int, list[str]]]:
    """The lines of a TSV file that count, with their numbers; none where it cannot be read (told elsewhere)."""
    try:
        lines = path.read_text("utf-8-sig").split("\n") if path.is_file() else []
    except (UnicodeDecodeError, OSError):
        return []
    return [
        (number, [cell.strip() for cell in line.split("\t")])
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("# ") and line != "#"
    ]


def _check_parts(entities: Mapping[str, Entity], faults: Faults) -> None:
    paths = {f.path for e in entities.values() for f in e.fields.values() if not f.virtual}
    for entity in entities.values():
        for f in entity.fields.values():
            for role, target in f.parts.items():
                if target not in paths:
                    near = difflib.get_close_matches(target, sorted(paths), 1, 0.5)
                    cure = f"did you mean '{near[0]}'?" if near else ""
                    faults.add(f"part '{role}' goes to no field: '{target}'", f"rules/entities, {f.path}", cure)


def _parents_first(entities: dict[str, Entity], faults: Faults) -> dict[str, Entity]:
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
        for entry in table.get("mapping", []):
            faults.keys(entry, MAPPING_KEYS, path, content)
            columns, join = entry.get("columns", {}), entry.get("join", {})
            for header, targets in columns.items():
                several = isinstance(targets, list) and bool(targets)
                for target in targets if several else [targets]:
                    _check_target(
                        header, target, known if several else [*known, "-"], faults, where(path, content, header)
                    )
            for target, headers in join.items():
                _check_target(" + ".join(map(str, headers)), target, known, faults, where(path, content, target))
                if not isinstance(headers, list) or len(headers) < 2 or not all(isinstance(h, str) for h in headers):
                    faults.add(f"join '{target}' needs a list of two headers or more", where(path, content, target))
            found.append(
                MappingRule(
                    entry.get("source", "*"),
                    entry.get("sheet", "*"),
                    {h: tuple(t) if isinstance(t, list) else t for h, t in columns.items()},
                    {t: tuple(headers) for t, headers in join.items() if isinstance(headers, list)},
                )
            )
    return tuple(found)


def _check_target(header: str, target: Any, known: Sequence[str], faults: Faults, at: str) -> None:
    if target not in known:
        near = difflib.get_close_matches(str(target), known, 1, 0.5)
        cure = f"did you mean '{near[0]}'?" if near else "write entity.field, or '-' to leave it out"
        faults.add(f"column '{header}' is mapped to no field: '{target}'", at, cure)
