"""The shape of an app: data against the models, and Pydantic's errors as findings with a place and a fix."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runtime.base.errors import Json

from ..diagnostics import Diagnostic, Fix, Op, nearest
from .document import Document
from .finding import MAX_FINDINGS, Phrase, finding
from .ids import RESERVED, ROOTS, id_problem
from .outline import outline_of
from .pointer import child, parent, shown, split, value_at
from .positions import Positions
from .problems import choices, expected, problem, wrong_kind
from .versions import CURRENT

__all__ = ["explain_errors", "read_document"]

UNKNOWN = Positions()
ID_PATTERN = r"^[a-z][a-z0-9_]{0,47}$"
ID_SECTIONS = ("/nodes", "/inputs", "/outputs", "/state", "/requires/models", "/requires/tools", "/requires/knowledge")


def read_document(data: Json, positions: Positions = UNKNOWN) -> tuple[Document | None, list[Diagnostic]]:
    """Check the shape of an app.

    Args:
        data: What `parse_yaml` read.
        positions: Where it stands in the text.

    Returns:
        The document, or None when anything is wrong with it, and all findings in the order of the text.
    """
    if isinstance(data, dict) and "dsl" in data and (data["dsl"] != CURRENT or type(data["dsl"]) is not int):
        return None, [positions.locate(_version(data["dsl"]))]
    found = [positions.locate(item, key=True) for item in _reserved(data)]
    document: Document | None = None
    try:
        document = Document.model_validate_json(json.dumps(data))
    except ValidationError as error:
        found += explain_errors(error, data, Document, positions=positions)
    found.sort(key=lambda item: (item.line or 0, item.column or 0))
    return (None if found else document), found


def explain_errors(
    error: ValidationError,
    data: Json,
    model: type[BaseModel],
    *,
    path: str = "",
    positions: Positions = UNKNOWN,
    also: Iterable[str] = (),
) -> list[Diagnostic]:
    """Return the findings for a model's validation error.

    Args:
        error: What Pydantic raised.
        data: The data that was validated.
        model: The model that it was validated against.
        path: Where the data stands in `app.yaml`.
        positions: Where everything stands in the text.
        also: Further known keys of the top level, for the nearest name.
    """
    reading = _Reading(data, model, path, tuple(also))
    details = error.errors(include_url=False, include_input=False)
    found = (item for pointer, group in _grouped(details, data).items() for item in reading.findings(pointer, group))
    return [positions.locate(item, key=item.code in ("BG103", "BG106")) for item in islice(found, MAX_FINDINGS)]


@dataclass(frozen=True, slots=True)
class _Reading:
    """The data and model that errors are about."""

    data: Json
    model: type[BaseModel]
    path: str
    also: tuple[str, ...]

    def findings(self, pointer: str, group: list[ErrorDetails]) -> Iterator[Diagnostic]:
        """Yield the findings for all errors at one place."""
        kinds = [kind for kind in map(expected, group) if kind]
        value = value_at(self.data, pointer)
        if kinds:
            yield self.wrong(pointer, wrong_kind(kinds, value), _conversion(self.path + pointer, group, value))
            return
        first = group[0]
        match first["type"]:
            case "extra_forbidden":
                yield self.unknown(pointer)
            case "missing" if isinstance(first["loc"][-1], str):
                names = {"where": shown(parent(self.path + pointer)), "key": first["loc"][-1]}
                yield finding("BG104", self.path + pointer, names)
            case "string_pattern_mismatch" if first.get("ctx", {}).get("pattern") == ID_PATTERN:
                yield _bad_id(self.path + pointer, split(pointer)[-1] if first["loc"][-1] == "[key]" else str(value))
            case "literal_error":
                yield self.wrong(pointer, problem(first), _choice(self.path + pointer, value, choices(first)))
            case _:
                yield self.wrong(pointer, problem(first))

    def wrong(self, pointer: str, sentence: Phrase, fix: Fix | None = None) -> Diagnostic:
        """Return BG105."""
        path = self.path + pointer
        return finding("BG105", path, {"where": shown(path), "problem": sentence}, fix=fix)

    def unknown(self, pointer: str) -> Diagnostic:
        """Return BG103 with the nearest key that is not there yet, or all known keys."""
        above, key = parent(pointer), split(pointer)[-1]
        present = value_at(self.data, above)
        known = [*outline_of(self.model).at(above).keys, *(self.also if not above else ())]
        free = [name for name in known if not isinstance(present, dict) or name not in present]
        near = nearest(key, free)
        path, home = self.path + pointer, self.path + above
        names = {"key": key, "where": shown(home), "hint": _hint(near, free)}
        fix = _rename(path, child(home, near), near) if near else None
        return finding("BG103", path, names, fix=fix)


def _grouped(details: Iterable[ErrorDetails], data: Json) -> dict[str, list[ErrorDetails]]:
    """Return the errors by JSON Pointer.

    A union reports an error for each of its members; where one of them led deeper into the data, it is the one that
    was meant, and the errors of the others are left out.
    """
    groups: dict[str, list[ErrorDetails]] = {}
    for item in details:
        groups.setdefault(_pointer(item, data), []).append(item)
    meant = {above for pointer in groups for above in _above(pointer)}
    return {at: group for at, group in groups.items() if at not in meant or not all(map(expected, group))}


def _above(pointer: str) -> Iterator[str]:
    while pointer:
        pointer = parent(pointer)
        yield pointer


def _pointer(details: ErrorDetails, data: Json) -> str:
    """Return where an error stands; names of a union's members, which are no keys, are passed over."""
    pointer, location = "", details["loc"]
    for number, part in enumerate(location):
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if inside:
            data, pointer = value_at(data, child("", part)), child(pointer, part)
        elif number == len(location) - 1 and details["type"] == "missing" and isinstance(part, str):
            pointer = child(pointer, part)
    return pointer


def _reserved(data: Json) -> Iterator[Diagnostic]:
    """Yield BG106 for ids of the right form that mean something else in expressions."""
    for section in ID_SECTIONS:
        entries = value_at(data, section)
        root = section == "/nodes"
        taken = RESERVED | ROOTS if root else RESERVED
        for name in entries if isinstance(entries, dict) else ():
            if name in taken:
                yield _bad_id(child(section, name), name, root=root)


def _bad_id(path: str, name: str, *, root: bool = False) -> Diagnostic:
    sentence = id_problem(name, root=root) or Phrase("it has another form", "形式不符")
    return finding("BG106", path, {"id": name, "problem": sentence})


def _version(found: Json) -> Diagnostic:
    text = json.dumps(found, ensure_ascii=False)
    if isinstance(found, int | float) and found > CURRENT:
        return finding("BG109", "/dsl", {"found": text}, fix=Fix("Update Baigong.", "请升级百工。"))
    ops = (Op(op="set", path="/dsl", value=CURRENT),)
    return finding("BG109", "/dsl", {"found": text}, fix=Fix(f"Write dsl: {CURRENT}.", f"写作 dsl: {CURRENT}。", ops))


def _hint(near: str | None, free: list[str]) -> Phrase:
    if near:
        return Phrase(f" Did you mean {near!r}?", f"您是不是想写 {near!r}？")
    if not free:
        return Phrase("", "")
    names = ", ".join(free)
    return Phrase(f" Known keys: {names}.", f"可用的键：{names}。")


def _rename(path: str, target: str, name: str) -> Fix:
    ops = (Op(op="move", path=path, value=target),)
    return Fix(f"Rename the key to {name}.", f"将键改名为 {name}。", ops)


def _choice(path: str, value: Json, words: list[str]) -> Fix | None:
    near = nearest(value, words) if isinstance(value, str) else None
    return Fix(f"Write {near}.", f"写作 {near}。", (Op(op="set", path=path, value=near),)) if near else None


def _conversion(path: str, group: list[ErrorDetails], value: Json) -> Fix | None:
    """Return the fix that only quotes or unquotes a value."""
    types = {item["type"] for item in group}
    if "string_type" in types and type(value) in (bool, int):
        text = json.dumps(value)
        return Fix(f'Quote it: "{text}".', f'加引号："{text}"。', (Op(op="set", path=path, value=text),))
    if types & {"int_type", "float_type"} and isinstance(value, str) and value.isascii() and value.isdigit():
        return Fix("Remove the quotes.", "去掉引号。", (Op(op="set", path=path, value=int(value)),))
    return None
