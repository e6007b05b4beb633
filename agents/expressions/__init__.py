"""The one expression language, CEL: where expressions stand, what they read, their types and their values."""

from .checking import Checked, Checker
from .evaluation import Evaluator
from .parser import RESERVED
from .problems import CheckProblem, ExpressionSyntaxError
from .references import Reference, references
from .template import (
    Binding,
    Expr,
    ListBinding,
    Literal,
    MapBinding,
    TextOf,
    bare,
    expressions,
    parse_text,
    parse_value,
)

__all__ = [
    "RESERVED",
    "Binding",
    "CheckProblem",
    "Checked",
    "Checker",
    "Evaluator",
    "Expr",
    "ExpressionSyntaxError",
    "ListBinding",
    "Literal",
    "MapBinding",
    "Reference",
    "TextOf",
    "bare",
    "expressions",
    "parse_text",
    "parse_value",
    "references",
]
