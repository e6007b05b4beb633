"""Named findings of the compiler: a stable code, a place, a message in both languages and, where possible, a fix."""

from .catalog import CATALOG, Entry
from .diagnostic import Diagnostic, Fix, Op, Phrase, Severity, diagnose
from .nearest import hint, nearest

__all__ = ["CATALOG", "Diagnostic", "Entry", "Fix", "Op", "Phrase", "Severity", "diagnose", "hint", "nearest"]
