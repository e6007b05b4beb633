"""A real browser at a real server: one server and one Chromium for all, a fresh profile for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from ..builder_ui.serving import Site, serving
from .desk import Desk

expect.set_options(timeout=15_000)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# Streamlit looks for its own routes below the page's path before it finds them at the root.
HARMLESS = ("404 (Not Found)",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("browser") / "home") as found:
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Page]:
    """A browser that has not signed in; at the end, nothing went wrong in it and nothing left this machine."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if leaves(request, site) else None)
    yield page
    context.close()
    assert foreign == []
    assert [text for text in wrong if not any(word in text for word in (*HARMLESS, *page_allows(page)))] == []


def leaves(request: Request, site: Site) -> bool:
    return request.url.startswith(("http:", "https:", "ws:")) and not request.url.startswith(site.builder)


def page_allows(page: Page) -> list[str]:
    """Return what a test has said may go wrong, by setting `page.allowed`."""
    return getattr(page, "allowed", [])


@pytest.fixture
def page(visit: Page, site: Site) -> Page:
    """A browser that has signed in."""
    visit.goto(site.link())
    visit.wait_for_url("**/?lang=*")
    return visit


@pytest.fixture
def desk(page: Page, site: Site) -> Desk:
    """The builder in the hands of a person."""
    return Desk(page, site)
