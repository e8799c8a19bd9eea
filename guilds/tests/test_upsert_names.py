"""What Discord sends is saved whatever its names hold, and bots are no members."""

from typing import Any

import pytest

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.signups import actions as signups
from guilds.directory import upsert
from guilds.directory.lookup import refresh_member
from guilds.directory.payloads import ChannelPayload, GuildPayload, MemberPayload, RolePayload, UserPayload
from guilds.display_names import display_names
from guilds.models import Channel, Guild, Member, Role

BAD_TEXTS = ["nul \0", "half \ud83c", "\udc00", "\u202e\u200b", "x" * 500, "Z" + "\u0300" * 200, "\x1b[31m\n\r\t"]
BOT_ID = 1300000000000000900


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_every_name_can_be_saved(world: World, text: str) -> None:
    channel, role = ChannelPayload(900, text, 0, 0, 0, category=text), RolePayload(901, text, 0, 0)
    upsert.upsert_guild(GuildPayload(GUILD, text, text[:10], world.alice.pk, (channel,), (role,)), world.now)
    payload = MemberPayload(UserPayload(902, text, text, text[:10]), text, text[:10])
    upsert.upsert_member(GUILD, payload, world.now)
    for name in (Guild.objects.get(pk=GUILD).name, Channel.objects.get(pk=900).name, Role.objects.get(pk=901).name):
        assert name.isprintable()
        assert name
    assert display_names(GUILD, [902])[902].text.strip()
    member = Member.objects.get(user_id=902)
    assert upsert._says_nothing_new(member, payload), "it is not written again with every click"


class BotDirectory:
    """A directory in which somebody turns out to be a bot."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        return MemberPayload(UserPayload(user_id, "dyno", bot=True))


def test_a_bot_that_has_a_seat_loses_it(world: World, settings: Any) -> None:
    bot = upsert.upsert_member(GUILD, MemberPayload(UserPayload(BOT_ID, "dyno")), world.now).user
    game = world.create_game()
    signups.join(game.pk, bot, Actor(world.bob, EntryPoint.PAGE), world.now)
    settings.DISCORD_DIRECTORY = f"{__name__}.BotDirectory"
    refresh_member(GUILD, bot.pk)
    assert not game.signups.current().exists()


def test_discord_says_who_is_a_bot() -> None:
    data = {"user": {"id": "1", "username": "dyno", "bot": True}, "roles": []}
    assert MemberPayload.from_api(data).user.bot
