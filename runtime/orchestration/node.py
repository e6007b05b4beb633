"""Runs one node: inputs, attempts, timeout, the error branch, and the record of its end."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping

from langgraph.errors import GraphInterrupt

from agents.expressions import Literal
from agents.graph import CompiledNode
from agents.nodes import NODES, Outcome
from agents.types import coerce

from ..base.errors import BaigongError, Json
from ..base.failpoints import reach_durably
from ..base.labels import Label
from .budget import Account, BudgetExceeded
from .cached import kept
from .context import HostContext
from .errors import InDoubt, NodeCrashed, NodeTimeout, as_value
from .frame import Frame
from .values import spill

__all__ = ["run_node"]

OK = "ok"

_FINAL = (InDoubt.code, BudgetExceeded.code)
"""Failures that another attempt does not mend."""


async def run_node(node: CompiledNode, frame: Frame) -> str:
    """Run a live node to its end and return the handle that it took.

    Raises:
        GraphInterrupt: It waits for a person.
        BaigongError: It failed, its attempts are used up and nothing catches its failure.
    """
    journal = frame.segment.journal
    path = f"{frame.prefix}{node.id}"
    attempt = journal.memory.attempts.get(path, 1)
    while True:
        if (path, attempt) not in frame.segment.begun:
            frame.segment.begun.add((path, attempt))
            journal.emit("node.started", path, attempt=attempt)
        context = HostContext(frame, node, path, attempt)
        try:
            outcome = await _attempt(node, frame, context)
        except GraphInterrupt:
            raise
        except Exception as error:
            failure = _named(error, path)
            if attempt < node.attempts and failure.code not in _FINAL:
                journal.emit("node.retried", path, {"error": failure.to_json()}, attempt=attempt)
                await asyncio.sleep(0 if frame.segment.offline else _pause(node, attempt))
                attempt += 1
                continue
            outcome = _caught(node, failure)
            if outcome is None:
                frame.labels[node.id] = context.label
                journal.emit("node.failed", path, _failed(frame, failure, context.label), attempt=attempt)
                raise failure from error
        return await _end(node, frame, context, outcome, attempt)


async def _attempt(node: CompiledNode, frame: Frame, context: HostContext) -> Outcome:
    inputs = _inputs(node, frame)
    result = kept(node, frame, context, inputs)
    if result is None:
        return await _bounded(node, context, inputs)
    known = await result.find()
    if known is not None:
        return known
    outcome = await _bounded(node, context, inputs)
    await result.store(outcome)
    return outcome


async def _bounded(node: CompiledNode, context: HostContext, inputs: Mapping[str, Json]) -> Outcome:
    """Run the body within its bounds of time."""
    body = NODES[node.type].run(context, node, inputs)
    if node.timeout is None and "seconds" not in node.budget:
        return await body
    account = context.purse.account
    bounds = {"timeout": node.timeout, "seconds": _left(account) if "seconds" in node.budget else None}
    bound, limit = min(((name, one) for name, one in bounds.items() if one is not None), key=lambda pair: pair[1])
    known = next((name for name in bounds if context.calls.late(name)), None)
    if known is not None:
        # It was too late before, whatever it can do now with the calls that were recorded until then.
        with contextlib.suppress(BaigongError):
            await body
        raise _late(node, context, known)
    if "seconds" in node.budget:
        account.start(asyncio.get_running_loop().time)
    try:
        async with asyncio.timeout(limit):
            return await body
    except TimeoutError as error:
        late = _late(node, context, bound)
        if isinstance(late, BudgetExceeded):
            with contextlib.suppress(BudgetExceeded):
                await context.purse.refused(late)
        context.calls.be_late(bound, limit)
        raise late from error
    finally:
        if "seconds" in node.budget:
            account.stop()


def _left(account: Account) -> float:
    return max(account.limit("seconds") - account.spent("seconds"), 0.0)


def _late(node: CompiledNode, context: HostContext, bound: str) -> BaigongError:
    if bound == "timeout":
        return NodeTimeout(
            f"The node took longer than {node.timeout:g} s.", where=context.path, fix="Raise its timeout."
        )
    return context.purse.account.exceeded("seconds")


def _inputs(node: CompiledNode, frame: Frame) -> dict[str, Json]:
    """Evaluate the node's `in`; an optional input whose value is absent or null is left out."""
    values = frame.values()
    inputs: dict[str, Json] = {}
    for name, binding in node.inputs.items():
        if node.arms and not frame.came(node, name):
            continue
        value = binding.value if isinstance(binding, Literal) else frame.evaluator.render(binding, values)
        if value is not None:
            inputs[name] = coerce(value, node.ports[name], f"{node.id}.in.{name}")
    return inputs


def _named(error: Exception, path: str) -> BaigongError:
    if isinstance(error, BaigongError):
        error.where = error.where or path
        return error
    return NodeCrashed(f"{type(error).__name__}: {error}", where=path, fix="This is a defect; please report it.")


def _pause(node: CompiledNode, attempt: int) -> float:
    """Return the seconds before the next attempt: twice as long each time, and never the same for two runs."""
    return node.backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311 no secret hangs on it


def _failed(frame: Frame, failure: BaigongError, label: Label) -> dict[str, Json]:
    """Return how a failure is journalled; one that something around copes with is not tried again by a resume."""
    data: dict[str, Json] = {"error": {**failure.to_json(), "exit_code": failure.exit_code}}
    if not frame.caught or isinstance(failure, InDoubt):
        return data
    return {**data, "caught": True, "label": label.to_json()}


def _caught(node: CompiledNode, failure: BaigongError) -> Outcome | None:
    if isinstance(failure, InDoubt):
        return None
    if node.on_error == "branch":
        return Outcome(outputs={"error": as_value(failure)}, handle="error")
    return Outcome(outputs=dict(node.default)) if node.on_error == "default" else None


async def _end(node: CompiledNode, frame: Frame, context: HostContext, outcome: Outcome, attempt: int) -> str:
    handle = outcome.handle or OK
    ports = _declared(node, outcome.outputs)
    label = context.label
    if node.lowers is not None and handle != "error":
        label = Label(min(node.lowers, label.integrity), label.confidentiality)
    frame.ports[node.id], frame.labels[node.id] = ports, label
    kept = await spill(ports, frame.segment.host.files, frame.segment.info.workspace)
    data: dict[str, Json] = {"handle": handle, "ports": kept, "label": label.to_json()}
    frame.segment.journal.emit("node.ended", context.path, data, attempt=attempt)
    await reach_durably("after_writes", frame.segment.journal.barrier)
    # The mark comes last: a node that is marked has all that its successors read.
    frame.marks[node.id] = handle
    return handle


def _declared(node: CompiledNode, outputs: Mapping[str, Json]) -> dict[str, Json]:
    """Keep the outputs that have a value, each in the form of its port's type."""
    kept: dict[str, Json] = {}
    for name, value in outputs.items():
        port = node.outputs.get(name)
        if value is not None:
            kept[name] = coerce(value, port.type, f"{node.id}.{name}") if port else value
    return kept
