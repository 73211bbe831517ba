"""The groups of a run as the page asks for them: one after the other, each whole, made when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from cleanse.model import Band
from cleanse.review.decisions import KEY
from cleanse.review.groups import groups
from cleanse.review.sampling import DRAWN

SHEETS = ("review", "sample", "merged", "related")


@dataclass(frozen=True)
class Subject:
    """What a run knows of one entity.

    ``label`` and the headings in ``fields`` by language; ``fields`` the most telling first; ``telling``: fields whose
    shared values are counted; ``evidence``: name -> its fields. ``records``: rid, the address and the fields.
    ``digests`` by rid. ``own``: the fields whose values can be chosen. ``spoken``: as ``sampling.split`` has it.
    """

    entity: str
    label: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]]
    telling: Sequence[str]
    evidence: Mapping[str, Sequence[str]]
    pairs: pd.DataFrame
    clusters: pd.DataFrame
    records: pd.DataFrame
    digests: pd.Series
    own: frozenset[str] = frozenset()
    owner: str = "owner"
    spoken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """One group: its members by order; ``queue``: the sheet it is of, also where it was drawn for the sample; ``digests``
    whole, ``keys`` the part that tells them; ``now``: number of each one's present customer; ``to``: order of the member it
    is compared with; ``pairs``: the lines of the subject's pairs inside it, with the orders of their ends; ``asked``: those
    that wait for a person."""

    id: int
    entity: str
    sheet: str
    queue: str
    rids: tuple[int, ...]
    digests: tuple[str, ...]
    keys: tuple[str, ...]
    owners: tuple[str, ...]
    now: tuple[int, ...]
    to: tuple[int, ...]
    pairs: tuple[tuple[int, int, int], ...]
    asked: tuple[tuple[int, int], ...]

    @property
    def blind(self) -> bool:
        """Whether it is judged before the machine's opinion is shown."""
        return self.sheet == "sample"


class Queue:
    """The groups of all subjects, in the order they are best looked at; ``groups[id]``."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.subjects = {s.entity: s for s in subjects}
        self.groups: list[Group] = []
        self._cards: dict[str, _Cards] = {}
        for subject in subjects:
            headings = {name: texts["en"] for name, texts in subject.fields.items()}
            found = groups(
                subject.pairs, subject.clusters, subject.records, subject.digests, headings, subject.entity, "en",
                owner=subject.owner, spoken=subject.spoken,
            )  # fmt: skip
            shown = {name: getattr(found, name) for name in SHEETS}
            for name, lines in shown.items():
                self.groups += _groups(len(self.groups), subject, name, lines, found.records["digest"])
            self._cards[subject.entity] = _Cards(subject, pd.unique(pd.concat([x["rid"] for x in shown.values()])))

    def card(self, number: int) -> dict[str, Any]:
        """What the page shows of a group."""
        group = self.groups[number]
        return self._cards[group.entity].card(group)


def _groups(start: int, subject: Subject, sheet: str, lines: pd.DataFrame, digests: pd.Series) -> Iterator[Group]:
    """The groups of one sheet."""
    pairs = subject.pairs
    own = pairs["entity"].to_numpy() == subject.entity
    where, order = lines.set_index("rid")["group"], lines.set_index("rid")["order"]
    ends = [where.reindex(pairs[side]).to_numpy(dtype=float) for side in ("left", "right")]
    at = np.flatnonzero(own & (ends[0] == ends[1]))
    at = at[np.argsort(ends[0][at], kind="stable")]
    left, right = (order.reindex(pairs[side].to_numpy()[at]).to_numpy(dtype=np.int64) for side in ("left", "right"))
    low, high = np.minimum(left, right).tolist(), np.maximum(left, right).tolist()
    asked = (pairs["band"].to_numpy()[at] == Band.REVIEW).tolist()
    names, starts = np.unique(lines["group"].to_numpy(), return_index=True)
    ours = np.searchsorted(ends[0][at], [*names, np.inf]).tolist()
    rows = at.tolist()
    blank = pd.Series("", index=subject.records.index, dtype="str")
    owner = subject.records.get(subject.owner, blank).set_axis(subject.records["rid"])
    held = _texts(owner.reindex(lines["rid"]))
    digest = digests.reindex(lines["rid"]).fillna("").tolist()
    queue = (DRAWN + lines["queue"]).tolist() if sheet == "sample" else [sheet] * len(lines)
    rids, now, to = (lines[name].tolist() for name in ("rid", "now", "to"))
    bounds = pairwise([*starts.tolist(), len(lines)])
    for number, ((a, b), (p, q)) in enumerate(zip(bounds, pairwise(ours), strict=True)):
        inside = tuple(zip(rows[p:q], low[p:q], high[p:q], strict=True))
        yield Group(
            start + number, subject.entity, sheet, queue[a], tuple(rids[a:b]), tuple(digest[a:b]),
            tuple(d[:KEY] for d in digest[a:b]),
            tuple(dict.fromkeys(o for o in held[a:b] if o)), tuple(now[a:b]),
            tuple(to[a:b]), inside, tuple((x, y) for (_, x, y), yes in zip(inside, asked[p:q], strict=True) if yes),
        )  # fmt: skip


class _Cards:
    """The values of one subject's records that stand in a group, ready to be shown."""

    def __init__(self, subject: Subject, rids: np.ndarray) -> None:
        records = subject.records
        at = np.flatnonzero(records["rid"].isin(rids))
        self.subject = subject
        self.place = {rid: n for n, rid in enumerate(records["rid"].to_numpy()[at].tolist())}
        self.values = {name: _texts(records[name].iloc[at]) for name in subject.fields}
        self.address = [_texts(records[n].iloc[at]) for n in ("source_file", "source_sheet", "source_row")]
        self.count = {
            name: records[name].map(records[name].value_counts()).iloc[at].fillna(0).astype(int).tolist()
            for name in subject.telling
            if name in subject.fields
        }
        self.owner = self.values.get(subject.owner)

    def card(self, group: Group) -> dict[str, Any]:
        at = [self.place[rid] for rid in group.rids]
        pairs = {(low, high): line for line, low, high in group.pairs}
        against = [pairs.get((min(m, to), max(m, to)), -1) if to >= 0 else -1 for m, to in enumerate(group.to)]
        opinions = [self._opinion(line) for line in against]
        shown = [name for name, v in self.values.items() if any(v[n] for n in at)]
        return {
            "id": group.id, "entity": group.entity, "sheet": group.sheet, "blind": group.blind,
            "members": [
                {
                    "place": "!".join(part for part in (c[n] for c in self.address) if part),
                    "owner": (self.owner[n] if self.owner else "") or "", "now": group.now[m], "to": group.to[m],
                    "known": bool(group.digests[m]), "opinion": opinions[m],
                }
                for m, n in enumerate(at)
            ],
            "fields": self._fields(shown, at, opinions),
        }  # fmt: skip

    def _fields(
        self, shown: Sequence[str], at: Sequence[int], opinions: Sequence[Mapping[str, Any] | None]
    ) -> list[dict[str, Any]]:
        """Per field shown: the values, with how many records share each, and per member the bits of what the field says;
        evidence of several fields stands at the first of them."""
        rows = {name: self._field(name, at) for name in shown}
        for member, opinion in enumerate(opinions):
            for name, bits in (opinion["bits"] if opinion else {}).items():
                seen = next((f for f in self.subject.evidence.get(name, ()) if f in rows), shown[0])
                rows[seen]["bits"][member] = round(rows[seen]["bits"][member] + bits, 1)
        return list(rows.values())

    def _field(self, name: str, at: Sequence[int]) -> dict[str, Any]:
        values, count = [self.values[name][n] for n in at], self.count.get(name)
        often = [count[n] if count and v and values.count(v) > 1 else 0 for n, v in zip(at, values, strict=True)]
        return {
            "name": name,
            "values": values,
            "shared": often,
            "own": name in self.subject.own,
            "bits": [0.0] * len(at),
        }

    def _opinion(self, line: int) -> dict[str, Any] | None:
        """What the machine thinks of a member and the one it is compared with."""
        if line < 0:
            return None
        pair = self.subject.pairs.iloc[line]
        return {
            "chance": float(pair["probability"]), "bits": json.loads(pair["evidence"]),
            "why": {"zh": pair["why_zh"], "en": pair["why_en"]},
        }  # fmt: skip


def _texts(column: pd.Series) -> list[str]:
    return column.astype("str").fillna("").tolist()
