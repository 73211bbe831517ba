"""One sentence of why per pair, in zh and en, from the bits of its fields; values are never named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any

import numpy as np
import pandas as pd

from cleanse.matching.comparison import LEVELS
from cleanse.matching.evidence import NAME, Compared
from cleanse.matching.schema import MatchSchema

LANGUAGES = ("zh", "en")


@cache
def _words() -> dict[str, Any]:
    return loads(files("cleanse.data").joinpath("matching.toml").read_text("utf-8"))


def explain(compared: Compared, schema: MatchSchema) -> pd.DataFrame:
    """Columns why_zh, why_en, evidence (JSON text: field -> bits) per pair; worked out once per pattern."""
    table = pd.DataFrame(np.round(compared.bits.astype(float), 1), columns=list(compared.fields))
    table["_level"], table["_objection"] = compared.level, compared.objection
    group = table.groupby(list(table.columns), sort=False, dropna=False)
    patterns = group.size().index
    rows = [_sentences(schema, compared.fields, pattern) for pattern in patterns]
    return (
        pd.DataFrame(rows, columns=["why_zh", "why_en", "evidence"])
        .iloc[group.ngroup().to_numpy()]
        .reset_index(drop=True)
    )


def explain_levels(
    level: np.ndarray, bits: np.ndarray, fields: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]]
) -> pd.DataFrame:
    """The same columns for pairs compared field by field. ``fields``: name -> labels, names of the levels."""
    rows = [_by_fields(fields, *pattern) for pattern in zip(level.tolist(), np.round(bits, 1).tolist(), strict=True)]
    return pd.DataFrame(rows, columns=["why_zh", "why_en", "evidence"])


def _by_fields(
    fields: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]], level: list[int], bits: list[float]
) -> tuple[str, str, str]:
    words = _words()["field"]
    found = [(f, n, bit) for f, n, bit in zip(fields, level, bits, strict=True) if n >= 0 and bit]
    found.sort(key=lambda one: (-abs(one[2]), one[0]))
    said = [
        sep.join(f"{words[fields[f][1][n]][lang].format(label=fields[f][0][lang])} {bit:+.1f}" for f, n, bit in found)
        for lang, sep in zip(LANGUAGES, ("，", ", "), strict=True)
    ]
    return said[0], said[1], json.dumps({f: bit for f, _, bit in found}, sort_keys=True)


def _sentences(schema: MatchSchema, fields: tuple[str, ...], pattern: tuple[Any, ...]) -> tuple[str, str, str]:
    *bits, number, reason = pattern
    level, objection = LEVELS[number], schema.reasons[reason]
    labels = {e.name: e.label for e in schema.evidence}
    order = sorted((f for f in zip(fields, bits, strict=True) if f[1]), key=lambda f: (-abs(f[1]), f[0]))
    said = []
    for language in LANGUAGES:
        parts = [f"{_says(name, bit, level, labels, language)} {bit:+.1f}" for name, bit in order]
        if objection:
            parts.append(f"! {_words()['objection'].get(objection, {}).get(language, objection)}")
        said.append(("，" if language == "zh" else ", ").join(parts))
    evidence = {name: float(bit) for name, bit in zip(fields, bits, strict=True) if bit}
    return said[0], said[1], json.dumps(evidence, sort_keys=True)


def _says(name: str, bit: float, level: str, labels: dict[str, Any], language: str) -> str:
    words = _words()
    if name == NAME:
        return str(words["level"][level][language])
    return str(words["agree" if bit > 0 else "differ"][language]).format(label=labels[name][language])
