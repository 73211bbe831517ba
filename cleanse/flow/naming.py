"""Which records the keys of a load speak of, so that a person finds them: a masked name, the source rows, and what became of
records that are planned no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from cleanse.kinds import KINDS
from cleanse.model import ADDRESS, Entity, Exit
from cleanse.project import Project
from cleanse.stages import known

MOST = 3  # source rows named of one record
ROWS = "ledger/rows.parquet"
GOING = (Exit.MIGRATED, Exit.MERGED)


def named(project: Project, folder: Path, lines: pd.DataFrame) -> pd.DataFrame:
    """Lines (object, golden_id) with ``name``, masked, and ``source``: ``file!sheet!row`` of its rows in a run. Both are '' where the
    run does not know the id, or its folder is no longer there."""
    told = lines.assign(name="", source="")
    if lines.empty or not (folder / ROWS).is_file():
        return told
    rows = pd.read_parquet(folder / ROWS).dropna(subset=["golden_id"])
    for entity, at in _by_entity(project, lines):
        keys = lines.loc[at, "golden_id"]
        mine = rows[(rows["entity"] == entity.name) & rows["golden_id"].isin(keys)]
        golden = pd.read_parquet(folder / "golden" / f"{entity.name}.parquet").set_index("golden_id")
        told.loc[at, "source"] = keys.map(_places(mine)).fillna("")
        told.loc[at, "name"] = keys.map(_names(entity, golden[golden.index.isin(keys)])).fillna("")
    return told


def became(project: Project, before: Path, folder: Path, lines: pd.DataFrame) -> pd.Series:
    """What became, in the run ``folder``, of records that an earlier run sent: a golden id they are part of now, ``known``
    where the target's export tells of them and nothing goes there, ``parked``, ``excluded``, ``gone`` where no source row says
    the same any more, '' where that is not certain."""
    found = pd.Series("", index=lines.index, dtype="str")
    if not (before / ROWS).is_file():
        return found
    for entity, at in _by_entity(project, lines):
        keys = lines.loc[at, "golden_id"]
        old, new = (_digests(entity, one) for one in (before, folder))
        pairs = old[old["golden_id"].isin(keys)].merge(new, on="digest", how="left", suffixes=("", "_now"))
        going = pairs["exit_now"].isin(GOING)
        word = pairs["golden_id_now"].where(going, pairs["exit_now"].astype("str")).fillna("gone")
        word = word.mask(going & (pairs["golden_id_now"] == pairs["golden_id"]), "known")
        told = pd.DataFrame({"key": pairs["golden_id"], "word": word, "going": going}).drop_duplicates()
        told = told[told["going"] | ~told["key"].isin(told.loc[told["going"], "key"])]
        told = told[~told["key"].duplicated(keep=False)]
        found[at] = keys.map(told.set_index("key")["word"]).fillna("")
    return found


def _by_entity(project: Project, lines: pd.DataFrame) -> Iterator[tuple[Entity, pd.Index]]:
    for target in project.profile.objects:
        at = lines.index[lines["object"] == target.name]
        if len(at):
            yield project.entities[target.entity], at


def _digests(entity: Entity, folder: Path) -> pd.DataFrame:
    """Every source row of an entity by what identifies it, with its golden id and exit."""
    records = known.lines(entity, pd.read_parquet(folder / "records" / f"{entity.name}.parquet"))[["rid", "digest"]]
    rows = pd.read_parquet(folder / ROWS, columns=["rid", "entity", "exit", "golden_id"])
    return records.merge(rows[rows["entity"] == entity.name], on="rid")


def _places(rows: pd.DataFrame) -> pd.Series:
    """The addresses of the rows of each golden id, the first ones."""
    parts = [rows[name].astype("str") for name in ADDRESS]
    sheet = ("!" + parts[1]).where(parts[1] != "", "")
    place = pd.Series(parts[0] + sheet + "!" + parts[2], index=rows.index)
    places = place.groupby(rows["golden_id"]).agg(lambda some: some.drop_duplicates().tolist())
    return places.map(lambda some: "; ".join([*some[:MOST], *([f"+{len(some) - MOST}"] if len(some) > MOST else [])]))


def _names(entity: Entity, golden: pd.DataFrame) -> pd.Series:
    """The first value that identifies each golden record, masked."""
    name = pd.Series(pd.NA, index=golden.index, dtype="str")
    for field in (f for f in entity.identity if f in golden):
        name = name.fillna(golden[field].map(KINDS[entity.fields[field].kind].mask, na_action="ignore"))
    return name
