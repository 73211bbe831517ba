"""What a person sees who opens the workbooks: every cell as it was meant, no formula, whatever it begins with."""

from __future__ import annotations

import csv
import subprocess

import pandas as pd

from cleanse.targets import files

MEANT = [
    "+8613800001111", "0755-26990000", "007", "110105194912310021", "2024-02-29", "1/2", "1.38E+10", "=1+1", "-5", "@SUM(A1)",
    "+A1", "TRUE", "=HYPERLINK(\"x\")", "50%", "￥100", "'quoted", "A（重点客户）", "12345678901234567890", "3-4", "#N/A",
]  # fmt: skip
PROFILES = ("wukong-11", "cordys", "jiandaoyun", "fxiaoke", "xiaoshouyi")
AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"


def test_libreoffice_shows_every_cell_as_it_was_meant(shipped, office, tmp_path) -> None:
    made = []
    for name in PROFILES:
        profile = shipped(name)
        target = profile.objects[0]
        table = pd.DataFrame({column.name: MEANT for column in target.fields}, dtype="str")
        files.write({target.name: table}, profile, tmp_path / name)
        (path,) = (tmp_path / name).iterdir()
        made.append(path.rename(tmp_path / f"{name}.xlsx"))
    command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", AS_SHOWN]
    subprocess.run([*command, "--outdir", tmp_path / "shown", *made], check=True, capture_output=True, timeout=120)
    for name in PROFILES:
        with (tmp_path / "shown" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            shown = list(csv.reader(file))[shipped(name).form["header_row"] :]
        assert [set(row) for row in shown] == [{value} for value in MEANT], name
