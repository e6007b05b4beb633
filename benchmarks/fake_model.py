"""An OpenAI-compatible server that answers at once, whole or as a stream. Run: python -m benchmarks.fake_model PORT."""

from __future__ import annotations

import json
import sys

import uvicorn
from starlette.types import Receive, Scope, Send

_TEXT = "pong"
_USAGE = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
_WHOLE = json.dumps(
    {
        "id": "1", "object": "chat.completion", "created": 0, "model": "fake", "usage": _USAGE,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": _TEXT}}],
    }
).encode()  # fmt: skip


def _chunk(choices: list[object], usage: object = None) -> str:
    data = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": choices}
    return f"data: {json.dumps({**data, 'usage': usage})}\n\n"


_STREAM = "".join(
    [
        _chunk([{"index": 0, "delta": {"role": "assistant", "content": _TEXT}, "finish_reason": None}]),
        _chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}]),
        _chunk([], _USAGE),
        "data: [DONE]\n\n",
    ]
).encode()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer any request."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    streamed = b'"stream":true' in body.replace(b" ", b"")
    kind = b"text/event-stream" if streamed else b"application/json"
    content = _STREAM if streamed else _WHOLE
    headers = [(b"content-type", kind), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), lifespan="off", log_level="error", access_log=False)
