"""Every number of the report, counted once from the frames of a run; a page, a file or a test only shows them.

Counts stand beside what they are counted of (``{"n": 98, "of": 100}``), never as a mixed score. No value of a person is
in here: examples are masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cleanse.codes import all_codes
from cleanse.model import Band, Exit, Severity
from cleanse.stages.quality_counts import (
    Facts,
    Json,
    change_counts,
    field_counts,
    issue_counts,
    one_per_cell,
    standing,
)

__all__ = ["Facts", "Unbalanced", "quality"]


class Unbalanced(AssertionError):
    """Rows were lost or invented: a fault of ours, never of the data."""


def quality(facts: Facts) -> Json:
    """The numbers of a run as one JSON-ready dictionary. Raises ``Unbalanced`` when rows in and rows out differ."""
    balance = _balance(facts)
    issues = one_per_cell(facts.issues)
    open_issues = standing(facts, issues)
    fields = field_counts(facts, issues, open_issues)
    found = {
        "project": dict(facts.project),
        "entities": [{"name": name, "label": dict(facts.entities[name].label)} for name in _roots_first(facts)],
        "headline": _headline(facts, open_issues),
        "files": _files(facts.files),
        "layout": _counted(facts.layout, ["source_file", "source_sheet", "kind"], "rows"),
        "losses": _plain(facts.losses.sort_values(["source_file", "source_sheet", "column"])),
        "mapping": [dict(m) for m in facts.mapping],
        "decided": [dict(d) for d in facts.decided],
        "balance": balance,
        "reasons": _reasons(facts.rows),
        "sources": _sources(facts, issues),
        "fields": fields,
        "changes": change_counts(facts),
        "issues": issue_counts(facts, issues, open_issues),
        "duplicates": {name: _duplicates(facts, name) for name in facts.matching},
        "preflight": _counted(facts.preflight, ["code", "severity"], "rows"),
        "trial": dict(facts.trial),
        "written": [dict(w) for w in facts.written],
        "dimensions": _dimensions(facts, fields),
    }
    return {**found, "codes": _codes(found)}


def share(n: int, of: int) -> Json:
    """A count and what it is counted of."""
    return {"n": int(n), "of": int(of)}


def _plain(table: pd.DataFrame) -> list[Json]:
    """The rows of a frame as dictionaries of plain Python values, missing as ''."""
    columns = {str(name): table[name].astype(object).where(table[name].notna(), "").tolist() for name in table}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _counted(table: pd.DataFrame, by: list[str], name: str) -> list[Json]:
    if table.empty:
        return []
    return _plain(table.groupby(by, observed=True, sort=True).size().rename(name).reset_index())


def _codes(found: Mapping[str, Any]) -> Json:
    """The sentences of every code that the numbers name, so that a reader needs nothing else."""
    named = {line["code"] for part in ("changes", "issues", "preflight", "reasons") for line in found[part]}
    named |= {line["why"] for line in found["losses"]} | {line["reason"] for line in found["files"]["list"]} - {""}
    known = all_codes()
    return {
        name: {"severity": known[name].severity, "text": dict(known[name].text), "cure": dict(known[name].cure)}
        for name in sorted(named) if name in known
    }  # fmt: skip


# -------------------------------------------------------------------------------------------------- rows in, rows out


def _balance(facts: Facts) -> Json:
    """Per entity: source rows and where they ended. Every row has exactly one exit, every record a row."""
    found = {}
    for name, records in facts.records.items():
        mine = facts.rows[facts.rows["entity"] == name]
        counts = {e.value: int((mine["exit"] == e).sum()) for e in Exit}
        held = mine.loc[mine["exit"] != Exit.EXCLUDED, "rid"]
        faults = {
            "a row has no exit or several": sum(counts.values()) != len(mine) or mine["rid"].duplicated().any(),
            "a record has no row": not records["rid"].isin(mine["rid"]).all() or not held.isin(records["rid"]).all(),
            "entities count different rows": len(mine) != facts.rows["rid"].nunique(),
        }
        for fault, there in faults.items():
            if there:
                raise Unbalanced(f"{name}: {fault}")
        found[name] = {"rows": len(mine), "records": len(records), "golden": len(facts.golden[name]), **counts}
    return found


def _reasons(rows: pd.DataFrame) -> list[Json]:
    """Why rows were parked or excluded; a row with several reasons counts for each."""
    told = rows.loc[rows["reason"].fillna("") != "", ["entity", "exit", "reason"]]
    return _counted(told.assign(code=told["reason"].str.split(";")).explode("code"), ["entity", "exit", "code"], "rows")


def _files(files: pd.DataFrame) -> Json:
    counts = {status: int((files["status"] == status).sum()) for status in ("read", "error", "ignored")}
    return {"counts": counts, "list": _plain(files.sort_values("source_file"))}


def _sources(facts: Facts, issues: pd.DataFrame) -> list[Json]:
    """The files side by side: rows, their exits as records of the main entity, cells changed, records with issues."""
    mine = facts.rows[facts.rows["entity"] == _root(facts)]
    table = pd.crosstab(mine["source_file"], mine["exit"]).reindex(columns=[e.value for e in Exit], fill_value=0)
    table.insert(0, "rows", table.sum(axis=1))
    table["changed"] = _by_file(facts.changes).reindex(table.index, fill_value=0)
    bad = issues[issues["severity"] != Severity.INFO].drop_duplicates("rid")
    file_of = mine.set_index("rid")["source_file"]
    table["with_issues"] = bad["rid"].map(file_of).value_counts().reindex(table.index, fill_value=0)
    return _plain(table.sort_index().rename_axis("source_file").reset_index())


def _by_file(changes: pd.DataFrame) -> pd.Series:
    return changes.loc[changes["stage"] == "normalize", "source_file"].value_counts()


def _root(facts: Facts) -> str:
    """The entity that refers to no other."""
    return _roots_first(facts)[0]


def _roots_first(facts: Facts) -> list[str]:
    return sorted(facts.entities, key=lambda name: bool(facts.entities[name].refers_to))


# --------------------------------------------------------------------------------------------------------- duplicates


def _duplicates(facts: Facts, name: str) -> Json:
    """Pairs by band, the histogram of scores with its cuts, sizes of groups, and groups that several owners share."""
    report = facts.matching[name]
    mine = facts.clusters[facts.clusters["entity"] == name]
    size = mine["cluster"].value_counts()
    sizes = size[size > 1].value_counts().sort_index()
    pairs = facts.pairs[facts.pairs["entity"] == name]
    told = ("candidates", "bands", "merge", "review", "histogram", "expected_precision")
    return {
        **{key: report.get(key) for key in told},
        "pairs": {band.value: int((pairs["band"] == band).sum()) for band in Band},
        "groups": int(sizes.sum()), "in_groups": int((sizes * sizes.index).sum()),
        "sizes": [{"size": int(s), "groups": int(n)} for s, n in sizes.items()],
        "skipped": sum(int(k.get("skipped", 0)) for k in report.get("keys") or []),
        "across_owners": _across_owners(facts, name, mine, pairs),
    }  # fmt: skip


def _across_owners(facts: Facts, name: str, clusters: pd.DataFrame, pairs: pd.DataFrame) -> Json:
    """撞单: groups merged, and pairs to review, whose records belong to different owners."""
    owner = next((n for n in facts.entities[name].stored if facts.entities[name].fields[n].kind == "owner"), "")
    if not owner:
        return {"groups": 0, "records": 0, "pairs": 0}
    of = facts.records[name].set_index("rid")[owner]
    shared = clusters.assign(owner=clusters["rid"].map(of)).groupby("cluster")["owner"].nunique()
    mixed = shared[shared > 1].index
    doubtful = pairs[pairs["band"] == Band.REVIEW]
    left, right = doubtful["left"].map(of), doubtful["right"].map(of)
    return {
        "groups": len(mixed), "records": int(clusters["cluster"].isin(mixed).sum()),
        "pairs": int((left.notna() & right.notna() & (left != right)).sum()),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------- headline, dimensions


def _headline(facts: Facts, open_issues: pd.DataFrame) -> Json:
    """Customers with no open issue, their own or of what belongs to them, no undecided duplicate, and not parked."""
    root = _root(facts)
    ids = facts.golden[root]["golden_id"]
    mine = facts.rows[facts.rows["entity"] == root]
    golden_of = mine.dropna(subset=["golden_id"]).set_index("rid")["golden_id"]
    undecided = facts.pairs[(facts.pairs["entity"] == root) & (facts.pairs["band"] == Band.REVIEW)]
    left, right = undecided["left"].map(golden_of), undecided["right"].map(golden_of)
    concerned = [
        open_issues["golden_id"], left[left != right], right[left != right],
        mine.loc[mine["exit"] == Exit.PARKED, "golden_id"],
    ]  # fmt: skip
    for name, entity in facts.entities.items():
        if entity.refers_to == root and name in facts.golden:
            children = facts.golden[name]
            concerned.append(children.loc[children["golden_id"].isin(open_issues["golden_id"]), f"{root}_id"])
    return share((~ids.isin(pd.concat(concerned))).sum(), len(ids))


def _dimensions(facts: Facts, fields: Sequence[Json]) -> Json:
    """The six of GB/T 36344, each as counts before and after; None where there is nothing to count."""
    needed = [f for f in fields if f["required"]]
    dates = [f for f in fields if f["kind"] == "date"]
    records, golden = (sum(len(t) for t in frames.values()) for frames in (facts.records, facts.golden))
    counts = facts.files["status"].value_counts()
    read = int(counts.get("read", 0))
    trial = facts.trial
    return {
        "conformity": _both(fields, "valid", "filled"),
        "completeness": _both(needed, "filled", "of"),
        "uniqueness": {"before": share(golden, records), "after": share(golden, golden)},
        "accuracy": {
            "before": None, "after": share(trial["n"] - trial["errors"], trial["n"]) if "n" in trial else None,
        },
        "consistency": _agreement(facts),
        "timeliness": _both(dates, "valid", "filled"),
        "accessibility": {"before": None, "after": share(read, read + int(counts.get("error", 0)))},
    }  # fmt: skip


def _both(fields: Sequence[Json], n: str, of: str) -> Json:
    return {
        when: share(sum(f[when][n] for f in fields), sum(f[when][of] for f in fields)) for when in ("before", "after")
    }


def _agreement(facts: Facts) -> Json:
    """Values that several records of one customer give, and those of them on which all agree; one is kept of each."""
    agree = several = 0
    for name, records in facts.records.items():
        mine = facts.clusters[facts.clusters["entity"] == name]
        cluster = mine.loc[mine["cluster"].duplicated(keep=False)].set_index("rid")["cluster"]
        table = records[records["rid"].isin(cluster.index)]
        by = table["rid"].map(cluster)
        for field_name in facts.entities[name].stored:
            if facts.entities[name].fields[field_name].survivor == "join":
                continue
            groups = table[field_name].groupby(by)
            asked = groups.count() > 1
            several += int(asked.sum())
            agree += int((asked & (groups.nunique() == 1)).sum())
    return {"before": share(agree, several), "after": share(several, several)}
