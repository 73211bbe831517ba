"""The import template of the user's own CRM makes the profile: its columns, marks, lists; then files that fit it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation

ROWS = [
    {
        "客户名称": "岚石机电有限公司",
        "联系人": "陆知行",
        "手机": "13912345670",
        "行业": "软件",
        "负责人": "王敏",
        "备注": "甲",
    },
    {"客户名称": "青禾食品有限公司", "联系人": "孟青", "手机": "13912345671", "行业": "教育", "负责人": "王敏"},
]


def save(path: Path, title: str, tip: str, headers: list[str], lists: dict[str, str] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    if tip:
        sheet.append([tip])
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(headers))
    sheet.append(headers)
    hidden = book.create_sheet("dict")
    hidden.sheet_state = "hidden"
    for number, (header, values) in enumerate((lists or {}).items(), 1):
        rule = DataValidation(type="list", formula1=values)
        if values.startswith("@"):
            for at, value in enumerate(values[1:].split(","), 1):
                hidden.cell(at, number, value)
            at = openpyxl.utils.get_column_letter(number)
            rule = DataValidation(type="list", formula1=f"dict!${at}$1:${at}${values.count(',') + 1}")
        sheet.add_data_validation(rule)
        column = openpyxl.utils.get_column_letter(headers.index(header) + 1)
        rule.add(f"{column}3:{column}1000")
    book.save(path)
    return path


@pytest.fixture()
def templates(tmp_path):
    customer = save(
        tmp_path / "我们的客户.xlsx", "客户导入", "注意：带*为必填",
        ["*客户名称", "*负责人", "行业", "客户等级", "手机", "区域经理", "备注"],
        {"行业": '"IT,教育,其他"', "客户等级": "@A,B,C"},
    )  # fmt: skip
    contact = save(tmp_path / "联系人.xlsx", "联系人导入", "注意：带*为必填", ["*姓名", "*客户名称", "手机", "职务"])
    return customer, contact


def init(invoke, folder, *given):
    options = [x for path in given for x in ("--template", path)]
    return invoke("init", folder, "--target", "wukong-11", *options, "--name", "ours")


def test_a_profile_with_the_columns_marks_and_lists_of_the_template(invoke, project, tmp_path, templates):
    folder = project(tmp_path / "p", {"a.csv": ROWS}) / "files"
    told = init(invoke, folder, *templates)
    assert told.returncode == 0, told.stderr
    assert 'profile = "ours"' in (folder / "cleanse.toml").read_text("utf-8")
    profile = tomllib.loads((folder / "rules" / "targets" / "ours.toml").read_text("utf-8"))
    customer, contact = profile["objects"]
    assert [f["name"] for f in customer["fields"]] == [
        "客户名称",
        "负责人",
        "行业",
        "客户等级",
        "手机",
        "区域经理",
        "备注",
    ]
    assert [f["name"] for f in customer["fields"] if f.get("required")] == ["客户名称", "负责人"]
    lists = {f["name"]: f["values"] for f in customer["fields"] if "values" in f}
    assert lists == {"行业": ["IT", "教育", "其他"], "客户等级": ["A", "B", "C"]}
    assert contact["parent"] == "客户名称" and contact["parent_object"] == customer["name"]
    assert profile["form"]["tip"] == "注意：带*为必填" and profile["form"]["required_prefix"] == "*"
    assert "to confirm: 区域经理: no field of ours feeds it" in told.stdout


def test_the_files_written_have_the_templates_header_and_offer_only_its_values(invoke, project, tmp_path, templates):
    folder = project(tmp_path / "p", {"a.csv": ROWS}) / "files"
    init(invoke, folder, *templates)
    assert invoke("run", "--project", folder).returncode in (0, 1)
    made = sorted((folder / "out" / "latest" / "migration").glob("*.xlsx"))
    assert len(made) == 2
    sheet = openpyxl.load_workbook(made[0]).worksheets[0]
    tip, head, *rows = sheet.iter_rows(values_only=True)
    assert tip[0] == "注意：带*为必填"
    assert list(head) == ["*客户名称", "*负责人", "行业", "客户等级", "手机", "区域经理", "备注"]
    assert {row[2] for row in rows} == {"教育", None}, "软件 is no value of this CRM: withheld, not put"


def test_a_project_that_is_there_keeps_its_configuration(invoke, project, tmp_path, templates):
    root = project(tmp_path / "p", {"a.csv": ROWS})
    before = (root / "cleanse.toml").read_text("utf-8")
    assert init(invoke, root, *templates).returncode == 0
    assert (root / "cleanse.toml").read_text("utf-8") == before
    assert (root / "rules" / "targets" / "ours.toml").exists()
    again = init(invoke, root, *templates)
    assert again.returncode == 2 and "there is such a profile already" in again.stderr


def test_a_csv_template_of_labels(invoke, project, tmp_path):
    root = project(tmp_path / "p", {"a.csv": ROWS})
    (tmp_path / "companies.csv").write_text("Company name,Phone number,Street address,City\n", "utf-8")
    told = invoke("init", root, "--target", "hubspot", "--template", tmp_path / "companies.csv")
    assert told.returncode == 0, told.stderr
    profile = tomllib.loads((root / "rules" / "targets" / "companies.toml").read_text("utf-8"))
    assert [f["name"] for o in profile["objects"] for f in o["fields"]] and profile["form"]["type"] == "csv"


@pytest.mark.parametrize(
    ("name", "content"), [("x.xlsx", b"PK\x03\x04 broken"), ("x.csv", b""), ("y.csv", "甲,乙\n".encode())]
)
def test_what_is_no_template_is_refused_in_three_lines(invoke, project, tmp_path, name, content):
    root = project(tmp_path / "p", {"a.csv": ROWS})
    (tmp_path / name).write_bytes(content)
    told = invoke("init", root, "--template", tmp_path / name)
    assert told.returncode in (2, 3) and "Traceback" not in told.stderr and "to do:" in told.stderr
