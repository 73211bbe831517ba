"""Headers that name a place in a tree: ``contacts[0].mobile``, ``Account.Name``, ``Primary Contact: Email``, ``联系人-职务``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEP = re.compile(
    r"(?<=[^\W\d])\.(?=[^\W\d_])|(?<=\])\.|::|->|[→>»:：]|__|\s[-–—]\s|(?<=[\u4e00-\u9fff])[-_－](?=[\u4e00-\u9fff])"
)
_SLASHED = re.compile(r"[a-z_]+(?:\[\d*\])?(?:/[a-z_]+(?:\[\d*\])?)+")  # a/b is two words, a_b/c and a/b/c are paths
_NUMBER = re.compile(r"\s*(?:\[(\d+)\]|[#＃]?\s?(\d{1,2}))\s*$")
_ANY = re.compile(r"\[[^\]]*\]\s*$")


@dataclass(frozen=True)
class Group:
    """One step above the last: its word, and which of several it is, from 1."""

    word: str
    number: int = 1

    @classmethod
    def of(cls, text: str) -> Group:
        """From a word with a number behind it (联系人2), or one counted from 0 in square brackets."""
        if found := _NUMBER.search(text):
            inner, plain = found.groups()
            return cls(text[: found.start()], int(inner) + 1 if inner else int(plain))
        return cls(_ANY.sub("", text))


def take_apart(header: str) -> tuple[tuple[Group, ...], str]:
    """The groups above a header's last word, the nearest last, and that word.

    >>> take_apart("customer.contacts[1].name")
    ((Group(word='customer', number=1), Group(word='contacts', number=2)), 'name')
    >>> take_apart("No.")
    ((), 'No.')
    """
    slashed = bool(_SLASHED.fullmatch(header)) and ("_" in header or "[" in header or header.count("/") > 1)
    *above, last = [step.strip() for step in (header.split("/") if slashed else _STEP.split(header))]
    if not last or not all(above):
        return (), header
    return tuple(map(Group.of, above)), last
