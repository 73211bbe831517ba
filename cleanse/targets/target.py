"""What a way of speaking that loads must offer: a look at rows by our key, and creating, updating and removing them.

A file of ``targets`` that speaks to a database or an API has a class with these methods; the loading itself (batches, book,
restarts, undo) is written once over them, and the contract suite holds every one of them to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pandas as pd

from cleanse.model import Profile, TargetObject

KEY = "cleanse_id"  # the column of our external id where the profile has none of its own


class Busy(Exception):
    """The target cannot answer now, or the line broke: worth another try. Its text is the target's own, masked."""


class Session(Protocol):
    """One transaction, or a run of calls where the target knows no transactions. Frames are text, indexed by key."""

    def look(self, target: TargetObject, keys: Sequence[str]) -> pd.DataFrame:
        """The rows with these keys as they stand, every column the target has: the profile's first, others behind."""
        ...

    def create(self, target: TargetObject, table: pd.DataFrame) -> list[str]:
        """New rows; for each the target's words of refusal, '' where it was taken. One refused row sinks no other."""
        ...

    def update(self, target: TargetObject, table: pd.DataFrame) -> list[str]:
        """The columns of ``table`` of rows that are there; answers as ``create``."""
        ...

    def remove(self, target: TargetObject, keys: Sequence[str]) -> list[str]:
        """Rows away; answers as ``create``. A row that is not there is no fault."""
        ...


class Target(Protocol):
    """A place that is loaded. ``name`` tells which, without any secret."""

    name: str

    def prepare(self, profile: Profile, create: bool) -> frozenset[str]:
        """Make the tables that are absent, look at those that are there. Returns the objects whose tables were made by
        us now. Raises TargetError naming every table or column that is missing."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """Raises Busy, or TargetError for what a person must mend; all or nothing where the target can."""
        ...

    def fetch(self, target: TargetObject) -> pd.DataFrame:
        """Every row of an object: ``KEY`` and the profile's columns as text; a key may stand twice."""
        ...


def key_of(target: TargetObject) -> str:
    """The column that holds our external id: the profile's own when golden_id feeds one, else ``KEY``."""
    return next((f.name for f in target.fields if f.source == "golden_id"), KEY)


def columns_of(target: TargetObject) -> list[str]:
    """The columns a load fills, the key first."""
    key = key_of(target)
    return [key, *(f.name for f in target.fields if f.name != key)]
