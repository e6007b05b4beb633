"""The page of models."""

from __future__ import annotations

from ..component import mount
from ..theme import PAGE_STYLE
from ..visit import Visit

__all__ = ["show_models"]


def show_models(visit: Visit) -> None:
    """Draw the deployments, the playground, the routing and its decisions."""
    import streamlit as st

    st.html(PAGE_STYLE)
    mount(visit, "models")
