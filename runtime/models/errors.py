"""Errors of models.

BaigongError
└── ModelError
    ├── ModelsFileInvalid   models.yaml or a script cannot be used
    ├── ModelNotConfigured  no deployment fits, or one cannot be used as it is set up
    │   ├── ModelFileInvalid  a model file is none that may be loaded
    │   ├── ModelNotLoaded    llama.cpp could not load a model file
    │   └── TemplateFailed    the chat template of a model file failed
    ├── ModelUnavailable    the deployment cannot answer now; another or a later try may
    │   ├── ModelInterrupted  the answer broke off
    │   │   └── ModelCrashed    the process of a local model died
    │   ├── ModelBusy         too many calls wait for a local model, or it rests after crashes
    │   ├── ModelResting      no deployment may be asked now
    │   ├── FrameInvalid      a local model's process is not understood
    │   └── ModelsFailed      every deployment that was tried failed
    ├── ModelTimeout        the answer did not come in time
    ├── ModelRefused        the request was refused, by the server or by the model
    │   ├── PromptTooLong     it does not fit the context of a local model
    │   └── SchemaUnsupported its JSON Schema cannot be turned into a grammar
    ├── ModelOutputInvalid  the answer is not what was asked for
    │   └── AnswerCut         it ended before its data was complete
    ├── DeploymentUnknown   there is no such deployment
    ├── DecisionUnknown     there is no such decision of the router
    └── ScriptExhausted     a scripted model has nothing left to say
"""

from __future__ import annotations

from typing import ClassVar

from ..base.errors import BaigongError, Json

__all__ = [
    "AnswerCut",
    "DecisionUnknown",
    "DeploymentUnknown",
    "FrameInvalid",
    "ModelBusy",
    "ModelCrashed",
    "ModelError",
    "ModelFileInvalid",
    "ModelInterrupted",
    "ModelNotConfigured",
    "ModelNotLoaded",
    "ModelOutputInvalid",
    "ModelRefused",
    "ModelResting",
    "ModelTimeout",
    "ModelUnavailable",
    "ModelsFailed",
    "ModelsFileInvalid",
    "PromptTooLong",
    "SchemaUnsupported",
    "ScriptExhausted",
    "TemplateFailed",
]


class ModelError(BaigongError):
    """Base of the errors of models."""

    code = "BG820"
    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later."""
    usage: dict[str, Json]
    """What was used up before it failed, in the kinds of a reply's usage; empty where nothing was."""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        fix: str | None = None,
        details: dict[str, Json] | None = None,
    ) -> None:
        super().__init__(message, where=where, fix=fix, details=details)
        self.usage = {}


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


class ModelFileInvalid(ModelNotConfigured):
    """The file of a local model is none that may be loaded: no GGUF, cut short, or not plausible."""

    code = "BG840"
    exit_code = 1
    status = 422


class ModelNotLoaded(ModelNotConfigured):
    """llama.cpp could not load the file, or there is no memory for it; `details.log` has its reasons."""

    code = "BG841"


class ModelCrashed(ModelInterrupted):
    """The process of a local model died; the next call starts a new one. `details` has `exit` and `log`."""

    code = "BG842"


class ModelBusy(ModelUnavailable):
    """Too many calls wait for a local model, or it rests after repeated crashes (`details.retry_after`, in seconds)."""

    code = "BG843"
    exit_code = 4
    status = 429


class DeploymentUnknown(ModelError):
    """There is no deployment with this id that could be changed or asked."""

    code = "BG861"
    exit_code = 3
    status = 404


class DecisionUnknown(ModelError):
    """There is no decision of the router with this id."""

    code = "BG850"
    exit_code = 3
    status = 404


class ModelResting(ModelUnavailable):
    """No deployment may be asked now: circuit breakers are open or limits are reached; `details` has `retry_after`."""

    code = "BG849"
    exit_code = 4
    status = 429


class PromptTooLong(ModelRefused):
    """The prompt leaves no room for an answer in the context; `details` has the tokens of both."""

    code = "BG844"
    exit_code = 1


class SchemaUnsupported(ModelRefused):
    """A JSON Schema cannot be turned into a grammar; `where` is the JSON Pointer."""

    code = "BG845"
    exit_code = 1


class TemplateFailed(ModelNotConfigured):
    """The chat template of a model file failed, or asked for more than a template may."""

    code = "BG846"
    status = 422


class AnswerCut(ModelOutputInvalid):
    """The limit of tokens ended the answer before its data was complete."""

    code = "BG847"


class FrameInvalid(ModelUnavailable):
    """What the process of a local model sent, or was to be sent, is no message that is understood."""

    code = "BG848"
