"""What a server says when it does not answer, as our errors."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..base.errors import Json
from .errors import ModelError, ModelNotConfigured, ModelRefused, ModelUnavailable
from .strictjson import parse

__all__ = ["failure_of_event", "failure_of_response", "seconds_of"]

MAX_SHOWN = 300
SETUP = {401, 402, 403, 404, 405}
"""The key, the account, the permission or the model's name is wrong: another deployment may work."""

BUSY = {408, 409, 425, 429}
NO_QUOTA = "insufficient_quota"


def failure_of_response(
    status: int, body: bytes, *, where: str, retry_after: float | None = None, key: str | None = None
) -> ModelError:
    """Return the error for a response that is no answer.

    Args:
        status: HTTP status.
        body: Its body, or the beginning of it.
        where: The deployment.
        retry_after: Seconds that the server asks to wait.
        key: The API key; servers that repeat it are not repeated.
    """
    text = body.decode("utf-8", "replace")
    try:
        said = parse(text)
    except ValueError:
        said = text
    message, kind = _said(said)
    if key:
        message = message.replace(key, "***")
    return _failure(status, message, kind, where=where, retry_after=retry_after)


def failure_of_event(error: Json, *, where: str) -> ModelError:
    """Return the error that a server reports inside a stream."""
    message, kind = _said(error)
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) else int(code) if isinstance(code, str) and code.isdecimal() else 500
    return _failure(status, message, kind, where=where)


def seconds_of(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds of a `Retry-After` header (RFC 9110, section 10.2.3: seconds or a date), None without one."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)


def _failure(status: int, message: str, kind: str, *, where: str, retry_after: float | None = None) -> ModelError:
    details: dict[str, Json] = {"status": status}
    text = f"The server answered {status}: {message or 'no message'}"
    if status in SETUP or status < 400 or kind == NO_QUOTA:
        return ModelNotConfigured(text, where=where, fix="Check its url, model, key and account.", details=details)
    if status in BUSY or status >= 500:
        if retry_after is not None:
            details["retry_after"] = retry_after
        return ModelUnavailable(text, where=where, details=details)
    return ModelRefused(text, where=where, details=details)


def _said(error: Json) -> tuple[str, str]:
    """Return message and kind; servers say `{error: {message, code}}`, `{error}`, `{message}`, `{detail}` or a text."""
    if isinstance(error, dict):
        inner = error.get("error")
        if inner:
            return _said(inner)
        message = error.get("message") or error.get("detail") or ""
        return _short(message), str(error.get("code") or error.get("type") or "")
    return _short(error), ""


def _short(message: Json) -> str:
    text = " ".join(str(message or "").split())
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
