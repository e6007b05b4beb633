"""Errors in the form of OpenAI: `{"error": {"message", "type", "param", "code"}}`.

Clients choose an exception by the status and read `code` and `param`; where OpenAI has a code of its own for what went
wrong, that one is sent, and else ours. Ours always stands in the header `x-baigong-code`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from fastapi.responses import JSONResponse

from ...base.errors import BaigongError, Json
from ...base.ids import new_id
from ...models.errors import ModelNotConfigured, ModelRefused, PromptTooLong
from ...orchestration.budget import BudgetExceeded
from ..errors import (
    Forbidden,
    ModelUnknown,
    NoRoute,
    ObjectUnknown,
    ParameterInvalid,
    RequestInvalid,
    RequestTooLarge,
    Unauthenticated,
)

__all__ = ["PREFIX", "failure", "failure_body", "failure_status"]

PREFIX: Final = "/openai/v1"
"""Where the interface begins."""


class _Form(NamedTuple):
    status: int
    type: str
    code: str | None


_PLACE: Final = re.compile(r"\.([0-9]+)\b", re.ASCII)
_INVALID: Final = "invalid_request_error"


def failure(error: BaigongError) -> JSONResponse:
    """Return an error as a response."""
    form = _form(error)
    headers = {"x-request-id": new_id("req"), "x-baigong-code": error.code}
    if form.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    wait = error.details.get("retry_after")
    if isinstance(wait, int | float):
        headers["Retry-After"] = str(max(1, round(wait)))
    return JSONResponse(failure_body(error), form.status, headers)


def failure_body(error: BaigongError) -> dict[str, Json]:
    """Return an error's body, which also ends a stream that breaks off."""
    form = _form(error)
    message = f"{error.message} {error.fix}" if error.fix else error.message
    told = form.type == _INVALID and form.code != "invalid_api_key" and error.where
    param = _PLACE.sub(r"[\1]", error.where.removeprefix("body.")) if told and error.where else None
    said: dict[str, Json] = {"message": message, "type": form.type, "param": param, "code": form.code or error.code}
    return {"error": said}


def failure_status(error: BaigongError) -> int:
    """Return the status of the response that tells an error."""
    return _form(error).status


_FORMS: Final[tuple[tuple[type[BaigongError], _Form], ...]] = (
    (Unauthenticated, _Form(401, _INVALID, "invalid_api_key")),
    (Forbidden, _Form(403, "permission_error", "permission_denied")),
    (ModelUnknown, _Form(404, _INVALID, "model_not_found")),
    (ObjectUnknown, _Form(404, _INVALID, "not_found")),
    (NoRoute, _Form(404, _INVALID, "unknown_url")),
    (PromptTooLong, _Form(400, _INVALID, "context_length_exceeded")),
    (ParameterInvalid, _Form(400, _INVALID, "invalid_value")),
    (RequestInvalid, _Form(400, _INVALID, "invalid_value")),
    (RequestTooLarge, _Form(413, _INVALID, "request_too_large")),
    (ModelRefused, _Form(400, _INVALID, None)),
    (BudgetExceeded, _Form(429, "insufficient_quota", "insufficient_quota")),
    (ModelNotConfigured, _Form(503, "server_error", None)),
)
"""The first class that an error is of says its form."""


def _form(error: BaigongError) -> _Form:
    """Return status, type and OpenAI's code of an error."""
    found = next((form for kind, form in _FORMS if isinstance(error, kind)), None)
    if found is not None:
        code = error.details.get("code")
        return found._replace(code=code) if isinstance(error, ParameterInvalid) and isinstance(code, str) else found
    if error.status == 429:
        return _Form(429, "rate_limit_error", "rate_limit_exceeded")
    return _Form(error.status, "server_error" if error.status >= 500 else _INVALID, None)
