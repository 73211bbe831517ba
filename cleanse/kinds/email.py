"""E-mail addresses: lower case, half width, one a cell; what only looks like one is a doubt, a made-up one nothing.

The grammar is the dot-atom of RFC 5322 without the characters that nobody uses and lists are written with; the last
label is a country code (ISO 3166) or a generic domain in wide use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.characters import (
    NULL,
    PLACEHOLDER,
    became,
    half_width,
    halved,
    is_null,
    kept,
    mask_text,
    mended,
    null_words,
    strip_outer,
    tidy,
)
from cleanse.model import Fix, Kind, Options, Reading, Repairs, Words


def _words(text: str) -> list[str]:
    return text.split()


_TOP = _words(
    """
    ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca
    cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm
    fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is
    it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml
    mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm
    pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td
    tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
    com net org edu gov mil int info biz name pro aero asia cat coop jobs mobi museum post tel travel xyz
    top vip wang ltd group company shop store online site website tech club fun ink work live team cloud
    link beer art design email global world today life news media studio agency center city fund gold green
    house kim love luxury market ren run show social software space tax video wiki yoga zone app dev page
    bank law auto cafe chat cool host icu plus press pub red games ai
    """
)
# Made-up addresses are a filler at a filler (a@a.com, test@xxx.com), or a run of digits at a public mail host.
_FILLERS = _words(
    """
    a aa aaa aaaa b bb c abc abcd abcde x xx xxx xxxx xxxxx xyz test demo no none null na nan nil noemail
    nomail email mail fake example sample unknown 0 00 000 0000 1 11 111 1111 11111 111111 12 123 1234 12345
    123456 1234567 12345678 123456789 asd asdf qwe qwer qwerty user admin domain
    """
)
_FILLER_HOSTS = [w for w in _FILLERS if w not in ("admin", "user")]
_RUNS = _words(
    """
    000000 0000000 00000000 111111 1111111 11111111 111111111 123 1234 12345 123456 1234567 12345678
    123456789 1234567890 xxx xxxx xxxxx xxxxxx
    """
)
_PUBLIC = _words(
    """
    qq 163 126 sina sohu gmail hotmail outlook yahoo foxmail yeah aliyun 139 189 icloud
    """
)
# Misspelt mail hosts: a doubt, never a change, for somebody may own the name.
_MISSPELT = _words(
    """
    gmial gamil gmai gmal gmil gnail gmaill gmali hotmial hotmai homail hotmal hotmil yaho yahooo yhaoo
    outlok oulook outllok outloook foxmial foxmai foxmal sinna iclould icluod aliyum alyun
    """
)

# Ends that nobody's public mail host has, each a slip of the hand from com (163.co): a doubt as well.
_SLIPS = ("co", "cm", "om")

_ALNUM = "abcdefghijklmnopqrstuvwxyz0123456789"
_ATOM = _ALNUM + "_+&%=~-"
_ATOMS = r"[a-z0-9_+&%=~\-]"
_LABEL_TAIL = "(?:[a-z0-9-]*[a-z0-9])?"
_LABEL = f"[a-z0-9]{_LABEL_TAIL}"


def _not_in(words: Iterable[str], characters: str, more: str, inside: str = "") -> str:
    """A pattern for a string that is none of ``words`` (RE2 knows no lookahead).

    It begins with one of ``characters`` and goes on with ``more``; ``inside`` is a branch that may follow any first
    character as well (a hyphen in a label).
    """
    words = sorted(set(words) - {""})
    heads = sorted({w[0] for w in words})
    free = "".join(c for c in characters if c not in heads)
    branches = [f"{_class(free)}{more}"] + [inside] * bool(inside)
    for head in heads:
        rest = {w[1:] for w in words if w[0] == head}
        deeper = _not_in(rest, characters, more, "-[a-z0-9-]*[a-z0-9]" if characters == _ALNUM else "")
        branches.append(f"{head}{deeper}" if "" in rest else f"{head}{deeper}?")
    return "(?:" + "|".join(branches) + ")"


def _class(characters: str) -> str:
    """A character class, with ranges, of characters in the order of ``_ATOM``."""
    runs = re.sub(r"[a-z]{3,}|[0-9]{3,}", _range, characters)
    return f"[{runs.replace('~-', '~' + chr(92) + '-')}]"


def _range(match: re.Match[str]) -> str:
    """``abcd`` as ``a-d``; letters with gaps run by run."""
    out, start = "", 0
    text = match[0]
    for i in range(1, len(text) + 1):
        if i == len(text) or ord(text[i]) != ord(text[i - 1]) + 1:
            out += text[start:i] if i - start < 3 else f"{text[start]}-{text[i - 1]}"
            start = i
    return out


def _local(fakes: Iterable[str]) -> str:
    """The local parts that are none of ``fakes``."""
    words = sorted(set(fakes))
    more = f"(?:['.]{_ATOMS}+)"
    return f"(?:{_not_in(words, _ATOM, _ATOMS + '*')}{more}*|(?:{'|'.join(words)}){more}+)"


def _shape() -> str:
    hosts = [*_FILLER_HOSTS, *_PUBLIC, *_MISSPELT]
    any_local = f"{_ATOMS}+(?:['.]{_ATOMS}+)*"
    top, sure = ("|".join(t for t in _TOP if t not in slips) for slips in ((), _SLIPS))
    tail = f"(?:\\.{_LABEL})*\\.(?:{top}|xn--[a-z0-9-]+)"
    return (
        f"(?:(?:{any_local}@{_not_in(hosts, _ALNUM, _LABEL_TAIL)}"
        f"|{_local(_FILLERS)}@(?:{'|'.join(_FILLER_HOSTS)})){tail}"
        f"|{_local(_RUNS)}@(?:{'|'.join(_PUBLIC)})(?:\\.(?:{sure})|\\.{_LABEL}{tail}))"
    )


SHAPE = _shape()
_RIGHT = re.compile(SHAPE)
_FILLER = re.compile(
    rf"(?:(?:{'|'.join(_FILLERS)})@(?:{'|'.join(_FILLER_HOSTS)})|(?:{'|'.join(_RUNS)})@(?:{'|'.join(_PUBLIC)})"
    r")(?:\.[a-z]+)+|(?:无|没有|暂无|空)@.*"
)
_OUTSIDE = "\\s<>()\\[\\]{}\"',;:/|、，；：“”‘’《》\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_ADDRESS = re.compile(rf"(?<![^{_OUTSIDE}])[a-z0-9_+&%=~.\-][a-z0-9_+&%=~'.\-]*@[a-z0-9.\-]+(?![^{_OUTSIDE}])")
_LABELS = re.compile(
    r"(?<![A-Za-z])(?:mailto|e-?mail|mail|email address|e(?=\s*[:：])|(?:电子)?(?:邮箱|邮件)(?:地址)?)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_EDGES = " \t\n,;:.、，；：。!！<>《》()（）[]【】{}\"“”‘’'`|/\\"
# corp.com,cn: what stands after a second-level domain, behind a slip of the hand for a dot, is its country.
_CUT_DOMAIN = re.compile(r"(@[^\s@,;]+\.(?:com|net|org|gov|edu|ac|co))[,、]([a-z]{2})$")
_SEPARATORS = " \t\n,;:.、，；：。!！\"“”‘’'`|/\\-—–"
_AT = re.compile(r"\s*[(\[{<]\s*(?:at|@)\s*[)\]}>]\s*|\s*#at#\s*")
_DOT = re.compile(r"\s*[(\[{<]\s*(?:dot|\.)\s*[)\]}>]\s*")
_SPOKEN = re.compile(r"([a-z0-9_.\-]+) at ([a-z0-9.\-]+)")
_TORN = re.compile(r"([a-z0-9_\-]{1,20}) ([a-z0-9_.\-]+@[a-z0-9.\-]+)")
_BESIDE = re.compile(r"[a-z0-9_.\-]*[a-z][a-z0-9_.\-]* [^\s@]+@\S+")
_WORDS_BESIDE = frozenset(
    _words("email mail e-mail sales info office hr tel or and the contact service admin mr ms mrs")
)


def _plain(text: str) -> str:
    """Half width, ideographic dots as dots, lower case."""
    folded = text if text.isascii() else re.sub("[。．｡]", ".", half_width(text))
    return _CUT_DOMAIN.sub(r"\1.\2", folded.lower())


def _joined(plain: str) -> str:
    """The one address that comes out when white space inside it is removed, or ''."""
    if plain.count("@") != 1 or not re.search(r"\s", plain):
        return ""
    torn = _TORN.fullmatch(plain)
    if torn and _RIGHT.fullmatch(torn[2]):
        local = torn[2].split("@")[0]
        if torn[1] in _WORDS_BESIDE or local.startswith(torn[1]) or torn[1].startswith(local):
            return ""
    elif len(plain.split()) > 2 and re.search(r"\w\s+\w[^@]*\s\w[^@]*@", plain):
        return ""
    return re.sub(r"\s+", "", plain)


def _repairs(plain: str) -> Iterable[str]:
    """What the whole cell may have been meant to say, the surest first."""
    bare = strip_outer(_LABELS.sub("", plain) if "@" not in plain else plain, _EDGES)
    yield bare
    yield _joined(bare)
    yield bare.replace("@@", "@")
    if bare.count("@") == 1:
        local, domain = bare.split("@")
        yield f"{local}@{re.sub('[,、，]', '.', domain)}"
    yield _DOT.sub(".", _AT.sub("@", bare))
    spoken = _SPOKEN.fullmatch(_DOT.sub(".", bare).replace(" dot ", "."))
    if spoken:
        yield f"{spoken[1]}@{spoken[2]}"


def _trimmed(piece: str) -> str:
    """A text beside an address without separators, quotes, and brackets that are open to the address."""
    return strip_outer(piece, _SEPARATORS).lstrip(")>]】）》 ").rstrip("(<[【（《 ").strip(_SEPARATORS)


def find(text: str) -> tuple[list[str], list[str]]:
    """``(addresses, pieces)``: the valid addresses of a tidied text, distinct, and what stands between them.

    >>> find("王五 <Wang@Mail.com>; b@corp.cn")
    (['wang@mail.com', 'b@corp.cn'], ['王五'])
    """
    plain = _plain(text)
    found: list[str] = []
    pieces: list[str] = []
    position = 0
    for match in _ADDRESS.finditer(plain):
        address = match[0].strip(".-")
        if not _RIGHT.fullmatch(address):
            continue
        pieces.append(text[position : match.start()])
        position = match.end()
        if address not in found:
            found.append(address)
    pieces.append(text[position:])
    stripped = (_trimmed(_LABELS.sub("", _trimmed(p))) for p in pieces)
    return found, [p for p in stripped if p and p not in ("或", "和", "及", "or", "and")]


def diagnose(plain: str) -> str:
    """The code of what is wrong with a text that holds no valid address."""
    if "*" in plain:
        return "email_masked"
    if "@" not in plain:
        return "email_qq_number" if re.fullmatch(r"(?:qq)?\s*[:：]?\s*[1-9][0-9]{4,9}", plain) else "email_no_at"
    if re.fullmatch(r"[^@\s]+@[^@\s.]+\.?", plain):
        return "email_no_tld"
    simple = re.fullmatch(rf"{_ATOMS}+(?:['.]{_ATOMS}+)*@(?:{_LABEL}\.)+{_LABEL}", plain)
    return "email_domain" if simple else "email_invalid"


def fixer(options: Options, words: Words) -> Callable[[str], Fix]:
    """One address per cell, the next one as part ``email_2``; a display name or remark is cut off into ``rest``.

    >>> fixer({}, {})("mailto:Zhang.San＠corp。com。").value
    'zhang.san@corp.com'
    """
    nulls = null_words(words, "email")
    fakes = frozenset(row[0].lower() for row in words.get("email_placeholders", ()))

    def fix(text: str) -> Fix:
        if _RIGHT.fullmatch(text):
            return Fix(text)
        if is_null(text, nulls):
            return NULL
        bare = tidy(text)
        if _RIGHT.fullmatch(bare):
            return became(text, bare, "email_format")
        plain = _plain(bare)
        torn = _joined(strip_outer(plain, _EDGES)) if _TORN.search(plain) else ""
        if torn and _RIGHT.fullmatch(torn):
            return Fix(torn, "email_format")
        found, pieces = find(bare)
        if found and not any("@" in p for p in pieces) and not _BESIDE.fullmatch(plain):
            return _assemble(text, found, pieces)
        whole = strip_outer(_LABELS.sub("", plain), _EDGES)
        if _FILLER.fullmatch(whole) or whole in fakes:
            return PLACEHOLDER
        for repaired in () if found else _repairs(plain):
            if _RIGHT.fullmatch(repaired):
                return became(text, repaired, "email_format")
        return kept(text, diagnose(whole) if not found else "email_invalid")

    return fix


def _assemble(text: str, found: list[str], pieces: list[str]) -> Fix:
    rest = " ".join([*pieces, *found[2:]])
    if len(found) > 1:
        return Fix(found[0], "cell_split", rest=rest, parts=(("email_2", found[1]),))
    return Fix(found[0], "remark_cut", rest=rest) if rest else became(text, found[0], "email_format")


def _mask(value: str) -> str:
    """The first letter, and the last label of the domain where there is room for it."""
    return mask_text(value, 1, 3)


def repairs(options: Options, words: Words) -> Repairs:
    """One address in capitals or full width, behind ``mailto:``, in angle brackets, with a separator at its end, with
    a comma or 。 for the last dot, or torn by a space."""

    def plain(texts: pa.Array) -> pa.Array:
        bare = pc.replace_substring_regex(pc.ascii_lower(halved(texts)), "^mailto:|^<|[;,>]+$", "")
        dotted = pc.replace_substring_regex(bare, "[。｡]|(@[a-z0-9-]+)[,、]([a-z]+)$", r"\1.\2")
        whole = pc.replace_substring_regex(dotted, r"(@[^\s@,;]+\.(?:com|net|org|gov|edu|ac|co))[,、]([a-z]{2})$", r"\1.\2")
        return pc.replace_substring_regex(whole, "^[^a-z0-9].*", "")

    def joined(texts: pa.Array) -> pa.Array:
        return pa.array([_joined(text) for text in texts.to_pylist()], pa.string())

    def one(texts: pa.Array) -> pa.Array:
        return mended(plain(texts), "^[a-z0-9_-]{1,20} [a-z0-9_.-]+@[a-z0-9.-]+$", joined)

    return (("email_format", one),)


def readings(options: Options, words: Words) -> Sequence[Reading]:
    """Two addresses, and one without the end of its domain."""
    fakes = "|".join(re.escape(row[0].lower()) for row in words.get("email_placeholders", ())) or "@"
    return (
        Reading(f"(?P<value>{SHAPE})(?:[;,]| / )(?P<email_2>{SHAPE})", "cell_split"),
        Reading(f"{_ATOMS}+@[a-z0-9][a-z0-9-]*", doubt="email_no_tld", never=(fakes,)),
    )


KIND = Kind(name="email", fixer=fixer, shape=lambda options: SHAPE, mask=_mask, repairs=repairs, readings=readings)
