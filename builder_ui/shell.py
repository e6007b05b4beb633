"""The frame of every page: who visits, in which language, and which pages there are."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from pathlib import Path

from .errors import Refused, RuntimeAway
from .screens.builder import show_builder
from .screens.home import show_home
from .screens.models import show_models
from .screens.runs import show_runs
from .visit import Visit, begin

__all__ = ["show"]


def show() -> None:
    """Draw the page of the address."""
    import streamlit as st

    visit = begin()
    st.set_page_config(page_title="Baigong 百工", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
    if not _signed_in(visit):
        return
    pages = [
        st.Page(partial(show_home, visit), title=visit.say("page.home"), url_path="home", default=True),
        st.Page(partial(show_builder, visit), title=visit.say("page.builder"), url_path="builder"),
        st.Page(partial(show_runs, visit), title=visit.say("page.runs"), url_path="runs"),
        st.Page(partial(show_models, visit), title=visit.say("page.models"), url_path="models"),
    ]
    st.navigation(pages, position="top").run()


def _signed_in(visit: Visit) -> bool:
    """Say whether the visitor may go on; else tell what to do."""
    import streamlit as st

    try:
        visit.client.get("/v1/session")
    except RuntimeAway:
        st.error(visit.say("shell.away"))
        return False
    except Refused as refused:
        st.title("Baigong 百工")
        signed_out = refused.answered == HTTPStatus.UNAUTHORIZED
        st.info(visit.say("shell.sign_in") if signed_out else refused.message)
        return False
    return True
