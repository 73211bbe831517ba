"""The verbs of the last mile: approve, load, reconcile, undo, audit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanse.cli.common import JSON, OUT, PASSWORDS, PROJECT, verb

if TYPE_CHECKING:
    from cleanse.project import Project

TO = click.option(
    "--to",
    default="",
    metavar="URL",
    help="The database (default: [load] to); write its password as '${NAME}', from the environment.",
)
RUN = click.option("--run", "run_id", default="latest", help="Which run (default: the latest).")
WHO = click.option("--who", default="", help="Who does it (default: CLEANSE_WHO, else the login).")


@click.command()
@RUN
@WHO
@PROJECT
@OUT
@JSON
@verb
def approve(run_id: str, who: str, root: Path, out: Path | None, as_json: bool) -> int:
    """Approve the plan of a run whose trial accepted, for exactly its inputs, rules, decisions and version."""
    from cleanse.flow import approving
    from cleanse.project import load_project
    from cleanse.reports import loading
    from cleanse.runs.audit import actor

    project = load_project(root, out=out)
    made = approving.approve(project, run_id, actor(who))
    click.echo(_json(made) if as_json else loading.approved_text(made, project.language))
    return 0


@click.command()
@TO
@RUN
@WHO
@click.option(
    "--overwrite", is_flag=True, help="Also what people changed or removed in the target since it was loaded."
)
@PROJECT
@OUT
@PASSWORDS
@JSON
@verb
def load(
    to: str, run_id: str, who: str, overwrite: bool, root: Path, out: Path | None, password_file: Path | None, as_json: bool
) -> int:  # fmt: skip
    """Load the approved plan into a database: only what changed, in batches; a load that was cut off goes on."""
    from cleanse.errors import TargetError
    from cleanse.flow import delivering
    from cleanse.project import load_project
    from cleanse.reports import loading

    project = load_project(root, out=out, password_file=password_file)
    _warn_of_password(project, to)
    found = delivering.load(
        project, to, run=run_id, who=who, overwrite=overwrite, progress=_shown(loading.progress_text, project.language)
    )
    if as_json:
        lists = {name: getattr(found, name).to_dict("records") for name in ("refused", "held", "left", "aside")}
        click.echo(_json({
            "load": found.load, "target": found.target, "batches": found.batches, "counts": found.counts, **lists,
            "receipts": str(found.receipts), "corrections": found.corrections,
        }))  # fmt: skip
    else:
        click.echo(
            loading.load_text(
                found.load, found.target, found.batches, found.counts, found.refused, found.held, found.left,
                found.aside, str(found.receipts), found.corrections, project.language,
            )
        )  # fmt: skip
    return TargetError.exit_code if len(found.refused) else 1 if len(found.held) else 0


def _shown(text: Callable[..., str], language: str) -> Callable[[str, int, int, float], None]:
    """Progress on the terminal, about once a second and at the end."""
    last = [time.monotonic()]

    def show(name: str, done: int, total: int, seconds: float) -> None:
        if done == total or time.monotonic() - last[0] > 1:
            last[0] = time.monotonic()
            click.echo(text(name, done, total, seconds, language), err=True)

    return show


@click.command()
@TO
@click.option(
    "--export", "exports", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file exported from the target, instead of a database; once per object.",
)  # fmt: skip
@RUN
@WHO
@PROJECT
@OUT
@PASSWORDS
@JSON
@verb
def reconcile(
    to: str, exports: tuple[Path, ...], run_id: str, who: str, root: Path, out: Path | None, password_file: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    """The target against the plan, by key and cell by cell: missing, doubled, changed by the target, extra."""
    from cleanse.flow import delivering
    from cleanse.project import load_project
    from cleanse.reports import loading

    project = load_project(root, out=out, password_file=password_file)
    if not exports:
        _warn_of_password(project, to)
    found = delivering.reconcile(project, to, run=run_id, exports=exports, who=who)
    if as_json:
        lines = found.lines[["object", "key", "field", "code"]].to_dict("records")
        click.echo(_json({
            "target": found.target, "balance": found.balance, "differences": found.kinds, "lines": lines,
            "workbook": str(found.workbook),
        }))  # fmt: skip
    else:
        click.echo(
            loading.arrived_text(found.target, found.balance, found.kinds, str(found.workbook), project.language)
        )
    return 1 if found.kinds else 0


@click.command()
@TO
@click.option(
    "--batch", type=click.IntRange(1), default=None, help="One batch by its number (default: all of the last load)."
)
@click.option("--yes", is_flag=True, help="Do it; without it the command only tells what it would do.")
@WHO
@PROJECT
@OUT
@JSON
@verb
def undo(to: str, batch: int | None, yes: bool, who: str, root: Path, out: Path | None, as_json: bool) -> int:
    """Take a load back: what it created is removed, what it updated restored; what people touched since is named and
    left."""
    from cleanse.flow import delivering
    from cleanse.project import load_project
    from cleanse.reports import loading

    project = load_project(root, out=out)
    _warn_of_password(project, to)
    found = delivering.undo(project, to, batch=batch or 0, do=yes, who=who)
    click.echo(
        _json({"done": yes, "rows": found.to_dict("records")})
        if as_json
        else loading.undo_text(found, yes, project.language)
    )
    return 1 if found["outcome"].isin(["touched", "later", "refused"]).any() else 0


@click.group(invoke_without_command=True)
@PROJECT
@OUT
@JSON
@click.pass_context
def audit(context: click.Context, root: Path, out: Path | None, as_json: bool) -> None:
    """Who ran, approved, loaded, reconciled and undid what, and when."""
    if context.invoked_subcommand is None:
        _show_audit(root, out, as_json)


@verb
def _show_audit(root: Path, out: Path | None, as_json: bool) -> int:
    from cleanse.project import load_project
    from cleanse.reports import loading
    from cleanse.runs import audit as log

    project = load_project(root, out=out)
    lines = log.read(project.out)
    click.echo(_json(lines) if as_json else loading.audit_text(lines, project.language))
    return 0


@audit.command()
@click.option(
    "--head", default="", metavar="HASH", help="The hash of a line noted earlier (12 signs or more): it must be there."
)
@PROJECT
@OUT
@verb
def verify(head: str, root: Path, out: Path | None) -> int:
    """Check that no line of the audit log was changed, taken out or put in."""
    from cleanse.project import load_project
    from cleanse.reports import loading
    from cleanse.runs import audit as log

    project = load_project(root, out=out)
    lines, faults = log.read(project.out), log.verify(project.out, head)
    click.echo(
        loading.verified_text(faults, len(lines), str(lines[-1].get("hash", "")) if lines else "", project.language)
    )
    return 1 if faults else 0


def _warn_of_password(project: Project, to: str) -> None:
    from cleanse.flow import delivering
    from cleanse.reports import loading

    if place := delivering.open_password(project, to):
        click.echo(loading.open_password_text(place, project.language), err=True)


def _json(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2)
