"""Merging two bundles that have a common ancestor.

`app.yaml` is merged as data, key by key: what one side alone has changed is taken, what both have changed to the same
is taken once, and anything else is a conflict. Other texts are merged line by line. Source of both: three-way merge, as
in Khanna et al., "A formal investigation of diff3" (2007).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from merge3 import Merge3  # pyright: ignore[reportMissingTypeStubs]

from runtime.base.errors import Json

from .bundle import APP, LAYOUT, LOCK, Bundle
from .canonical import dump_app
from .comments import read_comments
from .compare import ABSENT, Absent, meaning
from .pointer import child
from .text import parse_yaml

__all__ = ["Conflict", "Merged", "Side", "merge"]

Side: TypeAlias = Literal["ours", "theirs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """A place that both sides have changed in different ways."""

    file: str
    path: str
    base: Json | Absent
    ours: Json | Absent
    theirs: Json | Absent

    def to_json(self) -> dict[str, Json]:
        """Return `{file, path, base, ours, theirs}`; what is absent has no key."""
        found: dict[str, Json] = {"file": self.file, "path": self.path}
        for name in ("base", "ours", "theirs"):
            value: Json | Absent = getattr(self, name)
            if not isinstance(value, Absent):
                found[name] = value
        return found


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged bundle, and where a side had to be taken; without a preferred side, that is ours."""

    bundle: Bundle
    conflicts: tuple[Conflict, ...]


def merge(base: Bundle, ours: Bundle, theirs: Bundle, *, prefer: Side = "ours") -> Merged:
    """Merge what two bundles have changed since their common ancestor.

    Comments and layout are ours, with the positions of nodes that only they have; a `bundle.lock` is dropped where the
    two differ, because it is made anew from what is there.

    Raises:
        BundleError: An `app.yaml` is no valid YAML.
    """
    work = _Merge(prefer)
    data = work.values(APP, "", meaning(base), meaning(ours), meaning(theirs))
    comments = read_comments(ours.app_text, parse_yaml(ours.app_text).positions)
    files = {APP: dump_app(None if isinstance(data, Absent) else data, comments).encode()}
    for name in sorted({*base.files, *ours.files, *theirs.files} - {APP, LAYOUT, LOCK}):
        content = work.file(name, base.files.get(name), ours.files.get(name), theirs.files.get(name))
        if content is not None:
            files[name] = content
    if ours.files.get(LOCK) == theirs.files.get(LOCK) and LOCK in ours.files:
        files[LOCK] = ours.files[LOCK]
    layout = ours.files.get(LAYOUT) or theirs.files.get(LAYOUT)
    if layout is not None:
        files[LAYOUT] = layout
    return Merged(Bundle(files=files), tuple(work.conflicts))


@dataclass(slots=True)
class _Merge:
    prefer: Side
    conflicts: list[Conflict] = field(default_factory=list[Conflict])

    def values(
        self, file: str, path: str, base: Json | Absent, ours: Json | Absent, theirs: Json | Absent
    ) -> Json | Absent:
        """Merge three values."""
        if _same(ours, theirs) or _same(base, theirs):
            return ours
        if _same(base, ours):
            return theirs
        if isinstance(ours, dict) and isinstance(theirs, dict) and not isinstance(base, list | str):
            return self._mapping(file, path, base if isinstance(base, dict) else {}, ours, theirs)
        if path.endswith("/edges") and isinstance(ours, list) and isinstance(theirs, list):
            return _edges(base if isinstance(base, list) else [], ours, theirs)
        self.conflicts.append(Conflict(file=file, path=path, base=base, ours=ours, theirs=theirs))
        return ours if self.prefer == "ours" else theirs

    def file(self, name: str, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None:
        """Merge three contents of a file; None where it is not there."""
        if ours == theirs or base == theirs:
            return ours
        if base == ours:
            return theirs
        texts = [_text(one) for one in (base, ours, theirs)]
        if all(text is not None for text in texts):
            lines = [(text or "").splitlines(keepends=True) for text in texts]
            merged = Merge3(lines[0], lines[1], lines[2])
            if not any(group[0] == "conflict" for group in merged.merge_groups()):
                return "".join(merged.merge_lines()).encode()
        shown = [ABSENT if one is None else text for one, text in zip((base, ours, theirs), texts, strict=True)]
        self.conflicts.append(Conflict(file=name, path="", base=shown[0], ours=shown[1], theirs=shown[2]))
        return ours if self.prefer == "ours" else theirs

    def _mapping(
        self, file: str, path: str, base: dict[str, Json], ours: dict[str, Json], theirs: dict[str, Json]
    ) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            sides = [side.get(key, ABSENT) for side in (base, ours, theirs)]
            value = self.values(file, child(path, key), *sides)
            if not isinstance(value, Absent):
                found[key] = value
        return found


def _same(one: Json | Absent, two: Json | Absent) -> bool:
    return type(one) is type(two) and one == two


def _edges(base: Iterable[Json], ours: list[Json], theirs: list[Json]) -> list[Json]:
    """Merge sets of edges: what a side has taken away is gone, what a side has added is there."""
    known = list(base)
    kept = [one for one in ours if one in theirs or one not in known]
    return kept + [one for one in theirs if one not in ours and one not in known]


def _text(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return None
