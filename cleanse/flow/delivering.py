"""The last mile: an approved plan into a database, what arrived of it, and the way back; each noted in the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import pandas as pd

from cleanse.errors import SourceError, UsageError
from cleanse.flow.approving import approved, may, planned
from cleanse.flow.loading import Loader, Manner, Progress, patiently, quiet
from cleanse.flow.reading import read_named
from cleanse.flow.results import write_corrections
from cleanse.model import Profile
from cleanse.project import Project
from cleanse.reports import xlsx
from cleanse.runs import audit
from cleanse.runs.batches import BOOK, LoadBook
from cleanse.runs.folder import find_run, locked, write_frame
from cleanse.stages import reconcile as reconciling
from cleanse.stages import results, tables
from cleanse.targets.database import Database, shows_password
from cleanse.targets.target import KEY, key_of

REFUSED = "refused.xlsx"
FIRST = Manner(retries=2)  # patience with the first word


@dataclass(frozen=True)
class Loaded:
    """What a load came to. ``batches``: the numbers of those it sent. ``counts``: object -> planned, unchanged,
    left_over, and every status of its receipts.
    ``refused``: object, key, message of every refused row; ``held``: object, key, status of rows that people changed or
    removed in the target; ``left``: object, key of rows that were loaded once and are planned no more; ``receipts``: where all
    receipts stand; ``corrections``: the workbook of the refused rows' sources, '' where there is none."""

    load: int
    target: str
    batches: tuple[int, ...]
    counts: Mapping[str, Mapping[str, int]]
    refused: pd.DataFrame
    held: pd.DataFrame
    left: pd.DataFrame
    receipts: Path
    corrections: str


@dataclass(frozen=True)
class Arrived:
    """What reconciling found, and where its workbook stands."""

    target: str
    balance: Mapping[str, Mapping[str, int]]
    kinds: Mapping[str, int]
    lines: pd.DataFrame
    workbook: Path


def load(
    project: Project,
    to: str,
    *,
    run: str = "latest",
    who: str = "",
    overwrite: bool = False,
    progress: Progress = quiet,
) -> Loaded:
    """Load the approved plan of a run into the database ``to`` (default: ``[load] to``): only what changed since it was
    last loaded there. A load that was cut off goes on.

    Raises ApprovalError, UsageError, or TargetError where the database refuses as a whole.
    """
    who = audit.actor(who)
    may(project, "runner", who, "approver")
    with locked(project.out), _book(project) as book:
        folder, print_ = approved(project, run)
        target = _target(project, to)
        plan = planned(project, folder)
        book.made(target.name, _prepared(project, target, create=True))
        number = book.begin(target.name, folder.name, print_, who, f"{datetime.now():%Y-%m-%dT%H:%M:%S}")
        audit.note(
            project.out, who, "load begins", load=number, run=folder.name, fingerprint=print_, target=target.name,
            planned={name: len(table) for name, table in plan.items()},
        )  # fmt: skip
        manner = Manner(project.load["batch"], project.load["retries"], overwrite=overwrite)
        loader = Loader(target, book, project.profile, manner, progress)
        counts = loader.load(number, plan)
        receipts = book.receipts(number)
        path = folder / "receipts.parquet"
        write_frame(path, receipts)
        counts = {name: {**mine, **_statuses(receipts, name)} for name, mine in counts.items()}
        audit.note(
            project.out,
            who,
            "load ends",
            load=number,
            run=folder.name,
            fingerprint=print_,
            target=target.name,
            counts=counts,
        )
    refused = receipts.loc[receipts["status"] == "refused", ["object", "key", "message"]]
    held = receipts.loc[receipts["status"].isin(["held", "gone"]), ["object", "key", "status"]]
    left = [(name, key) for name, keys in loader.left.items() for key in keys]
    (folder / REFUSED).unlink(missing_ok=True)
    said = refused.rename(columns={"key": "golden_id"})
    batches = tuple(sorted({int(b) for b in receipts["batch"]}))
    return Loaded(
        number, target.name, batches, counts, refused, held, pd.DataFrame(left, columns=["object", "key"]), path,
        write_corrections(project, folder, said, folder / REFUSED),
    )  # fmt: skip


def reconcile(
    project: Project, to: str, *, run: str = "latest", exports: Sequence[Path] = (), who: str = ""
) -> Arrived:
    """The target (the database ``to``, or what ``exports`` of it hold) against the plan of a run, by key, cell by cell; the
    differences also as ``reconcile.xlsx`` of the run folder.

    Raises SourceError where an export cannot be read or is none of the profile's objects, TargetError for the database.
    """
    folder = find_run(project.out, run)
    plan = planned(project, folder)
    if exports:
        name, (found, keys) = ", ".join(path.name for path in exports), _exported(project, plan, exports)
    else:
        target = _target(project, to)
        _prepared(project, target, create=False)
        found = {one.name: patiently(partial(target.fetch, one), target.name, FIRST) for one in project.profile.objects}
        name, keys = target.name, dict.fromkeys(found, KEY)
    seen = reconciling.reconcile(plan, found, keys, project.profile)
    path = folder / "reconcile.xlsx"
    xlsx.write_reconcile(path, seen.differences, seen.balance, project.language)
    kinds = {str(code): int(n) for code, n in seen.differences["code"].value_counts(sort=False).items()}
    audit.note(
        project.out,
        audit.actor(who),
        "reconcile",
        run=folder.name,
        target=name,
        balance=seen.balance,
        differences=kinds,
    )
    return Arrived(name, seen.balance, kinds, seen.differences, path)


def undo(project: Project, to: str, *, batch: int = 0, do: bool = False, who: str = "") -> pd.DataFrame:
    """Take back a batch, or everything of the last load: see ``Loader.undo``. Without ``do`` nothing is touched."""
    who = audit.actor(who)
    with locked(project.out), _book(project) as book:
        target = _target(project, to)
        if do:
            may(project, "approver", who)
        if target.name not in {one["target"] for one in book.loads()}:
            raise UsageError(
                "nothing was loaded there", where=target.name, cure="`cleanse audit` shows what was loaded where"
            )
        _prepared(project, target, create=False)
        found = Loader(target, book, project.profile, Manner(retries=project.load["retries"])).undo(batch, do)
        if do:
            counts = {str(k): int(n) for k, n in found["outcome"].value_counts(sort=False).items()}
            audit.note(
                project.out,
                who,
                "undo",
                target=target.name,
                batches=sorted({int(b) for b in found["batch"]}),
                counts=counts,
            )
    return found


@contextmanager
def _book(project: Project) -> Iterator[LoadBook]:
    book = LoadBook(project.out / BOOK)
    try:
        yield book
    finally:
        book.close()


def open_password(project: Project, to: str) -> str:
    """Where a password of the target stands open to read: '--to', '[load] to', or '' where none does."""
    place, url = ("--to", to) if to else ("[load] to", project.load["to"])
    return place if shows_password(url) else ""


def _target(project: Project, to: str) -> Database:
    url = to or project.load["to"]
    if not url:
        raise UsageError("which database?", where="[load] to", cure="name its URL there, or with --to")
    if not re.match(r"[\w+]+://", url):
        raise UsageError(
            "that is no database URL",
            where="--to",
            cure="such as sqlite:///crm.db or postgresql://user:${CRM_PASSWORD}@host/database",
        )
    return Database(url, project.root, project.load["schema"], project.load["prefix"], project.load["tables"])


def _prepared(project: Project, target: Database, create: bool) -> frozenset[str]:
    """The first word to the target: one that is not there is told soon."""
    return patiently(partial(target.prepare, project.profile, create), target.name, FIRST)


def _statuses(receipts: pd.DataFrame, name: str) -> dict[str, int]:
    words = {"create": "created", "update": "updated", "same": "as_planned"}
    mine = receipts.loc[receipts["object"] == name, "status"].replace(words).value_counts(sort=False)
    return {str(status): int(count) for status, count in mine.items()}


def _exported(
    project: Project, plan: Mapping[str, pd.DataFrame], paths: Sequence[Path]
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The tables of exports by object, their columns named as the profile names them."""
    profile = project.profile
    parts: dict[str, list[pd.DataFrame]] = {}
    for path in paths:
        known = results.headers(profile, project.words)
        grids = read_named(project, path, "the export")
        there = [t.rows for grid in grids for t in tables.find_tables(grid, path.name, known)]
        told = [(one, t) for t in there if (one := results.object_of(t, plan, profile))]
        if not told:
            raise SourceError(
                f"no object of {profile.label} in this export",
                where=str(path),
                cure="export with the columns of the profile, the key among them",
            )
        for one, table in told:
            named = table.rename(columns=results.names_of(one, profile))
            if _export_key(one.name, profile) not in named:
                raise SourceError(
                    f"the export has no column '{_export_key(one.name, profile)}'",
                    where=str(path),
                    cure="export it with the key, by which rows are told",
                )
            parts.setdefault(one.name, []).append(named)
    keys = {name: _export_key(name, profile) for name in parts}
    found = {name: pd.concat(some, ignore_index=True) for name, some in parts.items()}
    for name, table in found.items():
        if keys[name] != key_of(next(o for o in profile.objects if o.name == name)):
            own = pd.Series(plan[name].index, index=plan[name][keys[name]])
            table[KEY] = table[keys[name]].map(own[~own.index.duplicated()])
            table[KEY] = table[KEY].fillna(table[keys[name]])
            keys[name] = KEY
    return found, keys


def _export_key(name: str, profile: Profile) -> str:
    """The column by which an export's rows are told: our external id, else the object's natural key."""
    one = next(o for o in profile.objects if o.name == name)
    key = key_of(one)
    return key if one.field(key) else one.key or key
