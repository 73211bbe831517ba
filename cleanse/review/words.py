"""The words of the review workbook, in zh and en; the text stands in ``cleanse/data/review.toml``."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any

LANGUAGES = ("zh", "en")


@cache
def words() -> dict[str, Any]:
    """Everything the workbook says.

    >>> words()["sheet"]["review"]["en"]
    'To review'
    """
    return loads(files("cleanse.data").joinpath("review.toml").read_text("utf-8"))


@cache
def verdicts() -> dict[str, str]:
    """What a word in a decision cell means, by the word as ``plain`` has it.

    >>> verdicts()[plain(" Merge ")], verdicts()["合并"]
    ('merge', 'merge')
    """
    return {plain(word): verdict for verdict, entry in words()["decision"].items() for word in entry["words"]}


def plain(text: str) -> str:
    """A word without case, width and outer spaces."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def offered(language: str) -> list[str]:
    """The words of the drop-down."""
    return [entry["words"][LANGUAGES.index(language)] for entry in words()["decision"].values()]


def offered_word(verdict: str, language: str) -> str:
    """The word of the drop-down for a verdict; the verdict itself where it has none.

    >>> offered_word("apart", "en")
    'not a duplicate'
    """
    entry = words()["decision"].get(verdict)
    return entry["words"][LANGUAGES.index(language)] if entry else verdict
