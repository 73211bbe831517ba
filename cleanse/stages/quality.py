"""Every number of the report, counted once from the frames of a run; a page, a file or a test only shows them.

Counts stand beside what they are counted of (``{"n": 98, "of": 100}``), never as a mixed score. No value of a person is
in here: examples are masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.codes import Code
from cleanse.model import NO_OBJECT, Band, Entity, Exit, Severity
from cleanse.stages.quality_counts import (
    Facts,
    Json,
    Masker,
    Places,
    change_counts,
    coded,
    field_counts,
    first_changes,
    issue_counts,
    one_per_cell,
    places,
    standing,
)
from cleanse.stages.trial import lower_bound

__all__ = ["Facts", "Unbalanced", "quality"]
QUEUES = ("merged", "review", "related")


class Unbalanced(AssertionError):
    """Rows were lost or invented: a fault of ours, never of the data."""


def quality(facts: Facts) -> Json:
    """The numbers of a run as one JSON-ready dictionary. Raises ``Unbalanced`` when rows in and rows out differ."""
    told = facts.rows[["rid", "exit", "reason", "source_file"]]
    rows = {name: told[facts.rows["entity"] == name] for name in facts.records}
    balance = _balance(facts, rows)
    where, mask = places(facts), Masker(facts.masks, facts.golden)
    issues = one_per_cell(facts.issues)
    open_issues = standing(where, issues)
    changes = coded(facts.changes, ["stage", "code", "entity", "field"])
    fields = field_counts(where, first_changes(changes, facts.mapping), issues, open_issues)
    found = {
        "project": dict(facts.project),
        "entities": [_words(facts.entities[name]) for name in _roots_first(facts)],
        "headline": _headline(facts, where, rows, open_issues),
        "verdict": _verdict(facts),
        "files": _files(facts.files),
        "layout": _counted(facts.layout, ["source_file", "source_sheet", "kind"], "rows"),
        "losses": _plain(facts.losses.sort_values(["source_file", "source_sheet", "column"])),
        "mapping": [dict(m) for m in facts.mapping],
        "notes": [dict(n) for n in facts.notes],
        "decided": [dict(d) for d in facts.decided],
        "balance": balance,
        "reasons": _reasons(facts.rows),
        "sources": _sources(facts, rows, issues),
        "fields": fields,
        "changes": change_counts(changes, mask),
        "issues": issue_counts(facts, issues, open_issues, mask),
        "review": dict(facts.review),
        "duplicates": {name: _duplicates(facts, name) for name in facts.matching},
        "existing": dict(facts.existing),
        "preflight": _preflight(facts.preflight),
        "target_losses": _plain(facts.target_losses),
        "trial": dict(facts.trial),
        "written": [dict(w) for w in facts.written],
        "dimensions": _dimensions(facts, where, fields),
    }
    return {**found, "codes": _codes(found, facts.codes)}


def share(n: int, of: int) -> Json:
    """A count and what it is counted of."""
    return {"n": int(n), "of": int(of)}


def _words(entity: Entity) -> Json:
    """What people call an entity and its fields."""
    fields = {name: dict(field.label) for name, field in entity.fields.items()}
    return {"name": entity.name, "label": dict(entity.label), "fields": fields}


def _plain(table: pd.DataFrame) -> list[Json]:
    """The rows of a frame as dictionaries of plain Python values, missing as ''."""
    columns = {str(name): table[name].astype(object).where(table[name].notna(), "").tolist() for name in table}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _counted(table: pd.DataFrame, by: list[str], name: str) -> list[Json]:
    if table.empty:
        return []
    return _plain(table.groupby(by, observed=True, sort=True).size().rename(name).reset_index())


def _preflight(lines: pd.DataFrame) -> list[Json]:
    """Findings by code; what is said of the target itself and of no row, such as rules of it that are not known, by its
    notes."""
    of_target = lines[lines["rid"] < 0] if len(lines) else lines
    notes = (
        {code: list(dict.fromkeys(n for n in told if n)) for code, told in of_target.groupby("code")["note"]}
        if len(of_target)
        else {}
    )
    return [{**line, "notes": notes.get(line["code"], [])} for line in _counted(lines, ["code", "severity"], "rows")]


def _codes(found: Mapping[str, Any], known: Mapping[str, Code]) -> Json:
    """The sentences of every code that the numbers name, so that a reader needs nothing else."""
    named = {line["code"] for part in ("changes", "issues", "notes", "preflight", "reasons") for line in found[part]}
    named |= {line["doubt"] for line in found["decided"]} | set(found["trial"].get("strata", ()))
    named |= {line["why"] for line in found["losses"]} | {line["reason"] for line in found["files"]["list"]} - {""}
    return {
        name: {"severity": known[name].severity, "text": dict(known[name].text), "cure": dict(known[name].cure)}
        for name in sorted(named) if name in known
    }  # fmt: skip


def _verdict(facts: Facts) -> Json:
    """May it be loaded: only when there is something, the trial accepts and the check of the files found no error. ``reasons`` say what
    stands against it; what stays behind is named in ``but``: the rest may go without it."""
    errors = len(facts.preflight) > 0 and bool((facts.preflight["severity"] == Severity.ERROR).any())
    result = str(facts.trial.get("result", "none"))
    nothing = not (facts.rows["exit"] == Exit.MIGRATED).any()
    against = {"nothing_to_load": nothing, "preflight_errors": errors, f"trial_{result}": result != "accept"}
    but = {
        "unreadable_files": bool((facts.files["status"] == "error").any()),
        "parked_rows": bool((facts.rows["exit"] == Exit.PARKED).any()),
        "no_object": bool((facts.rows["reason"] == NO_OBJECT).any()),
    }
    return {
        "may_load": not any(against.values()),
        "reasons": [name for name, there in against.items() if there],
        "but": [name for name, there in but.items() if there],
    }


# -------------------------------------------------------------------------------------------------- rows in, rows out


def _balance(facts: Facts, rows: Mapping[str, pd.DataFrame]) -> Json:
    """Per entity: source rows and where they ended. Every row read has exactly one exit, every record a row."""
    found, sources = {}, facts.rows["rid"].nunique()
    _account_of_files(facts)
    for name, records in facts.records.items():
        mine = rows[name]
        number = mine["exit"].value_counts()
        counts = {e.value: int(number.get(e.value, 0)) for e in Exit}
        empty = (mine["exit"] == Exit.EXCLUDED) & (mine["reason"] != NO_OBJECT)
        kept = mine.loc[~empty, "rid"].to_numpy(dtype=np.int64)
        faults = {
            "a row has no exit or several": sum(counts.values()) != len(mine) or mine["rid"].duplicated().any(),
            "records and rows that hold one differ": not np.array_equal(np.sort(kept), np.sort(records["rid"])),
            "entities count different rows": len(mine) != sources,
        }
        for fault, there in faults.items():
            if there:
                raise Unbalanced(f"{name}: {fault}")
        found[name] = {"rows": len(mine), "records": len(records), "golden": len(facts.golden[name]), **counts}
    return found


def _account_of_files(facts: Facts) -> None:
    """As many rows end somewhere as were read from each file."""
    read = facts.files.loc[facts.files["rows"] > 0].set_index("source_file")["rows"].astype(int).to_dict()
    ended = facts.rows.drop_duplicates("rid")["source_file"].value_counts().to_dict()
    for name in sorted(read.keys() | ended.keys()):
        if read.get(name, 0) != ended.get(name, 0):
            raise Unbalanced(f"{name}: {read.get(name, 0)} rows read, {ended.get(name, 0)} accounted for")


def _reasons(rows: pd.DataFrame) -> list[Json]:
    """Why rows were parked or excluded; a row with several reasons counts for each."""
    told = rows.groupby(["entity", "exit", "reason"], observed=True).size().rename("rows").reset_index()
    told = told.assign(code=told["reason"].str.split(";")).explode("code")
    by = ["entity", "exit", "code"]
    return _plain(told[told["code"] != ""].groupby(by, observed=True, sort=True)["rows"].sum().reset_index())


def _files(files: pd.DataFrame) -> Json:
    counts = {status: int((files["status"] == status).sum()) for status in ("read", "error", "ignored")}
    return {"counts": counts, "list": _plain(files.sort_values("source_file"))}


def _sources(facts: Facts, rows: Mapping[str, pd.DataFrame], issues: pd.DataFrame) -> list[Json]:
    """The files side by side: rows, their exits as records of the main entity, cells changed, rows with issues."""
    mine = rows[_root(facts)]
    exits = mine.groupby(["source_file", "exit"], observed=True).size().unstack(fill_value=0)
    table = exits.reindex(columns=[e.value for e in Exit], fill_value=0).astype(int)
    table.insert(0, "rows", table.sum(axis=1))
    changed = facts.changes.loc[facts.changes["stage"] == "normalize", "source_file"].value_counts()
    bad = mine["rid"].isin(issues.loc[issues["severity"] != Severity.INFO, "rid"].unique())
    for name, counts in (("changed", changed), ("with_issues", mine.loc[bad, "source_file"].value_counts())):
        table[name] = counts.reindex(table.index, fill_value=0).astype(int)
    return _plain(table.sort_index().rename_axis("source_file").reset_index())


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
        "queues": [_queue(facts.queues[name], queue) for queue in QUEUES] if name in facts.queues else [],
        "said": dict(facts.queues.get(name, {}).get("said", {})),
    }  # fmt: skip


def _queue(told: Mapping[str, Any], name: str) -> Json:
    """A queue, groups that several owners share apart from the others; and what the groups drawn from it by chance, as far
    as people have judged them, say of it: the share that is one customer, with exact one-sided bounds at 95 %."""
    held = told["sheets"][name]
    judged, one = held["judged"], held["one"]
    return {
        "queue": name, **held, "within_one_owner": held["groups"] - held["across_owners"],
        "share": round(one / judged, 4) if judged else None,
        "at_least": round(lower_bound(judged - one, judged), 4) if judged else None,
        "at_most": round(1 - lower_bound(one, judged), 4) if judged else None,
    }  # fmt: skip


def _across_owners(facts: Facts, name: str, clusters: pd.DataFrame, pairs: pd.DataFrame) -> Json:
    """撞单: groups merged, and pairs to review, whose records belong to different owners."""
    owner = next((n for n in facts.entities[name].stored if facts.entities[name].fields[n].kind == "owner"), "")
    if not owner:
        return {"groups": 0, "records": 0, "pairs": 0}
    of = pd.Series(pd.factorize(facts.records[name][owner])[0], index=facts.records[name]["rid"])
    many = clusters[clusters["cluster"].duplicated(keep=False)]
    owners = many.assign(owner=many["rid"].map(of)).query("owner >= 0").drop_duplicates(["cluster", "owner"])["cluster"]
    mixed = owners[owners.duplicated()].unique()
    doubtful = pairs[pairs["band"] == Band.REVIEW]
    left, right = doubtful["left"].map(of).to_numpy(), doubtful["right"].map(of).to_numpy()
    return {
        "groups": len(mixed), "records": int(many["cluster"].isin(mixed).sum()),
        "pairs": int(((left >= 0) & (right >= 0) & (left != right)).sum()),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------- headline, dimensions


def _headline(
    facts: Facts, where: Mapping[str, Places], rows: Mapping[str, pd.DataFrame], open_issues: pd.DataFrame
) -> Json:
    """Customers with no open issue, their own or of what belongs to them, no undecided duplicate, and not parked."""
    root = _root(facts)
    place, mine = where[root], rows[root]
    undecided = facts.pairs[(facts.pairs["entity"] == root) & (facts.pairs["band"] == Band.REVIEW)]
    left, right = (place.home[undecided[side].to_numpy(dtype=np.int64)] for side in ("left", "right"))
    parked = place.home[mine.loc[mine["exit"] == Exit.PARKED, "rid"].to_numpy(dtype=np.int64)]
    concerned = [left[left != right], right[left != right], parked]
    for name, other in where.items():
        homes = open_issues.loc[open_issues["entity"] == name, "home"].unique()
        if name == root:
            concerned.append(homes)
        elif other.entity.refers_to == root:
            parents = other.golden[f"{root}_id"].iloc[homes].dropna()
            concerned.append(pd.Index(place.golden["golden_id"]).get_indexer(parents))
    touched = np.concatenate(concerned).astype(np.int64)
    of = len(place.golden)
    return share(of - len(np.unique(touched[touched >= 0])), of)


def _dimensions(facts: Facts, where: Mapping[str, Places], fields: Sequence[Json]) -> Json:
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
        "uniqueness": {"before": share(golden, records), "after": share(golden - _doubtful(facts, where), golden)},
        "accuracy": {
            "before": None, "after": share(trial["n"] - trial["errors"], trial["n"]) if "n" in trial else None,
        },
        "consistency": _agreement(facts, where),
        "timeliness": _both(dates, "valid", "filled"),
        "accessibility": {"before": None, "after": share(read, read + int(counts.get("error", 0)))},
    }  # fmt: skip


def _doubtful(facts: Facts, where: Mapping[str, Places]) -> int:
    """Golden records that may repeat another: of every undecided pair one."""
    pairs = facts.pairs[facts.pairs["band"] == Band.REVIEW]
    count = 0
    for name, place in where.items():
        mine = pairs[pairs["entity"] == name]
        left, right = (place.home[mine[side].to_numpy(dtype=np.int64)] for side in ("left", "right"))
        count += len(np.unique(np.maximum(left, right)[left != right]))
    return count


def _both(fields: Sequence[Json], n: str, of: str) -> Json:
    return {
        when: share(sum(f[when][n] for f in fields), sum(f[when][of] for f in fields)) for when in ("before", "after")
    }


def _agreement(facts: Facts, where: Mapping[str, Places]) -> Json:
    """Values that several records of one customer give, and those of them on which all agree. Nothing is counted
    after: of each one value is kept."""
    agree = several = 0
    for name, place in where.items():
        mine = facts.clusters.loc[facts.clusters["entity"] == name, ["rid", "cluster"]]
        mine = mine[mine["cluster"].duplicated(keep=False)].sort_values("cluster", kind="stable")
        table = place.records.iloc[place.row[mine["rid"].to_numpy(dtype=np.int64)]]
        for field_name in place.entity.stored:
            if place.entity.fields[field_name].survivor == "join":
                continue
            given = table[field_name].notna().to_numpy()
            cluster, text = mine["cluster"].to_numpy()[given], pc.drop_null(pa.array(table[field_name], pa.string()))
            follows = cluster[1:] == cluster[:-1]
            differs = follows & pc.not_equal(text[1:], text[:-1]).to_numpy(zero_copy_only=False)
            asked, split = (_distinct(cluster[1:][which]) for which in (follows, differs))
            several, agree = several + asked, agree + asked - split
    return {"before": share(agree, several), "after": None}


def _distinct(ascending: np.ndarray) -> int:
    """How many different numbers, when equal ones stand together."""
    return int((ascending[1:] != ascending[:-1]).sum()) + bool(len(ascending))
