"""Decisions of people about pairs of records, in a text file made for version control.

One JSON object per line, keyed by digests of what identifies the two records: no personal value stands in the file, and
a decision holds wherever the records stand next time. A later line on the same pair counts; both stay: ``withdrawn``
takes an earlier one back, ``defer`` puts it off. Keeping apart is stronger than merging, also through others.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.errors import TargetError, UsageError
from cleanse.review.components import components

FORCING = ("merge", "apart", "related")  # the verdicts that say something of two records ...
VERDICTS = (*FORCING, "defer", "withdrawn")  # ... and those that take an earlier one back: not yet, not any more
DIGITS = 20  # hex digits of a digest: 80 bits, no two of a billion records alike
FORCED = ("entity", "left", "right", "verdict")


@dataclass(frozen=True, order=True)
class Decision:
    """Two records, by digest (left <= right), and what was said of them, by whom, when (ISO) and why."""

    entity: str
    left: str
    right: str
    verdict: str
    who: str = ""
    when: str = ""
    why: str = ""


@dataclass(frozen=True)
class Resolved:
    """What decisions mean for the records at hand.

    ``forced``: entity, left < right (rids), verdict. ``applied``: how many decisions hold. ``stale``: those of which a
    side is not among the records any more. ``conflicting``: those that keep two records apart which others merge, by a
    chain; they stand above the chain. ``replaced``: how many earlier lines a later one replaced.
    """

    forced: pd.DataFrame
    applied: int
    stale: tuple[Decision, ...]
    replaced: int
    conflicting: tuple[Decision, ...] = ()


def decision(entity: str, one: str, other: str, verdict: str, who: str = "", when: str = "", why: str = "") -> Decision:
    """A decision with its sides in order.

    >>> decision("customer", "b", "a", "apart").left
    'a'
    """
    left, right = sorted((one, other))
    return Decision(entity, left, right, verdict, who, when, why)


# -------------------------------------------------------------------------------------------------------------- file


def read(path: Path) -> list[Decision]:
    """The decisions of a file, in its order; none where there is no file. Raises UsageError naming a bad line."""
    if not path.exists():
        return []
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError("decisions are not UTF-8 text", where=str(path), cure="save the file as UTF-8") from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append(_parsed(line))
            except ValueError as error:
                cure = "mend or delete the line; a line is one JSON object as `cleanse review import` writes it"
                raise UsageError(f"not a decision: {error}", where=f"{path}:{number}", cure=cure) from error
    return found


def _parsed(line: str) -> Decision:
    """Raises ValueError saying what is wrong, without the values of the line."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON at column {error.colno}") from error
    known = [f.name for f in fields(Decision)]
    if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
        raise ValueError("want one object whose values are all text")
    if missing := [name for name in known[:4] if name not in entry]:
        raise ValueError(f"no {', '.join(missing)}")
    if unknown := sorted(set(entry) - set(known)):
        raise ValueError(f"unknown key {', '.join(unknown)}")
    if entry["verdict"] not in VERDICTS:
        raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}")
    return decision(one=entry.pop("left"), other=entry.pop("right"), **entry)


def append(path: Path, decisions: Sequence[Decision]) -> None:
    """Add decisions behind what is there: on disk when this returns, all of them or none. Raises TargetError when they
    cannot be written."""
    lines = "".join(json.dumps(asdict(d), ensure_ascii=False, sort_keys=True) + "\n" for d in decisions)
    try:
        with path.open("ab+", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            gap = b"" if file.read(1) in (b"", b"\n") else b"\n"
            try:
                left = memoryview(gap + lines.encode("utf-8"))
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        what = f"decisions cannot be written: {error.strerror}"
        raise TargetError(what, where=str(path), cure="check rights and free space") from error


def file_digest(path: Path) -> str:
    """sha256 of the decisions that hold, '' where there are none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


# ----------------------------------------------------------------------------------------------------------- content


def digest(records: pd.DataFrame, fields: Sequence[str]) -> pd.Series:
    """A digest per record (by rid) of what the named fields say, whatever their order, case, width and spaces.

    It begins with a version of the list of fields, which tells digests of other fields from those of other content.
    A record in which they are all empty has no digest ('').

    >>> found = digest(pd.DataFrame({"rid": [4, 7], "name": ["Ab ", "aB"]}), ["name"])
    >>> bool(found[4] == found[7])
    True
    """
    names = sorted(set(fields))
    version = hashlib.sha256("\n".join(names).encode()).hexdigest()[:4]
    blank = pd.Series("", index=records.index, dtype="str")
    columns = [_plain(column) for column in (*(records.get(n, blank) for n in names), blank)]
    texts = pc.binary_join_element_wise(*columns, pa.scalar("\x1f", pa.large_string())).to_pylist()
    empty = "\x1f" * len(names)
    digests = ["" if text == empty else f"{version}-{_hash(text)}" for text in texts]
    return pd.Series(digests, index=records["rid"].to_numpy(), dtype="str")


def _plain(column: pd.Series) -> pa.Array:
    """Texts without case, width and spaces."""
    texts = pa.array(column.astype("str").fillna(""), type=pa.large_string()).dictionary_encode()
    plain = pc.utf8_lower(pc.utf8_normalize(texts.dictionary, form="NFKC"))
    plain = pc.replace_substring_regex(plain, pattern=r"[\s\x1f]+", replacement="")
    return pc.take(plain, texts.indices)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:DIGITS]


# ----------------------------------------------------------------------------------------------------------- resolve


def resolve(decisions: Sequence[Decision], digests: pd.DataFrame) -> Resolved:
    """Decisions as pairs of records. ``digests``: entity, rid, digest. Records of one content share their decisions."""
    latest = {(d.entity, d.left, d.right): d for d in decisions}
    held = tuple(d for d in latest.values() if d.verdict in FORCING)
    table = pd.DataFrame([asdict(d) for d in held], columns=["entity", "left", "right", "verdict"])
    wanted = digests[digests["digest"].isin({*table["left"], *table["right"]}) & (digests["digest"] != "")]
    present = set(zip(wanted["entity"], wanted["digest"], strict=True))
    stale = tuple(d for d in held if not {(d.entity, d.left), (d.entity, d.right)} <= present)
    pairs = table.assign(said=np.arange(len(table)))
    for side in ("left", "right"):
        pairs = pairs.merge(wanted.rename(columns={"rid": f"{side}_rid", "digest": side}), on=["entity", side])
    ends = np.sort(pairs[["left_rid", "right_rid"]].to_numpy(dtype=np.int64), axis=1)
    forced = pd.DataFrame({
        "entity": pairs["entity"], "left": ends[:, 0], "right": ends[:, 1],
        "verdict": pairs["verdict"], "said": pairs["said"],
    })  # fmt: skip
    forced = forced[forced["left"] != forced["right"]].drop_duplicates(["entity", "left", "right"])
    forced = forced.sort_values(["entity", "left", "right"], ignore_index=True)
    conflicting = tuple(held[n] for n in sorted(_chained(forced)))
    return Resolved(forced[list(FORCED)], len(held) - len(stale), stale, len(decisions) - len(latest), conflicting)


def _chained(forced: pd.DataFrame) -> set[int]:
    """The decisions that part two records which merges join."""
    keys = pd.MultiIndex.from_frame(pd.concat([
        forced[["entity", side]].rename(columns={side: "rid"}) for side in ("left", "right")
    ]))  # fmt: skip
    codes = keys.factorize()[0].reshape(2, -1)
    merge = (forced["verdict"] == "merge").to_numpy()
    label = components(int(codes.max(initial=-1)) + 1, codes[0, merge], codes[1, merge])
    return set(forced.loc[~merge & (label[codes[0]] == label[codes[1]]), "said"].tolist())
