"""``prepare.py`` writes a project folder from a truth: valid TOML, the picklists, the date."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_a_project_is_written(tmp_path: Path, script: Callable[[str], Any]) -> None:
    files, truth, project = tmp_path / "客户 \"旧\"", tmp_path / "truth", tmp_path / "项目"  # fmt: skip
    files.mkdir()
    truth.mkdir()
    lists = {"industry": ["制造"], "type": ["A", "B"], "priority": ["高"], "source": ["展会"], "owner": ["甲乙"]}
    (truth / "picklists.json").write_text(json.dumps({**lists, "today": "2025-09-30"}), "utf-8")
    script("accuracy.prepare").main([str(files), str(truth), str(project)])
    config = tomllib.loads((project / "cleanse.toml").read_text("utf-8"))
    assert config["project"] == {"name": "项目", "language": "zh", "today": "2025-09-30"}
    assert config["sources"]["paths"] == [files.resolve().as_posix()]
    assert config["target"]["profile"] == "generic"
    for name, values in lists.items():
        header, *rest = (project / "rules" / "picklists" / f"{name}.tsv").read_text("utf-8").splitlines()
        assert header.startswith("# ")
        assert rest == values
