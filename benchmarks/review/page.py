"""How long one key takes on the review page with 10,000 groups, in headless Chromium, by real keys.

From the key's own time stamp until the next group is painted, with the decision on disk in between; and the CPU time of
one key, server and whole browser together, which a busy machine does not stretch.

    python benchmarks/review/page.py [--groups 10000] [--keys 400]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

from invented import subject
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.wait import WebDriverWait

from cleanse.review.decisions import read
from cleanse.review.page.desk import Desk
from cleanse.review.page.server import Page

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WATCH = """
window.taken = []; let began = 0;
document.addEventListener("keydown", (event) => { began = event.timeStamp; }, true);
new MutationObserver(() => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => window.taken.push(performance.now() - began);
  channel.port2.postMessage(0);
})).observe(document.getElementById("group"), { attributes: true, attributeFilter: ["data-group"] });
"""


def browser(profile: str) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1360,900"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def quantiles(taken: list[float]) -> str:
    return f"median {statistics.median(taken):.1f} ms, p95 {statistics.quantiles(taken, n=20)[18]:.1f} ms, most {max(taken):.1f} ms"


def press(driver: webdriver.Chrome, keys: str) -> list[float]:
    """The milliseconds of each key."""
    driver.execute_script("window.taken = []")
    for number, key in enumerate(keys, 1):
        ActionChains(driver).send_keys(key).perform()
        WebDriverWait(driver, 10, 0.06).until(lambda d, n=number: d.execute_script("return window.taken.length") >= n)
    taken: list[float] = driver.execute_script("return window.taken")
    return taken


def cpu_ms(driver: webdriver.Chrome) -> float:
    """CPU time so far of this process and of the browser with all its processes."""
    fields = {p.parent.name: p.read_text().rsplit(")", 1)[1].split() for p in Path("/proc").glob("[0-9]*/stat")}
    wanted = {str(driver.service.process.pid)}
    while more := {pid for pid, f in fields.items() if f[1] in wanted} - wanted:
        wanted |= more
    ticks = sum(int(fields[pid][11]) + int(fields[pid][12]) for pid in wanted if pid in fields)
    return 1000 * (ticks / os.sysconf("SC_CLK_TCK") + time.process_time())


def memory(driver: webdriver.Chrome) -> str:
    driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    driver.execute_cdp_cmd("Performance.enable", {})
    metrics = {m["name"]: m["value"] for m in driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
    return f"{metrics['JSHeapUsedSize'] / 1e6:.1f} MB of JavaScript heap, {metrics['Nodes']:.0f} nodes"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=400)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made, path, began = subject(given.groups), Path(folder) / "decisions.jsonl", time.process_time()
        files = (path, path.with_name("choices.jsonl"))
        desk = Desk([made], files, "benchmark", lambda: "2025-06-30T08:00:00", lambda *told: told[2])
        print(f"{len(desk.queue.groups):,} groups ready after {time.process_time() - began:.2f} CPU s")
        page = Page(desk, "zh")
        threading.Thread(target=page.serve, daemon=True).start()
        driver = browser(f"{folder}/profile")
        try:
            driver.get(page.url)
            WebDriverWait(driver, 20).until(lambda d: d.execute_script("return 'ready' in document.body.dataset"))
            print(f"page ready after {driver.execute_script('return performance.now()'):.0f} ms; {memory(driver)}")
            driver.execute_script(WATCH)
            for name, keys in (
                ("next group", "j" * (given.keys // 4)),
                ("decide, next", ("mnrd" * given.keys)[: given.keys]),
            ):
                before, taken = cpu_ms(driver), press(driver, keys)
                print(f"{name}: {quantiles(taken)}; {(cpu_ms(driver) - before) / len(keys):.1f} CPU ms a key")
            print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            print(f"{len(read(path)):,} decisions on disk; {memory(driver)}")
        finally:
            driver.quit()
            page.stop()


if __name__ == "__main__":
    main()
