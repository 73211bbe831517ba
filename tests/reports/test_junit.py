"""``junit.xml``: errors fail, warnings are said, and no cell is shown unmasked."""

from __future__ import annotations

from xml.etree import ElementTree

from cleanse.reports import junit


def suites(numbers):
    root = ElementTree.fromstring(junit.render(numbers))
    return {suite.get("name"): suite for suite in root}, root


def case(suite, name):
    return next(c for c in suite if c.get("name") == name)


def test_a_suite_per_entity_files_target_and_trial(numbers):
    found, root = suites(numbers)
    assert sorted(found) == ["contact", "customer", "files", "target generic", "trial"]
    for suite in root:
        assert int(suite.get("tests")) == len(suite)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
    assert int(root.get("failures")) == len(root.findall(".//failure"))


def test_an_error_is_a_failure_with_count_bound_and_masked_cells(numbers):
    failure = case(suites(numbers)[0]["contact"], "mobile: format_invalid").find("failure")
    assert failure.get("message") == "1 of 2 records: 值不符合该字段的标准格式 (bound: 0)"
    assert failure.text.splitlines()[1:] == ["b.csv!6: 1*****4"]


def test_a_warning_passes_and_is_said(numbers):
    found = case(suites(numbers)[0]["customer"], "type: picklist_unknown")
    assert found.find("failure") is None and "a.csv!4" in found.find("system-out").text


def test_a_field_without_findings_is_a_passing_case(numbers):
    assert len(case(suites(numbers)[0]["customer"], "owner: every rule")) == 0


def test_a_file_that_could_not_be_read_fails(numbers):
    files = suites(numbers)[0]["files"]
    assert case(files, "a.csv").find("failure") is None
    why = numbers["codes"]["corrupt"]["text"]["zh"]
    assert case(files, "c.xlsx").find("failure").get("message") == why


def test_a_trial_that_does_not_accept_fails(numbers):
    numbers["trial"]["result"] = "reject"
    assert case(suites(numbers)[0]["trial"], "accuracy of the trial load").find("failure") is not None


def test_a_trial_of_nothing_is_no_success(numbers):
    numbers["trial"] |= {"population": 0, "n": 0}
    assert len(suites(numbers)[0]["trial"]) == 0


def test_what_the_target_would_refuse_fails(numbers):
    numbers["preflight"] = [{"code": "target_required", "severity": "error", "rows": 2}]
    assert (
        case(suites(numbers)[0]["target generic"], "target_required")
        .find("failure")
        .get("message")
        .startswith("2 rows")
    )


def test_characters_that_xml_cannot_hold_do_not_break_it(numbers):
    numbers["issues"][0]["samples"] = [{"where": "a.csv!1", "value": "\x00\x0b<&\ud800"}]
    suites(numbers)


def test_the_same_numbers_give_the_same_bytes(numbers):
    assert junit.render(numbers) == junit.render(numbers)
