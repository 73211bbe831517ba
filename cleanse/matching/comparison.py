"""What each field of a pair says, in bits: names by their parts, other fields by shared values and their rarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from cleanse.matching.blocking import MISSING
from cleanse.matching.schema import Evidence, MatchSchema

NAME = "name"


@dataclass(frozen=True)
class Coded:
    """Records as integer codes (MISSING where empty), so that equality is integer equality.

    ``name``: a code column per part of the name; ``values``: evidence name -> (records x fields) codes of one value
    space; ``texts``: folded names, ``cores``: brand and trade, for the few pairs that codes do not decide.
    """

    size: int
    name: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    texts: np.ndarray
    cores: np.ndarray
    names_per_value: dict[str, np.ndarray]


@dataclass(frozen=True)
class Compared:
    """Per pair: the level its names are on, bits per field (columns ``fields``), and what objects to merging ('' none)."""

    level: np.ndarray
    fields: tuple[str, ...]
    bits: np.ndarray
    objection: np.ndarray


def encode(records: pd.DataFrame, names: pd.DataFrame, schema: MatchSchema) -> Coded:
    """Codes of all compared fields. Codes follow the order of the values, so that they do not depend on that of rows."""
    parts = {column: _codes(names[column]) for column in names.columns if column != "person"}
    if "person" in names.columns:
        parts["person"] = names["person"].to_numpy(dtype=np.int64)
        parts["place"] = _places(records, names, schema)
    values = {e.name: _pooled(records, e.fields) for e in schema.evidence}
    texts = names["folded"].fillna("").to_numpy(dtype=object)
    cores = (names["brand"] + names["trade"]).to_numpy(dtype=object) if "brand" in names.columns else texts
    counts = {e.name: _names_per_value(values[e.name], _named(parts)) for e in schema.evidence if e.spread}
    return Coded(len(records), parts, values, texts, cores, counts)


def _codes(column: pd.Series) -> np.ndarray:
    known = column.where(column != "")
    return pd.factorize(known, sort=True, use_na_sentinel=True)[0].astype(np.int64)


def _places(records: pd.DataFrame, names: pd.DataFrame, schema: MatchSchema) -> np.ndarray:
    """The region of the name, or else of the record's own place fields without their suffix."""
    place = names["region"].where(names["region"] != "")
    for column in schema.place:
        if column in records.columns:
            bare = records[column].str.replace(r"(?:省|市|地区|自治州|盟)$", "", regex=True)
            place = place.fillna(bare.reset_index(drop=True))
    return _codes(place)


def _pooled(records: pd.DataFrame, fields: Sequence[str]) -> np.ndarray:
    present = [records[f] for f in fields if f in records.columns]
    if not present:
        return np.full((len(records), 1), MISSING, dtype=np.int64)
    together = pd.concat(present, ignore_index=True)
    return pd.factorize(together.str.casefold(), sort=True)[0].astype(np.int64).reshape(len(present), len(records)).T


def _named(parts: dict[str, np.ndarray]) -> np.ndarray:
    return parts["brand"] if "brand" in parts else parts["folded"]


def _names_per_value(values: np.ndarray, names: np.ndarray) -> np.ndarray:
    """How many different names share each value: a switchboard is known by that, not by how often it stands."""
    flat, owner = values.ravel(), np.repeat(names, values.shape[1])
    there = (flat != MISSING) & (owner != MISSING)
    both = np.unique(np.stack([flat[there], owner[there]]), axis=1)
    return (
        np.bincount(both[0], minlength=int(flat.max(initial=-1)) + 1)
        if both.size
        else np.zeros(int(flat.max(initial=-1)) + 1, dtype=np.int64)
    )


def compare(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema) -> Compared:
    """Compare aligned pairs of positions."""
    level, name_bits, objection = (_companies if schema.name_kind == "company" else _persons)(
        coded, left, right, schema
    )
    columns, bits = [NAME], [name_bits]
    companies = ~_both(coded, "person", left, right) if "person" in coded.name else np.ones(len(left), dtype=bool)
    for e in schema.evidence:
        columns.append(e.name)
        found, differs = _evidence(coded, e, left, right)
        if e.companies_only:
            found = np.where(companies, found, 0.0)
        bits.append(found)
        if e.objects:
            objection = np.where(differs & (objection == ""), e.name, objection)
    table = np.stack(bits, axis=1) if len(left) else np.zeros((0, len(columns)))
    objection = _namesakes(level, table, objection, schema)
    return Compared(level, tuple(columns), table, objection)


def _both(coded: Coded, part: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (coded.name[part][left] == 1) & (coded.name[part][right] == 1)


def _evidence(coded: Coded, e: Evidence, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bits, and whether both sides have a value and share none."""
    a, b = coded.values[e.name][left], coded.values[e.name][right]
    best = np.full(len(left), -np.inf)
    counts = coded.names_per_value.get(e.name)
    for i in range(a.shape[1]):
        for j in range(b.shape[1]):
            same = (a[:, i] == b[:, j]) & (a[:, i] != MISSING)
            worth = np.full(len(left), e.agree)
            if counts is not None:
                shared = np.where(same, a[:, i], 0)
                worth = np.maximum(
                    e.agree - e.spread * np.log2(np.maximum(counts[shared] if len(counts) else 1, 1)), 0.0
                )
            best = np.where(same, np.maximum(best, worth), best)
    agree = best > -np.inf
    differs = (a != MISSING).any(axis=1) & (b != MISSING).any(axis=1) & ~agree
    return np.where(agree, best, np.where(differs, e.differ, 0.0)), differs


def _companies(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema) -> tuple[np.ndarray, ...]:
    n = coded.name

    def equal(part: str) -> np.ndarray:
        return (n[part][left] == n[part][right]) & (n[part][left] != MISSING)

    def absent(part: str) -> np.ndarray:
        return (n[part][left] == MISSING) | (n[part][right] == MISSING)

    def same_or_absent(part: str) -> np.ndarray:
        return (n[part][left] == n[part][right]) | absent(part)

    brand, trade, form = equal("brand"), n["trade"][left] == n["trade"][right], n["form"][left] == n["form"][right]
    no_brand = (n["brand"][left] == MISSING) & (n["brand"][right] == MISSING)  # institutions: 第六中学
    core = (brand | (no_brand & equal("trade") & equal("place"))) & trade
    region = n["region"][left] == n["region"][right]
    near = same_or_absent("place") | same_or_absent("region")
    persons = (n["person"][left], n["person"][right])
    both, one = (persons[0] == 1) & (persons[1] == 1), persons[0] != persons[1]
    nameless = absent("folded")
    typo = _typos(coded, left, right, ~core & ~both & ~one & ~nameless & near)
    level = np.select(
        [
            nameless,
            both & equal("folded"),
            both | one,
            equal("folded"),
            core & region & form,
            core & ~region & ~near,
            core & form & near,
            core & absent("form") & region,
            core & absent("form") & near,
            core & near,
            brand & ~trade & absent("trade") & near,
            brand & ~near,
            typo,
            brand & near,
        ],
        [
            "nameless",
            "same_person",
            "other_person",
            "same_name",
            "same_name",
            "other_region",
            "same_parts",
            "same_parts",
            "same_core",
            "other_form",
            "short_name",
            "other_region",
            "typo",
            "other_trade",
        ],
        "other_name",
    )
    objection = np.select(
        [
            one & ~nameless,
            both & ~equal("folded"),
            (n["number"][left] != n["number"][right]) & ~nameless,
            (n["branch"][left] != n["branch"][right]) & ~nameless,
            _group(coded, left, right) & ~trade & ~nameless,
            np.isin(level, ("other_region", "other_trade", "other_name")),
        ],
        ["person_and_company", "other_person", "number", "branch", "group", level],
        "",
    )
    return level, _weights(level, schema), _known(objection, schema)


def _group(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether the legal forms differ: a group and one of its companies."""
    form = coded.name["form"]
    return (form[left] != form[right]) & (form[left] != MISSING) & (form[right] != MISSING)


def _typos(coded: Coded, left: np.ndarray, right: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Brand and trade of four characters or more that differ in one."""
    found = np.zeros(len(left), dtype=bool)
    at = np.flatnonzero(wanted)
    if len(at):
        a, b = coded.cores[left[at]], coded.cores[right[at]]
        long = np.minimum([len(x) for x in a], [len(x) for x in b]) >= 4
        distance = cpdist(a, b, scorer=OSA.distance, score_cutoff=1)
        found[at] = long & (distance <= 1)
    return found


def _persons(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema) -> tuple[np.ndarray, ...]:
    n = coded.name

    def equal(part: str) -> np.ndarray:
        return (n[part][left] == n[part][right]) & (n[part][left] != MISSING)

    absent = (n["folded"][left] == MISSING) | (n["folded"][right] == MISSING)
    called = _called(coded, left, right)
    level = np.select(
        [absent, equal("folded"), equal("sound"), called],
        ["nameless", "same_name", "same_sound", "called"],
        "other_name",
    )
    return level, _weights(level, schema), _known(np.where(level == "other_name", level, ""), schema)


def _called(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """One side is a surname with a title, the other a name of that surname."""
    titled = coded.name["called"]
    found = np.zeros(len(left), dtype=bool)
    for a, b in ((left, right), (right, left)):
        at = np.flatnonzero((titled[a] != MISSING) & (titled[b] == MISSING))
        surname = [x[: max(len(x) - 2, 1)] for x in coded.texts[a[at]]]
        found[at] |= np.array(
            [y.startswith(x[:1]) for x, y in zip(surname, coded.texts[b[at]], strict=True)], dtype=bool
        )
    return found


def _weights(level: np.ndarray, schema: MatchSchema) -> np.ndarray:
    names = sorted(schema.weights)
    return np.select([level == name for name in names], [schema.weights[name] for name in names], 0.0)


def _known(objection: np.ndarray, schema: MatchSchema) -> np.ndarray:
    return np.where(np.isin(objection, list(schema.objections)), objection, "")


def _namesakes(level: np.ndarray, bits: np.ndarray, objection: np.ndarray, schema: MatchSchema) -> np.ndarray:
    """Two persons of one name, with nothing else in common but a place."""
    if "namesake" not in schema.objections or not len(level):
        return objection
    telling = bits[:, 1:].clip(min=0).max(axis=1, initial=0.0) >= 5.0
    return np.where((level == "same_person") & ~telling & (objection == ""), "namesake", objection)
