"""The run-time monitor: judges every tool call by its policy and labels. No model has a say in it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from agents.spec import ToolPolicy

from ..base.labels import Confidentiality, Integrity, Label

__all__ = ["Rule", "Verdict", "judge", "result_label"]

Rule: TypeAlias = Literal["never", "effects", "always"]
Verdict: TypeAlias = Literal["allow", "ask", "refuse"]

_STRICTNESS: Final[dict[Rule, int]] = {"never": 0, "effects": 1, "always": 2}


def judge(policy: ToolPolicy, label: Label, approve: Rule | None) -> Verdict:
    """Decide on a call from what its arguments and the decision to make it have seen.

    The stricter of the node's rule and the registry's holds. An effect that content below `user` can steer is refused
    unless a rule asks a person; secrets never leave.
    """
    rule = max(approve or "never", policy.approval, key=_STRICTNESS.__getitem__)
    if policy.effect == "egress" and label.confidentiality is Confidentiality.SECRET:
        return "refuse"
    if rule == "always":
        return "ask"
    if policy.effect == "none" or label.integrity <= Integrity.USER:
        return "allow"
    return "ask" if rule == "effects" else "refuse"


def result_label(policy: ToolPolicy) -> Label:
    """Return the label of a tool's results."""
    integrity = Integrity.UNTRUSTED if policy.reads == "untrusted" else Integrity.APP
    return Label(integrity, Confidentiality.WORKSPACE if policy.private else Confidentiality.PUBLIC)
