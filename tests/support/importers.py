"""Strict importers written from what the vendors' pages and sources say, and from nothing of ours: each reads the bytes of a
file and says why the target would refuse it or a row of it. No profile and no stage is looked at."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import openpyxl

Rows = list[dict[str, str]]
Faults = Iterator[str]
EMAIL = re.compile(r"[!-?A-~]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
WUKONG_PHONE = re.compile(r"(\+?0?[0-9]{2,4}-?)?[0-9]{6,11}")


def _text(content: bytes, bom: bool) -> Rows:
    """The rows of a CSV in UTF-8; a byte order mark stays in the first header unless the target takes it."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig" if bom else "utf-8"), newline=""), strict=True)
    header, *rows = list(reader)
    assert all(len(row) == len(header) for row in rows), "INCORRECT_NUMBER_OF_COLUMNS"
    assert len({*header}) == len(header) and all(name == name.strip() != "" for name in header), "header"
    return [dict(zip(header, row, strict=True)) for row in rows]


def _sheet(path: Path, header_row: int) -> Rows:
    """The rows of the first sheet below its header; every cell must be text, no formula, nothing merged but the tip."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    assert len(book.worksheets) == 1, "INVALID_SHEET_COUNT"
    assert all(area.max_row < header_row for area in sheet.merged_cells.ranges), "merged cells"
    lines = list(sheet.iter_rows(min_row=header_row))
    assert all(cell.data_type == "s" or cell.value is None for line in lines for cell in line), "a cell that is no text"
    header, *rows = [[cell.value or "" for cell in line] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


def _long(rows: Rows, limits: dict[str, int]) -> Faults:
    for name, limit in limits.items():
        if any(len(row.get(name, "").encode("utf-16-le")) > 2 * limit for row in rows):
            yield f"STRING_TOO_LONG {name}"


def _filled(rows: Rows, *names: str) -> Faults:
    for name in names:
        if not all(row.get(name, "").strip("\u3000\u00a0\u200b \t\n") for row in rows):
            yield f"REQUIRED_FIELD_MISSING {name}"


def _once(rows: Rows, *names: str) -> Faults:
    for name in names:
        values = [row[name].strip().casefold() for row in rows if row[name]]
        if len({*values}) < len(values):
            yield f"DUPLICATE_VALUE {name}"


def _matches(rows: Rows, name: str, takes: Callable[[str], object], error: str) -> Faults:
    if not all(takes(row[name]) for row in rows if row.get(name)):
        yield f"{error} {name}"


def _child(rows: Rows, link: str, parents: Rows, key: str) -> Faults:
    known = [row[key] for row in parents]
    yield from _matches(rows, link, lambda value: known.count(value) == 1, "INVALID_CROSS_REFERENCE_KEY")


def _day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) and date.fromisoformat(text))
    except ValueError:
        return False


def salesforce(accounts: Rows, contacts: Rows) -> Faults:
    """Bulk API 2.0 and Data Loader: API names, external ids, lengths of the field reference."""
    fields = {"Cleanse_Id__c", "Parent.Cleanse_Id__c", "AccountNumber", "Phone", "Website", "Industry", "Type", "AccountSource",
              "AnnualRevenue", "NumberOfEmployees", "Name", "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode",
              "BillingCountry", "Description", "Fax"}  # fmt: skip
    more = {"Cleanse_Id__c", "Account.Cleanse_Id__c", "LastName", "FirstName", "Email", "Phone", "MobilePhone", "OtherPhone",
            "Title", "Department", "Description"}  # fmt: skip
    yield from (f"Field name not found : {n}" for n in ({*accounts[0]} - fields) | ({*contacts[0]} - more))
    yield from _filled(accounts, "Name", "Cleanse_Id__c")
    yield from _filled(contacts, "LastName", "Cleanse_Id__c")
    yield from _once(accounts, "Cleanse_Id__c")
    yield from _once(contacts, "Cleanse_Id__c")
    yield from _long(accounts, {"Name": 255, "AccountNumber": 40, "Phone": 40, "BillingStreet": 255, "BillingCity": 40,
                                "BillingState": 80, "BillingPostalCode": 20, "BillingCountry": 80, "Description": 32000})  # fmt: skip
    yield from _long(contacts, {"LastName": 80, "Email": 80, "MobilePhone": 40, "Title": 128})
    yield from _matches(contacts, "Email", EMAIL.fullmatch, "INVALID_EMAIL_ADDRESS")
    yield from _matches(accounts, "AnnualRevenue", re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?").fullmatch, "INVALID_NUMBER_SIZE")
    yield from _child(contacts, "Account.Cleanse_Id__c", accounts, "Cleanse_Id__c")


def wukong(customers: Rows, contacts: Rows) -> Faults:
    """悟空CRM 11 JAVA: the header set of the template, owner, phone, date, area and the customer by its one name."""
    head = {"*客户名称", "*负责人", "客户来源", "手机", "电话", "网址", "客户行业", "客户级别", "下次联系时间", "邮箱", "备注", "省", "市", "区",
            "详细地址"}  # fmt: skip
    more = {"*姓名", "*客户名称", "*负责人", "手机", "电话", "邮箱", "职务", "是否关键决策人", "性别", "地址", "下次联系时间", "备注"}
    if {*customers[0]} != head or {*contacts[0]} != more:
        yield "请使用最新的模板"
    yield from _filled(customers, "*客户名称", "*负责人")
    yield from _filled(contacts, "*姓名", "*客户名称", "*负责人")
    yield from _once(customers, "*客户名称")
    lists = {
        "客户来源": "促销 搜索引擎 广告 转介绍 线上注册 线上询价 预约上门 陌拜 电话咨询 邮件咨询",
        "客户级别": "A（重点客户） B（普通客户） C（非优先客户）",
        "客户行业": "IT 金融业 房地产 商业服务 运输/物流 生产 政府 文化传媒",
    }  # fmt: skip
    for name, options in lists.items():
        yield from _matches(customers, name, options.split().__contains__, "option")
    for rows in (customers, contacts):
        yield from _matches(rows, "手机", WUKONG_PHONE.fullmatch, "手机号格式错误")
        yield from _matches(rows, "下次联系时间", lambda text: len(text) == 19 and _day(text[:10]), "日期格式错误")
        yield from _long(rows, {"备注": 800, "*客户名称": 255, "*姓名": 100})
        if any(ord(char) > 0xFFFF for row in rows for cell in row.values() for char in cell):
            yield "导入异常"
    if any(len({bool(row[n]) for n in ("省", "市", "区")}) > 1 for row in customers):
        yield "省市区不合要求，请核对"
    yield from _child(contacts, "*客户名称", customers, "*客户名称")


def cordys(customers: Rows, contacts: Rows) -> Faults:
    """Cordys CRM: no importable column missing, required, unique, length; and what it drops in silence."""
    columns = {"客户名称", "负责人", "客户行业", "客户等级", "客户类型", "客户来源", "线上来源详情", "客户标签", "地区"}
    yield from (f"表头信息有误，{n}缺失" for n in columns - {*customers[0]})
    yield from (f"表头信息有误，{n}缺失" for n in {"客户名称", "姓名", "手机号", "邮箱", "负责人"} - {*contacts[0]})
    yield from _filled(customers, "客户名称", "负责人")
    yield from _filled(contacts, "客户名称", "姓名", "手机号", "负责人")
    yield from _once(customers, "客户名称")
    yield from _once(contacts, "手机号")
    yield from _long(customers, {"客户名称": 255, "地区": 255})
    yield from _long(contacts, {"姓名": 255, "手机号": 30, "邮箱": 255})
    yield from _matches(customers, "客户行业", ["互联网", "金融", "制造业"].__contains__, "option")
    yield from _matches(customers, "客户等级", ["重要客户", "一般客户", "战略客户"].__contains__, "option")
    yield from _child(contacts, "客户名称", customers, "客户名称")


def hubspot(companies: Rows, contacts: Rows) -> Faults:
    """HubSpot: one of first name, last name, email; emails and unique properties once; the company's key is there."""
    yield from _once(companies, "Cleanse ID")
    yield from _once(contacts, "Cleanse ID", "Email")
    if not all(row["Last name"] or row["Email"] for row in contacts):
        yield "MISSING_REQUIRED_PROPERTY"
    yield from _matches(contacts, "Email", EMAIL.fullmatch, "INVALID_EMAIL")
    yield from _matches(companies, "Annual revenue", re.compile(r"-?[0-9]+(\.[0-9]+)?").fullmatch, "COULD_NOT_PARSE_NUMBER")
    yield from _child(contacts, "Company Cleanse ID", companies, "Cleanse ID")


def zoho(accounts: Rows, contacts: Rows) -> Faults:
    """Zoho's own import: forbidden characters, names, the lengths of its standard fields."""
    if any(char in cell for rows in (accounts, contacts) for row in rows for cell in row.values() for char in '"|<>'):
        yield "forbidden characters"
    yield from _filled(accounts, "Account Name")
    yield from _filled(contacts, "Last Name")
    yield from _once(accounts, "Account Name")
    yield from _once(contacts, "Email")
    yield from _long(accounts, {"Account Name": 100, "Phone": 30})
    yield from _long(contacts, {"Last Name": 80, "Email": 100, "Mobile": 30})
    yield from _child(contacts, "Account Name", accounts, "Account Name")


def zoho_bulk(accounts: Rows, contacts: Rows) -> Faults:
    """The Bulk Write API: names of the API, the account by its name."""
    yield from _filled(accounts, "Account_Name")
    yield from _filled(contacts, "Last_Name")
    yield from _once(accounts, "Account_Name", "Cleanse_Id")
    yield from _long(contacts, {"Last_Name": 80, "Email": 100, "Mobile": 30})
    yield from _child(contacts, "Account_Name.Account_Name", accounts, "Account_Name")


def wizard(accounts: Rows, contacts: Rows) -> Faults:
    """The Data Import Wizard: labels, the account by its name, 90 fields, descriptions of 32 KB."""
    if len(accounts[0]) > 90 or any(len(row["Account Description"].encode()) > 32_000 for row in accounts):
        yield "too large"
    if any(sum(len(cell.encode()) for cell in row.values()) > 400_000 for row in accounts):
        yield "too large"
    yield from _filled(accounts, "Account Name")
    yield from _filled(contacts, "Last Name")
    yield from _long(accounts, {"Account Name": 255, "Phone": 40, "Billing City": 40})
    yield from _child(contacts, "Account Name", accounts, "Account Name")


def jiandaoyun(customers: Rows, contacts: Rows) -> Faults:
    """简道云: at most 200 columns, no 流水号, days as YYYY-MM-DD, the customer of a contact in the form of customers."""
    if max(len(customers[0]), len(contacts[0])) > 200 or "流水号" in {*customers[0], *contacts[0]}:
        yield "columns"
    yield from _filled(customers, "客户名称")
    yield from _once(customers, "客户名称")
    for name in (n for n in customers[0] if n.endswith("日期")):
        yield from _matches(customers, name, _day, "日期格式错误")
    yield from _filled(contacts, "姓名")
    yield from _child(contacts, "客户名称", customers, "客户名称")


def fxiaoke(customers: Rows, contacts: Rows) -> Faults:
    """纷享销客: the required fields are there and filled; users are told by a code, never by a name."""
    yield from _filled(customers, "客户名称")
    yield from _filled(contacts, "姓名")
    yield from _once(customers, "客户名称")
    for rows in (customers, contacts):
        yield from _matches(rows, "负责人", re.compile(r"[A-Z0-9-]+").fullmatch, "负责人不存在")
    yield from _child(contacts, "客户名称", customers, "客户名称")


def xiaoshouyi(customers: Rows, contacts: Rows) -> Faults:
    """销售易: what its API tells of the objects: names, the company of a contact, owners by number."""
    yield from _filled(customers, "公司名称")
    yield from _filled(contacts, "姓名")
    yield from _once(customers, "公司名称")
    yield from _matches(customers, "客户所有人", str.isdigit, "owner")
    yield from _child(contacts, "公司名称", customers, "公司名称")


# profile: what judges it, how its rows are read, rows and bytes that one file of it may have
IMPORTERS: dict[str, tuple[Callable[[Rows, Rows], Faults], Callable[[Path], Rows], int, int]] = {
    "salesforce": (salesforce, lambda p: _text(p.read_bytes(), False), 150_000_000, 100_000_000),
    "salesforce-dataloader": (salesforce, lambda p: _text(p.read_bytes(), False), 5_000_000, 150_000_000),
    "salesforce-wizard": (wizard, lambda p: _text(p.read_bytes(), False), 50_000, 100_000_000),
    "hubspot": (hubspot, lambda p: _text(p.read_bytes(), False), 1_048_575, 20_000_000),
    "zoho": (zoho, lambda p: _text(p.read_bytes(), True), 1_000, 5_000_000),
    "zoho-bulk": (zoho_bulk, lambda p: _text(zipfile.ZipFile(p).read(f"{p.stem}.csv"), False), 25_000, 25_000_000),
    "wukong-11": (wukong, lambda p: _sheet(p, 2), 9_999, 100_000_000),
    "cordys": (cordys, lambda p: _sheet(p, 1), 10**9, 10**9),
    "jiandaoyun": (jiandaoyun, lambda p: _sheet(p, 1), 10_000, 10**9),
    "fxiaoke": (fxiaoke, lambda p: _sheet(p, 1), 10**9, 10**9),
    "xiaoshouyi": (xiaoshouyi, lambda p: _sheet(p, 1), 10**9, 10**9),
}
