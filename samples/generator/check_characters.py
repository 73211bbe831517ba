"""Check characters of Chinese organizations' codes, so that invented codes are valid in form."""

from __future__ import annotations

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: without I, O, S, V, Z


def organization_check(body: str) -> str:
    """Check character of GB 11714 for eight characters."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(c, 36) * w for c, w in zip(body, weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def uscc_check(code: str) -> str:
    """Check character of GB 32100 for the first seventeen characters.

    >>> uscc_check("91350100M000100Y4")
    '3'
    """
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code))
    return USCC_ALPHABET[(31 - total % 31) % 31]
