"""How Streamlit is set up: its looks, and nothing that leaves this machine."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["HOME_STYLE", "PAGE_STYLE", "configure"]

_OPTIONS: Final[dict[str, Any]] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 1,
    "theme.primaryColor": "#0f766e",
    "theme.baseRadius": "8px",
    "theme.font": "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif",
    "theme.light.secondaryBackgroundColor": "#f4f6f7",
}

PAGE_STYLE: Final = """<style>
[data-testid="stMainBlockContainer"] { padding: 3.75rem 0 0; max-width: none; }
[data-testid="stMain"] { overflow: hidden; }
[data-testid="stVerticalBlock"] { gap: 0; }
</style>"""
"""For a page that one component fills."""

HOME_STYLE: Final = """<style>
[data-testid="stMainBlockContainer"] { padding: 5.2rem 2rem 3rem; max-width: 1180px; }
[data-testid="stMain"] h1 { font-size: 2rem; padding: 0; }
[data-testid="stMain"] h3 { font-size: 1.2rem; padding: 1.2rem 0 0; }
[class*="st-key-card-"] { height: 100%; }
</style>"""
"""For a page of Streamlit's own parts."""


def configure() -> None:
    """Set Streamlit's options; before the first app is made."""
    from streamlit import config

    for name, value in _OPTIONS.items():
        config.set_option(name, value)
