"""The bot reconnects soon after short outages, and saves IDENTIFY calls in long ones."""

import pytest

from discord_bot.patches.backoff import MAX_SHORT_DELAY, SHORT_ATTEMPTS, ReconnectBackoff


def test_it_waits_little_at_first_then_ever_longer_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: at[0])
    waits = ReconnectBackoff()
    for _ in range(SHORT_ATTEMPTS):
        assert waits.delay() <= MAX_SHORT_DELAY
        at[0] += 10
    later = []
    for _ in range(50):
        later.append(waits.delay())
        at[0] += later[-1]
    assert max(later) > MAX_SHORT_DELAY
    at[0] += 2000
    assert waits.delay() <= 2.0
