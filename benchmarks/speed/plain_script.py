"""The script a good engineer writes in an hour, as a yardstick: ``plain_script.py INPUT OUTDIR``.

pandas reads, every cell is tidied column by column, phones go through phonenumbers, dates through dateutil, pandera
checks, rapidfuzz flags duplicates inside small blocks, to_excel writes result and errors. It keeps no ledger.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import phonenumbers
from dateutil import parser as dates
from rapidfuzz import fuzz

COLUMNS = {
    "客户编号": "code",
    "客户名称": "name",
    "统一社会信用代码": "uscc",
    "联系人": "contact",
    "手机": "mobile",
    "固定电话": "phone",
    "电子邮箱": "email",
    "省份": "province",
    "城市": "city",
    "区县": "district",
    "详细地址": "address",
    "所属行业": "industry",
    "客户类型": "type",
    "优先级": "priority",
    "客户来源": "source",
    "负责人": "owner",
    "年营业额": "sales",
    "首次联系日期": "first_date",
    "最近跟进日期": "last_date",
    "备注": "note",
}
NOTHING = {"", "-", "--", "/", "无", "暂无", "N/A", "NULL", "未知", "待补充"}
TYPES = {
    "重点": "重点客户",
    "VIP": "重点客户",
    "A类": "重点客户",
    "普通": "普通客户",
    "一般": "普通客户",
    "B类": "普通客户",
    "潜在": "潜在客户",
    "意向客户": "潜在客户",
    "C类": "潜在客户",
}
PRIORITIES = {
    "High": "高",
    "H": "高",
    "紧急": "高",
    "Medium": "中",
    "M": "中",
    "一般": "中",
    "Low": "低",
    "L": "低",
    "不急": "低",
}
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
SCHEMA = pa.DataFrameSchema(
    {
        "name": pa.Column(str, pa.Check.str_length(max_value=255)),
        "mobile": pa.Column(str, pa.Check.str_matches(r"^(1[3-9]\d{9}|\+\d{7,15})$"), nullable=True),
        "email": pa.Column(str, pa.Check.str_matches(r"^[^@\s]+@[^@\s]+\.[^@\s]+$"), nullable=True),
        "first_date": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d\d-\d\d$"), nullable=True),
        "last_date": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d\d-\d\d$"), nullable=True),
        "type": pa.Column(str, pa.Check.isin(["重点客户", "普通客户", "潜在客户"]), nullable=True),
        "priority": pa.Column(str, pa.Check.isin(["高", "中", "低"]), nullable=True),
        "uscc": pa.Column(str, pa.Check.str_matches(r"^[0-9A-HJ-NPQRTUWXY]{18}$"), nullable=True),
    }
)


def tidy(value: object) -> str | None:
    if pd.isna(value):
        return None
    text = INVISIBLE.sub("", unicodedata.normalize("NFKC", str(value))).strip()
    return None if text in NOTHING else text


def mobile(text: str | None) -> str | None:
    if pd.isna(text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    if number.country_code == 86:
        return str(number.national_number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def landline(text: str | None) -> str | None:
    if pd.isna(text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return national.replace(" ", "-").replace("-ext.-", "-")


def day(text: str | None) -> str | None:
    if pd.isna(text):
        return None
    try:
        return dates.parse(text.replace("年", "-").replace("月", "-").replace("日", "")).date().isoformat()
    except (ValueError, OverflowError):
        return text


def clean(table: pd.DataFrame) -> pd.DataFrame:
    table = table.rename(columns=COLUMNS)
    for column in table.columns:
        table[column] = table[column].apply(tidy)
    table["mobile"] = table["mobile"].apply(mobile)
    table["phone"] = table["phone"].apply(landline)
    table["email"] = table["email"].str.lower().str.replace(" ", "")
    table["uscc"] = table["uscc"].str.upper().str.replace(r"[\s']", "", regex=True)
    table["name"] = table["name"].str.replace("(", "（").str.replace(")", "）")
    table["sales"] = table["sales"].str.replace(r"[￥¥,元]", "", regex=True)
    table["type"] = table["type"].replace(TYPES)
    table["priority"] = table["priority"].replace(PRIORITIES)
    for column in ("first_date", "last_date"):
        table[column] = table[column].apply(day)
    return table


def errors(table: pd.DataFrame) -> pd.DataFrame:
    try:
        SCHEMA.validate(table, lazy=True)
    except pa.errors.SchemaErrors as found:
        return found.failure_cases[["index", "column", "check", "failure_case"]]
    return pd.DataFrame(columns=["index", "column", "check", "failure_case"])


def duplicates(table: pd.DataFrame) -> pd.Series:
    """Row of an earlier customer whose name is much the same, within the same city and first four characters, or whose
    mobile is the same."""
    same = pd.Series(pd.NA, index=table.index, dtype="Int64")
    known: dict[str, int] = {}
    for index, number in table["mobile"].dropna().items():
        if number in known:
            same[index] = known[number]
        else:
            known[number] = index
    blocks = table.dropna(subset=["name"]).groupby([table["city"], table["name"].str[:4]])
    for _, block in blocks:
        rows = list(block["name"].items())
        for i, (index, name) in enumerate(rows):
            for other, other_name in rows[:i]:
                if fuzz.ratio(name, other_name, score_cutoff=90):
                    same[index] = other
                    break
    return same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("input", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.input.suffix == ".csv":
        table = pd.read_csv(given.input, dtype=str, encoding="utf-8-sig")
    else:
        table = pd.read_excel(given.input, dtype=str, engine="openpyxl")
    table = clean(table)
    table["duplicate_of"] = duplicates(table)
    wrong = errors(table)
    table.to_excel(given.out / "customers.xlsx", index=False)
    wrong.to_excel(given.out / "errors.xlsx", index=False)
    print(f"{len(table)} rows, {len(wrong)} errors, {table['duplicate_of'].notna().sum()} duplicates")


if __name__ == "__main__":
    main()
