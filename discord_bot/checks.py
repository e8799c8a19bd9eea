"""System checks that send requests to Discord, run by `check --deploy` only: no other command should wait for it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Info, register

TIMEOUT = 10.0  # seconds


@register("discord", deploy=True)
def check_slash_commands(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the slash commands registered at Discord are those of this version."""
    if not settings.DISCORD_CLIENT_ID:  # reported by gamesched.E005
        return []
    # Imported here, because discord.py takes long to load and most programs never need it.
    import discord

    from discord_bot.http.errors import REQUEST_FAILED
    from discord_bot.interactions.command_sync import find_stale_commands_within
    from discord_bot.patches.addresses import use_configured_addresses

    use_configured_addresses()
    try:
        outdated = find_stale_commands_within(settings.DISCORD_BOT_TOKEN, TIMEOUT)
    except discord.LoginFailure:
        hint = "Copy a new token from the developer portal: Bot, Reset Token."
        return [Error("Discord refused DISCORD_BOT_TOKEN.", hint=hint, id="discord_bot.E001")]
    except REQUEST_FAILED as reason:
        text = f"Can't ask Discord whether its commands are up to date: {reason!r}"
        return [Info(text, id="discord_bot.I001")]
    if not outdated:
        return []
    names = ", ".join(f"/{name}" for name in outdated)
    return [
        checks.Warning(
            f"Discord doesn't show this version's commands: {names}.",
            hint="Run python manage.py sync_commands.",
            id="discord_bot.W001",
        )
    ]
