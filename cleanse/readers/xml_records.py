"""XML that lists records: elements as columns, attributes beside them; no entity is expanded, no address looked up."""

from __future__ import annotations

import io
import re
from typing import Any

from lxml import etree

from cleanse.model import Grid, Note
from cleanse.readers import records
from cleanse.readers.encodings import decode
from cleanse.readers.raw import Parsed, Raw, Unreadable

_DECLARED = re.compile(r"\s*<\?xml[^>]*\?>")
_SAID = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)[\"']")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no text of XML may hold these
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;|#)")
NO_RECORDS = frozenset({"svg", "html", "rss", "feed", "plist", "Workbook", "stylesheet", "schema", "project"})
OFFICE = ("urn:oasis:names:tc:opendocument", "urn:schemas-microsoft-com:office", "http://schemas.microsoft.com/office")
TEXT = "text"  # the column of an element's own text where it has attributes or elements too


def sniff(head: bytes) -> bool:
    """XML by its declaration that is no page."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    start = plain[:2000].lower()
    page = b"<html" in start or b"<!doctype html" in start or (b"<tr" in start and b"<td" in start)
    return plain.startswith(b"<?xml") and not page


def sniff_bare(head: bytes) -> bool:
    """XML without a declaration, asked for after HTML: an element at the very start."""
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return bool(re.match(rb"<(?:[A-Za-z_\x80-\xff][\w.:\x80-\xff-]*[\s/>]|!--|!DOCTYPE\s)", plain))


def read(raw: Raw) -> Parsed:
    """One grid for every record list, named by the path of its element. Raises Unreadable: unsafe_xml when the document
    declares or uses entities of its own, too_deep, too_large, corrupt, no_table."""
    said = _SAID.search(raw.data[:400])
    decoded = decode(raw.data, raw.encoding or (said[1].decode("ascii") if said else ""))
    text, forbidden = _FORBIDDEN.subn("", _DECLARED.sub("", decoded.text.removeprefix("\ufeff"), count=1))
    try:
        root = _tree(text)
        name = etree.QName(root).localname
        if name in NO_RECORDS or (etree.QName(root).namespace or "").startswith(OFFICE):
            raise Unreadable("unsupported_format", name, "xml")
        value = _value(root, 0)
    except (etree.LxmlError, ValueError) as e:
        reason = "too_deep" if "xcessive depth" in str(e) else "too_large" if "huge" in str(e).lower() else "corrupt"
        raise Unreadable(reason, f"line {getattr(e, 'lineno', 0) or 0}", "xml") from e
    grids = records.grids(value if isinstance(value, dict) else {name: value}, raw.limits, "xml")
    if not grids:
        raise Unreadable("no_table", format="xml")
    notes: tuple[Note, ...] = (Note("encoding_damaged", "", str(decoded.damaged)),) if decoded.damaged else ()
    notes += (Note("control_signs_removed", "", str(forbidden)),) if forbidden else ()
    first = Grid(grids[0].sheet, grids[0].cells, (*notes, *grids[0].notes))
    return Parsed("xml", (first, *grids[1:]), decoded.encoding)


def _tree(text: str) -> etree._Element:
    """The root; a document type is looked at before the first element, and refused if it declares an entity."""
    if "<!ENTITY" in text or ("<!DOCTYPE" in text[:10_000] and _ENTITY.search(text)):
        raise Unreadable("unsafe_xml", "ENTITY", "xml")
    root = None
    for _, element in etree.iterparse(
        io.BytesIO(text.encode("utf-8", "replace")), events=("start",), resolve_entities=False, no_network=True,
        load_dtd=False, dtd_validation=False, attribute_defaults=False, remove_comments=True, remove_pis=True,
    ):  # fmt: skip
        root = element if root is None else root
    if root is None:
        raise Unreadable("no_table", format="xml")
    return root


def _value(element: etree._Element, depth: int) -> Any:
    """An element as text, or as an object of its attributes, elements (a list where a name repeats) and own text."""
    if depth > records.DEEPEST:
        raise Unreadable("too_deep", str(depth), "xml")
    found: dict[str, Any] = {}
    repeated: set[str] = set()
    for key, text in element.attrib.items():
        name = etree.QName(key)
        if name.namespace != "http://www.w3.org/2001/XMLSchema-instance":
            found[name.localname] = text
    own = (element.text or "").strip()
    if not found and not len(element):
        return own
    if own or any((child.tail or "").strip() for child in element):
        return (
            "".join(element.itertext()).strip() if not found else {**found, TEXT: "".join(element.itertext()).strip()}
        )
    for child in element:
        name, inner = etree.QName(child).localname, _value(child, depth + 1)
        if name in repeated:
            found[name].append(inner)
        elif name in found:
            found[name] = [found[name], inner]
            repeated.add(name)
        else:
            found[name] = inner
    return found
