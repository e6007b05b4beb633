"""The one canonical text of an app.

Rules: known keys in the order of the models; two spaces a level; a mapping or list stands on one line where it fits in
120 columns, holds no comment and no text of several lines, and otherwise has one entry a line; the document, `requires`
and `nodes` always have one entry a line. A text of several lines is a literal block; any other is bare where it means
the same everywhere and in double quotes elsewhere. Comments on lines of their own and single empty lines stay above
their entries; a comment at a line's end moves above its entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from runtime.base.errors import Json

from ..errors import BundleError
from .builder import MAX_KEY
from .comments import Comments, read_comments
from .outline import DOCUMENT, Outline
from .pointer import child, shown, split
from .scalar import UNSAFE, exact, spell
from .versions import parse_app

__all__ = ["dump_app", "format_app"]

WIDTH = 120
STEP = 2
NONE = Comments()
SURROGATE = re.compile(r"[\ud800-\udfff]")


def format_app(text: str) -> str:
    """Return the canonical form of an `app.yaml`; its data and comments are unchanged.

    Raises:
        BundleError: The text is not valid, or no mapping.
    """
    parsed = parse_app(text)
    if parsed.diagnostics:
        first = parsed.diagnostics[0]
        where = f"app.yaml:{first.line}:{first.column}" if first.line else "app.yaml"
        raise BundleError(first.en, where=where, fix=first.fix.en if first.fix else None, details={"code": first.code})
    return dump_app(parsed.data, read_comments(text, parsed.positions))


def dump_app(data: Json, comments: Comments = NONE) -> str:
    """Return the canonical text of an app's data.

    Args:
        data: A mapping; the values' order matters only where keys are free.
        comments: Lines to stand above entries; those whose entry is gone are left out.

    Raises:
        BundleError: The data is no mapping, or holds a value that YAML cannot carry.
    """
    if not isinstance(data, dict):
        raise BundleError("An app is a mapping of keys to values.", where="app.yaml", fix="Start with: dsl: 1")
    settled = _settled(comments, data)
    writer = _Writer(settled, settled.busy())
    if data:
        writer.block(data, "", DOCUMENT, 0)
    else:
        writer.lines.append("{}")
    writer.lines += settled.end
    return "\n".join(writer.lines) + "\n"


@dataclass(slots=True)
class _Writer:
    """Collects lines."""

    comments: Comments
    busy: set[str]
    lines: list[str] = field(default_factory=list[str])

    def block(self, data: dict[str, Json] | list[Json], pointer: str, outline: Outline, indent: int) -> None:
        """Write a mapping or list with one entry a line."""
        for number, (key, value) in enumerate(_entries(data, outline)):
            below, inner = child(pointer, key), outline.step(key)
            self.lead(below, indent, first=number == 0)
            if isinstance(key, int):
                self.item(value, below, inner, indent)
            else:
                self.entry(f"{' ' * indent}{self.key(key, below)}:", value, below, inner, indent)

    def entry(self, head: str, value: Json, pointer: str, outline: Outline, indent: int) -> None:
        """Write a value after its key or dash."""
        inline = self.inline(value, pointer, outline, WIDTH - len(head) - 1)
        if inline is not None:
            self.lines.append(f"{head} {inline}")
        elif isinstance(value, str):
            self.literal(head, value, indent)
        elif isinstance(value, dict | list):
            self.lines.append(head)
            self.block(value, pointer, outline, indent + STEP)

    def item(self, value: Json, pointer: str, outline: Outline, indent: int) -> None:
        """Write a list item; a mapping or list in it begins on the line of the dash."""
        dash = f"{' ' * indent}-"
        if not isinstance(value, dict | list) or self.inline(value, pointer, outline, WIDTH - len(dash) - 1):
            self.entry(dash, value, pointer, outline, indent)
            return
        start = len(self.lines)
        self.block(value, pointer, outline, indent + STEP)
        self.lines[start] = f"{dash} {self.lines[start][indent + STEP :]}"

    def lead(self, pointer: str, indent: int, *, first: bool) -> None:
        """Write the comments above an entry."""
        lines = self.comments.above.get(pointer, ())
        skip = first and lines[:1] == ("",)
        self.lines += [" " * indent + line if line else "" for line in lines[skip:]]

    def literal(self, head: str, value: str, indent: int) -> None:
        """Write a text of several lines as a literal block."""
        self.lines.append(f"{head} |" if value.endswith("\n") else f"{head} |-")
        margin = " " * (indent + STEP)
        self.lines += [margin + line if line else "" for line in value.removesuffix("\n").split("\n")]

    def inline(self, value: Json, pointer: str, outline: Outline, room: int) -> str | None:
        """Return a value on one line; None where it must have several.

        A scalar may be longer than `room`, a mapping or list may not.
        """
        if not isinstance(value, dict | list):
            return self.scalar(value, pointer)
        if not value:
            return "{}" if isinstance(value, dict) else "[]"
        if outline.block or pointer in self.busy:
            return None
        parts: list[str] = []
        for key, inner in _entries(value, outline):
            below = child(pointer, key)
            head = "" if isinstance(key, int) else f"{self.key(key, below)}: "
            text = self.inline(inner, below, outline.step(key), room - len(head))
            room -= len(head) + len(text or "") + 2
            if text is None or room < 0:
                return None
            parts.append(head + text)
        joined = ", ".join(parts)
        return f"{{{joined}}}" if isinstance(value, dict) else f"[{joined}]"

    def scalar(self, value: bool | float | str | None, pointer: str) -> str | None:
        """Return a scalar on one line; None for a text that is written as a literal block.

        Raises:
            BundleError: YAML readers would not agree on the value.
        """
        if not exact(value) or (isinstance(value, str) and not value.isascii() and SURROGATE.search(value)):
            raise BundleError(
                f"{value!a} cannot be written.", where=shown(pointer), fix="Use a finite number or a text."
            )
        return None if isinstance(value, str) and _is_literal(value) else spell(value)

    def key(self, key: str, pointer: str) -> str:
        """Return a key's spelling.

        Raises:
            BundleError: The key is too long, or holds half a character.
        """
        if len(key) > MAX_KEY or SURROGATE.search(key):
            raise BundleError(f"The key {key[:40]!a} cannot be written.", where=shown(pointer)[:80], fix="Shorten it.")
        return spell(key)


def _settled(comments: Comments, data: Json) -> Comments:
    """Return the comments of entries that exist, each with the outermost entry that begins on its line."""
    above: dict[str, tuple[str, ...]] = {}
    for pointer in sorted(comments.above, key=len):
        home = _home(data, split(pointer))
        if home:
            above[home] = above.get(home, ()) + comments.above[pointer]
    return Comments(above, comments.end)


def _home(data: Json, keys: list[str]) -> str | None:
    """Return the pointer of the list item that begins with an entry, or of the entry itself; None if it is gone.

    In `- name: x`, the item and its first key begin on the same line.
    """
    pointer, home, outline = "", "", DOCUMENT
    in_item = False
    for key in keys:
        entries = {str(name): inner for name, inner in _entries(data, outline)}
        if key not in entries:
            return None
        pointer = child(pointer, key)
        if not in_item or key != next(iter(entries)):
            home = pointer
        in_item = isinstance(data, list)
        data, outline = entries[key], outline.step(key)
    return home


def _entries(data: Json, outline: Outline) -> Iterator[tuple[str | int, Json]]:
    if isinstance(data, list):
        yield from enumerate(data)
    elif isinstance(data, dict):
        yield from ((key, data[key]) for key in outline.order(data))


def _is_literal(text: str) -> bool:
    """Whether a text of several lines can stand as it is: no blank begins it and no empty line ends it."""
    return bool(
        "\n" in text
        and text.removesuffix("\n").rpartition("\n")[2].strip()
        and text.lstrip("\n")[:1] not in ("", " ", "\t")
        and UNSAFE.search(text.replace("\n", "").replace("\t", "")) is None
    )
