"""The README tells the truth: its commands are the project's, every setting, verb and exit code is named in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cleanse.cli import cleanse
from cleanse.project import load_project
from cleanse.settings import SETTINGS

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_verb_setting_and_exit_code_is_documented(page):
    text = (ROOT / page).read_text("utf-8")
    for verb in cleanse.commands:
        assert f"cleanse {verb}" in text, verb
    for section, keys in SETTINGS.items():
        assert f"[{section}]" in text
        for key in keys:
            assert re.search(rf"^{key} *=|^\[\[{section}\.{key}\]\]", text, re.MULTILINE), f"{section}.{key}"
    for code in ("| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 4 |", "| 5 |", "| 10 |"):
        assert code in text


@pytest.mark.parametrize("page", PAGES)
def test_the_configuration_shown_is_accepted(page, tmp_path):
    block = re.search(r"```toml\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert block
    (tmp_path / "cleanse.toml").write_text(block[1], "utf-8")
    (tmp_path / "files").mkdir()
    assert load_project(tmp_path).profile.name == "wukong-11"


@pytest.mark.parametrize("page", PAGES)
def test_the_rules_shown_are_accepted(page, tmp_path):
    block = re.search(r"```toml\n(\[\[rule\]\].*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert block
    (tmp_path / "rules/checks").mkdir(parents=True)
    (tmp_path / "rules/checks/shown.toml").write_text(block[1], "utf-8")
    (tmp_path / "cleanse.toml").write_text("", "utf-8")
    assert {rule.form for rule in load_project(tmp_path).rules} == {"any", "all", "unique", "same", "count", "exists"}


@pytest.mark.parametrize("page", PAGES)
def test_the_files_it_points_at_exist(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text("utf-8")):
        assert (ROOT / link).exists(), link


def test_both_pages_hold_the_same_commands():
    commands = [re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL) for page in PAGES]
    bare = [[re.sub(r" *#.*", "", block) for block in blocks] for blocks in commands]
    assert bare[0] == bare[1]


@pytest.mark.parametrize("page", PAGES)
def test_the_python_shown_runs(page, project, tmp_path, monkeypatch, capsys):
    block = re.search(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert block
    project(tmp_path / "FOLDER", {"a.csv": [{"客户名称": "岚石机电有限公司", "手机": "13912345670"}]})
    monkeypatch.chdir(tmp_path)
    exec(block[1], {})
    assert "'rows': 1" in capsys.readouterr().out
