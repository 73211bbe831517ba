"""The golden ids that were given out: ``out/ids.parquet``, a line per record of every plan that was approved."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from cleanse.runs.folder import write_frame

IDS = "ids.parquet"


def read(out: Path) -> pd.DataFrame:
    """What was written last; no lines where nothing was."""
    return pd.read_parquet(out / IDS) if (out / IDS).exists() else pd.DataFrame()


def write(out: Path, lines: pd.DataFrame) -> None:
    write_frame(out / IDS, lines)


def digest(out: Path) -> str:
    """Of the whole file; '' where there is none."""
    path = out / IDS
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
