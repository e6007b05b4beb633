"""Errors of models.

BaigongError
└── ModelError
    ├── ModelsFileInvalid   models.yaml or a script cannot be used
    ├── ModelNotConfigured  no deployment fits, or one cannot be used as it is set up
    ├── ModelUnavailable    the deployment cannot answer now; another or a later try may
    │   ├── ModelInterrupted  the answer broke off
    │   └── ModelsFailed      every deployment that was tried failed
    ├── ModelTimeout        the answer did not come in time
    ├── ModelRefused        the request was refused, by the server or by the model
    ├── ModelOutputInvalid  the answer is not what was asked for
    └── ScriptExhausted     a scripted model has nothing left to say
"""

from __future__ import annotations

from typing import ClassVar

from ..base.errors import BaigongError

__all__ = [
    "ModelError",
    "ModelInterrupted",
    "ModelNotConfigured",
    "ModelOutputInvalid",
    "ModelRefused",
    "ModelTimeout",
    "ModelUnavailable",
    "ModelsFailed",
    "ModelsFileInvalid",
    "ScriptExhausted",
]


class ModelError(BaigongError):
    """Base of the errors of models."""

    code = "BG820"
    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later."""


class ModelsFileInvalid(ModelError):
    """`models.yaml`, or a script that it names, cannot be used."""

    code = "BG821"
    exit_code = 1


class ModelNotConfigured(ModelError):
    """No deployment fits the need, or one cannot be used as it is set up: its key, its model, its account, its host."""

    code = "BG822"
    status = 503


class ModelUnavailable(ModelError):
    """The deployment cannot answer now: it is down, overloaded or limits the rate."""

    code = "BG823"
    status = 503
    retryable = True


class ModelTimeout(ModelError):
    """The answer, its first token or its next one did not come in time."""

    code = "BG824"
    status = 504
    retryable = True


class ModelRefused(ModelError):
    """The request was refused: by the server, by a content filter or by the model."""

    code = "BG825"
    exit_code = 4
    status = 422


class ModelOutputInvalid(ModelError):
    """The answer is not what was asked for: no JSON, JSON of another shape, or a broken tool call."""

    code = "BG826"
    status = 502


class ModelInterrupted(ModelUnavailable):
    """The answer broke off; nothing of it is used."""

    code = "BG827"
    status = 502


class ModelsFailed(ModelUnavailable):
    """Every deployment that was tried failed; `details.attempts` lists them."""

    code = "BG828"


class ScriptExhausted(ModelError):
    """A scripted model has no entry left that fits the message."""

    code = "BG829"
