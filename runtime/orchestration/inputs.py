"""Inputs of a run: defaults filled in, types checked, nothing unknown."""

from __future__ import annotations

from agents.diagnostics import hint
from agents.errors import ValueMismatch
from agents.graph import CompiledApp
from agents.types import coerce

from ..base.errors import Json
from .errors import InputInvalid

__all__ = ["check_inputs"]


def check_inputs(app: CompiledApp, given: dict[str, Json], *, partly: bool = False) -> dict[str, Json]:
    """Return the inputs as the app's types want them.

    Args:
        app: The app.
        given: Inputs by name.
        partly: Whether required ones may be missing, for a run of one node only.

    Raises:
        InputInvalid: One is unknown, missing or of the wrong type.
    """
    for name in given:
        if name not in app.inputs:
            near = hint(name, app.inputs).en.strip()
            raise InputInvalid(f"The app {app.id!r} has no input {name!r}.", where=f"inputs.{name}", fix=near or None)
    inputs: dict[str, Json] = {}
    for name, port in app.inputs.items():
        value = given.get(name)
        if value is None and port.has_default:
            value = port.default
        if value is None:
            if port.required and not partly:
                fix = f"Give it, as in: --input {name}=…"
                raise InputInvalid(f"The input {name!r} ({port.type}) is missing.", where=f"inputs.{name}", fix=fix)
            continue
        try:
            inputs[name] = coerce(value, port.type, f"inputs.{name}")
        except ValueMismatch as error:
            raise InputInvalid(error.message, where=f"inputs.{name}", fix=f"It takes {port.type}.") from error
    return inputs
