"""What the target holds already, as its exports tell: rows that must not go there once more, and parents to link to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from cleanse import readers
from cleanse.errors import SourceError
from cleanse.flow.reading import reading_limits
from cleanse.kinds.header import normalize_header
from cleanse.model import Profile, TargetObject
from cleanse.project import Project
from cleanse.stages import tables


def read_existing(project: Project) -> dict[str, pd.DataFrame]:
    """Object -> text frame of its export, columns named as the profile names them.

    Raises SourceError when an export cannot be read, or has no unique column of its object.
    """
    objects = {target.name: target for target in project.profile.objects}
    return {name: _table(project, path, objects[name]) for name, path in project.existing.items()}


def existing_digests(project: Project) -> dict[str, str]:
    """Object -> digest of its export, by which a plan is bound to it; '' where the file is gone."""
    files = project.existing.items()
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for name, path in files}


def _table(project: Project, path: Path, target: TargetObject) -> pd.DataFrame:
    source = readers.read(path, path.name, reading_limits(project), project.encoding)
    if source.status != "read":
        raise SourceError(f"the export cannot be read: {source.reason}", where=str(path))
    names = _names(target, project.profile)
    found = [t.rows for g in source.grids for t in tables.find_tables(g, path.name, frozenset(names))]
    frames = [table.rename(columns={c: names[n] for c in table if (n := normalize_header(str(c))) in names})
              for table in found]  # fmt: skip
    telling = [column.name for column in target.fields if column.unique or column.name == target.key]
    good = [table.loc[:, ~table.columns.duplicated()] for table in frames if set(telling) & set(table.columns)]
    if not good:
        labels = ", ".join(column.label for column in target.fields if column.name in telling)
        cure = f"export it with the column {labels}" if labels else "the object has no unique column to compare by"
        raise SourceError(f"the export tells no record of {target.label} from another", where=str(path), cure=cure)
    return pd.concat(good, ignore_index=True)


def _names(target: TargetObject, profile: Profile) -> Mapping[str, str]:
    """Every way a column may be headed, normalised -> the profile's name of it."""
    return {normalize_header(text): f.name for f in target.fields for text in (profile.header(f), f.label, f.name)}
