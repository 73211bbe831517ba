"""Workbooks of LibreOffice behind a password: AES in the way of ODF 1.2 and 1.3. Only the cells are opened."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

from cleanse.readers import odf

MANIFEST = "META-INF/manifest.xml"
KNOWN = b"#aes256-cbc"
CHECKED = 1024  # bytes of the packed text by which a password is told to fit
MOST = 1 << 31  # bytes of the text
_M = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    etree.XMLSyntaxError,
    LookupError,
    StopIteration,
    ValueError,
    OSError,
)  # of what is damaged, or locked in another way


@dataclass(frozen=True)
class _Lock:
    """What the manifest says of the part with the cells."""

    salt: bytes
    start: bytes
    rounds: int
    length: int
    checksum: bytes

    def key(self, password: str) -> bytes:
        secret = hashlib.sha256(password.encode()).digest()
        return hashlib.pbkdf2_hmac("sha1", secret, self.salt, self.rounds, self.length)


def opened(data: bytes, passwords: Sequence[str]) -> bytes | None:
    """The workbook without its password, or None where no password fits."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            lock, sealed = _lock(package.read(MANIFEST)), package.read(odf.CONTENT)
        texts = (_text(lock, sealed, password) for password in dict.fromkeys(passwords))
        return next((odf.packed(text) for text in texts if text is not None), None)
    except _FAULTS:
        return None


def _lock(manifest: bytes) -> _Lock:
    tree = etree.fromstring(manifest, etree.XMLParser(resolve_entities=False, no_network=True))
    sealed = next(e for e in tree.iter(f"{_M}file-entry") if e.get(f"{_M}full-path") == odf.CONTENT)
    said = {key: value for e in sealed.iter() for key, value in e.attrib.items()}
    return _Lock(
        base64.b64decode(said[f"{_M}salt"]),
        base64.b64decode(said[f"{_M}initialisation-vector"]),
        int(said[f"{_M}iteration-count"]),
        int(said[f"{_M}key-size"]),
        base64.b64decode(said[f"{_M}checksum"]),
    )


def _text(lock: _Lock, sealed: bytes, password: str) -> bytes | None:
    """The cells, or None where the password does not fit."""
    cipher = Cipher(algorithms.AES(lock.key(password)), modes.CBC(lock.start)).decryptor()
    packed = cipher.update(sealed) + cipher.finalize()
    packed = packed[: len(packed) - packed[-1]]  # the last byte counts those that fill the last block
    if hashlib.sha256(packed[:CHECKED]).digest() != lock.checksum:
        return None
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, MOST)
