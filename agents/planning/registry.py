"""The strategies that this installation has."""

from __future__ import annotations

from runtime.base.plugins import names, pick

from .base import Strategy

__all__ = ["STRATEGIES", "strategy"]

GROUP = "baigong.strategies"
STRATEGIES: tuple[str, ...] = tuple(sorted(names(GROUP)))
"""Their names."""


def strategy(name: str) -> Strategy:
    """Return a strategy by name.

    Raises:
        PluginError: There is none of that name.
    """
    kind = pick(GROUP, name)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise TypeError(f"the plugin {name!r} of {GROUP} is no Strategy")
    return kind()
