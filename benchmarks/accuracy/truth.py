"""What was made (a truth folder) and what came out (a run folder), read into plain dictionaries keyed by address."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

Address = tuple[str, str, int]  # file, sheet, row

CUSTOMER_FIELDS = (
    "name", "code", "uscc", "industry", "type", "priority", "source", "owner", "province", "city", "district",
    "address", "phone", "sales", "first_date", "last_date", "need", "note",
)  # fmt: skip
# field of the truth -> entity and field of the run
PLACES: dict[str, tuple[str, str]] = {
    **{name: ("customer", name) for name in CUSTOMER_FIELDS},
    "contact": ("contact", "name"),
    "mobile": ("contact", "mobile"),
    "email": ("contact", "email"),
}
ENTITIES = ("customer", "contact")


@dataclass(frozen=True)
class Truth:
    """``records`` by address, ``layout`` the addresses of rows that are no data, ``values`` of an entity by field."""

    records: dict[Address, dict[str, Any]]
    layout: dict[Address, str]
    values: dict[str, dict[str, set[str]]]
    near_miss: list[dict[str, str]]
    files: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """The frames of a run folder. ``records[entity][address]`` and ``issues[rid]`` are dictionaries of texts."""

    rows: pd.DataFrame
    files: dict[str, str]
    records: dict[str, dict[Address, dict[str, str]]]
    issues: dict[str, list[dict[str, str]]]
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_truth(folder: Path) -> Truth:
    """Read ``records, layout, entities, near_miss, files.jsonl`` of a truth folder."""
    values: dict[str, dict[str, set[str]]] = {}
    for entity in _lines(folder / "entities.jsonl"):
        known: dict[str, set[str]] = defaultdict(set)
        for name, items in entity.get("values", {}).items():
            known[name].update(items)
        for name, item in entity.get("base", {}).items():
            known[name].add(item)
        values[entity["id"]] = dict(known)
    return Truth(
        records={_address(r): r for r in _lines(folder / "records.jsonl")},
        layout={_address(r): r["kind"] for r in _lines(folder / "layout.jsonl")},
        values=values,
        near_miss=_lines(folder / "near_miss.jsonl"),
        files={f["file"]: f for f in _lines(folder / "files.jsonl")},
    )


def read_run(folder: Path) -> Run:
    """Read a run folder, or the folder of runs whose ``latest`` (link or plain file) names one."""
    folder = run_folder(folder)
    files = pd.read_parquet(folder / "ledger" / "files.parquet")
    issues: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in _texts(pd.read_parquet(folder / "ledger" / "issues.parquet")):
        issues[line["rid"]].append(line)
    pairs = folder / "pairs.parquet"
    return Run(
        rows=pd.read_parquet(folder / "ledger" / "rows.parquet"),
        files=dict(zip(files["source_file"], files["status"], strict=True)),
        records={name: _by_address(folder / "records" / f"{name}.parquet") for name in ENTITIES},
        issues=dict(issues),
        pairs=pd.read_parquet(pairs) if pairs.exists() else pd.DataFrame(),
    )


def run_folder(folder: Path) -> Path:
    """The run folder itself, given it or its parent."""
    if (folder / "ledger").is_dir():
        return folder
    latest = folder / "latest"
    run = folder / latest.read_text("utf-8").strip() if latest.is_file() else latest
    if not (run / "ledger").is_dir():
        raise SystemExit(f"{folder} is no run folder and names none as its latest")
    return run


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def _address(line: dict[str, Any]) -> Address:
    return line["file"], line["sheet"], int(line["row"])


def _texts(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Rows as dictionaries of texts, missing values as ''."""
    texts = frame.astype(object).where(frame.notna(), "").map(str)
    return [dict(zip(texts.columns, row, strict=True)) for row in texts.to_numpy().tolist()]


def _by_address(path: Path) -> dict[Address, dict[str, str]]:
    rows = _texts(pd.read_parquet(path)) if path.exists() else []
    return {(r["source_file"], r["source_sheet"], int(r["source_row"])): r for r in rows}
