"""What each field of a pair says, in bits: names by their parts, other fields by shared values and their rarity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cleanse.matching.blocking import MISSING
from cleanse.matching.comparison import Names, companies, persons
from cleanse.matching.schema import Evidence, MatchSchema

NAME = "name"
TELLING = 5.0  # bits of one shared value that is more than a place
OWN = 9.0  # bits of one value that only one customer has


@dataclass(frozen=True)
class Coded:
    """Records as integer codes (MISSING where empty), so that equality is integer equality.

    ``values``: evidence name -> (records x fields) codes of one value space; ``spread``: evidence name -> per code, how
    many different names share the value; ``within``: the parent's cluster, where the schema compares inside it only.
    """

    names: Names
    values: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    within: np.ndarray

    @property
    def size(self) -> int:
        return len(self.within)

    def take(self, at: np.ndarray) -> Coded:
        """The records at these positions."""
        values = {name: codes[at] for name, codes in self.values.items()}
        return Coded(self.names.take(at), values, self.spread, self.within[at])


@dataclass(frozen=True)
class Compared:
    """Per pair: the level its names are on, bits per field (columns ``fields``), and what objects to merging ('' none)."""

    level: np.ndarray
    fields: tuple[str, ...]
    bits: np.ndarray
    objection: np.ndarray

    def take(self, at: np.ndarray) -> Compared:
        return replace(self, level=self.level[at], bits=self.bits[at], objection=self.objection[at])

    def with_more(self, more: Compared) -> Compared:
        return Compared(
            np.concatenate([self.level, more.level]),
            self.fields,
            np.concatenate([self.bits, more.bits]),
            np.concatenate([self.objection, more.objection]),
        )


def encode(records: pd.DataFrame, names: pd.DataFrame, schema: MatchSchema) -> Coded:
    """Codes of all compared fields. Codes follow the order of the values, so that they do not depend on that of rows."""
    parts = {column: _codes(names[column]) for column in names.columns if column not in ("person", *PLACES)}
    texts = names["folded"].to_numpy(dtype=object)
    brands = cores = names["called"].to_numpy(dtype=object) if "called" in names.columns else texts
    if schema.name_kind == "company":
        brands, trades = names["brand"].to_numpy(dtype=object), names["trade"].to_numpy(dtype=object)
        cores = brands + trades
        parts["person"] = names["person"].to_numpy(dtype=np.int64)
        parts["length"] = np.array([len(core) for core in cores], dtype=np.int64)
        parts["group"] = (names["form"] == "group").to_numpy(dtype=np.int64)
        parts |= _places(records, names, schema)
    values = {e.name: _pooled(records, e) for e in schema.evidence}
    counts = {e.name: _names_per_value(values[e.name], parts.get("brand", parts["folded"])) for e in schema.evidence}
    within = np.zeros(len(records), dtype=np.int64)
    if schema.within:
        within = pd.factorize(records[schema.within], sort=True)[0].astype(np.int64)
    return Coded(Names(parts, texts, brands, cores), values, counts, within)


PLACES = ("province", "city", "district")


def _codes(column: pd.Series) -> np.ndarray:
    return pd.factorize(column.where(column != ""), sort=True, use_na_sentinel=True)[0].astype(np.int64)


def _places(records: pd.DataFrame, names: pd.DataFrame, schema: MatchSchema) -> dict[str, np.ndarray]:
    """Province, city and district the name itself says; province and city filled from the record's own fields where the
    name says nothing that speaks against."""
    said = {level: names[level].where(names[level] != "") for level in PLACES}
    found = {f"named_{level}": _codes(column.fillna("")) for level, column in said.items()}
    free = pd.Series(True, index=names.index)
    for level, column in zip(PLACES, schema.place, strict=False):
        own = records[column] if column in records.columns else pd.Series(np.nan, index=names.index, dtype="str")
        filled = said[level].fillna(own.where(free))
        found[level], found[f"own_{level}"] = _codes(filled.fillna("")), _codes(own.fillna(""))
        free &= (filled == own) | own.isna() | filled.isna()
    for level in PLACES[:2]:
        found.setdefault(level, found[f"named_{level}"])
        found.setdefault(f"own_{level}", np.full(len(names), MISSING, dtype=np.int64))
    return found


def _pooled(records: pd.DataFrame, e: Evidence) -> np.ndarray:
    present = [records[f] for f in e.fields if f in records.columns]
    if not present:
        return np.full((len(records), 1), MISSING, dtype=np.int64)
    together = pd.concat(present, ignore_index=True).astype("str").str.lower()
    if e.part == "domain":
        together = together.str.extract(r"@(.+)$", expand=False)
    return pd.factorize(together, sort=True)[0].astype(np.int64).reshape(len(present), len(records)).T


def _names_per_value(values: np.ndarray, names: np.ndarray) -> np.ndarray:
    """How many different names share each value: a switchboard is known by that, not by how often it stands."""
    flat, owner = values.ravel(), np.repeat(names, values.shape[1])
    there = (flat != MISSING) & (owner != MISSING)
    size = int(flat.max(initial=-1)) + 1
    both = np.unique(flat[there] * (int(owner.max(initial=0)) + 1) + owner[there])
    return np.bincount(both // (int(owner.max(initial=0)) + 1), minlength=size)


def compare(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema) -> Compared:
    """Compare aligned pairs of positions."""
    level, objection = (companies if schema.name_kind == "company" else persons)(coded.names, left, right)
    objection = np.where(np.isin(objection, list(schema.objections)), objection, "")
    bits = [_weights(level, schema)]
    private = (level == "same_person") | (level == "other_person")
    shared: dict[str, np.ndarray] = {}
    other = np.zeros(len(left), dtype=bool)
    for e in schema.evidence:
        found, agrees, differs = evidence(coded, e, left, right)
        shared[e.name] = agrees
        if e.companies_only:
            found = np.where(private, 0.0, found)
        if e.unless:
            found = np.where(shared.get(e.unless, False), 0.0, found)
        bits.append(found)
        other |= differs & e.block & (e.spread > 0)  # numbers and addresses; codes differ from system to system
        if e.objects:
            objection = np.where(differs & (objection == ""), e.name, objection)
    table = np.stack(bits, axis=1)
    fields = (NAME, *(e.name for e in schema.evidence))
    objection = _namesakes(level, table, other, objection)
    if "nameless" in schema.objections:
        objection = _nameless(level, table, objection)
    return Compared(level, fields, table, objection)


def evidence(
    coded: Coded, e: Evidence, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bits of one field; whether a value is shared; whether both sides have values and share none.

    A value that many names share says less. The two names of the pair itself are one, should they be one.
    """
    a, b = coded.values[e.name][left], coded.values[e.name][right]
    owner = coded.names.parts.get("brand", coded.names.parts["folded"])
    own = ((owner[left] != owner[right]) & (owner[left] != MISSING) & (owner[right] != MISSING)).astype(np.int64)
    counts, best = coded.spread[e.name], np.full(len(left), -np.inf)
    for i in range(a.shape[1]):
        for j in range(b.shape[1]):
            at = np.flatnonzero((a[:, i] == b[:, j]) & (a[:, i] != MISSING))
            others = np.maximum(counts[a[at, i]] - own[at], 1)
            best[at] = np.maximum(best[at], np.maximum(e.agree - e.spread * np.log2(others), 0.0))
    agrees = best > -np.inf
    differs = (a != MISSING).any(axis=1) & (b != MISSING).any(axis=1) & ~agrees
    return np.where(agrees, best, np.where(differs, e.differ, 0.0)), agrees, differs


def _weights(level: np.ndarray, schema: MatchSchema) -> np.ndarray:
    names = sorted(schema.weights)
    return np.select([level == name for name in names], [float(schema.weights[name]) for name in names], 0.0)


def _namesakes(level: np.ndarray, bits: np.ndarray, other: np.ndarray, objection: np.ndarray) -> np.ndarray:
    """Two private persons of one name with nothing else in common but a place: strangers where a number or address of
    theirs differs, else nobody knows."""
    alone = (level == "same_person") & (bits[:, 1:].max(axis=1, initial=0.0) < TELLING) & (objection == "")
    return np.select([alone & other, alone], ["namesake", "namesake_unknown"], objection)


def _nameless(level: np.ndarray, bits: np.ndarray, objection: np.ndarray) -> np.ndarray:
    """A record without a name is known by one value of its own (a mobile, an address of mail, a code), not by what
    neighbours and sister companies share as well."""
    alone = (level == "nameless") & (bits[:, 1:].max(axis=1, initial=0.0) < OWN) & (objection == "")
    return np.where(alone, "nameless", objection)
