from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.nodes import MANIFESTS
from agents.spec import Bundle
from builder_ui.blank import blank_app
from builder_ui.texts import LANGUAGES, texts
from runtime.orchestration.outline import read_app

from ..architecture.tree import ROOT

SOURCES = [*(ROOT / "builder_ui").glob("*.py"), *(ROOT / "builder_ui/screens").glob("*.py")]
CANVAS = sorted((ROOT / "builder_ui/canvas/src").glob("*.ts*"))

# Keys that are put together from a name: what may follow.
FAMILIES = (
    "node.", "group.", "key.", "status.", "run_status.", "saving.", "connect.", "panel.", "on_error.", "runs.",
    "signin.", "a11y.", "app.", "ask.action.", "budget.", "models.", "cap.", "health.",
    "answer.", "routing.", "policy.", "whatif.", "decisions.", "reason.", "passed.", "doubt.",
)  # fmt: skip


def used(paths: list[Path], pattern: str) -> set[str]:
    return {key for path in paths for key in re.findall(pattern, path.read_text(encoding="utf-8"))}


def places(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_both_languages_say_the_same_things() -> None:
    english, chinese = texts("en"), texts("zh")
    assert english.keys() == chinese.keys()
    assert [key for key in english if not english[key].strip() or not chinese[key].strip()] == []
    places = {
        key: (set(re.findall(r"{(\w+)}", english[key])), set(re.findall(r"{(\w+)}", chinese[key]))) for key in english
    }
    assert [key for key, (one, other) in places.items() if one != other] == []
    assert [key for key, text in english.items() if re.search("[一-鿿]", text)] == []


def test_every_key_that_is_used_is_there_and_every_key_is_used() -> None:
    direct = used(SOURCES, r'say\(\s*"([a-z0-9_.]+)"') | used(CANVAS, r'\bt\(\s*"([a-z0-9_.]+)"')
    chosen = used([*SOURCES, *CANVAS], r'"((?:[a-z0-9_]+\.)+[a-z0-9_]+)"') & texts("en").keys()
    known = texts("en").keys()
    assert {key for key in direct if not key.endswith(".")} - known == set()
    assert [key for key in known if key not in direct | chosen and not key.startswith(FAMILIES)] == []


def test_every_node_type_that_can_run_has_a_name() -> None:
    wanted = {f"node.{name}" for name, manifest in MANIFESTS.items() if manifest.runnable}
    assert wanted - texts("en").keys() == set()


@pytest.mark.parametrize("path", CANVAS, ids=lambda path: path.name)
def test_the_canvas_holds_no_text_of_its_own(path: Path) -> None:
    allowed = ("中文", "输入", "，", "你")  # the name of a language, a label that the graph gives its own node, a comma
    found = [line for line in path.read_text(encoding="utf-8").splitlines() if re.search("[一-鿿，。]", line)]
    assert [line for line in found if not any(word in line for word in allowed)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_app_is_sound(language: str) -> None:
    name = 'A "quoted" {name}: # of 设备'
    text = blank_app("my-app", name, "zh" if language == "zh" else "en")
    document = read_app(Bundle(files={"app.yaml": text.encode()}))
    assert document is not None
    assert document.app.id == "my-app"
    assert getattr(document.app.name, language) == name
