"""The bot connects again soon after short outages, and spares its identifications in long ones."""

import pytest

from discord_bot.patches.backoff import SOON, TRIES, Patience


def test_it_waits_little_at_first_then_ever_longer_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: at[0])
    waits = Patience()
    for _ in range(TRIES):
        assert waits.delay() <= SOON
        at[0] += 10
    later = []
    for _ in range(50):
        later.append(waits.delay())
        at[0] += later[-1]
    assert max(later) > SOON
    at[0] += 2000
    assert waits.delay() <= 2.0
