"""The book of a run, one SQLite file: its stages, decisions, receipts and the audit line of who ran what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

TABLES = """
CREATE TABLE stages (seq INTEGER PRIMARY KEY, name TEXT NOT NULL, cpu REAL NOT NULL, wall REAL NOT NULL);
CREATE TABLE decisions (seq INTEGER PRIMARY KEY, sort TEXT NOT NULL, content TEXT NOT NULL);
CREATE TABLE batches (file TEXT PRIMARY KEY, object TEXT NOT NULL, rows INTEGER NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE receipts (object TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL);
CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL);
"""


def write_book(
    path: Path,
    *,
    times: Sequence[tuple[str, float, float]],
    decisions: Sequence[tuple[str, Mapping[str, Any]]],
    written: Sequence[Mapping[str, Any]],
    receipts: pd.DataFrame,
    audit: Sequence[tuple[str, str, str, str]],
) -> None:
    """Write the whole book. ``times``: stage, CPU s, wall s. ``receipts``: object, key, status, message of the trial."""
    with closing(sqlite3.connect(path)) as book:
        book.executescript(TABLES)
        book.executemany("INSERT INTO stages (name, cpu, wall) VALUES (?, ?, ?)", times)
        book.executemany(
            "INSERT INTO decisions (sort, content) VALUES (?, ?)",
            [(sort, json.dumps(content, ensure_ascii=False, sort_keys=True)) for sort, content in decisions],
        )
        book.executemany(
            "INSERT INTO batches VALUES (?, ?, ?, ?, 'open')",
            [(w["path"], w["object"], w["rows"], w["sha256"]) for w in written],
        )
        rows = (
            receipts[["object", "key", "status", "message"]].astype(object).to_numpy().tolist() if len(receipts) else []
        )
        book.executemany("INSERT INTO receipts VALUES (?, ?, ?, ?)", rows)
        book.executemany("INSERT INTO audit (at, who, what, detail) VALUES (?, ?, ?, ?)", audit)
        book.commit()


def golden_ids(path: Path, target_id: str) -> list[str]:
    """The golden ids that a target's id stands for: every table of the book with a ``target_id`` is asked."""
    if not path.exists():
        return []
    found: set[str] = set()
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as book:
        tables = [name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            names = [row[1] for row in book.execute(f'PRAGMA table_info("{table}")')]
            key = next((n for n in ("golden_id", "key") if n in names), "")
            if key and "target_id" in names:
                found |= {
                    row[0] for row in book.execute(f'SELECT {key} FROM "{table}" WHERE target_id = ?', [target_id])
                }
    return sorted(found)
