"""The kinds of values, by name: one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from cleanse.kinds import (
    address,
    cn_id,
    code,
    company,
    company_name,
    contact_line,
    country,
    date,
    email,
    licence,
    money,
    org_code,
    owner,
    percent,
    person,
    phone,
    picklist,
    postcode,
    quantity,
    region,
    text,
    url,
    uscc,
    yesno,
)
from cleanse.model import Kind, Words

KINDS: dict[str, Kind] = {
    "text": text.KIND,
    "country": country.KIND,
    "phone": phone.KIND,
    "email": email.KIND,
    "date": date.KIND,
    "money": money.KIND,
    "contact_line": contact_line.KIND,
    "person": person.KIND,
    "region": region.KIND,
    "address": address.KIND,
    "picklist": picklist.KIND,
    "owner": owner.KIND,
    "company": company.KIND,
    "uscc": uscc.KIND,
    "code": code.KIND,
    "licence": licence.KIND,
    "org_code": org_code.KIND,
    "cn_id": cn_id.KIND,
    "url": url.KIND,
    "postcode": postcode.KIND,
    "percent": percent.KIND,
    "quantity": quantity.KIND,
    "yesno": yesno.KIND,
}

# What names of a kind are compared by when records are linked.
COMPARABLE: dict[str, Callable[[Sequence[str], Words], pd.DataFrame]] = {
    "company": company_name.comparable,
    "person": person.comparable,
}
