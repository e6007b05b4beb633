"""The page of models: how deployments fare, two answers side by side, the routing, and its decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from ..builder_ui.serving import Site, serving
from .desk import eventually

MODELS = """\
models:
  scripted/slow:
    price: {input: 100, output: 200}
    options:
      script: [{text: "one two three four five six seven eight", delay: 1.2, pieces: 8, repeat: true}]
  scripted/echo: {options: {echo: true}}
  scripted/silent: {options: {script: [{text: "late", delay: 60, repeat: true}]}}
  scripted/ill:
    options: {script: [{error: {code: BG823, message: "The server is down."}, repeat: true}]}
"""

APP = """\
dsl: 1
app: {id: question, name: {en: Question, zh: 提问}, version: 0.1.0}
outputs: {answer: string}
requires: {models: {main: {caps: [chat], prefer: [scripted/echo], policy: fixed}}}
nodes:
  ask: {type: llm, model: main, prompt: "Why?", in: {}}
  done: {type: end, in: {answer: "${ask.text}"}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of its own, whose routing may be changed."""
    with serving(tmp_path_factory.mktemp("models") / "home", models=MODELS) as found:
        yield found


def row(page: Page, name: str) -> Locator:
    return page.locator(f'[data-deployment="{name}"]')


def open_models(page: Page, site: Site, more: str = "") -> None:
    page.goto(f"{site.builder}/models?lang=en{more}")
    expect(row(page, "scripted/echo")).to_be_visible()


def ask(site: Site, model: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello?"}]}
    with site.http() as http:
        return http.post("/openai/v1/chat/completions", json=body).status_code


def test_deployments_show_their_health_and_what_they_took(page: Page, site: Site) -> None:
    assert ask(site, "scripted/echo") == 200
    for _ in range(3):
        assert ask(site, "scripted/ill") >= 500
    open_models(page, site)
    echo, ill = row(page, "scripted/echo"), row(page, "scripted/ill")
    expect(echo).to_contain_text("Healthy")
    expect(echo).to_contain_text("this machine")
    expect(row(page, "scripted/silent")).to_contain_text("Ready")
    expect(ill.locator(".bg-state.is-bad")).to_have_text("Left alone")
    expect(ill.locator(".bg-health")).to_contain_text(re.compile(r"tried again in \d+ s · .*The server is down"))
    expect(ill).to_contain_text("3 failed")
    before = int(echo.locator(".bg-link").inner_text())
    ask(site, "scripted/echo")
    expect(echo.locator(".bg-link")).to_have_text(str(before + 1))  # without a reload
    echo.locator(".bg-link").click()
    expect(page.locator("[data-decision]")).to_have_count(before + 1)
    assert "part=decisions" in page.url


def test_two_models_answer_side_by_side_and_an_error_stays_in_its_place(page: Page, site: Site) -> None:
    page.allowed = ["429", "503"]  # pyright: ignore[reportAttributeAccessIssue]
    open_models(page, site)
    page.get_by_label("Model 1").select_option("scripted/slow")
    page.get_by_label("Model 2").select_option("scripted/echo")
    page.get_by_label("Prompt", exact=True).fill("Is the pump hot?")
    page.get_by_role("button", name="Ask both").click()
    one = page.get_by_role("region", name="Answer 1")
    two = page.get_by_role("region", name="Answer 2")
    expect(two).to_contain_text("Is the pump hot?")
    expect(two).to_contain_text("Answered by scripted/echo")
    expect(one).to_contain_text("one two")
    expect(one.locator(".bg-outcome")).to_have_text("Writing …")
    expect(one.locator(".bg-outcome")).to_have_text("Answered by scripted/slow")
    expect(one).to_contain_text("seven eight")
    for name, value in (
        ("First token", r"[\d.]+ m?s"),
        ("Tokens/s", r"[\d.]+"),
        ("Tokens", r"\d+"),
        ("Cost", r"\$0.0"),
    ):
        figure = one.locator(".bg-figures div").filter(has=page.get_by_text(name, exact=True))
        expect(figure).to_have_text(re.compile(f"^{name}{value}"))
    page.get_by_label("Model 2").select_option("scripted/ill")
    page.get_by_label("Prompt", exact=True).press("Control+Enter")
    expect(two.get_by_role("alert")).to_be_visible()
    expect(one).to_contain_text("seven eight")


def test_answers_are_stopped_before_their_first_word(page: Page, site: Site) -> None:
    open_models(page, site)
    for label in ("Model 1", "Model 2"):
        page.get_by_label(label).select_option("scripted/silent")
    page.get_by_label("Prompt", exact=True).fill("Hello?")
    page.get_by_role("button", name="Ask both").click()
    expect(row(page, "scripted/silent")).to_contain_text("Working on 2")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".bg-outcome")).to_have_text(["Stopped", "Stopped"])
    expect(row(page, "scripted/silent")).not_to_contain_text("Working")  # nor does the model go on


def test_a_policy_is_tried_on_recorded_requests_and_saved(page: Page, site: Site) -> None:
    with site.http() as http:
        assert ask(site, "auto") == 200
        open_models(page, site, "&part=routing")
        expect(page.get_by_role("radio", name="In order")).to_be_checked()
        table = page.get_by_role("region", name="What if")
        expect(table).to_contain_text("recorded requests")
        page.get_by_role("radio", name="This machine first").check()
        expect(table).to_contain_text("This machine first")
        expect(table.locator("[data-row]").first).to_be_visible()
        page.get_by_label("Kept from this confidence on").fill("2")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("A number from 0 to 1.")).to_be_visible()
        page.get_by_label("Kept from this confidence on").fill("0.75")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("The routing is saved")).to_be_visible()
        routing = http.get("/v1/models").json()["routing"]
        assert (routing["policy"], routing["confidence"]) == ("local_first", 0.75)
        page.reload()
        expect(page.get_by_role("radio", name="This machine first")).to_be_checked()
        page.get_by_role("radio", name=re.compile("^Cheapest")).check()
        page.get_by_role("button", name="Undo changes").click()
        expect(page.get_by_role("radio", name="This machine first")).to_be_checked()
        http.put("/v1/models/routing", json={**routing, "policy": "fixed"})
        expect(page.get_by_role("radio", name="In order")).to_be_checked()  # what others save is followed


def test_a_decision_says_who_was_passed_over_and_the_page_speaks_chinese(page: Page, site: Site) -> None:
    site.put("question", APP)
    with site.http() as http:
        done = http.post("/v1/apps/question/runs", json={}, headers={"Prefer": "wait=20"}).json()
        assert done["status"] == "ended"
        eventually(lambda: http.get("/v1/models/decisions").json()["decisions"], lambda found: found[0]["app"])
    open_models(page, site, "&part=decisions")
    first = page.locator("[data-decision]").first
    expect(first).to_contain_text("Question")
    expect(first).to_contain_text("Named by the app")
    first.get_by_role("button").click()
    expect(page.locator(".bg-decision")).to_contain_text("tokens in")
    expect(page.get_by_text("Paused while you read.")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(first).to_contain_text("应用指定")
    expect(page.get_by_role("tab", name="决策记录")).to_be_visible()
    page.get_by_role("link", name="查看运行").click()
    expect(page.locator(".bg-pill.is-ended").first).to_be_visible()
