"""The reviewer's desk: the queue, what is decided so far, and every decision on disk before it is acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

from cleanse.review import choices, decisions
from cleanse.review.choices import Check, Choice
from cleanse.review.decisions import KEY, Decision, decision
from cleanse.review.page.queue import Group, Queue, Subject
from cleanse.review.page.verdict import KIN, SAID, Key, Said, Unclear, above, pairs, replaced, said_of, state

LONGEST = 500  # characters of a reason


@dataclass(frozen=True)
class _Step:
    """What undoing needs: the group, and what held before of every pair and every field spoken of."""

    group: int
    pairs: Mapping[Key, Decision | None] = field(default_factory=dict)
    choices: Mapping[tuple[str, str], Choice | None] = field(default_factory=dict)


class Desk:
    """One person at work on the groups of one run. ``clock`` gives the time as ISO text, ``check`` the value that a typed
    text is. Safe to use from threads."""

    def __init__(
        self, subjects: Sequence[Subject], files: tuple[Path, Path], who: str, clock: Callable[[], str], check: Check
    ) -> None:
        """``files``: of decisions and of choices. Raises UsageError where one of them holds a line that is none."""
        self.queue = Queue(subjects)
        self.files, self.who, self.clock, self.check = files, who, clock, check
        self._lock = Lock()
        self._history: list[_Step] = []
        self._latest: dict[str, dict[Key, Decision]] = {entity: {} for entity in self.queue.subjects}
        self._chosen: dict[str, dict[str, dict[str, Choice]]] = {entity: {} for entity in self.queue.subjects}
        self._learn(decisions.read(files[0]), choices.read(files[1]))

    def start(self) -> dict[str, Any]:
        """What the page needs before the first group: names, and one line per group without any value of a record."""
        owners: dict[str, int] = {}
        lines = [
            [g.id, g.entity, g.sheet, len(g.rids), [owners.setdefault(o, len(owners)) for o in g.owners], s]
            for g in self.queue.groups
            for s in [self._state(g)["verdict"]]
        ]
        subjects = self.queue.subjects.values()
        return {
            "who": self.who, "groups": lines, "owners": list(owners),
            "entities": {s.entity: {"label": s.label, "fields": s.fields} for s in subjects},
        }  # fmt: skip

    def cards(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Groups as the page shows them. Raises KeyError for an unknown one."""
        return [self.queue.card(g.id) | {"state": self._state(g)} for g in map(self._group, numbers)]

    def decide(self, number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what was said of a group, on disk before this returns; its new state. Raises Unclear for what cannot be
        kept, TargetError when the disk refuses; then nothing is kept."""
        group = self._group(number)
        said = _said(group, entry)
        with self._lock:
            latest = self._latest[group.entity]
            new = pairs(said, group.keys)
            gone = dict.fromkeys(replaced(new, said, group.keys, latest), "withdrawn")
            self._keep(group, {**gone, **new}, said.why, over=above(said, group.keys))
        return self._state(group)

    def withdraw(self, number: int) -> dict[str, Any]:
        """Take back everything said of a group, values too; its new state."""
        group = self._group(number)
        with self._lock:
            everyone = Said("defer", (tuple(range(len(group.rids))),))
            taken = replaced({}, everyone, group.keys, self._latest[group.entity])
            held = self._chosen[group.entity]
            values = [
                Choice(group.entity, whole, name)
                for key, whole in dict(zip(group.keys, group.digests, strict=True)).items()
                for name, choice in held.get(key, {}).items()
                if choice.origin or choice.value
            ]
            if taken or values:
                self._keep(group, dict.fromkeys(taken, "withdrawn"), "", values)
        return self._state(group)

    def choose(self, number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the value of a field for the customer of a group: ``member`` whose value it is, or a typed ``value``, or
        neither for what the rules say; on disk before this returns. Raises Unclear, TargetError."""
        group = self._group(number)
        name, member, typed = entry.get("field"), entry.get("member"), entry.get("value")
        if name not in self.queue.subjects[group.entity].own:
            raise Unclear("parts")
        if member is not None and (not isinstance(member, int) or not 0 <= member < len(group.rids)):
            raise Unclear("parts")
        if typed is not None:
            typed = self.check(group.entity, name, typed) if isinstance(typed, str) and len(typed) <= LONGEST else None
            if typed is None:
                raise Unclear("value")
        with self._lock:
            origin = "" if member is None else group.digests[member]
            places = self._places(group, name, member)
            if not places or (member is not None and not origin):
                raise Unclear("no_content")
            self._keep(group, {}, "", [Choice(group.entity, place, name, origin, typed or "") for place in places])
        return self._state(group)

    def _places(self, group: Group, name: str, member: int | None) -> list[str]:
        """The records that a choice is kept by: the first of the member's customer, and those that a choice about the
        field is kept by already, lest two of one customer disagree."""
        parts = state(group.keys, group.now, group.asked, self._latest[group.entity])
        joined = parts.parts if parts.verdict else (tuple(range(len(group.rids))),)
        part = next((p for p in joined if member in p), joined[0])
        known = [m for m in part if group.digests[m]]
        said = [m for m in known if name in self._chosen[group.entity].get(group.keys[m], {})]
        return [group.digests[m] for m in dict.fromkeys([*known[:1], *said])]

    def undo(self) -> dict[str, Any] | None:
        """Take back the last thing said here: the group and its state; None when there is nothing."""
        with self._lock:
            if not self._history:
                return None
            step = self._history[-1]
            group, when = self.queue.groups[step.group], self.clock()
            empty = Decision(group.entity, "", "", "withdrawn", self.who, when)
            lines = [was or replace(empty, left=left, right=right) for (left, right), was in step.pairs.items()]
            values = [
                was or Choice(group.entity, record, name, who=self.who, when=when)
                for (record, name), was in step.choices.items()
            ]
            self._write(lines, values)
            self._history.pop()
        return {"id": group.id, "state": self._state(group)}

    def _group(self, number: int) -> Group:
        if not 0 <= number < len(self.queue.groups):
            raise KeyError(number)
        return self.queue.groups[number]

    def _keep(
        self, group: Group, said: Mapping[Key, str], why: str, values: Sequence[Choice] = (),
        over: Mapping[Key, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        latest, chosen, when = self._latest[group.entity], self._chosen[group.entity], self.clock()
        whole = dict(zip(group.keys, group.digests, strict=True))
        lines = [
            decision(group.entity, whole[a], whole[b], verdict, self.who, when, why, above=whole.get(over.get((a, b), ""), ""), seen=group.queue)
            for (a, b), verdict in said.items()
        ]  # fmt: skip
        before = {(v.record, v.field): chosen.get(v.record[:KEY], {}).get(v.field) for v in values}
        step = _Step(group.id, {pair: latest.get(pair) for pair in said}, before)
        self._write(lines, [replace(v, who=self.who, when=when) for v in values])
        self._history.append(step)

    def _write(self, lines: Sequence[Decision], values: Sequence[Choice]) -> None:
        if lines:
            decisions.append(self.files[0], lines)
            self._learn(lines, ())
        if values:
            choices.append(self.files[1], values)
            self._learn((), values)

    def _learn(self, lines: Sequence[Decision], values: Sequence[Choice]) -> None:
        for line in lines:
            self._latest.setdefault(line.entity, {})[line.left[:KEY], line.right[:KEY]] = line
        for value in values:
            self._chosen.setdefault(value.entity, {}).setdefault(value.record[:KEY], {})[value.field] = value

    def _state(self, group: Group) -> dict[str, Any]:
        return asdict(state(group.keys, group.now, group.asked, self._latest[group.entity])) | {
            "chosen": self._values(group)
        }

    def _values(self, group: Group) -> dict[str, dict[str, Any]]:
        """By field what was chosen: the member whose value it is (-1: none of them) or the typed value; by whom."""
        held, found = self._chosen[group.entity], {}
        for key in group.keys if held else ():
            for name, choice in held.get(key, {}).items():
                if choice.origin or choice.value:
                    origin = choice.origin[:KEY]
                    member = group.keys.index(origin) if origin in group.keys else -1
                    found[name] = {"member": member, "value": choice.value, "who": choice.who}
        return found


def _said(group: Group, entry: Mapping[str, Any]) -> Said:
    """What the page sent, checked. Raises Unclear."""
    verdict, why = entry.get("verdict"), entry.get("why", "")
    if verdict not in SAID or not isinstance(why, str) or len(why) > LONGEST:
        raise Unclear("parts")
    if verdict != "split":
        return said_of(verdict, group.now, why)
    try:
        parts = tuple(tuple(sorted(int(m) for m in part)) for part in entry["parts"])
        kin = tuple(str(word) for word in entry["kin"])
    except (KeyError, TypeError, ValueError):
        raise Unclear("parts") from None
    if len(kin) != len(parts) or not all(parts) or set(kin) - set(KIN):
        raise Unclear("parts")
    return Said(verdict, parts, kin, why)
