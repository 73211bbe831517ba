"""Writes the truth beside the files: what a correct migration makes of every cell, row, file and pair."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from generator.dirt import Cell
from generator.rows import Filled, Row
from generator.world import TODAY, WORDS, World

STRONG = ("mobile", "phone", "email", "uscc")


def write_truth(folder: Path, world: World, filled: Sequence[Filled], files: Sequence[dict[str, Any]]) -> None:
    """``records, layout, entities, near_miss, files.jsonl``, ``picklists.json`` and ``totals.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    by_customer: dict[str, list[Row]] = defaultdict(list)
    for sheet in filled:
        for row in sheet.rows:
            by_customer[row.customer.id].append(row)
    near = [n for n in world.near_miss if by_customer[n["a"]] and by_customer[n["b"]]]
    records = [_record(sheet, row, by_customer[row.customer.id]) for sheet in filled for row in sheet.rows]
    layout = [
        {"file": s.sheet.file, "sheet": s.sheet.name, "row": number, "kind": kind}
        for s in filled
        for number, kind in sorted(s.layout.items())
    ]
    _write_lines(folder / "records.jsonl", records)
    _write_lines(folder / "layout.jsonl", layout)
    _write_lines(folder / "entities.jsonl", (_entity(rows) for _, rows in sorted(by_customer.items()) if rows))
    _write_lines(folder / "near_miss.jsonl", near)
    _write_lines(folder / "files.jsonl", files)
    picklists = {**WORDS["picklists"], "owner": world.owners, "today": TODAY.isoformat()}
    picklists["province"] = sorted({c["place"][0] for c in WORDS["cities"]})
    _write_json(folder / "picklists.json", picklists)
    _write_json(folder / "totals.json", _totals(records, layout, by_customer, near, files))


def _record(filled: Filled, row: Row, all_rows: Sequence[Row]) -> dict[str, Any]:
    line: dict[str, Any] = {"file": filled.sheet.file, "sheet": filled.sheet.name, "row": row.number}
    if row.alt_row:
        line["alt_row"] = row.alt_row
    line |= {
        "entity": row.customer.id,
        "contact": f"{row.customer.id}.{row.contact}",
        "variant": row.variant,
        "owner": row.owner,
    }
    if len(all_rows) > 1:
        line["link"] = _link(row, [other for other in all_rows if other is not row])
    if not _readable(row, "name") or not any(_readable(row, f) for f in ("mobile", "phone", "email")):
        line["reject_ok"] = True
    line["fields"] = {name: cell.truth() for name, cell in row.fields.items()}
    return line


def _readable(row: Row, name: str) -> str:
    """The true value of a field where the row lets one read it."""
    cell = row.fields.get(name)
    return cell.true or "" if cell and cell.verdict == "ok" else ""


def _link(row: Row, others: Sequence[Row]) -> str:
    """How the row can be tied to another row of its customer."""
    for kind, names in (("strong", STRONG), ("contact", ("contact",)), ("name", ("name",))):
        if any((value := _readable(row, n)) and value == _readable(other, n) for n in names for other in others):
            return kind
    return "none"


def _entity(rows: Sequence[Row]) -> dict[str, Any]:
    customer = rows[0].customer
    values: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name in row.fields:
            if value := _readable(row, name):
                values[name].add(value)
            for extra in row.fields[name].extra:
                values[name].add(extra)
    return {
        "id": customer.id,
        "country": customer.country,
        "base": {k: v for k, v in customer.base.items() if v},
        "values": {name: sorted(values[name]) for name in sorted(values)},
        "readable": sorted(values),
    }


def _totals(
    records: Sequence[dict[str, Any]],
    layout: Sequence[dict[str, Any]],
    by_customer: dict[str, list[Row]],
    near: Sequence[dict[str, Any]],
    files: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    kinds = Counter(
        f"{name}:{cell['kind']}"
        for r in records
        for name, cell in r["fields"].items()
        if isinstance(cell, dict) and cell["kind"] != "blank"
    )
    groups = [rows for rows in by_customer.values() if rows]
    return {
        "files": len(files),
        "data_rows": len(records),
        "other_rows": dict(sorted(Counter(line["kind"] for line in layout).items())),
        "customers": len(groups),
        "customers_in_2_or_more_rows": sum(len(rows) > 1 for rows in groups),
        "true_pairs": sum(len(list(combinations(rows, 2))) for rows in groups),
        "near_miss_pairs": len(near),
        "variants": dict(sorted(Counter(r["variant"] for r in records).items())),
        "links": dict(sorted(Counter(r["link"] for r in records if "link" in r).items())),
        "dirty_cells": sum(kinds.values()),
        "kinds": dict(sorted(kinds.items())),
    }


def shares(filled: Sequence[Filled]) -> dict[str, float]:
    """Share of cells that are right as they stand, dirty, or blank."""
    counts: Counter[str] = Counter()
    cells: Iterable[Cell] = (cell for sheet in filled for row in sheet.rows for cell in row.fields.values())
    counts.update("right" if not c.kind else "blank" if c.kind == "blank" else "dirty" for c in cells)
    return {name: round(number / counts.total(), 3) for name, number in sorted(counts.items())}


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")
