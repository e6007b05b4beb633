"""What tables are declared with."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import BigInteger, MetaData, Text
from sqlalchemy.orm import declared_attr, registry
from sqlmodel import Field, SQLModel

__all__ = ["KEYED", "METADATA", "Table", "integer", "text", "workspace_column"]

METADATA: Final = MetaData()

KEYED: Final = {"sqlite_with_rowid": False}
"""For tables that are mostly reached by their primary key."""


def text(*, key: bool = False, default: str | None = None, name: str | None = None) -> Any:  # noqa: ANN401 as SQLModel's
    """Declare a text column; `name` where Python's own words forbid the column's."""
    extra = {"name": name} if name else {}
    if default is not None:
        extra["server_default"] = default
    return Field(primary_key=key, sa_type=Text, sa_column_kwargs=extra)


def integer(*, key: bool = False, default: int | None = None) -> Any:  # noqa: ANN401 as SQLModel's
    """Declare a column of 64-bit integers."""
    extra = {} if default is None else {"server_default": str(default)}
    return Field(primary_key=key, sa_type=BigInteger, sa_column_kwargs=extra)


def workspace_column(*, key: bool = False) -> Any:  # noqa: ANN401 as SQLModel's
    """Declare the column `workspace`."""
    return text(key=key, default="main")


class Table(SQLModel, registry=registry(metadata=METADATA)):
    """The base of the tables, with a catalogue of their own. `StateValue` describes a row of `state_values`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return f"{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', cls.__name__).lower()}s"
