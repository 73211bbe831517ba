"""What other programs than LibreOffice write into an ods, brought to the form that calamine reads."""

from __future__ import annotations

import io
import re
import zipfile

CONTENT = "content.xml"
_UNKNOWN = b'office:value-type="unknown"'  # calamine takes such a cell for empty
_INDENT = re.compile(
    rb"(?<=>)\s+(?=<(?:/?table:|/?office:annotation|text:p[\s>/]))"
)  # between cells, where it fails on blanks


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
