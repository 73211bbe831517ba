"""The verbs that work: run, scan, init, trial, results."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from cleanse.cli.common import JSON, OUT, PASSWORDS, PATHS, PROJECT, TODAY, show_progress, verb


@click.command()
@PATHS
@PROJECT
@OUT
@TODAY
@PASSWORDS
@JSON
@verb
def run(
    paths: tuple[Path, ...], root: Path, out: Path | None, today: str, password_file: Path | None, as_json: bool
) -> int:
    """The whole job, offline: read, map, clean, match, merge, migration files, trial, report.

    PATHS are files or folders; without them, those of [sources] in cleanse.toml.
    """
    from cleanse import flow
    from cleanse.project import load_project
    from cleanse.reports import text as summary

    project = load_project(root, out=out, today=today, paths=paths, password_file=password_file)
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
@PASSWORDS
@JSON
@verb
def scan(paths: tuple[Path, ...], root: Path, password_file: Path | None, as_json: bool) -> int:
    """What is in there: files, sheets, headers, the field each column would feed and how sure that is.

    PATHS are files or folders; they need no cleanse.toml. Without them, those of [sources] in cleanse.toml.
    """
    from cleanse import flow
    from cleanse.reports import text as summary

    project, folder = flow.project_of(root, paths, password_file)
    found = flow.scan(project)
    told = (
        json.dumps(found, ensure_ascii=False, indent=2)
        if as_json
        else summary.scan_text(found, project.language, folder)
    )
    click.echo(told)
    return 3 if any(f["status"] == "error" for f in found["files"]) else 0


def _places(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Files that are there, or addresses of databases."""
    file = click.Path(exists=True, dir_okay=False)
    return tuple(str(one if "://" in one else file.convert(one, option, context)) for one in given)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--target", default="generic", help="Target profile to write for.")
@click.option(
    "--template",
    "templates",
    multiple=True,
    callback=_places,
    help="Import template exported from your own CRM, once per object, or URL#table,table of a database: makes a profile of "
    "its columns, rules and lists.",
)
@click.option("--name", default="", help="Name of that profile (default: the template's file name or the first table).")
@PASSWORDS
@verb
def init(folder: Path, target: str, templates: tuple[str, ...], name: str, password_file: Path | None) -> int:
    """Look at a folder of files and write its cleanse.toml, with a mapping to confirm."""
    from cleanse import flow

    written, to_confirm = flow.init(folder, target, password_file, templates, name)
    for path in written:
        click.echo(f"wrote {path}")
    for line in to_confirm:
        click.echo(f"to confirm: {line}")
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option(
    "-n", "rows", type=click.IntRange(1), default=None, help="Rows of the random part (default: [trial] rows)."
)
@click.option("--summary", type=click.Path(path_type=Path), help="Add a Markdown summary to this file, for a CI job.")
@click.option(
    "--judged",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="trial.xlsx of the latest run as a person judged it: gives the verdict on accuracy; nothing is run.",
)
@click.option("--who", default="", help="Who judged.")
@PROJECT
@OUT
@PASSWORDS
@JSON
@verb
def trial(
    file: Path | None, rows: int | None, summary: Path | None, judged: Path | None, who: str, root: Path,
    out: Path | None, password_file: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """The trial for CI: clean FILE (default: the sources), write, read back, load a sample into SQLite, compare."""
    from cleanse import flow
    from cleanse.project import load_project
    from cleanse.reports import markdown, text

    project = load_project(root, out=out, paths=[file] if file else [], password_file=password_file)
    unread: tuple[tuple[int, str], ...] = ()
    if judged:
        if not who:
            raise click.UsageError("--judged needs --who: whose judgement is it?")
        verdict, unread = flow.judge(project, judged, who, datetime.now().isoformat(timespec="seconds"))
    else:
        numbers = flow.trial_alone(project, rows=rows, progress=show_progress)
        verdict = numbers["trial"]
        if summary:
            with summary.open("a", encoding="utf-8", newline="\n") as page:
                page.write(markdown.render(numbers, project.language))
    click.echo(
        json.dumps(verdict, ensure_ascii=False, indent=2) if as_json else text.trial_text(verdict, project.language)
    )
    for row, word in unread:
        click.echo(f"not read: row {row}: '{word}'")
    return 0 if verdict["result"] == "accept" and not unread else 1


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--to", type=click.Path(path_type=Path), default=Path("corrections.xlsx"), help="Correction workbook.")
@click.option("--run", "run_id", default="latest", help="The run whose files were imported (default: the latest).")
@PROJECT
@OUT
@PASSWORDS
@JSON
@verb
def results(
    files: tuple[Path, ...], to: Path, run_id: str, root: Path, out: Path | None, password_file: Path | None, as_json: bool
) -> int:  # fmt: skip
    """Read the result FILES of the target's import: what was taken, what was refused and why; the source rows of what was
    refused go into a workbook to correct. What earlier files said of the same run is kept."""
    from cleanse.flow import results as answered
    from cleanse.project import load_project
    from cleanse.reports import loading

    project = load_project(root, out=out, password_file=password_file)
    told = answered.take(project, files, to, run_id)
    found = {
        "objects": told.counts, "strange": [list(s) for s in told.strange], "refused": told.refused.to_dict("records"),
        "corrections": told.corrections,
    }  # fmt: skip
    click.echo(
        json.dumps(found, ensure_ascii=False, indent=2)
        if as_json
        else loading.answers_text(told.counts, told.strange, told.refused, told.corrections, project.language)
    )
    return 1 if len(told.refused) or told.strange else 0
