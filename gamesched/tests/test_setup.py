"""`manage.py setup`: asks until each value is right, tests it at Discord, and writes what only its owner can read."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gamesched.demo.postgres import REPOSITORY
from gamesched.lib.vapid import private_number
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.setup import examine_address, read_file

SITE = "https://games.example.org"


@pytest.fixture
def discord(settings: Any) -> Iterator[LocalDiscord]:
    with LocalDiscord(public_url=SITE) as running:
        settings.DISCORD_API_URL = f"{running.origin}/api/v10"
        yield running


def set_up(monkeypatch: pytest.MonkeyPatch, path: Path, typed: list[str], secrets: list[str], *words: str) -> str:
    """Run the command with what is typed, in order; nothing typed after that ends it."""

    def give(answers: list[str]) -> Any:
        def ask(question: str) -> str:
            if not answers:
                raise EOFError
            return answers.pop(0)

        return ask

    monkeypatch.setattr("builtins.input", give(typed))
    monkeypatch.setattr("getpass.getpass", give(secrets))
    out = StringIO()
    call_command("setup", "--env", str(path), *words, stdout=out)
    return out.getvalue()


def test_each_value_is_asked_for_until_it_is_right(
    discord: LocalDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    addresses = ["games.example.org", "http://games.example.org", f"{SITE}/"]
    secrets = ["hunter2", discord.bot_token, "wrong", discord.client_secret]
    said = set_up(monkeypatch, file, addresses, secrets)
    values = read_file(file)
    assert values["PUBLIC_URL"] == SITE
    assert (values["DISCORD_BOT_TOKEN"], values["DISCORD_CLIENT_SECRET"]) == (
        discord.bot_token, discord.client_secret,
    )  # fmt: skip
    assert len(values["SECRET_KEY"]) >= 50
    assert len(values["POSTGRES_PASSWORD"]) >= 20
    private_number(values["VAPID_PRIVATE_KEY"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert discord.client_id in said, "the link that adds the bot"
    assert discord.client_secret not in said
    assert "docker compose up -d" in said


def test_what_is_there_is_kept_and_can_be_checked(
    discord: LocalDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    set_up(monkeypatch, file, [SITE], [discord.bot_token, discord.client_secret])
    file.write_text(file.read_text() + "LOG_FORMAT=json\n")
    before = read_file(file)
    set_up(monkeypatch, file, [""], ["", ""])
    assert read_file(file) == before
    assert "BAD" not in set_up(monkeypatch, file, [], [], "--check")
    file.write_text(file.read_text().replace(discord.client_secret, "wrong"))
    with pytest.raises(CommandError):
        set_up(monkeypatch, file, [], [], "--check")


def test_the_demos_values_are_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text((REPOSITORY / ".env.example").read_text())
    assert read_file(file) == {}


def test_a_redirect_that_discord_does_not_know_is_waited_for(
    discord: LocalDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = set_up(
        monkeypatch, tmp_path / ".env", ["https://other.example.org", "", "s"],
        [discord.bot_token, discord.client_secret],
    )  # fmt: skip
    assert said.count("https://other.example.org/accounts/discord/login/callback/") >= 2


def test_one_that_is_broken_off_writes_nothing(
    discord: LocalDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="nothing was written"):
        set_up(monkeypatch, tmp_path / ".env", [SITE], [discord.bot_token])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(
    discord: LocalDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="Can't write"):
        set_up(monkeypatch, tmp_path / "no" / ".env", [SITE], [discord.bot_token, discord.client_secret])


def test_a_database_is_tried(
    discord: LocalDiscord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    secrets = [discord.bot_token, discord.client_secret]
    said = set_up(monkeypatch, tmp_path / ".env", [SITE], secrets, "--database-url", settings.DATABASE_URL)
    assert "ok  database: PostgreSQL" in said
    assert "manage.py migrate" in said
    assert "POSTGRES_PASSWORD" not in read_file(tmp_path / ".env")


@pytest.mark.parametrize("address", ["", "games", "https://", f"{SITE}/games", "http://games.example.org", "ftp://x"])
def test_addresses_that_nobody_can_log_in_at(address: str) -> None:
    assert not examine_address(address).is_well


@pytest.mark.parametrize("address", [SITE, "http://localhost:8000", "http://localhost", "http://127.0.0.1:80"])
def test_addresses(address: str) -> None:
    assert examine_address(address).is_well
