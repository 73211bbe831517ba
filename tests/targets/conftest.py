"""Entities, golden records and profiles that the tests of targets share. All data are invented."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cleanse import profiles
from cleanse.model import Entity, Field, Profile

RULES = Path(__file__).parents[2] / "rules"


def _field(name: str, entity: str = "customer") -> Field:
    return Field(entity, name, "text", {"en": name})


@pytest.fixture(scope="session")
def entities() -> dict[str, Entity]:
    """The shipped entities, as far as a profile asks for them."""
    found = {}
    for path in sorted((RULES / "entities").glob("*.toml")):
        data = tomllib.loads(path.read_text("utf-8"))
        fields = {k: Field(**{"label": {}, **v, "entity": data["name"], "name": k}) for k, v in data["fields"].items()}
        found[data["name"]] = Entity(data["name"], data["label"], fields, data.get("refers_to", ""))
    return found


@pytest.fixture(scope="session")
def shipped(entities: dict[str, Entity]) -> Callable[[str], Profile]:
    """A profile of ``rules/targets`` by name; keyword arguments lie over its sections."""

    def load(name: str, **over: dict[str, Any]) -> Profile:
        data = tomllib.loads((RULES / "targets" / f"{name}.toml").read_text("utf-8"))
        for section, values in over.items():
            data[section] = {**data.get(section, {}), **values}
        return profiles.parse(data, f"{name}.toml", entities)

    return load


@pytest.fixture(scope="session")
def small() -> Callable[..., Profile]:
    """A profile of one parent and one child with the fields given as keyword lists; sections as in TOML."""
    model = {
        "customer": Entity("customer", {}, {n: _field(n) for n in ("name", "a", "b", "c", "owner")}),
        "contact": Entity("contact", {}, {n: _field(n, "contact") for n in ("name", "x")}, "customer"),
    }

    def make(*fields: dict[str, Any], child: list[dict[str, Any]] | None = None, **sections: Any) -> Profile:
        key = {"name": "id", "source": "golden_id", "required": True, "unique": True}
        options = sections.pop("objects", {})
        objects = [{"name": "customer", "entity": "customer", "key": "id", "fields": [key, *fields], **options}]
        if child is not None:
            link = {"name": "parent", "type": "reference"}
            objects.append({
                "name": "contact", "entity": "contact", "key": "id", "parent": "parent", "parent_object": "customer",
                "fields": [key, link, *child],
            })  # fmt: skip
        return profiles.parse({"name": "small", "objects": objects, **sections}, "small.toml", model)

    return make


@pytest.fixture(scope="session")
def golden() -> Callable[..., dict[str, pd.DataFrame]]:
    """Golden frames of customers (one list per field) and contacts (tuples of parent number, name, x)."""

    def make(
        contacts: list[tuple[int | None, str | None, str | None]] | None = None, **fields: list[str | None]
    ) -> Any:
        size = len(next(iter(fields.values())))
        columns = {n: pd.Series(fields.get(n, [None] * size), dtype="str") for n in ("name", "a", "b", "c", "owner")}
        ids = [f"C{n}" for n in range(size)]
        frames = {"customer": pd.DataFrame({"golden_id": ids, "rid": range(10, 10 + size), **columns})}
        if contacts is not None:
            frames["contact"] = pd.DataFrame({
                "golden_id": [f"K{n}" for n in range(len(contacts))], "rid": range(50, 50 + len(contacts)),
                "customer_id": pd.Series([None if p is None else f"C{p}" for p, _, _ in contacts], dtype="str"),
                "name": pd.Series([n for _, n, _ in contacts], dtype="str"),
                "x": pd.Series([x for _, _, x in contacts], dtype="str"),
            })  # fmt: skip
        return frames

    return make
