"""Turns what an MCP server returns into tool descriptions and results."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from runtime.base.errors import Json

from .errors import ToolFailed, ToolOutputInvalid
from .ports import ToolDescription, ToolFile, ToolResult

if TYPE_CHECKING:
    import mcp_types

__all__ = ["RESULT_CAP", "description_of", "result_of", "wrapped"]

RESULT_CAP = 10 * 2**20
"""Largest result, bytes: data, text and each file count."""
WRAP = "x-fastmcp-wrap-result"
"""fastmcp's mark of a result that is no object and stands in `{"result": …}`."""


def wrapped(schema: Mapping[str, object] | None) -> bool:
    """Tell whether results of this output schema stand in an envelope."""
    return bool(schema and schema.get(WRAP))


def description_of(tool: mcp_types.Tool) -> ToolDescription:
    """Return a tool as its server describes it, with the envelope of its output schema taken off."""
    output = cast("dict[str, Json] | None", tool.output_schema)
    if output is not None and wrapped(output):
        shared = {"$defs": output["$defs"]} if "$defs" in output else {}
        output = {**cast("dict[str, dict[str, dict[str, Json]]]", output)["properties"]["result"], **shared}
    return ToolDescription(
        name=tool.name,
        description=tool.description or tool.title or tool.name,
        input_schema=cast("dict[str, Json]", tool.input_schema),
        output_schema=output,
    )


def result_of(result: mcp_types.CallToolResult, *, where: str, envelope: bool) -> ToolResult:
    """Return a call's result.

    Args:
        result: What the server sent.
        where: `server.tool`, for errors.
        envelope: Whether the structured content stands in fastmcp's `{"result": …}`.

    Raises:
        ToolFailed: The tool says so.
        ToolOutputInvalid: The result is above the cap, or a file in it is not base64.
    """
    texts: list[str] = []
    files: list[ToolFile] = []
    for index, block in enumerate(result.content):
        _sort(block, index, where, texts, files)
    text = "\n".join(texts)
    if result.is_error:
        raise ToolFailed(text[:2000] or "The tool failed without a word.", where=where)
    data = cast("Json", result.structured_content)
    if envelope and isinstance(data, dict) and set(data) == {"result"}:
        data = data["result"]
    sizes = [
        len(json.dumps(data, ensure_ascii=False).encode()),
        len(text.encode()),
        *(len(one.content) for one in files),
    ]
    if max(sizes) > RESULT_CAP:
        raise _too_large(max(sizes), where)
    return ToolResult(data=data, text=text, files=tuple(files))


def _sort(block: mcp_types.ContentBlock, index: int, where: str, texts: list[str], files: list[ToolFile]) -> None:
    """Put one block of content where it belongs."""
    name = f"{where.rpartition('.')[2]}-{index + 1}"
    match block.type:
        case "text":
            texts.append(block.text)
        case "image" | "audio":
            suffix = mimetypes.guess_extension(block.mime_type) or ""
            files.append(ToolFile(name=name + suffix, media_type=block.mime_type, content=_decoded(block.data, where)))
        case "resource_link":
            texts.append(str(block.uri))
        case _:
            files.append(_resource(block.resource, name, where))


def _resource(
    resource: mcp_types.TextResourceContents | mcp_types.BlobResourceContents, name: str, where: str
) -> ToolFile:
    text = getattr(resource, "text", None)
    content = text.encode() if isinstance(text, str) else _decoded(str(getattr(resource, "blob", "")), where)
    kind = resource.mime_type or ("text/plain" if isinstance(text, str) else "application/octet-stream")
    return ToolFile(name=str(resource.uri).rstrip("/").rpartition("/")[2] or name, media_type=kind, content=content)


def _decoded(data: str, where: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as error:
        raise ToolOutputInvalid("A file in the result is not base64.", where=where, fix="Mend the server.") from error


def _too_large(size: int, where: str) -> ToolOutputInvalid:
    return ToolOutputInvalid(
        f"The result has {size:,} bytes; {RESULT_CAP:,} is the most.",
        where=where,
        fix="Ask for less, or have the tool return a file in parts.",
    )
