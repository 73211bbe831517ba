"""Golden ids stay what they were: approving a plan keeps the ids it gives out, the next run gives them to the same records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cleanse.project import Project
from cleanse.runs import ids
from cleanse.stages import known


@dataclass(frozen=True)
class Memory:
    """What was kept, and what the records of this run are known by."""

    kept: pd.DataFrame
    lines: Mapping[str, pd.DataFrame]
    every: pd.DataFrame

    def claims(self, entity: str, parents: pd.Series | None) -> pd.Series | None:
        """The golden id that each record had, by rid; None where nothing was ever given out."""
        if self.kept.empty:
            return None
        return known.claims(self.lines[entity], parents, self.kept, self.every)


def memory(project: Project, records: Mapping[str, pd.DataFrame]) -> Memory:
    """For a run of these records."""
    kept = ids.read(project.out)
    if kept.empty:
        return Memory(kept, {}, kept)
    lines = {name: known.lines(entity, records[name]) for name, entity in project.entities.items()}
    return Memory(kept, lines, pd.concat(lines.values(), ignore_index=True))


def remember(project: Project, folder: Path) -> None:
    """Keep the golden ids of a run."""
    rows = pd.read_parquet(folder / "ledger" / "rows.parquet", columns=["rid", "entity", "golden_id"]).dropna()
    members = {name: rows[rows["entity"] == name].set_index("rid")["golden_id"] for name in project.entities}
    new = []
    for name, entity in project.entities.items():
        records = pd.read_parquet(folder / "records" / f"{name}.parquet")
        told = known.lines(entity, records[records["rid"].isin(members[name].index)])
        new.append(known.remembered(told, members[name], members[entity.refers_to] if entity.refers_to else None))
    told, old = pd.concat(new, ignore_index=True), ids.read(project.out)
    ids.write(project.out, told if old.empty else known.together(old, told))
