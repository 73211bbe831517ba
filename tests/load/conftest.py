"""Customers and contacts to load, and the places to load them into. All data are invented."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import pytest
from databases import database, dummy, url  # noqa: F401  the fixtures of this room

from cleanse import profiles
from cleanse.model import Entity, Field, Profile


@pytest.fixture(scope="session")
def profile() -> Profile:
    """Customers with rules on their columns, and contacts that belong to them."""

    def fields(entity: str, *names: str) -> dict[str, Field]:
        return {n: Field(entity, n, "text", {}) for n in names}

    key = {"name": "id", "source": "golden_id", "required": True, "unique": True}
    model = {
        "customer": Entity("customer", {}, fields("customer", "name", "code", "kind")),
        "contact": Entity("contact", {}, fields("contact", "name"), "customer"),
    }
    customer = [
        key, {"name": "name", "source": "name", "required": True, "max_length": 40},
        {"name": "code", "source": "code", "unique": True, "max_length": 30}, {"name": "kind", "source": "kind", "values": ["甲", "it's 100%"]},
    ]  # fmt: skip
    contact = [key, {"name": "customer_id", "type": "reference"}, {"name": "name", "source": "name"}]
    link = {"parent": "customer_id", "parent_object": "customer"}
    objects = [
        {"name": "customer", "entity": "customer", "key": "id", "fields": customer},
        {"name": "contact", "entity": "contact", "key": "id", **link, "fields": contact},
    ]
    return profiles.parse({"name": "small", "objects": objects}, "small.toml", model)


@pytest.fixture(scope="session")
def tables() -> Callable[..., dict[str, pd.DataFrame]]:
    """``tables(n, name=...)``: ``n`` customers with a contact each, as a plan holds them."""

    def make(n: int, **over: Sequence[str | None]) -> dict[str, pd.DataFrame]:
        ids = [f"C-{i:04}" for i in range(n)]
        parent = {
            "id": ids,
            "name": [f"客户{i}" for i in range(n)],
            "code": [f"no{i}" for i in range(n)],
            "kind": ["甲"] * n,
        }
        child = {"id": [f"K-{i:04}" for i in range(n)], "customer_id": ids, "name": [f"人{i}" for i in range(n)]}
        return {
            "customer": pd.DataFrame({**parent, **over}, index=ids, dtype="str"),
            "contact": pd.DataFrame(child, index=child["id"], dtype="str"),
        }

    return make
