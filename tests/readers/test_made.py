"""Files that real programs made (``made/``, see ``make_data.py``): each gives the cells a person sees, under their rows."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from cleanse.readers import read, read_all

HERE = Path(__file__).parent
MADE = HERE / "made"
_SPEC = importlib.util.spec_from_file_location("make_data", HERE / "make_data.py")
assert _SPEC and _SPEC.loader
make_data = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_data)

TABLE, SECOND, PASSWORD = make_data.TABLE, make_data.SECOND, make_data.PASSWORD
BOTH = [("客户", TABLE), ("联系人", SECOND)]
# File -> its format, its grids (name, cells), the row of the first line.
FILES = {
    "excel97.xls": ("xls", BOTH, 1),
    "excel95.xls": ("xls", BOTH[:1], 1),
    "bare.xls": ("xls", BOTH, 1),
    "sheet.xls": ("xls", [("", TABLE)], 1),
    "gbk.csv.gz": ("csv", [("", TABLE)], 1),
    "template.xlt": ("xls", BOTH, 1),
    "wps.et": ("xls", BOTH, 1),
    "excel2007.xlsx": ("xlsx", BOTH, 1),
    "transitional.xlsx": ("xlsx", BOTH, 1),
    "macros.xlsm": ("xlsx", BOTH, 1),  # no macro in it
    "template.xltx": ("xlsx", BOTH, 1),
    "binary.xlsb": ("xlsb", BOTH[:1], 1),
    "calc.ods": ("ods", BOTH, 1),
    "template.ots": ("ods", BOTH, 1),
    "readonly.xlsx": ("xlsx", BOTH, 1),  # protected against changes only: nobody is asked for a password
    "page.html": ("html", [("table1", TABLE), ("table2", SECOND)], 1),
    "gbk.csv": ("csv", [("", TABLE)], 1),
    "records.json": ("json", [("data", TABLE)], 0),
    "records.jsonl": ("jsonl", [("", TABLE)], 0),
    "records.xml": ("xml", [("row", TABLE)], 0),
}
LOCKED = {"locked97.xls": "xls", "locked2010.xlsx": "xlsx", "locked.ods": "ods"}


def grids(source):
    return [(g.sheet, g.cells.to_numpy().tolist()) for g in source.grids]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_made_file_gives_its_cells(name):
    form, expected, first = FILES[name]
    source = read(MADE / name, name)
    assert (source.status, source.reason, source.format) == ("read", "", form)
    assert grids(source) == expected
    assert source.grids[0].cells.index.tolist() == list(range(first, first + len(TABLE)))


def test_every_made_file_is_looked_at():
    special = {"report.txt", "windows.zip", "phone21.vcf", "mail30.vcf", "new40.vcf"}
    assert {p.name for p in MADE.iterdir()} == set(FILES) | set(LOCKED) | special


def test_a_report_keeps_its_lines_and_its_rules_are_empty_rows():
    source = read(MADE / "report.txt", "report.txt")
    rows = source.grids[0].cells.to_numpy().tolist()
    assert (source.format, source.encoding) == ("fixed", "gbk")
    blank = [""] * 6
    assert [row for row in rows if "客户清单" not in row] == [TABLE[0], blank, *TABLE[1:], blank]
    assert source.grids[0].cells.index.tolist()[1] == 2


@pytest.mark.parametrize("name", sorted(LOCKED))
def test_a_password_opens_what_asks_for_it(name):
    source = read(MADE / name, name, known=["falsch", PASSWORD])
    assert (source.status, source.format, grids(source)) == ("read", LOCKED[name], BOTH)


@pytest.mark.parametrize("name", sorted(LOCKED))
@pytest.mark.parametrize(("known", "reason"), [((), "password_protected"), (("falsch",), "password_wrong")])
def test_without_the_right_password_the_refusal_is_plain(name, known, reason):
    source = read(MADE / name, name, known=known)
    assert (source.status, source.reason) == ("error", reason)


def test_an_archive_gives_its_files_under_their_names():
    found = {s.name: s for s in read_all(MADE / "windows.zip", "老/windows.zip")}
    assert list(found) == [
        "老/windows.zip",
        "老/windows.zip/客户/excel97.xls",
        "老/windows.zip/客户/深/inner.zip",
        "老/windows.zip/客户/深/inner.zip/records.json",
    ]
    assert {s.status for s in found.values()} == {"read"}
    assert grids(found["老/windows.zip/客户/excel97.xls"]) == BOTH
    assert grids(found["老/windows.zip/客户/深/inner.zip/records.json"]) == [("data", TABLE)]


def cards(name):
    source = read(MADE / name, name)
    assert (source.status, source.format, source.grids[0].cells.index[0]) == ("read", "vcard", 0)
    names, *rows = source.grids[0].cells.to_numpy().tolist()
    return [{k: v for k, v in zip(names, row, strict=True) if v} for row in rows], source.grids[0].notes


def test_a_card_of_an_old_phone():
    found, notes = cards("phone21.vcf")
    assert found == [
        {
            "FN": "王小明", "N family": "王", "N given": "小明", "TEL CELL": "13900002222", "TEL CELL 2": "13800001111",
            "TEL WORK": "021-60000000", "ORG": "青松样品厂",
        }
    ]  # fmt: skip
    assert [n.code for n in notes] == ["binary_left_out"]


def test_a_card_of_a_mail_program_whose_line_is_folded_inside_a_character():
    found, notes = cards("mail30.vcf")
    assert (found[0]["FN"], found[0]["NOTE"], notes) == ("李 娜", "一行很长的备注，在字节中间折行\n第二行", ())
    assert (found[0]["EMAIL WORK"], found[0]["EMAIL"]) == ("li@example.com", "li@example.org")
    assert found[0]["ADR WORK street"] == "文三路1号, 2楼" and found[0]["URL"] == "https://example.com"


def test_new_cards_and_several_of_them():
    found, _ = cards("new40.vcf")
    assert found[0]["TEL CELL"] == "+86-138-0000-1111" and found[0]["ORG unit"] == "Sales"
    assert found[1] == {"FN": "周一", "TEL HOME": "010-60000000"}
