"""What may be loaded: the plan of a run, approved by a person, for exactly the inputs, rules, decisions and version it was
made of and its trial was passed with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cleanse import __version__, readers
from cleanse.errors import ApprovalError, UsageError
from cleanse.flow import held
from cleanse.flow.existing import existing_digests, read_existing
from cleanse.flow.remembering import remember
from cleanse.model import Exit
from cleanse.project import DECISIONS, Project
from cleanse.review import decisions as review_decisions
from cleanse.runs import audit, ids
from cleanse.runs.folder import find_run
from cleanse.stages import conform

APPROVAL = "approval.json"
BOUND = ("version", "target", "today", "inputs", "existing", "rules", "decisions", "trial")
PLAN = ("golden/", "migration/", "ledger/rows.parquet")  # of the outputs: what the plan is made of


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """One digest over everything an approval is bound to."""
    outputs = {name: digest for name, digest in manifest["outputs"].items() if name.startswith(PLAN)}
    text = json.dumps([[manifest.get(key) for key in BOUND], outputs], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def conformed(project: Project, folder: Path) -> conform.Conformed:
    """What a run wrote for import, made again from its golden records. Raises UsageError where an export of the target is
    another than the run compared with."""
    if changed := [*_changed_existing(project, _manifest(folder))]:
        raise UsageError(
            f"the export of {', '.join(changed)} is no longer the one the run compared with", where=str(folder),
            cure="put the old export back, or `cleanse run` again",
        )  # fmt: skip
    rows = pd.read_parquet(folder / "ledger" / "rows.parquet")
    stays = rows["reason"].isin(["target_exists", "target_known"])
    going = rows.loc[(rows["exit"] == Exit.MIGRATED) | stays, ["entity", "golden_id"]]
    golden = {}
    for name in project.entities:
        table = pd.read_parquet(folder / "golden" / f"{name}.parquet")
        mine = going.loc[going["entity"] == name, "golden_id"]
        golden[name] = table[table["golden_id"].isin(mine)].reset_index(drop=True)
    return conform.conform(golden, project.profile, held.there_again(read_existing(project), folder))


def keyed(made: conform.Conformed) -> dict[str, pd.DataFrame]:
    """Of what was written, what goes by our key: object name -> text by golden_id. What goes by the target's own id goes by
    file alone: under our key it would be there twice."""
    return {n: t.drop(made.ids[n].index) if n in made.ids else t for n, t in made.tables.items()}


def approve(project: Project, run: str, who: str) -> dict[str, Any]:
    """Approve a run's plan (``latest`` by default) and write ``approval.json`` into its folder; returns what was written.

    Raises ApprovalError where the trial did not accept, something changed since, or the approver may not approve.
    """
    folder = find_run(project.out, run)
    manifest = _manifest(folder)
    may(project, "approver", who)
    if manifest["trial"] != "accept":
        raise ApprovalError(
            f"the trial of this run did not accept ({manifest['trial']})", where=str(folder),
            cure="mend what the report names, then `cleanse run` again",
        )  # fmt: skip
    ran = next(
        (line["who"] for line in audit.read(project.out) if line.get("run") == folder.name and line["what"] == "run"),
        "",
    )
    if project.roles["four_eyes"] and who == (ran or who):
        raise ApprovalError(
            f"{who} ran it and may not approve it" if ran else "the audit log does not say who ran it",
            where="[roles] four_eyes", cure="let somebody else approve with --who NAME",
        )  # fmt: skip
    _unchanged(project, folder, manifest)
    _given_out(project, folder, manifest)
    made = {"run": folder.name, "fingerprint": fingerprint(manifest), "who": who, "counts": manifest["counts"]}
    made["audit"] = audit.note(project.out, who, "approve", run=folder.name, fingerprint=made["fingerprint"])
    temporary = folder / f"{APPROVAL}.tmp"
    temporary.write_text(json.dumps(made, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8", newline="\n")
    temporary.replace(folder / APPROVAL)
    return made


def _given_out(project: Project, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Keep the golden ids of the plan. Raises ApprovalError where another plan gave ids out since the run, which it may not
    agree with."""
    if (folder / APPROVAL).is_file():
        return
    if manifest.get("ids", "") != ids.digest(project.out):
        raise ApprovalError(
            "another plan was approved since this run", where=folder.name,
            cure="`cleanse run` again: its records then keep the ids that were given out",
        )  # fmt: skip
    remember(project, folder)


def approved(project: Project, run: str) -> tuple[Path, str]:
    """The folder and fingerprint of a run that may be loaded. Raises ApprovalError where its approval is missing, or the
    plan is no longer the one that was approved."""
    folder = find_run(project.out, run)
    manifest = _manifest(folder)
    if not (folder / APPROVAL).is_file():
        raise ApprovalError(
            "this run is not approved", where=folder.name, cure="`cleanse approve` after looking at its report"
        )
    given = json.loads((folder / APPROVAL).read_text("utf-8"))
    noted = {line.get("fingerprint") for line in audit.read(project.out) if line.get("what") == "approve"}
    if given.get("fingerprint") != fingerprint(manifest) or given["fingerprint"] not in noted:
        raise ApprovalError("the approval is for another plan", where=folder.name, cure="`cleanse approve` again")
    _unchanged(project, folder, manifest)
    return folder, str(given["fingerprint"])


def may(project: Project, role: str, who: str, *others: str) -> None:
    """Raises ApprovalError where ``[roles]`` names people for a role (and for ``others`` that do as well) and ``who`` is none
    of them."""
    named = [project.roles[one] for one in (role, *others)]
    if all(named) and who not in {name for some in named for name in some}:
        raise ApprovalError(
            f"{who} is no {' or '.join((role, *others))} of this project", where=f"[roles] {role}",
            cure="one of them does it, under the own login, CLEANSE_WHO or --who: "
            + ", ".join(dict.fromkeys(name for some in named for name in some)),
        )  # fmt: skip


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            "the manifest of the run cannot be read", where=str(folder), cure="`cleanse run` again"
        ) from error
    return found


def _unchanged(project: Project, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raises ApprovalError naming everything that is no longer as the run found or left it."""
    found = [
        *(f"changed since: {name}" for name in _changed_inputs(project, manifest)),
        *(f"changed since: the export of {name}" for name in _changed_existing(project, manifest)),
        *(["the rules or cleanse.toml changed"] if project.digest != manifest["rules"] else []),
        *(
            ["other decisions"]
            if review_decisions.file_digest(project.root / DECISIONS) != manifest["decisions"]
            else []
        ),
        *([f"version {__version__} instead of {manifest['version']}"] if manifest["version"] != __version__ else []),
        *(f"changed in the run folder: {name}" for name in _changed_outputs(folder, manifest)),
    ]
    if found:
        raise ApprovalError(
            "\n".join(("the plan changed:", *found)), where=folder.name, cure="`cleanse run`, then `cleanse approve`"
        )


def _changed_inputs(project: Project, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Source files that are other than the run read them, or gone; files inside archives go with their archive."""
    there = {}
    for root in project.sources:
        prefix = f"{root.name}/" if len(project.sources) > 1 and root.is_dir() else ""
        there.update({prefix + name: path for name, path in readers.discover(root, project.ignore)})
    if not set(there) & set(manifest["inputs"]):
        return  # the run was given other files than [sources] names
    for name, digest in manifest["inputs"].items():
        if name in there and _sha256(there[name]) != digest:
            yield name


def _changed_existing(project: Project, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Objects whose export of the target is another than the run compared with."""
    now, then = existing_digests(project), manifest.get("existing", {})
    yield from (name for name in sorted({*now, *then}) if now.get(name, "") != then.get(name, ""))


def _changed_outputs(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    for name, digest in manifest["outputs"].items():
        if name.startswith(PLAN) and (not (folder / name).is_file() or _sha256(folder / name) != digest):
            yield name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
