"""The first page: the apps of the workspace, and the templates."""

from __future__ import annotations

import re
from typing import Any, Final

from ..blank import blank_app
from ..errors import Refused
from ..texts import LANGUAGES
from ..theme import HOME_STYLE
from ..visit import Visit

__all__ = ["show_home"]

_COLUMNS: Final = 3


def show_home(visit: Visit) -> None:
    """Draw the page."""
    import streamlit as st

    st.html(HOME_STYLE)
    left, right = st.columns([5, 1], vertical_alignment="top")
    left.title(visit.say("home.title"))
    left.caption(visit.say("home.lead"))
    with right:
        _language(visit)
    apps: list[dict[str, Any]] = visit.client.get("/v1/apps")["apps"]
    own = [app for app in apps if app["origin"] == "own"]
    templates = [app for app in apps if app["origin"] != "own"]
    head, new = st.columns([5, 1], vertical_alignment="bottom")
    head.subheader(visit.say("home.own"))
    if new.button(visit.say("home.new"), icon=":material/add:", width="stretch"):
        _new_app(visit, {app["id"] for app in apps})
    if own:
        _cards(visit, own)
    else:
        st.caption(visit.say("home.none"))
    if templates:
        st.subheader(visit.say("home.templates"))
        st.caption(visit.say("home.templates_lead"))
        _cards(visit, templates)


def _language(visit: Visit) -> None:
    import streamlit as st

    names = {"en": "English", "zh": "中文"}
    chosen = st.segmented_control(
        visit.say("lang.title"), LANGUAGES, default=visit.language, format_func=names.__getitem__, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    if chosen and chosen != visit.language:
        st.session_state["lang"] = chosen
        st.query_params["lang"] = chosen
        st.rerun()


def _cards(visit: Visit, apps: list[dict[str, Any]]) -> None:
    import streamlit as st

    for start in range(0, len(apps), _COLUMNS):
        columns = st.columns(_COLUMNS)
        for column, app in zip(columns, apps[start : start + _COLUMNS], strict=False):
            with column.container(border=True, key=f"card-{app['id']}"):
                _card(visit, app)


def _card(visit: Visit, app: dict[str, Any]) -> None:
    import streamlit as st

    st.markdown(f"**{_plain(visit.label(app['name']) or app['id'])}**")
    st.caption(_plain(visit.label(app.get("description"))) or visit.say("home.no_description"))
    st.caption(f"`{app['id']}` · {app['version'] or '–'}")
    own = app["origin"] == "own"
    wide, narrow = st.columns([4, 1])
    label = visit.say("home.open" if own else "home.use")
    if wide.button(label, key=f"open-{app['id']}", type="primary", width="stretch"):
        st.switch_page(_builder_page(visit), query_params={"app": app["id"], "lang": visit.language})
    if own and narrow.button(
        "", icon=":material/delete:", key=f"delete-{app['id']}", help=visit.say("home.delete"), width="stretch"
    ):
        _delete(visit, app)


def _builder_page(visit: Visit) -> Any:  # noqa: ANN401 a page of Streamlit's
    from functools import partial

    import streamlit as st

    from .builder import show_builder

    return st.Page(partial(show_builder, visit), title=visit.say("page.builder"), url_path="builder")


def _plain(text: str) -> str:
    """Return a text of an app as it stands: it is no Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:^=-])", r"\\\1", text)


def _new_app(visit: Visit, taken: set[str]) -> None:
    import streamlit as st

    @st.dialog(visit.say("home.new"))
    def ask() -> None:
        name = st.text_input(visit.say("home.new_name"), key="new-name", on_change=_suggest)
        app = st.text_input(visit.say("home.new_id"), key="new-id")
        st.caption(visit.say("home.new_id_help"))
        if not st.button(visit.say("home.create"), type="primary"):
            return
        if not name or not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", app):
            st.error(visit.say("home.bad_id"))
        elif app in taken:
            st.error(visit.say("home.taken", id=app))
        else:
            try:
                visit.client.put(f"/v1/apps/{app}", blank_app(app, name, visit.language))
            except Refused as refused:
                st.error(refused.message)
                return
            st.switch_page(_builder_page(visit), query_params={"app": app, "lang": visit.language})

    ask()


def _suggest() -> None:
    """Make an id of the name, unless the visitor has written one."""
    import streamlit as st

    before = st.session_state.get("suggested-id", "")
    if st.session_state["new-id"] == before:
        words = re.findall(r"[a-z0-9]+", st.session_state["new-name"].lower())
        st.session_state["new-id"] = st.session_state["suggested-id"] = "-".join(words)


def _delete(visit: Visit, app: dict[str, Any]) -> None:
    import streamlit as st

    @st.dialog(visit.say("home.delete"))
    def ask() -> None:
        st.write(visit.say("home.delete_sure", name=_plain(visit.label(app["name"]) or app["id"])))
        if st.button(visit.say("home.delete"), type="primary"):
            visit.client.delete(f"/v1/apps/{app['id']}")
            st.rerun()

    ask()
