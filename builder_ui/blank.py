"""What a new app starts as: one question, one model, one answer."""

from __future__ import annotations

import json

from .texts import Language

__all__ = ["blank_app"]


def blank_app(app: str, name: str, language: Language) -> str:
    """Return the `app.yaml` of a new app, which runs as it stands.

    Args:
        app: Its id.
        name: Its name, in the language.
        language: The language of its name.
    """
    shown = json.dumps({language: name}, ensure_ascii=False)
    return f"""\
dsl: 1
app: {{id: {app}, name: {shown}, version: 0.1.0}}
inputs:
  question: {{type: string, label: {{en: Question, zh: 问题}}}}
outputs:
  answer: {{type: string, label: {{en: Answer, zh: 回答}}}}
requires:
  models: {{main: {{caps: [chat]}}}}
nodes:
  ask:
    type: llm
    model: main
    prompt: "${{question}}"
    in: {{question: "${{inputs.question}}"}}
  done: {{type: end, in: {{answer: "${{ask.text}}"}}}}
publish: {{api: true}}
"""
