"""`template`: a text, and a file of it, out of the node's own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import ClassVar, Literal

from runtime.base.errors import Json

from ..context import Context, FileRequest
from ..diagnostics import Diagnostic, Phrase, diagnose
from ..graph import CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..templates import parse_template
from ..types import FILE, STRING
from .base import NodeType, Outcome
from .dialogue import check_text

__all__ = ["Template", "TemplateConfig"]

MEDIA = {"text": "text/plain", "md": "text/markdown", "html": "text/html"}
SUFFIX = {"text": "txt", "md": "md", "html": "html"}


class TemplateConfig(Config):
    """Keys of a `template` node: `file` names a file of the bundle, `text` holds the template itself."""

    file: str | None = None
    text: str | None = None
    format: Literal["text", "md", "html"] = "text"

    @property
    def source(self) -> str:
        """The text, or the file's name."""
        return self.file or self.text or ""


class Template(NodeType):
    """Fills a template. With `format: html` every inserted value is escaped."""

    manifest: ClassVar = Manifest(
        type="template",
        group="data",
        en="Fills a template with values, as text and as a file.",
        zh="用数据填充模板，得到文本和文件。",
        config=TemplateConfig,
        accepts=frozenset({"on_error"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take any names; give the text and the file."""
        return Surface(open=True, outputs={"text": Port(type=STRING), "file": Port(type=FILE)})

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Exactly one of `file` and `text`, and a sound template."""
        config = view.config_as(TemplateConfig)
        if (config.file is None) == (config.text is None):
            problem = Phrase("give exactly one of 'file' and 'text'", "'file' 与 'text' 必须且只能给出一个")
            yield diagnose("BG105", view.pointer, node=view.id, where=view.id, problem=problem)
            return
        yield from check_text(view, "/file" if config.file else "/text", config.source)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Fill the template and store the file."""
        config = node.config_as(TemplateConfig)
        template = parse_template(node.texts.get(config.source, config.source))
        text = template.render(inputs, node.ports, escape=escape if config.format == "html" else None)
        request = FileRequest(
            name=f"{node.id}.{SUFFIX[config.format]}", media_type=MEDIA[config.format], content=text.encode()
        )
        stored = (await ctx.file(request)).value
        return Outcome(outputs={"text": text, "file": stored.file})
