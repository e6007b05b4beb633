"""What has changed between two bundles, by meaning: form, comments, the order of keys and the layout do not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from runtime.base.errors import Json

from ..errors import BundleError
from .bundle import APP, LAYOUT, LOCK, Bundle
from .pointer import child
from .versions import parse_app

__all__ = ["ABSENT", "Absent", "Change", "changes", "meaning"]

Kind: TypeAlias = Literal["added", "removed", "changed"]


class Absent:
    """The type of `ABSENT`: nothing is there, which is not the same as null."""


ABSENT: Final = Absent()

_SHORT = ("inputs", "outputs", "state")
"""Sections whose entries may be written as a type alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change: where, and what was and is there.

    Args:
        file: The file.
        path: JSON Pointer into `app.yaml`; empty for a file as a whole.
        before: What was there.
        after: What is there.
    """

    file: str
    path: str
    before: Json | Absent
    after: Json | Absent

    @property
    def kind(self) -> Kind:
        """Whether something was added, removed or changed."""
        if isinstance(self.before, Absent):
            return "added"
        return "removed" if isinstance(self.after, Absent) else "changed"

    def to_json(self) -> dict[str, Json]:
        """Return `{kind, file, path, before, after}`; what is absent has no key."""
        found: dict[str, Json] = {"kind": self.kind, "file": self.file, "path": self.path}
        for name, value in (("before", self.before), ("after", self.after)):
            if not isinstance(value, Absent):
                found[name] = value
        return found


def changes(before: Bundle, after: Bundle) -> list[Change]:
    """Return what has changed, in the order of the text and of the files' names.

    Raises:
        BundleError: An `app.yaml` is no valid YAML.
    """
    found = [*_below(APP, "", meaning(before), meaning(after))]
    for name in sorted({*before.files, *after.files} - {APP, LAYOUT, LOCK}):
        one, two = before.files.get(name), after.files.get(name)
        if one != two:
            found.append(Change(file=name, path="", before=_shown(one), after=_shown(two)))
    return found


def meaning(bundle: Bundle) -> Json:
    """Return the data of a bundle's `app.yaml` with short forms spelled out and edges in one order.

    Raises:
        BundleError: It is no valid YAML.
    """
    parsed = parse_app(bundle.app_text)
    if not isinstance(parsed.data, dict):
        first = parsed.diagnostics[0].en if parsed.diagnostics else "It is no mapping."
        raise BundleError(first, where=APP, fix="Run: baigong check")
    data = dict(parsed.data)
    for section in _SHORT:
        entries = data.get(section)
        if isinstance(entries, dict):
            data[section] = {name: {"type": one} if isinstance(one, str) else one for name, one in entries.items()}
    return _ordered(data)


def _ordered(value: Json) -> Json:
    """Return a graph with its edges sorted, at any depth: their order means nothing."""
    if isinstance(value, list):
        return [_ordered(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _ordered(one) for key, one in value.items()}
    edges = found.get("edges")
    if isinstance(edges, list):
        found["edges"] = sorted(edges, key=str)
    return found


def _below(file: str, path: str, before: Json | Absent, after: Json | Absent) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _below(file, child(path, key), before.get(key, ABSENT), after.get(key, ABSENT))
    elif path.endswith("/edges") and isinstance(before, list) and isinstance(after, list):
        yield from (Change(file=file, path=path, before=one, after=ABSENT) for one in before if one not in after)
        yield from (Change(file=file, path=path, before=ABSENT, after=one) for one in after if one not in before)
    elif type(before) is not type(after) or before != after:
        yield Change(file=file, path=path, before=before, after=after)


def _shown(content: bytes | None) -> Json | Absent:
    """Return a file's text, or its size where it is no text."""
    if content is None:
        return ABSENT
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"bytes": len(content)}
