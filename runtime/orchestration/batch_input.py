"""The input of a batch: one request on each line, checked before any is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from ..base.errors import Json

__all__ = ["BatchRequest", "read_requests"]

MOST: Final = 50_000
_MOST_ERRORS: Final = 100


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """A request: its line, from 1, the client's name for it, and its body."""

    line: int
    custom_id: str
    body: dict[str, Json]


@dataclass(frozen=True, slots=True)
class _Wrong(Exception):
    code: str
    message: str
    param: str | None = None


def read_requests(content: bytes, endpoint: str) -> tuple[list[BatchRequest], list[Json]]:
    """Return the requests of an input, and what is wrong with it: `{line, code, message, param}`."""
    requests: dict[str, BatchRequest] = {}
    errors: list[Json] = []
    for number, line in _lines(content):
        try:
            request = _read(number, line, endpoint)
            if request.custom_id in requests:
                raise _Wrong("duplicate_custom_id", f"The custom_id {request.custom_id!r} came before.", "custom_id")
            if len(requests) == MOST:
                raise _Wrong("too_many_tasks", f"A batch has at most {MOST} requests.")
        except _Wrong as wrong:
            errors.append({"line": number, "code": wrong.code, "message": wrong.message, "param": wrong.param})
            if len(errors) == _MOST_ERRORS or wrong.code == "too_many_tasks":
                break
        else:
            requests[request.custom_id] = request
    if not requests and not errors:
        errors.append({"line": None, "code": "empty_file", "message": "The file has no requests.", "param": None})
    return [*requests.values()], errors


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield number, line


def _read(number: int, line: bytes, endpoint: str) -> BatchRequest:
    try:
        given = json.loads(line)
    except ValueError as error:
        raise _Wrong("invalid_json_line", "This line is no JSON.") from error
    if not isinstance(given, dict):
        raise _Wrong("invalid_json_line", "This line is no JSON object.")
    told = cast("dict[str, Any]", given)
    for name in ("custom_id", "method", "url", "body"):
        if name not in told:
            raise _Wrong("missing_required_parameter", f"`{name}` is missing.", name)
    if told["method"] != "POST":
        raise _Wrong("invalid_method", "`method` is POST.", "method")
    if told["url"] != endpoint:
        raise _Wrong("invalid_url", f"`url` is the batch's endpoint, {endpoint}.", "url")
    if not isinstance(told["custom_id"], str) or not told["custom_id"]:
        raise _Wrong("invalid_value", "`custom_id` is a text.", "custom_id")
    if not isinstance(told["body"], dict):
        raise _Wrong("invalid_value", "`body` is an object.", "body")
    return BatchRequest(number, told["custom_id"], cast("dict[str, Json]", told["body"]))
