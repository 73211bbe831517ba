"""The written files read back, checked whole, and a sample of them loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse.flow.clock import Clock
from cleanse.flow.linking import Gold
from cleanse.model import Profile
from cleanse.project import Project
from cleanse.stages import preflight, trial
from cleanse.targets import files, sqlite


@dataclass(frozen=True)
class Tried:
    """What was written, read back and loaded."""

    written: tuple[Any, ...]
    preflight: pd.DataFrame
    verdict: Mapping[str, Any]
    receipts: pd.DataFrame
    sample: pd.DataFrame
    planned: Mapping[str, pd.DataFrame]


def try_written(
    project: Project,
    folder: Path,
    planned: Mapping[str, pd.DataFrame],
    written: tuple[Any, ...],
    gold: Gold,
    changes: pd.DataFrame,
    rows: pd.DataFrame,
    clock: Clock,
    existing: Mapping[str, pd.DataFrame],
) -> Tried:
    """Read the written files back, check all of them, and load a sample under the target's constraints."""
    profile = project.profile
    with clock("preflight"):
        back, seen = files.look(folder, written, profile)
        rid_of = {n: g.set_index("golden_id")["rid"] for n, g in gold.golden.items()}
        entity_of = {o.name: o.entity for o in profile.objects}
        rids = {name: pd.Series(rid_of[entity_of[name]].reindex(t.index).to_numpy()) for name, t in planned.items()}
        checked = preflight.preflight(back, profile, seen, existing=existing, rids=rids)
    with clock("trial"):
        verdict, receipts, sample = try_files(
            project, {name: pd.concat(parts, ignore_index=True) for name, parts in back.items()}, planned, gold, changes, rows
        )
    return Tried(written, checked, verdict, receipts, sample, planned)


def try_files(
    project: Project,
    back: Mapping[str, pd.DataFrame],
    planned: Mapping[str, pd.DataFrame],
    gold: Gold,
    changes: pd.DataFrame,
    rows: pd.DataFrame,
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """The trial of what was read back: a sample by the plan, loaded into SQLite, fetched and compared cell by cell."""
    profile = project.profile
    arrived = {n: t.set_axis(planned[n].index) if len(t) == len(planned[n]) else t for n, t in back.items()}
    roots, links = _units(profile, arrived, gold)
    strata = trial.strata(changes, gold.members, rows, arrived)
    plan = trial.plan(project.trial["rows"], project.trial["accuracy"], project.trial["confidence"])
    size = plan.first
    while True:
        tried = trial.sample(roots, strata, size, project.digest, links=links)
        chosen = pd.Index(tried["golden_id"])
        sent = {name: table[chosen.get_indexer(table.index) >= 0] for name, table in arrived.items()}
        wanted = {name: planned[name][chosen.get_indexer(planned[name].index) >= 0] for name in sent}
        receipts, fetched = sqlite.load_and_fetch(sent, profile)
        wrong = trial.wrong_ids(trial.compare(wanted, fetched), receipts)
        verdict = trial.verdict(tried, wrong, plan, len(roots))
        if verdict["result"] != "second_stage" or size > plan.first:
            return verdict, receipts, tried
        size = plan.first + plan.second


def _units(profile: Profile, arrived: Mapping[str, pd.DataFrame], gold: Gold) -> tuple[list[str], pd.DataFrame]:
    """The ids that are sampled (records without a parent) and the children that go with them."""
    roots = [i for o in profile.objects if not o.parent_object and o.name in arrived for i in arrived[o.name].index]
    parts = []
    for target in profile.objects:
        table = gold.golden.get(target.entity)
        if target.parent_object and table is not None and target.name in arrived:
            parent = next(c for c in table.columns if c.endswith("_id") and c != "golden_id")
            parts.append(table[["golden_id", parent]].set_axis(["golden_id", "parent_id"], axis=1))
    return roots, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["golden_id", "parent_id"])
