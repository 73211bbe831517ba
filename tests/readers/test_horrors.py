"""A folder of broken and hostile files at once, as a user meets it: one clear line each, no traceback, an end in time."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

from cleanse.errors import SourceError
from cleanse.flow.completing import looked_up
from cleanse.project import load_project

MADE = Path(__file__).parent / "made"
GOOD = [{"客户名称": "青松样品有限公司", "联系人": "王小明", "手机": "13812345671"}]
SECONDS = 120


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            package.writestr(name, data)
    return out.getvalue()


def far_cell(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'r="B2"', b'r="XFD1048576"'))
    return out.getvalue()


@pytest.fixture
def horrors() -> dict[str, tuple[bytes, str]]:
    """Name (of an archive, with the one inside) -> bytes, and a word of the reason as the user reads it."""
    book = (MADE / "excel2007.xlsx").read_bytes()
    old = (MADE / "excel97.xls").read_bytes()
    return {
        "空.csv": (b"", "空"),
        "cut.xlsx": (book[: len(book) // 2], "损坏"),
        "cut.xls": (old[: len(old) // 2], "损坏"),
        "far.xlsx": (far_cell(book), "超出"),
        "locked.xlsx": ((MADE / "locked2010.xlsx").read_bytes(), "密码"),
        "locked.xls": ((MADE / "locked97.xls").read_bytes(), "密码"),
        "locked.ods": ((MADE / "locked.ods").read_bytes(), "密码"),
        "picture.xlsx": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "格式"),
        "noise.csv": (bytes((i * i * 31 + i // 7) % 256 for i in range(20_000)), "格式"),
        "letter.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "格式"),
        "bomb.xml": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "XML"),
        "deep.json": (b"[" * 200_000, "嵌套"),
        "bomb.zip/a.csv": (packed(**{"a.csv": b"0" * (1 << 28)}), "超出"),
        "paths.zip/../../out.csv": (packed(**{"../../out.csv": b"a,b\n1,2\n"}), "路径"),
    }


def test_a_folder_of_horrors_ends_in_words(command, project, tmp_path, horrors):
    root = project(tmp_path, {"good.csv": GOOD})
    for name, (data, _) in horrors.items():
        (root / "files" / name.split("/")[0]).write_bytes(data)
    start = time.monotonic()
    done = command("scan", "--project", root)
    assert time.monotonic() - start < SECONDS
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stdout + done.stderr and "good.csv  csv" in done.stdout
    lines = done.stdout.splitlines()
    for name, (_, word) in horrors.items():
        below = [lines[at + 1] for at, line in enumerate(lines) if line == f"{name}  error"]
        assert len(below) == 1 and word in below[0], (name, below)


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (None, "password")])
def test_a_lookup_file_that_cannot_be_read_is_named(project, tmp_path, data, reason):
    root = project(tmp_path, {"good.csv": GOOD}, settings='[complete]\nlookup = "names.xlsx"\n')
    (root / "names.xlsx").write_bytes((MADE / "locked2010.xlsx").read_bytes() if data is None else data)
    with pytest.raises(SourceError, match=f"the lookup file cannot be read.*{reason}") as caught:
        looked_up(load_project(root))
    assert caught.value.where.endswith("names.xlsx") and caught.value.cure and caught.value.exit_code == 3
