"""A small set of records with pairs of every band, and a person who fills in the workbook made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cleanse.review.page.desk import Desk
from cleanse.review.page.queue import Subject
from cleanse.review.workbook import ReviewGroups, export, groups

FIELDS = {"name": "客户名称", "phone": "固定电话", "note": "备注", "owner": "负责人", "fax": "传真"}
NAMES = [
    "星渚软件有限公司",
    "杭州星渚软件",
    "岚石机电有限公司",
    "岚石机电公司",
    "岚石机电",
    "柏纳集团",
    "柏纳化工",
    "青穗粮油",
]
PAIRS = [
    (0, 1, 0.9, "review", "字号相同", "same brand"),
    (2, 3, 0.5, "review", "只差形式", "legal form"),
    (2, 4, 0.99, "merge", "同电话", "same phone"),
    (5, 6, 0.8, "related", "集团", "group"),
]


def records() -> pd.DataFrame:
    size = len(NAMES)
    return pd.DataFrame({
        "rid": range(size), "source_file": "a.xlsx", "source_sheet": "S", "source_row": range(2, size + 2),
        "name": NAMES,
        "phone": ["+8657186543210"] * size, "note": ["=1+1", "-1", "@x", "a\x0bb", "_x0041_", "<&>", " 两端 ", None],
        "owner": ["王敏", "李立", *["王敏"] * (size - 2)], "fax": pd.Series([None] * size, dtype="str"),
    })  # fmt: skip


def made(language: str = "zh", entity: str = "customer", order: list[int] | None = None) -> ReviewGroups:
    pairs = pd.DataFrame(PAIRS, columns=["left", "right", "probability", "band", "why_zh", "why_en"]).assign(
        entity=entity
    )
    clusters = pd.DataFrame({"entity": entity, "rid": range(8), "cluster": [0, 1, 2, 3, 2, 5, 6, 7]})
    table = records()
    digests = pd.Series([f"d{i}" for i in range(8)], index=range(8), dtype="str")
    if order:
        table, pairs, clusters = table.iloc[order], pairs.iloc[::-1], clusters.iloc[order]
    return groups(pairs, clusters, table, digests, FIELDS, entity, language, telling=["phone"])


@pytest.fixture()
def review() -> Callable[..., ReviewGroups]:
    """``review(language, entity, order)``: the groups of eight records, in a given order of rows."""
    return made


@pytest.fixture()
def subject() -> Subject:
    """The same eight records as the page gets them."""
    columns = ["left", "right", "probability", "band", "why_zh", "why_en"]
    pairs = pd.DataFrame(PAIRS, columns=columns).assign(entity="customer", evidence='{"name": 8.5, "phone": -0.5}')
    clusters = pd.DataFrame({"entity": "customer", "rid": range(8), "cluster": [0, 1, 2, 3, 2, 5, 6, 7]})
    digests = pd.Series([f"d{i}" for i in range(8)], index=range(8), dtype="str")
    labels = {name: {"zh": label, "en": name} for name, label in FIELDS.items()}
    evidence = {"name": ("name",), "phone": ("phone",)}
    return Subject(
        "customer",
        {"zh": "客户", "en": "Customer"},
        labels,
        ["phone"],
        evidence,
        pairs,
        clusters,
        records(),
        digests,
        frozenset(FIELDS),
    )


@pytest.fixture()
def desk(subject: Subject, tmp_path: Path) -> Callable[[], Desk]:
    """``desk()``: somebody sits down to the decisions in ``tmp_path``."""
    files = (tmp_path / "decisions.jsonl", tmp_path / "choices.jsonl")
    return lambda: Desk([subject], files, "王敏", lambda: "2025-06-30T08:00:00", lambda *told: told[2].strip() or None)


@pytest.fixture()
def chain() -> ReviewGroups:
    """Three records of which the first and the last were never compared."""
    ends = [(0, 1, 0.6, "review", "甲乙", "ab"), (1, 2, 0.6, "review", "乙丙", "bc")]
    pairs = pd.DataFrame(ends, columns=["left", "right", "probability", "band", "why_zh", "why_en"]).assign(
        entity="customer"
    )
    clusters = pd.DataFrame({"entity": "customer", "rid": range(3), "cluster": range(3)})
    digests = pd.Series(["d0", "d1", "d2"], index=range(3), dtype="str")
    return groups(pairs, clusters, records().iloc[:3], digests, FIELDS, "customer", "zh")


@pytest.fixture()
def book(tmp_path: Path) -> Path:
    path = tmp_path / "duplicates.xlsx"
    export(path, [made()], "zh")
    return path


Change = Callable[[list[str], list[list[str]]], list[list[str]]]


def fill_in(path: Path, words: Mapping[str, str], sheet: int = 0, change: Change | None = None) -> Path:
    """Write words by digest into the decision column as a person would; ``change`` gets the header and the rows."""
    loaded = openpyxl.load_workbook(path)
    page = loaded.worksheets[sheet]
    header, *rows = [[cell.value for cell in row] for row in page.iter_rows()]
    key = next(at for at, name in enumerate(header) if name in ("标识（请勿改动）", "Key (leave alone)"))
    choice = next(at for at, name in enumerate(header) if name in ("决定", "Decision"))
    for row in rows:
        row[choice] = words.get(str(row[key]).split("|")[4]) or row[choice]
    kept = [header, *(change(header, rows) if change else rows)]
    page.delete_rows(1, page.max_row)
    for row in kept:
        page.append(row)
    loaded.save(path)
    return path


@pytest.fixture()
def fill() -> Callable[..., Path]:
    return fill_in
