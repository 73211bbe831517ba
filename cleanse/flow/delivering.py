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
from cleanse.flow.approving import approved, conformed, keyed, may
from cleanse.flow.loading import Loader, Manner, Progress, patiently, quiet
from cleanse.flow.naming import became, named
from cleanse.flow.reading import read_named
from cleanse.flow.results import write_corrections
from cleanse.model import NO_OBJECT, Exit, Profile
from cleanse.project import Project
from cleanse.reports import xlsx
from cleanse.runs import audit
from cleanse.runs.batches import BOOK, LoadBook
from cleanse.runs.folder import find_run, locked, write_frame
from cleanse.stages import reconcile as reconciling
from cleanse.stages import results
from cleanse.stages.conform import Conformed
from cleanse.targets.address import shows_password
from cleanse.targets.database import Database
from cleanse.targets.target import KEY, key_of

REFUSED = "refused.xlsx"
FIRST = Manner(retries=2)  # patience with the first word


@dataclass(frozen=True)
class Loaded:
    """What a load came to. ``batches``: the numbers of those it sent. ``counts``: object -> planned, unchanged,
    left_over, and every status of its receipts.
    ``refused``: object, key, message of every refused row; ``held``: object, key, status of rows that people changed or
    removed in the target; ``left``: object, key, now (what became of them) of rows that were loaded once and are planned no
    more; these three with name (masked) and source of each. ``aside``: what, why, n of records that go by file alone, or not
    at all. ``receipts``: where all receipts stand; ``corrections``: the workbook of the refused rows' sources, '' where there
    is none."""

    load: int
    target: str
    batches: tuple[int, ...]
    counts: Mapping[str, Mapping[str, int]]
    refused: pd.DataFrame
    held: pd.DataFrame
    left: pd.DataFrame
    aside: pd.DataFrame
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
        made = conformed(project, folder)
        plan = keyed(made)
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
        left = _by_run(project, pd.concat(loader.left, ignore_index=True), book.runs(target.name), folder)
    told = named(project, folder, _with_ids(project, plan, receipts[receipts["status"].isin(["refused", "held", "gone"])]))
    refused = told.loc[told["status"] == "refused", ["object", "key", "name", "source", "message", "golden_id"]]
    held = told.loc[told["status"] != "refused", ["object", "key", "name", "source", "status"]]
    (folder / REFUSED).unlink(missing_ok=True)
    batches = tuple(sorted({int(b) for b in receipts["batch"]}))
    return Loaded(
        number, target.name, batches, counts, refused, held, left, _aside(project, folder, made), path,
        write_corrections(project, folder, refused, folder / REFUSED),
    )  # fmt: skip


def _with_ids(project: Project, plan: Mapping[str, pd.DataFrame], lines: pd.DataFrame) -> pd.DataFrame:
    """Lines (object, key) with the golden id of each: where the target knows a record by another key of ours, not the same."""
    parts = [lines.iloc[:0].assign(golden_id="")]
    for one in project.profile.objects:
        mine, table = lines[lines["object"] == one.name], plan.get(one.name)
        if len(mine) and table is not None:
            ids = pd.Series(table.index, index=table.get(key_of(one), table.index))
            parts.append(mine.assign(golden_id=mine["key"].map(ids[~ids.index.duplicated()]).fillna(mine["key"])))
    return pd.concat(parts, ignore_index=True)


def _by_run(project: Project, lines: pd.DataFrame, runs: pd.Series, now: Path | None = None) -> pd.DataFrame:
    """Lines (object, key, batch) as the run of their batch knows them; with ``now``, and what became of them in that run."""
    told = [lines.assign(golden_id=lines["key"], name="", source="", now="").iloc[:0]]
    for run, some in lines.groupby(lines["batch"].map(runs), sort=False):
        mine, before = some.assign(golden_id=some["key"]).reset_index(drop=True), project.out / str(run)
        since = became(project, before, now, mine) if now else ""
        told.append(named(project, before, mine).assign(now=since).set_axis(some.index))
    return pd.concat(told).sort_index().drop(columns=["golden_id", *([] if now else ["now"])])


def _aside(project: Project, folder: Path, made: Conformed) -> pd.DataFrame:
    """The records of a run that no load into a database has a part in: what they are, why (``by_file``: they go by the
    target's own id and stand in a file; else their exit or its reason), how many."""
    rows = pd.read_parquet(folder / "ledger" / "rows.parquet", columns=["entity", "exit", "reason", "golden_id"])
    behind = rows["exit"].where(rows["exit"] == Exit.PARKED, rows["reason"].where(rows["reason"] == NO_OBJECT))
    counts = rows.assign(why=behind).dropna(subset=["why"]).groupby(["entity", "why"], observed=True).size()
    lines = [(name, "by_file", len(ids)) for name, ids in made.ids.items()]
    lines += [(entity, why, int(n)) for (entity, why), n in counts.items()]
    return pd.DataFrame(lines, columns=["what", "why", "n"])


def reconcile(
    project: Project, to: str, *, run: str = "latest", exports: Sequence[Path] = (), who: str = ""
) -> Arrived:
    """The target (the database ``to``, or what ``exports`` of it hold) against the plan of a run, by key, cell by cell; the
    differences also as ``reconcile.xlsx`` of the run folder.

    Raises SourceError where an export cannot be read or is none of the profile's objects, TargetError for the database.
    """
    folder = find_run(project.out, run)
    made = conformed(project, folder)
    plan = made.tables if exports else keyed(made)
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
        if batch and batch not in book.runs(target.name).index:
            raise UsageError(
                f"no batch {batch} was loaded there", where=target.name,
                cure="`cleanse undo` without --batch tells those of the last load",
            )  # fmt: skip
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
        return _by_run(project, found, book.runs(target.name))


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
        there = [table.rows for table in read_named(project, path, "the export", known)]
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
