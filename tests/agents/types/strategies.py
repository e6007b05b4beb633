"""Random types."""

from __future__ import annotations

from hypothesis import strategies as st

from agents.types import BUILTINS, EnumOf, ListOf, MapOf, OptionalOf, Record, Type, union
from agents.types.shapes import PRIMITIVES

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


def _wrap(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.one_of(
        inner.map(ListOf),
        inner.map(MapOf),
        inner.filter(lambda kind: not isinstance(kind, OptionalOf)).map(OptionalOf),
        st.lists(inner, min_size=2, max_size=3).map(lambda members: union(*members)),
    )


WRITABLE = st.recursive(st.sampled_from([*PRIMITIVES.values(), *BUILTINS.values()]), _wrap, max_leaves=6)
"""Types that have a text of their own."""

_ENUMS = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4, unique=True).map(
    lambda values: EnumOf(tuple(values))
)


def _records(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.builds(Record, st.sampled_from(["", "Thing"]), st.dictionaries(NAMES, inner, max_size=4))


TYPES = st.recursive(
    st.one_of(st.sampled_from([*PRIMITIVES.values(), *BUILTINS.values()]), _ENUMS),
    lambda inner: st.one_of(_wrap(inner), _records(inner)),
    max_leaves=8,
)
"""All types."""
