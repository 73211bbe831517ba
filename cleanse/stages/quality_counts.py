"""Counts of the report that look into cells: issues and what stands of them, fields, repairs; examples are masked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.codes import Code, all_codes
from cleanse.model import ADDRESS, Entity, Severity

Masks = Mapping[str, Callable[[str], str]]
Json = dict[str, Any]
Mask = np.ndarray

EXAMPLES, SAMPLES = 3, 5
GENERAL = ("format_invalid", "not_in_picklist")  # say less than a doubt about the same cell
PART = "cell_split"
COMMON = 3  # so many golden records make a value one of a list
STARS = 12
FORM = 30  # longer texts have no form to show
LONG = re.compile(rf"\*{{{STARS},}}")
TELLING = re.compile(r"[^\W年月日万亿]|(?<!\d)[年月日万亿]")  # punctuation and units after a figure tell the form alone
RANK = {Severity.ERROR.value: 0, Severity.WARNING.value: 1, Severity.INFO.value: 2}


@dataclass(frozen=True)
class Facts:
    """What a run found; the frames have the columns of ``model.COLUMNS``.

    ``project``: name, language, target, today, version. ``codes``: what every code means.
    ``records`` and ``golden``: frames by entity. ``matching``: the report of ``matching.link`` by entity. ``review``: how many
    decisions of people are applied, stale, conflicting. ``queues``: by entity what waits for people and what they said.
    ``existing``: by entity what the target holds already. ``masks``: the mask of every field path.
    """

    project: Mapping[str, Any]
    files: pd.DataFrame
    layout: pd.DataFrame
    losses: pd.DataFrame
    unmapped: pd.DataFrame
    rows: pd.DataFrame
    records: Mapping[str, pd.DataFrame]
    golden: Mapping[str, pd.DataFrame]
    changes: pd.DataFrame
    issues: pd.DataFrame
    pairs: pd.DataFrame
    clusters: pd.DataFrame
    matching: Mapping[str, Mapping[str, Any]]
    review: Mapping[str, Any]
    trial: Mapping[str, Any]
    written: Sequence[Mapping[str, Any]]
    entities: Mapping[str, Entity]
    masks: Masks
    queues: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    existing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    preflight: pd.DataFrame = field(default_factory=pd.DataFrame)
    target_losses: pd.DataFrame = field(default_factory=pd.DataFrame)
    mapping: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[Mapping[str, str]] = ()
    decided: Sequence[Mapping[str, Any]] = ()
    codes: Mapping[str, Code] = field(default_factory=all_codes)


@dataclass(frozen=True)
class Places:
    """Where the records of one entity stand: by rid the position in ``records`` and in ``golden``, -1 for none.
    Numbers, because looking up texts is what costs most here."""

    entity: Entity
    records: pd.DataFrame
    golden: pd.DataFrame
    row: np.ndarray
    home: np.ndarray

    def cells(self, name: str, rids: np.ndarray, home: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values of a field in some records and in the golden records they became, None where missing."""
        pair = (self.records[name].iloc[self.row[rids]], self.golden[name].iloc[home])
        was, now = (values.to_numpy(dtype=object, na_value=None) for values in pair)
        return was, now


def places(facts: Facts) -> dict[str, Places]:
    """The places of every entity that has records."""
    size = int(facts.rows["rid"].max()) + 1 if len(facts.rows) else 0
    found = {}
    for name, records in facts.records.items():
        golden = facts.golden[name]
        mine = facts.rows.loc[facts.rows["entity"] == name, ["rid", "golden_id"]].dropna()
        row, home = np.full(size, -1), np.full(size, -1)
        row[records["rid"].to_numpy(dtype=np.int64)] = np.arange(len(records))
        home[mine["rid"].to_numpy(dtype=np.int64)] = pd.Index(golden["golden_id"]).get_indexer(mine["golden_id"])
        found[name] = Places(facts.entities[name], records, golden, row, home)
    return found


def coded(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The table with some columns as categories."""
    return table.assign(**{name: table[name].astype("category") for name in names})


def cell_keys(table: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """One number per row and combination of rid and categories."""
    key = table["rid"].to_numpy(dtype=np.int64) + 1
    for name in names:
        key = key * (len(table[name].cat.categories) + 1) + table[name].cat.codes.to_numpy() + 1
    return np.asarray(key)


# ------------------------------------------------------------------------------------------------------------- issues


def one_per_cell(issues: pd.DataFrame) -> pd.DataFrame:
    """Each finding once, also when it was made on the record and on the golden record, in order of rid; ``alone``:
    nothing says more of that cell."""
    table = coded(issues.assign(field=issues["field"].fillna("")), ["entity", "field", "code", "severity"])
    table = table[~pd.Series(cell_keys(table, ["entity", "field", "code"])).duplicated().to_numpy()]
    cell = cell_keys(table, ["entity", "field"])
    general = table["code"].isin(GENERAL).to_numpy()
    alone = ~general | ~np.isin(cell, cell[~general])
    return table.assign(alone=alone).sort_values("rid", kind="stable", ignore_index=True)


def standing(where: Mapping[str, Places], issues: pd.DataFrame) -> pd.DataFrame:
    """Warnings and errors that still stand: entity, field, code and ``home``, the golden record concerned. A wrong
    value that another row of the same customer made good is settled."""
    concerned = (issues["severity"] != Severity.INFO) & (issues["rid"] >= 0)
    serious = issues.loc[concerned, ["rid", "entity", "field", "code", "value"]]
    parts = []
    for (name, field_name), every in serious.groupby(["entity", "field"], observed=True):
        if name in where:
            home = where[name].home[every["rid"].to_numpy(dtype=np.int64)]
            lines, home = every[home >= 0], home[home >= 0]
            still = _still(where[name], str(field_name), lines, home)
            parts.append(lines[still].assign(home=home[still]))
    return pd.concat(parts, ignore_index=True) if parts else serious.iloc[:0].assign(home=0)


def _still(place: Places, name: str, lines: pd.DataFrame, home: np.ndarray) -> Mask:
    """Whether the golden record has no value, or has the very value in question: the record's, or the one told of."""
    f = place.entity.fields.get(name)
    if f is None and place.entity.one_of:
        lacked: Mask = (lines["code"] == "one_of_missing").to_numpy()
        filled = [place.golden[list(names)].notna().any(axis=1).to_numpy() for names in place.entity.one_of]
        return np.asarray(~(lacked & np.logical_and.reduce(filled)[home]))
    if f is None or f.virtual or f.survivor == "join":
        return np.ones(len(lines), dtype=bool)
    was, now = place.cells(name, lines["rid"].to_numpy(dtype=np.int64), home)
    told = lines["value"].to_numpy(dtype=object)
    return np.asarray((now == np.array(None)) | (now == was) | (now == told), dtype=bool)


def issue_counts(facts: Facts, issues: pd.DataFrame, open_issues: pd.DataFrame, mask: Masker) -> list[Json]:
    """Per entity, field and code: records, those where nothing says more, golden records still concerned, samples. The
    worst first: errors before warnings, then by what is still open."""
    by = ["entity", "field", "code", "severity"]
    groups = issues.groupby(by, observed=True, sort=True)
    counts = groups.agg(records=("rid", "size"), alone=("alone", "sum"))
    still = open_issues.groupby(by[:3], observed=True)["home"].nunique()
    shown = issues.loc[groups.cumcount() < SAMPLES, [*by, "rid", "value"]]
    address = facts.rows.loc[facts.rows["rid"].isin(shown["rid"]), ["rid", *ADDRESS]]
    address = address.drop_duplicates("rid").set_index("rid")
    samples = {key: _samples(lines, address, mask) for key, lines in shown.groupby(by, observed=True)}
    found = [
        {
            "entity": key[0], "field": key[1], "code": key[2], "severity": str(key[3]), "records": int(records),
            "alone": int(alone), "open": int(still.get(key[:3], 0)), "samples": samples[key],
        }
        for key, records, alone in zip(counts.index, counts["records"], counts["alone"], strict=True)
    ]  # fmt: skip
    return sorted(found, key=lambda i: (RANK[i["severity"]], -i["open"], -i["records"], *(i[n] for n in by[:3])))


def _samples(lines: pd.DataFrame, address: pd.DataFrame, mask: Masker) -> list[Json]:
    path = f"{lines['entity'].iloc[0]}.{lines['field'].iloc[0]}"
    known = lines[lines["rid"].isin(address.index)]
    cells = address.loc[known["rid"]].to_numpy().tolist()
    where = ["!".join(str(part) for part in parts if str(part)) for parts in cells]
    return [{"where": w, "value": mask(path, v)} for w, v in zip(where, known["value"], strict=True)]


class Masker:
    """Masked forms of values. A mask that shows everything was made for values of a list, and people type names and
    numbers into such columns too: a value is shown whole only when several golden records have it."""

    def __init__(self, masks: Masks, golden: Mapping[str, pd.DataFrame]) -> None:
        self.masks, self.golden = masks, golden
        self.common: dict[str, frozenset[str]] = {}

    def __call__(self, path: str, value: Any) -> str:
        if not isinstance(value, str):
            return ""
        masked = self.masks[path](value) if path in self.masks else ""
        if masked in ("", value) and value not in self._common(path):
            masked = value[: len(value) // 3] + "*" * (len(value) - len(value) // 3)
        return LONG.sub("*" * STARS, _with_form(masked, value))

    def _common(self, path: str) -> frozenset[str]:
        if path not in self.common:
            entity, _, name = path.partition(".")
            table = self.golden.get(entity, pd.DataFrame())
            counts = table[name].value_counts() if name in table else pd.Series(dtype="int64")
            self.common[path] = frozenset(counts.index[counts >= COMMON])
        return self.common[path]


def _with_form(masked: str, value: str) -> str:
    """The masked form with the punctuation of the value, so that a repair of the form can be seen.

    >>> _with_form("20*******", "2023年5月6日"), _with_form("1**********78", "138-1234-5678")
    ('20**年*月*日', '1**-****-**78')
    """
    if len(masked) != len(value) or masked == value or len(value) > FORM:
        return masked
    form = TELLING.sub("*", value)
    pairs = zip(masked, form, strict=True)
    shown = "".join(f if m == "*" else m for m, f in pairs)
    return "".join(c if c.isprintable() and not c.isspace() else "␣" for c in shown)


# ------------------------------------------------------------------------------------------------------------- fields


def field_counts(
    where: Mapping[str, Places], repairs: pd.DataFrame, issues: pd.DataFrame, open_issues: pd.DataFrame
) -> list[Json]:
    """Per stored field: cells filled, and right as they stand, in the sources and in the golden records.

    ``repairs``: what ``first_changes`` returned.
    """
    lines = _by_field(repairs, ["rid", "own"])
    wrong = _by_field(issues[issues["severity"] != Severity.INFO], ["rid"])
    stuck = _by_field(open_issues, ["home"])
    found = []
    for name, place in where.items():
        for field_name in place.entity.stored:
            f, key = place.entity.fields[field_name], (name, field_name)
            valid = now = place.golden[field_name].notna().to_numpy()
            if key in stuck:
                valid = now.copy()
                valid[stuck[key]["home"].to_numpy()] = False
            found.append({
                "entity": name, "field": field_name, "label": dict(f.label), "kind": f.kind, "required": f.required,
                "before": _before(place, field_name, lines.get(key), wrong.get(key)),
                "after": {"of": len(now), "filled": int(now.sum()), "valid": int(valid.sum())},
                "changed": len(lines.get(key, ())),
            })  # fmt: skip
    return found


def _by_field(table: pd.DataFrame, names: list[str]) -> dict[Any, pd.DataFrame]:
    return dict(iter(table[["entity", "field", *names]].groupby(["entity", "field"], observed=True, sort=False)))


def first_changes(changes: pd.DataFrame, mapping: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The first repair of every cell; ``own``: the text repaired stood in a column of that field, and is no part of a
    cell of another. ``changes`` has categories."""
    place, cell = ["source_file", "source_sheet"], ["entity", "field"]
    lines = coded(changes.loc[changes["stage"] == "normalize", ["rid", *cell, "code", *place]], place)
    lines = lines[~pd.Series(cell_keys(lines, cell)).duplicated().to_numpy()]
    own = (lines["code"] != PART).to_numpy()
    if mapping:
        known = {(m["source_file"], m["source_sheet"], m["field"]) for m in mapping}
        group = lines.groupby([*place, *cell], observed=True, sort=False)
        headed = [(f, s, f"{entity}.{name}") in known for f, s, entity, name in group.size().index]
        own = own & np.array(headed, dtype=bool)[group.ngroup().to_numpy()]
    return lines.assign(own=own)


def _before(place: Places, name: str, lines: pd.DataFrame | None, wrong: pd.DataFrame | None) -> Json:
    """The state of a field's cells before anything was repaired; parts of other cells were not there yet."""
    filled = place.records[name].notna().to_numpy()
    total, valid = int(filled.sum()), filled.copy()
    if lines is not None:
        row, own = place.row[lines["rid"].to_numpy(dtype=np.int64)], lines["own"].to_numpy()
        row, own = row[row >= 0], own[row >= 0]
        total += int((~filled[row] & own).sum()) - int((filled[row] & ~own).sum())
        valid[row] = False
    if wrong is not None:
        rids = wrong["rid"].to_numpy(dtype=np.int64)
        row = place.row[rids[rids >= 0]]
        valid[row[row >= 0]] = False
    return {"of": len(filled), "filled": total, "valid": int(valid.sum())}


# ------------------------------------------------------------------------------------------------------------ repairs


def change_counts(changes: pd.DataFrame, mask: Masker) -> list[Json]:
    """Per code of a change: cells, the fields concerned, and a few masked examples chosen by their text.

    ``changes`` has categories.
    """
    if changes.empty:
        return []
    by = ("stage", "code", "entity", "field")
    names = {name: list(changes[name].cat.categories) for name in by}
    sizes = [len(names[name]) for name in by]
    keys = [changes[name].cat.codes.to_numpy(dtype=np.int64) for name in by]
    counts = np.bincount(np.ravel_multi_index(keys, sizes), minlength=math.prod(sizes)).reshape(sizes)
    rule = np.ravel_multi_index(keys[:2], sizes[:2]).astype(np.int16)
    at_rule = np.split(np.argsort(rule, kind="stable"), np.cumsum(counts.sum(axis=(2, 3)).ravel())[:-1])
    table = pa.table({
        **{name: pa.array(changes[name], pa.string(), from_pandas=True) for name in ("before", "after")},
        **{name: pa.array(changes[name].cat.codes.to_numpy()) for name in ("entity", "field")},
    })  # fmt: skip
    found = []
    for (stage, code), at in zip(np.ndindex(*sizes[:2]), at_rule, strict=True):
        if len(at):
            cells = np.argwhere(counts[stage, code])
            fields = {f"{names['entity'][e]}.{names['field'][f]}": int(counts[stage, code, e, f]) for e, f in cells}
            found.append({
                "stage": names["stage"][stage], "code": names["code"][code], "cells": len(at), "fields": fields,
                "examples": _examples(table.take(pa.array(at)), names, mask),
            })  # fmt: skip
    return sorted(found, key=lambda c: (-c["cells"], c["stage"], c["code"]))


def _examples(table: pa.Table, names: Mapping[str, list[str]], mask: Masker) -> list[Json]:
    """The first by text: the order of rows says nothing. Those whose masked form shows something come first."""
    first = pc.select_k_unstable(table, k=EXAMPLES * 8, sort_keys=[(name, "ascending") for name in table.column_names])
    shown: dict[tuple[str, str], str] = {}
    for line in table.take(first).to_pylist():
        path = f"{names['entity'][line['entity']]}.{names['field'][line['field']]}"
        example = mask(path, line["before"]), mask(path, line["after"])
        shown[example] = min(path, shown.get(example, path))
    best = sorted(shown, key=lambda e: (e[0] == e[1], not e[0].strip("*"), shown[e], e))[:EXAMPLES]
    return [{"field": shown[e], "before": e[0], "after": e[1]} for e in best]
