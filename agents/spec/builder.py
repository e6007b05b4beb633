"""Data, positions and findings, built from the events of a YAML parser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import yaml

from runtime.base.errors import Json

from ..diagnostics import Diagnostic, Fix, Op
from .finding import MAX_FINDINGS, Phrase, finding
from .pointer import child, parent, shown
from .positions import Place
from .scalar import MERGE, Scalar, ambiguous, exact, quote, resolve

__all__ = ["MAX_KEY", "Builder", "Stop", "amount"]

MAX_DEPTH = 64
MAX_VALUES = 50_000
MAX_KEY = 200


class Stop(Exception):
    """Nothing useful can be read any more; the reason is among the findings."""


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being filled."""

    data: dict[str, Json] | list[Json]
    pointer: str
    key: str | None = None
    key_at: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Builder:
    """Builds data from events and notes where everything stands."""

    file: str
    data: Json = None
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    findings: list[Diagnostic] = field(default_factory=list[Diagnostic])
    stack: list[_Frame] = field(default_factory=list[_Frame])
    documents: int = 0
    values: int = 0

    @property
    def full(self) -> bool:
        """Whether so much is wrong that nobody reads further findings."""
        return len(self.findings) >= MAX_FINDINGS

    def read(self, events: Iterable[yaml.Event]) -> None:
        """Read all events.

        Raises:
            yaml.YAMLError: The text is no YAML.
            Stop: A limit is passed or the structure cannot be used.
        """
        for event in events:
            self.take(event)

    def take(self, event: yaml.Event) -> None:
        """Handle one event."""
        match event:
            case yaml.ScalarEvent():
                self.scalar(event)
            case yaml.MappingStartEvent():
                self.open(event, {})
            case yaml.SequenceStartEvent():
                self.open(event, [])
            case yaml.CollectionEndEvent():
                self.stack.pop()
            case yaml.AliasEvent():
                self.refuse(Phrase("Anchors and aliases", "锚点和别名"), event)
                self.attach(None, event, scalar=True)
            case yaml.DocumentStartEvent():
                self.begin(event)
            case _:
                pass

    def begin(self, event: yaml.DocumentStartEvent) -> None:
        """Start the one document."""
        if event.version or event.tags:
            self.refuse(Phrase("Directives", "指令"), event)
        self.documents += 1
        if self.documents > 1:
            self.refuse(Phrase("Several documents", "多个文档"), event)
            raise Stop

    def open(self, event: yaml.CollectionStartEvent, data: dict[str, Json] | list[Json]) -> None:
        """Start a mapping or a list."""
        self.check_node(event)
        pointer = self.attach(data, event, scalar=False)
        self.stack.append(_Frame(data, pointer))
        if len(self.stack) > MAX_DEPTH:
            self.too_large(Phrase("The nesting", "嵌套深度"), amount(len(self.stack), "levels", "层"), MAX_DEPTH, event)

    def scalar(self, event: yaml.ScalarEvent) -> None:
        """Take a key or a value."""
        self.check_node(event)
        text = str(event.value)
        bare = event.style is None or event.style == ""
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.key is None and isinstance(frame.data, dict):
            self.key(frame, frame.data, event, bare=bare)
            return
        value = resolve(text) if bare else text
        pointer = self.attach(value if exact(value) else text, event, scalar=True)
        if bare and not self.full:
            self.check_value(pointer, text, value, event)

    def key(self, frame: _Frame, data: dict[str, Json], event: yaml.ScalarEvent, *, bare: bool) -> None:
        """Take a mapping's next key."""
        name = str(event.value)
        frame.key, frame.key_at = name, _spot(event)
        if len(name) > MAX_KEY:
            self.too_large(Phrase("A key", "键"), amount(len(name), "characters", "字符"), MAX_KEY, event)
        pointer = child(frame.pointer, name)
        if name in data:
            self.report("BG107", pointer, event, {"key": name, "where": shown(frame.pointer, self.file)})
        if bare and not self.full:
            self.check_key(pointer, name, event)

    def check_key(self, pointer: str, name: str, event: yaml.ScalarEvent) -> None:
        """A bare key must be a text, today and in YAML 1.1."""
        if name == MERGE:
            self.refuse(Phrase("Merge keys", "合并键"), event, pointer)
        elif ambiguous(name) is not None:
            self.report("BG102", pointer, event, {"word": name}, _quoting(name))
        elif not isinstance(resolve(name), str):
            problem = Phrase(f"the key {name!r} is no text", f"键 {name!r} 不是文本")
            names = {"where": shown(parent(pointer), self.file), "problem": problem}
            self.report("BG105", pointer, event, names, _quoting(name))

    def check_value(self, pointer: str, text: str, value: Scalar, event: yaml.ScalarEvent) -> None:
        """A bare value must mean the same to every reader."""
        meant = ambiguous(text)
        if meant is not None:
            self.report("BG102", pointer, event, {"word": text}, _boolean(pointer, text, meant, self.file))
        elif not exact(value):
            problem = Phrase(f"{text} is no number that every program can hold", f"{text} 不是各程序都能准确表示的数")
            self.report(
                "BG105", pointer, event, {"where": shown(pointer, self.file), "problem": problem}, _quoting(text)
            )

    def check_node(self, event: yaml.NodeEvent) -> None:
        """Count the value; refuse anchors and tags."""
        self.values += 1
        if self.values > MAX_VALUES:
            self.too_large(Phrase("The file", "文件"), amount(self.values, "values", "个值"), MAX_VALUES, event)
        if event.anchor is not None:
            self.refuse(Phrase("Anchors and aliases", "锚点和别名"), event)
        if getattr(event, "tag", None) is not None:
            self.refuse(Phrase("Tags", "标签"), event)

    def attach(self, value: Json, event: yaml.NodeEvent, *, scalar: bool) -> str:
        """Put a value where it belongs and return its pointer."""
        line, column = _spot(event)
        if not self.stack:
            self.data = value
            self.places[""] = Place(line, column, scalar=scalar)
            return ""
        frame = self.stack[-1]
        if isinstance(frame.data, list):
            pointer = f"{frame.pointer}/{len(frame.data)}"
            frame.data.append(value)
            self.places[pointer] = Place(line, column, scalar=scalar)
            return pointer
        if frame.key is None:
            problem = Phrase("a key is a single text", "键必须是单个文本")
            self.report("BG105", frame.pointer, event, {"where": shown(frame.pointer, self.file), "problem": problem})
            raise Stop
        pointer = child(frame.pointer, frame.key)
        frame.data[frame.key] = value
        self.places[pointer] = Place(line, column, *frame.key_at, scalar)
        frame.key = None
        return pointer

    def here(self) -> str:
        """Return the pointer of the value that comes next, as near as it is known."""
        if not self.stack:
            return ""
        frame = self.stack[-1]
        if isinstance(frame.data, list):
            return child(frame.pointer, len(frame.data))
        return frame.pointer if frame.key is None else child(frame.pointer, frame.key)

    def refuse(self, feature: Phrase, event: yaml.Event, pointer: str | None = None) -> None:
        """Note a feature of YAML that an app file may not use."""
        self.report("BG112", self.here() if pointer is None else pointer, event, {"feature": feature})

    def too_large(self, what: Phrase, found: Phrase, limit: int, event: yaml.Event) -> None:
        """Note a passed limit and stop.

        Raises:
            Stop: Always.
        """
        self.report("BG111", self.here(), event, {"what": what, "found": found, "limit": f"{limit:,}"})
        raise Stop

    def report(
        self, code: str, path: str, event: yaml.Event, names: Mapping[str, str | Phrase], fix: Fix | None = None
    ) -> None:
        """Note a finding at the event's place."""
        if not self.full:
            self.findings.append(finding(code, path, names, file=self.file, fix=fix).at(*_spot(event)))


def _spot(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1)


def amount(number: int, en: str, zh: str) -> Phrase:
    """Return a number with its unit."""
    return Phrase(f"{number:,} {en}", f"{number:,} {zh}")


def _quoting(text: str) -> Fix:
    return Fix(f"Quote it: {quote(text)}.", f"加引号：{quote(text)}。")


def _boolean(pointer: str, word: str, meant: bool, file: str) -> Fix:
    spelt = "true" if meant else "false"
    return Fix(
        f"Write {spelt} if a boolean is meant; quote it, {quote(word)}, if the word is meant.",
        f"若表示布尔值，请写 {spelt}；若表示文本，请加引号：{quote(word)}。",
        (Op(op="set", path=pointer, value=meant, file=file),),
    )
