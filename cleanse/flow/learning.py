"""What a run asks of the rules, and what a person answers: lines of rule files, shown before they are written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cleanse.errors import UsageError
from cleanse.kinds.picklist import plain
from cleanse.project import Project
from cleanse.review import suggestions
from cleanse.rulefiles import SHIPPED
from cleanse.runs.folder import find_run
from cleanse.stages import suggest

PICKLISTS = "picklists/"
UNTOLD = "?"  # stands for a meaning that only a person knows


@dataclass(frozen=True)
class Learnt:
    """What would change: the diff, the new content by file, and the lines of the workbook that say nothing usable
    (row, reason)."""

    diff: str
    content: Mapping[Path, str]
    unread: tuple[tuple[int, str], ...]


def suggested(project: Project) -> list[suggest.Suggestion]:
    """The suggestions of the latest run. Raises UsageError when there is none."""
    folder = find_run(project.out) / "ledger"
    ledger = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("issues", "changes", "losses", "rows")}
    return suggest.suggest(ledger, project.entities, project.words)


def as_text(found: Sequence[suggest.Suggestion]) -> str:
    """The suggestions as lines to paste, by file: what is not certain stands behind a ``#``."""
    texts = []
    for file in sorted({s.file for s in found}):
        texts.append(f"# --- rules/{file}")
        for s in (s for s in found if s.file == file):
            near = ", ".join(f"{value} {likeness:.0%}" for value, likeness in s.near)
            near = f"{s.said} (a person corrected it so)" if s.said else near
            texts.append(f"# {s.count} x {' '.join(s.word.split())} ({s.example})" + (f": {near}" if near else ""))
            meanings = [value for value, _ in s.near] or [s.word if file.startswith(PICKLISTS) else UNTOLD]
            texts += [("" if s.sure else "# ") + s.line(meaning) for meaning in (meanings[:1] if s.sure else meanings)]
    return "\n".join(texts)


def export(project: Project, path: Path) -> int:
    """Write the suggestions as a workbook; how many there are."""
    found = suggested(project)
    lines = []
    for s in found:
        near = "；".join(f"{value} {likeness:.0%}" for value, likeness in s.near)
        options = tuple(suggest.options_of(s, project.entities, project.words))
        lines.append(suggestions.Line((str(s.count), s.field, s.word, near, s.example, s.file), options, s.said))
    suggestions.export(path, lines, project.language)
    return len(found)


def learn(project: Project, path: Path) -> Learnt:
    """What a person chose in the workbook, as changes of the project's own rule files; nothing is written."""
    known = {(s.file, s.word): s for s in suggested(project)}
    added: dict[str, list[str]] = {}
    meanings: dict[tuple[str, str], str] = {}
    unread: list[tuple[int, str]] = []
    for choice in suggestions.read(path):
        suggestion = known.get((choice.file, choice.word))
        first = meanings.setdefault((choice.file, plain(choice.word)), choice.meaning)
        if suggestion is None:
            if not _taken(project, choice):
                unread.append((choice.row, "the latest run asks nothing of this word"))
        elif choice.meaning not in suggest.options_of(suggestion, project.entities, project.words):
            unread.append((choice.row, f"'{choice.meaning}' is not offered: choose from the list, or add it to the picklist first"))
        elif first != choice.meaning and plain(first) != plain(choice.meaning):
            unread.append((choice.row, f"another line gives this word the meaning '{first}'"))
        else:
            new = choice.meaning == choice.word and not choice.file.startswith(PICKLISTS)
            file = choice.file.replace("lexicons/synonyms/", PICKLISTS) if new else choice.file
            added.setdefault(file, []).append(suggestion.line(choice.meaning))
    before = {file: _content(project, file) for file in added}
    after = {file: _with(before[file], lines) for file, lines in added.items()}
    return Learnt(
        "".join(_diff(file, before[file], after[file]) for file in sorted(added)),
        {project.root / "rules" / file: text for file, text in sorted(after.items())},
        tuple(unread),
    )


def _taken(project: Project, choice: suggestions.Choice) -> bool:
    """Whether the project's rules say so already, as after the same workbook was handed in before."""
    files = [choice.file, choice.file.replace("lexicons/synonyms/", PICKLISTS)]
    lines = {line for file in files for line in _content(project, file).split("\n")}
    word = " ".join(choice.word.split())
    return (word if choice.meaning == choice.word else f"{choice.meaning}\t{word}") in lines


def _content(project: Project, file: str) -> str:
    """The project's own file. A picklist of its own stands in place of the shipped one, so it starts as its copy."""
    for base in (project.root / "rules", *([SHIPPED] if file.startswith(PICKLISTS) else [])):
        if (base / file).is_file():
            return (base / file).read_text("utf-8-sig").replace("\r\n", "\n")
    return ""


def _with(text: str, lines: Sequence[str]) -> str:
    there = text.split("\n")
    new = [line for line in dict.fromkeys(lines) if line not in there]
    return text + ("" if not text or text.endswith("\n") else "\n") + "".join(f"{line}\n" for line in new)


def _diff(file: str, before: str, after: str) -> str:
    name = f"rules/{file}"
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def write(learnt: Learnt) -> None:
    """Write what was learnt into the project's rules. Raises UsageError when there is nothing."""
    if not learnt.content and not learnt.unread:
        raise UsageError("no new choice in the workbook", cure="choose a meaning in the green column and save")
    for path, text in learnt.content.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_text(text, "utf-8", newline="\n")
        temporary.replace(path)
