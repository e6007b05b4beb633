"""Puts the builder together: Streamlit's pages, the canvas's files, signing in, and the way to the runtime."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from .assets import serve_asset
from .gate import Gate
from .proxy import Proxy
from .signin import SignIn
from .theme import configure

__all__ = ["create_app"]


def create_app(runtime: str, *, hosts: Iterable[str], language: str) -> ASGIApp:
    """Return the builder of one runtime.

    Args:
        runtime: The runtime's address.
        hosts: Names by which the builder may be called.
        language: The language of visitors who have chosen none.
    """
    import streamlit as st

    configure()
    proxy = Proxy(runtime)
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE"]
    routes = [
        Route("/api/{path:path}", proxy.forward, methods=methods),
        Route("/signin", SignIn(proxy, language).answer, methods=["GET"]),
        Route("/canvas/{name}", serve_asset, methods=["GET"]),
    ]
    secrets: dict[str, Any] = {"runtime": runtime, "language": language}
    gate = Middleware(Gate, hosts=frozenset(hosts))
    return st.App(Path(__file__).with_name("script.py"), routes=routes, middleware=[gate], secrets=secrets)
