"""Countries: the name stays as it was typed; which country it says is known by its ISO 3166 code (lexicon ``countries``)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds import text
from cleanse.kinds.characters import halved, mask_text, tidied
from cleanse.model import Kind, Words

COLUMN = {"country": ("", "place", "country"), "region": ("", "place"), "address": ("",)}  # kind -> which words count
_MARKS = r",，;；|/、\n"


def told(texts: pa.Array, kind: str, words: Words) -> pa.Array:
    """The ISO code of the country that each text of a column names, null where it names none.

    A column of countries, provinces or cities is one name; an address begins or ends with it.

    >>> words = {"countries": (("美国", "US"), ("USA", "US"), ("California", "US", "place"), ("CA", "CA", "country"))}
    >>> told(pa.array(["ca", "California", "usa"]), "country", words).to_pylist()
    ['CA', 'US', 'US']
    >>> told(pa.array(["1 Main St, USA", "California", "美国 纽约"]), "address", words).to_pylist()
    ['US', None, 'US']
    """
    counted = COLUMN[kind]
    rows = [
        (name.casefold().rstrip("."), iso)
        for name, iso, *place in words.get("countries", ())
        if (*place, "")[0] in counted
    ]
    if not rows:
        return pa.nulls(len(texts), pa.string())
    names, codes = (pa.array(column, pa.string()) for column in zip(*rows, strict=True))
    bare = pc.utf8_lower(pc.utf8_trim(halved(tidied(texts.cast(pa.string()))), " .。,，;；()"))
    if kind != "country":
        bare = pc.coalesce(*(_piece(bare, pattern) for pattern in _ends(name for name, _ in rows)), bare)
    return codes.take(pc.index_in(bare, names))


def _ends(names: Iterable[str]) -> tuple[str, str]:
    """Patterns for a name that is the last or the first piece of a text. A space parts pieces only behind a postcode and
    before Chinese (New Jersey is one piece)."""
    known = "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    return rf"(?s)^.*[{_MARKS}\d]\s*(?P<name>{known})$", rf"(?s)^(?P<name>{known})(?:[{_MARKS}]|\s.*\p{{Han}}).*$"


def _piece(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.struct_field(pc.extract_regex(texts, pattern), "name")


KIND = Kind(name="country", fixer=text.fixer, shape=lambda options: "", mask=mask_text)
