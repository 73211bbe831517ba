"""The verdict of a trial as Markdown, for the summary page of a CI job (GitHub, GitLab, Gitea)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleanse.model import NO_OBJECT

WORDS = {
    "zh": ("试导", "通过", "不通过", "对象", "行", "迁移", "并入", "搁置", "排除", "还需处理", "处"),
    "en": (
        "Trial load",
        "accepted",
        "rejected",
        "Object",
        "Rows",
        "Migrated",
        "Merged",
        "Parked",
        "Excluded",
        "Still open",
        "",
    ),
}
SHOWN = 10


def render(quality: Mapping[str, Any], language: str) -> str:
    """The verdict in one sentence, where every row went, and the findings that are still open; no value of a person."""
    title, accepted, rejected, head, *columns, still, unit = WORDS[language]
    verdict = quality["trial"]
    mark = "✅" if verdict["result"] == "accept" else "❌"
    word = accepted if verdict["result"] == "accept" else rejected
    lines = [f"## {mark} {title}: {word}", "", str(verdict["sentences"][language]), ""]
    lines += [f"| {head} | " + " | ".join(columns) + " |", "| --- |" + " --: |" * len(columns)]
    labels = {e["name"]: e["label"][language] for e in quality["entities"]}
    for name, counts in quality["balance"].items():
        cells = (str(counts[key]) for key in ("rows", "migrated", "merged", "parked", "excluded"))
        lines.append(f"| {labels.get(name, name)} | " + " | ".join(cells) + " |")
    for r in (r for r in quality["reasons"] if r["code"] == NO_OBJECT):
        lines += [
            "",
            f"{labels.get(r['entity'], r['entity'])} ({r['rows']}): {quality['codes'][r['code']]['text'][language]}",
        ]
    open_issues = [i for i in quality["issues"] if i["open"]][:SHOWN]
    if open_issues:
        lines += ["", f"### {still}", ""]
        for i in open_issues:
            where = f"{labels.get(i['entity'], i['entity'])} {i['field']}".strip()
            lines.append(f"- **{i['open']}**{unit} {where}: {quality['codes'][i['code']]['text'][language]}")
    return "\n".join(lines) + "\n"
