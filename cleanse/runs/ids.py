"""The golden ids that were given out: ``out/ids.parquet``, a line per record of every plan that was approved."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow as pa

from cleanse.errors import UsageError
from cleanse.runs.folder import write_frame

IDS = "ids.parquet"


def read(out: Path) -> pd.DataFrame:
    """What was written last; no lines where nothing was. Raises UsageError where it cannot be read."""
    if not (out / IDS).exists():
        return pd.DataFrame()
    try:
        return pd.read_parquet(out / IDS)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(
            "the golden ids that were given out cannot be read",
            where=str(out / IDS),
            cure="put the file back from a copy; without it records that changed get other ids and are loaded anew",
        ) from error


def write(out: Path, lines: pd.DataFrame) -> None:
    write_frame(out / IDS, lines)


def digest(out: Path) -> str:
    """Of the whole file; '' where there is none."""
    path = out / IDS
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
