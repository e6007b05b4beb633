"""JSON Pointers (RFC 6901) into the data of a file, and the dotted form that messages show."""

from __future__ import annotations

from runtime.base.errors import Json

__all__ = ["child", "node_of", "parent", "shown", "split", "value_at"]


def child(pointer: str, key: str | int) -> str:
    """Return the pointer of `key` below `pointer`."""
    if isinstance(key, int):
        return f"{pointer}/{key}"
    if "~" in key or "/" in key:
        key = key.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{key}"


def split(pointer: str) -> list[str]:
    """Return the keys of a pointer from the root down."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def parent(pointer: str) -> str:
    """Return the pointer one level up; the root is its own parent."""
    return pointer.rpartition("/")[0]


def shown(pointer: str, file: str = "app.yaml") -> str:
    """Return `nodes.read.in` for `/nodes/read/in`, and the file's name for the root."""
    return ".".join(split(pointer)) or file


def node_of(pointer: str) -> str | None:
    """Return the id of the node that the pointer leads to or into."""
    parts = split(pointer)
    return parts[1] if len(parts) > 1 and parts[0] == "nodes" else None


def value_at(data: Json, pointer: str) -> Json:
    """Return what a pointer leads to, or None where nothing is."""
    for key in split(pointer):
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list):
            data = data[int(key)] if key.isdigit() and int(key) < len(data) else None
        else:
            return None
    return data
