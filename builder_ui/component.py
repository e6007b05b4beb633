"""The component that draws canvas, runs and models: a small loader for the built module, mounted with data."""

from __future__ import annotations

from typing import Any, Final

from .assets import canvas_module
from .texts import texts
from .visit import Visit

__all__ = ["mount"]

_LOADER: Final = """
export default function (component) {
  let end, over = false
  import(new URL(component.data.module, document.baseURI).href).then((found) => {
    if (!over) end = found.mount(component)
  }).catch((error) => {
    console.error(error)
    component.parentElement.textContent = component.data.texts["shell.failed"]
  })
  return () => { over = true; end?.() }
}
"""


def mount(visit: Visit, page: str, **data: str) -> None:
    """Fill the page with the component.

    Args:
        visit: The visit.
        page: `builder`, `runs` or `models`.
        data: What else the page needs.
    """
    import streamlit as st
    from streamlit.components import v2

    component: Any = v2.component("baigong", js=_LOADER)

    def changed() -> None:
        chosen = st.session_state[f"baigong-{page}"].get("lang")
        if chosen in ("en", "zh"):
            st.session_state["lang"] = chosen
            st.query_params["lang"] = chosen

    component(
        key=f"baigong-{page}",
        data={
            "page": page, "api": "/api", "module": canvas_module(), "lang": visit.language,
            "texts": texts(visit.language), **data,
        },
        on_lang_change=changed,
    )  # fmt: skip
