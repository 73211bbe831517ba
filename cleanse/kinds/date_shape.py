"""Which days a date may be, as one pattern for ``re`` and RE2."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from cleanse.model import Options

FIRST_YEAR, LAST_YEAR = 1901, 2100
NO_DATE = "1970-01-01"  # what machines write where there is none


def days(years: Iterable[int], mark: str, *, short: bool = False) -> str:
    """The days of some years, with ``mark`` between the parts; ``short``: the years by their last two digits.

    >>> import re
    >>> [re.fullmatch(days(range(1990, 2001), ""), t) is not None for t in ("19990228", "19990229", "20000229")]
    [True, False, True]
    """
    every = list(years)
    leaps = [y for y in every if y % 4 == 0 and (y % 100 or y % 400 == 0)]
    some, few = (_any_of(y % 100 if short else y for y in group) for group in (every, leaps))
    return f"(?:{_months(some, mark)}|{few}{mark}02{mark}29)"


def _months(year: str, mark: str = "-") -> str:
    """The days of a year that is not asked for 29 February."""
    return (
        f"{year}{mark}(?:(?:0[13578]|1[02]){mark}(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11){mark}(?:0[1-9]|[12][0-9]|30)"
        f"|02{mark}(?:0[1-9]|1[0-9]|2[0-8]))"
    )


def _any_of(years: Iterable[int]) -> str:
    decades: dict[int, str] = {}
    for year in years:
        decades[year // 10] = decades.get(year // 10, "") + str(year % 10)
    return "(?:" + "|".join(f"{d}[{last}]" for d, last in decades.items()) + ")"


def shape(options: Options) -> str:
    """Days that exist, from 1901 to 2100 or to ``today``; without 1970-01-01, which machines write for "none"."""
    today = str(options.get("today", "")) if options.get("past") else ""
    last = int(today[:4]) if today else LAST_YEAR + 1
    years = [y for y in range(FIRST_YEAR, min(last, LAST_YEAR + 1)) if y != 1970]
    leaps = [y for y in (*years, 1970) if y % 4 == 0 and (y % 100 or y % 400 == 0)]
    branches = [_months(_any_of(years)), f"{_any_of(leaps)}-02-29"]
    if last > 1970:
        branches.append(
            "1970-(?:01-(?:0[2-9]|[12][0-9]|3[01])|" + _months("").split("-", 1)[1].replace("0[13578]", "0[3578]")[3:]
        )
    if today and FIRST_YEAR < last <= LAST_YEAR:
        branches += _days_until(date.fromisoformat(today))
    return "(?:" + "|".join(branches) + ")"


def _days_until(today: date) -> list[str]:
    """The days of this year up to today, month by month, without the day that means none."""
    days = [date(today.year, 1, 1) + timedelta(n) for n in range(today.timetuple().tm_yday)]
    days = [day for day in days if day.isoformat() != NO_DATE]
    months: dict[str, dict[str, str]] = {}
    for day in days:
        tens = months.setdefault(day.isoformat()[:7], {})
        tens[f"{day.day // 10}"] = tens.get(f"{day.day // 10}", "") + str(day.day % 10)
    return [f"{m}-(?:{'|'.join(f'{t}[{ones}]' for t, ones in tens.items())})" for m, tens in months.items()]
