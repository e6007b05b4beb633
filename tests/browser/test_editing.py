"""Building an app with the mouse and the keyboard; the runtime's own draft is what counts."""

from __future__ import annotations

import io
import zipfile

import pytest
from playwright.sync_api import Page, expect

from ..builder_ui.serving import Site
from .apps import QUESTION
from .desk import Desk, eventually


@pytest.fixture
def question(desk: Desk, site: Site) -> Desk:
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("app.yaml", QUESTION)
        archive.writestr("prompts/ask.md", "Answer: ${question}\n")
    with site.http() as http:
        http.delete("/v1/apps/question")
        assert http.put("/v1/apps/question", content=bundle.getvalue()).is_success
    desk.open("question")
    return desk


def test_a_node_is_dragged_from_the_palette_connected_and_undone(question: Desk, page: Page) -> None:
    question.drop("template", 560, 620)
    template = question.node("template")
    expect(template).to_be_visible()
    expect(page.locator(".bg-side").get_by_label("Text")).to_be_visible()  # it is selected, its form is open
    eventually(question.document, lambda document: "template" in document["nodes"])
    expect(question.handle("template", "in:+")).to_be_visible()  # the compiler has told its ports

    question.drag(question.handle("ask", "out:text"), question.handle("template", "in:+"))
    eventually(question.document, lambda document: document["nodes"]["template"].get("in") == {"text": "${ask.text}"})
    question.saved()
    expect(page.locator(".bg-wire.w-data")).to_have_count(3)

    question.press("Control+z")
    eventually(question.document, lambda document: "in" not in document["nodes"]["template"])
    question.press("Control+z")
    eventually(question.document, lambda document: "template" not in document["nodes"])
    question.press("Control+y")
    eventually(question.document, lambda document: "template" in document["nodes"])


def test_types_that_do_not_match_are_refused_with_the_reason(question: Desk, page: Page) -> None:
    question.drop("retrieve", 560, 620)
    expect(question.handle("retrieve", "in:/in/query")).to_be_visible()
    before = eventually(question.document, lambda document: "retrieve" in document["nodes"])
    question.drag(question.handle("inputs", "out:limit"), question.handle("retrieve", "in:/in/query"))
    expect(page.get_by_role("alert")).to_contain_text("The types do not match: integer → string")
    assert question.document() == before
    question.drag(question.handle("inputs", "out:question"), question.handle("retrieve", "in:/in/query"))
    eventually(question.document, lambda found: found["nodes"]["retrieve"]["in"]["query"] == "${inputs.question}")


def test_a_circle_is_refused(question: Desk, page: Page) -> None:
    question.drop("template", 560, 620)
    expect(question.handle("template", "in:+")).to_be_visible()
    question.drag(question.handle("ask", "out:text"), question.handle("template", "in:+"))
    eventually(question.document, lambda document: "in" in document["nodes"]["template"])
    question.drag(question.handle("template", "out:text"), question.handle("ask", "in:/in/question"))
    expect(page.get_by_role("alert")).to_contain_text("circle")


def test_an_edge_from_an_exit_says_when_a_node_runs(question: Desk, page: Page) -> None:
    question.drop("branch", 300, 620)
    expect(question.handle("branch", "exit:yes")).to_be_visible()
    eventually(question.document, lambda document: "branch" in document["nodes"])
    question.drag(question.handle("branch", "exit:yes"), question.handle("ask", "enter"))
    eventually(question.document, lambda document: document.get("edges") == [["branch.yes", "ask"]])
    expect(page.locator(".bg-wire.w-control")).to_have_count(1)
    page.locator(".bg-wire.w-control .react-flow__edge-interaction").click(force=True)
    page.keyboard.press("Delete")
    eventually(question.document, lambda document: not document.get("edges"))


def test_moving_a_node_changes_the_layout_alone(question: Desk, page: Page, site: Site) -> None:
    before = site.draft("question")
    title = question.node("ask").locator(".bg-title b")
    box = title.bounding_box()
    assert box is not None
    question.drag(title, (box["x"] + 160, box["y"] + 130))
    after = eventually(lambda: site.draft("question"), lambda draft: "ask" in draft["layout"].get("nodes", {}))
    assert (after["digest"], after["document"]) == (before["digest"], before["document"])
    page.reload()
    question.node("ask").wait_for()
    question.saved()
    assert site.draft("question")["layout"] == after["layout"]


def test_a_prompt_in_a_file_is_edited_in_the_file(question: Desk, page: Page, site: Site) -> None:
    question.node("ask").click()
    prompt = page.get_by_label("Prompt *")
    expect(prompt).to_have_value("Answer: ${question}\n")
    prompt.fill("请用中文回答 🙂：${question}\n")
    prompt.blur()
    files = eventually(lambda: site.draft("question")["files"], lambda files: "中文" in files["prompts/ask.md"])
    assert files["prompts/ask.md"] == "请用中文回答 🙂：${question}\n"
    assert site.draft("question")["document"]["nodes"]["ask"]["prompt"] == "prompts/ask.md"


def test_a_value_is_picked_from_what_the_node_may_read(question: Desk, page: Page) -> None:
    question.node("done").click()
    page.get_by_label("Pick a value for answer").click()
    options = page.get_by_role("menuitem")
    expect(options.first).to_contain_text("inputs.question")  # fitting ones come first
    page.get_by_label("Filter").fill("usage.tokens")
    expect(options).to_have_count(1)
    page.get_by_label("Filter").fill("inputs.question")
    options.first.click()
    eventually(question.document, lambda document: document["nodes"]["done"]["in"]["answer"] == "${inputs.question}")


def test_what_is_wrong_shows_on_the_node_and_a_fix_mends_it(question: Desk, page: Page) -> None:
    question.node("done").click()
    value = page.get_by_label("answer *", exact=True)
    value.fill("${ask.txt}")
    value.press("Enter")
    expect(question.node("done").locator(".bg-count.is-error")).to_have_text("1")
    page.get_by_role("tab", name="Findings").click()
    expect(page.locator(".bg-findings li").first).to_contain_text("BG")
    page.locator(".bg-findings .bg-quiet").first.click()
    eventually(question.document, lambda document: document["nodes"]["done"]["in"]["answer"] == "${ask.text}")
    expect(question.node("done").locator(".bg-count")).to_have_count(0)
    expect(page.get_by_text("The app is sound")).to_be_visible()


def test_an_app_with_errors_is_not_run_but_shown(question: Desk, page: Page) -> None:
    question.node("done").click()
    value = page.get_by_label("answer *", exact=True)
    value.fill("${nobody.text}")
    value.press("Enter")
    page.get_by_role("tab", name="Run").click()
    page.get_by_label("Question *").fill("x")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".bg-findings li.is-error")).to_contain_text("nobody")


def test_inputs_outputs_models_and_budget_of_the_app_are_edited(question: Desk, page: Page) -> None:
    question.node("inputs").locator(".bg-title").click()
    name = page.get_by_label("Add an input")
    name.first.fill("Bad Name")
    expect(page.get_by_text("A new name: small letters")).to_be_visible()
    name.first.fill("unit")
    name.first.press("Enter")
    eventually(question.document, lambda document: document["inputs"].get("unit") == {"type": "string"})
    expect(question.handle("inputs", "out:unit")).to_be_visible()
    page.locator(".bg-port summary", has_text="limit").click()
    port = page.locator(".bg-port[open]")
    port.get_by_label("Type").fill("number")
    port.get_by_label("Type").press("Enter")
    port.get_by_label("Label").fill("Most")
    port.get_by_label("Label").press("Enter")
    limit = {"type": "number", "default": 3, "label": {"en": "Most"}}
    eventually(question.document, lambda document: document["inputs"]["limit"] == limit)
    port.get_by_role("button", name="Remove limit").click()
    eventually(question.document, lambda document: "limit" not in document["inputs"])
    page.get_by_label("main").select_option("scripted/slow")
    eventually(
        question.document,
        lambda document: document["requires"]["models"]["main"]["prefer"] == ["scripted/slow", "scripted/echo"],
    )
    page.get_by_text("Budget of a run").click()
    tokens = page.get_by_label("Tokens").first
    tokens.fill("-5")
    tokens.press("Enter")
    expect(page.get_by_text("A whole number from 0")).to_be_visible()
    tokens.fill("500")
    tokens.press("Enter")
    page.get_by_label("When a limit is reached").select_option("ask")
    daily = page.get_by_role("region", name="All runs of one day").get_by_label("Tokens")
    daily.fill("9000")
    daily.press("Enter")
    wanted = {"tokens": 500, "on_exceed": "ask", "per_day": {"tokens": 9000}}
    eventually(question.document, lambda document: document.get("budget") == wanted)


def test_a_node_is_deleted_and_comes_back(question: Desk, page: Page) -> None:
    before = question.document()
    question.node("ask").locator(".bg-title").click()
    page.keyboard.press("Delete")
    gone = eventually(question.document, lambda document: "ask" not in document["nodes"])
    assert gone["nodes"]["done"]["in"] == {}
    question.press("Control+z")
    eventually(question.document, lambda document: document == before)
    assert list(question.document()["nodes"]) == ["ask", "done"]


def test_search_adds_a_node_by_keyboard_alone(question: Desk, page: Page) -> None:
    question.press("/")
    page.get_by_role("menu").get_by_label("Search nodes").fill("knowl")
    page.keyboard.press("Enter")
    eventually(question.document, lambda document: "retrieve" in document["nodes"])


def test_arranging_places_every_node_and_is_one_step_back(question: Desk, page: Page, site: Site) -> None:
    before = site.draft("question")["layout"].get("nodes", {})
    page.get_by_role("button", name="Arrange automatically").click()
    layout = eventually(lambda: site.draft("question")["layout"], lambda layout: len(layout.get("nodes", {})) == 3)
    places = {name: place["x"] for name, place in layout["nodes"].items()}
    assert places["inputs"] < places["ask"] < places["done"]
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: site.draft("question")["layout"], lambda layout: layout.get("nodes", {}) == before)


def test_edits_without_a_connection_are_kept_through_a_reload_and_sent_later(
    question: Desk, page: Page, site: Site
) -> None:
    page.allowed = ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "WebSocket", "Failed to fetch"]  # pyright: ignore[reportAttributeAccessIssue]
    page.route("**/api/**", lambda route: route.abort("internetdisconnected"))
    question.node("ask").click()
    label = page.get_by_label("Label")
    label.fill("Ask offline")
    label.press("Enter")
    expect(page.locator(".bg-saving.is-offline")).to_be_visible()
    expect(question.node("ask").locator(".bg-title b")).to_have_text("Ask offline")
    assert site.draft("question")["document"]["nodes"]["ask"]["label"]["en"] == "Ask"
    page.unroute("**/api/**")
    page.reload()
    expect(question.node("ask").locator(".bg-title b")).to_have_text("Ask offline")
    eventually(
        lambda: site.draft("question")["document"]["nodes"]["ask"]["label"]["en"], lambda text: text == "Ask offline"
    )


def test_a_reload_right_after_an_edit_loses_nothing(question: Desk, page: Page, site: Site) -> None:
    question.node("ask").click()
    label = page.get_by_label("Label")
    label.fill("At once")
    label.press("Enter")
    page.reload()
    question.node("ask").wait_for()
    eventually(
        lambda: site.draft("question")["document"]["nodes"]["ask"]["label"]["en"], lambda text: text == "At once"
    )


def test_two_tabs_end_with_the_same_app(question: Desk, page: Page, site: Site) -> None:
    other = Desk(page.context.new_page(), site)
    other.open("question")
    question.node("ask").click()
    page.get_by_label("Label").fill("One")
    page.get_by_label("Label").press("Enter")
    question.saved()
    other.node("done").click()
    other.page.get_by_label("Label").fill("Two")
    other.page.get_by_label("Label").press("Enter")
    other.saved()
    expect(other.node("ask").locator(".bg-title b")).to_have_text("One")
    nodes = site.draft("question")["document"]["nodes"]
    assert (nodes["ask"]["label"]["en"], nodes["done"]["label"]["en"]) == ("One", "Two")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(question.node("done").locator(".bg-title b")).to_have_text("Two")
