"""Commands on an app's files: `check`, `fmt`, `schema`. They start nothing and need no home folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from ..base.errors import Json
from .options import AsJson, Lang, chosen
from .output import emit, paint, say

if TYPE_CHECKING:
    from agents.spec import Bundle

__all__ = ["check", "fmt", "merge", "schema"]

Language: TypeAlias = Literal["en", "zh"]
Side: TypeAlias = Literal["ours", "theirs"]

App: TypeAlias = Annotated[Path, typer.Argument(metavar="PATH", help="The app: a folder, its app.yaml or a zip file.")]


def check(
    path: App,
    fix: Annotated[bool, typer.Option("--fix", help="Apply every fix that a machine can apply.")] = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> int:
    """Check an app completely without running it."""
    from agents.compiler import compile_bundle
    from agents.spec import read_bundle

    from .findings import lines, summary

    bundle = read_bundle(path)
    if fix:
        return _mend(path, bundle, as_json=as_json, language=chosen(lang))
    found = compile_bundle(bundle).diagnostics
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


def _mend(path: Path, bundle: Bundle, *, as_json: bool, language: Language) -> int:
    from agents.mending import mend
    from agents.spec import write_bundle

    from .findings import lines, summary

    mended = mend(bundle)
    if mended.applied:
        write_bundle(mended.bundle, path)
    ok = not any(finding.severity == "error" for finding in mended.left)
    if as_json:
        fixed: list[Json] = [finding.to_json() for finding in mended.applied]
        emit({"ok": ok, "fixed": fixed, "diagnostics": [finding.to_json() for finding in mended.left]})
        return 0 if ok else 1
    for finding in mended.applied:
        title = finding.fix and (finding.fix.zh if language == "zh" else finding.fix.en)
        say(f"fixed {finding.code} {'.'.join(finding.path.split('/')[1:])}: {title}")
    for finding in mended.left:
        for line in lines(finding, language):
            say(line)
    say(summary(mended.left, language))
    return 0 if ok else 1


def merge(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="The common ancestor.")],
    ours: Annotated[Path, typer.Argument(metavar="OURS", help="One side.")],
    theirs: Annotated[Path, typer.Argument(metavar="THEIRS", help="The other side.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="Where the result goes; by default OURS is changed.")
    ] = None,
    prefer: Annotated[Side | None, typer.Option("--prefer", help="The side that is taken in a conflict.")] = None,
    as_json: AsJson = False,
) -> int:
    """Merge what two versions of an app have changed since their common ancestor."""
    from agents.spec import read_bundle, write_bundle
    from agents.spec.merging import merge as merge_bundles

    found = merge_bundles(read_bundle(base), read_bundle(ours), read_bundle(theirs), prefer=prefer or "ours")
    written = prefer is not None or not found.conflicts
    if written:
        write_bundle(found.bundle, out or ours)
    if as_json:
        emit({"written": written, "conflicts": [one.to_json() for one in found.conflicts]})
    for one in () if as_json else found.conflicts:
        say(f"{paint('conflict', 'yellow')} {one.file}{one.path}")
    return 0 if written else 1


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
