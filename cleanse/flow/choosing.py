"""Values that people chose or typed for a customer, as the merge takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd

from cleanse.kinds import KINDS
from cleanse.model import Entity
from cleanse.project import Project
from cleanse.review import choices
from cleanse.review.decisions import CHOICES


def settled(
    project: Project, records: Mapping[str, pd.DataFrame], clusters: Mapping[str, pd.Series], digests: pd.DataFrame
) -> choices.Settled:
    """The choices of the project for the records at hand. ``records`` without wrong values; ``clusters``: by entity,
    cluster by rid; ``digests``: entity, rid, digest."""
    said = choices.read(project.root / CHOICES)
    values = {name: records[name].set_index("rid")[list(e.stored)] for name, e in project.entities.items()}
    return choices.settle(said, digests, clusters, values, typed(project))


def typed(project: Project) -> Callable[[str, str, str], str | None]:
    """``check(entity, field, text)``: the value that a typed text is, None where it is none the field can take."""

    @cache
    def fix(entity: str, field: str) -> Callable[[str], str | None]:
        f = project.entities[entity].fields[field]
        kind = KINDS[f.kind]
        repair, shape = kind.fixer(f.options, project.words), re.compile(kind.shape(f.options) or ".+", re.DOTALL)
        known = allowed(project, project.entities[entity]).get(field)

        def value(text: str) -> str | None:
            fixed = repair(text)
            fits = fixed.value and not fixed.doubt and shape.fullmatch(fixed.value)
            return fixed.value if fits and (known is None or fixed.value in known) else None

        return value

    return lambda entity, field, text: fix(entity, field)(text)


def allowed(project: Project, entity: Entity) -> dict[str, frozenset[str]]:
    """The values of the fields that have a list of them."""
    lists = {n: f"picklists/{f.options['picklist']}" for n, f in entity.fields.items() if f.options.get("picklist")}
    return {n: frozenset(row[0] for row in project.words.get(name, ())) for n, name in lists.items()}
