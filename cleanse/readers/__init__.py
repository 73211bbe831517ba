"""Files become grids of text; what cannot be read is said with its reason. Content decides, never the suffix alone.

>>> sorted(READERS)
['dbf', 'delimited', 'html', 'mhtml', 'spreadsheetml', 'workbook']
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from cleanse.model import Source
from cleanse.readers import dbf, delimited, html, mhtml, spreadsheetml, workbook
from cleanse.readers.raw import Limits, Parsed, Raw, Unreadable

__all__ = ["READERS", "Limits", "Raw", "discover", "read"]

Reader = tuple[Callable[[bytes], bool], Callable[[Raw], Parsed]]

# Asked in this order; text comes last, because nearly everything without control characters looks like it.
READERS: dict[str, Reader] = {
    "workbook": (workbook.sniff, workbook.read),
    "dbf": (dbf.sniff, dbf.read),
    "spreadsheetml": (spreadsheetml.sniff, spreadsheetml.read),
    "mhtml": (mhtml.sniff, mhtml.read),
    "html": (html.sniff, html.read),
    "delimited": (delimited.sniff, delimited.read),
}

DEFAULT_LIMITS = Limits()
HEAD = 8192
LOCK_FILES = ("~$*", ".~lock*")
SYSTEM_FILES = (".*", "thumbs.db", "desktop.ini", "ehthumbs.db")
NO_FAULT = ("lock_file", "ignored_by_rule", "no_cells")  # nothing is lost by passing these over


def discover(root: Path, ignore: Sequence[str] = ()) -> list[tuple[str, Path]]:
    """Every file below ``root`` (or the file itself) with its name relative to ``root``, sorted by name.

    Folders whose name starts with a dot or that a glob of ``ignore`` names are not entered; a folder reached twice
    through links is entered once. Single files to ignore come back too, for ``read`` to say so.
    """
    if root.is_file():
        return [(root.name, root)]
    found: dict[str, Path] = {}
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        status = here.stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not _ignored(_name(root, here / f), ignore))
        found.update((_name(root, here / n), here / n) for n in names)
    return sorted(found.items())


def read(
    path: Path, name: str, limits: Limits = DEFAULT_LIMITS, encoding: str = "", ignore: Sequence[str] = ()
) -> Source:
    """One file as grids of text; never raises for bad data: ``status`` and ``reason`` say what became of it.

    ``encoding`` is what a person says of text files; ``ignore`` holds globs of names to pass over.
    """
    try:
        data = _bytes(path, name, limits, ignore)
    except Unreadable as e:
        return Source(name, "ignored" if e.reason in NO_FAULT else "error", e.reason, e.detail, e.format)
    digest = hashlib.sha256(data).hexdigest()
    try:
        parsed = _parse(Raw(path, name, data, limits, encoding))
    except Unreadable as e:
        status = "ignored" if e.reason in NO_FAULT else "error"
        return Source(name, status, e.reason, e.detail, e.format, digest=digest)
    except MemoryError:
        return Source(name, "error", "too_large", "memory", digest=digest)
    except Exception as e:  # whatever a library stumbles over in a damaged file is the file's fault, not the run's
        return Source(name, "error", "corrupt", type(e).__name__, digest=digest)
    return Source(name, "read", "", "", parsed.format, parsed.encoding, parsed.grids, digest)


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _ignored(name: str, globs: Sequence[str]) -> bool:
    base = name.rsplit("/", 1)[-1]
    return any(fnmatch(text, glob.rstrip("/")) for glob in globs for text in (name, base))


def _bytes(path: Path, name: str, limits: Limits, ignore: Sequence[str]) -> bytes:
    base = name.rsplit("/", 1)[-1]
    if any(fnmatch(base, glob) for glob in LOCK_FILES):
        raise Unreadable("lock_file", format="lock")
    if any(fnmatch(base.lower(), glob) for glob in SYSTEM_FILES) or _ignored(name, ignore):
        raise Unreadable("ignored_by_rule")
    try:
        if not path.is_file():
            raise Unreadable("unsupported_format", "no regular file")
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise Unreadable("too_large", f"{size} bytes")
        data = path.read_bytes()
    except PermissionError as e:
        raise Unreadable("permission_denied") from e
    except OSError as e:
        raise Unreadable("unreadable_disk", e.strerror or "") from e
    if not data.strip(b"\0 \r\n\t"):
        raise Unreadable("empty_file")
    return data


def _parse(raw: Raw) -> Parsed:
    head = raw.data[:HEAD]
    for sniff, parse in READERS.values():
        if sniff(head):
            return parse(raw)
    raise Unreadable("unsupported_format", raw.path.suffix.lower())
