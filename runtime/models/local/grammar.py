"""JSON Schema to GBNF, the grammar that llama.cpp holds an answer to.

Our own converter, because the one of llama-cpp-python 0.3.36 writes grammars that fail or mislead: raw line breaks
inside strings (no JSON), enum values and keys with a quote or backslash (no grammar), recursive `$ref` (KeyError),
`maxLength` above 2000 (refused), `type: [...]` that drops every other keyword, integer bounds ignored, optional keys
moved behind required ones.

Three promises: an answer that ends is JSON of the schema, except for the keywords listed in `unenforced`, which the
caller validates; every answer is bounded, for strings, arrays, maps and recursion get limits where the schema sets
none; and `reserve` says about how many tokens it takes to close an answer from anywhere inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from ...base.errors import Json
from ..errors import SchemaUnsupported
from .schema import (
    UNENFORCED,
    Schema,
    beside,
    escape,
    flatten,
    guess,
    merge,
    required,
    resolve,
    thought_first,
    whole,
)  # fmt: skip
from .terminals import CHAR, COLON, FORMATS, NEXT, Part, dump, literal, literals, number

__all__ = ["Compiled", "Limits", "compile_schema"]

_MOSTCHARS, _MOST_ITEMS = 2000, 400
"""llama.cpp refuses grammars whose repetitions are larger."""
BYTES_PER_TOKEN: Final = 2
"""Tokens of JSON are longer (2.5 to 4 bytes); where one is not, the answer may be cut, which is an error."""
MARGIN: Final = 8
"""Tokens for a character or number that is under way."""
_KINDS: Final = {"object", "array", "string", "number", "integer", "boolean", "null"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds where the schema sets none, and of the schema itself.

    Args:
        string: Characters of a string. never more than 2000.
        items: Items of an array or entries of a map.
        recursion: How often one `$ref` may stand inside itself, and how deep a value of any type may be.
        enumerate: A range of integers up to this size is written out.
        rules: Rules of the grammar.
        visits: Steps of the conversion; schemas that refer to themselves in many ways grow fast.
    """

    string: int = 600
    items: int = 20
    recursion: int = 3
    enumerate: int = 200
    rules: int = 3000
    visits: int = 20_000


@dataclass(frozen=True, slots=True)
class Compiled:
    """A grammar, the tokens that it takes to close an answer, and what only a validator can check."""

    text: str
    reserve: int
    unenforced: tuple[str, ...]


def compile_schema(schema: Schema | bool, limits: Limits | None = None) -> Compiled:
    """Turn a JSON Schema (2020-12) into a grammar.

    Raises:
        SchemaUnsupported: It holds what no grammar of this kind can say, or it describes no finite value.
    """
    builder = _Builder(schema, limits or Limits())
    root = builder.visit(schema, "", ())
    if root is None:
        raise SchemaUnsupported("The schema describes no finite value.", where="/")
    rules = [f"root ::= {root.text}", *builder.rules]
    reserve = max(root.start, root.inside) // BYTES_PER_TOKEN + MARGIN
    return Compiled("\n".join(rules) + "\n", reserve, tuple(sorted(builder.unenforced)))


class _Builder:
    def __init__(self, root: Schema | bool, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._names: dict[str, str] = {}
        self._visits = 0
        self.unenforced: set[str] = set()

    @property
    def rules(self) -> list[str]:
        return [f"{name} ::= {text}" for text, name in self._names.items()]

    def visit(self, schema: Json | Schema, at: str, stack: tuple[str, ...]) -> Part | None:
        """Return the part for a schema, or None where it only leads deeper into itself."""
        self._visits += 1
        if self._visits > self._limits.visits:
            raise SchemaUnsupported("The schema is too large or refers to itself in too many ways.", where=at or "/")
        if schema is True or schema == {}:
            return self._any(self._limits.recursion)
        if not isinstance(schema, Mapping):
            raise SchemaUnsupported("A schema is an object or true.", where=at or "/")
        self.unenforced |= {f"{at}/{key}" for key in UNENFORCED if key in schema}
        match schema:
            case {"$ref": str(ref)}:
                if stack.count(ref) >= self._limits.recursion:
                    return None
                return self.visit(beside(resolve(self._root, ref, at), schema, at), at, (*stack, ref))
            case {"const": value}:
                return literals([value])
            case {"enum": list(values)}:
                return literals(values) if values else None
            case {"anyOf": list(options)} | {"oneOf": list(options)}:
                rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
                return self._union(self.visit(merge(rest, option, at), at, stack) for option in options)
            case {"allOf": list(parts)}:
                return self.visit(flatten(self._root, schema, parts, at), at, stack)
            case _:
                return self._typed(schema, at, stack)

    def _typed(self, schema: Schema, at: str, stack: tuple[str, ...]) -> Part | None:
        kind = schema.get("type") or guess(schema)
        if isinstance(kind, list):
            return self._union(self.visit({**schema, "type": item}, at, stack) for item in kind)
        if kind is None:
            return self._any(self._limits.recursion)
        if kind not in _KINDS:
            raise SchemaUnsupported(f"Type {kind!r} is unknown.", where=f"{at}/type")
        match kind:
            case "object":
                return self._object(schema, at, stack)
            case "array":
                return self._array(schema, at, stack)
            case "string":
                return self._string(schema, at)
            case "boolean":
                return literals([True, False])
            case "null":
                return literals([None])
            case _:
                return self._number(schema, at, integer=kind == "integer")

    def _object(self, schema: Schema, at: str, stack: tuple[str, ...]) -> Part | None:
        properties, extra = schema.get("properties") or {}, schema.get("additionalProperties", True)
        if not isinstance(properties, Mapping):
            raise SchemaUnsupported("`properties` is no object.", where=f"{at}/properties")
        wanted = required(schema, at)
        if not properties:
            return self._map(extra, at, stack)
        pairs = list[tuple[Part, bool]]()
        for name, value in thought_first(properties).items():
            part = self.visit(value, f"{at}/properties/{escape(name)}", stack)
            if part is None and name in wanted:
                return None
            if part is not None:
                key = literal(dump(name))
                size = len(dump(name).encode()) + 4
                text = f"{key} {COLON} {self._rule(part.text)}"
                pairs.append((Part(text, size + part.start, size + part.inside), name in wanted))
        return self._pairs(pairs)

    def _pairs(self, pairs: Sequence[tuple[Part, bool]]) -> Part:
        """Chain the entries in their order; `bare` is the chain while none has been written."""
        bare = after = ""
        last = max((index for index, (_, needed) in enumerate(pairs) if needed), default=-1)
        for part, needed in reversed(pairs):
            entry, follow = self._rule(part.text), f" {after}" if after else ""
            with_comma, first = f"{NEXT} {entry}{follow}", f"{entry}{follow}"
            if needed:
                bare, after = self._rule(first), self._rule(with_comma)
            else:
                bare = self._rule(f"{first} | {bare}" if bare else f"({first})?")
                after = self._rule(f"{with_comma} | {after}" if after else f"({with_comma})?")
        start = 2 + sum(part.start for part, _ in pairs[: last + 1])
        return Part(f'"{{" {bare} "}}"', start, start + max((part.inside for part, _ in pairs), default=0))

    def _map(self, extra: Json, at: str, stack: tuple[str, ...]) -> Part | None:
        value = None if extra is False else self.visit(extra, f"{at}/additionalProperties", stack)
        if value is None:
            return Part('"{" "}"', 2, 2)
        key = self._rule(f'"\\"" {self._rule(CHAR)}{{1,60}} "\\""')
        pair = self._rule(f"{key} {COLON} {self._rule(value.text)}")
        more = f"({NEXT} {pair}){{0,{self._limits.items - 1}}}"
        return Part(f'"{{" ({pair} {more})? "}}"', 2, 16 + value.inside)

    def _array(self, schema: Schema, at: str, stack: tuple[str, ...]) -> Part | None:
        if isinstance(prefix := schema.get("prefixItems"), list):
            parts = [self.visit(item, f"{at}/prefixItems/{index}", stack) for index, item in enumerate(prefix)]
            if not parts or None in parts:
                return None
            known = cast("list[Part]", parts)
            text = f" {NEXT} ".join(self._rule(part.text) for part in known)
            start = 2 + sum(part.start + 2 for part in known)
            return Part(f'"[" {text} "]"', start, start + max(part.inside for part in known))
        least, most = whole(schema, "minItems", 0, at), whole(schema, "maxItems", self._limits.items, at)
        most = min(most, _MOST_ITEMS)
        if least > most:
            raise SchemaUnsupported(f"At least {least} items, at most {most}, cannot be.", where=f"{at}/minItems")
        item = self.visit(schema.get("items", True), f"{at}/items", stack) if most else None
        if item is None:
            return Part('"[" "]"', 2, 2) if least == 0 else None
        rule = self._rule(item.text)
        chain = f"{rule} ({NEXT} {rule}){{{max(least - 1, 0)},{most - 1}}}"
        start = 2 + least * (item.start + 2)
        return Part(f'"[" ({chain}){"" if least else "?"} "]"', start, start + item.inside + 2)

    def _string(self, schema: Schema, at: str) -> Part:
        if form := FORMATS.get(str(schema.get("format"))):
            return Part(f'"\\"" {self._rule(form)} "\\""', 40, 40)
        if "format" in schema:
            self.unenforced.add(f"{at}/format")
        least = whole(schema, "minLength", 0, at)
        most = min(whole(schema, "maxLength", self._limits.string, at), _MOSTCHARS)
        if least > most:
            raise SchemaUnsupported(f"At least {least} characters, at most {most}, cannot be.", where=f"{at}/minLength")
        size = 2 + BYTES_PER_TOKEN * least  # a token for each character, as in Chinese
        return Part(f'"\\"" {self._rule(CHAR)}{{{least},{most}}} "\\""', size, size)

    def _number(self, schema: Schema, at: str, *, integer: bool) -> Part:
        low, high = schema.get("minimum"), schema.get("maximum")
        part = number(low, high, integer=integer, enumerate_=self._limits.enumerate)
        if "|" not in part.text or "[" in part.text:  # not written out
            self.unenforced |= {f"{at}/minimum"} if low not in (None, 0) else set()
            self.unenforced |= {f"{at}/maximum"} if high is not None else set()
        return part

    def _any(self, depth: int) -> Part:
        digits = number(None, None, integer=False, enumerate_=0).text
        string = f'"\\"" {self._rule(CHAR)}{{0,{self._limits.string}}} "\\""'
        text = f'{string} | {digits} | "true" | "false" | "null"'
        if depth:
            inner = self._any(depth - 1)
            nested = (self._container(inner, pairs=True), self._container(inner, pairs=False))
            text = f"{text} | {nested[0]} | {nested[1]}"
        return Part(text, 6 + 8 * depth, 14 + 8 * depth)

    def _container(self, inner: Part, *, pairs: bool) -> str:
        rule, most = self._rule(inner.text), self._limits.items - 1
        entry = f'"\\"" {self._rule(CHAR)}{{1,60}} "\\"" {COLON} {rule}' if pairs else rule
        entry = self._rule(entry)
        first, last = ("{", "}") if pairs else ("[", "]")
        return f'"{first}" ({entry} ({NEXT} {entry}){{0,{most}}})? "{last}"'

    def _union(self, parts: Iterable[Part | None]) -> Part | None:
        known = [part for part in parts if part is not None]
        if not known:
            return None
        text = " | ".join(dict.fromkeys(self._rule(part.text) for part in known))
        return Part(text, max(part.start for part in known), max(part.inside for part in known))

    def _rule(self, text: str) -> str:
        """Return the name of the rule with this text; equal texts share one."""
        if text not in self._names:
            if len(self._names) >= self._limits.rules:
                raise SchemaUnsupported(f"The schema needs more than {self._limits.rules} grammar rules.")
            self._names[text] = f"r{len(self._names)}"
        return self._names[text]
