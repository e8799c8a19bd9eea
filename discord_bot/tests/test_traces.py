"""One OpenTelemetry trace leads from a form or a click through the outbox to the post, if a collector is named."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from django.urls import reverse

from conftest import World
from discord_bot.backend.backend import DiscordBackend
from discord_bot.interactions.log import InteractionLog, InteractionRecord
from games.models import Game
from gamesched.lib import tracing
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from notifications.daemon import steps
from notifications.daemon.loop import Notifyd
from notifications.models import Notification


class Collector(HTTPServer):
    """Takes what an OpenTelemetry collector takes at its HTTP port."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.received: list[tuple[str, str, dict[str, Any]]] = []

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Return the spans, those that began first first."""
        tracing._exporter.flush()
        found = [
            span
            for _, _, request in self.received
            for resource in request["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
        return sorted(found, key=lambda span: int(span["startTimeUnixNano"]))


class Request(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, self.headers["X-Key"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def collector(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr(tracing, "_exporter", tracing.Exporter())
    with Collector() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://127.0.0.1:{server.server_port}"
        settings.OTEL_EXPORTER_OTLP_HEADERS = "X-Key=a=b, X-Other=c"
        yield server
        server.shutdown()


def send_what_is_due(now: datetime) -> None:
    async def send(jobs: list[steps.Job]) -> list[tuple[steps.Job, steps.SendResult]]:
        backend = DiscordBackend()
        await backend.start()
        notifyd = Notifyd(backend, asyncio.Event())
        await asyncio.gather(*(notifyd._send(job) for job in jobs))
        await backend.stop()
        return notifyd.results

    steps.create_due_deliveries(now)
    steps.record(asyncio.run(send(steps.lease_jobs(now, 100))), now)


def schedule_by_form(world: World, person: Any) -> Game:
    start = world.now + timedelta(days=2)
    typed = {"title": "Traced", "date": f"{start:%Y-%m-%d}", "time": "20:00", "zone": "UTC", "duration": "2h"}
    typed |= {"channel": str(fixtures.GENERAL_ID), "reminders": "60"}
    assert person.post(reverse("game-new", args=[world.guild.pk]), typed).status_code == 302
    return Game.objects.get(title="Traced")


def test_from_the_form_to_the_post_it_is_one_trace(
    world: World, as_person: Any, collector: Collector, settings: Any
) -> None:
    with LocalDiscord() as local:
        settings.DISCORD_API_URL, settings.DISCORD_BOT_TOKEN = local.api_url, local.bot_token
        game = schedule_by_form(world, as_person(world.bob))
        send_what_is_due(datetime.now(UTC))
        assert local.client.messages("alice", fixtures.GENERAL_ID)
    game.refresh_from_db()
    assert game.announcement.message_id
    by_name = {span["name"]: span for span in collector.spans}
    form, send, post = (by_name[name] for name in ("POST game-new", "send announcement", "POST /channels"))
    assert form["traceId"] == send["traceId"] == post["traceId"]
    assert (form["parentSpanId"], send["parentSpanId"], post["parentSpanId"]) == ("", form["spanId"], send["spanId"])
    assert [span["status"] for span in (form, send, post)] == [{}] * 3
    [(path, key, request)] = collector.received
    assert (path, key) == ("/v1/traces", "a=b")
    assert "Traced" not in json.dumps(request)
    assert str(game.pk) not in {word for span in collector.spans for word in span["name"].split()}


def test_what_was_planned_long_before_is_a_trace_of_its_own(world: World, as_person: Any, collector: Collector) -> None:
    schedule_by_form(world, as_person(world.bob))
    reminder = Notification.objects.get(kind="reminder")
    assert reminder.payload[tracing.PAYLOAD_KEY]
    assert steps._about(reminder)["parent"] == ""
    assert steps._about(Notification.objects.get(kind="announcement"))["parent"]


async def test_what_a_click_does_in_the_database_is_of_its_trace(collector: Collector) -> None:
    somebody = SimpleNamespace(id=1, name="x", locale=discord.Locale.german, guild_locale=None)
    interaction: Any = SimpleNamespace(
        id=1, created_at=datetime.now(UTC), user=somebody, locale=discord.Locale.german, guild_locale=None
    )
    entry, log = InteractionRecord(interaction, "game:42:join"), InteractionLog()
    caused = await entry.work(tracing.payload_entry)
    log.add(entry)
    log._unwritten.clear()
    [span] = collector.spans
    assert caused == {"traceparent": f"00-{span['traceId']}-{span['spanId']}-01"}
    assert span["name"] == "game:*:join"
    await log.close()


def test_a_collector_that_is_away_is_one_line(collector: Collector, settings: Any, caplog: Any) -> None:
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:9"
    for _ in range(2):
        tracing.end(tracing.begin("x", tracing.Kind.SERVER))
        tracing._exporter.flush()
    assert ["collector of traces" in record.message for record in caplog.records] == [True]


def test_without_a_collector_nothing_is_kept_or_written(world: World, as_person: Any) -> None:
    schedule_by_form(world, as_person(world.bob))
    assert not Notification.objects.filter(payload__has_key=tracing.PAYLOAD_KEY).exists()
    assert tracing.begin("x", tracing.Kind.SERVER) is None
