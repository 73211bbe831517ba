"""Makes the sample files and the truth about them: ``python samples/generate.py``.

Without options it rewrites ``samples/files``, ``samples/expected`` and ``samples/trial/customers_100.csv``, always the
same bytes. ``--big 100000 --out DIR`` makes the table of the benchmarks instead: one sheet of 20 columns as a workbook
and as CSV, half of the cells right, one row in ten a duplicate.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from generator import files as writers
from generator.rows import Filled, Filler, Sheet, lay_out
from generator.truth import shares, write_truth
from generator.world import World

HERE = Path(__file__).parent
SEED = 20250930
ENDS = frozenset(("spaces_around", "tab_newline", "trailing_newline"))
BIG_COLUMNS = (
    ("客户编号", "code"), ("客户名称", "name"), ("统一社会信用代码", "uscc"), ("联系人", "contact"), ("手机", "mobile"),
    ("固定电话", "phone"), ("电子邮箱", "email"), ("省份", "province"), ("城市", "city"), ("区县", "district"),
    ("详细地址", "address"), ("所属行业", "industry"), ("客户类型", "type"), ("优先级", "priority"), ("客户来源", "source"),
    ("负责人", "owner"), ("年营业额", "sales"), ("首次联系日期", "first_date"), ("最近跟进日期", "last_date"), ("备注", "note"),
)  # fmt: skip


def sheets(owners: Sequence[str]) -> list[Sheet]:
    """The files of the samples: who keeps what, and how."""
    south, ledger = f"华南区/{owners[0]}_客户明细.xlsx", f"{owners[1]}-客户登记2024.xlsx"
    return [
        Sheet(south, "xlsx", (
            ("公司名称", "name"), ("联系人姓名", "contact"), ("手机号码", "mobile"), ("座机", "phone"), ("Email", "email"),
            ("地址", "full_address"), ("行业", "industry"), ("客户级别", "type"), ("负责人", "owner"), ("最近联系时间", "last_date"),
            ("备注", "note"),
        ), "在跟客户", size=28, owner=0, shape=("title", "blank_column"), dates=("date_cell", "date_cell", "iso"),
            forbidden=frozenset(("crlf",))),
        Sheet(south, "xlsx", (
            ("固话", "phone"), ("客户类别", "type"), ("联系人", "contact"), ("邮箱", "email"), ("首次联系日期", "first_date"),
            ("跟进人", "owner"), ("手机", "mobile"), ("所属行业", "industry"), ("客户", "name"), ("说明", "note"), ("通讯地址", "full_address"),
        ), "历史客户", size=24, owner=0, shape=("title", "blank_rows", "blank_column"), dates=("date_cell", "dots"),
            forbidden=frozenset(("crlf",))),
        Sheet(ledger, "xlsx", (
            ("客户名称", "name"), ("客户编号", "code"), ("姓名", "contact"), ("联系方式", "tel"), ("地区", "region"), ("详细地址", "address"),
            ("所属行业", "industry"), ("客户类型", "type"), ("优先级", "priority"), ("年营业额", "sales"), ("首次联系日期", "first_date"),
            ("备注", "note"),
        ), "登记表", size=40, owner=1, shape=("title", "blank_rows", "subtotal", "serial"), dates=("date_cell", "slash"),
            forbidden=frozenset(("crlf",))),
        Sheet("erp_客户主数据.csv", "csv", (
            ("客户代码", "code"), ("客户名称", "name"), ("统一社会信用代码", "uscc"), ("联系人", "contact"), ("手机", "mobile"),
            ("固定电话", "phone"), ("电子邮箱", "email"), ("省", "province"), ("市", "city"), ("区县", "district"), ("街道地址", "address"),
            ("所属行业", "industry"), ("客户类型", "type"), ("客户来源", "source"), ("业务员", "owner"), ("首次联系日期", "first_date"),
            ("最近跟进日期", "last_date"),
        ), encoding="gbk", size=76, dates=("slash", "iso")),
        Sheet("小程序报名.csv", "csv", (
            ("单位名称", "name"), ("联系人", "contact"), ("手机", "mobile"), ("微信", "messenger"), ("电子邮箱", "email"), ("城市", "city"),
            ("需求描述", "need"), ("客户来源", "source"), ("优先级", "priority"), ("首次联系日期", "first_date"), ("备注", "note"),
        ), encoding="utf-8-sig", size=38, dates=("midnight", "iso")),
        Sheet("行业展会/2025秋季展会名片.xlsx", "xlsx", (
            ("单位名称", "name"), ("联系人/电话", "contact_line"), ("电子邮箱", "email"), ("地址", "full_address"), ("行业", "industry"),
            ("需求描述", "need"), ("客户类型", "type"), ("备注", "note"),
        ), "名片", size=32, owner=2, shape=("title", "blank_rows", "banner", "repeated_header", "note"),
            forbidden=frozenset(("crlf",))),
        Sheet("老系统导出/客户档案.xls", "html", (
            ("客户编号", "code"), ("客户名称", "name"), ("联系人姓名", "contact"), ("联系电话", "tel"), ("邮箱", "email"),
            ("公司地址", "full_address"), ("所属行业", "industry"), ("客户级别", "type"), ("销售", "owner"), ("首次接触日期", "first_date"),
            ("备注", "note"),
        ), encoding="", size=30, shape=("title",), dates=("dots",), forbidden=ENDS | {"crlf", "zero_width"}),
        Sheet("老系统导出/KHDA.DBF", "dbf", (
            ("客户编号", "code"), ("客户名称", "name"), ("统一社会信用代码", "uscc"), ("联系人", "contact"), ("手机", "mobile"),
            ("座机", "phone"), ("省份", "province"), ("城市", "city"), ("详细地址", "address"), ("行业", "industry"), ("年销售额", "sales"),
            ("首次接触日期", "first_date"),
        ), encoding="gbk", size=28, dates=("compact", "compact", "iso"), forbidden=ENDS),
        Sheet("渠道部/渠道商名单.txt", "tsv", (
            ("渠道商", "name"), ("联系人", "contact"), ("联系人手机", "mobile"), ("邮箱", "email"), ("所在省", "province"), ("所在市", "city"),
            ("详细地址", "address"), ("类型", "type"), ("最后跟进", "last_date"), ("备注", "note"),
        ), encoding="utf-16", size=26, owner=3, dates=("slash",), forbidden=frozenset(("tab_newline", "crlf"))),
    ]  # fmt: skip


def make_samples(out: Path, seed: int, rows: int) -> None:
    """Write ``out/files``, ``out/expected`` and ``out/trial/customers_100.csv``."""
    world = World(Random(seed))
    world.grow(rows * 4 // 5)
    filled = Filler(world, 0.3).place(sheets(world.owners), rows)
    folder = out / "files"
    shutil.rmtree(folder, ignore_errors=True)
    listed = write_files(folder, filled, world)
    write_truth(out / "expected", world, filled, listed)
    make_trial(out / "trial" / "customers_100.csv", seed + 1)


def write_files(folder: Path, filled: Sequence[Filled], world: World) -> list[dict[str, Any]]:
    """Write every file, and what is to be done with each."""
    by_file: dict[str, list[Filled]] = {}
    for sheet in filled:
        owner = world.owners[sheet.sheet.owner] if sheet.sheet.owner >= 0 else ""
        lay_out(sheet, world.rng, owner)
        by_file.setdefault(sheet.sheet.file, []).append(sheet)
    listed = []
    for name, parts in by_file.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, parts)
        first = parts[0].sheet
        listed.append({
            "file": name, "expect": "read", "format": first.format, "encoding": first.encoding,
            "traits": sorted({trait for p in parts for trait in p.sheet.shape}), "sheets": [p.sheet.name for p in parts],
            "data_rows": sum(len(p.rows) for p in parts),
        })  # fmt: skip
    damaged, lock = "2023客户备份.xlsx", f"华南区/~${world.owners[0]}_客户明细.xlsx"
    writers.write_damaged(folder / damaged, folder / filled[0].sheet.file)
    writers.write_lock(folder / lock, world.owners[0])
    listed.append({"file": damaged, "expect": "error", "reason": "corrupt", "format": "xlsx", "data_rows": 0})
    listed.append({"file": lock, "expect": "ignore", "reason": "lock file", "format": "lock", "data_rows": 0})
    return listed


def write_file(path: Path, parts: Sequence[Filled]) -> None:
    match parts[0].sheet.format:
        case "xlsx":
            writers.write_xlsx(path, parts)
        case "csv":
            writers.write_separated(path, parts[0])
        case "tsv":
            writers.write_separated(path, parts[0], "\t")
        case "html":
            writers.write_html(path, parts[0])
        case "dbf":
            writers.write_dbf(path, parts[0])


def make_trial(path: Path, seed: int) -> None:
    """One hundred rows of one CSV, for a run in continuous integration."""
    columns = tuple(
        c for c in BIG_COLUMNS if c[1] not in ("uscc", "district", "sales", "source", "priority", "last_date")
    )
    sheet = Sheet(path.name, "csv", columns, encoding="utf-8-sig", size=1, dates=("slash", "iso", "dots"))
    world = World(Random(seed))
    world.grow(88)
    (filled,) = Filler(world, 0.2).place([sheet], 100)
    lay_out(filled, world.rng, "")
    path.parent.mkdir(parents=True, exist_ok=True)
    writers.write_separated(path, filled)


def make_big(out: Path, seed: int, rows: int) -> None:
    """``out/customers.xlsx`` and ``out/customers.csv`` with ``rows`` rows of 20 columns, each in a folder of its own,
    with the truth of the CSV in ``out/expected``."""
    world = World(Random(seed), roster=40)
    world.grow(rows * 9 // 10)
    sheet = Sheet("customers.xlsx", "xlsx", BIG_COLUMNS, "Sheet1", size=1, dates=("slash", "iso", "date_cell", "iso"),
                  forbidden=frozenset(("crlf",)))  # fmt: skip
    filled = Filler(world, 0.45).place([sheet], rows)
    lay_out(filled[0], world.rng, "")
    for name in ("xlsx", "csv"):
        (out / name).mkdir(parents=True, exist_ok=True)
    writers.write_xlsx(out / "xlsx" / "customers.xlsx", filled)
    text = Filled(
        Sheet("customers.csv", "csv", BIG_COLUMNS, encoding="utf-8-sig"), filled[0].rows, writers.text_grid(filled[0])
    )
    writers.write_separated(out / "csv" / "customers.csv", text)
    text.layout = filled[0].layout
    listed = [{"file": "customers.csv", "expect": "read", "format": "csv", "data_rows": rows}]
    write_truth(out / "expected", world, [text], listed)
    print(f"{rows} rows of {len(BIG_COLUMNS)} columns in {out}: {shares(filled)}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--big", type=int, metavar="ROWS", help="make the table of the benchmarks instead")
    given = parser.parse_args(argv)
    if given.big:
        make_big(given.out, given.seed, given.big)
    else:
        make_samples(given.out, given.seed, given.rows)


if __name__ == "__main__":
    main()
