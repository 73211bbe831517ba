"""Values that people chose for a customer whose records disagree, in a text file beside the decisions.

A choice names the customer by the digest of one of its records, and the value by the digest of the record it stands in:
no value stands in the file, but for one that a person typed. The latest line about a record and a field counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pandas as pd

from cleanse.review.decisions import KEY, append_lines, entry_of, read_lines, written

COLUMNS = ("entity", "rid", "field", "value", "from_rid")
TYPED = -1  # the value stands in no record
Check = Callable[[str, str, str], str | None]  # of entity, field and typed text: the value, None where it is none


@dataclass(frozen=True, order=True)
class Choice:
    """For the customer that holds ``record`` (a digest), ``field`` takes its value from the record ``origin``, or is what
    was typed, ``value``, or, with neither, what the rules say; by whom, when (ISO), why; ``against``: who had chosen
    otherwise, unknown to this one."""

    entity: str
    record: str
    field: str
    origin: str = ""
    value: str = ""
    who: str = ""
    when: str = ""
    why: str = ""
    against: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        return self.entity, self.record[:KEY], self.field

    @property
    def what(self) -> tuple[str, str]:
        return self.origin[:KEY], self.value


@dataclass(frozen=True)
class Settled:
    """What choices mean for the customers at hand: ``values``: entity, rid, field, value, from_rid (-1: typed), one line per
    customer and field; ``dropped``: those that do not hold, each with a code of why."""

    values: pd.DataFrame
    dropped: tuple[tuple[Choice, str], ...]


def read(path: Path) -> list[Choice]:
    """The choices of a file, in its order; none where there is no file. Raises UsageError naming a bad line."""
    names = [f.name for f in fields(Choice)]
    return list(read_lines(path, lambda line: Choice(**entry_of(line, names, 3))))


def by_place(path: Path) -> dict[tuple[str, str, str], list[Choice]]:
    """The choices of a file by entity, record and field."""
    found: dict[tuple[str, str, str], list[Choice]] = {}
    for c in read(path):
        found.setdefault(c.place, []).append(c)
    return found


def append(path: Path, choices: Sequence[Choice]) -> None:
    """Add choices behind what is there, on disk when this returns. Raises TargetError when they cannot be written."""
    append_lines(path, "".join(map(written, choices)))


def tell(earlier: Sequence[Choice], one: Choice) -> Choice:
    """A choice that was made without knowing of ``earlier`` ones at the same place: ``against`` whoever chose otherwise
    last.

    >>> tell([Choice("c", "a", "phone", "b", who="王敏")], Choice("c", "a", "phone", "a", who="李立")).against
    '王敏'
    """
    latest = {c.who: c for c in earlier[max((n for n, c in enumerate(earlier) if not c.against), default=0) :]}
    other = [c.who for c in latest.values() if c.who != one.who and c.what != one.what]
    return replace(one, against=other[-1]) if other else one


def settle(
    choices: Sequence[Choice], digests: pd.DataFrame, clusters: Mapping[str, pd.Series],
    values: Mapping[str, pd.DataFrame], check: Check,
) -> Settled:  # fmt: skip
    """Choices as values of customers. ``digests``: entity, rid, digest. ``clusters``: by entity, cluster by rid.
    ``values``: by entity, the fields by rid."""
    latest = [c for c in {c.place: c for c in choices}.values() if c.origin or c.value]
    wanted = {key[:KEY] for c in latest for key in (c.record, c.origin) if key}
    keys = digests.assign(digest=digests["digest"].astype("str").str[:KEY])
    held = keys[keys["digest"].isin(wanted)].sort_values("rid")
    rids = held.groupby(["entity", "digest"], observed=True)["rid"].agg(list).to_dict()
    found: dict[tuple[str, int, str], list[tuple[Choice, tuple[str, int, str, str, int]]]] = {}
    dropped: list[tuple[Choice, str]] = []
    for choice in latest:
        line, code = _line(choice, rids, clusters, values, check)
        if line is None:
            dropped.append((choice, code))
        else:
            customer = (choice.entity, int(clusters[choice.entity][line[1]]), choice.field)
            found.setdefault(customer, []).append((choice, line))
    lines = []
    for said in found.values():
        if len({line[3] for _, line in said}) > 1:
            dropped += [(choice, "choice_disputed") for choice, _ in said]
        else:
            lines.append(said[0][1])
    return Settled(pd.DataFrame(lines, columns=list(COLUMNS)), tuple(dropped))


def _line(
    choice: Choice, rids: Mapping[tuple[str, str], list[int]], clusters: Mapping[str, pd.Series],
    values: Mapping[str, pd.DataFrame], check: Check,
) -> tuple[tuple[str, int, str, str, int] | None, str]:  # fmt: skip
    """The choice as a line of ``Settled.values``, or a code of why it does not hold."""
    entity, key, field = choice.place
    if choice.against:
        return None, "choice_disputed"
    mine = rids.get((entity, key), [])
    if not mine or entity not in values or field not in values[entity].columns:
        return None, "decision_gone"
    if not choice.origin:
        value = check(entity, field, choice.value)
        return (None, "choice_invalid") if value is None else ((entity, mine[0], field, value, TYPED), "")
    there = rids.get((entity, choice.origin[:KEY]), [])
    if not there:
        return None, "decision_gone"
    cluster = clusters[entity]
    for rid in mine:
        for origin in (o for o in there if cluster[o] == cluster[rid]):
            value = values[entity].at[origin, field]
            return ((entity, rid, field, value, origin), "") if isinstance(value, str) else (None, "choice_no_value")
    return None, "choice_parted"
