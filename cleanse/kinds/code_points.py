"""Many texts as one array of characters, and the words of a lexicon found in all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

_NEWLINE = 10
_CHARACTERS = 0x110000


@dataclass(frozen=True)
class Texts:
    """Cuts of one array of characters: text number i is ``points[start[i] : end[i]]``."""

    points: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @classmethod
    def of(cls, lines: str) -> Texts:
        """The lines of a text.

        >>> Texts.of("一\\n\\n二三").array().to_pylist()
        ['一', '', '二三']
        """
        points = np.frombuffer(f"{lines}\n".encode("utf-32-le"), dtype=np.uint32)
        end = np.flatnonzero(points == _NEWLINE)
        return cls(points, np.append(0, end[:-1] + 1), end)

    @property
    def size(self) -> np.ndarray:
        return self.end - self.start

    def take(self, at: np.ndarray) -> Texts:
        return replace(self, start=self.start[at], end=self.end[at])

    def but(self, at: np.ndarray, texts: Sequence[str]) -> Texts:
        """The same with other texts at these places."""
        if not len(at):
            return self
        other = Texts.of("\n".join(texts))
        start, end = self.start.copy(), self.end.copy()
        start[at], end[at] = other.start + len(self.points), other.end + len(self.points)
        return Texts(np.concatenate([self.points, other.points]), start, end)

    def hold(self, characters: Iterable[str]) -> np.ndarray:
        """Which texts hold one of these characters."""
        wanted = np.zeros(_CHARACTERS, dtype=bool)
        wanted[[ord(c) for c in characters]] = True
        before = np.zeros(len(self.points) + 1, dtype=np.int32)
        np.cumsum(wanted[self.points], out=before[1:])
        return before[self.end] > before[self.start]

    def array(self) -> pa.Array:
        size = self.size
        bounds = np.append(0, np.cumsum(size))
        points = self.points[np.repeat(self.start - bounds[:-1], size) + np.arange(bounds[-1])]
        width = 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)
        offsets = np.append(0, np.cumsum(width, dtype=np.int64))[bounds]
        data = points.tobytes().decode("utf-32-le").encode()
        return pa.LargeStringArray.from_buffers(len(size), pa.py_buffer(offsets), pa.py_buffer(data))

    def list(self) -> list[str]:
        return self.array().to_pylist()


class Trie:
    """The words of a lexicon, from their first character on or ``backward`` from their last; each with a number."""

    def __init__(self, words: Iterable[tuple[str, int]], backward: bool = False) -> None:
        self.backward = backward
        nodes: dict[tuple[int, str], int] = {}
        word_of: dict[int, int] = {}
        for word, number in words:
            node = 0
            for character in reversed(word) if backward else word:
                node = nodes.setdefault((node, character), len(nodes) + 1)
            word_of.setdefault(node, number)
        letters = {c: n for n, c in enumerate(sorted({c for _, c in nodes}), 1)}
        self._letter = np.zeros(_CHARACTERS, dtype=np.uint16)
        self._letter[[ord(c) for c in letters]] = list(letters.values())
        self._next = np.zeros((len(nodes) + 1, len(letters) + 1), dtype=np.int32)
        for (node, character), to in nodes.items():
            self._next[node, letters[character]] = to
        self._word = np.array([word_of.get(node, -1) if node else -1 for node in range(len(nodes) + 1)], dtype=np.int32)

    def walk(self, texts: Texts) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Words at the front of the texts, or at their end if backward, the shorter ones first: their length, in which
        texts, and which word in each."""
        size, live, length = texts.size, np.arange(len(texts.start)), 0
        node = np.zeros(len(live), dtype=np.int32)
        while len(live):
            inside = size[live] > length
            live, node = live[inside], node[inside]
            at = texts.end[live] - length - 1 if self.backward else texts.start[live] + length
            node, length = self._next[node, self._letter[texts.points[at]]], length + 1
            live, node = live[node > 0], node[node > 0]
            word = self._word[node]
            if len(found := np.flatnonzero(word >= 0)):
                yield length, live[found], word[found]

    def longest(self, texts: Texts) -> tuple[np.ndarray, np.ndarray]:
        """Length and number of the longest word of each text; 0 and -1 where there is none."""
        size, number = (np.full(len(texts.start), empty, dtype=np.int64) for empty in (0, -1))
        for length, at, word in self.walk(texts):
            size[at], number[at] = length, word
        return size, number
