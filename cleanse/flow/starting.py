"""The first look at a folder of files: its ``cleanse.toml``, with a mapping to confirm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from cleanse.errors import CleanseError, UsageError
from cleanse.flow import template
from cleanse.flow.reading import Input, read_input
from cleanse.model import Table
from cleanse.project import Project, load_project
from cleanse.settings import CONFIG
from cleanse.stages import map

CERTAIN = 0.9
_HAN = re.compile("[\u3400-\u9fff]")
MANY = 3  # sheets of one file with the same columns: one form a sheet


def init(
    folder: Path, target: str, password_file: Path | None = None, templates: Sequence[str] = (), name: str = ""
) -> tuple[list[Path], tuple[str, ...]]:
    """Write ``cleanse.toml`` into a folder of files: its sources, and the mapping found, for a person to confirm.

    With the import ``templates`` of a CRM (files, or ``URL#table,table`` of its database) also ``rules/targets/NAME.toml``,
    made from them and the profile ``target``; a ``cleanse.toml`` that is there stays then as it is. Returns what was written,
    and what of the profile to confirm.
    """
    path = folder / CONFIG
    there = path.exists()
    written = [] if there and templates else [_config(folder, target, password_file)]
    if not templates:
        return written, ()
    named = name or Path(re.sub(r".*#", "", templates[0]).split(",")[0]).stem
    made = template.make(load_project(folder), target, templates, named)
    if not there:
        text = path.read_text("utf-8")
        old, new = (f"profile = {json.dumps(n, ensure_ascii=False)}" for n in (target, named))
        path.write_text(text.replace(old, new, 1), "utf-8", newline="\n")
    return [*written, made.path], made.to_confirm


def project_of(root: Path, paths: Sequence[Path], password_file: Path | None) -> tuple[Project, str]:
    """The project in ``root``, else the one that the only path is; for paths that belong to none, one of nothing but the
    shipped rules, and the folder that ``init`` would make a project of."""
    own = [path for path in paths if (path / CONFIG).is_file()]
    if not paths or (root / CONFIG).is_file() or root != Path():
        return load_project(root, paths=paths, password_file=password_file), ""
    if len(paths) == 1 and own:
        return load_project(own[0], password_file=password_file), ""
    with TemporaryDirectory() as nowhere:
        (Path(nowhere) / CONFIG).touch()
        project = load_project(Path(nowhere), paths=paths, password_file=password_file)
    return project, str(paths[0] if paths[0].is_dir() else paths[0].parent)


def _config(folder: Path, target: str, password_file: Path | None) -> Path:
    path = folder / CONFIG
    if path.exists():
        raise UsageError("there is a cleanse.toml already", where=str(path), cure="edit it, or move it away first")
    head = f'[project]\nname = {json.dumps(folder.resolve().name, ensure_ascii=False)}\nlanguage = "zh"\n\n'
    head += f'[sources]\npaths = ["."]\nignore = ["out/*"]\n\n[target]\nprofile = {json.dumps(target, ensure_ascii=False)}\n'
    path.write_text(head, "utf-8", newline="\n")
    try:
        found = read_input(load_project(folder, password_file=password_file))
    except CleanseError:
        path.unlink()
        raise
    if found.tables and not any(_HAN.search(name) for table in found.tables for name in table.rows.columns):
        head = head.replace('language = "zh"', 'language = "en"', 1)  # nobody wrote a Chinese header
    path.write_text(head + "".join(_mappings_text(found)), "utf-8", newline="\n")
    return path


def _mappings_text(found: Input) -> Iterator[str]:
    """One ``[[mapping]]`` a sheet, or one for all sheets of a file where many have the same columns, before those of single
    sheets, which stand over it. A sheet that was passed over has none."""
    alike: dict[tuple[str, str], list[tuple[Table, tuple[map.ColumnMap, ...]]]] = {}
    for table, columns in zip(found.tables, found.maps, strict=True):
        if columns:
            alike.setdefault((table.source, repr(columns)), []).append((table, columns))
    sheets = {key: [*dict.fromkeys(table.sheet for table, _ in tables)] for key, tables in alike.items()}
    for key in sorted(alike, key=lambda k: len(sheets[k]) < MANY):
        table, columns = alike[key][0]
        for sheet in ["*"] if len(sheets[key]) >= MANY else sheets[key]:
            yield _mapping_text(table, sheet or "*", columns)


def _mapping_text(table: Table, sheet: str, columns: tuple[map.ColumnMap, ...]) -> str:
    """One ``[[mapping]]``; columns that are not certain stand as remarks, to be confirmed."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    def quoted_list(texts: Sequence[str]) -> str:
        return f"[{', '.join(quoted(text) for text in texts)}]"

    lines = [f"\n[[mapping]]\nsource = {quoted(table.source)}\nsheet = {quoted(sheet)}\n[mapping.columns]\n"]
    for c in columns:
        if c.path == map.JOINED or c.made:
            continue
        sure = c.path and c.confidence >= CERTAIN
        why = "" if sure else f"  # {c.confidence:.0%} {c.evidence}" if c.path else "  # entity.field, or '-'"
        lines.append(f"{'' if sure else '# '}{quoted(c.column)} = {quoted(c.path or '-')}{why}\n")
    joined = [c for c in columns if c.made]
    lines += ["[mapping.join]\n"] * bool(joined)
    lines += [f"{quoted(c.path)} = {quoted_list(c.column.split('+'))}\n" for c in joined]
    return "".join(lines)
