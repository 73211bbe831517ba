"""The groups a person looks at: who stands in them and in which order, and one sentence of why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cleanse.model import Band
from cleanse.review.components import components
from cleanse.review.sampling import split
from cleanse.review.words import words

LINES = ("group", "order", "rid", "now", "to", "probability", "why", "shared")
CROSSING = 1.5  # a group that several salespeople hold is worth that much more
MOST = 200_000  # lines of a sheet: more than anybody reads; the ledger holds all


@dataclass(frozen=True)
class ReviewGroups:
    """What the workbook shows of one entity.

    ``review``, ``merged``, ``related``: a line per member, in the order shown: group and order in it (0 is the first,
    to which the others are compared), rid, ``now`` (number of its present customer within the group), ``to`` (order of
    the record its probability and why speak of, -1 for none), shared (how rare the values are that it shares).
    ``sample``: groups drawn by chance, to be judged without the machine's opinion, with the ``queue`` they are of; they
    stand in no other sheet. ``records``: by rid, the fields shown, place and digest.
    ``unshown``: groups that no sheet could hold.
    """

    entity: str
    fields: Mapping[str, str]
    review: pd.DataFrame
    merged: pd.DataFrame
    related: pd.DataFrame
    records: pd.DataFrame
    unshown: int = 0
    sample: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*LINES, "queue"]))

    def lines(self, sheet: str) -> pd.DataFrame:
        """The lines of a sheet."""
        found: pd.DataFrame = getattr(self, sheet)
        return found


def groups(
    pairs: pd.DataFrame, clusters: pd.DataFrame, records: pd.DataFrame, digests: pd.Series, fields: Mapping[str, str],
    entity: str, language: str, *, owner: str = "owner", telling: Sequence[str] = (), spoken: Set[str] = frozenset(),
) -> ReviewGroups:  # fmt: skip
    """The groups of one entity.

    ``pairs``, ``clusters``: as ``COLUMNS`` says. ``records``: rid, the address and the fields. ``digests`` by rid.
    ``fields``: shown field -> its heading, the most telling first. ``owner``: the field of the salesperson.
    ``telling``: fields of which it is said how many records share a value. ``spoken``: as ``sampling.split`` has it.
    """
    pairs, clusters = (table[table["entity"] == entity] for table in (pairs, clusters))
    view = _View.of(pairs, clusters, records, digests, fields, language, owner)
    several = np.bincount(view.cluster, minlength=len(records))[view.cluster] > 1
    whole = {
        "review": view.lines(view.joined(Band.REVIEW, whole=True), Band.REVIEW),
        "merged": view.lines(np.where(several, view.cluster, -1), Band.MERGE),
        "related": view.lines(view.joined(Band.RELATED, whole=False), Band.RELATED),
    }
    whole, sample = split(whole, digests, spoken)
    held = {name: _held(lines) for name, lines in whole.items()}
    unshown = sum(int(whole[name]["group"].max() - lines["group"].max()) for name, lines in held.items() if len(lines))
    sheets = {name: _shared(lines, records, fields, telling) for name, lines in held.items()}
    shown = records.set_index("rid")[list(fields)].assign(place=_places(records), digest=digests)
    return ReviewGroups(entity, fields, **sheets, records=shown, unshown=unshown, sample=sample)


def _places(records: pd.DataFrame) -> np.ndarray:
    """``file!sheet!row``, or ``file!row`` where there are no sheets."""
    sheet = records["source_sheet"].astype("str").fillna("")
    place = records["source_file"].astype("str") + "!" + sheet + np.where(sheet == "", "", "!")
    places: np.ndarray = (place + records["source_row"].astype("str")).to_numpy(dtype=object)
    return places


def _held(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines of whole groups that a sheet can hold."""
    return lines if len(lines) <= MOST else lines[lines["group"] < lines["group"].iloc[MOST]]


def _shared(
    lines: pd.DataFrame, records: pd.DataFrame, fields: Mapping[str, str], telling: Sequence[str]
) -> pd.DataFrame:
    """With how many records share the values that a member shares with another of its group: ``手机 ×2；电话 ×38``."""
    at = pd.Index(records["rid"]).get_indexer(lines["rid"])
    said: list[list[str]] = [[] for _ in range(len(lines))]
    for name in (f for f in dict.fromkeys(telling) if f in fields):
        code = pd.factorize(records[name])[0].astype(np.int64)
        count = np.bincount(code[code >= 0], minlength=1)
        mine = code[at]
        both = pd.Series(mine + lines["group"].to_numpy(dtype=np.int64) * (len(count) + 1))
        for line in np.flatnonzero(both.duplicated(keep=False).to_numpy() & (mine >= 0)):
            said[line].append(f"{fields[name]} ×{count[mine[line]]}")
    return lines.assign(shared=["；".join(parts) for parts in said])


@dataclass(frozen=True)
class _View:
    """Records by position; ``edges``: ends a and b (positions), band, probability, why. ``rank`` puts the fullest
    record first, then by content; ``content`` orders by content alone; owner and file are codes."""

    rid: np.ndarray
    cluster: np.ndarray
    rank: np.ndarray
    content: np.ndarray
    owner: np.ndarray
    file: np.ndarray
    edges: pd.DataFrame
    language: str

    @classmethod
    def of(
        cls, pairs: pd.DataFrame, clusters: pd.DataFrame, records: pd.DataFrame, digests: pd.Series,
        fields: Mapping[str, str], language: str, owner: str,
    ) -> _View:  # fmt: skip
        rid = records["rid"].to_numpy(dtype=np.int64)
        index = pd.Index(rid)
        cluster = clusters.set_index("rid")["cluster"].reindex(index)
        content = pd.factorize(digests.reindex(index).fillna(""), sort=True)[0]
        filled = records[list(fields)].notna().sum(axis=1).to_numpy()
        rank = np.empty(len(rid), dtype=np.int64)
        rank[np.lexsort((rid, content, -filled))] = np.arange(len(rid))
        edges = pd.DataFrame({
            "a": index.get_indexer(pairs["left"]), "b": index.get_indexer(pairs["right"]),
            "band": pairs["band"].to_numpy(), "probability": pairs["probability"].to_numpy(dtype=float),
            "why": pairs[f"why_{language}"].to_numpy(dtype=object),
        })  # fmt: skip
        owners = records[owner] if owner in records.columns else pd.Series(index=records.index, dtype="str")
        return cls(
            rid, pd.factorize(cluster.where(cluster.notna(), -1 - index))[0], rank, content, pd.factorize(owners)[0],
            pd.factorize(records["source_file"])[0], edges[(edges["a"] >= 0) & (edges["b"] >= 0)], language,
        )  # fmt: skip

    def joined(self, band: Band, *, whole: bool) -> np.ndarray:
        """A label per record of the clusters that pairs of a band hold together; -1 for those outside. ``whole``: with
        every member of those clusters, else only the ends of the pairs."""
        chosen = self.edges[self.edges["band"] == band]
        ends = chosen[["a", "b"]].to_numpy()
        label = components(len(self.rid), self.cluster[ends[:, 0]], self.cluster[ends[:, 1]])[self.cluster]
        inside = np.isin(self.cluster, self.cluster[ends]) if whole else np.isin(np.arange(len(self.rid)), ends)
        return np.where(inside, label, -1)

    def lines(self, label: np.ndarray, band: Band) -> pd.DataFrame:
        """The members of the groups that ``label`` names, the groups most worth a look first."""
        members = np.flatnonzero(label >= 0)
        members = members[np.lexsort((self.rank[members], label[members]))]
        names, starts, sizes = np.unique(label[members], return_index=True, return_counts=True)
        if not len(names):
            return pd.DataFrame({name: [] for name in LINES}).astype(
                {"group": int, "order": int, "rid": int, "to": int}
            )
        anchors = members[starts]
        owners, files = (_different(label[members], code[members], names) for code in (self.owner, self.file))
        worth = self._doubt(label, names, band) * sizes * np.where(owners > 1, CROSSING, 1.0)
        place = np.empty(len(names), dtype=np.int64)
        place[np.lexsort((self.rid[anchors], self.content[anchors], -worth.round(6)))] = np.arange(len(names))
        lines = pd.DataFrame({
            "group": np.repeat(place, sizes) + 1, "order": np.arange(len(members)) - np.repeat(starts, sizes),
            "rid": self.rid[members], "at": members, "anchor": np.repeat(anchors, sizes),
        })  # fmt: skip
        present = lines["group"] * (len(self.rid) + 1) + self.cluster[members]
        lines["now"] = (~present.duplicated()).groupby(lines["group"]).cumsum()
        lines["now"] = lines["now"].groupby(present).transform("first")
        why, chance, lines["to"] = self._why(lines, label)
        first = np.flatnonzero(lines["order"].to_numpy() == 0)
        why[first] = self._summaries(sizes, owners, files)
        chance[first] = np.nan
        lines = lines.assign(why=why, probability=chance).astype({"to": int})
        lines.loc[first, "to"] = -1
        return lines.sort_values(["group", "order"], ignore_index=True)[[c for c in LINES if c != "shared"]]

    def _doubt(self, label: np.ndarray, names: np.ndarray, band: Band) -> np.ndarray:
        """How open the most open pair of each group is: 1 at even odds, 0 when certain."""
        chosen = self.edges[self.edges["band"] == band]
        chance = chosen["probability"].to_numpy()
        doubt = np.zeros(len(names))
        group = label[chosen["a"].to_numpy()]
        same = (group >= 0) & (group == label[chosen["b"].to_numpy()])
        np.maximum.at(doubt, np.searchsorted(names, group[same]), (4 * chance * (1 - chance))[same])
        return doubt

    def _why(self, lines: pd.DataFrame, label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per line the sentence and the probability of the pair with the group's first record; where there is none, of
        its strongest pair, which is then named; and the order of that record."""
        e = self.edges[(label[self.edges["a"]] >= 0) & (label[self.edges["a"]] == label[self.edges["b"]])]
        ways = pd.concat([e, e.rename(columns={"a": "b", "b": "a"})], ignore_index=True)
        number = np.full(len(self.rid), -1)
        number[lines["at"]] = lines["order"]
        ways["number"] = number[ways["b"]]
        ways["others"] = ways["number"] != 0
        ways = ways.sort_values(["a", "others", "probability", "number"], ascending=[True, True, False, True])
        best = ways.drop_duplicates("a").set_index("a").reindex(lines["at"])
        aside = words()["aside"][self.language]
        why = [
            "" if not isinstance(w, str) else w if not n else w + aside.format(number=int(n) + 1)
            for w, n in zip(best["why"], best["number"], strict=True)
        ]
        chance = best["probability"].to_numpy(dtype=float, copy=True)
        return np.array(why, dtype=object), chance, best["number"].fillna(-1).to_numpy()

    def _summaries(self, sizes: np.ndarray, owners: np.ndarray, files: np.ndarray) -> list[str]:
        """What stands on a group's first line."""
        plain, crossing = words()["summary"][self.language], words()["crossing"][self.language]
        return [
            plain.format(members=m, files=f) + (crossing.format(owners=o) if o > 1 else "")
            for m, o, f in zip(sizes, owners, files, strict=True)
        ]


def _different(label: np.ndarray, code: np.ndarray, names: np.ndarray) -> np.ndarray:
    """How many different known codes each label has."""
    known = code >= 0
    pairs = np.unique(np.stack([label[known], code[known]]), axis=1)
    return np.bincount(np.searchsorted(names, pairs[0]), minlength=len(names))
