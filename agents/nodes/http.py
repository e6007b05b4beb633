"""`http`: one request to a host that the app's policy names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field

from runtime.base.errors import Json
from runtime.base.networks import allows

from ..context import Context, ToolRequest
from ..diagnostics import Diagnostic, Fix, Op, Phrase, diagnose, hint
from ..errors import NodeError
from ..graph import Act, CompiledNode
from ..manifest import Config, Manifest, Port, Surface
from ..scope import NodeView
from ..spec import Document, ToolInfo, ToolPolicy
from ..spec.resources import EffectClass
from ..templates import parse_template
from ..types import FILE, INTEGER, JSON, STRING, MapOf, OptionalOf, parse_type
from .base import NodeType, Outcome
from .dialogue import check_text

__all__ = ["Http", "HttpConfig"]

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

_CLASSES: Final[dict[str, EffectClass]] = {"GET": "pure", "HEAD": "pure", "PUT": "keyed", "DELETE": "keyed"}
WAIT: Final = 30.0
"""Seconds that a request may take where the node has no `timeout`."""

_START: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?=[/?]|$)")
"""Scheme, host and port of a URL: never made of values."""


_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""The name of a header, as RFC 9110 has it."""

_OURS: Final = ("host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer")
"""Headers that belong to the connection, or say which host is meant."""


class Auth(Config):
    """How a request says who it comes from; each names a secret of `requires.secrets`."""

    bearer: str | None = None
    basic: str | None = None
    header: dict[str, str] = {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of its secrets."""
        return tuple(name for name in (self.bearer, self.basic, *self.header.values()) if name)


class HttpConfig(Config):
    """Keys of an `http` node.

    `url`, `query` and `headers` may hold `${name}` of the node's own inputs; in the URL a value is one path segment,
    or a part of one, and can lead to no other host or folder. `accept` names status codes from 400 on that are answers
    rather than failures. `effect` says what to do with a request that may or may not have arrived before a crash.
    """

    url: str
    method: Method = "GET"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    auth: Auth = Auth()
    accept: list[Annotated[int, Field(ge=400, le=599)]] = []
    returns: str | None = None
    effect: Literal["pure", "keyed", "once"] | None = None
    approve: Literal["effects", "always", "never"] | None = None

    @property
    def effect_class(self) -> EffectClass:
        """What to do with a request that may have arrived: as written, or as the method means it."""
        return self.effect or _CLASSES.get(self.method, "once")


class Http(NodeType):
    """Sends one request through the guarded client."""

    manifest: ClassVar = Manifest(
        type="http",
        group="tool",
        en="Sends one HTTP request to a host that the policy names.",
        zh="向策略允许的主机发送一个 HTTP 请求。",
        config=HttpConfig,
        accepts=frozenset({"on_error", "retry", "timeout", "budget", "cache"}),
    )

    def surface(self, view: NodeView) -> Surface:
        """Take any names and a `body`; give status, headers, text, data, and a file where the answer is no text."""
        returns = view.config_as(HttpConfig).returns
        return Surface(
            open=True,
            outputs={
                "status": Port(type=INTEGER),
                "headers": Port(type=MapOf(STRING)),
                "text": Port(type=STRING),
                "data": Port(type=parse_type(returns, view.scope.types) if returns else JSON),
                "file": Port(type=OptionalOf(FILE)),
            },
        )

    def acts(self, view: NodeView) -> Iterable[Act]:
        """Send the request; what it is made of leaves the machine, and so does any that may change something."""
        config = view.config_as(HttpConfig)
        sends = bool(view.spec.inputs) or config.effect_class != "pure"
        policy = ToolPolicy(
            effect_class=config.effect_class, effect="egress" if sends else "none", reads="untrusted", approval="never"
        )
        name = f"{config.method} {_host(config.url)}"
        info = ToolInfo(name=name, description="One HTTP request.", policy=policy)
        return (Act(name, info, config.approve, of="engine"),)

    def check(self, view: NodeView) -> Iterator[Diagnostic]:
        """Check the host against the policy, the names against the inputs, the secrets against `requires`."""
        config = view.config_as(HttpConfig)
        path = f"{view.pointer}/url"
        if _START.match(config.url) is None or _host(config.url) == "":
            problem = Phrase(
                "write scheme and host out, as in https://host/path", "请完整写出协议和主机，如 https://host/path"
            )
            yield diagnose("BG105", path, node=view.id, where="url", problem=problem)
        elif not allows(view.scope.document.policy.egress, config.url):
            host = _host(config.url)
            fix = Fix(f"Allow {host}", f"允许 {host}", (_allow(view.scope.document, host),))
            yield diagnose("BG418", path, node=view.id, fix=fix, name=host)
        for name in (*config.headers, *config.auth.header):
            if _NAME.fullmatch(name) is None or name.lower() in _OURS:
                problem = Phrase(f"the header {name!r} cannot be set", f"不能设置请求头 {name!r}")
                yield diagnose("BG105", f"{view.pointer}/headers", node=view.id, where="headers", problem=problem)
        for key, text in _texts(config):
            yield from check_text(view, key, text)
        declared = view.scope.document.requires.secrets
        for name in config.auth.secrets:
            if name not in declared:
                near = hint(name, declared)
                yield diagnose("BG419", f"{view.pointer}/auth", node=view.id, name=name, hint=near)

    async def run(self, ctx: Context, node: CompiledNode, inputs: Mapping[str, Json]) -> Outcome:
        """Send the request and hand the answer on."""
        config = node.config_as(HttpConfig)
        arguments: dict[str, Json] = {
            "method": config.method,
            "url": _url(config, node, inputs),
            "headers": {name: _header(text, node, inputs) for name, text in config.headers.items()},
            "auth": config.auth.model_dump(exclude_defaults=True),
            "accept": [*config.accept],
            "seconds": node.timeout or WAIT,
        }
        if inputs.get("body") is not None:
            body = inputs["body"]
            arguments["body"] = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
            arguments["json"] = not isinstance(body, str)
        request = ToolRequest(tool="http", arguments=arguments, approve=config.approve, info=node.acts[0].info)
        result = (await ctx.tool(request)).value
        answer = result.data if isinstance(result.data, dict) else {}
        outputs: dict[str, Json] = {name: answer.get(name) for name in ("status", "headers", "data")}
        files = [*result.files]
        return Outcome(outputs={**outputs, "text": result.text, "file": files[0] if files else None})


def _allow(document: Document, host: str) -> Op:
    listed: list[Json] = [*document.policy.egress, host]
    if "policy" in document.model_fields_set:
        return Op(op="set", path="/policy/egress", value=listed)
    return Op(op="set", path="/policy", value={"egress": listed})


def _texts(config: HttpConfig) -> Iterator[tuple[str, str]]:
    yield "/url", config.url
    yield from ((f"/query/{name}", text) for name, text in config.query.items())
    yield from ((f"/headers/{name}", text) for name, text in config.headers.items())


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    return f"{parts.hostname or ''}:{port}" if port else parts.hostname or ""


def _url(config: HttpConfig, node: CompiledNode, inputs: Mapping[str, Json]) -> str:
    """Fill the URL; a value is quoted so that it stays within its place."""
    base = parse_template(config.url).render(inputs, node.ports, escape=_segment)
    pairs = [
        f"{quote(name, safe='')}={quote(parse_template(text).render(inputs, node.ports), safe='')}"
        for name, text in config.query.items()
    ]
    joint = "&" if "?" in base else "?"
    return base + (joint + "&".join(pairs) if pairs else "")


def _segment(value: str) -> str:
    quoted = quote(value, safe="")
    return quoted.replace(".", "%2E") if quoted.strip(".") == "" else quoted


def _header(text: str, node: CompiledNode, inputs: Mapping[str, Json]) -> str:
    value = parse_template(text).render(inputs, node.ports)
    if any(ord(sign) < 32 or ord(sign) > 126 for sign in value):
        raise NodeError(
            "A header holds a sign that it must not.", where=node.id, fix="Use printable ASCII without line breaks."
        )
    return value
