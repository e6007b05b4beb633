"""What a user can meet has a place in the docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from agents.diagnostics import CATALOG
from runtime.base.errors import BaigongError
from runtime.base.settings import Settings, accepted_by, variable_of
from runtime.cli.app import app
from runtime.server.guard import Guarded
from runtime.server.routes import ROUTERS

from .tree import PACKAGES, document, imported


def sections(page: str) -> dict[str, str]:
    """The text under each `###` heading, by heading."""
    parts = re.split(r"^###? (.+)$", document(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def tree_of(base: type[BaigongError]) -> Iterator[type[BaigongError]]:
    yield base
    for child in base.__subclasses__():
        yield from tree_of(child)


def errors() -> list[type[BaigongError]]:
    """Our error classes with a code of their own."""
    assert imported()
    found = {error for error in tree_of(BaigongError) if error.__module__.split(".")[0] in PACKAGES}
    return sorted((error for error in found if "code" in vars(error)), key=lambda error: (error.code, error.__name__))


def commands(group: Any, path: str = "baigong") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 typer keeps the type private
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_every_diagnostic_is_documented() -> None:
    expected = {f"{code} {entry.title}" for code, entry in CATALOG.items()}
    found = {heading for heading in sections("docs/diagnostics.md") if heading.startswith("BG")}
    assert found == expected


def test_diagnostics_are_documented_in_both_languages() -> None:
    page = sections("docs/diagnostics.md")
    stale = [
        code
        for code, entry in CATALOG.items()
        if not all(text in page[f"{code} {entry.title}"] for text in (entry.severity, entry.en, entry.zh))
    ]
    assert stale == []


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    row = next(line for line in document("docs/settings.md").splitlines() if f"`{variable_of(name)}`" in line)
    assert accepted_by(name) in row
    assert str(Settings.model_fields[name].description) in row
    default = Settings.model_fields[name].default
    assert not isinstance(default, str | int | float) or f"`{str(default).lower()}`" in row


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    text = sections("docs/cli.md")[f"`{command}`"]
    assert str(COMMANDS[command].help).splitlines()[0] in text
    options = [option for parameter in COMMANDS[command].params for option in parameter.opts if option.startswith("-")]
    assert [option for option in options if f"`{option}" not in text] == []


def test_no_other_command_is_documented() -> None:
    assert {heading.strip("`") for heading in sections("docs/cli.md") if "`baigong " in heading} == set(COMMANDS)


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "docs/quickstart.md"])
def test_pages_use_commands_that_exist(page: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", document(page), flags=re.MULTILINE | re.DOTALL)
    used = {word for block in blocks for word in re.findall(r"^(?:\S+/)?baigong ([a-z]+)", block, flags=re.MULTILINE)}
    assert {f"baigong {word}" for word in used} <= set(COMMANDS)


def test_every_route_is_documented_with_its_scope() -> None:
    page = sections("docs/http.md")
    routes = {
        f"`{method} {route.path.replace(':path', '')}`": route.openapi_extra
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, Guarded)
        for method in route.methods or ()
    }
    assert {heading for heading in page if heading.startswith("`")} == set(routes)
    for heading, extra in routes.items():
        assert extra is None or f"`{extra['x-scope']}`" in " ".join(page[heading].split()), heading


def test_every_error_is_documented() -> None:
    page = sections("docs/errors.md")
    assert [
        f"{error.code} {error.__name__}" for error in errors() if f"{error.code} {error.__name__}" not in page
    ] == []


def test_documented_errors_exist() -> None:
    documented = {heading for heading in sections("docs/errors.md") if heading.startswith("BG")}
    assert documented == {f"{error.code} {error.__name__}" for error in errors()}


def test_documented_exit_codes_are_true() -> None:
    page = sections("docs/errors.md")
    wrong = [
        error.__name__
        for error in errors()
        if f"exit code {error.exit_code}, HTTP status {error.status}" not in page[f"{error.code} {error.__name__}"]
    ]
    assert wrong == []


def test_a_code_has_one_meaning() -> None:
    codes = [error.code for error in errors()]
    assert len(codes) == len(set(codes)), codes


def test_both_readmes_have_the_same_outline() -> None:
    def outline(page: str) -> list[str]:
        text = re.sub(r"^```.*?^```", "", document(page), flags=re.MULTILINE | re.DOTALL)
        return re.findall(r"^(#+) ", text, flags=re.MULTILINE)

    assert outline("README.md") == outline("README.zh.md")
    assert len(outline("README.md")) >= 5
