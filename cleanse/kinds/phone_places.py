"""Where a mobile number was issued, by its prefix: a hint about its owner, no more.

The table (geocoding data of phonenumbers) is large, so that this file is loaded only where a project asks for it.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import geocoder


def issued_in(mobile: str) -> str:
    """The place of a Chinese mobile in canonical form, as one text from the province down; '' where none is known.

    >>> issued_in("13812345678"), issued_in("+14155550123"), issued_in("19912345678")
    ('江苏省连云港市', '', '')
    """
    if len(mobile) != 11 or not mobile.isascii() or not mobile.isdigit():
        return ""
    place = geocoder.description_for_number(phonenumbers.parse(mobile, "CN"), "zh")
    return "" if place == "中国" else place
