"""What every verb shares: its options, and how it ends."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cleanse.errors import EXIT_BUG, CleanseError, TargetError
from cleanse.messages import in_chinese

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
PASSWORDS = click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="Passwords of protected workbooks, one on each line.",
)
PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


def verb(function: Callable[..., int | None]) -> Callable[..., None]:
    """A verb's return value is the exit code; what a person must mend is said in three lines."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            sys.exit(function(*args, **kwargs) or 0)
        except CleanseError as error:
            _tell(error, kwargs.get("root"))
            sys.exit(error.exit_code)
        except click.ClickException:
            raise
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read it has seen enough
            sys.exit(0)
        except OSError as error:
            refused = TargetError(
                f"the disk refused: {error.strerror or error}", where=str(error.filename or ""),
                cure="check free space and permissions, then run again",
            )  # fmt: skip
            _tell(refused, kwargs.get("root"))
            sys.exit(refused.exit_code)
        except KeyboardInterrupt:
            click.echo("stopped; nothing half-written is left, run again to start over", err=True)
            sys.exit(130)
        except Exception as error:
            click.echo(f"error: a fault of ours: {type(error).__name__}\n  where: {_write_trace(error)}", err=True)
            click.echo("  to do: please report it with that file; it holds no cell values", err=True)
            sys.exit(EXIT_BUG)

    return run


def _tell(error: CleanseError, root: Path | None) -> None:
    """In English, and in Chinese too where the project does not say that its language is English."""
    click.echo(f"error: {error}", err=True)
    chinese = in_chinese(str(error))
    try:
        config = ((root or Path()) / "cleanse.toml").read_text("utf-8", errors="replace")
    except OSError:
        config = ""
    if chinese.split("\n")[0] != error.what.split("\n")[0] and not re.search(r"^\s*language\s*=\s*[\"']en\b", config, re.MULTILINE):
        click.echo(f"错误：{chinese}", err=True)


def _write_trace(error: BaseException) -> Path:
    """The places of a fault, without its message: messages can quote cell values."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{type(error).__name__}\n"] + [f"  {f.filename}:{f.lineno} in {f.name}\n" for f in frames]
    with tempfile.NamedTemporaryFile(
        "w", prefix="cleanse-fault-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(lines)
    return Path(file.name)


def show_progress(stage: str, number: int, total: int) -> None:
    click.echo(f"[{number:>2}/{total}] {stage}", err=True)
