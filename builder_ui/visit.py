"""One visit of a page: its language, its texts, and its way to the runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .client import Client
from .proxy import COOKIE
from .texts import Language, texts

__all__ = ["Visit", "begin"]

_LANG: Final = "lang"


@dataclass(frozen=True, slots=True)
class Visit:
    """What every page needs.

    Attributes:
        language: The visitor's language.
        client: The way to the runtime.
    """

    language: Language
    client: Client

    def say(self, key: str, **names: Any) -> str:  # noqa: ANN401 anything that has a text
        """Return a text of the catalogue with its places filled.

        Raises:
            KeyError: The catalogue has no such key.
        """
        return texts(self.language)[key].format(**names)

    def label(self, label: Mapping[str, str | None] | None) -> str:
        """Return an app's own text in the visitor's language, else in the other one."""
        if not label:
            return ""
        return label.get(self.language) or label.get("en") or label.get("zh") or ""


def begin() -> Visit:
    """Return the visit that Streamlit runs the script for."""
    import streamlit as st

    origin = _origin(st.context.url or "")
    client = Client(str(st.secrets["runtime"]), st.context.cookies.get(COOKIE), origin)
    return Visit(_language(), client)


def _language() -> Language:
    """Return the language in the address, else the one of this visit, else the browser's, else the setting's."""
    import streamlit as st

    chosen = st.query_params.get(_LANG) or st.session_state.get(_LANG)
    if chosen not in ("en", "zh"):
        locale = (st.context.locale or "").lower()
        chosen = "zh" if locale.startswith("zh") else "en" if locale.startswith("en") else st.secrets["language"]
    language: Language = "zh" if chosen == "zh" else "en"
    st.session_state[_LANG] = language
    if st.query_params.get(_LANG) != language:
        st.query_params[_LANG] = language
    return language


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
