"""The kinds of deployment and the deployments that come with the product.

A kind is its options here and its way to build a model in `assembly`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .deployments import Catalogue, Deployment, Options, read_catalogue
from .endpoint import Endpoint
from .local.weights import Weights
from .script import Script
from .sentences import SentenceOptions

__all__ = ["BUILT_IN", "FILE", "KINDS", "load_catalogue"]

FILE = "models.yaml"
"""The name of the file in the home folder."""

KINDS: Mapping[str, type[Options]] = {
    "local": Weights,
    "remote": Endpoint,
    "embedder": SentenceOptions,
    "scripted": Script,
}
"""The shape of the options, by kind."""

BUILT_IN: tuple[Deployment, ...] = (
    Deployment(
        id="local/smollm2",
        caps=frozenset({"chat", "tools", "json", "logprobs"}),
        context=8192,
        max_tokens=512,
        options=Weights(),
    ),
    Deployment(id="embedder/minilm", caps=frozenset({"embed"}), context=256, options=SentenceOptions()),
)
"""Deployments that need no file; an entry of the same id takes the place of one."""


def load_catalogue(file: Path, text: str | None = None) -> Catalogue:
    """Return the deployments of a file, in its order, the built-in ones behind them, and how one is chosen.

    Args:
        file: The file.
        text: What it is going to hold, in the place of what it holds.

    Raises:
        ModelsFileInvalid: The file cannot be used.
    """
    declared = read_catalogue(file, KINDS, text)
    names = {deployment.id for deployment in declared.deployments}
    more = tuple(deployment for deployment in BUILT_IN if deployment.id not in names)
    return replace(declared, deployments=declared.deployments + more)
