"""The duplicates workbook: groups side by side for a person in Excel, and the decisions read back from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import combinations
from os.path import commonprefix
from pathlib import Path
from tomllib import loads
from typing import Any
from zipfile import BadZipFile

import numpy as np
import openpyxl
import pandas as pd
import xlsxwriter
from openpyxl.utils.exceptions import InvalidFileException
from xlsxwriter.exceptions import XlsxWriterException

from cleanse.errors import SourceError, TargetError
from cleanse.review.decisions import Decision, decision

KEY = "key"  # hidden: entity, place in the group and digest of the record
LEADING = ("group", "decision", "comment", "probability", "why")
WIDTH = {"group": 6, "decision": 12, "comment": 14, "probability": 8, "why": 48, "place": 34}
CREATED = datetime(2000, 1, 1)
COMPACT = 1  # fields shown of groups that were merged
MARKED = 60  # longest text in which single characters are marked


@dataclass(frozen=True)
class ReviewGroups:
    """What the workbook shows of one entity.

    ``review``, ``merged``: a line per member with group, order, rid, probability, why (language), in the order shown.
    ``related``: a line per pair with left, right, why. ``records``: by rid, with the shown fields, place and digest.
    """

    entity: str
    fields: Mapping[str, str]
    review: pd.DataFrame
    merged: pd.DataFrame
    related: pd.DataFrame
    records: pd.DataFrame


@dataclass(frozen=True)
class ReadBack:
    """Decisions found, and every line that could not be read: sheet, row, reason."""

    decisions: tuple[Decision, ...]
    unread: tuple[tuple[str, int, str], ...]


@cache
def _words() -> dict[str, Any]:
    return loads(files("cleanse.data").joinpath("review.toml").read_text("utf-8"))


# ------------------------------------------------------------------------------------------------------------ groups


def groups(
    pairs: pd.DataFrame, clusters: pd.DataFrame, records: pd.DataFrame, digests: pd.Series, fields: Mapping[str, str],
    entity: str, language: str,
) -> ReviewGroups:  # fmt: skip
    """The groups of one entity. ``fields``: shown field -> its heading; ``digests`` by rid."""
    place = (
        records["source_file"].astype(str)
        + "!"
        + records["source_sheet"].astype(str)
        + "!"
        + records["source_row"].astype(str)
    )
    known = records.set_index("rid")
    shown = known[list(fields)].assign(
        place=place.str.replace("!!", "!").to_numpy(), digest=digests.reindex(known.index)
    )
    cluster = clusters.set_index("rid")["cluster"]
    mine = pairs.rename(columns={f"why_{language}": "why"})
    open_pairs = mine[mine["band"] == "review"]
    return ReviewGroups(
        entity, fields,
        review=_open(open_pairs, cluster),
        merged=_closed(mine[mine["band"] == "merge"], cluster, set(open_pairs["left"]) | set(open_pairs["right"])),
        related=mine.loc[mine["band"] == "related", ["left", "right", "why"]],
        records=shown,
    )  # fmt: skip


def _open(pairs: pd.DataFrame, cluster: pd.Series) -> pd.DataFrame:
    """Members of every group that a pair to review holds together, the most doubtful and largest groups first."""
    if pairs.empty:
        return pd.DataFrame(columns=["group", "order", "rid", "probability", "why"])
    ends = pd.concat([pairs["left"].map(cluster), pairs["right"].map(cluster)], ignore_index=True)
    names = np.unique(ends)
    label = _components(np.searchsorted(names, ends.to_numpy()).reshape(2, -1), len(names))
    of_cluster = pd.Series(label, index=names)
    members = cluster[cluster.isin(names)].rename("cluster").rename_axis("rid").reset_index()
    members["component"] = members["cluster"].map(of_cluster)
    why = pairs.assign(component=pairs["left"].map(cluster).map(of_cluster))
    best = why.sort_values("probability", ascending=False).drop_duplicates("component").set_index("component")
    size = members.groupby("component").size()
    worth = pd.DataFrame({"doubt": (best["probability"] - 0.5).abs(), "size": -size}).sort_values(
        ["doubt", "size"], kind="stable"
    )
    members["group"] = members["component"].map(pd.Series(np.arange(1, len(worth) + 1), index=worth.index))
    members = members.sort_values(["group", "rid"], ignore_index=True)
    members["order"] = members.groupby("group").cumcount()
    members["probability"], members["why"] = (
        members["component"].map(best["probability"]),
        members["component"].map(best["why"]),
    )
    return members[["group", "order", "rid", "probability", "why"]]


def _components(edges: np.ndarray, size: int) -> np.ndarray:
    label = np.arange(size)
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, edges[0], label[edges[1]])
        np.minimum.at(lowest, edges[1], label[edges[0]])
        if (lowest == label).all():
            return label
        label = lowest


def _closed(pairs: pd.DataFrame, cluster: pd.Series, shown: set[int]) -> pd.DataFrame:
    """Members of the groups that were merged by themselves, in order, each with its strongest reason."""
    several = cluster[cluster.duplicated(keep=False)]
    members = several.rename("group").rename_axis("rid").reset_index().sort_values(["group", "rid"], ignore_index=True)
    members["order"] = members.groupby("group").cumcount()
    both = pd.concat([pairs[[side, "probability", "why"]].rename(columns={side: "rid"}) for side in ("left", "right")])
    best = both.sort_values("probability", ascending=False).drop_duplicates("rid").set_index("rid")
    members["probability"], members["why"] = members["rid"].map(best["probability"]), members["rid"].map(best["why"])
    members["group"] = pd.factorize(members["group"])[0] + 1
    return members[["group", "order", "rid", "probability", "why"]]


# ------------------------------------------------------------------------------------------------------------- write


def export(path: Path, every: Sequence[ReviewGroups], language: str) -> None:
    """Write the workbook; it appears under its name when it is whole. Raises TargetError when the disk refuses."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with xlsxwriter.Workbook(str(temporary), {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False,
        }) as book:  # fmt: skip
            book.set_properties({"created": CREATED, "title": "duplicates"})
            writer = _Writer(book, language)
            for found in every:
                writer.members("review", found, found.review, list(found.fields), compare=True)
            for found in every:
                writer.members("merged", found, found.merged, list(found.fields)[:COMPACT], compare=False)
            for found in every:
                writer.related(found)
            writer.help()
        temporary.replace(path)
    except (XlsxWriterException, OSError) as error:
        raise TargetError(
            f"the workbook cannot be written: {error}", where=str(path), cure="close it in Excel, check free space"
        ) from error


class _Writer:
    """Writes the sheets of one workbook; every cell is text."""

    def __init__(self, book: xlsxwriter.Workbook, language: str) -> None:
        self.book, self.language, self.words = book, language, _words()
        text = {"num_format": "@", "valign": "top"}
        self.plain = book.add_format(text)
        self.wrapped = book.add_format({**text, "text_wrap": True})
        self.differs = book.add_format({**text, "bg_color": "#FFF2CC"})
        self.first = book.add_format({**text, "top": 1})
        self.choice = book.add_format({**text, "bg_color": "#E2F0D9"})
        self.head = book.add_format(
            {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"}
        )
        self.red = book.add_format({"font_color": "#C00000", "bold": True})
        self.black = book.add_format({"font_color": "#000000"})
        self.names: set[str] = set()

    def _sheet(self, name: str, entity: str, columns: Sequence[str], headings: Mapping[str, str]) -> Any:
        title = self.words["sheet"][name][self.language]
        title = title if title not in self.names else f"{title} {entity}"
        self.names.add(title)
        sheet = self.book.add_worksheet(title[:31])
        for at, column in enumerate(columns):
            style = self.choice if column == "decision" else None
            sheet.set_column(at, at, WIDTH.get(column, 20), style, {"hidden": column == KEY})
        for at, column in enumerate(columns):
            heading = headings.get(column) or self.words["column"][column][self.language]
            sheet.write_string(0, at, heading, self.head)
        sheet.freeze_panes(1, 2)
        return sheet

    def members(self, name: str, found: ReviewGroups, lines: pd.DataFrame, fields: list[str], *, compare: bool) -> None:
        columns = [*LEADING, *fields, "place", KEY]
        sheet = self._sheet(name, found.entity, columns, found.fields)
        records = found.records.reindex(lines["rid"])
        place, digest, *cells = (records[f].fillna("").to_numpy(dtype=object) for f in ("place", "digest", *fields))
        order = lines["order"].to_numpy()
        firsts = np.flatnonzero(order == 0)
        anchor = np.repeat(firsts, np.diff(np.r_[firsts, len(lines)])) if len(lines) else firsts
        why = lines["why"].fillna("").to_numpy(dtype=object)
        chance = lines["probability"].round(3).to_numpy()
        for at, group in enumerate(lines["group"].to_numpy()):
            style = self.plain if order[at] else self.first
            row, end = at + 1, len(LEADING) + len(fields)
            sheet.write_number(row, 0, group, style)
            if chance[at] == chance[at]:
                sheet.write_number(row, 3, chance[at], style)
            if why[at]:
                sheet.write_string(row, 4, why[at], style)
            for column, values in enumerate(cells, len(LEADING)):
                value, other = values[at], values[anchor[at]]
                if compare and value and value != other:
                    self._marked(sheet, row, column, value, other)
                elif value:
                    sheet.write_string(row, column, value, style)
            sheet.write_string(row, end, place[at], style)
            sheet.write_string(row, end + 1, f"{found.entity}|{order[at]}|{digest[at]}")
        if len(lines):
            offered = [
                self.words["decision"][v]["words"][0 if self.language == "zh" else 1] for v in self.words["decision"]
            ]
            sheet.data_validation(1, 1, len(lines), 1, {"validate": "list", "source": offered, "error_type": "warning"})
            sheet.autofilter(0, 0, len(lines), len(columns) - 1)

    def _marked(self, sheet: Any, row: int, column: int, value: str, other: str) -> None:
        """A value with what differs from the group's first record in red: all between their common ends."""
        start = len(commonprefix([value, other]))
        end = len(value) - len(commonprefix([value[start:][::-1], other[start:][::-1]]))
        pieces = [(self.black, value[:start]), (self.red, value[start:end]), (self.black, value[end:])]
        rich = [x for style, text in pieces if text for x in (style, text)]
        if other and start < end and 2 < len(rich) and len(value) <= MARKED:
            sheet.write_rich_string(row, column, *rich, self.differs)
        else:
            sheet.write_string(row, column, value, self.differs)

    def related(self, found: ReviewGroups) -> None:
        fields = list(found.fields)[:1]
        columns = ["why", *fields, "place", "other", "place"]
        sheet = self._sheet("related", found.entity, columns, found.fields)
        left, right = found.records.reindex(found.related["left"]), found.records.reindex(found.related["right"])
        parts = [found.related["why"], left[fields[0]], left["place"], right[fields[0]], right["place"]]
        table = [part.fillna("").to_numpy(dtype=object) for part in parts]
        for row, cells in enumerate(zip(*table, strict=True), 1):
            for column, value in enumerate(cells):
                sheet.write_string(row, column, value, self.plain)

    def help(self) -> None:
        sheet = self._sheet("help", "", [], {})
        sheet.set_column(0, 0, 110)
        for row, line in enumerate(self.words["help"][self.language]):
            sheet.write_string(row, 0, line, self.wrapped)


# -------------------------------------------------------------------------------------------------------------- read


def read(path: Path, who: str, when: str) -> ReadBack:
    """The decisions in a workbook that came back: sorted, filtered, partly filled, in Chinese or English.

    Raises SourceError when the file is no workbook.
    """
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise SourceError(
            "not a workbook that can be read", where=str(path), cure="save it from Excel as .xlsx"
        ) from error
    decisions: list[Decision] = []
    unread: list[tuple[str, int, str]] = []
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        columns = _columns(next(rows, ()))
        if not {"decision", KEY} <= set(columns):
            if "decision" in columns:
                unread.append((sheet.title, 1, "the hidden columns are gone"))
            continue
        _read_sheet(sheet.title, rows, columns, (who, when), decisions, unread)
    book.close()
    return ReadBack(tuple(dict.fromkeys(decisions)), tuple(unread))


def _columns(header: Sequence[Any]) -> dict[str, int]:
    names = {text: name for name, texts in _words()["column"].items() for text in texts.values()}
    return {
        names[str(cell).strip()]: at
        for at, cell in enumerate(header)
        if cell is not None and str(cell).strip() in names
    }


def _read_sheet(
    title: str, rows: Iterable[Sequence[Any]], columns: Mapping[str, int], signed: tuple[str, str],
    decisions: list[Decision], unread: list[tuple[str, int, str]],
) -> None:  # fmt: skip
    verdicts = {word.casefold(): verdict for verdict, entry in _words()["decision"].items() for word in entry["words"]}
    found: dict[tuple[str, str], list[_Line]] = {}
    for number, row in enumerate(rows, 2):
        cell = {
            name: str(row[at]).strip() if at < len(row) and row[at] is not None else "" for name, at in columns.items()
        }
        word = cell["decision"]
        if not any(cell.values()):
            continue
        entity, order, digest = (*cell[KEY].split("|"), "", "")[:3]
        if not digest:
            unread.extend([(title, number, "the hidden key is empty")] if word else [])
            continue
        if word and word.casefold() not in verdicts:
            unread.append((title, number, f"'{word}' is no decision"))
            word = ""
        line = _Line(number, entity, order, digest, verdicts.get(word.casefold(), ""), cell.get("comment", ""))
        found.setdefault((entity, cell.get("group", "")), []).append(line)
    for lines in found.values():
        _group(title, lines, signed, decisions, unread)


@dataclass(frozen=True)
class _Line:
    number: int
    entity: str
    order: str
    digest: str
    verdict: str
    comment: str


def _group(
    title: str,
    lines: list[_Line],
    signed: tuple[str, str],
    decisions: list[Decision],
    unread: list[tuple[str, int, str]],
) -> None:
    """A group's words as pairs: the first record's word holds for all, another's for it and the first (merge, related)
    or for it and every other (apart)."""
    first = next((line for line in lines if line.order == "0"), None)
    for line in lines:
        others = [x for x in lines if x is not line]
        if line.verdict in ("", "defer") or not others:
            continue
        if first is None and line.verdict != "apart":
            unread.append((title, line.number, "the group's first record is missing"))
            continue
        if line is first and line.verdict == "merge":
            pairs = [(a, b) for a, b in combinations(lines, 2) if "apart" not in (a.verdict, b.verdict)]
        elif line.verdict == "apart" or line is first:
            pairs = [(line, x) for x in others]
        else:
            pairs = [(line, first)] if first and first.verdict != "apart" else []
            if not pairs:
                unread.append((title, line.number, "the group's first record is kept apart from this one"))
        decisions.extend(decision(a.entity, a.digest, b.digest, line.verdict, *signed, line.comment) for a, b in pairs)
