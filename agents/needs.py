"""What an app needs of whoever takes it in: read from its text and its lock, without starting anything."""

from __future__ import annotations

from typing import cast

from runtime.base.errors import Json

from .spec import Bundle, Document, ToolPolicy, read_lock, resources_from_lock

__all__ = ["needs_of"]


def needs_of(document: Document, bundle: Bundle) -> dict[str, Json]:
    """Return `{models, tools, knowledge, databases, apps, skills, secrets, hosts, surfaces}`.

    A tool says what its effect is, by the lock; one that the lock does not know is taken for the worst. Surfaces are
    the ways in which the app is offered, which only publishing opens.
    """
    requires = document.requires
    lock, _ = read_lock(bundle)
    known = resources_from_lock(lock, document).servers
    tools: list[Json] = []
    for alias, need in requires.tools.items():
        for tool in need.allow:
            info = known.get(need.server, {}).get(tool)
            policy = info.policy if info else ToolPolicy()
            tools.append(
                {
                    "name": f"{alias}.{tool}",
                    "server": need.server,
                    "locked": info is not None,
                    "effect": policy.effect,
                    "effect_class": policy.effect_class,
                    "approval": policy.approval,
                }
            )
    publish = document.publish.model_dump(mode="json")
    return {
        "models": [
            {"name": name, "caps": [*need.caps], "prefer": [*need.prefer]} for name, need in requires.models.items()
        ],
        "tools": tools,
        "knowledge": [
            {"name": name, "base": need.base, "recipe": need.recipe} for name, need in requires.knowledge.items()
        ],
        "databases": [{"name": name, "database": base} for name, base in requires.databases.items()],
        "apps": [{"name": name, "app": need.app, "digest": need.digest} for name, need in requires.apps.items()],
        "skills": [*requires.skills],
        "secrets": [*requires.secrets],
        "hosts": [*document.policy.egress],
        "surfaces": [name for name, value in publish.items() if cast("object", value)],
    }
