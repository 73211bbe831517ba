"""Mistakes in rules, as an analyst makes them: each is told with file, line and what to do, in English and in Chinese."""

from __future__ import annotations

import ast
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleanse.cli import cleanse
from cleanse.messages import in_chinese
from cleanse.project import load_project
from cleanse.rulefiles import SHIPPED

HERE = Path(__file__).parent
CASES = tomllib.loads((HERE / "mistakes.toml").read_text("utf-8"))["case"]
ENDS = {"crlf": "\r\n", "cr": "\r"}


def written(root: Path, case: dict) -> Path:
    """The file of a case in the project."""
    path = root / case["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    if "change" in case:
        shipped = (SHIPPED / Path(case["file"]).relative_to("rules")).read_text("utf-8")
        assert case["change"][0] in shipped
        text = shipped.replace(*case["change"], 1)
    else:
        text = case["text"]
    told = case.get("as", "utf-8")
    path.write_bytes(text.replace("\n", ENDS[told]).encode() if told in ENDS else text.encode(told))
    return path


@pytest.mark.parametrize("case", CASES, ids=[c["says"] for c in CASES])
def test_a_mistake_is_told_with_its_line_and_what_to_do_in_both_languages(project, tmp_path, case):
    path = written(project(tmp_path, {}), case)
    told = CliRunner().invoke(cleanse, ["rules", "--project", str(tmp_path)])
    if "en" not in case:
        assert told.exit_code == 0, told.output
        lists = [words for name, words in load_project(tmp_path).words.items() if name.startswith("picklists/")]
        assert not any(c in word for rows in lists for row in rows for word in row for c in "\r\ufeff")
        return
    at = f"{path}:{case['line']}" if case["line"] else str(path)
    cure = case.get("cure", "")
    assert told.exit_code == 2 and "Traceback" not in told.output
    assert told.stderr.startswith(f"error: {case['en']}\n  where: {at}\n" + f"  to do: {cure}" * bool(cure)), told.stderr
    assert f"错误：{case['zh']}\n  位置：{at}\n" in told.stderr, told.stderr
    assert not cure or f"  处理：{in_chinese(cure)}\n" in told.stderr


def test_an_english_project_is_told_in_english_alone(project, tmp_path):
    root = project(tmp_path, {}, '[project]\nlanguage = "en"\nnmae = "x"\n')
    told = CliRunner().invoke(cleanse, ["rules", "--project", str(root)]).stderr
    assert "did you mean 'name'?" in told and "错误" not in told


def test_a_copy_of_every_shipped_rule_is_no_mistake(project, tmp_path):
    root = project(tmp_path, {})
    shutil.copytree(SHIPPED, root / "rules")
    assert load_project(root).rules


# ------------------------------------------------------------------------------------------------- in both languages

ROOT = HERE.parent / "cleanse"
FILES = [
    *(ROOT / f"{name}.py" for name in ("entities", "faults", "profiles", "project", "rulebook", "wordlists", "rulefiles", "settings", "mappings")),
    ROOT / "matching/schema.py",
    ROOT / "matching/learnt/schema.py",
    ROOT / "review/suggestions.py",
]
CALLS = {"add", "fault", "Fault", "word", "UsageError", "SourceError", "TargetError"}
TYPES = ("text", "true or false", "a whole number", "a number", "a list", "a table", "text or a whole number")


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts a node may stand for, x for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
    elif isinstance(node, ast.IfExp | ast.BoolOp):
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


def _said(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and (getattr(node.func, "attr", "") or getattr(node.func, "id", "")) in CALLS:
            for part in [*node.args, *(k.value for k in node.keywords if k.arg == "cure")]:
                yield from _texts(part)
        elif isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and path.stem in ("schema", "wordlists"):
            yield from _texts(getattr(node.value, "elt", node.value))


@pytest.mark.parametrize("path", FILES, ids=[f.stem for f in FILES])
def test_whatever_is_said_of_a_rule_file_is_said_in_chinese_too(path):
    said = {text for text in _said(path) if " " in text.strip() and text.strip("\n")}
    assert said and [text for text in sorted(said) if in_chinese(text) == text] == []


def test_the_types_have_their_chinese_words():
    assert all("应为" in in_chinese(f"'key' must be {wanted}") and wanted not in in_chinese(f"'key' must be {wanted}") for wanted in TYPES)
