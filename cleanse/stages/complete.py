"""Blanks of golden records that something else knows: filled where the rules make it certain, else proposed to a person.

Nothing is invented: every proposal has a source and a confidence. Sources that agree strengthen each other; where they
do not, nothing is filled. What stands in any row of a customer is never overwritten, wrong as it may be; a value in doubt is
no source, nor is the credit code or the name of a branch for where it is, nor anything Chinese for who is abroad. A city is
only proposed inside its province.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from cleanse.codes import severity
from cleanse.kinds import COMPARABLE
from cleanse.kinds.country import COLUMN, told
from cleanse.kinds.picklist import lookup, plain
from cleanse.kinds.places import AT_HOME, LEVELS, Places, places
from cleanse.model import ADDRESS, COLUMNS, COMPLETION, Entity, Field, Severity, Words, frame

STAGE, LOOKUP = "complete", "lookup"
KEYS = ("uscc", "company")  # kinds of fields by which a record is looked up
Find = Callable[[str], str]  # what a text says of a field, '' for nothing


@dataclass(frozen=True)
class Plan:
    """What a project wants completed: paths of fields, the sources to ask, and the confidence from which a blank is
    filled; below it the value is only proposed."""

    fields: tuple[str, ...]
    sources: tuple[str, ...] = tuple(COMPLETION)
    accept: float = 1.0


@dataclass(frozen=True)
class Completed:
    """The golden records with what was filled, a change for each, and an issue for each proposal that a person decides."""

    golden: pd.DataFrame
    changes: pd.DataFrame
    issues: pd.DataFrame


@dataclass(frozen=True)
class Evidence:
    """What is looked at besides the golden records. ``records``: by rid, the entity's records; ``members``: the golden_id
    of each; ``issues``: what was found in them; ``reference``: records of a lookup file the user handed in, with the
    entity's fields; ``mobile_places``: the place a record's mobile was issued for, by rid."""

    records: pd.DataFrame
    members: pd.Series
    issues: pd.DataFrame
    reference: pd.DataFrame | None = None
    mobile_places: pd.Series | None = None


def complete(golden: pd.DataFrame, entity: Entity, plan: Plan, words: Words, evidence: Evidence) -> Completed:
    """Complete the wanted fields of one entity."""
    names = [n for n in entity.stored if f"{entity.name}.{n}" in plan.fields]
    if not names or golden.empty:
        return Completed(golden, frame("changes"), frame("issues"))
    table, sure, changes, issues = golden.copy(), _sure(golden, entity, evidence), [], []
    tables, abroad = places(words), _abroad(golden[golden[names].isna().any(axis=1)], entity, words)
    for name in names:
        f, there = entity.fields[name], evidence.members[evidence.records[name].notna()]
        blank = table.loc[table[name].isna(), "golden_id"]
        empty = sure.loc[blank.index[~blank.isin(there)]]
        proposals = dict(_proposals(empty, sure, entity, f, words, tables, evidence))
        wanted = {s: proposals[s] for s in COMPLETION if s in plan.sources and s in proposals}
        wanted = {s: v if s == LOOKUP else v.mask(abroad.loc[v.index]) for s, v in wanted.items()}
        if f.kind == "region":
            wanted = {s: _inside(values, table.loc[values.index], f, tables) for s, values in wanted.items()}
        judged = _judged(wanted, plan, empty.index)
        filled = judged[judged["fill"]]
        table.loc[filled.index, name] = sure.loc[filled.index, name] = filled["value"]
        rids = table["rid"].reindex(filled.index).to_numpy()
        changes.append(_changes(entity.name, name, rids, filled, evidence.records))
        open_ = judged[~judged["fill"]]
        issues.append(_issues(entity.name, name, table["rid"].reindex(open_.index).to_numpy(), open_))
    return Completed(table, _joined("changes", changes), _joined("issues", issues))


def _sure(golden: pd.DataFrame, entity: Entity, evidence: Evidence) -> pd.DataFrame:
    """The golden records without the values that something was found to be wrong with in the rows they come from."""
    sure, found, ids = golden.copy(), evidence.issues, pd.Index(golden["golden_id"])
    asked = found[(found["entity"] == entity.name) & (found["severity"] != Severity.INFO)]
    for name, lines in asked[asked["field"].isin(entity.stored)].groupby("field", observed=True):
        rids = lines["rid"][lines["rid"].isin(evidence.records.index)]
        at = ids.get_indexer(evidence.members.reindex(rids))
        known, doubted = at[at >= 0], evidence.records[str(name)].reindex(rids[at >= 0]).to_numpy(dtype=object)
        wrong = known[golden[str(name)].to_numpy(dtype=object)[known] == doubted]
        sure[str(name)] = golden[str(name)].mask(np.isin(np.arange(len(golden)), wrong))
    return sure


def _abroad(golden: pd.DataFrame, entity: Entity, words: Words) -> pd.Series:
    """Whether a record names a country of which the tables hold no place."""
    home = pd.Series(None, index=golden.index, dtype=object)
    for kind in COLUMN:
        for name in (n for n in entity.stored if entity.fields[n].kind == kind):
            texts = pa.array(golden[name].astype("str").array, from_pandas=True)
            home = home.combine_first(pd.Series(told(texts, kind, words).to_pylist(), index=golden.index, dtype=object))
    return home.notna() & ~home.isin(AT_HOME)


def _proposals(
    empty: pd.DataFrame, every: pd.DataFrame, entity: Entity, f: Field, words: Words, tables: Places, evidence: Evidence
) -> Iterator[tuple[str, pd.Series]]:
    """By source, what it would put in the blanks of a field; missing where it knows nothing. ``every``: all records."""
    of_kind = {
        kind: [n for n in entity.stored if entity.fields[n].kind == kind] for kind in ("phone", "uscc", "company")
    }
    if evidence.reference is not None and f.name in evidence.reference:
        yield LOOKUP, _looked_up(empty, every, evidence.reference, f.name, of_kind["uscc"], of_kind["company"])
    level = str(f.options.get("level", ""))
    parts = _named(empty, of_kind["company"], words)
    alone = parts["branch"] == "" if len(parts) else pd.Series(True, index=empty.index)
    if f.kind == "region" and level:
        yield "above", _above(empty, entity, level, tables)
        codes = {row[0]: row for row in words.get("area_codes", ())}
        for source, find, names in (
            ("area_code", lambda text: _of_area(codes, text, level), of_kind["phone"]),
            ("credit_code", lambda text: _of_credit_code(_by_code(words), text, level), of_kind["uscc"]),
        ):
            if names:
                found = _agreed([_told(empty[n], find) for n in names])
                yield source, found if source == "area_code" else found.where(alone)
        if evidence.mobile_places is not None:
            of_mobile = empty["rid"].map(evidence.mobile_places).astype("str")
            yield "mobile", _told(of_mobile, lambda text: getattr(tables.read(text), level))
    if len(parts):
        yield "name", _of_name(parts, f, level, words).where(alone | (f.kind != "region"))


def _told(texts: pd.Series, find: Find) -> pd.Series:
    """What ``find`` says of each text; every distinct text is asked once."""
    known = {text: find(text) or np.nan for text in texts.dropna().unique()}
    return texts.map(known).astype("str")


def _agreed(columns: list[pd.Series]) -> pd.Series:
    """The value that all columns which have one agree on."""
    table = pd.concat(columns, axis=1)
    first = table.bfill(axis=1).iloc[:, 0]
    return first.where((table.eq(first, axis=0) | table.isna()).all(axis=1))


def _looked_up(
    empty: pd.DataFrame, every: pd.DataFrame, reference: pd.DataFrame, name: str, codes: list[str], names: list[str]
) -> pd.Series:
    """The value of the reference whose key is the record's. A key with several values there says nothing, nor does a name
    that several records bear, or that stands there with another code than the record's."""
    found = pd.Series(np.nan, index=empty.index, dtype="str")
    for key in (k for k in codes + names if k in reference):
        known = reference[[key, name]].dropna().drop_duplicates()
        known = known[~known[key].duplicated(keep=False)].set_index(key)[name]
        told_of = empty[key].map(known).astype("str")
        if key in names:
            told_of = told_of.mask(empty[key].isin(every.loc[every[key].duplicated(), key]))
            for code in (c for c in codes if c in reference):
                told_of = told_of.mask(_other(empty, reference, key, code))
        found = found.fillna(told_of)
    return found


def doubled(reference: pd.DataFrame, entity: Entity, plan: Plan) -> list[tuple[str, list[int]]]:
    """The fields for which a key of the reference has several values, each with the rows where it stands: it says nothing."""
    found = []
    for key in (n for n in entity.stored if entity.fields[n].kind in KEYS and n in reference):
        for name in (n for n in entity.stored if f"{entity.name}.{n}" in plan.fields and n != key and n in reference):
            known = reference[[key, name, "source_row"]].dropna()
            several = known.groupby(key, sort=False)[name].transform("nunique") > 1
            if several.any():
                found.append((name, sorted(map(int, known.loc[several, "source_row"]))))
    return found


def _other(empty: pd.DataFrame, reference: pd.DataFrame, key: str, code: str) -> pd.Series:
    """Whether a record and the reference that bear one name have different codes."""
    pairs = reference[[key, code]].dropna()
    same = pd.MultiIndex.from_frame(empty[[key, code]]).isin(pd.MultiIndex.from_frame(pairs))
    return empty[key].isin(pairs[key]) & empty[code].notna() & ~same


def _above(empty: pd.DataFrame, entity: Entity, level: str, tables: Places) -> pd.Series:
    """What lies above the city or district of a record, where only one division has its name."""
    found = pd.Series(np.nan, index=empty.index, dtype="str")
    at = LEVELS.index(level)
    for f in entity.fields.values():
        lower = str(f.options.get("level", ""))
        if f.kind == "region" and not f.virtual and lower in LEVELS[at + 1 :]:
            found = found.fillna(_told(empty[f.name], partial(_upper, tables, lower, at)))
    return found


def _upper(tables: Places, lower: str, at: int, name: str) -> str:
    return (*tables.above(lower, name), "")[at]


def _of_area(codes: Mapping[str, tuple[str, ...]], phone: str, level: str) -> str:
    """The province of a landline's area code, and its city where no other shares the code."""
    _, province, cities = (*codes.get(phone.partition("-")[0], ("", "", "")), "", "")[:3]
    return {"province": province, "city": "" if "、" in cities else cities}.get(level, "")


def _by_code(words: Words) -> Mapping[str, str]:
    return {row[0]: row[1] for row in words.get("regions", ()) if len(row) > 1}


def _of_credit_code(names: Mapping[str, str], code: str, level: str) -> str:
    """The place whose office registered the company: characters 3 to 8."""
    size = {"province": 2, "city": 4}.get(level, 0)
    name = names.get(code[2 : 2 + size], "") if size and len(code) == 18 else ""
    return "" if name in ("市辖区", "县") else name


def _named(records: pd.DataFrame, names: list[str], words: Words) -> pd.DataFrame:
    """What the name of each record is made of, '' where it has none. A district by itself is no place: 江南 and 朝阳 are
    words as well."""
    texts = records[names[0]].dropna() if names else pd.Series(dtype="str")
    distinct = pd.Series(texts.unique(), dtype="str")
    found = COMPARABLE["company"](distinct.tolist(), words).set_axis(distinct, axis=0)
    begins = [name.startswith(region) for name, region in zip(found["folded"], found["region"], strict=True)]
    parts = found[["branch", "trade", *LEVELS]].astype("str")
    parts.loc[(parts["district"] != "") & np.array(begins, dtype=bool), list(LEVELS)] = ""
    return parts.loc[texts].set_axis(texts.index, axis=0).reindex(records.index).fillna("")


def _of_name(parts: pd.DataFrame, f: Field, level: str, words: Words) -> pd.Series:
    """What a company's name says: the region it begins with, or the one value of the list that its trade stands for."""
    if f.kind == "region" and level in parts:
        return parts[level].replace("", np.nan).astype("str")
    known = lookup(f.options, words) if f.kind == "picklist" and f.options.get("picklist") == "industry" else {}
    return _told(parts["trade"].astype("str"), lambda trade: _of_trade(known, trade))


def _of_trade(known: Mapping[str, str], trade: str) -> str:
    """The value of a trade: its own word, else the words of two characters or more in it, if they agree."""
    bare = plain(trade)
    if bare in known:
        return known[bare]
    found = {value for word, value in known.items() if len(word) > 1 and word in bare}
    return found.pop() if len(found) == 1 else ""


def _inside(values: pd.Series, records: pd.DataFrame, f: Field, tables: Places) -> pd.Series:
    """Only places that lie in the province the record names; a municipality is its own city."""
    if f.options.get("level") != "city" or "province" not in records:
        return values
    home = _told(values, lambda city: tables.above("city", city)[0])
    known = records["province"]
    return values.where(known.isna() | home.isna() | (home == known) | (values == known))


def _judged(proposals: Mapping[str, pd.Series], plan: Plan, index: pd.Index) -> pd.DataFrame:
    """Per record with a proposal: its value, whether it is filled in, the source, the confidence, and all in words."""
    if not proposals:
        return pd.DataFrame({"value": [], "fill": np.zeros(0, bool), "source": [], "note": []}, index=index[:0])
    table = pd.DataFrame(proposals, index=index).dropna(how="all")
    sure = np.array([COMPLETION[s] for s in table.columns])
    first = table.bfill(axis=1).iloc[:, 0]
    has = table.notna().to_numpy()
    same = table.eq(first, axis=0).to_numpy()
    top = sure[has.argmax(axis=1)] if len(table) else np.zeros(0)
    together = 1 - np.where(same, 1 - sure, 1.0).prod(axis=1)
    agree = (same | ~has).all(axis=1) | (top >= 1)
    confidence = np.where(agree, together, top)
    notes = [
        "; ".join(
            f"{value} ({source})" for value, source in zip(row, table.columns, strict=True) if isinstance(value, str)
        )
        for row in table.astype(object).to_numpy()
    ]
    return pd.DataFrame(
        {
            "value": first,
            "fill": agree & (confidence >= plan.accept),
            "source": np.array(table.columns, dtype=object)[has.argmax(axis=1)] if len(table) else [],
            "note": [f"{note}; {c:.2f}" for note, c in zip(notes, confidence, strict=True)],
        },
        index=table.index,
    )


def _changes(entity: str, name: str, rids: np.ndarray, filled: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    lines = pd.DataFrame(
        {
            "rid": rids, "entity": entity, "field": name, "before": None, "after": filled["value"].to_numpy(dtype=object),
            "rest": filled["note"].to_numpy(dtype=object),
            "code": ("completed_" + filled["source"].astype("str")).to_numpy(), "stage": STAGE, "from_rid": rids,
        }
    )  # fmt: skip
    return lines.join(records[list(ADDRESS)], on="rid")[list(COLUMNS["changes"])]


def _issues(entity: str, name: str, rids: np.ndarray, proposed: pd.DataFrame) -> pd.DataFrame:
    code = "completion_proposed"
    lines = pd.DataFrame({"rid": rids, "entity": entity, "field": name, "code": code, "severity": severity(code)})
    return lines.assign(value=None, note=proposed["note"].to_numpy(dtype=object))[list(COLUMNS["issues"])]


def _joined(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    some = [p for p in parts if len(p)]
    return pd.concat(some, ignore_index=True) if some else frame(name)
