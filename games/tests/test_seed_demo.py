"""The demo's settings, whether the bot has been there before or not, and once only."""

from typing import Any

from django.core.management import call_command

from conftest import GUILD, World
from games.levels import GameTemplate, GuildDefaults
from guilds.models import Block, Channel, Guild, User


def test_on_an_empty_database(db: None, settings: Any) -> None:
    settings.DISCORD_IS_LOCAL = True
    for _ in range(2):
        call_command("seed_demo")
    assert Guild.objects.get().name == "Friday Night Dice"
    assert GuildDefaults.objects.get().host_role_ids == [GUILD + 21]
    assert GameTemplate.objects.get().locked == ["player_role_ids"]
    assert Block.objects.get().user.handle == "ivan"
    assert User.objects.get(handle="alice").is_superuser


def test_where_the_bot_was_first(world: World, settings: Any) -> None:
    settings.DISCORD_IS_LOCAL = True
    GuildDefaults.objects.all().delete()
    call_command("seed_demo")
    assert GuildDefaults.objects.get().manager_role_ids == [GUILD + 23]
    assert Channel.objects.filter(gone_at=None).count() == 3, "what the bot saw stays"
