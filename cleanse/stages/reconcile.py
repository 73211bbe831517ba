"""What arrived in a target against what was planned, by key and cell by cell, and what the target did to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd

from cleanse.model import Profile, TargetField, TargetObject

DIFFERENCES = ("object", "key", "field", "code", "planned", "found")
ROW_CODES = ("arrived_missing", "arrived_doubled", "arrived_extra")


@dataclass(frozen=True)
class Reconciled:
    """``differences``: one line per row that is missing, doubled or extra (field '') and per cell that differs.
    ``balance``: object -> planned, found, same, changed, missing, doubled (rows beyond the first), extra; planned = same +
    changed + missing, and found = same + changed + doubled + extra."""

    differences: pd.DataFrame
    balance: Mapping[str, Mapping[str, int]]


def reconcile(
    planned: Mapping[str, pd.DataFrame], found: Mapping[str, pd.DataFrame], keys: Mapping[str, str], profile: Profile
) -> Reconciled:
    """Compare every object that was planned.

    ``planned``: text by external id. ``found``: text, with the external id in the column that ``keys`` names for the
    object; columns that it lacks are not compared; a blank cell and a missing one are the same.
    """
    parts, balance = [], {}
    for one in profile.objects:
        if one.name in planned and one.name in found:
            lines, counts = _object(planned[one.name], found[one.name], keys[one.name], one, profile)
            parts.append(lines)
            balance[one.name] = counts
    empty = pd.DataFrame(columns=list(DIFFERENCES))
    return Reconciled(pd.concat([empty, *parts], ignore_index=True), balance)


def _object(
    plan: pd.DataFrame, table: pd.DataFrame, key: str, one: TargetObject, profile: Profile
) -> tuple[pd.DataFrame, dict[str, int]]:
    ids = table[key].fillna("").str.strip().to_numpy(dtype=object)
    again = pd.Series(ids).duplicated().to_numpy()
    first = table[~again].set_axis(ids[~again])
    place = first.index.get_indexer(plan.index)
    there = place >= 0
    mine = plan.index.get_indexer(pd.Index(ids, dtype=object)) >= 0
    cells = [
        _cells(plan[there], first.iloc[place[there]], column, one, profile)
        for column in one.fields
        if _compared(column, first)
    ]
    changed = {k for part in cells for k in part["key"]}
    lines = [
        _rows(one, plan.index[~there], "arrived_missing"),
        _rows(one, ids[again & mine], "arrived_doubled"),
        _rows(one, ids[~mine], "arrived_extra"),
        *cells,
    ]
    counts = {
        "planned": len(plan), "found": len(table), "same": int(there.sum()) - len(changed), "changed": len(changed),
        "missing": int((~there).sum()), "doubled": int((again & mine).sum()), "extra": int((~mine).sum()),
    }  # fmt: skip
    return pd.concat([part for part in lines if len(part)] or lines[:1], ignore_index=True), counts


def _compared(column: TargetField, table: pd.DataFrame) -> bool:
    return column.name in table and column.source != "golden_id"


def _rows(one: TargetObject, ids: object, code: str) -> pd.DataFrame:
    return pd.DataFrame({"object": one.name, "key": ids, "field": "", "code": code, "planned": "", "found": ""})


def _cells(
    plan: pd.DataFrame, table: pd.DataFrame, column: TargetField, one: TargetObject, profile: Profile
) -> pd.DataFrame:
    sent = plan[column.name].to_numpy(dtype=object, na_value="")
    got = table[column.name].to_numpy(dtype=object, na_value="")
    at = np.flatnonzero(sent != got)
    codes = [judge(s, g, column, profile) for s, g in zip(sent[at], got[at], strict=True)]
    lines = pd.DataFrame({
        "object": one.name, "key": plan.index[at], "field": column.name, "code": codes, "planned": sent[at], "found": got[at],
    })  # fmt: skip
    return lines[lines["code"] != ""]


def judge(sent: str, got: str, column: TargetField, profile: Profile) -> str:
    """What a target made of a value; '' where it means the same in the form of the column's type.

    >>> from cleanse.model import Profile
    >>> form = Profile("x", "x", (), {"date": "YYYY/MM/DD", "true": "是", "false": "否"}, {})
    >>> text = TargetField("a", "a")
    >>> [judge(*pair, text, form) for pair in [("abc", "ab"), (" a ", "a"), ("a", ""), ("", "x"), ("A", "a"), ("a", "b")]]
    ['arrived_cut', 'arrived_trimmed', 'arrived_emptied', 'arrived_defaulted', 'arrived_recased', 'arrived_changed']
    >>> judge("12.50", "12.5", TargetField("n", "n", type="number"), form)
    ''
    >>> judge("2024/02/03", "2024-02-03 00:00:00", TargetField("d", "d", type="date"), form)
    ''
    """
    if _means(sent, column, profile) == _means(got, column, profile):
        return ""
    if not got:
        return "arrived_emptied"
    if not sent:
        return "arrived_defaulted"
    if sent.split() == got.split():
        return "arrived_trimmed"
    if sent.startswith(got.rstrip()):
        return "arrived_cut"
    if "?" in got and re.fullmatch(re.sub(r"(\\\?|\ufffd)+", ".+", re.escape(got)), sent, re.DOTALL):
        return "arrived_garbled"
    return "arrived_recased" if sent.casefold() == got.casefold() else "arrived_changed"


def _means(text: str, column: TargetField, profile: Profile) -> object:
    """A value in the form of its type: numbers, days and yes and no are written in several ways."""
    if not text:
        return ""
    if column.type == "number":
        try:
            return Decimal(text.replace(",", "."))
        except InvalidOperation:
            return text
    if column.type in ("date", "datetime"):
        return _moment(text, profile.form["date"])
    if column.type == "boolean":
        yes, no = profile.form["true"].casefold(), profile.form["false"].casefold()
        return {yes: True, no: False, "true": True, "false": False, "1": True, "0": False}.get(text.casefold(), text)
    return text


def _moment(text: str, form: str) -> object:
    """Year, month, day and the time where it is not midnight."""
    numbers = re.findall(r"\d+", text)
    if len(numbers) < 3:
        return text
    order = re.findall(r"YYYY|MM|DD", form)
    iso = len(numbers[0]) == 4
    parts = dict(zip(["YYYY", "MM", "DD"] if iso else order, map(int, numbers[:3]), strict=False))
    time = tuple(map(int, numbers[3:6]))
    return parts.get("YYYY"), parts.get("MM"), parts.get("DD"), time if any(time) else ()
