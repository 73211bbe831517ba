"""A person's word on the columns of tables: ``[[mapping]]`` of ``cleanse.toml`` and of ``rules/mappings``."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cleanse.faults import Faults, where
from cleanse.model import Entity
from cleanse.rulefiles import RuleFiles, toml
from cleanse.settings import Config, tables

MAPPING_TYPES = {"source": str, "sheet": str, "columns": dict, "join": dict}


@dataclass(frozen=True)
class MappingRule:
    """A person's word on the columns of some tables: globs of file and sheet, header -> ``entity.field`` (or several) or
    ``-``; ``join``: ``entity.field`` -> the headers that together hold it, in their order."""

    source: str
    sheet: str
    columns: Mapping[str, str | tuple[str, ...]]
    join: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read(config: Config, rules: RuleFiles, entities: Mapping[str, Entity], faults: Faults) -> tuple[MappingRule, ...]:
    """Those of the project file first."""
    known = sorted(f.path for e in entities.values() for f in e.fields.values())
    files: list[tuple[Path, str, Mapping[str, Any]]] = [(config.path, config.text, config.table)]
    for path in rules.files("mappings", ".toml"):
        data, content = toml(path, faults)
        faults.keys(data, ["mapping"], path, content)
        files.append((path, content, data))
    return tuple(
        _mapping(entry, path, content, known, faults)
        for path, content, table in files
        for entry in tables(table, "mapping", path, content, faults)
    )


def _mapping(entry: Mapping[str, Any], path: Path, content: str, known: Sequence[str], faults: Faults) -> MappingRule:
    said = faults.typed(entry, MAPPING_TYPES, path, content)
    columns, join = said.get("columns", {}), said.get("join", {})
    for header, targets in columns.items():
        several = isinstance(targets, list) and bool(targets)
        for target in targets if several else [targets]:
            _check_target(header, target, known if several else [*known, "-"], faults, where(path, content, header))
    for target, headers in join.items():
        if not isinstance(headers, list) or len(headers) < 2 or not all(isinstance(h, str) for h in headers):
            faults.add(f"join '{target}' needs a list of two headers or more", where(path, content, target))
            continue
        _check_target(" + ".join(headers), target, known, faults, where(path, content, target))
    return MappingRule(
        said.get("source", "*"),
        said.get("sheet", "*"),
        {h: tuple(t) if isinstance(t, list) else t for h, t in columns.items()},
        {t: tuple(headers) for t, headers in join.items() if isinstance(headers, list)},
    )


def _check_target(header: str, target: Any, known: Sequence[str], faults: Faults, at: str) -> None:
    if target not in known:
        near = difflib.get_close_matches(str(target), known, 1, 0.5)
        cure = f"did you mean '{near[0]}'?" if near else "write entity.field, or '-' to leave it out"
        faults.add(f"column '{header}' is mapped to no field: '{target}'", at, cure)
