"""What a database refuses, sorted: what passes by itself, what means one row, what a person must mend; in its own words, without
values and without its password."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd

from cleanse.errors import TargetError
from cleanse.targets.target import Busy

# What passes by itself: locks, deadlocks, too many connections, a server that restarts, a broken line.
BUSY_STATES = ("08", "40001", "40P01", "55P03", "57P", "53300")
BUSY_NUMBERS = frozenset({1040, 1205, 1213, 2003, 2006, 2013, 2055})
# MySQL says of these that the statement failed, and means the row: a check, a trigger's signal.
ROW_NUMBERS = frozenset({1048, 1292, 1364, 1366, 1644, 3819, 4025})
PERMISSION = "check the rights of the account and the tables, then load again: nothing is loaded twice"


class Refusals:
    """Of one database. ``secrets``: the words that must never be shown, the longest first."""

    def __init__(self, sa: Any, engine: Any, backend: str, name: str, secrets: Sequence[str]) -> None:
        self.sa, self.engine, self.backend, self.name, self.secrets = sa, engine, backend, name, secrets

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Every refusal of the database sorted: Busy, or TargetError."""
        try:
            yield
        except self.sa.exc.SQLAlchemyError as error:
            raise self.sorted(error) from None

    def sorted(self, error: Exception) -> Exception:
        """What an error is: Busy when it passes by itself, TargetError when a person must mend it."""
        words = self.words(error)
        if self.is_busy(error):
            return Busy(words)
        return TargetError(f"the database refused: {words}", where=self.name, cure=PERMISSION)

    def is_busy(self, error: Exception) -> bool:
        cause, number = self._cause(error)
        if getattr(error, "connection_invalidated", False):
            return True
        if self.backend == "sqlite":
            return "locked" in str(cause) or "busy" in str(cause)
        if self.backend == "postgresql":
            broken = isinstance(cause, self.engine.dialect.dbapi.OperationalError) and not number
            return broken or str(number).startswith(BUSY_STATES)
        return number in BUSY_NUMBERS

    def is_of_a_row(self, error: Exception) -> bool:
        """Whether the database means the row, and not the statement, the account or the disk."""
        cause, number = self._cause(error)
        api = self.engine.dialect.dbapi
        if isinstance(cause, api.IntegrityError | api.DataError):
            return True
        if self.backend == "postgresql":
            return str(number)[:2] in ("22", "23", "P0", "44")
        return self.backend == "mysql" and number in ROW_NUMBERS

    def _cause(self, error: Exception) -> tuple[Any, Any]:
        """The driver's error, and its number (MySQL) or state (PostgreSQL)."""
        cause = getattr(error, "orig", None) or error
        if self.backend == "mysql":
            return cause, cause.args[0] if cause.args else 0
        return cause, getattr(cause, "sqlstate", None) or ""

    def words(self, error: Exception) -> str:
        """The database's own words, in one line, without the values and without its password."""
        cause, _ = self._cause(error)
        diagnosis = getattr(cause, "diag", None)
        text = str((diagnosis and diagnosis.message_primary) or (cause.args[-1] if cause.args else cause))
        text = re.sub(r"\s+", " ", re.sub(r"Duplicate entry '.*' for", "Duplicate entry *** for", text)).strip()[:300]
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def masked(words: str, table: pd.DataFrame) -> str:
    """A refusal without the values of its row, so that it can be shown to anybody."""
    for value in sorted((str(v) for v in table.iloc[0].dropna() if len(str(v)) > 1), key=len, reverse=True):
        words = re.sub(rf"""(["'(]){re.escape(value)}(["')])""", r"\1***\2", words)
    return words
