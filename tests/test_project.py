"""Configuration: every fault is named at once, with file and line, and the nearest right word."""

from __future__ import annotations

import pytest

from cleanse.errors import UsageError
from cleanse.project import load_project
from cleanse.rulefiles import SHIPPED


def fault(root) -> str:
    with pytest.raises(UsageError) as caught:
        load_project(root)
    return str(caught.value)


def test_the_shipped_rules_and_an_empty_configuration_are_a_project(project, tmp_path):
    loaded = load_project(project(tmp_path, {}))
    assert {"customer", "contact", "activity"} <= set(loaded.entities)
    assert loaded.profile.name == "generic"
    assert next(iter(loaded.entities)) == "customer"  # parents first


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_right_one(project, tmp_path):
    root = project(tmp_path, {}, '[project]\nname = "x"\nlangauge = "zh"\n')
    assert "'langauge'" in fault(root) and "cleanse.toml:3" in fault(root) and "did you mean 'language'?" in fault(root)


def test_all_faults_are_said_at_once(project, tmp_path):
    root = project(
        tmp_path, {}, '[project]\nlanguage = "de"\ntoday = "30.6.2025"\n\n[target]\nprofile = "salesfroce"\n'
    )
    said = fault(root)
    assert all(word in said for word in ("'de'", "30.6.2025", "did you mean 'salesforce'?"))


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("cleanse.toml", "[project\n", ["not valid TOML"]),
        ("rules/entities/customer.toml", 'name = "customer"\n[fields.name]\nkind = "compny"\n', ["did you mean 'company'?", "customer.toml:3"]),
        ("rules/mappings/a.toml", '[[mapping]]\ncolumns = { "电话" = "customer.fone" }\n', ["customer.fone", "did you mean 'customer.phone'?"]),
        ("rules/matching/customer.toml", "nonsense = 1\n", ["nonsense"]),
        ("rules/targets/generic.toml", "nonsense = 1\n", ["nonsense"]),
    ],
)  # fmt: skip
def test_a_fault_in_any_rule_file_is_named(project, tmp_path, path, content, words):
    root = project(tmp_path, {})
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content, "utf-8")
    said = fault(root)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("lexicons/header_words.tsv", "# own\nfront\t本地\tcustomer.adress\n", ("header_words.tsv:2", "customer.address")),
        ("lexicons/header_words.tsv", "before\t本地\n", ("header_words.tsv:1", "front, behind, beside")),
        ("lexicons/headers.tsv", "# own\ncustomer.nmae\t甲方\n", ("headers.tsv:2", "customer.name")),
        ("lexicons/headers.tsv", "customer.name 甲方\n", ("headers.tsv:1", "no tab")),
        ("lexicons/doubts/person/not_a_nmae.tsv", "王某\n", ("not_a_nmae.tsv", "person/not_a_name")),
        ("lexicons/nulls.tsv", "没\n无记录\tphnoe\n", ("nulls.tsv:2", "phone")),
    ],
)
def test_a_line_of_rules_that_could_have_no_effect_is_named_with_its_number(project, tmp_path, file, content, told):
    root = project(tmp_path, {})
    (root / "rules" / file).parent.mkdir(parents=True, exist_ok=True)
    (root / "rules" / file).write_text(content, "utf-8")
    with pytest.raises(UsageError) as raised:
        load_project(root)
    assert all(word in str(raised.value) for word in told), str(raised.value)


OLD = """
[[checks]]
code = "dates_out_of_order"
first = "first_date"
op = "<="
second = "last_date"

[[checks]]
code = "fields_contradict"
first = "sales"
op = ">="
second = "employees"
severity = "error"
"""


def test_the_old_form_of_a_rule_between_fields_is_told_with_its_line_and_what_to_write_instead(project, tmp_path):
    root = project(tmp_path, {})
    (root / "rules/entities").mkdir(parents=True)
    shipped = (SHIPPED / "entities/customer.toml").read_text("utf-8")
    (root / "rules/entities/customer.toml").write_text(shipped + OLD, "utf-8")
    said, line = fault(root), len(shipped.split("\n"))
    assert f"customer.toml:{line + 1}\n" in said and f"customer.toml:{line + 7}\n" in said
    assert 'code = "fields_contradict" entity = "customer" on = "both" all = ["sales >= employees"]' in said
    assert "rules/checks" in said and "unknown key" not in said


def test_a_rule_of_the_project_stands_in_place_of_the_shipped_one_of_its_code(project, tmp_path):
    root = project(tmp_path, {})
    assert [(r.code, r.severity, r.on) for r in load_project(root).rules] == [("dates_out_of_order", "warning", "both")]
    (root / "rules/checks").mkdir(parents=True)
    own = '[[rule]]\ncode = "dates_out_of_order"\nentity = "customer"\nall = ["first_date <= last_date"]\nseverity = "error"\n'
    (root / "rules/checks/ours.toml").write_text(own, "utf-8")
    assert [(r.severity, r.on) for r in load_project(root).rules] == [("error", "golden")]
    (root / "rules/checks/ours.toml").write_text("", "utf-8")
    (root / "rules/checks/dates.toml").write_text("", "utf-8")
    assert load_project(root).rules == ()


def test_a_shipped_rule_says_nothing_of_fields_that_a_projects_own_entity_has_not(project, tmp_path):
    root = project(tmp_path, {})
    for file in ("entities/customer.toml", "targets/generic.toml"):
        (root / "rules" / file).parent.mkdir(parents=True)
        text = (SHIPPED / file).read_text("utf-8").replace("first_date", "since")
        (root / "rules" / file).write_text(text, "utf-8")
    assert load_project(root).rules == ()


@pytest.mark.parametrize("file", ["checks/ours.toml", "mappings/ours.toml", "lexicons/nulls.tsv"])
def test_the_digest_of_the_rules_knows_every_file_of_the_project(project, tmp_path, file):
    root = project(tmp_path, {})
    before = load_project(root).digest
    (root / "rules" / file).parent.mkdir(parents=True)
    (root / "rules" / file).write_text("# nothing yet\n", "utf-8")
    assert load_project(root).digest != before


def test_a_missing_source_and_a_missing_configuration(project, tmp_path):
    root = project(tmp_path / "a", {})
    (root / "files").rmdir()
    assert "source not found" in fault(root)
    assert "no cleanse.toml here" in fault(tmp_path)


def test_a_projects_own_picklist_replaces_the_shipped_one_and_its_lexicon_lines_come_first(project, tmp_path):
    root = project(tmp_path, {})
    (root / "rules/picklists").mkdir(parents=True)
    (root / "rules/picklists/industry.tsv").write_text("甲业\n", "utf-8")
    (root / "rules/lexicons").mkdir()
    (root / "rules/lexicons/headers.tsv").write_text("customer.code\t客户\n", "utf-8")
    words = load_project(root).words
    assert words["picklists/industry"] == (("甲业",),)
    assert words["headers"][0] == ("customer.code", "客户") and len(words["headers"]) > 50
