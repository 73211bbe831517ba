"""One contract for all kinds: what every ``Kind`` of the registry promises, on the case files and on any text."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanse.codes import all_codes
from cleanse.kinds import KINDS
from cleanse.kinds.characters import matching, tidied, tidy
from cleanse.model import Fix
from cleanse.stages.fixes import read_all

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
DIGITS = (
    "13812345678",
    "010",
    "0571",
    "88886666",
    "+86",
    "00",
    "2024",
    "1",
    "5",
    "31",
    "12",
    "2023",
    "1.38",
    "E+10",
    "8001",
    "１",
)
MARKS = (
    "-",
    " ",
    "/",
    "。",
    "，",
    "；",
    "@",
    "(",
    "）",
    "*",
    "'",
    ".",
    ",",
    ":",
    "~",
    "\n",
    "\u200b",
    "\u3000",
    "\ud800",
    "\x00",
    "￥",
)
WORDS = (
    "张三",
    "qq.com",
    "年",
    "月",
    "日",
    "万",
    "元",
    "转",
    "Tel：",
    "无",
    "有限公司",
    "浙江省",
    "杭州市",
    "总",
    "经理",
    "or",
    "Jan",
    "约",
    "零",
    "壹",
    "A",
    "b",
)
FRAGMENTS = st.lists(st.sampled_from(DIGITS + MARKS + WORDS), max_size=8).map("".join)
TEXT = st.one_of(ANY_TEXT, FRAGMENTS)
LONG = (
    "1" * 10_000,
    "a@" * 5_000,
    "(" * 3_000,
    "张" * 10_000,
    "1-" * 5_000,
    "0571 " * 2_000,
    "\u200b" * 50,
    "1e999999999",
)
ODD = (
    "",
    " ",
    "\x00",
    "\ud800",
    "\ufeff无\ufeff",
    "９" * 11,
    "١٢٣٤٥٦٧٨٩٠١",
    "-" * 9,
    "\n\n",
    "👨\u200d👩\u200d👧",
    "﷽",
    "𠮷野家",
)
# What a pattern may read in two ways, again and again, and then cannot end: it would take for ever.
AGAIN = tuple(
    mark * times + end
    for mark in (*"1万十张区（ -/e", "12 ", "1,", "1.", "1-", "1万", "ab", "a.", "a@", "公司", "()")
    for times in (18, 40, 400)
    for end in ("", "!", "x", "公司")
)
HOSTILE = LONG + ODD + AGAIN

kinds = pytest.mark.parametrize("name", sorted(KINDS))


@pytest.fixture(scope="session")
def fixers(words, cases):
    """``fixers[name]``: a fix for each set of options that the cases name, and for none."""
    found = {}
    for name, kind in KINDS.items():
        options = {repr(sorted(c.options.items())): c.options for c in cases if c.kind == name} | {"[]": {}}
        found[name] = [(o, kind.fixer(o, words)) for _, o in sorted(options.items())]
    return found


def once_only(options) -> bool:
    """A source's unit is applied once, where the source is read."""
    return options.get("unit", 1) != 1


def check(kind, options, fix, text):
    """The laws that hold for one text."""
    fixed = fix(text)
    assert fixed == fix(text)
    assert fixed.why or fixed.value == text, "a change without a code"
    assert not (fixed.doubt and fixed.value is None), "a doubt about nothing"
    shape = kind.shape(options)
    if fixed.value is not None and not once_only(options):
        again = fix(fixed.value)
        assert again.value == fixed.value, "not idempotent"
        assert again.doubt == fixed.doubt or fixed.parts, "a doubt that vanishes"
        assert tidy(fixed.value) == fixed.value
        if shape and not fixed.doubt:
            assert re.fullmatch(shape, fixed.value), "a canonical value without the shape"
    if shape and re.fullmatch(shape, text):
        assert fixed.value == text and not fixed.why, "a right value was touched"
    for code, sort in ((fixed.why, "change"), (fixed.doubt, "doubt")):
        assert not code or all_codes()[code].sort == sort
    return fixed


def test_case(case, words):
    fixed = check(KINDS[case.kind], case.options, KINDS[case.kind].fixer(case.options, words), case.text)
    assert (fixed.value, fixed.why, fixed.doubt, fixed.rest, fixed.parts) == (
        case.value, case.why, case.doubt, case.rest, case.parts
    )  # fmt: skip


@kinds
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(text=TEXT)
def test_laws_hold_for_any_text(name, fixers, text):
    for options, fix in fixers[name]:
        check(KINDS[name], options, fix, text)


@kinds
def test_no_text_breaks_a_kind(name, fixers):
    for options, fix in fixers[name]:
        for text in HOSTILE:
            check(KINDS[name], options, fix, text)


@kinds
def test_what_says_nothing_is_none(name, fixers):
    for _, fix in fixers[name]:
        for text in ("", "  ", "无", "暂无", "N/A", "-", "/", "null", "（无）", "\u200b"):
            assert (fix(text).value, fix(text).why, fix(text).parts) == (None, "null_word", ()), text


def accepted(kind, options, words):
    """The test of the texts that are right already, as ``normalize`` uses it; None where a kind has none."""
    if kind.untouched:
        return kind.untouched(options, words)
    return matching(kind.shape(options)) if kind.shape(options) else None


DIRT = st.sampled_from(("", " ", "\u3000", "\ufeff", "\u200b\n", "\t"))
LOOSE = st.sampled_from(("", "-", " ", "－", "'", "#", "86", "+86 ", ",", ";", "￥", "元", "万", "M", "/", "_x000d_"))


def held_at_once(name, options, fix, words, texts):
    """What is told for all texts at once is what ``fix`` makes of each."""
    kind = KINDS[name]
    test = accepted(kind, options, words)
    if test is None:
        return
    texts = [t for t in texts if all(not "\ud800" <= c <= "\udfff" for c in t)]
    column = pa.array(texts, pa.string())
    for text, right in zip(texts, test(column), strict=True):
        assert not right or fix(text) == Fix(text), text
    clean = tidied(column)
    left = np.ones(len(texts), dtype=bool)
    repairs = kind.repairs(options, words) if kind.repairs else ()
    for code, mended in [("dirt_removed", clean), *((code, repair(clean)) for code, repair in repairs)]:
        sure = test(mended) & left
        left &= ~sure
        for at in np.flatnonzero(sure):
            text, value = texts[at], mended[int(at)].as_py()
            assert fix(text) == (Fix(value, code) if value != text else Fix(text)), (text, value, code)
    for reading in kind.readings(options, words) if kind.readings else ():
        told = read_all(reading, column)
        for number, at in enumerate(told.at):
            groups = {name: values[number].as_py() for name, values in told.groups.items()}
            value, rest = groups.pop("value", texts[at]), groups.pop("rest", "")
            if left[at] and texts[at]:
                made = Fix(value, reading.why, reading.doubt, rest, tuple(groups.items()))
                assert fix(texts[at]) == made, (texts[at], made)
                left[at] = False


@kinds
def test_what_is_told_at_once_is_what_fix_says_of_the_cases(name, fixers, cases, words):
    own = {text for c in cases if c.kind == name for text in (c.text, c.value or "", *(v for _, v in c.parts))}
    texts = sorted(
        {f"{a}{text}{b}" for text in own for a, b in (("", ""), (" ", "\n"), ("\ufeff", "\u3000"), ("'", ""))}
    )
    for options, fix in fixers[name]:
        held_at_once(name, options, fix, words, texts)


@kinds
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_told_at_once_is_what_fix_says_of_any_text(name, fixers, cases, words, data):
    own = sorted({c.value for c in cases if c.kind == name and c.value})
    value = data.draw(st.one_of(TEXT, st.sampled_from(own)))
    at = data.draw(st.integers(0, len(value)))
    ends = data.draw(DIRT), data.draw(DIRT), data.draw(LOOSE), data.draw(LOOSE)
    torn = value[:at] + data.draw(LOOSE) + value[at:]
    texts = [value, torn, f"{ends[0]}{torn}{ends[1]}", f"{ends[0]}{ends[2]}{value}{ends[3]}{ends[1]}", value.upper()]
    for options, fix in fixers[name]:
        held_at_once(name, options, fix, words, texts)


@kinds
def test_mask_hides(name, cases):
    values = {c.value for c in cases if c.kind == name and c.value} | {
        v for c in cases if c.kind == name for _, v in c.parts
    }
    for value in sorted(values):
        masked = KINDS[name].mask(value)
        shown = sum(a == b and a != "*" for a, b in zip(masked, value, strict=False))
        assert shown <= len(value) / 3, (value, masked)
        assert len(value) < 3 or value not in masked


@kinds
def test_shape_is_one_pattern_for_both_engines(name, fixers, cases):
    values = sorted({c.value for c in cases if c.kind == name and c.value} | {c.text for c in cases if c.kind == name})
    values = [v for v in values if "\n" not in v and v.isprintable()]
    for options, _ in fixers[name]:
        shape = KINDS[name].shape(options)
        if shape:
            vectorised = pc.match_substring_regex(pa.array(values, pa.string()), f"^(?:{shape})$").to_pylist()
            assert vectorised == [re.fullmatch(shape, v) is not None for v in values]


@kinds
def test_compare_and_keys(name, cases):
    values = sorted({c.value for c in cases if c.kind == name and c.value and not c.doubt})[:40]
    same, other = KINDS[name].compare(values, values), KINDS[name].compare(values, values[::-1])
    assert isinstance(same, np.ndarray) and len(same) == len(values) and np.allclose(same, 1.0)
    assert ((other >= 0) & (other <= 1)).all()
    assert all(isinstance(k, str) for v in values for k in KINDS[name].keys(v))


@kinds
def test_options_of_cases_are_declared(name, cases):
    for case in cases:
        if case.kind == name:
            assert set(case.options) <= KINDS[name].options | {"today"}


@kinds
@given(left=st.dictionaries(FRAGMENTS, st.integers(1, 9)), right=st.dictionaries(FRAGMENTS, st.integers(1, 9)))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_observation_adds_up(name, left, right):
    observe = KINDS[name].observe
    if observe is None:
        pytest.skip("no column to observe")
    both = {text: left.get(text, 0) + right.get(text, 0) for text in {*left, *right}}
    assert observe(left) + observe(right) == +observe(both)
