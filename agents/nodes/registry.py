"""The node types that this installation has, and those that the language knows beyond them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from runtime.base.plugins import load

from ..diagnostics import Phrase
from ..manifest import Manifest
from .base import NodeType

__all__ = ["MANIFESTS", "NODES", "PLANNED"]


def _discover() -> Mapping[str, NodeType]:
    found: dict[str, NodeType] = {}
    for name, kind in load("baigong.nodes").items():
        if not (isinstance(kind, type) and issubclass(kind, NodeType)):
            raise TypeError(f"the plugin {name!r} of baigong.nodes is no NodeType")
        found[kind.manifest.type] = kind()
    return MappingProxyType(dict(sorted(found.items())))


NODES: Mapping[str, NodeType] = _discover()
"""Node types by the word in `type:`."""

MANIFESTS: Mapping[str, Manifest] = MappingProxyType({name: kind.manifest for name, kind in NODES.items()})
"""Their manifests."""

_NOTHING = Phrase("", "")

PLANNED: Mapping[str, Phrase] = MappingProxyType(
    {
        **dict.fromkeys(("media", "plan", "execute_plan", "handoff"), _NOTHING),
        **dict.fromkeys(("ingest", "memory_read", "memory_write", "code", "mcp_resource"), _NOTHING),
        **dict.fromkeys(("note",), _NOTHING),
    }
)
"""Node types of the language that this version cannot run, with what to say about each."""
