"""The customer that a card over a table, or lines within it, name for the rows below: 客户名称：某某公司 over its contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cleanse.kinds.header import normalize_header
from cleanse.model import Table
from cleanse.stages import rows as look
from cleanse.stages.form import card, has_labels, labelled
from cleanse.stages.sheet import Sheet

BODY_ROWS = 40  # rows that tell whether a column is of companies
PEOPLE = 0.8  # of the names below companies
COMPANY = "客户名称"  # the header of what stands over the rows without one


@dataclass(frozen=True)
class _Card:
    """What is said of the rows below it: label -> value and column; the physical rows it fills."""

    values: Mapping[str, tuple[str, int]]
    rows: tuple[int, ...]


def with_customers(table: Table, sheet: Sheet, above: range, below: range, words: look.Words) -> Table:
    """The table with the customer of each row, as the cards over its header (in the rows ``above``) and the lines between
    its records (in the rows ``below``) name it, where the records name none themselves."""
    first = _over(sheet, above, words)
    lines = _lines(sheet, below, _naming(first, words), words)
    if not lines and not first.values:
        lines = _companies(sheet, below, words)
    if not lines and not first.values:
        return table
    cards = [first, *sorted([*lines, *_ends(table, sheet, below, lines)], key=lambda c: c.rows)]
    new = [label for label in dict.fromkeys(n for c in cards for n in c.values) if label not in table.rows]
    mine = {row for line in lines for row in line.rows}
    records = table.rows[~table.rows.index.isin(list(mine))]
    named = any(words.is_name(c.values[label][0]) for c in cards for label in new if label in c.values)
    if not named or _names_companies(records, words):
        return table
    group = np.searchsorted([c.rows[0] for c in cards[1:]], records.index.to_numpy(), side="right")
    told = {label: [c.values.get(label, (None, 0))[0] for c in cards] for label in new}
    values = {label: np.array(texts, dtype=object)[group] for label, texts in told.items()}
    places = [next(c.values[label][1] for c in cards if label in c.values) for label in new]
    return replace(
        table,
        rows=records.assign(**values).astype("str"),
        layout=_layout(table, sheet, [*first.rows, *sorted(mine)]),
        places=(*table.places, *places),
    )


def _ends(table: Table, sheet: Sheet, below: range, lines: Sequence[_Card]) -> list[_Card]:
    """Rows from which on nobody knows whose the records are: a header again without a card, a cell alone in its row."""
    told = {row for line in lines for row in line.rows}
    again = table.layout.loc[table.layout["kind"] == "repeated_header", "source_row"]
    alone = sheet.numbers[below.start : below.stop][sheet.counts[below.start : below.stop] == 1]
    return [
        _Card({}, (int(row),)) for row in (*again, *alone[np.isin(alone, table.rows.index)]) if int(row) not in told
    ]


def _lines(sheet: Sheet, below: range, naming: frozenset[str], words: look.Words) -> list[_Card]:
    """The rows that are nothing but labels with values and name somebody, by the labels that name a company over the header
    or in the first row under it."""
    at = next((at for at in below if sheet.counts[at]), below.stop)
    if at in below and (lead := _line(sheet, at, words)):
        naming |= _naming(lead, words)
    lines = [_line(sheet, at, words) for at in below] if naming else []
    return [line for line in lines if line and naming & set(map(normalize_header, line.values))]


def _companies(sheet: Sheet, below: range, words: look.Words) -> list[_Card]:
    """Companies alone in their rows, each over people whose names stand in the same column; nobody else stands alone or
    below a blank row."""
    first = next((at for at in below if sheet.counts[at]), below.stop)
    if first not in below or sheet.counts[first] != 1:
        return []
    left = int(sheet.filled[first].argmax())
    texts = {at: text.strip() for at in below if (text := sheet.columns[left][at].as_py())}
    alone = [at for at in below if sheet.counts[at] == 1]
    people = [at for at in below if sheet.counts[at] > 1]
    over = all(at + 1 in below and sheet.counts[at + 1] > 1 and words.is_name(texts.get(at, "")) for at in alone)
    below_one = all(sheet.counts[at - 1] for at in people)
    named = sum(words.is_bare_name(texts.get(at, "")) for at in people)
    if not over or not below_one or named < PEOPLE * len(people):
        return []
    return [_Card({COMPANY: (texts[at], sheet.places[left])}, (int(sheet.numbers[at]),)) for at in alone]


def _over(sheet: Sheet, above: range, words: look.Words) -> _Card:
    pairs = card([sheet.row(at) for at in above], words)
    values = {pair.label: (pair.value, sheet.places[pair.column]) for pair in pairs}
    return _Card(values, tuple(sorted({int(sheet.numbers[above.start + pair.row]) for pair in pairs})))


def _line(sheet: Sheet, at: int, words: look.Words) -> _Card | None:
    """A row of known labels with their values."""
    if not sheet.counts[at] or not has_labels(cells := sheet.row(at), words):
        return None
    values = {pair.label: (pair.value, sheet.places[pair.column]) for pair in labelled(cells, words)}
    return _Card(values, (int(sheet.numbers[at]),))


def _naming(found: _Card, words: look.Words) -> frozenset[str]:
    """The labels that name a company."""
    return frozenset(normalize_header(label) for label, (value, _) in found.values.items() if words.is_name(value))


def _names_companies(rows: pd.DataFrame, words: look.Words) -> bool:
    """Whether there is no row, or some column is of companies."""
    samples = [rows[c].dropna().head(BODY_ROWS).tolist() for c in rows.columns]
    return rows.empty or any(sum(map(words.is_name, texts)) > len(texts) / 2 for texts in samples)


def _layout(table: Table, sheet: Sheet, rows: Sequence[int]) -> pd.DataFrame:
    """The layout with the rows of cards in it."""
    others = table.layout[~table.layout["source_row"].isin(list(rows))]
    texts = {
        int(sheet.numbers[at]): " ".join(sheet.row(at).values())
        for at in np.flatnonzero(np.isin(sheet.numbers, rows)).tolist()
    }
    lines = pd.DataFrame([(row, "form_row", texts[row]) for row in rows], columns=["source_row", "kind", "text"])
    return pd.concat([others, lines]).sort_values("source_row", kind="stable").reset_index(drop=True)
