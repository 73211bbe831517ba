"""Web addresses: small letters in scheme and host, the path as it is. No scheme is made up where none was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    SPACES,
    became,
    half_width,
    is_null,
    kept,
    mask_text,
    matching,
    null_words,
    plain_dots,
    strip_outer,
    tidy,
)
from cleanse.model import Fix, Kind, Options, Test, Words

_HOST_CHARACTER = "0-9a-z\u00df-\u00f6\u00f8-\u00ff\u3400-\u9fff"
_PART = f"[{_HOST_CHARACTER}](?:[{_HOST_CHARACTER}_\\-]*[{_HOST_CHARACTER}])?"
_TOP = "(?:[a-z]{2,24}|xn--[0-9a-z\\-]{2,40}|中国|公司|网络|商城|网址|集团|在线|中文网|我爱你|手机|企业)"
HOST = f"(?:{_PART}\\.)+{_TOP}"
SHAPE = f"(?:https?://)?{HOST}(?::[1-9][0-9]{{0,4}})?(?:[/?#][^\\s{SPACES}<>\"'|\x00-\x1f\x7f-\x9f\u2028\u2029]*)?"
_ANY = re.compile(
    f"(?:(?P<scheme>https?)://)?(?P<host>{HOST})(?P<port>:[1-9][0-9]{{0,4}})?(?P<path>[/?#][^\\s{SPACES}<>\"'|\x00-\x1f\x7f-\x9f\u2028\u2029]*)?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"^(https?)\s*[:;]?\s*[/\\]{1,4}\s*|^(https?):(?=[a-z0-9])", re.IGNORECASE)
_LABEL = re.compile(
    r"^(?:公司)?(?:网址|官网|网站|主页|链接|website|web\s?site|site|homepage|url)\s*[:：]\s*", re.IGNORECASE
)
_SEVERAL = re.compile(r"[\s;,、|]+(?=(?:https?://|www\.))|[;、]\s*|\s+|,\s*(?=[a-z0-9\-]+\.)", re.IGNORECASE)
_NO_SITE = re.compile(r"(?:https?:/*)?(?:www\.?)?|(?:https?://)?(?:www\.)?\*+\.[a-z.]+/?", re.IGNORECASE)
_FILLER = re.compile(r"(?:https?://)?(?:www\.)?(?:x{2,}|example)\.(?:com|cn|com\.cn|net|org)/?", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@/]+@[^\s@/]+\.[a-z]+", re.IGNORECASE)


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """One address; a second goes to part ``url_2``, an e-mail address to part ``email``.

    >>> fix = fixer({}, {})
    >>> fix("网址：HTTP：／／WWW.Demo.CN/Path").value, fix("www。demo。com").value, fix("公司官网").doubt
    ('http://www.demo.cn/Path', 'www.demo.com', 'url_invalid')
    """
    right = re.compile(SHAPE).fullmatch
    nulls = null_words(words, "url")

    def fix(text: str) -> Fix:
        if right(clean := tidy(text)):
            return kept(text, "url_suspicious" if _FILLER.fullmatch(clean) else "")
        if is_null(text, nulls):
            return NULL
        bare = strip_outer(_LABEL.sub("", half_width(clean).strip()), "'’‘`\"<>[]()，,;；。、")
        if _NO_SITE.fullmatch(plain_dots(bare)):
            return PLACEHOLDER
        if _MAIL.fullmatch(bare):
            return Fix(None, "url_moved", parts=(("email", bare.removeprefix("mailto:")),))
        found = [_one(piece) for piece in _SEVERAL.split(_mended(bare)) if piece]
        if not found or "" in found or len(found) > 2:
            return kept(text, "url_several" if len(found) > 2 and "" not in found else "url_invalid")
        second = tuple(("url_2", other) for other in dict.fromkeys(found[1:]) if other != found[0])
        doubt = "url_suspicious" if _FILLER.fullmatch(found[0]) else ""
        fixed = became(text, found[0], "url_split" if second else "url_formatted", doubt)
        return replace(fixed, parts=second) if second else fixed

    return fix


def _mended(text: str) -> str:
    """The scheme as it is spelt, where it is clear which was meant: ``http:\\\\``, ``http//``, ``https:a.cn``."""
    return _SCHEME.sub(lambda m: f"{(m[1] or m[2]).lower()}://", text)


def _one(piece: str) -> str:
    """An address in its canonical form, '' for any other text."""
    match = _ANY.fullmatch(piece)
    if not match:
        slash = re.search("(?<![:/])[/?#]", piece)
        head, tail = (piece[: slash.start()], piece[slash.start() :]) if slash else (piece, "")
        match = _ANY.fullmatch(plain_dots(head) + tail)
    if not match:
        return ""
    scheme = f"{match['scheme'].lower()}://" if match["scheme"] else ""
    return scheme + match["host"].lower() + (match["port"] or "") + (match["path"] or "")


def untouched(options: Options, words: Words) -> Test:
    """Addresses in their canonical form that are more than a filler."""
    shaped, filler = matching(SHAPE), matching(_FILLER.pattern)
    return lambda texts: shaped(texts) & ~filler(texts)


def _key(value: str) -> tuple[str, ...]:
    """The host without www."""
    return (re.sub(r"^(?:https?://)?(?:www\.)?", "", value).split("/")[0],)


KIND = Kind(
    name="url",
    fixer=fixer,
    shape=lambda options: SHAPE,
    mask=lambda value: mask_text(value, 4, 0),
    keys=_key,
    untouched=untouched,
)
