"""Cookies belong to visitors: a connection to the runtime, which serves many of them, keeps none."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy

__all__ = ["no_cookies"]


def no_cookies() -> CookieJar:
    """Return a jar that takes in nothing, so that no visitor's session is sent for another one."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))
