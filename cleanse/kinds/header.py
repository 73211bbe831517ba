"""Column headers: how one is normalised, and which field it names.

Synonyms stand in ``rules/lexicons/headers.tsv``; this module only looks up: exactly, by prefix (dBase cuts field names to
ten bytes), and by likeness.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from cleanse.model import Words

_NOISE = re.compile(r"[\s*＊_\-:：.。#\"'“”]+|[(（\[【][^)）\]】]*[)）\]】](?=[\s*＊]*$)")
LIKE = 88.0
PREFIX = 4
NEAR = 60.0


def normalize_header(text: str) -> str:
    """A header without width, case, spaces, stars, or a bracketed remark at its end.

    >>> normalize_header(" *客户 名称（必填）"), normalize_header("E-Mail")
    ('客户名称', 'email')
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    bare = _NOISE.sub("", folded).casefold()
    return bare or re.sub(r"\s+", "", folded).casefold()


@dataclass(frozen=True)
class Vocabulary:
    """Normalised synonym -> ``entity.field`` (or ``-`` for a column that is no data)."""

    synonyms: dict[str, str]
    order: dict[str, int]

    @classmethod
    def of(cls, words: Words) -> Vocabulary:
        """From the lexicon ``headers`` (rows of path, synonym); the first line that names a synonym counts."""
        synonyms: dict[str, str] = {}
        for path, *names in words.get("headers", ()):
            for name in names:
                synonyms.setdefault(normalize_header(name), path)
        return cls(synonyms, {name: at for at, name in enumerate(synonyms)})

    def rank(self, header: str) -> int:
        """Where a header's synonym stands in the lexicon: of two columns for one field the earlier word counts."""
        return self.order.get(normalize_header(header), len(self.order))

    def find(self, header: str) -> tuple[str, float, str]:
        """``(path, confidence, evidence)``; path is '' when no synonym is near enough."""
        name = normalize_header(header)
        if name in self.synonyms:
            return self.synonyms[name], 1.0, "synonym"
        if len(name) >= PREFIX:
            cut = {path for synonym, path in self.synonyms.items() if synonym.startswith(name)}
            if len(cut) == 1:
                return cut.pop(), 0.9, "prefix"
        if len(name) >= PREFIX:
            best = process.extractOne(name, sorted(self.synonyms), scorer=fuzz.ratio, score_cutoff=LIKE)
            if best:
                return self.synonyms[best[0]], best[1] / 100 * 0.9, f"like {best[0]}"
        return "", 0.0, ""

    def near(self, header: str) -> list[tuple[str, float]]:
        """Fields a header may name, with a likeness 0..1, the likest first; nothing below ``NEAR``."""
        name, best = normalize_header(header), dict[str, float]()
        for synonym, likeness, _ in process.extract(name, sorted(self.synonyms), scorer=fuzz.ratio, limit=20):
            path = self.synonyms[synonym]
            if likeness >= NEAR and path != "-":
                best[path] = max(best.get(path, 0.0), round(likeness / 100, 2))
        return sorted(best.items(), key=lambda found: (-found[1], found[0]))
