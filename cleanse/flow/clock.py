"""CPU and wall seconds per stage, and how far the run is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[str, int, int], None]
STAGES = (
    "read",
    "map",
    "normalize",
    "validate",
    "match",
    "merge",
    "conform",
    "write",
    "ledger",
    "preflight",
    "trial",
    "report",
)


def quiet(stage: str, number: int, total: int) -> None:
    """No progress is shown."""


@dataclass
class Clock:
    """CPU and wall seconds per stage; tells the caller how far the run is."""

    progress: Progress
    times: list[tuple[str, float, float]] = field(default_factory=list)

    def __call__(self, name: str) -> _Timed:
        return _Timed(self, name)


@dataclass
class _Timed:
    clock: Clock
    name: str
    start: tuple[float, float] = (0.0, 0.0)

    def __enter__(self) -> None:
        self.clock.progress(self.name, STAGES.index(self.name) + 1, len(STAGES))
        self.start = (time.process_time(), time.perf_counter())

    def __exit__(self, *_: object) -> None:
        cpu, wall = time.process_time() - self.start[0], time.perf_counter() - self.start[1]
        self.clock.times.append((self.name, round(cpu, 3), round(wall, 3)))
