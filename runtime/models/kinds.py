"""The kinds of deployment and the deployments that come with the product.

A kind is its options here and its way to build a model in `assembly`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .deployments import Deployment, Options, read_deployments
from .endpoint import Endpoint
from .local.weights import Weights
from .script import Script

__all__ = ["BUILT_IN", "FILE", "KINDS", "load_deployments"]

FILE = "models.yaml"
"""The name of the file in the home folder."""

KINDS: Mapping[str, type[Options]] = {"local": Weights, "remote": Endpoint, "scripted": Script}
"""The shape of the options, by kind."""

BUILT_IN: tuple[Deployment, ...] = (
    Deployment(
        id="local/smollm2",
        caps=frozenset({"chat", "tools", "json", "logprobs"}),
        context=8192,
        max_tokens=512,
        options=Weights(),
    ),
)
"""Deployments that need no file; an entry of the same id takes the place of one."""


def load_deployments(file: Path) -> tuple[Deployment, ...]:
    """Return the deployments of a file, in its order, and the built-in ones behind them.

    Raises:
        ModelsFileInvalid: The file cannot be used.
    """
    declared = read_deployments(file, KINDS)
    names = {deployment.id for deployment in declared}
    return (*declared, *(deployment for deployment in BUILT_IN if deployment.id not in names))
