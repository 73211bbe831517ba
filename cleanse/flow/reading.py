"""From the sources to tables with a field for every column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse import readers
from cleanse.codes import all_codes
from cleanse.errors import SourceError
from cleanse.flow.frames import joined, plain
from cleanse.kinds.header import Vocabulary, normalize_header
from cleanse.model import PARKED_LISTS, Entity, Note, Source, Table, frame
from cleanse.project import DECISIONS, Project
from cleanse.review.decisions import CHOICES
from cleanse.settings import CONFIG
from cleanse.stages import aside, corrected, join, map, tables


@dataclass(frozen=True)
class Input:
    """What was found on the disk: every file, the tables in them, and the field of every column."""

    sources: tuple[Source, ...]
    tables: tuple[Table, ...]
    maps: tuple[tuple[map.ColumnMap, ...], ...]
    patches: tuple[corrected.Patch, ...] = ()


def read_input(project: Project) -> Input:
    """Read every file below the project's sources, find the tables in it, and a field for every column."""
    vocabulary = Vocabulary.of(project.words, project.entities)
    sources = _sources(project)
    taken = corrected.apply(_tables(project, sources, vocabulary), _digests(sources))
    found, maps = _mapped(project, taken, vocabulary)
    notes = [*taken.notes.items(), *_notes(found, maps, project, vocabulary)]
    return Input(tuple(_noted(s, notes) for s in sources), found, maps, taken.patches)


def _sources(project: Project) -> list[Source]:
    """Every file and query, by name."""
    limits = reading_limits(project)
    sources: list[Source] = []
    for root in project.sources:
        prefix = f"{root.name}/" if len(project.sources) > 1 and root.is_dir() else ""
        for name, path in readers.discover(root, project.ignore):
            if project.out not in path.resolve().parents:
                ignore = ("*",) if _own(project, path) else project.ignore
                sources += readers.read_all(path, prefix + name, limits, project.encoding, ignore, project.passwords)
    sources += [readers.query(q.name, q.url, q.query, project.root, limits) for q in project.queries]
    return sorted(sources, key=lambda s: s.name)


def _tables(project: Project, sources: Sequence[Source], vocabulary: Vocabulary) -> list[Table]:
    """The tables of every sheet; one that holds none is passed over, unless a person mapped that very sheet."""
    known, told = _headers(project, vocabulary), cache(vocabulary.tells)
    found: list[Table] = []
    for source in sources:
        said = {rule.sheet for rule in project.mappings if fnmatch(source.name, rule.source)}
        for grid in source.grids:
            kind = "" if grid.sheet in said else aside.aside(grid, project.words)
            found += (
                [aside.passed_over(grid, source.name, kind)] if kind
                else tables.find_tables(grid, source.name, known, project.words, told)
            )  # fmt: skip
    return found


def _headers(project: Project, vocabulary: Vocabulary) -> frozenset[str]:
    """The words that are known to stand over columns: also over such as are joined, or kept as they are."""
    joined = {normalize_header(header) for _, *headers in project.words.get(join.LEXICON, ()) for header in headers}
    beside = {word for word in vocabulary.alone["beside"] if len(word) > 1}
    return frozenset({*vocabulary.synonyms, *vocabulary.rows, *vocabulary.alone["either"], *joined, *beside})


def _mapped(
    project: Project, taken: corrected.Corrected, vocabulary: Vocabulary
) -> tuple[tuple[Table, ...], tuple[tuple[map.ColumnMap, ...], ...]]:
    """The tables with the columns that were joined, and a field for every column. Tables of one file with the same columns
    (one form a sheet) are judged together."""
    rules = [(r.source, r.sheet, r.columns) for r in project.mappings]
    joins = [(r.source, r.sheet, r.join) for r in project.mappings]
    fields = {f.path: f for e in project.entities.values() for f in e.fields.values()}
    found = taken.tables
    marks = [taken.marks.get((table.source, table.sheet), ()) for table in found]
    said = [
        {**map.said_for(table, rules), **dict.fromkeys(no_values, "-")}
        for table, no_values in zip(found, marks, strict=True)
    ]
    joined = [
        join.join(table, map.said_for(table, joins), words, fields, project.words)
        for table, words in zip(found, said, strict=True)
    ]
    alike: dict[tuple[str, ...], list[int]] = {}
    for at, (one, words) in enumerate(zip(joined, said, strict=True)):
        alike.setdefault((one.table.source, repr(words), *_shape(one.table, project)), []).append(at)
    maps: dict[int, tuple[map.ColumnMap, ...]] = {}
    for places in alike.values():
        first = joined[places[0]]
        rows = pd.concat([joined[at].table.rows for at in places]) if len(places) > 1 else first.table.rows
        proposed = map.propose(
            replace(first.table, rows=rows), vocabulary, project.entities, project.words, said[places[0]], first
        )
        maps |= dict.fromkeys(places, proposed)
    return tuple(one.table for one in joined), tuple(maps[at] for at in range(len(joined)))


def _shape(table: Table, project: Project) -> tuple[str, ...]:
    """What the mapping of a table depends on beside its values."""
    return (*(str(column) for column in table.rows.columns), repr(sorted(table.heads.items())), str(map.of_staff(table, project.words)))


def _notes(
    found: Sequence[Table],
    maps: Sequence[Sequence[map.ColumnMap]],
    project: Project,
    vocabulary: Vocabulary,
) -> Iterator[tuple[tuple[str, str], tuple[Note, ...]]]:
    """What a person should know of each table: that it was passed over, turned, or holds nobody."""
    telling = map.telling(project.entities)
    for table, columns in zip(found, maps, strict=True):
        kinds = set(table.layout["kind"])
        codes = {f"sheet_{kind}" for kind in aside.KINDS & kinds}
        codes |= {"sheet_turned"} if "turned_row" in kinds else set()
        if len(table.rows) and not map.fed(columns, project.entities) & telling:
            others = map.not_ours(columns, vocabulary) or map.of_staff(table, project.words)
            codes.add("sheet_others" if others else "sheet_no_records")
        yield (table.source, table.sheet), tuple(Note(code) for code in sorted(codes))


def _digests(sources: Sequence[Source]) -> dict[tuple[str, corrected.Address], str]:
    """The hidden sheet of parked workbooks that came back: (file, address) -> digest of what stood there."""
    found = {}
    for source in sources:
        for grid in source.grids:
            if grid.sheet == PARKED_LISTS and grid.cells.shape[1] > 4 and "source_row" in grid.cells.iloc[0].tolist():
                for file, sheet, row, digest in grid.cells.iloc[1:, :4].itertuples(index=False):
                    if row.isdecimal():
                        found[source.name, (file, sheet, int(row))] = digest
    return found


def _noted(source: Source, notes: Sequence[tuple[tuple[str, str], tuple[Note, ...]]]) -> Source:
    """The source with notes on its sheets."""
    said = {
        g.sheet: tuple(dict.fromkeys(note for place, more in notes if place == (source.name, g.sheet) for note in more))
        for g in source.grids
    }
    return replace(source, grids=tuple(replace(g, notes=(*g.notes, *said[g.sheet])) for g in source.grids))


def corrections(found: Input, entities: Mapping[str, Entity]) -> pd.DataFrame:
    """What people corrected in parked rows, as changes of the ledger."""
    paths = {(n, m.column): m.path for n, maps in enumerate(found.maps) for m in maps}
    return corrected.changes(found.patches, found.tables, paths, entities)


def read_named(
    project: Project, path: Path, what: str, known: frozenset[str], told: Callable[[str], bool] = lambda name: False
) -> list[Table]:
    """The tables of a file that a person names, or of the files in an archive, read as the sources are: with their limits,
    encoding and passwords. ``known`` and ``told`` say what is a header, as for ``find_tables``. ``what`` the file is said to
    be is told in the SourceError that is raised when it cannot be read."""
    found = list(readers.read_all(path, path.name, reading_limits(project), project.encoding, (), project.passwords))
    grids = [grid for source in found for grid in source.grids]
    bad = next((s for s in found if s.status == "error"), None if grids else found[0])
    if bad:
        code = all_codes()[bad.reason or "no_cells"]
        where = str(path.parent / bad.name)
        raise SourceError(f"{what} cannot be read: {code.text['en']}", where=where, cure=code.cure["en"])
    return [t for grid in grids for t in tables.find_tables(grid, path.name, known, project.words, told)]


def reading_limits(project: Project) -> readers.Limits:
    """The limits of reading: the usual ones, with what ``[reading]`` says before them."""
    said = {
        f"{key.removesuffix('_mb')}_bytes": value << 20 for key, value in project.reading.items() if key[-3:] == "_mb"
    }
    return readers.Limits(**{k: v for k, v in project.reading.items() if k[-3:] != "_mb"}, **said)


def _own(project: Project, path: Path) -> bool:
    """Whether a file belongs to the project itself, which often stands among the sources."""
    there = path.resolve()
    lookup = project.complete["lookup"]
    own = (
        project.root / CONFIG,
        project.root / DECISIONS,
        project.root / CHOICES,
        lookup.resolve() if lookup else None,
    )
    return there in own or there in project.existing.values() or project.root / "rules" in there.parents


def scan(project: Project) -> dict[str, Any]:
    """What a folder holds, JSON-ready: files with their status, and for every column the field it would feed."""
    found = read_input(project)
    return {
        "files": plain(files_frame(found)),
        "columns": mapping(found),
        "notes": notes(found),
    }


def notes(found: Input) -> list[dict[str, str]]:
    """What the readers saw that a person should know, such as the damage that Excel did."""
    return [
        {"source_file": s.name, "source_sheet": g.sheet, **asdict(n)}
        for s in found.sources
        for g in s.grids
        for n in g.notes
    ]


def files_frame(found: Input) -> pd.DataFrame:
    count = {s.name: sum(len(t.rows) for t in found.tables if t.source == s.name) for s in found.sources}
    return frame(
        "files",
        [
            (s.name, s.status, s.reason, s.detail, s.format, s.encoding, len(s.grids), count[s.name])
            for s in found.sources
        ],
    )


def mapping(found: Input) -> list[dict[str, Any]]:
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


def columns(found: Input, entities: Mapping[str, Entity]) -> pd.DataFrame:
    """Every column of every table: where it stands (from 1), the field it feeds, and the fields that parts of its cells
    may go to."""
    fields = {f.path: f for e in entities.values() for f in e.fields.values()}
    lines = []
    for t, maps in zip(found.tables, found.maps, strict=True):
        for place, m in zip(t.places, maps, strict=True):
            feeds = " ".join(sorted(set(fields[m.path].parts.values()))) if m.path in fields else ""
            lines.append(
                (t.source, t.sheet, t.header_row, place + 1, m.column, m.path, feeds, m.confidence, m.evidence)
            )
    return frame("columns", lines)


def layout(found: Input) -> pd.DataFrame:
    parts = [t.layout.assign(source_file=t.source, source_sheet=t.sheet) for t in found.tables if len(t.layout)]
    return joined("layout", parts)
