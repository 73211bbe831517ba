"""What one row of a sheet is when it is no record: told by the words of the lexicon ``row_words`` and by looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cleanse.kinds.header import normalize_header
from cleanse.kinds.row_words import BLANK, LEXICON, WORD_END, row_words
from cleanse.kinds.script import fold
from cleanse.model import Words as Lexicons

CUT = 4  # shorter beginnings of a header are no evidence (dBase cuts names to ten bytes)

RULED = r"[-=_~—─━+*]{3,}"  # a line drawn with signs
_DAY = re.compile(r"(?:19|20)\d{2}\s*[年./-]\s*\d{1,2}\s*(?:[月./-]\s*\d{1,2}\s*日?|月)|\s*年\s*月\s*日")
_LABEL = re.compile(r"[^\s:：]{1,12}(?:\s[^\s:：]{1,12})?\s*[:：].*", re.DOTALL)
_PHONE = re.compile(
    r"\+\d[\d\s-]{6,}|1[3-9]\d{9}|0\d{9,11}|0\d{2,3}[-\s]\d{7,8}.*|400[-\s]?\d{3}[-\s]?\d{4}|\(?0\d{2,3}\)\s?\d{7,8}"
)
_FIGURES = r"[-+\d\s./:：,，()（）%¥￥$€年月日时分秒元万]*"
_DATA = re.compile(rf"{_FIGURES}\d{_FIGURES}")
_MARK = r"(?s:[◆◇■□●○★☆▲△▼▽►▶▷◀※◎§→⇒√#*=~—–\-_>＞]+\s*\S.*|[【\[〖《]\s*[^】\]〗》]+[】\]〗》]|[-=*_~—]{3,})"
_DATED = (
    r"(?:(?:19|20)\d{2}\s*[年./-]\s*)?\d{1,2}\s*[月./-]\s*\d{1,2}\s*日?(?:\s*00:00(?::00)?)?(?:\s*[（(]?(?:星期|周)[一二三四五六日天][)）]?)?|"
    r"(?:星期|周)[一二三四五六日天]"
)
_LISTED = re.compile(r"\s*[（(]?(?:\d{1,2}|[一二三四五六七八九十]{1,2})\s*[、.．)）]\s*\S.*|[\s·•\-*※]+\S.*", re.DOTALL)
_BARE = re.compile(r"[\u4e00-\u9fff]{2,4}|[A-Z][a-z]+(?: [A-Z][a-z]+)?")  # a name without a form
_NUMBER = re.compile(r"\d+|[一二三四五六七八九十]{1,3}[、.．]?")
_TICK = re.compile(rf"[□☐☑☒√✓✔○●◯×]+|{RULED}")
_BRACKETED = re.compile(r"[（(][^（()）]*[)）]")
_STEMS, _LETTERS = "甲乙丙丁戊己庚辛壬癸", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SENTENCE = re.compile(r".*[，。；,;].*|.{31,}", re.DOTALL)


def is_data(text: str) -> bool:
    """A number, date, amount, phone or address on the net: never a header.

    >>> is_data("2024-03-01"), is_data("a@b.cn"), is_data("手机")
    (True, True, False)
    """
    return bool(_DATA.fullmatch(text)) or "@" in text or "＠" in text or len(text) > 40 or is_reach(text)


def is_reach(text: str) -> bool:
    """A phone number or an email address."""
    return "@" in text or "＠" in text or bool(_PHONE.fullmatch(text))


def is_label(text: str) -> bool:
    """``制表人：…``: a word, a colon, perhaps a value."""
    return bool(_LABEL.fullmatch(text))


@dataclass(frozen=True)
class Shape:
    """A table as its header shows it: how many columns, the first column's position, the normalised header words by
    position, the position of the running number (-1: none)."""

    width: int
    left: int = 0
    names: Mapping[int, frozenset[str]] = field(default_factory=dict)
    serial: int = -1

    def repeats(self, cells: Mapping[int, str]) -> bool:
        """Whether every cell is the header word of its own column."""
        return all(normalize_header(text) in self.names.get(place, ()) for place, text in cells.items())


def counts_columns(texts: Sequence[str]) -> bool:
    """甲 乙 丙 1 2, or (1) (2) (3): the columns counted from left to right."""
    bare = [text.strip("()（）栏 ") for text in texts]
    words = [text for text in bare if not text.isdecimal()]
    numbers = [text for text in bare if text.isdecimal()]
    counted = "".join(words) in (_STEMS[: len(words)], _LETTERS[: len(words)])
    return (
        len(texts) > 2 and bare == [*words, *numbers] and counted and numbers == [*map(str, range(1, len(numbers) + 1))]
    )


@lru_cache(maxsize=4)
def _patterns(lines: tuple[tuple[str, ...], ...]) -> dict[str, re.Pattern[str]]:
    """What a cell is -> its pattern, made of the words of the lexicon."""
    w = row_words({LEXICON: lines})
    made = {**_sums(w), **_notes(w), **_banners(w), **_hints(w)}
    made |= {
        "organisation": rf"{w['organisation']}|{w['organisation_end']}$",
        "company": rf"{w['company_end']}\s*$",
        "value": rf".*{w['legal_form']}|\d{{5,}}",
        "list": rf".{{0,30}}{w['list']}\s*(?:[（(].{{1,12}}[)）])?",
        "table": rf".{{0,30}}(?:{w['list']}|{w['table']})\s*",
        "period": w["period"],
    }
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in made.items()}


def _sums(w: Mapping[str, str]) -> dict[str, str]:
    unit, figure = rf"[万亿]?{w['unit']}?", rf"{w['than']}*{w['figure']}"
    count = rf"共?{BLANK}*\d+{BLANK}*{w['many']}{w['whom']}?"
    dressed = r"[※*＊#=~—–【】\[\]\s-]*"
    return {
        "total": rf".{{0,24}}?{w['total']}{w['counted']}?(?:\s*[（(][^)）]{{0,10}}[)）])?\s*[:：]?"
        rf"(?:\s*[\d,.]+\s*{unit}{w['whom']}?)?{dressed}",
        # Of a group by its name, or another figure: only beside sums.
        "total_of": rf"{w['total_front']}\b.{{0,30}}|{w['part']}.*|.+\s(?:{w['total']}|{figure})|{figure}\s*[:：]?",
        "bare_total": w["total"],
        "beside": rf"{w['total']}{w['counted']}?{BLANK}*[:：]?(?:{BLANK}*[\d,.]+{BLANK}*{unit}{w['whom']}?)?|{count}",
        "count": count,
        "figure": rf"{figure}\s*[:：]?",
        "worded_sum": rf"{w['part']}|.{{0,24}}{w['total']}|(?:.{{1,24}}{BLANK})?{figure}{BLANK}*[:：]?{BLANK}*$",
        "sum": rf"约?[-+]?[¥￥$€]?\s*[-+]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?\s*(?:%|{unit}整?)|共\s*\d+\s*{unit}|[-—/]+|"
        r"#(?:REF!|DIV/0!|N/A|VALUE!|NAME\?|NUM!|NULL!)|"
        r"(?:人民币)?\s*[（(]?(?:大写)?[)）]?\s*[:：]?\s*[零壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整]{2,}",
    }


def _notes(w: Mapping[str, str]) -> dict[str, str]:
    note = rf"{w['note']}{BLANK}*[:：]|{w['note_by']}[^:：]{{0,6}}[:：]|{w['note_start']}|{w['note_whole']}[)）】*＊=~—{BLANK[1:-1]}-]*$"
    on_paper = rf".*[（(]{BLANK}*(?:{w['stamp']}|{w['stamp_in_brackets']}){BLANK}*[)）]{BLANK}*[:：]?.*"
    return {
        "note": rf"[（(【*＊=~—-]*(?:{note})",
        "page": rf"[-—\s]*{w['page']}[-—\s]*",
        "named": w["named"],
        "signer": rf"{w['signer']}{BLANK}*[:：]?",
        "stamp": rf"(?s:{on_paper}|.{{0,10}}{w['stamp']}{BLANK}*[:：].*)",
    }


def _banners(w: Mapping[str, str]) -> dict[str, str]:
    count = (
        r"(?:\s*[（(]\s*(?:共|合计)?\s*\d*\s*[家户个条人]?\s*[)）]|\s*[（(][\d月日号./~至到—–-]{3,20}[)）])?\s*[:：]?"
    )
    number = rf"(?:[（(]?[一二三四五六七八九十\d]{{1,3}}[)）、.．]|[①-⑳]|[Ⅰ-Ⅻ]|{w['part_of_list']})\s*[:：.、．)）–-]*\s*"
    section = rf"(?:{number})?(?:{w['section']}|{w['grade']}+{w['graded']}*{w['listed']}?){w['section_end']}?{count}"
    many = rf"[^\d]{{1,12}}?[\s（(:：]*(?:共|合计|计)?\s*\d+\s*{w['many']}{w['whom']}?\s*[)）]?"
    return {"banner": rf"{_MARK}|{section}|{w['place']}|{w['group']}(?:\s*[:：]\s*\S.*|{BLANK}+[\u4e00-\u9fff]{{2,4}})|{many}|{_DATED}"}


def _hints(w: Mapping[str, str]) -> dict[str, str]:
    shut, short = r"[（(\[【]\s*{}\s*[)）\]】]", f"(?:{w['sample']}|{w['example']})"
    return {
        "hint": rf"(?s:[（(\[【]?\s*(?:{w['asked']}|{w['format']})\s*[)）\]】]?)",
        "example": rf"(?s:{short}\s*\d*\s*[:：].*|e\.g\.[\s:,]*\S.*|{short}\s*(?:\d*|数据|行)|{shut.format(short)}.*|"
        rf".*{shut.format(w['sample'])})",
        "measure": rf"[（(\[【]?\s*(?:单位\s*[:：]\s*)?(?P<unit>{w['measure']})\s*[)）\]】]?",
    }


@dataclass(frozen=True)
class Words:
    """The known header words, the beginnings that a cut header may show, a test for headers made of known words, and the
    patterns of cells that are no values."""

    whole: frozenset[str]
    beginnings: frozenset[str]
    told: Callable[[str], bool]
    looks: Mapping[str, re.Pattern[str]]

    @classmethod
    def of(cls, headers: frozenset[str], told: Callable[[str], bool], lexicons: Lexicons) -> Words:
        """From normalised header words and the lexicon ``row_words``."""
        beginnings = frozenset(h[:n] for h in headers for n in range(CUT, len(h)))
        return cls(headers, beginnings, told, _patterns(lexicons.get(LEXICON, ())))

    def known(self, cells: Mapping[int, str]) -> int:
        """How many cells are known headers, whole, cut or with a number behind."""
        return sum(self._knows(normalize_header(text)) for text in cells.values() if len(text) <= 40)

    def _knows(self, name: str) -> bool:
        bare = name.rstrip("0123456789一二三四")
        return name in self.whole or name in self.beginnings or bare in self.whole or self.told(name)

    @cached_property
    def worded(self) -> str:
        """For RE2: what a cell begins with that may make its row a total, a note or a signature."""
        sums, note, signer, stamp = (self.looks[name].pattern for name in ("worded_sum", "note", "signer", "stamp"))
        return rf"(?i)^{BLANK}*(?:{sums}|{note}|{signer}{BLANK}*$|{RULED}{BLANK}*$)|^(?:{stamp})$".replace(WORD_END, r"\b")

    @cached_property
    def beside(self) -> str:
        """For RE2: a total or a count, as it stands behind the name of a group."""
        return rf"(?i)^(?:{self.looks['beside'].pattern})$".replace(WORD_END, r"\b")

    def _is(self, look: str, text: str) -> bool:
        return bool(self.looks[look].fullmatch(text))

    def is_name(self, text: str) -> bool:
        """A company or an institution."""
        return len(text) > 4 and bool(self.looks["organisation"].search(text))

    def is_hint(self, cells: Mapping[int, str]) -> bool:
        """What a template says under its header of how to fill it in: 必填, 文本, 11位数字, YYYY-MM-DD in every cell; or an
        example that says so in one of its first two."""
        texts = list(cells.values())
        hints = len(texts) > 1 and all(self._is("hint", text) or _BRACKETED.fullmatch(text) for text in texts)
        return hints or any(self._is("example", text) for text in texts[:2])

    def measures(self, cells: Mapping[int, str]) -> dict[int, str]:
        """The units of a row that holds nothing else: 万元, (人); else nothing."""
        found = {at: self.looks["measure"].fullmatch(text) for at, text in cells.items()}
        return {at: unit["unit"] for at, unit in found.items() if unit} if all(found.values()) else {}

    def goes_on(self, texts: Sequence[str]) -> bool:
        """A further line of a note: a numbered or marked one, and no company."""
        listed = len(texts) == 1 and bool(_LISTED.fullmatch(texts[0]))
        return listed and not (is_reach(texts[0]) or self.looks["company"].search(texts[0]))

    def is_period(self, text: str) -> bool:
        """A month, quarter or year, as it stands over figures."""
        return self._is("period", text) or self._is("total", text)

    def is_list_title(self, text: str) -> bool:
        """What calls the cells below it a list: 客户名单."""
        return self._is("list", text) and not self.is_name(text)

    def titles_table(self, text: str) -> bool:
        """What calls the cells below it a table: 客户表."""
        return self._is("table", text)

    def is_value(self, text: str) -> bool:
        """A company with its legal form, a number longer than a year, a way to reach somebody: never a word over a
        column."""
        return is_reach(text) or self._is("value", text)

    def is_bare_name(self, text: str) -> bool:
        """Two to four Chinese characters, or a capitalised word or two: a person's name, or one short for a company's."""
        return bool(_BARE.fullmatch(text)) and not self.is_name(text)

    def is_signature(self, texts: Sequence[str]) -> bool:
        """Who made and signed a table, and when: words for that, each perhaps with its value behind it, stamps and days."""
        waiting = False
        for text in texts:
            signs = self._is("signer", text)
            own = signs or self._is("stamp", text) or _DAY.fullmatch(text) or self.looks["note"].match(text)
            if is_reach(text) or not (own or waiting):
                return False
            waiting = signs
        return True

    def classify(self, cells: Mapping[int, str], shape: Shape, trailing: bool) -> str:
        """The kind of a row under a header, '' for a record.

        ``cells`` are the filled cells by position, ``trailing``: no full record follows.
        """
        number = cells.get(shape.serial, "")
        texts = [text for place, text in cells.items() if place != shape.serial or not _NUMBER.fullmatch(number)]
        if all(map(_TICK.fullmatch, texts)):
            return "blank"
        if number.isdecimal():
            return ""
        if len(cells) >= min(2, len(shape.names)) and shape.repeats(cells):
            return "repeated_header"
        if self._is_subtotal(texts):
            return "subtotal"
        if len(texts) == 1 and self._is("page", texts[0]):
            return "note"
        at_left = min(cells) <= shape.left + 1
        if shape.width < 3 or not (at_left or trailing):
            return "note" if trailing and self._is_note(texts, trailing) else ""
        if self._is_note(texts, trailing):
            return "note"
        return "banner" if at_left and len(texts) == 1 and self.is_banner(texts[0]) else ""

    def _is_subtotal(self, texts: list[str]) -> bool:
        first, *rest = texts
        sums = all(map(self._is_sum, rest))
        if self._is("total", first) and not self.is_name(first):
            return all(self._is_sum(t) or self._is("total", t) or self._is("figure", t) for t in rest)
        if len(texts) > 1 and self._is("figure", first) and self._is("total", texts[1]):
            return all(map(self._is_sum, texts[2:]))
        if len(texts) > 2 and self._is("bare_total", texts[1]):  # behind the group, which is merged down to it
            return all(map(self._is_sum, texts[2:]))
        if rest and self._is("total_of", first):
            return sums
        told = [t for t in rest if self._is("beside", t)]
        return bool(told) and self.is_banner(first) and all(t in told or self._is_sum(t) for t in rest)

    def _is_sum(self, text: str) -> bool:
        return self._is("sum", text) and not _PHONE.fullmatch(text)

    def _is_note(self, texts: list[str], trailing: bool) -> bool:
        first, note = texts[0], self.looks["note"]
        if trailing and self.is_signature(texts):
            return True
        if note.match(first) and all(is_label(t) or note.match(t) or _DATA.fullmatch(t) for t in texts[1:]):
            return not any(is_reach(t) for t in texts[1:])
        if len(texts) == 1 and self._is_line_below(first):
            return True
        if not trailing:
            return False
        if self._signs_off(texts):
            return True
        return len(texts) == 1 and bool(_SENTENCE.fullmatch(first)) and not self.is_name(first) and not is_reach(first)

    def _is_line_below(self, text: str) -> bool:
        """``地址：…`` alone in its row: what is said of the record above, and no name."""
        label, _, value = text.replace("：", ":").partition(":")
        value = value.strip()
        named = is_reach(value) or self.is_name(value) or self.is_bare_name(value) or not is_label(text)
        return bool(value) and not (named or self.looks["named"].search(label)) and bool(self.known({0: label}))

    def _signs_off(self, texts: Sequence[str]) -> bool:
        """Labels that stand over no column, each perhaps with its value behind it, none of which tells a customer."""
        waiting, ours = False, any(map(self.looks["note"].match, texts))
        signed = ours or any(self._is("signer", text) or self._is("stamp", text) for text in texts)
        for text in texts:
            label, _, value = text.replace("：", ":").partition(":") if is_label(text) else ("", "", text)
            allowed = ours or self._is("signer", label) or not self.known({0: label}) if label else waiting
            if not allowed or is_reach(value.strip()) or (self.is_name(value) and not ours):
                return False
            waiting = signed and not value.strip()
        return True

    def is_banner(self, text: str) -> bool:
        """What stands over the rows it speaks of: 华东区, 2024年3月, 张伟 2家."""
        return not (self.is_name(text) or is_reach(text)) and self._is("banner", fold(text))
