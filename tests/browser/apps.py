"""Apps for the browser's tests."""

QUESTION = """\
dsl: 1
app: {id: question, name: {en: Question, zh: 提问}, version: 0.1.0}
inputs:
  question: {type: string, label: {en: Question, zh: 问题}}
  limit: {type: integer, default: 3}
outputs: {answer: string}
requires: {models: {main: {caps: [chat], prefer: [scripted/echo]}}}
nodes:
  ask:
    type: llm
    label: {en: Ask, zh: 询问}
    model: main
    prompt: prompts/ask.md
    in: {question: "${inputs.question}"}
  done: {type: end, in: {answer: "${ask.text}"}}
"""

SLOW = """\
dsl: 1
app: {id: slow, name: Slow, version: 0.1.0}
inputs: {high: {type: boolean, default: true}}
outputs: {text: string}
requires: {models: {main: {caps: [chat], prefer: [scripted/slow]}}}
nodes:
  way: {type: branch, cases: {high: inputs.high}}
  say: {type: llm, model: main, prompt: "slowly", in: {}}
  low: {type: end, in: {text: "low"}}
  done: {type: end, in: {text: "${say.text}"}}
edges: [[way.high, say], [way.else, low]]
"""

PERSON = """\
dsl: 1
app: {id: person, name: Person, version: 0.1.0}
outputs: {note: string}
nodes:
  sign: {type: human, actions: [approve, reject], form: {note: string}, in: {draft: "Replace the bearing."}}
  done: {type: end, in: {note: "${sign.note}"}}
  refused: {type: end, in: {note: "rejected"}}
edges: [[sign.approve, done], [sign.reject, refused]]
"""

EACH = """\
dsl: 1
app: {id: each, name: Each, version: 0.1.0}
inputs: {names: {type: list<string>, default: [ann, bob]}}
outputs: {greetings: list<string>}
requires: {models: {main: {caps: [chat], prefer: [scripted/echo]}}}
nodes:
  greet:
    type: map
    label: {en: Greet everybody, zh: 逐个问候}
    over: inputs.names
    as: name
    body:
      nodes:
        say: {type: llm, model: main, prompt: "Greet ${name}.", in: {name: "${name}"}}
      out: {text: "${say.text}"}
  done: {type: end, in: {greetings: "${greet.items.map(x, x.text)}"}}
"""
