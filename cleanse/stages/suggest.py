"""Values and headers that no rule knows yet, each with the rule line that would teach it: for a person to accept.

Nothing here is ever applied by itself: a likely meaning is still a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from cleanse.kinds.header import Vocabulary
from cleanse.kinds.picklist import lookup, nearest, plain, values
from cleanse.model import Entity, Field, Words

SURE, AHEAD = 0.8, 0.1  # a likeness that is offered as a line, and how far before the next
SHOWN = 3
CORRECTED = "corrected_by_person"


@dataclass(frozen=True)
class Suggestion:
    """``word`` stands in ``count`` cells of ``field`` (a header: in so many columns); ``near``: meanings it may have,
    with a likeness 0..1, the likest first; ``file``: the rule file, below ``rules/``, that a line would go to; ``said``:
    what people corrected it to, all of them."""

    field: str
    word: str
    count: int
    near: tuple[tuple[str, float], ...]
    file: str
    example: str
    said: str = ""

    @property
    def sure(self) -> bool:
        """People said so; or one meaning is likely and no other nearly as likely."""
        if self.said:
            return True
        first, second = (*(likeness for _, likeness in self.near), 0.0, 0.0)[:2]
        return first >= SURE and first - second >= AHEAD

    def line(self, meaning: str) -> str:
        """The rule line that gives the word a meaning, in one line of the file whatever blanks the word holds.

        >>> Suggestion("customer.industry", "软件开发", 3, (), "lexicons/synonyms/industry.tsv", "").line("信息技术")
        '信息技术\\t软件开发'
        """
        word = " ".join(self.word.split())
        return word if meaning == self.word else f"{meaning}\t{word}"


def suggest(ledger: Mapping[str, pd.DataFrame], entities: Mapping[str, Entity], words: Words) -> list[Suggestion]:
    """What a run's ledger (issues, changes, losses, rows) asks of the rules, by how many cells a line would mend and how
    sure its meaning is."""
    found = [*_words(ledger, entities, words), *_headers(ledger["losses"], entities, words)]
    return sorted(found, key=lambda s: (-s.count * (1 + s.sure), s.file, s.word))


def options_of(suggestion: Suggestion, entities: Mapping[str, Entity], words: Words) -> list[str]:
    """Every meaning that a person may choose for a suggestion."""
    if suggestion.file == HEADERS:
        return [*(f.path for e in entities.values() for f in e.fields.values()), "-"]
    entity, _, name = suggestion.field.partition(".")
    f = entities[entity].fields[name]
    return [suggestion.word] if f.kind == "owner" else [*values(f.options, words), suggestion.word]


HEADERS = "lexicons/headers.tsv"


def _words(ledger: Mapping[str, pd.DataFrame], entities: Mapping[str, Entity], words: Words) -> Iterator[Suggestion]:
    """Words that are on no list, where they stand still and where people corrected them."""
    issues, changes = ledger["issues"], ledger["changes"]
    cells = ["rid", "entity", "field"]
    unknown = issues.loc[issues["code"].isin(["picklist_unknown", "owner_unknown"]), [*cells, "value"]]
    said = changes.loc[changes["code"] == CORRECTED, [*cells, "before", "after"]].dropna(subset=["before", "after"])
    stands = pd.concat([unknown, said.rename(columns={"before": "value"})]).sort_values("rid", kind="stable")
    place = ledger["rows"].drop_duplicates("rid").set_index("rid")
    for (entity, name), lines in stands.groupby(["entity", "field"], observed=True, sort=True):
        f = entities[str(entity)].fields[str(name)]
        if f.kind not in ("picklist", "owner"):
            continue
        near, meant = _near(f, words), _meant(lines, f, words)
        told = lines[lines["after"].isna() | lines["value"].isin(meant)].groupby("value", sort=True)["rid"]
        for word, group in told:
            likely, answer = near(word), meant.get(word, "")
            likely = ((answer, 1.0), *(n for n in likely if n[0] != answer))[:SHOWN] if answer else likely
            yield Suggestion(f.path, word, len(group), likely, _file(f), _address(place.loc[group.iloc[0]]), answer)


def _meant(lines: pd.DataFrame, f: Field, words: Words) -> dict[str, str]:
    """The one value of the list that people corrected a word to which no rule knows."""
    known = lookup(f.options, words) if f.kind == "picklist" else {}
    found: dict[str, set[str]] = {}
    for word, after in lines[["value", "after"]].dropna().drop_duplicates().itertuples(index=False):
        if plain(word) not in known:
            found.setdefault(word, set()).add(known.get(plain(after), ""))
    return {word: values.pop() for word, values in found.items() if len(values) == 1 and values != {""}}


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
