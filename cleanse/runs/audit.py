"""Who did what and when: ``out/audit.jsonl``, a line per deed, each holding the hash of the one before.

A line that is changed, taken out or put in breaks the chain from there on; a tail that is cut off shows where the hash of the
last line was noted elsewhere.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import filelock

from cleanse.errors import TargetError

AUDIT = "audit.jsonl"
START = "0" * 64
WHO = "CLEANSE_WHO"


def actor(said: str = "") -> str:
    """Who is at work: as said, else the environment's CLEANSE_WHO, else the login name."""
    if said or os.environ.get(WHO):
        return said or os.environ[WHO]
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def note(out: Path, who: str, what: str, **told: Any) -> str:
    """Add a line; returns its hash. ``told``: counts, digests and names; no cell value. Raises TargetError when the file
    cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(out / f".{AUDIT}.lock", timeout=30):
            lines = _lines(out)
            before = lines[-1]["hash"] if lines else START
            line = {
                "seq": len(lines) + 1,
                "at": f"{datetime.now().astimezone():%Y-%m-%dT%H:%M:%S%z}",
                "who": who,
                "what": what,
                **told,
            }
            line = {**line, "before": before}
            line["hash"] = _hash(line)
            with (out / AUDIT).open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
    except (OSError, filelock.Timeout) as error:
        raise TargetError(
            f"the audit log cannot be written: {error}", where=str(out / AUDIT), cure="free the file"
        ) from error
    return str(line["hash"])


def read(out: Path) -> list[dict[str, Any]]:
    """Every line, oldest first; one that is no JSON is ``{"broken": its text}``."""
    return _lines(out)


def verify(out: Path, head: str = "") -> list[str]:
    """What is wrong with the chain, line by line; empty when nothing is. ``head``: a hash noted earlier, which must be there."""
    faults, before, lines = [], START, _lines(out)
    for number, line in enumerate(lines, 1):
        said = str(line.get("hash", ""))
        bare = {k: v for k, v in line.items() if k != "hash"}
        if line.get("seq") != number or line.get("before") != before:
            faults.append(f"line {number}: does not follow the line before it")
        if said != _hash(bare):
            faults.append(f"line {number}: was changed")
        before = said
    if head and head not in (str(line.get("hash", ""))[: max(len(head), 12)] for line in lines):
        faults.append(f"the line with hash {head} is not there: the end was cut off, or another file stands here")
    return faults


def _hash(line: Mapping[str, Any]) -> str:
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _lines(out: Path) -> list[dict[str, Any]]:
    path = out / AUDIT
    if not path.exists():
        return []
    found = []
    for text in path.read_text("utf-8", "replace").splitlines():
        try:
            line = json.loads(text)
            found.append(line if isinstance(line, dict) else {"broken": text})
        except ValueError:
            found.append({"broken": text})
    return found
