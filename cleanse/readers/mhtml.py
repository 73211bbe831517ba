"""Single-file web pages (MHTML), which Excel and report servers save under the suffix .xls or .mht."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy

from cleanse.model import Grid
from cleanse.readers import html
from cleanse.readers.raw import Parsed, Raw, Unreadable

_HEAD = re.compile(rb"(?:[\w-]+:[^\n]*\n|[ \t][^\n]*\n)*?(?:MIME-Version:|Content-Type:\s*multipart/)", re.IGNORECASE)


def sniff(head: bytes) -> bool:
    """Mail headers at the very start, among them the MIME version."""
    return bool(_HEAD.match(head.lstrip(b"\xef\xbb\xbf\r\n")))


def read(raw: Raw) -> Parsed:
    """The tables of every HTML part, in order."""
    message = message_from_bytes(raw.data.lstrip(b"\xef\xbb\xbf\r\n"), policy=policy.compat32)
    grids: list[Grid] = []
    encoding = ""
    for part in message.walk():
        if part.get_content_type() != "text/html":
            continue
        data = part.get_payload(decode=True)
        said = raw.encoding or part.get_content_charset("")
        if not isinstance(data, bytes) or b"<td" not in data.lower().replace(b"\0", b""):
            continue
        try:
            parsed = html.read(replace(raw, data=data, encoding=said))
        except Unreadable as e:
            if e.reason != "no_table":
                raise
            continue
        grids += parsed.grids
        encoding = encoding or parsed.encoding
    if not grids:
        raise Unreadable("no_table", format="mhtml")
    if len(grids) > 1:
        grids = [replace(grid, sheet=f"table{number}") for number, grid in enumerate(grids, 1)]
    return Parsed("mhtml", tuple(grids), encoding)
