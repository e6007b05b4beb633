"""Commands on an app's files: `check`, `fmt`, `schema`. They start nothing and need no home folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from .options import AsJson, Lang, chosen
from .output import emit, say

__all__ = ["check", "fmt", "schema"]

App: TypeAlias = Annotated[Path, typer.Argument(metavar="PATH", help="The app: a folder, its app.yaml or a zip file.")]


def check(path: App, as_json: AsJson = False, lang: Lang = None) -> int:
    """Check an app completely without running it."""
    from agents.compiler import compile_bundle
    from agents.spec import read_bundle

    from .findings import lines, summary

    found = compile_bundle(read_bundle(path)).diagnostics
    ok = not any(finding.severity == "error" for finding in found)
    if as_json:
        emit({"ok": ok, "diagnostics": [finding.to_json() for finding in found]})
        return 0 if ok else 1
    language = chosen(lang)
    for finding in found:
        for line in lines(finding, language):
            say(line)
    say(summary(found, language))
    return 0 if ok else 1


def fmt(
    path: App,
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if app.yaml is not in canonical form.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Rewrite an app's app.yaml in its canonical form."""
    from agents.spec import format_app, read_bundle, write_bundle

    bundle = read_bundle(path)
    changed = format_app(bundle.app_text).encode() != bundle.files["app.yaml"]
    if changed and not check_only:
        write_bundle(bundle, path)
    if as_json:
        emit({"changed": changed, "written": changed and not check_only})
    elif changed:
        say(f"{path}: {'not in canonical form' if check_only else 'rewritten'}")
    return 1 if changed and check_only else 0


def schema(as_json: AsJson = False) -> None:
    """Write the JSON Schema of the app language (always JSON)."""
    from agents.schema import language_schema

    emit(language_schema())
