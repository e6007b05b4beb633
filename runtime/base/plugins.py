"""Plugins: what a distribution offers under an entry-point group such as `baigong.nodes`.

The built-in node types, readers, tools and so on are registered in the same way as those of a third party, so the seam
is in use every day. Nothing is imported until it is asked for.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from .errors import BaigongError

__all__ = ["PluginError", "load", "names", "pick"]


class PluginError(BaigongError):
    """A plugin is missing, stands twice or cannot be imported."""

    code = "BG902"


def names(group: str) -> list[str]:
    """Return the names of the group's plugins, sorted, importing none of them."""
    return sorted(_find(group))


def pick(group: str, name: str) -> object:
    """Import one plugin and return what it names.

    Raises:
        PluginError: The group has no such plugin, has two different ones, or its import failed.
    """
    found = _find(group)
    if name not in found:
        raise PluginError(
            f"There is no plugin {name!r} in {group!r}.",
            where=group,
            fix=f"Known are: {', '.join(sorted(found)) or 'none'}. Install the distribution that offers it.",
        )
    return _import(found[name])


def load(group: str) -> dict[str, object]:
    """Import every plugin of a group and return them by name, sorted.

    Raises:
        PluginError: Two different plugins share a name, or an import failed.
    """
    return {name: _import(entry) for name, entry in sorted(_find(group).items())}


def _find(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        known = found.setdefault(entry.name, entry)
        if known.value != entry.value:
            raise PluginError(
                f"Two plugins of {group!r} are called {entry.name!r}: {known.value!r} and {entry.value!r}.",
                where=group,
                fix="Uninstall one of the two distributions.",
            )
    return found


def _import(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:  # a plugin's module may fail in any way; this is the edge
        distribution = f" of the distribution {entry.dist.name!r}" if entry.dist else ""
        raise PluginError(
            f"The plugin {entry.name!r} ({entry.value}) cannot be imported: {type(error).__name__}: {error}.",
            where=entry.group,
            fix=f"Repair or uninstall the plugin{distribution}.",
        ) from error
