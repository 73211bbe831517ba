"""Which customer stands above which: head office and branch, group and subsidiary, as a link between golden records.

A person's word comes first. Names speak where they are certain: a branch carries the whole name of its company before its
own place and word. Whoever has two parents, or stands above itself through others, has none until a person settles it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.codes import severity
from cleanse.model import COLUMNS, PARENT, Words, frame

SAID = ("left", "right", "verdict", "above")  # two rids, what people said of them, and which is above (-1: not said)
BRANCHES = "company_branches"
FORM = 4  # characters of a legal form written in full: 有限公司


@dataclass(frozen=True)
class Related:
    """``golden`` with a column ``parent_id``; the ledger's lines; what a person has to settle."""

    golden: pd.DataFrame
    changes: pd.DataFrame
    issues: pd.DataFrame


def relate(
    entity: str, golden: pd.DataFrame, members: pd.DataFrame, records: pd.DataFrame, said: pd.DataFrame, name: str,
    words: Words,
) -> Related:  # fmt: skip
    """Links of the golden records of one entity. ``members``: rid, golden_id. ``said``: as ``SAID``. ``name``: the field
    by which they are called."""
    home = pd.Series(golden.index, index=golden["golden_id"]).reindex(members["golden_id"]).set_axis(members["rid"])
    pairs = pd.DataFrame({c: home.reindex(said[c]).to_numpy() for c in ("left", "right", "above")})
    pairs["verdict"] = said["verdict"].to_numpy(dtype=object)
    pairs = pairs[(pairs["left"] != pairs["right"]) & pairs[["left", "right"]].notna().all(axis=1)]
    names = pc.fill_null(pa.array(golden[name].astype("str"), type=pa.large_string()), "")
    people, open_pairs = _of_people(pairs[pairs["verdict"] == "related"], names, words)
    machine = _of_names(names, pairs, words)
    machine = machine[~machine["child"].isin(people["child"])]
    links = pd.concat([people.assign(code="parent_by_person"), machine.assign(code="parent_by_name")])
    links = links.astype({"child": int, "parent": int}).drop_duplicates(["child", "parent"])
    doubled = links["child"].duplicated(keep=False)
    circles = _circles(dict(links.loc[~doubled, ["child", "parent"]].itertuples(index=False, name=None)))
    sound = links[~doubled & ~links["child"].isin(circles)].sort_values("child")
    ids = np.full(len(golden), None, dtype=object)
    ids[sound["child"]] = golden["golden_id"].to_numpy(dtype=object)[sound["parent"]]
    troubled = {
        "parent_disputed": sorted(set(links.loc[doubled, "child"])), "parent_circle": sorted(circles),
        "parent_unknown": open_pairs,
    }  # fmt: skip
    return Related(
        golden.assign(**{PARENT: pd.Series(ids, index=golden.index, dtype="str")}),
        _changes(entity, golden, records, sound, ids),
        _issues(entity, golden["rid"].to_numpy(), troubled),
    )


def _of_people(related: pd.DataFrame, names: pa.Array, words: Words) -> tuple[pd.DataFrame, list[int]]:
    """Child and parent of every pair that a person called related, told by the person or by the names; and the records of
    those where neither tells."""
    left, right, above = (related[c].to_numpy() for c in ("left", "right", "above"))
    branches = tuple(row[0] for row in words.get(BRANCHES, ()))
    text = names.take(pa.array(np.r_[left, right].astype(np.int64))).to_pylist()
    parents = [
        a if a in (one, other) else _above(x, one, y, other, branches)
        for a, x, one, y, other in zip(above, text[: len(left)], left, text[len(left) :], right, strict=True)
    ]
    told = related.assign(parent=np.array(parents, dtype=float))
    known = told[told["parent"].notna()]
    child = np.where(known["parent"] == known["left"], known["right"], known["left"])
    links = pd.DataFrame({"child": child, "parent": known["parent"].to_numpy()})
    left_open = told.loc[told["parent"].isna(), ["left", "right"]]
    placed = left_open.isin([*links["child"], *links["parent"]]).all(axis=1)  # two branches of one head office
    return links, sorted({int(n) for n in left_open[~placed].min(axis=1)})


def _above(one: str, first: float, other: str, second: float, branches: Sequence[str]) -> float:
    """Which of two is the company whose branch the other is, by name; nan where that cannot be told."""
    for short, place, long in ((one, first, other), (other, second, one)):
        if short and long.startswith(short) and long != short and long.endswith(tuple(branches)):
            return place
    return np.nan


def _of_names(names: pa.Array, pairs: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Child and parent where the name of the one is the registered name of the other with the place and word of a branch
    behind; not where a person said otherwise of the two."""
    parts = [row[0] for row in words.get(BRANCHES, ()) if "part" in row[1:]]
    forms = tuple(row[0] for row in words.get("company_legal_forms", ()) if len(row[0]) >= FORM)
    none = pd.DataFrame({"child": np.zeros(0, dtype=np.int64), "parent": np.zeros(0, dtype=np.int64)})
    if not parts or not forms:
        return none
    ends = np.logical_or.reduce([_true(pc.ends_with(names, word)) for word in parts])
    children = np.flatnonzero(ends)
    if not len(children):
        return none
    texts = names.take(pa.array(children)).to_pylist()
    heads = {text[:end] for text in texts for end in range(FORM, len(text)) if text[:end].endswith(forms)}
    wanted = np.flatnonzero(_true(pc.is_in(names, pa.array(sorted(heads), type=pa.large_string()))))
    called: dict[str, list[int]] = {}
    for at, text in zip(wanted.tolist(), names.take(pa.array(wanted)).to_pylist(), strict=True):
        called.setdefault(text, []).append(at)
    kept = {frozenset(ends) for ends in pairs[["left", "right"]].astype(int).itertuples(index=False, name=None)}
    found = []
    for child, text in zip(children.tolist(), texts, strict=True):
        head = next((text[:end] for end in range(len(text) - 1, FORM - 1, -1) if text[:end] in called), "")
        if len(called.get(head, ())) == 1 and frozenset((child, called[head][0])) not in kept:
            found.append((child, called[head][0]))
    return pd.DataFrame(found, columns=["child", "parent"]) if found else none


def _true(mask: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))


def _circles(above: Mapping[int, int]) -> set[int]:
    """The records that stand above themselves, through others or not.

    >>> sorted(_circles({1: 2, 2: 3, 3: 2, 4: 5}))
    [2, 3]
    """
    found: set[int] = set()
    seen: set[int] = set()
    for start in above:
        at, way = start, list[int]()
        while at in above and at not in seen:
            seen.add(at)
            way.append(at)
            at = above[at]
        if at in way:
            found |= set(way[way.index(at) :])
    return found


def _changes(
    entity: str, golden: pd.DataFrame, records: pd.DataFrame, links: pd.DataFrame, ids: np.ndarray
) -> pd.DataFrame:
    if links.empty:
        return frame("changes")
    rids = golden["rid"].to_numpy()
    table = pd.DataFrame({
        "rid": rids[links["child"]], "entity": entity, "field": PARENT,
        "before": pd.array([None] * len(links), dtype="str"), "after": pd.array(ids[links["child"]], dtype="str"),
        "rest": "", "code": links["code"].to_numpy(), "stage": "relate", "from_rid": rids[links["parent"]],
    })  # fmt: skip
    where = records.set_index("rid")[["source_file", "source_sheet", "source_row"]]
    return table.join(where, on="rid").sort_values("rid", ignore_index=True)[list(COLUMNS["changes"])]


def _issues(entity: str, rids: np.ndarray, troubled: Mapping[str, Collection[int]]) -> pd.DataFrame:
    lines = [
        (int(rids[at]), entity, PARENT, code, severity(code), None, "")
        for code, places in troubled.items()
        for at in places
    ]
    return frame("issues", lines)
