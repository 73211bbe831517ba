"""Office packages whose parts have names of their own, brought to the names that Excel gives them.

What a part is, its relations say, not its name: another program may lay the workbook at the root, call it workbook10.xml,
write ``\\`` for ``/``, list a sheet that no part belongs to (a module of macros), or write another encoding than UTF-8. Such
a package is laid out anew.
"""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from cleanse.readers import xlsb
from cleanse.readers.raw import Limits, Unreadable

BOOKS = {".xml": "xl/workbook.xml", ".bin": "xl/workbook.bin"}
FOLDERS = {kind: f"{kind}s" for kind in ("worksheet", "chartsheet", "dialogsheet")}
SINGLE = {"sharedStrings": "sharedStrings", "styles": "styles", "vbaProject": "vbaProject"}
SMALL = 1 << 24  # bytes of a workbook part or a list of relations
HEAD, CHUNK = 1 << 13, 1 << 20
SPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
EARLY = b"http://schemas.microsoft.com/office/excel/2006/2"  # Excel 2007 before its release
_WORKBOOK = re.compile(rb"<(?:\w+:)?workbook[\s>]")
_ITEM = re.compile(rb"<(/?)sstItem>")
_ENCODING = re.compile(rb"^<\?xml[^>]*?encoding=[\"']([\w.:-]+)[\"'][^>]*\?>")
_DIMENSION = re.compile(rb'<dimension ref="(?![A-Z]+\d+(?::[A-Z]+\d+)?")[^"]*"\s*/>')  # 1:5, which the library fails on
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    etree.XMLSyntaxError,
    LookupError,  # no such part, or encoding
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
)


@dataclass(frozen=True)
class _Relation:
    """One line of a list of relations: its id, the last word of its type, the part it leads to."""

    id: str
    kind: str
    part: str


class _Package:
    """A zip whose parts are found whatever the case and the slashes of their names."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.file = file
        self.names = {_key(info.filename): info.filename for info in file.infolist() if not info.is_dir()}

    def stored(self, part: str) -> str:
        return self.names[_key(part)]

    def small(self, part: str) -> bytes:
        with self.file.open(self.stored(part)) as stream:
            data = stream.read(SMALL + 1)
        if len(data) > SMALL:
            raise ValueError(part)
        return data

    def relations(self, part: str) -> list[_Relation]:
        """The relations of a part to others of the package."""
        folder, name = posixpath.split(part)
        tree = _tree(self.small(posixpath.join(folder, "_rels", f"{name}.rels")))
        return [
            _Relation(e.get("Id", ""), e.get("Type", "").rsplit("/", 1)[-1], _target(folder, e.get("Target", "")))
            for e in tree.iterfind("{*}Relationship")
            if e.get("TargetMode") != "External"
        ]

    def book(self) -> str:
        """The part that is the workbook; ``''`` for other documents."""
        standing = [book for book in BOOKS.values() if _key(book) in self.names]
        named = (
            []
            if _key("_rels/.rels") not in self.names
            else [r for r in self.relations("") if r.kind == "officeDocument"]
        )
        for part in [r.part for r in named if _key(r.part) in self.names] + standing:
            if part.lower().endswith(".bin") or _WORKBOOK.search(self.small(part)):
                return part
        return ""


def canonical(data: bytes, limits: Limits) -> bytes:
    """The workbook with the names that Excel gives; as it was where it has them, or cannot be followed. Raises Unreadable:
    too_large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            package = _Package(file)
            book = package.book()
            return _named(package, book, limits) or data if book else data
    except _FAULTS:
        return data  # the look into the package says what is wrong with it


def sheet_parts(file: zipfile.ZipFile) -> dict[str, str]:
    """Which part holds which sheet of a workbook with the names that Excel gives; empty where that cannot be followed."""
    package = _Package(file)
    book = next((name for name in BOOKS.values() if _key(name) in package.names), "")
    try:
        parts = {relation.id: relation.part for relation in package.relations(book)} if book else {}
        data = package.small(book) if parts else b""
        sheets = xlsb.sheets(data) if book.endswith(".bin") else _sheets(data) if parts else []
    except _FAULTS:
        return {}
    return {name: parts[link] for name, link in sheets if link in parts}


def _sheets(book: bytes) -> list[tuple[str, str]]:
    """Name of each sheet and id of the relation that leads to it."""
    return [(str(sheet.get("name", "")), next(iter(_ids(sheet)), "")) for sheet in _tree(book).iter("{*}sheet")]


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _target(folder: str, target: str) -> str:
    target = target.replace("\\", "/")
    return posixpath.normpath(target if target.startswith("/") else posixpath.join("/", folder, target)).lstrip("/")


def _tree(data: bytes) -> etree._Element:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def _named(package: _Package, book: str, limits: Limits) -> bytes | None:
    """The package laid out anew; None where that changes nothing."""
    relations = [r for r in package.relations(book) if _key(r.part) in package.names]
    places = _places(package, book, relations)
    plain = package.small(book)
    text = _without_modules(plain) if places[book].endswith(".xml") else plain
    in_place = all(package.stored(part) == place for part, place in places.items())
    if in_place and text == plain and EARLY not in plain and not any(_odd(package, part) for part in places):
        return None
    out, left = io.BytesIO(), limits.unpacked_bytes
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        place = places.pop(book)
        copy.writestr("_rels/.rels", _list([_Relation("rId1", "officeDocument", place)], {place: place}))
        copy.writestr(place, text)
        copy.writestr(place.replace("xl/", "xl/_rels/") + ".rels", _list(relations, places, "xl/"))
        for part, place in places.items():
            with copy.open(place, "w", force_zip64=True) as target:
                for chunk in _chunks(package, part):
                    left -= len(chunk)
                    if left < 0:
                        raise Unreadable("too_large", "unpacked", "xlsx")
                    target.write(chunk)
    return out.getvalue()


def _odd(package: _Package, part: str) -> bool:
    """Whether the start of a part says something that the library does not take."""
    with package.file.open(package.stored(part)) as stream:
        head = stream.read(HEAD)
    return _encoding(head) != "" or bool(_DIMENSION.search(head))


def _encoding(head: bytes) -> str:
    """The encoding of an XML part that is not UTF-8, or ``''``."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    said = _ENCODING.match(head.removeprefix(codecs.BOM_UTF8))
    name = codecs.lookup(said[1].decode()).name if said else "utf-8"
    return "" if name in ("utf-8", "ascii") else name


def _chunks(package: _Package, part: str) -> Iterator[bytes]:
    """A part as the library takes it: in UTF-8, its items by their lasting name, without a false dimension."""
    with package.file.open(package.stored(part)) as stream:
        head = stream.read(HEAD)
        encoding = _encoding(head)
        decoder = codecs.getincrementaldecoder(encoding or "latin-1")()
        while head:
            chunk = decoder.decode(head).encode("utf-8" if encoding else "latin-1")
            chunk = _ENCODING.sub(b"", chunk) if encoding else chunk
            yield _DIMENSION.sub(b"", _ITEM.sub(rb"<\1si>", chunk))
            head = stream.read(CHUNK)


def _places(package: _Package, book: str, relations: Sequence[_Relation]) -> dict[str, str]:
    """The name that each part of the workbook is given; a sheet keeps a name of its own in the folder of sheets."""
    suffix = posixpath.splitext(book)[1].lower()
    places, kinds = {book: BOOKS[suffix]}, set[str]()
    for number, relation in enumerate(relations, 1):
        part, end = relation.part, posixpath.splitext(relation.part)[1].lower()
        if relation.kind in SINGLE and relation.kind not in kinds:
            kinds.add(relation.kind)
            places[part] = f"xl/{SINGLE[relation.kind]}{end}"
        elif (folder := FOLDERS.get(relation.kind)) is not None:
            stands = package.stored(part)
            fits = re.fullmatch(rf"xl/{folder}/[^/\\]+{suffix}", stands)
            places[part] = stands if fits else f"xl/{folder}/part{number}{suffix}"
    return places


def _list(relations: Sequence[_Relation], places: dict[str, str], folder: str = "") -> bytes:
    """The relations that lead to the parts at their new places, seen from a folder."""
    root = etree.Element(f"{{{SPACE}}}Relationships", nsmap={None: SPACE})
    start = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    for relation in relations:
        if relation.part in places:
            target = places[relation.part].removeprefix(folder)
            etree.SubElement(
                root, f"{{{SPACE}}}Relationship", Id=relation.id, Type=start + relation.kind, Target=target
            )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _without_modules(book: bytes) -> bytes:
    """The workbook part without sheets that have no relation at all, and so no cells: modules of macros."""
    tree = _tree(book)
    modules = [sheet for sheet in tree.iterfind("{*}sheets/{*}sheet") if "" in _ids(sheet)]
    for sheet in modules:
        sheet.getparent().remove(sheet)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8") if modules else book


def _ids(sheet: etree._Element) -> list[str]:
    return [str(value) for key, value in sheet.attrib.items() if str(key).endswith("}id")]
