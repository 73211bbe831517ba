"""``junit.xml``: the report as a build server reads it. Suite = entity, files, target or trial; case = field x rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

Case = tuple[str, str, str]  # name, message of the failure ('' is a pass), its details

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(quality: Mapping[str, Any]) -> str:
    """JUnit XML of the numbers of ``stages.quality``: errors are failures, warnings are said in a passing case.

    A failure says how many, of how many, the bound, and up to five masked cells with file!sheet!row. There are no times
    in it: the same numbers give the same bytes.
    """
    root = ET.Element("testsuites", name=_clean(f"cleanse: {quality['project']['name']}"))
    language = quality["project"]["language"]
    for entity in quality["balance"]:
        _suite(root, entity, _entity_cases(quality, entity, language))
    _suite(root, "files", _file_cases(quality, language))
    _suite(root, f"target {quality['project']['target']}", _target_cases(quality, language))
    _suite(root, "trial", _trial_cases(quality["trial"], language))
    for name in ("tests", "failures"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, cases: Iterable[Case]) -> None:
    listed = list(cases)
    failures = sum(bool(message) for _, message, _ in listed)
    numbers = {"tests": str(len(listed)), "failures": str(failures), "errors": "0"}
    suite = ET.SubElement(root, "testsuite", {"name": _clean(name), **numbers})
    for case, message, details in listed:
        element = ET.SubElement(suite, "testcase", classname=_clean(name), name=_clean(case))
        if message:
            ET.SubElement(element, "failure", message=_clean(message)).text = _clean(details)
        elif details:
            ET.SubElement(element, "system-out").text = _clean(details)


def _entity_cases(quality: Mapping[str, Any], entity: str, language: str) -> Iterable[Case]:
    counts = quality["balance"][entity]
    yield "rows in = migrated + merged + parked + excluded", "", ""
    for reason in (r for r in quality["reasons"] if r["entity"] == entity and r["code"] != "empty_record"):
        yield (
            f"{reason['exit']}: {reason['code']}",
            "",
            f"{reason['rows']} rows: {_said(quality['codes'], reason['code'], language)}",
        )
    found = [i for i in quality["issues"] if i["entity"] == entity]
    for issue in found:
        text = _said(quality["codes"], issue["code"], language)
        told = f"{issue['records']} of {counts['records']} records: {text}"
        cells = [f"{s['where']}: {s['value']}" for s in issue["samples"]]
        failure = f"{told} (bound: 0)" if issue["severity"] == "error" else ""
        yield f"{issue['field'] or 'record'}: {issue['code']}", failure, "\n".join([told, *cells])
    spoken = {i["field"] for i in found}
    for f in quality["fields"]:
        if f["entity"] == entity and f["field"] not in spoken:
            yield f"{f['field']}: every rule", "", ""


def _file_cases(quality: Mapping[str, Any], language: str) -> Iterable[Case]:
    for found in quality["files"]["list"]:
        told = _said(quality["codes"], found["reason"], language) if found["reason"] else f"{found['rows']} rows"
        yield found["source_file"], told if found["status"] == "error" else "", told


def _target_cases(quality: Mapping[str, Any], language: str) -> Iterable[Case]:
    for line in quality["preflight"]:
        told = f"{line['rows']} rows: {_said(quality['codes'], line['code'], language)}"
        yield line["code"], f"{told} (bound: 0)" if line["severity"] == "error" else "", told
    if not quality["preflight"]:
        yield "preflight: every rule", "", ""


def _trial_cases(trial: Mapping[str, Any], language: str) -> Iterable[Case]:
    if not trial.get("population"):  # nothing was tried
        return
    told = trial.get("sentences", {}).get(language) or (
        f"{trial['errors']} of {trial['n']} wrong, lower bound {trial['lower_bound']}, claim {trial['claim']}"
    )
    yield "accuracy of the trial load", "" if trial["result"] == "accept" else told, told


def _said(codes: Mapping[str, Mapping[str, Any]], code: str, language: str) -> str:
    texts: Mapping[str, str] = codes.get(code, {}).get("text", {})
    return texts.get(language, code)


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
