"""What the built-in servers share: serving on standard streams, and errors in the tool's own words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from runtime.base.errors import BaigongError

if TYPE_CHECKING:
    from fastmcp import FastMCP

__all__ = ["plain_errors", "serve"]

P = ParamSpec("P")
T = TypeVar("T")


def serve(server: FastMCP[Any]) -> None:
    """Serve on standard input and output until the input ends."""
    server.run(transport="stdio", show_banner=False, log_level="ERROR")


def plain_errors(function: Callable[P, T]) -> Callable[P, T]:
    """Let a tool's `BaigongError` reach the caller as the tool's failure, with place and remedy."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        from fastmcp.exceptions import ToolError

        try:
            return function(*args, **kwargs)
        except BaigongError as error:
            raise ToolError(str(error)) from error

    return call
