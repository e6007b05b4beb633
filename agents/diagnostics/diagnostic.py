"""One finding and the way it is made from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from runtime.base.errors import Json

from .catalog import CATALOG, Severity

__all__ = ["Diagnostic", "Fix", "Op", "Phrase", "Severity", "diagnose"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Op:
    """One edit of a bundle, in the operation language of the canvas.

    `path` is a JSON Pointer into `file`; `value` is the new value (`add`, `set`), the new pointer (`move`) or unused
    (`del`).
    """

    op: Literal["add", "del", "set", "move"]
    path: str
    value: Json = None
    file: str = "app.yaml"

    def to_json(self) -> dict[str, Json]:
        """Return the operation as the canvas sends it."""
        return {"op": self.op, "file": self.file, "path": self.path, "value": self.value}


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do, in both languages, and the edits that do it (empty where a person must decide)."""

    en: str
    zh: str
    ops: tuple[Op, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return `{title: {en, zh}, ops}`."""
        return {"title": {"en": self.en, "zh": self.zh}, "ops": [op.to_json() for op in self.ops]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """A finding: what is wrong (`code`, `en`, `zh`), where (`file`, `path`, `node`, `line`) and how to mend it (`fix`).

    `path` is a JSON Pointer into `file`; `line` and `column` count from 1 and are absent where the text is unknown.
    """

    code: str
    severity: Severity
    path: str
    en: str
    zh: str
    node: str | None = None
    file: str = "app.yaml"
    line: int | None = None
    column: int | None = None
    fix: Fix | None = None

    def at(self, line: int, column: int) -> Diagnostic:
        """Return the same finding with its place in the text."""
        return replace(self, line=line, column=column)

    def to_json(self) -> dict[str, Json]:
        """Return the form that `check --json`, the HTTP API and the canvas share."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "path": self.path,
            "node": self.node,
            "line": self.line,
            "column": self.column,
            "message": {"en": self.en, "zh": self.zh},
            "fix": self.fix.to_json() if self.fix else None,
        }


def diagnose(
    code: str,
    path: str,
    names: Mapping[str, object] | None = None,
    *,
    node: str | None = None,
    file: str = "app.yaml",
    fix: Fix | None = None,
    **more: object,
) -> Diagnostic:
    """Make a finding from the catalogue's text; a `Phrase` fills its place in each language's own words.

    Args:
        code: A code of the catalogue.
        path: JSON Pointer into `file`.
        names: What fills the places of the text.
        node: The node that it is about.
        file: The file of the bundle.
        fix: What to do about it.
        more: Further names.

    Raises:
        KeyError: `code` is not in the catalogue, or its text wants a name that is not given.
    """
    entry = CATALOG[code]
    filled = {**(names or {}), **more}
    english = {name: value.en if isinstance(value, Phrase) else value for name, value in filled.items()}
    chinese = {name: value.zh if isinstance(value, Phrase) else value for name, value in filled.items()}
    return Diagnostic(
        code=code,
        severity=entry.severity,
        path=path,
        en=entry.en.format(**english),
        zh=entry.zh.format(**chinese),
        node=node,
        file=file,
        fix=fix,
    )
