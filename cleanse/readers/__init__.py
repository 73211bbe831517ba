"""Files become grids of text; what cannot be read is said with its reason. Content decides, never the suffix alone.

>>> list(READERS)[:5]
['workbook', 'bare workbook', 'flat workbook', 'dbf', 'spreadsheetml']
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from itertools import count
from pathlib import Path

from cleanse.model import Source
from cleanse.readers import (
    archive,
    bare,
    damage,
    database,
    dbf,
    delimited,
    fixed,
    foreign,
    guard,
    html,
    json_records,
    mhtml,
    mojibake,
    odf,
    passwords,
    spreadsheetml,
    vcard,
    workbook,
    xml_records,
)
from cleanse.readers.raw import HEAD, Limits, Parsed, Raw, Unreadable

__all__ = ["READERS", "Limits", "Raw", "discover", "query", "read", "read_all"]

Reader = tuple[Callable[[bytes], bool], Callable[[Raw], Parsed]]

# Asked in this order; text comes last, because nearly everything without control characters looks like it.
READERS: dict[str, Reader] = {
    "workbook": (workbook.sniff, workbook.read),
    "bare workbook": (bare.sniff, bare.read),
    "flat workbook": (odf.sniff_flat, workbook.read_flat),
    "dbf": (dbf.sniff, dbf.read),
    "spreadsheetml": (spreadsheetml.sniff, spreadsheetml.read),
    "xml": (xml_records.sniff, xml_records.read),
    "mhtml": (mhtml.sniff, mhtml.read),
    "html": (html.sniff, html.read),
    "xml without a declaration": (xml_records.sniff_bare, xml_records.read),
    "json": (json_records.sniff, json_records.read),
    "vcard": (vcard.sniff, vcard.read),
    "fixed": (fixed.sniff, fixed.read),
    "delimited": (delimited.sniff, delimited.read),
}

DEFAULT_LIMITS = Limits()
LARGE, MANY = (
    1 << 26,
    1 << 21,
)  # bytes of a file, cells of a query after which the reading process gives its memory back
LOCK_FILES = ("~$*", ".~lock*")
SYSTEM_FILES = (".*", "thumbs.db", "desktop.ini", "ehthumbs.db")
NO_FAULT = ("lock_file", "ignored_by_rule", "no_cells")  # nothing is lost by passing these over


def discover(root: Path, ignore: Sequence[str] = ()) -> list[tuple[str, Path]]:
    """Every file below ``root`` (or the file itself) with its name relative to ``root``, sorted by name.

    Folders whose name starts with a dot or that a glob of ``ignore`` names are not entered; a folder reached twice
    through links is entered once. Single files to ignore come back too, for ``read`` to say so.
    """
    if root.is_file():
        return [(_name(root.parent, root), root)]
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
        for path in sorted(here / name for name in names):
            found[_unlike(_name(root, path), found)] = path
    return sorted(found.items())


def read_all(
    path: Path,
    name: str,
    limits: Limits = DEFAULT_LIMITS,
    encoding: str = "",
    ignore: Sequence[str] = (),
    known: Sequence[str] = (),
) -> Iterator[Source]:
    """One file and, of an archive, every file inside it, named ``archive.zip/inner/path.xlsx``; each as ``read`` does."""
    source = read(path, name, limits, encoding, ignore, known)
    if source.status != "read" or source.format != "zip":
        yield source
    elif limits.archive_depth < 1:
        yield replace(source, status="error", reason="too_deep", detail="archive")
    else:
        with tempfile.TemporaryDirectory(prefix="cleanse-") as folder:
            yield from _members(path, source, Path(folder), limits, encoding, ignore, known)


def _members(
    path: Path,
    source: Source,
    folder: Path,
    limits: Limits,
    encoding: str,
    ignore: Sequence[str],
    known: Sequence[str],
) -> Iterator[Source]:
    try:
        members: list[archive.Member] = guard.call(
            archive.unpack, path, folder, limits, seconds=_seconds(path, limits), memory=limits.memory_bytes
        )
    except (Unreadable, RuntimeError, OSError) as e:
        reason, detail = (e.reason, e.detail) if isinstance(e, Unreadable) else ("corrupt", type(e).__name__)
        yield replace(source, status="error", reason=reason, detail=detail)
        return
    yield source
    inner = replace(
        limits,
        unpacked_bytes=limits.unpacked_bytes - sum(m.size for m in members),
        archive_files=limits.archive_files - len(members),
        archive_depth=limits.archive_depth - 1,
    )
    for member in members:
        inside = f"{source.name}/{member.name}"
        if member.path is not None:
            yield from read_all(member.path, inside, inner, encoding, ignore, known)
        elif _ignored_for_good(inside, ignore):
            yield Source(inside, "ignored", "ignored_by_rule")
        else:
            yield Source(inside, "error", member.reason, member.detail)


def read(
    path: Path,
    name: str,
    limits: Limits = DEFAULT_LIMITS,
    encoding: str = "",
    ignore: Sequence[str] = (),
    known: Sequence[str] = (),
) -> Source:
    """One file as grids of text; never raises for bad data: ``status`` and ``reason`` say what became of it.

    ``encoding`` is what a person says of text files; ``ignore`` holds globs of names to pass over, ``known`` passwords to
    try. The reading itself happens in a process of its own, within the limits of time and memory.
    """
    try:
        size = _look(path, name, limits, ignore)
        source: Source = guard.call(
            read_here, path, name, limits, encoding, tuple(known),
            seconds=_seconds(path, limits), memory=limits.memory_bytes,
        )  # fmt: skip
        if size > LARGE:
            guard.end()
        return source
    except Unreadable as e:
        return Source(name, "ignored" if e.reason in NO_FAULT else "error", e.reason, e.detail, e.format)
    except (MemoryError, RuntimeError) as e:
        return Source(name, "error", "too_large" if isinstance(e, MemoryError) else "corrupt", type(e).__name__)


def query(name: str, url: str, text: str, base: Path, limits: Limits = DEFAULT_LIMITS) -> Source:
    """The rows of a query as a source of that name; never raises for what a database refuses. ``base`` is the folder
    from which the file of a SQLite database is named."""
    try:
        parsed, digest = guard.call(
            database.read, database.filled(url), text, base, limits, seconds=limits.seconds, memory=limits.memory_bytes
        )
        if parsed.grids[0].cells.size > MANY:
            guard.end()
    except Unreadable as e:
        return Source(name, "error", e.reason, e.detail, "sql")
    except (MemoryError, RuntimeError) as e:
        return Source(name, "error", "too_large" if isinstance(e, MemoryError) else "sql_refused", str(e), "sql")
    return Source(name, "read", "", "", "sql", "", parsed.grids, digest)


def read_here(path: Path, name: str, limits: Limits, encoding: str, known: tuple[str, ...]) -> Source:
    """What ``read`` does once the file may be read, in this process."""
    try:
        data = _bytes(path)
    except Unreadable as e:
        return Source(name, "error", e.reason, e.detail, e.format)
    digest = hashlib.sha256(data).hexdigest()
    try:
        parsed = _opened(Raw(path, name, data, limits, encoding, known))
    except Unreadable as e:
        status = "ignored" if e.reason in NO_FAULT else "error"
        return Source(name, status, e.reason, e.detail, e.format, digest=digest)
    except MemoryError:
        return Source(name, "error", "too_large", "memory", digest=digest)
    except Exception as e:  # whatever a library stumbles over in a damaged file is the file's fault, not the run's
        return Source(name, "error", "corrupt", type(e).__name__, digest=digest)
    grids = tuple(damage.named(mojibake.mended(grid)) for grid in parsed.grids)
    return Source(name, "read", "", "", parsed.format, parsed.encoding, grids, digest)


def _name(root: Path, path: Path) -> str:
    """The name as text: one that is no UTF-8, as old archives leave them behind, is read as Chinese where it may be."""
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
        return name
    except UnicodeEncodeError:
        raw = os.fsencode(name)
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace")


def _unlike(name: str, others: Container[str]) -> str:
    """The name, or with a number behind it where another file is called so already."""
    numbered = (f"{name} ({number})" for number in count(2))
    return name if name not in others else next(n for n in numbered if n not in others)


def _ignored(name: str, globs: Sequence[str]) -> bool:
    base = name.rsplit("/", 1)[-1]
    return any(fnmatch(text, glob.rstrip("/")) for glob in globs for text in (name, base))


def _seconds(path: Path, limits: Limits) -> float:
    return limits.seconds + (path.stat().st_size >> 20)


def _ignored_for_good(name: str, ignore: Sequence[str]) -> bool:
    base = name.rsplit("/", 1)[-1]
    return any(fnmatch(base.lower(), glob) for glob in SYSTEM_FILES) or _ignored(name, ignore)


def _look(path: Path, name: str, limits: Limits, ignore: Sequence[str]) -> int:
    """The size of a file that may be read."""
    if any(fnmatch(name.rsplit("/", 1)[-1], glob) for glob in LOCK_FILES):
        raise Unreadable("lock_file", format="lock")
    if _ignored_for_good(name, ignore):
        raise Unreadable("ignored_by_rule")
    try:
        if not path.is_file():
            raise Unreadable("unsupported_format", "no regular file")
        size = path.stat().st_size
    except OSError as e:
        raise _disk(e) from e
    if size > limits.file_bytes:
        raise Unreadable("too_large", f"{size} bytes")
    return size


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise _disk(e) from e
    if not (data[:4096].strip(b"\0 \r\n\t") or data.strip(b"\0 \r\n\t")):
        raise Unreadable("empty_file")
    return data


def _disk(error: OSError) -> Unreadable:
    if isinstance(error, PermissionError):
        return Unreadable("permission_denied")
    return Unreadable("unreadable_disk", error.strerror or "")


def _opened(raw: Raw) -> Parsed:
    """The file as it stands or, where it asks for a password, opened with one of those handed over."""
    try:
        return _parse(raw)
    except Unreadable as e:
        if e.reason != "password_protected":
            raise
        if (data := passwords.opened(raw.data, raw.passwords)) is not None:
            return _parse(replace(raw, data=data))
        raise Unreadable("password_wrong" if raw.passwords else e.reason, e.detail, e.format) from e


def _parse(raw: Raw) -> Parsed:
    if archive.sniff(raw.data):
        return archive.read(raw)
    if raw.data.startswith(archive.GZIP):
        return _parse(archive.gunzipped(raw))
    head = raw.data[:HEAD]
    if form := foreign.form(head):
        raise Unreadable("unsupported_format", form)
    for sniff, parse in READERS.values():
        if sniff(head):
            return parse(raw)
    raise Unreadable("unsupported_format", raw.path.suffix.lower())
