"""What the terminal says: the summary of a run, of a scan, of a trial, in zh or en; and the exit code it ends with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cleanse.codes import all_codes, sentence
from cleanse.errors import EXIT_CLEAN, EXIT_FINDINGS, SourceError
from cleanse.model import NO_OBJECT

SHOWN = 8  # columns named in one line
CERTAIN = 0.9  # below, a person is asked to confirm the field of a column
# What ``stages/map`` gives as evidence, in words.
WHY = {
    r"said": {"zh": "cleanse.toml 指定", "en": "said in cleanse.toml"},
    r"said, also (.+)": {"zh": "cleanse.toml 指定，同时给 {}", "en": "said in cleanse.toml, also for {}"},
    r"synonym": {"zh": "表头是已知的说法", "en": "a known header"},
    r"words": {"zh": "表头由已知的词组成", "en": "made of known words"},
    r"prefix": {"zh": "已知的表头，被截短", "en": "a known header, cut short"},
    r"like (.+)": {"zh": "表头像“{}”", "en": "like '{}'"},
    r"in (.+)": {"zh": "属于“{}”这一组", "en": "within '{}'"},
    r"joined": {"zh": "由几列合成", "en": "put together of several columns"},
    r"header to the left": {
        "zh": "与左列同类，左边的表头是合并的",
        "en": "as the column to its left, whose header is merged",
    },
    r"(\d+%) of the values": {"zh": "{} 的值是这一类", "en": "{} of the values are of that kind"},
}
SAID = {
    "zh": {
        "balance": "{label}：{rows} 行 = 迁移 {migrated} + 并入 {merged} + 搁置 {parked} + 排除 {excluded}",
        "no_object": "{label}：{n} 行没有迁移，目标系统没有对应的对象；其值保留在 records/ 和 golden/ 中",
        "existing": "{label}：目标系统已有 {records} 条，其中 {found} 条在新数据里：更新 {updates}（补 {filled} 格），不动 {unchanged}；"
        "值不同 {differs} 处，待判 {doubts} 对，系统内疑似重复 {twins} 对",
        "headline": "{n} / {of} 个客户没有未解决的问题",
        "review": "{label}：{review} 对待判，{merge} 对已自动合并 → {where}",
        "decisions": "人的决定：采用 {applied}，过时 {stale}，冲突 {conflicting}（原因见 duplicates.xlsx）",
        "unread": "读不出：{file}：{why}",
        "files": "已读 {read} 个文件，略过 {ignored} 个，读不出 {error} 个",
        "unmapped": "{n} 列没有字段接收，值会保留：{columns}（用 cleanse scan 查看，在 [[mapping]] 里指定）",
        "rows": "{n} 行",
        "report": "报告：{path}",
        "gate": "超过门槛：{why}",
        "parked": "搁置比例 {share:.1%} 高于 {limit:.1%}",
        "trial": "试导未通过",
        "empty": "没有可以导入的记录",
        "preflight": "导入前检查有 {n} 处错误",
        "errors": "未解决的错误 {n} 处，多于 {limit}",
        "warnings": "未解决的警告 {n} 处，多于 {limit}",
        "column": "{column} → {field}（{sure:.0%}，{why}）",
        "bare": "{column} → {field}",
        "sheets": "[{first} 等 {n} 张表]",
        "unsure": "把握不足 90% 的列，请在 cleanse.toml 的 [[mapping]] 中确认；没有字段接收的，写上 entity.field，或写 '-' 表示不迁移",
        "next": "下一步：cleanse init {folder} 写出它的 cleanse.toml，核对其中的列对应后运行 cleanse run --project {folder}",
        "nothing": "没有字段接收，值会保留",
        "left": "不迁移",
        "joined": "与其他列合成一列",
    },
    "en": {
        "balance": "{label}: {rows} rows = {migrated} migrated + {merged} merged + {parked} parked + {excluded} excluded",
        "no_object": "{label}: {n} rows do not go, the target has no object for them; their values are kept in records/ and golden/",
        "existing": "{label}: the target has {records}, {found} of them met: {updates} updated ({filled} cells filled), "
        "{unchanged} left; {differs} values differ, {doubts} pairs to review, {twins} pairs alike within the target",
        "headline": "{n} of {of} customers have no open issue",
        "review": "{label}: {review} pairs to review, {merge} merged by themselves -> {where}",
        "decisions": "decisions: {applied} applied, {stale} stale, {conflicting} conflicting (why: duplicates.xlsx)",
        "unread": "not read: {file}: {why}",
        "files": "{read} files read, {ignored} passed over, {error} not readable",
        "unmapped": "{n} columns that no field takes, values kept: {columns} (see `cleanse scan`, say where in [[mapping]])",
        "rows": "{n} rows",
        "report": "report: {path}",
        "gate": "above the gate: {why}",
        "parked": "{share:.1%} of the records are parked, more than {limit:.1%}",
        "trial": "the trial does not accept",
        "empty": "there is nothing to import",
        "preflight": "the pre-flight found {n} errors",
        "errors": "{n} errors are open, more than {limit}",
        "warnings": "{n} warnings are open, more than {limit}",
        "column": "{column} -> {field} ({sure:.0%}, {why})",
        "bare": "{column} -> {field}",
        "sheets": "[{first} and more, {n} sheets]",
        "unsure": "less than 90% sure: confirm it in a [[mapping]] of cleanse.toml; no field takes it: write entity.field, or '-' to leave it out",
        "next": "next: cleanse init {folder} writes its cleanse.toml; confirm the columns in it, then cleanse run --project {folder}",
        "nothing": "no field takes it; its values are kept",
        "left": "left out",
        "joined": "put together with other columns",
    },
}


def findings(quality: Mapping[str, Any], gate: Mapping[str, Any], language: str) -> list[str]:
    """What stands above the gate, as sentences; empty when nothing does."""
    said, found = SAID[language], []
    records = sum(b["records"] for b in quality["balance"].values())
    parked = sum(b["parked"] for b in quality["balance"].values())
    share = parked / records if records else 0.0
    if share > gate["max_parked"]:
        found.append(said["parked"].format(share=share, limit=gate["max_parked"]))
    if gate["trial"] and quality["trial"]["result"] != "accept" and quality["trial"]["population"]:
        found.append(said["trial"])
    if not any(b["migrated"] for b in quality["balance"].values()):
        found.append(said["empty"])
    errors = sum(p["rows"] for p in quality["preflight"] if p["severity"] == "error")
    if errors:
        found.append(said["preflight"].format(n=errors))
    for severity in ("error", "warning"):
        still = sum(i["open"] for i in quality["issues"] if i["severity"] == severity)
        if still > gate.get(f"max_{severity}s", still):
            found.append(said[f"{severity}s"].format(n=still, limit=gate[f"max_{severity}s"]))
    return found


def exit_code(quality: Mapping[str, Any], gate: Mapping[str, Any]) -> int:
    """3 when a source could not be read, 1 when something stands above the gate, else 0."""
    if quality["files"]["counts"].get("error"):
        return SourceError.exit_code
    return EXIT_FINDINGS if findings(quality, gate, "en") else EXIT_CLEAN


def run_text(quality: Mapping[str, Any], gate: Mapping[str, Any], folder: Path, language: str) -> str:
    """The summary of a run."""
    said = SAID[language]
    labels = {e["name"]: e["label"][language] for e in quality["entities"]}
    counts = {"read": 0, "ignored": 0, "error": 0, **quality["files"]["counts"]}
    lines = [said["files"].format(**counts)]
    lines += _unread(quality["files"]["list"], language)
    lines += _unmapped(quality["losses"], language)
    for name, b in quality["balance"].items():
        if b["records"]:
            lines.append(said["balance"].format(label=labels.get(name, name), **b))
    for r in quality["reasons"]:
        if r["code"] == NO_OBJECT:
            lines.append(said["no_object"].format(label=labels.get(r["entity"], r["entity"]), n=r["rows"]))
    for name, held in quality.get("existing", {}).items():
        lines.append(said["existing"].format(label=labels.get(name, name), **held))
    for name, d in quality["duplicates"].items():
        place = "duplicates.xlsx" if d["queues"] else "`cleanse review serve`"  # the workbook holds no children
        lines.append(said["review"].format(label=labels.get(name, name), where=place, **d["bands"]))
    if any(quality["review"][key] for key in ("applied", "stale", "conflicting")):
        lines.append(said["decisions"].format(**quality["review"]))
    lines.append(said["headline"].format(**quality["headline"]))
    if quality["trial"]["population"]:
        lines.append(quality["trial"]["sentences"][language])
    lines += [said["gate"].format(why=why) for why in findings(quality, gate, language)]
    lines.append(said["report"].format(path=folder / "report.html"))
    return "\n".join(lines)


def run_json(quality: Mapping[str, Any], gate: Mapping[str, Any], folder: Path) -> str:
    """The summary of a run for machines: folder, exit code, findings, balance with its reasons, trial, headline, files."""
    keys = ("headline", "balance", "reasons", "trial", "files")
    found = {"folder": str(folder), "exit_code": exit_code(quality, gate), "findings": findings(quality, gate, "en")}
    return json.dumps({**found, **{k: quality[k] for k in keys}}, ensure_ascii=False, indent=2, sort_keys=True)


def _unread(files: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    return [
        SAID[language]["unread"].format(file=f["source_file"], why=_refusal(f, language))
        for f in files
        if f["status"] == "error"
    ]


def _refusal(file: Mapping[str, Any], language: str) -> str:
    """Why a file was not read, what it is where it is of another form, and what to do."""
    form = f" ({file['detail']})" if file["reason"] == "unsupported_format" and file.get("detail") else ""
    cure = all_codes()[file["reason"]].cure[language]
    return f"{sentence(file['reason'], language)}{form}{'；' if language == 'zh' else '; '}{cure}".rstrip("；; ")


def _unmapped(losses: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    lost = [f"{line['source_file']} {line['column']}" for line in losses if line["why"] == "column_unmapped"]
    columns = [*dict.fromkeys(lost)]  # one form a sheet has each of its columns many times
    shown = "; ".join(columns[:SHOWN]) + (" …" if len(columns) > SHOWN else "")
    return [SAID[language]["unmapped"].format(n=len(columns), columns=shown)] if columns else []


def scan_text(found: Mapping[str, Any], language: str, folder: str = "") -> str:
    """Files, and the field each of their columns would feed; how to go on with a ``folder`` that is no project yet."""
    said, lines = SAID[language], []
    for file in found["files"]:
        note = f"  {file['format']} {file['encoding']}".rstrip() if file["status"] == "read" else ""
        lines.append(
            f"{file['source_file']}{note}  {said['rows'].format(n=file['rows'])}"
            if note
            else f"{file['source_file']}  {file['status']}"
        )
        if file["reason"]:
            lines.append(f"    {_refusal(file, language)}")
        for name, columns in _alike(found["columns"], file["source_file"], said):
            lines += [f"    {name}{_column_text(c, language)}" for c in columns]
        for note in (n for n in found["notes"] if n["source_file"] == file["source_file"]):
            lines.append(f"    ! {note['source_sheet']} {note['where']} {sentence(note['code'], language)}")
    unsure = any(c["field"] == "" or (c["field"] not in "-+" and c["confidence"] < CERTAIN) for c in found["columns"])
    lines += [said["unsure"]] * unsure + [said["next"].format(folder=folder)] * bool(folder)
    return "\n".join(lines)


def _alike(
    columns: Sequence[Mapping[str, Any]], source: str, said: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """The columns of each sheet of a file, those of sheets with the same columns once."""
    sheets: dict[str, list[Mapping[str, Any]]] = {}
    for c in columns:
        if c["source_file"] == source:
            sheets.setdefault(c["source_sheet"], []).append(c)
    alike: dict[str, list[str]] = {}
    for sheet, held in sheets.items():
        alike.setdefault(repr([{**c, "source_sheet": ""} for c in held]), []).append(sheet)
    for first, *more in alike.values():
        once = {repr(c): c for c in sheets[first]}
        name = said["sheets"].format(first=first, n=len(more) + 1) if more else f"[{first}]" if first else ""
        yield f"{name} " if name else "", [*once.values()]


def _column_text(column: Mapping[str, Any], language: str) -> str:
    """A column, the field it feeds, how sure that is and why."""
    said = SAID[language]
    field = {"": said["nothing"], "-": said["left"], "+": said["joined"]}.get(column["field"], column["field"])
    shown = "column" if column["field"] not in ("", "+") else "bare"
    why = _why(column["evidence"], language)
    return said[shown].format(
        column=" ".join(column["column"].split()), field=field, sure=column["confidence"], why=why
    )


def _why(evidence: str, language: str) -> str:
    """Why a column feeds a field, in words."""
    for pattern, words in WHY.items():
        if found := re.fullmatch(pattern, evidence):
            return words[language].format(*found.groups())
    return evidence


def trial_text(verdict: Mapping[str, Any], language: str) -> str:
    """The verdict of a trial."""
    return str(verdict["sentences"][language])


def runs_text(manifests: Sequence[Mapping[str, Any]]) -> str:
    """One line per run: id, target, trial, customers in and out."""
    lines = []
    for m in manifests:
        counts = ", ".join(
            f"{name} {b['migrated']}/{b['rows']}" for name, b in sorted(m["counts"].items()) if b["records"]
        )
        lines.append(f"{m['run']}  {m['target']}  trial {m['trial']}  {counts}")
    return "\n".join(lines) or "no runs yet"
