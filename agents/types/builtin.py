"""The records that every app knows without declaring them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .shapes import INTEGER, NUMBER, STRING, ListOf, OptionalOf, Record

__all__ = ["BUILTINS", "CITATION", "ERROR", "ITEM_ERROR", "MESSAGE", "PASSAGE", "STEP", "USAGE"]

PASSAGE = Record(
    "Passage",
    {
        "text": STRING,
        "document": STRING,
        "page": OptionalOf(INTEGER),
        "start": INTEGER,
        "end": INTEGER,
        "score": NUMBER,
        "id": STRING,
        "heading": OptionalOf(STRING),
    },
)
"""A retrieved piece of a document; `start` and `end` count characters of the document's text."""

CITATION = Record(
    "Citation",
    {
        "id": STRING,
        "document": STRING,
        "page": OptionalOf(INTEGER),
        "start": INTEGER,
        "end": INTEGER,
        "quote": STRING,
    },
)
"""A place in a document that a statement rests on."""

MESSAGE = Record("Message", {"role": STRING, "content": STRING})
"""One message of a conversation."""

STEP = Record(
    "Step",
    {
        "title": STRING,
        "detail": OptionalOf(STRING),
        "status": OptionalOf(STRING),
        "citations": OptionalOf(ListOf(CITATION)),
    },
)
"""One step of an agent's work."""

USAGE = Record("Usage", {"tokens": INTEGER, "usd": NUMBER, "seconds": NUMBER, "tool_calls": INTEGER})
"""What something cost: tokens, US dollars, seconds, calls of tools."""

ERROR = Record("Error", {"code": STRING, "message": STRING, "where": OptionalOf(STRING)})
"""A failure that a flow can handle."""

ITEM_ERROR = Record("ItemError", {"index": INTEGER, "error": ERROR})
"""The failure of one item of a `map`; `index` counts from 0."""

BUILTINS: Mapping[str, Record] = MappingProxyType(
    {record.name: record for record in (CITATION, PASSAGE, MESSAGE, STEP, USAGE, ERROR, ITEM_ERROR)}
)
