"""The canvas's built files. The hash in a name is that of the content, so a browser may keep a file for ever."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from .errors import CanvasMissing

__all__ = ["canvas_module", "serve_asset"]

_FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {".js": "text/javascript", ".txt": "text/plain"}


@cache
def canvas_module() -> str:
    """Return the path under which the canvas is served.

    Raises:
        CanvasMissing: It has not been built.
    """
    found = sorted(_FOLDER.glob("canvas-*.js"))
    if len(found) != 1:
        fix = "Build it: npm ci && npm run build, in builder_ui/canvas."
        raise CanvasMissing(f"There are {len(found)} builds of the canvas.", where=str(_FOLDER), fix=fix)
    return f"/canvas/{found[0].name}"


async def serve_asset(request: Request) -> Response:
    """Return one of the files."""
    path = _FOLDER / request.path_params["name"]
    if path.parent != _FOLDER or path.suffix not in _TYPES or not path.is_file():
        return Response("Not found", 404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)
