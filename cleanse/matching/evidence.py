"""What each field of a pair says, in bits: names by their parts, other fields by shared values and their rarity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.matching.blocking import MISSING
from cleanse.matching.comparison import LEVEL, LEVELS, OBJECTION, Names, companies, persons
from cleanse.matching.schema import Evidence, MatchSchema

NAME = "name"
TELLING = 5.0  # bits of one shared value that is more than a place
OWN = 9.0  # bits of one value that only one customer has
PLACES = ("province", "city", "district")


@dataclass(frozen=True)
class Coded:
    """Records as integer codes (MISSING where empty), so that equality is integer equality.

    ``values``: evidence name -> (records x fields) codes of one value space; ``spread``: evidence name -> per code, how
    many different names share the value; ``within``: the parent's cluster, where the schema compares inside it only;
    ``content``: one number per record of all it is compared by, the same in every run.
    """

    names: Names
    values: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    within: np.ndarray
    content: np.ndarray

    @property
    def size(self) -> int:
        return len(self.within)

    def take(self, at: np.ndarray) -> Coded:
        """The records at these positions."""
        values = {name: codes[at] for name, codes in self.values.items()}
        return Coded(self.names.take(at), values, self.spread, self.within[at], self.content[at])


@dataclass(frozen=True)
class Compared:
    """Per pair: the level its names are on (number in LEVELS), bits per field (columns ``fields``), and what objects to
    merging (number in ``reasons`` of the schema, 0 none)."""

    level: np.ndarray
    fields: tuple[str, ...]
    bits: np.ndarray
    objection: np.ndarray

    def take(self, at: np.ndarray) -> Compared:
        return replace(self, level=self.level[at], bits=self.bits[at], objection=self.objection[at])


def encode(records: pd.DataFrame, names: pd.DataFrame, number: np.ndarray, schema: MatchSchema) -> Coded:
    """Codes of all compared fields; ``number`` is the row of each record in ``names``."""
    name_parts, hashes = _name_parts(names, schema)
    parts = {part: codes[number] for part, codes in name_parts.items()}
    contents = [_mixed(hashes)[number]]
    texts = _texts(names["folded"])
    brands = cores = _texts(names["called"]) if "called" in names.columns else texts
    if schema.name_kind == "company":
        brands, trades = _texts(names["brand"]), _texts(names["trade"])
        cores = pc.binary_join_element_wise(brands, trades, pa.scalar("", brands.type))
        parts |= {part: codes[number] for part, codes in _cores(cores).items()}
        places, more = _places(records, names, number, schema)
        parts |= places
        contents += more
    values: dict[str, np.ndarray] = {}
    for e in schema.evidence:
        values[e.name], more = _pooled(records, e)
        contents += more
    counts = {e.name: _names_per_value(values[e.name], parts.get("brand", parts["folded"])) for e in schema.evidence}
    within = np.zeros(len(records), dtype=np.int64)
    if schema.within:
        within = pd.factorize(records[schema.within])[0].astype(np.int64)
        contents.append(_codes(_texts(records[schema.within].astype("str")))[1])
    return Coded(Names(parts, number, texts, brands, cores), values, counts, within, _mixed(contents))


def _texts(column: pd.Series) -> pa.Array:
    """A column of texts, missing where there is none."""
    texts = pa.array(column, pa.large_string())
    if not isinstance(texts, pa.ChunkedArray):
        return texts
    parts = [part.cast(pa.large_string()) for part in texts.chunks]  # pandas joins short and long texts as they are
    return pa.chunked_array(parts, pa.large_string()).combine_chunks()


def _name_parts(names: pd.DataFrame, schema: MatchSchema) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Codes of the parts of the distinct names, and numbers of their content."""
    columns = [c for c in names.columns if c not in ("person", *PLACES)]
    coded = {column: _codes(_texts(names[column])) for column in columns}
    parts = {column: codes for column, (codes, _) in coded.items()}
    if schema.name_kind == "company":
        parts["person"] = names["person"].to_numpy(dtype=np.int32)
        parts["han"] = (
            pc.match_substring_regex(_texts(names["folded"]), r"\p{Han}")
            .to_numpy(zero_copy_only=False)
            .astype(np.int32)
        )
        parts["group"] = (names["form"] == "group").to_numpy(dtype=np.int32)
    else:
        parts["last"] = _codes(_texts(names["folded"]), _last_words)[0]
    return parts, [hashes for _, hashes in coded.values()]


def _cores(cores: pa.Array) -> dict[str, np.ndarray]:
    """Length, first and last character of brand and trade."""
    ends = {"head": pc.utf8_slice_codeunits(cores, 0, 1), "tail": pc.utf8_slice_codeunits(cores, -1)}
    length = pc.utf8_length(cores).to_numpy().astype(np.int32)
    return {"length": length, **{part: _codes(texts)[0] for part, texts in ends.items()}}


def _codes(texts: pa.Array, read: Callable[[pa.Array], pa.Array] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Codes of texts, MISSING where there is none, and a number per text that is the same in every run, 0 for none.
    ``read`` says of distinct texts what they are coded by."""
    coded = texts.dictionary_encode()
    found, distinct = coded.indices.fill_null(MISSING).to_numpy(), coded.dictionary
    if read and not (told := read(distinct)).equals(distinct):
        coded = told.dictionary_encode()
        found, distinct = np.append(coded.indices.to_numpy(), np.int32(MISSING))[found], coded.dictionary
    if (empty := distinct.index("").as_py()) != MISSING:
        found = np.where(found == empty, np.int32(MISSING), found)
    hashes = pd.util.hash_array(distinct.to_numpy(zero_copy_only=False), categorize=False)
    return found, np.append(hashes, np.uint64(0))[found]


def _mixed(columns: list[np.ndarray]) -> np.ndarray:
    """One number of several, in their order."""
    return reduce(
        lambda found, more: (found ^ (found >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + more, columns
    )


def _places(
    records: pd.DataFrame, names: pd.DataFrame, number: np.ndarray, schema: MatchSchema
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Province, city and district the name itself says; province and city filled from the record's own fields where the
    name says nothing that speaks against. Beside them, numbers of the content of these fields."""
    found: dict[str, np.ndarray] = {}
    contents: list[np.ndarray] = []
    free = np.ones(len(number), dtype=bool)
    for at, level in enumerate(PLACES):
        column = schema.place[at] if at < len(schema.place) else ""
        own_texts = _texts(records[column] if column in records.columns else pd.Series(dtype="str"))
        together, hashes = _codes(pa.concat_arrays([_texts(names[level]), own_texts]))
        named = together[: len(names)][number]
        own = together[len(names) :] if len(own_texts) else np.full(len(number), MISSING, dtype=np.int32)
        found[f"named_{level}"] = named
        if level == "district":
            break
        filled = np.where((named == MISSING) & free, own, named)
        found[level], found[f"own_{level}"] = filled, own
        free &= (filled == own) | (own == MISSING) | (filled == MISSING)
        contents += [hashes[len(names) :]] if len(own_texts) else []
    return found, contents


def _pooled(records: pd.DataFrame, e: Evidence) -> tuple[np.ndarray, list[np.ndarray]]:
    """Codes (records x fields) of the values of one evidence, and numbers of the content of each field."""
    present = [records[f] for f in e.fields if f in records.columns]
    if not present:
        return np.full((len(records), 1), MISSING, dtype=np.int32), []
    texts = pa.concat_arrays(list(map(_texts, present)))
    found, hashes = _codes(texts, _domains if e.part == "domain" else pc.utf8_lower)
    return found.reshape(len(present), -1).T.copy(), list(hashes.reshape(len(present), -1))


def _last_words(names: pa.Array) -> pa.Array:
    """The last word of Latin names; others as they are."""
    return pc.replace_substring_regex(names, r"(?s)^.*?([a-z'-]+)[^a-z'-]*$", r"\1")


def _domains(mails: pa.Array) -> pa.Array:
    """What stands behind the @, '' where there is none."""
    return pc.replace_substring_regex(pc.utf8_lower(mails), "^[^@]*$|^[^@]*@", "")


def _names_per_value(values: np.ndarray, names: np.ndarray) -> np.ndarray:
    """How many different names share each value: a switchboard is known by that, not by how often it stands."""
    flat, owner = values.ravel().astype(np.int64), np.repeat(names, values.shape[1])
    size = int(flat.max(initial=-1)) + 1
    there = (flat != MISSING) & (owner != MISSING)
    there[there] = np.bincount(flat[there], minlength=size)[flat[there]] > 1
    wide = int(owner.max(initial=0)) + 1
    both = np.sort(flat[there] * wide + owner[there])
    both = both[np.diff(both, prepend=-1) > 0]
    return np.maximum(np.bincount(both // wide, minlength=size), 1).astype(np.int32)


def compare(coded: Coded, left: np.ndarray, right: np.ndarray, schema: MatchSchema) -> Compared:
    """Compare aligned pairs of positions."""
    level, objection = (companies if schema.name_kind == "company" else persons)(coded.names, left, right)
    minded = np.isin(OBJECTION_NUMBERS, [OBJECTION[o] for o in schema.objections if o in OBJECTION])
    objection[~minded[objection]] = 0
    bits = np.zeros((len(left), 1 + len(schema.evidence)), dtype=np.float32)
    bits[:, 0] = np.array([schema.weights.get(name, 0.0) for name in LEVELS], dtype=np.float32)[level]
    private = (level == LEVEL["same_person"]) | (level == LEVEL["other_person"])
    shared: dict[str, np.ndarray] = {}
    other = np.zeros(len(left), dtype=bool)
    for at, e in enumerate(schema.evidence, 1):
        found, agrees, differs = evidence(coded, e, left, right)
        shared[e.name] = agrees
        if e.companies_only:
            found[private] = 0.0
        if e.unless in shared:
            found[shared[e.unless]] = 0.0
        bits[:, at] = found
        other |= differs & e.block & (e.spread > 0)  # numbers and addresses; codes differ from system to system
        if e.objects:
            objection[differs & (objection == 0)] = schema.reasons.index(e.name)
            if "renamed" in schema.objections:
                objection[agrees & np.isin(objection, OTHER_NAMES)] = OBJECTION["renamed"]
    most = bits[:, 1:].max(axis=1, initial=0.0)
    _namesakes(level, most, other, objection)
    if "nameless" in schema.objections:
        # a record without a name is known by one value of its own (a mobile, an address of mail, a code), not by what
        # neighbours and sister companies share as well
        objection[(level == LEVEL["nameless"]) & (most < OWN) & (objection == 0)] = OBJECTION["nameless"]
    return Compared(level, (NAME, *(e.name for e in schema.evidence)), bits, objection)


OTHER_NAMES = [
    OBJECTION[o] for o in ("other_name", "other_trade", "other_region", "other_place", "group", "group_form")
]
OBJECTION_NUMBERS = np.array(list(OBJECTION.values()))


def evidence(
    coded: Coded, e: Evidence, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bits of one field; whether a value is shared; whether both sides have values and share none.

    A value that many names share says less. The two names of the pair itself are one, should they be one.
    """
    values, counts = coded.values[e.name], coded.spread[e.name]
    owner = coded.names.parts.get("brand", coded.names.parts["folded"])
    best = np.full(len(left), -1.0)
    a, b = values[left], values[right]
    for i in range(a.shape[1]):
        for j in range(b.shape[1]):
            at = np.flatnonzero((a[:, i] == b[:, j]) & (a[:, i] != MISSING))
            names = owner[left[at]], owner[right[at]]
            own = (names[0] != names[1]) & (names[0] != MISSING) & (names[1] != MISSING)
            others = np.maximum(counts[a[at, i]] - own, 1)
            best[at] = np.maximum(best[at], np.maximum(e.agree - e.spread * np.log2(others), 0.0))
    agrees = best >= 0
    differs = (a != MISSING).any(axis=1) & (b != MISSING).any(axis=1) & ~agrees
    return np.where(agrees, best, np.where(differs, e.differ, 0.0)), agrees, differs


def _namesakes(level: np.ndarray, most: np.ndarray, other: np.ndarray, objection: np.ndarray) -> None:
    """Two private persons of one name with nothing else in common but a place: strangers where a number or address of
    theirs differs, else nobody knows."""
    alone = (level == LEVEL["same_person"]) & (most < TELLING) & (objection == 0)
    objection[alone] = np.where(other[alone], OBJECTION["namesake"], OBJECTION["namesake_unknown"])
