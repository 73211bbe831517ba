"""The records of one entity linked as its rules say, and what was learnt as text."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import tomli_w

from cleanse import matching
from cleanse.kinds import COMPARABLE
from cleanse.project import Project

HEAD = """# What was learnt about agreement: per field and level the share among duplicates and among strangers.
# Name this file as [matching] model in cleanse.toml to use it again instead of learning anew.
"""


def link(
    project: Project, schema: matching.MatchSchema | matching.TableSchema, table: pd.DataFrame, said: pd.DataFrame,
    held: pd.Index,
) -> matching.Links:  # fmt: skip
    """With weights from the rules, or learnt where the rules only name the fields. ``held``: what the target holds."""
    if isinstance(schema, matching.TableSchema):
        model = project.models.get(schema.entity)
        return matching.link_table(table, schema, said, {"person": lambda texts: _sounds(texts, project)}, model)
    number, distinct = pd.factorize(table[schema.name_field].fillna(""))
    names = COMPARABLE[schema.name_kind](distinct.tolist(), project.words)
    return matching.link(table, names, schema, said, number, held)


def _sounds(texts: list[str], project: Project) -> list[str]:
    return COMPARABLE["person"](texts, project.words)["sound"].tolist()


def text(links: Mapping[str, matching.Links]) -> str:
    """What was learnt of all entities, '' where nothing was."""
    learnt = {name: found.model for name, found in links.items() if found.model}
    return HEAD + tomli_w.dumps(learnt) if learnt else ""
