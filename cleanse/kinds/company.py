"""Names of customers: companies, institutions, private persons. Cleaned, never improved.

A Chinese company's registered name is region + brand (字号) + trade + legal form (企业名称登记管理规定, 2020), and may
carry a branch, a number, or its region in brackets. Foreign names are brand + trade + legal form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import (
    NULL,
    became,
    half_width,
    is_null,
    kept,
    mask_text,
    matching,
    null_words,
    surnames,
    tidy,
    unmarked,
)  # fmt: skip
from cleanse.kinds.places import places
from cleanse.kinds.script import fold
from cleanse.model import Fix, Kind, Options, Reading, Repairs, Words

_HAN = "\u3400-\u9fff"
_BETWEEN = re.compile(rf"(?<=[{_HAN}）)（(])\s+(?=[{_HAN}（(）)])")
_REMARK = re.compile(r"\s*[(（\[【<《]([^()（）\[\]【】<>《》]*)[)）\]】>》]\s*$")
_DASHED = re.compile(r"\s*[-—_–]+\s*([^-—_–]+)$")
_BRACKETS = str.maketrans("()﹙﹚", "（）（）")
_NOBODY = re.compile(r"[xX×*某]{2,}[\u4e00-\u9fff]{0,4}(?:公司|集团|厂|店|企业)")
_BLANKED = re.compile(f"(?<=[{_HAN}])[xX×*＊]{{2,}}(?=[{_HAN}])")
_MORE = re.compile(  # another company, a number, or who is spoken to there
    r"公司(?:\s*[/、;,&]\s*[^()]{2,}(?:公司|集团|厂)$|\s*[^()]*\d{7,}|\s*:\s*\S|\s+[^()\s]{2,}(?<!分)(?:公司|集团|厂)$)"
)
_TRAILED = re.compile("(?<=公司|集团)[.．…*＊★☆]+$")
_BEHIND = re.compile(f"公司[ \\-—]+([{_HAN}]{{1,2}}[^部店厂区市县路院校所站处司心局队组点库])$")
_LABEL = re.compile(r"^(?:客户(?:名称)?|(?:公司|企业|单位|客户)?(?:名称|全称)|抬头)\s*[:：]\s*")
_ANY_HAN = re.compile(f"[{_HAN}]")


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """Outer and inner stray spaces go, brackets in Chinese names become （）, full-width Latin becomes half-width; a
    remark on the state of affairs in brackets at the end goes to part ``status``.

    >>> fix = fixer({}, {"company_remarks": (("已签约",),)})
    >>> fix("杭州 星渚软件(苏州)有限公司（已签约）")
    Fix(value='杭州星渚软件（苏州）有限公司', why='company_status_cut', doubt='', rest='', parts=(('status', '已签约'),))
    """
    nulls = null_words(words, "company")
    remarks = frozenset(row[0] for row in words.get("company_remarks", ()))

    fakes = frozenset(_bare_form(row[0]) for row in words.get("company_placeholders", ()))
    known, table = surnames(words), places(words)

    def named(text: str) -> bool:
        """Whether a short text is a person's name rather than a place."""
        return fold(text[:1]) in known and not table.read(text).any

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        plain = _TRAILED.sub("", unmarked(_LABEL.sub("", re.sub(r"\s*\n\s*", " ", tidy(text)))))
        name, status = _without_status(plain, remarks)
        value = _chinese(name) if re.search(f"[{_HAN}]", name) else re.sub(r"\s+", " ", half_width(name)).strip()
        if not value:
            return NULL
        if "\ufffd" in value or (("?" in value or "？" in value) and re.search(f"[{_HAN}]", value)):
            return kept(text, "company_lost_in_encoding")
        if re.fullmatch(r"[\d\W_]+", value) or value.strip("（）") in remarks:
            return kept(text, "company_not_a_name")
        if _bare_form(value) in fakes or _NOBODY.fullmatch(value) or _BLANKED.search(value):
            return kept(text, "company_placeholder")
        if _MORE.search(half_width(plain)) or ((behind := _BEHIND.search(plain)) and named(behind[1])):
            return kept(text, "company_and_more")
        changed = became(text, value, "company_status_cut" if status else "company_formatted")
        return replace(changed, parts=(("status", status),)) if status else changed

    return fix


def _bare_form(name: str) -> str:
    return re.sub(r"\s", "", half_width(name)).casefold()


def _without_status(name: str, remarks: frozenset[str]) -> tuple[str, str]:
    """The name without the remarks at its end, and these in their order."""
    for match in filter(None, (pattern.search(name) for pattern in (_REMARK, _DASHED))):
        if match.start() and half_width(match[1]).strip() in remarks:
            plain, before = _without_status(name[: match.start()], remarks)
            return plain, f"{before}；{match[1].strip()}".lstrip("；")
    return name, ""


def _chinese(name: str) -> str:
    value = "".join(half_width(c) if "Ａ" <= c <= "ｚ" or "０" <= c <= "９" or c in "　\u00a0" else c for c in name)
    return _BETWEEN.sub("", re.sub(r"\s+", " ", value)).translate(_BRACKETS).strip()


def untouched(options: Options, words: Words) -> Callable[[pa.Array], np.ndarray]:
    """Chinese names without spaces that end in a word for an organisation, behind which no remark can stand."""
    end = "(?:公司|集团|厂|中学|小学|学校|大学|学院|医院|银行|研究所|研究院|委员会|事务所)"
    return matching(
        rf"[^\P{{Han}}某]\p{{Han}}+|[^\P{{Han}}某]\p{{Han}}*（\p{{Han}}+）\p{{Han}}*{end}", _no_names(words)
    )


def _no_names(words: Words) -> set[str]:
    """Texts that are no name of anybody, however they end."""
    listed = (row[0] for name in ("company_remarks", "company_placeholders") for row in words.get(name, ()))
    return {*null_words(words, "company"), *listed}


def repairs(options: Options, words: Words) -> Repairs:
    """Chinese names with a space in them."""

    def joined(texts: pa.Array) -> pa.Array:
        joined = pc.replace_substring_regex(texts, r"^(\p{Han}+) +(\p{Han}+)$", r"\1\2")
        more = r"公司 +(?:\p{Han}{2,3}|\p{Han}*[^分]公司|\p{Han}+集团|\p{Han}+厂)$"
        return pc.if_else(pc.match_substring_regex(texts, more), texts, joined)

    return (("company_formatted", joined),)


def readings(options: Options, words: Words) -> Sequence[Reading]:
    """Chinese names with one remark on the state of affairs in brackets behind them."""
    remarks = sorted(
        (row[0] for row in words.get("company_remarks", ()) if _ANY_HAN.match(row[0])), key=lambda w: (-len(w), w)
    )
    if not remarks:
        return ()
    said = "|".join(map(re.escape, remarks))
    never = "|".join((*map(re.escape, sorted({*_no_names(words), *remarks})), "某.*"))
    return (
        Reading(
            rf"(?P<value>\p{{Han}}{{2,}})[(（【](?P<status>{said})[)）】]",
            "company_status_cut",
            never=(f"(?:{never})[(（【].*",),
        ),
    )


KIND = Kind(
    "company",
    fixer,
    lambda options: "",
    mask=lambda v: mask_text(v, 2, 2),
    untouched=untouched,
    repairs=repairs,
    readings=readings,
)
