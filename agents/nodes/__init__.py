"""Node types: one module each, found through the entry points of the group `baigong.nodes`."""

from .base import NodeType, Outcome
from .registry import MANIFESTS, NODES, PLANNED

__all__ = ["MANIFESTS", "NODES", "PLANNED", "NodeType", "Outcome"]
