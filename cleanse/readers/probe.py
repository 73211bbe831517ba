"""A trial reading in a process of its own: a library that aborts the process or eats the memory harms only that one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cleanse.readers.raw import Limits, Unreadable

CELL_BYTES = 100
REFUSED = 7
OWN_LIMIT = b"limit exceeded"  # in the library's own message
_CHILD = """
import sys
path, memory, cells = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
import python_calamine
book = python_calamine.load_workbook(path)
for number in range(len(book.sheet_names)):
    try:
        sheet = book.get_sheet_by_index(number)
    except python_calamine.CalamineError:
        continue
    if sheet.height * sheet.width > cells:
        sys.exit(7)
"""


def probe(path: Path, limits: Limits, form: str) -> None:
    """Raises Unreadable (too_large) when the child ran out of memory, time or cells or was aborted; a child that
    merely reports a bad file, or cannot be started at all, leaves the judgement to the reading itself."""
    memory = str(max(limits.cells * CELL_BYTES, 1 << 29))
    command = [sys.executable, "-P", "-c", _CHILD, str(path), memory, str(limits.cells)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=limits.seconds, check=False)
    except subprocess.TimeoutExpired as e:
        raise Unreadable("too_large", "time", form) from e
    except OSError:
        return
    if child.returncode == REFUSED or not 0 <= child.returncode <= 127 or OWN_LIMIT in child.stderr:
        raise Unreadable("too_large", "memory", form)
