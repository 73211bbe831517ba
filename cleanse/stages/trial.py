"""The trial load as a test with numbers: which rows are tried, whether they arrived, and what that proves.

The unit is a golden record that refers to no other, with everything that refers to it: a fault in any of these is one
error of the unit. Only the random part of the sample enters the bound; the strata look for risks.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from cleanse.stages import shapes

RANDOM, STRATUM = "random", "stratum"
SAMPLE = ("golden_id", "part", "stratum", "unit")
MISMATCHES = ("object", "golden_id", "field", "planned", "fetched")
MISSING, SURPLUS = "row_missing", "row_surplus"


# ----------------------------------------------------------------------------------------------------------- numbers


def binomial_tail(errors: int, rows: int, rate: float) -> float:
    """P(X <= errors) for X binomial(rows, rate), summed from exact log terms.

    >>> round(binomial_tail(1, 100, 0.05), 4)
    0.0371
    """
    if errors < 0:
        return 0.0
    if errors >= rows or rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    top = math.lgamma(rows + 1)
    yes, no = math.log(rate), math.log1p(-rate)
    terms = (
        math.exp(top - math.lgamma(k + 1) - math.lgamma(rows - k + 1) + k * yes + (rows - k) * no)
        for k in range(errors + 1)
    )
    return min(1.0, math.fsum(terms))


def lower_bound(errors: int, rows: int, confidence: float = 0.95) -> float:
    """The one-sided exact lower bound (Clopper-Pearson) of the share of right rows.

    >>> round(lower_bound(1, 100), 4), round(lower_bound(0, 59), 4)
    (0.9534, 0.9505)
    """
    if not 0 <= errors <= rows:
        raise ValueError("errors must lie between 0 and rows")
    if errors == rows:
        return 0.0
    low, high = 0.0, 1.0  # of the error rate; the tail falls as the rate grows
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if binomial_tail(errors, rows, middle) > 1 - confidence else (low, middle)
    return 1 - high


def allowed_errors(rows: int, accuracy: float = 0.95, confidence: float = 0.95) -> int:
    """The most errors in ``rows`` that still prove ``accuracy``; -1 when not even 0 do.

    >>> allowed_errors(58), allowed_errors(59), allowed_errors(100), allowed_errors(124)
    (-1, 0, 1, 2)
    """
    errors = -1
    while errors + 1 < rows and binomial_tail(errors + 1, rows, 1 - accuracy) <= 1 - confidence:
        errors += 1
    return errors


@dataclass(frozen=True)
class Plan:
    """Fixed before the trial. ``first`` rows: at most ``accept`` errors accept, ``reject`` or more reject; between them
    ``second`` more rows are drawn, and at most ``total`` errors in all accept. ``second`` = 0 is a single stage."""

    first: int
    accept: int
    reject: int
    second: int = 0
    total: int = 0
    accuracy: float = 0.95
    confidence: float = 0.95

    def acceptance(self, accuracy: float) -> float:
        """The exact probability of accepting a list of this true accuracy.

        >>> round(plan().acceptance(0.95), 3), round(plan().acceptance(0.98), 2)
        (0.038, 0.85)
        """
        wrong = 1 - accuracy
        chance = binomial_tail(self.accept, self.first, wrong)
        for errors in range(self.accept + 1, self.reject if self.second else 0):
            exactly = binomial_tail(errors, self.first, wrong) - binomial_tail(errors - 1, self.first, wrong)
            chance += exactly * binomial_tail(self.total - errors, self.second, wrong)
        return chance


def plan(rows: int = 100, accuracy: float = 0.95, confidence: float = 0.95) -> Plan:
    """The two-stage plan for 100 rows, 95 % and 95 %; for other numbers a single stage of ``rows``.

    A plan of too few rows accepts nothing but a list that is tried whole.

    >>> plan(40).accept, needed()
    (-1, 59)
    """
    if (rows, accuracy, confidence) == (100, 0.95, 0.95):
        return Plan(100, 0, 6, 200, 8)
    allowed = allowed_errors(rows, accuracy, confidence)
    return Plan(rows, allowed, allowed + 1, accuracy=accuracy, confidence=confidence)


def needed(accuracy: float = 0.95, confidence: float = 0.95) -> int:
    """The fewest rows that can prove ``accuracy`` (with no error among them); 0 where no number can."""
    if not 0 < accuracy < 1 or not 0 < confidence < 1:
        return 0
    rows = max(1, math.ceil(math.log(1 - confidence) / math.log(accuracy)) - 1)
    return rows if allowed_errors(rows, accuracy, confidence) >= 0 else rows + 1


# ------------------------------------------------------------------------------------------------------------ sample


def sample(
    ids: Iterable[str],
    strata: pd.DataFrame,
    n: int,
    seed_text: str,
    *,
    links: pd.DataFrame | None = None,
    per_stratum: int = 2,
) -> pd.DataFrame:
    """The rows to try: ``n`` at random and, for every stratum not met yet, up to ``per_stratum`` more.

    ``ids``: the units. ``strata``: golden_id, stratum (of units or of their children). ``links``: golden_id, parent_id
    of every child; children go with their unit. Rows are ordered by a digest of id and ``seed_text``: no dice, no
    dependence on the order of the input, and a larger ``n`` contains the smaller. Returns golden_id, part (random or
    stratum), stratum (``''`` in the random part), unit.
    """
    units = np.array(sorted(set(ids)), dtype=object)
    ranked = units[np.argsort(_digests(units, seed_text), kind="stable")]
    chosen = pd.DataFrame({"golden_id": ranked[:n], "part": RANDOM, "stratum": ""})
    family = _family(links)
    rank = _ranks(ranked, family, strata["golden_id"])
    kind, names = pd.factorize(strata["stratum"].astype("category"), sort=True)
    met = pd.DataFrame({"kind": kind, "rank": rank})[rank >= 0].drop_duplicates()
    met = met.sort_values(["kind", "rank"], ignore_index=True)
    # A stratum is looked at through its first units by rank: the random part holds those of rank below n.
    place = met.groupby("kind").cumcount()
    extra = met[(place < per_stratum) & (met["rank"] >= n)].drop_duplicates("rank")
    stratum = names.astype("str").take(extra["kind"].to_numpy())
    extra = extra.assign(golden_id=ranked[extra["rank"].to_numpy()], stratum=stratum)
    extra = extra[["golden_id", "stratum"]].assign(part=STRATUM)
    chosen = pd.concat([chosen, extra], ignore_index=True)
    chosen["unit"] = chosen["golden_id"]
    return _with_children(chosen, family)[list(SAMPLE)]


def _digests(ids: Iterable[str], seed_text: str) -> np.ndarray:
    seed = seed_text.encode() + b"\0"
    return np.array(
        [int.from_bytes(hashlib.blake2b(seed + i.encode(), digest_size=7).digest()) for i in ids], dtype=np.int64
    )


def _ranks(ranked: np.ndarray, family: pd.Series, ids: pd.Series) -> np.ndarray:
    """The rank of the unit that each id is or belongs to; -1 where it is none of them."""
    units = pd.Index(ranked)
    children = family[units.get_indexer(family.index) < 0]
    of_known = np.r_[np.arange(len(units)), units.get_indexer(children)]
    distinct = ids.astype("category")
    at = units.append(children.index.astype(object)).get_indexer(distinct.cat.categories.astype(object))
    return np.append(np.append(of_known, -1)[at], -1)[distinct.cat.codes.to_numpy()]


def _family(links: pd.DataFrame | None) -> pd.Series:
    """child golden_id -> its unit; a child of a child belongs to the topmost."""
    if links is None or links.empty:
        return pd.Series(dtype="str")
    family = links.dropna().drop_duplicates("golden_id").set_index("golden_id")["parent_id"]
    for _ in range(len(family)):
        above = family.map(family)
        if above.isna().all():
            break
        family = above.fillna(family)
    return family


def _with_children(chosen: pd.DataFrame, family: pd.Series) -> pd.DataFrame:
    children = family.rename_axis("golden_id").rename("unit").reset_index().sort_values(["unit", "golden_id"])
    children = children.merge(chosen[["unit", "part", "stratum"]], on="unit")
    return pd.concat([chosen, children], ignore_index=True).drop_duplicates("golden_id", ignore_index=True)


# ----------------------------------------------------------------------------------------------------------- compare


def compare(planned: Mapping[str, pd.DataFrame], fetched: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every cell that did not arrive as sent: object, golden_id, field, planned, fetched.

    Both: object -> text frame indexed by the key; a blank cell and a missing one are the same. A row that is missing or
    surplus is one line whose field is ``row_missing`` or ``row_surplus``.
    """
    parts = [_differences(name, planned[name], fetched.get(name, planned[name].iloc[:0])) for name in planned]
    lines = [part for part in parts if len(part)]
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=list(MISMATCHES))


def _differences(name: str, planned: pd.DataFrame, fetched: pd.DataFrame) -> pd.DataFrame:
    if fetched.index.has_duplicates:
        raise ValueError(f"{name}: a key was fetched twice")
    place = fetched.index.get_indexer(planned.index)
    there = place >= 0
    parts = [_rows(name, planned.index[~there], MISSING), _rows(name, fetched.index.difference(planned.index), SURPLUS)]
    for column in planned.columns:
        sent = planned[column].to_numpy(dtype=object, na_value="")[there]
        if column in fetched:
            got = fetched[column].to_numpy(dtype=object, na_value="")[place[there]]
        else:
            got = np.full(len(sent), "", dtype=object)
        wrong = sent != got
        parts.append(pd.DataFrame({
            "object": name, "golden_id": planned.index[there][wrong], "field": column, "planned": sent[wrong],
            "fetched": got[wrong],
        }))  # fmt: skip
    return pd.concat(
        [part for part in parts if len(part)] or [pd.DataFrame(columns=list(MISMATCHES))], ignore_index=True
    )


def _rows(name: str, ids: pd.Index, what: str) -> pd.DataFrame:
    return pd.DataFrame({"object": name, "golden_id": ids, "field": what, "planned": "", "fetched": ""})


def wrong_ids(mismatches: pd.DataFrame, receipts: pd.DataFrame | None = None) -> set[str]:
    """The golden ids of rows that did not arrive as sent or were refused."""
    refused = receipts.loc[receipts["status"] == "refused", "key"] if receipts is not None else ()
    return {*mismatches["golden_id"], *refused}


def strata(
    changes: pd.DataFrame, members: Mapping[str, pd.DataFrame], rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Where faults may hide: golden_id, stratum for every rule that fired on one of its records, every source file it came
    from, and every rare shape of a value that goes into the target.

    ``rows``: golden_id, source_file of every source row; ``tables``: object -> what goes, by golden_id.
    """
    parts = [*_fired(changes, members), rows[["golden_id", "source_file"]].set_axis(["golden_id", "stratum"], axis=1)]
    parts.append(shapes.rare(tables))
    columns = {c: union_categoricals([_coded(part[c]) for part in parts]) for c in ("golden_id", "stratum")}
    return pd.DataFrame(columns).dropna().drop_duplicates(ignore_index=True)


def _coded(texts: pd.Series) -> pd.Series:
    if not isinstance(texts.dtype, pd.CategoricalDtype):
        return texts.astype("str").astype("category")
    return texts.cat.rename_categories(texts.cat.categories.astype("str"))  # of no row they may be objects


def _fired(changes: pd.DataFrame, members: Mapping[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """golden_id, stratum: the codes of the changes of its records."""
    rids, (codes, names) = changes["rid"].to_numpy(dtype=np.int64), pd.factorize(changes["code"])
    for entity, table in members.items():
        ids = _coded(table["golden_id"]).cat
        at = pd.Series(ids.codes.to_numpy(), index=table["rid"])
        mine = (changes["entity"] == entity).to_numpy()
        rid, code = np.divmod(pd.unique(rids[mine] * len(names) + codes[mine]), max(len(names), 1))
        fired = pd.Categorical.from_codes(code, names.astype("str"))
        whose = pd.Categorical.from_codes(at.reindex(rid, fill_value=-1), ids.categories)
        yield pd.DataFrame({"golden_id": whose, "stratum": fired})


# ----------------------------------------------------------------------------------------------------------- verdict


def verdict(tried: pd.DataFrame, wrong: Collection[str], plan: Plan, population: int) -> dict[str, Any]:
    """What the trial proves, ready for JSON.

    ``tried``: what ``sample`` returned; ``wrong``: golden ids of rows found wrong, by machine or by a person;
    ``population``: how many units there are. ``result`` is accept, reject or second_stage. Where every unit was tried
    the rate is known, not estimated.
    """
    bad = tried[["unit"]].assign(wrong=tried["golden_id"].isin(list(wrong))).groupby("unit")["wrong"].any()
    units = tried[tried["golden_id"] == tried["unit"]]
    units = units.assign(wrong=units["unit"].map(bad).to_numpy(dtype=bool))
    drawn = units[units["part"] == RANDOM]
    rows, errors = len(drawn), int(drawn["wrong"].sum())
    census = rows >= population
    bound = (1 - errors / rows if rows else 1.0) if census else lower_bound(errors, rows, plan.confidence)
    result = _result(rows, errors, plan, census, bound)
    strata = units[units["part"] == STRATUM].groupby("stratum")["wrong"].agg(["size", "sum"]).T.to_dict()
    answer: dict[str, Any] = {
        "result": result, "n": rows, "errors": errors, "population": population, "census": census,
        "rate": errors / rows if rows else 0.0, "lower_bound": round(bound, 6), "confidence": plan.confidence,
        "claim": plan.accuracy, "needed": needed(plan.accuracy, plan.confidence),
        "plan": {k: getattr(plan, k) for k in ("first", "accept", "reject", "second", "total")},
        "strata": {str(name): {"n": int(line["size"]), "errors": int(line["sum"])} for name, line in strata.items()},
        "stratum_errors": sum(int(line["sum"]) for line in strata.values()),
    }  # fmt: skip
    return {**answer, "sentences": _sentences(answer)}


def _result(rows: int, errors: int, plan: Plan, census: bool, bound: float) -> str:
    """A sample smaller than its plan proves nothing."""
    if census:
        return "accept" if bound >= plan.accuracy else "reject"
    if plan.second and rows >= plan.first + plan.second:
        return "accept" if errors <= plan.total else "reject"
    if rows < plan.first or errors >= plan.reject:
        return "reject"
    if errors <= plan.accept:
        return "accept"
    return "second_stage" if plan.second else "reject"


def _sentences(answer: Mapping[str, Any]) -> dict[str, str]:
    n, errors, sure, more = answer["n"], answer["errors"], f"{answer['confidence']:.0%}", answer["plan"]["second"]
    bound = f"{math.floor(answer['lower_bound'] * 10_000) / 100:.2f} %"  # never rounded up
    claim = f"{answer['claim'] * 100:g} %"
    least = answer["needed"]
    too_few = answer["result"] == "reject" and not answer["census"] and n < least
    ending = {
        "accept": (f"达到 {claim}，通过", f"the claim of {claim} holds: accepted"),
        "reject": (f"未能证明 {claim}，不通过", f"the claim of {claim} is not proved: rejected"),
        "too_few": (f"条数太少，至少需要 {least} 条，不通过", f"too few: {least} are needed; rejected"),
        "second_stage": (f"尚不能判定，需再试 {more} 条", f"undecided: {more} more are to be tried"),
    }["too_few" if too_few else answer["result"]]  # fmt: skip
    if answer["census"]:
        zh = f"全部 {n} 条都已试导，{errors} 条有误，准确率 {bound}；{ending[0]}。"
        en = f"All {n} records were tried, {errors} wrong: {bound} are right; {ending[1]}."
    else:
        zh = f"随机抽取 {n} 条试导，{errors} 条有误；有 {sure} 的把握认为准确率不低于 {bound}；{ending[0]}。"
        en = f"Of {n} records drawn at random {errors} were wrong; with {sure} confidence "
        en += f"at least {bound} are right; {ending[1]}."
    extra = sum(s["n"] for s in answer["strata"].values())
    if extra:
        zh += f"另按风险抽查 {extra} 条，{answer['stratum_errors']} 条有误（不计入上述比例）。"
        en += (
            f" Another {extra} were tried for their risks, {answer['stratum_errors']} wrong (not part of that figure)."
        )
    return {"zh": zh, "en": en}
