"""The files of rules: one search path, the project's own ``rules/`` first, the shipped ones behind.

A project's entity, target, matching or picklist file replaces the shipped file of the same name; its lexicon lines stand
before the shipped lines.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanse import wordlists
from cleanse.errors import UsageError
from cleanse.faults import Faults
from cleanse.model import Words

SHIPPED = next(
    p for p in (Path(__file__).parent / "data" / "rules", Path(__file__).parent.parent / "rules") if p.is_dir()
)


@dataclass(frozen=True)
class RuleFiles:
    """The rules search path: the project's folder first, the shipped one behind."""

    own: Path

    def files(self, folder: str, suffix: str) -> list[Path]:
        """The files of one folder, one per relative name, the project's own before the shipped."""
        found: dict[str, Path] = {}
        for base in (SHIPPED, self.own):
            start = base / folder
            for path in sorted(start.rglob(f"*{suffix}")) if start.is_dir() else ():
                found[path.relative_to(start).as_posix()] = path
        return [found[name] for name in sorted(found)]

    def is_shipped(self, path: Path) -> bool:
        """Whether a rule file is not the project's own; the repository is a project whose own rules are the shipped ones."""
        return not path.is_relative_to(self.own)

    def words(self, faults: Faults) -> Words:
        """Lexicons by path below ``lexicons/`` and picklists as ``picklists/<name>``, each as rows of text."""
        words: dict[str, tuple[tuple[str, ...], ...]] = {}
        for base in dict.fromkeys((self.own.resolve(), SHIPPED.resolve())):
            start = base / "lexicons"
            for path in sorted(start.rglob("*.tsv")) if start.is_dir() else ():
                name = path.relative_to(start).with_suffix("").as_posix()
                words[name] = words.get(name, ()) + _rows(path, faults)
        for path in self.files("picklists", ".tsv"):
            words[f"picklists/{path.stem}"] = _rows(path, faults)
        return words

    def digest(self, config: Path) -> str:
        """One digest over the configuration and every rule file that counts."""
        bases = [base for base in (SHIPPED, self.own) if base.is_dir()]
        folders = sorted({folder.name for base in bases for folder in base.iterdir()})
        paths = [config] + [p for folder in folders for p in self.files(folder, "")]
        total = hashlib.sha256()
        for path in (p for p in paths if p.is_file()):
            total.update(path.name.encode() + b"\0" + path.read_bytes())
        return total.hexdigest()


def toml(path: Path, faults: Faults) -> tuple[dict[str, Any], str]:
    """A file of rules, and its text; empty where it is no TOML."""
    text = wordlists.read_rules(path, faults)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        told, _, place = str(error).partition(" (at line ")
        number = int(place.partition(",")[0]) if place else 0
        line = text.split("\n")[number - 1] if number else ""
        faults.add(f"not valid TOML: {told}", f"{path}:{number}" if number else str(path), _cure(line))
    return {}, ""


def _cure(line: str) -> str:
    """What is most often wrong with a line that is no TOML."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", line)
    if wide := re.search(r"[“”‘’，＝【】［］｛｝＂＇]", bare):
        return f"'{wide[0]}' is a full-width mark: type it with the keyboard set to English"
    if bare.count('"') % 2 or bare.count("'") % 2:
        return "a quotation mark is missing in this line"
    return "mend this line"


def parsed(path: Path, faults: Faults, parse: Callable[[dict[str, Any], str], Any]) -> Any:
    """What ``parse`` makes of a file of rules; None where it has a fault."""
    before = len(faults.found)
    data, text = toml(path, faults)
    if len(faults.found) > before:
        return None
    try:
        return parse(data, str(path))
    except UsageError as fault:
        for what in fault.what.split("\n"):
            faults.add(what, _place(path, text, what), fault.cure)
    return None


def _place(path: Path, text: str, what: str) -> str:
    """``path:line`` of the only line that holds what a fault names: its field and the first word in quotes."""
    named = [*re.findall(r"\.fields\.([^:]+): ", what), *re.findall(r"'([^']+)'", what)[:1]]
    lines = [n for n, line in enumerate(text.split("\n"), 1) if all(word in line.split("# ")[0] for word in named)]
    return f"{path}:{lines[0]}" if named and len(lines) == 1 else str(path)


def _rows(path: Path, faults: Faults) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cells) for _, cells in wordlists.lines_of(wordlists.read_rules(path, faults)))
