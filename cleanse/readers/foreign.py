"""Files of forms that are known and not read, told by their first bytes: none is called damaged, or taken for text."""

from __future__ import annotations

import re

# First bytes -> what a person calls it.
FORMS: dict[bytes, str] = {
    b"%PDF-": "PDF",
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"{\\rtf": "RTF",
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    **{f"BZh{level}1AY&SY".encode(): "bzip2" for level in range(1, 10)},
    b"\xfd7zXZ\0": "xz",
    b"SQLite format 3\0": "SQLite",
    b"\0\1\0\0Standard Jet DB\0": "Access",
    b"\0\1\0\0Standard ACE DB\0": "Access",
    b"PAR1\x15": "Parquet",
    b"\0\0\2\0\4\4": "Lotus 1-2-3",
    b"\0\0\2\0\6\4": "Lotus 1-2-3",
    b"\0\0\x1a\0": "Lotus 1-2-3",
}
TAR, TAR_AT = b"ustar", 257
GNUMERIC = b'xmlns:gnm="http://www.gnumeric.org/'
_TEXTS = (
    ("SYLK", re.compile(rb"ID;P[^\r\n]*(?:\r?\n(?:ID|NN|NE|NU|[BPFCOWE])(?:;[^\r\n]*)?){3}")),
    ("DIF", re.compile(rb'TABLE\r?\n0,1\r?\n"')),
)


def form(head: bytes) -> str:
    """What the file is, where it is of a form that is known and not read; else ''.

    >>> form(b"%PDF-1.4"), form(b"ID;PWXL;N;E\\r\\nP;PGeneral\\r\\nF;P0\\r\\nC;Y1;X1;K1\\r\\n"), form(b"ID;PHONE\\n1;2\\n")
    ('PDF', 'SYLK', '')
    """
    if head[TAR_AT : TAR_AT + len(TAR)] == TAR:
        return "tar"
    if GNUMERIC in head:
        return "Gnumeric"
    named = next((name for mark, name in FORMS.items() if head.startswith(mark)), "")
    return named or next((name for name, pattern in _TEXTS if pattern.match(head)), "")
