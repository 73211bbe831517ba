"""What a person must mend, and the exit code each sort of it ends with.

CleanseError
├── UsageError        2  wrong use or configuration
├── SourceError       3  a source could not be read (raised only where nothing at all is left to do)
├── TargetError       4  the target or the disk refused
└── ApprovalError     5  approval missing, or the plan changed since

0 is a clean run, 1 findings above the gate, 10 a fault of ours. Wrong *data* are no exception: they are lines in
``issues``.
"""

from __future__ import annotations

EXIT_CLEAN, EXIT_FINDINGS, EXIT_BUG = 0, 1, 10


class CleanseError(Exception):
    """Something a person must mend: what happened, where, and what to do about it.

    >>> print(CleanseError("unknown key 'paht'", where="cleanse.toml:3", cure="did you mean 'path'?"))
    unknown key 'paht'
      where: cleanse.toml:3
      to do: did you mean 'path'?
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.cure = what, where, cure

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.cure:
            lines.append(f"  to do: {self.cure}")
        return "\n".join(lines)


class UsageError(CleanseError):
    """Wrong use or configuration."""


class SourceError(CleanseError):
    """A source could not be read."""

    exit_code = 3


class TargetError(CleanseError):
    """The target or the disk refused."""

    exit_code = 4


class ApprovalError(CleanseError):
    """Approval is missing, or the plan changed since it was given."""

    exit_code = 5
