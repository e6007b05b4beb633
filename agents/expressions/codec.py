"""Syntax trees from and to the protobuf messages of the library.

The messages are declared here, as far as they are needed, with the field numbers of cel-spec's `syntax.proto` and
`checked.proto`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from .descriptors import DecodeError, Field, Pool, Proto
from .syntax import Call, Const, Entry, Fields, Ident, Items, Loop, Node, Select, Tree

__all__ = ["decode", "encode"]


def decode(data: bytes, *, checked: bool = False) -> Tree:
    """Read what the library serialized.

    Raises:
        RecursionError: The tree is deeper than protobuf reads.
    """
    envelope, parsed, typed = _classes()
    body = envelope.FromString(data).value
    try:
        message = (typed if checked else parsed).FromString(body)
    except DecodeError as error:
        raise RecursionError("the expression is too deep to be read") from error
    places = {place.key: place.value for place in message.source_info.positions}
    types = {entry.key: entry.value for entry in message.types} if checked else {}
    return Tree(_node(message.expr), places, types)


def _node(message: Proto) -> Node:
    return _READERS[message.WhichOneof("kind")](message)


def _ident(message: Proto) -> Node:
    return Ident(message.id, message.ident_expr.name)


def _const(message: Proto) -> Node:
    const = message.const_expr
    kind: str = const.WhichOneof("kind")
    return Const(message.id, kind, None if kind == "null" else getattr(const, kind))


def _select(message: Proto) -> Node:
    select = message.select_expr
    return Select(message.id, _node(select.operand), select.field, select.test_only)


def _call(message: Proto) -> Node:
    call = message.call_expr
    target = _node(call.target) if call.HasField("target") else None
    return Call(message.id, call.function, target, [_node(one) for one in call.args])


def _items(message: Proto) -> Node:
    found = message.list_expr
    return Items(message.id, [_node(one) for one in found.elements], tuple(found.optional_indices))


def _fields(message: Proto) -> Node:
    struct = message.struct_expr
    entries = [
        Entry(_node(one.map_key) if one.HasField("map_key") else one.field_key, _node(one.value), one.optional_entry)
        for one in struct.entries
    ]
    return Fields(message.id, struct.message_name, entries)


def _loop(message: Proto) -> Node:
    loop = message.comprehension_expr
    init, condition = _node(loop.accu_init), _node(loop.loop_condition)
    step, result = _node(loop.loop_step), _node(loop.result)
    return Loop(message.id, loop.iter_var, _node(loop.iter_range), loop.accu_var, init, condition, step, result)


def encode(node: Node) -> bytes:
    """Return what the library reads back as an expression of its own, without places."""
    envelope, parsed, _ = _classes()
    message = parsed()
    _write(node, message.expr)
    return envelope(
        type_url="type.googleapis.com/cel.expr.ParsedExpr", value=message.SerializeToString()
    ).SerializeToString()


def _write(node: Node, message: Proto) -> None:
    message.id = node.id
    match node:
        case Const(kind=kind, value=value):
            setattr(message.const_expr, kind, 0 if value is None else value)
        case Ident(name=name):
            message.ident_expr.name = name
        case Select(operand=operand, field=field, test=test):
            message.select_expr.field = field
            message.select_expr.test_only = test
            _write(operand, message.select_expr.operand)
        case Call():
            _write_call(node, message.call_expr)
        case Items():
            _write_items(node, message.list_expr)
        case Fields():
            _write_fields(node, message.struct_expr)
        case Loop():
            _write_loop(node, message.comprehension_expr)


def _write_call(node: Call, message: Proto) -> None:
    message.function = node.function
    if node.target is not None:
        _write(node.target, message.target)
    for one in node.args:
        _write(one, message.args.add())


def _write_items(node: Items, message: Proto) -> None:
    message.SetInParent()
    message.optional_indices.extend(node.optional)
    for one in node.items:
        _write(one, message.elements.add())


def _write_fields(node: Fields, message: Proto) -> None:
    message.SetInParent()
    for entry in node.entries:
        added = message.entries.add(optional_entry=entry.optional)
        if not isinstance(entry.key, str):
            _write(entry.key, added.map_key)
        _write(entry.value, added.value)


def _write_loop(node: Loop, message: Proto) -> None:
    message.iter_var, message.accu_var = node.name, node.accu
    _write(node.range, message.iter_range)
    _write(node.init, message.accu_init)
    _write(node.condition, message.loop_condition)
    _write(node.step, message.loop_step)
    _write(node.result, message.result)


_READERS: Mapping[str, Callable[[Proto], Node]] = {
    "const_expr": _const,
    "ident_expr": _ident,
    "select_expr": _select,
    "call_expr": _call,
    "list_expr": _items,
    "struct_expr": _fields,
    "comprehension_expr": _loop,
}

_PACKAGE = "baigong.cel"

# Names, numbers and kinds of fields; a kind with a capital letter is a message, "*" repeats, "|" is one of the `kind`.
_MESSAGES: dict[str, str] = {
    "Any": "type_url=1:string value=2:bytes",
    "ParsedExpr": "expr=2:Expr source_info=3:SourceInfo",
    "CheckedExpr": "types=3:*TypeEntry expr=4:Expr source_info=5:SourceInfo",
    "SourceInfo": "positions=4:*Position",
    "Position": "key=1:int64 value=2:int32",
    "TypeEntry": "key=1:int64 value=2:Type",
    "Expr": (
        "id=2:int64 |const_expr=3:Constant |ident_expr=4:Ident |select_expr=5:Select |call_expr=6:Call "
        "|list_expr=7:List |struct_expr=8:Struct |comprehension_expr=9:Comprehension"
    ),
    "Constant": (
        "|null=1:int64 |bool=2:bool |int=3:int64 |uint=4:uint64 |double=5:double |string=6:string |bytes=7:bytes"
    ),
    "Ident": "name=1:string",
    "Select": "operand=1:Expr field=2:string test_only=3:bool",
    "Call": "target=1:Expr function=2:string args=3:*Expr",
    "List": "elements=1:*Expr optional_indices=2:*int32",
    "Struct": "message_name=1:string entries=2:*Entry",
    "Entry": "field_key=2:string map_key=3:Expr value=4:Expr optional_entry=5:bool",
    "Comprehension": (
        "iter_var=1:string iter_range=2:Expr accu_var=3:string accu_init=4:Expr loop_condition=5:Expr "
        "loop_step=6:Expr result=7:Expr"
    ),
    "Type": (
        "|dyn=1:Empty |null=2:int64 |primitive=3:int64 |wrapper=4:int64 |well_known=5:int64 |list_type=6:ListType "
        "|map_type=7:MapType |message_type=9:string |type=11:Empty |abstract_type=14:AbstractType"
    ),
    "Empty": "",
    "ListType": "elem_type=1:Type",
    "MapType": "key_type=1:Type value_type=2:Type",
    "AbstractType": "name=1:string parameter_types=2:*Type",
}


@cache
def _classes() -> tuple[Proto, Proto, Proto]:
    pool = Pool()
    pool.add(_PACKAGE, {name: [_field(text) for text in fields.split()] for name, fields in _MESSAGES.items()})
    envelope, parsed, checked = (pool.message(f"{_PACKAGE}.{name}") for name in ("Any", "ParsedExpr", "CheckedExpr"))
    return envelope, parsed, checked


def _field(text: str) -> Field:
    name, number, kind = text.replace(":", "=").split("=")
    bare = kind.removeprefix("*")
    full = f".{_PACKAGE}.{bare}" if bare[0].isupper() else bare
    choice = "kind" if name.startswith("|") else ""
    return Field(name.removeprefix("|"), int(number), full, repeated=kind.startswith("*"), choice=choice)
