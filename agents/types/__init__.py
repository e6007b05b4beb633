"""The types of the app language: their values, their text, their JSON Schema, what fits where, and coercion."""

from .assignment import assignable, explain, join
from .builtin import BUILTINS, CITATION, ERROR, ITEM_ERROR, MESSAGE, PASSAGE, STEP, USAGE
from .coercion import coerce
from .describe import describe
from .grammar import parse_type
from .moments import duration_text, parse_duration, parse_timestamp, timestamp_text
from .reducers import COMMUTATIVE, reduce, reducible
from .schema import from_schema, to_schema
from .section import parse_types
from .shapes import (
    BOOLEAN,
    DURATION,
    FILE,
    FILE_FIELDS,
    IMAGE,
    INTEGER,
    JSON,
    NEVER,
    NUMBER,
    SECRET,
    STRING,
    TIMESTAMP,
    EnumOf,
    ListOf,
    MapOf,
    OptionalOf,
    Primitive,
    Record,
    Type,
    UnionOf,
    extent,
    union,
)

__all__ = [
    "BOOLEAN",
    "BUILTINS",
    "CITATION",
    "COMMUTATIVE",
    "DURATION",
    "ERROR",
    "FILE",
    "FILE_FIELDS",
    "IMAGE",
    "INTEGER",
    "ITEM_ERROR",
    "JSON",
    "MESSAGE",
    "NEVER",
    "NUMBER",
    "PASSAGE",
    "SECRET",
    "STEP",
    "STRING",
    "TIMESTAMP",
    "USAGE",
    "EnumOf",
    "ListOf",
    "MapOf",
    "OptionalOf",
    "Primitive",
    "Record",
    "Type",
    "UnionOf",
    "assignable",
    "coerce",
    "describe",
    "duration_text",
    "explain",
    "extent",
    "from_schema",
    "join",
    "parse_duration",
    "parse_timestamp",
    "parse_type",
    "parse_types",
    "reduce",
    "reducible",
    "timestamp_text",
    "to_schema",
    "union",
]
