"""Profiles: strict, all faults at once, and the shipped ones hold what the facts say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cleanse import profiles
from cleanse.errors import UsageError

RULES = Path(__file__).parents[2] / "rules" / "targets"


def good() -> dict[str, Any]:
    return {
        "name": "x",
        "form": {"type": "csv"},
        "limits": {"rows": 5},
        "objects": [
            {
                "name": "a",
                "entity": "customer",
                "key": "id",
                "fields": [{"name": "id", "source": "golden_id", "required": True}, {"name": "n", "source": "name"}],
            },
            {
                "name": "b",
                "entity": "contact",
                "key": "id",
                "parent": "p",
                "parent_object": "a",
                "fields": [
                    {"name": "id", "source": "golden_id", "required": True},
                    {"name": "p"},
                    {"name": "o", "source": "customer.owner"},
                ],
            },
        ],
    }


def at(*path: Any, value: Any) -> Any:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        place[path[-1]] = value

    return change


FIELD = ("objects", 0, "fields", 1)
FAULTS = [
    (at("formm", value={}), "unknown key 'formm' (did you mean 'form'?)"),
    (at("form", "encodng", value="x"), "form: unknown key 'encodng' (did you mean 'encoding'?)"),
    (at("form", "encoding", value="utf-88"), "unknown encoding 'utf-88'"),
    (at("form", "bom", value="yes"), "'bom' must be bool"),
    (at("form", "encoding", value="utf-8-sig"), "use utf-8 with bom = true"),
    (at("form", value={"encoding": "gb18030", "bom": True}), "use utf-8 with bom = true"),
    (at("form", "type", value="xls"), "form: 'type' must be one of 'csv', 'xlsx'"),
    (at("form", "date", value="%Y"), "need YYYY, MM and DD"),
    (at("form", "header_row", value=3), "'header_row' must be 1, or 2 below a tip row"),
    (at("limits", "row", value=1), "unknown key 'row' (did you mean 'rows'?)"),
    (at("limits", "rows", value=-1), "whole number"),
    (at("limits", "rows", value="5"), "whole number"),
    (at(*FIELD, "source", value="nam"), "unknown source field 'nam' (did you mean 'name'?)"),
    (at(*FIELD, "source", value="contact.name"), "unknown source field 'contact.name'"),
    (at(*FIELD, "source", value="need + note"), "several sources need a 'separator'"),
    (at(*FIELD, "type", value="pick-list"), "unknown type 'pick-list' (did you mean 'picklist'?)"),
    (at(*FIELD, "pattern", value="[0-9"), "bad pattern"),
    (at(*FIELD, "pattern", value="(?=x)"), "bad pattern"),
    (at(*FIELD, "max_length", value="9"), "'max_length' must be int"),
    (at(*FIELD, "confidence", value="guess"), "confidence 'guess'"),
    (at(*FIELD, "lenght", value=3), "unknown key 'lenght'"),
    (at("form", "archive", value="rar"), "'archive' must be one of '', 'zip'"),
    (at("form", "existing", value="skip"), "'existing' must be one of 'refuse', 'update', 'apart'"),
    (
        at("objects", 0, "fields", 1, value={"name": "n", "type": "picklist", "values": ["高"], "map": {"H": "High"}}),
        "map leads 'H' to 'High'",
    ),
    (at("objects", 0, "fields", 1, "name", value="id"), "field 'id' stands 2 times"),
    (at("objects", 0, "key", value="idd"), "key 'idd' is no field of it"),
    (at("objects", 0, "fields", 0, "required", value=False), "key 'id' must be required"),
    (at("objects", 0, "entity", value="custmer"), "unknown entity 'custmer' (did you mean 'customer'?)"),
    (at("objects", 1, "parent_object", value="c"), "parent_object 'c' is no earlier object"),
    (at("objects", 1, "parent", value=""), "'parent' and 'parent_object' go together"),
    (at("objects", 0, "one_of", value=[["zzz"]]), "one_of names no field: 'zzz'"),
    (at("objects", 0, "unique_together", value=[["zzz"]]), "unique_together names no field: 'zzz'"),
    (at("objects", 0, "name", value="a/b"), "cannot be part of a file name"),
    (at("objects", value=[]), "no [[objects]]"),
    (at("name", value=""), "'name' is missing"),
    (at("checks", "owner_key", value="mail"), "owner_key 'mail'"),
    (at("checks", "roster", value=[{"nam": "x"}]), "checks.roster: unknown key 'nam'"),
    (at("checks", "rules", value=[{"object": "a", "field": "n", "pattern": "("}]), "checks.rules: bad pattern"),
    (at("objects", value="text"), "'objects' must be a list of tables"),
    (at("form", value=3), "'form' must be a table"),
    (at("objects", 0, "fields", value=["n"]), "'fields' must be a list of tables"),
]


@pytest.mark.parametrize(("change", "message"), FAULTS, ids=[m for _, m in FAULTS])
def test_a_fault_is_named(entities, change, message) -> None:
    data = good()
    profiles.parse(data, "x.toml", entities)
    change(data)
    with pytest.raises(UsageError) as raised:
        profiles.parse(data, "x.toml", entities)
    assert message in str(raised.value)
    assert raised.value.where == "x.toml"


def test_all_faults_are_named_at_once(entities) -> None:
    data = good()
    for change in (at(*FIELD, "source", value="nam"), at("form", "tpye", value="csv"), at("limits", "rows", value=-1)):
        change(data)
    with pytest.raises(UsageError) as raised:
        profiles.parse(data, "x.toml", entities)
    assert len(raised.value.what.splitlines()) == 3


@pytest.mark.parametrize("path", sorted(RULES.glob("*.toml")), ids=lambda p: p.stem)
def test_every_shipped_profile_parses_and_names_its_sources(shipped, path) -> None:
    profile = shipped(path.stem)
    assert profile.name == path.stem
    assert profile.sources or profile.name == "generic"


@pytest.mark.parametrize("path", sorted(RULES.glob("*.toml")), ids=lambda p: p.stem)
def test_every_limit_can_be_overridden(shipped, path) -> None:
    limits = dict.fromkeys(shipped(path.stem).limits, 7)
    assert shipped(path.stem, limits=limits).limits == limits


def test_generic_takes_every_stored_field(shipped, entities) -> None:
    profile = shipped("generic")
    taken = {(t.entity, s) for t in profile.objects for c in t.fields for s in c.sources}
    assert {(e.name, n) for e in entities.values() for n in e.stored} <= taken


def test_wukong_is_as_read_in_its_source(shipped) -> None:
    profile = shipped("wukong-11")
    customer, contact = profile.objects
    assert [profile.header(c) for c in customer.fields][:2] == ["*客户名称", "*负责人"]
    assert [profile.header(c) for c in contact.fields][:3] == ["*姓名", "*客户名称", "*负责人"]
    assert (profile.limit("rows", "customer"), profile.limit("rows", "contact")) == (9999, 10000)
    assert (contact.parent, contact.parent_object, customer.key) == ("客户名称", "customer", "客户名称")


def test_salesforce_has_no_bom_and_links_by_external_id(shipped) -> None:
    profile = shipped("salesforce")
    assert (profile.form["bom"], profile.form["line_end"], profile.limit("bytes")) == (False, "\n", 100_000_000)
    assert profile.objects[1].parent == "Account.Cleanse_Id__c"


SAID = tomllib.loads((Path(__file__).parent / "cases" / "profiles.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", SAID)
def test_a_profile_says_what_the_vendors_say(shipped, name) -> None:
    profile, said = shipped(name), SAID[name]
    for section in ("form", "limits", "checks"):
        ours = getattr(profile, section)
        assert {key: ours[key] for key in said.get(section, {})} == said.get(section, {})
    objects = {target.name: target for target in profile.objects}
    for target, header in said.get("header", {}).items():
        assert [profile.header(column) for column in objects[target].fields] == header.split(",")
    for target, labels in said.get("required", {}).items():
        assert [column.label for column in objects[target].fields if column.required] == labels.split(",")
    assert {name: objects[name].parent for name in said.get("parent", {})} == said.get("parent", {})


def test_every_shipped_profile_has_a_case() -> None:
    assert {path.stem for path in RULES.glob("*.toml")} == set(SAID) | {"generic"}


@pytest.mark.parametrize("path", sorted(RULES.glob("*.toml")), ids=lambda p: p.stem)
def test_what_is_not_known_points_at_something_that_exists(shipped, path) -> None:
    profile = shipped(path.stem)
    for place in profile.checks["memory"]:
        section, _, key = place.partition(".")
        assert key in getattr(profile, section), place
    for place in profile.checks["unknown"]:
        section, _, key = place.partition(".")
        assert not key or key not in profile.limits, f"{place} is said to be unknown and set"
