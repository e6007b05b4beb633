"""What a node type may know while its node is compiled: the app's names, its bundle and the host's resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from runtime.base.errors import Json

from .graph import StateKey
from .spec import AppInfo, BaseInfo, Bundle, DatabaseInfo, Document, ModelInfo, NodeSpec, Resources, ToolInfo
from .types import Record, Type, from_schema, parse_type

__all__ = ["NodeView", "Scope"]

C = TypeVar("C", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The app around a node."""

    document: Document
    bundle: Bundle
    resources: Resources
    types: Mapping[str, Type]
    outputs: Mapping[str, Type]
    state: Mapping[str, StateKey]

    def tool(self, name: str) -> ToolInfo | None:
        """Return the tool that `alias.tool` names, or None when it is not declared, not allowed or not known."""
        alias, _, tool = name.partition(".")
        need = self.document.requires.tools.get(alias)
        if need is None or tool not in need.allow:
            return None
        return self.resources.servers.get(need.server, {}).get(tool)

    def models(self, alias: str) -> tuple[ModelInfo, ...]:
        """Return the deployments that may serve a declared model."""
        return tuple(self.resources.models.get(alias, ()))

    def base(self, alias: str) -> BaseInfo | None:
        """Return the knowledge base that a declared name stands for."""
        return self.resources.bases.get(alias)

    def app(self, alias: str) -> AppInfo | None:
        """Return the app that a declared name stands for, if another app can run it."""
        info = self.resources.apps.get(alias)
        return info if info is not None and not info.problem and alias in self.document.requires.apps else None

    def database(self, alias: str) -> DatabaseInfo | None:
        """Return the database that a declared name stands for."""
        return self.resources.databases.get(alias)

    def is_file(self, text: str) -> bool:
        """Whether `text` is the name of a text file of the bundle rather than the text itself."""
        return "\n" not in text and text.endswith((".md", ".txt", ".html")) and " " not in text

    def text(self, value: str) -> str:
        """Return a prompt's or template's text, read from the bundle when `value` names a file of it.

        Raises:
            BundleError: The file is missing or not UTF-8.
        """
        return self.bundle.text(value) if self.is_file(value) else value

    def inline_type(self, schema: Mapping[str, Any] | str, name: str) -> Type:
        """Return the type of an inline `schema`: a type's text, `{field: type}` or `{schema: JSON Schema}`.

        Raises:
            TypeSyntaxError: A type's text is malformed or unknown.
        """
        if isinstance(schema, str):
            return parse_type(schema, self.types)
        inner = schema.get("schema")
        if len(schema) == 1 and isinstance(inner, dict):
            return from_schema(cast("dict[str, Json]", inner), name)
        return Record(name, {field: parse_type(str(text), self.types) for field, text in schema.items()})


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeView:
    """One node as its type sees it."""

    id: str
    spec: NodeSpec
    config: BaseModel
    scope: Scope
    home: str = "/nodes"
    """JSON Pointer of the mapping that the node stands in; that of a node inside a container is longer."""
    inputs: Mapping[str, Type] = field(default_factory=dict[str, Type])
    """Types of the connected inputs; empty until they are known, filled when `NodeType.check` is called."""

    @property
    def pointer(self) -> str:
        """JSON Pointer of the node in `app.yaml`."""
        return f"{self.home}/{self.id}"

    def config_as(self, kind: type[C]) -> C:
        """Return the configuration as the node type's own model.

        Raises:
            TypeError: The node is of another type.
        """
        if not isinstance(self.config, kind):
            raise TypeError(f"{self.id} holds {type(self.config).__name__}, not {kind.__name__}")
        return self.config
