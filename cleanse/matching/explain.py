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
import pyarrow as pa
import pyarrow.compute as pc

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
    names = list(fields)
    bits = np.round(bits.astype(float), 1)
    silent = (level < 0) | (bits == 0)
    loudest = np.argsort(np.where(silent, 0.0, -np.abs(bits)), axis=1, kind="stable")
    by_name = np.tile(np.argsort(names, kind="stable"), (len(level), 1))
    parts = [_parts(name, *fields[name], level[:, i], bits[:, i], silent[:, i]) for i, name in enumerate(names)]
    said = [
        _side_by_side(list(texts), order)
        for texts, order in zip(zip(*parts, strict=True), (loudest, loudest, by_name), strict=True)
    ]
    said[2] = pc.binary_join_element_wise("{", said[2], "}", "")
    return pd.DataFrame(
        {c: s.to_pandas().astype("str") for c, s in zip(("why_zh", "why_en", "evidence"), said, strict=True)}
    )


SEPARATORS = ("，", ", ", ", ")  # of what is said in zh and en, and of the evidence


def _parts(
    name: str,
    label: Mapping[str, str],
    levels: tuple[str, ...],
    level: np.ndarray,
    bits: np.ndarray,
    silent: np.ndarray,
) -> list[pa.Array]:
    """What one field says of every pair in zh, en and as evidence, behind a separator; '' where nothing. Worked out once
    per level and bits."""
    words = _words()["field"]
    code, first = _distinct(np.where(silent, -1e9, level * 10_000.0 + np.round(bits * 10)))
    texts: list[list[str]] = [[], [], []]
    for n, bit, nothing in zip(level[first].tolist(), bits[first].tolist(), silent[first].tolist(), strict=True):
        told = "" if nothing else levels[n]
        for said, sep, lang in zip(texts, SEPARATORS, LANGUAGES, strict=False):
            said.append(f"{sep}{words[told][lang].format(label=label[lang])} {bit:+.1f}" if told else "")
        texts[2].append(f"{SEPARATORS[2]}{json.dumps(name)}: {bit}" if told else "")
    return [pa.array(said, pa.string()).take(pa.array(code)) for said in texts]


def _distinct(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which distinct number each is, and where each stands first."""
    code, found = pd.factorize(numbers)
    first = np.zeros(len(found), dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return code, first


def _side_by_side(columns: list[pa.Array], order: np.ndarray) -> pa.Array:
    """The texts of every row in the row's own order, without the first separator."""
    every, size = pa.concat_arrays(columns), len(order)
    parts = [every.take(pa.array(order[:, i] * size + np.arange(size))) for i in range(order.shape[1])]
    joined = pc.binary_join_element_wise(*parts, "")
    return pc.replace_substring_regex(joined, "^(?:，|, )", "")


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
