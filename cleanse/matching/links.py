"""What linking the records of one entity gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Links:
    """``pairs``: those to merge, to review and related, with their reasons; ``clusters``: cluster (smallest rid) of
    every rid; ``report``: counts, cuts, histogram, keys, weights, what the model expects of itself, warnings;
    ``suggested``: clusters as they would be if every doubtful group were confirmed; ``model``: what was learnt."""

    pairs: pd.DataFrame
    clusters: pd.DataFrame
    report: dict[str, Any]
    suggested: pd.DataFrame | None = None
    model: dict[str, Any] | None = None
