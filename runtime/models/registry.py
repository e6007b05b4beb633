"""Changes of `models.yaml` that leave its comments and its order alone, and take effect at once."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agents.spec.folder import replace_file
from agents.spec.scalar import spell

from ..base.errors import Json
from .deployments import Catalogue
from .errors import DeploymentUnknown, ModelsFileInvalid
from .fleet import Fleet
from .kinds import BUILT_IN, load_catalogue
from .routing import Routing

__all__ = ["Registry"]

Change = Callable[[Any], None]


class Registry:
    """Declares deployments.

    Args:
        file: `models.yaml`, which need not exist.
        fleet: The deployments of this process.
    """

    def __init__(self, file: Path, fleet: Fleet) -> None:
        self._file = file
        self._fleet = fleet
        self._turn = asyncio.Lock()

    async def put(self, name: str, entry: Mapping[str, Json]) -> None:
        """Declare a deployment, in the place of one of the same id.

        Raises:
            ModelsFileInvalid: The entry is wrong; nothing is changed.
        """

        def change(document: Any) -> None:  # noqa: ANN401 as ruamel's
            document.setdefault("models", {})[name] = _quoted(entry)

        await self._change(change)

    async def remove(self, name: str) -> None:
        """Forget a deployment.

        Raises:
            DeploymentUnknown: The file declares none of this id.
            ModelsFileInvalid: The file cannot be used.
        """

        def change(document: Any) -> None:  # noqa: ANN401 as ruamel's
            if name not in (document.get("models") or {}):
                built_in = any(one.id == name for one in BUILT_IN)
                raise DeploymentUnknown(
                    "It comes with the product." if built_in else "models.yaml declares no such deployment.",
                    where=name,
                    fix="`baigong models list` shows what there is.",
                )
            del document["models"][name]

        await self._change(change)

    async def route(self, routing: Routing) -> None:
        """Change how a deployment is chosen.

        Raises:
            ModelsFileInvalid: The file cannot be used.
        """
        await self._change(lambda document: document.update(routing=routing.model_dump(exclude_defaults=True)))

    async def _change(self, change: Change) -> None:
        async with self._turn:
            catalogue = await asyncio.to_thread(self._write, change)
            await self._fleet.reload(catalogue)

    def _write(self, change: Change) -> Catalogue:
        """Change the file, if what comes out can be used."""
        from ruamel.yaml import YAML
        from ruamel.yaml.comments import CommentedMap

        yaml = YAML()
        yaml.width = 120
        before = self._file.read_text("utf-8") if self._file.exists() else ""
        if before:
            load_catalogue(self._file)  # a file that cannot be used is not made worse
        document = yaml.load(before) or CommentedMap()  # pyright: ignore[reportUnknownMemberType]
        change(document)
        out = io.StringIO()
        yaml.dump(document, out)  # pyright: ignore[reportUnknownMemberType]
        catalogue = load_catalogue(self._file, out.getvalue())
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, out.getvalue().encode())
        except OSError as error:
            raise ModelsFileInvalid(f"The file cannot be written: {error.strerror}.", where=str(self._file)) from error
        return catalogue


def _quoted(value: Json | Mapping[str, Json]) -> Any:  # noqa: ANN401 as ruamel's
    """Return a value whose texts are quoted where YAML would read something else in them, such as `yes`."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    match value:
        case str():
            return value if spell(value) == value else DoubleQuotedScalarString(value)
        case list():
            return [_quoted(item) for item in value]
        case Mapping():
            return {key: _quoted(item) for key, item in value.items()}
        case _:
            return value
