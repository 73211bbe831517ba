"""The tables of a database as templates of a profile: columns, types, lengths, what may be blank, unique columns, options
of ENUM and CHECK, and how the tables belong together. Nothing of their rows is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cleanse.errors import UsageError
from cleanse.targets.database import Database
from cleanse.targets.template import Template

LITERAL = re.compile(r"(?:_\w+)?'((?:[^'\\]|''|\\.)*)'")
CASTS = re.compile(r"::\s*\w+(?: varying)?(?:\(\d+\))?(?:\[\])?")
TEXT_BYTES = {"TINYTEXT": 255, "TEXT": 65_535}  # of MySQL; elsewhere TEXT has no end
WORDS = {"postgresql": ("true", "false"), "mysql": ("1", "0"), "sqlite": ("1", "0")}


def read(place: str, base: Path) -> list[Template]:
    """One template per table of ``URL#table,table``. Raises UsageError where tables are missing or not named, TargetError
    where the database cannot be asked."""
    url, _, names = place.partition("#")
    tables = [name.strip() for name in names.split(",") if name.strip()]
    database = Database(url, base)
    with database.guarded():
        look = database.sa.inspect(database.engine)
        there = [*look.get_table_names(), *look.get_view_names()]
        if not tables or set(tables) - set(there):
            missing = ", ".join(name for name in tables if name not in there)
            raise UsageError(
                f"no such table: {missing}" if missing else "which tables?", where=database.name,
                cure=f"URL#table,table with some of: {', '.join(sorted(there))}",
            )  # fmt: skip
        return [_Table(database, look, name, tables).template() for name in tables]


class _Table:
    """One table while it is looked at."""

    def __init__(self, database: Database, look: Any, name: str, tables: Sequence[str]) -> None:
        self.database, self.look, self.name, self.tables = database, look, name, tables
        self.columns = [c for c in look.get_columns(name) if not self._given(c)]
        self.unsure: list[str] = []

    def template(self) -> Template:
        options, links = self._options(), self._links()
        unique = self._unique()
        rules: dict[str, dict[str, Any]] = {}
        for column in self.columns:
            name = column["name"]
            told = self._type(column["type"]) | ({"unique": True} if (name,) in unique else {})
            rules[name] = told | ({"type": "reference"} if name in links else {})
            if values := options.get(name) or tuple(getattr(column["type"], "enums", ())):
                options[name] = values
        primary = self.look.get_pk_constraint(self.name)["constrained_columns"]
        key = next((n for n in primary if len(primary) == 1 and n in rules), "")
        required = [c["name"] for c in self.columns if not c["nullable"] or c["name"] in primary]
        defaults = {c["name"] for c in self.columns if c.get("default") is not None}
        return Template(
            file=self.database.name, sheet=self.name, tip="", headers=tuple(rules), required=frozenset(required), lists=options,
            rules=rules, key=key, links=links, defaults=frozenset(defaults), words=WORDS[self.database.backend],
            unsure=tuple(self.unsure), together=tuple(columns for columns in unique if len(columns) > 1),
        )  # fmt: skip

    def _given(self, column: dict[str, Any]) -> bool:
        """Whether the database itself fills the column: numbers it counts, values it computes."""
        counted = column.get("autoincrement") is True or column.get("identity") or column.get("computed")
        lone = self.look.get_pk_constraint(self.name)["constrained_columns"] == [column["name"]]
        rowid = self.database.backend == "sqlite" and lone and str(column["type"]) == "INTEGER"
        serial = "nextval(" in str(column.get("default") or "")
        return bool(counted or rowid or serial)

    def _type(self, kind: Any) -> dict[str, Any]:
        """What a field of this type takes."""
        types = self.database.sa.types
        if isinstance(kind, types.Boolean) or (kind.__class__.__name__ == "TINYINT" and kind.display_width == 1):
            return {"type": "boolean"}
        if isinstance(kind, types.DateTime):
            return {"type": "datetime"}
        if isinstance(kind, types.Date):
            return {"type": "date"}
        if isinstance(kind, types.Integer):
            return {"type": "number", "pattern": r"-?[0-9]{1,18}" if "BIG" in str(kind) else r"-?[0-9]{1,9}"}
        if isinstance(kind, types.Numeric):
            return {"type": "number"} | self._digits(kind)
        if isinstance(kind, types.Enum):
            return {"type": "picklist"}
        if not isinstance(kind, types.String):
            self.unsure.append(f"{self.name}: nothing is known of the type {kind}; its values are not checked")
            return {}
        if self.database.backend == "mysql" and not kind.length and (room := TEXT_BYTES.get(kind.__class__.__name__)):
            return {"max_bytes": room}
        return {"max_length": kind.length} if kind.length else {}

    @staticmethod
    def _digits(kind: Any) -> dict[str, str]:
        """Digits before and behind the point, where the type says how many."""
        if not kind.asdecimal or kind.precision is None:
            return {}
        whole, behind = kind.precision - (kind.scale or 0), kind.scale or 0
        first = f"[0-9]{{1,{whole}}}" if whole > 0 else "0"
        return {"pattern": f"-?{first}" + (rf"(\.[0-9]{{1,{behind}}})?" if behind else "")}

    def _unique(self) -> list[tuple[str, ...]]:
        """The columns that are unique, by themselves or together. What holds for some rows only, or for what is made of the
        columns, is told."""
        more = {"include_auto_indexes": True} if self.database.backend == "sqlite" else {}
        found = {tuple(u["column_names"]) for u in self.look.get_unique_constraints(self.name)}
        found.add(tuple(self.look.get_pk_constraint(self.name)["constrained_columns"]))
        for index in (i for i in self.look.get_indexes(self.name, **more) if i["unique"]):
            columns = index["column_names"]
            if None in columns or any(key.endswith("_where") for key in index.get("dialect_options", {})):
                self.unsure.append(f"{self.name}: the unique index {index['name']} is not checked")
            else:
                found.add(tuple(columns))
        return sorted(columns for columns in found if columns)

    def _options(self) -> dict[str, tuple[str, ...]]:
        """Column -> the values that a CHECK of it names; a CHECK of another form is told."""
        found: dict[str, tuple[str, ...]] = {}
        for text in sorted(self._checks()):
            column, values = _listed(text)
            if column in {c["name"] for c in self.columns}:
                found[column] = values
            else:
                self.unsure.append(f"{self.name}: not checked before the load: CHECK ({text})")
        return found

    def _checks(self) -> set[str]:
        if not getattr(self.database.engine.dialect, "is_mariadb", False):
            return {c["sqltext"] for c in self.look.get_check_constraints(self.name)}
        asked = self.database.sa.text(  # SQLAlchemy sees only those that stand behind the columns
            "select check_clause from information_schema.check_constraints"
            " where constraint_schema = database() and table_name = :table"
        )
        with self.database.engine.connect() as connection:
            return set(connection.execute(asked, {"table": self.name}).scalars())

    def _links(self) -> dict[str, tuple[str, str]]:
        """Column -> the table and column it leads to, among the tables asked for."""
        return {name: to for name, to in self._foreign() if to[0] in self.tables and to[0] != self.name}

    def _foreign(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for key in self.look.get_foreign_keys(self.name):
            if len(key["constrained_columns"]) == 1:
                yield key["constrained_columns"][0], (key["referred_table"], key["referred_columns"][0])


def _listed(text: str) -> tuple[str, tuple[str, ...]]:
    """The column and the values of a CHECK that lists them; ('', ()) for another one.

    >>> _listed("kind in ('甲', 'it''s')")
    ('kind', ('甲', "it's"))
    >>> _listed("kind::text = ANY (ARRAY['A'::character varying, 'B'::character varying]::text[])")
    ('kind', ('A', 'B'))
    >>> _listed("`kind` = 'A' or `kind` = 'B'"), _listed("length(kind) > 3"), _listed("kind <> 'A'")
    (('kind', ('A', 'B')), ('', ()), ('', ()))
    """
    values = tuple(re.sub(r"''|\\(.)", lambda m: m[1] or "'", found) for found in LITERAL.findall(text))
    bare = re.sub(r'[`"()\[\]]', " ", CASTS.sub("", LITERAL.sub(" ? ", text)))
    form = " ".join(bare.split())
    found = re.fullmatch(r"(\w+) (?:(?i:in)|= (?i:any array)) \?(?: , \?)*", form) or re.fullmatch(
        r"(\w+) = \?(?: (?i:or) \1 = \?)*", form
    )
    return (found[1], values) if found else ("", ())
