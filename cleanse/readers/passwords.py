"""Office files behind a password, opened with the passwords a person hands over, never with guessed ones."""

from __future__ import annotations

import io
from collections.abc import Sequence

import msoffcrypto
from msoffcrypto import exceptions

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What Excel itself tries: a workbook that is only protected against changes is encrypted with this word (MS-OFFCRYPTO).
STANDING = "VelvetSweatshop"


def opened(data: bytes, passwords: Sequence[str]) -> bytes | None:
    """The file without its password, or None where no password fits or the kind of protection is not known.

    Works for xlsx, xlsm, xlsb (ECMA-376 standard and agile) and xls (XOR, RC4, RC4 CryptoAPI).
    """
    if not data.startswith(OLE):
        return None
    for password in dict.fromkeys((STANDING, *passwords)):
        out = io.BytesIO()
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(data))
            if file.format == "ooxml":
                file.load_key(password=password, verify_password=True)
            else:
                file.load_key(password=password)
            file.decrypt(out)
        except exceptions.InvalidKeyError:
            continue
        except Exception:  # the library stumbles over damaged and over unknown protection in many ways: not opened
            return None
        return out.getvalue()
    return None
