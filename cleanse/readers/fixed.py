"""Text whose columns are aligned: printed reports, terminal output, tables drawn with dashes and bars.

A column is found where blanks stand above each other, or where a rule of dashes says so. Chinese characters take two places
on paper and in GBK bytes; which way of counting a file was aligned by is told by which gives the straightest gaps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cleanse.model import Grid, Note
from cleanse.readers import delimited
from cleanse.readers.cells import frame_of_rows, listed
from cleanse.readers.encodings import decode
from cleanse.readers.raw import HEAD, Parsed, Raw, Unreadable

SAMPLE = 2_000  # lines looked at for the columns
FEWEST = 3  # lines that make a column
BARS = "|│┃║"
RULED = 0.7  # of the lines below a rule keep to its columns
STRAIGHT = 0.8  # of the lines with gaps keep to the columns
COLUMNAR = 0.5  # of the lines have gaps at all
LOOSE = 0.02  # of the lines may reach into a gap between two columns,
FORGIVING = 8  # and one of so many
FILLER = "\0"  # stands for the second place of a wide character

_WIDE = "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003ffff"
_AMBIGUOUS = "\u00a7\u00a8\u00b0\u00b1\u00b7\u00d7\u00f7\u0391-\u03c9\u0401-\u0451\u2010-\u2027\u2030-\u203b\u2103-\u22ff\u2460-\u266f"
# Ways to count: as code pages do, as terminals do, one place for every character.
WAYS = tuple(re.compile(f"[{signs}]") if signs else None for signs in (_WIDE + _AMBIGUOUS, _WIDE, ""))
_BOX = str.maketrans("─━═—│┃║├┼┤┌┬┐└┴┘╞╪╡╔╦╗╠╬╣╚╩╝", "----|||" + "+" * 21)
_RULE = re.compile(r"[\s+|]*[-=_]{2,}(?:[ +|]+[-=_]{2,})+[\s+|]*")
_SOLID = re.compile(r"[\s\-=_+*#~.·|]{3,}")
_GROUP = re.compile(r"[-=_]+")
_GAP = re.compile(r"\S {2,}\S")
_TOKENS = re.compile(r" {2,}")


@dataclass(frozen=True)
class _Layout:
    """How characters are counted, the gaps between columns as (first, end) places, and where bars stand."""

    way: re.Pattern[str] | None
    gaps: tuple[tuple[int, int], ...]
    bars: tuple[int, ...] = ()


def sniff(head: bytes) -> bool:
    """Text in which columns can be seen and no delimiter."""
    if not delimited.sniff(head):
        return False
    whole = head[: head.rfind(b"\n") + 1] if len(head) >= HEAD else head
    return _layout(_lines(decode(whole).text)) is not None


def read(raw: Raw) -> Parsed:
    """One grid; rows are the lines of the file, rules between them are empty rows. What does not keep to the columns is
    kept whole in the first one, and named."""
    decoded = decode(raw.data, raw.encoding)
    lines = _lines(decoded.text.removeprefix("\ufeff"))
    layout = _layout(lines[:SAMPLE])
    if layout is None:  # the beginning looked aligned, the whole is not
        return delimited.read(raw)
    if len(lines) * (len(layout.gaps) + 1) > raw.limits.cells:
        raise Unreadable("too_large", f"{len(lines)} x {len(layout.gaps) + 1}", "fixed")
    rows: list[list[str]] = []
    outside: list[str] = []
    across: list[str] = []
    for number, line in enumerate(lines, 1):
        cells, moved = _cut(_spread(line, layout.way), layout)
        if cells is None or (moved and not _GAP.search(line)):
            cells = [line.strip(), *[""] * len(layout.gaps)]
            if len(_TOKENS.split(line.strip())) * 2 > len(layout.gaps):
                outside.append(str(number))
        elif moved:
            across.append(str(number))
        rows.append(cells)
    notes = [Note("encoding_damaged", "", str(decoded.damaged))] if decoded.damaged else []
    notes += [Note("fixed_row_outside", listed(outside), str(len(outside)))] if outside else []
    notes += [Note("fixed_text_across", listed(across), str(len(across)))] if across else []
    cells_frame, _ = frame_of_rows(rows)
    return Parsed("fixed", (Grid("", cells_frame, tuple(notes)),), decoded.encoding)


def _lines(text: str) -> list[str]:
    """The lines as they are printed; none where tabs part the columns."""
    if sum("\t" in line for line in text.split("\n", SAMPLE)) * 5 > text.count("\n"):
        return []
    lines = [line.rstrip().replace("\f", "").replace("\u3000", "  ") for line in text.split("\n")]
    lines = [line.expandtabs(8) if "\t" in line else line for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _spread(line: str, way: re.Pattern[str] | None) -> str:
    """One sign for every place: wide characters are followed by a filler."""
    return way.sub(lambda m: m[0] + FILLER, line) if way else line


def _layout(lines: Sequence[str]) -> _Layout | None:
    """The columns, by a rule of dashes or by the gaps; None where there are none, or a delimiter parts them better."""
    drawn = [line.translate(_BOX) for line in lines]
    if any(_RULE.fullmatch(line) for line in drawn):
        ruled = max((found for w in WAYS if (found := _ruled(lines, w))), key=lambda f: f[0], default=None)
        if ruled and ruled[0] >= RULED:
            return ruled[1]
    best = max((found for w in WAYS if (found := _gapped(lines, w))), key=lambda f: f[0], default=None)
    return None if best is None or _delimited(lines, best[1]) else best[1]


def _ruled(lines: Sequence[str], way: re.Pattern[str] | None) -> tuple[float, _Layout] | None:
    """The columns that the first rule draws, and the share of lines that keep to them."""
    spread = [_spread(line, way) for line in lines]
    drawn = [line.replace(FILLER, "-").translate(_BOX) for line in spread]
    rule = next((line for line in drawn if _RULE.fullmatch(line)), None)
    if rule is None:
        return None
    groups = [m.span() for m in _GROUP.finditer(rule)]
    gaps = tuple((left[1], right[0]) for left, right in pairwise(groups))
    bars = tuple(at for at, sign in enumerate(rule) if sign in "+|")
    body = [line for line in spread if line.strip() and not _solid(line)]
    telling = [line for line in body if _barred(line, bars)] if bars else [line for line in body if _GAP.search(line)]
    if not telling:
        return None
    layout = _Layout(way, gaps, bars)
    return sum(_cut(line, layout)[0] is not None for line in telling) / len(telling), layout


def _solid(line: str) -> bool:
    return bool(_SOLID.fullmatch(line.replace(FILLER, "").translate(_BOX)))


def _barred(line: str, bars: Sequence[int]) -> bool:
    return any(at < len(line) and line[at] in BARS for at in bars)


def _gapped(lines: Sequence[str], way: re.Pattern[str] | None) -> tuple[float, _Layout] | None:
    """The columns between places that are blank in (nearly) all lines with gaps, and how straight their edges are."""
    body = [_spread(line, way) for line in lines if line.strip() and not _solid(line)]
    counts = [len(_TOKENS.split(line.strip())) for line in body]
    usual = sorted(counts)[len(counts) * 9 // 10] if counts else 0
    lined = [line for line, count in zip(body, counts, strict=True) if count > 1 and count * 2 >= usual]
    if len(lined) < FEWEST or len(lined) < COLUMNAR * len(body):
        return None
    gaps = tuple(_blank_spans(lined))
    if not gaps:
        return None
    layout = _Layout(way, gaps)
    good = sum(_cut(line, layout)[0] is not None for line in lined)
    full = sum(len(_TOKENS.split(line.strip())) > len(gaps) / 2 for line in lined)
    if good < STRAIGHT * len(lined) or full < COLUMNAR * len(lined):
        return None
    return _straightness(lined, gaps), layout


def _blank_spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of two and more places, text on either side, that hardly a line fills, and not the first full one, which
    names the columns also of what is mostly empty."""
    counts = [len(_TOKENS.split(line.strip())) for line in lines]
    first = lines[next(n for n, count in enumerate(counts) if count * 10 >= max(counts) * 9)]
    filled = Counter(at for line in lines for at, sign in enumerate(line) if sign != " ")
    most, start = max(LOOSE * len(lines), len(lines) >= FORGIVING), 0
    for at in range(max(filled, default=0) + 1):
        if filled[at] > most or first[at : at + 1].strip():
            if at - start >= 2 and start > 0:
                yield start, at
            start = at + 1


def _straightness(lines: Sequence[str], gaps: Sequence[tuple[int, int]]) -> float:
    """The mean share of cells of a column that begin, or else end, at its most frequent place."""
    edges = [0, *(end for _, end in gaps), max(map(len, lines))]
    shares = []
    for a, b in pairwise(edges):
        cells = [line[a:b] for line in lines if line[a:b].strip()]
        ends = (Counter(len(c) - len(c.lstrip()) for c in cells), Counter(len(c.rstrip()) for c in cells))
        shares.append(max((c.most_common(1)[0][1] for c in ends if c), default=0) / max(len(cells), 1))
    return sum(shares) / len(shares)


def _delimited(lines: Sequence[str], layout: _Layout) -> bool:
    """Whether a delimiter parts the lines, the first with all the columns too."""
    text = "\n".join(lines)
    delimiter = delimited.find_delimiter(text)
    if not delimiter:
        return False
    first = next((line for line in lines if len(_TOKENS.split(line.strip())) > len(layout.gaps) / 2), "")
    return delimiter in first


def _cut(line: str, layout: _Layout) -> tuple[list[str] | None, bool]:
    """The cells of a line, and whether text stands in a gap that may belong to either side; None where text fills one."""
    if not line.strip() or _solid(line):
        return [""] * (len(layout.gaps) + 1), False
    if layout.bars:
        line = _without_bars(line, layout.bars)
    edges, moved = [0], False
    for first, end in layout.gaps:
        gap = line[first:end]
        if not gap.strip():
            edges.append(end)
            continue
        from_left = gap[0] != " "
        at = gap.find(" ") if from_left else gap.rfind(" ")
        if at < 0:
            return None, False
        edges.append(first + at)
        moved = moved or bool((gap[at:] if from_left else gap[:at]).strip())
    edges.append(len(line))
    return [line[a:b].replace(FILLER, "").strip() for a, b in pairwise(edges)], moved


def _without_bars(line: str, bars: Sequence[int]) -> str:
    signs = list(line)
    for at in bars:
        if at < len(signs) and signs[at] in BARS:
            signs[at] = " "
            if at + 1 < len(signs) and signs[at + 1] == FILLER:
                signs[at + 1] = " "
    return "".join(signs)
