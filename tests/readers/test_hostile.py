"""Input that is made to harm: refused with a clear word, quickly and in little memory; what stands beside it is read."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import time
import zipfile

import pytest

from cleanse.readers import Limits, read, read_all

CSV = "客户名称,电话\n青松样品厂,13800001111\n白云样品厂,13900001111\n"
SMALL = Limits(memory_bytes=2 << 30, seconds=20)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
FILES = {
    "json nested deeply": ("[" * 200_000, "too_deep"),
    "json objects nested deeply": ('{"a":' * 50_000 + "1" + "}" * 50_000, "too_deep"),
    "json records nested beyond sense": ('[{"a":' * 40 + "1" + "}]" * 40, "too_deep"),
    "json lines nested deeply": ('{"a":1}\n' + "[" * 100_000 + "\n", "too_deep"),
    "json with a number of endless exponent": ('[{"a":1e999999999},{"a":2}]', ""),
    "json with a number of a million digits": ('[{"a":' + "9" * 1_000_000 + '},{"a":2}]', ""),
    "json cut short": ('[{"a":1},{"a":', "corrupt"),
    "json with more cells than the limit": (
        json.dumps([{f"k{n}_{m}": 1 for m in range(40)} for n in range(1200)]), "too_large",
    ),
    "xml with a laughing entity": (f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>', "unsafe_xml"),
    "xml with a quadratic entity": (f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 50_000}</a>', "unsafe_xml"),
    "xml with a laughing attribute": (
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a><b c="&l9;"/><b c="1"/></a>', "unsafe_xml",
    ),
    "xml that asks for a file": ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "unsafe_xml"),
    "xml with a parameter entity": (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><a><b>1</b></a>', "unsafe_xml",
    ),
    "xml whose type stands elsewhere": (
        '<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a><b><c>1</c></b><b><c>2</c></b></a>', "",
    ),
    "xml nested deeply": ('<?xml version="1.0"?>' + "<a>" * 100_000, "too_deep"),
    "xml with a huge text": ('<?xml version="1.0"?><a><b>' + "x" * 12_000_000 + "</b></a>", "too_large"),
    "a card that never ends": ("BEGIN:VCARD\nNOTE:" + " x\n" * 300_000, ""),
    "cards inside cards": ("BEGIN:VCARD\nFN:a\n" * 50_000, ""),
    "a report of blanks": (("a" + " " * 2_000_000 + "b\n") * 3 + "客户  电话\n", None),
    "one line of text without end": (("x" * 99 + "  ") * 200_000, None),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_answered_in_time(tmp_path, name):
    text, reason = FILES[name]
    path = tmp_path / "x.dat"
    path.write_text(text, "utf-8")
    start = time.monotonic()
    source = read(path, "x.dat", Limits(memory_bytes=2 << 30, seconds=20, cells=1_000_000))
    assert time.monotonic() - start < 25
    assert source.detail != "time"
    assert reason is None or source.reason == reason, (source.reason, source.detail)
    path.write_text(CSV, "utf-8")
    assert read(path, "good.csv", SMALL).status == "read"


@pytest.fixture
def archive(tmp_path):
    """An archive of members (name or ZipInfo, data), read whole: reasons by name."""

    def build(*members, limits=SMALL, data=None):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for name, content in members:
                out.writestr(name, content)
        if data is not None:
            path.write_bytes(data)
        found = {s.name: s.reason for s in read_all(path, "a.zip", limits)}
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip"]
        return found

    return build


def info(name, mode=0, flags=0):
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    made.flag_bits |= flags
    return made


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "C:\\evil.csv", "..\\evil.csv", "\\\\host\\evil.csv"]
)
def test_paths_that_lead_outside_are_refused_and_the_others_read(archive, name):
    found = archive((name, CSV), ("good.csv", CSV))
    assert sorted(found.values()) == ["", "", "unsafe_path"] and found["a.zip/good.csv"] == ""


def test_links_and_devices_are_refused(archive):
    found = archive(
        (info("link.csv", stat.S_IFLNK | 0o777), "/etc/passwd"), (info("fifo", stat.S_IFIFO), ""), ("b.csv", CSV)
    )
    assert found == {"a.zip": "", "a.zip/link.csv": "unsafe_path", "a.zip/fifo": "unsafe_path", "a.zip/b.csv": ""}


def test_names_of_any_length_and_sort_are_read(archive):
    names = [
        "客" * 120 + ".csv",
        'ab:c*?"<>|.csv',
        "con.csv",
        "x" * 250 + "/y.csv",
        "无后缀",
        ".hidden.csv",
        "a\nb.csv",
    ]
    found = archive(*((name, CSV) for name in names))
    assert found == {"a.zip": "", **{f"a.zip/{n}": "" for n in names}} | {"a.zip/.hidden.csv": "ignored_by_rule"}


def test_two_files_of_one_name_are_both_read(archive):
    with pytest.warns(UserWarning, match="Duplicate"):
        assert archive(("a.csv", CSV), ("a.csv", CSV)) == {"a.zip": "", "a.zip/a.csv": "", "a.zip/a.csv (2)": ""}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_no_fault_of_the_disk(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as package:
        package.writestr("a.csv", "a,b\n1,2\n" * 2000)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[50:70] = bytes(255 - value for value in data[50:70])
    (tmp_path / "a.zip").write_bytes(data)
    assert [source.reason for source in read_all(tmp_path / "a.zip", "a.zip")] == ["", "corrupt"]


def test_a_member_that_stands_before_the_beginning_is_no_fault_of_the_disk(tmp_path):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as package:
        package.writestr("a.csv", "客户,电话\n甲,1\n" * 9)
        package.writestr("b.csv", "客户,电话\n乙,2\n")
    (tmp_path / "f.zip").write_bytes(whole.getvalue()[:60] + whole.getvalue()[100:])
    ends = {source.name: (source.status, source.reason) for source in read_all(tmp_path / "f.zip", "f.zip")}
    assert ends["f.zip/a.csv"] == ("error", "corrupt") and ends["f.zip/b.csv"] == ("read", "")


def test_files_behind_a_password_are_refused_one_by_one(archive, tmp_path):
    archive(("secret.csv", CSV), ("b.csv", CSV))
    data = bytearray((tmp_path / "a.zip").read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1
    assert archive(data=bytes(data)) == {"a.zip": "", "a.zip/secret.csv": "archive_password", "a.zip/b.csv": ""}


def test_a_bomb_is_refused_before_it_is_laid_out(archive):
    start = time.monotonic()
    found = archive(("bomb.csv", b"0" * (80 << 20)), ("b.csv", CSV))
    assert found == {"a.zip": "", "a.zip/bomb.csv": "too_large", "a.zip/b.csv": ""} and time.monotonic() - start < 20


def test_what_all_files_together_may_take_is_bounded(archive):
    content = os.urandom(700_000)
    found = archive(("a.csv", content), ("b.csv", content), ("c.csv", CSV), limits=Limits(unpacked_bytes=1_000_000))
    assert found["a.zip/b.csv"] == "too_large" and found["a.zip/c.csv"] == ""


def nested(depth):
    data = CSV.encode()
    for level in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("a.csv" if not level else "inner.zip", data)
        data = out.getvalue()
    return data


def test_archives_inside_archives_are_read_to_the_limit(archive):
    assert list(archive(data=nested(3)).values()) == ["", "", "", ""]
    assert list(archive(data=nested(6)).values())[-1] == "too_deep"
    assert list(archive(data=nested(2), limits=Limits(archive_depth=1)).values()) == ["", "too_deep"]


def test_too_many_files_are_refused(archive):
    found = archive(*((f"{n}.csv", CSV) for n in range(6)), limits=Limits(archive_files=5))
    assert found == {"a.zip": "too_large"}


def test_an_empty_archive_is_said_to_be_empty(archive):
    assert archive() == {"a.zip": "empty_file"}


def test_a_document_of_another_program_is_no_archive(archive):
    assert archive(("word/document.xml", "<a/>"), ("[Content_Types].xml", "<Types/>")) == {
        "a.zip": "unsupported_format"
    }


def test_a_size_that_lies_spoils_its_own_file_only(archive, tmp_path):
    archive(("a.csv", CSV * 50), ("b.csv", CSV))
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.find(b"PK\x01\x02") + 24 :][:4]
    at = data.find(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 10)
    assert archive(data=bytes(data)) == {"a.zip": "", "a.zip/a.csv": "corrupt", "a.zip/b.csv": ""}


def test_an_ods_that_repeats_its_cells_beyond_sense_is_refused(tmp_path):
    spaces = "".join(f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    rows = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    with zipfile.ZipFile(tmp_path / "b.ods", "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr(
            "content.xml",
            f"<office:document-content{spaces}><office:body><office:spreadsheet><table:table table:name='a'>{rows}</table:table>"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    assert read(tmp_path / "b.ods", "b.ods", SMALL).reason == "too_large"
