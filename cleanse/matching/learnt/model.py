"""The weights as text that one can read, keep and use again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleanse.errors import UsageError
from cleanse.matching.learnt.levels import EXPECTED
from cleanse.matching.learnt.weights import SMALL, Model


def written(model: Model) -> dict[str, Any]:
    """Plain data for a TOML file: per field and level the share among duplicates and among strangers."""
    return {
        "same": float(f"{model.same:.6g}"),
        "related": float(f"{model.related:.6g}"),
        "field": {
            name: {
                level: {"same": round(m, 7), "strangers": float(f"{model.u[name][level]:.4g}")}
                for level, m in shares.items()
            }
            for name, shares in model.m.items()
        },
    }


def read(data: Mapping[str, Any], kinds: Mapping[str, str], shared: tuple[str, ...], where: str = "") -> Model:
    """The model that ``written`` gave, for the same fields. Raises UsageError where it does not fit."""
    fields = data.get("field", {})
    faults = [
        f"the model has no field '{name}' of kind {kind}"
        for name, kind in kinds.items()
        if set(fields.get(name, ())) != set(EXPECTED[kind])
    ]
    if faults:
        raise UsageError(
            "\n".join(faults), where=where, cure="leave [matching] model out once, and keep the model that is learnt"
        )
    m = {
        n: {level: max(float(fields[n][level]["same"]), SMALL) for level in EXPECTED[kind]} for n, kind in kinds.items()
    }
    u = {
        n: {level: max(float(fields[n][level]["strangers"]), SMALL) for level in EXPECTED[kind]}
        for n, kind in kinds.items()
    }
    return Model(m, u, float(data["same"]), float(data["related"]), shared)
