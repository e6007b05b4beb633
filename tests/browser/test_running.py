"""Runs on the canvas and on their own page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from ..builder_ui.serving import Site
from .apps import PERSON, SLOW
from .desk import Desk


def test_nodes_light_up_stream_and_end_and_the_address_keeps_the_run(desk: Desk, page: Page) -> None:
    desk.open("slow", SLOW)
    page.get_by_role("button", name="Run", exact=True).click()
    say = desk.node("say")
    expect(say).to_have_class(re.compile("is-running"))
    expect(say.locator(".bg-stream")).to_contain_text("one two three")
    expect(page.locator(".bg-wire.is-flowing")).not_to_have_count(0)
    expect(page.locator(".bg-pill.is-ended")).to_be_visible()
    expect(page.locator('[data-output="text"]')).to_contain_text("one two three four five six seven eight")
    expect(desk.node("low")).to_have_class(re.compile("is-skipped"))
    expect(desk.node("way").locator(".is-taken")).to_have_text("high")
    assert "run=run_" in page.url
    page.reload()
    expect(page.locator('[data-output="text"]')).to_contain_text("eight")
    expect(desk.node("say")).to_have_class(re.compile("is-ended"))


def test_a_run_is_stopped(desk: Desk, page: Page) -> None:
    desk.open("slow", SLOW)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(desk.node("say").locator(".bg-stream")).to_contain_text("one")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".bg-pill.is-cancelled")).to_be_visible()


def test_a_run_goes_on_while_the_page_is_away(desk: Desk, page: Page) -> None:
    desk.open("slow", SLOW)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(desk.node("say").locator(".bg-stream")).to_contain_text("one")
    page.reload()
    expect(page.locator('[data-output="text"]')).to_contain_text("one two three four five six seven eight")


def test_a_person_answers_beside_the_canvas(desk: Desk, page: Page) -> None:
    desk.open("person", PERSON)
    page.get_by_role("button", name="Run", exact=True).click()
    ask = page.locator(".bg-ask")
    expect(ask).to_contain_text("Replace the bearing.")
    ask.get_by_label("note").fill("Order it today")
    ask.get_by_role("button", name="approve").click()
    expect(page.locator('[data-output="note"]')).to_contain_text("Order it today")
    expect(desk.node("sign").locator(".is-taken")).to_have_text("approve")


def test_runs_are_listed_with_their_timeline_and_events_and_replayed(desk: Desk, page: Page, site: Site) -> None:
    site.put("slow", SLOW)
    with site.http() as http:
        run = http.post("/v1/apps/slow/runs", json={}, headers={"Prefer": "wait=20"}).json()
    page.goto(f"{site.builder}/runs?lang=en")
    row = page.locator(f'[data-run="{run["run_id"]}"]')
    expect(row).to_contain_text("Done")
    row.click()
    expect(page.locator(".bg-span")).to_have_count(4)
    page.locator(".bg-span", has_text="say").click()
    expect(page.locator(".bg-details")).to_contain_text("one two three")
    assert run["run_id"] in page.url
    page.get_by_role("tab", name="Events").click()
    page.get_by_role("button", name="run.accepted").click()
    expect(page.locator(".bg-events")).to_contain_text('"app": "slow"')
    page.get_by_role("tab", name="Outcome").click()
    expect(page.locator('[data-output="text"]')).to_contain_text("eight")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("The replay gave the same outcome.")).to_be_visible()
    page.get_by_role("link", name="Show on the canvas").click()
    expect(desk.node("say").locator(".bg-time").first).to_be_visible()


def test_a_missing_run_says_so(page: Page, site: Site) -> None:
    page.goto(f"{site.builder}/runs?run=run_nothing&lang=en")
    expect(page.locator(".bg-detail .bg-error")).to_contain_text("run_nothing")
