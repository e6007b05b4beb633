"""Planning strategies: one module each, found through the entry points of the group `baigong.strategies`."""

from .base import Result, Strategy, Taken, Task
from .registry import STRATEGIES, strategy

__all__ = ["STRATEGIES", "Result", "Strategy", "Taken", "Task", "strategy"]
