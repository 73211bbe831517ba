"""``report.html``: one page that needs nothing else, with the numbers of ``stages.quality`` as words and pictures."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

Json = Mapping[str, Any]

EXITS = ("migrated", "merged", "parked", "excluded")
STATUS = ("error", "ignored", "read")
STRETCHED = ("bar", "meter")
TOP, LISTED, SHOWN_FIELDS = 10, 200, 6
WAITS = "parent_parked"  # codes of a record whose parent is parked


def render(quality: Json, language: str) -> str:
    """The page in ``zh`` or ``en``; the same numbers give the same bytes.

    Everything from the data is escaped; the page has no script and asks for nothing from outside.
    """
    page: str = _template().render(
        q=quality, t=_words(language), language=language, labels=_labels(quality, language), exits=EXITS,
        root=quality["entities"][0]["name"], entities=[e["name"] for e in quality["entities"]],
        verdict=_verdict(quality), problems=_problems(quality), mappings=quality["mapping"][:LISTED],
        losses=quality["losses"][:LISTED], layout=_layout(quality), listed=LISTED,
        shown_fields=SHOWN_FIELDS,
        files=sorted(quality["files"]["list"], key=lambda f: (STATUS.index(f["status"]), f["source_file"])),
        changed=sum(c["cells"] for c in quality["changes"] if c["stage"] == "normalize"),
    )  # fmt: skip
    return page


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters |= {
        "fill": _fill, "number": _number, "percent": _percent, "bar": _bar, "pair": _pair, "histogram": _histogram,
        "scale": _scale, "places": _places,
    }  # fmt: skip
    return environment.from_string(files("cleanse.data").joinpath("templates", "report.html.j2").read_text("utf-8"))


@cache
def _words(language: str) -> Json:
    """The words of the page in one language: nested tables of text."""
    table = tomllib.loads(files("cleanse.data").joinpath("report.toml").read_text("utf-8"))

    def chosen(entry: Json) -> Any:
        return entry[language] if set(entry) == {"zh", "en"} else {key: chosen(value) for key, value in entry.items()}

    return {key: chosen(value) for key, value in table.items()}


# ---------------------------------------------------------------------------------------------------------- what to say


def _labels(quality: Json, language: str) -> dict[str, str]:
    """Entity, ``entity.field`` and whatever an issue is about, to the words people use for them."""
    labels = {entity["name"]: entity["label"][language] for entity in quality["entities"]}
    for entity in quality["entities"]:
        labels |= {f"{entity['name']}.{name}": label[language] for name, label in entity["fields"].items()}
    for issue in quality["issues"]:
        parts = [part.strip() for part in issue["field"].split("+")]
        words = [_field_label(labels, issue["entity"], part) for part in parts]
        labels.setdefault(f"{issue['entity']}.{issue['field']}", " + ".join(words))
    return labels


def _field_label(labels: Mapping[str, str], entity: str, name: str) -> str:
    """The words for a field of the entity, or for ``parent.field``."""
    parent, dot, _ = name.partition(".")
    if not dot:
        return labels.get(f"{entity}.{name}", name)
    return f"{labels.get(parent, parent)} · {labels.get(name, name)}"


def _verdict(quality: Json) -> str:
    """What the band on top says: ready, or what stands most against it."""
    verdict = quality["verdict"]
    return "accept" if verdict["may_load"] else str(verdict["reasons"][0].removeprefix("trial_"))


def _problems(quality: Json) -> list[Json]:
    """The first ten that a person must mend. Left out: what only repeats a better finding on the same cells, and what a
    child has to wait for, as long as it is told of the parent."""
    serious = [i for i in quality["issues"] if i["severity"] != "info" and i["open"] and i["alone"]]
    told = {(f"{i['entity']}.{i['field']}", i["code"]) for i in serious}
    own = [i for i in serious if not i["code"].endswith(WAITS) and (i["field"], i["code"]) not in told]
    return (own or serious)[:TOP]


def _layout(quality: Json) -> list[Json]:
    """One line per sheet: how many rows of which kind are no records."""
    place = itemgetter("source_file", "source_sheet")
    sheets = ((where, list(lines)) for where, lines in groupby(sorted(quality["layout"], key=place), key=place))
    return [{"source_file": file, "source_sheet": sheet, "kinds": lines} for (file, sheet), lines in sheets]


# ----------------------------------------------------------------------------------------------------- numbers in words


def _fill(text: str, **values: Any) -> str:
    return text.format(**{name: _number(v) if isinstance(v, int) else v for name, v in values.items()})


def _number(value: int) -> str:
    """
    >>> _number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def _percent(n: float, of: float = 1, places: int = 1) -> str:
    """Never rounded up: 100 % means all of them.

    >>> _percent(9999, 10000), _percent(10, 10), _percent(1, 0)
    ('99.9 %', '100 %', '–')
    """
    if not of:
        return "–"
    value = math.floor(n * 100 * 10**places / of + 1e-9) / 10**places
    return f"{value:.{places}f}".rstrip("0").rstrip(".") + " %" if places else f"{value:g} %"


def _places(samples: Iterable[Json]) -> list[str]:
    return [f"{s['where']}: {s['value']}" if s["value"] else str(s["where"]) for s in samples]


# ------------------------------------------------------------------------------------------------------------- pictures


def _svg(size: tuple[int, int], alt: str, shapes: Iterable[str], css: str) -> Markup:
    """A picture with its text alternative; ``shapes`` hold numbers and escaped words only. Bars fill their place."""
    ratio = Markup(' preserveAspectRatio="none"') if css in STRETCHED else Markup("")
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}"{}>{}</svg>').format(
        css, *size, alt, ratio, Markup("".join(shapes))
    )


def _rect(x: float, y: float, width: float, height: float, css: str) -> str:
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" class="{css}"/>'


def _bar(counts: Json, alt: str, names: Sequence[str] = EXITS) -> Markup:
    """A stacked bar over the whole width: how a total is divided."""
    total = sum(counts[name] for name in names) or 1
    shapes, x = [], 0.0
    for name in names:
        width = counts[name] * 1000 / total
        if width:
            shapes.append(_rect(x, 0, width, 20, name))
        x += width
    return _svg((1000, 20), alt, shapes, "bar")


def _pair(state: Json, alt: str, when: str) -> Markup:
    """Filled (light) and right (dark) of all cells of a field."""
    of = state["of"] or 1
    shapes = [_rect(0, 0, 1000, 10, "empty"), _rect(0, 0, state["filled"] * 1000 / of, 10, f"{when} filled")]
    shapes.append(_rect(0, 0, state["valid"] * 1000 / of, 10, f"{when} valid"))
    return _svg((1000, 10), alt, shapes, "meter")


def _histogram(report: Json, alt: str, review: str, merge: str) -> Markup:
    """Pairs by likelihood, heights as square roots, with the two cuts."""
    bins = report["histogram"] or []
    top = math.sqrt(max((b["count"] for b in bins), default=0) or 1)
    shapes = []
    for b in bins:
        x, width = 20 + b["low"] * 680, (b["high"] - b["low"]) * 680 - 3
        height = math.sqrt(b["count"]) / top * 120
        middle = (b["low"] + b["high"]) / 2
        css = "migrated" if middle >= report["merge"] else "parked" if middle >= report["review"] else "quiet"
        shapes.append(_rect(x, 160 - height, max(width, 1), height, css))
        if b["count"]:
            shapes.append(f'<text x="{x + width / 2:.1f}" y="{153 - height:.1f}" class="value">{b["count"]}</text>')
    shapes.append('<line x1="20" y1="160" x2="700" y2="160" class="axis"/>')
    shapes += [f'<text x="{20 + n * 136}" y="176" class="tick">{n / 5:g}</text>' for n in range(6)]
    for cut, label in ((report["review"], review), (report["merge"], merge)):
        x = 20 + cut * 680
        shapes.append(f'<line x1="{x:.1f}" y1="20" x2="{x:.1f}" y2="160" class="cut"/>')
        shapes.append(f'<text x="{x:.1f}" y="14" class="cut-label">{Markup.escape(label)}</text>')
    return _svg((720, 184), alt, shapes, "histogram")


def _scale(trial: Json, alt: str, claim: str, bound: str, observed: str) -> Markup:
    """The claim, the lower bound and what was observed, on a line from 80 (or less) to 100 %."""
    low = min(0.8, math.floor(min(trial["lower_bound"], trial["claim"], 1 - trial["rate"]) * 10) / 10)

    def at(value: float) -> float:
        return float(40 + (value - low) / (1 - low) * 640)

    sure = at(trial["lower_bound"])
    css = "migrated" if trial["lower_bound"] >= trial["claim"] else "parked"
    shapes = [_rect(40, 46, 640, 8, "empty"), _rect(sure, 46, 680 - sure, 8, css)]
    marks = (
        (trial["claim"], claim, 20, 28, 62), (trial["lower_bound"], bound, 84, 40, 66),
        (1 - trial["rate"], observed, 104, 40, 86),
    )  # fmt: skip
    for value, label, y, top, bottom in marks:
        x = at(value)
        anchor = "end" if x > 560 else "start" if x < 160 else "middle"
        shapes.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" class="cut"/>')
        shapes.append(f'<text x="{x:.1f}" y="{y}" class="mark {anchor}">{Markup.escape(label)}</text>')
    return _svg((720, 112), alt, shapes, "scale")
