"""Values and headers that no rule knows yet, each with the rule line that would teach it: for a person to accept.

Nothing here is ever applied by itself: a likely meaning is still a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from cleanse.kinds.header import Vocabulary
from cleanse.kinds.picklist import nearest, values
from cleanse.model import Entity, Field, Words

SURE, AHEAD = 0.8, 0.1  # a likeness that is offered as a line, and how far before the next
SHOWN = 3


@dataclass(frozen=True)
class Suggestion:
    """``word`` stands in ``count`` cells of ``field`` (a header: in so many columns); ``near``: meanings it may have,
    with a likeness 0..1, the likest first; ``file``: the rule file, below ``rules/``, that a line would go to."""

    field: str
    word: str
    count: int
    near: tuple[tuple[str, float], ...]
    file: str
    example: str

    @property
    def sure(self) -> bool:
        """One meaning is likely and no other nearly as likely."""
        first, second = (*(likeness for _, likeness in self.near), 0.0, 0.0)[:2]
        return first >= SURE and first - second >= AHEAD

    def line(self, meaning: str) -> str:
        """The rule line that gives the word a meaning.

        >>> Suggestion("customer.industry", "软件开发", 3, (), "lexicons/synonyms/industry.tsv", "").line("信息技术")
        '信息技术\\t软件开发'
        """
        return self.word if meaning == self.word else f"{meaning}\t{self.word}"


def suggest(
    issues: pd.DataFrame, losses: pd.DataFrame, rows: pd.DataFrame, entities: Mapping[str, Entity], words: Words
) -> list[Suggestion]:
    """What a run's ledger (issues, losses, rows) asks of the rules, by how many cells a line would mend and how sure
    its meaning is."""
    found = [*_words(issues, rows, entities, words), *_headers(losses, entities, words)]
    return sorted(found, key=lambda s: (-s.count * (1 + s.sure), s.file, s.word))


def options_of(suggestion: Suggestion, entities: Mapping[str, Entity], words: Words) -> list[str]:
    """Every meaning that a person may choose for a suggestion."""
    if suggestion.file == HEADERS:
        return [f.path for e in entities.values() for f in e.fields.values()]
    entity, _, name = suggestion.field.partition(".")
    f = entities[entity].fields[name]
    return [suggestion.word] if f.kind == "owner" else [*values(f.options, words), suggestion.word]


HEADERS = "lexicons/headers.tsv"


def _words(
    issues: pd.DataFrame, rows: pd.DataFrame, entities: Mapping[str, Entity], words: Words
) -> Iterator[Suggestion]:
    unknown = issues[issues["code"].isin(["picklist_unknown", "owner_unknown"])].sort_values("rid", kind="stable")
    place = rows.drop_duplicates("rid").set_index("rid")
    for (entity, name), lines in unknown.groupby(["entity", "field"], observed=True, sort=True):
        f = entities[str(entity)].fields[str(name)]
        near = _near(f, words)
        told = lines.groupby("value", sort=True)["rid"].agg(["size", "first"])
        for word, count, rid in zip(told.index, told["size"], told["first"], strict=True):
            yield Suggestion(f.path, word, int(count), near(word), _file(f), _address(place.loc[rid]))


def _near(f: Field, words: Words) -> Callable[[str], tuple[tuple[str, float], ...]]:
    if f.kind == "owner":
        return lambda word: ()
    find = nearest(f.options, words)
    return lambda word: tuple(find(word)[:SHOWN])


def _file(f: Field) -> str:
    """A person goes onto the roster; a word becomes a synonym, so that the shipped list stays."""
    name = f.options["picklist"]
    return f"picklists/{name}.tsv" if f.kind == "owner" else f"lexicons/synonyms/{name}.tsv"


def _address(row: pd.Series) -> str:
    return "!".join(str(part) for part in row[["source_file", "source_sheet", "source_row"]] if str(part))


def _headers(losses: pd.DataFrame, entities: Mapping[str, Entity], words: Words) -> Iterator[Suggestion]:
    vocabulary = Vocabulary.of(words, entities)
    unknown = losses[losses["why"] == "column_unmapped"].sort_values(["source_file", "source_sheet"])
    for header, lines in unknown.groupby("column", sort=True):
        if vocabulary.find(str(header))[1] == 1:
            continue  # known: another column of its table has the field
        where = "!".join(part for part in lines.iloc[0][["source_file", "source_sheet"]] if part)
        yield Suggestion("", str(header), len(lines), tuple(vocabulary.near(str(header))[:SHOWN]), HEADERS, where)
