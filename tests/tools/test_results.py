from __future__ import annotations

import base64

import mcp_types
import pytest

from tools.errors import ToolFailed, ToolOutputInvalid
from tools.results import description_of, result_of

PNG = b"\x89PNG"


def _result(*content: mcp_types.ContentBlock, data: object = None, failed: bool = False) -> mcp_types.CallToolResult:
    return mcp_types.CallToolResult(content=list(content), structured_content=data, is_error=failed)


def _text(text: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(type="text", text=text)


def test_texts_are_joined_and_files_decoded() -> None:
    image = mcp_types.ImageContent(type="image", data=base64.b64encode(PNG).decode(), mime_type="image/png")
    blob = mcp_types.BlobResourceContents(uri="plant://p-101/report.pdf", blob=base64.b64encode(b"%PDF").decode())
    result = result_of(
        _result(_text("a"), _text("b"), image, mcp_types.EmbeddedResource(type="resource", resource=blob)),
        where="plant.draw",
        envelope=False,
    )
    assert (result.data, result.text) == (None, "a\nb")
    assert [(one.name, one.media_type, one.content) for one in result.files] == [
        ("draw-3.png", "image/png", PNG),
        ("report.pdf", "application/octet-stream", b"%PDF"),
    ]


@pytest.mark.parametrize(("envelope", "data"), [(True, [1]), (False, {"result": [1]})])
def test_an_envelope_is_taken_off_only_where_the_schema_marks_it(envelope: bool, data: object) -> None:
    assert result_of(_result(data={"result": [1]}), where="s.t", envelope=envelope).data == data


def test_failures_and_bad_files_have_names() -> None:
    with pytest.raises(ToolFailed, match="stuck"):
        result_of(_result(_text("stuck"), failed=True), where="s.t", envelope=False)
    bad = mcp_types.ImageContent(type="image", data="???", mime_type="image/png")
    with pytest.raises(ToolOutputInvalid, match="base64"):
        result_of(_result(bad), where="s.t", envelope=False)


def test_a_description_shows_the_schema_without_its_envelope() -> None:
    inner = {"type": "array", "items": {"$ref": "#/$defs/Row"}}
    schema = {
        "type": "object", "properties": {"result": inner}, "$defs": {"Row": {"type": "object"}},
        "x-fastmcp-wrap-result": True,
    }  # fmt: skip
    found = description_of(mcp_types.Tool(name="rows", input_schema={"type": "object"}, output_schema=schema))
    assert found.output_schema == {**inner, "$defs": {"Row": {"type": "object"}}}
    assert found.description == "rows"
