"""Files of the OpenAI-compatible interface: names and purposes of artifacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .reader import Reader
from .writer import Writer

__all__ = ["PUT_FILE", "FileRow", "FileStore"]

PUT_FILE: Final = (
    "INSERT INTO files (id, workspace, purpose, name, artifact, size, created) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_COLUMNS: Final = "id, workspace, purpose, name, artifact, size, created"
_GET: Final = f"SELECT {_COLUMNS} FROM files WHERE id = ? AND workspace = ?"  # noqa: S608 constants
_REMOVE: Final = "DELETE FROM files WHERE id = ? AND workspace = ?"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file; `size` is in bytes, `created` in milliseconds since 1970."""

    id: str
    workspace: str
    purpose: str
    name: str
    artifact: str
    size: int
    created: int

    def row(self) -> tuple[str, str, str, str, str, int, int]:
        """Return the values that `PUT_FILE` takes."""
        return (self.id, self.workspace, self.purpose, self.name, self.artifact, self.size, self.created)


class FileStore:
    """Keeps the files of all workspaces; ids sort by time.

    Args:
        writer: The database's writer.
        reader: The database's reader.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(self, file: FileRow) -> None:
        """Store a file whose artifact is stored.

        Raises:
            StorageError: The database cannot be written.
        """
        stream = self._writer.stream()
        stream.append(PUT_FILE, file.row())
        await stream.commit()

    async def get(self, file: str, workspace: str = "main") -> FileRow | None:
        """Return a file, or None where the workspace has none of this id."""
        place = (file, workspace)
        row = await self._reader.run(lambda connection: connection.execute(_GET, place).fetchone())
        return None if row is None else FileRow(*row)

    async def list(
        self, workspace: str = "main", *, purpose: str | None, after: str | None, limit: int, oldest: bool = False
    ) -> list[FileRow]:
        """Return files, the latest first unless the oldest are to be.

        Args:
            workspace: Whose.
            purpose: Only those for this purpose.
            after: Only those behind this id.
            limit: How many at the most.
            oldest: Whether the oldest come first.
        """
        sql, values = f"SELECT {_COLUMNS} FROM files WHERE workspace = ?", [workspace]  # noqa: S608 constants
        if purpose is not None:
            sql, values = f"{sql} AND purpose = ?", [*values, purpose]
        if after is not None:
            sql, values = f"{sql} AND id {'>' if oldest else '<'} ?", [*values, after]
        sql = f"{sql} ORDER BY id {'ASC' if oldest else 'DESC'} LIMIT ?"
        rows = await self._reader.run(lambda connection: connection.execute(sql, (*values, limit)).fetchall())
        return [FileRow(*row) for row in rows]

    async def remove(self, file: str, workspace: str = "main") -> bool:
        """Forget a file, and say whether there was one; its content goes when nothing else names it."""
        place = (file, workspace)
        return await self._writer.call(lambda connection: connection.execute(_REMOVE, place).rowcount) > 0
