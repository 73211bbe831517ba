"""What other programs than LibreOffice write into an ods, and workbooks in one XML file (fods), in the form that calamine reads."""

from __future__ import annotations

import io
import re
import zipfile

CONTENT = "content.xml"
MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
CACHE = re.compile(r"'\w+:.*'#")  # what LibreOffice keeps of another file that formulas refer to: no sheet of this one
_FLAT = re.compile(rb"<(?:\w+:)?document\s")
_UNKNOWN = b'office:value-type="unknown"'  # calamine takes such a cell for empty
_INDENT = re.compile(
    rb"(?<=>)\s+(?=<(?:/?table:|/?office:annotation|text:p[\s>/]))"
)  # between cells, where it fails on blanks


def sniff_flat(head: bytes) -> bool:
    """A document in one XML file that calls itself a spreadsheet."""
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and bool(_FLAT.search(head)) and MIMETYPE in head


def packed(data: bytes) -> bytes:
    """The one file as the package that it would be."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", MIMETYPE)
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr(CONTENT, data)
    return out.getvalue()


def mended(data: bytes) -> bytes:
    """The workbook with cells of an unknown type as text and without blanks between cells; as it was where it has none."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        content = package.read(CONTENT)
        plain = _INDENT.sub(b"", content).replace(_UNKNOWN, b'office:value-type="string"')
        if plain == content:
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
            for name in dict.fromkeys(package.namelist()):
                copy.writestr(name, plain if name == CONTENT else package.read(name))
    return out.getvalue()
