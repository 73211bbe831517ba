"""The page: the same numbers as the JSON, in both languages, safe, offline, readable by machines for people."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from cleanse.reports import html
from cleanse.reports import json as report_json

VOID = {"meta", "br", "rect", "line"}
LANGUAGES = ["zh", "en"]


class Page(HTMLParser):
    """Tags in order, attributes, visible text; complains when a tag is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(params=LANGUAGES)
def language(request) -> str:
    return request.param


def test_the_page_is_made_of_the_json_alone(numbers, language):
    read_back = json.loads(report_json.render(numbers))
    assert html.render(read_back, language) == html.render(numbers, language)


def test_page_and_json_show_the_same_numbers(numbers, language):
    text = Page(html.render(numbers, language)).text
    balance = numbers["balance"]["customer"]
    sums = {
        "zh": "5 行 = 迁移 3 + 并入 1 + 搁置 1 + 排除 0", "en": "5 rows = 3 migrated + 1 merged + 1 parked + 0 excluded",
    }  # fmt: skip
    assert balance["rows"] == 5 and sums[language] in text
    assert "25 %" in text  # 1 of 4 customers
    for state in numbers["dimensions"].values():
        for count in (state["before"], state["after"]):
            if count and count["of"]:
                assert {"zh": "{n} / {of}", "en": "{n} of {of}"}[language].format(**count) in text
    for line in numbers["changes"]:
        assert numbers["codes"][line["code"]]["text"][language] in text
    for source in numbers["files"]["list"]:
        assert source["source_file"] in text


def test_large_numbers_are_grouped(numbers):
    numbers["balance"]["customer"]["rows"] = 1234567
    assert "1,234,567" in html.render(numbers, "en")


def test_what_comes_from_the_data_is_escaped(numbers, language):
    numbers["sources"][0]["source_file"] = numbers["files"]["list"][0]["source_file"] = '"><img src=x onerror=alert(1)>'
    numbers["losses"][0]["column"] = "<script>alert(1)</script>"
    page = html.render(numbers, language)
    assert "<b>" not in page and "<img" not in page and "<script" not in page
    Page(page)


def test_nothing_is_asked_from_outside(numbers, language):
    page = html.render(numbers, language)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<script|<link|<iframe|\son\w+=", page)
    assert all(str(a["href"]).startswith("#") for a in Page(page).all("a"))


def test_pictures_tables_and_links_can_be_read_aloud(numbers, language):
    page = Page(html.render(numbers, language))
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert all(a.get("aria-hidden") or (a["role"] == "img" and a["aria-label"]) for a in page.all("svg"))
    assert {str(a["href"])[1:] for a in page.all("a")} <= ids
    assert {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a} <= ids
    assert len(page.all("h1")) == 1 and len(page.all("main")) == 1
    labelled = sum("aria-labelledby" in a for a in page.all("table"))
    assert labelled + len(page.all("caption")) == len(page.all("table"))
    assert page.all("html")[0]["lang"] == {"zh": "zh-Hans", "en": "en"}[language]


@pytest.mark.parametrize(("reasons", "verdict"), [
    ([], "试导通过"), (["trial_reject"], "试导未通过"), (["trial_second_stage"], "尚无定论"), (["trial_none"], "没有试导"),
    (["preflight_errors", "trial_reject"], "预检发现错误"),
])  # fmt: skip
def test_the_verdict_is_that_of_the_numbers(numbers, reasons, verdict):
    numbers["verdict"] |= {"may_load": not reasons, "reasons": reasons}
    assert verdict in Page(html.render(numbers, "zh")).text


def test_what_the_verdict_leaves_out_stands_beside_it(numbers):
    text = Page(html.render(numbers, "zh")).text
    assert "1 个文件无法读取" in text and "1 行客户被搁置" in text
    numbers["verdict"]["but"] = []
    assert "被搁置，改正后再导入" not in Page(html.render(numbers, "zh")).text


def test_what_waits_for_its_parent_is_told_of_the_parent(numbers):
    def issue(entity: str, field: str, code: str) -> dict[str, object]:
        return {
            "entity": entity, "field": field, "code": code, "severity": "error", "records": 3, "open": 3, "alone": 3,
            "samples": [],
        }  # fmt: skip

    numbers["issues"] = [
        issue("contact", "", "target_parent_parked"), issue("contact", "customer.owner", "target_required"),
        issue("customer", "owner", "target_required"), issue("customer", "type + phone", "target_length"),
        issue("contact", "customer.type", "target_option"),
    ]  # fmt: skip
    page = html.render(numbers, "zh")
    shown = re.findall(r"</span> <strong>(.*?)</strong>", page)
    assert shown == ["客户 · 负责人", "客户 · 客户类型 + 固定电话", "联系人 · 客户 · 客户类型"]


def test_a_run_without_anything_has_a_page_too(numbers, language):
    for name in ("layout", "losses", "mapping", "decided", "reasons", "sources", "changes", "issues", "written"):
        numbers[name] = []
    none = {"may_load": False, "reasons": ["nothing_to_load", "trial_none"], "but": []}
    numbers |= {"trial": {}, "duplicates": {}, "headline": {"n": 0, "of": 0}, "verdict": none}
    assert {"zh": "没有可以导入的记录", "en": "nothing to load"}[language] in Page(html.render(numbers, language)).text


def test_every_branch_has_its_words(numbers, language):
    numbers["decided"] = [{
        "source_file": "a.csv", "source_sheet": "1", "column": "日期", "field": "customer.name", "options": {"order": "dmy"},
        "doubt": "date_order_undecided", "evidence": "dmy=3",
    }]  # fmt: skip
    numbers["duplicates"]["customer"] |= {"skipped": 2, "across_owners": {"groups": 1, "records": 2, "pairs": 3}}
    numbers["trial"]["strata"] = {"phone_format": {"n": 2, "errors": 1}}
    numbers["losses"] *= 250
    numbers["mapping"] *= 60
    numbers["layout"] *= 250
    page = Page(html.render(numbers, language))
    assert "order = dmy" in page.text


def test_percentages_are_never_rounded_up_to_all():
    assert html._percent(999999, 1000000) == "99.9 %"


def test_a_page_of_many_files_stays_small(numbers):
    numbers["sources"] = [{**numbers["sources"][0], "source_file": f"{n}.csv"} for n in range(1000)]
    numbers["files"]["list"] = [{**numbers["files"]["list"][0], "source_file": f"{n}.csv"} for n in range(1000)]
    assert len(html.render(numbers, "zh").encode()) < 2_000_000


def test_what_the_target_holds_already_is_told_where_it_holds_anything(numbers, language):
    assert 'id="existing"' not in html.render(numbers, language)
    held = dict.fromkeys(("records", "found", "updates", "filled", "unchanged", "differs", "doubts", "twins"), 7)
    page = Page(html.render({**numbers, "existing": {"customer": {**held, "unseen": ["<b>"]}}}, language))
    assert {"href": "#existing"} in page.all("a") and page.text.split().count("7") >= 8
    assert "<b>" in page.text, "a column's name is text, never a tag"
