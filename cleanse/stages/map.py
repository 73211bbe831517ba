"""Which column feeds which field: by a person's word, by header, by what the values look like; and what is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import TypeVar

import pandas as pd

from cleanse.kinds import COMPARABLE, KINDS
from cleanse.kinds.characters import is_person_name, surnames
from cleanse.kinds.header import Vocabulary, normalize_header
from cleanse.kinds.row_words import row_words
from cleanse.model import Entity, Field, Options, Table, Words, frame
from cleanse.stages.join import Joined

LEFT_OUT = "-"
JOINED = "+"  # its cells went into another column
JOIN_SURE = 0.9
SAMPLE = 200
ENOUGH = 3
# Kinds whose values speak for themselves, and the share of a column's values that must.
TELLING = {"email": 0.9, "uscc": 0.9, "phone": 0.9, "date": 0.9, "company": 0.6, "address": 0.9, "region": 0.9}
PERSONS = {"person": 0.9}
NUMBERS = ("phone", "email")
SPREAD = 0.7  # sure of a column under a header that is merged over it
DISTINCT = 0.6
FILLED = 0.6  # of the rows: a column that names their customer
_FIGURES = r"[\s\d.,%¥￥$-]*\d[\s\d.,%¥￥$-]*"
_HOST = r"(?i)^\s*(?:https?://)?([^/?#\s]+)"
_NAMELESS = re.compile(r"column_\d+")  # the name the table finder gives

Said = TypeVar("Said")


@dataclass(frozen=True)
class ColumnMap:
    """One column of one table: the field it feeds (``''`` nobody takes it, ``-`` no data, ``+`` part of a joined column),
    how sure, and why; ``also`` names further fields that a person sent it to; ``made``: it was joined out of others."""

    column: str
    path: str
    confidence: float
    evidence: str
    options: Options = field(default_factory=dict)
    also: tuple[str, ...] = ()
    made: bool = False


@dataclass(frozen=True)
class RawColumn:
    """The cells of one column on their way to one field: text by rid, empty cells left out."""

    field: Field
    source: str
    sheet: str
    header: str
    options: Options
    values: pd.Series


@dataclass(frozen=True)
class Mapped:
    """``columns`` to normalise, ``addresses`` (rid -> file, sheet, row), and what no field takes."""

    columns: tuple[RawColumn, ...]
    addresses: pd.DataFrame
    losses: pd.DataFrame
    unmapped: pd.DataFrame


def propose(
    table: Table,
    vocabulary: Vocabulary,
    entities: Mapping[str, Entity],
    words: Words,
    said: Mapping[str, str | Sequence[str]],
    joined: Joined | None = None,
) -> tuple[ColumnMap, ...]:
    """A field for every column of a table; ``said`` (header -> path or paths) is a person's word and stands before all else;
    ``joined`` tells which columns were put together out of others."""
    fields = {f.path: f for e in entities.values() for f in e.fields.values()}
    spoken = {normalize_header(h): (p,) if isinstance(p, str) else tuple(p) for h, p in said.items()}
    columns = [str(c) for c in table.rows.columns]
    names = [normalize_header(_said(c)) for c in columns]
    wishes = [
        _of_joined(column, joined)
        or ((spoken[name][0], 1.0, "said") if name in spoken else _find(column, table, vocabulary))
        for column, name in zip(columns, names, strict=True)
    ]
    wishes = [_believed(wish, table.rows.iloc[:, i], fields, vocabulary) for i, wish in enumerate(wishes)]
    wishes = _one_name(wishes, columns, joined, table, fields)
    wishes = _told_by_persons(_of_these_rows(wishes, names, vocabulary), table, fields, words)
    order = sorted(
        range(len(columns)), key=lambda i: (wishes[i][2] != "said", -wishes[i][1], vocabulary.rank(names[i]), i)
    )
    taken: set[str] = set()
    found: dict[int, ColumnMap] = {}
    for i in order:
        path = _free(wishes[i][0], taken, fields) if wishes[i][2] != "said" else wishes[i][0]
        taken.add(path)
        sure, why = (wishes[i][1], wishes[i][2]) if path else (0.0, "")
        also = spoken.get(names[i], ())[1:] if why == "said" else ()
        why = f"said, also {', '.join(also)}" if also else why
        taken.update(also)
        made = joined is not None and columns[i] in joined.fields
        found[i] = ColumnMap(columns[i], path, sure, why, _units(columns[i], path, fields), also, made)
    told = _by_content([found[i] for i in range(len(columns))], table, taken, fields, vocabulary, words)
    strange = not_ours(told, vocabulary) or of_staff(table, words)
    return _tells_somebody(tuple(_own_numbers(told, vocabulary, entities)), strange, entities)


def _of_these_rows(
    wishes: Sequence[tuple[str, float, str]], names: Sequence[str], vocabulary: Vocabulary
) -> list[tuple[str, float, str]]:
    """Without the number of the row for another entity than the one that a header says the rows are: the Record ID of a
    contact beside its Associated Company."""
    rows = {vocabulary.rows[name] for name in names if name in vocabulary.rows}
    return [
        ("", 0.0, "") if why == "synonym" and name in vocabulary.alone["own"] and rows - {path.split(".")[0]}
        else (path, sure, why)
        for name, (path, sure, why) in zip(names, wishes, strict=True)
    ]  # fmt: skip


def _believed(
    wish: tuple[str, float, str], values: pd.Series, fields: Mapping[str, Field], vocabulary: Vocabulary
) -> tuple[str, float, str]:
    """Nothing where no cell can be what the header says: 单位 over 台 and 套, 客户 over counts or numbers, a URL whose pages are
    all of one site, which is not the customers'."""
    path, _, why = wish
    kind = fields[path].kind if path in fields and why != "said" else ""
    sample = values.dropna().drop_duplicates().head(SAMPLE)
    if kind not in ("company", "person", "url") or not len(sample):
        return wish
    if kind == "url":
        doubted = len(sample) >= ENOUGH and sample.str.extract(_HOST)[0].nunique() == 1
    else:
        units = sample.map(normalize_header).isin(vocabulary.alone["unit"])
        doubted = bool(units.all() or sample.str.fullmatch(_FIGURES).all())
    return ("", 0.0, "") if doubted else wish


def _one_name(
    wishes: Sequence[tuple[str, float, str]], columns: Sequence[str], joined: Joined | None, table: Table,
    fields: Mapping[str, Field],
) -> list[tuple[str, float, str]]:  # fmt: skip
    """A name that was joined and a whole one beside it are the same person's: the one that is filled in more rows counts,
    the joined one where they are even (a Lead Name may be anything)."""
    made = [i for i, column in enumerate(columns) if joined is not None and column in joined.fields]
    result = list(wishes)
    for at in (i for i in made if fields[wishes[i][0]].kind == "person"):
        filled = {i: table.rows[columns[i]].count() for i, wish in enumerate(wishes) if wish[0] == wishes[at][0]}
        best = max(filled, key=lambda i: (wishes[i][2] == "said", filled[i], i == at))
        if wishes[at][2] != "said":
            result = [("", 0.0, "") if i in filled and i != best else wish for i, wish in enumerate(result)]
    return result


def _told_by_persons(
    wishes: Sequence[tuple[str, float, str]], table: Table, fields: Mapping[str, Field], words: Words
) -> list[tuple[str, float, str]]:
    """Where two columns name a customer, one with the names of persons and one, as well filled, with those of companies, the
    first holds the contacts."""
    asked = [path for path, _, why in wishes if path in fields and fields[path].kind == "company" and why != "said"]
    person = [f.path for f in fields.values() if f.kind == "person" and not f.virtual and not f.name.endswith("_2")]
    if len(asked) < 2 or len(person) != 1 or person[0] in {path for path, *_ in wishes}:
        return list(wishes)
    cells = {i: table.rows.iloc[:, i] for i, (path, *_) in enumerate(wishes) if path in asked}
    samples = {i: values.dropna().drop_duplicates().head(SAMPLE).tolist() for i, values in cells.items()}
    kinds = {
        i: {kind for kind in ("company", "person") if _share(sample, kind, words) >= (TELLING | PERSONS)[kind]}
        for i, sample in samples.items()
        if len(sample) >= ENOUGH
    }
    companies = [
        i for i, found in kinds.items() if found == {"company"} and cells[i].count() >= FILLED * len(table.rows)
    ]
    persons = [i for i, found in kinds.items() if found == {"person"}]
    if len(companies) != 1 or len(persons) != 1:
        return list(wishes)
    return [(person[0], SPREAD, "names of persons") if i == persons[0] else wish for i, wish in enumerate(wishes)]


def telling(entities: Mapping[str, Entity]) -> set[str]:
    """The fields that tell a record from others: without any of them there is none."""
    return {f"{e.name}.{n}" for e in entities.values() for n in (*e.identity, *(m for one in e.one_of for m in one))}


def fed(columns: Sequence[ColumnMap], entities: Mapping[str, Entity]) -> set[str]:
    """The fields that get something from these columns, also from parts of their cells."""
    fields = {f.path: f for e in entities.values() for f in e.fields.values()}
    paths = {path for c in columns for path in (c.path, *c.also)}
    return paths | {part for path in paths if path in fields for part in fields[path].parts.values()}


def _tells_somebody(
    found: tuple[ColumnMap, ...], strange: bool, entities: Mapping[str, Entity]
) -> tuple[ColumnMap, ...]:
    """Nothing feeds a field where no column tells a record (a list of options, a summary), or where the rows are ``strange``
    (staff) and no customer is named; unless a person said so."""
    strange = strange and not any(
        f.required and f.path in {c.path for c in found} for e in entities.values() for f in e.fields.values()
    )
    told = fed(found, entities) & telling(entities)
    if any(c.evidence.startswith("said") for c in found) or (told and not strange):
        return found
    return tuple(c if c.path in (LEFT_OUT, JOINED) else replace(c, path="", confidence=0.0, evidence="") for c in found)


def not_ours(columns: Sequence[ColumnMap], vocabulary: Vocabulary) -> bool:
    """Whether a header says that the rows are nobody's we keep."""
    return any(vocabulary.rows.get(normalize_header(c.column)) == LEFT_OUT for c in columns)


def of_staff(table: Table, words: Words) -> bool:
    """Whether the sheet's name or a title over the table says that it lists our own people: 员工通讯录."""
    titles = table.layout.loc[table.layout["kind"] == "title", "text"]
    staff = re.compile(row_words(words)["staff"], re.IGNORECASE)
    return any(staff.fullmatch(text.strip()) for text in (table.sheet, *titles))


def _own_numbers(
    found: Sequence[ColumnMap], vocabulary: Vocabulary, entities: Mapping[str, Entity]
) -> Iterator[ColumnMap]:
    """Without numbers of rows that are something else: the ID in a list of contacts is no customer's, where the table does
    not name customers."""
    taken = {path for column in found for path in (column.path, *column.also)}
    for column in found:
        entity = entities.get(column.path.split(".", maxsplit=1)[0])
        own = column.evidence == "synonym" and normalize_header(column.column) in vocabulary.alone["own"]
        named = entity is None or taken & {f.path for f in entity.fields.values() if f.required}
        yield column if named or not own else ColumnMap(column.column, "", 0.0, "")


def _of_joined(column: str, joined: Joined | None) -> tuple[str, float, str] | None:
    if joined is None:
        return None
    if column in joined.parts:
        return JOINED, 1.0, "joined"
    if column not in joined.fields:
        return None
    return (
        (joined.fields[column], 1.0, "said") if column in joined.said else (joined.fields[column], JOIN_SURE, "joined")
    )


def _find(column: str, table: Table, vocabulary: Vocabulary) -> tuple[str, float, str]:
    """By the words of its header; over an unknown one, the word above it alone may be its name in another writing."""
    above, said = table.heads.get(column, ("", _said(column)))
    alone = above and sum(group == above for group, _ in table.heads.values()) == 1
    return vocabulary.find(above) if alone and not vocabulary.find(said)[0] else vocabulary.find(said, above)


def _said(column: str) -> str:
    """A header without the number that told it apart from others of the same words."""
    return column.split("#", maxsplit=1)[0] if "#" in column[1:] else column


def _free(path: str, taken: set[str], fields: Mapping[str, Field]) -> str:
    """The field itself, its second (``mobile_2``) when a column before has it, or none."""
    if path in ("", LEFT_OUT, JOINED) or path not in taken or fields[path].virtual:
        return path
    second = f"{path}_2"
    return second if second in fields and second not in taken else ""


def _units(column: str, path: str, fields: Mapping[str, Field]) -> Options:
    return {"unit": 10000} if path in fields and fields[path].kind == "money" and "万" in column else {}


def _by_content(
    found: Sequence[ColumnMap], table: Table, taken: set[str], fields: Mapping[str, Field], vocabulary: Vocabulary,
    words: Words,
) -> list[ColumnMap]:  # fmt: skip
    """Columns whose header told nothing get a field when nearly all their values are of one telling kind, and only one
    free field has that kind. Names of persons tell only where there is no header to tell whose they are."""
    result: list[ColumnMap] = []
    for column in found:
        before = result[-1].path if result else ""
        if _NAMELESS.fullmatch(column.column) and (
            path := _spread(before, table.rows[column.column], taken, fields, words)
        ):
            taken.add(path)
            result.append(ColumnMap(column.column, path, SPREAD, "header to the left", {}))
            continue
        bare = _NAMELESS.fullmatch(column.column) or normalize_header(column.column) in vocabulary.alone["either"]
        telling = TELLING | PERSONS if bare else TELLING
        others = vocabulary.of_others(column.column)
        if column.path or others or not (guess := _guess(table.rows[column.column], telling, taken, fields, words)):
            result.append(column)
            continue
        path, share = guess
        taken.add(path)
        result.append(ColumnMap(column.column, path, round(0.6 * share, 2), f"{share:.0%} of the values", {}))
    return result


def _spread(path: str, values: pd.Series, taken: set[str], fields: Mapping[str, Field], words: Words) -> str:
    """The field of a column without a header, right of one of numbers or addresses, and of the same kind: the word over the
    two is merged."""
    kind = fields[path].kind if path in fields else ""
    sample = values.dropna().drop_duplicates().head(SAMPLE).tolist()
    if kind not in NUMBERS or len(sample) < ENOUGH or _share(sample, kind, words) < TELLING[kind]:
        return ""
    return _free(path, taken, fields)


def _guess(
    values: pd.Series, telling: Mapping[str, float], taken: set[str], fields: Mapping[str, Field], words: Words
) -> tuple[str, float] | None:
    sample = values.dropna().drop_duplicates().head(SAMPLE).tolist()
    if len(sample) < ENOUGH:
        return None
    for kind, enough in telling.items():
        if kind in PERSONS and values.nunique() < DISTINCT * values.count():
            continue  # a few salespeople look after many customers
        candidates = [
            f for f in fields.values() if f.kind == kind and f.path not in taken and not f.name.endswith("_2")
        ]
        share = _share(sample, kind, words)
        if share >= enough:
            free = [f for f in candidates if not f.virtual]
            virtual = [f for f in candidates if f.virtual]
            chosen = virtual if len(virtual) == 1 else free
            return (chosen[0].path, share) if len(chosen) == 1 else None
    return None


def _share(sample: Sequence[str], kind: str, words: Words) -> float:
    """The share of texts that the kind reads without a doubt and finds something in."""
    if kind in PERSONS:
        known, roster = surnames(words), {name for name, *_ in words.get("picklists/owner", ())}
        return sum(text not in roster and is_person_name(text, known) for text in sample) / len(sample)
    if kind in COMPARABLE:
        parts = COMPARABLE[kind](sample, words)
        own = (parts[["region", "brand", "number"]] != "").any(axis=1)  # 制造业 alone is a trade and no company
        return float(((parts["form"] != "") | ((parts["trade"] != "") & own)).mean())
    fix = KINDS[kind].fixer({"want": "any"} if kind == "phone" else {}, words)
    fixes = [(text, fix(text)) for text in sample]
    good = [
        f
        for text, f in fixes
        if not f.doubt
        and (f.value is not None or f.parts)  # a placeholder is no value of any kind
        and (f.parts if kind in ("address", "region") else f.why or f.parts or _strict(kind, text))
    ]
    return len(good) / len(sample)


def _strict(kind: str, text: str) -> bool:
    shape = KINDS[kind].shape({})
    return bool(shape) and bool(pd.Series([text]).str.fullmatch(shape).iloc[0])


def said_for(table: Table, rules: Sequence[tuple[str, str, Mapping[str, Said]]]) -> dict[str, Said]:
    """What people said of this table's columns: the lines of every rule whose globs fit; a later rule wins."""
    said: dict[str, Said] = {}
    for source, sheet, columns in rules:
        if fnmatch(table.source, source) and fnmatch(table.sheet, sheet):
            said.update(columns)
    return said


def apply(tables: Sequence[Table], maps: Sequence[Sequence[ColumnMap]], entities: Mapping[str, Entity]) -> Mapped:
    """Give every source row its rid, in the order of the tables, and send each column's cells to its field."""
    fields = {f.path: f for e in entities.values() for f in e.fields.values()}
    columns: list[RawColumn] = []
    addresses: list[pd.DataFrame] = []
    losses: list[tuple[str, str, str, str, int]] = []
    left: list[pd.DataFrame] = []
    start = 0
    for table, mapping in zip(tables, maps, strict=True):
        rids = pd.RangeIndex(start, start + len(table.rows))
        start += len(table.rows)
        addresses.append(_addresses(table, rids))
        for entry in mapping:
            values = table.rows[entry.column].set_axis(rids).dropna()
            if entry.path in fields:
                columns += [
                    RawColumn(fields[path], table.source, table.sheet, entry.column, entry.options, values)
                    for path in (entry.path, *entry.also)
                ]
            if entry.path in fields or entry.path == JOINED:
                continue
            why = "column_left_out" if entry.path == LEFT_OUT else "column_unmapped"
            losses.append((table.source, table.sheet, entry.column, why, len(values)))
            left.append(_left(table, entry.column, values))
    origin = pd.concat(addresses) if addresses else frame("records").set_index("rid")
    for name in ("source_file", "source_sheet"):
        origin[name] = origin[name].astype("category")
    return Mapped(
        tuple(columns),
        origin,
        frame("losses", losses),
        _with_addresses(left, origin),
    )


def _addresses(table: Table, rids: pd.RangeIndex) -> pd.DataFrame:
    rows = pd.Series(table.rows.index, index=rids, dtype="int64")
    return pd.DataFrame({"source_file": table.source, "source_sheet": table.sheet, "source_row": rows}, index=rids)


def _left(table: Table, column: str, values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"rid": values.index, "column": column, "value": values.to_numpy()})


def _with_addresses(left: Sequence[pd.DataFrame], origin: pd.DataFrame) -> pd.DataFrame:
    parts = [part for part in left if len(part)]
    if not parts:
        return frame("unmapped")
    joined = pd.concat(parts, ignore_index=True).join(origin, on="rid")
    return joined[list(frame("unmapped").columns)]
