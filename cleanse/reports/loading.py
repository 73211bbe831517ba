"""What the terminal says of approving, loading, reconciling, undoing and the audit log, in zh or en; values are not shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cleanse.codes import sentence

MOST = 10  # lines of one sort on the terminal
SAID = {
    "zh": {
        "approved": "已批准 {run}（{who}）：{fingerprint}",
        "progress": "[{done}/{total}] {name}，每秒 {rate:,.0f} 行，还需 {left:.0f} 秒",
        "load": "装载 {load} → {target}",
        "batches": "批次 {first}–{last}（`cleanse undo --batch N` 撤销一批）",
        "object": "{name}：计划 {planned}，未变 {unchanged}{rest}",
        "left_over": "{name}：以前装载过、已不在计划中的 {n} 条，未动",
        "now": {
            "": "", "known": "目标系统的导出中已有，这次不由装载发送", "gone": "来源中已没有内容相同的行",
            "parked": "现在待更正，见 parked.xlsx", "excluded": "现在不迁移",
            "merged": "现在并入 {id}",
        },
        "aside": {
            "by_file": "{what}：{n} 条按目标系统自己的编号更新，只写入导入文件（migration/），没有装载到数据库",
            "parked": "{what}：{n} 行待更正，没有装载，见 parked.xlsx",
            "target_no_object": "{what}：{n} 行在目标系统没有对应的对象，没有装载；其值在运行文件夹的 golden/ 中",
        },
        "refused": "拒绝 {n} 条：{message}",
        "held": "在目标系统中与计划不同的 {n} 条，未动：装载后有人改过或删除，或不是由此装载的（要覆盖请加 --overwrite）",
        "receipts": "回执：{path}",
        "corrections": "被拒绝的行可在此更正，放回来源文件夹再运行：{path}",
        "answers": "{label}：发送 {sent} 条，接受 {taken}，拒绝 {refused}，结果文件中没有 {unmentioned}",
        "strange": "结果文件中有 {n} 行对不上发送的数据，例如 {file} 第 {row} 行",
        "no_corrections": "被拒绝的行没有更正表：[sources] 中的文件已不是运行时的那些；请在来源中更正后再运行，或放回原来的文件再试",
        "open": "注意：{place} 中写着明文密码；请改写为 ${{变量名}}，由环境变量提供",
        "balance": "{name}：计划 {planned} = 一致 {same} + 有差异 {changed} + 缺失 {missing}；目标系统 {found}，重复 {doubled}，多出 {extra}",
        "arrived": "{n} 处：{what}",
        "workbook": "明细：{path}",
        "dry": "试算，未做任何改动；确认后加 --yes",
        "nothing": "没有可以撤销的批次",
        "undo": "批次 {batch} {object}：{what} {n} 条",
        "outcome": {
            "removed": "删除", "restored": "恢复原值", "gone": "已不在或已恢复", "touched": "装载后被人改过，保留",
            "later": "之后又装载过，保留（先撤销后面的批次）", "refused": "目标系统拒绝撤销",
        },
        "status": {
            "created": "新建", "updated": "更新", "as_planned": "已一致", "refused": "拒绝",
            "held": "保留", "gone": "已删除", "undone": "已撤销",
        },
        "chain": "{n} 行，链完整，末行 {head}",
        "broken": "审计日志有问题：{fault}",
        "no_audit": "还没有记录",
    },
    "en": {
        "approved": "approved {run} ({who}): {fingerprint}",
        "progress": "[{done}/{total}] {name}, {rate:,.0f} rows/s, {left:.0f} s left",
        "load": "load {load} -> {target}",
        "batches": "batches {first} to {last} (`cleanse undo --batch N` takes one back)",
        "object": "{name}: {planned} planned, {unchanged} unchanged{rest}",
        "left_over": "{name}: {n} loaded before are no longer planned; left as they are",
        "now": {
            "": "", "known": "in the export of the target: not sent by this load",
            "gone": "no source row says the same any more", "parked": "parked now, see parked.xlsx",
            "excluded": "left out now", "merged": "part of {id} now",
        },
        "aside": {
            "by_file": "{what}: {n} are updated by the target's own id and stand in the import files (migration/) alone; not loaded",
            "parked": "{what}: {n} rows are parked, see parked.xlsx; not loaded",
            "target_no_object": "{what}: the target has no object for {n} rows; not loaded, their values are in golden/ of the run",
        },
        "refused": "{n} refused: {message}",
        "held": "{n} say otherwise in the target and are left as they are: changed or removed there since they were loaded, or there "
        "before us (--overwrite overwrites)",
        "receipts": "receipts: {path}",
        "corrections": "the refused rows, to correct and put back among the sources: {path}",
        "answers": "{label}: {sent} sent, {taken} taken, {refused} refused, {unmentioned} not mentioned",
        "strange": "{n} rows of the result files belong to nothing that was sent, such as {file} row {row}",
        "no_corrections": "no workbook of the refused rows: the files of [sources] are no longer those of the run; correct the rows "
        "at their source and run again, or put the old files back and repeat this",
        "open": "warning: a password stands open in {place}; write ${{NAME}} instead and give it in the environment",
        "balance": "{name}: {planned} planned = {same} same + {changed} changed + {missing} missing; "
        "{found} in the target, {doubled} doubled, {extra} extra",
        "arrived": "{n} times: {what}",
        "workbook": "in detail: {path}",
        "dry": "a dry run, nothing was touched; add --yes to do it",
        "nothing": "there is no batch to undo",
        "undo": "batch {batch} {object}: {n} {what}",
        "outcome": {
            "removed": "removed", "restored": "restored", "gone": "no longer there, or already restored",
            "touched": "touched since they were loaded: left", "later": "loaded again since: left (undo the later batch first)",
            "refused": "refused by the target",
        },
        "status": {
            "created": "created", "updated": "updated", "as_planned": "there as planned", "refused": "refused",
            "held": "held", "gone": "removed there", "undone": "undone",
        },
        "chain": "{n} lines, the chain is whole, the last is {head}",
        "broken": "the audit log is not right: {fault}",
        "no_audit": "nothing noted yet",
    },
}  # fmt: skip


def progress_text(name: str, done: int, total: int, seconds: float, language: str) -> str:
    """How far a load is, with its rate and the time left."""
    rate = done / seconds if seconds else 0.0
    left = (total - done) / rate if rate else 0.0
    return _said(language, "progress", name=name, done=done, total=total, rate=rate, left=left)


def approved_text(made: Mapping[str, Any], language: str) -> str:
    """An approval."""
    return _said(language, "approved", run=made["run"], who=made["who"], fingerprint=made["fingerprint"])


def open_password_text(place: str, language: str) -> str:
    """A warning: where a password can be read."""
    return _said(language, "open", place=place)


def load_text(
    load: int, target: str, batches: Sequence[int], counts: Mapping[str, Mapping[str, int]], refused: pd.DataFrame,
    held: pd.DataFrame, left: pd.DataFrame, aside: pd.DataFrame, receipts: str, corrections: str, language: str,
) -> str:  # fmt: skip
    """What a load came to; ``refused``, ``held``, ``left``: object, key, name, source, and message of the first, now of the
    last; ``aside``: what, why, n."""
    lines = [_said(language, "load", load=load, target=target)]
    if batches:
        lines.append(_said(language, "batches", first=batches[0], last=batches[-1]))
    status: Mapping[str, str] = SAID[language]["status"]  # type: ignore[assignment]
    for name, mine in counts.items():
        rest = "".join(
            f", {mine[key]} {word}" if language == "en" else f"，{word} {mine[key]}"
            for key, word in status.items()
            if mine.get(key)
        )
        lines.append(_said(language, "object", name=name, rest=rest, **{k: mine[k] for k in ("planned", "unchanged")}))
        if mine["left_over"]:
            lines.append(_said(language, "left_over", name=name, n=mine["left_over"]))
            some = left[left["object"] == name]
            lines += _some(_records(some, [_now(word, language) for word in some["now"]]))
    reasons: Mapping[str, str] = SAID[language]["aside"]  # type: ignore[assignment]
    lines += [reasons[why].format(what=what, n=n) for what, why, n in aside.itertuples(index=False)]
    lines += _refused(refused, language)
    if len(held):
        lines += [_said(language, "held", n=len(held)), *_some(_records(held))]
    lines.append(_said(language, "receipts", path=receipts))
    return "\n".join([*lines, *_corrections(refused, corrections, language)])


def answers_text(
    counts: Mapping[str, Mapping[str, int]], strange: Sequence[tuple[str, int]], refused: pd.DataFrame, corrections: str,
    language: str,
) -> str:  # fmt: skip
    """What a target's result files said: a line per object, rows that belong to nothing, what was refused and why."""
    lines = [_said(language, "answers", label=name, **mine) for name, mine in counts.items()]
    if strange:
        lines.append(_said(language, "strange", n=len(strange), file=strange[0][0], row=strange[0][1]))
    return "\n".join([*lines, *_refused(refused, language), *_corrections(refused, corrections, language)])


def _refused(refused: pd.DataFrame, language: str) -> list[str]:
    """What was refused, by the target's words."""
    lines = []
    for message, some in list(refused.groupby("message", sort=False))[:MOST]:
        lines += [_said(language, "refused", n=len(some), message=message), *_some(_records(some))]
    return lines


def _corrections(refused: pd.DataFrame, path: str, language: str) -> list[str]:
    """Where the refused rows can be corrected, or why there is no workbook of them."""
    return [_said(language, "corrections" if path else "no_corrections", path=path)] if len(refused) else []


def _now(word: str, language: str) -> str:
    """What became of a record: one of the words, or the id it is part of."""
    told: Mapping[str, str] = SAID[language]["now"]  # type: ignore[assignment]
    return told[word] if word in told else told["merged"].format(id=word)


def _records(lines: pd.DataFrame, more: Sequence[str] = ()) -> list[str]:
    """Which records lines speak of: object, key, masked name, source rows."""
    told = zip(*(lines[name].astype("str") for name in ("object", "key", "name", "source")), more or [""] * len(lines), strict=True)
    return ["  ".join(part for part in parts if part) for parts in told]


def _some(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many more there are."""
    rest = [f"    … {len(lines) - MOST}"] if len(lines) > MOST else []
    return [f"    {line}".rstrip() for line in lines[:MOST]] + rest


def arrived_text(
    target: str, balance: Mapping[str, Mapping[str, int]], kinds: Mapping[str, int], workbook: str, language: str
) -> str:
    """What reconciling found."""
    lines = [target, *(_said(language, "balance", name=name, **counts) for name, counts in balance.items())]
    lines += [_said(language, "arrived", n=n, what=sentence(code, language)) for code, n in kinds.items()]
    return "\n".join([*lines, _said(language, "workbook", path=workbook)])


def undo_text(found: pd.DataFrame, done: bool, language: str) -> str:
    """What an undo did or would do; rows that are left are named."""
    if found.empty:
        return _said(language, "nothing")
    outcome: Mapping[str, str] = SAID[language]["outcome"]  # type: ignore[assignment]
    lines = []
    for (batch, name, what), some in found.groupby(["batch", "object", "outcome"], sort=False):
        lines.append(_said(language, "undo", batch=batch, object=name, what=outcome[what], n=len(some)))
        if what in ("touched", "later", "refused"):
            lines += _some(_records(some, some["message"].tolist()))
    return "\n".join(lines if done else [*lines, _said(language, "dry")])


def audit_text(lines: Sequence[Mapping[str, Any]], language: str) -> str:
    """One line per deed: when, who, what, and of what."""
    shown = []
    for line in lines:
        told = [f"{k} {line[k]}" for k in ("run", "load", "target") if k in line]
        counts = line.get("counts") or line.get("balance") or line.get("planned") or {}
        shown.append(
            "  ".join(
                [
                    str(line.get("at", "?")),
                    str(line.get("who", "?")),
                    str(line.get("what", "?")),
                    *told,
                    _counted(counts),
                ]
            )
        )
    return "\n".join(s.rstrip() for s in shown) or _said(language, "no_audit")


def verified_text(faults: Sequence[str], count: int, head: str, language: str) -> str:
    """Whether the chain of the audit log is whole."""
    if faults:
        return "\n".join(_said(language, "broken", fault=fault) for fault in faults)
    return _said(language, "chain", n=count, head=head)


def _counted(counts: Mapping[str, Any]) -> str:
    parts = []
    for name, mine in counts.items():
        text = "/".join(f"{k} {n}" for k, n in mine.items() if n) if isinstance(mine, Mapping) else str(mine)
        parts.append(f"{name}: {text}" if text else "")
    return "; ".join(part for part in parts if part)


def _said(language: str, said: str, /, **told: Any) -> str:
    return str(SAID[language][said]).format(**told)
