"""Type-checking expressions against the names that they may read.

A plain read (`look.passages`) is looked up here, in microseconds. Anything else is parsed, its reads are replaced by
something of their type (see `messages`), and the library checks the text in a few tenths of a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..diagnostics import nearest
from ..types import (
    BOOLEAN,
    DURATION,
    FILE,
    FILE_FIELDS,
    IMAGE,
    INTEGER,
    NUMBER,
    STRING,
    TIMESTAMP,
    ListOf,
    OptionalOf,
    Record,
    Type,
    extent,
)
from .codec import decode
from .edits import Edited, edit
from .inference import field_of, infer, unusable
from .library import Complaint, LibraryError
from .messages import current
from .parser import parse, simple_path
from .problems import CheckProblem
from .references import plain_reads, references
from .syntax import Tree
from .widening import Pieces, mixes, nulls, widen
from .wording import operator, reword_syntax, reword_types

__all__ = ["Checked", "Checker"]

MAX_ROUNDS = 40
_SIMPLE: Mapping[str, Type] = {
    "BOOL": BOOLEAN,
    "INT": INTEGER,
    "DOUBLE": NUMBER,
    "STRING": STRING,
    "TIMESTAMP": TIMESTAMP,
    "DURATION": DURATION,
}
_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '\((.*)\)'$")
_UNDECLARED = re.compile(r"undeclared reference to '(.+?)'")
_UNDEFINED = re.compile(r"undefined field '(.+?)' not found in struct '(.+?)'")
_OPERAND = re.compile(r"expression of type '(.+?)' cannot be the operand of a select")
_RANGE = re.compile(r"expression of type '(.+?)' cannot be the range of a comprehension")


@dataclass(frozen=True, slots=True)
class Checked:
    """A sound expression: its type, and its text with the conversions that are made silently."""

    type: Type
    source: str


class Checker:
    """Checks expressions over given roots.

    Args:
        roots: Every name that an expression may read, with its type: nodes as records of their ports, `inputs`,
            `state`, `session`, `run`, the items of enclosing containers.
    """

    def __init__(self, roots: Mapping[str, Type]) -> None:
        self._roots = roots
        self._messages = current()

    def check(self, source: str) -> Checked:
        """Check one expression.

        Raises:
            CheckProblem: It does not work; the problem says why and where.
        """
        path = simple_path(source)
        if path is not None:
            return Checked(self._read(path[0], tuple(path[1:]), source), source)
        tree = parse(source)
        for reference in references(source):
            self._read(reference.root, reference.path, source, reference.offset)
        hidden = nulls(source, tree)
        return self._compile(edit(source, hidden).text) if hidden else self._compile(source)

    def _read(self, root: str, path: tuple[str, ...], source: str, offset: int = 0) -> Type:
        """Return the type of what a reference reads, which must be known and no secret."""
        kind = self._walk(root, path, source, offset)
        if extent(kind).secret:
            message = f"{'.'.join((root, *path))!r} holds a secret, which never enters an expression"
            raise CheckProblem("type", message, offset)
        return kind

    def _walk(self, root: str, path: tuple[str, ...], source: str, offset: int) -> Type:
        kind = self._roots.get(root)
        if kind is None:
            raise CheckProblem("unknown_name", _unknown(root, self._roots), offset, root, tuple(self._roots))
        for at, name in enumerate(path):
            found = field_of(kind, name)
            if found is None:
                place = _place(source, offset, (root, *path), at + 1)
                raise self._no_field(".".join((root, *path[:at])), kind, name, place)
            kind = found
        return kind

    def _no_field(self, owner: str, kind: Type, name: str, offset: int) -> CheckProblem:
        fields = _fields(kind)
        if isinstance(kind, ListOf):
            text = f"{owner!r} is {kind} and has no fields; read an item of it, as {owner}[0].{name}"
            return CheckProblem("type", text, offset, name)
        if fields is None:
            return CheckProblem("type", f"{owner!r} is {kind} and has no field {name!r}", offset, name)
        text = f"{owner!r} has no {name!r}{_hint(name, fields)}"
        return CheckProblem("unknown_name", text, offset, name, tuple(fields))

    def _compile(self, source: str) -> Checked:
        for _ in range(MAX_ROUNDS):
            tree = parse(source)
            kinds = self._reads(source, tree)
            text = edit(source, {at: (length, self._messages.text(kind)) for at, (length, kind) in kinds.items()})
            try:
                compiled = self._messages.check(text.text)
                simple = _SIMPLE.get(compiled.return_type().name())
                if simple is not None and not any(map(self._messages.vague, (kind for _, kind in kinds.values()))):
                    return Checked(simple, source)
                return self._result(source, text, decode(compiled.serialize(), checked=True))
            except LibraryError as error:
                complaints = [Complaint(one.text, text.origin(one.offset)) for one in error.complaints]
                source = self._mend(source, tree, complaints)
            except RecursionError as error:
                raise CheckProblem("cost", "it is nested too deep") from error
        raise CheckProblem("cost", f"it needs more than {MAX_ROUNDS} conversions")

    def _reads(self, source: str, tree: Tree) -> dict[int, tuple[int, Type]]:
        """Return each read of a root: its place, and the length and type of as much of it as is plain."""
        found: dict[int, tuple[int, Type]] = {}
        for place, (root, plain) in plain_reads(tree).items():
            length = _extent(source, place, (root, *plain))
            path, length = (plain, length) if length else ((), len(root))
            found[place] = (length, self._walk(root, path, source, place))
        return found

    def _mend(self, source: str, tree: Tree, complaints: list[Complaint]) -> str:
        """Return the source with literals widened so that a complaint goes away."""
        pieces: Pieces = {}
        for complaint in complaints:
            overload = _OVERLOAD.search(complaint.text)
            if overload and mixes(overload[2]):
                pieces.update(widen(source, tree, overload[1], complaint.offset))
        if not pieces:
            raise self._problem(complaints[0])
        return edit(source, pieces).text

    def _problem(self, complaint: Complaint) -> CheckProblem:
        text, offset = complaint
        if match := _OVERLOAD.search(text):
            return self._overload(match[1], match[2], offset)
        if match := _UNDECLARED.search(text):
            name = match[1].rsplit(".", 1)[-1]
            return CheckProblem("unknown_name", f"there is no function {name!r}", offset, name)
        if match := _UNDEFINED.search(text):
            kind = self._messages.type_of(match[2])
            fields = _fields(kind) or {} if kind else {}
            message = f"{kind or 'it'} has no {match[1]!r}{_hint(match[1], fields)}"
            return CheckProblem("unknown_name", message, offset, match[1], tuple(fields))
        if match := _OPERAND.search(text):
            return CheckProblem("type", f"{self._reword(match[1])} has no fields", offset)
        if match := _RANGE.search(text):
            return CheckProblem("type", f"{self._reword(match[1])} has no items to go through", offset)
        return CheckProblem("type", self._reword(reword_syntax(text)), offset)

    def _overload(self, function: str, types: str, offset: int) -> CheckProblem:
        name, shown = operator(function), self._reword(types)
        if mixes(types):
            message = f"'{name}' mixes an integer with a number ({shown}); write double(…) around the integer"
            return CheckProblem("mixed", message, offset)
        message = f"'{name}' does not work on ({shown})"
        if "null_type" in types:
            message += "; ask has(…) whether a value is there, or append .orValue(…) to a .? read"
        elif "optional_type" in types:
            message += "; append .orValue(…) to the .? read"
        elif function == "_+_" and "string" in types:
            message += "; convert with string(…)"
        elif function == "_?_:_":
            message += "; it takes a boolean and two values of one type"
        return CheckProblem("type", message, offset)

    def _reword(self, text: str) -> str:
        return reword_types(text, self._record)

    def _record(self, message: str) -> str:
        return str(self._messages.type_of(message) or message)

    def _result(self, source: str, text: Edited, tree: Tree) -> Checked:
        wrong = unusable(tree)
        if wrong and wrong.what == "optional":
            message = "its result may be absent; append .orValue(…)"
            raise CheckProblem("absent", message, text.origin(wrong.place))
        if wrong:
            message = f"its result is {wrong.what}, which is no type of the language"
            raise CheckProblem("type", message, text.origin(wrong.place))
        return Checked(infer(tree, self._messages), source)


def _fields(kind: Type) -> Mapping[str, Type] | None:
    inner = kind.inner if isinstance(kind, OptionalOf) else kind
    if isinstance(inner, Record):
        return inner.fields
    return FILE_FIELDS if inner in (FILE, IMAGE) else None


def _extent(source: str, place: int, path: tuple[str, ...]) -> int:
    """Return how long the text of a plain read is, 0 when something unusual (a comment) stands in it."""
    text = ".".join(path)
    if source.startswith(text, place):
        return len(text)
    spaced = r"\s*\.\s*".join([path[0], *(f"`?{re.escape(name)}`?" for name in path[1:])])
    match = re.compile(spaced).match(source, place)
    return len(match[0]) if match else 0


def _place(source: str, offset: int, path: tuple[str, ...], at: int) -> int:
    """Return where the name `path[at]` of a read that begins at `offset` stands, or where the read begins."""
    for name in path[1 : at + 1]:
        found = source.find(name, offset + 1)
        offset = found if found >= 0 else offset
    return offset


def _unknown(name: str, known: Mapping[str, Type]) -> str:
    return f"there is no {name!r}{_hint(name, known)}"


def _hint(name: str, known: Mapping[str, Type]) -> str:
    near = nearest(name, known)
    if near:
        return f"; did you mean {near!r}?"
    return f"; there is {', '.join(list(known)[:12])}" if known else ""
