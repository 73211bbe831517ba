"""Office files behind a password, opened with the passwords a person hands over, never with guessed ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import msoffcrypto
from msoffcrypto import exceptions
from msoffcrypto.method.ecma376_standard import ECMA376Standard

from cleanse.readers import odf_locked

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What Excel itself tries: a workbook that is only protected against changes is encrypted with this word (MS-OFFCRYPTO).
STANDING = "VelvetSweatshop"
PACKAGE, SIZE, BLOCK = "EncryptedPackage", 8, 16  # bytes that tell the length, of one block of AES


def opened(data: bytes, passwords: Sequence[str]) -> bytes | None:
    """The file without its password, or None where no password fits or the kind of protection is not known.

    Works for xlsx, xlsm, xlsb (ECMA-376 standard and agile), xls (XOR, RC4, RC4 CryptoAPI) and ods (AES of ODF 1.2 and 1.3).
    """
    if data.startswith(ZIP):
        return odf_locked.opened(data, passwords)
    if not data.startswith(OLE):
        return None
    for password in dict.fromkeys((STANDING, *passwords)):
        try:
            return _plain(msoffcrypto.OfficeFile(io.BytesIO(data)), password)
        except Exception:  # the library stumbles over damaged and over unknown protection in many ways: not opened
            continue
    return None


def _plain(file: Any, password: str) -> bytes:
    """Raises InvalidKeyError for a password that does not fit."""
    out = io.BytesIO()
    if file.format != "ooxml":
        file.load_key(password=password)
        file.decrypt(out)
        return out.getvalue()
    try:
        file.load_key(password=password, verify_password=True)
    except exceptions.InvalidKeyError:
        if file.type != "agile":
            raise
        # The library compares a hash of 20 bytes with one that is filled up to 32: what comes out must decide.
    if file.type == "standard":
        out.write(_standard(file))
    else:
        file.decrypt(out)
    if not zipfile.is_zipfile(out):
        raise exceptions.InvalidKeyError("no package comes out")
    return out.getvalue()


def _standard(file: Any) -> bytes:
    """Some programs leave out the end of the last block, which the library fails on."""
    with file.file.openstream(PACKAGE) as stream:
        data = stream.read()
    filled = data + bytes(-(len(data) - SIZE) % BLOCK)
    return bytes(ECMA376Standard.decrypt(file.secret_key, io.BytesIO(filled)))
