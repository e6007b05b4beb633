"""Names for things: sortable ids for what happens, hashes for what is.

An id is a prefix, `_` and 26 characters of Crockford's base 32: 48 bits of Unix milliseconds, then 80 random bits, so
ids sort by the time they were made in. Sources: the ULID specification (2016) for the layout, Crockford's "Base 32"
for the alphabet, TypeID (2023) for the prefix and the small letters.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time

from .errors import Json

__all__ = ["canonical_json", "content_id", "digest", "new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PREFIX = re.compile(r"[a-z][a-z0-9]{0,15}")
_LENGTH = 26
_RANDOM_BITS = 80


def new_id(prefix: str) -> str:
    """Return a fresh id such as `run_01jd0c4h2tq8m6x0v3n5z7k9ab`.

    Ids of different milliseconds sort by time; those of one millisecond have no order.

    Raises:
        ValueError: `prefix` is not 1 to 16 small letters and digits, a letter first.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no prefix of an id")
    milliseconds = time.time_ns() // 1_000_000
    return f"{prefix}_{_base32(milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS))}"


def _base32(number: int) -> str:
    shifts = range(5 * (_LENGTH - 1), -1, -5)
    return "".join(_ALPHABET[number >> shift & 31] for shift in shifts)


def content_id(content: bytes) -> str:
    """Return the SHA-256 of `content` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def canonical_json(value: Json) -> str:
    """Return the one text that stands for `value`: keys sorted by code point, no spaces, no escapes beyond JSON's own.

    An integer and a float of equal value stay different texts (`1`, `1.0`), unlike in RFC 8785.

    Raises:
        ValueError: A number is infinite or not a number.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Json) -> str:
    """Return the SHA-256 of `value`'s canonical text.

    Raises:
        ValueError: A number is infinite or not a number.
    """
    # A model can answer with half of a surrogate pair, which UTF-8 alone refuses.
    return content_id(canonical_json(value).encode("utf-8", "surrogatepass"))
