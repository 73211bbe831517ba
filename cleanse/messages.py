"""What a person must mend, said in Chinese: the code says it in English, ``data/messages.tsv`` holds both."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from cleanse.codes import all_codes

_SLOT = re.compile(r"\{(\d*|!)\}")
_WHERE, _CURE = "  where: ", "  to do: "


def in_chinese(text: str) -> str:
    """The text of an error, line by line; a line that is not known stays as it is.

    >>> print(in_chinese("unknown key 'al'\\n  where: a.toml:4\\n  to do: did you mean 'all'?"))
    不认识的键“al”
      位置：a.toml:4
      处理：是不是“all”？
    """
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if line.startswith(_WHERE):
        return f"  位置：{line.removeprefix(_WHERE)}"
    return f"  处理：{_said(line.removeprefix(_CURE))}" if line.startswith(_CURE) else _said(line)


def _said(text: str) -> str:
    for pattern, inner, chinese in _known():
        if found := pattern.fullmatch(text):
            parts = [_said(part) if at in inner else part for at, part in enumerate(found.groups())]
            if not inner or any(parts[at] != found[at + 1] for at in inner):
                return _filled(chinese, parts)
    return text


def _filled(chinese: str, parts: list[str]) -> str:
    each = iter(parts)
    return _SLOT.sub(lambda slot: parts[int(slot[1]) - 1] if slot[1] else next(each), chinese)


@cache
def _known() -> list[tuple[re.Pattern[str], tuple[int, ...], str]]:
    """Pattern of an English message, its parts that are messages themselves, and the Chinese; what says most comes first."""
    lines = files("cleanse.data").joinpath("messages.tsv").read_text("utf-8").split("\n")
    pairs = [line.split("\t") for line in lines if line and not line.startswith("# ")]
    texts = [text for code in all_codes().values() for text in (code.text, code.cure)]
    pairs += [[text["en"], text["zh"]] for text in texts if text["en"] and "{" not in text["en"]]
    pairs.sort(key=lambda pair: -len(_SLOT.sub("", pair[0])))
    return [(_pattern(english), _inner(english), chinese) for english, chinese in pairs]


def _pattern(english: str) -> re.Pattern[str]:
    literal = [re.escape(part) for part in _SLOT.split(english)[::2]]
    return re.compile("(.*?)".join(literal))


def _inner(english: str) -> tuple[int, ...]:
    return tuple(at for at, slot in enumerate(_SLOT.findall(english)) if slot == "!")
