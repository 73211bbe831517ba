"""Sheets that hold no records and speak of others: instructions and field lists, and summaries made by a pivot table."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from cleanse.model import Grid, Table
from cleanse.stages.sheet import Sheet

KINDS = frozenset(("reference", "summary"))
_ALL = re.compile(r"[(（](?:全部|多项|空白|all|multiple items|blank)[)）]", re.IGNORECASE)
_FIELD = re.compile(
    r"字段(?:名称?|说明|编码|类型)?|列名|数据项|是否必填|是否必须|填写(?:说明|要求|规范|示例|规则|方式)|示例(?:值|数据)?|样例|取值(?:范围|说明)?|"
    r"数据类型|格式要求|可选值|field(?: ?name| ?label)?|column(?: ?name)?|mandatory\??|example|sample value|data ?type|allowed values|api ?name",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"必填(?:项|与否)?|说明|描述|备注|解释|类型|长度|格式|默认值|序号|名称|中文名|required\??|description|notes?|type|length|format|default|#|no\.?|values?",
    re.IGNORECASE,
)
_PIVOT = re.compile(
    r"[行列]标签|(?:计数项|求和项|平均值项|最大值项|最小值项|乘积项)\s*[:：].+|(?:row|column) labels", re.IGNORECASE
)


def aside(grid: Grid) -> str:
    """``reference`` or ``summary`` for a sheet of that sort, '' for any other.

    >>> cells = pd.DataFrame([["字段", "是否必填", "示例"], ["客户名称", "是", "甲公司"]], index=[1, 2], dtype="str")
    >>> aside(Grid("填写说明", cells))
    'reference'
    """
    sheet = Sheet.of(grid.cells)
    used = np.flatnonzero(sheet.filled.any(axis=0))
    if not len(used) or used[-1] - used[0] >= len(used):
        return ""  # an empty column: something else may stand beside it
    rows = np.flatnonzero(sheet.counts >= 2).tolist()
    first, last = (next((at for at in way if not _filters(sheet.row(at))), None) for way in (rows, reversed(rows)))
    if first is None or last is None or (sheet.counts[first:last] == 0).any():
        return ""  # below a blank row another table may stand
    return _kind(sheet.row(first))


def _filters(cells: Mapping[int, str]) -> bool:
    """A filter above a pivot table."""
    return len(cells) == 2 and bool(_ALL.fullmatch([*cells.values()][1]))


def passed_over(grid: Grid, source: str, kind: str) -> Table:
    """A sheet as a table without records: each of its rows is listed as what it is."""
    sheet = Sheet.of(grid.cells)
    lines = [
        (int(number), kind if count else "blank", " ".join(sheet.row(at).values()))
        for at, (number, count) in enumerate(zip(sheet.numbers, sheet.counts, strict=True))
        if number > 0
    ]
    rows = pd.DataFrame(index=pd.Index([], dtype="int64", name="source_row"))
    return Table(source, grid.sheet, 0, rows, pd.DataFrame(lines, columns=["source_row", "kind", "text"]))


def _kind(cells: Mapping[int, str]) -> str:
    texts = list(cells.values())
    if _PIVOT.fullmatch(texts[0]):
        return "summary"
    fields = sum(bool(_FIELD.fullmatch(text)) for text in texts)
    about = sum(bool(_ABOUT.fullmatch(text)) for text in texts)
    return "reference" if fields and fields + about >= max(2, 0.6 * len(texts)) else ""
