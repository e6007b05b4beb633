"""Parsing within limits: what is too long, too deep or too costly is refused before anything else looks at it."""

from __future__ import annotations

import re
from functools import lru_cache

from .codec import decode
from .cost import MAX_LENGTH, excess
from .library import LibraryError, parse_source
from .problems import CheckProblem
from .syntax import Fields, Ident, Loop, Node, Tree, walk
from .wording import reword_syntax

__all__ = ["NAMESPACES", "OURS", "RESERVED", "TYPES", "parse", "simple_path"]

TYPES = frozenset(
    {"bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "optional_type", "string", "type", "uint"}
)
NAMESPACES = frozenset({"cel", "google", "math", "optional", "strings"})
_WORDS = frozenset(
    {
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "namespace",
        "package",
    }
    | {"return", "var", "void", "while", "in", "true", "false", "null"}
)
RESERVED = _WORDS | TYPES | NAMESPACES
"""Names that no root (node, item, state key's owner) may have: CEL's words, its types and its namespaces."""

OURS = "_bg"
"""How the names begin that the checker and the evaluator put into expressions."""

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*){0,30}", re.ASCII)
_KEYWORDS = frozenset({"in", "true", "false", "null"})
_OPTIONAL_MACRO = re.compile(r"\bopt(?:Flat)?Map\b")
MAX_OPTIONAL_MACROS = 4


def simple_path(source: str) -> list[str] | None:
    """Return `["look", "passages"]` for `look.passages`, and None for anything but a plain read."""
    if len(source) > MAX_LENGTH or not _SIMPLE.fullmatch(source):
        return None
    path = source.split(".")
    return None if path[0] in RESERVED or not _KEYWORDS.isdisjoint(path) else path


@lru_cache(maxsize=4096)
def parse(source: str) -> Tree:
    """Parse an expression.

    Raises:
        CheckProblem: Of kind `syntax` or `cost`.
    """
    if len(source) > MAX_LENGTH:
        raise CheckProblem("cost", f"it has {len(source)} characters; at most {MAX_LENGTH} are allowed")
    strange = re.search("[\0\ud800-\udfff]", source)
    if strange:
        raise CheckProblem("syntax", "it holds a character that no text may hold", strange.start())
    # Each of these macros repeats what it is applied to, so a chain of them grows as a power of two while it is parsed.
    if len(_OPTIONAL_MACRO.findall(source)) > MAX_OPTIONAL_MACROS:
        raise CheckProblem("cost", f"it has more than {MAX_OPTIONAL_MACROS} optMap or optFlatMap")
    tree = _decode(source)
    for node in walk(tree.root):
        _refuse(node, tree)
    problem = excess(tree.root)
    if problem:
        raise CheckProblem("cost", problem)
    return tree


def _decode(source: str) -> Tree:
    try:
        return decode(parse_source(source))
    except LibraryError as error:
        first = error.complaints[0]
        if "recursion" in first.text:
            raise CheckProblem("cost", "it is nested too deep") from error
        raise CheckProblem("syntax", reword_syntax(first.text), first.offset) from error
    except RecursionError as error:
        raise CheckProblem("cost", "it is nested too deep") from error


def _refuse(node: Node, tree: Tree) -> None:
    if isinstance(node, Fields) and node.message:
        place = tree.places.get(node.id, 0)
        raise CheckProblem("type", f"{node.message!r} cannot be made; write a map as {{'key': value}}", place)
    names = (node.name, node.accu) if isinstance(node, Loop) else (node.name,) if isinstance(node, Ident) else ()
    if any(name.startswith(OURS) for name in names):
        raise CheckProblem("syntax", f"names that begin with {OURS} are reserved", tree.places.get(node.id, 0))
