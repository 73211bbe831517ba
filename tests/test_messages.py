"""Every error of the rooms that read, review, load and undo is told in Chinese too, with what to do about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cleanse.messages import in_chinese

ROOT = Path(__file__).parent.parent / "cleanse"
FILES = sorted(p for room in ("flow", "targets", "runs", "review") for p in (ROOT / room).glob("*.py"))
ERRORS = ("UsageError", "SourceError", "TargetError", "ApprovalError")
FILLED_IN = "the export"  # what stands for a name or a message of another


def _text(node: ast.AST | None) -> str:
    """The text of a literal, with something in place of what is filled in; '' of anything else."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else FILLED_IN for v in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + (_text(node.right) or "other decisions")
    return ""


def _said(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
            yield from filter(None, (_text(node.args[0]), *(_text(k.value) for k in node.keywords if k.arg == "cure")))


@pytest.mark.parametrize("path", [p for p in FILES if any(_said(p))], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_what_is_said_in_english_is_said_in_chinese(path):
    known = {text for text in _said(path) if not text.startswith("pip install")}
    unknown = {text for text in known if in_chinese(text) == text}
    assert unknown <= {f"{FILLED_IN} cannot be read: {FILLED_IN}"}


def test_the_reason_inside_a_message_is_told_too():
    told = in_chinese("the result file cannot be read: the file is protected by a password\n  where: e.xlsx")
    assert told == "结果文件无法读取：文件设有密码\n  位置：e.xlsx"
    told = in_chinese("the plan changed:\nchanged since: a.csv\nthe rules or cleanse.toml changed\nother decisions")
    assert told == "计划已变化：\n运行之后变化：a.csv\n规则或 cleanse.toml 有变化\n人的决定有变化"
