"""Truth and run folders made by hand, and the scripts of ``samples/`` and ``benchmarks/`` as modules."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
Records = list[dict[str, Any]]
CUSTOMER = (
    "name", "code", "uscc", "industry", "type", "priority", "source", "owner", "province", "city", "district",
    "address", "phone", "sales", "first_date", "last_date", "need", "note",
)  # fmt: skip
CONTACT = {"contact": "name", "mobile": "mobile", "email": "email"}


@pytest.fixture(scope="session")
def script() -> Callable[[str], ModuleType]:
    """``script("accuracy.score")`` or ``script("samples.generate")`` as a module."""

    def load(name: str) -> ModuleType:
        folder, module = name.rsplit(".", 1)
        place = ROOT / folder if folder == "samples" else ROOT / "benchmarks" / folder
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
        return import_module(module)

    return load


def write_truth(folder: Path, records: Records, files: Records, layout: Records, near_miss: Records) -> None:
    """The files of a truth folder; the entities' values are gathered from the records."""
    values: dict[str, dict[str, list[str]]] = {}
    for record in records:
        known = values.setdefault(record["entity"], {})
        for name, cell in record["fields"].items():
            known.setdefault(name, []).append(cell if isinstance(cell, str) else cell["true"] or "")
    entities = [{"id": key, "base": {}, "values": known} for key, known in values.items()]
    folder.mkdir(exist_ok=True)
    for name, lines in (("records", records), ("files", files), ("layout", layout), ("near_miss", near_miss),
                        ("entities", entities)):  # fmt: skip
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")


def right_value(cell: str | dict[str, Any]) -> str:
    """What a perfect run makes of a cell."""
    if isinstance(cell, str):
        return cell
    return cell["true"] if cell["verdict"] == "ok" else ""


def write_run(folder: Path, records: Records, files: Records) -> Path:
    """A run folder as a perfect run would leave it."""
    rows, customers, contacts = [], [], []
    for rid, record in enumerate(records):
        address = {"source_file": record["file"], "source_sheet": record["sheet"], "source_row": record["row"]}
        values = {name: right_value(cell) for name, cell in record["fields"].items()}
        extra = {n: c["extra"][0] for n, c in record["fields"].items() if not isinstance(c, str) and c.get("extra")}
        customers.append({"rid": rid, **address, **{n: values.get(n) for n in CUSTOMER}, "phone_2": extra.get("phone")})
        contacts.append({
            "rid": rid, **address, **{to: values.get(n) for n, to in CONTACT.items()},
            **{f"{to}_2": extra.get(n) for n, to in CONTACT.items()},
        })  # fmt: skip
        for entity, golden in (("customer", record["entity"]), ("contact", record["contact"])):
            rows.append({**address, "entity": entity, "rid": rid, "exit": "migrated", "golden_id": golden})
    (folder / "ledger").mkdir(parents=True)
    (folder / "records").mkdir()
    pd.DataFrame(rows).to_parquet(folder / "ledger" / "rows.parquet")
    pd.DataFrame(customers).replace("", None).to_parquet(folder / "records" / "customer.parquet")
    pd.DataFrame(contacts).replace("", None).to_parquet(folder / "records" / "contact.parquet")
    found = {"read": "read", "error": "error", "ignore": "ignored"}
    listed = [{"source_file": f["file"], "status": found[f["expect"]]} for f in files]
    pd.DataFrame(listed).to_parquet(folder / "ledger" / "files.parquet")
    columns = ["rid", "entity", "field", "code", "severity", "value", "note"]
    pd.DataFrame(columns=columns).to_parquet(folder / "ledger" / "issues.parquet")
    return folder


@pytest.fixture
def perfect_run() -> Callable[..., Path]:
    return write_run


@pytest.fixture
def make_truth() -> Callable[..., None]:
    return write_truth
