from __future__ import annotations

import pytest

from runtime.models.errors import ModelBusy
from runtime.models.local.crashes import Crashes


def test_the_pause_doubles_until_there_is_an_answer() -> None:
    crashes, found = Crashes(), list[float]()
    assert crashes.pause(0) == 0
    for number in range(8):
        crashes.note(number * 100)
        found.append(crashes.pause(number * 100))
    assert found == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert crashes.pause(710) == 20
    assert crashes.pause(731) == 0
    crashes.forget()
    crashes.note(800)
    assert crashes.pause(800) == 0.5


def test_too_many_deaths_need_a_rest() -> None:
    crashes = Crashes()
    for at in (0, 10, 20):
        crashes.forget()
        crashes.note(at)
    with pytest.raises(ModelBusy, match="died 3 times within 60 s; it rests for 40 s") as caught:
        crashes.pause(20)
    assert caught.value.details == {"retry_after": 40.0}
    assert crashes.pause(60) == 0
