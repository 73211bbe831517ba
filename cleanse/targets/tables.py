"""The tables of a database: how those of a profile are called, and how they are made, with the constraints that it tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cleanse.errors import TargetError
from cleanse.model import Profile, TargetField, TargetObject
from cleanse.targets.target import KEY, key_of

NAME_BYTES = 60
KEY_LENGTH, UNIQUE_LENGTH = 64, 191  # characters of a column that MySQL can hold in an index
INDEX_LENGTH = 760  # of all its columns together


class Tables:
    """``schema``: where they stand; ``prefix``: before the name of each; ``renamed``: object -> another name."""

    def __init__(
        self, sa: Any, engine: Any, backend: str, schema: str, prefix: str, renamed: Mapping[str, str]
    ) -> None:
        self.sa, self.engine, self.backend = sa, engine, backend
        self.schema, self.prefix, self.renamed = schema or None, prefix, renamed

    def table(self, target: TargetObject) -> str:
        """The name of an object's table, quoted."""
        name = self.quoted(self.plain(target))
        return f"{self.quoted(self.schema)}.{name}" if self.schema else name

    def plain(self, target: TargetObject) -> str:
        return self.renamed.get(target.name, self.prefix + target.name)

    def quoted(self, name: str) -> str:
        text = str(self.engine.dialect.identifier_preparer.quote_identifier(name))
        return text if self.backend == "sqlite" else text.replace("%", "%%")

    def create(self, profile: Profile, absent: Sequence[TargetObject], where: str) -> None:
        """Make the tables of these objects. Raises TargetError where the schema is not there."""
        meta = self.sa.MetaData(schema=self.schema)
        for one in profile.objects:
            self._described(meta, one, profile, one.parent_object in {o.name for o in absent})
        made = [meta.tables[f"{self.schema}.{self.plain(o)}" if self.schema else self.plain(o)] for o in absent]
        if made:
            if self.schema and self.schema not in self.sa.inspect(self.engine).get_schema_names():
                raise TargetError(f"no such schema: {self.schema}", where=where, cure="make it, or mend [load] schema")
            meta.create_all(self.engine, tables=made, checkfirst=False)

    def _described(self, meta: Any, one: TargetObject, profile: Profile, linked: bool) -> None:
        """A table as the profile says it: every column text, so that what is sent is what stands there; linked to its
        parent's where that is made by us as well."""
        sa, key = self.sa, key_of(one)
        columns = [self._column(f, one, profile) for f in one.fields]
        if one.field(key) is None:
            columns.insert(0, sa.Column(KEY, self._text(KEY_LENGTH), nullable=False, unique=True))
        rules = [rule for f in one.fields for rule in self._rules(f, one)]
        for number, group in enumerate(one.one_of, 1):
            filled = sa.or_(*(sa.column(name).is_not(None) for name in group))
            rules.append(sa.CheckConstraint(filled, name=self._named(one, f"one_of_{number}")))
        rules += [sa.UniqueConstraint(*group) for group in one.unique_together if self._indexed(group, columns)]
        table = sa.Table(
            self.plain(one), meta, *columns, *rules,
            mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin", mysql_engine="InnoDB",
            mariadb_charset="utf8mb4", mariadb_collate="utf8mb4_bin", mariadb_engine="InnoDB",
        )  # fmt: skip
        if linked:
            parent = next(o for o in profile.objects if o.name == one.parent_object)
            there = f"{self.schema}." if self.schema else ""
            link = sa.ForeignKeyConstraint([one.parent], [f"{there}{self.plain(parent)}.{parent.key}"])
            table.append_constraint(link)

    def _indexed(self, group: Sequence[str], columns: Sequence[Any]) -> bool:
        """Whether the database can hold these columns in one index: MySQL only where their lengths are known, and short."""
        sizes = [int(getattr(column.type, "length", None) or 0) for column in columns if column.name in group]
        return self.backend != "mysql" or (all(sizes) and sum(sizes) <= INDEX_LENGTH)

    def _named(self, one: TargetObject, rule: str) -> str | None:
        """The name by which the database will tell a constraint; none where it would be too long for one."""
        name = f"{self.plain(one)}_{rule}"
        return name if len(name.encode()) <= NAME_BYTES else None

    def _column(self, f: TargetField, one: TargetObject, profile: Profile) -> Any:
        key = f.name in (key_of(one), one.key)
        parent = next((o for o in profile.objects if f.name == one.parent and o.name == one.parent_object), None)
        size = f.max_length
        if parent:
            size = self._key_size(parent)
        elif key:
            size = self._key_size(one) if f.name == one.key else KEY_LENGTH
        elif f.unique:
            size = size or UNIQUE_LENGTH
        return self.sa.Column(
            f.name, self._text(size), nullable=not f.required and not key, unique=(f.unique or key) or None
        )

    @staticmethod
    def _key_size(one: TargetObject) -> int:
        field = one.field(one.key)
        own = field.max_length if field else 0
        return KEY_LENGTH if field is None or field.source == "golden_id" else own or UNIQUE_LENGTH

    def _text(self, size: int) -> Any:
        return self.sa.String(size) if size and self.backend != "sqlite" else self.sa.Text()

    def _rules(self, f: TargetField, one: TargetObject) -> Iterator[Any]:
        sa = self.sa
        column = sa.column(f.name)
        length = sa.func.char_length if self.backend != "sqlite" else sa.func.length
        if f.required:
            yield sa.CheckConstraint(sa.func.trim(column) != "", name=self._named(one, f"{f.name}_required"))
        if f.max_length:
            yield sa.CheckConstraint(length(column) <= f.max_length, name=self._named(one, f"{f.name}_length"))
        if f.max_bytes:
            size = (
                sa.func.length(sa.cast(column, sa.LargeBinary))
                if self.backend == "sqlite"
                else sa.func.octet_length(column)
            )
            yield sa.CheckConstraint(size <= f.max_bytes, name=self._named(one, f"{f.name}_bytes"))
        if f.values:
            yield sa.CheckConstraint(column.in_(f.values), name=self._named(one, f"{f.name}_options"))
