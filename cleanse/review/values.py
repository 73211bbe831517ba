"""The sheet on which a person chooses the values of a customer whose records disagree, and what comes back of it.

One line per group and field; the values stand side by side on the line, which is also what its drop-down offers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cleanse.codes import sentence
from cleanse.review.cells import plain
from cleanse.review.choices import Choice
from cleanse.review.groups import ReviewGroups
from cleanse.review.words import LANGUAGES, words
from cleanse.review.words import plain as bare_word

MOST = 8  # values that a line offers; any other can be typed
LINES = 100_000  # of the sheet
LEAD = ("of", "group", "title", "field", "choice", "comment", "proposed")
WIDTH = {"of": 10, "group": 7, "title": 30, "field": 16, "choice": 24, "comment": 16, "proposed": 24}
_DIRT = re.compile(r"_x[0-9A-Fa-f]{4}_|[\x00-\x20\u00a0]+")  # what programs write in other ways


@dataclass(frozen=True)
class ValueLines:
    """``table``: sheet, group, title, field, anchor (digest of the group's first record), proposed, values and origins
    (digests of the records they stand in), the most frequent first."""

    entity: str
    labels: Mapping[str, str]
    table: pd.DataFrame


def value_lines(found: ReviewGroups, fields: Sequence[str], golden: pd.DataFrame) -> ValueLines:
    """The fields in which the members of a group disagree. ``fields``: those to choose among; ``golden``: by rid of every
    record, what its customer has now."""
    parts = []
    for sheet in ("review", "merged"):
        lines: pd.DataFrame = getattr(found, sheet)
        lines = lines[lines["group"].isin(_known(found, lines))]
        mine = found.records.reindex(lines["rid"])
        first = lines[lines["order"] == 0].set_index("group")["rid"]
        for at, name in enumerate(f for f in fields if f in found.fields):
            parts.append(_disagreeing(found, lines, mine, first, name, golden).assign(sheet=sheet, place=at))
    columns = ["sheet", "group", "title", "field", "anchor", "proposed", "values", "origins"]
    some = [p for p in parts if len(p)]
    if not some:
        return ValueLines(found.entity, found.fields, pd.DataFrame(columns=columns))
    table = pd.concat(some, ignore_index=True)
    table = table.sort_values(["sheet", "group", "place"], ascending=[False, True, True], ignore_index=True)
    return ValueLines(found.entity, found.fields, table.head(LINES)[columns])


def _known(found: ReviewGroups, lines: pd.DataFrame) -> pd.Series:
    """The groups whose first record can be known again."""
    first = lines.loc[lines["order"] == 0]
    return first.loc[(found.records["digest"].reindex(first["rid"]).fillna("") != "").to_numpy(), "group"]


def _disagreeing(
    found: ReviewGroups, lines: pd.DataFrame, mine: pd.DataFrame, first: pd.Series, name: str, golden: pd.DataFrame
) -> pd.DataFrame:
    """``mine``: the records of the lines, in their order."""
    code, distinct = pd.factorize(mine[name])
    cells = pd.DataFrame({
        "group": lines["group"].to_numpy(), "order": lines["order"].to_numpy(), "code": code, "at": np.arange(len(lines)),
    })  # fmt: skip
    cells = cells[(code >= 0) & (mine["digest"] != "").to_numpy()]
    cells["count"] = cells.groupby(["group", "code"])["order"].transform("size")
    cells = cells.drop_duplicates(["group", "code"])
    cells = cells[cells["group"].duplicated(keep=False)]
    cells = cells.sort_values(["group", "count", "order"], ascending=[True, False, True])
    digests = mine["digest"].take(cells["at"])
    told = _listed(
        cells.assign(value=distinct.take(cells["code"]).astype(object), digest=digests.to_numpy(dtype=object))
    )
    anchor = first.reindex(told["group"])
    title = found.records[next(iter(found.fields))].reindex(anchor).fillna("")
    now = golden[name].reindex(anchor) if name in golden else pd.Series(None, index=anchor, dtype="str")
    return told.assign(
        field=name, anchor=found.records["digest"].reindex(anchor).to_numpy(), title=title.to_numpy(dtype=object),
        proposed=now.fillna("").to_numpy(dtype=object),
    )  # fmt: skip


def _listed(cells: pd.DataFrame) -> pd.DataFrame:
    """Per group (sorted) its values and their digests as lists; an aggregation by ``list`` takes ten times as long."""
    groups = cells["group"].to_numpy()
    starts = np.flatnonzero(np.append(np.ones(min(len(groups), 1), dtype=bool), groups[1:] != groups[:-1]))
    values, origins = cells["value"].tolist(), cells["digest"].tolist()
    ends = np.append(starts, len(groups))[1:]
    return pd.DataFrame({
        "group": groups[starts],
        "values": pd.Series([values[a:b] for a, b in zip(starts, ends, strict=True)], dtype=object),
        "origins": pd.Series([origins[a:b] for a, b in zip(starts, ends, strict=True)], dtype=object),
    })  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- written


def sheet_of(lines: ValueLines, language: str) -> tuple[list[str], list[str], list[list[str]], list[list[str]]]:
    """The sheet: names of the columns, their headings, and below, per column, the inner XML and the style of every cell."""
    table, said = lines.table, words()
    offered = [values[:MOST] for values in table["values"]]
    width = max(map(len, offered), default=2)
    sheet = {name: said["sheet"][name][language] for name in ("review", "merged")}
    columns: dict[str, Sequence[str]] = {
        "of": [sheet[s] for s in table["sheet"]], "group": [str(g) for g in table["group"]],
        "title": list(table["title"]), "field": [lines.labels[f] for f in table["field"]],
        "choice": [""] * len(table), "comment": [""] * len(table), "proposed": list(table["proposed"]),
    }  # fmt: skip
    for at in range(width):
        columns[f"candidate{at + 1}"] = [v[at] if at < len(v) else "" for v in offered]
    columns["key"] = [
        signed(lines.entity, f"{r.sheet}{r.group}", r.field, r.anchor, r.origins[:MOST], v)
        for r, v in zip(table.itertuples(), offered, strict=True)
    ]
    names = list(columns)
    headings = [
        said["column"]["candidate"][language].format(number=n.removeprefix("candidate"))
        if n.startswith("candidate") else said["column"][n][language] for n in names
    ]  # fmt: skip
    group = table["group"].to_numpy()
    new = np.append(np.ones(min(len(group), 1), dtype=bool), group[1:] != group[:-1])
    styles = [
        [f"{'edit' if n in ('choice', 'comment') else 'text'}{'_top' if top else ''}" for top in new] for n in names
    ]
    inner = [plain(pd.Series(list(values), dtype="str")) for values in columns.values()]
    return names, headings, inner, styles


def signed(entity: str, group: str, field: str, anchor: str, origins: Sequence[str], values: Sequence[str]) -> str:
    """The hidden key of a line, with a check over the values it offers.

    >>> signed("customer", "review1", "phone", "ab", ["ab", "cd"], ["1", "2"]).split("|")[4]
    'ab,cd'
    """
    key = f"{entity}|{group}|{field}|{anchor}|{','.join(origins)}"
    offered = "\x1f".join(bare(v) for v in values)
    return f"{key}|{hashlib.sha256(f'{key}|{offered}'.encode()).hexdigest()[:8]}"


def bare(text: str) -> str:
    """A text without what spreadsheet programs may write in another way.

    >>> bare(" a_x000B_b ") == bare("a" + chr(11) + "b")
    True
    """
    return _DIRT.sub("", text)


# ---------------------------------------------------------------------------------------------------------------- read


def read_values(
    title: str, rows: Sequence[Sequence[Any]], who: str, when: str, told: list[tuple[str, int, str]]
) -> Iterator[tuple[int, Choice]]:
    """The choices of a sheet with the number of their lines; none where it is no sheet of values. Lines that cannot be
    read go into ``told``."""
    places, candidates, language = _columns(rows[0] if rows else ())
    if "choice" not in places:
        return
    for number, row in enumerate(rows[1:], 2):
        cell = {name: str(row[at]).strip() if at < len(row) else "" for name, at in places.items()}
        if not cell["choice"]:
            continue
        offered = [text for at in candidates if (text := str(row[at]) if at < len(row) else "")]
        parts = cell.get("key", "").split("|")
        origins = parts[4].split(",") if len(parts) == 6 else []
        if len(parts) != 6:
            told.append((title, number, sentence("review_key_missing", language)))
        elif signed(parts[0], parts[1], parts[2], parts[3], origins, offered) != cell["key"]:
            told.append((title, number, sentence("review_key_mixed", language)))
        else:
            exact = dict(zip((v.strip() for v in offered), origins, strict=True))
            known = dict(zip(map(bare, offered), origins, strict=True))
            origin = exact.get(cell["choice"]) or known.get(bare(cell["choice"]), "")
            text = "" if origin else cell["choice"]
            yield number, Choice(parts[0], parts[3], parts[2], origin, text, who, when, cell.get("comment", ""))


def _columns(header: Sequence[Any]) -> tuple[dict[str, int], list[int], str]:
    """Where our columns stand, those of the values in their order, and the language of the sheet."""
    said = words()["column"]
    names = {bare_word(said[n][x]): (n, x) for x in LANGUAGES for n in ("choice", "comment", "key")}
    offered = {bare_word(said["candidate"][x].format(number=n)): n for x in LANGUAGES for n in range(1, MOST + 1)}
    places: dict[str, int] = {}
    candidates: dict[int, int] = {}
    language = LANGUAGES[0]
    for at, cell in enumerate(header):
        text = bare_word(str(cell))
        name, spoken = names.get(text, ("", ""))
        if name and name not in places:
            places[name] = at
            language = spoken if name == "choice" else language
        elif text in offered:
            candidates.setdefault(offered[text], at)
    return places, [candidates[n] for n in sorted(candidates)], language
