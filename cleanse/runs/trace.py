"""The life of one value or record, read from a run folder: from a source cell to the target, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse.codes import Code, sentence
from cleanse.errors import UsageError
from cleanse.model import ADDRESS
from cleanse.runs.book import golden_ids

CELL = re.compile(r"^([A-Z]{1,3})?([0-9]+)$")
KEYS = ["rid", "entity"]


def trace(folder: Path, address: str) -> dict[str, Any]:
    """Everything the ledger knows of an address, a golden id, or an id that the target gave.

    ``address``: ``FILE!SHEET!ROW`` (``FILE!ROW`` where the format has no sheets), with a column's letters before the row
    (C17) for one cell. Returns rows (source rows with their exits), changes, issues, golden (of every field that has a
    value: where it came from); for a cell also its column, and only what its value went through. Raises UsageError when
    nothing is there.
    """
    rows = pd.read_parquet(folder / "ledger/rows.parquet")
    columns = pd.read_parquet(folder / "ledger/columns.parquet")
    column = None
    if "!" in address:
        found, letters = _by_address(rows, address)
        column = _column(columns, found, letters, address, folder) if letters and len(found) else None
    else:
        ids = golden_ids(folder / "run.sqlite", address)
        found = rows[rows["golden_id"].isin([address, *ids])]
    if found.empty:
        raise UsageError(
            f"nothing at '{address}' in this run",
            where=str(folder),
            cure="give FILE!SHEET!C17 or FILE!SHEET!ROW as in ledger/rows.parquet (FILE!ROW for CSV), a golden id, or a "
            "target's id",
        )
    keys = found[KEYS].drop_duplicates()
    changes, issues = (_table(folder, name).merge(keys, on=KEYS) for name in ("changes", "issues"))
    golden = _golden(folder, found, columns)
    if column:
        fields = {column["field"], *column["feeds"].split()}
        changes = _of_cell(changes, column["field"], fields)
        reached = {column["field"], *_paths(changes)}
        issues, golden = (_of(table, reached) for table in (issues, golden))
    return {
        "address": address, "column": column, "rows": _plain(found), "changes": _plain(changes), "issues": _plain(issues),
        "golden": _plain(golden),
    }  # fmt: skip


def _table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"ledger/{name}.parquet")


def _by_address(rows: pd.DataFrame, address: str) -> tuple[pd.DataFrame, str]:
    """The rows of an address, and the letters of its column ('' where it names none)."""
    file, *middle, last = address.split("!")
    number = CELL.match(last.strip().upper())
    if not number:
        raise UsageError(
            f"no row number in '{address}'", cure="end the address with a row or a cell, such as !17 or !C17"
        )
    at = rows[(rows["source_file"] == file) & (rows["source_row"] == int(number[2]))]
    return (at[at["source_sheet"] == middle[0]] if middle else at), number[1] or ""


def _column(columns: pd.DataFrame, found: pd.DataFrame, letters: str, address: str, folder: Path) -> dict[str, Any]:
    """The column of a cell, as the table of its row names it. Raises UsageError where the table has no such column."""
    file, sheet, row = found.iloc[0][list(ADDRESS)]
    here = columns[
        (columns["source_file"] == file) & (columns["source_sheet"] == sheet) & (columns["header_row"] < row)
    ]
    here = here[here["header_row"] == here["header_row"].max()]
    mine = here[here["place"] == place(letters)]
    if mine.empty:
        there = ", ".join(f"{letters_of(at)} {name}" for at, name in zip(here["place"], here["column"], strict=True))
        raise UsageError(f"no column {letters} at '{address}'", where=str(folder), cure=f"its columns: {there}")
    return _plain(mine)[0]


def place(letters: str) -> int:
    """The number of a column from its letters: A is 1, AA is 27.

    >>> place("A"), place("AA"), letters_of(28)
    (1, 27, 'AB')
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def letters_of(number: int) -> str:
    """The letters of a column from its number."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _paths(table: pd.DataFrame) -> pd.Series:
    return table["entity"].astype(str) + "." + table["field"].astype(str)


def _of(table: pd.DataFrame, fields: set[str]) -> pd.DataFrame:
    return table[_paths(table).isin(fields)]


def _of_cell(changes: pd.DataFrame, field: str, fields: set[str]) -> pd.DataFrame:
    """What happened to the values of one cell: its own field, and the parts of it that went elsewhere."""
    mine = _of(changes, fields)
    repaired = mine[mine["stage"] == "normalize"]
    typed = repaired.loc[_paths(repaired) == field, "before"].dropna()
    came = repaired[repaired["before"].isin(typed)] if len(typed) else repaired
    reached = _of(mine, {field, *_paths(came)})
    return reached[(reached["stage"] != "normalize") | reached.index.isin(came.index)]


def _golden(folder: Path, found: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """Every filled field of the golden records: its value, and the cell (or row) of the source it came from."""
    shape = ["golden_id", "entity", "field", "value", "code", "origin"]
    parts = [pd.DataFrame(columns=shape)]
    for entity, lines in found.groupby("entity"):
        records = pd.read_parquet(folder / f"golden/{entity}.parquet")
        records = records[records["golden_id"].isin(lines["golden_id"].dropna())]
        fields = [n for n in records.columns if n not in ("golden_id", "rid") and not n.endswith("_id")]
        long = records.melt(["golden_id", "rid"], fields, "field", "value").dropna(subset=["value"])
        parts.append(long.assign(entity=entity))
    long = pd.concat(parts, ignore_index=True)
    if long.empty:
        return long[shape]
    changes = _table(folder, "changes")
    told = changes[changes["stage"].isin(["merge", "complete"]) & changes["after"].notna()]
    told = told[told["code"] != "value_not_kept"]
    told = told[["rid", "entity", "field", "code", "from_rid"]].astype({"entity": "str", "field": "str", "code": "str"})
    long = long.drop(columns="code").merge(told.drop_duplicates(["rid", "entity", "field"], keep="last"), "left")
    where = _table(folder, "rows").drop_duplicates("rid").set_index("rid")[list(ADDRESS)]
    origin = long["from_rid"].fillna(long["rid"]).astype("int64")
    names = _paths(long)
    repaired = changes[(changes["stage"] == "normalize") & changes["rid"].isin(origin)]
    beside = _beside(repaired)
    long["origin"] = [
        _cell(columns, where.loc[rid], name, beside.get((rid, name), set()))
        for rid, name in zip(origin, names, strict=True)
    ]
    return long.sort_values(["entity", "golden_id"], kind="stable")[shape]


def _beside(repaired: pd.DataFrame) -> dict[tuple[int, str], set[str]]:
    """Other fields of a row that got something from a cell of the same text, by rid and field."""
    found: dict[tuple[int, str], set[str]] = {}
    for (rid, _), group in repaired.assign(path=_paths(repaired)).groupby(["rid", "before"]):
        for path in group["path"]:
            found[rid, path] = set(group["path"]) - {path}
    return found


def _cell(columns: pd.DataFrame, row: pd.Series, field: str, beside: set[str]) -> str:
    """The address of the cell a field's value stands in: of the row alone where several columns may have fed it."""
    file, sheet, number = row[list(ADDRESS)]
    here = columns[
        (columns["source_file"] == file) & (columns["source_sheet"] == sheet) & (columns["header_row"] < number)
    ]
    here = here[here["header_row"] == here["header_row"].max()]
    own, feeding = here["field"] == field, here["feeds"].str.split().map(lambda feeds: field in feeds)
    fed = here[own | (feeding & here["field"].isin(beside))] if own.any() else here[feeding]
    letters = letters_of(int(fed["place"].iloc[0])) if len(fed) == 1 else ""
    return "!".join(str(x) for x in (file, sheet, f"{letters}{number}") if x != "")


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    clean = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in clean.to_dict("records")]


def as_text(found: Mapping[str, Any], language: str, codes: Mapping[str, Code]) -> str:
    """The same for a person, in ``zh`` or ``en``. ``codes``: what they mean; one that no rule has any more is told as it is."""
    lines = []
    if column := found["column"]:
        fed = column["field"] or sentence("column_unmapped", language)
        lines.append(f"{letters_of(column['place'])} {column['column']}  ->  {fed}")
    for row in found["rows"]:
        place_ = "!".join(str(row[k]) for k in ("source_file", "source_sheet", "source_row") if row[k] != "")
        end = row["golden_id"] or row["reason"]
        lines.append(f"{place_}  {row['entity']}  ->  {row['exit']}  {end}")
    for c in found["changes"]:
        why = _said(c["code"], language, codes)
        lines.append(
            f"  {c['entity']}.{c['field']}: {c['before'] or '∅'} -> {c['after'] or '∅'}  ({c['stage']}: {why})"
        )
    for i in found["issues"]:
        lines.append(f"  ! {i['entity']}.{i['field']}: {i['value'] or ''}  {_said(i['code'], language, codes)}")
    for g in found["golden"]:
        lines.append(f"  = {g['golden_id']} {g['entity']}.{g['field']}: {g['value']}  <-  {g['origin']}")
    return "\n".join(lines)


def _said(code: str, language: str, codes: Mapping[str, Code]) -> str:
    return codes[code].text[language] if code in codes else code
