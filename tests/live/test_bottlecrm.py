"""The written files imported into a real CRM, read back and compared. Opt-in: it needs django-crm and a PostgreSQL database.

    python3.12 -m venv crm && crm/bin/pip install django-crm==1.35.0 && createdb crm
    CLEANSE_BOTTLECRM=$PWD/crm/bin/python DBNAME=crm DBUSER=… DBPASSWORD=… DBHOST=… DBPORT=… python -m pytest tests/live

Python 3.12 or later; the first run makes the tables of the CRM, which takes a minute or two. The database may be kept: every
run works in an organisation of its own.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

PYTHON = os.environ.get("CLEANSE_BOTTLECRM", "")
DRIVER = Path(__file__).resolve().parent / "bottlecrm.py"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "crm.settings", "SECRET_KEY": "only-for-this-test-" * 3, "CELERY_BROKER_URL": "memory://"}
ROWS = [
    {"客户名称": "岚石机电有限公司", "联系人": "陆知行", "手机": "139 1234 5001", "座机": "0755－26990001", "邮箱": "LU@Example.com",
     "省": "广东省", "市": "深圳市", "详细地址": "科技路1号", "备注": "=1+1"},
    {"客户名称": "岚石机电有限公司", "联系人": "沈未", "手机": "13912345002", "备注": "第二位联系人"},
    {"客户名称": "青禾食品（上海）有限公司", "联系人": "欧阳明德", "手机": "+86 13912345003", "备注": "他说“好”，\n再联系 😀𠮷"},
    {"客户名称": "远山软件有限公司", "联系人": "顾南", "邮箱": "gu.nan@example.com"},
    {"客户名称": "松川建材有限公司", "联系人": "@江月", "手机": "13912345005"},
]  # fmt: skip

pytestmark = pytest.mark.skipif(not PYTHON, reason="opt-in: CLEANSE_BOTTLECRM names the interpreter that has django-crm")


def crm(place: Path, *arguments: str) -> str:
    """What the CRM's own Python prints; its logs stay in ``place``."""
    there = {**os.environ, **SETTINGS}
    done = subprocess.run(
        [PYTHON, *arguments], check=False, env=there, cwd=place, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from cleanse import flow
    from cleanse.project import load_project
    from tests.conftest import write_project

    made = {}
    for profile in ("bottlecrm", "bottlecrm-leads"):
        settings = f'[project]\ntoday = "2025-06-30"\n[target]\nprofile = "{profile}"\n'
        root = write_project(tmp_path_factory.mktemp(profile), {"a.csv": ROWS}, settings)
        folder = flow.run(load_project(root), progress=lambda *_: None).folder
        made |= {path.name.split("_")[1]: path for path in (folder / "migration").glob("*.csv")}
    return made


@pytest.fixture(scope="module")
def told(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("crm")
    crm(place, "-m", "django", "migrate", "--noinput")
    sent = [str(files[name]) for name in ("accounts", "contacts", "leads")]
    answer: dict[str, Any] = json.loads(crm(place, str(DRIVER), *sent))
    return answer


def test_every_row_is_taken_at_first_try(files: dict[str, Path], told: dict[str, Any]) -> None:
    assert [one["status"] for one in told["accounts"]] == [200] * 4, told["accounts"]
    for what, count in (("contacts", 5), ("leads", 5)):
        preview, commit = told[what]
        assert (preview["status"], preview["body"]["summary"]) == (200, {"total": count, "valid": count, "invalid": 0})
        assert commit["status"] in (200, 201) and commit["body"]["created"] == count, commit


@pytest.mark.parametrize(
    ("what", "key", "names"),
    [
        ("accounts", "name", {}),
        ("contacts", "last_name", {"account_name": "account__name"}),
        ("leads", "last_name", {}),
    ],
)
def test_every_cell_arrived(files: dict[str, Path], told: dict[str, Any], what: str, key: str, names: dict[str, str]) -> None:
    held = {row[key]: row for row in told["held"][what]}
    sent = {row[key]: row for row in written(files[what])}
    assert sent.keys() == held.keys() and len(sent) == len(written(files[what])) > 3
    compared = [n for n in next(iter(sent.values())) if names.get(n, n) in next(iter(held.values()))]
    assert len(compared) >= 7
    for name, row in sent.items():
        assert {n: held[name][names.get(n, n)] for n in compared} == {n: row[n] for n in compared}
