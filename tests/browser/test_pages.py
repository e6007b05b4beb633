"""Signing in, the first page, both languages, and the app that is shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..builder_ui.serving import Site, serving
from .desk import Desk, eventually


def test_who_has_not_signed_in_sees_how_to_and_nothing_else(visit: Page, site: Site) -> None:
    visit.allowed = ["401"]  # pyright: ignore[reportAttributeAccessIssue]
    for path in ("/", "/builder?app=equipment-doctor", "/runs"):
        visit.goto(site.builder + path)
        expect(visit.get_by_text("baigong login")).to_be_visible()
        assert visit.locator(".bg-node, .bg-runs").count() == 0


def test_an_app_is_made_opened_and_deleted(page: Page, site: Site) -> None:
    page.get_by_role("button", name="New app").click()
    page.get_by_label("Name").fill("Pump report")
    page.get_by_label("Name").press("Tab")
    expect(page.get_by_role("textbox", name="Id", exact=True)).to_have_value("pump-report")
    page.get_by_role("button", name="Create").click()
    expect(page.locator('[data-node="ask"]')).to_be_visible()
    assert "app=pump-report" in page.url
    assert site.draft("pump-report")["ok"]
    page.get_by_role("link", name="Apps").click()
    card = page.locator(".st-key-card-pump-report")
    expect(card).to_contain_text("Pump report")
    page.locator(".st-key-delete-pump-report button").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)


def test_an_id_that_is_taken_or_no_id_is_refused(page: Page) -> None:
    page.get_by_role("button", name="New app").click()
    page.get_by_label("Name").fill("Doctor")
    page.get_by_label("Name").press("Tab")
    expect(page.get_by_role("textbox", name="Id", exact=True)).to_have_value("doctor")
    field = page.get_by_role("textbox", name="Id", exact=True)
    for text, said in (("equipment-doctor", "already"), ("Not an id", "small letters")):
        field.fill(text)
        field.press("Enter")
        page.get_by_role("button", name="Create").click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(said)


def test_the_language_is_chosen_on_every_page_and_stays(page: Page, site: Site) -> None:
    expect(page.get_by_text("Templates")).to_be_visible()
    page.get_by_text("中文", exact=True).click()
    expect(page.get_by_text("模板", exact=True)).to_be_visible()
    page.get_by_role("button", name="打开模板").click()
    expect(page.get_by_role("button", name="运行", exact=True)).to_be_visible(timeout=15_000)
    assert "lang=zh" in page.url
    expect(page.locator('[data-node="read"]')).to_contain_text("采集历史数据")
    page.get_by_role("button", name="EN").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    expect(page.locator('[data-node="read"]')).to_contain_text("Collect history")
    eventually(lambda: page.url, lambda url: "lang=en" in url)
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("option", name="全部应用")).to_have_count(1)
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


def test_an_app_that_is_not_there_says_so(page: Page, site: Site) -> None:
    page.goto(f"{site.builder}/builder?app=nothing-here&lang=en")
    expect(page.get_by_role("alert")).to_contain_text("nothing-here")


@pytest.mark.timeout(300)
def test_the_doctor_reads_a_file_lights_up_and_reports_with_citations(
    tmp_path_factory: pytest.TempPathFactory, visit: Page, site: Site, test_data: Path
) -> None:
    """The main job, on real machine data, with the embedded model."""
    with serving(tmp_path_factory.mktemp("doctor") / "home", models=None) as own:
        page = visit.context.browser.new_page(viewport={"width": 1600, "height": 1000})  # pyright: ignore[reportOptionalMemberAccess]
        page.goto(own.link())
        page.wait_for_url("**/?lang=*")
        desk = Desk(page, own)
        desk.open("equipment-doctor", lang="en")
        page.get_by_role("tab", name="Run").click()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(desk.node("analyse")).to_have_class(re.compile("is-running"), timeout=120_000)
        expect(page.locator(".bg-pill.is-ended")).to_be_visible(timeout=120_000)
        expect(page.locator('[data-output="diagnosis"]')).to_contain_text("bearing_wear")
        report = page.frame_locator('[data-output="report"] iframe')
        expect(report.locator("img")).to_be_visible()
        expect(page.locator('[data-output="plan"] li').first).to_be_visible()
        page.locator(".bg-cites a").first.click()
        expect(page.locator(".bg-sources .is-shown blockquote")).to_be_visible()
        page.locator('input[type="file"]').set_input_files(test_data / "nab" / "machine_temperature_system_failure.csv")
        expect(page.get_by_text("machine_temperature_system_failure.csv")).to_be_visible()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(desk.node("read")).to_have_class(re.compile("is-skipped"), timeout=60_000)
        expect(page.locator(".bg-pill.is-ended")).to_be_visible(timeout=120_000)
        rows = page.locator('[data-output="anomalies"] tbody tr')
        expect(rows.first).to_be_visible()
        assert rows.count() >= 3
        page.close()
