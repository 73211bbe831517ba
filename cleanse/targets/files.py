"""Files for import, written in the form a profile describes, and read back as strictly as the target would.

Parts are numbered in load order (``1_customer_001.csv``), parents first, children of one parent in one part. The same
tables give the same bytes. A file has its name only once it is whole.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from cleanse.errors import TargetError
from cleanse.model import Profile, Seen, TargetField, TargetObject, Written
from cleanse.targets import delimited, workbook

RECEIPTS = ("object", "key", "status", "message")
NEW, UPDATE = "new", "update"  # in the names of files of a target that wants them apart
ARCHIVED = (1980, 1, 1, 0, 0, 0)  # an archive must name a day; the clock would change its bytes


def write(
    tables: Mapping[str, pd.DataFrame],
    profile: Profile,
    folder: Path,
    updates: Mapping[str, int] | None = None,
    ids: Mapping[str, pd.Series] | None = None,
) -> tuple[Written, ...]:
    """Write every table of ``tables`` (object name -> text frame by golden_id, missing where empty) into ``folder``.

    A table without rows makes no file. Files of an earlier write of the same objects are replaced, none is left behind.
    ``updates``: how many of the last rows of an object are updates that want files of their own; ``ids``: the target's own
    id of those it knows by that, by golden_id: the first column of these files. Raises TargetError
    where the disk refuses, or where one row alone is larger than the file may be.
    """
    made: list[Written] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target in profile.objects:
            names = [path.name for path in folder.iterdir() if _pattern(target, profile).fullmatch(path.name)]
            if target.name in tables and len(tables[target.name]):
                known = (updates or {}).get(target.name, 0)
                named = (ids or {}).get(target.name, pd.Series(dtype="str"))
                made += _write_object(tables[target.name], target, profile, folder, known, named)
            for name in set(names) - {one.path for one in made}:
                (folder / name).unlink()
    except OSError as error:
        raise TargetError(
            f"the disk refused: {error.strerror}",
            where=str(folder),
            cure="close the file, free space, or choose another folder",
        ) from error
    return tuple(made)


def look(
    folder: Path, written: Sequence[Written], profile: Profile
) -> tuple[dict[str, list[pd.DataFrame]], tuple[Seen, ...]]:
    """Every file read again: its rows by object, part by part, and what its bytes show. Judges nothing.

    The columns are named as the profile names them wherever the header is one of the profile's.
    """
    frames: dict[str, list[pd.DataFrame]] = {}
    seen: list[Seen] = []
    for one in written:
        table, facts = _reader(profile)(folder / one.path, profile, one.object)
        frames.setdefault(one.object, []).append(table.rename(columns=_names(_object(profile, one.object), profile)))
        seen.append(facts)
    return frames, tuple(seen)


def read_back(path: Path, profile: Profile, object_name: str) -> pd.DataFrame:
    """One written file, read as the target would: columns named as the profile names them, missing where empty.

    Raises TargetError when the bytes are not in the profile's encoding, the header is not the profile's, or a row has
    another width than the header.
    """
    table, seen = _reader(profile)(path, profile, object_name)
    if seen.fault or seen.ragged:
        raise TargetError(
            seen.fault or "rows of another width than the header",
            where=path.name,
            cure="write the file again with `cleanse run`",
        )
    names = _names(_object(profile, object_name), profile)
    own = _object(profile, object_name).id
    if own and seen.header[:1] == (own,) and f"_{UPDATE}_" in path.name:
        names = {own: own, **names}
    if list(seen.header) != list(names):
        raise TargetError(
            "the header is not the profile's", where=path.name, cure="write the file again with `cleanse run`"
        )
    return table.set_axis(list(names.values()), axis=1)


def load(tables: Mapping[str, pd.DataFrame], profile: Profile, folder: Path) -> pd.DataFrame:
    """Write the files; one receipt per row in order, its message the file it stands in."""
    lines = []
    for one in write(tables, profile, folder):
        keys = tables[one.object].index[one.start : one.start + one.rows]
        lines.append(pd.DataFrame({"object": one.object, "key": keys, "status": "written", "message": one.path}))
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=list(RECEIPTS))


def fetch(folder: Path, profile: Profile) -> dict[str, pd.DataFrame]:
    """Everything in the folder, read back by object; indexed by the key column where the object has one."""
    found: dict[str, pd.DataFrame] = {}
    for target in profile.objects:
        paths = sorted(path for path in folder.iterdir() if _pattern(target, profile).fullmatch(path.name))
        if paths:
            table = pd.concat([read_back(path, profile, target.name) for path in paths], ignore_index=True)
            found[target.name] = table.set_index(target.key, drop=False).rename_axis(None) if target.key else table
    return found


def _names(target: TargetObject, profile: Profile) -> dict[str, str]:
    return {profile.header(column): column.name for column in target.fields}


def _object(profile: Profile, name: str) -> TargetObject:
    return next(target for target in profile.objects if target.name == name)


def _pattern(target: TargetObject, profile: Profile) -> re.Pattern[str]:
    stem = f"{profile.objects.index(target) + 1}_{re.escape(target.name)}"
    return re.compile(rf"{stem}(_{NEW}|_{UPDATE})?_\d{{3,}}\.{profile.form['archive'] or profile.form['type']}")


def _reader(profile: Profile) -> Callable[[Path, Profile, str], tuple[pd.DataFrame, Seen]]:
    return workbook.read if profile.form["type"] == "xlsx" else delimited.read


def _write_object(
    table: pd.DataFrame, target: TargetObject, profile: Profile, folder: Path, known: int, ids: pd.Series
) -> list[Written]:
    """The parts of one object; ``known``: its last rows that update; ``ids``: the target's own ids."""
    table = table[[column.name for column in target.fields]]
    sheets = _workbooks if profile.form["type"] == "xlsx" else _texts
    stem = f"{profile.objects.index(target) + 1}_{target.name}"
    cut = len(table) - known
    made: list[Written] = []
    for begin, end, sort in _sorts(len(table), cut, profile):
        number, shape = 0, target
        if sort == f"_{UPDATE}" and len(ids):
            shape = replace(target, fields=(TargetField(target.id, target.id), *target.fields))
        for first, last in pairwise(_ranks(table.iloc[begin:end], target)):
            rows = table.iloc[begin + first : begin + last]
            parents = rows[target.parent] if target.parent else None
            if shape is not target:
                rows = pd.concat([ids.reindex(rows.index).rename(target.id), rows], axis=1)
            for start, count, body in sheets(rows, shape, profile, parents):
                number += 1
                name, content = f"{stem}{sort}_{number:03}.{profile.form['type']}", body
                if profile.form["archive"]:
                    name, content = _archived(name, body)
                temporary = folder / f".{name}.tmp"
                temporary.write_bytes(content)
                temporary.replace(folder / name)
                digest = hashlib.sha256(content).hexdigest()
                place = (len(made) + 1, begin + first + start, count)
                made.append(Written(target.name, name, *place, len(content), digest))
    return made


def _ranks(table: pd.DataFrame, target: TargetObject) -> list[int]:
    """Where a new part begins so that no row stands in one part with its own parent, and the end: a target may look for
    the parent before it has taken the part."""
    cuts = [0]
    if target.own_parent:
        above = pd.Index(table[target.key]).get_indexer(table[target.own_parent])
        for row in np.flatnonzero(above >= 0).tolist():
            if above[row] >= cuts[-1]:
                cuts.append(row)
    return [*cuts, len(table)]


def _sorts(rows: int, cut: int, profile: Profile) -> list[tuple[int, int, str]]:
    """The slices that go into files of their own, with what their names say."""
    new = f"_{NEW}" if profile.form["existing"] == "apart" else ""
    return [part for part in ((0, cut, new), (cut, rows, f"_{UPDATE}")) if part[1] > part[0]]


def _archived(name: str, content: bytes) -> tuple[str, bytes]:
    """The name and the bytes of a zip archive with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, ARCHIVED), content, zipfile.ZIP_DEFLATED)
    return f"{Path(name).stem}.zip", buffer.getvalue()


Parts = Iterator[tuple[int, int, bytes]]  # first row, rows, the file's bytes


def _texts(table: pd.DataFrame, target: TargetObject, profile: Profile, parents: pd.Series | None) -> Parts:
    head, lines, sizes = delimited.render(table, target, profile)
    room = profile.limit("bytes", target.name) - len(head)
    for start, stop in _cuts(sizes, parents, profile.limit("rows", target.name), room, target):
        yield start, stop - start, head + "".join(lines[start:stop]).encode(profile.form["encoding"])


def _workbooks(table: pd.DataFrame, target: TargetObject, profile: Profile, parents: pd.Series | None) -> Parts:
    """Workbooks are written by rows; one that turns out too large is halved."""
    room = profile.limit("bytes", target.name)
    waiting = list(_cuts(np.zeros(len(table), dtype=int), parents, profile.limit("rows", target.name), room, target))
    while waiting:
        start, stop = waiting.pop(0)
        content = workbook.render(table.iloc[start:stop], target, profile)
        if room and len(content) > room:
            if stop - start < 2:
                raise _too_large(target)
            half = parents.iloc[start:stop] if parents is not None else None
            sizes = np.zeros(stop - start, dtype=int)
            waiting[:0] = [(start + a, start + b) for a, b in _cuts(sizes, half, (stop - start + 1) // 2, 0, target)]
            continue
        yield start, stop - start, content


def _cuts(
    sizes: np.ndarray, parents: pd.Series | None, rows: int, room: int, target: TargetObject
) -> Iterator[tuple[int, int]]:
    """Slices within ``rows`` and ``room`` bytes (0: no limit) that do not part the children of one parent.

    Only a family that alone is larger than a file is parted.
    """
    total = len(sizes)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    family = _families(parents, total)
    start = 0
    while start < total:
        stop = min(start + rows, total) if rows else total
        if room > 0:
            stop = min(stop, int(np.searchsorted(ends, ends[start] + room, side="right")) - 1)
        if stop <= start:
            raise _too_large(target)
        if stop < total and family[stop] > start:
            stop = int(family[stop])
        yield start, stop
        start = stop


def _families(parents: pd.Series | None, total: int) -> np.ndarray:
    """For every row the first row of its run of children of one parent."""
    rows = np.arange(total)
    if parents is None:
        return rows
    codes = pd.factorize(parents)[0]
    first = np.r_[True, (codes[1:] != codes[:-1]) | (codes[1:] < 0)]
    return np.asarray(np.maximum.accumulate(np.where(first, rows, 0)))


def _too_large(target: TargetObject) -> TargetError:
    return TargetError(
        f"one row of {target.label} is larger than a file may be",
        where="limits.bytes",
        cure="raise limits.bytes or shorten the row",
    )
