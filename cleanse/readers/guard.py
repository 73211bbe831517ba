"""Reading in a process of its own: a library that hangs, aborts or eats the memory harms only that one.

One process serves file after file; it is started again when it was lost, or grew large. What it is asked is a function
with its arguments, what it answers the result, both pickled over its pipes.
"""

from __future__ import annotations

import atexit
import gc
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from cleanse.readers.raw import Unreadable

try:
    import resource
except ImportError:  # Windows bounds the time only
    resource = None  # type: ignore[assignment]

_CHILD = "import sys; from cleanse.readers.guard import serve; serve(int(sys.argv[1]))"
SHARE, MOST = 0.5, 8 << 30  # of the machine's memory, but no more than so many bytes, where no limit is set
LIBRARIES = 2 << 30  # address space that the libraries take before anything is read, where the system does not tell


class _Process:
    """The child, and the lock of the one conversation it can hold."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.memory = 0
        self.lock = threading.Lock()

    def start(self, memory: int) -> subprocess.Popen[bytes]:
        if self.child is not None and (self.child.poll() is not None or self.memory != memory):
            self.stop()
        if self.child is None:
            home = str(Path(__file__).parents[2])
            path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
            self.child = subprocess.Popen(
                [sys.executable, "-P", "-c", _CHILD, str(memory)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
            self.memory = memory
        return self.child

    def stop(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.communicate()
            self.child = None


_PROCESS = _Process()
atexit.register(_PROCESS.stop)


def call(function: Callable[..., Any], *arguments: Any, seconds: float, memory: int = 0) -> Any:
    """What the function gives, run in the child with so much time and memory (0: half of the machine's, at most 8 GiB).

    Raises what the function raises, and Unreadable (too_large: time, memory) when the child had to be ended or died.
    """
    with _PROCESS.lock:
        try:
            child = _PROCESS.start(memory)
        except OSError:  # no process can be started here: the function itself still refuses what it knows
            return function(*arguments)
        late = threading.Event()

        def stop() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            assert child.stdin is not None and child.stdout is not None
            pickle.dump((function, arguments), child.stdin, protocol=5)
            child.stdin.flush()
            good, answer = pickle.load(child.stdout)
        except (EOFError, OSError, pickle.UnpicklingError, MemoryError) as e:
            _PROCESS.stop()
            raise Unreadable("too_large", "time" if late.is_set() else "memory") from e
        except BaseException:
            _PROCESS.stop()  # the conversation was broken off in its middle
            raise
        finally:
            timer.cancel()
        if isinstance(answer, MemoryError):
            _PROCESS.stop()
    if good:
        return answer
    raise answer


def end() -> None:
    """End the child, to give back the memory that a large file took; the next call starts another."""
    with _PROCESS.lock:
        _PROCESS.stop()


def serve(memory: int) -> None:
    """The child's whole life: read a question, answer it, until nobody asks any more."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between the answers
    _bound(memory)
    gc.disable()  # it would go through millions of cells again and again while they are read
    while _answer(questions, answers):
        gc.collect()


def _answer(questions: BinaryIO, answers: BinaryIO) -> bool:
    try:
        function, arguments = pickle.load(questions)
    except EOFError:
        return False
    try:
        result: tuple[bool, Any] = True, function(*arguments)
    except Unreadable as e:
        result = False, e
    except MemoryError:
        result = False, MemoryError()
    except Exception as e:
        result = False, RuntimeError(type(e).__name__)
    pickle.dump(result, answers, protocol=5)
    answers.flush()
    return True


def _bound(memory: int) -> None:
    """The limit of address space, where the system knows one; no dump of memory when the process is aborted."""
    if resource is None:
        return
    used = LIBRARIES
    if (told := Path("/proc/self/statm")).exists():
        used = int(told.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    most = used + (memory or min(int(whole * SHARE), MOST))
    for name, value in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(name)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)  # noqa: PLW2901
        with suppress(ValueError, OSError):  # a system that knows the limit and does not set it
            resource.setrlimit(name, (value, value))
