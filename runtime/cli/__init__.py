"""The command line, `baigong`: one module per group of commands.

Commands import what they need inside their bodies, so that `baigong --help` stays fast.
"""

from .entry import main

__all__ = ["main"]
