"""The page of runs."""

from __future__ import annotations

from ..component import mount
from ..theme import PAGE_STYLE
from ..visit import Visit

__all__ = ["show_runs"]


def show_runs(visit: Visit) -> None:
    """Draw the runs, and the one in the address."""
    import streamlit as st

    st.html(PAGE_STYLE)
    mount(visit, "runs")
