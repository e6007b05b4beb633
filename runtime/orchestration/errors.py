"""Errors of runs.

BaigongError
└── RunError
    ├── RunNotFound         there is no such run in the workspace
    ├── RunNotOpen          the run is in a state that does not allow what was asked
    ├── InputInvalid        an input is missing, unknown or of the wrong type
    ├── NodeTimeout         a node took longer than its timeout
    ├── NodeCrashed         a node's body failed in a way that nobody foresaw
    ├── NoResult            the run came to its end without a live end node
    ├── CallRefused         a person or the policy refused a tool call
    ├── CallInvalid         a tool's arguments do not fit its schema
    ├── InDoubt             an effect may or may not have happened, and nobody but a person can tell
    ├── RecordedFailure     a call failed when it was made, and the journal serves the failure again
    ├── ReplayMismatch      a replay asked for something that the journal does not hold
    ├── AskNotOpen          there is no such open question, or the answer does not fit it
    ├── PlaceUnknown        the app has no node of that path
    ├── PinInvalid          a pinned value does not fit its port
    ├── NotTheirs           a question is for somebody else
    ├── TooDeep             apps run inside apps too deep
    ├── EffectNotOpen       there is no such effect in doubt
    └── JournalDamaged      an event of a run's journal cannot be read
"""

from __future__ import annotations

from ..base.errors import BaigongError, Json

__all__ = [
    "AppBroken",
    "AskNotOpen",
    "BaseUnknown",
    "CallInvalid",
    "CallRefused",
    "InDoubt",
    "EffectNotOpen",
    "InputInvalid",
    "JournalDamaged",
    "NoResult",
    "NodeCrashed",
    "NodeTimeout",
    "NotTheirs",
    "PinInvalid",
    "PlaceUnknown",
    "RecordedFailure",
    "ReplayMismatch",
    "RunError",
    "RunNotFound",
    "RunNotOpen",
    "TooDeep",
    "as_value",
]


class RunError(BaigongError):
    """Base of the errors of runs."""

    code = "BG730"
    exit_code = 1
    status = 422


class RunNotFound(RunError):
    """There is no such run in the workspace."""

    code = "BG731"
    exit_code = 3
    status = 404


class RunNotOpen(RunError):
    """The run is in a state that does not allow what was asked."""

    code = "BG732"
    status = 409


class InputInvalid(RunError):
    """An input is missing, unknown or of the wrong type."""

    code = "BG733"


class AppBroken(RunError):
    """The app does not compile on this host, so that it cannot run."""

    code = "BG742"


class BaseUnknown(RunError):
    """There is no such knowledge base in the workspace."""

    code = "BG743"
    exit_code = 3
    status = 404


class NodeTimeout(RunError):
    """A node took longer than its timeout."""

    code = "BG734"


class NodeCrashed(RunError):
    """A node's body failed in a way that nobody foresaw."""

    code = "BG735"
    exit_code = 5
    status = 500


class NoResult(RunError):
    """The run came to its end without a live end node."""

    code = "BG736"


class CallRefused(RunError):
    """A person or the policy refused a tool call."""

    code = "BG737"
    exit_code = 4
    status = 403


class CallInvalid(RunError):
    """A tool's arguments do not fit its schema."""

    code = "BG738"


class InDoubt(RunError):
    """An effect may or may not have happened, and nobody but a person can tell."""

    code = "BG739"
    exit_code = 6
    status = 409


class ReplayMismatch(RunError):
    """A replay asked for something that the journal does not hold."""

    code = "BG740"


class RecordedFailure(RunError):
    """A call failed when it was made; the journal serves the same failure, under the code that it had."""

    def __init__(self, record: dict[str, Json]) -> None:
        super().__init__(str(record.get("message", "")), where=_text(record, "where"), fix=_text(record, "fix"))
        self.code = str(record.get("code", RunError.code))  # pyright: ignore[reportAttributeAccessIssue]
        code = record.get("exit_code")
        self.exit_code = code if isinstance(code, int) else 1  # pyright: ignore[reportAttributeAccessIssue]


def as_value(error: BaigongError) -> dict[str, Json]:
    """Return an error as the record `Error` of the app language."""
    found: dict[str, Json] = {"code": error.code, "message": error.message}
    if error.where:
        found["where"] = error.where
    return found


def _text(record: dict[str, Json], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) else None


class AskNotOpen(RunError):
    """There is no such open question, or the answer does not fit it."""

    code = "BG741"
    status = 409


class PlaceUnknown(RunError):
    """The app has no node of that path."""

    code = "BG744"
    exit_code = 3
    status = 404


class PinInvalid(RunError):
    """A pinned value does not fit its port."""

    code = "BG745"


class EffectNotOpen(RunError):
    """There is no such effect in doubt."""

    code = "BG746"
    status = 409


class JournalDamaged(RunError):
    """An event of a run's journal cannot be read."""

    code = "BG747"
    exit_code = 5
    status = 500


class NotTheirs(RunError):
    """A question is for somebody else."""

    code = "BG748"
    exit_code = 4
    status = 403


class TooDeep(RunError):
    """Apps run inside apps too deep."""

    code = "BG749"


class NeedsPostgres(RunError):
    """What was asked for needs a PostgreSQL database."""

    code = "BG751"
    exit_code = 2
