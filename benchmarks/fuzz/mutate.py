"""Valid files made wrong, by a seeded dice: bytes flipped, cut, doubled, spliced; inside packages also their parts."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ODD = (
    b"",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\r",
    b'"',
    b"<",
    b"&x;",
    b"]]>",
    b"1e308",
    b"-1",
    b"99999999999",
    b"\xef\xbb\xbf",
    "\u202e".encode(),
)
Mutation = Callable[[bytes, random.Random], bytes]


def flip(data: bytes, dice: random.Random) -> bytes:
    """A few bytes become others."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 4, 32))):
        out[dice.randrange(len(out))] = dice.randrange(256)
    return bytes(out)


def cut(data: bytes, dice: random.Random) -> bytes:
    """The end is missing."""
    return data[: dice.randrange(len(data))]


def drop(data: bytes, dice: random.Random) -> bytes:
    """A piece is missing."""
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.randrange(1, 200) :]


def double(data: bytes, dice: random.Random) -> bytes:
    """A piece stands twice, or many times."""
    at = dice.randrange(len(data))
    piece = data[at : at + dice.randrange(1, 400)]
    return data[:at] + piece * dice.choice((2, 2, 50)) + data[at:]


def blot(data: bytes, dice: random.Random) -> bytes:
    """A piece is overwritten with zeros or noise."""
    at, length = dice.randrange(len(data)), dice.randrange(1, 400)
    return data[:at] + (bytes(length) if dice.random() < 0.5 else dice.randbytes(length)) + data[at + length :]


def put(data: bytes, dice: random.Random) -> bytes:
    """Something odd is put in."""
    at = dice.randrange(len(data))
    return data[:at] + dice.choice(ODD) + data[at + dice.choice((0, 1, 4)) :]


PLAIN: tuple[Mutation, ...] = (flip, cut, drop, double, blot, put)


def inside(data: bytes, dice: random.Random) -> bytes:
    """One part of a zip package is changed, and the package closed again as if nothing was."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = [i.filename for i in old.infolist() if not i.is_dir()]
        chosen = dice.choice([n for n in names if n.endswith((".xml", ".bin", ".rels"))] or names)
        for name in names:
            part = old.read(name)
            new.writestr(name, dice.choice(PLAIN)(part, dice) if name == chosen and part else part)
    return out.getvalue()


def mutated(files: Sequence[Path], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """``count`` wrong files, each named by its number, its mutation and the file it was; the same ones for one seed."""
    valid = [(path, path.read_bytes()) for path in files]
    for number in range(count):
        dice = random.Random(f"{seed}-{number}")
        path, data = valid[number % len(valid)]
        if zipfile.is_zipfile(path) and dice.random() < 0.6:
            change: Mutation = inside
        else:
            change = dice.choice((*PLAIN, splice(dice.choice(valid)[1])))
        yield f"{number:05d}_{change.__name__}_{path.name}", change(data, dice)


def splice(other: bytes) -> Mutation:
    """The first part of one file with the last part of another."""

    def spliced(data: bytes, dice: random.Random) -> bytes:
        return data[: dice.randrange(len(data))] + other[dice.randrange(len(other)) :]

    return spliced
