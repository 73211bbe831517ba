"""The verbs that work: run, scan, init, trial."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cleanse.cli.common import JSON, OUT, PATHS, PROJECT, TODAY, show_progress, verb


@click.command()
@PATHS
@PROJECT
@OUT
@TODAY
@JSON
@verb
def run(paths: tuple[Path, ...], root: Path, out: Path | None, today: str, as_json: bool) -> int:
    """The whole job, offline: read, map, clean, match, merge, migration files, trial, report.

    PATHS are files or folders; without them, those of [sources] in cleanse.toml.
    """
    from cleanse import flow
    from cleanse.project import load_project
    from cleanse.reports import text as summary

    project = load_project(root, out=out, today=today, paths=paths)
    outcome = flow.run(project, progress=show_progress)
    numbers, gate = outcome.quality, project.gate
    text = (
        summary.run_json(numbers, gate, outcome.folder)
        if as_json
        else summary.run_text(numbers, gate, outcome.folder, project.language)
    )
    click.echo(text)
    return summary.exit_code(numbers, gate)


@click.command()
@PATHS
@PROJECT
@JSON
@verb
def scan(paths: tuple[Path, ...], root: Path, as_json: bool) -> int:
    """What is in there: files, sheets, headers, the field each column would feed and how sure that is."""
    from cleanse import flow
    from cleanse.project import load_project
    from cleanse.reports import text as summary

    project = load_project(root, paths=paths)
    found = flow.scan(project)
    click.echo(
        json.dumps(found, ensure_ascii=False, indent=2) if as_json else summary.scan_text(found, project.language)
    )
    return 3 if any(f["status"] == "error" for f in found["files"]) else 0


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--target", default="generic", help="Target profile to write for.")
@verb
def init(folder: Path, target: str) -> int:
    """Look at a folder of files and write its cleanse.toml, with a mapping to confirm."""
    from cleanse import flow

    click.echo(f"wrote {flow.init(folder, target)}")
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option(
    "-n", "rows", type=click.IntRange(1), default=None, help="Rows of the random part (default: [trial] rows)."
)
@PROJECT
@OUT
@JSON
@verb
def trial(file: Path | None, rows: int | None, root: Path, out: Path | None, as_json: bool) -> int:
    """The trial for CI: clean FILE (default: the sources), write, read back, load a sample into SQLite, compare."""
    from cleanse import flow
    from cleanse.project import load_project
    from cleanse.reports import text as summary

    project = load_project(root, out=out, paths=[file] if file else [])
    verdict = flow.trial_alone(project, rows=rows, progress=show_progress)
    click.echo(
        json.dumps(verdict, ensure_ascii=False, indent=2) if as_json else summary.trial_text(verdict, project.language)
    )
    return 0 if verdict["result"] == "accept" else 1
