"""The verbs that look back: trace, report, runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cleanse.cli.common import JSON, OUT, PROJECT, verb


@click.command()
@click.argument("address")
@PROJECT
@OUT
@JSON
@verb
def trace(address: str, root: Path, out: Path | None, as_json: bool) -> int:
    """The life of one value or record, both ways. ADDRESS is a cell FILE!SHEET!C17 or a row FILE!SHEET!17 (FILE!C17 for
    CSV), a golden id, or an id that the target gave."""
    from cleanse.project import load_project
    from cleanse.runs import trace as lineage
    from cleanse.runs.folder import find_run

    project = load_project(root, out=out)
    found = lineage.trace(find_run(project.out), address)
    told = json.dumps(found, ensure_ascii=False, indent=2) if as_json else lineage.as_text(found, project.language, project.codes)
    click.echo(told)
    return 0


@click.command()
@PROJECT
@OUT
@verb
def report(root: Path, out: Path | None) -> int:
    """Where the report of the latest run is, and its summary."""
    from cleanse.project import load_project
    from cleanse.reports import text as summary
    from cleanse.runs.folder import find_run

    project = load_project(root, out=out)
    folder = find_run(project.out)
    numbers = json.loads((folder / "report.json").read_text("utf-8"))
    click.echo(summary.run_text(numbers, project.gate, folder, project.language))
    return 0


@click.command()
@PROJECT
@OUT
@JSON
@verb
def runs(root: Path, out: Path | None, as_json: bool) -> int:
    """The finished runs, oldest first."""
    from cleanse.project import load_project
    from cleanse.reports import text as summary
    from cleanse.runs.folder import list_runs

    found = list_runs(load_project(root, out=out).out)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else summary.runs_text(found))
    return 0
