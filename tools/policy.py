"""What a workspace says of a tool; what it does not say is taken for the worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Approval", "Effect", "EffectClass", "Policy", "Reads"]

EffectClass: TypeAlias = Literal["pure", "keyed", "checkable", "once"]
Effect: TypeAlias = Literal["none", "reversible", "irreversible", "egress"]
Reads: TypeAlias = Literal["trusted", "untrusted"]
Approval: TypeAlias = Literal["never", "effects", "always"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The rules for one tool.

    Args:
        effect_class: What to do with a call that may or may not have happened before a crash.
        effect: What a call does to the world; `egress` sends data out.
        reads: Whether what it returns can be chosen by somebody outside.
        private: Whether what it returns belongs to the workspace.
        sinks: The arguments whose content leaves the workspace; empty means all, where `effect` is `egress`.
        approval: When a person must agree to a call.
    """

    effect_class: EffectClass = "once"
    effect: Effect = "irreversible"
    reads: Reads = "untrusted"
    private: bool = True
    sinks: tuple[str, ...] = ()
    approval: Approval = "effects"
