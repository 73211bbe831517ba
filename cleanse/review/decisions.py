"""Decisions of people about pairs of records, in a text file made for version control.

One JSON object per line, keyed by digests of what identifies the two records: no personal value stands in the file, and
a decision holds wherever the records stand next time. A later line on the same pair counts; both stay. Keeping apart is
stronger than merging.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from cleanse.errors import UsageError

VERDICTS = ("merge", "apart", "related")


@dataclass(frozen=True, order=True)
class Decision:
    """Two records, by digest (left <= right), and what was said of them, by whom and when."""

    entity: str
    left: str
    right: str
    verdict: str
    who: str = ""
    when: str = ""
    why: str = ""


@dataclass(frozen=True)
class Resolved:
    """``forced``: entity, left, right (rids), verdict. ``stale``: decisions of which a side is not among the records any
    more. ``replaced``: how many earlier lines a later one replaced."""

    forced: pd.DataFrame
    applied: int
    stale: tuple[Decision, ...]
    replaced: int


def decision(entity: str, one: str, other: str, verdict: str, who: str = "", when: str = "", why: str = "") -> Decision:
    """A decision with its sides in order.

    >>> decision("customer", "b", "a", "apart").left
    'a'
    """
    left, right = sorted((one, other))
    return Decision(entity, left, right, verdict, who, when, why)


def read(path: Path) -> list[Decision]:
    """The decisions of a file, in its order; none where there is no file. Raises UsageError naming a bad line."""
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8-sig").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            entry = json.loads(line)
            if entry["verdict"] not in VERDICTS:
                raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}")
            found.append(decision(**{k: str(v) for k, v in entry.items() if k not in ("left", "right")},
                                  one=str(entry["left"]), other=str(entry["right"])))  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"not a decision: {error}", where=f"{path}:{number}", cure="mend or delete the line") from error
    return found


def file_digest(path: Path) -> str:
    """sha256 of the decisions that hold, '' where there are none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def append(path: Path, decisions: Sequence[Decision]) -> None:
    """Add decisions behind what is there; the file is replaced in one step."""
    before = path.read_text("utf-8-sig") if path.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    lines = "".join(json.dumps(asdict(d), ensure_ascii=False, sort_keys=True) + "\n" for d in decisions)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(before + lines, "utf-8", newline="\n")
    temporary.replace(path)


def digest(records: pd.DataFrame, fields: Sequence[str]) -> pd.Series:
    """A digest per record (by rid) of the named fields as they are after cleaning."""
    columns = [records[f].fillna("").to_numpy(dtype=object) for f in fields if f in records.columns]
    texts = ["\x1f".join(row) for row in zip(*columns, strict=True)] if columns else [""] * len(records)
    digests = [hashlib.sha256(t.encode("utf-8", "surrogatepass")).hexdigest()[:20] for t in texts]
    return pd.Series(digests, index=records["rid"].to_numpy(), dtype="str")


def resolve(decisions: Sequence[Decision], digests: pd.DataFrame) -> Resolved:
    """Decisions as pairs of records. ``digests``: entity, rid, digest. Records of one content share their decisions."""
    latest = {(d.entity, d.left, d.right): d for d in decisions}
    table = pd.DataFrame([asdict(d) for d in latest.values()], columns=["entity", "left", "right", "verdict"])
    sides = {}
    for side in ("left", "right"):
        renamed = digests.rename(columns={"rid": f"{side}_rid", "digest": side})
        sides[side] = renamed
    pairs = table.merge(sides["left"], on=["entity", "left"]).merge(sides["right"], on=["entity", "right"])
    known = {(e, d) for e, d in zip(digests["entity"], digests["digest"], strict=True)} if latest else set()
    stale = tuple(d for d in latest.values() if not {(d.entity, d.left), (d.entity, d.right)} <= known)
    forced = pairs[pairs["left_rid"] != pairs["right_rid"]]
    out = pd.DataFrame({
        "entity": forced["entity"], "left": forced["left_rid"], "right": forced["right_rid"], "verdict": forced["verdict"],
    }).reset_index(drop=True)  # fmt: skip
    return Resolved(out, len(latest) - len(stale), stale, len(decisions) - len(latest))
