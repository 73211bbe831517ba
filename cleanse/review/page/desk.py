"""The reviewer's desk: the queue, what is decided so far, and every decision on disk before it is acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from typing import Any

from cleanse.review import decisions
from cleanse.review.decisions import Decision, decision
from cleanse.review.page.queue import Group, Queue, Subject
from cleanse.review.page.verdict import SAID, Key, Said, Unclear, pairs, replaced, said_of, state

LONGEST = 500  # characters of a reason


class Desk:
    """One person at work on the groups of one run. ``clock`` gives the time as ISO text. Safe to use from threads."""

    def __init__(self, subjects: Sequence[Subject], path: Path, who: str, clock: Callable[[], str]) -> None:
        """Raises UsageError where ``path`` holds a line that is no decision."""
        self.queue = Queue(subjects)
        self.path, self.who, self.clock = path, who, clock
        self._lock = Lock()
        self._history: list[tuple[int, dict[Key, Decision | None]]] = []
        self._latest: dict[str, dict[Key, Decision]] = {entity: {} for entity in self.queue.subjects}
        for line in decisions.read(path):
            self._latest.setdefault(line.entity, {})[line.left, line.right] = line

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
            new = pairs(said, group.digests)
            gone = dict.fromkeys(replaced(new, said, group.digests, latest), "withdrawn")
            self._keep(group, {**gone, **new}, said.why)
        return self._state(group)

    def withdraw(self, number: int) -> dict[str, Any]:
        """Take back everything said of a group; its new state."""
        group = self._group(number)
        with self._lock:
            taken = replaced(
                {}, Said("defer", (tuple(range(len(group.rids))),)), group.digests, self._latest[group.entity]
            )
            if taken:
                self._keep(group, dict.fromkeys(taken, "withdrawn"), "")
        return self._state(group)

    def undo(self) -> dict[str, Any] | None:
        """Take back the last thing said here: the group and its state; None when there is nothing."""
        with self._lock:
            if not self._history:
                return None
            number, before = self._history[-1]
            group = self.queue.groups[number]
            empty = Decision(group.entity, "", "", "withdrawn", self.who, self.clock())
            lines = [was or replace(empty, left=left, right=right) for (left, right), was in before.items()]
            self._write(lines)
            self._history.pop()
        return {"id": number, "state": self._state(group)}

    def _group(self, number: int) -> Group:
        if not 0 <= number < len(self.queue.groups):
            raise KeyError(number)
        return self.queue.groups[number]

    def _keep(self, group: Group, said: Mapping[Key, str], why: str) -> None:
        latest, when = self._latest[group.entity], self.clock()
        before = {pair: latest.get(pair) for pair in said}
        self._write([decision(group.entity, *pair, verdict, self.who, when, why) for pair, verdict in said.items()])
        self._history.append((group.id, before))

    def _write(self, lines: Sequence[Decision]) -> None:
        decisions.append(self.path, lines)
        for line in lines:
            self._latest[line.entity][line.left, line.right] = line

    def _state(self, group: Group) -> dict[str, Any]:
        latest = self._latest[group.entity]
        return asdict(state(group.digests, group.now, group.asked, latest))


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
    if len(kin) != len(parts) or not all(parts) or set(kin) - {"apart", "related"}:
        raise Unclear("parts")
    return Said(verdict, parts, kin, why)
