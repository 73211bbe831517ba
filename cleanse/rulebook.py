"""A file of ``rules/checks`` becomes Rules; every fault in it is named with its line and the nearest right word.

A rule is a table of plain words, its conditions are sentences: ``priority is 重点客户 | 战略客户``, ``last_date >=
first_date``, ``contact.mobile is filled``. Fields go by name or by label, words of comparison in English or Chinese.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import Condition, Entity, Field, Rule, Severity, Words

FORMS = ("any", "all", "unique", "same", "count", "exists")
KEYS = (
    "code", "entity", "severity", "on", "when", *FORMS, "field", "per", "at_least", "at_most", "zh", "en", "cure_zh",
    "cure_en",
)  # fmt: skip
WITH = {"same": ("per",), "count": ("per", "at_least", "at_most"), "exists": ("field",)}  # keys of one form only
PLACES = ("golden", "rows", "both")
ON = {"unique": "rows", "same": "rows"}  # what is said of all files is said of their rows; else of golden records
TODAY = "today"
NUMBERS = ("money", "quantity", "percent")
_STATE = re.compile(r"(.+?)\s+(?:is\s+(not\s+)?(filled|empty)|(不)?(为空))")
_WORDED = re.compile(r"(.+?)\s+(is not|is|matches|不是|是|符合)\s+(.+)")
_COMPARED = re.compile(r"(.+?)\s*(<=|>=|==|!=|<|>|[≤≥≠＜＞=＝])\s*(.+)")
_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!=", "＜": "<", "＞": ">", "=": "==", "＝": "=="}
_WORDS = {"is not": ("is", True), "不是": ("is", True), "是": ("is", False), "符合": ("matches", False)}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a rule file, in which line, and what to do."""

    what: str
    line: int
    cure: str = ""


@dataclass
class _Book:
    """One file as it is read: the faults found so far, and where the rule at hand stands."""

    lines: list[str]
    entities: Mapping[str, Entity]
    words: Words
    faults: list[Fault] = field(default_factory=list)
    start: int = 0
    end: int = 0

    def turn_to(self, number: int) -> None:
        """The block of the rule with that number."""
        heads = [n for n, line in enumerate(self.lines) if re.match(r"\s*\[\[\s*rule\s*\]\]", line)]
        heads.append(len(self.lines))
        self.start, self.end = heads[number : number + 2]

    def fault(self, what: str, word: str, known: Iterable[str] = (), cure: str = "") -> None:
        """Told where the word stands first in the rule at hand, with the nearest right one."""
        block = range(self.start, self.end)
        line = next((n for n in block if word and word in self.lines[n].split("#")[0]), self.start)
        self.faults.append(Fault(what, line + 1, _nearest(word, known) or cure))


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, 1, 0.5)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names)}" if names else ""


def parse(
    data: Mapping[str, Any], text: str, entities: Mapping[str, Entity], words: Words, taken: Collection[str]
) -> tuple[list[Rule], list[Fault]]:
    """The rules of one file, given as TOML and as its text. ``taken``: codes that have a meaning already."""
    book, rules, codes = _Book(text.split("\n"), entities, words), [], set(taken)
    for key in set(data) - {"rule"}:
        book.end = len(book.lines)
        book.fault(f"unknown key '{key}'", key, ["rule"])
    tables = data.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(spec, Mapping) for spec in tables):
        return [], [Fault("'rule' must be a list of tables", 1, "write [[rule]] above each rule")]
    for number, spec in enumerate(tables):
        book.turn_to(number)
        before = len(book.faults)
        rule = _rule(spec, codes, book)
        if rule and len(book.faults) == before:
            codes.add(rule.code)
            rules.append(rule)
    return rules, book.faults


def _rule(spec: Mapping[str, Any], codes: Collection[str], book: _Book) -> Rule | None:
    for key in (k for k in spec if k not in KEYS):
        book.fault(f"unknown key '{key}'", key, KEYS)
    _types(spec, book)
    code, entity = str(spec.get("code", "")), str(spec.get("entity", ""))
    for key in (k for k in ("code", "entity") if k not in spec):
        book.fault(f"'{key}' is missing", "", cure='every rule says code = "..." and entity = "..."')
    severity = spec.get("severity", Severity.WARNING.value)
    if code and not re.fullmatch(r"[a-z][a-z0-9_]*", code):
        book.fault(f"'{code}' is no code", "code", cure='name the rule in small letters: code = "no_phone"')
    elif code in codes:
        book.fault(f"the code '{code}' stands for something else already", code, cure="choose another")
    if entity not in book.entities:
        if entity:
            book.fault(f"unknown entity '{entity}'", entity, book.entities)
        return None
    if severity not in set(Severity):
        book.fault(f"unknown severity '{severity}'", str(severity), [s.value for s in Severity])
    forms = [form for form in FORMS if form in spec]
    if not forms and set(spec) - set(KEYS):
        return None  # a key that was not known may be the one that is missing
    if len(forms) != 1:
        book.fault(f"a rule says one of {', '.join(FORMS)}; here: {', '.join(forms) or 'none'}", code)
        return None
    on = spec.get("on", ON.get(forms[0], "golden"))
    if on not in PLACES:
        book.fault(f"unknown '{on}'", str(on), PLACES)
    return _formed(spec, forms[0], book.entities[entity], {"code": code, "severity": severity, "on": on}, book)


def _types(spec: Mapping[str, Any], book: _Book) -> None:
    for key, value in ((k, v) for k, v in spec.items() if k in KEYS):
        if key in ("when", "all", "any"):
            right = isinstance(value, list) and value != [] and all(isinstance(v, str) for v in value)
            wanted = "a list of conditions"
        elif key in ("at_least", "at_most"):
            right, wanted = type(value) is int and value >= 0, "a whole number"
        else:
            right, wanted = isinstance(value, str), "text"
        if not right:
            book.fault(f"'{key}' must be {wanted}", key)


def _formed(spec: Mapping[str, Any], form: str, entity: Entity, said: Mapping[str, str], book: _Book) -> Rule:
    for key in {k for keys in WITH.values() for k in keys} & set(spec) - set(WITH.get(form, ())):
        book.fault(f"'{key}' says nothing in a rule of '{form}'", key)
    more: dict[str, Any] = {}
    if form in ("any", "all"):
        more["must"] = _conditions(spec, form, entity, book)
    elif form in ("unique", "same"):
        more["field"] = _path(str(spec[form]), entity, book)
        if form == "same":
            more["per"] = _per(spec, entity, book)
    elif form == "count":
        more |= _count(spec, entity, book)
    else:
        more |= _exists(spec, entity, book)
    spoken = {
        lang: str(spec.get(lang) or spec.get(other) or said["code"]) for lang, other in (("zh", "en"), ("en", "zh"))
    }
    cures = {lang: str(spec.get(f"cure_{lang}", "")) for lang in ("zh", "en")}
    when = _conditions(spec, "when", entity, book)
    return Rule(**{**said, "text": spoken, "cure": cures, "entity": entity.name, "form": form, "when": when, **more})


def _per(spec: Mapping[str, Any], entity: Entity, book: _Book) -> str:
    """Within what: a record of this entity or of the one above, or the value of a field."""
    per = str(spec.get("per", ""))
    if not per:
        book.fault("'per' is missing", "same", cure="name an entity or a field")
    return per if per and per in (entity.name, entity.refers_to) else _path(per, entity, book)


def _count(spec: Mapping[str, Any], entity: Entity, book: _Book) -> dict[str, Any]:
    of = str(spec["count"])
    children = [e.name for e in book.entities.values() if e.refers_to == entity.name]
    if of not in (entity.name, *children):
        book.fault(f"'{of}' cannot be counted for a {entity.name}", of, [entity.name, *children])
    if "at_least" not in spec and "at_most" not in spec:
        book.fault("how many: 'at_least' or 'at_most' is missing", "count")
    per = str(spec.get("per", entity.name))
    if of == entity.name:
        per = _path(per, entity, book) if per != entity.name else ""
        if not per:
            book.fault("'per' must name the field within which is counted", "count")
    elif per != entity.name:
        book.fault(f"a {of} is counted per {entity.name}", per)
    return {"of": of, "per": per, "at_least": spec.get("at_least", 0), "at_most": spec.get("at_most")}


def _exists(spec: Mapping[str, Any], entity: Entity, book: _Book) -> dict[str, Any]:
    of = str(spec["exists"])
    if "field" not in spec:
        if of != entity.refers_to or not of:
            book.fault(f"a {entity.name} does not refer to '{of}'", of, [entity.refers_to] if entity.refers_to else [])
        return {"of": of}
    owner, _, name = of.partition(".")
    if owner not in book.entities:
        book.fault(f"unknown entity '{owner}'", owner, book.entities)
        return {"of": of}
    return {"field": _path(str(spec["field"]), entity, book), "of": _path(name, book.entities[owner], book)}


# ------------------------------------------------------------------------------------------------------------ conditions


def _conditions(spec: Mapping[str, Any], key: str, entity: Entity, book: _Book) -> tuple[Condition, ...]:
    given = spec.get(key, [])
    if not isinstance(given, list):
        return ()
    found = [_condition(text, entity, book) for text in given if isinstance(text, str)]
    return tuple(c for c in found if c)


def _condition(text: str, entity: Entity, book: _Book) -> Condition | None:
    """
    >>> book = _Book([], {}, {})
    >>> field = Field("customer", "priority", "picklist", {"zh": "优先级"})
    >>> _condition("优先级 不是 重点客户 | 一般", Entity("customer", {}, {"priority": field}), book)
    Condition(path='customer.priority', op='is', values=('重点客户', '一般'), other='', negated=True)
    """
    if state := _STATE.fullmatch(text):
        path = _reach(state[1], text, entity, book)
        empty = state[3] == "empty" or bool(state[5])
        return Condition(path, "filled", negated=empty != bool(state[2] or state[4]))
    if worded := _WORDED.fullmatch(text):
        op, negated = _WORDS.get(worded[2], (worded[2], False))
        path, said = _reach(worded[1], text, entity, book), worded[3].strip()
        values = tuple(part.strip() for part in said.split("|")) if op == "is" else (said,)
        if op == "is":
            _listed(path, values, book)
        else:
            _pattern(said, book)
        return Condition(path, op, values, negated=negated)
    if compared := _COMPARED.fullmatch(text):
        return _comparison(compared, text, entity, book)
    cure = "write 'FIELD is VALUE', 'FIELD is filled', 'FIELD >= VALUE', 'FIELD matches PATTERN'"
    book.fault(f"not a condition: '{text}'", text, cure=cure)
    return None


def _comparison(compared: re.Match[str], text: str, entity: Entity, book: _Book) -> Condition:
    path, operand = _reach(compared[1], text, entity, book), compared[3].strip()
    kind, op = _kind(path, book), _SIGNS.get(compared[2], compared[2])
    if operand == TODAY or re.fullmatch(r"[+-]?\d+(?:\.\d+)?|\d{4}-\d{2}-\d{2}", operand):
        if (kind == "date") != (operand == TODAY or "-" in operand[1:]) or kind not in (*NUMBERS, "date"):
            book.fault(
                f"'{operand}' cannot be compared with a {kind}", text, cure="compare numbers, dates, or use 'is'"
            )
        return Condition(path, op, (operand,))
    owner = book.entities.get(path.partition(".")[0], entity)
    other = _path(operand, owner, book)
    if kind in NUMBERS and _kind(other, book) not in NUMBERS:
        book.fault(f"a {kind} cannot be compared with a {_kind(other, book)}", text)
    return Condition(path, op, other=other)


def _reach(word: str, text: str, entity: Entity, book: _Book) -> str:
    """The path of a field of the entity, of the one above it, or of one below it."""
    word = word.strip()
    owner, dot, name = word.partition(".")
    near = [entity.name, entity.refers_to, *(e.name for e in book.entities.values() if e.refers_to == entity.name)]
    if not dot:
        return _path(word, entity, book)
    if owner not in near:
        book.fault(f"'{owner}' in '{text}' is no {' or '.join(filter(None, near))}", word, filter(None, near))
        return f"{entity.name}.{name}"
    return _path(name, book.entities[owner], book)


def _path(word: str, entity: Entity, book: _Book) -> str:
    """``entity.field`` of a field that holds values, told by name or label."""
    word = word.strip().removeprefix(f"{entity.name}.")
    stored = {name: entity.fields[name] for name in entity.stored}
    found = next((n for n, f in stored.items() if word in (n, *f.label.values())), "")
    if not found:
        book.fault(
            f"unknown field '{word}' of {entity.name}",
            word,
            [*stored, *(f.label.get("zh", "") for f in stored.values())],
        )
    return f"{entity.name}.{found or word}"


def _field(path: str, book: _Book) -> Field | None:
    entity, _, name = path.partition(".")
    return book.entities[entity].fields.get(name) if entity in book.entities else None


def _kind(path: str, book: _Book) -> str:
    f = _field(path, book)
    return f.kind if f else ""


def _listed(path: str, values: Iterable[str], book: _Book) -> None:
    """A value that the field's list does not have could never stand there."""
    f = _field(path, book)
    options = book.words.get(f"picklists/{f.options['picklist']}", ()) if f and f.options.get("picklist") else ()
    known = [row[0] for row in options]
    for value in values:
        if known and value not in known:
            book.fault(f"'{value}' is not on the list of {path}", value, known)


def _pattern(pattern: str, book: _Book) -> None:
    try:
        pc.match_substring_regex(pa.array([""]), f"^(?:{pattern})$")
    except pa.ArrowInvalid as error:
        book.fault(f"not a pattern: '{pattern}' ({error})", pattern)
