"""A container on the canvas: its body is shown, checked and run."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .apps import EACH
from .desk import Desk, eventually


def test_a_container_shows_its_body_and_runs_it(desk: Desk, page: Page) -> None:
    desk.open("each", EACH)
    greet = desk.node("greet")
    expect(greet).to_contain_text("Greet everybody")
    expect(greet).to_contain_text("say")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".bg-pill.is-ended")).to_be_visible()
    expect(greet).to_have_class(re.compile("is-ended"))
    expect(page.locator('[data-output="greetings"]')).to_contain_text("Greet bob.")


def test_a_mistake_in_a_body_is_shown_on_its_container(desk: Desk, page: Page) -> None:
    desk.open("each", EACH.replace('prompt: "Greet ${name}."', 'prompt: "Greet ${nobody}."'))
    expect(desk.node("greet").locator(".bg-count.is-error, .is-error")).not_to_have_count(0)


def test_yes_and_no_are_chosen_in_the_inspector(desk: Desk, page: Page) -> None:
    desk.open("each", EACH)
    page.locator(".bg-tile", has_text="Scores a text").click()
    page.get_by_label("Reasons first").select_option("Yes")
    desk.saved()
    eventually(lambda: desk.document()["nodes"].get("judge", {}).get("explain"), lambda value: value is True)
