"""JSON as the standard has it: no NaN, no repair of what is broken."""

from __future__ import annotations

import json
from typing import NoReturn, cast

from ..base.errors import Json

__all__ = ["parse"]


def parse(text: str) -> Json:
    """Read JSON.

    Raises:
        ValueError: It is none, is nested too deeply, or has NaN or an infinity.
    """
    try:
        return cast("Json", json.loads(text, parse_constant=_refuse))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
