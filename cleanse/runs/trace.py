"""The life of one value or record, read from a run folder: from a source cell to the target, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse.codes import sentence
from cleanse.errors import UsageError

CELL = re.compile(r"^(?:[A-Z]{1,3})?([0-9]+)$")


def trace(folder: Path, address: str) -> dict[str, Any]:
    """Everything the ledger knows of an address or a golden id.

    ``address``: ``FILE!SHEET!ROW`` (a cell such as C17 counts as its row), ``FILE!ROW`` where the format has no sheets,
    or a golden id. Returns rows (source rows with their exits), changes, issues. Raises UsageError when nothing is there.
    """
    rows = pd.read_parquet(folder / "ledger/rows.parquet")
    found = _by_address(rows, address) if "!" in address else rows[rows["golden_id"] == address]
    if found.empty:
        raise UsageError(
            f"nothing at '{address}' in this run",
            where=str(folder),
            cure="give FILE!SHEET!ROW as in ledger/rows.parquet (FILE!ROW for CSV), or a golden id",
        )
    return {"address": address, "rows": _plain(found), **_lines(folder, found)}


def _by_address(rows: pd.DataFrame, address: str) -> pd.DataFrame:
    file, *middle, last = address.split("!")
    number = CELL.match(last.strip().upper())
    if not number:
        raise UsageError(
            f"no row number in '{address}'", cure="end the address with a row or a cell, such as !17 or !C17"
        )
    at = rows[(rows["source_file"] == file) & (rows["source_row"] == int(number[1]))]
    return at[at["source_sheet"] == middle[0]] if middle else at


def _lines(folder: Path, found: pd.DataFrame) -> dict[str, Any]:
    keys = found[["rid", "entity"]].drop_duplicates()
    lines: dict[str, Any] = {}
    for name in ("changes", "issues"):
        table = pd.read_parquet(folder / f"ledger/{name}.parquet")
        lines[name] = _plain(table.merge(keys, on=["rid", "entity"]))
    return lines


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    clean = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in clean.to_dict("records")]


def as_text(found: Mapping[str, Any], language: str) -> str:
    """The same for a person, in ``zh`` or ``en``."""
    lines = []
    for row in found["rows"]:
        place = "!".join(str(row[k]) for k in ("source_file", "source_sheet", "source_row") if row[k] != "")
        end = row["golden_id"] or row["reason"]
        lines.append(f"{place}  {row['entity']}  ->  {row['exit']}  {end}")
    for c in found["changes"]:
        why = sentence(c["code"], language)
        lines.append(
            f"  {c['entity']}.{c['field']}: {c['before'] or '∅'} -> {c['after'] or '∅'}  ({c['stage']}: {why})"
        )
    for i in found["issues"]:
        lines.append(f"  ! {i['entity']}.{i['field']}: {i['value'] or ''}  {sentence(i['code'], language)}")
    return "\n".join(lines)
