"""``cleanse.toml``: its sections and keys, their types, what they may say, and what holds where they say nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cleanse.errors import UsageError
from cleanse.faults import Faults, nearest, where
from cleanse.model import COMPLETION, Entity
from cleanse.rulefiles import toml

CONFIG = "cleanse.toml"  # in the project folder
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
DEFAULTS: dict[str, dict[str, Any]] = {
    "trial": {"rows": 100, "accuracy": 0.95, "confidence": 0.95},
    "gate": {"max_parked": 0.25, "trial": True},
    "load": {"to": "", "schema": "", "prefix": "", "tables": {}, "batch": 10_000, "retries": 6},
    "roles": {"runner": [], "reviewer": [], "approver": [], "four_eyes": False},
}
SQL_KEYS = ("name", "url", "query")


@dataclass(frozen=True)
class Query:
    """A source in a database: its name, the SQLAlchemy URL with ``${VARIABLE}`` for what is secret, what to ask."""

    name: str
    url: str = field(repr=False)
    query: str


@dataclass(frozen=True)
class Config:
    """The file as it was read. ``said``: by section the keys that are known and of their type."""

    path: Path
    text: str
    table: Mapping[str, Any]
    said: Mapping[str, Mapping[str, Any]]

    def at(self, key: str, block: str = "") -> str:
        """Where a key or value stands."""
        return where(self.path, self.text, key, block)

    def filled(self, section: str) -> dict[str, Any]:
        """A section with what holds where it says nothing."""
        return {**DEFAULTS[section], **self.said[section]}


def read(root: Path, faults: Faults) -> Config:
    """The ``cleanse.toml`` of a project. Raises UsageError where there is none."""
    path = root / CONFIG
    if not path.is_file():
        raise UsageError(
            "no cleanse.toml here",
            where=str(root.resolve()),
            cure="run `cleanse init DIR`, or name the folder with --project",
        )
    table, text = toml(path, faults)
    faults.keys(table, [*SETTINGS, "mapping"], path, text)
    return Config(path, text, table, {name: _section(table, name, faults, path, text) for name in SETTINGS})


def check(config: Config, root: Path, entities: Mapping[str, Entity], faults: Faults) -> None:
    """What the keys say, by itself and against the fields and files that are there."""
    _check_values(config, faults)
    _check_completion(config, root, entities, faults)


def _section(config: Mapping[str, Any], name: str, faults: Faults, path: Path, text: str) -> dict[str, Any]:
    table = config.get(name, {})
    if not isinstance(table, dict):
        faults.add(f"[{name}] must be a table", where(path, text, name))
        return {}
    return faults.typed(table, SETTINGS[name], path, text, f"[{name}]")


def queries(config: Config, faults: Faults) -> tuple[Query, ...]:
    """The databases of ``[[sources.sql]]``, whose names must differ: they stand where others have a file's name."""
    found: dict[str, Query] = {}
    for entry in tables(config.said["sources"], "sql", config.path, config.text, faults, "sources.sql"):
        faults.keys(entry, SQL_KEYS, config.path, config.text)
        values = {key: entry.get(key) for key in SQL_KEYS}
        for key, value in values.items():
            if not isinstance(value, str) or not value.strip():
                faults.add(f"[[sources.sql]] needs '{key}'", config.at("sources.sql"), f'add {key} = "..."')
        if all(isinstance(value, str) for value in values.values()):
            query = Query(**{key: str(value) for key, value in values.items()})
            if query.name in found:
                faults.add(f"two databases are named '{query.name}'", config.at(query.name))
            found[query.name] = query
    return tuple(found.values())


def passwords(path: Path | None, faults: Faults) -> tuple[str, ...]:
    """One password a line, as it stands; empty lines do not count."""
    if path is None:
        return ()
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        faults.add("the password file cannot be read as UTF-8 text", str(path), "one password on each line")
        return ()
    return tuple(line.rstrip("\r") for line in lines if line.strip())


def _check_values(config: Config, faults: Faults) -> None:
    settings = config.said
    language = settings["project"].get("language", "zh")
    if language not in ("zh", "en"):
        faults.add(f"language '{language}' is not known", config.at("language"), "'zh' or 'en'")
    today = settings["project"].get("today", "")
    if today and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", today):
        faults.add(f"today '{today}' is no date", config.at("today"), "write it as YYYY-MM-DD")
    for name, key in (("trial", "accuracy"), ("trial", "confidence"), ("gate", "max_parked")):
        value = settings[name].get(key)
        if value is not None and not 0 <= value <= 1:
            faults.add(f"'{key}' must lie between 0 and 1", config.at(key))
    for key in ("paths", "ignore", "trust"):
        if not all(isinstance(p, str) for p in settings["sources"].get(key, [])):
            faults.add(f"'{key}' must be a list of texts", config.at(key))
    if (hidden := settings["reading"].get("hidden", "read")) not in ("read", "skip"):
        faults.add(f"hidden = '{hidden}' is not known", config.at("hidden"), "'read' or 'skip'")
    for key, value in settings["reading"].items():
        if key != "hidden" and value < (0 if key in ("archive_depth", "memory_mb") else 1):
            faults.add(f"'{key}' must not be less than 1", config.at(key))
    for key in ("max_errors", "max_warnings"):
        if settings["gate"].get(key, 0) < 0:
            faults.add(f"'{key}' must not be less than 0", config.at(key))
    for key, least in (("batch", 1), ("retries", 0)):
        if settings["load"].get(key, least) < least:
            faults.add(f"[load] '{key}' must be at least {least}", config.at(key))
    for role in ("runner", "reviewer", "approver"):
        if not all(isinstance(name, str) for name in settings["roles"].get(role, [])):
            faults.add(f"[roles] '{role}' must be a list of names", config.at(role))
    if settings["trial"].get("rows", 1) < 1:
        faults.add("'rows' must be at least 1", config.at("rows"))


def completion(given: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """``[complete]`` with its defaults; ``lookup`` as a path, or None."""
    lookup = root / given["lookup"] if given.get("lookup") else None
    return {"fields": None, "sources": list(COMPLETION), "accept": 1.0, **given, "lookup": lookup}


def _check_completion(config: Config, root: Path, entities: Mapping[str, Entity], faults: Faults) -> None:
    given = config.said["complete"]
    stored = [f"{e.name}.{name}" for e in entities.values() for name in e.stored]
    for key, known in (("fields", stored), ("sources", list(COMPLETION))):
        for name in given.get(key, ()):
            if name not in known:
                faults.add(
                    f"[complete] {key}: unknown '{name}'", config.at(str(name), "[complete]"), nearest(str(name), known)
                )
    if not 0 < given.get("accept", 1.0) <= 1:
        faults.add("'accept' must lie above 0 and be at most 1", config.at("accept"))
    if given.get("lookup") and not (root / given["lookup"]).is_file():
        faults.add(f"lookup file not found: {given['lookup']}", config.at("lookup"), "mend [complete] lookup")


def tables(
    table: Mapping[str, Any], key: str, path: Path, text: str, faults: Faults, name: str = ""
) -> list[dict[str, Any]]:
    """A list of tables, empty where it is none; ``name`` as it is written in the file, where that is not the key."""
    given = table.get(key, [])
    if isinstance(given, list) and all(isinstance(entry, dict) for entry in given):
        return given
    faults.add(f"'{key}' must be a list of tables", where(path, text, key), f"write [[{name or key}]]")
    return []
