"""Delimited text for import: lines as a target reads them, quoted only where needed."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from cleanse.model import Profile, Seen, TargetObject


def render(table: pd.DataFrame, target: TargetObject, profile: Profile) -> tuple[bytes, np.ndarray, np.ndarray]:
    """The bytes of the header (with its byte order mark), every row as a line of text, and the bytes of each line."""
    form = profile.form
    headers = pa.array([profile.header(column) for column in target.fields])
    alone = len(headers) == 1
    head = form["delimiter"].join(_quoted(headers, form["delimiter"], alone).to_pylist()) + form["line_end"]
    mark = codecs.BOM_UTF8 if form["bom"] else b""
    cells = [_quoted(_arrow(table[name]), form["delimiter"], alone) for name in table]
    lines = pc.binary_join_element_wise(*cells, form["delimiter"])
    lines = pc.binary_join_element_wise(lines, form["line_end"], "")
    if form["encoding"].lower() in ("utf-8", "utf8"):
        sizes = pc.binary_length(lines).to_numpy(zero_copy_only=False)
    else:
        sizes = np.array([len(line.encode(form["encoding"])) for line in lines.to_pylist()], dtype=int)
    return mark + head.encode(form["encoding"]), np.asarray(lines.to_pylist(), dtype=object), sizes


def _arrow(values: pd.Series) -> pa.Array:
    array = pa.array(values.astype("str"), from_pandas=True)
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return whole.cast(pa.string())


def _quoted(values: pa.Array, delimiter: str, alone: bool) -> pa.Array:
    """Cells as they stand in the line; a cell that stands alone is always quoted, for an empty line is no row."""
    values = pc.fill_null(values, "")
    if alone:
        needed = pc.is_valid(values)
    else:
        needed = pc.or_(pc.match_substring_regex(values, r'["\r\n]|^\s|\s$'), pc.match_substring(values, delimiter))
    if not pc.any(needed).as_py():
        return values
    doubled = pc.replace_substring(values, '"', '""')
    return pc.if_else(needed, pc.binary_join_element_wise('"', doubled, '"', ""), values)


def read(path: Path, profile: Profile, object_name: str) -> tuple[pd.DataFrame, Seen]:
    """The rows of a file as text, missing where empty, and what its bytes show."""
    content, form = _content(path), profile.form
    bom = content.startswith(codecs.BOM_UTF8)
    body = content[3:] if bom else content
    try:
        text = body.decode(form["encoding"], errors="strict")
    except UnicodeDecodeError as error:
        return _nothing(path, object_name, content, bom, f"byte {error.start} is not {form['encoding']}")
    header = tuple(next(csv.reader(io.StringIO(text, newline=""), delimiter=form["delimiter"]), []))
    if text.count('"') % 2:
        return _nothing(path, object_name, content, bom, "not parsed: a quote is never closed")
    if not header:
        return pd.DataFrame(), Seen(object_name, path.name, 0, len(content), bom)
    try:
        table, ragged = _parse(text, header, form["delimiter"])
    except pa.ArrowInvalid:
        return _nothing(path, object_name, content, bom, "not parsed as delimited text")
    return table, Seen(object_name, path.name, len(table), len(content), bom, header, ragged=ragged)


def _content(path: Path) -> bytes:
    """The bytes of the text, which may stand alone in a zip archive."""
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        return archive.read(name)


def _nothing(path: Path, name: str, content: bytes, bom: bool, fault: str) -> tuple[pd.DataFrame, Seen]:
    return pd.DataFrame(), Seen(name, path.name, 0, len(content), bom, fault=fault)


def _parse(text: str, header: tuple[str, ...], delimiter: str) -> tuple[pd.DataFrame, int]:
    """The rows below the header, and how many have another width."""
    names, ragged = [str(number) for number in range(len(header))], list[int]()

    def count(row: pacsv.InvalidRow) -> str:
        ragged.append(row.actual_columns)
        return "skip"

    table = pacsv.read_csv(
        io.BytesIO(text.encode()),
        read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=1 << 24),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=count
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    frame = pd.DataFrame({name: pd.Series(table.column(name).to_pandas(), dtype="str") for name in names})
    return frame.iloc[1:].reset_index(drop=True).set_axis(list(header), axis=1), len(ragged)
