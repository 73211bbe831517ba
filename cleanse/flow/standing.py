"""Which decisions of people hold in a run, which do not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cleanse.codes import all_codes
from cleanse.flow.linking import Linked
from cleanse.project import Project
from cleanse.review.choices import Choice
from cleanse.review.decisions import KEY, Decision
from cleanse.review.words import offered_word

SAYS_OTHERWISE = (
    "decision_disputed", "choice_disputed", "decision_chained", "decision_in_target", "decision_other_parent",
)  # fmt: skip


def numbers(linked: Linked) -> dict[str, Any]:
    """How many decisions and chosen values are applied, stale and conflicting; those that do not hold, without any value
    or name."""
    lines = _lines(linked)
    conflicting = sum(code in SAYS_OTHERWISE for _, code, _ in lines)
    return {
        "applied": linked.resolved.applied - len({said for said, _ in linked.void}) + len(linked.settled.values),
        "stale": len(lines) - conflicting,
        "conflicting": conflicting - len(linked.resolved.disputed),  # of these both sides are listed
        "replaced": linked.resolved.replaced,
        "not_held": [
            {"entity": said.entity, "code": code, "fields": list(fields), "when": said.when}
            for said, code, fields in lines
        ],
    }


def table(project: Project, linked: Linked, records: Mapping[str, pd.DataFrame]) -> list[tuple[str, ...]]:
    """The decisions that do not hold, for a person: why, what to do, what was said, by whom, when, with what comment, of
    which fields, and where the records stand that are still there."""
    language, codes = project.language, all_codes()
    labels = {f.path: f.label[language] for e in project.entities.values() for f in e.fields.values()}
    told = _lines(linked)
    sides_of = {s[:KEY] for said, _, _ in told for s in _sides(said)}
    places = (
        {name: _places(records[name], digests, sides_of) for name, digests in linked.digests.items()} if told else {}
    )
    lines: list[tuple[str, ...]] = []
    for said, code, fields in told:
        names = "、".join(labels.get(f, labels.get(f"{said.entity}.{f}", f)) for f in fields)
        word = offered_word(said.verdict, language) if isinstance(said, Decision) else said.value
        found = (places.get(said.entity, {}).get(s[:KEY], "") for s in _sides(said))
        where = "；".join(dict.fromkeys(filter(None, found)))
        text = codes[code]
        lines.append((text.text[language], text.cure[language], word, said.who, said.when, said.why, names, where))
    return lines


def _sides(said: Decision | Choice) -> tuple[str, str]:
    """The digests of the two records that something was said of."""
    return (said.left, said.right) if isinstance(said, Decision) else (said.record, said.origin)


def _places(records: pd.DataFrame, digests: pd.Series, wanted: set[str]) -> dict[str, str]:
    """``file!sheet!row`` of one record of every wanted content, by what of its digest tells it."""
    keys = digests.astype("str").str[:KEY].drop_duplicates()
    keys = keys[[key in wanted for key in keys]]
    rows = records.set_index("rid").reindex(keys.index)[["source_file", "source_sheet", "source_row"]]
    where = ("!".join(str(x) for x in row if x != "") for row in rows.itertuples(index=False))
    return dict(zip(keys, where, strict=True))


def _lines(linked: Linked) -> list[tuple[Decision | Choice, str, tuple[str, ...]]]:
    """Every decision that does not hold, the code of why, and the fields it is about."""
    r = linked.resolved
    lines: list[tuple[Decision | Choice, str, tuple[str, ...]]] = []
    lines += [(d, "decision_disputed", ()) for pair in r.disputed for d in (pair.earlier, pair.later)]
    lines += [(d, "decision_chained", ()) for d in r.conflicting]
    lines += [(d, code, ()) for d, code in linked.void]
    lines += [(s.decision, s.code, s.fields) for s in r.stale]
    return lines + [(c, code, (c.field,)) for c, code in linked.settled.dropped]
