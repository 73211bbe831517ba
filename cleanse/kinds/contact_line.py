"""A cell with persons, telephones and addresses in any order: taken apart, each value under its role.

Made of the finders of ``email`` and ``phone``; the only kind that knows others. What stays between their finds is
names, or remarks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cleanse.kinds import email, phone, phone_words
from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    is_null,
    is_person_name,
    kept,
    mask_text,
    null_words,
    strip_outer,
    surnames,
    tidy,
)
from cleanse.model import Fix, Kind, Options, Words

_SPLIT = re.compile(r"[/／＼｜\\;；、,，|\n\t&+]|(?<=[\u4e00-\u9fff])(?:和|与|及)(?=[\u4e00-\u9fff]{2,4}$)")
_EDGES = " \t\n,;:.、，；：。-—–_<>《》\"“”‘’'`／＼｜|/\\"
_LABEL = re.compile(r"^(?:联系人|联络人|姓名|contact(?: person)?|name|attn)\d?\s*[:：]?\s*", re.IGNORECASE)
_TITLE = re.compile(
    "[\u4e00-\u9fff]{0,4}(?:经理|总监|主任|主管|主席|董事长?|总裁|总|工程师|工|[厂店院校部处科所]长|会计|采购|销售|财务|出纳|助理"
    "|老师|老板娘?|先生|女士|小姐)"
)
_WRAPPED = re.compile(r"[(（\[【](.*)[)）\]】]")
_REMARKED = re.compile(r"([^()（）]+?)\s*[(（][^()（）0-9]*[)）]")
_NUMBER_LIKE = re.compile(r"[\s()+\-*.xX]*(?:\d[\s()+\-*.xX]*){5,}")
_SCIENTIFIC = re.compile(rf"(?<![\w.@]){phone_words.SCIENTIFIC.pattern}(?![\w.@])", re.ASCII)
_LATIN = re.compile(r"(?:(?:Mr|Mrs|Ms|Dr)\.? )?[A-ZÀ-Þ][A-Za-zÀ-ɏ'\-]+(?: [A-ZÀ-Þ][A-Za-zÀ-ɏ'.\-]*){0,3}")
_HAN = re.compile("[\u3400-\u9fff·]{2,4}")
_ANY_NAME = re.compile(r"[^\W\d_][^\d:：!?！？。]{1,19}")


# The form most cells have: 张三 13812345678.
_SIMPLE = re.compile(rf"([\u3400-\u9fff]{{2,4}})[ /:：,，]?({phone.MOBILE})")


class Names:
    """Tells names from remarks in the pieces between numbers and addresses."""

    def __init__(self, words: Words) -> None:
        self.known = surnames(words)
        self.notes = phone_words.any_of(row[0] for row in words.get("phone_notes", ()))

    def is_name(self, token: str) -> bool:
        return is_person_name(token, self.known, self.notes) or _LATIN.fullmatch(token) is not None

    def sort(self, pieces: Sequence[str]) -> tuple[list[str], list[str]]:
        """``(names, remarks)``; a title stays with its name, the ``person`` kind parts them."""
        names: list[str] = []
        rest: list[str] = []
        tokens = (strip_outer(t, _EDGES) for piece in pieces for t in _SPLIT.split(piece))
        for token in (_LABEL.sub("", t) for t in tokens):
            if token:
                self._tell(token, names, rest)
        if not names and rest and self._all_names(rest):
            names, rest = rest, []
        return names, rest

    def _tell(self, token: str, names: list[str], rest: list[str]) -> None:
        words = token.split()
        if self._with_title(token):
            wrapped = _WRAPPED.fullmatch(token)
            names.append(wrapped[1] if wrapped else token)
        elif len(words) > 1 and any(self._with_title(w) for w in words):
            for word in words:
                (names if self._with_title(word) else rest).append(word)
        else:
            rest.append(token)

    def _with_title(self, token: str) -> bool:
        """A name, bare or in brackets, or with a title or a bracketed remark before or after it."""
        wrapped = _WRAPPED.fullmatch(token)
        if self.is_name(wrapped[1] if wrapped else token):
            return True
        remarked = _REMARKED.fullmatch(token)
        if remarked:
            return self.is_name(remarked[1])
        before = _TITLE.match(token)
        if before and self.is_name(token[before.end() :].strip(" :：")):
            return True
        name, _, title = token.partition(" ")
        return bool(title) and self.is_name(name) and _TITLE.fullmatch(title.strip()) is not None

    def _all_names(self, tokens: Sequence[str]) -> bool:
        """One short text without digits, or several that all look like Chinese names, where no surname was known."""
        if any(self.notes.search(token) for token in tokens):
            return False
        if len(tokens) == 1:
            return _ANY_NAME.fullmatch(tokens[0]) is not None and len(tokens[0]) <= 10 + 10 * tokens[0].isascii()
        return all(_HAN.fullmatch(token) for token in tokens)


def _numbered(role: str, values: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The first two values as ``role`` and ``role_2``, and the others."""
    names = (role, f"{role}_2")
    return list(zip(names, values, strict=False)), list(values[2:])


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """The parts ``name``, ``name_2``, ``mobile``, ``mobile_2``, ``landline``, ``landline_2``, ``email``, ``email_2``.

    >>> fixer({}, {"surnames": (("张",),)})("张三 13912345678/a.li@corp.com").parts
    (('name', '张三'), ('mobile', '13912345678'), ('email', 'a.li@corp.com'))
    """
    nulls = null_words(words, "contact_line")
    find, names_of = phone.finder(words, str(options.get("country", "CN"))), Names(words)

    def fix(text: str) -> Fix:
        simple = _SIMPLE.fullmatch(text)
        if simple and names_of.is_name(simple[1]):
            return Fix(None, "cell_split", parts=(("name", simple[1]), ("mobile", simple[2])))
        if is_null(text, nulls):
            return NULL
        bare = _SCIENTIFIC.sub(lambda m: phone_words.exact(m[0]), tidy(text))
        if len(bare) > phone.LONGEST:
            return kept(text, "contact_line_unclear")
        lost = [m[0] for m in _SCIENTIFIC.finditer(bare)]  # 1.38E+10: the digits are gone
        addresses, others = email.find(_SCIENTIFIC.sub(" ", bare))
        found = find("\n".join(others))
        _, numbers, beyond = phone_words.parts_of(found.numbers, "any")
        people, remarks = names_of.sort(found.pieces)
        names, more_names = _numbered("name", people)
        mails, more_mails = _numbered("email", addresses)
        parts = (*names, *numbers, *mails)
        rest = " ".join([*found.rest, *remarks, *lost, *beyond, *more_names, *more_mails])
        bad = next((r for r in (*lost, *remarks) if r in lost or _NUMBER_LIKE.fullmatch(r)), "")
        doubt = phone.diagnose(bad) if bad else ""
        if bad and not doubt and not parts:
            return PLACEHOLDER
        if not parts or doubt:
            fixed = kept(text, doubt or "contact_line_unclear")
            return Fix(fixed.value, "cell_split" if parts else fixed.why, fixed.doubt, rest if parts else "", parts)
        return Fix(None, "cell_split", rest=rest, parts=parts)

    return fix


KIND = Kind(
    name="contact_line",
    fixer=fixer,
    shape=lambda options: "",
    mask=mask_text,
    options=frozenset({"country"}),
)
