"""Errors of tools.

BaigongError
└── ToolError
    ├── ToolFailed          the tool itself says that the call failed
    ├── ToolUnavailable     the server cannot be started or reached, or has gone away
    ├── ToolTimeout         a deadline of connect, initialize, list or call has passed
    ├── ToolOutputInvalid   what came back is too large, malformed or against the tool's schema
    ├── ToolUnknown         there is no such server or tool
    ├── HistoryInvalid      a sensor history cannot be read
    ├── EquipmentUnknown    the plant has no such equipment or sensor
    └── ServersInvalid      the administrator's list of tool servers is malformed
"""

from __future__ import annotations

from runtime.base.errors import BaigongError

__all__ = [
    "EquipmentUnknown",
    "HistoryInvalid",
    "ServersInvalid",
    "ToolError",
    "ToolFailed",
    "ToolOutputInvalid",
    "ToolTimeout",
    "ToolUnavailable",
    "ToolUnknown",
]


class ToolError(BaigongError):
    """Base of the errors of `tools`."""

    code = "BG800"
    exit_code = 5
    status = 502


class ToolFailed(ToolError):
    """The tool itself says that the call failed; a model may try again with other arguments."""

    code = "BG801"
    exit_code = 1
    undone = True


class ToolUnavailable(ToolError):
    """The server cannot be started or reached, or has gone away."""

    code = "BG802"


class ToolTimeout(ToolError):
    """A deadline of connect, initialize, list or call has passed."""

    code = "BG803"
    status = 504


class ToolOutputInvalid(ToolError):
    """What came back is too large, malformed or against the tool's schema."""

    code = "BG804"


class ToolUnknown(ToolError):
    """There is no such server or tool."""

    code = "BG805"
    exit_code = 3
    status = 404


class HistoryInvalid(ToolError):
    """A sensor history cannot be read: a missing column, text among the numbers, or too few readings."""

    code = "BG806"
    exit_code = 1
    status = 422


class EquipmentUnknown(ToolError):
    """The plant has no such equipment or sensor."""

    code = "BG807"
    exit_code = 3
    status = 404


class ServersInvalid(ToolError):
    """The administrator's list of tool servers is malformed."""

    code = "BG808"
    exit_code = 2
    status = 500
