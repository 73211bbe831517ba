"""Which things hang together by pairs."""

from __future__ import annotations

import numpy as np


def components(size: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The smallest member of the component of each of ``size`` things, which pairs (left, right) join.

    >>> components(4, np.array([0, 3]), np.array([1, 1])).tolist()
    [0, 0, 2, 0]
    """
    label = np.arange(size)
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, left, label[right])
        np.minimum.at(lowest, right, label[left])
        lowest = lowest[lowest]
        if (lowest == label).all():
            return label
        label = lowest
