"""The kinds of values, by name: one line each."""

from __future__ import annotations

from cleanse.kinds import contact_line, date, email, money, phone, text
from cleanse.model import Kind

KINDS: dict[str, Kind] = {
    "text": text.KIND,
    "phone": phone.KIND,
    "email": email.KIND,
    "date": date.KIND,
    "money": money.KIND,
    "contact_line": contact_line.KIND,
}
