"""Bytes to text, for the formats that do not say their encoding."""

from __future__ import annotations

import codecs

__all__ = ["decode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(content: bytes) -> str:
    """Decode by the byte order mark, else as UTF-8, else as GB 18030, the encoding of older Chinese files.

    Raises:
        UnicodeDecodeError: It is none of these; or a `ValueError`: it is binary.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding)
    if b"\x00" in content:
        raise ValueError("it is binary, not text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("gb18030")
