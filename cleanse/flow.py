"""The corridor: which stage comes after which. It decides nothing about data."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import union_categoricals

from cleanse import __version__, matching, readers
from cleanse.errors import CleanseError, UsageError
from cleanse.kinds import COMPARABLE, KINDS
from cleanse.kinds.header import Vocabulary
from cleanse.model import Entity, Exit, Profile, Source, Table, frame
from cleanse.project import Project, load_project
from cleanse.reports import html, junit, xlsx
from cleanse.reports import json as report_json
from cleanse.review import decisions as review_decisions
from cleanse.review import workbook
from cleanse.runs.book import write_book
from cleanse.runs.folder import RunFolder, find_run, run_folder
from cleanse.stages import conform, exits, map, merge, normalize, preflight, quality, tables, trial, validate
from cleanse.targets import files, sqlite

Progress = Callable[[str, int, int], None]
STAGES = (
    "read",
    "map",
    "normalize",
    "validate",
    "match",
    "merge",
    "conform",
    "write",
    "ledger",
    "preflight",
    "trial",
    "report",
)
DECISIONS, CONFIG = "decisions.jsonl", "cleanse.toml"
CERTAIN = 0.9


@dataclass
class Clock:
    """CPU and wall seconds per stage; tells the caller how far the run is."""

    progress: Progress
    times: list[tuple[str, float, float]] = field(default_factory=list)

    def __call__(self, name: str) -> _Timed:
        return _Timed(self, name)


@dataclass
class _Timed:
    clock: Clock
    name: str
    start: tuple[float, float] = (0.0, 0.0)

    def __enter__(self) -> None:
        self.clock.progress(self.name, STAGES.index(self.name) + 1, len(STAGES))
        self.start = (time.process_time(), time.perf_counter())

    def __exit__(self, *_: object) -> None:
        cpu, wall = time.process_time() - self.start[0], time.perf_counter() - self.start[1]
        self.clock.times.append((self.name, round(cpu, 3), round(wall, 3)))


@dataclass(frozen=True)
class Input:
    """What was found on the disk: every file, the tables in them, and the field of every column."""

    sources: tuple[Source, ...]
    tables: tuple[Table, ...]
    maps: tuple[tuple[map.ColumnMap, ...], ...]


@dataclass(frozen=True)
class Linked:
    """Per entity its links, and what people had decided before."""

    links: Mapping[str, matching.Links]
    digests: Mapping[str, pd.Series]
    resolved: review_decisions.Resolved


@dataclass(frozen=True)
class Gold:
    """Per entity the golden records and which golden record each record became; which of them may not go."""

    golden: Mapping[str, pd.DataFrame]
    members: Mapping[str, pd.DataFrame]
    changes: pd.DataFrame
    issues: pd.DataFrame
    parked: pd.DataFrame


@dataclass(frozen=True)
class Tried:
    """What was written, read back and loaded."""

    written: tuple[Any, ...]
    preflight: pd.DataFrame
    verdict: Mapping[str, Any]
    receipts: pd.DataFrame


@dataclass(frozen=True)
class Outcome:
    """What a run ended with: its folder, and the numbers of its report."""

    folder: Path
    quality: Mapping[str, Any]


def run(project: Project, *, progress: Progress, now: datetime | None = None) -> Outcome:
    """The whole job, offline: from the sources to a finished run folder."""
    clock, started = Clock(progress), now or datetime.now()
    with run_folder(project.out, project.digest, started) as folder:
        with clock("read"):
            found = read_input(project)
        with clock("map"):
            mapped = map.apply(found.tables, found.maps, project.entities)
        with clock("normalize"):
            clean = normalize.normalize(
                mapped.columns, mapped.addresses, project.entities, project.words, project.today
            )
        with clock("validate"):
            issues = _joined("issues", [clean.issues, *_validated(project, clean.records, "record")])
        with clock("match"):
            linked = _match(project, clean.records, issues)
        with clock("merge"):
            gold = _merge(project, clean.records, linked, issues)
        with clock("conform"):
            going = {name: exits.migrating(g, name, gold.parked) for name, g in gold.golden.items()}
            ready = conform.conform(going, project.profile)
            parked = pd.concat([gold.parked, exits.parked_by_target(ready.parked)], ignore_index=True)
            issues = _joined("issues", [gold.issues, ready.issues])
        with clock("write"):
            written = files.write(ready.tables, project.profile, folder.path("migration"))
        with clock("ledger"):
            rows = exits.ledger_rows(mapped.addresses, gold.members, gold.golden, parked)
            changes = _joined("changes", [clean.changes, gold.changes])
        tried = _try(project, folder.path("migration"), ready.tables, written, gold, changes, clock)
        with clock("report"):
            facts = _facts(project, found, mapped, clean, linked, gold, tried, rows, changes, issues)
            numbers = quality.quality(facts)
            _write_frames(folder, project, facts, linked)
            _write_reports(folder, project, numbers, found, rows, linked, clean.records)
        _write_book(folder, project, numbers, clock, tried, clean, linked, found, started)
        return Outcome(folder.finish(), numbers)


# -------------------------------------------------------------------------------------------------------------- read


def read_input(project: Project) -> Input:
    """Read every file below the project's sources, find the tables in it, and a field for every column."""
    vocabulary = Vocabulary.of(project.words)
    known = frozenset(vocabulary.synonyms)
    sources: list[Source] = []
    for root in project.sources:
        prefix = f"{root.name}/" if len(project.sources) > 1 and root.is_dir() else ""
        for name, path in readers.discover(root, project.ignore):
            sources.append(readers.read(path, prefix + name, encoding=project.encoding, ignore=project.ignore))
    sources.sort(key=lambda s: s.name)
    found = [t for s in sources for g in s.grids for t in tables.find_tables(g, s.name, known)]
    rules = [(r.source, r.sheet, r.columns) for r in project.mappings]
    maps = [map.propose(t, vocabulary, project.entities, project.words, map.said_for(t, rules)) for t in found]
    return Input(tuple(sources), tuple(found), tuple(maps))


def scan(project: Project) -> dict[str, Any]:
    """What a folder holds, JSON-ready: files with their status, and for every column the field it would feed."""
    found = read_input(project)
    return {
        "files": _plain(_files(found)),
        "columns": _mapping(found),
        "notes": [
            {"source_file": s.name, "source_sheet": g.sheet, **asdict(n)}
            for s in found.sources
            for g in s.grids
            for n in g.notes
        ],
    }


def _files(found: Input) -> pd.DataFrame:
    count = {s.name: sum(len(t.rows) for t in found.tables if t.source == s.name) for s in found.sources}
    return frame(
        "files",
        [
            (s.name, s.status, s.reason, s.detail, s.format, s.encoding, len(s.grids), count[s.name])
            for s in found.sources
        ],
    )


def _mapping(found: Input) -> list[dict[str, Any]]:
    return [
        {
            "source_file": t.source,
            "source_sheet": t.sheet,
            "column": m.column,
            "field": m.path,
            "confidence": m.confidence,
            "evidence": m.evidence,
        }
        for t, columns in zip(found.tables, found.maps, strict=True)
        for m in columns
    ]


def _layout(found: Input) -> pd.DataFrame:
    parts = [t.layout.assign(source_file=t.source, source_sheet=t.sheet) for t in found.tables if len(t.layout)]
    return _joined("layout", parts)


# ------------------------------------------------------------------------------------------------- judge, link, merge


def _shapes(entity: Entity) -> dict[str, str]:
    return {n: KINDS[entity.fields[n].kind].shape(entity.fields[n].options) for n in entity.stored}


def _allowed(project: Project, entity: Entity) -> dict[str, frozenset[str]]:
    lists = {n: f"picklists/{f.options['picklist']}" for n, f in entity.fields.items() if f.options.get("picklist")}
    return {n: frozenset(row[0] for row in project.words.get(name, ())) for n, name in lists.items()}


def _validated(project: Project, records: Mapping[str, pd.DataFrame], level: validate.Level) -> list[pd.DataFrame]:
    return [
        validate.validate(records[name], entity, _shapes(entity), _allowed(project, entity), level)
        for name, entity in project.entities.items()
    ]


def _match(project: Project, records: Mapping[str, pd.DataFrame], issues: pd.DataFrame) -> Linked:
    said = review_decisions.read(project.root / DECISIONS)
    sound = {name: merge.without_wrong(table, _wrong(issues, name)) for name, table in records.items()}
    tables = {name: _with_children(project, name, sound) for name in project.entities}
    digests = {n: review_decisions.digest(tables[n], _compared(s)) for n, s in project.schemas.items() if n in tables}
    every = [pd.DataFrame({"entity": n, "rid": d.index, "digest": d.to_numpy()}) for n, d in digests.items()]
    resolved = review_decisions.resolve(said, pd.concat(every, ignore_index=True))
    links: dict[str, matching.Links] = {}
    for name, entity in project.entities.items():
        schema, table = project.schemas.get(name), tables[name]
        if schema is None:
            continue
        if schema.within:
            parents = links[entity.refers_to].clusters.set_index("rid")["cluster"]
            table = matching.with_others(table.assign(**{schema.within: table["rid"].map(parents)}), schema)
        number, distinct = pd.factorize(table[schema.name_field].fillna(""))
        names = COMPARABLE[schema.name_kind](distinct.tolist(), project.words).take(number)
        links[name] = matching.link(table, names, schema, resolved.forced[resolved.forced["entity"] == name])
    return Linked(links, digests, resolved)


def _wrong(issues: pd.DataFrame, entity: str) -> pd.DataFrame:
    """The cells that validation found wrong: rid, field."""
    return issues.loc[(issues["entity"] == entity) & (issues["severity"] == "error"), ["rid", "field"]]


def _compared(schema: matching.MatchSchema) -> list[str]:
    return [schema.name_field, *(f for e in schema.evidence for f in e.fields)]


def _with_children(project: Project, name: str, records: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The records of an entity, with the fields of the child records that stand in the same rows."""
    table = records[name]
    for child in project.entities.values():
        if child.refers_to == name:
            beside = records[child.name].set_index("rid")[list(child.stored)].add_prefix(f"{child.name}.")
            table = table.join(beside, on="rid")
    return table


def _merge(project: Project, records: Mapping[str, pd.DataFrame], linked: Linked, issues: pd.DataFrame) -> Gold:
    golden: dict[str, pd.DataFrame] = {}
    members: dict[str, pd.DataFrame] = {}
    changes, found, parked = [], [issues], [pd.DataFrame(columns=list(exits.PARKED))]
    for name, entity in project.entities.items():
        own = records[name].set_index("rid").index
        links = linked.links.get(name)
        clusters = pd.Series(own, index=own)
        if links:
            clusters.update(links.clusters.set_index("rid")["cluster"])
        parents = members[entity.refers_to].set_index("rid")["golden_id"] if entity.refers_to else None
        merged = merge.merge(entity, records[name], clusters, _wrong(issues, name), parents)
        golden[name], members[name] = merged.golden, merged.members
        changes.append(merged.changes)
        judged = validate.validate(merged.golden, entity, _shapes(entity), _allowed(project, entity), "golden")
        found.append(judged)
        parked.append(exits.parked_by_rules(merged.golden, judged, entity))
        if entity.refers_to:
            parked.append(exits.parked_by_parent(merged.golden, entity, pd.concat(parked, ignore_index=True)))
    every = _joined("issues", found).drop_duplicates(["rid", "entity", "field", "code"], ignore_index=True)
    return Gold(golden, members, _joined("changes", changes), every, pd.concat(parked, ignore_index=True))


# --------------------------------------------------------------------------------------------------------------- try


def _try(
    project: Project,
    folder: Path,
    planned: Mapping[str, pd.DataFrame],
    written: tuple[Any, ...],
    gold: Gold,
    changes: pd.DataFrame,
    clock: Clock,
) -> Tried:
    """Read the written files back, check all of them, and load a sample under the target's constraints."""
    profile = project.profile
    with clock("preflight"):
        back, seen = files.look(folder, written, profile)
        rid_of = {n: g.set_index("golden_id")["rid"] for n, g in gold.golden.items()}
        entity_of = {o.name: o.entity for o in profile.objects}
        rids = {name: pd.Series(rid_of[entity_of[name]].reindex(t.index).to_numpy()) for name, t in planned.items()}
        checked = preflight.preflight(back, profile, seen, rids=rids)
    with clock("trial"):
        verdict, receipts = try_files(
            project, {name: pd.concat(parts, ignore_index=True) for name, parts in back.items()}, planned, gold, changes
        )
    return Tried(written, checked, verdict, receipts)


def try_files(
    project: Project,
    back: Mapping[str, pd.DataFrame],
    planned: Mapping[str, pd.DataFrame],
    gold: Gold,
    changes: pd.DataFrame,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The trial of what was read back: a sample by the plan, loaded into SQLite, fetched and compared cell by cell."""
    profile = project.profile
    arrived = {n: t.set_axis(planned[n].index) if len(t) == len(planned[n]) else t for n, t in back.items()}
    roots, links = _units(profile, arrived, gold)
    strata = trial.strata(changes, gold.members)
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
            return verdict, receipts
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


# ------------------------------------------------------------------------------------------------------------- write


def _facts(
    project: Project,
    found: Input,
    mapped: map.Mapped,
    clean: normalize.Normalized,
    linked: Linked,
    gold: Gold,
    tried: Tried,
    rows: pd.DataFrame,
    changes: pd.DataFrame,
    issues: pd.DataFrame,
) -> quality.Facts:
    fields = [f for e in project.entities.values() for f in e.fields.values()]
    return quality.Facts(
        project={
            "name": project.name,
            "language": project.language,
            "target": project.profile.name,
            "today": project.today,
            "version": __version__,
        },
        files=_files(found),
        layout=_layout(found),
        losses=mapped.losses,
        unmapped=mapped.unmapped,
        rows=rows,
        records=clean.records,
        golden=gold.golden,
        changes=changes,
        issues=issues,
        pairs=_joined("pairs", [x.pairs for x in linked.links.values()]),
        clusters=_joined("clusters", [x.clusters for x in linked.links.values()]),
        matching={n: x.report for n, x in linked.links.items()},
        trial=dict(tried.verdict),
        written=[asdict(w) for w in tried.written],
        preflight=tried.preflight,
        mapping=_mapping(found),
        decided=clean.decided,
        entities=dict(project.entities),
        masks={f.path: KINDS[f.kind].mask for f in fields},
    )


def _write_frames(folder: RunFolder, project: Project, facts: quality.Facts, linked: Linked) -> None:
    for name in ("rows", "changes", "issues", "files", "layout", "losses"):
        folder.frame(f"ledger/{name}.parquet", getattr(facts, name))
    folder.frame("records/unmapped.parquet", facts.unmapped)
    folder.frame("pairs.parquet", facts.pairs)
    folder.frame("clusters.parquet", facts.clusters)
    for name in project.entities:
        folder.frame(f"records/{name}.parquet", facts.records[name])
        folder.frame(f"golden/{name}.parquet", facts.golden[name])


def _write_reports(
    folder: RunFolder,
    project: Project,
    numbers: Mapping[str, Any],
    found: Input,
    rows: pd.DataFrame,
    linked: Linked,
    records: Mapping[str, pd.DataFrame],
) -> None:
    folder.text("report.json", report_json.render(numbers))
    folder.text("report.html", html.render(numbers, project.language))
    folder.text("junit.xml", junit.render(numbers))
    xlsx.write_parked(folder.path("parked.xlsx"), parked_rows(found, rows), project.language)
    shown = [
        workbook.groups(
            links.pairs,
            links.clusters,
            _with_children(project, name, records),
            linked.digests[name],
            _headings(project, name),
            name,
            project.language,
            telling=_compared(project.schemas[name]),
        )
        for name, links in linked.links.items()
        if not project.entities[name].refers_to
    ]
    workbook.export(folder.path("duplicates.xlsx"), shown, project.language)


def _headings(project: Project, name: str) -> dict[str, str]:
    """The fields a reviewer sees, with their headings: those that matter for telling records apart first."""
    compared = _compared(project.schemas[name])
    labels = {
        f.name if f.entity == name else f.path: f.label[project.language]
        for e in project.entities.values()
        for f in e.fields.values()
        if name in (e.name, e.refers_to)
    }
    order = [*compared, *(n for n in project.entities[name].stored if n not in compared)]
    return {n: labels[n] for n in dict.fromkeys(order) if n in labels}


def parked_rows(found: Input, rows: pd.DataFrame) -> pd.DataFrame:
    """The source rows of parked records as they were: reason, entity, address, then every source column."""
    parked = rows[rows["exit"] == Exit.PARKED]
    parts = []
    for table in found.tables:
        mine = parked[(parked["source_file"] == table.source) & (parked["source_sheet"] == table.sheet)]
        mine = mine[mine["source_row"].isin(table.rows.index)]
        if len(mine):
            cells = table.rows.loc[mine["source_row"]].reset_index(drop=True)
            lead = mine[["reason", "entity", "source_file", "source_sheet", "source_row"]].reset_index(drop=True)
            parts.append(pd.concat([lead, cells], axis=1))
    columns = ["reason", "entity", "source_file", "source_sheet", "source_row"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _write_book(
    folder: RunFolder,
    project: Project,
    numbers: Mapping[str, Any],
    clock: Clock,
    tried: Tried,
    clean: normalize.Normalized,
    linked: Linked,
    found: Input,
    started: datetime,
) -> None:
    resolved = linked.resolved
    said = [("column", d) for d in clean.decided]
    said.append(
        (
            "review",
            {
                "applied": resolved.applied,
                "stale": len(resolved.stale),
                "conflicting": len(resolved.conflicting),
                "replaced": resolved.replaced,
            },
        )
    )
    write_book(
        folder.path("run.sqlite"),
        times=clock.times,
        decisions=said,
        written=[asdict(w) for w in tried.written],
        receipts=tried.receipts,
        audit=[(started.isoformat(timespec="seconds"), "", "run", folder.run_id)],
    )
    folder.json("times.json", {name: {"cpu": cpu, "wall": wall} for name, cpu, wall in clock.times})
    decisions = project.root / DECISIONS
    folder.json(
        "manifest.json",
        {
            "run": folder.run_id,
            "version": __version__,
            "target": project.profile.name,
            "today": project.today,
            "inputs": {s.name: s.digest for s in found.sources if s.digest},
            "rules": project.digest,
            "decisions": review_decisions.file_digest(decisions),
            "counts": numbers["balance"],
            "trial": tried.verdict["result"],
            "outputs": folder.digests(),
        },
    )


# -------------------------------------------------------------------------------------------------------------- help


def _joined(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of one sort as one, with the columns of ``COLUMNS[name]``; what is a category in one is so in the whole."""
    some = [p for p in parts if len(p)]
    empty = frame(name)
    if not some:
        return empty
    for column in empty.columns:
        if any(isinstance(p[column].dtype, pd.CategoricalDtype) for p in some):
            every = union_categoricals([p[column].astype("category") for p in some], sort_categories=True).dtype
            some = [p.assign(**{column: p[column].astype(every)}) for p in some]
    return pd.concat(some, ignore_index=True)[list(empty.columns)]


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.astype(object).to_dict("records")]


# ------------------------------------------------------------------------------------------------------ smaller verbs


def init(folder: Path, target: str) -> Path:
    """Write ``cleanse.toml`` into a folder of files: its sources, and the mapping found, for a person to confirm."""
    path = folder / CONFIG
    if path.exists():
        raise UsageError("there is a cleanse.toml already", where=str(path), cure="edit it, or move it away first")
    head = f'[project]\nname = {json.dumps(folder.resolve().name, ensure_ascii=False)}\nlanguage = "zh"\n\n'
    head += f'[sources]\npaths = ["."]\nignore = ["out/*"]\n\n[target]\nprofile = {json.dumps(target)}\n'
    path.write_text(head, "utf-8", newline="\n")
    try:
        found = read_input(load_project(folder))
    except CleanseError:
        path.unlink()
        raise
    path.write_text(
        head + "".join(_mapping_text(t, m) for t, m in zip(found.tables, found.maps, strict=True)),
        "utf-8",
        newline="\n",
    )
    return path


def _mapping_text(table: Table, columns: tuple[map.ColumnMap, ...]) -> str:
    """One ``[[mapping]]`` of a table; columns that are not certain stand as remarks, to be confirmed."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    lines = [
        f"\n[[mapping]]\nsource = {quoted(table.source)}\nsheet = {quoted(table.sheet or '*')}\n[mapping.columns]\n"
    ]
    for c in columns:
        sure = c.path and c.confidence >= CERTAIN
        why = "" if sure else f"  # {c.confidence:.0%} {c.evidence}" if c.path else "  # entity.field, or '-'"
        lines.append(f"{'' if sure else '# '}{quoted(c.column)} = {quoted(c.path or '-')}{why}\n")
    return "".join(lines)


def trial_alone(project: Project, *, rows: int | None, progress: Progress) -> dict[str, Any]:
    """A whole run of its sources, of which only the verdict of the trial matters. Raises UsageError when ``rows`` are
    too few to prove anything."""
    if rows is not None:
        project = replace(project, trial={**project.trial, "rows": rows})
    return dict(run(project, progress=progress).quality["trial"])


def review_export(project: Project, path: Path) -> Path:
    """Copy the duplicates workbook of the latest run."""
    shutil.copyfile(find_run(project.out) / "duplicates.xlsx", path)
    return path


def review_import(project: Project, path: Path, who: str, when: str) -> tuple[int, tuple[tuple[str, int, str], ...]]:
    """Take a workbook's decisions into ``decisions.jsonl``; how many, and the lines that could not be read."""
    back = workbook.read(path, who, when)
    review_decisions.append(project.root / DECISIONS, back.decisions)
    return len(back.decisions), back.unread
