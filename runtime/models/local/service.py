"""The requests of a model's process, one method each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final, cast

from ...base.errors import Json
from ..errors import AnswerCut, ModelRefused
from .cache import Cache
from .engine import Engine, Run
from .gguf import Header
from .grammar import Compiled, compile_schema
from .markup import MARKUPS, Markup, tool_grammar
from .native import Native
from .sampling import Settings
from .serving import FrameService, Method
from .template import ChatTemplate
from .text import Tail
from .toolschema import Tool
from .tracing import Trace

__all__ = ["Service"]

CHATML: Final = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)
"""For models that bring no template."""
MAX_LABELS: Final = 1000
MAX_LABEL: Final = 256
"""A label and its end are computed in one batch."""


class Service(FrameService):
    """A model that answers, scores labels and counts tokens."""

    def _load(self, path: str, header: Header, load: dict[str, Json]) -> Native:
        return Native(
            path,
            n_ctx=min(cast("int", load["n_ctx"]), header.context_length or 1 << 20),
            n_batch=512,
            sequences=Engine.SEQUENCES,
            threads=cast("int", load["threads"]),
        )

    def _prepare(self, header: Header, load: dict[str, Json]) -> dict[str, Json]:
        cache = Cache(self._native, cast("int", load["kept"]), cast("int", load["conversations"]))
        self._engine = Engine(self._native, cache)
        words = self._vocabulary
        source = header.chat_template or CHATML
        self._template = ChatTemplate(source, bos=words.bos, eos=words.eos, controls=words.controls)
        return _info(header, self._native)

    @property
    def _methods(self) -> Mapping[str, Method]:
        return {"generate": self._generate, "score": self._score, "count": self._count}

    def _generate(self, frame: dict[str, Json]) -> None:
        compiled = _grammar(frame)
        markup = MARKUPS.get(str(frame["markup"]))
        run = Run(
            prompt=self._prompt(frame),
            limit=cast("int", frame["max_tokens"]),
            settings=_settings(frame),
            grammar=compiled.text if compiled else None,
            reserve=compiled.reserve if compiled else 0,
            spoken=self._spoken(markup) if markup else {},
            trace=Trace(self._vocabulary, top) if isinstance(top := frame["trace"], int) else None,
        )
        first_ms = self._speak(run, Tail(cast("Sequence[str]", frame["stop"])))
        if compiled and compiled.reserve and run.ends == "length":
            raise _cut(compiled)
        self._end(
            run.ends,
            usage={"prompt": len(run.prompt), "cached": run.cached, "completion": run.tokens},
            timings={"first_ms": first_ms, "prompt_ms": run.prompt_ms, "answer_ms": run.answer_ms},
        )

    def _spoken(self, markup: Markup) -> dict[int, bytes]:
        """Return the token that begins calls, where it is one that steers the model."""
        tokens = self._vocabulary.tokenize(markup.start, special=True) if markup.start else []
        return {tokens[0]: markup.start.encode()} if len(tokens) == 1 else {}

    def _speak(self, run: Run, tail: Tail) -> float:
        """Write the answer as it comes; return the milliseconds until its first token."""
        begun, first_ms, shown = time.perf_counter(), 0.0, 0
        steps = self._engine.answer(run, self._progress)
        for piece in steps:
            first_ms = first_ms or (time.perf_counter() - begun) * 1e3
            if text := tail.feed(piece):
                shown += len(text.encode())
                self._write("delta", text=text)
            if tail.stopped:
                run.ends = "stop"
                steps.close()
                break
        if rest := tail.flush():
            shown += len(rest.encode())
            self._write("delta", text=rest)
        for tokens in run.trace.batches(shown) if run.trace else ():
            self._write("trace", tokens=tokens)
        return first_ms

    def _score(self, frame: dict[str, Json]) -> None:
        labels = cast("list[str]", frame["labels"])
        tokens = [self._vocabulary.tokenize(label, special=False) for label in labels]
        if not 0 < len(labels) <= MAX_LABELS or not all(0 < len(label) <= MAX_LABEL for label in tokens):
            raise ModelRefused(
                f"Between 1 and {MAX_LABELS} choices can be scored, each with 1 to {MAX_LABEL} tokens.",
                details={"choices": len(labels), "longest": max(map(len, tokens), default=0)},
            )
        prompt = self._prompt(frame)
        found = self._engine.score(prompt, tokens, self._progress)
        self._write("result", logprobs=cast("Json", found), prompt=len(prompt), labels=sum(map(len, tokens)))

    def _count(self, frame: dict[str, Json]) -> None:
        self._write("result", tokens=len(self._prompt(frame)))

    def _prompt(self, frame: dict[str, Json]) -> list[int]:
        messages = cast("list[dict[str, Json]]", frame["messages"])
        tools = cast("list[Json]", frame.get("tools") or [])
        return self._engine.tokens(self._template.render(messages, tools))

    def _progress(self, done: int, total: int) -> None:
        self._write("progress", done=done, total=total)


def _grammar(frame: dict[str, Json]) -> Compiled | None:
    """Return what the answer is held to."""
    if markup := MARKUPS.get(str(frame["markup"])):
        return tool_grammar(markup, cast("list[Tool]", frame["tools"]), must=bool(frame["must"]))
    schema = frame["schema"]
    return compile_schema(cast("dict[str, Json]", schema)) if schema is not None else None


def _settings(frame: dict[str, Json]) -> Settings:
    return Settings(
        temperature=cast("float", frame["temperature"]),
        top_p=cast("float", frame["top_p"]),
        seed=cast("int", frame["seed"]),
    )


def _cut(compiled: Compiled) -> AnswerCut:
    fix = f"Raise max_tokens well above {compiled.reserve}, which it takes to close the data, or bound the schema."
    return AnswerCut("The answer was cut before its data was complete.", fix=fix)


def _info(header: Header, native: Native) -> dict[str, Json]:
    return {
        "name": header.text("general.name") or header.architecture,
        "architecture": header.architecture,
        "context": native.n_ctx,
        "trained_context": header.context_length,
        "vocabulary": native.vocabulary.size,
        "template": header.chat_template is not None,
        "bytes": header.size,
    }
