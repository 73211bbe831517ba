"""Archives. A gzip file is what it holds. Of a zip the files are laid into a folder under harmless names and then read like any others.

Nothing of an archive's own paths touches the disk: every folder gets a number. Links, paths that lead outside, files
behind a password and bombs are refused one by one; the other files of the archive are still read.
"""

from __future__ import annotations

import errno
import gzip
import io
import lzma
import re
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from cleanse.readers.raw import Limits, Parsed, Raw, Unreadable

GZIP = b"\x1f\x8b\x08"
MARKS = (b"PK\x03\x04", b"PK\x05\x06")
# Names that make a zip a document or a program and not a folder of files.
PACKAGES = frozenset({"[content_types].xml", "mimetype", "meta-inf/manifest.mf", "index/document.iwa", "content.xml"})
FOLDERS = ("xl/", "word/", "ppt/", "index/")
ENCRYPTED, UTF8 = 0x1, 0x800
CHUNK = 1 << 20
SMALL, STEEPEST = 1 << 26, 200  # above so many bytes nothing honest is packed to less than a 200th
LONGEST_NAME = 60  # characters; of up to three bytes each
_DRIVE = re.compile(r"[A-Za-z]:")
_RISKY = re.compile(r'[<>:"|?*\x00-\x1f]')


@dataclass(frozen=True)
class Member:
    """One file of an archive: its path inside, where it lies now, or why it was not unpacked; its size."""

    name: str
    path: Path | None
    reason: str = ""
    detail: str = ""
    size: int = 0


def sniff(data: bytes) -> bool:
    """A whole zip file that is no document of an office program and no program."""
    if not data.startswith(MARKS):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        return False
    return PACKAGES.isdisjoint(names) and not any(name.startswith(FOLDERS) for name in names)


def gunzipped(raw: Raw) -> Raw:
    """The one file inside a gzip file. Raises Unreadable: corrupt, too_deep, too_large, unsupported_format (a zip inside)."""
    if raw.limits.archive_depth < 1:
        raise Unreadable("too_deep", "archive", "gz")
    data = bytearray()
    most = min(raw.limits.unpacked_bytes, raw.limits.file_bytes)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw.data)) as stream:
            while chunk := stream.read(CHUNK):
                data += chunk
                if len(data) > most or (len(data) > SMALL and len(data) > STEEPEST * len(raw.data)):
                    raise Unreadable("too_large", "unpacked", "gz")
    except (OSError, EOFError, zlib.error) as e:
        raise Unreadable("corrupt", type(e).__name__, "gz") from e
    if sniff(bytes(data)):
        raise Unreadable("unsupported_format", "zip in gzip", "gz")
    deeper = replace(raw.limits, archive_depth=raw.limits.archive_depth - 1)
    return replace(raw, data=bytes(data), limits=deeper)


def read(raw: Raw) -> Parsed:
    """No grids of its own: ``unpack`` gives the files inside. Raises Unreadable: empty_file, too_large."""
    with zipfile.ZipFile(io.BytesIO(raw.data)) as archive:
        count = sum(not info.is_dir() for info in archive.infolist())
    if not count:
        raise Unreadable("empty_file", format="zip")
    if count > raw.limits.archive_files:
        raise Unreadable("too_large", f"{count} files", "zip")
    return Parsed("zip", ())


def unpack(path: Path, folder: Path, limits: Limits) -> list[Member]:
    """Every file of the archive, laid below ``folder`` or refused with a reason; in the archive's order."""
    members: list[Member] = []
    taken: Counter[str] = Counter()
    folders: dict[tuple[str, int], str] = {}
    left = limits.unpacked_bytes
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = _name(info)
            if info.is_dir() or name.endswith("/"):
                continue
            taken[name] += 1
            shown = f"{name} ({taken[name]})" if taken[name] > 1 else name
            inside, _, base = name.rpartition("/")
            number = folders.setdefault((inside, taken[name]), str(len(folders)))
            try:
                _refuse(info, name, limits)
                place = _place(folder, number, base)
                size = _lay(archive, info, place, min(left, limits.file_bytes))
            except Unreadable as e:
                members.append(Member(shown, None, e.reason, e.detail))
                continue
            left -= size
            members.append(Member(shown, place, size=size))
    return members


def _name(info: zipfile.ZipInfo) -> str:
    """The path inside, with ``/``; names without the UTF-8 mark are mostly GBK where they are not ASCII."""
    name = info.orig_filename.split("\0", 1)[0]
    if not info.flag_bits & UTF8 and not name.isascii():
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def _refuse(info: zipfile.ZipInfo, name: str, limits: Limits) -> None:
    parts = name.split("/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in parts or not parts[-1]:
        raise Unreadable("unsafe_path", "path")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise Unreadable("unsafe_path", "link" if stat.S_ISLNK(mode) else "no regular file")
    if info.flag_bits & ENCRYPTED:
        raise Unreadable("archive_password", format="zip")
    if info.file_size > limits.file_bytes:
        raise Unreadable("too_large", f"{info.file_size} bytes")
    if info.file_size > SMALL and info.file_size > STEEPEST * max(info.compress_size, 1):
        raise Unreadable("too_large", "packed too tightly")


def _place(folder: Path, inside: str, base: str) -> Path:
    """A harmless name in a numbered folder; files of one folder stay together (a table and its memo file)."""
    here = folder / inside
    here.mkdir(exist_ok=True)
    stem, dot, suffix = _RISKY.sub("_", base).rpartition(".")
    safe = here / f"{(stem if dot else suffix)[:LONGEST_NAME]}{dot}{suffix[:20] if dot else ''}"
    return safe if not safe.exists() else here / f"{len(list(here.iterdir()))}-{safe.name}"


def _lay(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path, most: int) -> int:
    size = 0
    try:
        with archive.open(info) as stream, place.open("xb") as file:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise Unreadable("too_large", "unpacked")
                file.write(chunk)
    except NotImplementedError as e:
        raise Unreadable("unsupported_format", "compression") from e
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError) as e:
        place.unlink(missing_ok=True)
        raise Unreadable("corrupt", type(e).__name__) from e
    except Unreadable:
        place.unlink(missing_ok=True)
        raise
    except OSError as e:  # the disk is full, or knows no such name
        if e.errno in (None, errno.EINVAL):  # bytes that do not unpack, or stand before the beginning of the file
            place.unlink(missing_ok=True)
            raise Unreadable("corrupt", type(e).__name__) from e
        raise Unreadable("unreadable_disk", e.strerror or "") from e
    return size
