"""The laws of the house, held over the whole flow: conservation, replay, no damage, same answer, no personal value."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SLOW = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
CITIES = (("浙江省", "杭州市"), ("江苏省", "苏州市"), ("广东省", "深圳市"))
BRANDS = ("星渚", "岚石", "柏纳", "青穗")
TRADES = ("包装材料", "机电设备", "软件")

dirty = st.fixed_dictionaries({
    "客户名称": st.one_of(
        st.builds(lambda c, b, t: f"{c[1][:2]}{b}{t}有限公司", st.sampled_from(CITIES), st.sampled_from(BRANDS), st.sampled_from(TRADES)),
        st.sampled_from(["", " 无 ", "岚石机电（苏州）有限公司　", "Blue Harbor LLC"]),
    ),
    "联系人": st.sampled_from(["", "林知远", "顾 念慈", "张经理", "何以安/陶谦", "周\u200b牧"]),
    "手机": st.sampled_from(["", "13912345670", "139 1234 5671", "+86-13912345672", "1.39E+10", "139123", "无", "13912345673/13912345674"]),
    "座机": st.sampled_from(["", "0571-86543210", "(0512)65432109", "65432109", "021 5432 1098 转 12"]),
    "邮箱": st.sampled_from(["", "LIN@XINGZHU.CN", "gu＠lanshi.com", "bad@", "a@b.cn;c@d.cn"]),
    "省": st.sampled_from(["", "浙江", "江苏省"]),
    "市": st.sampled_from(["", "杭州", "苏州市"]),
    "首次联系日期": st.sampled_from(["", "2024/1/5", "2024.13.1", "45000", "05/06/2023", "2024年3月1日"]),
    "备注": st.sampled_from(["", "=1+1", "无", "老客户\r\n待跟进", " 重要 "]),
    "爱好": st.sampled_from(["", "围棋"]),
})  # fmt: skip
sheets = st.lists(dirty, min_size=1, max_size=12)


def whole(run_flow, project, files, root=None):
    folder = Path(root or tempfile.mkdtemp())
    return run_flow(project(folder, files))


@SLOW
@given(first=sheets, second=sheets)
def test_conservation_every_row_has_one_exit_per_entity_and_the_sums_balance(run_flow, project, first, second):
    ran = whole(run_flow, project, {"a.csv": first, "b.csv": second})
    layout = ran.frame("ledger/layout")
    records = ran.rows[ran.rows["entity"] == "customer"]
    for name, rows in (("a.csv", first), ("b.csv", second)):
        filled = sum(1 for row in rows if any(v.strip() for v in row.values()))
        mine = records[records["source_file"] == name]
        kinds = layout[layout["source_file"] == name]
        assert len(mine) + len(kinds[~kinds["kind"].isin(["blank", "header"])]) == filled
    assert not ran.rows.duplicated(["source_file", "source_sheet", "source_row", "entity"]).any()
    assert set(ran.rows["exit"]) <= {"migrated", "merged", "parked", "excluded"}
    for entity, mine in ran.rows.groupby("entity"):
        migrated = mine[mine["exit"] == "migrated"]
        merged = mine[mine["exit"] == "merged"]
        assert migrated["golden_id"].is_unique, entity
        assert set(merged["golden_id"]) <= set(migrated["golden_id"])
        assert mine.loc[mine["exit"].isin(["parked", "excluded"]), "reason"].ne("").all()


@SLOW
@given(rows=sheets)
def test_replay_the_ledger_tells_every_value(run_flow, project, rows):
    ran = whole(run_flow, project, {"a.csv": rows})
    cells = {}
    for number, row in enumerate(rows, 2):
        cells[number] = {v for v in row.values() if v}
    for entity in ("customer", "contact"):
        records = ran.frame(f"records/{entity}")
        told = ran.changes[(ran.changes["entity"] == entity) & (ran.changes["stage"] == "normalize")]
        after = {(c.rid, c.field): c.after for c in told.itertuples() if isinstance(c.after, str)}
        for record in records.itertuples():
            for field in records.columns[4:]:
                value = getattr(record, field)
                if isinstance(value, str):
                    assert after.get((record.rid, field), value) == value
                    assert (record.rid, field) in after or value in cells[record.source_row], (field, value)
        golden = ran.frame(f"golden/{entity}").merge(records, on="rid", suffixes=("", "_own"))
        merged = ran.changes[(ran.changes["entity"] == entity) & (ran.changes["stage"] == "merge")]
        moved = {(c.rid, c.field): c.after for c in merged.itertuples()}
        for record in golden.itertuples():
            for field in records.columns[4:]:
                value, own = getattr(record, field), getattr(record, f"{field}_own")
                if value != own and not (pd.isna(value) and pd.isna(own)):
                    assert (record.rid, field) in moved


def test_no_damage_values_that_are_right_are_not_touched(run_flow, project, tmp_path):
    right = [
        {"客户名称": "杭州星渚包装材料有限公司", "联系人": "林知远", "手机": "13912345670", "座机": "0571-86543210",
         "邮箱": "lin@xingzhu.cn", "省": "浙江省", "市": "杭州市", "详细地址": "文昌路18号", "首次联系日期": "2024-01-05",
         "备注": "=1+1"},
        {"客户名称": "Blue Harbor LLC", "联系人": "Ann Lee", "手机": "+14155550123", "邮箱": "ann@blueharbor.com",
         "详细地址": "12 Main St, Springfield", "备注": "NULL and void"},
    ]  # fmt: skip
    ran = whole(run_flow, project, {"a.csv": right}, tmp_path)
    assert ran.changes.empty
    mine = ran.rows[ran.rows["entity"].isin(["customer", "contact"])]
    assert (mine["exit"] == "migrated").all()


@SLOW
@given(rows=sheets, seed=st.integers(0, 9))
def test_same_answer_however_rows_and_files_are_ordered_and_cut(run_flow, project, rows, seed):
    def golden(files):
        ran = whole(run_flow, project, files)
        tables = [ran.frame(f"golden/{e}").drop(columns="rid") for e in ("customer", "contact")]
        return [t.sort_values(list(t.columns), ignore_index=True) for t in tables]

    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    cut = len(shuffled) // 2
    for here, there in zip(
        golden({"a.csv": rows}),
        golden({"z.csv": shuffled[:cut] or shuffled[:1], "b.csv": shuffled[cut:] if cut else []}),
        strict=True,
    ):
        pd.testing.assert_frame_equal(here, there, check_dtype=False)


def test_two_runs_give_the_same_bytes(run_flow, project, tmp_path):
    rows = [
        {"客户名称": "杭州星渚软件有限公司", "手机": "139 1234 5670"},
        {"客户名称": "星渚软件（杭州）有限公司", "手机": "13912345670"},
    ]
    one = whole(run_flow, project, {"a.csv": rows}, tmp_path / "one")
    two = whole(run_flow, project, {"a.csv": rows}, tmp_path / "two")
    digests = [json.loads((ran.folder / "manifest.json").read_text("utf-8"))["outputs"] for ran in (one, two)]
    assert digests[0] == digests[1] and len(digests[0]) > 10


SECRETS = ("13912345670", "林知远", "lin@xingzhu.cn", "0571-86543210", "86543210")


@pytest.mark.parametrize("name", ["manifest.json", "junit.xml", "report.html", "report.json", "run.sqlite"])
def test_no_personal_value_where_it_does_not_belong(run_flow, project, tmp_path, name):
    rows = [
        {"客户名称": "杭州星渚软件有限公司", "联系人": "林知远", "手机": "139-1234-5670", "座机": "(0571)86543210", "邮箱": "LIN@XINGZHU.CN"},
        {"客户名称": "", "联系人": "林知远", "手机": "13912345670", "座机": "1391234", "邮箱": "lin@xingzhu"},
    ]  # fmt: skip
    ran = whole(run_flow, project, {"a.csv": rows}, tmp_path)
    content = (ran.folder / name).read_bytes()
    for secret in SECRETS:
        assert secret.encode() not in content, secret


def test_a_row_of_nothing_but_a_doubtful_cell_is_parked_with_that_doubt(run_flow, project, tmp_path):
    root = project(tmp_path, {})
    (root / "files" / "a.csv").write_text("客户名称,联系方式,备注\n,1.38E+10,\n岚石机电有限公司,,甲\n", "utf-8")
    ran = run_flow(root)
    told = ran.frame("ledger/rows").query("entity == 'contact'").set_index("source_row")
    assert told.loc[2, "exit"] == "parked" and "phone_digits_lost" in told.loc[2, "reason"].split(";")
    assert told.loc[3, "exit"] == "excluded"
