"""A run that is killed at any moment leaves nothing half-written under a final name, and the next one ends the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BRANDS = [a + b for a in "甲乙丙丁戊" for b in "子丑寅卯辰巳午"]
ROWS = [{"客户名称": f"杭州{brand}软件有限公司", "手机": f"139 0000 {i:04d}"} for i, brand in enumerate(BRANDS)]


def outputs(root: Path) -> dict[str, str]:
    return json.loads((root / "out" / "latest" / "manifest.json").read_text("utf-8"))["outputs"]


@pytest.mark.skipif(os.name == "nt", reason="signals of this sort are not of Windows")
def test_killed_at_several_moments(project, command, tmp_path):
    calm = project(tmp_path / "calm", {"a.csv": ROWS})
    start = time.perf_counter()
    assert command("run", "--project", calm).returncode == 0
    whole = time.perf_counter() - start
    root = project(tmp_path / "killed", {"a.csv": ROWS})
    for part in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
        running = subprocess.Popen(
            [sys.executable, "-m", "cleanse", "run", "--project", str(root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            running.wait(whole * part)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
        if running.wait() != 0:
            finished = [p for p in (root / "out").glob("[!.]*") if p.is_dir()]
            assert all((p / "manifest.json").is_file() for p in finished), finished
    assert command("run", "--project", root).returncode == 0
    assert outputs(root) == outputs(calm)
    assert not list((root / "out").glob(".*.partial"))
