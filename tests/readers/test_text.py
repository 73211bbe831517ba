"""Delimited text, HTML tables and dBase: delimiters, quotes, encodings, damage; nothing is lost."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cleanse.readers import read
from cleanse.readers.mojibake import restored


@pytest.fixture
def reading(tmp_path):
    def build(data, encoding=""):
        (tmp_path / "f").write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
        return read(tmp_path / "f", "f", encoding=encoding)

    return build


def rows(source, number=0):
    return source.grids[number].cells.to_numpy().tolist()


def notes(source):
    return [(n.code, n.where) for g in source.grids for n in g.notes]


def test_rows_are_logical_records_and_blank_lines_count(reading):
    source = reading('客户,备注\n甲,"一\n二"\n\n乙,三\n')
    assert source.grids[0].cells.index.tolist() == [1, 2, 3, 4]
    assert rows(source) == [["客户", "备注"], ["甲", "一\n二"], ["", ""], ["乙", "三"]]


def test_ragged_rows_lose_nothing_and_are_named(reading):
    source = reading("客户,电话\n甲,1,多,余\n乙\n丙,2\n")
    assert rows(source) == [["客户", "电话", "", ""], ["甲", "1", "多", "余"], ["乙", "", "", ""], ["丙", "2", "", ""]]
    assert notes(source) == [("csv_row_ragged", "2")]


def test_a_quote_that_never_closes_spoils_its_own_row_only(reading):
    source = reading('客户,电话\n"甲,1\n乙,2\n丙,3\n')
    assert rows(source) == [["客户", "电话"], ['"甲', "1"], ["乙", "2"], ["丙", "3"]]
    assert notes(source) == [("csv_quote_broken", "2")]


def test_a_quote_inside_a_cell_is_a_sign_like_any_other(reading):
    source = reading('客户,规格\n甲,5" 管\n乙,"说""好"""\n')
    assert rows(source) == [["客户", "规格"], ["甲", '5" 管'], ["乙", '说"好"']]


@pytest.mark.parametrize(
    "text",
    ['{"a": 1}', '[{"a": "x,y"}]', "<a><b>1,2</b></a>", "-- x\nINSERT INTO t VALUES (1, 2);", "BEGIN:VCARD\nN:a"],
)
def test_other_languages_are_not_taken_for_a_table(reading, text):
    assert reading(text).format not in ("csv", "tsv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_gives_even_rows(reading, delimiter):
    table = [["客户", "电话", "备注"], ["甲", "1;2", "a,b,c|d"], ["乙", "3", "e,f\t"], ["丙", "4", "g"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(table)
    assert rows(reading(out.getvalue())) == table


def test_a_line_that_names_the_delimiter_is_obeyed_and_counted(reading):
    source = reading("sep=;\n客户;电话\n甲;1,5\n")
    assert rows(source) == [["客户", "电话"], ["甲", "1,5"]] and source.grids[0].cells.index.tolist() == [2, 3]


def test_armoured_codes_are_shown_without_their_armour(reading):
    assert rows(reading('客户,编号\n甲,="00123"\n')) == [["客户", "编号"], ["甲", "00123"]]


def test_words_for_nothing_stay_as_they_stand(reading):
    assert rows(reading("客户,x\nNA,null\nN/A,0012\n")) == [["客户", "x"], ["NA", "null"], ["N/A", "0012"]]


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("客户名称,电话\n青松样品有限公司,1\n", "gbk", "gbk"),
        ("客户名称,备注\n㐀样品,𠮷𠮷\n", "gb18030", "gbk"),
        ("客戶名稱,電話\n臺灣樣品股份有限公司,1\n", "big5", "big5"),
        ("客户,电话\n甲,1\n", "utf-8", "utf-8"),
        ("客户,电话\n甲,1\n", "utf-8-sig", "utf-8-sig"),
        ("name,city\nMüller,Köln\nJosé,Málaga\n", "cp1252", "cp1252"),
        ("会社名,担当者\n株式会社サンプル,見本たろう\n見本商事株式会社,サンプルはなこ\n", "cp932", "cp932"),
        ("name,city\nMüller,Köln\nJosé,Málaga\n", "mac_roman", "mac-roman"),
        ("name,city\rMüller,Köln\rJosé,Málaga\r", "mac_roman", "mac-roman"),
        ("name,city\nMÜLLER,KÖLN\nJosé,Málaga\n", "cp850", "cp850"),
        ("name,city\nMÜller,Lund\n", "cp1252", "cp1252"),
        ("name,note\nLi,5§ «a» €5 – b…\nGröße,œuvre\n", "cp1252", "cp1252"),
        ("name,city\nMiller,臺北\nSmith,高雄\nBrown,桃園\n", "big5", "big5"),
        ("name,owner\nMiller,朱镕\nSmith,李喆\nBrown,张囧\n", "gbk", "gbk"),
        ("客户名称,电话\n青松样品有限公司,1\n", "hz", "hz"),
        ("客户名称,电话\n青松样品有限公司,1\n", "utf-7", "utf-7"),
        ("会社名,電話\n株式会社サンプル,1\n", "iso2022_jp", "iso2022_jp"),
        ("name,phone\nLi,+86-13800001111\nWu,a+b+c\nHe,~{1}\nXu,+8613800002222\n", "ascii", "utf-8"),
        ("客户名称,联系电话\n青松样品有限公司,王小样\n", "utf-16-le", "utf-16-le"),
        ("客户名称,联系电话\n青松样品有限公司,王小样\n", "utf-16-be", "utf-16-be"),
        ("客户名称,联系电话\n青松样品有限公司,王小样\n", "utf-16", "utf-16"),
    ],
)
def test_the_encoding_is_found_from_the_bytes(reading, text, encoding, found):
    source = reading(text.encode(encoding))
    assert rows(source) == [line.split(",") for line in text.splitlines()]
    assert source.encoding == found


@pytest.mark.parametrize("end", ["\n", "\x85"])
def test_text_of_a_mainframe_is_refused_unless_its_encoding_is_named(reading, end):
    data = f"NAME,CITY{end}MILLER,BERLIN{end}SMITH,PARIS{end}".encode("cp037")
    assert (reading(data).reason, reading(data).detail) == ("unsupported_format", "EBCDIC")
    assert rows(reading(data, "cp037")) == [["NAME", "CITY"], ["MILLER", "BERLIN"], ["SMITH", "PARIS"]]


def test_one_damaged_byte_does_not_change_the_encoding(reading):
    data = ("客户名称,备注\n" + "青松样品有限公司,好\n" * 400).encode("gbk")
    source = reading(data[:5000] + b"\xff" + data[5000:])
    assert source.encoding == "gbk" and notes(source)[0][0] == "encoding_damaged"
    assert rows(source)[1] == ["青松样品有限公司", "好"]


def test_lines_of_two_encodings_are_each_read_in_their_own_and_named(reading):
    lines = ["客户名称,电话", *["青松样品有限公司,1"] * 6, "白云样品厂,2", "绿水样品店,3"]
    data = b"\n".join(line.encode("utf-8" if at < 7 else "gbk") for at, line in enumerate(lines))
    source = reading(data)
    assert rows(source) == [line.split(",") for line in lines]
    assert source.encoding == "utf-8+gbk" and notes(source) == [("encoding_mixed", "8 9")]
    assert source.grids[0].notes[0].detail == "7 lines utf-8, 2 lines gbk"


def test_what_spoke_for_an_encoding_is_said(reading):
    (note,) = reading("客户名称,电话\n青松样品有限公司,1\n".encode("gbk")).grids[0].notes
    assert note.code == "encoding_judged" and note.detail.startswith("gbk: everyday characters: gbk 100%")


GARBLED = {
    "utf-8 read as gbk": lambda t: t.encode("utf-8").decode("gbk"),
    "utf-8 read as cp1252": lambda t: t.encode("utf-8").decode("latin-1"),
    "gbk read as cp1252": lambda t: t.encode("gbk").decode("latin-1"),
}


@pytest.mark.parametrize("way", sorted(GARBLED))
def test_garbled_text_is_restored_where_it_is_certain(reading, way):
    table = [
        ["客户名称", "备注"],
        ["白云样品商贸", "寄过样品"],
        ["绿水样品商店", "联系电话"],
        ["南山样品电子科技", "ok"],
    ]
    garbled = [[GARBLED[way](cell) for cell in row] for row in table]
    assert garbled != table
    source = reading("\n".join(map(",".join, garbled)))
    assert rows(source) == table
    assert notes(source)[0][0] == "mojibake_repaired"


def as_cp1252(text: str) -> str:
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text.encode())


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Müller",
            "MÜLLER",
            "José",
            "JOSÉ",
            "Éric",
            "Österreich",
            "Özgür",
            "GARÇON",
            "MÉXICO",
            "São",
            "Größe",
            "voilà",
        ),
        *(
            "Łódź",
            "Dvořák",
            "Škoda",
            "İstanbul",
            "œuvre",
            "Café–Bar",
            "don’t",
            "a–b",
            "“x”",
            "€5",
            "25°C",
            "£100",
            "km²",
        ),
        *("¡Hola", "Acme®"),
    ],
)
def test_letters_of_europe_are_restored_where_nobody_writes_what_stands(text):
    assert restored(as_cp1252(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "Â¡",
        "LÃ®",
        "ROMÂ®",
        "IRMÃ’s",
        "IRMÃ”",
        "„Ä“",
        "«PÂ»",
        "MANHÃ–TARDE",
        "ESPAÑ–a",
        "Ã©",
        "TÂ£",
        "Åse",
        "São Paulo™",
        "x Â y",
    ],
)
def test_signs_that_somebody_may_have_typed_are_left(text):
    assert restored(text) is None


def test_what_may_be_garbled_is_named_and_restored_only_beside_two_that_are(reading):
    doubtful = reading("name,note\nLÃ®,a\nMÃ¼ller,b\nLÃ®,c\n")
    assert [row[0] for row in rows(doubtful)] == ["name", "LÃ®", "Müller", "LÃ®"]
    assert notes(doubtful) == [("mojibake_repaired", "A3"), ("mojibake_left", "A2 A4")]
    sure = reading("name,note\nLÃ\xa0,a\nMÃ¼ller,b\nJosÃ©,c\n")
    assert [row[0] for row in rows(sure)] == ["name", "Là", "Müller", "José"]
    sure = reading("name,note\nLÃ®,a\nMÃ¼ller,b\nJosÃ©,c\n")
    assert [row[0] for row in rows(sure)] == ["name", "Lî", "Müller", "José"]


def test_text_that_lost_bytes_is_named_and_kept(reading):
    source = reading("客户名称,备注\n锟斤拷样品,好\n青松样品厂,鍚嶇О\n")
    assert rows(source) == [["客户名称", "备注"], ["锟斤拷样品", "好"], ["青松样品厂", "鍚嶇О"]]
    assert notes(source) == [("mojibake_left", "A2")]


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.sampled_from("青松样品有限公司客户名称王李张瑾婧嫣浩涵锛渥濂编辑联通移动é ü ñ ö Ö ß MJ€£§° 01，。（）"),
        max_size=12,
    )
)
def test_right_text_is_never_taken_for_garbled(text):
    assert restored(text) is None


POLLUTED = {
    "only carriage returns": ("客户,电话\r甲,1\r乙,2\r", [["客户", "电话"], ["甲", "1"], ["乙", "2"]]),
    "line ends of both sorts": ("客户,电话\r\n甲,1\n乙,2", [["客户", "电话"], ["甲", "1"], ["乙", "2"]]),
    "spaces before quotes": ('客户, 备注\n"甲", "a, b"\n"乙", "c"\n', [["客户", "备注"], ["甲", "a, b"], ["乙", "c"]]),
    "a delimiter at each end": ("客户,电话,\n甲,1,\n乙,2,\n", [["客户", "电话", ""], ["甲", "1", ""], ["乙", "2", ""]]),
    "a delimiter twice": ("客户||电话\n甲||1\n", [["客户", "", "电话"], ["甲", "", "1"]]),
    "a rare delimiter": ("客户~电话\n甲~1\n乙~2\n", [["客户", "电话"], ["甲", "1"], ["乙", "2"]]),
    "blank lines first": ("\n\n客户,电话\n甲,1\n", [["", ""], ["", ""], ["客户", "电话"], ["甲", "1"]]),
    "one column": ("客户名称\n青松样品厂\n白云样品厂\n", [["客户名称"], ["青松样品厂"], ["白云样品厂"]]),
    "a header alone": ("客户,电话\n", [["客户", "电话"]]),
    "lines of comment first": ("# 导出\n# 甲\n客户,电话,备\n甲,1,a\n乙,2,b\n丙,3,c", [
        ["# 导出", "", ""], ["# 甲", "", ""], ["客户", "电话", "备"], ["甲", "1", "a"], ["乙", "2", "b"], ["丙", "3", "c"],
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(POLLUTED))
def test_polluted_files_are_read_as_a_person_would(reading, name):
    text, table = POLLUTED[name]
    assert rows(reading(text)) == table


def test_prose_is_no_table(reading):
    assert reading("这是一段说明文字。" * 20).reason == "no_table"


SIGNS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n",;')
RECORD = st.lists(st.text(SIGNS, max_size=8), min_size=3, max_size=3)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORD, min_size=2, max_size=6))
def test_what_a_csv_writer_writes_comes_back(reading, table):
    table = [["客户", "电话", "备注"], ["甲", "1", "x"], ["乙", "2", "y"], *table]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    assume(not any(restored(cell, 1) for row in table for cell in row))  # what looks garbled is restored
    assert rows(reading(out.getvalue())) == table


def test_html_spans_breaks_and_blanks(reading):
    source = reading(
        '<html><meta charset="utf-8"><table><tr><td colspan=3>名单</td></tr>'
        "<tr><th>客户</th><th>电话</th><th>备注</th></tr>"
        "<tr><td rowspan=2>甲</td><td>1</td><td>一<br>二</td></tr><tr><td>2</td><td>&nbsp;</td></tr>"
        "<tr><td rowspan=2>乙</td><td>3</td><td>x</td></tr><tr><td></td><td></td></tr></table></html>"
    )
    assert source.format == "html"
    assert rows(source)[:2] == [["名单", "", ""], ["客户", "电话", "备注"]]
    assert rows(source)[2:] == [["甲", "1", "一\n二"], ["甲", "2", ""], ["乙", "3", "x"], ["", "", ""]]
    assert notes(source) == [("merged_cell_filled", "4")]


def test_a_piece_of_a_page_is_a_page(reading):
    start = "<div>\n<h3>客户<br>名单</h3>" + "<p>说明</p>" * 1000
    assert rows(reading(start + "<table><tr><td>甲</td><td>1</td></tr></table></div>")) == [["甲", "1"]]
    assert reading("<h3>客户</h3>\n<p>一<br>二</p>").reason == "no_table"


def test_several_html_tables_are_several_grids_and_frames_are_seen_through(reading):
    inner = "<table><tr><td>c</td><td>d</td></tr></table>"
    source = reading(f"<table><tr><td>a</td></tr></table><p>x</p><table><tr><td>{inner}</td></tr></table>")
    assert [g.sheet for g in source.grids] == ["table1", "table2"]
    assert (rows(source), rows(source, 1)) == ([["a"]], [["c", "d"]])


def test_deleted_dbase_records_keep_the_numbers_of_the_others(reading, make_dbf):
    names = ["客户".encode("gbk"), b"TEL"]
    data = make_dbf(names, [["甲".encode("gbk"), b"1"], [b"x", b"2"], [b"y\0\0", b"3"]], deleted=(1,))
    source = reading(data)
    assert source.format == "dbf" and source.encoding == "gbk"
    assert source.grids[0].cells.index.tolist() == [0, 1, 3]
    assert rows(source) == [["客户", "TEL"], ["甲", "1"], ["y", "3"]]
    assert notes(source) == [("deleted_rows", "2")]


def test_dbase_fields_of_one_name_are_both_kept_and_a_false_count_is_noted(reading, make_dbf):
    data = bytearray(make_dbf([b"TEL", b"TEL"], [[b"1", b"2"]], page=0))
    data[4:8] = (9).to_bytes(4, "little")
    source = reading(bytes(data))
    assert rows(source) == [["TEL", "TEL"], ["1", "2"]] and notes(source) == [("record_count_differs", "")]


def test_damage_done_by_a_spreadsheet_is_named_and_nothing_is_changed(reading):
    lines = [
        "客户名称,手机,信用代码,房号",
        "青松样品厂,1.38E+10,913301000000000000,3-12",
        "白云样品厂,13800001111,913301000000001000,12-1",
        "绿水样品店,13800001112,913301000000002000,2-15",
        "红叶样品店,13800001113,913301000000003000,3月4日",
    ]
    source = reading("\n".join(lines))
    assert rows(source) == [line.split(",") for line in lines]
    assert notes(source) == [
        ("excel_date_for_text", "D5"), ("excel_digits_cut", "C2 C3 C4 C5"), ("excel_exponent", "B2"),
    ]  # fmt: skip


def test_columns_of_dates_and_whole_numbers_are_not_called_damaged(reading):
    lines = [
        "客户,日期,账号",
        "甲,2024-03-01,6222020200001234567",
        "乙,3-5,6222020200001000000",
        "丙,2024/3/2,622202020000100000",
    ]
    assert notes(reading("\n".join(lines))) == []


TABLE = [["name", "note", "size"], ["O'Hara", "red, wide", "2"], ["Li", 'a 4" pipe', "3"], ["Wu", "two\nlines", "5"]]


@pytest.mark.parametrize(
    "dialect",
    [
        {"quotechar": "'"},
        {"quotechar": "'", "quoting": csv.QUOTE_ALL},
        {"escapechar": "\\", "doublequote": False, "quoting": csv.QUOTE_ALL},
        {"escapechar": "\\", "quoting": csv.QUOTE_NONE},
        {"delimiter": " "},
        {"delimiter": " ", "quoting": csv.QUOTE_ALL},
        {"lineterminator": "\r"},
        {"lineterminator": "\n\r"},
    ],
    ids=str,
)
def test_other_ways_of_quoting_give_the_same_cells(reading, dialect):
    table = [row for row in TABLE if "\n" not in row[1] or dialect.get("quoting") == csv.QUOTE_ALL]
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(table)
    assert [row for row in rows(reading(text.getvalue())) if any(row)] == table


LONG = [
    ["name", "about", "city"],
    ["O'Hara, Ltd", 'boots, warm and dry, a 4" heel', "Cork"],
    ["Li", "tables, chairs and lamps, all of wood", "Rome"],
    ["Wu", "hats, gloves", "Oslo"],
]


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("column", range(3))
def test_a_stray_quote_before_a_cell_stays_in_it_and_moves_no_other(reading, row, column):
    lines = [["name", "about", "city"]]
    lines += [[f'"{cell}"'.replace('4"', '4""') if "," in cell else cell for cell in line] for line in LONG[1:]]
    lines[row][column] = '"' + lines[row][column]
    expected = [list(line) for line in LONG]
    expected[row][column] = '"' + expected[row][column]
    source = reading("\n".join(map(",".join, lines)) + "\n")
    assert rows(source) == expected and notes(source) == [("csv_quote_broken", str(row + 1))]


def test_two_stray_quotes_move_no_cell_though_their_rows_come_out_as_long_as_others(reading):
    source = reading('name,about,city\n"a,"b, c",d\nLi,e,f\n"g,"h, i",j\n"Wu, Co","a 4"" heel",k\n')
    assert rows(source)[1:] == [
        ['"a', "b, c", "d"],
        ["Li", "e", "f"],
        ['"g', "h, i", "j"],
        ["Wu, Co", 'a 4" heel', "k"],
    ]
    assert notes(source) == [("csv_quote_broken", "2 4")]


@pytest.mark.parametrize("separator", [", ", "; "])
def test_long_texts_do_not_hide_another_way_of_quoting(reading, separator):
    lines = [separator.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in LONG]
    assert rows(reading("\n".join(lines))) == LONG
    lines = [separator[0].join("'" + cell.replace("'", "''") + "'" for cell in line) for line in LONG]
    assert rows(reading("\n".join(lines))) == LONG


def test_a_backslash_before_an_apostrophe_may_be_meant(reading):
    text = 'name,size,city\n"a 4\\" pipe, red","8\\\'9\\"",Rome\n"b",c,Oslo\n'
    assert rows(reading(text))[1] == ['a 4" pipe, red', "8\\'9\"", "Rome"]


@pytest.mark.parametrize("text", ["a,b\n'tis,1\nit's,2\n", "a,b\n'001,'2\n'003,'4\n", 'p,n\n"C:\\",1\n"D:\\x",2\n'])
def test_apostrophes_and_backslashes_that_quote_nothing_stay(reading, text):
    assert rows(reading(text)) == list(csv.reader(io.StringIO(text, newline="")))


def test_a_stray_quote_does_not_swallow_the_rows_up_to_the_next_quoted_cell(reading):
    source = reading('name,note,size\n"Li,a,1\nWu,b,2\nHe,"c, d",3\nXu,"e\nf",4\n')
    assert rows(source)[1:] == [['"Li', "a", "1"], ["Wu", "b", "2"], ["He", "c, d", "3"], ["Xu", "e\nf", "4"]]
    assert notes(source) == [("csv_quote_broken", "2")]


@pytest.mark.parametrize("end", [b"\x1a", b"\r\n\x1a", b"\0" * 300, b"\r\n" + b"\0" * 300])
def test_the_mark_and_the_padding_of_old_programs_are_no_row(reading, end):
    source = reading(b"name,size\r\nLi,2\r\nWu,3" + end)
    assert rows(source) == [["name", "size"], ["Li", "2"], ["Wu", "3"]]


def test_a_nul_sign_is_taken_out_and_named(reading):
    source = reading("name,size\n" + "Li,2\n" * 200 + "W\0u,3\n")
    assert rows(source)[-1] == ["Wu", "3"]
    assert [n.code for n in source.grids[0].notes] == ["nul_removed"]
