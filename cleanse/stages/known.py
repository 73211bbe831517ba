"""Golden ids that were given out before come back to the same records, whatever was added, corrected, merged or split since.

A record is known again by what identifies it: at the same address, in a row that is otherwise the same, under the same parent,
or anywhere where only one golden record has it. A record that was corrected is known by its address alone where something else
that identifies its row is as it was, and what stood there before is nowhere else: a row that was exchanged for another is never
taken for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import ADDRESS, Entity

MOVED = -1  # the row of a record that is no longer where it was
MEMORY = ("entity", "digest", "parent", *ADDRESS, "golden_id", "marks")
PLACE = list(ADDRESS)
ID_LENGTH = 12


def digests(key: str, columns: Sequence[pd.Series]) -> pd.api.extensions.ExtensionArray:
    """What golden ids are made of: a digest of every row."""
    parts = [pa.array(column.fillna("").astype("str"), type=pa.large_string()) for column in columns]
    texts = pc.binary_join_element_wise(*parts, pa.scalar("\x1f", pa.large_string())).cast(pa.large_binary())
    size, salt, blake = ID_LENGTH // 2, key.encode(), hashlib.blake2b
    return pd.array([blake(t, digest_size=size, key=salt).hexdigest() for t in texts.to_pylist()], dtype="str")


def lines(entity: Entity, records: pd.DataFrame) -> pd.DataFrame:
    """By what the records of an entity are known again: rid, entity, digest, address, marks (a number for each value that
    identifies it)."""
    names = [n for n in entity.identity if n in records] or list(entity.stored)
    marks = [_marks(f"{entity.name}.{n}", records[n]) for n in names]
    told = [[int(m) for m in row if m] for row in zip(*marks, strict=True)]
    return records[["rid", *PLACE]].assign(
        entity=entity.name,
        digest=digests(entity.name, [records[n] for n in names]),
        marks=pd.Series(told, index=records.index, dtype=object),
    )


def remembered(told: pd.DataFrame, members: pd.Series, parents: pd.Series | None) -> pd.DataFrame:
    """``lines`` as they are kept. ``members``, ``parents``: golden id of each record and of its parent, by rid."""
    above = "" if parents is None else told["rid"].map(parents).fillna("").astype("str")
    return told.assign(golden_id=told["rid"].map(members).astype("str"), parent=above)[list(MEMORY)]


def together(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """What was kept and what is new. A content that is told anew is forgotten as it was; what stood where now something else
    stands has moved."""
    again = _at(old, ["entity", "digest"]).isin(_at(new, ["entity", "digest"]))
    rest = old[~again]
    taken = _at(rest, ["entity", *PLACE]).isin(_at(new, ["entity", *PLACE]))
    rest = rest.assign(source_row=rest["source_row"].mask(taken, MOVED))
    return pd.concat([new, rest], ignore_index=True).drop_duplicates(list(MEMORY[:-1]), ignore_index=True)


def claims(told: pd.DataFrame, parents: pd.Series | None, memory: pd.DataFrame, every: pd.DataFrame) -> pd.Series:
    """The golden id that each record of an entity had, by rid; missing where it is not known.

    ``told``: its ``lines``; ``every``: those of all entities; ``memory``: what was kept of all entities.
    """
    mine = memory[memory["entity"] == told["entity"].iloc[0]] if len(told) else memory.iloc[:0]
    here = remembered(told, pd.Series(dtype="str"), parents)
    mine, here = (_in_rows(lines_, whole) for lines_, whole in ((mine, memory), (here, every)))
    found = pd.Series(pd.NA, index=told["rid"].to_numpy(), dtype="str")
    for names in (["digest", *PLACE], ["digest", "row"], ["digest", "parent"], ["digest"]):
        open_ = found.isna().to_numpy()
        if open_.any():
            found[open_] = _at(here[open_], names).map(_single(mine, names)).astype("str").to_numpy()
    return found.fillna(_corrected(told, found, mine, memory, every))


def keep(natural: pd.Series, cluster: pd.Series, claimed: pd.Series) -> pd.Series:
    """The golden id of every cluster: the one most of its records had, else its ``natural`` one, numbered where another has
    that. Where two clusters had one id it stays with the one of more records, then with the one it is natural to."""
    votes = pd.DataFrame({"cluster": cluster, "id": claimed.reindex(cluster.index)}).dropna()
    votes = votes.groupby(["cluster", "id"]).size().rename("votes").reset_index()
    votes["own"] = votes["cluster"].map(natural)
    votes["other"] = votes["own"] != votes["id"]
    votes = votes.sort_values(["votes", "other", "id", "own"], ascending=[False, True, True, True], kind="stable")
    clear = ~votes["cluster"].duplicated(keep=False) & ~votes["id"].duplicated(keep=False)
    given: dict[object, str] = dict(zip(votes.loc[clear, "cluster"], votes.loc[clear, "id"], strict=True))
    taken = set(given.values())
    for one, id_ in zip(votes.loc[~clear, "cluster"], votes.loc[~clear, "id"], strict=True):
        if one not in given and id_ not in taken:
            given[one] = id_
            taken.add(id_)
    ids = natural.index.to_series().map(given).astype("str").fillna(natural)
    free = ~natural.index.isin(list(given))
    for one in natural.index[free & natural.isin(taken).to_numpy()]:
        number = 2
        while f"{natural[one]}-{number}" in taken or (natural == f"{natural[one]}-{number}").any():
            number += 1
        ids[one] = f"{natural[one]}-{number}"
        taken.add(ids[one])
    return ids


def _in_rows(lines_: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """The lines with what identifies anything in their source row, as one number; none where a record has moved. It tells
    two records of one name apart when their file has another name."""
    at = _at(lines_, PLACE).where(lines_["source_row"] != MOVED)
    marks = pd.DataFrame(_pairs(whole, at.dropna()), columns=["at", "mark"]).astype({"mark": "int64"})
    return lines_.assign(row=at.map(marks.groupby("at")["mark"].sum()).astype("Int64").astype("str"))


def _corrected(
    told: pd.DataFrame, found: pd.Series, mine: pd.DataFrame, memory: pd.DataFrame, every: pd.DataFrame
) -> pd.Series:
    """Records that are known by their address alone."""
    open_ = told[found.isna().to_numpy()]
    gone = mine[(mine["source_row"] != MOVED) & ~mine["digest"].isin(told["digest"])]
    ids = _single(gone, PLACE)
    place = _at(open_, PLACE)
    open_ = open_[place.isin(ids.index).to_numpy()]
    place = place[place.isin(ids.index)]
    if open_.empty:
        return pd.Series(dtype="str")
    alike = {(at, mark) for at, mark in _pairs(every, place)} & {(at, mark) for at, mark in _pairs(memory, place)}
    same = {at for at, _ in alike}
    held = place.isin(same).to_numpy()
    return pd.Series(place[held].map(ids).to_numpy(), index=open_["rid"].to_numpy()[held], dtype="str")


def _pairs(lines_: pd.DataFrame, places: pd.Series) -> list[tuple[str, int]]:
    """Address and mark, of every entity that stands there."""
    at = _at(lines_, PLACE)
    near = at.isin(places)
    long = pd.DataFrame({"at": at[near], "mark": lines_["marks"][near]}).explode("mark").dropna()
    return list(zip(long["at"], long["mark"].astype("int64"), strict=True))


def _single(memory: pd.DataFrame, names: list[str]) -> pd.Series:
    """The golden id of what is told by some columns, where it is one and the same."""
    table = pd.DataFrame({"at": _at(memory, names), "id": memory["golden_id"]}).drop_duplicates()
    return table[~table["at"].duplicated(keep=False)].set_index("at")["id"]


def _at(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """Several columns as one."""
    first, *rest = (table[name].astype("str") for name in names)
    return first.str.cat(rest, sep="\x1f", na_rep="") if rest else first


def _marks(name: str, values: pd.Series) -> np.ndarray:
    texts = (f"{name}\x1f" + values.astype("str")).to_numpy(dtype=object, na_value="")
    numbers = pd.util.hash_array(texts).view("int64")
    return np.where(values.isna() | (values == ""), 0, numbers)
