"""The checks that run when any program starts: which secrets and addresses they refuse, and which not."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.checks.registry import registry

from gamesched.lib.ids import application_id
from gamesched.local_discord.state.entities import CLIENT_SECRET, bot_token
from gamesched.settings import database, number

RANDOM = "pkqvHjcVtOa2zMRZ7BfxSwG1eNyE5uLd0IiYXn8AKrPCbT9oUgWmh4DQsF6l3J-_"
OURS = {
    "SECRET_KEY": RANDOM,
    "PUBLIC_URL": "https://games.example.org",
    "DISCORD_BOT_TOKEN": "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB",
    "DISCORD_CLIENT_SECRET": "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "DISCORD_IS_LOCAL": False,
    "DISCORD_BROWSER_URL": "https://discord.com",
}
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (Path(__file__).parents[2] / ".env.example").read_text(), re.MULTILINE))


@pytest.fixture(autouse=True)
def database_password(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "x7Gh2kQ9")


def mistakes(settings: Any, password: str | None = None, **changes: Any) -> list[str]:
    for name, value in (OURS | changes).items():
        setattr(settings, name, value)
    if password is not None:
        settings.DATABASES["default"]["PASSWORD"] = password
    return our_messages()


def our_messages() -> list[str]:
    """Run those checks of ours that Django runs when a program starts; its own take most of the time."""
    ours = [check for check in registry.get_checks() if check.__module__ == "gamesched.checks"]
    return [str(message.id) for check in ours for message in check(app_configs=None, databases=None)]


def test_good_ones_pass(settings: Any) -> None:
    assert mistakes(settings) == []
    assert [message.id for message in run_checks() if str(message.id).startswith("gamesched.E")] == []
    assert mistakes(settings, SECRET_KEY=RANDOM[:50]) == []
    assert mistakes(settings, password="") == [], "a database may know its user otherwise"


@pytest.mark.parametrize(
    "weak",
    ["x", "hunter2", RANDOM[:49], "a" * 80, "ab" * 40, "abcd" * 20, " " * 60, "hunter22" * 8, "0123456789" * 6],
)
@pytest.mark.parametrize("demo", [False, True])
def test_keys_that_can_be_guessed(settings: Any, weak: str, demo: bool) -> None:
    local: dict[str, Any] = {"DISCORD_IS_LOCAL": True, "PUBLIC_URL": "http://localhost:8000"} if demo else {}
    assert mistakes(settings, SECRET_KEY=weak, **local) == ["gamesched.E011"]


PUBLISHED: list[dict[str, Any]] = [
    {"SECRET_KEY": EXAMPLE["SECRET_KEY"]},
    {"SECRET_KEY": "django-insecure-" + RANDOM},
    {"SECRET_KEY": "change-me-" + RANDOM},
    {"SECRET_KEY": "CHANGE_ME_" + RANDOM},
    {"SECRET_KEY": '$(python3 -c "import secrets; print(secrets.token_urlsafe(50))")'},
    {"SECRET_KEY": "for tests only, and long enough to satisfy the checks of Django"},
    {"DISCORD_BOT_TOKEN": EXAMPLE["DISCORD_BOT_TOKEN"]},
    {"DISCORD_BOT_TOKEN": bot_token()},
    {"DISCORD_CLIENT_SECRET": EXAMPLE["DISCORD_CLIENT_SECRET"]},
    {"DISCORD_CLIENT_SECRET": CLIENT_SECRET},
    {"password": EXAMPLE["POSTGRES_PASSWORD"]},
    {"password": "postgres"},
]


@pytest.mark.parametrize("published", PUBLISHED)
def test_published_ones_are_for_the_demo_alone(settings: Any, published: dict[str, Any]) -> None:
    assert mistakes(settings, **published) == ["gamesched.E012"]
    assert mistakes(settings, **published, PUBLIC_URL="http://games.example.org") == ["gamesched.E012"]
    assert mistakes(settings, **published, DISCORD_IS_LOCAL=True, PUBLIC_URL="http://localhost:8000") == []


def test_one_secret_for_everything(settings: Any) -> None:
    assert mistakes(settings, DISCORD_CLIENT_SECRET=RANDOM) == ["gamesched.E014"]
    assert mistakes(settings, password=RANDOM) == ["gamesched.E014"]
    assert mistakes(settings, DISCORD_CLIENT_SECRET=RANDOM, password=RANDOM) == ["gamesched.E014"] * 3


def test_people_log_in_at_discord_alone(settings: Any) -> None:
    assert mistakes(settings, DISCORD_IS_LOCAL=True) == ["gamesched.E010"]
    assert mistakes(settings, DISCORD_IS_LOCAL=True, PUBLIC_URL="HTTPS://GAMES.EXAMPLE.ORG") == ["gamesched.E010"]
    assert mistakes(settings, DISCORD_IS_LOCAL=True, PUBLIC_URL="http://localhost:8000") == []
    assert mistakes(settings, DISCORD_BROWSER_URL="https://discord.example") == ["gamesched.E013"]


@pytest.mark.parametrize("wrong", ["proxy", "0.0.0.0/0", "::/0", "10.0.0.1 10.0.0.2", "*"])
def test_proxies_that_are_none(settings: Any, wrong: str) -> None:
    settings.TRUSTED_PROXIES = wrong
    assert "gamesched.E009" in our_messages()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"DATABASE_URL": ""}, "E001"),
        ({"SECRET_KEY_GIVEN": False}, "E003"),
        ({"PUBLIC_URL": "games.example.org"}, "E004"),
        ({"PUBLIC_URL": "https://["}, "E004"),
        ({"DISCORD_CLIENT_ID": application_id(""), "DISCORD_BOT_TOKEN": ""}, "E005"),
        ({"DISCORD_CLIENT_ID": application_id("hunter2"), "DISCORD_BOT_TOKEN": "hunter2"}, "E005"),
        ({"DISCORD_CLIENT_SECRET": ""}, "E006"),
        ({"REDIS_URL": "localhost:6379"}, "E007"),
        (
            {
                "DISCORD_API_URL_GIVEN": "localhost:8801",
                "DISCORD_BROWSER_URL": "localhost://",
                "DISCORD_IS_LOCAL": True,
                "PUBLIC_URL": "http://localhost:8000",
            },
            "E016",
        ),
        ({"VAPID_PRIVATE_KEY": "hunter2"}, "E019"),
        ({"VAPID_PRIVATE_KEY": "A" * 43}, "E019"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "E022"),
    ],
)
def test_o9_each_wrong_variable_is_one_mistake(settings: Any, changes: dict[str, Any], code: str) -> None:
    assert mistakes(settings, **changes) == [f"gamesched.{code}"]


def test_an_address_of_no_database_is_one_mistake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", database("nonsense")["ENGINE"])
    assert mistakes(settings) == ["gamesched.E002"]


@pytest.mark.parametrize("wrong", ["a month", "0", "-5"])
def test_o9_a_number_that_is_none_is_one_mistake(settings: Any, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("NOTIFY_KEPT_DAYS", wrong)
    assert number("NOTIFY_KEPT_DAYS", 30, 1, 36_500) == 30
    try:
        assert mistakes(settings) == ["gamesched.E015"]
    finally:
        settings.MALFORMED_NUMBERS.clear()


def test_places_and_keys_of_backups(settings: Any) -> None:
    for place in ("", "/backups", "s3://bucket", "s3://bucket/of/ours"):
        assert mistakes(settings, BACKUP_TO=place, BACKUP_KEY=RANDOM[::-1]) == []
    for place in ("backups", "https://example.org/bucket", "s3:///folder"):
        assert mistakes(settings, BACKUP_TO=place) == ["gamesched.E030"]
    assert mistakes(settings, BACKUP_TO="", BACKUP_KEY="hunter2") == ["gamesched.E011"]
    assert mistakes(settings, BACKUP_KEY=RANDOM) == ["gamesched.E014"]
