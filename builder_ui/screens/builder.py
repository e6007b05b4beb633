"""The builder's page: the canvas of one app."""

from __future__ import annotations

from ..component import mount
from ..theme import PAGE_STYLE
from ..visit import Visit

__all__ = ["show_builder"]


def show_builder(visit: Visit) -> None:
    """Draw the canvas of the app in the address, or offer the apps."""
    import streamlit as st

    app = st.query_params.get("app") or st.session_state.get("app")
    if not app:
        st.info(visit.say("builder.no_app"))
        for one in visit.client.get("/v1/apps")["apps"]:
            if st.button(visit.label(one["name"]) or one["id"], key=one["id"]):
                st.query_params["app"] = one["id"]
                st.rerun()
        return
    st.session_state["app"] = app
    if st.query_params.get("app") != app:
        st.query_params["app"] = app
    st.html(PAGE_STYLE)
    mount(visit, "builder", app=app)
