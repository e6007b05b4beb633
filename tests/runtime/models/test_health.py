from __future__ import annotations

import pytest

from runtime.models.bucket import Bucket
from runtime.models.deployments import Rate
from runtime.models.errors import ModelBusy, ModelNotConfigured, ModelOutputInvalid, ModelTimeout, ModelUnavailable
from runtime.models.health import Health
from runtime.models.routing import Routing


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(clock: Clock, **rate: int) -> Health:
    return Health(Rate.model_validate(rate), Routing(failures=3, cooldown=10.0), clock)


def fail(health: Health, error: Exception | None = None, times: int = 1) -> None:
    for _ in range(times):
        health.begin(0)
        health.failed(error or ModelUnavailable("down"))  # type: ignore[arg-type]
        health.end()


def succeed(health: Health, seconds: float = 1.0) -> None:
    health.begin(0)
    health.succeeded(seconds, 0.1, 9)
    health.end()


def test_the_breaker_opens_after_failures_in_a_row(clock: Clock) -> None:
    health = made(clock)
    fail(health, times=2)
    succeed(health)
    fail(health, times=2)
    assert health.state == "closed"
    fail(health, ModelTimeout("late"))
    refusal = health.refusal(0)
    assert refusal and (refusal.reason, refusal.seconds) == ("open", 10.0)


def test_one_call_probes_and_closes_it(clock: Clock) -> None:
    health = made(clock)
    fail(health, times=3)
    clock.now += 10
    assert health.state == "half_open"
    assert health.refusal(0) is None
    health.begin(0)
    refusal = health.refusal(0)
    assert refusal and refusal.reason == "probing"
    health.succeeded(1.0, 0.1, 5)
    health.end()
    assert (health.state, health.refusal(0)) == ("closed", None)


def test_a_probe_that_fails_opens_it_for_longer(clock: Clock) -> None:
    health = made(clock)
    fail(health, times=3)
    waits = []
    for _ in range(7):
        refusal = health.refusal(0)
        assert refusal
        waits.append(refusal.seconds)
        clock.now += refusal.seconds
        fail(health)
    assert waits == [10, 20, 40, 80, 160, 300, 300]


def test_a_probe_that_is_given_up_lets_the_next_one_through(clock: Clock) -> None:
    health = made(clock)
    fail(health, times=3)
    clock.now += 10
    health.begin(0)
    health.end()
    assert health.refusal(0) is None


@pytest.mark.parametrize("error", [ModelBusy("full"), ModelOutputInvalid("no JSON"), ModelNotConfigured("no key")])
def test_what_says_nothing_of_its_health_does_not_count(clock: Clock, error: Exception) -> None:
    health = made(clock)
    fail(health, error, times=9)
    assert health.refusal(0) is None


def test_a_server_that_asks_for_a_pause_gets_it(clock: Clock) -> None:
    health = made(clock)
    fail(health, ModelUnavailable("429", details={"retry_after": 42.0}))
    refusal = health.refusal(0)
    assert refusal and (refusal.reason, refusal.seconds) == ("open", 42.0)


def test_requests_and_tokens_a_minute(clock: Clock) -> None:
    health = made(clock, rpm=2, tpm=100)
    health.begin(40)
    refusal = health.refusal(80)
    assert refusal and (refusal.reason, refusal.seconds) == ("rate", 12.0)
    health.end(unused=20)
    assert health.refusal(80) is None
    health.begin(80)
    refusal = health.refusal(0)
    assert refusal and refusal.seconds == 30.0
    clock.now += 30
    assert health.refusal(0) is None


def test_a_request_that_is_larger_than_the_bucket_needs_a_full_one(clock: Clock) -> None:
    bucket = Bucket(60, clock)
    assert bucket.wait(500) == 0
    bucket.take(500)
    assert bucket.wait(500) == 500


def test_calls_at_a_time(clock: Clock) -> None:
    health = made(clock, parallel=1)
    health.begin(0)
    refusal = health.refusal(0)
    assert refusal and refusal.reason == "parallel"
    health.end()
    assert health.refusal(0) is None


def test_what_is_expected_forgets_what_is_old(clock: Clock) -> None:
    health = made(clock)
    assert health.median() is None
    for number in range(20):
        succeed(health, seconds=number)
    assert (health.median(), health.p95()) == (10, 19)
    clock.now += 601
    assert (health.median(), health.p95()) == (None, None)
