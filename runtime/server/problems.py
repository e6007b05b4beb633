"""Errors as problem details (RFC 9457) with our stable codes."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..base.errors import BaigongError, Json
from .errors import NoRoute, RequestInvalid, ServerError, WrongMethod

__all__ = ["add_handlers", "problem"]

log = logging.getLogger(__name__)


def problem(error: BaigongError) -> JSONResponse:
    """Return an error as `application/problem+json`, with `code`, `exit_code`, `where`, `fix` and `details` of ours."""
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
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    return problem(cast("BaigongError", error))


async def _validation(_: Request, error: Exception) -> JSONResponse:
    found = cast("RequestValidationError", error).errors()
    errors: list[Json] = [{"where": _place(one["loc"]), "message": str(one["msg"])} for one in found]
    first = cast("dict[str, str]", errors[0])
    fix = "The API's description is at /v1/openapi.json."
    return problem(RequestInvalid(f"{first['message']}.", where=first["where"], fix=fix, details={"errors": errors}))


async def _http(request: Request, error: Exception) -> JSONResponse:
    found = cast("HTTPException", error)
    if isinstance(found.__cause__, BaigongError):  # FastAPI wraps what reading the body raises
        return problem(found.__cause__)
    if found.status_code == 404:
        return problem(
            NoRoute("Nothing is served under this path.", where=request.url.path, fix="See /v1/openapi.json.")
        )
    if found.status_code == 405:
        answer = problem(WrongMethod(f"The path is not served with {request.method}.", where=request.url.path))
        answer.headers.update(found.headers or {})
        return answer
    if found.status_code == 400:
        return problem(RequestInvalid(f"{found.detail}.", where="body"))
    return problem(ServerError(f"{found.detail}."))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    fix = "This is a defect of Baigong or of a plugin; the server's log has the details."
    return problem(BaigongError(f"Unexpected {type(error).__name__}.", where=request.url.path, fix=fix))


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(map(str, parts))
