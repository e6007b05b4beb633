"""What a person does at the canvas, with the mouse and the keyboard."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from ..builder_ui.serving import Site

__all__ = ["Desk", "eventually"]


def eventually(read: Callable[[], Any], wanted: Callable[[Any], bool], *, seconds: float = 10) -> Any:  # noqa: ANN401
    """Read until what is read is wanted, and return it."""
    deadline = time.monotonic() + seconds
    while not wanted(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


class Desk:
    """The canvas of one app."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        self.app = ""

    def open(self, app: str, text: str | None = None, *, lang: str = "en") -> None:
        """Open an app, after putting it."""
        if text is not None:
            self.site.put(app, text)
        self.app = app
        self.page.goto(f"{self.site.builder}/builder?app={app}&lang={lang}")
        self.node_any().first.wait_for()
        self.page.wait_for_timeout(400)  # the first fit of the view

    def node_any(self) -> Locator:
        return self.page.locator("[data-node]")

    def node(self, name: str) -> Locator:
        return self.page.locator(f'[data-node="{name}"]')

    def handle(self, node: str, handle: str) -> Locator:
        return self.node(node).locator(f'.react-flow__handle[data-handleid="{handle}"]')

    def document(self) -> dict[str, Any]:
        """Return the app as the runtime has it."""
        return self.site.draft(self.app)["document"]

    def saved(self) -> None:
        expect(self.page.locator(".bg-saving.is-saved")).to_be_visible()

    def drag(self, start: Locator, end: Locator | tuple[float, float]) -> None:
        """Press at the middle of one thing, move in steps, and let go at another."""
        x, y = middle(start)
        to = end if isinstance(end, tuple) else middle(end)
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 6, y + 4, steps=3)
        mouse.move(*to, steps=12)
        mouse.up()

    def drop(self, kind: str, x: float, y: float) -> None:
        """Drag a type from the palette to a place of the window."""
        tile = self.page.locator(f'.bg-tile[data-type="{kind}"]')
        tile.scroll_into_view_if_needed()
        start = middle(tile)
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(start[0] + 20, start[1] + 5, steps=4)
        mouse.move(x, y, steps=10)
        mouse.up()

    def press(self, keys: str) -> None:
        """Press keys with the focus on the canvas."""
        self.page.locator(".react-flow__pane").click(position={"x": 12, "y": 12})
        self.page.keyboard.press(keys)


def middle(thing: Locator) -> tuple[float, float]:
    box = thing.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
