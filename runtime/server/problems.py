"""Errors as problem details (RFC 9457) with our stable codes."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..base.errors import BaigongError, Json
from .errors import NoRoute, RequestInvalid, ServerError, WrongMethod
from .openai.failures import PREFIX, failure
from .openai.presence import ClientGone

__all__ = ["add_handlers", "problem"]

_CLOSED: Final = 499
"""nginx's status for a client that has gone away; nobody reads it but the metrics."""

log = logging.getLogger(__name__)


def problem(error: BaigongError, path: str = "") -> JSONResponse:
    """Return an error as `application/problem+json`, with `code`, `exit_code`, `where`, `fix` and `details` of ours.

    Args:
        error: The error.
        path: The request's path: under the OpenAI-compatible interface errors have the form that its clients read.
    """
    if path.startswith(PREFIX):
        return failure(error)
    shown = error.to_json()
    body: dict[str, Json] = {
        "type": f"urn:baigong:error:{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": shown.pop("message"),
        **shown,
        "exit_code": error.exit_code,
    }
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


def add_handlers(app: FastAPI) -> None:
    """Let every error of an app become a problem."""
    app.add_exception_handler(BaigongError, _ours)
    app.add_exception_handler(ClientGone, _gone)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    return problem(cast("BaigongError", error), request.url.path)


async def _gone(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse(None, _CLOSED)


async def _validation(request: Request, error: Exception) -> JSONResponse:
    found = cast("RequestValidationError", error).errors()
    errors: list[Json] = [{"where": _place(one["loc"]), "message": str(one["msg"])} for one in found]
    first = cast("dict[str, str]", errors[0])
    fix = "The API's description is at /v1/openapi.json."
    wrong = RequestInvalid(f"{first['message']}.", where=first["where"], fix=fix, details={"errors": errors})
    return problem(wrong, request.url.path)


async def _http(request: Request, error: Exception) -> JSONResponse:
    found = cast("HTTPException", error)
    answer = problem(_of_status(found, request), request.url.path)
    if found.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers.update(found.headers or {})
    return answer


def _of_status(found: HTTPException, request: Request) -> BaigongError:
    """Return our error for one that the framework raises."""
    path = request.url.path
    if isinstance(found.__cause__, BaigongError):  # FastAPI wraps what reading the body raises
        return found.__cause__
    match found.status_code:
        case 404:
            return NoRoute("Nothing is served under this path.", where=path, fix="See /v1/openapi.json.")
        case 405:
            return WrongMethod(f"The path is not served with {request.method}.", where=path)
        case 400:
            return RequestInvalid(f"{found.detail}.", where="body")
        case _:
            return ServerError(f"{found.detail}.")


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    path = request.url.path
    log.error("%s %s failed", request.method, path, exc_info=error)
    fix = "This is a defect of Baigong or of a plugin; the server's log has the details."
    return problem(BaigongError(f"Unexpected {type(error).__name__}.", where=path, fix=fix), path)


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(map(str, parts))
