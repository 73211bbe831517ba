"""What every reader is handed and hands back: the bytes of one file with their limits, the grids, the refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cleanse.model import Grid

HEAD = 8192  # bytes by which a reader tells whether a file is its own


@dataclass(frozen=True)
class Limits:
    """How much is read before a file is refused: bytes on disk, bytes once unpacked, cells and sheets of a workbook;
    seconds for one file (and one more for each megabyte), memory for reading one (0: half of the machine's, at most 8 GiB);
    files of one archive and archives inside archives. ``hidden`` rows, columns and sheets of workbooks: ``read`` or ``skip``."""

    file_bytes: int = 1 << 30
    unpacked_bytes: int = 4 << 30
    cells: int = 40_000_000
    sheets: int = 1_000
    seconds: float = 120.0
    memory_bytes: int = 0
    archive_files: int = 10_000
    archive_depth: int = 3
    hidden: str = "read"


@dataclass(frozen=True)
class Raw:
    """One file as bytes. ``encoding`` is what a person said, or ''; ``passwords`` are those handed over."""

    path: Path
    name: str
    data: bytes
    limits: Limits = Limits()
    encoding: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Parsed:
    """What a reader found: its format's name, the grids, and the encoding where the format has one."""

    format: str
    grids: tuple[Grid, ...]
    encoding: str = ""


class Unreadable(Exception):
    """A file that cannot be read: the code of the reason, a short detail without any cell's value, its format."""

    def __init__(self, reason: str, detail: str = "", format: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail, self.format = reason, detail, format
