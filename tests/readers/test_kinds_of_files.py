"""Files without their container, packed, or of a form that is not read: read all the same, or refused by name."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import pytest

from cleanse.readers import Limits, read
from cleanse.readers.bare import contained
from cleanse.readers.foreign import FORMS


@pytest.fixture
def reading(tmp_path):
    def build(data: bytes, **options):
        (tmp_path / "f.dat").write_bytes(data)
        return read(tmp_path / "f.dat", "f.dat", **options)

    return build


def package(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("__", "/"), text)
    return out.getvalue()


REFUSED = {
    **{name: mark + b"\x01\x02 x" * 9 for mark, name in FORMS.items()},
    "tar": b"a.csv".ljust(257, b"\0") + b"ustar\x0000" + b"a,b\n1,2\n",
    "SYLK": 'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"客户"\r\nC;X2;K1\r\nE\r\n'.encode("gbk"),
    "DIF": b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,2\r\n""\r\nDATA\r\n',
    "Gnumeric": gzip.compress(b'<?xml version="1.0"?><gnm:Workbook xmlns:gnm="http://www.gnumeric.org/v10.dtd"><a/></gnm:Workbook>'),
    "Word": package(word__document="x"),
    "Apple iWork": package(Index__Document="x"),
    "application/vnd.sun.xml.calc": package(mimetype="application/vnd.sun.xml.calc", **{"content.xml": "<a/>"}),
    "Excel 2.0 - 4.0": struct.pack("<4H", 0x0009, 4, 2, 0x10),
    "sheet of Excel 5": struct.pack("<6H", 0x809, 8, 0x500, 0x10, 0, 0) + struct.pack("<2H", 0xE0, 0),
    "part of an xls": struct.pack("<6H", 0x809, 8, 0x500, 0x20, 0, 0),
    "zip in gzip": gzip.compress(package(**{"a.csv": "a,b\n1,2\n"})),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_form_that_is_known_and_not_read_is_refused_by_name(reading, name):
    source = reading(REFUSED[name])
    assert (source.status, source.reason, source.detail) == ("error", "unsupported_format", name)


@pytest.mark.parametrize(
    "text", ["ID;PHONE\n1;2\n3;4\n", "ID;P\nB;C\n", "TABLE,0\n1,2\n", "BZh,a\n1,2\n", "PAR1,b\n1,2\n"]
)
def test_a_table_that_begins_like_such_a_form_is_read(reading, text):
    assert reading(text.encode()).status == "read"


def test_a_packed_file_is_what_it_holds_within_the_limits(reading):
    packed = gzip.compress(b"name,phone\n" + b"Li,1\n" * 100_000)
    assert len(reading(packed).grids[0].cells) == 100_001
    assert reading(packed, limits=Limits(unpacked_bytes=1000)).reason == "too_large"
    assert reading(gzip.compress(b"0" * (1 << 27))).detail == "unpacked"
    assert reading(packed[:-9]).reason == reading(packed[:20] + b"xx" + packed[22:]).reason == "corrupt"
    assert reading(gzip.compress(b"")).reason == "empty_file"
    nested = packed
    for _ in range(Limits().archive_depth):
        nested = gzip.compress(nested)
    assert reading(nested).reason == "too_deep"


def test_every_record_of_a_sheet_alone(reading):
    """Texts, whole and broken numbers in four bytes and in eight, formulas with a number and a text, truth, errors."""
    records = [
        (0x204, struct.pack("<4H", 0, 0, 0, 4) + "客户".encode("gbk")),
        (0xD6, struct.pack("<4H", 0, 1, 0, 4) + "电话".encode("gbk") + b"\0"),
        (0x27E, struct.pack("<3Hi", 1, 0, 0, 7 << 2 | 2)),
        (0xBD, struct.pack("<2HHiHiH", 1, 1, 0, 150 << 2 | 3, 0, struct.unpack("<i", struct.pack("<d", -2.5)[4:])[0], 2)),
        (0x006, struct.pack("<3Hd", 2, 0, 0, 41.5) + bytes(8)),
        (0x406, struct.pack("<3H", 2, 1, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8)),
        (0x207, struct.pack("<H", 4) + "样品".encode("gbk")),
        (0x206, struct.pack("<3H", 2, 2, 0) + b"\2\0\x2a\0\0\0\xff\xff" + bytes(8)),
        (0x205, struct.pack("<3H2B", 3, 0, 0, 1, 0)),
        (0x205, struct.pack("<3H2B", 3, 1, 0, 7, 1)),
    ]  # fmt: skip
    data = struct.pack("<6H", 0x809, 8, 0x500, 0x10, 0, 0) + b"".join(
        struct.pack("<2H", k, len(b)) + b for k, b in records
    )
    source = reading(data + b"\x0a\0\0\0" + b"\x04\x02\x01\x00x")
    assert source.grids[0].cells.to_numpy().tolist() == [
        ["客户", "电话", ""], ["7", "1.5", "-2.5"], ["41.5", "样品", ""], ["TRUE", "", ""],
    ]  # fmt: skip
    assert [(n.code, n.where) for n in source.grids[0].notes] == [("error_cell", "C3=#N/A B4=#DIV/0!")]


def test_a_sheet_alone_that_reaches_too_far_is_refused(reading):
    far = struct.pack("<2H4H", 0x204, 9, 65535, 65535, 0, 1) + b"x"
    data = struct.pack("<6H", 0x809, 8, 0, 0x10, 0, 0) + far
    assert reading(data).reason == "too_large"
    assert reading(data[:12]).reason == "no_cells" and reading(data[:7]).status == "error"


@pytest.mark.parametrize("size", [1, 4096, 5_000_000])
def test_a_container_holds_its_stream(size):
    olefile = pytest.importorskip("olefile")
    with olefile.OleFileIO(io.BytesIO(contained(bytes(range(1, 200)) * (size // 199 + 1), "Book"))) as container:
        stream = container.openstream("Book").read()
    assert stream.rstrip(b"\0") == bytes(range(1, 200)) * (size // 199 + 1)
