"""Check characters of many codes at once: the weighted sum of their characters, modulo what the standard says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa


def weighted(codes: pa.Array, alphabet: str, weights: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The characters of codes of one length as a table of bytes, and the weighted sum of each code.

    ``alphabet``: a character counts what its place in it says. ``weights``: one per character from the left; the rest of
    a code (its check character) does not count.

    >>> weighted(pa.array(["12X", "305"]), "0123456789X", (7, 9))[1].tolist()
    [25, 21]
    """
    values = np.zeros(256, dtype=np.int64)
    values[[ord(c) for c in alphabet]] = np.arange(len(alphabet))
    joined = "".join(codes.to_pylist()).encode()
    letters = (
        np.frombuffer(joined, dtype=np.uint8).reshape(len(codes), -1) if len(codes) else np.zeros((0, 99), np.uint8)
    )
    return letters, values[letters[:, : len(weights)]] @ np.asarray(weights, dtype=np.int64)
