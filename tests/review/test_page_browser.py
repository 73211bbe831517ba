"""The page as a reviewer meets it: `cleanse review serve`, and real keys and clicks in headless Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from cleanse.review import choices
from cleanse.review.decisions import read

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
BRANDS = ("岚石", "星渚", "柏纳", "青穗", "云棹", "恒砚")
PLACE = {"省": "浙江省", "市": "杭州市"}


class Reviewer:
    """A person at the page."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)
        self.until(lambda: self.js("return 'ready' in document.body.dataset"))

    def js(self, script: str, *given: object) -> object:
        return self.driver.execute_script(script, *given)

    def until(self, seen: Callable[[], object]) -> None:
        WebDriverWait(self.driver, 15, 0.05).until(lambda _: seen())

    def press(self, *keys: str) -> None:
        """Keys one after the other, each settled before this returns."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()
            self.until(lambda: self.js("return !document.getElementById('group').ariaBusy"))

    def text(self, selector: str) -> str:
        return str(self.js("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def count(self, selector: str) -> int:
        return len(self.driver.find_elements(By.CSS_SELECTOR, selector))

    @property
    def group(self) -> str:
        return str(self.js("return document.getElementById('group').dataset.group"))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("Chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}", "--window-size=1280,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(chromedriver)) as driver:
        yield driver


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was run: six times a company and a group of its name, of which nobody knows whether they are one."""
    from cleanse import flow
    from cleanse.project import load_project

    root = tmp_path_factory.mktemp("finished")
    (root / "cleanse.toml").write_text(
        '[project]\nname = "t"\ntoday = "2025-06-30"\n\n[sources]\npaths = ["files"]\n', "utf-8"
    )
    (root / "files").mkdir()
    for file, form in (("a.csv", ""), ("b.csv", "集团")):
        lines = ["客户名称,负责人,省,市,手机,联系人"]
        for n, brand in enumerate(BRANDS):
            owner, name = ("李立" if form and n < 2 else "王敏"), f"杭州{brand}机电{form}有限公司"
            lines.append(f"{name},{owner},浙江省,杭州市,13{9 if form else 8}1234567{n},顾砚秋")
        (root / "files" / file).write_text("\n".join(lines), "utf-8")
    flow.run(load_project(root), progress=lambda *_: None)
    return root


class Served:
    """The page of a copy of the finished project, in this process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.start()

    def start(self) -> None:
        from cleanse import flow
        from cleanse.project import load_project

        self.page = flow.review_page(load_project(self.root), "王敏", lambda: "2025-06-30T08:00:00")
        self.url = self.page.url
        self.thread = threading.Thread(target=self.page.serve)
        self.thread.start()

    def end(self) -> None:
        self.page.stop()
        self.thread.join()

    @property
    def verdicts(self) -> list[str]:
        return [d.verdict for d in read(self.root / "decisions.jsonl")]


class Command(Served):
    """The same by `cleanse review serve`; it ends by being killed."""

    def start(self) -> None:
        command = [sys.executable, "-m", "cleanse", "review", "serve", "--who", "王敏", "--project", str(self.root)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().split()[-1]
        self.told = self.process.stdout

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture()
def served(finished: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    sort = getattr(request, "param", Served)
    served = sort(shutil.copytree(finished, tmp_path / "project", symlinks=True))
    yield served
    served.end()


@pytest.fixture()
def reviewer(driver: webdriver.Chrome, served: Served) -> Reviewer:
    person = Reviewer(driver)
    driver.get_log("browser")
    driver.get_log("performance")
    person.open(served.url)
    return person


def test_each_key_says_one_thing_and_brings_the_next_group(reviewer, served):
    reviewer.press("m", "n", "r", "d")
    assert served.verdicts == ["merge", "apart", "related", "defer"]
    assert reviewer.text("#progress").startswith("已决定 3 / 6") and "约剩" in reviewer.text("#progress")
    assert "第 5 组" in reviewer.text("#heading")
    reviewer.press("k")
    assert "暂缓" in reviewer.text(".chip.state") and "王敏" in reviewer.text(".by")
    reviewer.press("j", "m", "m", "k")
    assert reviewer.count(".blank") == 0, "a look back from the end"
    reviewer.press("u", "u", "u")
    assert served.verdicts[-3:] == ["withdrawn"] * 3 and reviewer.text("#progress").startswith("已决定 3 / 6")


def test_clicks_do_the_same(reviewer, served):
    reviewer.driver.find_element(By.CSS_SELECTOR, "[data-action=apart]").click()
    reviewer.until(lambda: "第 2 组" in reviewer.text("#heading"))
    assert served.verdicts == ["apart"]
    reviewer.driver.find_element(By.CSS_SELECTOR, "[data-action=undo]").click()
    reviewer.until(lambda: "第 1 组" in reviewer.text("#heading"))
    assert served.verdicts == ["apart", "withdrawn"]


def test_a_record_is_taken_out_and_said_to_be_a_relative(reviewer, served):
    reviewer.press("s", "2")
    assert [o.text for o in reviewer.driver.find_elements(By.CSS_SELECTOR, "th .part option:checked")] == [
        "客户 A",
        "客户 B",
    ]
    Select(reviewer.driver.find_element(By.CSS_SELECTOR, ".note.split select")).select_by_value("related")
    reviewer.js("document.activeElement.blur()")
    reviewer.press(Keys.ENTER)
    assert served.verdicts == ["related"]
    reviewer.press("s", Keys.ESCAPE, "m")
    assert served.verdicts == ["related", "merge"], "Esc leaves without a word"


def test_one_record_is_the_branch_or_the_head_of_the_other(reviewer, served):
    reviewer.press("b", "h")
    said = read(served.root / "decisions.jsonl")
    assert [d.verdict for d in said] == ["related"] * 2 and all(d.above in (d.left, d.right) for d in said)
    reviewer.press("k")
    assert reviewer.text(".chip.state") == "上级机构"


def test_side_by_side_with_marks_evidence_and_places(reviewer):
    names = reviewer.driver.find_elements(By.CSS_SELECTOR, "tr[data-field=name] td.value")
    assert len(names) == 2 and reviewer.text("tr[data-field=name] mark") == "集团"
    assert {e.text[:6] for e in reviewer.driver.find_elements(By.CSS_SELECTOR, ".place")} == {"a.csv!", "b.csv!"}
    label = reviewer.driver.find_element(By.CSS_SELECTOR, "tr[data-field=name] .bar").get_attribute("aria-label")
    assert label == "客户名称 +7.0 比特"
    assert "撞单" in reviewer.text(".chip.crossing")


def test_a_reason_goes_with_the_decision(reviewer, served):
    reviewer.press("c", *"mnr", Keys.ENTER, "m")
    (line,) = read(served.root / "decisions.jsonl")
    assert (line.verdict, line.who, line.why) == ("merge", "王敏", "mnr")


def test_values_are_chosen_by_number_by_click_and_typed(reviewer, served):
    def held() -> list[tuple[str, bool, str]]:
        return [(c.field, bool(c.origin), c.value) for c in choices.read(served.root / "choices.jsonl")]

    reviewer.press("2")
    assert reviewer.count("tr[data-field=name] button.take[aria-pressed=true]") == 1
    reviewer.press(Keys.ARROW_DOWN)
    assert reviewer.js("return document.querySelector('tr.current').dataset.field") == "owner"
    reviewer.driver.find_elements(By.CSS_SELECTOR, "tr[data-field=owner] button.take")[0].click()
    reviewer.until(lambda: len(held()) == 2)
    reviewer.press(Keys.ARROW_UP, "t", *"m", Keys.ESCAPE, "t", "杭州岚石有限公司", Keys.ENTER)
    assert reviewer.text("tr[data-field=name] .typed") == "✎ 杭州岚石有限公司"
    reviewer.press("0", "u")
    assert held() == [
        ("name", True, ""), ("owner", True, ""), ("name", False, "杭州岚石有限公司"), ("name", False, ""),
        ("name", False, "杭州岚石有限公司"),
    ]  # fmt: skip
    assert not (served.root / "decisions.jsonl").exists(), "a value alone decides nothing"


def test_filters_choose_the_groups(reviewer, served):
    reviewer.driver.find_element(By.ID, "crossing").click()
    reviewer.until(lambda: "共 2 组" in reviewer.text("#heading"))
    reviewer.press("m")
    Select(reviewer.driver.find_element(By.ID, "state")).select_by_value("open")
    reviewer.until(lambda: "共 1 组" in reviewer.text("#heading"))
    Select(reviewer.driver.find_element(By.ID, "sheet")).select_by_value("related")
    reviewer.until(lambda: reviewer.count(".blank") == 1)
    assert "没有符合筛选条件的组" in reviewer.text("#heading")


def test_in_english_with_help_and_without_single_keys(reviewer, served):
    reviewer.driver.find_element(By.ID, "language").click()
    assert "Group 1 of 6" in reviewer.text("#heading")
    reviewer.press("?")
    assert reviewer.count("dialog[open] kbd") >= 12
    reviewer.driver.find_element(By.CSS_SELECTOR, "dialog .check input").click()
    reviewer.press(Keys.ESCAPE, "m", "n")
    assert not (served.root / "decisions.jsonl").exists() and reviewer.count("dialog[open]") == 0


def test_a_screen_reader_finds_its_way(reviewer):
    for selector in (
        "header",
        "search[aria-label]",
        "main[aria-labelledby=heading]",
        "nav[aria-label]",
        "[role=status]",
        "[role=alert]",
    ):
        assert reviewer.count(selector) == 1, selector
    assert reviewer.js("""return [...document.querySelectorAll('select, input, button, [role=progressbar]')].every(
        (e) => e.closest('dialog, [hidden]') || e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.[0]?.textContent.trim())""")
    assert reviewer.count("main th[scope=row]") > 3 and reviewer.count("main th[scope=col]") >= 3
    reviewer.press("m")
    assert reviewer.js("return document.getElementById('live').textContent").startswith(
        "已保存：合并。 第 2 组 共 6 组. 1: 杭州"
    )
    order = []
    reviewer.js("document.body.focus()")
    for _ in range(20):
        reviewer.press(Keys.TAB)
        order.append(reviewer.js("const a = document.activeElement; return a.dataset.action ?? a.id ?? a.className"))
    assert order.index("language") < order.index("sheet") < order.index("merge")


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_nothing_is_cut_off(reviewer, width):
    size = {"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    reviewer.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert reviewer.js("return document.documentElement.scrollWidth <= innerWidth")
        assert reviewer.js("""return [...document.querySelectorAll('#buttons button')].every(
            (b) => { const r = b.getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth && r.height >= 40; })""")
        assert reviewer.js("return document.querySelector('.scroll').scrollWidth <= innerWidth"), (
            "two records side by side"
        )
    finally:
        reviewer.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("served", [Command], indirect=True)
def test_a_killed_server_loses_no_decision_and_says_so(reviewer, served):
    reviewer.press("m", "n")
    served.end()
    assert served.told.read().count("\n") == 1, "no request is logged"
    reviewer.press("r")
    assert "程序已停止" in reviewer.text("#alert") and "第 3 组" in reviewer.text("#heading"), "not kept: it stays"
    assert served.verdicts == ["merge", "apart"]
    served.start()
    reviewer.open(served.url)
    assert reviewer.text("#progress").startswith("已决定 2 / 6") and "第 3 组" in reviewer.text("#heading")


def test_nothing_but_this_server_is_asked_and_the_console_stays_clean(reviewer, served):
    reviewer.press("m", "s", Keys.ESCAPE, "?", Keys.ESCAPE, "j", "u")
    log = reviewer.driver.get_log("performance")
    asked = {part.split('"')[0] for entry in log for part in entry["message"].split('"url":"')[1:]}
    asked = {url for url in asked if url.startswith(("http", "ws"))}
    assert asked and all(url.startswith(served.url.partition("?")[0]) for url in asked)
    assert [entry for entry in reviewer.driver.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_next_run_does_what_was_decided(reviewer, served, command):
    reviewer.press("t", "杭州岚石有限公司", Keys.ENTER, "m", "n")
    ran = command("run", "--project", served.root)
    assert ran.returncode in (0, 1), ran.stderr
    golden = pd.read_parquet(served.root / "out" / "latest" / "golden" / "customer.parquet")
    assert (golden["name"] == "杭州岚石有限公司").sum() == 1 and len(golden) == 2 * len(BRANDS) - 1
    served.end()
    served.start()
    reviewer.open(served.url)
    assert reviewer.js("return [...document.querySelector('#sheet').options].map((o) => o.text)")[:2] == [
        "待判 (4)",
        "自动合并 (1)",
    ]
