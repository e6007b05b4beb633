"""`sql`: one query of a database that the administrator has listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from runtime.base.errors import Json

from ..context import Context, ToolRequest
from ..diagnostics import Diagnostic, Phrase, diagnose, hint
from ..graph import Act, CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..spec import DatabaseInfo, ToolInfo, ToolPolicy
from ..types import BOOLEAN, INTEGER, JSON, ListOf, MapOf, parse_type
from .base import NodeType, Outcome

__all__ = ["Sql", "SqlConfig"]

WAIT: Final = 30.0
"""Seconds that a query may take where the node has no `timeout`."""

_PARAMETER: Final = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)(?!:)")
"""A parameter in a query, as SQLAlchemy's `text` reads it: not `::type`, not `12:30`; `\\:` is a colon."""


class SqlConfig(Config):
    """Keys of an `sql` node.

    `query` is one statement, a text or a file of the bundle, whose parameters `:name` are the node's inputs; nothing
    else of it is made of values. Without `write` it can only read.
    """

    database: str
    query: str
    write: bool = False
    max_rows: Annotated[int, Field(ge=1, le=10_000)] = 1000
    returns: str | None = None
    approve: Literal["effects", "always", "never"] | None = None


class Sql(NodeType):
    """Runs one query."""

    manifest: ClassVar = Manifest(
        type="sql",
        group="tool",
        en="Runs one query on a database that the administrator has listed.",
        zh="在管理员列出的数据库上执行一条查询。",
        config=SqlConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take the parameters; give the rows, how many they are or were changed, and whether there are more."""
        returns = view.config_as(SqlConfig).returns
        rows = parse_type(returns, view.scope.types) if returns else ListOf(MapOf(JSON))
        return Surface(
            open=True,
            outputs={"rows": Port(type=rows), "count": Port(type=INTEGER), "more": Port(type=BOOLEAN)},
        )

    def acts(self, view: NodeView) -> Iterable[Act]:
        """Run the query, with what is known of the database."""
        config = view.config_as(SqlConfig)
        known = view.scope.database(config.database) or DatabaseInfo(name=config.database)
        policy = ToolPolicy(
            effect_class=("keyed" if known.ledger else "once") if config.write else "pure",
            effect="irreversible" if config.write else "none",
            reads=known.reads,
            private=known.private,
            approval="never",
        )
        name = f"SQL {config.database}"
        info = ToolInfo(name=name, description="One query.", policy=policy)
        return (Act(name, info, config.approve, of="engine"),)

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Check database, file and parameters."""
        config, scope = view.config_as(SqlConfig), view.scope
        declared = scope.document.requires.databases
        if config.database not in declared:
            problem = Phrase("is not in requires.databases", "不在 requires.databases 中")
            near = hint(config.database, declared)
            yield diagnose(
                "BG420", f"{view.pointer}/database", node=view.id, name=config.database, problem=problem, hint=near
            )
        info = scope.database(config.database)
        if config.write and info is not None and not info.write:
            problem = Phrase("may not be changed by apps", "不允许应用修改")
            yield diagnose(
                "BG420", f"{view.pointer}/write", node=view.id, name=config.database, problem=problem, hint=""
            )
        if _is_file(config.query) and config.query not in scope.bundle.files:
            problem = Phrase("it is not in the bundle", "包中没有该文件")
            yield diagnose("BG108", f"{view.pointer}/query", node=view.id, name=config.query, problem=problem)
            return
        wanted = _PARAMETER.findall(_query(config.query, scope.bundle.text))
        for name in dict.fromkeys(wanted):
            if name not in view.inputs:
                near = hint(name, view.inputs, prefix=Phrase("It takes", "它接受"))
                yield diagnose(
                    "BG412", f"{view.pointer}/query", node=view.id, text="query", name=name, owner=view.id, hint=near
                )

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Run the query with the inputs as its parameters; one that is absent is NULL."""
        config = node.config_as(SqlConfig)
        query = _query(config.query, ctx.app.bundle.text)
        values: dict[str, Json] = {name: inputs.get(name) for name in _PARAMETER.findall(query)}
        arguments: dict[str, Json] = {
            "database": ctx.app.document.requires.databases[config.database],
            "query": query,
            "values": values,
            "write": config.write,
            "max_rows": config.max_rows,
            "seconds": node.timeout or WAIT,
        }
        request = ToolRequest(tool="sql", arguments=arguments, approve=config.approve, info=node.acts[0].info)
        result = (await ctx.tool(request)).value.data
        return Outcome(outputs=result if isinstance(result, dict) else {})


def _is_file(text: str) -> bool:
    return text.endswith(".sql") and " " not in text and "\n" not in text


def _query(text: str, read: Callable[[str], str]) -> str:
    return read(text) if _is_file(text) else text
