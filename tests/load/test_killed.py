"""A load that is killed at random moments ends whole all the same: nothing doubled, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = Path(__file__).parents[2] / "benchmarks" / "load" / "kills.py"


@pytest.mark.skipif(os.name == "nt", reason="signals of this sort are not of Windows")
def test_killed_six_times():
    ran = subprocess.run(
        [sys.executable, str(KILLS), "--rows", "1500", "--kills", "6", "--batch", "100"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 doubled, 0 lost, 0 receipts wrong" in ran.stdout
