"""The verbs. Thin: heavy libraries load inside a verb, so that ``cleanse --help`` is instant."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cleanse.errors import EXIT_BUG, CleanseError, TargetError

PROJECT = click.option(
    "--project",
    "root",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder with cleanse.toml (default: here).",
)
OUT = click.option("--out", type=click.Path(path_type=Path), default=None, help="Where run folders go (default: out/).")
TODAY = click.option("--today", default="", metavar="YYYY-MM-DD", help="The date that rules compare with.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cleanse")
def cleanse() -> None:
    """Turn scattered customer files into migration files a CRM accepts at first try, and prove it.

    Exit codes: 0 clean, 1 findings above the gate, 2 wrong use or configuration, 3 a source could not be read,
    4 target or disk refused, 5 approval missing, 10 a fault of ours.
    """


def verb(function: Callable[..., int | None]) -> Callable[..., None]:
    """A verb's return value is the exit code; what a person must mend is said in three lines."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            sys.exit(function(*args, **kwargs) or 0)
        except CleanseError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(error.exit_code)
        except click.ClickException:
            raise
        except OSError as error:
            refused = TargetError(
                f"the disk refused: {error.strerror or error}", where=str(error.filename or ""),
                cure="check free space and permissions, then run again",
            )  # fmt: skip
            click.echo(f"error: {refused}", err=True)
            sys.exit(refused.exit_code)
        except KeyboardInterrupt:
            click.echo("stopped; nothing half-written is left, run again to start over", err=True)
            sys.exit(130)
        except Exception as error:
            click.echo(f"error: a fault of ours: {type(error).__name__}\n  where: {_write_trace(error)}", err=True)
            click.echo("  to do: please report it with that file; it holds no cell values", err=True)
            sys.exit(EXIT_BUG)

    return run


def _write_trace(error: BaseException) -> Path:
    """The places of a fault, without its message: messages can quote cell values."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{type(error).__name__}\n"] + [f"  {f.filename}:{f.lineno} in {f.name}\n" for f in frames]
    with tempfile.NamedTemporaryFile(
        "w", prefix="cleanse-fault-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(lines)
    return Path(file.name)


def _progress(stage: str, number: int, total: int) -> None:
    click.echo(f"[{number:>2}/{total}] {stage}", err=True)


@cleanse.command()
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
    outcome = flow.run(project, progress=_progress)
    numbers, gate = outcome.quality, project.gate
    text = (
        summary.run_json(numbers, gate, outcome.folder)
        if as_json
        else summary.run_text(numbers, gate, outcome.folder, project.language)
    )
    click.echo(text)
    return summary.exit_code(numbers, gate)


@cleanse.command()
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


@cleanse.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--target", default="generic", help="Target profile to write for.")
@verb
def init(folder: Path, target: str) -> int:
    """Look at a folder of files and write its cleanse.toml, with a mapping to confirm."""
    from cleanse import flow

    click.echo(f"wrote {flow.init(folder, target)}")
    return 0


@cleanse.command()
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
    verdict = flow.trial_alone(project, rows=rows, progress=_progress)
    click.echo(
        json.dumps(verdict, ensure_ascii=False, indent=2) if as_json else summary.trial_text(verdict, project.language)
    )
    return 0 if verdict["result"] == "accept" else 1


@cleanse.group()
def review() -> None:
    """Duplicates judged by people: out to a workbook, and back."""


@review.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@PROJECT
@OUT
@verb
def review_export(file: Path, root: Path, out: Path | None) -> int:
    """Copy the duplicates workbook of the latest run to FILE."""
    from cleanse import flow
    from cleanse.project import load_project

    click.echo(f"wrote {flow.review_export(load_project(root, out=out), file)}")
    return 0


@review.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--who", required=True, help="Who decided.")
@PROJECT
@verb
def review_import(file: Path, who: str, root: Path) -> int:
    """Take the decisions of a workbook back into decisions.jsonl; the next run applies them."""
    from cleanse import flow
    from cleanse.project import load_project

    today = datetime.now().date().isoformat()
    taken, unread = flow.review_import(load_project(root), file, who, today)
    click.echo(f"{taken} decisions taken")
    for sheet, row, reason in unread:
        click.echo(f"not read: {sheet} row {row}: {reason}")
    return 1 if unread else 0


@cleanse.command()
@click.argument("address")
@PROJECT
@OUT
@JSON
@verb
def trace(address: str, root: Path, out: Path | None, as_json: bool) -> int:
    """The life of one value or record, both ways. ADDRESS is FILE!SHEET!ROW (FILE!ROW for CSV), or a golden id."""
    from cleanse.project import load_project
    from cleanse.runs import trace as lineage
    from cleanse.runs.folder import find_run

    project = load_project(root, out=out)
    found = lineage.trace(find_run(project.out), address)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else lineage.as_text(found, project.language))
    return 0


@cleanse.command()
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


@cleanse.command()
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


@cleanse.command()
@PROJECT
@verb
def rules(root: Path) -> int:
    """Check cleanse.toml and every rule file; list what is in force."""
    from cleanse.codes import all_codes
    from cleanse.project import load_project

    project = load_project(root)
    for entity in project.entities.values():
        click.echo(f"{entity.name}: {', '.join(entity.fields)}")
    for name, lines in sorted(project.words.items()):
        click.echo(f"{name}: {len(lines)} lines")
    click.echo(f"target {project.profile.name}: {', '.join(o.name for o in project.profile.objects)}")
    click.echo(f"{len(all_codes())} codes, no fault in the rules")
    return 0


def main() -> None:
    """The console entry."""
    cleanse()


if __name__ == "__main__":
    main()
