"""What a target says of the rows it was sent: its result file joined to what was sent, row by row.

The columns a target adds are told by ``rules/lexicons/results.tsv``; a row is joined by the key it was sent with, or, where
the target's file has no place for a key, by everything that was sent of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from cleanse.kinds.header import normalize_header
from cleanse.model import Profile, TargetObject, Words

COLUMNS = ("object", "golden_id", "taken", "target_id", "message", "row")
LEXICON, SUCCESS = "results", "success"


def headers(profile: Profile, words: Words) -> frozenset[str]:
    """Every header that a result file may have, as ``normalize_header`` gives it."""
    own = {normalize_header(h) for target in profile.objects for h in names_of(target, profile)}
    return frozenset(own | set(_roles(words)))


def answers(table: pd.DataFrame, sent: Mapping[str, pd.DataFrame], profile: Profile, words: Words) -> pd.DataFrame:
    """What a table of a result file says, with ``COLUMNS``: ``taken`` whether the target took the row, ``target_id`` its
    id there, ``message`` the target's own words, ``row`` the row of the file. ``golden_id`` is '' where the row is none
    that was sent, or could be several of them. Empty where the table is no result file of this profile.

    ``table``: text by row number, missing where empty. ``sent``: object name -> text by golden_id, columns named as the
    profile names them.
    """
    target = object_of(table, sent, profile)
    own = names_of(target, profile) if target else {}
    roles = _told(table, own, words)
    if target is None or roles.keys() <= {"id"}:
        return pd.DataFrame(columns=list(COLUMNS))
    blank = pd.Series("", index=table.index, dtype="str")
    parts = [roles[name] for name in ("code", "error") if name in roles]
    message = (parts[0] + " " + parts[1]).str.strip() if len(parts) > 1 else parts[0] if parts else blank
    taken = message == ""
    if "status" in roles:
        fine = roles["status"].map(normalize_header).isin(set(_success(words)))
        message, taken = message.where((message != "") | fine, roles["status"]), taken & fine
    ids = _ids(table.rename(columns=own), sent[target.name], target)
    told = {
        "golden_id": ids,
        "taken": taken,
        "target_id": roles.get("id", blank),
        "message": message,
        "row": table.index,
    }
    return pd.DataFrame({"object": target.name, **told}).reset_index(drop=True)[list(COLUMNS)]


def names_of(target: TargetObject, profile: Profile) -> dict[str, str]:
    """Every way a column of an object may be headed -> the profile's name of it."""
    return {text: f.name for f in target.fields for text in (f.label, f.name, profile.header(f)) if text}


def object_of(table: pd.DataFrame, sent: Mapping[str, pd.DataFrame], profile: Profile) -> TargetObject | None:
    """The object most of whose columns the table has."""
    there = [target for target in profile.objects if target.name in sent]
    shared = {t.name: len({n for h, n in names_of(t, profile).items() if h in table.columns}) for t in there}
    best = max(there, key=lambda t: shared[t.name], default=None)
    return best if best and shared[best.name] else None


def _roles(words: Words) -> dict[str, str]:
    """Normalised header -> role."""
    rows = (row for row in words.get(LEXICON, ()) if row[0] != SUCCESS)
    return {normalize_header(header): row[0] for row in rows for header in row[1:]}


def _success(words: Words) -> Iterator[str]:
    return (normalize_header(word) for row in words.get(LEXICON, ()) if row[0] == SUCCESS for word in row[1:])


def _told(table: pd.DataFrame, own: Mapping[str, str], words: Words) -> dict[str, pd.Series]:
    """The columns the target added, by role; of two with one role the first, and columns that were sent are none."""
    known, found = _roles(words), dict[str, pd.Series]()
    for column in table:
        role = known.get(normalize_header(str(column)), "")
        if role and column not in own:
            found.setdefault(role, table[column].fillna("").astype("str").str.strip())
    return found


def _ids(rows: pd.DataFrame, sent: pd.DataFrame, target: TargetObject) -> np.ndarray:
    """The golden id of every row, '' where it is none or not one alone."""
    keyed = target.key in rows and target.key in sent and bool(rows[target.key].notna().all())
    columns = [target.key] if keyed else [c for c in sent.columns if c in rows]
    known = pd.Series(sent.index.to_numpy(dtype=object), index=_content(sent, columns))
    known = known[~known.index.duplicated(keep=False)]
    return _content(rows, columns).map(known).fillna("").to_numpy(dtype=object)


def _content(table: pd.DataFrame, columns: Sequence[str]) -> pd.Index:
    """The cells of some columns as one text per row."""
    cells = [table[c].fillna("").astype("str").str.strip() for c in columns]
    first, *others = cells
    return pd.Index(first.str.cat(others, sep="\x1f") if others else first)
