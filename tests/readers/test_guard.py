"""The reading process: what hangs, aborts or eats memory in it is refused, and the next file is read as if nothing was."""

from __future__ import annotations

import os
import time

import pytest

from cleanse.readers import Limits, guard, read
from cleanse.readers.raw import Unreadable

CSV = "客户名称,电话\n青松样品厂,13800001111\n白云样品厂,13900001111\n"


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV, "utf-8")
    return path


def test_a_function_gives_its_answer_from_another_process():
    assert guard.call(os.getpid, seconds=30) != os.getpid()


def test_a_hang_is_ended_in_time(good):
    start = time.monotonic()
    with pytest.raises(Unreadable) as caught:
        guard.call(time.sleep, 60, seconds=0.5)
    assert (caught.value.reason, caught.value.detail) == ("too_large", "time") and time.monotonic() - start < 20
    assert read(good, "a.csv").status == "read"


def test_an_abort_is_survived(good):
    with pytest.raises(Unreadable) as caught:
        guard.call(os.abort, seconds=30)
    assert caught.value.reason == "too_large"
    assert read(good, "a.csv").status == "read"


def test_memory_is_bounded(good):
    pytest.importorskip("resource", reason="no limits of memory on this system")
    with pytest.raises(MemoryError):
        guard.call(bytes, 3 << 30, seconds=60, memory=2 << 30)
    assert read(good, "a.csv", Limits(memory_bytes=2 << 30)).status == "read"


def test_a_refusal_keeps_its_words(tmp_path):
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7 x")
    source = read(tmp_path / "x.pdf", "x.pdf")
    assert (source.reason, source.detail) == ("unsupported_format", "PDF")
