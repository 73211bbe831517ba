"""A project whose rules only name the fields of its customers: the weights are learnt, kept in the run and used again."""

from __future__ import annotations

import random
import tomllib

import pandas as pd

RULES = """entity = "customer"
field = [
  { name = "name", kind = "company", label = { zh = "名称", en = "name" } },
  { name = "mobile", kind = "phone", fields = ["contact.mobile", "contact.mobile_2"], label = { zh = "手机", en = "mobile" } },
  { name = "contact", kind = "person", fields = ["contact.name"], label = { zh = "联系人", en = "contact" } },
  { name = "address", kind = "address", shared = true, label = { zh = "地址", en = "address" } },
]
"""
GATE = "[gate]\nmax_parked = 1.0\ntrial = false\n"


def firms(count: int) -> list[dict[str, str]]:
    dice = random.Random(3)
    rows = []
    for i in range(count):
        name = (
            "".join(dice.choices("岚石青禾远山汇泽星渚明川霁野", k=4))
            + dice.choice(["机电", "食品", "软件"])
            + "有限公司"
        )
        mobile = f"139{dice.randint(10_000_000, 99_999_999)}"
        person = dice.choice("陆沈顾叶") + "".join(dice.choices("知行未南遥清", k=2))
        row = {"客户名称": name, "联系人": person, "手机": mobile, "详细地址": f"长宁路{dice.randint(1, 900)}号"}
        rows += [row, {**row, "联系人": ""}] if i % 4 == 0 else [row]
    return rows


def test_weights_are_learnt_kept_and_used_again(command, project, tmp_path):
    root = project(tmp_path / "learnt", {"a.csv": firms(120)}, GATE)
    (root / "rules" / "matching").mkdir(parents=True, exist_ok=True)
    (root / "rules" / "matching" / "customer.toml").write_text(RULES, "utf-8")
    told = command("run", "--project", root)
    assert told.returncode == 0, told.stderr + told.stdout
    run = root / "out" / "latest"
    assert len(pd.read_parquet(run / "golden" / "customer.parquet")) == 120
    first = (run / "model.toml").read_text("utf-8")
    learnt = tomllib.loads(first)["customer"]
    assert learnt["field"]["mobile"]["equal"]["same"] > learnt["field"]["mobile"]["equal"]["strangers"]
    pairs = pd.read_parquet(run / "pairs.parquet")
    merged = pairs.loc[(pairs["entity"] == "customer") & (pairs["band"] == "merge"), "why_zh"]
    assert len(merged) == 30
    assert merged.str.contains("手机相同").all()
    assert (run / "duplicates.xlsx").is_file()

    (root / "model.toml").write_text(first, "utf-8")
    config = root / "cleanse.toml"
    before = config.read_text("utf-8")
    config.write_text(before + '\n[matching]\nmodel = "model.toml"\n', "utf-8")
    told = command("run", "--project", root)
    assert told.returncode == 0, told.stderr + told.stdout
    assert (root / "out" / "latest" / "model.toml").read_text("utf-8") == first

    config.write_text(before + '\n[matching]\nmodel = "modell.toml"\n', "utf-8")
    told = command("run", "--project", root)
    assert told.returncode == 2
    assert "modell.toml" in told.stderr
