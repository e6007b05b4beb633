"""For every diagnostic: what is wrong in its example, and what stands there once it is right."""

from __future__ import annotations

__all__ = ["MENDS", "shown"]

MENDS: dict[str, tuple[str, str]] = {
    "BG101": (
        "{id: [}",
        "{id: example, name: Example, version: 0.1.0}\noutputs: {a: string}\nnodes: {done: {type: end, in: {a: x}}}",
    ),
    "BG102": ("publish: {api: yes}", "publish: {api: true}"),
    "BG103": ("outptus: {}", "tests: {}"),
    "BG104": (
        "name: Example}\n",
        "name: Example, version: 0.1.0}\ninputs: {q: string}\noutputs: {a: string}\n",
    ),
    "BG105": ("budget: {tokens: many}", "budget: {tokens: 5000}"),
    "BG106": ("  Bad: {type: reply", "  good: {type: reply"),
    "BG107": (
        '  done: {type: end, in: {a: "${inputs.q}"}}\n  done: {type: end, in: {a: "${inputs.q}"}}\n',
        '  done: {type: end, in: {a: "${inputs.q}"}}\n',
    ),
    "BG108": ("prompt: prompts/gone.md", "prompt: Say hello."),
    "BG109": ("dsl: 2", "dsl: 1"),
    "BG110": ("{q: strng}", "{q: string}"),
    "BG111": ("{a: " * 80 + "1" + "}" * 80, "{pii: mask}"),
    "BG112": ("&one {a:", "{a:"),
    "BG201": ("say: {type: llmm}", "say: {type: reply, in: {text: Hello}}"),
    "BG202": ("memo: {type: note, text: Later.}", "memo: {type: reply, in: {text: Later.}}"),
    "BG203": ("edges: [[gone, done]]", "edges: []"),
    "BG204": ("${inputs.qq}", "${inputs.q}"),
    "BG205": ("edges: [[pick.warm, done]]", "edges: [[pick.hot, done], [pick.else, done]]"),
    "BG206": ("edges: [[pick, done]]", "edges: [[pick.hot, done], [pick.else, done]]"),
    "BG207": ("${two.v}", "${inputs.q}"),
    "BG208": ('"${hot.v}${cold.v}"', "\"${hot.?v.orValue('')}${cold.?v.orValue('')}\""),
    "BG209": ("edges: [[pick.hot, done]]", "edges: [[pick.hot, done], [pick.else, done]]"),
    "BG210": ('  one: {type: end, in: {a: "1"}}\n', ""),
    "BG211": ("say: {type: reply, in: {text: ", "done: {type: end, in: {a: "),
    "BG212": ('idle: {type: transform, out: {v: "1"}}', "idle: {type: reply, in: {text: x}}"),
    "BG213": ("{type: reply, in: {}}", "{type: reply, in: {text: Hello}}"),
    "BG214": ('in: {a: "${inputs.q}", b: "x"}', 'in: {a: "${inputs.q}"}'),
    "BG215": (", retry: {max: 2}", ""),
    "BG216": ("nodes: {done:", "nodes: {draft:"),
    "BG217": ("in: {}", 'in: {a: "${inputs.q}"}'),
    "BG218": ("{over: {type: end, in: {a: x}}, draft:", "{draft:"),
    "BG219": ("init: {more: 1, ", "init: {"),
    "BG220": ("over: '[inputs.q]', body:", "over: '[inputs.q]', max_items: 5, body:"),
    "BG221": ("${say.v}", "${say.?v.orValue(0)}"),
    "BG301": ("${inputs.q +}", "${inputs.q + '!'}"),
    "BG302": ("${inputs.q + true}", "${inputs.q + '!'}"),
    "BG303": ("${inputs.n}", "${string(inputs.n)}"),
    "BG304": ("${inputs.?x}", "${inputs.?x.orValue('')}"),
    "BG305": ("Found ${look.passages}", "Found ${look.text}"),
    "BG306": ("'" + "x" * 2100 + "'", "'x'"),
    "BG307": ("inputs.n + inputs.r", "double(inputs.n) + inputs.r"),
    "BG308": ("${inputs.key}", "none"),
    "BG309": ('in: {a: "${string(state.k)}"}}\n', 'in: {a: "${string(state.k)}"}}\nedges: [[up, done]]\n'),
    "BG310": ("write: {kk: 1}", "write: {k: 1}"),
    "BG311": ("reducer: add", "reducer: replace"),
    "BG312": ("${input.q}", "${inputs.q}"),
    "BG313": ("{k: {type: integer, default: 0}}", "{k: {type: integer, default: 0, reducer: add}}"),
    "BG401": ("model: mian", "model: main"),
    "BG402": ("{huge: {context: 900000}}", "{main: {context: 2000}}"),
    "BG403": ("eyes", "main"),
    "BG404": ("tool: plant.reed", "tool: plant.read"),
    "BG406": ("from: dogs", "from: docs"),
    "BG407": ("", ""),
    "BG408": ("word " * 4000, "Hi "),
    "BG409": ("secrets: [MISSING]", "secrets: [KNOWN]"),
    "BG411": (", skills: [fmea]", ""),
    "BG412": ("Hi ${qq}", "Hi ${q}"),
    "BG413": ("server: plnat", "server: plant"),
    "BG414": ("{app: rate}", f"{{app: rate, digest: '{'0' * 64}'}}"),
    "BG415": ("requires: {models: {main: {}}}", f"requires: {{apps: {{sub: {{app: rate, digest: '{'0' * 64}'}}}}}}"),
    "BG416": ("", ""),
    "BG417": ("0" * 64, "1" * 64),
    "BG418": (
        '  done: {type: end, in: {a: "${inputs.q}"}}\n',
        '  done: {type: end, in: {a: "${inputs.q}"}}\npolicy: {egress: [a.example]}\n',
    ),
    "BG419": (", auth: {bearer: TOKEN}", ""),
    "BG420": ("{databases: {db: plant}}", "{databases: {db: mes}}"),
    "BG421": (", cache: 1h", ""),
    "BG501": ("tool: plant.act, in:", "tool: plant.act, approve: effects, in:"),
    "BG503": ("plant.post, approve: always", "plant.act, approve: always"),
    "BG601": ("budget: {tool_calls: 1}", "budget: {tool_calls: 2}"),
    "BG602": ("{exact: b}", "{exact: a}"),
    "BG603": ("message: inputs.zz", "message: inputs.q"),
}
"""By code: a text of the example, and the text that stands there in an app without the finding. Two are mended outside
of the app: `BG407` in the base, `BG416` in the app that is run."""


def shown(text: str) -> str:
    """Return a text as the page of diagnostics shows it: on one line, and not longer than a line."""
    line = " ⏎ ".join(text.strip().splitlines()) or "(nothing)"
    return line if len(line) <= 100 else f"{line[:60].rstrip()} … {line[-20:].lstrip()}"
