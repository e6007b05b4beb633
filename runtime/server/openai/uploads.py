"""Files that clients upload, and how files are shown."""

from __future__ import annotations

import time
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import UploadFile

from ...base.errors import Json
from ...base.ids import new_id
from ...storage import Database, FileRow
from ..errors import ObjectUnknown, ParameterInvalid
from .requests import unsupported

__all__ = ["PURPOSES", "file_of", "show_file", "upload"]

PURPOSES: Final = ("assistants", "batch", "fine-tune", "user_data", "vision")
_FIELDS: Final = 16


async def upload(http: Request, database: Database, workspace: str) -> FileRow:
    """Store the file of a form.

    Raises:
        ParameterInvalid: The form has no file, or what is not supported.
        StorageError: It cannot be stored.
    """
    async with http.form(max_files=1, max_fields=_FIELDS) as form:
        purpose, file = form.get("purpose"), form.get("file")
        for name in form:
            if name not in ("purpose", "file"):
                raise unsupported(name, f"The parameter {name!r} is not supported here.")
        if purpose not in PURPOSES:
            raise ParameterInvalid(f"`purpose` is one of {', '.join(PURPOSES)}.", where="purpose")
        if not isinstance(file, UploadFile):
            raise ParameterInvalid("The form has no file.", where="file")
        content, name, kind = await file.read(), file.filename or "file", file.content_type
    stored = await database.artifacts.put(
        content, name=name, media_type=kind or "application/octet-stream", workspace=workspace
    )
    now = time.time_ns() // 1_000_000
    number = new_id("file").replace("_", "-")
    row = FileRow(number, workspace, str(purpose), stored["name"], stored["id"], stored["size"], now)
    await database.files.put(row)
    return row


async def file_of(database: Database, workspace: str, file: str, where: str = "file_id") -> FileRow:
    """Return a file.

    Raises:
        ObjectUnknown: There is none of this id.
    """
    found = await database.files.get(file, workspace)
    if found is None:
        raise ObjectUnknown(f"There is no file {file!r}.", where=where)
    return found


def show_file(row: FileRow) -> dict[str, Any]:
    """Return a file as it is shown."""
    told: dict[str, Json] = {
        "id": row.id,
        "object": "file",
        "bytes": row.size,
        "created_at": row.created // 1000,
        "filename": row.name,
        "purpose": row.purpose,
        "status": "processed",
    }
    return told
