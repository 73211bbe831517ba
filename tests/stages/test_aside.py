"""Sheets that speak of customers and hold none are passed over; everything else is read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cleanse.model import Grid
from cleanse.project import load_project
from cleanse.stages.aside import aside, passed_over

WORDS = load_project(Path(__file__).parents[2]).words


def grid_of(text):
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip("\n").split("\n")]
    return Grid("表", pd.DataFrame(rows, index=range(1, len(rows) + 1), dtype="str").fillna(""))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("字段|是否必填|说明|示例\n客户名称|是|全称|青松样品有限公司", "reference"),
        ("导入模板说明|||\n序号|字段名称|格式要求|备注\n1|手机|11位|", "reference"),
        ("Field Name|Required|Description|Example\nPhone|Yes|11 digits|13800001111", "reference"),
        ("行标签|计数项:客户名称|求和项:年营业额\n华东|12|3400", "summary"),
        ("求和项:金额|列标签|\n行标签|2023|总计", "summary"),
        ("Row Labels|Count of Account|Sum of Amount\nEast|3|4", "summary"),
        ("年份|(全部)|\n|| \n行标签|计数项:金额|求和项:金额\n华东|1|2", "summary"),
        ("客户名称|电话|地区\n青松样品有限公司|13800001111|浙江\n行标签|计数项:客户名称|", ""),
        ("行标签|计数项:金额\n华东|1\n|\n客户名称|电话\n青松样品有限公司|13800001111", ""),
        ("客户名称|联系人|说明|类型\n青松样品有限公司|王小样|好|战略", ""),
        ("必填|必填|选填|必填\n客户名称|联系人|备注|电话\n青松样品有限公司|王小样||13800001111", ""),
        ("名称|类型|备注|描述\n青松样品有限公司|战略||", ""),
        ("客户名称|电话||行标签|计数项:客户名称\n青松样品有限公司|13800001111||华东|1", ""),
        ("行标签|计数项:金额||客户名称|电话\n华东|1||青松样品有限公司|13800001111", ""),
    ],
)
def test_only_a_sheet_that_is_certainly_no_data_is_passed_over(text, kind):
    assert aside(grid_of(text), WORDS) == kind


def test_of_a_sheet_passed_over_every_row_is_listed():
    table = passed_over(grid_of("字段|说明\n|\n手机|11位"), "f", "reference")
    assert table.rows.empty and table.layout["kind"].tolist() == ["reference", "blank", "reference"]
