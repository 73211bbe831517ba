"""Small projects to run whole, and what they left behind."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

HEADERS = (
    "客户名称",
    "统一社会信用代码",
    "联系人",
    "手机",
    "座机",
    "邮箱",
    "省",
    "市",
    "详细地址",
    "行业",
    "首次联系日期",
    "备注",
    "负责人",
    "爱好",
)
NOW = datetime(2026, 1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Ran:
    """A finished run folder, read back."""

    folder: Path

    def frame(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")

    @property
    def rows(self) -> pd.DataFrame:
        return self.frame("ledger/rows")

    @property
    def changes(self) -> pd.DataFrame:
        return self.frame("ledger/changes")


def write_csv(path: Path, rows: Sequence[Mapping[str, str]], headers: Sequence[str] = HEADERS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, headers, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_project(root: Path, files: Mapping[str, Sequence[Mapping[str, str]]], settings: str = "") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    text = settings or '[project]\nname = "test"\nlanguage = "zh"\ntoday = "2025-06-30"\n'
    (root / "cleanse.toml").write_text(f'{text}\n[sources]\npaths = ["files"]\n', "utf-8")
    for name, rows in files.items():
        write_csv(root / "files" / name, rows)
    (root / "files").mkdir(exist_ok=True)
    return root


@pytest.fixture()
def project() -> Callable[..., Path]:
    """``project(root, {"a.csv": [row, ...]}, settings='')`` writes a project folder of CSV files."""
    return write_project


@pytest.fixture()
def run_flow() -> Callable[..., Ran]:
    """Run a project in this process, at a fixed time."""
    from cleanse import flow
    from cleanse.project import load_project

    def run(root: Path, **given: object) -> Ran:
        outcome = flow.run(load_project(root, **given), progress=lambda *_: None, now=NOW)  # type: ignore[arg-type]
        return Ran(outcome.folder)

    return run


@pytest.fixture()
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user does."""

    def call(*args: object, **kwargs: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "cleanse", *map(str, args)],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            **kwargs,
        )

    return call


@pytest.fixture(scope="session")
def office() -> str:
    """LibreOffice's command; the test is skipped where there is none."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if not found:
        pytest.skip("LibreOffice is not installed")
    return found


@pytest.fixture()
def invoke() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in this process: what ``command`` gives, without starting Python each time."""
    from click.testing import CliRunner

    from cleanse.cli import cleanse

    def call(*args: object) -> subprocess.CompletedProcess[str]:
        given = [str(arg) for arg in args]
        ended = CliRunner().invoke(cleanse, given)
        return subprocess.CompletedProcess(given, ended.exit_code, ended.stdout, ended.stderr)

    return call
