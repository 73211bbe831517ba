"""The page's server answers the one browser that was given the token, and nobody else."""

from __future__ import annotations

import re
import threading
import urllib.request
from importlib.resources import files

import pytest

from cleanse.errors import UsageError
from cleanse.review.decisions import read
from cleanse.review.page.server import Page, app

HOST = "127.0.0.1:4321"
OWN = {"Host": HOST}
POST = {**OWN, "Origin": f"http://{HOST}"}


@pytest.fixture()
def browser(desk):
    return app(desk(), "zh", "secret", 4321).test_client()


@pytest.fixture()
def opened(browser):
    assert browser.get("/?token=secret", headers=OWN).status_code == 303
    return browser


def test_without_the_token_nothing_is_shown(browser):
    for path in (
        "/",
        "/page.js",
        "/api/start",
        "/api/groups/0",
        "/?token=",
        "/?token=secreT",
        "/api/start?token=secret",
    ):
        answer = browser.get(path, headers=OWN)
        assert answer.status_code == 403 and "cleanse review serve" in answer.text
    assert browser.post("/api/decide/0", json={"verdict": "merge"}, headers=POST).status_code == 403


def test_the_token_opens_one_browser_once(browser, desk):
    answer = browser.get("/?token=secret", headers=OWN)
    cookie = answer.headers["Set-Cookie"]
    assert answer.headers["Location"] == "/" and "secret" not in cookie
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert browser.get("/", headers=OWN).status_code == 200
    other = browser.application.test_client()
    assert other.get("/?token=secret", headers=OWN).status_code == 403


@pytest.mark.parametrize("given", [
    {"Host": "evil.example"}, {"Host": "localhost:4321"}, {"Host": "127.0.0.1:1"}, {"Host": HOST, "Origin": "http://evil.example"},
    {"Host": HOST, "Origin": "null"}, {"Host": HOST, "Sec-Fetch-Site": "cross-site"}, {"Host": HOST, "Sec-Fetch-Site": "same-site"},
])  # fmt: skip
def test_a_foreign_host_or_origin_is_refused_even_with_the_cookie(opened, given):
    for answer in (opened.get("/api/start", headers=given), opened.post("/api/undo", json={}, headers=given)):
        assert answer.status_code == 403 and "客户" not in answer.text


def test_what_changes_something_must_come_from_the_page_itself(opened, tmp_path):
    for given in ({"headers": OWN, "json": {}}, {"headers": POST, "data": "verdict=merge"}):
        assert opened.post("/api/decide/0", **given).status_code == 403
    assert opened.get("/api/decide/0", headers=OWN).status_code == 405
    assert not (tmp_path / "decisions.jsonl").exists()


def test_every_answer_forbids_scripts_frames_and_addresses_from_outside(opened):
    for path in ("/", "/page.js", "/api/start", "/nothing", "/?token=x"):
        headers = opened.get(path, headers=OWN).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_names_no_address_outside():
    for file in files("cleanse.data").joinpath("page").iterdir():
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", file.read_text("utf-8"))
        assert set(found) <= {"http://www.w3.org"}, file.name


def test_the_answer_comes_after_the_decision_is_on_disk(opened, tmp_path):
    assert opened.post("/api/decide/0", json={"verdict": "merge"}, headers=POST).json["verdict"] == "merge"
    assert {d.verdict for d in read(tmp_path / "decisions.jsonl")} == {"merge"}
    assert opened.post("/api/undo", json={}, headers=POST).json["id"] == 0
    assert opened.post("/api/undo", json={}, headers=POST).json is None


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/groups/99", 404), ("/api/groups/x", 400), ("/api/groups/0,", 400), ("/x.js", 404), ("/api/x/y", 404)],
)
def test_what_is_not_there_is_said_so(opened, path, status):
    assert opened.get(path, headers=OWN).status_code == status


def test_what_cannot_be_kept_is_said_in_words_the_page_knows(opened):
    known = opened.get("/api/start", headers=OWN).json["words"]["refused"]
    for entry, number, status in (({"verdict": "x"}, 0, 422), ({"verdict": "merge"}, 99, 404)):
        answer = opened.post(f"/api/decide/{number}", json=entry, headers=POST)
        assert answer.status_code == status and answer.json["error"] in known


def test_a_fault_of_ours_tells_no_value(opened, monkeypatch, capfd):
    def fail(*_: object) -> None:
        raise RuntimeError("星渚软件有限公司")

    monkeypatch.setattr("cleanse.review.page.desk.Desk.decide", fail)
    answer = opened.post("/api/decide/0", json={"verdict": "merge"}, headers=POST)
    assert answer.status_code == 500 and "星渚" not in answer.text
    assert capfd.readouterr() == ("", "")


def test_it_listens_on_this_machine_only_and_writes_no_log(desk, capfd):
    page = Page(desk(), "zh")
    thread = threading.Thread(target=page.serve)
    thread.start()
    try:
        assert page.url.startswith("http://127.0.0.1:") and page._server.server_address[0] == "127.0.0.1"
        with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(page.url) as answer:
            assert answer.url == page.url.partition("?")[0] and b"page.js" in answer.read()
        with pytest.raises(UsageError, match="taken"):
            Page(desk(), "zh", int(page.url.split(":")[2].split("/")[0]))
    finally:
        page.stop()
        thread.join()
    assert page.url.split("=")[1] not in "".join(capfd.readouterr())
