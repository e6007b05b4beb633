"""The semantic cache: the answer to a similar question, where that is known to be right often enough.

A threshold for all would be wrong for most: how similar two questions must be depends on the question. So each kept
answer learns its own from what happened: similar questions are answered anew with a probability that keeps the share of
wrong answers below the limit, and whether the new answer is the kept one is an observation. Source: vCache (arXiv
2502.03771), with a Bayesian grid in the place of its maximum-likelihood fit.

It is used by the apps that ask for it, within a workspace, for requests that differ in the last message only, and never
where tools may be called.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from agents.context import ModelReply, ModelRequest

from ..base.ids import digest, new_id
from ..storage import StorageError
from .learned import Embed
from .messagejson import request_to_json
from .ports import Caller, ModelAnswer
from .replies import reply_from_json, reply_to_json
from .routing import Semantic
from .similar_store import Entry, SimilarStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Look", "Similar", "exploration"]

SAME: Final = 0.95
"""Cosine from which on two free texts say the same."""
MOST_SEEN: Final = 64
"""Observations that an answer keeps."""
MOST_KEPT: Final = 1000
"""Answers of one context."""


@dataclass(slots=True)
class Look:
    """What was found for a question.

    Args:
        context: All of the request but its last message, and whose it is.
        vector: The last message's embedding.
        entry: The nearest kept answer, if there is one.
        similarity: How near it is.
        reply: Its answer, where that is good enough to be given.
        deployment: Who gave it.
    """

    context: tuple[str, str]
    vector: Sequence[float]
    entry: Entry | None = None
    similarity: float = 0.0
    reply: ModelReply | None = None
    deployment: str = ""


class Similar:
    """Keeps answers and gives them to similar questions.

    Args:
        store: Where they are kept.
        embed: Gives embeddings.
        chance: Gives numbers from 0 to 1.
    """

    def __init__(self, store: SimilarStore, embed: Embed, chance: Callable[[], float] = random.random) -> None:
        self._store = store
        self._embed = embed
        self._chance = chance

    async def look(self, request: ModelRequest, caller: Caller, semantic: Semantic) -> Look | None:
        """Return what is known of a question, or None where none is looked for."""
        if not _wanted(request, caller, semantic):
            return None
        last = request.messages[-1]
        rest = replace(request, messages=(*request.messages[:-1], replace(last, content="")))
        context = (caller.workspace, digest([caller.app, request_to_json(rest)]))
        found = Look(context, await self._embed(last.content))
        try:
            entries = await self._store.entries(*context)
        except StorageError:
            return None
        if not entries:
            return found
        found.entry, found.similarity = _nearest(entries, found.vector)
        if self._chance() > exploration(found.similarity, found.entry.seen, semantic.error):
            record = json.loads(found.entry.reply)
            reply = reply_from_json(record)
            found.deployment = str(record["deployment"])
            found.reply = replace(reply, usage={**dict.fromkeys(reply.usage, 0), "seconds": 0.0, "usd": 0.0})
        return found

    async def learn(self, look: Look, answer: ModelAnswer, semantic: Semantic) -> None:
        """Compare a new answer with the kept one, and keep it where it is another."""
        reply = answer.reply
        if reply.finish != "stop":
            return
        same = False
        if look.entry is not None:
            kept = reply_from_json(json.loads(look.entry.reply))
            same = await self._same(kept, reply)
            seen = (*look.entry.seen, (round(look.similarity, 6), same))[-MOST_SEEN:]
            self._store.put(look.context, replace(look.entry, seen=seen), semantic.hours)
        if not same and self._store.count(look.context) < MOST_KEPT:
            record = {**reply_to_json(reply), "deployment": answer.deployment}
            entry = Entry(new_id("sim"), tuple(look.vector), json.dumps(record, ensure_ascii=False))
            self._store.put(look.context, entry, semantic.hours)

    async def _same(self, kept: ModelReply, new: ModelReply) -> bool:
        """Return whether two answers say the same; data and labels must be equal, free texts nearly."""
        if kept.data is not None or new.data is not None or kept.scores or new.scores:
            return (kept.data, kept.text.strip()) == (new.data, new.text.strip())
        if " ".join(kept.text.split()).lower() == " ".join(new.text.split()).lower():
            return True
        one, other = await self._embed(kept.text), await self._embed(new.text)
        return _cosine(one, other) >= SAME


def exploration(similarity: float, seen: Sequence[tuple[float, bool]], error: float) -> float:
    """Return the probability with which a question must be answered anew, so that few enough answers are wrong.

    Args:
        similarity: How similar the question is to the kept one, from −1 to 1.
        seen: How similar earlier ones were, and whether the kept answer was right for them.
        error: The share of answers that may be wrong.
    """
    import numpy as np

    thresholds, slopes = np.linspace(0.0, 1.05, 106), np.array([5.0, 10.0, 20.0, 40.0, 80.0])
    grid_t, grid_g = np.meshgrid(thresholds, slopes, indexing="ij")
    logs = np.zeros_like(grid_t)
    for near, right in seen:
        likely = _logistic(near, grid_t, grid_g)
        logs += np.log(np.clip(likely if right else 1 - likely, 1e-12, 1))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    marginal = np.cumsum(weights.sum(axis=1))
    slope = float((weights * grid_g).sum())
    best = 1.0
    for doubt in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05):
        place = min(int(np.searchsorted(marginal, 1 - doubt)), len(thresholds) - 1)
        right = (1 - doubt) * float(_logistic(similarity, thresholds[place], slope))
        best = min(best, (1 - error - right) / (1 - right))
    return max(best, 0.0)


def _logistic(similarity: float, threshold: Any, slope: Any) -> Any:  # noqa: ANN401 numbers or arrays of them
    import numpy as np

    return 1 / (1 + np.exp(-slope * (similarity - threshold)))


def _wanted(request: ModelRequest, caller: Caller, semantic: Semantic) -> bool:
    if caller.fresh or caller.app not in semantic.apps or request.tools or request.logprobs is not None:
        return False
    last = request.messages[-1] if request.messages else None
    return last is not None and last.role == "user" and not any(message.images for message in request.messages)


def _nearest(entries: Sequence[Entry], vector: Sequence[float]) -> tuple[Entry, float]:
    import numpy as np

    matrix: NDArray[np.float32] = np.asarray([entry.vector for entry in entries], np.float32)
    near = matrix @ np.asarray(vector, np.float32)
    near /= np.linalg.norm(matrix, axis=1) * float(np.linalg.norm(vector)) + 1e-12
    best = int(near.argmax())
    return entries[best], float(near[best])


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    import numpy as np

    return float(np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-12))
