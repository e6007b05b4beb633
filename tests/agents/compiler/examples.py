"""For every diagnostic: an app that triggers it and the place where it must be reported."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from agents.spec import AppInfo, BaseInfo, Bundle, ModelInfo, Resources, ToolInfo, ToolPolicy
from agents.types import NUMBER, STRING
from runtime.base.labels import Integrity

__all__ = ["EXAMPLES", "Example", "bundle", "resources"]

HEAD = "dsl: 1\napp: {id: example, name: Example, version: 0.1.0}\n"
IO = (
    "inputs: {q: string, n: {type: integer, default: 1}, x: optional<string>, r: {type: number, default: 0.5}}\n"
    "outputs: {a: string}\n"
)
DONE = '  done: {type: end, in: {a: "${inputs.q}"}}\n'
MODEL = "requires: {models: {main: {}}}\n"
TOOLS = (
    "requires: {models: {main: {}}, tools: {plant: {server: plant, allow: [read, act, post]}}, "
    "knowledge: {docs: {base: docs}}}\n"
)


def app(nodes: str, *, head: str = HEAD, io: str = IO, needs: str = "", tail: str = "") -> str:
    """Put an app together from its sections."""
    return f"{head}{io}{needs}nodes:\n{nodes}{tail}"


SUB = '  sub: {type: subflow, app: sub, in: {text: "${inputs.q}"}}\n'


PINNED = f"requires: {{apps: {{sub: {{app: rate, digest: '{'0' * 64}'}}}}}}\n"
RATE = AppInfo(app="rate", digest="0" * 64, inputs={"text": STRING}, outputs={"score": NUMBER})


def bundle(text: str, **files: str) -> Bundle:
    """Return a bundle in memory."""
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in files.items()}
    return Bundle(files={"app.yaml": text.encode(), **{name: content.encode() for name, content in named.items()}})


def resources(*, complete: bool = True, context: int = 2048) -> Resources:
    """Return a small host: one model, one server with three tools, one base."""
    number = {"type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"]}
    tag = {"type": "object", "properties": {"tag": {"type": "string"}}, "required": ["tag"]}
    safe = ToolPolicy(effect_class="pure", effect="none", reads="trusted", private=True, approval="never")
    act = ToolPolicy(effect_class="keyed", effect="irreversible", reads="trusted", private=True)
    post = ToolPolicy(effect_class="once", effect="egress", reads="trusted", private=True)
    tools = {
        "read": ToolInfo(name="read", description="Reads.", input_schema=tag, output_schema=number, policy=safe),
        "act": ToolInfo(name="act", description="Acts.", input_schema=tag, output_schema=None, policy=act),
        "post": ToolInfo(name="post", description="Posts.", input_schema=tag, output_schema=None, policy=post),
    }
    docs = BaseInfo(
        name="docs",
        languages=("en", "zh"),
        embedder="minilm",
        embedder_languages=("en",),
        dimension=384,
        trust=Integrity.UNTRUSTED,
        documents=3,
    )
    model = ModelInfo(id="local/tiny", caps=frozenset({"chat", "json"}), context=context)
    blind = ModelInfo(id="local/embedder", caps=frozenset({"embed"}), context=512)
    return Resources(
        servers={"plant": tools},
        models={"main": (model,), "eyes": (blind,)},
        bases={"docs": docs},
        skills={},
        secrets=frozenset({"KNOWN"}),
        complete=complete,
    )


@dataclass(frozen=True, slots=True)
class Example:
    """An app, the code it must get, the pointer where, and further files of the bundle."""

    text: str
    path: str
    files: dict[str, str] = field(default_factory=dict[str, str])
    apps: dict[str, AppInfo] = field(default_factory=dict[str, AppInfo])


def edge(source: str, target: str = "done") -> str:
    """Return an `edges` section with one edge."""
    return f"edges: [[{source}, {target}]]\n"


BRANCH = '  pick: {type: branch, cases: {hot: "inputs.n > 3"}}\n'
LLM = '  say: {type: llm, model: main, prompt: "Hi ${q}", in: {q: "${inputs.q}"}}\n'
SAID = '  done: {type: end, in: {a: "${say.text}"}}\n'
LOOK = '  look: {type: retrieve, from: docs, in: {query: "${inputs.q}"}}\n'
TWO = '  one: {type: end, in: {a: "1"}}\n  two: {type: end, in: {a: "2"}}\n'
LOOP = (
    '  again: {type: loop, max: 3, init: {text: "${inputs.q}"}, body: {nodes: {draft: {type: transform, '
    'out: {v: "${prev.text}!"}}}, out: {text: "${draft.v}"}}}\n'
)
STATE = "state: {k: {type: integer, default: 0}}\n"

EXAMPLES: dict[str, Example] = {
    "BG101": Example("dsl: 1\napp: {id: [}\n", ""),
    "BG102": Example(app(DONE, tail="publish: {api: yes}\n"), "/publish/api"),
    "BG103": Example(app(DONE, tail="outptus: {}\n"), "/outptus"),
    "BG104": Example("dsl: 1\napp: {id: example, name: Example}\nnodes:\n" + DONE, "/app/version"),
    "BG105": Example(app(DONE, tail="budget: {tokens: many}\n"), "/budget/tokens"),
    "BG106": Example(app(DONE + "  Bad: {type: reply, in: {text: x}}\n"), "/nodes/Bad"),
    "BG107": Example(app(DONE + DONE), "/nodes/done"),
    "BG108": Example(
        app("  say: {type: llm, model: main, prompt: prompts/gone.md, in: {}}\n" + SAID, needs=MODEL),
        "/nodes/say/prompt",
    ),
    "BG109": Example(app(DONE, head=HEAD.replace("dsl: 1", "dsl: 2")), "/dsl"),
    "BG110": Example(app(DONE, io="inputs: {q: strng}\noutputs: {a: string}\n"), "/inputs/q"),
    "BG111": Example(app(DONE, tail="policy: " + "{a: " * 80 + "1" + "}" * 80 + "\n"), "/policy" + "/a" * 63),
    "BG112": Example(app(DONE.replace("{a:", "&one {a:")), "/nodes/done/in"),
    "BG201": Example(app("  say: {type: llmm}\n" + DONE), "/nodes/say/type"),
    "BG202": Example(app("  memo: {type: note, text: Later.}\n" + DONE), "/nodes/memo/type"),
    "BG203": Example(app(DONE, tail=edge("gone")), "/edges/0/0"),
    "BG204": Example(app('  done: {type: end, in: {a: "${inputs.qq}"}}\n'), "/nodes/done/in/a"),
    "BG205": Example(app(BRANCH + DONE, tail=edge("pick.warm")), "/edges/0/0"),
    "BG206": Example(app(BRANCH + DONE, tail=edge("pick")), "/edges/0/0"),
    "BG207": Example(
        app('  one: {type: transform, out: {v: "${two.v}"}}\n  two: {type: transform, out: {v: "${one.v}"}}\n' + DONE),
        "/nodes/one",
    ),
    "BG208": Example(
        app(
            '  pick: {type: branch, cases: {hot: "inputs.n > 3"}}\n'
            '  hot: {type: transform, out: {v: "1"}}\n  cold: {type: transform, out: {v: "2"}}\n'
            '  both: {type: transform, out: {v: "${hot.v}${cold.v}"}}\n' + DONE,
            tail="edges: [[pick.hot, hot], [pick.else, cold]]\n",
        ),
        "/nodes/both",
    ),
    "BG209": Example(app(BRANCH + DONE, tail=edge("pick.hot")), "/nodes/done"),
    "BG210": Example(app(TWO), "/nodes/two"),
    "BG211": Example(app('  say: {type: reply, in: {text: "${inputs.q}"}}\n'), "/nodes"),
    "BG212": Example(app('  idle: {type: transform, out: {v: "1"}}\n' + DONE), "/nodes/idle"),
    "BG213": Example(app("  say: {type: reply, in: {}}\n" + DONE), "/nodes/say/in"),
    "BG214": Example(app('  done: {type: end, in: {a: "${inputs.q}", b: "x"}}\n'), "/nodes/done/in/b"),
    "BG215": Example(app("  say: {type: reply, in: {text: x}, retry: {max: 2}}\n" + DONE), "/nodes/say/retry"),
    "BG216": Example(app(LOOP.replace("{draft:", "{done:") + DONE), "/nodes/again/body/nodes/done"),
    "BG217": Example(app("  done: {type: end, in: {}}\n"), "/nodes/done/in"),
    "BG218": Example(
        app(LOOP.replace("{draft:", "{over: {type: end, in: {a: x}}, draft:") + DONE), "/nodes/again/body/nodes/over"
    ),
    "BG219": Example(app(LOOP.replace("init: {", "init: {more: 1, ") + DONE), "/nodes/again/body/out"),
    "BG220": Example(
        app(
            "  each: {type: map, over: '[inputs.q]', body: {nodes: {sign: {type: human, actions: [ok]}}, "
            'out: {a: "${sign.action}"}}}\n' + DONE
        ),
        "/nodes/each",
    ),
    "BG221": Example(
        app(
            '  each: {type: map, over: "[1, 2]", body: {nodes: {pick: {type: branch, cases: {big: row > 1}}, '
            'say: {type: transform, out: {v: "${row}"}}}, edges: [[pick.big, say]], out: {v: "${say.v}"}}}\n' + DONE
        ),
        "/nodes/each/body/out/v",
    ),
    "BG301": Example(app('  done: {type: end, in: {a: "${inputs.q +}"}}\n'), "/nodes/done/in/a"),
    "BG302": Example(app('  done: {type: end, in: {a: "${inputs.q + true}"}}\n'), "/nodes/done/in/a"),
    "BG303": Example(app('  done: {type: end, in: {a: "${inputs.n}"}}\n'), "/nodes/done/in/a"),
    "BG304": Example(app('  done: {type: end, in: {a: "${inputs.?x}"}}\n'), "/nodes/done/in/a"),
    "BG305": Example(
        app(LOOK + '  done: {type: end, in: {a: "Found ${look.passages}"}}\n', needs=TOOLS), "/nodes/done/in/a"
    ),
    "BG306": Example(app("  done: {type: end, in: {a: \"${'" + "x" * 2100 + "'}\"}}\n"), "/nodes/done/in/a"),
    "BG307": Example(app('  done: {type: end, in: {a: "${string(inputs.n + inputs.r)}"}}\n'), "/nodes/done/in/a"),
    "BG308": Example(
        app('  done: {type: end, in: {a: "${inputs.key}"}}\n', io="inputs: {key: secret}\noutputs: {a: string}\n"),
        "/nodes/done/in/a",
    ),
    "BG309": Example(
        app('  up: {type: set, write: {k: 1}}\n  done: {type: end, in: {a: "${string(state.k)}"}}\n', needs=STATE),
        "/nodes/done",
    ),
    "BG310": Example(app("  up: {type: set, write: {kk: 1}}\n" + DONE, needs=STATE), "/nodes/up/write/kk"),
    "BG311": Example(app(DONE, needs="state: {k: {type: boolean, default: true, reducer: add}}\n"), "/state/k/reducer"),
    "BG312": Example(app('  done: {type: end, in: {a: "${input.q}"}}\n'), "/nodes/done/in/a"),
    "BG313": Example(
        app(
            '  each: {type: map, over: "[1, 2]", body: {nodes: {keep: {type: set, write: {k: 1}}}}}\n' + DONE,
            needs=STATE,
        ),
        "/nodes/each/body/nodes/keep",
    ),
    "BG401": Example(app(LLM.replace("main", "mian") + SAID, needs=MODEL), "/nodes/say/model"),
    "BG402": Example(app(DONE, needs="requires: {models: {huge: {context: 900000}}}\n"), "/requires/models/huge"),
    "BG403": Example(
        app(LLM.replace("main", "eyes") + SAID, needs="requires: {models: {eyes: {}}}\n"), "/nodes/say/model"
    ),
    "BG404": Example(app("  get: {type: tool, tool: plant.reed, in: {tag: P1}}\n" + DONE, needs=TOOLS), "/nodes/get"),
    "BG406": Example(app(LOOK.replace("docs", "dogs") + DONE, needs=TOOLS), "/nodes/look/from"),
    "BG407": Example(app(LOOK + DONE, needs=TOOLS), "/requires/knowledge/docs"),
    "BG408": Example(app(LLM.replace("Hi ", "word " * 4000) + SAID, needs=MODEL), "/nodes/say/model"),
    "BG409": Example(app(DONE, needs="requires: {secrets: [MISSING]}\n"), "/requires/secrets/0"),
    "BG411": Example(
        app('  do: {type: agent, model: main, skills: [fmea], in: {goal: "${inputs.q}"}}\n' + DONE, needs=MODEL),
        "/nodes/do/skills/0",
    ),
    "BG412": Example(app(LLM.replace("Hi ${q}", "Hi ${qq}") + SAID, needs=MODEL), "/nodes/say/prompt"),
    "BG413": Example(
        app(DONE, needs="requires: {tools: {p: {server: plnat, allow: [read]}}}\n"), "/requires/tools/p/server"
    ),
    "BG414": Example(app(SUB + DONE, needs="requires: {apps: {sub: {app: rate}}}\n"), "/requires/apps/sub"),
    "BG415": Example(app(SUB + DONE, needs=MODEL), "/nodes/sub/app"),
    "BG416": Example(
        app(SUB + DONE, needs=PINNED),
        "/requires/apps/sub",
        apps={"sub": replace(RATE, problem="it keeps state beyond a run: seen")},
    ),
    "BG417": Example(app(SUB + DONE, needs=PINNED), "/requires/apps/sub", apps={"sub": replace(RATE, latest="1" * 64)}),
    "BG418": Example(app("  get: {type: http, url: 'https://a.example/x'}\n" + DONE), "/nodes/get/url"),
    "BG419": Example(
        app(
            "  get: {type: http, url: 'https://a.example/x', auth: {bearer: TOKEN}}\n" + DONE,
            tail="policy: {egress: [a.example]}\n",
        ),
        "/nodes/get/auth",
    ),
    "BG420": Example(
        app("  get: {type: sql, database: db, query: SELECT 1}\n" + DONE, needs="requires: {databases: {db: plant}}\n"),
        "/requires/databases/db",
    ),
    "BG421": Example(
        app("  do: {type: tool, tool: plant.act, cache: 1h, in: {tag: P1}}\n" + DONE, needs=TOOLS), "/nodes/do/cache"
    ),
    "BG501": Example(
        app(LOOK + '  do: {type: tool, tool: plant.act, in: {tag: "${look.text}"}}\n' + DONE, needs=TOOLS), "/nodes/do"
    ),
    "BG503": Example(
        app(
            LOOK + '  do: {type: tool, tool: plant.post, approve: always, in: {tag: "${look.text}"}}\n' + DONE,
            needs=TOOLS,
        ),
        "/nodes/do",
    ),
    "BG601": Example(
        app(
            "  a: {type: tool, tool: plant.read, in: {tag: P1}}\n  b: {type: tool, tool: plant.read, in: {tag: P2}}\n"
            + DONE,
            needs=TOOLS,
            tail="budget: {tool_calls: 1}\n",
        ),
        "/budget/tool_calls",
    ),
    "BG602": Example(app(DONE, tail="tests: {metrics: [{exact: b}]}\n"), "/tests/metrics/0/exact"),
    "BG603": Example(app(DONE, tail="publish: {chat: {message: inputs.zz}}\n"), "/publish/chat/message"),
}
