"""Writes a project folder for any folder of files that comes with a truth: ``prepare.py FILES TRUTH PROJECT``.

``cleanse.toml`` points to FILES; ``rules/picklists`` and the date "today" come from ``TRUTH/picklists.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

PICKLISTS = ("industry", "type", "priority", "source", "owner")


def prepare(files: Path, truth: Path, project: Path) -> None:
    """Write ``project/cleanse.toml`` and ``project/rules/picklists/*.tsv``; what is there already is overwritten."""
    lists = json.loads((truth / "picklists.json").read_text("utf-8"))
    folder = project / "rules" / "picklists"
    folder.mkdir(parents=True, exist_ok=True)
    (project / "cleanse.toml").write_text(_config(files.resolve(), project.resolve().name, lists["today"]), "utf-8")
    for name in PICKLISTS:
        column = "name" if name == "owner" else "value"
        lines = [f"# {column}", *lists[name]]
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", "utf-8")


def _config(files: Path, name: str, today: str) -> str:
    return "\n".join(
        (
            "[project]",
            f"name = {_quoted(name)}",
            'language = "zh"',
            f"today = {_quoted(today)}",
            "",
            "[sources]",
            f"paths = [{_quoted(files.as_posix())}]",
            "",
            "[target]",
            'profile = "generic"',
            "",
            "[run]",
            'out = "out"',
            "",
        )
    )


def _quoted(text: str) -> str:
    """A TOML basic string: its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("files", "truth", "project"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args(argv)
    prepare(given.files, given.truth, given.project)


if __name__ == "__main__":
    main()
