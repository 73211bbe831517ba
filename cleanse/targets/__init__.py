"""The ways of speaking to a target. Each passes the contract suite in ``tests/targets``.

A way of speaking is a module with ``load(tables, profile, place)``, which returns one receipt per row in order
(object, key, status, message), and ``fetch(place, profile)``, which reads everything back: object -> text frame.
"""

from __future__ import annotations

from types import ModuleType

from cleanse.targets import files, sqlite

TARGETS: dict[str, ModuleType] = {
    "csv": files,
    "xlsx": files,
    "sqlite": sqlite,
}
