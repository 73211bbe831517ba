"""Yes or no, as 是 and 否. Which words say so stands in the lexicon ``yesno``; any other word is a doubt."""

from __future__ import annotations

from collections.abc import Callable

from cleanse.kinds.characters import NULL, became, half_width, is_null, kept, mask_text, null_words, tidy
from cleanse.model import Fix, Kind, Options, Words

YES, NO = "是", "否"


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """The lexicon has rows of 是 or 否 and a word that means it.

    >>> fix = fixer({}, {"yesno": (("是", "Y"), ("否", "0"))})
    >>> fix("ｙ").value, fix("0").value, fix("也许").doubt
    ('是', '否', 'yesno_unknown')
    """
    said = {word.casefold(): value for value, *more in words.get("yesno", ()) for word in (value, *more)}
    nulls = null_words(words, "yesno") - set(said)

    def fix(text: str) -> Fix:
        if text in (YES, NO):
            return Fix(text)
        bare = half_width(tidy(text)).strip("'’‘` 。.!！").casefold()
        value = said.get(bare.removesuffix(".0") if bare in ("1.0", "0.0") else bare)
        if value:
            return became(text, value, "yesno_word")
        return NULL if is_null(text, nulls) else kept(text, "yesno_unknown")

    return fix


KIND = Kind(name="yesno", fixer=fixer, shape=lambda options: f"(?:{YES}|{NO})", mask=mask_text)
