"""The rules of ``rules/checks``: across fields, rows, entities and files. Each becomes one column of truth values.

What is missing or has not its form breaks no rule but ``is filled``: it is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import COLUMNS, Condition, Entity, Rule, Severity, frame
from cleanse.stages.truths import failing

NUMBERS = ("money", "quantity", "percent")
OPERATIONS: Mapping[str, Callable[[pa.Array, pa.Array], pa.Array]] = {
    "<=": pc.less_equal, "<": pc.less, ">=": pc.greater_equal, ">": pc.greater, "==": pc.equal, "!=": pc.not_equal,
}  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """What rules look at. ``rows``: the records of all files by entity, with the ``golden_id`` each became; ``golden``: the
    golden records by entity. ``shapes``: by path, the pattern of a right value. ``day``: today as an ISO date."""

    entities: Mapping[str, Entity]
    rows: Mapping[str, pd.DataFrame]
    golden: Mapping[str, pd.DataFrame]
    shapes: Mapping[str, str]
    day: str = ""

    def of(self, entity: str, on: str) -> pd.DataFrame:
        """The records of an entity: its source rows, or its golden records."""
        return self.rows[entity] if on == "rows" else self.golden[entity]


@dataclass(frozen=True)
class Ruled:
    """Every failure as an issue, and the golden records (entity, golden_id, code) that an error keeps from going."""

    issues: pd.DataFrame
    parked: pd.DataFrame


def judge(rules: Sequence[Rule], tables: Tables) -> Ruled:
    """Every failure of every rule, by rid, field and code; what is found in a row and in its golden record is told of the
    row. Of several conditions that must all hold, each that does not is told at its own field."""
    issues = [frame("issues")]
    parked = [pd.DataFrame(columns=["entity", "golden_id", "code"], dtype="str")]
    placed = [replace(r, on=on) for on in ("rows", "golden") for r in rules if r.on in (on, "both")]
    single = [replace(r, must=must) for r in placed for must in ([(c,) for c in r.must] if r.form == "all" else [r.must])]
    for rule, failed in _failures(single, tables):
        issues.append(_issues(rule, failed))
        if rule.severity == Severity.ERROR:
            parked.append(failed[["golden_id"]].drop_duplicates().assign(entity=rule.entity, code=rule.code))
    found = pd.concat([p for p in issues if len(p)] or issues[:1], ignore_index=True)
    key = ["rid", "entity", "field", "code"]
    told = found.sort_values(key, kind="stable").drop_duplicates(key, ignore_index=True)
    return Ruled(told, pd.concat(parked, ignore_index=True).drop_duplicates(ignore_index=True))


def _failures(rules: Sequence[Rule], tables: Tables) -> Iterator[tuple[Rule, pd.DataFrame]]:
    """The records that break a rule; those of one entity are judged together."""
    for entity, on in dict.fromkeys((r.entity, r.on) for r in rules):
        table = tables.of(entity, on).reset_index(drop=True)
        mine = {str(number): r for number, r in enumerate(rules) if (r.entity, r.on) == (entity, on)}
        for number, places in failing({n: _truth(rule, table, tables).to_numpy() for n, rule in mine.items()}).items():
            yield mine[number], table.iloc[places]


def _truth(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """Whether the rule holds of each record; it does of those it does not speak of."""
    meant = pd.Series(True, index=table.index)
    for condition in rule.when:
        meant &= _condition(condition, rule, table, tables).fillna(False).astype(bool)
    holds = FORMS[rule.form](rule, table[meant], tables)
    return holds.reindex(table.index).fillna(True).astype(bool)


def _issues(rule: Rule, failed: pd.DataFrame) -> pd.DataFrame:
    """The failures of one rule. The field is the first of its entity that the rule speaks of, the note the others."""
    spoken = [*(c.path for c in rule.must), *(c.other for c in rule.must), rule.field, rule.per]
    names = [path.partition(".")[2] for path in spoken if path.startswith(f"{rule.entity}.")]
    name = names[0] if names else ""
    lines = pd.DataFrame({"rid": failed["rid"], "entity": rule.entity, "field": name, "code": rule.code})
    value = failed[name].to_numpy(dtype=object) if name else None
    others = dict.fromkeys(p for p in spoken if p and p != f"{rule.entity}.{name}")
    note = ", ".join(p.removeprefix(f"{rule.entity}.") for p in others)
    return lines.assign(severity=rule.severity, value=value, note=note)[list(COLUMNS["issues"])]


# ----------------------------------------------------------------------------------------------------------- conditions


def _condition(c: Condition, rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """Whether a condition holds of each record, missing where it cannot be told. What is said of the records below one
    must hold of any of them."""
    owner, mine = tables.entities[c.path.partition(".")[0]], tables.entities[rule.entity]
    if owner.name == mine.name:
        found = _holds(c, table, tables)
    elif rule.on == "rows":
        found = _of(table["rid"], tables.rows[owner.name]["rid"], _holds(c, tables.rows[owner.name], tables))
    elif owner.name == mine.refers_to:
        above = tables.golden[owner.name]
        found = _of(table[f"{owner.name}_id"], above["golden_id"], _holds(c, above, tables))
    else:
        below = tables.golden[owner.name]
        found = _of(table["golden_id"], below[f"{mine.name}_id"], _holds(c, below, tables))
        found = found.fillna(False) if c.op == "filled" else found
    return ~found if c.negated else found


def _of(keys: pd.Series, theirs: pd.Series, holds: pd.Series) -> pd.Series:
    """By key, whether it holds of any record with it."""
    told = pd.Series(holds.to_numpy(), index=theirs.to_numpy(), dtype="boolean")
    told = told[told.index.notna() & told.notna().to_numpy()]
    any_ = told.groupby(level=0).any()
    return pd.Series(any_.reindex(keys.to_numpy()).to_numpy(), index=keys.index, dtype="boolean")


def _holds(c: Condition, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """The condition, not yet negated, on the records of its own entity."""
    name = c.path.partition(".")[2]
    if c.op == "filled":
        return table[name].notna().astype("boolean")
    left = _sound(c.path, table, tables)
    if c.op == "is":
        found = pc.if_else(pc.is_null(left), pa.scalar(None, pa.bool_()), pc.is_in(left, pa.array(c.values, left.type)))
    elif c.op == "matches":
        found = pc.match_substring_regex(left, f"^(?:{c.values[0]})$")
    else:
        found = _compared(c, left, table, tables)
    return pd.Series(found.to_pandas(), index=table.index).set_axis(table.index).astype("boolean")


def _compared(c: Condition, left: pa.Array, table: pd.DataFrame, tables: Tables) -> pa.Array:
    """Numbers compare as numbers; dates, in ISO form, as text."""
    number = _kind(c.path, tables) in NUMBERS
    if c.other:
        right = _sound(c.other, table, tables)
    else:
        said = (tables.day or None) if c.values == ("today",) else c.values[0]
        right = pa.scalar(said, left.type)
    return OPERATIONS[c.op](*(_number(side) if number else side for side in (left, right)))


def _number(texts: pa.Array) -> pa.Array:
    return pc.cast(pc.replace_substring(texts, "%", ""), pa.float64())


def _kind(path: str, tables: Tables) -> str:
    entity, _, name = path.partition(".")
    return tables.entities[entity].fields[name].kind


def _sound(path: str, table: pd.DataFrame, tables: Tables) -> pa.Array:
    """The values that have their form."""
    texts = pa.array(table[path.partition(".")[2]].astype("str").array, from_pandas=True)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    shape = tables.shapes.get(path, "")
    right = pc.match_substring_regex(texts, f"^(?:{shape})$") if shape else None
    return pc.if_else(right, texts, pa.scalar(None, texts.type)) if shape else texts


# ---------------------------------------------------------------------------------------------------------------- forms


def _all(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    found = pd.Series(True, index=table.index, dtype="boolean")
    for condition in rule.must:
        found &= _condition(condition, rule, table, tables)
    return found


def _any(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    found = pd.Series(False, index=table.index, dtype="boolean")
    for condition in rule.must:
        found |= _condition(condition, rule, table, tables)
    return found


def _unique(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """No value belongs to two golden records."""
    return _one(table[rule.field.partition(".")[2]], table["golden_id"])


def _same(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """Within one key, one value."""
    value = table[rule.field.partition(".")[2]]
    return _one(_key(rule, table, tables).where(value.notna()), value)


def _one(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Whether the key of each row has one value in all rows; true where a key is missing."""
    pairs = pd.DataFrame({"key": keys, "value": values}).dropna().drop_duplicates()
    several = pairs.loc[pairs["key"].duplicated(), "key"]
    return ~keys.isin(several)


def _key(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """What ``per`` says: the golden record, the one above it, or the value of a field."""
    if rule.per == rule.entity:
        return table["golden_id"]
    if rule.per != tables.entities[rule.entity].refers_to:
        return table[rule.per.partition(".")[2]]
    if rule.on == "golden":
        return table[f"{rule.per}_id"]
    return table["rid"].map(tables.rows[rule.per].set_index("rid")["golden_id"])


def _count(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    if rule.of == rule.entity:
        keys = table[rule.per.partition(".")[2]]
        each = table[["golden_id"]].assign(key=keys).drop_duplicates()["key"]
    elif rule.on == "golden":
        keys, each = table["golden_id"], tables.golden[rule.of][f"{rule.entity}_id"]
    else:
        keys, each = table["rid"], tables.rows[rule.of]["rid"]
    number = keys.map(each.value_counts()).fillna(0)
    most = np.inf if rule.at_most is None else rule.at_most
    return keys.isna() | number.between(rule.at_least, most)


def _exists(rule: Rule, table: pd.DataFrame, tables: Tables) -> pd.Series:
    """The record above is there; or the value stands in a field of another entity, in any row of any file."""
    if not rule.field:
        if rule.on == "golden":
            return table[f"{rule.of}_id"].notna()
        return table["rid"].isin(tables.rows[rule.of]["rid"])
    entity, _, name = rule.of.partition(".")
    value = table[rule.field.partition(".")[2]]
    return value.isna() | value.isin(tables.rows[entity][name].dropna())


FORMS: Mapping[str, Callable[[Rule, pd.DataFrame, Tables], pd.Series]] = {
    "all": _all, "any": _any, "unique": _unique, "same": _same, "count": _count, "exists": _exists,
}  # fmt: skip
