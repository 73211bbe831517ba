"""The verbs of review: export, import, serve."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from cleanse.cli.common import OUT, PROJECT, verb


@click.group()
def review() -> None:
    """Duplicates judged by people: in a workbook that goes out and comes back, or on a page of this machine."""


@review.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--per-owner", is_flag=True, help="FILE is a folder: one workbook per owner, with that owner's groups.")
@PROJECT
@OUT
@verb
def review_export(file: Path, per_owner: bool, root: Path, out: Path | None) -> int:
    """Copy the duplicates workbook of the latest run to FILE."""
    from cleanse import flow
    from cleanse.project import load_project

    project = load_project(root, out=out)
    if per_owner:
        click.echo(f"wrote {len(flow.per_owner(project, file))} workbooks to {file}")
    else:
        click.echo(f"wrote {flow.review_export(project, file)}")
    return 0


@review.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--who", required=True, help="Who decided.")
@click.option("--settle", is_flag=True, help="Where others decided otherwise, this file has the last word.")
@PROJECT
@verb
def review_import(file: Path, who: str, settle: bool, root: Path) -> int:
    """Take the decisions of a workbook back into decisions.jsonl; the next run applies them."""
    from cleanse import flow
    from cleanse.project import load_project

    today = datetime.now().date().isoformat()
    taken = flow.review_import(load_project(root), file, who, today, settle=settle)
    click.echo(f"{taken.decisions} decisions taken, {taken.values} values chosen")
    for sheet, row, other in taken.conflicting:
        click.echo(
            f"conflict: {sheet} row {row}: {who} says otherwise than {other}; neither holds until one is settled"
        )
    for sheet, row, reason in taken.unread:
        click.echo(f"not read: {sheet} row {row}: {reason}")
    return 1 if taken.unread or taken.conflicting else 0


@review.command("serve")
@click.option("--who", required=True, help="Who decides.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of 127.0.0.1 (default: any free one).")
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
@PROJECT
@OUT
@verb
def review_serve(who: str, port: int, open_it: bool, root: Path, out: Path | None) -> int:
    """Review the duplicates of the latest run on a page of this machine; each decision is kept at once."""
    from cleanse import flow
    from cleanse.project import load_project

    page = flow.review_page(
        load_project(root, out=out), who, lambda: datetime.now().isoformat(timespec="seconds"), port
    )
    click.echo(f"open once, in one browser: {page.url}\nCtrl+C ends it; `cleanse run` applies the decisions")
    if open_it:
        click.launch(page.url)
    try:
        page.serve()
    except KeyboardInterrupt:
        click.echo("ended; every decision is in decisions.jsonl")
    return 0
