"""`md`: Markdown; the text stays as it is written, headings make sections, YAML front matter makes metadata."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import cast

import yaml
from markdown_it import MarkdownIt

from ..documents import Extracted, Scalar, plain_text
from .decoding import decode
from .outline import Heading, sections_of

__all__ = ["read"]

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)


def read(content: bytes) -> Extracted:
    """Return the source text; only headings of CommonMark count, so `#` in a code block is none."""
    text = plain_text(decode(content))
    front = _FRONT.match(text)
    start = front.end() if front else 0
    return Extracted(
        text=text,
        sections=sections_of(_headings(text, start), start=start, end=len(text)),
        metadata=_metadata(front[1]) if front else {},
    )


def _headings(text: str, start: int) -> list[Heading]:
    offsets = [start]
    for line in text[start:].splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    tokens = MarkdownIt("commonmark").parse(text[start:])
    return [
        (offsets[token.map[0]], offsets[min(token.map[1], len(offsets) - 1)], int(token.tag[1:]), inline.content)
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.map and token.level == 0
    ]


def _metadata(source: str) -> dict[str, Scalar]:
    found: object = yaml.safe_load(source)
    items = cast("dict[object, object]", found).items() if isinstance(found, dict) else ()
    return {str(key): value for key, value in items if isinstance(value, str | int | float | bool)}
