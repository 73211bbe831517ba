"""One table per corruption kind from the figures of several scores: ``by_kind.py SCORE.json ...`` (``score.py --json``)."""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

VERDICTS = ("right", "missed", "damaged", "guessed")


def summed(paths: Sequence[Path]) -> dict[str, Counter[str]]:
    """Counts of verdicts by ``field:kind`` over all scores."""
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        for name, counts in json.loads(path.read_text("utf-8"))["cells"]["by_kind"].items():
            total[name].update({verdict: counts[verdict] for verdict in VERDICTS})
    return dict(total)


def table(total: dict[str, Counter[str]]) -> str:
    """Markdown: the whole, then the worst kinds first, each with its fields."""
    whole: Counter[str] = Counter()
    lines = ["| field: kind | cells | right | missed | damaged | guessed |", "| --- | --- | --- | --- | --- | --- |"]
    rows = []
    for name, counts in total.items():
        whole.update(counts)
        cells = sum(counts.values())
        rows.append((counts["right"] / cells, name, _row(name, counts)))
    lines.append(_row("**all**", whole))
    return "\n".join(lines + [row for _, _, row in sorted(rows)])


def _row(name: str, counts: Counter[str]) -> str:
    cells = sum(counts.values())
    shown = [str(counts[v]) if counts[v] else "" for v in VERDICTS[1:]]
    return f"| {name} | {cells} | {100 * counts['right'] / cells:.2f} % | {' | '.join(shown)} |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("scores", type=Path, nargs="+")
    print(table(summed(parser.parse_args(argv).scores)))


if __name__ == "__main__":
    main()
