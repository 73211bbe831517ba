"""The run folder: built beside its final name, given that name only when it is whole.

A run that is killed leaves nothing but a folder whose name starts with a dot and ends in ``.partial``; the next run in
the same place clears it away. One lock keeps two runs from working in one place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import filelock
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cleanse.errors import TargetError, UsageError

PARTIAL = ".partial"
NOT_CONTENT = ("run.sqlite", "times.json", "manifest.json")


class RunFolder:
    """Writes the files of one run. Every file appears under its name only once it is complete."""

    def __init__(self, out: Path, run_id: str) -> None:
        self.out, self.run_id = out, run_id
        self.work = out / f".{run_id}{PARTIAL}"

    def path(self, name: str) -> Path:
        """The path of a file of this run; its folder exists afterwards."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def frame(self, name: str, table: pd.DataFrame) -> None:
        write_frame(self.path(name), table)

    def text(self, name: str, content: str) -> None:
        """Write a text file in UTF-8 with LF."""
        temporary = self.path(f"{name}.tmp")
        temporary.write_text(content, "utf-8", newline="\n")
        temporary.replace(self.path(name))

    def json(self, name: str, content: Any) -> None:
        self.text(name, json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n")

    def digests(self) -> dict[str, str]:
        """sha256 of every file whose bytes depend on the data alone."""
        files = sorted(p for p in self.work.rglob("*") if p.is_file() and p.name not in NOT_CONTENT)
        return {p.relative_to(self.work).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    def finish(self) -> Path:
        """Give the folder its final name and point ``latest`` at it."""
        final = self.out / self.run_id
        self.work.replace(final)
        point_latest(self.out, self.run_id)
        return final


def write_frame(path: Path, table: pd.DataFrame) -> None:
    """Write a frame as Parquet (zstd), categories as text; it has its name once it is whole."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    for at, column in enumerate(arrow.schema):
        if pa.types.is_dictionary(column.type):
            arrow = arrow.set_column(at, column.name, arrow.column(at).cast(pa.string()))
    temporary = path.with_name(f"{path.name}.tmp")
    pq.write_table(arrow, temporary, compression="zstd")
    temporary.replace(path)


@contextmanager
def run_folder(out: Path, fingerprint: str, now: datetime) -> Iterator[RunFolder]:
    """A fresh run folder below ``out``, locked; what an earlier killed run left is cleared away first."""
    try:
        str(out).encode()
    except UnicodeEncodeError as error:
        where = ascii(str(out))
        raise UsageError("the output folder's name is no UTF-8", where=where, cure="choose another with --out") from error
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise TargetError(
            f"the output folder cannot be written: {error.strerror}", where=str(out), cure="choose another with --out"
        ) from error
    with locked(out):
        for stale in out.glob(f".*{PARTIAL}"):
            shutil.rmtree(stale, ignore_errors=True)
        yield RunFolder(out, _free_id(out, f"{now:%Y%m%d-%H%M%S}-{fingerprint[:6]}"))


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Nobody else runs, loads or undoes in this folder meanwhile. Raises UsageError where somebody does."""
    if not out.is_dir():
        raise UsageError("no run here", where=str(out), cure="`cleanse run` makes one")
    lock = filelock.FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UsageError(
            "another run is at work in this folder", where=str(out), cure="wait for it, or choose another with --out"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _free_id(out: Path, wanted: str) -> str:
    number, run_id = 1, wanted
    while (out / run_id).exists():
        number += 1
        run_id = f"{wanted}-{number}"
    return run_id


def point_latest(out: Path, run_id: str) -> None:
    """``latest`` is a link to the run, or a plain file with its id where links are not possible."""
    latest, temporary = out / "latest", out / ".latest.tmp"
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(run_id, target_is_directory=True)
    except OSError:
        temporary.write_text(run_id, "utf-8")
    if latest.is_dir() and not latest.is_symlink():
        shutil.rmtree(latest)
    temporary.replace(latest)


def find_run(out: Path, run_id: str = "latest") -> Path:
    """The folder of a run by its id, ``latest`` by default. Raises UsageError when there is none."""
    path = out / run_id
    if path.is_file():
        path = out / path.read_text("utf-8").strip()
    if not path.is_dir():
        raise UsageError(
            f"no run '{run_id}' here", where=str(out), cure="`cleanse run` makes one, `cleanse runs` lists them"
        )
    return path.resolve()


def list_runs(out: Path) -> list[Mapping[str, Any]]:
    """The manifests of all finished runs, oldest first."""
    found = sorted(p for p in out.glob("*/manifest.json") if p.parent.name != "latest")
    return [json.loads(p.read_text("utf-8")) for p in found]
