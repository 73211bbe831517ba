"""Decisions of people about pairs of records, in a text file made for version control.

One JSON object per line, keyed by digests of what identifies the two records: no personal value stands in the file, and
a decision holds wherever the records stand next time. A later line on the same pair counts; both stay: ``withdrawn``
takes an earlier one back, ``defer`` puts it off. A line ``against`` somebody does not: of the two nothing holds until a
person settles it by a further line. Keeping apart is stronger than merging, also through others.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.errors import TargetError, UsageError
from cleanse.review.components import components

PARTING = ("apart", "related")
FORCING = ("merge", *PARTING)  # the verdicts that say something of two records ...
VERDICTS = (*FORCING, "defer", "withdrawn")  # ... and those that take an earlier one back: not yet, not any more
DIGITS = 20  # hex digits of a digest: 80 bits, no two of a billion records alike
KEY = 5 + DIGITS  # what of a digest tells the record; behind it stands a short sum per field
ALIKE = 20  # records as like a missing one as each other, beyond which it may be anyone
SUM = 5  # hex digits of a field's sum: 20 bits tell that it changed, not what it was
_HEX, _SHIFTS = np.frombuffer(b"0123456789abcdef", np.uint8), np.arange(SUM, dtype=np.uint32)[::-1] * 4
FORCED = ("entity", "left", "right", "verdict", "above")
CHOICES = "choices.jsonl"  # the file of chosen values, beside that of the decisions
OPTIONAL = ("against", "above", "seen")  # written only where they say something
T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Decision:
    """Two records, by digest (left <= right), and what was said of them, by whom, when (ISO) and why. ``against``: who
    had said otherwise, unknown to this one. ``above``: of two related ones the one that the other belongs to, as its head
    office or group; '' where it was not said. ``seen``: the queue in which the records stood when it was said."""

    entity: str
    left: str
    right: str
    verdict: str
    who: str = ""
    when: str = ""
    why: str = ""
    against: str = ""
    above: str = ""
    seen: str = ""


@dataclass(frozen=True)
class Stale:
    """A decision of which a side is not among the records any more: a code of why, and the fields that changed where one
    record is like the missing one but for them. ``now``: of each side the keys of the records that it may be now."""

    decision: Decision
    code: str
    fields: tuple[str, ...] = ()
    now: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(frozen=True)
class Disputed:
    """Two people of different minds about the same two records."""

    earlier: Decision
    later: Decision


@dataclass(frozen=True)
class Resolved:
    """What decisions mean for the records at hand.

    ``forced``: entity, left < right (rids), verdict, above (rid of the one the other belongs to, -1: not said); ``review``
    holds a disputed pair open, and one that was kept apart before a side of it changed. ``applied``: how many
    decisions hold. ``stale``: those of which a side is not among the records any more. ``conflicting``: those that keep
    two records apart which others merge, by a chain; they stand above the chain. ``disputed``: pairs on which two people
    disagree; nothing holds. ``replaced``: how many earlier lines a later one replaced. ``by``: the decision of every line of
    ``forced``.
    """

    forced: pd.DataFrame
    applied: int
    stale: tuple[Stale, ...]
    replaced: int
    conflicting: tuple[Decision, ...] = ()
    disputed: tuple[Disputed, ...] = ()
    by: tuple[Decision, ...] = ()


def decision(
    entity: str, one: str, other: str, verdict: str, who: str = "", when: str = "", why: str = "", against: str = "",
    above: str = "", seen: str = "",
) -> Decision:  # fmt: skip
    """A decision with its sides in order.

    >>> decision("customer", "b", "a", "apart").left
    'a'
    """
    left, right = sorted((one, other))
    return Decision(entity, left, right, verdict, who, when, why, against, above, seen)


# -------------------------------------------------------------------------------------------------------------- file


def read(path: Path) -> list[Decision]:
    """The decisions of a file, in its order; none where there is no file. Raises UsageError naming a bad line."""
    return list(read_lines(path, _parsed))


def read_lines(path: Path, parse: Callable[[str], T]) -> Iterator[T]:
    """What ``parse`` makes of every line of a text file; it raises ValueError, this UsageError naming the line."""
    if not path.exists():
        return
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError("decisions are not UTF-8 text", where=str(path), cure="save the file as UTF-8") from error
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                yield parse(line)
            except ValueError as error:
                cure = "mend or delete the line; a line is one JSON object as `cleanse review import` writes it"
                raise UsageError(f"not a decision: {error}", where=f"{path}:{number}", cure=cure) from error


def entry_of(line: str, known: Sequence[str], needed: int) -> dict[str, str]:
    """A line of JSON as texts by key, of which the first ``needed`` of ``known`` must be there. Raises ValueError saying
    what is wrong, without the values of the line."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON at column {error.colno}") from error
    if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
        raise ValueError("want one object whose values are all text")
    if missing := [name for name in known[:needed] if name not in entry]:
        raise ValueError(f"no {', '.join(missing)}")
    if unknown := sorted(set(entry) - set(known)):
        raise ValueError(f"unknown key {', '.join(unknown)}")
    return entry


def _parsed(line: str) -> Decision:
    entry = entry_of(line, [f.name for f in fields(Decision)], 4)
    if entry["verdict"] not in VERDICTS:
        raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}")
    if entry.get("above", "") not in ("", entry["left"], entry["right"]):
        raise ValueError("above must be left or right")
    return decision(one=entry.pop("left"), other=entry.pop("right"), **entry)


def by_pair(path: Path) -> dict[tuple[str, str, str], list[Decision]]:
    """The decisions of a file by entity and both sides."""
    found: dict[tuple[str, str, str], list[Decision]] = {}
    for d in read(path):
        found.setdefault((d.entity, d.left, d.right), []).append(d)
    return found


def append(path: Path, decisions: Sequence[Decision]) -> None:
    """Add decisions behind what is there: on disk when this returns, all of them or none. Raises TargetError when they
    cannot be written."""
    append_lines(path, "".join(map(written, decisions)))


def append_lines(path: Path, lines: str) -> None:
    """Add whole lines to a text file, as ``append`` does."""
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


def written(entry: Any) -> str:
    """A decision (or another record of texts) as a line of JSON."""
    entry = {name: value for name, value in asdict(entry).items() if value or name not in OPTIONAL}
    return json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n"


def file_digest(path: Path) -> str:
    """sha256 of the decisions and of the choices beside them, '' where there are none."""
    texts = [p.read_bytes() for p in (path, path.with_name(CHOICES)) if p.exists()]
    return hashlib.sha256(b"".join(texts)).hexdigest() if texts else ""


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
    version = hashlib.sha256("\n".join(names).encode()).hexdigest()[: KEY - DIGITS - 1]
    blank = pd.Series("", index=records.index, dtype="str")
    columns = [_plain(records.get(n, blank)) for n in names]
    texts = [column.dictionary_decode() for column in (*columns, _plain(blank))]
    texts = (
        pc.binary_join_element_wise(*texts, pa.scalar("\x1f", pa.large_string())).cast(pa.large_binary()).to_pylist()
    )
    sums = pc.binary_join_element_wise(*map(_sums, columns), pa.scalar("", pa.large_string())).to_pylist()
    empty = b"\x1f" * len(names)
    pairs = zip(texts, sums, strict=True)
    digests = ["" if text == empty else f"{version}-{_hash(text)}-{check}" for text, check in pairs]
    return pd.Series(digests, index=records["rid"].to_numpy(), dtype="str")


def _sums(column: pa.DictionaryArray) -> pa.Array:
    """A short sum of every text: the last digits of its CRC; zeros where it is empty."""
    texts = column.dictionary.cast(pa.large_binary()).to_pylist()
    sums = np.fromiter(map(zlib.crc32, texts), np.uint32, len(texts))
    digits = _HEX[sums[:, None] >> _SHIFTS & 15]
    return pc.take(pa.array(digits.view(f"S{SUM}").ravel()).cast(pa.large_string()), column.indices)


def tell(earlier: Sequence[Decision], one: Decision) -> Decision:
    """A decision that was made without knowing of ``earlier`` ones on the same records: ``against`` whoever said otherwise
    last.

    >>> tell([decision("c", "a", "b", "apart", "王敏")], decision("c", "a", "b", "merge", "李立")).against
    '王敏'
    """
    latest = {d.who: d for d in earlier[max((n for n, d in enumerate(earlier) if not d.against), default=0) :]}
    other = [d.who for d in latest.values() if d.who != one.who and d.verdict in FORCING and _unlike(d, one)]
    return replace(one, against=other[-1]) if other else one


def _unlike(one: Decision, other: Decision) -> bool:
    return one.verdict != other.verdict or (one.above != other.above and bool(one.above and other.above))


def _plain(column: pd.Series) -> pa.DictionaryArray:
    """Texts without case, width and spaces; the dictionary may hold one more than once."""
    texts = pa.array(column.astype("str").fillna(""), type=pa.large_string()).dictionary_encode()
    plain = pc.utf8_lower(pc.utf8_normalize(texts.dictionary, form="NFKC"))
    plain = pc.replace_substring_regex(plain, pattern=r"[\s\x1f]+", replacement="")
    return pa.DictionaryArray.from_arrays(texts.indices, plain)


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:DIGITS]


# ----------------------------------------------------------------------------------------------------------- resolve


def resolve(
    decisions: Sequence[Decision], digests: pd.DataFrame, fields: Mapping[str, Sequence[str]] | None = None
) -> Resolved:
    """Decisions as pairs of records. ``digests``: entity, rid, digest. ``fields``: by entity, those the digests are of.
    Records of one content share their decisions. Two records that were kept apart are not merged because one of them was
    changed since: a person decides again."""
    latest = {(d.entity, d.left[:KEY], d.right[:KEY]): d for d in decisions}
    held = tuple(d for d in latest.values() if d.verdict in FORCING)
    table = pd.DataFrame([asdict(d) for d in held], columns=["entity", "left", "right", "verdict", "against", "above"])
    for side in ("left", "right", "above"):
        table[side] = table[side].astype("str").str[:KEY]
    table.loc[table["against"] != "", "verdict"] = "review"
    keys = digests.assign(digest=digests["digest"].astype("str").str[:KEY])
    wanted = keys[keys["digest"].isin({*table["left"], *table["right"]}) & (keys["digest"] != "")]
    present = set(zip(wanted["entity"], wanted["digest"], strict=True))
    gone = [d for d in held if not {(d.entity, d.left[:KEY]), (d.entity, d.right[:KEY])} <= present]
    stale = _stale(gone, present, digests, fields or {})
    open_ = _held_open(stale, latest, held)
    table = pd.concat([table.assign(said=np.arange(len(table))), open_], ignore_index=True)
    wanted = keys[keys["digest"].isin({*table["left"], *table["right"]}) & (keys["digest"] != "")]
    pairs, sides = table, ("left", "right")
    for side in sides:
        pairs = pairs.merge(wanted.rename(columns={"rid": f"{side}_rid", "digest": side}), on=["entity", side])
    ends = np.sort(pairs[["left_rid", "right_rid"]].to_numpy(dtype=np.int64), axis=1)
    forced = pd.DataFrame({
        "entity": pairs["entity"], "left": ends[:, 0], "right": ends[:, 1],
        "verdict": pairs["verdict"], "said": pairs["said"],
        "above": np.select([pairs["above"] == pairs[x] for x in sides], [pairs[f"{x}_rid"] for x in sides], -1),
    })  # fmt: skip
    forced = forced[forced["left"] != forced["right"]].drop_duplicates(["entity", "left", "right"])
    forced = forced.sort_values(["entity", "left", "right"], ignore_index=True)
    conflicting = tuple(held[n] for n in sorted(_chained(forced)))
    disputed = _disputes(decisions, [d for d in held if d.against and d not in gone])
    return Resolved(
        forced[list(FORCED)], len(held) - len(gone) - len(disputed), stale,
        len(decisions) - len(latest), conflicting, disputed, tuple(held[n] for n in forced["said"]),
    )  # fmt: skip


def _disputes(decisions: Sequence[Decision], later: Sequence[Decision]) -> tuple[Disputed, ...]:
    """Every line that is against somebody with the last word of that person on the same records."""
    said = {(d.entity, d.left[:KEY], d.right[:KEY], d.who): d for d in decisions}
    earlier = (said.get((d.entity, d.left[:KEY], d.right[:KEY], d.against), replace(d, who=d.against)) for d in later)
    return tuple(Disputed(before, d) for before, d in zip(earlier, later, strict=True))


def _stale(
    gone: Sequence[Decision], present: set[tuple[str, str]], digests: pd.DataFrame, fields: Mapping[str, Sequence[str]]
) -> tuple[Stale, ...]:
    """Why decisions do not hold any more, and what they would speak of now."""
    of = {name: digests.loc[digests["entity"] == name, "digest"] for name in {d.entity for d in gone}}
    found = []
    for d in gone:
        names = sorted(set(fields.get(d.entity, ())))
        left, right = (
            ((), (side[:KEY],)) if (d.entity, side[:KEY]) in present else _nearest(side, other, of[d.entity])
            for side, other in ((d.left, d.right), (d.right, d.left))
        )
        known = tuple(names[n] for n in sorted({*left[0], *right[0]}) if n < len(names))
        now = (left[1], right[1])
        found.append(Stale(d, "decision_changed" if all(now) else "decision_gone", known, now))
    return tuple(found)


def _held_open(
    stale: Sequence[Stale], latest: Mapping[tuple[str, str, str], Decision], held: Sequence[Decision]
) -> pd.DataFrame:
    """The pairs that were kept apart before a side of them changed, as lines of decisions: to be judged again, if nobody
    has said anything of them since."""
    number, lines = {d: n for n, d in enumerate(held)}, []
    for one in stale:
        d = one.decision
        for left, right in (sorted(ends) for ends in product(*one.now) if d.verdict in PARTING):
            since = latest.get((d.entity, left, right))
            if left != right and (since is None or since.verdict == "defer"):
                lines.append((d.entity, left, right, "review", "", "", number[d]))
    return pd.DataFrame(lines, columns=["entity", "left", "right", "verdict", "against", "above", "said"]).astype({"said": int})


def _nearest(missing: str, other: str, digests: pd.Series) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The keys of the records that are most like a missing one, none where they are less than half like it or too many; and,
    where it is one alone, the fields in which it differs. ``other`` stands there in its own right."""
    version, sums = missing.partition("-")[0], missing[KEY + 1 :]
    width = len(sums)
    there = digests[digests.str.startswith(f"{version}-") & (digests.str.len() == KEY + 1 + width)]
    there = there[there.str[:KEY] != other[:KEY]]
    if not width or there.empty:
        return (), ()
    empty = f"{zlib.crc32(b'') % 16**SUM:0{SUM}x}"
    own = [sums[at : at + SUM] for at in range(0, width, SUM)]
    theirs = there.str[KEY + 1 :]
    same = np.stack([(theirs.str[n * SUM : (n + 1) * SUM] == s).to_numpy() for n, s in enumerate(own)])
    filled = np.array([s != empty for s in own])
    like = same[filled].sum(axis=0)
    best = np.flatnonzero(like == like.max())
    keys = tuple(dict.fromkeys(there.iloc[best].str[:KEY]))
    if 2 * like.max() < filled.sum() or len(keys) > ALIKE:
        return (), ()
    return tuple(np.flatnonzero(~same[:, best[0]]).tolist()) if len(keys) == 1 else (), keys


def _chained(forced: pd.DataFrame) -> set[int]:
    """The decisions that part two records which merges join."""
    keys = pd.MultiIndex.from_frame(pd.concat([
        forced[["entity", side]].rename(columns={side: "rid"}) for side in ("left", "right")
    ]))  # fmt: skip
    codes = keys.factorize()[0].reshape(2, -1)
    merge = (forced["verdict"] == "merge").to_numpy()
    label = components(int(codes.max(initial=-1)) + 1, codes[0, merge], codes[1, merge])
    parted = forced["verdict"].isin(["apart", "related"])
    return set(forced.loc[parted & (label[codes[0]] == label[codes[1]]), "said"].tolist())
