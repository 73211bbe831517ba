"""The verbs of the rules: check them, see what a run asks of them, take a person's answers."""

from __future__ import annotations

from pathlib import Path

import click

from cleanse.cli.common import OUT, PROJECT, verb


@click.group(invoke_without_command=True)
@PROJECT
@click.pass_context
def rules(context: click.Context, root: Path) -> None:
    """Check cleanse.toml and every rule file; list what is in force."""
    if context.invoked_subcommand is None:
        _check(root=root)


@verb
def _check(root: Path) -> int:
    from cleanse.codes import sentence
    from cleanse.flow.completing import Completion
    from cleanse.project import load_project

    project = load_project(root)
    for entity in project.entities.values():
        click.echo(f"{entity.name}: {', '.join(entity.fields)}")
    for name, lines in sorted(project.words.items()):
        click.echo(f"{name}: {len(lines)} lines")
    click.echo(f"target {project.profile.name}: {', '.join(o.name for o in project.profile.objects)}")
    for rule in project.rules:
        click.echo(f"rule {rule.code} ({rule.severity}): {rule.text[project.language]}")
    for note in Completion.of(project).notes:
        told = sentence(note["code"], project.language)
        click.echo(f"{note['source_file']}:{note['where']} {note['detail']}: {told}")
    click.echo(f"{len(project.codes)} codes, no fault in the rules")
    return 0


@rules.command("suggest")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@PROJECT
@OUT
@verb
def suggest(file: Path | None, root: Path, out: Path | None) -> int:
    """Words and headers of the latest run that no rule knows, most frequent first: as lines to paste, or into FILE
    (.xlsx) for a person to choose from."""
    from cleanse.flow import learning
    from cleanse.project import load_project

    project = load_project(root, out=out)
    if file:
        click.echo(f"wrote {learning.export(project, file)} suggestions to {file}")
    else:
        click.echo(learning.as_text(learning.suggested(project)))
    return 0


@rules.command("learn")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Write the lines; without it they are only shown.")
@PROJECT
@OUT
@verb
def learn(file: Path, yes: bool, root: Path, out: Path | None) -> int:
    """The choices of a workbook as lines of rule files: shown as a diff, written with --yes."""
    from cleanse.flow import learning
    from cleanse.messages import in_chinese
    from cleanse.project import load_project

    project = load_project(root, out=out)
    learnt = learning.learn(project, file)
    click.echo(learnt.diff, nl=False)
    for row, reason in learnt.unread:
        chinese = f"（{in_chinese(reason)}）" if project.language == "zh" else ""
        click.echo(f"not read: row {row}: {reason}{chinese}")
    if yes:
        learning.write(learnt)
        click.echo(f"wrote {len(learnt.content)} files; the next run applies them")
    return 1 if learnt.unread else 0
