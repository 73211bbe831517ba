"""The salesperson a record belongs to: a name of the roster, without department or remark."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from cleanse.kinds.characters import NULL, became, half_width, is_null, kept, mask_text, null_words, surnames, tidy
from cleanse.kinds.picklist import plain
from cleanse.model import Fix, Kind, Options, Words

_REMARK = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]$")
_LEFT = re.compile(r"[-—_/ ]?(已?离职|已?离岗|已?调岗|已?停用)$")
_LABEL = re.compile(r"^(?:负责人|跟进人|销售员?|业务员|客户经理|owner)\s*[:：]\s*", re.IGNORECASE)
_WORD = r"[^\s/\\|:：>—_-]*(?:部|区|组|处|中心|团队|公司|办|Dept\.?|Team)[^\s/\\|:：>—_-]*"
_DEPARTMENT = re.compile(rf"^{_WORD}[\s/\\|:：>—_-]+\s*", re.IGNORECASE)
_BEHIND = re.compile(rf"[\s/\\|:：>—_-]+({_WORD})$", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
INACTIVE = frozenset(("0", "false", "no", "n", "否", "离职", "停用", "inactive"))


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """A name as the roster spells it. The roster is the picklist the options name: name, email, id, code, active.

    >>> fix = fixer({"picklist": "owner"}, {"picklists/owner": (("陆知行",),)})
    >>> fix("销售一部-陆 知行(离职)")
    Fix(value='陆知行', why='owner_formatted', doubt='', rest='销售一部；离职', parts=())
    """
    nulls, known = null_words(words, "owner"), surnames(words)
    roster = words.get(f"picklists/{options.get('picklist', '')}", ())
    active = [row[0] for row in roster if row[0] and not (len(row) > 4 and row[4].casefold() in INACTIVE)]
    spelled = {plain(row[0]): row[0] for row in roster if row[0]}
    spelled |= {plain(key): row[0] for row in roster for key in row[1:4] if key}
    twice = {name for name, count in Counter(map(plain, active)).items() if count > 1}

    def fix(text: str) -> Fix:
        if is_null(text, nulls):
            return NULL
        bare, rest = _bare(tidy(text), known)
        if not roster:
            return _cleaned(text, bare, rest)
        for candidate in (plain(tidy(text)), plain(bare)):
            if candidate in twice:
                return kept(text, "owner_not_unique")
            if candidate in spelled:
                changed = became(text, spelled[candidate], "owner_formatted")
                return Fix(changed.value, changed.why, rest=rest if candidate == plain(bare) else "")
        return kept(text, "owner_unknown")

    return fix


def _bare(text: str, known: frozenset[str]) -> tuple[str, str]:
    """The name, and what stood around it. A space goes behind a surname; between two full names it stays."""
    rest: list[str] = []
    name = _LABEL.sub("", half_width(text).strip()).lstrip("@*★").rstrip(" .,;。、")
    while department := _DEPARTMENT.match(name):
        rest.append(department.group().strip("/\\|:：>—_- "))
        name = name[department.end() :]
    for pattern in (_REMARK, _LEFT, _BEHIND):
        while remark := pattern.search(name):
            rest.append(remark[1])
            name = name[: remark.start()].strip()
    first, *others = name.split() or [""]
    whole = not others or len(first) == 1 or first in known
    return _BETWEEN.sub("", name) if whole else name, "；".join(rest)


def _cleaned(text: str, bare: str, rest: str) -> Fix:
    changed = became(text, bare, "owner_formatted") if bare else kept(text)
    return Fix(changed.value, changed.why, rest=rest if bare else "")


KIND = Kind(name="owner", fixer=fixer, shape=lambda options: "", mask=mask_text, options=frozenset({"picklist"}))
