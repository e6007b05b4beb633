"""Plans out of manuals: the steps of the right procedure, each cited to the letter."""

from __future__ import annotations

from tools.builtin.maintenance import Passage, draft

MANUAL = """\
# Pump manual

## Fault: Cavitation (cavitation)

### Signs

1. Noise.

### Procedure

1. Stop the pump.
2. Raise the suction
   pressure.
3. Start it again.

### Limits

1. None.

## Fault: Bearing wear (bearing_wear)

### Procedure

1. Change the bearing.
"""


def passage(begin: str, end: str, heading: str, document: str = "pump.en.md") -> Passage:
    start = MANUAL.index(begin)
    stop = MANUAL.index(end, start) if end else len(MANUAL)
    return {"id": begin, "text": MANUAL[start:stop], "document": document, "start": start, "heading": heading}


CAVITATION = passage("### Procedure", "### Limits", "Fault: Cavitation (cavitation) > Procedure")
WEAR = passage("## Fault: Bearing", "", "Fault: Bearing wear (bearing_wear)")


def test_steps_come_from_the_procedure_and_are_cited_to_the_letter() -> None:
    plan = draft([WEAR, CAVITATION], "cavitation")
    assert [step["title"] for step in plan["steps"]] == [
        "Stop the pump.",
        "Raise the suction pressure.",
        "Start it again.",
    ]
    assert len(plan["citations"]) == 3
    for citation in plan["citations"]:
        assert MANUAL[citation["start"] : citation["end"]] == citation["quote"]


def test_a_procedure_that_was_split_is_put_together_in_order() -> None:
    first = passage("### Procedure", "2. Raise", "Fault: Cavitation (cavitation) > Procedure")
    second = passage("2. Raise", "### Limits", "Fault: Cavitation (cavitation) > Procedure")
    titles = [step["title"] for step in draft([second, first], "cavitation")["steps"]]
    assert titles == ["Stop the pump.", "Raise the suction pressure.", "Start it again."]


def test_another_manual_or_an_unknown_fault_gives_no_plan() -> None:
    assert draft([CAVITATION], "cavitation", manual="motor.")["steps"] == []
    assert draft([CAVITATION, WEAR], "seal_leak") == {"steps": [], "citations": []}
