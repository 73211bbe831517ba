"""Lists and lexicons of a project (``rules/picklists``, ``rules/lexicons``): lines and files that could have no effect, or
that say two things at once, are named with their line and the nearest right word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cleanse.codes import all_codes
from cleanse.faults import Faults, nearest
from cleanse.kinds import KINDS, row_words
from cleanse.kinds.header import PLACES
from cleanse.kinds.picklist import plain
from cleanse.model import Entity, Words

SUFFIXES = {
    "checks": ".toml", "entities": ".toml", "lexicons": ".tsv", "mappings": ".toml", "matching": ".toml", "picklists": ".tsv",
    "targets": ".toml",
}  # fmt: skip
WRITTEN = (".tsv", ".toml", ".txt", ".csv", ".xlsx", ".xls")  # endings of files that somebody may have meant as rules
TAB = "write a tab between the words, not spaces"
_SPACES = re.compile(r"[ \u3000]{2,}")
Line = tuple[int, list[str]]  # its number, its cells


def read_rules(path: Path, faults: Faults) -> str:
    """The text of a rule file; '' and a fault where it cannot be read. Only UTF-8 is: every other reading is a guess."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        faults.add(f"cannot be read: {error.strerror}", str(path), "check the file's permissions")
        return ""
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.add("not a UTF-8 file", f"{path}:{line}", _as_utf8(data))
        return ""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _as_utf8(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "save it as UTF-8; it looks like UTF-16"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return "save it as UTF-8"
    return "save it as UTF-8; it looks like GBK (ANSI)"


def lines_of(text: str) -> list[Line]:
    """The lines of a TSV file that count.

    >>> lines_of("# a remark\\n\\na\\tb \\n")
    [(3, ['a', 'b'])]
    """
    return [
        (number, [cell.strip() for cell in line.split("\t")])
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.startswith("# ") and line != "#"
    ]


def check(own: Path, shipped: Path, entities: Mapping[str, Entity], words: Words, faults: Faults) -> None:
    """Every fault in the lists of the project's folder ``own``. ``words``: what is in force."""
    _unread(own, shipped, words, faults)
    if own.resolve() == shipped.resolve():
        return
    rosters = {f.options.get("picklist") for e in entities.values() for f in e.fields.values() if f.kind == "owner"}
    for name, path, lines in _files(own / "picklists"):
        _listed(path, lines, faults)
        if name not in rosters:
            _meanings(path, lines, name, words, faults)
    for name, path, lines in _files(own / "lexicons"):
        _columns(name, path, lines, shipped / "lexicons" / f"{name}.tsv", faults)
        if name.startswith("synonyms/"):
            _meanings(path, lines, name.removeprefix("synonyms/"), words, faults)
    _headers(own / "lexicons", entities, faults)
    _row_words(own / "lexicons" / f"{row_words.LEXICON}.tsv", faults)
    _doubts(own / "lexicons", faults)


def _files(folder: Path) -> Iterator[tuple[str, Path, list[Line]]]:
    """The TSV files of a folder by their name in it; those that cannot be read are told of elsewhere."""
    for path in sorted(folder.rglob("*.tsv")) if folder.is_dir() else ():
        yield path.relative_to(folder).with_suffix("").as_posix(), path, lines_of(read_rules(path, Faults()))


def _unread(own: Path, shipped: Path, words: Words, faults: Faults) -> None:
    """Files that nothing reads: another folder, another ending, a lexicon that is none."""
    lexicons = [p.relative_to(shipped).as_posix() for p in sorted((shipped / "lexicons").rglob("*.tsv"))]
    lexicons += [f"lexicons/synonyms/{n.removeprefix('picklists/')}.tsv" for n in words if n.startswith("picklists/")]
    for path in sorted(own.rglob("*")) if own.is_dir() else ():
        place = path.relative_to(own)
        folder, named = place.parts[0], place.with_name(place.name.partition(".")[0]).as_posix()
        if not path.is_file() or path.suffix not in WRITTEN or path.name.startswith((".", "~")):
            continue
        if len(place.parts) == 1:
            if near := [x for x in lexicons if Path(x).name == place.name]:
                faults.add(f"no rule file: '{place}'", str(path), f"did you mean '{near[0]}'?")
        elif folder not in SUFFIXES:
            faults.add(f"no folder of rules: '{folder}'", str(path), nearest(folder, SUFFIXES))
        elif path.suffix != SUFFIXES[folder] or "." in path.stem:
            faults.add(f"no rule file: '{place.as_posix()}'", str(path), f"did you mean '{named}{SUFFIXES[folder]}'?")
        elif folder == "lexicons" and place.as_posix() not in lexicons and place.parts[1] != "doubts":
            faults.add(f"no rule file: '{place.as_posix()}'", str(path), nearest(place.as_posix(), lexicons))


def _listed(path: Path, lines: list[Line], faults: Faults) -> None:
    """A list has values, and what stands between them is a tab."""
    if not lines and path.is_file():
        faults.add("the list has no value", str(path), "write a value a line, or delete the file")
    for number, cells in lines:
        if len(cells) == 1 and _SPACES.search(cells[0]):
            faults.add(f"no tab in '{cells[0]}'", f"{path}:{number}", TAB)


def _columns(name: str, path: Path, lines: list[Line], shipped: Path, faults: Faults) -> None:
    """A line with fewer columns than every shipped one of its lexicon says nothing; groups of words have two at least."""
    widths = [len(cells) for _, cells in lines_of(read_rules(shipped, Faults()))] if shipped.is_file() else []
    least = 1 if not widths and not name.startswith("synonyms/") else 2
    if widths and max(widths) - min(widths) <= 1:
        least = min(widths)
    for number, cells in lines if name not in ("headers", "header_words") else ():
        if len(cells) < least:
            faults.add(f"no tab in '{' '.join(cells)}'", f"{path}:{number}", TAB)


def _meanings(path: Path, lines: list[Line], name: str, words: Words, faults: Faults) -> None:
    """A word stands for one value of its list: not for none, not for two, and a value for itself alone."""
    values = {plain(row[0]): row[0] for row in words.get(f"picklists/{name}", ()) if row and row[0]}
    told: dict[str, tuple[str, int]] = {}
    for number, cells in lines if values else ():
        at, members = f"{path}:{number}", list(dict.fromkeys(values[plain(c)] for c in cells if plain(c) in values))
        if len(cells) > 1 and not members:
            faults.add(f"'{cells[0]}' is not on the list '{name}'", at, nearest(cells[0], values.values()))
        if len(members) > 1:
            said = f"'{members[1]}' is a value of the list itself and no synonym of '{members[0]}'"
            faults.add(said, at, "take it out of this line")
        for word in cells[1:] if members else ():
            first, line = told.setdefault(plain(word), (members[0], number))
            if word and first != members[0] and plain(word) not in values:
                said = f"'{word}' stands for '{first}' in line {line} already"
                faults.add(said, at, "a word with two values is read as neither")


def _headers(folder: Path, entities: Mapping[str, Entity], faults: Faults) -> None:
    """Headers of fields that do not exist, null words of kinds that do not exist."""
    fields = ["-", *(f.path for e in entities.values() for f in e.fields.values())]
    found = {name: (path, lines) for name, path, lines in _files(folder)}
    said: dict[str, tuple[str, int]] = {}
    path, lines = found.get("headers", (folder, []))
    for number, row in lines:
        at = f"{path}:{number}"
        if len(row) < 2:
            faults.add(f"no tab in '{row[0]}'", at, "write field, tab, header word")
        elif row[0] not in fields:
            faults.add(f"unknown field '{row[0]}'", at, nearest(row[0], fields))
        for word in row[1:] if row[0] in fields else ():
            if (first := said.setdefault(plain(word), (row[0], number)))[0] != row[0]:
                faults.add(f"'{word}' stands for '{first[0]}' in line {first[1]} already", at, "a header has one field")
    path, lines = found.get("header_words", (folder, []))
    for number, row in lines:
        at = f"{path}:{number}"
        if row[0] not in PLACES or len(row) < 2:
            faults.add(f"not a place and a word: '{' '.join(row)}'", at, f"write {', '.join(PLACES)}, then tab and word")
        for name in row[2].split() if len(row) > 2 else ():
            if (name.lstrip("-") or name) not in (*fields, *entities):
                faults.add(f"unknown field '{name}'", at, nearest((name.lstrip("-") or name), [*fields, *entities]))
    path, lines = found.get("nulls", (folder, []))
    for number, row in lines:
        for kind in row[1].split() if len(row) > 1 else ():
            if kind.lstrip("-") not in (*KINDS, "*"):
                faults.add(f"unknown kind '{kind}'", f"{path}:{number}", nearest(kind.lstrip("-"), KINDS))


def _row_words(path: Path, faults: Faults) -> None:
    """Words by which rows are told, in roles that there are; each a pattern that every engine reads."""
    lines = lines_of(read_rules(path, Faults())) if path.is_file() else []
    for number, (role, word, *_) in ((n, row) for n, row in lines if len(row) > 1):
        faults.word(role, row_words.ROLES, "role", f"{path}:{number}")
        if not row_words.is_pattern(word):
            cure = "write a plain word, or a regular expression without look-around"
            faults.add(f"not a pattern: '{word}'", f"{path}:{number}", cure)


def _doubts(folder: Path, faults: Faults) -> None:
    """Lists of doubts that have no sentence."""
    doubts = [name for name, code in all_codes().items() if code.sort == "doubt"]
    known = [f"{k}/{d.removeprefix(f'{k}_')}" for k in KINDS for d in doubts if d.startswith(f"{k}_")]
    for listed in sorted((folder / "doubts").rglob("*.tsv")):
        name = listed.relative_to(folder / "doubts").with_suffix("").as_posix()
        if name not in known:
            faults.add(f"no such doubt: '{name}'", str(listed), nearest(name, known))
