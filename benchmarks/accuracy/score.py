"""Compares a run with the truth: ``score.py TRUTH RUN`` (a run folder, or the folder of runs with its ``latest``).

Rows kept, files judged, cells right, duplicates found. Ends with 1 when a bar is missed. A right value that was changed
or a value that was made up counts as damage, apart from a miss.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from cells import DAMAGED, GUESSED, MISSED, RIGHT, Judged, judge_all
from truth import ENTITIES, Address, Run, Truth, read_run, read_truth

EXPECTED_STATUS = {"read": "read", "error": "error", "ignore": "ignored"}
ROW_FAULTS = ("lost", "doubled", "invented", "parked")
PAIR_FAULTS = ("missed", "wrong", "near_miss_merged")
VERDICTS = (RIGHT, MISSED, DAMAGED, GUESSED)


def score(truth: Truth, run: Run) -> tuple[dict[str, Any], list[Judged]]:
    """All figures as plain data, and the judged cells."""
    cells = list(judge_all(truth, run))
    figures = {
        "rows": score_rows(truth, run),
        "files": score_files(truth, run),
        "cells": score_cells(cells),
        "pairs": score_pairs(truth, run),
    }
    figures["bars"] = bars(figures)
    return figures, cells


def score_rows(truth: Truth, run: Run) -> dict[str, Any]:
    """Every data row of the truth once per entity, no other row, and no good customer left out.

    ``lost`` and ``invented`` list what is wrong; ``parked`` the parked customers that had a name and a contact.
    """
    figures: dict[str, Any] = {"data_rows": len(truth.records), "lost": [], "doubled": [], "invented": [], "parked": []}
    keys = ("source_file", "source_sheet", "source_row")
    for entity in sorted({*ENTITIES, *run.rows["entity"]}):
        lines = run.rows[run.rows["entity"] == entity]
        seen = Counter((f, s or "", int(r)) for f, s, r in zip(*(lines[k] for k in keys), strict=True))
        figures["lost"] += [[entity, *a] for a in truth.records if a not in seen]
        figures["doubled"] += [[entity, *a] for a, n in seen.items() if n > 1]
        figures["invented"] += [[entity, *a, truth.layout.get(a, "")] for a in seen if a not in truth.records]
    for address, (ending, _) in _endings(run).items():
        record = truth.records.get(address)
        if record and not record.get("reject_ok"):
            if ending == "excluded":
                figures["lost"].append(["customer", *address, "excluded"])
            elif ending == "parked":
                figures["parked"].append(["customer", *address])
    return figures


def score_files(truth: Truth, run: Run) -> dict[str, Any]:
    """Files whose status is not the expected one, as [file, expected, found]."""
    wrong = []
    for name in sorted({*truth.files, *run.files}):
        expected = EXPECTED_STATUS[truth.files[name]["expect"]] if name in truth.files else "not there"
        found = run.files.get(name, "not listed")
        if found != expected:
            wrong.append([name, expected, found])
    return {"files": len(truth.files), "wrong": wrong}


def score_cells(cells: Sequence[Judged]) -> dict[str, Any]:
    """Counts of verdicts: over all, over the cells that needed repair, per field, and per field and corruption."""
    total, dirty = (
        Counter(c.verdict for c in cells),
        Counter(c.verdict for c in cells if c.kind not in ("clean", "blank", "not_given")),
    )
    by_field: dict[str, Counter[str]] = defaultdict(Counter)
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        by_field[cell.field][cell.verdict] += 1
        by_kind[f"{cell.field}:{cell.kind}"][cell.verdict] += 1
    return {
        "all": _counts(total),
        "dirty": _counts(dirty),
        "by_field": {name: _counts(by_field[name]) for name in sorted(by_field)},
        "by_kind": {name: _counts(by_kind[name]) for name in sorted(by_kind)},
    }


def score_pairs(truth: Truth, run: Run) -> dict[str, Any]:
    """Row pairs that share a golden customer against row pairs of one true customer, near misses, pairs by band."""
    entity_of = {address: record["entity"] for address, record in truth.records.items()}
    wanted = _pairs_of(entity_of)
    golden = {a: g for a, (_, g) in _endings(run).items() if g and a in entity_of}
    found = _pairs_of(golden)
    right = len(wanted & found)
    precision = right / len(found) if found else 1.0
    recall = right / len(wanted) if wanted else 1.0
    near = {frozenset((n["a"], n["b"])): n["kind"] for n in truth.near_miss}
    merged = [[near[key], *sorted(map(list, pair))] for pair in found if (key := _entities(pair, entity_of)) in near]
    return {
        "true_pairs": len(wanted),
        "found_pairs": len(found),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0,
        "missed": sorted(
            [truth.records[a]["variant"], truth.records[b]["variant"], list(a), list(b)]
            for a, b in map(sorted, wanted - found)
        ),
        "wrong": sorted(sorted(map(list, pair)) for pair in found - wanted),
        "near_miss_merged": sorted(merged),
        "bands": _bands(run, entity_of, near, wanted),
    }


def bars(figures: dict[str, Any]) -> dict[str, bool]:
    """What must hold, by name."""
    rows, cells, pairs = figures["rows"], figures["cells"]["all"], figures["pairs"]
    return {
        "0 rows lost, doubled or invented": not (rows["lost"] or rows["doubled"] or rows["invented"]),
        "every file judged as expected": not figures["files"]["wrong"],
        "at least 98 % of the cells right": cells["share"] >= 0.98,
        "0 cells damaged": cells[DAMAGED] == 0,
        "0 ambiguous cells guessed": cells[GUESSED] == 0,
        "F1 of pairs at least 0.95": pairs["f1"] >= 0.95,
        "no near-miss pair merged": not pairs["near_miss_merged"],
    }


def _counts(counter: Counter[str]) -> dict[str, Any]:
    cells = sum(counter.values())
    return {"cells": cells, **{v: counter[v] for v in VERDICTS}, "share": counter[RIGHT] / cells if cells else 1.0}


def _endings(run: Run) -> dict[Address, tuple[str, str]]:
    """Exit and golden id of every customer row."""
    lines = run.rows[run.rows["entity"] == "customer"]
    columns = (
        lines[c].astype(object).where(lines[c].notna(), "")
        for c in ("source_file", "source_sheet", "source_row", "exit", "golden_id")
    )
    return {(f, s, int(r)): (str(e), str(g)) for f, s, r, e, g in zip(*columns, strict=True)}


def _pairs_of(group_of: dict[Address, str]) -> set[frozenset[Address]]:
    groups: dict[str, list[Address]] = defaultdict(list)
    for address, group in group_of.items():
        groups[group].append(address)
    return {frozenset(pair) for members in groups.values() for pair in combinations(members, 2)}


def _entities(pair: frozenset[Address], entity_of: dict[Address, str]) -> frozenset[str]:
    return frozenset(entity_of[a] for a in pair)


def _bands(
    run: Run, entity_of: dict[Address, str], near: dict[frozenset[str], str], wanted: set[frozenset[Address]]
) -> dict[str, dict[str, int]]:
    """Compared customer pairs by band: of one true customer, near misses, others; true pairs without a line."""
    if run.pairs.empty:
        return {}
    at = {record["rid"]: address for address, record in run.records["customer"].items()}
    bands: dict[str, Counter[str]] = defaultdict(Counter)
    seen = set()
    lines = run.pairs[run.pairs["entity"] == "customer"]
    for left, right, band in zip(lines["left"], lines["right"], lines["band"], strict=True):
        pair = frozenset(at[str(rid)] for rid in (left, right) if str(rid) in at)
        seen.add(pair)
        true, close = pair in wanted, pair <= entity_of.keys() and _entities(pair, entity_of) in near
        bands[str(band)]["same" if true else "near_miss" if close else "other"] += 1
    bands["not listed"]["same"] = len(wanted - seen)
    return {name: dict(sorted(bands[name].items())) for name in sorted(bands)}


def table(figures: dict[str, Any], cells: Sequence[Judged], examples: int) -> str:
    """The figures for a person."""
    rows, files, pairs = figures["rows"], figures["files"], figures["pairs"]
    lines = [f"rows      {rows['data_rows']} data rows: " + ", ".join(f"{len(rows[k])} {k}" for k in ROW_FAULTS)]
    lines += [f"          {what}: {row}" for what in ROW_FAULTS for row in rows[what][:examples]]
    lines.append(f"files     {files['files']}, {len(files['wrong'])} judged otherwise")
    lines += [f"          {name}: expected {expected}, found {found}" for name, expected, found in files["wrong"]]
    for what in ("all", "dirty"):
        lines.append(f"cells     {what:<6}" + _verdicts(figures["cells"][what]))
    lines += [f"          {name:<30}" + _verdicts(c) for name, c in figures["cells"]["by_field"].items()]
    worst = [(name, c) for name, c in figures["cells"]["by_kind"].items() if c[RIGHT] < c["cells"]]
    worst.sort(key=lambda item: (-item[1][DAMAGED] - item[1][GUESSED], -item[1][MISSED], item[0]))
    lines.append("not all right, by corruption")
    for name, counts in worst:
        lines.append(f"          {name:<30}" + _verdicts(counts))
        bad = [c for c in cells if f"{c.field}:{c.kind}" == name and c.verdict != RIGHT]
        lines += [
            f"            {c.verdict}: {c.raw[:60]!r} -> {c.got[:60]!r}, wanted {c.wanted[:60]!r} "
            f"({c.address[0]} {c.address[1]} {c.address[2]})"
            for c in bad[:examples]
        ]
    lines.append(
        f"pairs     {pairs['true_pairs']} true, {pairs['found_pairs']} found: precision {pairs['precision']:.3f}, "
        f"recall {pairs['recall']:.3f}, F1 {pairs['f1']:.3f}; {len(pairs['near_miss_merged'])} near-miss pairs merged"
    )
    lines += [f"          {what}: {pair}" for what in PAIR_FAULTS for pair in pairs[what][:examples]]
    lines += [f"          band {band:<14}{counts}" for band, counts in pairs["bands"].items()]
    lines += [f"{'ok    ' if held else 'MISSED'}    {name}" for name, held in figures["bars"].items()]
    return "\n".join(lines)


def _verdicts(counts: dict[str, Any]) -> str:
    return f"{counts['cells']:>6} cells {100 * counts['share']:6.2f} % right" + "".join(
        f", {counts[v]} {v}" for v in (MISSED, DAMAGED, GUESSED) if counts[v]
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("truth", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--examples", type=int, default=2, help="how many examples of each fault to print")
    given = parser.parse_args(argv)
    figures, cells = score(read_truth(given.truth), read_run(given.run))
    print(table(figures, cells, given.examples))
    if given.json:
        given.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if all(figures["bars"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
