"""The demo's people, channels and games, as the local Discord has them, and an operator. Safe to run again."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from games.core.agendas import switch_agenda
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import Game, GameTemplate
from games.models.agenda import AgendaGames
from games.models.settings import GuildDefaults
from gamesched.demo.demo_games import CHANNELS, ROLES, build_demo_games, person
from gamesched.lib.clock import db_now
from gamesched.local_discord.fixtures import (
    ALICE_ID,
    GUILD_ID,
    IVAN_ID,
    KEEPER_ID,
    PLAYER_ID,
    RAIDS_ID,
    VETERAN_ID,
    picture_hash,
)
from guilds.directory.payloads import GuildPayload
from guilds.directory.upsert import mark_guild_welcomed, upsert_guild, upsert_user
from guilds.icons import read_icon_colours
from guilds.models import Channel, Guild, User

OPERATOR = person(ALICE_ID, "alice")
BLOCKED = person(IVAN_ID, "ivan")


class Command(BaseCommand):
    help = (
        "Make Alice of the local Discord an operator, set her server up, and schedule games. "
        "Refuses without DISCORD_API_URL."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DISCORD_IS_LOCAL:
            raise CommandError("This is for the local Discord.\nSet DISCORD_API_URL, or leave out the demo's people.")
        if not User.objects.filter(pk=OPERATOR.id).exists():
            upsert_user(OPERATOR)
        User.objects.filter(pk=OPERATOR.id).update(is_staff=True, is_superuser=True)
        if not GuildDefaults.objects.filter(pk=GUILD_ID).exists():
            self._create_settings()
        if not Game.objects.filter(guild_id=GUILD_ID).exists():
            build_demo_games(db_now())
        read_icon_colours(limit=1)  # the worker's task would be up to an hour later
        self.stdout.write("Alice can open the admin.")

    def _create_settings(self) -> None:
        """Create settings that show each rule: players host and play, keepers manage, one template is for veterans."""
        now = db_now()
        if not Guild.objects.filter(pk=GUILD_ID).exists():
            # The bot upserts the rest when it connects.
            upsert_guild(
                GuildPayload(GUILD_ID, "Friday Night Dice", picture_hash(GUILD_ID), OPERATOR.id, CHANNELS, ROLES), now
            )
        mark_guild_welcomed(GUILD_ID, now)  # set up here, so the owner needs no welcome message
        GuildDefaults.objects.create(
            guild_id=GUILD_ID,
            host_role_ids=[PLAYER_ID],
            manager_role_ids=[KEEPER_ID],
            pingable_role_ids=[PLAYER_ID],
            server_event=True,
        )
        channel = Channel.objects.get(pk=RAIDS_ID)
        switch_agenda(channel, {"agenda_days": 7, "agenda_games": AgendaGames.SERVER, "agenda_pinned": True}, now)
        GameTemplate.objects.create(
            guild_id=GUILD_ID,
            name="Veterans' table",
            description="For people who know the rules.",
            seats=4,
            player_role_ids=[VETERAN_ID],
            locked=["player_role_ids"],
        )
        host_actions.block_user(
            GUILD_ID,
            upsert_user(BLOCKED),
            None,
            "Shown by the demo.",
            Actor(None, EntryPoint.COMMAND, operator=True),
            now,
        )
