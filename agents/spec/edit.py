"""Edits of a bundle, one operation at a time: what an editor sends, and what undoes it.

An operation is `{op, file, path, value, old, before}`:

- `add`: put `value` at a JSON Pointer of `app.yaml` where nothing is; in a mapping, before the key `before` or at its
  end; in a list, before the item of that number, or at its end with `-`.
- `set`: put `value` in the place of what is there.
- `del`: take away what is there.
- `move`: put `value` at a pointer of the canvas's layout, or take it away with null; it changes no content hash.
- `text`: in any text file, replace the `old` text at the character `value.at` by `value.text`.

`old`, where it is given, must be what is there: an edit that was made on another state is refused, not guessed at. An
operation has an inverse, which the edit returns; it brings back all but the comments of what was deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from runtime.base.errors import Json

from ..errors import EditConflict, EditInvalid
from .bundle import APP, LAYOUT, Bundle
from .canonical import dump_app
from .comments import read_comments
from .pointer import child, parent, split
from .text import parse_yaml
from .versions import parse_app

__all__ = ["Edit", "Kind", "Operation", "apply_edit", "operation_from_json", "operation_to_json"]

Kind: TypeAlias = Literal["add", "set", "del", "move", "text"]

_NOTHING: Final = object()


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation; `checks` says whether `old` was given."""

    op: Kind
    path: str = ""
    file: str = APP
    value: Json = None
    old: Json = None
    before: str | None = None
    checks: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """The bundle after some operations, and the operations that undo them, in their order."""

    bundle: Bundle
    inverse: tuple[Operation, ...]


def apply_edit(bundle: Bundle, operations: Iterable[Operation]) -> Edit:
    """Apply operations in order, all or none; `app.yaml` comes out in its canonical form.

    The result need not be an app that works: an editor passes through states that do not.

    Raises:
        EditConflict: Something else is there than an operation expects.
        EditInvalid: An operation cannot be, or `app.yaml` is no valid YAML, so that only `text` can mend it.
    """
    desk = _Desk(bundle)
    inverse = [desk.apply(one) for one in operations]
    return Edit(desk.bundle(), tuple(reversed(inverse)))


class _Desk:
    """A bundle under the pen: files as data while operations follow each other, as text at the end."""

    def __init__(self, bundle: Bundle) -> None:
        self._files = dict(bundle.files)
        self._data: dict[str, Json] = {}

    def apply(self, one: Operation) -> Operation:
        """Apply one and return its inverse."""
        if one.op == "text":
            self._settle(one.file)
            return self._splice(one)
        file = LAYOUT if one.op == "move" else APP
        if one.op != "move" and one.file != APP:
            raise EditInvalid(f"{one.op!r} edits {APP}, not {one.file!r}.", where=one.file, fix="Use 'text'.")
        data = self._open(file)
        return _moved(data, one) if one.op == "move" else _changed(data, one)

    def bundle(self) -> Bundle:
        """Return the bundle with all that was done."""
        for file in list(self._data):
            self._settle(file)
        return Bundle(files=self._files)

    def _open(self, file: str) -> Json:
        if file not in self._data:
            if file == LAYOUT:
                self._data[file] = deepcopy(Bundle(files=self._files).layout)
            else:
                parsed = parse_app(self._text(file))
                if not isinstance(parsed.data, dict):
                    raise EditInvalid(f"{file} is no valid mapping.", where=file, fix="Mend its text first.")
                self._data[file] = deepcopy(parsed.data)
        return self._data[file]

    def _settle(self, file: str) -> None:
        """Write a file's data back into its text."""
        if file in self._data:
            data = self._data.pop(file)
            if file == LAYOUT:
                text = json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
            else:
                before = self._text(file)
                text = dump_app(data, read_comments(before, parse_yaml(before).positions))
            self._files[file] = text.encode()

    def _text(self, file: str) -> str:
        return Bundle(files=self._files).text(file)

    def _splice(self, one: Operation) -> Operation:
        match one.value:
            case {"at": int(at), "text": str(new)} if not isinstance(at, bool):
                pass
            case _:
                raise EditInvalid("The value of 'text' is {at, text}.", where=one.file)
        old = one.old if one.old is not None else ""
        if not isinstance(old, str):
            raise EditInvalid("The old value of 'text' is a text.", where=one.file)
        text = self._text(one.file) if one.file in self._files else ""
        if not 0 <= at <= len(text) or text[at : at + len(old)] != old:
            found = text[max(at, 0) : max(at, 0) + len(old)]
            raise EditConflict(
                "Another text is there than the edit expects.", where=f"{one.file}:{at}", details={"found": found}
            )
        self._files[one.file] = (text[:at] + new + text[at + len(old) :]).encode()
        return Operation(op="text", file=one.file, value={"at": at, "text": old}, old=new, checks=True)


def _changed(data: Json, one: Operation) -> Operation:
    keys = split(one.path)
    if not keys:
        raise EditInvalid("The whole app cannot be edited at once.", where="path")
    holder = _holder(data, keys[:-1], one)
    found = _found(holder, keys[-1], one)
    if one.op == "add":
        place = _insert(holder, keys[-1], found, one)
        path = child(parent(one.path), place)
        return Operation(op="del", path=path, old=one.value, checks=True)
    if found is _NOTHING:
        raise EditConflict("There is nothing to change.", where=one.path)
    old = cast("Json", found)
    if one.checks and one.old != old:
        raise EditConflict("Something else is there than the edit expects.", where=one.path, details={"found": old})
    if one.op == "set":
        _put(holder, keys[-1], one.value)
        return Operation(op="set", path=one.path, value=old, old=one.value, checks=True)
    return Operation(op="add", path=one.path, value=old, before=_take(holder, keys[-1]))


def _moved(layout: Json, one: Operation) -> Operation:
    keys = split(one.path)
    if not keys:
        raise EditInvalid("A move names what it moves.", where="path")
    here = layout
    for key in keys[:-1]:
        if not isinstance(here, dict):
            raise EditInvalid("The layout holds mappings only.", where=one.path)
        here = here.setdefault(key, {})
    if not isinstance(here, dict):
        raise EditInvalid("The layout holds mappings only.", where=one.path)
    old = here.get(keys[-1])
    if one.value is None:
        here.pop(keys[-1], None)
    else:
        here[keys[-1]] = one.value
    return Operation(op="move", file=LAYOUT, path=one.path, value=old, old=one.value)


def _holder(data: Json, keys: list[str], one: Operation) -> dict[str, Json] | list[Json]:
    here: object = data
    for key in keys:
        here = _found(cast("object", here), key, one) if isinstance(here, dict | list) else _NOTHING
        if here is _NOTHING:
            raise EditConflict(f"There is no {key!r} here.", where=one.path)
    if isinstance(here, dict):
        return cast("dict[str, Json]", here)
    if isinstance(here, list):
        return cast("list[Json]", here)
    raise EditConflict("The path leads into a single value.", where=one.path)


def _found(holder: object, key: str, one: Operation) -> object:
    if isinstance(holder, dict):
        return cast("dict[str, Json]", holder).get(key, _NOTHING)
    items = cast("list[Json]", holder)
    if key == "-":
        return _NOTHING
    if not (key.isascii() and key.isdecimal()):
        raise EditInvalid(f"{key!r} is no number of an item.", where=one.path)
    return items[int(key)] if int(key) < len(items) else _NOTHING


def _insert(holder: dict[str, Json] | list[Json], key: str, found: object, one: Operation) -> str:
    """Add to a mapping or list and return the key under which the value is now."""
    if isinstance(holder, dict):
        if found is not _NOTHING:
            details: dict[str, Json] = {"found": cast("Json", found)}
            raise EditConflict("Something is there already.", where=one.path, details=details)
        later = _from(holder, one.before)
        holder[key] = deepcopy(one.value)
        for name in later:
            holder[name] = holder.pop(name)
        return key
    number = len(holder) if key == "-" else int(key)
    if number > len(holder):
        raise EditConflict(f"The list has only {len(holder)} items.", where=one.path)
    holder.insert(number, deepcopy(one.value))
    return str(number)


def _put(holder: dict[str, Json] | list[Json], key: str, value: Json) -> None:
    if isinstance(holder, dict):
        holder[key] = deepcopy(value)
    else:
        holder[int(key)] = deepcopy(value)


def _take(holder: dict[str, Json] | list[Json], key: str) -> str | None:
    """Delete an entry and return the key that followed it in a mapping."""
    if isinstance(holder, list):
        del holder[int(key)]
        return None
    after = _from(holder, key)[1:]
    del holder[key]
    return after[0] if after else None


def _from(holder: dict[str, Json], key: str | None) -> list[str]:
    """Return the keys from one on; none where it is not there."""
    names = list(holder)
    return names[names.index(key) :] if key in holder else []


def operation_from_json(data: Mapping[str, Json]) -> Operation:
    """Return the operation of its JSON form.

    Raises:
        EditInvalid: A field is missing, unknown or of the wrong type.
    """
    unknown = sorted(data.keys() - {"op", "file", "path", "value", "old", "before"})
    if unknown:
        raise EditInvalid(f"An operation has no field {unknown[0]!r}.", where=unknown[0])
    kind, file, path = data.get("op"), data.get("file", APP), data.get("path", "")
    if kind not in ("add", "set", "del", "move", "text"):
        raise EditInvalid(f"There is no operation {kind!r}.", where="op", fix="Use add, set, del, move or text.")
    before = data.get("before")
    if not isinstance(file, str) or not isinstance(path, str) or (path and not path.startswith("/")):
        raise EditInvalid("`file` is a text, and `path` a JSON Pointer.", where="path")
    if before is not None and not isinstance(before, str):
        raise EditInvalid("`before` is a key.", where="before")
    return Operation(
        op=kind, file=file, path=path, value=data.get("value"), old=data.get("old"), before=before, checks="old" in data
    )


def operation_to_json(one: Operation) -> dict[str, Json]:
    """Return the JSON form of an operation."""
    data: dict[str, Json] = {"op": one.op, "file": one.file, "path": one.path, "value": one.value}
    if one.before is not None:
        data["before"] = one.before
    return {**data, "old": one.old} if one.checks else data
